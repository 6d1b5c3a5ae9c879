from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.text import tokenizers
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import ParameterError


def words(text: str, name: str = "alnum", language: str = "en") -> list[str]:
    tokens = get_tokenizer(name, language).tokenize(text, 0, len(text))
    return [text[token.start : token.end] for token in tokens]


def test_alnum() -> None:
    assert get_tokenizer("alnum").identity == "alnum-1"
    assert words("IL-2 (5.3%)\u00a0naïve_x\n\U0001f9ec!") == [
        *("IL", "-", "2", "(", "5", ".", "3", "%", ")", "naïve_x", "\U0001f9ec", "!")
    ]


@given(text=st.text(max_size=40), cut=st.integers(0, 40))
def test_alnum_covers_everything_visible(text: str, cut: int) -> None:
    tokens = get_tokenizer("alnum").tokenize(text, min(cut, len(text)), len(text))
    covered = "".join(text[token.start : token.end] for token in tokens)
    assert covered == "".join(text[min(cut, len(text)) :].split())


def test_unknown_name() -> None:
    with pytest.raises(ParameterError, match="alnum, spacy"):
        get_tokenizer("stanford")


def test_spacy_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(ParameterError, match=r'pip install "\.\[spacy\]"'):
        get_tokenizer("spacy")


def test_spacy() -> None:
    spacy = pytest.importorskip("spacy", reason="spaCy is an extra")
    assert get_tokenizer("spacy", "de").identity == f"spacy-{spacy.__version__}-de"
    assert words("It's  5mg.\n", "spacy") == ["It", "'s", "5", "mg", "."]
    text = "xx (a)"
    assert [t.start for t in get_tokenizer("spacy").tokenize(text, 3, 6)] == [3, 4, 5]
    with pytest.raises(ParameterError, match="'xyz'"):
        get_tokenizer("spacy", "xyz")


def test_spacy_does_not_keep_all_words(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("spacy", reason="spaCy is an extra")
    tokenizer = get_tokenizer("spacy")
    own = len(tokenizer._tokenizer.vocab.strings)
    monkeypatch.setattr(tokenizers, "_MOST_WORDS", own + 100)
    for number in range(30):
        text = " ".join(f"word{number}x{other} don't" for other in range(20))
        found = [text[t.start : t.end] for t in tokenizer.tokenize(text, 0, len(text))]
        assert found == text.replace("don't", "do n't").split()
        assert len(tokenizer._tokenizer.vocab.strings) <= own + 100 + 60
