"""Values of a section of a study file, checked; every error names file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.ini_file import IniValue
from neuroner_tl.system.file_name import file_name_fault

_NAME = re.compile(r"[A-Za-z0-9_.+]+")
# A run's folder has several names and a date in its own; 255 bytes are the limit for them all.
_LONGEST = 50


def check_names(
    path: Path, section: str, values: Mapping[str, IniValue], names: Iterable[str]
) -> None:
    """Refuse names that a section does not have."""
    known = tuple(names)
    for name, value in values.items():
        if name not in known:
            raise ParameterError(
                f"{path}:{value.line}: {name}: found an unknown name in [{section}], expected one "
                f"of {', '.join(known)}{nearest_hint(name, known)}"
            )


def required(path: Path, section: str, values: Mapping[str, IniValue], name: str) -> IniValue:
    """The value of a name that must be there."""
    value = values.get(name)
    if value is None or not value.text:
        where = f"{path}:{value.line}" if value else str(path)
        raise ParameterError(
            f"{where}: found no {name} in [{section}], expected `{name} = ...`; add the line"
        )
    return value


def checked_name(path: Path, value: IniValue, name: str) -> str:
    """A value that becomes part of names of files and folders.

    Raises:
        ParameterError: it could not be the name of a file on some system.
    """
    fault = file_name_fault(value.text, _LONGEST)
    if fault is None and not _NAME.fullmatch(value.text):
        fault = "has other characters than letters, digits and _ . +"
    if fault is not None:
        where = f"{path}:{value.line}" if value.line else str(path)
        found = value.text if len(value.text) <= _LONGEST else f"{value.text[:_LONGEST]}..."
        shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
        raise ParameterError(
            f"{where}: {shown}: found {found!r}, which {fault}; expected letters, digits and _ . + "
            f"only, up to {_LONGEST}, as it becomes part of names of folders"
        )
    return value.text


def numbers_of(
    path: Path,
    values: Mapping[str, IniValue],
    name: str,
    default: tuple[Optional[float], ...],
    *,
    least: float,
    most: float,
) -> tuple[Optional[float], ...]:
    """Numbers above ``least`` and up to ``most``, with commas; each once."""
    value = values.get(name)
    if value is None or not value.text:
        return default
    numbers = _parse(value.text, float)
    if numbers is None or not all(least < number <= most for number in numbers):
        raise _wrong(path, name, value, f"numbers above {least:g}, up to {most:g}, with commas")
    return tuple(dict.fromkeys(numbers))


def whole_numbers_of(
    path: Path,
    values: Mapping[str, IniValue],
    name: str,
    default: tuple[Any, ...],
    *,
    least: int,
    count: Optional[int] = None,
) -> tuple[Any, ...]:
    """Whole numbers from ``least``, with commas; so many of them, if ``count`` says so."""
    value = values.get(name)
    if value is None or not value.text:
        return default
    numbers = _parse(value.text, int)
    if numbers is None or min(numbers) < least or count not in (None, len(numbers)):
        what = "whole numbers with commas" if count is None else f"{count} whole numbers"
        what = "a whole number" if count == 1 else what
        raise _wrong(path, name, value, f"{what} of at least {least}")
    return tuple(numbers) if count is not None else tuple(dict.fromkeys(numbers))


def truth_of(path: Path, values: Mapping[str, IniValue], name: str, default: bool) -> bool:
    """True or False."""
    value = values.get(name)
    if value is None or not value.text:
        return default
    if value.text.lower() not in ("true", "false"):
        raise _wrong(path, name, value, "True or False")
    return value.text.lower() == "true"


def _parse(text: str, kind: Any) -> Optional[list[Any]]:
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        return None


def _wrong(path: Path, name: str, value: IniValue, expected: str) -> ParameterError:
    return ParameterError(
        f"{path}:{value.line}: {name}: found {value.text!r}, expected {expected}; correct it, or "
        "remove the line for the default"
    )
