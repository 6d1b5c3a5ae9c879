from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.public.archive import unpack
from neuroner_tl.errors import CorpusError


def archive(path: Path, *members: tuple[str, object], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as packed:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                packed.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content  # type: ignore[misc]
                packed.addfile(info)
    return path


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_single_outer_folder_is_stripped(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", ("x/train/1.txt", b"a"), ("./x/test/2.txt", b"b"))
    unpack(path, tmp_path / "out")
    assert files(tmp_path / "out") == ["test/2.txt", "train/1.txt"]
    path = archive(tmp_path / "b.tar", ("train/1.txt", b"a"), mode="w")
    unpack(path, tmp_path / "out2")
    assert files(tmp_path / "out2") == ["train/1.txt"]


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (("../evil.txt", b"x"), "points outside the folder"),
        (("a/../../evil.txt", b"x"), "points outside the folder"),
        (("/evil.txt", b"x"), "points outside the folder"),
        (("..\\evil.txt", b"x"), "points outside the folder"),
        (("link", (tarfile.SYMTYPE, "/etc")), "a link, a device"),
        (("link", (tarfile.LNKTYPE, "ok.txt")), "a link, a device"),
        (("pipe", (tarfile.FIFOTYPE, "")), "a link, a device"),
        (("null", (tarfile.CHRTYPE, "")), "a link, a device"),
        (("big.txt", b"x" * 2000), "more than 1000 bytes"),
        (("ok.txt", b"again"), "holds 'ok.txt' twice"),
    ],
)
def test_what_is_refused(tmp_path: Path, member: tuple[str, object], words: str) -> None:
    path = archive(tmp_path / "a.tar.gz", ("ok.txt", b"fine"), member)
    with pytest.raises(CorpusError, match=words):
        unpack(path, tmp_path / "deep" / "out", largest_total=1000)
    assert files(tmp_path) == ["a.tar.gz"]


def test_damaged_archives(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", ("x.txt", bytes(range(256)) * 40))
    whole = path.read_bytes()
    wrong_sum = whole[:-8] + b"\0" + whole[-7:]
    for content in (whole[: len(whole) // 2], wrong_sum, whole + b"more", b"no archive", b""):
        path.write_bytes(content)
        with pytest.raises(CorpusError, match=r"a\.tar\.gz: cannot be unpacked \(.*get it again"):
            unpack(path, tmp_path / "out")
    assert files(tmp_path) == ["a.tar.gz"]
    with pytest.raises(CorpusError, match="contains no files"):
        unpack(archive(tmp_path / "e.tar", mode="w"), tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    with pytest.raises(CorpusError, match="already exists"):
        unpack(path, tmp_path / "full")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(cut=st.integers(0, 10000), byte=st.binary(min_size=1, max_size=3))
def test_mutated_archives(tmp_path_factory: pytest.TempPathFactory, cut: int, byte: bytes) -> None:
    folder = tmp_path_factory.mktemp("tar")
    path = archive(folder / "a.tar", ("x/1.txt", b"abc"), ("x/2.txt", b"d" * 600), mode="w")
    content = bytearray(path.read_bytes())
    place = cut % len(content)
    content[place : place + len(byte)] = byte
    path.write_bytes(content)
    try:
        unpack(path, folder / "out")
    except CorpusError:
        assert files(folder) == ["a.tar"]
