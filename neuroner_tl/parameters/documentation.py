"""The schema in words: what a parameter takes and means, for errors, help and documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from neuroner_tl.parameters.schema import RENAMED, RETIRED, SECTIONS, Parameters


def section_of(name: str) -> str:
    """Return the section in which a parameter is written."""
    return str(_extra(name)["section"])


def _extra(name: str) -> dict[str, Any]:
    extra = Parameters.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra


def is_list(name: str) -> bool:
    """Tell whether a parameter takes several values, separated by commas."""
    annotation = Parameters.model_fields[name].annotation
    return any(get_origin(kind) is tuple for kind in (annotation, *get_args(annotation)))


def explanation_of(name: str) -> str:
    """Return the paragraph that explains a parameter."""
    return str(Parameters.model_fields[name].description)


def expected_of(name: str) -> str:
    """Return in words which values a parameter takes, such as `a number above 0`."""
    field = Parameters.model_fields[name]
    stated = _extra(name)["expected"]
    if stated:
        return str(stated)
    kinds = []
    for kind in (field.annotation, *get_args(field.annotation)):
        if get_origin(kind) is Literal:
            kinds += [str(choice) for choice in get_args(kind)]
        elif kind in _KINDS:
            kinds += _KINDS[kind]
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(kinds)}"
    limits = [
        f"{words} {getattr(limit, attribute)}"
        for limit in field.metadata
        for attribute, words in _LIMITS.items()
        if getattr(limit, attribute, None) is not None
    ]
    kinds[0] = " ".join([kinds[0], " and ".join(limits)]).strip()
    return " or ".join([", ".join(kinds[:-1]), kinds[-1]] if kinds[1:] else kinds)


_KINDS = {
    bool: ["True", "False"],
    int: ["a whole number"],
    float: ["a number"],
    str: ["a name that any system can give to a folder"],
    Path: ["a path without double quotes"],
    type(None): ["empty"],
}
_LIMITS = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}


def format_value(value: Any) -> str:
    """Return a value as a parameter file has it; None is the empty string."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(
            ":".join(part) if isinstance(part, tuple) else str(part).removesuffix(".0")
            for part in value
        )
    return str(value)


def by_section() -> Iterator[tuple[str, list[str]]]:
    """Yield each section with the names of its parameters, in the schema's order."""
    for section in SECTIONS:
        yield section, [name for name in Parameters.model_fields if section_of(name) == section]


def parameters_json() -> dict[str, Any]:
    """Return section, default, values and explanation of every parameter as a JSON object."""
    return {
        name: {
            "section": section,
            "default": format_value(Parameters.model_fields[name].default),
            "expected": expected_of(name),
            "explanation": explanation_of(name),
        }
        for section, names in by_section()
        for name in names
    }


def parameters_markdown() -> str:
    """Return the text of docs/parameters.md."""
    parts = [
        "# Parameters",
        "<!-- Made by `neuroner-tl parameters --markdown`; edit parameters/schema.py. -->",
        "A parameter comes from its default, a parameter file (`--parameters_filepath FILE`) or "
        "the command line (`--learning_rate 0.01`); the later wins. The section of a parameter "
        "does not matter when a file is read. Relative paths start at the current folder, `~` is "
        "your home folder. A comment may follow a value after a space; a value that contains "
        "` #` or ` ;` stands in double quotes. A list is separated by commas.",
    ]
    for section, names in by_section():
        parts.append(f"## [{section}]")
        for name in names:
            default = format_value(Parameters.model_fields[name].default)
            shown = f"`{default}`" if default else "empty"
            parts.append(
                f"### {name}\n\n{explanation_of(name)}\n\nDefault {shown}; {expected_of(name)}."
            )
    parts.append(
        "## Parameters of NeuroNER without effect\n\n"
        "They are accepted with one warning that lists them.\n\n"
        + "\n".join(f"- `{name}`: {reason}" for name, reason in RETIRED.items())
        + "\n\nRenamed: "
        + ", ".join(f"`{old}` is now `{new}`" for old, new in RENAMED.items())
        + "."
    )
    return "\n\n".join(parts) + "\n"
