"""What is shown and logged of a run's events."""

import logging

import pytest

from neuroner_tl.runs import listeners
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.training.events import EpochDone, StepsDone

VALID = {"micro": {"precision": 0.5, "recall": 0.25, "f1": 1 / 3}}


class Bar:
    """Counts as tqdm does."""

    def __init__(self, total, initial, **_):
        self.total, self.n, self.initial = total, initial, initial

    def set_postfix_str(self, *_, **__):
        pass

    def update(self, number):
        self.n += number

    def close(self):
        pass


def test_the_bar_of_a_resumed_epoch_begins_where_it_was(monkeypatch):
    monkeypatch.setattr(listeners, "progress_bar", Bar)
    bar = listeners.ProgressBar(20, "F1")
    bar(StepsDone(epoch=2, batch=4, batches=5, steps=1, sentences=4, done=16, loss=1.0))
    assert (bar._bar.initial, bar._bar.n, bar._bar.total) == (12, 16, 20)
    bar(StepsDone(epoch=2, batch=5, batches=5, steps=1, sentences=4, done=20, loss=1.0))
    assert bar._bar.n == bar._bar.total


@pytest.mark.parametrize(
    ("epoch", "loss", "line"),
    [
        (0, None, "before the first step: F1 33.33 (best)"),
        (3, 1.25, "epoch 3: loss 1.250, F1 33.33 (best), 5 sentences/s, 3 s"),
    ],
)
def test_the_log_of_an_epoch(tmp_path, caplog, epoch, loss, line):
    folder = RunFolder(tmp_path)
    with caplog.at_level(logging.INFO):
        listeners.EpochLog(folder, "F1")(EpochDone(epoch, loss, 1 / 3, True, 2.0, 1.0, 10, VALID))
    assert caplog.messages == [line]
    (record,) = folder.epochs
    assert (record["epoch"], record["loss"], record["valid"]) == (epoch, loss, VALID)


def test_curves_that_cannot_be_written_do_not_end_a_run(tmp_path, caplog):
    (tmp_path / "tensorboard").write_text("A file in the place of the folder.")
    curves = listeners.TensorBoard(tmp_path / "tensorboard")
    curves(EpochDone(1, 1.25, 1 / 3, True, 2.0, 1.0, 10, VALID))
    curves.close()
    (message,) = caplog.messages
    assert "tensorboard: cannot be written" in message
