from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.text.abbreviations import abbreviation_of
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.silver.annotators.lexicon import Lexicon, LexiconRules, longest, read_terms


def found(terms: list[str], text: str, **rules: object) -> list[str]:
    spans = Lexicon(terms, LexiconRules(**rules)).annotate(text)  # type: ignore[arg-type]
    return [text[start:end] for start, end in spans]


def test_longest_match_wins() -> None:
    terms = ["cancer", "breast cancer", "cancer of the breast"]
    text = "Breast cancer, cancer of the breast and cancer of the lung"
    assert found(terms, text) == ["Breast cancer", "cancer of the breast", "cancer"]


def test_whole_words_only() -> None:
    assert found(["art", "flu", "gout"], "part flux gouty, (flu) -gout- art.") == [
        "flu",
        "gout",
        "art",
    ]
    assert found(["Bcl-2"], "Bcl-2A Bcl-2 Bcl-2/Bax xBcl-2") == ["Bcl-2", "Bcl-2"]


def test_hyphens_and_greek_letters() -> None:
    terms = ["alpha-synuclein", "interleukin 2", "β-catenin"]
    text = "α-synuclein, Interleukin-2, interleukin2, beta catenin, interleukin\u20132"
    assert found(terms, text) == text.split(", ")


def test_case_of_short_symbols() -> None:
    text = "MET met Met; CAT cats; p53 P53 p 53; Rho RHO"
    assert found(["MET", "CAT", "p53", "Rho"], text) == ["MET", "CAT", "p53", "P53", "Rho"]
    # Longer names are words, whatever their case.
    assert found(["ASPIRIN"], "aspirin Aspirin", symbol_length=6) == ["aspirin", "Aspirin"]
    assert found(["ASPIRIN"], "aspirin ASPIRIN", symbol_length=7) == ["ASPIRIN"]


def test_plurals() -> None:
    text = "tumor tumors biopsies biopsy neoplasm viruses abscesses"
    terms = ["tumors", "biopsy", "neoplasms", "abscess"]
    assert found(terms, text) == ["tumor", "tumors", "biopsies", "biopsy", "neoplasm", "abscesses"]
    assert found(terms, text, plurals=False) == ["tumors", "biopsy"]
    # figs must not make a figure of it
    assert found(["figs"], "Fig 1 and figs") == ["figs"]


def test_genus_initials() -> None:
    text = "Escherichia coli (E. coli), E.coli"
    assert found(["Escherichia coli"], text) == ["Escherichia coli"]
    assert found(["Escherichia coli"], text, genus_initials=True) == [
        "Escherichia coli",
        "E. coli",
        "E.coli",
    ]


def test_abbreviations_in_brackets() -> None:
    text = "Multiple sclerosis (MS) hurts; MS and MSs, not ms or AMS. Gout (MS)."
    assert found(["multiple sclerosis"], text) == ["Multiple sclerosis", "MS", "MS", "MSs", "MS"]
    assert found(["multiple sclerosis"], text, abbreviations=False) == ["Multiple sclerosis"]
    assert abbreviation_of("gout (MS)", (0, 4)) == ""
    assert abbreviation_of("tumour necrosis factor (TNF)", (0, 22)) == "TNF"
    assert abbreviation_of("tumour necrosis factor TNF", (0, 22)) == ""
    assert abbreviation_of("tumour necrosis factor (see below)", (0, 22)) == ""


def test_matches_do_not_cross_lines() -> None:
    assert found(["breast cancer"], "breast\ncancer breast cancer") == ["breast cancer"]


def test_term_files(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt.gz"
    path.write_bytes(gzip.compress(b"gout\n\n flu \n"))
    assert list(read_terms(path)) == ["gout", "flu"]
    path.write_bytes(gzip.compress(b"# Of my lab.\ngout\n  # others\nflu\nC#\n"))
    assert list(read_terms(path)) == ["gout", "flu", "C#"]
    for content in (b"\n", b"# Of my lab.\n#gout\n"):
        path.write_bytes(gzip.compress(content))
        with pytest.raises(CorpusError, match="no terms; expected one per line"):
            list(read_terms(path))
    with pytest.raises(ParameterError, match="no terms"):
        Lexicon(["1", "-", "x"])


WORDS = st.sampled_from(["gout", "flu", "lung", "bcl", "2", "-", "alpha", "of", "x"])
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@settings(max_examples=80)
@given(
    terms=st.lists(PHRASES.filter(lambda p: re.search("[a-z]{2}", p)), min_size=1, max_size=6),
    text=st.lists(WORDS, max_size=20).map(" ".join),
)
def test_against_a_search_word_by_word(terms: list[str], text: str) -> None:
    """An independent implementation: compare every run of words with every term."""
    words = [(m.group(), m.start(), m.end()) for m in re.finditer(r"[a-z]+|\d+", text)]
    wanted = {tuple(re.findall(r"[a-z]+|\d+", term)) for term in terms}
    expected: list[tuple[int, int]] = []
    position = 0
    while position < len(words):
        lengths = [
            size
            for size in range(5, 0, -1)
            if tuple(w for w, _, _ in words[position : position + size]) in wanted
            and position + size <= len(words)
        ]
        if lengths:
            expected.append((words[position][1], words[position + lengths[0] - 1][2]))
        position += lengths[0] if lengths else 1
    rules = LexiconRules(symbol_length=0, plurals=False, abbreviations=False)
    assert Lexicon(terms, rules).annotate(text) == expected


@settings(max_examples=60)
@given(text=st.text(max_size=60))
def test_spans_of_any_text_fit_it(text: str) -> None:
    lexicon = Lexicon(["a b", "ﬁn", "İx", "ss"], LexiconRules(symbol_length=0))
    for start, end in lexicon.annotate(text):
        assert 0 <= start < end <= len(text)


def test_longest() -> None:
    assert longest([(0, 4), (2, 9), (4, 6), (4, 8), (0, 2)]) == [(0, 4), (4, 8)]
