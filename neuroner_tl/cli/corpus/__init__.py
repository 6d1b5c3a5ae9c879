"""`neuroner-tl corpus`: convert, check, describe, split and fetch corpora, and look for leaks."""

from __future__ import annotations

from neuroner_tl.cli.corpus import check, convert, fetch, leaks, split, stats

ACTIONS = {
    "convert": convert,
    "check": check,
    "stats": stats,
    "split": split,
    "fetch": fetch,
    "leaks": leaks,
}
