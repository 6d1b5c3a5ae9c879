"""The text of an .ini file as sections, names and values, each with its line."""

from __future__ import annotations

import configparser
import io
import logging
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple, NoReturn, Union

from neuroner_tl.errors import ParameterError
from neuroner_tl.system.file_kind import kind_of
from neuroner_tl.system.packaged_files import existing_file

logger = logging.getLogger(__name__)

_LARGEST_FILE = 1 << 20  # bytes
_LONGEST_LINE = 10_000  # characters


class IniValue(NamedTuple):
    """A value as found.

    >>> IniValue("0.5", 3).line
    3

    Attributes:
        text: the value without its comment and quotes.
        line: its line, from 1.

    Example::

        value = read_ini(Path("run.ini"), "a parameter file")["training"]["patience"]
        print(value.text, value.line)
    """

    text: str
    line: int


def read_ini(
    path: Path, kind: str, *, keep_case: bool = False, section: str = "mode"
) -> dict[str, dict[str, IniValue]]:
    """Return the values of a file by section and name.

    Args:
        path: a UTF-8 text file. A comment may follow a value; a value that itself contains ` #`
            or ` ;` stands in double quotes.
        kind: what errors call the file, such as ``a parameter file``.
        keep_case: whether names are as the file has them, not in lower case.
        section: a section that such a file may begin with, for errors.

    Raises:
        ParameterError: the file cannot be read, or is no .ini file with one line for each value.
    """
    text = _read_text(path, kind)
    parser = configparser.ConfigParser(
        interpolation=None, empty_lines_in_values=False, default_section="\0"
    )
    if keep_case:
        parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text, str(path))
    except configparser.Error as error:
        _refuse_syntax(path, error, kind, section)
    lines = _option_lines(text, parser.optionxform)
    found: dict[str, dict[str, IniValue]] = {}
    for section in parser.sections():
        found[section] = {}
        for option, raw in parser.items(section):
            line = lines.get((section, option), 0)
            if "\n" in raw:
                raise ParameterError(
                    f"{path}:{line}: {option}: found a value that continues in line {line + 1}, "
                    "expected one line; remove the white space at the beginning of the lines after "
                    "it"
                )
            found[section][option] = IniValue(without_comment(raw), line)
    return found


def without_comment(raw: str) -> str:
    """Return a value without the comment after it and the quotes around it."""
    quoted = re.fullmatch(r'"([^"]*)"\s*([#;].*)?', raw)
    return quoted[1] if quoted else re.sub(r"(^|\s)[#;].*", "", raw).strip()


def _read_text(path: Path, kind: str) -> str:
    try:
        with open(_found(path), "rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        other = kind_of(content)
        if other is not None:
            raise ParameterError(
                f"{path}: found {other.name}, expected {kind}; give the path of one (.ini), a text "
                "file in UTF-8"
            ) from None
        line = content[: error.start].count(b"\n") + 1
        raise ParameterError(
            f"{path}:{line}: found a byte that is not UTF-8, expected {kind} in UTF-8; save the "
            "file in that encoding"
        ) from None
    except OSError as error:
        raise ParameterError(
            f"{path}: cannot be read ({error.strerror}), expected {kind}; give the path of one "
            "(.ini)"
        ) from None
    _check_size(path, content, text, kind)
    return io.StringIO(text, newline=None).read()


def _found(path: Path) -> Path:
    """Return where a file is; say so if it is one of the package."""
    found = existing_file(path)
    if found != path:
        _tell(path)
    return found


@cache  # A study reads the same file for each of its runs.
def _tell(path: Path) -> None:
    logger.info("%s: read from the package, since there is none here", path)


def _check_size(path: Path, content: bytes, text: str, kind: str) -> None:
    """Refuse oversized files and lines: the parser is quadratic in the length of a line."""
    if len(content) > _LARGEST_FILE:
        raise ParameterError(
            f"{path}: found more than {_LARGEST_FILE} bytes, expected {kind}; give another file"
        )
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > _LONGEST_LINE:
            raise ParameterError(
                f"{path}:{number}: found a line of {len(line)} characters, expected at most "
                f"{_LONGEST_LINE}; shorten it"
            )


def _refuse_syntax(path: Path, error: configparser.Error, kind: str, section: str) -> NoReturn:
    line: Union[int, str, None] = getattr(error, "lineno", None)
    if isinstance(error, configparser.DuplicateOptionError):
        found = f"a second {error.option}"
        rest = "expected each parameter once; remove one of the two lines"
    elif isinstance(error, configparser.DuplicateSectionError):
        found = f"a second section [{error.section}]"
        rest = "expected each section once; put its parameters together"
    elif isinstance(error, configparser.MissingSectionHeaderError):
        found = repr(error.line.strip())
        rest = f"expected a section first; write a line such as [{section}] above it"
        if not re.match(r"\w+\s*=", error.line.strip()):
            rest = (
                f"expected {kind}, which begins with a section such as [{section}]; give the path "
                "of one (.ini)"
            )
    else:
        problems = getattr(error, "errors", None) or [(0, "''")]
        line, found = problems[0]
        found = found.replace("\\n", "")
        rest = "expected `name = value`; correct the line or put # before it"
    raise ParameterError(f"{path}:{line}: found {found}, {rest}") from None


def _option_lines(text: str, form: Callable[[str], str]) -> dict[tuple[str, str], int]:
    """Return the line of each (section, option); configparser does not record it."""
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*\[(.+)\]", line)
        option = re.match(r"\s*([^#;\[\s=:][^=:]*)[=:]", line)
        if header:
            section = header[1]
        elif option:
            lines.setdefault((section, form(option[1].rstrip())), number)
    return lines
