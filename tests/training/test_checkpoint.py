"""Saved models: what is saved is loaded, and what is damaged is refused by name."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.errors import CheckpointError
from neuroner_tl.model.entity_lstm import Architecture, create_network, initial_weights
from neuroner_tl.parameters.files import load_parameters, write_parameters
from neuroner_tl.training import checkpoint
from neuroner_tl.training.checkpoint import (
    load_model,
    read_optimiser,
    read_variables,
    save_model,
    write_variables,
)
from neuroner_tl.training.manifest import FORMAT, seal_of

VOCABULARY = Vocabulary(("<UNK>", "a", "b"), ("", "<UNK>", "x"), ("O", "B-D", "I-D"))
ARCHITECTURE = Architecture(3, 4, 5, 2, 3)
PARAMETERS = {
    "token_embedding_dimension": 4,
    "token_lstm_hidden_state_dimension": 5,
    "character_embedding_dimension": 2,
    "character_lstm_hidden_state_dimension": 3,
    "tagging_format": "bio",
}
TEXT = TextIdentity("alnum", "alnum-1", "rules-1", "en", "bio")


def make_network(seed=0, architecture=ARCHITECTURE):
    return create_network(architecture, initial_weights(architecture, 3, 3, seed))


def save(folder, network, tag="1", **more):
    variables = {"weights": network.weights, **more}
    save_model(folder, variables, ARCHITECTURE, TEXT, VOCABULARY.labels, {"epoch": 1}, tag)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    VOCABULARY.save(folder / "vocabulary.json")
    write_parameters(load_parameters(None, PARAMETERS), folder / "parameters.ini")
    save(folder, make_network())
    return folder


@pytest.fixture
def folder(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "model")


def edit_manifest(folder, change, seal=True):
    """Change the manifest and, unless told not to, seal it again."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    change(manifest)
    if seal:
        manifest["seal"] = seal_of(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


def assert_holds(folder, network):
    model = load_model(folder)
    for layer, named in network.weights.items():
        assert set(model.weights[layer]) == set(named)
        for name, variable in named.items():
            np.testing.assert_array_equal(model.weights[layer][name], variable.numpy())


def refusal(folder):
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message and str(folder) in message
    return message


def test_round_trip(folder):
    assert_holds(folder, make_network())
    model = load_model(folder)
    assert model.architecture == ARCHITECTURE
    assert model.vocabulary == VOCABULARY
    assert model.text == TEXT
    assert model.training == {"epoch": 1}
    assert model.folder == folder


def test_weights_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="file/weights: cannot be written: "):
        write_variables(tmp_path / "file" / "weights", {"crf": {"start": tf.Variable([1.0])}})


@pytest.mark.parametrize("member", ["architecture", "text", "training"])
def test_a_member_of_the_manifest_that_is_no_object(folder, member):
    edit_manifest(folder, lambda manifest: manifest.update({member: 1}))
    assert f"manifest.json: found {member} 1, expected an object" in refusal(folder)


def test_the_manifest_says_what_the_model_is(folder):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["format"] == FORMAT
    assert manifest["labels"] == ["O", "B-D", "I-D"]
    assert manifest["text"]["tokenizer_identity"] == "alnum-1"
    assert set(manifest["versions"]) == {"neuroner_tl", "tensorflow", "numpy", "python", "crf"}
    assert set(manifest["files"]) == {
        path.name for path in folder.iterdir() if path.name != "manifest.json"
    }
    assert all(len(entry["sha256"]) == 64 for entry in manifest["files"].values())


def test_a_manifest_from_before_it_had_the_labels(folder):
    edit_manifest(folder, lambda m: m.pop("labels"))
    assert load_model(folder).vocabulary == VOCABULARY


def test_a_model_from_before_manifests_were_sealed(folder):
    def former(manifest):
        manifest["format"] = 1
        del manifest["seal"]

    edit_manifest(folder, former, seal=False)
    assert_holds(folder, make_network())


class TestSeal:
    @pytest.mark.parametrize(
        "change",
        [
            lambda m: m.pop("seal"),
            lambda m: m.update(seal=None),
            lambda m: m.update(seal="0" * 64),
            lambda m: m.update(note="x"),
            lambda m: m["text"].update(sentence_splitter="rules-2"),
            lambda m: m["text"].update(tokenizer_identity="alnum-2"),
            lambda m: m["training"].update(epoch=2),
            lambda m: m["versions"].update(numpy="1"),
            lambda m: m.pop("versions"),
        ],
    )
    def test_any_change_breaks_it(self, folder, change):
        edit_manifest(folder, change, seal=False)
        message = refusal(folder)
        assert str(folder / "manifest.json") in message and "its checksum does not match" in message

    @pytest.mark.parametrize("number", [0, -5, True, "1", 1.9, 1e400, None])
    def test_no_other_format_does_without(self, folder, number):
        edit_manifest(folder, lambda m: (m.pop("seal"), m.update(format=number)), seal=False)
        assert "not a model's manifest" in refusal(folder)

    def test_the_order_of_names_does_not(self, folder):
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(dict(reversed(manifest.items()))), "utf-8")
        assert_holds(folder, make_network())


class TestParameters:
    """Architecture and text settings are those of the parameters beside the manifest."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("use_crf", "False"),
            ("use_character_lstm", "False"),
            ("lstm_peepholes", "none"),
            ("token_embedding_dimension", "9"),
            ("token_lstm_hidden_state_dimension", "9"),
            ("character_embedding_dimension", "9"),
            ("character_lstm_hidden_state_dimension", "9"),
            ("tokenizer", "spacy"),
            ("spacylanguage", "de"),
            ("tagging_format", "bioes"),
            ("use_crf", "perhaps"),
        ],
    )
    def test_that_differ(self, folder, name, value):
        path = folder / "parameters.ini"
        lines = [
            f"{name} = {value}" if line.startswith(f"{name} =") else line
            for line in path.read_text("utf-8").splitlines()
        ]
        path.write_text("\n".join(lines), "utf-8")
        found = checkpoint.fingerprint(path)
        edit_manifest(folder, lambda m: m["files"].update({"parameters.ini": found}))
        assert name in refusal(folder)

    def test_those_of_another_version_are_passed_over(self, folder):
        path = folder / "parameters.ini"
        path.write_text(path.read_text("utf-8") + "\nof_another_version = 3\n", "utf-8")
        found = checkpoint.fingerprint(path)
        edit_manifest(folder, lambda m: m["files"].update({"parameters.ini": found}))
        assert_holds(folder, make_network())

    def test_that_the_manifest_does_not_list(self, folder):
        edit_manifest(folder, lambda m: m["files"].pop("parameters.ini"))
        assert "parameters.ini" in refusal(folder)


def test_weights_that_the_architecture_does_not_have(folder):
    network = make_network()
    weights = {k: dict(named) for k, named in network.weights.items()}
    weights["crf"]["more"] = tf.Variable([1.0])
    save_model(folder, {"weights": weights}, ARCHITECTURE, TEXT, VOCABULARY.labels, {}, "2")
    assert "crf/more is not part of the architecture" in refusal(folder)


@pytest.mark.parametrize("moment", ["write_json", "write_variables"])
def test_a_full_disk_leaves_the_model_and_nothing_else(folder, monkeypatch, moment):
    original = getattr(checkpoint, moment)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(path, *arguments):
        if moment == "write_variables":
            original(path, *arguments)
            (folder / "weights-2_temp").mkdir()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, moment, full)
        with pytest.raises(OSError, match="No space left"):
            save(folder, make_network(5), "2")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_tensorflow_says_that_the_disk_is_full(folder, monkeypatch):
    def write(*arguments):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.train.Checkpoint, "write", write)
    with pytest.raises(OSError) as caught:
        save(folder, make_network(5), "2")
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(folder / "weights-2")


def test_a_runs_folder_stands_for_its_model(folder):
    assert load_model(folder.parent).folder == folder


def test_any_part_of_a_model_is_compared_with_the_architecture(folder):
    weights = initial_weights(ARCHITECTURE, 3, 3, 0)
    weights["crf"]["start"] = np.zeros(7)
    save(folder, create_network(ARCHITECTURE, weights))
    assert "crf/start is [7]" in refusal(folder)


def test_slots_are_saved_beside_the_weights(folder):
    slots = {"crf": {"start.mean": tf.Variable([1.0, 2.0, 3.0])}}
    save(folder, make_network(), "2", optimiser=slots)
    assert_holds(folder, make_network())
    found = read_variables(folder / "optimiser-2")
    assert found["crf"]["start.mean"].tolist() == [1, 2, 3]


class TestDamage:
    @pytest.mark.parametrize(
        "name",
        ["vocabulary.json", "parameters.ini", "weights-1.index", "weights-1.data-00000-of-00001"],
    )
    @pytest.mark.parametrize("damage", ["missing", "truncated", "altered", "empty", "folder"])
    def test_files(self, folder, name, damage):
        path = folder / name
        data = path.read_bytes()
        path.unlink()
        if damage == "truncated":
            path.write_bytes(data[:-1])
        elif damage == "altered":
            path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
        elif damage == "empty":
            path.write_bytes(b"")
        elif damage == "folder":
            path.mkdir()
        assert str(path) in refusal(folder)

    def test_no_folder(self, tmp_path):
        assert "no such folder" in refusal(tmp_path / "nothing")

    def test_no_manifest(self, folder):
        (folder / "manifest.json").unlink()
        assert "manifest.json" in refusal(folder)

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", "7", '{"files": 3, "format": 1}', '{"format": "x"}']
    )
    def test_a_manifest_that_is_not_one(self, folder, text):
        (folder / "manifest.json").write_text(text)
        assert "manifest.json" in refusal(folder)

    def test_manifest_in_another_encoding(self, folder):
        (folder / "manifest.json").write_bytes(b"\xff\xfe{}")
        assert "manifest.json" in refusal(folder)

    def test_newer_format(self, folder):
        edit_manifest(folder, lambda m: m.update(format=FORMAT + 1))
        message = refusal(folder)
        assert f"format {FORMAT + 1}" in message and "newer" in message

    @pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "sub/file", "..", ".hidden"])
    def test_files_outside_the_folder(self, folder, name):
        (folder.parent / "secret").write_text("secret")
        edit_manifest(folder, lambda m: m["files"].update({name: {"size": 6, "sha256": ""}}))
        message = refusal(folder)
        assert repr(name) in message and "outside" in message

    @pytest.mark.parametrize("prefix", ["../other/weights-1", "weights-9", "", None, 3])
    def test_weights_that_the_manifest_does_not_list(self, folder, prefix):
        shutil.copytree(folder, folder.parent / "other")
        edit_manifest(folder, lambda m: m["checkpoints"].update(weights=prefix))
        assert "manifest.json" in refusal(folder)

    @pytest.mark.parametrize("kind", ["index", "data-00000-of-00001"])
    def test_a_file_of_the_weights_that_is_not_listed(self, folder, kind):
        edit_manifest(folder, lambda m: m["files"].pop(f"weights-1.{kind}"))
        assert f"weights-1.{kind[:5]}" in refusal(folder)

    def test_labels_that_are_not_the_vocabularys(self, folder):
        edit_manifest(folder, lambda m: m["labels"].reverse())
        assert "its labels are not those of vocabulary.json" in refusal(folder)

    @pytest.mark.parametrize("scheme", ["bioes", "iob", None, []])
    def test_labels_that_are_not_the_tag_schemes(self, folder, scheme):
        edit_manifest(folder, lambda m: m["text"].update(tagging_format=scheme))
        assert "O, B-D, I-D are not those of the tag scheme" in refusal(folder)

    def test_a_state_without_an_optimiser(self, folder):
        with pytest.raises(CheckpointError, match="names no checkpoint of the optimiser"):
            read_optimiser(folder)

    def test_vocabulary_that_the_manifest_does_not_list(self, folder):
        edit_manifest(folder, lambda m: m["files"].pop("vocabulary.json"))
        assert "vocabulary.json" in refusal(folder)

    @pytest.mark.parametrize("key", ["architecture", "text", "checkpoints", "training", "files"])
    @pytest.mark.parametrize("value", [None, 3, "x", ["y"]])
    def test_entries_of_another_type(self, folder, key, value):
        edit_manifest(folder, lambda m: m.update({key: value}))
        assert "manifest.json" in refusal(folder)

    def test_entries_that_are_missing(self, folder):
        edit_manifest(folder, lambda m: m.pop("architecture"))
        assert "architecture" in refusal(folder)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("token_dimension", 9),
            ("token_hidden", 6),
            ("character_dimension", 7),
            ("character_hidden", 2),
            ("labels", 4),
            ("peepholes", "diagonal"),
        ],
    )
    def test_sizes_that_do_not_fit(self, folder, field, value):
        edit_manifest(folder, lambda m: m["architecture"].update({field: value}))
        refusal(folder)

    @pytest.mark.parametrize(
        ("field", "value"),
        [("token_hidden", "5"), ("token_hidden", -5), ("labels", None), ("peepholes", "half")],
    )
    def test_sizes_that_are_not_numbers(self, folder, field, value):
        edit_manifest(folder, lambda m: m["architecture"].update({field: value}))
        refusal(folder)

    def test_another_models_vocabulary(self, folder):
        """Its fingerprint is right, but it does not fit the weights."""
        longer = Vocabulary((*VOCABULARY.tokens, "c"), VOCABULARY.characters, VOCABULARY.labels)
        longer.save(folder / "vocabulary.json")
        found = checkpoint.fingerprint(folder / "vocabulary.json")
        edit_manifest(folder, lambda m: m["files"].update({"vocabulary.json": found}))
        assert "[3, 4]" in refusal(folder) and "[4, 4]" in refusal(folder)


class TestReplacing:
    def test_a_new_save_replaces_the_old_one(self, folder):
        save(folder, make_network(5), "2")
        assert_holds(folder, make_network(5))
        assert not list(folder.glob("weights-1.*"))

    @pytest.mark.parametrize("moment", ["write_json", "write_variables"])
    def test_a_save_killed_in_the_middle_leaves_the_old_model(self, folder, monkeypatch, moment):
        original = getattr(checkpoint, moment)

        def killed(*arguments):
            if moment == "write_variables":
                original(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, moment, killed)
            with pytest.raises(KeyboardInterrupt):
                save(folder, make_network(5), "2")
        assert_holds(folder, make_network())
        # What it has left behind is cleared away by the next save.
        (folder / "weights-2_temp").mkdir()
        save(folder, make_network(6), "3")
        assert_holds(folder, make_network(6))
        assert {path.name for path in folder.iterdir()} == {
            "manifest.json",
            "parameters.ini",
            "vocabulary.json",
            "weights-3.index",
            "weights-3.data-00000-of-00001",
        }

    @pytest.mark.parametrize("moment", ["write_json", "write_variables"])
    def test_a_save_under_the_same_name_touches_nothing_before_it_is_whole(
        self, folder, monkeypatch, moment
    ):
        def killed(*arguments):
            raise KeyboardInterrupt

        for _ in range(2):
            before = {path: path.read_bytes() for path in folder.iterdir()}
            with monkeypatch.context() as patch:
                patch.setattr(checkpoint, moment, killed)
                with pytest.raises(KeyboardInterrupt):
                    save(folder, make_network(5), "1")
            assert all(path.read_bytes() == data for path, data in before.items())
            assert_holds(folder, make_network())
        save(folder, make_network(6), "1")
        assert_holds(folder, make_network(6))
        assert len(list(folder.iterdir())) == 5

    def test_all_is_on_the_disk_before_the_manifest_names_it(self, folder, monkeypatch):
        """So a power cut leaves the former model or the new one."""
        on_disk, replaced = set(), {}
        real_fsync, real_replace = os.fsync, os.replace

        def fsync(descriptor):
            on_disk.add(os.fstat(descriptor).st_ino)
            real_fsync(descriptor)

        def replace(source, target):
            manifest = json.loads(Path(source).read_text("utf-8"))
            names = [name for name in manifest["files"] if name.startswith("weights-")]
            replaced[Path(target).name] = {
                name: (folder / name).stat().st_ino in on_disk for name in names
            }
            assert folder.stat().st_ino in on_disk and os.stat(source).st_ino in on_disk
            real_replace(source, target)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", replace)
        save(folder, make_network(5), "2")
        assert replaced == {
            "manifest.json": {"weights-2.data-00000-of-00001": True, "weights-2.index": True}
        }

    def test_foreign_files_are_kept(self, folder):
        (folder / "notes.txt").write_text("mine")
        save(folder, make_network(5), "2")
        assert (folder / "notes.txt").read_text() == "mine"

    def test_a_folder_that_is_gone(self, folder):
        shutil.rmtree(folder)
        with pytest.raises((CheckpointError, OSError)):
            save(folder, make_network(), "2")
