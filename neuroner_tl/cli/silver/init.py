"""`neuroner-tl silver init`: write the definition of a corpus for a class of your own, from term
lists, texts and, if there are any, annotations of taggers; every file is checked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from neuroner_tl.cli.corpus.convert import FORMATS
from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("definition", type=Path, metavar="FILE", help="the definition to write")
    parser.add_argument(
        "--type", required=True, metavar="TYPE", help="the entity type, such as ENZYME"
    )
    several: dict[str, Any] = {"action": "extend", "nargs": "+", "default": []}
    parser.add_argument(
        "--texts",
        required=True,
        metavar="PATH",
        help="the texts: folders of .txt files, or files in a format of `corpus convert`",
        **several,
    )
    parser.add_argument(
        "--texts-format",
        choices=[name for name in FORMATS if name != "standoff"],
        help="format of the texts (default: detected)",
    )
    parser.add_argument("--terms", metavar="FILE", help="term lists, one term per line", **several)
    parser.add_argument(
        "--annotations",
        metavar="PATH",
        help="annotations of these texts by taggers or language models, in a format of `corpus "
        "convert`, which is detected or given as FORMAT:PATH",
        **several,
    )
    parser.add_argument(
        "--tagger-type",
        dest="tagger_types",
        metavar="TYPE",
        help="types of these annotations that are of your class, if they have other names",
        **several,
    )
    parser.add_argument(
        "--gold",
        metavar="DIR",
        help="annotated corpora: their documents are kept out, their train parts are learned from",
        **several,
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.silver.drafting.new_definition import init_silver

    made = init_silver(
        arguments.definition,
        arguments.type,
        arguments.texts,
        terms=arguments.terms,
        annotations=arguments.annotations,
        texts_format=arguments.texts_format,
        tagger_types=arguments.tagger_types,
        gold=arguments.gold,
    )
    return Outcome(made.summary(), made.to_json())
