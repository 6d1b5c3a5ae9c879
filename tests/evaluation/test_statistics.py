"""The tests over documents and corpora, against plain loops, all permutations and scipy."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neuroner_tl.evaluation.statistics import (
    bootstrap_interval,
    compare_systems,
    f1_of,
    holm,
    randomisation_test,
    summarise,
    wilcoxon,
)

COUNTS = st.lists(
    st.tuples(*[st.tuples(*[st.integers(0, 6)] * 3)] * 2), min_size=1, max_size=8
).map(lambda rows: tuple(np.array([row[i] for row in rows]) for i in (0, 1)))


def f1(counts):
    tp, fp, fn = counts
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def test_f1_is_that_of_the_definition():
    assert f1_of(np.array([3, 1, 2])) == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    assert f1_of(np.zeros((2, 3))).tolist() == [0, 0]


@given(COUNTS)
@settings(max_examples=25, deadline=None)
def test_the_randomisation_test_approaches_that_of_all_exchanges(counts):
    """With up to eight documents all 2**n exchanges can be made."""
    one, other = counts
    observed = abs(f1(other.sum(0)) - f1(one.sum(0)))
    extreme = total = 0
    for swaps in itertools.product([False, True], repeat=len(one)):
        swap = np.array(swaps)[:, None]
        a, b = np.where(swap, other, one).sum(0), np.where(swap, one, other).sum(0)
        extreme += abs(f1(b) - f1(a)) >= observed - 1e-12
        total += 1
    assert randomisation_test(one, other, 4000, 1) == pytest.approx(extreme / total, abs=0.04)


def test_equal_systems_do_not_differ_and_a_clear_winner_does():
    counts = np.tile([5, 2, 2], (40, 1))
    same = compare_systems(counts, counts, 2000)
    assert same.gain == same.low == same.high == 0 and same.p_value == 1
    better = compare_systems(counts, np.tile([8, 1, 1], (40, 1)), 2000)
    assert better.gain == pytest.approx(8 / 9 - 5 / 7)
    assert better.p_value == pytest.approx(1 / 2001)
    assert better.low <= better.gain <= better.high and better.low > 0


def test_the_order_of_documents_and_of_systems_tells_nothing():
    generator = np.random.default_rng(5)
    one, other = generator.integers(0, 9, (2, 30, 3))
    there = compare_systems(one, other, 3000)
    back = compare_systems(other, one, 3000)
    assert there.gain == pytest.approx(-back.gain)
    assert there.p_value == back.p_value
    assert there.low == pytest.approx(-back.high, abs=0.02)


def test_the_null_distribution_is_uniform():
    """Under the null hypothesis p is below 0.1 in about a tenth of the cases."""
    generator = np.random.default_rng(3)
    below = 0
    for _ in range(300):
        one, other = generator.poisson(4, (2, 25, 3))
        below += randomisation_test(one, other, 300) <= 0.1
    assert 0.05 < below / 300 < 0.15


def test_the_bootstrap_interval_is_that_of_a_plain_loop():
    generator = np.random.default_rng(7)
    one, other = generator.integers(0, 9, (2, 20, 3))
    gains = []
    for _ in range(4000):
        rows = generator.integers(0, 20, 20)
        gains.append(f1(other[rows].sum(0)) - f1(one[rows].sum(0)))
    expected = np.percentile(gains, [2.5, 97.5])
    assert bootstrap_interval(one, other, 4000) == pytest.approx(expected, abs=0.01)


def test_blocks_of_resamples_change_nothing_but_memory(monkeypatch):
    from neuroner_tl.evaluation import statistics

    one, other = np.random.default_rng(1).integers(0, 9, (2, 20, 3))
    whole = randomisation_test(one, other, 999)
    monkeypatch.setattr(statistics, "_BLOCK", 100)
    assert randomisation_test(one, other, 999) == pytest.approx(whole, abs=0.05)
    assert sum(statistics._blocks(999, 20)) == 999


def test_ten_thousand_resamples_are_the_default():
    counts = np.ones((3, 3), int)
    assert compare_systems(counts, counts).resamples == 10_000


@pytest.mark.parametrize("shapes", [((3, 3), (4, 3)), ((3, 2), (3, 2)), ((0, 3), (0, 3))])
def test_counts_of_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="documents, 3"):
        compare_systems(*(np.zeros(shape) for shape in shapes))


def test_wilcoxon_is_scipys_and_ranks_as_in_the_book():
    first, second = [70, 72, 68, 81, 55], [74, 75, 70, 80, 62]
    assert wilcoxon(first, second) == stats.wilcoxon(first, second).pvalue == pytest.approx(0.125)
    assert wilcoxon([1, 2], [1, 3]) is None


def test_holm_by_hand():
    # Sorted: 0.01 * 4, 0.02 * 3, 0.03 * 2 (not below the one before), 0.5.
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values):
    """The procedure as Holm states it: stop at the first p that is too large."""
    level = 0.05
    rejected = set()
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[index] * (len(p_values) - rank) > level:
            break
        rejected.add(index)
    assert {i for i, p in enumerate(holm(p_values)) if p <= level} == rejected


def test_mean_and_deviation():
    found = summarise([1, 2, 3])
    assert (found.mean, found.deviation, found.number) == (2, 1, 3)
    assert summarise([5]).deviation is None
    with pytest.raises(ValueError):
        summarise([])
