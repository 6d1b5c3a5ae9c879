"""`neuroner-tl predict`: find entities in texts of any format with trained models."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.errors import ParameterError

logger = logging.getLogger(__name__)

# The names of convert.TARGETS and of convert.READERS, which need libraries to load.
TARGETS = ("bioc-json", "bioc-xml", "brat", "conll", "jsonl", "pubtator")
READERS = (
    "bioc-json",
    "bioc-xml",
    "brat",
    "conll",
    "iexml",
    "jsonl",
    "medline",
    "pubtator",
    "text",
)
# Those of convert.VIEWS.
VIEWS = ("html", "tsv")
_MOST_FREQUENT = 30
_STANDARD = Path("-")
LEFT_OUT = 3
"""Exit status where documents could not be used."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        required=True,
        help="model folder of a run, or the run's folder; several models tag in one pass, and of "
        "mentions that overlap the most probable is kept, unless --ensemble is given",
    )
    parser.add_argument(
        "--ensemble",
        action="store_true",
        help="average the scores of the models, which have the same labels, and tag as one model",
    )
    parser.add_argument(
        "--input",
        type=Path,
        required=True,
        help="a file, a folder of files, or - for the standard input",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="a file (a name with an ending such as .jsonl or .xml.gz), a folder, or - for the "
        "standard output",
    )
    parser.add_argument(
        "--format",
        choices=(*TARGETS, *VIEWS),
        help="format of the output; html is a page to look at, tsv a table of the entities "
        "(default: by the ending of its name; without one brat, and jsonl on the standard output)",
    )
    parser.add_argument(
        "--input-format",
        choices=READERS,
        help="format of the input (default: by the endings of names; text on the standard input)",
    )
    parser.add_argument(
        "--min-confidence",
        type=float,
        default=0.0,
        metavar="P",
        help="minimum probability of an entity that is written, 0 to 1 (default 0)",
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        help="word-vector file for words that the model was not trained on (default: the file "
        "that the model was trained with, if it is still there; none for none)",
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        default=64,
        help="sentences per batch, at most 128 (default 64)",
    )
    parser.add_argument(
        "--probabilities",
        action="store_true",
        help="write the probability of each entity into brat files, as a note; jsonl and BioC "
        "always have it",
    )
    parser.add_argument(
        "--abbreviations",
        action="store_true",
        help="tag an abbreviation in the whole document if its long form is tagged where the "
        "document introduces it",
    )
    parser.add_argument(
        "--summary",
        nargs="?",
        const=_STANDARD,
        type=Path,
        metavar="FILE",
        help=f"count the entities by text and type: print the {_MOST_FREQUENT} most frequent, or "
        "write all of them to FILE, a table",
    )
    parser.add_argument("--threads", type=int, default=1, help="threads, 0 for all (default 1)")
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that tag, each with the models and threads of its own (default 1; with "
        "--address one for each processor of the cluster)",
    )
    parser.add_argument(
        "--address",
        help="use the Ray cluster at this address, auto for the one that this machine belongs to; "
        "input and output are folders on a disk that all machines share",
    )
    parser.add_argument(
        "--errors",
        type=Path,
        metavar="FILE",
        help="file for documents that could not be used, JSON lines (default: OUTPUT.errors.jsonl)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    from neuroner_tl.corpora.sources import find_sources
    from neuroner_tl.runs.jobs.entity_counts import EntityCounts
    from neuroner_tl.runs.jobs.file_prediction import predict_files
    from neuroner_tl.runs.jobs.prediction_output import check_separate, choose_output

    to_standard_output = arguments.output == _STANDARD
    if to_standard_output and getattr(arguments, "json", False):
        raise ParameterError("--json and --output - both write to the standard output; drop one")
    if arguments.summary not in (None, _STANDARD):
        sources = find_sources(arguments.input, arguments.input_format)
        where = choose_output(arguments.output, arguments.format, sources)
        check_separate(arguments.summary, "--summary", where, sources)
    counts = EntityCounts()
    options = {
        "form": arguments.format,
        "input_form": arguments.input_format,
        "min_confidence": arguments.min_confidence,
        "word_vectors": arguments.word_vectors,
        "batch_size": arguments.batch_size,
        "threads": arguments.threads,
        "probabilities": arguments.probabilities,
        "abbreviations": arguments.abbreviations,
        "ensemble": arguments.ensemble,
        "errors": arguments.errors,
    }
    places = (arguments.model, arguments.input, arguments.output)
    if arguments.address is not None:
        if arguments.summary is not None:
            raise ParameterError(
                "--summary: cannot be counted with --address; count it in the output"
            )
        from neuroner_tl.runs.jobs.cluster_prediction import predict_on_cluster

        workers = arguments.workers or 0
        result = predict_on_cluster(*places, arguments.address, workers=workers, **options)
    else:
        result = predict_files(
            *places,
            workers=1 if arguments.workers is None else arguments.workers,
            observers=[] if arguments.summary is None else [counts.add],
            **options,
        )
    summary, content = result.summary(), vars(result)
    if arguments.summary == _STANDARD:
        summary += f"\n\n{counts.table(_MOST_FREQUENT)}"
        content = {**content, "summary": [one._asdict() for one in counts.sorted()]}
    elif arguments.summary is not None:
        counts.write(arguments.summary)
    status = LEFT_OUT if result.bad else 0
    if to_standard_output:
        logger.info("%s", summary)
        return Outcome("", {}, status)
    return Outcome(summary, content, status)
