"""`neuroner-tl vectors train`: train word vectors on texts, with word2vec or fastText."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.vectors.settings import VectorSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument(
        "--texts",
        type=Path,
        required=True,
        nargs="+",
        metavar="FILE|DIR",
        help="text files (.txt), JSON lines (.jsonl), BioC (.xml, .json), PubTator (.pubtator), "
        "each optionally with .gz, and folders of such files, including brat folders",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="word2vec: .bin, .txt, .vec or .glove, each optionally with .gz; fasttext: .bin",
    )
    for setting in fields(VectorSettings):
        name, default = f"--{setting.name.replace('_', '-')}", setting.default
        text = f"{setting.metadata['help']} (default {default})"
        if isinstance(default, bool):
            parser.add_argument(name, action="store_true", help=setting.metadata["help"])
        else:
            parser.add_argument(
                name,
                type=type(default),
                default=default,
                choices=setting.metadata.get("choices"),
                metavar=None if "choices" in setting.metadata else "N",
                help=text,
            )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.vectors.training import train_vectors

    settings = VectorSettings(
        **{setting.name: getattr(arguments, setting.name) for setting in fields(VectorSettings)}
    )
    result = train_vectors(arguments.texts, arguments.output, settings)
    return Outcome(
        f"{result.words:,} words with vectors of dimension {settings.dimension}, "
        f"{result.covered:.2%} of {result.tokens:,} words in {result.documents:,} texts; "
        f"written to {arguments.output}",
        {**vars(result), "output": arguments.output},
    )
