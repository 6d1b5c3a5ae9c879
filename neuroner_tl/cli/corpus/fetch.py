"""`neuroner-tl corpus fetch`: download a public corpus, or list those available."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="what to fetch; without it, all are listed"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="the folder to create (default: ./NAME)"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="folder for downloads (default ~/.cache/neuroner_tl)",
    )
    parser.add_argument(
        "--registry",
        type=Path,
        metavar="FILE",
        help="use this registry instead of the packaged one",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.corpora.public.download import describe_downloads, fetch_corpus, public_corpora

    if arguments.name is None:
        known = public_corpora(arguments.registry)
        content = {"corpora": [vars(download) for download in known.values()]}
        return Outcome(describe_downloads(known.values()), content)
    target = fetch_corpus(
        arguments.name, arguments.output, cache=arguments.cache, registry=arguments.registry
    )
    return Outcome(f"written to {target}", {"name": arguments.name, "output": target})
