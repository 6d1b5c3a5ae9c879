"""The command line: `neuroner-tl COMMAND` or `python -m neuroner_tl COMMAND`."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType, ModuleType
from typing import Any, Optional, TextIO, cast

from neuroner_tl import __version__
from neuroner_tl.cli import (
    benchmark,
    corpus,
    evaluate,
    export,
    model,
    parameters,
    predict,
    quickstart,
    serve,
    silver,
    study,
    train,
    vectors,
)
from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.cli.parameter_options import CommandLineParser
from neuroner_tl.errors import NeuroNERError
from neuroner_tl.messages.progress import hidden_bars, log_handler
from neuroner_tl.messages.screen import fitted, terminal_width
from neuroner_tl.messages.shown_text import escaped
from neuroner_tl.system.write_errors import is_disk_full

COMMANDS = {
    "quickstart": quickstart,
    "train": train,
    "predict": predict,
    "evaluate": evaluate,
    "export": export,
    "serve": serve,
    "model": model,
    "study": study,
    "corpus": corpus,
    "silver": silver,
    "vectors": vectors,
    "benchmark": benchmark,
    "parameters": parameters,
}


def make_parser() -> CommandLineParser:
    """Return the parser of all commands."""
    parser = CommandLineParser(
        prog="neuroner-tl",
        description="Transfer learning for biomedical named-entity recognition.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    _add_output_options(parser)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        _add_command(subparsers, name, module)
    for command in _commands_of(parser):
        _add_output_options(command)
    return parser


def _add_command(subparsers: Any, name: str, module: ModuleType) -> None:
    """Add a command, or an action of one: a module; a folder has a module for each action."""
    description = (module.__doc__ or "").split(": ", 1)[-1].strip()
    parser = subparsers.add_parser(name, help=description, description=description)
    parser.set_defaults(module=module)
    if not hasattr(module, "ACTIONS"):
        module.add_arguments(parser)
        return
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, own in module.ACTIONS.items():
        _add_command(actions, action, own)


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has, before its name or after it."""
    parser.add_argument(
        "--quiet",
        action="store_true",
        default=argparse.SUPPRESS,
        help="write errors and the result only",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="write the result as one JSON object; all else goes to the standard error",
    )


def _commands_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers of commands and actions that have none below them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                own = list(_commands_of(command))
                yield from own or [command]


def _interrupt(number: int, frame: Optional[FrameType]) -> None:
    raise KeyboardInterrupt


class _Escaping:
    """Standard output that escapes control characters in names and texts from files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text with its control characters escaped."""
        self._stream.write(escaped(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _show(outcome: Outcome, as_json: bool) -> None:
    """Print what a command gives back, if there is a standard output.

    Raises:
        OSError: for example, the output is a file and its disk is full.
    """
    if as_json:
        text = json.dumps(outcome.content, indent=1, default=str)
    else:
        text = outcome.text.rstrip("\n")
        text = text if outcome.is_data else fitted(text, terminal_width())
    if not text or sys.stdout is None:
        return
    try:
        print(text, flush=True)
    except OSError as error:
        # At its exit, Python would try to write the rest again, and say so in its own words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # A reader such as `head` has seen enough.
            raise


def _print_error(message: str) -> None:
    """Print on one line why the command ended, even if a name or message has line breaks."""
    print(f"neuroner-tl: {escaped(' '.join(message.splitlines()))}", file=sys.stderr)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run a command.

    Returns:
        0; 2 for a user error, which is one line on stderr; 3 if `predict` left out documents;
        130 after Ctrl-C or SIGTERM.
    """
    namespace = make_parser().parse_args(arguments)
    quiet = getattr(namespace, "quiet", False)
    logging.basicConfig(level=logging.ERROR if quiet else logging.INFO, handlers=[log_handler()])
    for noisy in ("tensorflow", "h5py", "matplotlib", "fontTools", "absl", "gensim", "filelock"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    # SIGTERM is handled like Ctrl-C, so that no partial files are left and a message is printed.
    in_main_thread = threading.current_thread() is threading.main_thread()
    former = signal.getsignal(signal.SIGTERM)
    if in_main_thread:
        signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(sys.stdout, "reconfigure"):
        # Piped on Windows, it has the encoding of the region, which lacks most characters.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        escaping = None if sys.stdout is None else cast(TextIO, _Escaping(sys.stdout))
        with hidden_bars(quiet), contextlib.redirect_stdout(escaping):
            outcome = namespace.module.run(namespace)
            _show(outcome, getattr(namespace, "json", False))
            return outcome.status
    except NeuroNERError as error:
        _print_error(f"error: {error}")
        return 2
    except OSError as error:
        # A full disk, or a folder that was removed during the work.
        where = f"{error.filename}: " if error.filename else ""
        remedy = "; free some space, then run the command again" if is_disk_full(error) else ""
        _print_error(f"error: {where}{error.strerror or error}{remedy}")
        return 2
    except KeyboardInterrupt as error:
        _print_error(str(error) or "interrupted")
        return 130
    finally:
        if in_main_thread:
            signal.signal(signal.SIGTERM, former)


if __name__ == "__main__":
    sys.exit(main())
