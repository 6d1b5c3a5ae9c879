"""`neuroner-tl silver annotate`: write the matches of a term list in texts as stand-off, and report
the speed."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.corpus.convert import FORMATS
from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument(
        "--terms", type=Path, required=True, metavar="FILE", help="the terms, one per line"
    )
    parser.add_argument("--texts", type=Path, required=True, metavar="PATH", help="the texts")
    parser.add_argument(
        "--from",
        dest="form",
        default="jsonl",
        choices=[name for name in FORMATS if name != "standoff"],
        help="format of the texts (default jsonl)",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="the .tsv or .tsv.gz file"
    )
    parser.add_argument(
        "--symbol-length",
        type=int,
        default=6,
        metavar="N",
        help="symbols of at most this many letters and digits match case-sensitively (default 6)",
    )
    parser.add_argument(
        "--genus-initials", action="store_true", help="also match E. coli for Escherichia coli"
    )
    parser.add_argument(
        "--no-plurals", action="store_true", help="do not match plurals and singulars"
    )
    parser.add_argument(
        "--no-abbreviations",
        action="store_true",
        help="do not annotate abbreviations defined in a text",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.silver.annotators.annotate import annotate_texts
    from neuroner_tl.silver.annotators.lexicon import LexiconRules

    rules = LexiconRules(
        symbol_length=arguments.symbol_length,
        plurals=not arguments.no_plurals,
        genus_initials=arguments.genus_initials,
        abbreviations=not arguments.no_abbreviations,
    )
    speed = annotate_texts(
        arguments.texts,
        arguments.terms,
        arguments.output,
        texts_format=arguments.form,
        rules=rules,
    )
    return Outcome(
        f"{speed.summary()}; written to {arguments.output}",
        {**vars(speed), "output": arguments.output},
    )
