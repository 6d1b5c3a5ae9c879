"""`neuroner-tl corpus convert`: write a corpus of another format as brat files."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.errors import ParameterError

# The names of convert.FORMATS, which need libraries to load.
FORMATS = ("bioc-json", "bioc-xml", "brat", "conll", "iexml", "jsonl", "pubtator", "standoff")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the corpus, a file or folder")
    parser.add_argument(
        "--from", dest="form", required=True, choices=FORMATS, help="format of the source"
    )
    parser.add_argument("--to", choices=("brat",), default="brat", help="format to write")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to make"
    )
    parser.add_argument(
        "--texts", type=Path, metavar="PATH", help="for standoff: the texts that were annotated"
    )
    parser.add_argument(
        "--texts-from",
        default="jsonl",
        choices=[name for name in FORMATS if name != "standoff"],
        help="for standoff: format of the texts (default jsonl)",
    )
    parser.add_argument("--type", metavar="TYPE", help="for standoff: type of rows without one")
    parser.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="write a type under another name; may be given several times",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="TYPE",
        help="keep this type, by its new name; may be given several times (default: all)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    from neuroner_tl.corpora.convert import convert_to_brat

    rename = {}
    for text in arguments.rename:
        old, equals, new = text.partition("=")
        if not equals or not old or new.split() != [new]:
            raise ParameterError(f"--rename: found {text!r}, expected OLD=NEW")
        rename[old] = new
    report = convert_to_brat(
        arguments.source,
        arguments.form,
        arguments.output,
        texts=arguments.texts,
        texts_form=arguments.texts_from,
        entity_type=arguments.type,
        rename=rename,
        only=arguments.only,
    )
    print(report.summary())
    print(f"written to {arguments.output}")
    return 0
