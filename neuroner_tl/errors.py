"""The family of errors that a user can cause.

A message names the file and line, what was found, what was expected and what to do. The command
line prints it on one line and exits with status 2; anything else that escapes is a bug.
"""

from __future__ import annotations

from neuroner_tl.messages.shown_text import shortened


class NeuroNERError(ValueError):
    """Base of every error that the software raises on purpose.

    Args:
        message: what was found where, what was expected, the remedy; values in quotation
            marks are truncated at 60 characters.
        command: a command that is the remedy, appended to the message; it is not truncated, so
            that it can be pasted into a shell.

    Example::

        try:
            neuroner_tl.read_corpus("my_corpus")
        except NeuroNERError as error:  # of whatever kind
            print(error)
    """

    def __init__(self, message: str = "", command: str = "") -> None:
        super().__init__(shortened(str(message)) + command)


class ParameterError(NeuroNERError):
    """A parameter is unknown, of the wrong type, out of range or contradicts another one.

    Example::

        raise ParameterError("run.ini:12: dropout_rate is '1.5'; expected a number from 0 to 1")
    """


class CorpusError(NeuroNERError):
    """A corpus, annotation or word-vector file cannot be used as it is.

    Example::

        raise CorpusError("12.ann:3: the offsets are missing; expected TYPE START END")
    """


class CheckpointError(NeuroNERError):
    """A saved model is missing, incomplete, altered or of another format.

    Example::

        raise CheckpointError("run/model has no vocabulary.json; copy the whole folder again")
    """


class TransferError(NeuroNERError):
    """A pretrained model does not fit the model that it should start.

    Example::

        raise TransferError("the source's token vectors have 100 numbers, expected 200")
    """


class TrainingError(NeuroNERError):
    """A training run cannot continue, or has learned nothing.

    Example::

        raise TrainingError("epoch 3: the loss is NaN; lower learning_rate")
    """
