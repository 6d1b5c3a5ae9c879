"""`neuroner-tl vectors`: train word vectors on texts; inspect, prune and convert them."""

from __future__ import annotations

from neuroner_tl.cli.vectors import convert, info, nearest, prune, train

ACTIONS = {
    "train": train,
    "info": info,
    "nearest": nearest,
    "prune": prune,
    "convert": convert,
}
