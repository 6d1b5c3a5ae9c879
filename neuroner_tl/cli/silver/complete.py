"""`neuroner-tl silver complete`: let a model that was trained on gold annotate a silver corpus
where it is silent."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("corpus", type=Path, metavar="DIR", help="the silver corpus")
    parser.add_argument(
        "--model",
        type=Path,
        required=True,
        action="append",
        metavar="DIR",
        help="the model, or its run; several teach as an ensemble, whose scores are averaged",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="folder of the new corpus"
    )
    for name, default, text in (
        ("--sure", 0.9, "spans of at least this probability become mentions"),
        ("--doubtful", 0.3, "tokens in a mention with at least this probability become unknown"),
    ):
        parser.add_argument(
            name, type=float, default=default, metavar="P", help=f"{text} (default {default})"
        )
    parser.add_argument(
        "--unlikely",
        type=float,
        metavar="P",
        help="silver mentions where the model finds a mention with less than this probability "
        "become unknown (default: none)",
    )
    parser.add_argument(
        "--keep-boundaries",
        action="store_true",
        help="keep silver mentions that lie in longer spans of which the model is sure",
    )
    parser.add_argument(
        "--soft-labels",
        action="store_true",
        help="also write what the model says of each token of train, for training with "
        "soft_label_share",
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        metavar="FILE",
        help="word vectors of the model, if the file has been moved",
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace the corpus that an earlier run wrote"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
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
