"""`neuroner-tl benchmark`: measure the speed of the network, of prediction and of a service."""

from __future__ import annotations

from neuroner_tl.cli.benchmark import network, prediction, service

ACTIONS = {
    "network": network,
    "prediction": prediction,
    "service": service,
}
