"""`neuroner-tl model`: describe, verify, pack and unpack a trained model."""

from __future__ import annotations

from neuroner_tl.cli.model import info, pack, unpack, verify

ACTIONS = {
    "info": info,
    "verify": verify,
    "pack": pack,
    "unpack": unpack,
}
