"""`neuroner-tl corpus fetch`: download a public corpus, or list those that can be."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="what to fetch; none lists all")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="the folder to make (default: ./NAME)"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="keeps downloads (default ~/.cache/neuroner_tl)"
    )
    parser.add_argument(
        "--registry", type=Path, metavar="FILE", help="another registry than the packaged one"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    from neuroner_tl.corpora.public.download import default_cache, fetch
    from neuroner_tl.corpora.public.registry import REGISTRY, read_registry
    from neuroner_tl.messages.spelling import nearest_hint

    registry = read_registry(arguments.registry or REGISTRY)
    name: Optional[str] = arguments.name
    if name is None:
        width = max(len(entry) for entry in registry)
        for entry in registry.values():
            size = "size not known" if entry.size is None else f"{entry.size} bytes"
            print(f"{entry.name:<{width}}  {entry.content}, {size}")
        return 0
    if name not in registry:
        raise ParameterError(
            f"{name!r} is not in the registry, expected one of {', '.join(registry)}"
            f"{nearest_hint(name, registry)}"
        )
    download = registry[name]
    print(f"{download.content}, from {download.address}\nterms: {download.licence}", flush=True)
    default = Path(download.file_name if download.kind == "file" else name)
    target = fetch(download, arguments.cache or default_cache(), arguments.output or default)
    print(f"written to {target}")
    return 0
