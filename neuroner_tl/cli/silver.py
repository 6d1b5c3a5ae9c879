"""`neuroner-tl silver`: define, build and complete silver corpora, or run one term list."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from neuroner_tl.cli.corpus_convert import FORMATS
from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.cli.variables import add_variables, read_variables
from neuroner_tl.messages.screen import terminal_width


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_init(actions)
    description = (
        "annotate, harmonise and clean texts according to a definition, and report every step"
    )
    build = actions.add_parser("build", help=description, description=description)
    build.add_argument("definition", type=Path, metavar="FILE", help="the definition (.ini)")
    build.add_argument(
        "--data", type=Path, metavar="DIR", help="overrides data_folder of the definition"
    )
    build.add_argument(
        "--output", type=Path, metavar="DIR", help="overrides output_folder of the definition"
    )
    add_variables(build, "the definition")
    build.add_argument(
        "--replace", action="store_true", help="replace the corpus that an earlier run built"
    )
    _add_complete(actions)
    _add_report(actions)
    description = "write the matches of a term list in texts as stand-off, and report the speed"
    annotate = actions.add_parser("annotate", help=description, description=description)
    annotate.add_argument(
        "--terms", type=Path, required=True, metavar="FILE", help="the terms, one per line"
    )
    annotate.add_argument("--texts", type=Path, required=True, metavar="PATH", help="the texts")
    annotate.add_argument(
        "--from",
        dest="form",
        default="jsonl",
        choices=[name for name in FORMATS if name != "standoff"],
        help="format of the texts (default jsonl)",
    )
    annotate.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="the .tsv or .tsv.gz file"
    )
    annotate.add_argument(
        "--symbol-length",
        type=int,
        default=6,
        metavar="N",
        help="symbols of at most this many letters and digits match case-sensitively (default 6)",
    )
    annotate.add_argument(
        "--genus-initials", action="store_true", help="also match E. coli for Escherichia coli"
    )
    annotate.add_argument(
        "--no-plurals", action="store_true", help="do not match plurals and singulars"
    )
    annotate.add_argument(
        "--no-abbreviations",
        action="store_true",
        help="do not annotate abbreviations defined in a text",
    )


def _add_init(actions: Any) -> None:
    description = (
        "write the definition of a corpus for a class of your own, from term lists, texts and, if "
        "there are any, annotations of taggers; every file is checked"
    )
    init = actions.add_parser("init", help=description, description=description)
    init.add_argument("definition", type=Path, metavar="FILE", help="the definition to write")
    init.add_argument(
        "--type", required=True, metavar="TYPE", help="the entity type, such as ENZYME"
    )
    several = {"action": "extend", "nargs": "+", "default": []}
    init.add_argument(
        "--texts",
        required=True,
        metavar="PATH",
        help="the texts: folders of .txt files, or files in a format of `corpus convert`",
        **several,
    )
    init.add_argument(
        "--texts-format",
        choices=[name for name in FORMATS if name != "standoff"],
        help="format of the texts (default: detected)",
    )
    init.add_argument("--terms", metavar="FILE", help="term lists, one term per line", **several)
    init.add_argument(
        "--annotations",
        metavar="PATH",
        help="annotations of these texts by taggers or language models, in a format of `corpus "
        "convert`, which is detected or given as FORMAT:PATH",
        **several,
    )
    init.add_argument(
        "--tagger-type",
        dest="tagger_types",
        metavar="TYPE",
        help="types of these annotations that are of your class, if they have other names",
        **several,
    )
    init.add_argument(
        "--gold",
        metavar="DIR",
        help="annotated corpora: their documents are kept out, their train parts are learned from",
        **several,
    )


def _add_complete(actions: Any) -> None:
    description = "let a model that was trained on gold annotate a silver corpus where it is silent"
    complete = actions.add_parser("complete", help=description, description=description)
    complete.add_argument("corpus", type=Path, metavar="DIR", help="the silver corpus")
    complete.add_argument(
        "--model",
        type=Path,
        required=True,
        action="append",
        metavar="DIR",
        help="the model, or its run; several teach as an ensemble, whose scores are averaged",
    )
    complete.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="folder of the new corpus"
    )
    for name, default, text in (
        ("--sure", 0.9, "spans of at least this probability become mentions"),
        ("--doubtful", 0.3, "tokens in a mention with at least this probability become unknown"),
    ):
        complete.add_argument(
            name, type=float, default=default, metavar="P", help=f"{text} (default {default})"
        )
    complete.add_argument(
        "--unlikely",
        type=float,
        metavar="P",
        help="silver mentions where the model finds a mention with less than this probability "
        "become unknown (default: none)",
    )
    complete.add_argument(
        "--keep-boundaries",
        action="store_true",
        help="keep silver mentions that lie in longer spans of which the model is sure",
    )
    complete.add_argument(
        "--soft-labels",
        action="store_true",
        help="also write what the model says of each token of train, for training with "
        "soft_label_share",
    )
    complete.add_argument(
        "--word-vectors",
        type=Path,
        metavar="FILE",
        help="word vectors of the model, if the file has been moved",
    )
    complete.add_argument(
        "--replace", action="store_true", help="replace the corpus that an earlier run wrote"
    )


def _add_report(actions: Any) -> None:
    description = (
        "compare a silver corpus with gold corpora: density, abbreviations, lengths, strings seen"
    )
    report = actions.add_parser("report", help=description, description=description)
    report.add_argument("corpus", type=Path, metavar="DIR", help="the silver corpus")
    report.add_argument(
        "--gold",
        type=Path,
        required=True,
        action="extend",
        nargs="+",
        metavar="CORPUS",
        help="gold corpora, folders or archives, of which the train parts are compared",
    )
    report.add_argument(
        "--type",
        dest="entity_type",
        metavar="TYPE",
        help="entity type to count (default: that of the silver corpus)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    actions = {
        "init": _init,
        "build": _build,
        "report": _report,
        "complete": _complete,
        "annotate": _annotate,
    }
    return actions[arguments.action](arguments)


def _init(arguments: argparse.Namespace) -> Outcome:
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


def _complete(arguments: argparse.Namespace) -> Outcome:
    from neuroner_tl.silver.completion import complete_silver
    from neuroner_tl.system.threads import set_threads

    set_threads(1)
    done = complete_silver(
        arguments.corpus,
        arguments.model if len(arguments.model) > 1 else arguments.model[0],
        arguments.output,
        sure=arguments.sure,
        doubtful=arguments.doubtful,
        unlikely=arguments.unlikely,
        longer_spans=not arguments.keep_boundaries,
        word_vectors=arguments.word_vectors,
        soft_labels=arguments.soft_labels,
        replace=arguments.replace,
    )
    return Outcome(
        f"{done.summary()}\nwritten to {done.folder}",
        {"folder": done.folder, "counts": done.counts, "learned_from_documents": done.learned_from},
    )


def _build(arguments: argparse.Namespace) -> Outcome:
    from neuroner_tl.silver.build import build_silver

    result = build_silver(
        arguments.definition,
        data_folder=arguments.data,
        output_folder=arguments.output,
        variables=read_variables(arguments.variables),
        replace=arguments.replace,
    )
    return Outcome(
        f"{result.to_text(terminal_width())}\nwritten to {result.folder}",
        {"folder": result.folder, **result.content},
    )


def _report(arguments: argparse.Namespace) -> Outcome:
    from neuroner_tl.silver.comparison import compare_silver

    comparison = compare_silver(arguments.corpus, arguments.gold, entity_type=arguments.entity_type)
    return Outcome(comparison.to_text(terminal_width()), comparison.to_json())


def _annotate(arguments: argparse.Namespace) -> Outcome:
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
