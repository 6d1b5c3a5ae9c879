"""Text from outside: on a terminal, in an error, in a spreadsheet."""

from __future__ import annotations

import csv
import io
import logging
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.statistics import CorpusStatistics, csv_table
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.progress import log_handler
from neuroner_tl.messages.shown_text import escaped, shortened, spreadsheet_cell
from neuroner_tl.studies.pages.table import Table

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202egpj\r\x9b1m"


def test_escaped() -> None:
    assert escaped("\x1b[2J\u202ea\r\x9b\ud800") == "\\x1b[2J\\u202ea\\r\\x9b\\ud800"
    plain = "naïve – 文献 α ± 1\tx\ny \u200d🧬"
    assert escaped(plain) == plain


@given(st.text(st.characters(), max_size=30))
def test_no_control_character_is_left(text: str) -> None:
    shown = escaped(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    shown.encode("utf-8")
    assert escaped(shown) == shown


@pytest.mark.parametrize("length", [60, 61, 5000])
@pytest.mark.parametrize("mark", ["'", '"'])
def test_quoted_values_are_truncated(length: int, mark: str) -> None:
    message = str(CorpusError(f"/a/b.ann:3: found {mark}{'x' * length}{mark}, expected a word"))
    kept = "x" * length if length == 60 else "x" * 60 + "..."
    assert message == f"/a/b.ann:3: found {mark}{kept}{mark}, expected a word"


def test_prose_is_not_truncated() -> None:
    prose = "the models' weights and the file's parts are not those of the manifest's list of all"
    assert shortened(f"{prose} that can't be found anywhere in the folder's files") == (
        f"{prose} that can't be found anywhere in the folder's files"
    )
    path = "/a" * 100
    assert shortened(f"{path}: no such file") == f"{path}: no such file"
    assert len(shortened("x" * 100_000)) < 400


def test_errors_can_be_sent_to_another_process() -> None:
    error = CorpusError("found " + repr("x" * 100))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_an_error_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a\x1b[2J\nb.txt"
    assert main(["corpus", "check", str(path)]) == 2
    _, err = capsys.readouterr()
    assert "\x1b" not in err and "a\\x1b[2J b.txt" in err and err.count("\n") == 1


def test_what_a_command_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for part in ("train", "valid"):
        (tmp_path / part).mkdir()
        (tmp_path / part / f"d{HOSTILE}.txt").write_text("Gout.")
        (tmp_path / part / f"d{HOSTILE}.ann").write_text("T1\tX\u202eY\x1b[31m 0 4\tGout\n")
    assert main(["corpus", "check", str(tmp_path)]) in (0, 1)
    out, err = capsys.readouterr()
    assert "\\x1b" in out
    for character in "\x1b\x07\r\u202e\x9b":
        assert character not in out + err


def test_what_is_logged() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s", (HOSTILE,), None)
    assert log_handler().format(record) == escaped(HOSTILE)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+A1", "-B2", "@SUM(A1)", "\t=1", "\r=1", " =1", "-cmd|x", "--1", "+1-A1", "＝1", "-"]
    + ["\u200b=1", "\ufeff=1", "\ufeff \u200b@x", "\u200d=1", "\xad+A1", "\x00=1", "\u00a0=1"],
)
def test_formulas(text: str) -> None:
    expected = text if text == "-" else f"'{text}"
    assert spreadsheet_cell(text) == expected


@pytest.mark.parametrize(
    "text",
    ["-1.20", "+1.20", "-1.20 ± 0.30", "-0.5 to +1.5", "+2.1 (-0.5 to 4.0)", "-3e-05", "-1,234"]
    + ["-5%", "a=1", "", "–", "NCBI_DISO", "0.5", "<0.001"],
)
def test_numbers_and_names_stay(text: str) -> None:
    assert spreadsheet_cell(text) == text


def test_tables_for_spreadsheets() -> None:
    table = Table("t", "T", ("@name", "gain"), (("=HYPERLINK(1)", "−1.20"), ("+A", "+3.00")))
    rows = list(csv.reader(io.StringIO(table.to_csv())))
    assert rows == [["'@name", "gain"], ["'=HYPERLINK(1)", "-1.20"], ["'+A", "+3.00"]]
    assert "'=2+5" in csv_table([CorpusStatistics("=2+5")])
