"""The ``${NAME}`` of an .ini file, which stands for a value of the command line or environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters.ini_syntax import IniValue

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def variables_of(
    sections: Mapping[str, Mapping[str, IniValue]], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the value of each ``${NAME}`` of a file that has one.

    Args:
        sections: the values of the file by section and name.
        given: values from the command line; they override the environment.
    """
    names = dict.fromkeys(
        match[1]
        for values in sections.values()
        for value in values.values()
        for match in _VARIABLE.finditer(value.text)
    )
    found = {name: given.get(name, os.environ.get(name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def expanded(
    sections: Mapping[str, Mapping[str, IniValue]], variables: Mapping[str, str]
) -> dict[str, dict[str, IniValue]]:
    """Replace each ``${NAME}`` by its value; leave those without a value."""

    def value_of(match: re.Match[str]) -> str:
        return variables.get(match[1], match[0])

    return {
        section: {
            name: IniValue(_VARIABLE.sub(value_of, value.text), value.line)
            for name, value in values.items()
        }
        for section, values in sections.items()
    }


def refuse_variables(path: Path, values: Mapping[str, IniValue]) -> None:
    """Refuse values with a ``${NAME}`` that has none.

    Raises:
        ParameterError: there is one.
    """
    for name, value in values.items():
        left = _VARIABLE.search(value.text)
        if left:
            raise ParameterError(
                f"{path}:{value.line}: {name}: found {left[0]}, expected a variable that is set; "
                f"give -D {left[1]}=VALUE or set the environment variable {left[1]}"
            )
