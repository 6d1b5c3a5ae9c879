"""Downloads, from a local server that can break off and lie."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from neuroner_tl.corpora.public.download import cached, fetch
from neuroner_tl.corpora.public.registry import Download, read_registry
from neuroner_tl.errors import CorpusError, ParameterError

BIG = bytes(range(256)) * 1000


def corpus_archive() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as packed:
        for name in (
            "CDR/train/1.txt",
            "CDR/train/1.ann",
            "CDR/train/._1.txt",
            "CDR/test/2.txt",
            "CDR/deploy_test_tl/2.ann",
            "CDR/notes.md",
        ):
            info = tarfile.TarInfo(name)
            info.size = 1
            packed.addfile(info, io.BytesIO(b"x"))
    return target.getvalue()


class Server(http.server.BaseHTTPRequestHandler):
    """Serves what `files` says; `breaks` ends a transfer early, once."""

    files: dict[str, bytes] = {}
    breaks: set[str] = set()
    ranges: list[str] = []
    ignore_ranges = False

    def do_GET(self) -> None:
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        start = 0
        if asked and not self.ignore_ranges:
            self.ranges.append(asked)
            start = int(asked[len("bytes=") : -1])
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.path in self.breaks:
            self.breaks.discard(self.path)
            self.wfile.write(content[start : start + 100_000])
            return
        self.wfile.write(content[start:])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Server.files = {"/big.bin": BIG, "/cdr.tar.gz": corpus_archive()}
    Server.breaks, Server.ranges, Server.ignore_ranges = set(), [], False
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def download(address: str, content: bytes = BIG, kind: str = "file", **changes: object) -> Download:
    known = {
        "size": len(content),
        "git_blob": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        **changes,
    }
    return Download("big", kind, "a file", address, licence="none", **known)  # type: ignore[arg-type]


def test_a_whole_download_is_kept(server: str, tmp_path: Path) -> None:
    entry = download(f"{server}/big.bin")
    assert cached(entry, tmp_path).read_bytes() == BIG
    Server.files = {}
    assert cached(entry, tmp_path).read_bytes() == BIG
    assert [p.name for p in tmp_path.iterdir()] == ["big.bin"]


@pytest.mark.parametrize("ignore_ranges", [False, True])
def test_a_broken_download_is_resumed(server: str, tmp_path: Path, ignore_ranges: bool) -> None:
    Server.breaks = {"/big.bin"}
    Server.ignore_ranges = ignore_ranges
    entry = download(f"{server}/big.bin")
    with pytest.raises(CorpusError, match="broke off after 100000"):
        cached(entry, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["big.bin.part"]
    assert cached(entry, tmp_path).read_bytes() == BIG
    assert Server.ranges == ([] if ignore_ranges else ["bytes=100000-"])


@pytest.mark.parametrize(
    "changes",
    [{"git_blob": "", "sha256": "0" * 64}, {"git_blob": "0" * 40, "sha256": ""}, {"size": 9}],
)
def test_a_tampered_download_is_refused(
    server: str, tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(CorpusError, match="nothing was kept"):
        cached(download(f"{server}/big.bin", **changes), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_changed_in_the_cache_is_refused(server: str, tmp_path: Path) -> None:
    entry = download(f"{server}/big.bin")
    cached(entry, tmp_path).write_bytes(b"x" + BIG[1:])
    with pytest.raises(CorpusError, match="git blob id"):
        cached(entry, tmp_path)


def test_without_a_checksum_the_first_one_counts(server: str, tmp_path: Path) -> None:
    entry = download(f"{server}/big.bin", git_blob="", sha256="", size=None)
    cached(entry, tmp_path)
    assert (tmp_path / "big.bin.sha256").read_text().strip() == hashlib.sha256(BIG).hexdigest()
    (tmp_path / "big.bin").unlink()
    Server.files["/big.bin"] = BIG[::-1]
    with pytest.raises(CorpusError, match="sha256 of the first download"):
        cached(entry, tmp_path)


def test_a_corpus_is_unpacked_without_what_does_not_belong(server: str, tmp_path: Path) -> None:
    entry = download(f"{server}/cdr.tar.gz", corpus_archive(), "corpus")
    target = fetch(entry, tmp_path / "cache", tmp_path / "out")
    found = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
    assert found == ["test/2.txt", "train/1.ann", "train/1.txt"]
    with pytest.raises(CorpusError, match="already exists"):
        fetch(entry, tmp_path / "cache", tmp_path / "out")


def test_a_file_is_written_to_the_requested_path(server: str, tmp_path: Path) -> None:
    target = fetch(download(f"{server}/big.bin"), tmp_path / "cache", tmp_path / "deep" / "v.bin")
    assert target.read_bytes() == BIG


def test_missing_downloads(server: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="answers 404"):
        cached(download(f"{server}/none"), tmp_path)
    with pytest.raises(CorpusError, match="cannot be reached"):
        cached(download("http://127.0.0.1:9/none"), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="cannot be kept"):
        cached(download(f"{server}/big.bin"), tmp_path / "file")


def test_the_packaged_registry() -> None:
    registry = read_registry()
    assert len(registry) == 10
    for entry in registry.values():
        assert entry.licence and entry.content
        assert entry.has_checksum or entry.kind == "file"
    cdr = registry["CDR_CHED"]
    assert cdr.size == 1598494 and cdr.address.endswith("/corpora/CDR_CHED_GSC_brat.tar.gz")
    assert cdr.git_blob == "1be56bd4ee7caef06bb353b4505a5862e5d42535"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("adress = http://x", "the nearest is address"),
        ("address = file:///etc/passwd", "begins with http"),
        ("sha256 = abc", "64 hexadecimal"),
        ("bytes = many", "a number of bytes"),
        ("kind = thing", "one of corpus, file"),
        ("licence =", "found no licence in [x]"),
    ],
)
def test_a_broken_registry(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "r.ini"
    given = {
        "kind": "kind = file",
        "content": "content = c",
        "address": "address = http://x/y",
        "licence": "licence = none",
    }
    given[line.split(" ")[0]] = line
    path.write_text("[x]\n" + "\n".join(given.values()) + "\n")
    with pytest.raises(ParameterError, match=r"r\.ini:\d") as caught:
        read_registry(path)
    assert words in str(caught.value)
