"""Texts that a silver corpus is made of, and how many of each source and topic."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from neuroner_tl.corpora.formats.json_lines import read_sources
from neuroner_tl.silver.texts import balanced


def test_each_beginning_is_balanced_by_source_and_topic() -> None:
    names = [f"d{index}" for index in range(60)]
    # 40 of one source, 16 of another, 4 without; a source's topics are as uneven.
    sources = {name: "big" if index < 40 else "small" for index, name in enumerate(names[:56])}
    topics = [0 if index % 10 else 1 for index in range(60)]
    order = balanced(names, sources, topics, seed=1)
    assert sorted(order) == list(range(60))
    for number in (3, 12):
        taken = Counter(sources.get(names[index], "") for index in order[:number])
        assert set(taken.values()) == {number // 3}
    # The one without a source is used up, the others share the rest.
    assert Counter(sources.get(names[index], "") for index in order[:24]) == {
        "": 4,
        "big": 10,
        "small": 10,
    }
    big = [topics[index] for index in order if sources.get(names[index]) == "big"]
    assert Counter(big[:8]) == {0: 4, 1: 4}
    assert balanced(names, sources, topics, seed=1) == order
    assert balanced(names, sources, topics, seed=2) != order


def test_sources_of_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"id": 12, "source": "A", "text": "x"}\n\n{"id": "13", "text": "y"}\nno\n')
    assert read_sources(path) == {"12": "A"}
