"""Reading and writing parameter files, and what overrides them."""

from __future__ import annotations

import configparser
import difflib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Optional, Union

from pydantic import ValidationError

from neuroner_tl.atomic_file import write_atomically
from neuroner_tl.errors import ParameterError
from neuroner_tl.parameter_arguments import add_parameter_arguments, overrides_from
from neuroner_tl.parameter_text import (
    by_section,
    expected_of,
    format_value,
    parameters_markdown,
)
from neuroner_tl.parameters import RENAMED, RETIRED, Parameters

__all__ = [
    "add_parameter_arguments",
    "load_parameters",
    "nearest_name",
    "overrides_from",
    "parameters_markdown",
    "write_parameters",
]

logger = logging.getLogger(__name__)


class _Setting(NamedTuple):
    """One value as found, with the place to name in errors."""

    value: Any
    where: str
    remove: str  # how to get the default instead


def load_parameters(
    path: Optional[Union[str, Path]] = None,
    overrides: Optional[Mapping[str, Any]] = None,
    *,
    place: str = "--{}",
) -> Parameters:
    """Return the parameters of a file with overrides applied, all checked.

    Args:
        path: an .ini file with parameters in any section; None for the defaults. A comment may
            follow a value; a value that itself contains ` #` or ` ;` stands in double quotes.
        overrides: values by name that win over the file's, as strings or typed.
        place: how errors name the place of an override, with `{}` for its name.

    Raises:
        ParameterError: the file cannot be read; a name is unknown or given twice; a value is of
            the wrong type, out of range or contradicts another one.
    """
    settings = {} if path is None else _read(Path(path))
    for name, value in (overrides or {}).items():
        where = place.format(name)
        known = _known_name(name, where)
        settings[known] = _Setting(value, where, f"leave {where} out")
    _accept_former_values(settings)
    try:
        return Parameters(**{name: setting.value for name, setting in settings.items()})
    except ValidationError as error:
        message = _explain(error, settings)
    raise ParameterError(message)


def _read(path: Path) -> dict[str, _Setting]:
    """Return the settings of a file by today's names."""
    text = _read_text(path)
    parser = configparser.ConfigParser(
        interpolation=None, empty_lines_in_values=False, default_section="\0"
    )
    try:
        parser.read_string(text, str(path))
    except configparser.Error as error:
        _refuse_syntax(path, error)
    lines = _option_lines(text)
    settings: dict[str, _Setting] = {}
    first_line: dict[str, int] = {}
    for section in parser.sections():
        for option, raw in parser.items(section):
            line = lines.get((section, option), 0)
            where = f"{path}:{line}: {option}"
            name = _known_name(option, where)
            if name in settings:
                raise ParameterError(
                    f"{where}: found a second value (the first is in line {first_line[name]}), "
                    "expected each parameter once, in whatever section; remove one of the two"
                )
            if "\n" in raw:
                raise ParameterError(
                    f"{where}: found a value that goes on in line {line + 1}, expected one line; "
                    "remove the white space at the beginning of the lines after it"
                )
            settings[name] = _Setting(_without_comment(raw), where, "remove the line")
            first_line[name] = line
    return settings


def _read_text(path: Path) -> str:
    remedy = "give the path of a parameter file (.ini)"
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ParameterError(
            f"{path}:{line}: found a byte that is not UTF-8, expected a text file in UTF-8; "
            "save the file in that encoding"
        ) from None
    except OSError as error:
        raise ParameterError(
            f"{path}: cannot be read ({error.strerror}), expected a parameter file; {remedy}"
        ) from None


def _refuse_syntax(path: Path, error: configparser.Error) -> NoReturn:
    line: Union[int, str, None] = getattr(error, "lineno", None)
    if isinstance(error, configparser.DuplicateOptionError):
        found = f"{error.option} for a second time"
        rest = "expected each parameter once; remove one of the two lines"
    elif isinstance(error, configparser.DuplicateSectionError):
        found = f"section [{error.section}] for a second time"
        rest = "expected each section once; put its parameters together"
    elif isinstance(error, configparser.MissingSectionHeaderError):
        found = repr(error.line.strip())
        rest = "expected a section first; write a line such as [mode] above it"
    else:
        problems = getattr(error, "errors", None) or [(0, "''")]
        line, found = problems[0]
        found = found.replace("\\n", "")
        rest = "expected `name = value`; correct the line or put # before it"
    raise ParameterError(f"{path}:{line}: found {found}, {rest}") from None


def _option_lines(text: str) -> dict[tuple[str, str], int]:
    """Return the line of each (section, option); configparser does not tell."""
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*\[(.+)\]", line)
        option = re.match(r"\s*([^#;\[\s=:][^=:]*?)\s*[=:]", line)
        if header:
            section = header[1]
        elif option:
            lines.setdefault((section, option[1].lower()), number)
    return lines


def _without_comment(raw: str) -> str:
    quoted = re.fullmatch(r'"([^"]*)"\s*([#;].*)?', raw)
    return quoted[1] if quoted else re.sub(r"(^|\s)[#;].*", "", raw).strip()


def _known_name(name: str, where: str) -> str:
    """Return today's name of a parameter; raise if there is none."""
    name = RENAMED.get(name, name)
    if name in Parameters.model_fields or name in RETIRED:
        return name
    raise ParameterError(
        f"{where}: found an unknown parameter, expected a name in docs/parameters.md; "
        f"the nearest is {nearest_name(name, Parameters.model_fields)}"
    )


def nearest_name(name: str, names: Any) -> str:
    """Return the one of the names that is spelt most like `name`."""
    return difflib.get_close_matches(name, list(names), n=1, cutoff=0.0)[0]


def _accept_former_values(settings: dict[str, _Setting]) -> None:
    """Drop or translate, with a warning, what NeuroNER had and we do not."""
    retired = [name for name in settings if name in RETIRED]
    for name in retired:
        del settings[name]
    if retired:
        reasons = ", ".join(f"{name} ({RETIRED[name]})" for name in retired)
        logger.warning("Parameters of NeuroNER that have no effect here: %s", reasons)
    tokenizer = settings.get("tokenizer")
    if tokenizer and str(tokenizer.value).strip().lower() == "stanford":
        settings["tokenizer"] = tokenizer._replace(value="alnum")
        logger.warning("%s: stanford is not available; alnum is used", tokenizer.where)


def _explain(error: ValidationError, settings: Mapping[str, _Setting]) -> str:
    """Return one line about the first problem that pydantic found, in our words."""
    first = error.errors()[0]
    if first["type"] == "contradiction":
        # Some of the names may be defaults, which have no place; the message names all of them.
        places = [settings[name].where for name in first["ctx"]["names"] if name in settings]
        return f"{places[0].rpartition(': ')[0] or places[0]}: {first['ctx']['text']}"
    name = str(first["loc"][0])
    setting = settings[name]
    found = str(setting.value)
    if "," in found and name != "split_percentages":
        remedy = "a comma makes a list, which this parameter does not take: give one value"
    else:
        default = format_value(Parameters.model_fields[name].default) or "empty"
        remedy = f"correct it, or {setting.remove} for the default, {default}"
    return f"{setting.where}: found {found!r}, expected {expected_of(name)}; {remedy}"


def write_parameters(parameters: Parameters, path: Union[str, Path]) -> None:
    """Write all parameters as an .ini file that `load_parameters` reads back the same.

    The file appears whole or not at all.

    Raises:
        ParameterError: the file cannot be written.
    """
    path = Path(path)
    lines = []
    for section, names in by_section():
        lines.append(f"[{section}]")
        for name in names:
            value = format_value(getattr(parameters, name))
            if value != _without_comment(value):
                value = f'"{value}"'
            lines.append(f"{name} = {value}".rstrip())
        lines.append("")
    write_text(path, "\n".join(lines))


def write_text(path: Path, text: str) -> None:
    """Write a text file of parameters, whole or not at all.

    Raises:
        ParameterError: the file cannot be written.
    """
    try:
        write_atomically(path, text.encode("utf-8"))
    except OSError as error:
        raise ParameterError(
            f"{path}: cannot be written ({error.strerror}), expected a folder that exists and "
            "may be written to; choose another one"
        ) from None
