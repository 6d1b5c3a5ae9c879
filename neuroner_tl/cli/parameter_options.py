"""The parameters as options of the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, Optional

from neuroner_tl.messages.shown_text import escaped
from neuroner_tl.messages.spelling import nearest_hint, one_of
from neuroner_tl.parameters.documentation import (
    by_section,
    expected_of,
    explanation_of,
    format_value,
)
from neuroner_tl.parameters.neuroner_names import RENAMED, RETIRED
from neuroner_tl.parameters.schema import Parameters

# How argparse begins its message on arguments that are not there.
_MISSING = "the following arguments are required"


def add_parameter_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--parameters_filepath` and one option per parameter, grouped by section.

    Only options that are given appear in the namespace; values stay strings, checked by
    `load_parameters`. Abbreviations are disabled, since a misspelt parameter must not
    be mistaken for another one. Parameters of NeuroNER without effect are accepted but not shown.
    """
    parser.allow_abbrev = False
    parser.add_argument(
        "--parameters_filepath",
        type=Path,
        default=None,
        metavar="FILE",
        help="parameter file (.ini); the options below override it",
    )
    for section, names in by_section():
        group = parser.add_argument_group(f"parameters [{section}]")
        for name in names:
            default = format_value(Parameters.model_fields[name].default) or "empty"
            text = f"{explanation_of(name)} Takes {expected_of(name)}. Default: {default}."
            group.add_argument(
                f"--{name}",
                default=argparse.SUPPRESS,
                metavar="VALUE",
                help=text.replace("%", "%%"),
            )
    for name in {*RETIRED, *RENAMED} - {"parameters_filepath"}:
        parser.add_argument(f"--{name}", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def overrides_from(namespace: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters that were given on the command line, by name."""
    names = {*Parameters.model_fields, *RETIRED, *RENAMED} - {"parameters_filepath"}
    return {name: value for name, value in vars(namespace).items() if name in names}


class CommandLineParser(argparse.ArgumentParser):
    """An argument parser with one-line errors that suggest the nearest option.

    Every error exits with status 2; abbreviated options are errors. Subparsers created
    by `add_subparsers` have the same class.

    Example:
        >>> parser = CommandLineParser(prog="demo")
        >>> _ = parser.add_argument("--seed")
        >>> parser.parse_args(["--seed", "1"]).seed
        '1'

    Example::

        parser = CommandLineParser(prog="neuroner-tl")
        parser.add_argument("--quiet", action="store_true")
        parser.parse_args(["--quite"])  # ends with status 2 and suggests --quiet
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})
        self._given: Sequence[str] = ()

    def parse_args(  # type: ignore[override]
        self, args: Optional[Sequence[str]] = None, namespace: Any = None
    ) -> argparse.Namespace:
        """Parse all arguments; exit at the first unknown one."""
        result, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown, result)
        return result

    def parse_known_args(  # type: ignore[override]
        self, args: Optional[Sequence[str]] = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse known arguments; remember all of them for `error`."""
        self._given = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(self._given, namespace)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is not among the choices of an argument, with the nearest of them."""
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action, f"found {value!r}, expected {one_of(str(value), choices)}"
            )

    def _refuse(self, unknown: Sequence[str], result: argparse.Namespace) -> NoReturn:
        option = next((text for text in unknown if text.startswith("-")), None)
        if option is None:
            self.error(
                f"found {unknown[0]!r}, expected no further argument; remove it, or put the "
                "option that it belongs to in front of it"
            )
        self.error(self._unknown(option, self._option_names(result)))

    def _unknown(self, option: str, names: Sequence[str]) -> str:
        option = option.split("=")[0]
        hint = nearest_hint(option, names)
        return f"found the unknown option {option}, expected one that --help lists{hint}"

    def _option_names(self, result: argparse.Namespace) -> list[str]:
        """Return the visible options of this parser and of the chosen command."""
        names: list[str] = []
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                chosen = action.choices.get(str(getattr(result, action.dest, None)))
                names += chosen._option_names(result) if chosen else []
            elif action.help != argparse.SUPPRESS:
                names += action.option_strings
        return names

    def error(self, message: str) -> NoReturn:
        """Exit with a one-line message and status 2.

        Of a missing option that is there under a misspelt name, the misspelt one is reported; of a
        missing argument without a name, the option that may have taken it.
        """
        if message.startswith(_MISSING):
            known = self._option_string_actions
            for text in self._given:
                if text.startswith("--") and text != "--" and text.split("=")[0] not in known:
                    message = self._unknown(text, self._option_names(argparse.Namespace()))
                    break
            else:
                message += self._swallowed(message.partition(": ")[2].split(", "))
        shown = escaped(" ".join(message.splitlines()))
        self.exit(2, f"{self.prog}: error: {shown}\n")

    def _swallowed(self, missing: Sequence[str]) -> str:
        """Return what to do about a missing argument without a name, if an option may have it."""
        names = [str(a.metavar or a.dest) for a in self._actions if not a.option_strings]
        lost = next((name for name in names if name in missing), None)
        known = self._option_string_actions
        takers = [text for text in self._given if text in known and known[text].nargs == "+"]
        if lost is None or not takers:
            return ""
        return (
            f"; put {lost} in front of all options, since {takers[0]} takes every value that "
            "follows it"
        )
