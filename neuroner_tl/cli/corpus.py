"""`neuroner-tl corpus`: convert, check, count, split, fetch corpora, and compare two of them."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return 0
