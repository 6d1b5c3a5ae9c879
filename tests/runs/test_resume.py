"""A run that was stopped and resumed equals one that was not; what is refused and recorded."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from interrupted_runs import fit, interrupt_after
from run_process import kill_at, only_run, options, train_process
from same_runs import assert_same_run, epochs_of
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.runs import saving
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.training import resume_run
from neuroner_tl.system import atomic_file
from neuroner_tl.training import checkpoint
from neuroner_tl.training.checkpoint import load_model
from neuroner_tl.training.manifest import seal_of

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")


class Killed(BaseException):
    """Stands for the end of a process."""


@pytest.fixture(scope="module")
def settings(corpora, tiny):
    return {
        **tiny,
        "dataset_text_folder": corpora.gold,
        "maximum_number_of_epochs": 2,
        "checkpoint_every": "20 batches",
    }


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory):
    with unoptimised_graphs():
        return fit(settings, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def stopped_once(settings, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, unoptimised_graphs():
        interrupt_after(patch, 7)
        return fit(settings, tmp_path_factory.mktemp("stopped"))


@pytest.fixture
def stopped(stopped_once, tmp_path):
    """The folder of a run that was stopped in its first epoch."""
    assert stopped_once.status == "interrupted"
    return shutil.copytree(stopped_once.folder.path, tmp_path / "stopped")


def edit_manifest(path, change):
    """Change what a manifest says of the training, and seal it again."""
    manifest = json.loads(path.read_text("utf-8"))
    change(manifest["training"])
    manifest["seal"] = seal_of(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize(
    "place",
    [
        "second epoch",
        pytest.param("middle", marks=pytest.mark.slow),
        pytest.param("end of an epoch", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    "optimizer",
    ["adam", *(pytest.param(name, marks=pytest.mark.slow) for name in ("sgd", "adadelta"))],
)
def test_a_clean_stop(place, optimizer, settings, whole, tmp_path, monkeypatch):
    settings = {**settings, "optimizer": optimizer}
    expected = whole if optimizer == "adam" else fit(settings, tmp_path / "whole")
    number = expected.results["sentences"]["train"]
    steps = {"middle": 7, "end of an epoch": number, "second epoch": number + 6}[place]
    with monkeypatch.context() as patch:
        interrupt_after(patch, steps)
        stopped = fit(settings, tmp_path / "stopped")
    assert stopped.status == "interrupted"
    result = resume_run(stopped.folder.path, {})
    assert result.status == "finished"
    assert result.folder.path == stopped.folder.path
    assert_same_run(result.folder.path, expected.folder.path)


def test_a_process_that_is_killed(settings, whole, tmp_path):
    """SIGKILL at a random moment; ten of them are in test_killed_run.py."""
    output = tmp_path / "output"
    arguments = options({**settings, "output_folder": output})
    sentences = whole.results["sentences"]["train"]
    kill_at(
        train_process(tmp_path / "log", *arguments, module="unoptimised_graphs"),
        output,
        random.randrange(sentences),
        random.uniform(0, 0.1),
    )
    folder = only_run(output)
    assert not (folder / "results.json").exists()
    resume_run(folder, {})
    assert_same_run(folder, whole.folder.path)


@pytest.mark.slow
@pytest.mark.parametrize("frozen", [False, True], ids=["single steps", "bursts"])
def test_a_clean_stop_of_a_compiled_run(frozen, settings, tmp_path, monkeypatch):
    settings = {**settings, "jit_compile": True, "freeze_token_embeddings": frozen}
    expected = fit(settings, tmp_path / "whole")
    with monkeypatch.context() as patch:
        # Of 16 steps each where these are made in bursts.
        calls = 2 if frozen else expected.results["sentences"]["train"] + 5
        interrupt_after(patch, calls)
        stopped = fit(settings, tmp_path / "stopped")
    assert stopped.status == "interrupted"
    resume_run(stopped.folder.path, {})
    assert_same_run(stopped.folder.path, expected.folder.path)


def kill_in_process(patch, number):
    """End the run at its n-th operation on files, before or after it; return what is counted."""
    operations = []

    def killing(original, kind):
        def operation(*arguments):
            operations.append((kind, str(arguments[-1])))
            if len(operations) == number:
                # Half of them die just before the operation, half of them just after it.
                if number % 2:
                    original(*arguments)
                raise Killed
            return original(*arguments)

        return operation

    patch.setattr(atomic_file.os, "replace", killing(os.replace, "replace"))
    patch.setattr(checkpoint, "write_variables", killing(checkpoint.write_variables, "weights"))
    patch.setattr(RunFolder, "append_epoch", killing(RunFolder.append_epoch, "epoch"))
    patch.setattr(
        checkpoint, "_remove_earlier_files", killing(checkpoint._remove_earlier_files, "clear")
    )
    return operations


def check_killed(number, settings, whole, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        operations = kill_in_process(patch, number)
        with pytest.raises(Killed):
            fit(settings, tmp_path, cache_encoding=False)
    (folder,) = tmp_path.iterdir()
    if number % 2 and operations[-1][1].endswith("results.json"):
        # It died after its last operation, so it is finished.
        with pytest.raises(ParameterError, match="the run is finished"):
            resume_run(folder, {})
    else:
        assert resume_run(folder, {}).status == "finished"
    assert_same_run(folder, whole.folder.path)
    return operations[-1]


def operations_of(settings, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        operations = kill_in_process(patch, 0)
        fit(settings, tmp_path / "counted", cache_encoding=False)
    return operations


@pytest.mark.slow
def test_killed_between_the_newest_state_and_the_best_model(settings, whole, tmp_path, monkeypatch):
    """Then the best epoch's weights are in the newest state alone."""
    save, saved = saving.save_model, []

    def killing(folder, *arguments):
        if folder.name == "model":
            raise Killed
        saved.append(folder.name)
        save(folder, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(saving, "save_model", killing)
        with pytest.raises(Killed):
            fit(settings, tmp_path, cache_encoding=False)
    (folder,) = tmp_path.iterdir()
    progress = load_model(folder / "last").training["progress"]
    assert (progress["epoch"], progress["batch"], progress["best_epoch"]) == (2, 0, 1)
    assert not (folder / "model" / "manifest.json").exists()
    resume_run(folder, {})
    assert_same_run(folder, whole.folder.path)


@pytest.mark.slow
@pytest.mark.parametrize("tenth", range(10))
def test_killed_at_any_operation_on_files(tenth, settings, whole, tmp_path):
    """Every tenth of the points at which a run writes, renames or removes something."""
    total = len(operations_of(settings, tmp_path))
    shutil.rmtree(tmp_path / "counted")
    # The first one writes parameters.ini: before it there is no run.
    for number in range(2 + tenth, total + 1, 10):
        place = tmp_path / str(number)
        check_killed(number, settings, whole, place)


@pytest.mark.slow
def test_killed_before_the_first_step(settings, whole, stopped):
    """Then it starts from scratch in its own folder."""
    (stopped / "last" / "manifest.json").unlink()
    (stopped / "results.json").unlink()
    (stopped / "epochs.jsonl").write_text('{"epoch": 1, "cut o')
    assert resume_run(stopped, {}).folder.path == stopped
    assert_same_run(stopped, whole.folder.path)


class TestRefusals:
    @pytest.fixture(autouse=True)
    def untouched(self, stopped):
        before = {p: p.read_bytes() for p in stopped.rglob("*") if p.is_file()}
        yield
        assert before == {p: p.read_bytes() for p in stopped.rglob("*") if p.is_file()}

    def test_a_finished_run(self, whole):
        with pytest.raises(ParameterError, match="the run is finished .2 epochs are done"):
            resume_run(whole.folder.path, {})
        with pytest.raises(ParameterError, match="the run is finished"):
            resume_run(whole.folder.path, {"patience": "30", "number_of_cpu_threads": "2"})

    def test_folders_that_hold_no_run(self, tmp_path, whole):
        with pytest.raises(CheckpointError, match="no such folder"):
            resume_run(tmp_path / "nothing", {})
        with pytest.raises(CheckpointError, match="holds no run"):
            resume_run(tmp_path, {})

    def test_a_model_of_a_run(self, whole):
        with pytest.raises(CheckpointError, match="is a model of a run; give the folder of the"):
            resume_run(whole.folder.model, {})

    def test_a_run_whose_state_was_removed(self, whole, tmp_path):
        """It must not start from scratch in the place of what is there."""
        other = shutil.copytree(whole.folder.path, tmp_path / "other")
        shutil.rmtree(other / "last")
        for _ in range(2):
            with pytest.raises(CheckpointError, match="holds no saved training"):
                resume_run(other, {})
            (other / "results.json").unlink(missing_ok=True)
        assert load_model(other / "model").training["epoch"] == whole.results["best_epoch"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("learning_rate", "1.0"),
            ("seed", "4"),
            ("batch_size", "2"),
            ("dropout_rate", "0.2"),
            ("optimizer", "sgd"),
            ("jit_compile", "True"),
            ("train_size", "50"),
            ("freeze_crf", "True"),
            ("tokenizer", "spacy"),
            ("main_evaluation_mode", "token"),
        ],
    )
    def test_parameters_that_change_the_result(self, stopped, name, value):
        with pytest.raises(ParameterError) as caught:
            resume_run(stopped, {name: value})
        assert f"--{name}: found " in str(caught.value)
        assert "the run was started with" in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("learning_rate", "0.5"),
            ("optimizer", "sgd"),
            ("weight_averaging", "epochs"),
            ("token_lstm_hidden_state_dimension", "22"),
        ],
    )
    def test_parameters_edited_in_the_folder(self, stopped, tmp_path, name, value):
        edited = shutil.copytree(stopped, tmp_path / "edited")
        path = edited / "parameters.ini"
        lines = [line for line in path.read_text("utf-8").splitlines() if f"{name} =" not in line]
        lines.insert(lines.index("[training]") + 1, f"{name} = {value}")
        path.write_text("\n".join(lines), "utf-8")
        with pytest.raises(
            ParameterError, match=rf"parameters.ini: {name}: found {value}, the run"
        ):
            resume_run(edited, {})

    @pytest.mark.parametrize("change", ["text", "annotation", "another document"])
    def test_a_changed_corpus(self, stopped, settings, tmp_path, change):
        corpus = shutil.copytree(settings["dataset_text_folder"], tmp_path / "corpus")
        text = sorted((corpus / "train").glob("*.txt"))[0]
        annotations = text.with_suffix(".ann")
        if change == "text":
            text.write_text(text.read_text() + "\nQuixotic afterthoughts follow.")
        elif change == "annotation":
            first, *others = annotations.read_text().splitlines(keepends=True)
            annotations.write_text("".join(others))
        else:
            shutil.copyfile(text, text.with_name("again.txt"))
            shutil.copyfile(annotations, text.with_name("again.ann"))
        with pytest.raises(CorpusError, match="have changed since"):
            resume_run(stopped, {"dataset_text_folder": str(corpus)})

    def test_a_run_that_is_still_running(self, stopped):
        with RunFolder(stopped).locked():
            with pytest.raises(ParameterError, match="another process is training this run"):
                resume_run(stopped, {})

    def test_a_damaged_state(self, stopped, tmp_path):
        damaged = shutil.copytree(stopped, tmp_path / "damaged")
        data = next((damaged / "last").glob("optimiser-*.data*"))
        data.write_bytes(data.read_bytes()[:-1])
        with pytest.raises(CheckpointError, match=data.name):
            resume_run(damaged, {})

    def test_a_best_model_of_another_run(self, whole, tmp_path):
        other = shutil.copytree(whole.folder.path, tmp_path / "other")
        (other / "results.json").unlink()
        path = other / "model" / "manifest.json"
        edit_manifest(path, lambda training: training.update(epoch=7))
        state = other / "last" / "manifest.json"
        edit_manifest(state, lambda training: training["progress"].update(batch=1))
        with pytest.raises(CheckpointError, match="is not the model of epoch"):
            resume_run(other, {})


def test_word_vectors_that_were_edited(settings, tmp_path, monkeypatch):
    vectors = tmp_path / "vectors.txt"
    numbers = " ".join(["0.5"] * settings["token_embedding_dimension"])
    vectors.write_text(f"the {numbers}\nof {numbers}\n")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        own = {"token_pretrained_embedding_filepath": vectors, "maximum_number_of_epochs": 1}
        run = fit({**settings, **own}, tmp_path / "runs")
    vectors.write_text(vectors.read_text().replace("0.5", "0.7"))
    with pytest.raises(CorpusError, match="the word vectors have changed since the run"):
        resume_run(run.folder.path, {})
    vectors.write_text(vectors.read_text().replace("0.7", "0.5"))
    assert resume_run(run.folder.path, {}).status == "finished"


def test_what_may_change_is_recorded(stopped, settings, tmp_path):
    """A shorter run, more threads, a corpus that lies elsewhere now."""
    corpus = shutil.copytree(settings["dataset_text_folder"], tmp_path / "moved")
    changes = {
        "maximum_number_of_epochs": "1",
        "number_of_cpu_threads": "2",
        "patience": "3",
        "checkpoint_every": "1 batch",
        "dataset_text_folder": str(corpus),
    }
    result = resume_run(stopped, changes)
    assert (result.results["epochs"], result.status) == (1, "finished")
    (record,) = result.results["resumed"]
    assert record["changed"] == {
        "maximum_number_of_epochs": [2, 1],
        "number_of_cpu_threads": [1, 2],
        "patience": [10, 3],
        "checkpoint_every": ["20 batches", "1 batch"],
        "dataset_text_folder": [str(settings["dataset_text_folder"]), str(corpus)],
    }
    assert (record["epoch"], record["batch"]) == (1, 7)
    assert RunFolder(stopped).resumptions == [record]
    text = (stopped / "parameters.ini").read_text("utf-8")
    assert "maximum_number_of_epochs = 1\n" in text and "checkpoint_every = 1 batch\n" in text


@pytest.mark.slow
def test_a_finished_run_is_made_longer(settings, whole, tmp_path):
    longer = shutil.copytree(whole.folder.path, tmp_path / "longer")
    result = resume_run(longer, {"maximum_number_of_epochs": "3"})
    assert (result.status, result.results["epochs"]) == ("finished", 3)
    expected = fit(settings, tmp_path / "whole", maximum_number_of_epochs=3)
    assert_same_run(longer, expected.folder.path)


@pytest.mark.slow
def test_a_transfer_is_resumed_without_its_source(settings, source_run, tmp_path, monkeypatch):
    """Its folder may have been removed in the meantime; the scored start is not scored again."""
    source = shutil.copytree(source_run.folder.model, tmp_path / "source")
    settings = {**settings, "use_pretrained_model": True, "pretrained_model_folder": source}
    expected = fit(settings, tmp_path / "whole", freeze_character_lstm=True)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        stopped = fit(settings, tmp_path / "stopped", freeze_character_lstm=True)
    shutil.rmtree(source)
    result = resume_run(stopped.folder.path, {})
    assert [record["epoch"] for record in epochs_of(result.folder.path)] == [0, 1, 2]
    assert_same_run(result.folder.path, expected.folder.path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("1 batch", ["1-0", "1-1", "1-2"]),
        ("3 batches", ["1-0", "1-3", "1-6"]),
        ("0.000001 minutes", ["1-0", "1-1", "1-2"]),
        ("1000 minutes", ["1-0", "2-0", "3-0"]),
        ("", ["1-0", "2-0", "3-0"]),
    ],
)
def test_how_often_the_state_is_saved(interval, expected, settings, tmp_path, monkeypatch):
    seen, save = [], saving.save_model

    def noting(folder, *arguments):
        if folder.name == "last":
            seen.append(arguments[-1])
        save(folder, *arguments)

    monkeypatch.setattr(saving, "save_model", noting)
    fit(settings, tmp_path, checkpoint_every=interval)
    assert seen[:3] == expected
    assert len(set(seen)) == len(seen), "nothing is saved twice"


def test_a_line_cut_off_by_a_power_cut(tmp_path):
    folder = RunFolder(tmp_path)
    for epoch in range(4):
        folder.append_epoch({"epoch": epoch, "loss": None if epoch == 0 else 1.5})
    path = Path(tmp_path / "epochs.jsonl")
    path.write_text(path.read_text()[:-9])
    folder.keep_epochs(9)
    assert [r["epoch"] for r in map(json.loads, path.read_text().splitlines())] == [0, 1, 2]
    folder.keep_epochs(1)
    assert path.read_text() == '{"epoch": 0, "loss": null}\n'
