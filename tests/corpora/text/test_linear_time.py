"""Implausible texts cost no more than others of their length.

No time is compared. A limit of CPU time, about a hundred times what the work takes, ends what
would take hours if the time grew with the square of the length.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from neuroner_tl.corpora.document import Document, Entity, Sentence, Token
from neuroner_tl.corpora.statistics import count_overlaps
from neuroner_tl.corpora.text.sentences import split_sentences
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.silver.annotators.lexicon import Lexicon

LENGTH = 200_000
ALNUM = get_tokenizer("alnum")


@pytest.fixture(autouse=True)
def no_hang(request: pytest.FixtureRequest) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise AssertionError("used up its CPU time: it would not end")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 300 if request.node.get_closest_marker("slow") else 30)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def mixed(length: int, longest_run: int) -> str:
    """Runs of the characters that the rules look at."""
    draw = random.Random(1)
    runs: list[str] = []
    left = length
    while left > 0:
        runs.append(draw.choice(".?!\"')([] \n\r\ta1A*•-,") * draw.randint(1, longest_run))
        left -= len(runs[-1])
    return "".join(runs)[:length]


def hostile(length: int) -> dict[str, str]:
    patterns = [".", " ", "\t", "\n", "\r", " \r", ".'", ". ", ". A", ". (", "(", "A. (B ", "   \n"]
    texts = {repr(pattern): (pattern * length)[:length] for pattern in patterns}
    texts["quotes"] = "." + '"' * length
    texts["reference"] = ".[" + "1," * (length // 2)
    texts["short runs"] = mixed(length, 300)
    texts["long runs"] = mixed(length, max(1, length // 100))
    return texts


@pytest.mark.parametrize("name", hostile(10))
def test_sentences(name: str) -> None:
    text = hostile(LENGTH)[name]
    spans = split_sentences(text)
    assert "".join("".join(text[s:e].split()) for s, e in spans) == "".join(text.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", hostile(10))
def test_sentences_of_ten_megabytes(name: str) -> None:
    text = hostile(10_000_000)[name]
    assert sum(end - start for start, end in split_sentences(text)) <= len(text)


@pytest.mark.parametrize("piece", ["(", "a-"])
def test_spacy_without_white_space(piece: str) -> None:
    pytest.importorskip("spacy")
    text = "gout " + piece * 20_000
    tokens = get_tokenizer("spacy").tokenize(text, 0, len(text))
    assert "".join(text[t.start : t.end] for t in tokens) == text.replace(" ", "")


def test_a_long_sentence_of_many_entities() -> None:
    number = 30_000
    tokens = tuple(Token(2 * i, 2 * i + 1) for i in range(number))
    entities = tuple(Entity("X", ((t.start, t.end),), "a") for t in tokens)
    document = Document("d", "a " * number, entities, (Sentence(0, 2 * number - 1, tokens),))
    (sentence,) = tag_document(document, ALNUM).sentences
    assert sentence.tags == ("B-X",) * number


def test_long_entities_inside_each_other() -> None:
    number = 3_000
    text = "a " * (10 * number)
    entities = tuple(Entity("X", ((2 * i, len(text) - 1),), "a") for i in range(number))
    (sentence,) = tag_document(Document("d", text, entities), ALNUM).sentences
    assert sentence.tags[0] == "B-X" and set(sentence.tags[1:]) == {"I-X"}


def test_overlaps_of_many_entities() -> None:
    inside = [Entity("X", ((i, 100_000 - i),), "") for i in range(30_000)]
    assert count_overlaps(inside) == (29_999, 0)
    across = [Entity("X", ((i, 100_000 + i),), "") for i in range(30_000)]
    assert count_overlaps(across) == (0, 30_000)


def test_many_abbreviations() -> None:
    names = [f"alpha{i:05}" for i in range(3_000)]
    text = " ".join(f"{name} (A{i:05}); A{i:05}s." for i, name in enumerate(names))
    spans = Lexicon(names).annotate(text)
    assert len(spans) == 3 * len(names)
    assert [text[s:e] for s, e in spans[:3]] == ["alpha00000", "A00000", "A00000s"]
