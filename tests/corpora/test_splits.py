from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.splits import Split, hold_out_valid, split_documents, take_train
from neuroner_tl.errors import CorpusError, ParameterError

FROZEN = ("doc0002", "doc0003", "doc0005")


def names(n: int) -> list[str]:
    return [f"doc{i:04d}" for i in range(n)]


@given(n=st.integers(0, 120), seed=st.integers(0, 50), order=st.randoms(use_true_random=False))
def test_parts_are_a_partition_and_do_not_depend_on_order(n: int, seed: int, order) -> None:  # type: ignore[no-untyped-def]
    ids = names(n)
    split = split_documents(ids, seed=seed)
    assert sorted(split.train + split.valid + split.test) == ids
    if n >= 3:
        assert split.train and split.valid and split.test
    order.shuffle(ids)
    assert split_documents(ids, seed=seed) == split
    assert Split.from_json(json.loads(json.dumps(split.to_json()))) == split


def test_sizes_and_seed() -> None:
    split = split_documents(names(792), seed=1)
    assert [len(split.train), len(split.valid), len(split.test)] == [475, 79, 238]
    assert split_documents(names(792), seed=2).train != split.train
    assert (split.seed, split.percentages) == (1, (60, 10, 30))
    # The same on every platform and Python.
    assert split_documents(names(10), seed=0).test == FROZEN
    whole = split_documents(names(5), (100, 0, 0))
    assert len(whole.train) == 5 and not whole.valid and not whole.test
    assert len(split_documents(names(7), (0, 50, 50)).train) == 0


@pytest.mark.parametrize(
    ("n", "percentages", "sizes"),
    [
        # Rounded up, valid and test would leave nothing to train: the larger gives one up.
        (1, (20, 80, 0), [1, 0, 0]),
        (2, (10, 45, 45), [1, 1, 0]),
        (3, (1, 66, 33), [1, 1, 1]),
        (4, (2, 49, 49), [1, 2, 1]),
        (5, (1, 59, 40), [1, 2, 2]),
        (5, (1, 40, 59), [1, 2, 2]),
        (0, (60, 10, 30), [0, 0, 0]),
        (1, (60, 10, 30), [1, 0, 0]),
        (2, (60, 10, 30), [1, 0, 1]),
        # Nothing is to be trained on: all is valid or test.
        (7, (0, 50, 50), [0, 4, 3]),
        (3, (0, 0, 100), [0, 0, 3]),
        (10, (33.4, 33.3, 33.3), [4, 3, 3]),
    ],
)
def test_sizes_of_small_corpora(
    n: int, percentages: tuple[float, float, float], sizes: list[int]
) -> None:
    split = split_documents(names(n), percentages)
    assert [len(split.train), len(split.valid), len(split.test)] == sizes
    assert sorted(split.train + split.valid + split.test) == names(n)


@pytest.mark.parametrize(
    "percentages", [(60, 10), (60, 10, 40), (-10, 50, 60), (60, 10, 30.5), (60, 10, 29.5)]
)
def test_bad_percentages(percentages: tuple[float, ...]) -> None:
    with pytest.raises(ParameterError, match="split_percentages"):
        split_documents(names(5), percentages)


def test_bad_ids_and_bad_json() -> None:
    with pytest.raises(CorpusError, match="'a' occurs twice"):
        split_documents(["a", "b", "a"])
    with pytest.raises(CorpusError, match="'b' occurs twice"):
        split_documents(["a", "b", "b"])
    with pytest.raises(CorpusError, match="valid"):
        Split.from_json({"train": [], "seed": 1})
    with pytest.raises(CorpusError):
        Split.from_json({**split_documents(["a"]).to_json(), "percentages": [1]})


@given(
    n=st.integers(1, 60), seed=st.integers(0, 20), first=st.floats(0.1, 100), more=st.floats(0, 1)
)
def test_smaller_train_sets_are_nested_in_larger_ones(
    n: int, seed: int, first: float, more: float
) -> None:
    small = take_train(names(n), 2 * n, first, seed)
    large = take_train(names(n), 2 * n, first + (100 - first) * more, seed)
    assert small and set(small) <= set(large) <= set(names(n))


def test_train_size_is_a_share_of_the_whole_corpus(caplog: pytest.LogCaptureFixture) -> None:
    assert len(take_train(names(60), 100, 10, 0)) == 10
    with caplog.at_level(logging.WARNING):
        assert take_train(names(60), 100, 60, 0) == names(60)
        assert not caplog.records
        assert take_train(names(60), 100, 61, 0) == names(60)
    assert "all are used" in caplog.text
    assert take_train(names(3), 3, 100, 0) == names(3)
    assert len(take_train(names(60), 100, 0.001, 0)) == 1
    for size in (0, -1, 101, float("nan")):
        with pytest.raises(ParameterError, match="train_size"):
            take_train(names(60), 100, size, 0)
    with pytest.raises(CorpusError):
        take_train([], 100, 10, 0)


@given(
    st.integers(0, 60), st.sampled_from([(60, 10, 30), (50, 50, 0), (98, 1, 1)]), st.integers(0, 3)
)
def test_valid_held_out_of_train(
    n: int, percentages: tuple[float, float, float], seed: int
) -> None:
    split = hold_out_valid(names(n), ["z", "y"], percentages, seed)
    if split is None:
        assert n < 3
        return
    assert sorted((*split.train, *split.valid)) == sorted(names(n)) and split.test == ("y", "z")
    wanted = n * percentages[1] / (percentages[0] + percentages[1])
    assert split.train and split.valid and abs(len(split.valid) - max(1, wanted)) <= 0.5
    assert split.percentages == percentages and split.held_out
    assert Split.from_json(split.to_json()) == split


@pytest.mark.parametrize("percentages", [(100, 0, 0), (0, 50, 50)])
def test_nothing_is_held_out_for_an_empty_part(percentages: tuple[float, float, float]) -> None:
    assert hold_out_valid(names(9), ["z"], percentages, 0) is None
