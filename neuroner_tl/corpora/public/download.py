"""Downloads that resume, are verified, and stay in a cache folder."""

from __future__ import annotations

import http.client
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Optional

from neuroner_tl.corpora.formats.brat_folders import check_new_folder
from neuroner_tl.corpora.public.archive import unpack
from neuroner_tl.corpora.public.registry import (
    REGISTRY,
    Download,
    read_registry,
    whole_number,
)
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.paths import StrPath

logger = logging.getLogger(__name__)

LARGEST_UNKNOWN = 20 * 2**30  # bytes, of a file whose size is not stated
_TIMEOUT = 60.0  # seconds without a byte
_BLOCK = 1 << 16


def default_cache() -> Path:
    """Return the folder for downloads: ``neuroner_tl`` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "neuroner_tl"


def public_corpora(registry: Optional[StrPath] = None) -> dict[str, Download]:
    """Return what can be fetched, by name.

    Args:
        registry: another registry than the packaged one.

    Raises:
        ParameterError: the registry cannot be used.
    """
    return read_registry(REGISTRY if registry is None else Path(registry))


def describe_downloads(downloads: Iterable[Download]) -> str:
    """Return a line for each: its name, what it is, and its size."""
    rows = [
        (
            one.name,
            one.content if one.size is None else f"{one.content}, {one.size} bytes",
        )
        for one in downloads
    ]
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {words}" for name, words in rows)


def fetch_corpus(
    name: str,
    output: Optional[StrPath] = None,
    *,
    cache: Optional[StrPath] = None,
    registry: Optional[StrPath] = None,
) -> Path:
    """Download a public corpus.

    Args:
        name: one of `public_corpora`.
        output: the folder to make; None for one of that name in the current folder.
        cache: folder that keeps downloads; None for `default_cache`.
        registry: another registry than the packaged one.

    Returns:
        Where the corpus is.

    Raises:
        CorpusError: the download fails or gives a different file, or the output exists.
        ParameterError: the registry has no such name.
    """
    known = public_corpora(registry)
    if name not in known:
        raise ParameterError(f"{name!r} is not in the registry, expected {one_of(name, known)}")
    download = known[name]
    logger.info("%s, from %s", download.content, download.address)
    logger.info("terms: %s", download.licence)
    default = Path(download.file_name if download.kind == "file" else name)
    return fetch(
        download,
        default_cache() if cache is None else Path(cache),
        default if output is None else Path(output),
    )


def fetch(download: Download, cache: Path, target: Path) -> Path:
    """Download a corpus into a new folder, or a file to a new path.

    Args:
        download: what to fetch.
        cache: folder that keeps the downloaded file.
        target: folder of the corpus, with ``train``, ``valid`` and ``test``; or the file.

    Returns:
        The target.

    Raises:
        CorpusError: the download fails or gives a different file, or the target exists.
    """
    check_new_folder(target)
    path = cached(download, cache)
    if download.kind == "file":
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                target.rmdir()
            target.symlink_to(path.resolve())
        except OSError as error:
            raise CorpusError(f"{target}: cannot be made: {error.strerror}") from error
        return target
    unpack(path, target, keep=_belongs)
    return target


def cached(download: Download, cache: Path) -> Path:
    """Return the downloaded and checked file in the cache, downloading it if it is not there.

    An interrupted download is resumed.

    Raises:
        CorpusError: the download fails, or gives a different file, which is not kept.
    """
    path = cache / download.file_name
    part = path.with_name(path.name + ".part")
    record = path.with_name(path.name + ".sha256")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            _transfer(download, part)
        recorded = record.read_text("utf-8").strip() if record.is_file() else ""
        found = path if path.is_file() else part
        try:
            seen = download.verify(found, recorded)
        except CorpusError:
            found.unlink()
            raise
        if found == part:
            os.replace(part, path)
        if not download.has_checksum and not recorded:
            write_atomically(record, f"{seen}\n".encode())
            logger.warning(
                "%s: no checksum is known; recorded the one seen now, sha256 %s, in %s",
                download.name,
                seen,
                record,
            )
    except OSError as error:
        raise CorpusError(
            f"{cache}: the download cannot be kept: {error.strerror or error}; choose a "
            "writable folder with enough space"
        ) from error
    return path


def _transfer(download: Download, part: Path) -> None:
    """Add what is missing to the partial file."""
    present = part.stat().st_size if part.is_file() else 0
    if download.size is not None and present == download.size:
        return
    if download.size is not None and present > download.size:
        part.unlink()
        present = 0
    request = urllib.request.Request(download.address)
    if present:
        request.add_header("Range", f"bytes={present}-")
    limit = download.size if download.size is not None else LARGEST_UNKNOWN
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            if present and response.status != 206:
                present = 0  # the server sends all of it again
            _receive(download, response, part, present, limit)
    except urllib.error.HTTPError as error:
        if error.code == 416 and present:
            # Nothing is missing, or the file has changed: the verification will tell.
            return
        raise CorpusError(
            f"{download.address}: the server answers {error.code} ({error.reason}); check the "
            "address, or try again later"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and error.filename:
            raise
        had = part.stat().st_size if part.is_file() else 0
        if not had:
            raise CorpusError(
                f"{download.address}: cannot be reached ({error}); check the network and the "
                "address, then run the command again"
            ) from error
        raise CorpusError(
            f"{download.address}: the download broke off after {had} bytes ({error}); run the "
            "command again to resume it"
        ) from error


def _receive(download: Download, response: Any, part: Path, present: int, limit: int) -> None:
    length = response.headers.get("Content-Length")
    rest = whole_number(length or "")
    expected = present + rest if rest is not None else download.size
    received = present
    bar = progress_bar(
        total=expected,
        initial=present,
        desc=download.name,
        unit="B",
        unit_scale=True,
    )
    with bar, open(part, "ab" if present else "wb") as file:
        while block := response.read(_BLOCK):
            received += len(block)
            if received > limit:
                file.close()
                part.unlink()
                raise CorpusError(
                    f"{download.address}: sends more than the {limit} bytes that were expected; "
                    "it is not the file that was registered: nothing was kept"
                )
            file.write(block)
            bar.update(len(block))
    if expected is not None and received < expected:
        raise CorpusError(
            f"{download.address}: the download broke off after {received} of {expected} bytes; run "
            "the command again to resume it"
        )


def _belongs(path: PurePosixPath) -> bool:
    """Tell whether a file of an archive is part of a corpus, not a side file or a prediction."""
    if path.name.startswith(".") or path.suffix not in (".txt", ".ann"):
        return False
    return not any(part.startswith(("deploy", ".", "__MACOSX")) for part in path.parts[:-1])
