"""Archives, unpacked so that nothing is written outside the folder and no more than expected."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Optional, cast

from neuroner_tl.corpora.formats.brat_folders import check_new_folder
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.temporary import temporary_folder
from neuroner_tl.system.write_errors import write_fault

LARGEST_TOTAL = 4 * 2**30  # bytes
MAX_FILES = 500_000
_LARGEST_HEADER = 1 << 20  # bytes, of a name or of attributes that a header does not hold
_LARGEST_DICTIONARY = 1 << 28  # bytes that xz may ask for
_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def unpack(
    archive: Path,
    target: Path,
    largest_total: int = LARGEST_TOTAL,
    keep: Optional[Callable[[PurePosixPath], bool]] = None,
    what: str = "corpus",
) -> None:
    """Unpack a tar archive (plain, gzip, bzip2 or xz) into a new folder, all of it or nothing.

    Only folders and plain files are made, with ordinary permissions. A single folder that holds
    everything is stripped, so that the target is the corpus or the model.

    Args:
        archive: the file.
        target: the folder to make; it may exist if it is empty.
        largest_total: most bytes to unpack.
        keep: tells which files to unpack; None unpacks all.
        what: what the archive should hold, for errors.

    Raises:
        CorpusError: not an archive, or a damaged one, one with a path outside the folder, a link or
            a device, or one larger than the bounds.
    """
    check_new_folder(target)
    try:
        with temporary_folder(target) as temporary:
            with _open_archive(archive, largest_total, what) as packed:
                _unpack_all(packed, archive, temporary, largest_total, keep, what)
            inside = list(temporary.iterdir())
            if not inside:
                raise CorpusError(f"{archive}: contains no files; expected the archive of a {what}")
            source = inside[0] if len(inside) == 1 and inside[0].is_dir() else temporary
            if source.name in ("train", "valid", "test", "deploy"):
                source = temporary
            if target.exists():
                target.rmdir()
            os.replace(source, target)
    except CorpusError:
        raise
    except _DAMAGE as error:
        raise CorpusError(
            f"{archive}: cannot be unpacked ({error}); expected a tar archive: get it again"
        ) from error
    except OSError as error:
        raise CorpusError(
            f"{archive}: cannot be unpacked into {target}: {write_fault(error)}"
        ) from error


_DAMAGE = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError)


class _Header(tarfile.TarInfo):
    """A header that is read only if it has an ordinary size: the library would read any size."""

    def _proc_member(self, tarfile_: Any) -> Any:
        if self.type in _HEADERS and not 0 <= self.size <= _LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return super()._proc_member(tarfile_)  # type: ignore[misc]


class _Unpacked(io.RawIOBase):
    """The bytes of an archive, unpacked, and no more of them than expected."""

    def __init__(self, file: BinaryIO, archive: Path, largest: int, what: str) -> None:
        self._archive, self._what = archive, what
        self._left = self._largest = largest
        start = file.read(6)
        file.seek(0)
        self._xz: Optional[lzma.LZMADecompressor] = None
        self._source = file
        if start[:2] == b"\x1f\x8b":
            self._source = cast(BinaryIO, gzip.GzipFile(fileobj=file))
        elif start[:3] == b"BZh":
            self._source = cast(BinaryIO, bz2.BZ2File(file))
        elif start == b"\xfd7zXZ\0":
            self._xz = lzma.LZMADecompressor(memlimit=_LARGEST_DICTIONARY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            content = self._from_xz(len(buffer)) if self._xz else self._source.read(len(buffer))
        except OSError as error:
            if error.errno is not None:
                raise
            # What gzip and bzip2 say of damage is not an error of the system.
            raise tarfile.ReadError(str(error)) from error
        self._left -= len(content)
        if self._left < 0:
            raise _too_large(self._archive, self._largest, self._what)
        buffer[: len(content)] = content
        return len(content)

    def _from_xz(self, size: int) -> bytes:
        assert self._xz is not None
        while not self._xz.eof:
            packed = self._source.read(1 << 16) if self._xz.needs_input else b""
            if self._xz.needs_input and not packed:
                raise EOFError("the archive is truncated")
            content = self._xz.decompress(packed, size)
            if content:
                return content
        return b""


@contextlib.contextmanager
def _open_archive(archive: Path, largest_total: int, what: str) -> Iterator[tarfile.TarFile]:
    # A block for each file's header and one to fill its last block.
    largest = largest_total + 1024 * MAX_FILES
    with open(archive, "rb") as file:
        unpacked = io.BufferedReader(_Unpacked(file, archive, largest, what), 1 << 16)
        with tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_Header) as packed:
            yield packed


def _too_large(archive: Path, largest_total: int, what: str) -> CorpusError:
    return CorpusError(
        f"{archive}: holds more than {largest_total} bytes or {MAX_FILES} files; expected a "
        f"{what}: do not trust this archive"
    )


def _unpack_all(
    packed: tarfile.TarFile,
    archive: Path,
    folder: Path,
    largest_total: int,
    keep: Optional[Callable[[PurePosixPath], bool]],
    what: str,
) -> None:
    total = members = 0
    while (member := packed.next()) is not None:
        # The library remembers every header, with all attributes.
        packed.members.clear()  # type: ignore[attr-defined]
        members += 1
        if members > MAX_FILES:
            raise _too_large(archive, largest_total, what)
        path = PurePosixPath(member.name)
        parts = [part for part in path.parts if part != "."]
        if path.is_absolute() or ".." in parts or "\\" in member.name or "\0" in member.name:
            raise CorpusError(
                f"{archive}: holds {member.name!r}, which points outside the folder; do not trust "
                "this archive"
            )
        if not (member.isfile() or member.isdir()) or member.issparse():
            raise CorpusError(
                f"{archive}: holds {member.name!r}, which is a link, a device or a "
                "sparse file; expected files and folders: do not trust this archive"
            )
        total += member.size  # including files that are not kept: they are unpacked on the way
        if total > largest_total:
            raise _too_large(archive, largest_total, what)
        if not parts or member.isdir() or (keep is not None and not keep(path)):
            continue
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = packed.extractfile(member)
        assert content is not None
        if target.exists():  # It could replace a file that is checked.
            raise CorpusError(f"{archive}: holds {member.name!r} twice; do not trust this archive")
        with content, open(target, "xb") as file:
            shutil.copyfileobj(content, file)
