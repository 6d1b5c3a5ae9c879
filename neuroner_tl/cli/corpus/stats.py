"""`neuroner-tl corpus stats`: count the sentences, tokens and annotations of corpora."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.messages.screen import PROSE_WIDTH, terminal_width


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="the corpora")
    parser.add_argument(
        "--parts", action="store_true", help="also print a row for each part (train, valid ...)"
    )
    parser.add_argument(
        "--format", choices=("text", "csv", "latex"), default="text", help="format of the table"
    )
    parser.add_argument(
        "--tokenizer", choices=("alnum", "spacy"), default="alnum", help="tokeniser"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.corpora.statistics import FORMATS, corpus_statistics, text_table

    rows = [
        row
        for folder in arguments.folders
        for row in corpus_statistics(folder, parts=arguments.parts, tokenizer=arguments.tokenizer)
    ]
    is_text = arguments.format == "text"
    width = terminal_width() or PROSE_WIDTH
    text = text_table(rows, width) if is_text else FORMATS[arguments.format](rows)
    content = {"corpora": [row.to_json() for row in rows]}
    return Outcome(text, content, is_data=not is_text)
