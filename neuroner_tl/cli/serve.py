"""`neuroner-tl serve`: tag texts over HTTP, for programs, brat, INCEpTION and a browser."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from neuroner_tl.cli.model_options import add_models
from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_models(parser)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to bind to (default 127.0.0.1: this machine only; there is no log-in)",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="TCP port, 0 for a free one (default 8000)"
    )
    parser.add_argument(
        "--min-confidence",
        type=float,
        default=0.0,
        metavar="P",
        help="minimum probability of an entity, 0 to 1 (default 0)",
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        help="word-vector file for words that the model was not trained on (default: the file "
        "that the model was trained with, if it is still there; none for none)",
    )
    parser.add_argument(
        "--threads", type=int, default=1, help="threads per request, 0 for all (default 1)"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=2,
        metavar="N",
        help="threads that tag, each the requests that wait together (default 2)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=60,
        metavar="SECONDS",
        help="time in which a request is answered or refused (default 60)",
    )
    parser.add_argument(
        "--max-megabytes",
        type=float,
        default=32,
        metavar="MB",
        help="maximum size of the body of a request (default 32)",
    )
    parser.add_argument(
        "--max-texts",
        type=int,
        default=1000,
        metavar="N",
        help="maximum number of texts of a request (default 1000)",
    )
    parser.add_argument(
        "--max-characters",
        type=int,
        default=2_000_000,
        metavar="N",
        help="maximum number of characters of the texts of a request (default 2000000)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    _check_limits(arguments)
    try:
        from neuroner_tl.serving.limits import Limits
        from neuroner_tl.serving.service import serve
    except ImportError as error:
        raise ParameterError(
            f"serve needs the package {error.name}, which is not installed; "
            'pip install ".[serve]" in the repository'
        ) from error
    serve(
        arguments.model,
        arguments.host,
        arguments.port,
        limits=Limits(
            max_bytes=int(arguments.max_megabytes * (1 << 20)),
            max_texts=arguments.max_texts,
            max_characters=arguments.max_characters,
            timeout=arguments.timeout,
            workers=arguments.workers,
        ),
        min_confidence=arguments.min_confidence,
        word_vectors=arguments.word_vectors,
        threads=arguments.threads,
    )
    return Outcome("stopped", {})


def _check_limits(arguments: argparse.Namespace) -> None:
    """Refuse what is no limit, by the name of its option, before TensorFlow is loaded.

    Raises:
        ParameterError: a limit is not above 0, or the body of a request would have none.
    """
    for name in ("max_megabytes", "max_texts", "max_characters", "timeout", "workers"):
        value = getattr(arguments, name)
        is_endless = name == "max_megabytes" and math.isinf(value)
        if is_endless or not value > 0:
            raise ParameterError(
                f"--{name.replace('_', '-')}: found {value:g}, expected a number above 0"
            )
