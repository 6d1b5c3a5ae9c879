"""Models that are packed, unpacked and described; hostile archives are refused."""

import io
import json
import shutil
import sys
import tarfile
from pathlib import Path

import pytest

from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.runs.models.model_archive import pack_model, unpack_model
from neuroner_tl.runs.models.model_description import describe_model

GOLDEN = Path(__file__).parents[2] / "golden" / "sealed_model"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def model(tmp_path):
    """A model in its run's folder, with a card, and a file that does not belong to it."""
    folder = tmp_path / "run" / "model"
    shutil.copytree(GOLDEN, folder)
    (folder / "README.md").write_text("# Mine\n")
    (folder / "notes.txt").write_text("private")
    return folder


@pytest.mark.parametrize("name", ["mine.tar.gz", "train.tgz"])
def test_packed_and_unpacked(model, tmp_path, name):
    archive = pack_model(model.parent, tmp_path / "archives" / name)
    folder = unpack_model(archive, tmp_path / "copy")
    assert contents(folder) == {n: c for n, c in contents(model).items() if n != "notes.txt"}
    assert describe_model(folder).types == describe_model(model).types
    with tarfile.open(archive) as packed:
        assert {(m.uid, m.gid, m.uname, m.mtime, m.mode) for m in packed} == {(0, 0, "", 0, 0o644)}


def test_equal_models_give_equal_archives(model, tmp_path):
    first = pack_model(model, tmp_path / "a.tar.gz").read_bytes()
    other = tmp_path / "other"
    shutil.copytree(model, other, copy_function=shutil.copyfile)
    assert pack_model(other, tmp_path / "b.tar.gz").read_bytes() == first


def test_a_damaged_model_is_not_packed(model, tmp_path):
    vocabulary = model / "vocabulary.json"
    vocabulary.write_bytes(vocabulary.read_bytes() + b" ")
    with pytest.raises(CheckpointError, match=r"vocabulary\.json: .* bytes, expected"):
        pack_model(model, tmp_path / "a.tar.gz")
    assert not (tmp_path / "a.tar.gz").exists()


def test_names_of_archives(model, tmp_path):
    with pytest.raises(ParameterError, match=r"expected one that ends with \.tar\.gz or \.tgz"):
        pack_model(model, tmp_path / "model.zip")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    archive = pack_model(model, tmp_path / "a.tar.gz")
    with pytest.raises(CorpusError, match="already exists"):
        unpack_model(archive, tmp_path / "full")


def packed(path, files, *members):
    """An archive with files in a folder, and further members."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"model/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                tar.addfile(info)
    return path


@pytest.mark.parametrize(
    ("member", "error", "words"),
    [
        (("../evil", b"x"), CorpusError, "points outside the folder"),
        (("/evil", b"x"), CorpusError, "points outside the folder"),
        (("model/link", (tarfile.SYMTYPE, "/etc/passwd")), CorpusError, "a link, a device"),
        (("model/link", (tarfile.LNKTYPE, "model/manifest.json")), CorpusError, "a link"),
        (("model/pipe", (tarfile.FIFOTYPE, "")), CorpusError, "a link, a device"),
        (("model/manifest.json", b"{}"), CorpusError, "holds 'model/manifest.json' twice"),
        (
            ("model/evil.py", b"x"),
            CheckpointError,
            r"'evil\.py', which does not belong",
        ),
        (("model/sub/evil.py", b"x"), CheckpointError, "which does not belong to the model"),
        (("evil.py", b"x"), CheckpointError, "holds no model"),
    ],
)
def test_hostile_archives(tmp_path, member, error, words):
    place = tmp_path / "deep" / "place"
    place.mkdir(parents=True)
    archive = packed(tmp_path / "a.tar.gz", contents(GOLDEN), member)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=words) as raised:
        unpack_model(archive, place / "model")
    assert str(archive) in str(raised.value) and ".tmp" not in str(raised.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_altered_model_is_not_unpacked(tmp_path):
    files = contents(GOLDEN)
    name = next(name for name in files if ".data-" in name)
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
    with pytest.raises(CheckpointError, match=r"a\.tar\.gz.*: altered"):
        unpack_model(packed(tmp_path / "a.tar.gz", files), tmp_path / "model")
    files = contents(GOLDEN)
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["../../evil"] = {"size": 0, "sha256": ""}
    manifest["format"] = 1  # Without a seal.
    files["manifest.json"] = json.dumps(manifest).encode()
    with pytest.raises(CheckpointError, match="outside the model's folder"):
        unpack_model(packed(tmp_path / "b.tar.gz", files), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_no_archive(tmp_path):
    path = tmp_path / "a.tar.gz"
    for content in (b"", b"no archive", packed(tmp_path / "b.tar.gz", {}).read_bytes()):
        path.write_bytes(content)
        with pytest.raises(CorpusError, match="expected a tar archive|archive of a model"):
            unpack_model(path, tmp_path / "model")
    with pytest.raises(CorpusError, match="cannot be unpacked"):
        unpack_model(tmp_path / "missing.tar.gz", tmp_path / "model")


def test_a_description(model):
    found = describe_model(model.parent)
    assert found.folder == model
    assert found.others == ("README.md", "notes.txt")
    assert found.size == sum(path.stat().st_size for path in GOLDEN.iterdir())
    for kind in found.types:
        assert kind in found.text_lines()
    assert found.architecture and found.text["tokenizer"] and found.versions
    json.dumps(found.to_json(), default=str)


def test_what_is_no_model(tmp_path, model):
    with pytest.raises(CheckpointError, match="holds no model"):
        describe_model(tmp_path)
    next(model.glob("*.index")).unlink()
    with pytest.raises(CheckpointError, match="missing"):
        describe_model(model)


def test_no_network_is_loaded(tmp_path):
    """Describing, verifying and packing take no time."""
    import subprocess

    code = (
        "import sys; from neuroner_tl.__main__ import main\n"
        f"assert main(['model', 'info', {str(GOLDEN)!r}]) == 0\n"
        f"assert main(['model', 'verify', {str(GOLDEN)!r}]) == 0\n"
        f"assert main(['model', 'pack', {str(GOLDEN)!r}, {str(tmp_path / 'a.tgz')!r}]) == 0\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
