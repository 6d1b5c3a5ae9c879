"""`neuroner-tl silver report`: compare a silver corpus with gold corpora: density, abbreviations,
lengths, strings seen."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.messages.screen import terminal_width


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("corpus", type=Path, metavar="DIR", help="the silver corpus")
    parser.add_argument(
        "--gold",
        type=Path,
        required=True,
        action="extend",
        nargs="+",
        metavar="CORPUS",
        help="gold corpora, folders or archives, of which the train parts are compared",
    )
    parser.add_argument(
        "--type",
        dest="entity_type",
        metavar="TYPE",
        help="entity type to count (default: that of the silver corpus)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.silver.comparison import compare_silver

    comparison = compare_silver(arguments.corpus, arguments.gold, entity_type=arguments.entity_type)
    return Outcome(comparison.to_text(terminal_width()), comparison.to_json())
