"""The command line: `neuroner-tl COMMAND` or `python -m neuroner_tl COMMAND`."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any, Optional, TextIO, cast

from neuroner_tl import __version__
from neuroner_tl.cli import (
    benchmark,
    corpus,
    evaluate,
    parameters,
    predict,
    silver,
    study,
    train,
    vectors,
)
from neuroner_tl.cli.parameter_options import CommandLineParser
from neuroner_tl.errors import NeuroNERError
from neuroner_tl.messages.shown_text import escaped
from neuroner_tl.system.temporary import is_disk_full

COMMANDS = {
    "train": train,
    "predict": predict,
    "evaluate": evaluate,
    "study": study,
    "corpus": corpus,
    "silver": silver,
    "vectors": vectors,
    "benchmark": benchmark,
    "parameters": parameters,
}


def make_parser() -> CommandLineParser:
    """The parser of all commands."""
    parser = CommandLineParser(
        prog="neuroner-tl",
        description="Transfer learning for biomedical named-entity recognition.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        description = (module.__doc__ or "").split(": ", 1)[-1].strip()
        module.add_arguments(subparsers.add_parser(name, help=description, description=description))
    return parser


def _interrupt(number: int, frame: Optional[FrameType]) -> None:
    raise KeyboardInterrupt


class _Escaping:
    """The standard output, to which names and texts from files go; none of them commands it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text with its control characters escaped."""
        self._stream.write(escaped(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return escaped(super().format(record))


def _handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(message)s"))
    return handler


def _tell(message: str) -> None:
    """Say on one line why the command ended, whatever a name or a library's message holds."""
    print(f"neuroner-tl: {escaped(' '.join(message.splitlines()))}", file=sys.stderr)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run a command.

    Returns:
        0; 2 for an error of the user's, which is one line on stderr; 130 after Ctrl-C or SIGTERM.
    """
    # TensorFlow's own remarks on the machine are not for users of this software; three of them
    # about absent graphics cards call themselves errors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    namespace = make_parser().parse_args(arguments)
    verbose = str(getattr(namespace, "verbose", "")).lower() in ("true", "yes", "1", "on")
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[_handler()])
    for noisy in ("tensorflow", "h5py", "matplotlib", "fontTools", "absl", "gensim", "filelock"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    # SIGTERM is a Ctrl-C, so that nothing half written is left and something is said.
    in_main_thread = threading.current_thread() is threading.main_thread()
    former = signal.getsignal(signal.SIGTERM)
    if in_main_thread:
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        with contextlib.redirect_stdout(cast(TextIO, _Escaping(sys.stdout))):
            return COMMANDS[namespace.command].run(namespace)
    except NeuroNERError as error:
        _tell(f"error: {error}")
        return 2
    except OSError as error:
        # A disk that is full or a folder that vanished in the middle of the work.
        where = f"{error.filename}: " if error.filename else ""
        remedy = "; free some space, then run the command again" if is_disk_full(error) else ""
        _tell(f"error: {where}{error.strerror or error}{remedy}")
        return 2
    except KeyboardInterrupt as error:
        _tell(str(error) or "interrupted")
        return 130
    finally:
        if in_main_thread:
            signal.signal(signal.SIGTERM, former)


if __name__ == "__main__":
    sys.exit(main())
