"""Tables and sentences that fit the screen; numbers without a negative zero."""

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.messages import progress
from neuroner_tl.messages.numbers import counted, fixed
from neuroner_tl.messages.screen import fitted, table_lines, wrapped

COLUMNS = ("corpus", "runs", "arm", "precision of all", "recall", "F1 gain in points", "p")
ROWS = [
    ("ncbi-disease", "5", "baseline", "80.05 ± 0.10", "75.17 ± 0.33", "", ""),
    ("", "5", "transfer", "94.26 ± 0.20", "88.94 ± 1.20", "+13.99 ± 1.10", "0.0001"),
]
RIGHT = (False, True, False, True, True, True, True)


def test_a_table_that_fits_has_a_line_a_row():
    lines = table_lines(COLUMNS, ROWS, RIGHT, width=200)
    assert len(lines) == 3 and lines == table_lines(COLUMNS, ROWS, RIGHT)


@pytest.mark.parametrize("width", [50, 60, 80])
def test_a_table_that_is_too_wide_is_divided_and_repeats_its_keys(width):
    lines = table_lines(COLUMNS, ROWS, RIGHT, width=width, keys=3)
    assert max(map(len, lines)) <= width
    assert sum("transfer" in line for line in lines) == lines.count("") + 1
    words = " ".join(lines).split()
    for cell in ("94.26", "88.94", "+13.99", "0.0001"):
        assert words.count(cell) == 1


def test_a_column_of_text_is_wrapped_within_its_cells():
    text = "a long explanation of what was found " * 4
    lines = table_lines(("set", "found"), [("one", text.strip())], (False, False), width=50)
    assert max(map(len, lines)) <= 50
    assert " ".join(" ".join(line[3:] for line in lines).split()) == f"found {text.strip()}"


def test_what_is_wrapped_is_whole():
    path = "/a/very/long/path/" + 90 * "x"
    text = f"  run folder: {path} and this is said of it\nshort"
    lines = fitted(text, 60).split("\n")
    assert any(path in line for line in lines) and lines[-1] == "short"
    assert " ".join(fitted(text, 60).split()) == " ".join(text.split())
    assert all(line.startswith("  ") for line in lines[:-1])
    assert fitted(text, None) == text
    assert max(map(len, wrapped("some words " * 30, 60, "  "))) <= 60


@given(st.floats(-1e6, 1e6), st.integers(0, 4), st.booleans())
def test_numbers_are_as_python_writes_them_without_a_negative_zero(value, digits, sign):
    text = fixed(value, digits, sign=sign)
    expected = f"{value:{'+' if sign else ''}.{digits}f}"
    is_zero = re.fullmatch(r"[+-]?0(\.0*)?", expected)
    assert text == (expected.lstrip("+-") if is_zero else expected)


def test_zero_has_no_minus():
    assert fixed(-0.004) == "0.00"
    assert fixed(-0.004, sign=True) == fixed(0.004, sign=True) == "0.00"


def test_bars_are_hidden_inside_the_block():
    with progress.hidden_bars():
        assert progress.progress_bar([1]).disable
    assert progress._hidden is False


def test_log_lines_are_shown_unless_the_caller_shows_them(capsys, monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    log = logging.getLogger("neuroner_tl.invented")
    with progress.shown_progress():
        log.info("an epoch")
    log.info("unseen")
    with progress.shown_progress(False):
        log.info("unseen")
    assert capsys.readouterr().err == "an epoch\n"


def test_details_are_logged_where_progress_is(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log = logging.getLogger("neuroner_tl.invented")
    with progress.shown_progress():
        with progress.detailed_log(True):
            log.debug("a detail")
        with progress.detailed_log(False):
            log.debug("unseen")
    with progress.shown_progress(False), progress.detailed_log(True):
        log.debug("unseen")
    assert capsys.readouterr().err == "a detail\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((1, "document"), "1 document"),
        ((0, "document"), "0 documents"),
        ((1, "entity", "entities"), "1 entity"),
        ((2, "entity", "entities"), "2 entities"),
    ],
)
def test_a_number_with_its_noun(arguments, text):
    assert counted(*arguments) == text
