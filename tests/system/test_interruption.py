"""SIGINT and SIGTERM: one flag everywhere, at any moment of a run, and what is said of it."""

import json
import shlex
import signal
import threading

import pytest
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.runs import prepared, records, training
from neuroner_tl.runs.resume import resume_command
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.runs.training import resume_run
from neuroner_tl.system.interruption import Interrupted, at_once, interrupted_as, interruptible
from neuroner_tl.training.events import EpochDone, StepsDone


class TestFlag:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_first_signal_sets_it_and_the_second_ends_at_once(self, number):
        former = signal.getsignal(number)
        with interruptible() as requested:
            assert not requested()
            signal.raise_signal(number)
            assert requested()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert not requested()
        assert signal.getsignal(number) is former

    def test_all_blocks_see_the_same(self):
        with interruptible() as outer:
            with interruptible() as inner:
                signal.raise_signal(signal.SIGINT)
                assert inner()
            assert outer()
            with interruptible() as later:
                assert later()

    def test_other_threads_read_it(self):
        seen = []

        def elsewhere():
            with interruptible() as requested, at_once():
                seen.append(requested())

        with interruptible():
            for _ in range(2):
                thread = threading.Thread(target=elsewhere)
                thread.start()
                thread.join()
                if len(seen) == 1:
                    signal.raise_signal(signal.SIGINT)
        assert seen == [False, True]

    def test_where_there_is_nothing_to_save_the_first_ends_the_work(self):
        with interruptible():
            with pytest.raises(Interrupted), at_once():
                signal.raise_signal(signal.SIGTERM)
            with pytest.raises(Interrupted), at_once():
                raise AssertionError("the block must not begin")

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_an_exception_that_a_callback_swallows_is_raised_at_the_end(self):
        class Callback:
            def __del__(self):
                signal.raise_signal(signal.SIGINT)

        with interruptible(), pytest.raises(Interrupted), at_once():
            Callback()

    def test_what_is_left_is_said(self):
        with pytest.raises(Interrupted, match="nothing is left"):
            with interrupted_as("nothing is left"):
                raise KeyboardInterrupt


def test_what_a_library_makes_of_an_interruption_is_no_failure():
    """Compiled code may answer the handler's exception with one of its own, a `SystemError` say."""
    with interruptible():
        with pytest.raises(Interrupted), at_once():
            try:
                signal.raise_signal(signal.SIGTERM)
            except Interrupted as error:
                raise SystemError("returned a result with an exception set") from error
    with interruptible(), pytest.raises(SystemError), at_once():
        raise SystemError("an error without any signal stays what it is")


def test_the_command_that_resumes_a_run_is_quoted_for_the_shell(tmp_path):
    folder = tmp_path / "my runs; rm -rf *" / "it's $HOME"
    assert shlex.split(resume_command(folder)) == [
        "neuroner-tl",
        "train",
        "--resume",
        str(folder),
    ]


@pytest.fixture(scope="module")
def settings(tiny, tmp_path_factory):
    corpora = write_synthetic_corpora(
        tmp_path_factory.mktemp("few"), gold_documents=(2, 1, 1), silver_documents=(1, 1)
    )
    return {
        **tiny,
        "dataset_text_folder": corpora.gold,
        "use_character_lstm": False,
        "token_embedding_dimension": 8,
        "token_lstm_hidden_state_dimension": 4,
        "batch_size": 16,
        "maximum_number_of_epochs": 1,
        "cache_encoding": False,
    }


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory):
    with unoptimised_graphs():
        return fit(settings, tmp_path_factory.mktemp("whole"))


def fit(settings, output):
    with NeuroNER(**settings, output_folder=output) as ner:
        return ner.fit()


def runs(output):
    return list(output.glob("[!.]*"))


def signalling(monkeypatch, where, name, after=0):
    """Let a function send SIGINT when it is called for the nth time, before it does its work."""
    real, calls = getattr(where, name), []

    def called(*arguments, **more):
        calls.append(name)
        if len(calls) == after + 1:
            signal.raise_signal(signal.SIGINT)
        return real(*arguments, **more)

    monkeypatch.setattr(where, name, called)


@pytest.mark.usefixtures("unoptimised")
@pytest.mark.parametrize(
    ("where", "name"),
    [
        (training, "load_data"),
        (training, "warn_of_leaks"),
        (prepared, "first_weights"),
        (records, "write_parameters"),
        (training.RunSaver, "save_state"),
    ],
)
def test_while_a_run_is_set_up(where, name, settings, tmp_path, monkeypatch):
    signalling(monkeypatch, where, name)
    with pytest.raises(Interrupted, match="nothing was trained and there is no model"):
        fit(settings, tmp_path)
    assert not runs(tmp_path)


@pytest.mark.usefixtures("unoptimised")
@pytest.mark.slow
def test_while_a_run_is_scored(settings, whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        signalling(patch, Scorer, "score_all")
        stopped = fit(settings, tmp_path / "stopped")
    assert (stopped.status, stopped.results["reason"]) == (
        "interrupted",
        "interrupted while scoring",
    )
    assert "scores" not in json.loads((stopped.folder.path / "results.json").read_text("utf-8"))
    assert resume_run(stopped.folder.path, {}).results["scores"] == whole.results["scores"]


@pytest.mark.usefixtures("unoptimised")
def test_while_a_resumed_run_is_set_up(settings, tmp_path, monkeypatch):
    """No step was done, so none is lost; the run is what it was."""
    with monkeypatch.context() as patch:
        on_event(patch, StepsDone, 1)
        stopped = fit(settings, tmp_path)
    assert stopped.status == "interrupted"
    with monkeypatch.context() as patch:
        signalling(patch, training.RunSaver, "complete")
        with pytest.raises(
            Interrupted, match="interrupted at once; there is no model yet"
        ) as found:
            resume_run(stopped.folder.path, {})
    assert "lost" not in str(found.value)
    assert resume_run(stopped.folder.path, {}).status == "finished"


def on_event(monkeypatch, kind, signals):
    """Send signals at the first event of a kind."""
    real, sent = training.RunSaver.__call__, []

    def called(self, event):
        if isinstance(event, kind) and not sent:
            sent.append(event)
            for _ in range(signals):
                signal.raise_signal(signal.SIGINT)
        real(self, event)

    monkeypatch.setattr(training.RunSaver, "__call__", called)


@pytest.mark.usefixtures("unoptimised")
@pytest.mark.parametrize(
    ("kind", "words"), [(StepsDone, "there is no model yet"), (EpochDone, "model so far, of epoch")]
)
def test_a_run_says_whether_it_has_a_model(kind, words, settings, tmp_path, monkeypatch, capsys):
    output = tmp_path / "my runs"
    on_event(monkeypatch, kind, 1)
    arguments = [x for n, v in {**settings, "output_folder": output}.items() for x in (f"--{n}", v)]
    assert main(["train", *map(str, arguments)]) == 130
    printed = capsys.readouterr().out
    (folder,) = runs(output)
    assert words in printed
    assert f"resume with: neuroner-tl train --resume '{folder}'" in printed
    assert (folder / "model" / "manifest.json").exists() == (kind is EpochDone)


@pytest.mark.usefixtures("unoptimised")
def test_a_second_signal_loses_steps_and_says_so(settings, whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        on_event(patch, StepsDone, 2)
        with pytest.raises(Interrupted, match="since the last saved state are lost.*--resume"):
            fit(settings, tmp_path / "stopped")
    (folder,) = runs(tmp_path / "stopped")
    assert resume_run(folder, {}).results["scores"] == whole.results["scores"]


def test_sigterm_ends_a_command_like_ctrl_c(tmp_path, monkeypatch, capsys):
    from neuroner_tl.cli import parameters

    def terminated(arguments):
        signal.raise_signal(signal.SIGTERM)

    former = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(parameters, "run", terminated)
    assert main(["parameters"]) == 130
    assert capsys.readouterr().err == "neuroner-tl: interrupted\n"
    assert signal.getsignal(signal.SIGTERM) is former
