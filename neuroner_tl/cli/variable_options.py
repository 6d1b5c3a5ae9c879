"""The option ``-D NAME=VALUE``: the value of ``${NAME}`` in a definition."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from neuroner_tl.errors import ParameterError


def add_variables(parser: argparse.ArgumentParser, file: str) -> None:
    """Add the option.

    Args:
        parser: of the command.
        file: how its help refers to the file, such as ``the study file``.
    """
    parser.add_argument(
        "-D",
        dest="variables",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"value of ${{NAME}} in {file} (default: the environment variable NAME)",
    )


def read_variables(texts: Sequence[str]) -> dict[str, str]:
    """Return the values by name.

    Raises:
        ParameterError: a text is not NAME=VALUE.
    """
    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ParameterError(f"-D: found {text!r}, expected NAME=VALUE")
        variables[name] = value
    return variables
