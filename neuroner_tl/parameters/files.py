"""Read and write parameter files, and apply overrides."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional, Union

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.documentation import (
    by_section,
    expected_of,
    format_value,
    is_list,
)
from neuroner_tl.parameters.fields import SECTIONS
from neuroner_tl.parameters.ini_file import OpenSection, read_sections
from neuroner_tl.parameters.ini_syntax import without_comment
from neuroner_tl.parameters.neuroner_names import RENAMED, RETIRED
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.values import RELOAD_FLAGS, SHORTHANDS, expand_shorthands
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.write_errors import writing

logger = logging.getLogger(__name__)

_OF_DEFINITIONS = {"silver": "a silver corpus", "study": "a study"}
"""What is defined by a file with a section of this title."""


class _Setting(NamedTuple):
    """A value as found, with its location for errors."""

    value: Any
    where: str

    @property
    def remove(self) -> str:
        """How to get the default instead: in a file a setting is a line, FILE:LINE: NAME."""
        return "remove the line" if ": " in self.where else f"leave {self.where} out"


def load_parameters(
    path: Optional[Union[str, Path]] = None,
    overrides: Optional[Mapping[str, Any]] = None,
    *,
    place: Union[str, Callable[[str], str]] = "--{}",
) -> Parameters:
    """Return the parameters of a file with overrides applied, all checked.

    Args:
        path: an .ini file with parameters in any section; None for the defaults. A comment may
            follow a value; a value that itself contains ` #` or ` ;` stands in double quotes.
        overrides: values by name that override the file's, as strings or typed.
        place: how errors name the place of an override, with `{}` for its name; or a function
            of the name.

    Raises:
        ParameterError: the file cannot be read; a name is unknown or given twice; a value has
            the wrong type, is out of range or contradicts another one.
    """
    settings = {} if path is None else _without_shorthands(_read(Path(path)))
    given = {}
    for name, value in (overrides or {}).items():
        where = place.format(name) if isinstance(place, str) else place(name)
        given[_known_name(name, where)] = _Setting(value, where)
    settings.update(_without_shorthands(given))
    _accept_former_values(settings)
    try:
        return Parameters(**{name: setting.value for name, setting in settings.items()})
    except ValidationError as error:
        raise ParameterError(_explain(error, settings)) from None


def _read(path: Path) -> dict[str, _Setting]:
    """Return the settings of a file by current names."""
    settings: dict[str, _Setting] = {}
    first_line: dict[str, int] = {}
    sections = read_sections(path, {"*": OpenSection}, "a parameter file").values
    for title, values in sections.items():
        _warn_of_misspelling(path, title)
        for option, (text, line) in values.items():
            where = f"{path}:{line}: {option}"
            try:
                name = _known_name(option, where)
            except ParameterError:
                _refuse_definition(path, title)
                raise
            if name in settings:
                raise ParameterError(
                    f"{where}: found a second value (the first is in line {first_line[name]}), "
                    "expected each parameter once, in any section; remove one of the two"
                )
            settings[name] = _Setting(text, where)
            first_line[name] = line
    return settings


def _refuse_definition(path: Path, title: str) -> None:
    """Say what a file with an unknown parameter is, if the section tells."""
    defined = _OF_DEFINITIONS.get(title)
    if defined:
        raise ParameterError(
            f"{path}: found the section [{title}], which defines {defined}, expected a parameter "
            "file; give the path of one, such as parameters/baseline.ini"
        )


def _warn_of_misspelling(path: Path, title: str) -> None:
    """Warn of a section that is spelt like one of the schema; any other is the user's own."""
    hint = nearest_hint(title, SECTIONS, "[{}]".format)
    if hint and title.casefold() not in SECTIONS:
        logger.warning(
            "%s: found the section [%s]%s; its parameters count all the same", path, title, hint
        )


def _without_shorthands(settings: dict[str, _Setting]) -> dict[str, _Setting]:
    """Expand the shorthands of one place into flags, before the places are merged.

    So a shorthand on the command line overrides the flags of a file, and a flag on the command
    line overrides a shorthand of a file.
    """
    try:
        values = expand_shorthands({name: setting.value for name, setting in settings.items()})
    except PydanticCustomError as error:
        raise ParameterError(_contradicting(error.context or {}, settings)) from None
    gone = [settings[name] for name in SHORTHANDS if name in settings and name not in values]
    expanded = {name: gone[0]._replace(value=values[name]) for name in RELOAD_FLAGS if gone}
    return {**expanded, **{name: settings[name] for name in values if name in settings}}


def _known_name(name: str, where: str) -> str:
    """Return the current name of a parameter; raise if there is none."""
    name = RENAMED.get(name, name)
    if name in Parameters.model_fields or name in RETIRED:
        return name
    raise ParameterError(
        f"{where}: found an unknown parameter, expected a name in docs/parameters.md"
        f"{nearest_hint(name, Parameters.model_fields)}"
    )


def _accept_former_values(settings: dict[str, _Setting]) -> None:
    """Drop or translate, with a warning, settings that only NeuroNER has."""
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
    """Return one line about the first problem found by pydantic, for users."""
    first = error.errors()[0]
    if first["type"] == "contradiction":
        return _contradicting(first["ctx"], settings)
    name = str(first["loc"][0])
    setting = settings[name]
    found = str(setting.value)
    if "," in found and not is_list(name):
        remedy = "this parameter does not take a list: give one value, without a comma"
    else:
        default = format_value(Parameters.model_fields[name].default) or "empty"
        remedy = f"correct it, or {setting.remove} for the default, {default}"
    return f"{setting.where}: found {found!r}, expected {expected_of(name)}; {remedy}"


def _contradicting(context: Mapping[str, Any], settings: Mapping[str, _Setting]) -> str:
    # Some of the names may be defaults, which have no place; the message names all of them.
    places = [settings[name].where for name in context["names"] if name in settings]
    return f"{places[0].rpartition(': ')[0] or places[0]}: {context['text']}"


def write_parameters(parameters: Parameters, path: Union[str, Path]) -> None:
    """Write all parameters as an .ini file from which `load_parameters` restores them.

    The file is written atomically.

    Raises:
        ParameterError: the file cannot be written.
    """
    path = Path(path)
    lines = []
    for section, names in by_section():
        lines.append(f"[{section}]")
        for name in names:
            value = format_value(getattr(parameters, name))
            if value != without_comment(value):
                value = f'"{value}"'
            lines.append(f"{name} = {value}".rstrip())
        lines.append("")
    write_text(path, "\n".join(lines))


def write_text(path: Path, text: str) -> None:
    """Write a text file of parameters atomically.

    Raises:
        ParameterError: the file cannot be written.
    """
    with writing(path, ParameterError):
        write_atomically(path, text.encode("utf-8"))
