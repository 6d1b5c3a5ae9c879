"""Sections as models: what is read, and that every error names file, line and the nearest name."""

from pathlib import Path
from typing import Literal, Optional

import pytest
from pydantic import Field, field_validator, model_validator

from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters.ini_file import OpenSection, Section, fault, read_sections


class Main(Section):
    former_names = {"old": "number"}

    name: str
    number: int = Field(3, ge=0, description="a whole number of at least 0")
    share: float = 0.5
    ready: bool = False
    folder: Optional[Path] = None
    colours: tuple[Literal["red", "green"], ...] = ("red",)

    @field_validator("name")
    @classmethod
    def _is_short(cls, name):
        if len(name) > 5:
            raise fault(repr(name), "five letters at most")
        return name


class Named(OpenSection):
    size: int = 1

    @model_validator(mode="after")
    def _are_full(self):
        for name, text in self.own.items():
            if not text:
                raise fault("nothing", f"`{name} = ...`", name)
        return self


class Thing(Section):
    kind: Literal["one", "two"] = "one"


def read(tmp_path, text, **options):
    path = tmp_path / "x.ini"
    path.write_text(text)
    models = {"main": Main, "named": Named, "thing *": Thing}
    return read_sections(path, models, "a file", **options)


def test_values_become_what_fields_take(tmp_path):
    file = read(
        tmp_path,
        "[main]\nname = abc  # short\nnumber = 7\nshare = 0.25\nREADY = yes\n"
        "folder = ~/x\ncolours = green, red,\n",
    )
    main = file.section(Main)
    assert (main.name, main.number, main.share, main.ready) == ("abc", 7, 0.25, True)
    assert main.folder == Path.home() / "x" and main.colours == ("green", "red")
    assert file.section(Named) == Named() and file.sections(Thing) == {}


def test_an_empty_value_is_the_default(tmp_path):
    main = read(tmp_path, "[main]\nname = a\nnumber =\ncolours =\nfolder =\n").section(Main)
    assert main == Main(name="a")


def test_names_of_sections_and_names_that_users_choose(tmp_path):
    text = (
        "[main]\nname = a\n[named]\nSize = 3\nsize = 2\nOwn = x\n"
        "[thing A b]\nkind = two\n[thing c]\n"
    )
    file = read(tmp_path, text, keep_case=True)
    assert file.section(Named).own == {"Size": "3", "Own": "x"} and file.section(Named).size == 2
    assert {name: thing.kind for name, thing in file.sections(Thing).items()} == {
        "A b": "two",
        "c": "one",
    }
    assert file.values_of(Thing, "A b")["kind"] == ("two", 8)


def test_any_section(tmp_path):
    path = tmp_path / "x.ini"
    path.write_text("[a]\nb = 1\n[thing d]\n")
    file = read_sections(path, {"*": OpenSection}, "a file")
    assert {name: s.own for name, s in file.sections(OpenSection).items()} == {
        "a": {"b": "1"},
        "thing d": {},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": found no section, expected a file, which has sections such as [main]; give"),
        (
            "# gout\n",
            ": found no section, expected a file, which has sections such as [main]; give",
        ),
        (
            "gout\nflu\n",
            ":1: found 'gout', expected a file, which begins with a section such as [main]; give",
        ),
        (
            "name = a\n",
            ":1: found 'name = a', expected a section first; write a line such as [main]",
        ),
        (
            "[silver]\nname = a\n[clean]\n",
            ": found the sections [silver], [clean], expected a file, whose sections are [main], "
            "[named], [thing NAME]; give",
        ),
        ("[main]\nname =", ":2: found no name in [main], expected `name = ...`; add the line"),
        (
            "[main]\nname = a\nnumbr = 1",
            ":3: numbr: found an unknown name in [main], expected one of name, number, share, "
            "ready, folder, colours; the nearest is number",
        ),
        (
            "[main]\nname = a\nold = 1",
            ":3: old: found a former name in [main], expected number; rename it",
        ),
        (
            "[man]",
            ": found the section [man], expected one of [main], [named], [thing NAME]; the nearest "
            "is [main]",
        ),
        (
            "[thing]",
            ": found the section [thing], expected one of [main], [named], [thing NAME]; the "
            "nearest is [thing NAME]",
        ),
        (
            "[main]\nname = a\n[thing b]\nkind = one\n[thing  b]\nkind = two",
            ": found the sections [thing b] and [thing  b], expected each section once; put their "
            "values together, or rename one",
        ),
        (
            "[main]\nname = a\nnumber = -1",
            ":3: number: found '-1', expected a whole number of at least 0; correct it, or remove "
            "the line for the default",
        ),
        ("[main]\nname = a\nready = perhaps", ":3: ready: found 'perhaps', expected True or False"),
        ("[main]\nname = a\nshare = nan", ":3: share: found 'nan', expected it to be a finite"),
        (
            "[main]\nname = a\ncolours = red, gren",
            ":3: colours: found 'gren', expected one of red, green; the nearest is green; correct",
        ),
        ('[main]\nname = a"b', ":2: name: found 'a\"b', expected a value without double quotes"),
        ("[main]\nname = abcdef", ":2: name: found 'abcdef', expected five letters at most"),
        ("[main]\nname = a\n[named]\nmine =", ":4: mine: found nothing, expected `mine = ...`"),
        (
            "[main]\nname = a\n[named]\nsize = big",
            ":4: size: found 'big', expected it to be a valid integer",
        ),
    ],
)
def test_mistakes_are_refused_in_one_line(tmp_path, text, message):
    with pytest.raises(ParameterError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'x.ini'}{message}"), caught.value
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "gout\n".encode("utf-16"),
            "found text in UTF-16, expected a file; give the path of one (.ini), a",
        ),
        (
            b"%PDF-1.4\n%\xe2\xe3",
            "found a PDF file, expected a file; give the path of one (.ini), a text",
        ),
        (b"PK\x03\x04\xff", "found a file of Office or a .zip archive, expected a file; give"),
        (b"[main]\n# caf\xe9", "found a byte that is not UTF-8, expected a file in UTF-8; save"),
    ],
)
def test_what_is_no_text_is_called_by_its_kind(tmp_path, content, words):
    path = tmp_path / "x.ini"
    path.write_bytes(content)
    with pytest.raises(ParameterError) as caught:
        read_sections(path, {"main": Main}, "a file")
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_one_name_in_two_cases_is_a_second_value(tmp_path):
    with pytest.raises(ParameterError, match=r":4: NUMBER: found a second number in \[main\], exp"):
        read(tmp_path, "[main]\nname = a\nnumber = 1\nNUMBER = 2\n", keep_case=True)


def test_variables(tmp_path, monkeypatch):
    text = "[main]\nname = ${NAME}\n[named]\nmine = ${LEFT}/x\n"
    monkeypatch.setenv("NAME", "env")
    with pytest.raises(ParameterError, match=r":4: mine: found \$\{LEFT\}, expected a variable"):
        read(tmp_path, text, variables={})
    file = read(tmp_path, text, variables={"NAME": "me"}, may_lack_variables={Named: None})
    assert file.section(Main).name == "me" and file.variables == {"NAME": "me"}
    assert file.section(Named).own == {"mine": "${LEFT}/x"}
    assert read(tmp_path, text, variables={"LEFT": "y"}).section(Main).name == "env"
    with pytest.raises(ParameterError, match=r"found '\$\{NAME\}', expected five letters"):
        read(tmp_path, text)


def test_values_that_contradict_each_other_are_refused_with_a_line(tmp_path):
    file = read(tmp_path, "[main]\nname = a\nshare = 1\n")
    with pytest.raises(ParameterError, match=r"x\.ini:3: share: found 1, expected less"):
        file.refuse(Main, "share", "1", "less")
    with pytest.raises(ParameterError, match=r"x\.ini: number: found 3, expected less"):
        file.refuse(Main, "number", "3", "less")
