"""Gains of one arm over another: counts put together, and what a foot says of the test."""

from types import SimpleNamespace

import numpy as np
import pytest

from neuroner_tl.evaluation.statistics import Difference, compare_systems
from neuroner_tl.studies.pages.table import p_text
from neuroner_tl.studies.results.gains import (
    NO_COUNTS,
    compare_pairs,
    correct,
    describe_correction,
    describe_test,
    gain_table,
    gain_text,
    interval_text,
    mean_gain,
    paired_counts,
)


def result(documents, seed=0, split=0, corpus="c", f1=0.0, source="s", size=None, of=0):
    run = SimpleNamespace(
        corpus=corpus,
        parameters=SimpleNamespace(seed=seed, split_seed=split),
        source="an identifier",
        source_name=source,
        source_seed=of,
        source_documents=size,
    )
    return SimpleNamespace(run=run, documents=documents, f1=f1)


def pair(first, second, **more):
    return result(first, **more), result(second, **more)


ONE = pair({"a": [1, 2, 3], "b": [4, 5, 6]}, {"a": [7, 8, 9], "b": [1, 1, 1]}, seed=0)
TWO = pair({"a": [2, 0, 0], "b": [3, 0, 0]}, {"a": [5, 0, 0], "b": [6, 0, 0]}, seed=1)


def test_each_seed_is_a_row_and_each_document_a_column():
    """Nothing is added up over seeds, and no document counts twice."""
    counts = paired_counts([ONE, TWO])
    assert counts.first.tolist() == [[[1, 2, 3], [4, 5, 6]], [[2, 0, 0], [3, 0, 0]]]
    assert counts.second.tolist() == [[[7, 8, 9], [1, 1, 1]], [[5, 0, 0], [6, 0, 0]]]
    assert counts.groups == (0, 1)
    difference = compare_pairs([ONE, TWO])
    assert (difference.documents, difference.runs, difference.units) == (2, 2, 2)
    assert difference == compare_systems(*counts)


def test_documents_of_several_corpora_are_one_test_set():
    other = pair({"a": [9, 0, 0]}, {"a": [8, 0, 0]}, corpus="d")
    counts = paired_counts([ONE, other])
    assert counts.first.tolist() == [[[1, 2, 3], [4, 5, 6], [9, 0, 0]]]
    assert counts.second.tolist() == [[[7, 8, 9], [1, 1, 1], [8, 0, 0]]]


def test_runs_of_other_sources_are_other_rows():
    pairs = [
        pair({"a": [1, 0, 0]}, {"a": [number, 0, 0]}, source=source, size=size)
        for number, (source, size) in enumerate([("s", 10), ("s", 20), ("t", 10)])
    ]
    counts = paired_counts(pairs)
    assert counts.second[:, 0, 0].tolist() == [0, 1, 2] and counts.groups == (0, 0, 0)


def test_what_a_split_does_not_test_is_no_number():
    splits = [pair({"a": [1, 0, 0]}, {"a": [2, 0, 0]}, split=3)]
    splits.append(pair({"b": [3, 0, 0]}, {"b": [4, 0, 0]}, split=5))
    counts = paired_counts(splits)
    assert counts.groups == (3, 5)
    assert np.isnan(counts.first).all(-1).tolist() == [[False, True], [True, False]]
    assert np.nan_to_num(counts.second[..., 0]).tolist() == [[2, 0], [0, 4]]


@pytest.mark.parametrize(
    "pairs", [[], [ONE, pair({}, {"a": [1, 1, 1]})], [pair({"a": [1] * 3}, {})]]
)
def test_without_counts_there_is_nothing_to_compare(pairs):
    assert paired_counts(pairs) is None and compare_pairs(pairs) is None


def test_every_split_counts_equally():
    pairs = [
        (result({}, split=0, f1=0.2), result({}, split=0, f1=0.3)),
        (result({}, split=0, seed=1, f1=0.2), result({}, split=0, seed=1, f1=0.5)),
        (result({}, split=1, f1=0.9), result({}, split=1, f1=0.8)),
    ]
    assert mean_gain(pairs) == pytest.approx((20 - 10) / 2)
    assert gain_text(pairs) == "+5.00 ± 20.00"
    assert gain_text(pairs[:2]) == "+20.00 ± 14.14"
    assert gain_text(pairs[:1]) == "+10.00"


def difference(p_value=0.03, runs=1, units=None):
    return Difference(0.1, -0.012, 0.34, p_value, 10, runs, units or runs)


def test_an_interval_is_in_points():
    assert interval_text(difference()) == "−1.20 to +34.00"
    assert interval_text(None) == "–"


def test_a_table_of_gains():
    rows = [("one", [ONE, TWO]), ("none", []), ("unknown", [pair({}, {}), pair({}, {}, seed=1)])]
    table = gain_table(None, "name", "Title", rows)
    assert (table.name, table.title) == ("name", "Title")
    tested = compare_pairs([ONE, TWO])
    assert [[str(cell) for cell in row] for row in table.rows] == [
        ["one", "2", "2", "0.00 ± 0.00", interval_text(tested), *2 * [p_text(tested.p_value)]],
        ["unknown", "–", "2", "0.00 ± 0.00", "–", "–", "–"],
    ]
    assert describe_test([tested], [[ONE, TWO]]) in table.note and "single comparison" in table.note
    assert gain_table(None, "name", "Title", [("none", [])]) is None


def test_p_values_are_corrected_over_the_available_ones():
    found = correct([difference(0.03), None, difference(0.01), difference(0.5)])
    assert found == [pytest.approx(0.06), None, pytest.approx(0.03), 0.5]
    assert correct([None]) == [None]


def test_what_the_foot_says_of_the_test():
    assert describe_test([]) == describe_test([None]) == NO_COUNTS
    one, several = describe_test([difference(), None]), describe_test([difference(runs=2)])
    mixed = describe_test([difference(runs=2), difference(runs=1)])
    by_split = runs_of([(0, 0), (0, 1)], splits=[7, 8])
    splits = describe_test([compare_pairs(by_split)], [by_split])
    assert "over test documents, two-sided" in one and "cannot be estimated from one" in one
    assert "crossed" not in one and "After ±" not in one
    assert (
        "over test documents and seeds, two-sided" in several
        and "cannot be estimated" not in several
    )
    assert "without a partner in the other are left out. After ±" in several
    assert "over test documents, splits and seeds, two-sided" in splits
    assert "documents and seeds" in mixed and "cannot be estimated from one" in mixed


def test_what_the_foot_says_of_the_correction():
    assert describe_correction([], "rows") == describe_correction([None], "rows") == ""
    assert "of a single comparison" in describe_correction([difference(), None], "rows")
    assert "Holm's method over the 2 corpora" in describe_correction([difference()] * 2, "corpora")


def runs_of(seeds_and_sources, splits=None):
    splits = splits or [0] * len(seeds_and_sources)
    return [
        pair(
            {"a": [2, 1, 1], "b": [3, 1, 0]},
            {"a": [2 + n, 1, 0], "b": [3, 0, n]},
            seed=seed,
            split=split,
            of=source,
        )
        for n, ((seed, source), split) in enumerate(zip(seeds_and_sources, splits))
    ]


def test_runs_that_share_one_of_several_sources_are_one_unit():
    """Two sources for four seeds are two units, not four: their seed is in the error."""
    shared = runs_of([(0, 0), (1, 1), (2, 0), (3, 1)])
    assert paired_counts(shared).groups == (0, 1, 0, 1)
    assert compare_pairs(shared).units == 2
    for own in (runs_of([(0, 0), (1, 0)]), runs_of([(0, 5), (1, 6)])):
        assert paired_counts(own).groups == (0, 1) and compare_pairs(own).units == 2
    # With several splits these are the units, as long as each has its own source.
    by_split = runs_of([(0, 0), (0, 1)], splits=[7, 8])
    assert paired_counts(by_split).groups == (7, 8)
    four = runs_of([(0, 0), (0, 1), (0, 0), (0, 1)], splits=[5, 6, 7, 8])
    assert paired_counts(four).groups == (0, 1, 0, 1)


def test_runs_without_a_source_share_none():
    """As those that valid chooses: each is a unit, and no other run is one because of it."""
    mixed = runs_of([(0, None), (1, 0), (2, 0), (3, None)])
    assert paired_counts(mixed).groups == (0, 1, 2, 3) and compare_pairs(mixed).units == 4
    assert mean_gain(mixed) == pytest.approx(sum(100 * (b.f1 - a.f1) for a, b in mixed) / 4)
    own = runs_of([(0, 0), (1, 1), (2, None), (3, None)])
    assert compare_pairs(own).units == 4
    shared = runs_of([(0, 0), (1, 1), (2, 0), (3, None), (4, None)])
    assert paired_counts(shared).groups == (0, 1, 0, -4, -5)
    for pairs, said in ((mixed, "does not cover"), (own, "of its own"), (shared, "averaged first")):
        note = describe_test([compare_pairs(pairs)], [pairs])
        assert said in note and ("source models and seeds" in note) == (pairs is shared)


def runs_from_several_corpora(seeds):
    return [
        pair(
            {"a": [2, 1, 1], "b": [3, 1, 0], "c": [1, 1, 2]},
            {"a": [2 + seed, 1, 0], "b": [3 + n, 0, 1], "c": [2, seed, n]},
            seed=seed,
            source=source,
            of=seed,
        )
        for seed in seeds
        for n, source in enumerate(["silver", "other", "third"])
    ]


def test_source_models_of_several_corpora_make_no_further_seeds():
    """The runs of one seed are compared with the same run of the baseline: they are one unit."""
    three = runs_from_several_corpora([0, 1, 2])
    assert paired_counts(three).groups == (0, 0, 0, 1, 1, 1, 2, 2, 2)
    found = compare_pairs(three)
    assert (found.runs, found.units) == (9, 3)
    assert "documents and seeds" in describe_test([found], [three])


def test_one_seed_with_source_models_of_several_corpora_is_one_unit():
    one = runs_from_several_corpora([4])
    found = compare_pairs(one)
    assert (found.runs, found.units) == (3, 1)
    note = describe_test([found], [one])
    assert "over test documents, two-sided" in note and "crossed" not in note
    assert "With one seed, interval and p reflect only the choice" in note
    assert "After ±: standard deviation over runs." in note


def test_every_unit_of_a_source_counts_equally():
    pairs = [
        (result({}, seed=seed, of=of, f1=0.2), result({}, seed=seed, of=of, f1=f1))
        for seed, of, f1 in ((0, 0, 0.3), (1, 1, 0.4), (2, 0, 0.5))
    ]
    assert mean_gain(pairs) == pytest.approx((10 + 30) / 2 / 2 + 20 / 2)


def test_the_foot_says_whether_the_seed_of_the_source_is_covered():
    one, own = runs_of([(0, 0), (1, 0)]), runs_of([(0, 0), (1, 1)])
    shared, students = runs_of([(0, 0), (1, 1), (2, 0)]), runs_of([(0, None), (1, None)])

    def foot(*comparisons):
        return describe_test(list(map(compare_pairs, comparisons)), comparisons)

    assert "does not cover the choice of its seed" in foot(one)
    for pairs in (own, students):
        assert "interval covers the seed of the source" in foot(pairs)
        assert "not cover" not in foot(pairs) and "averaged first" not in foot(pairs)
    assert "averaged first" in foot(shared) and "documents, source models and seeds" in foot(shared)
    assert foot([ONE]).count("source") == 0
