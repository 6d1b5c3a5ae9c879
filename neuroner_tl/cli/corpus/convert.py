"""`neuroner-tl corpus convert`: write a corpus in another format."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.errors import ParameterError

# The names of convert.FORMATS and convert.TARGETS, which need libraries to load.
FORMATS = (
    "bioc-json",
    "bioc-xml",
    "brat",
    "conll",
    "iexml",
    "jsonl",
    "medline",
    "pubtator",
    "standoff",
    "text",
)
TARGETS = ("bioc-json", "bioc-xml", "brat", "conll", "jsonl", "pubtator")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the corpus, a file or folder")
    parser.add_argument(
        "--from", dest="form", required=True, choices=FORMATS, help="format of the source"
    )
    parser.add_argument(
        "--to", choices=TARGETS, default="brat", help="format to write (default brat)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="PATH",
        help="the folder to create; the file, if a corpus without parts is converted to another "
        "format than brat",
    )
    parser.add_argument(
        "--texts", type=Path, metavar="PATH", help="for standoff: the annotated texts"
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
        help="rename a type; may be given several times",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="TYPE",
        help="keep only this type (its new name); may be given several times (default: all)",
    )
    parser.add_argument(
        "--tokenizer",
        choices=("alnum", "spacy"),
        default="alnum",
        help="for conll: tokeniser of the texts (default alnum)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.corpora.convert import convert_corpus

    rename = {}
    for text in arguments.rename:
        old, equals, new = text.partition("=")
        if not equals or not old:
            raise ParameterError(f"--rename: found {text!r}, expected OLD=NEW")
        rename[old] = new
    report = convert_corpus(
        arguments.source,
        arguments.form,
        arguments.output,
        to=arguments.to,
        texts=arguments.texts,
        texts_form=arguments.texts_from,
        entity_type=arguments.type,
        rename=rename,
        only=arguments.only,
        tokenizer=arguments.tokenizer,
    )
    return Outcome(
        f"{report.summary()}\nwritten to {arguments.output}",
        {"output": arguments.output, **report.to_json()},
    )
