"""The errors that a user can cause, one family.

A message names the file and line, what was found, what was expected and what to do. The command
line prints it on one line and exits with status 2; anything else that escapes is a bug.
"""

from __future__ import annotations

from neuroner_tl.messages.shown_text import shortened


class NeuroNERError(ValueError):
    """Base of every error that the software raises on purpose.

    Args:
        message: what was found where, what was expected, the remedy; found values, in quotation
            marks, are cut at 60 characters.
        command: the command that is the remedy, with which the message ends; it is not cut, so
            that it can be pasted into a shell.
    """

    def __init__(self, message: str = "", command: str = "") -> None:
        super().__init__(shortened(str(message)) + command)


class ParameterError(NeuroNERError):
    """A parameter is unknown, of the wrong type, out of range or contradicts another one."""


class CorpusError(NeuroNERError):
    """A corpus, annotation or word-vector file cannot be used as it is."""


class CheckpointError(NeuroNERError):
    """A saved model is missing, incomplete, altered or of another format."""


class TransferError(NeuroNERError):
    """A pretrained model does not fit the model that it should start."""


class TrainingError(NeuroNERError):
    """A training run cannot go on, or has learnt nothing."""
