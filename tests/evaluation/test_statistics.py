"""The tests over documents and corpora, against plain loops, simulations and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neuroner_tl.evaluation.statistics import (
    Difference,
    compare_systems,
    f1_interval,
    f1_of,
    holm,
    mean_interval,
    summarise,
    wilcoxon,
)


def f1(counts):
    tp, fp, fn = counts
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def test_f1_is_that_of_the_definition():
    assert f1_of(np.array([3, 1, 2])) == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    assert f1_of(np.zeros((2, 3))).tolist() == [0, 0]


@pytest.mark.parametrize("splits", [None, [7, 7, 3]])
def test_the_interval_is_that_of_a_plain_loop(splits):
    """Documents left out one by one; sums of squares as in a table of analysis of variance."""
    one, other = np.random.default_rng(8).integers(0, 9, (2, 3, 20, 3))
    units = [[0], [1], [2]] if splits is None else [[2], [0, 1]]

    def gain(run, left_out=None):
        rows = [d for d in range(20) if d != left_out]
        return f1(other[run, rows].sum(0)) - f1(one[run, rows].sum(0))

    without = np.array([[np.mean([gain(r, d) for r in unit]) for d in range(20)] for unit in units])
    gains = np.array([np.mean([gain(r) for r in unit]) for unit in units])
    n = len(units)
    mean = without.mean(0)
    v_documents = 19 / 20 * ((mean - mean.mean()) ** 2).sum()
    v_units = gains.var(ddof=1) / n
    rest = without - mean - without.mean(1, keepdims=True) + mean.mean()
    v_cells = 19 / 20 * (rest**2).sum() / (n - 1) / n
    v = max(v_documents + v_units - v_cells, v_units)
    freedom = v**2 / (v_documents**2 / 19 + v_units**2 / (n - 1) + v_cells**2 / 19 / (n - 1))
    freedom = min(max(freedom, n - 1), 19 + n - 1)
    found = compare_systems(one, other, splits)
    assert found.gain == pytest.approx(gains.mean())
    expected = stats.t.interval(0.95, freedom, gains.mean(), v**0.5)
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(gains.mean()) / v**0.5, freedom))
    runs = [gain(r) for r in range(3)]
    assert found.deviation == pytest.approx(np.std(runs, ddof=1))
    assert (found.documents, found.runs) == (20, 3)
    assert found.units == (3 if splits is None else 2)


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(6, 30))
@settings(max_examples=40)
def test_p_and_interval_agree(seed, runs, documents):
    one, other = np.random.default_rng(seed).integers(0, 6, (2, runs, documents, 3))
    other[..., 0] += seed % 3
    found = compare_systems(one, other)
    assert (found.p_value < 0.05) == (not found.low <= 0 <= found.high)


def test_few_documents_are_inconclusive():
    """One document leaves everything open; p of five is that of all exchanges at least."""
    one, other = np.array([[1, 5, 5]]), np.array([[6, 0, 0]])
    single = compare_systems(one, other)
    assert (single.low, single.high, single.p_value) == (-1, 1, 1)
    assert compare_systems(*(np.tile(x, (5, 1)) for x in (one, other))).p_value == 1 / 16


def test_the_interval_of_few_documents_includes_0_as_their_p_says():
    one, other = np.array([[5, 2, 3]] * 5), np.array([[7, k, 1] for k in (1, 0, 2, 2, 1)])
    found = compare_systems(one, other)
    assert found.p_value == 1 / 16 and found.low == 0 < found.gain < found.high
    back = compare_systems(other, one)
    assert back.high == 0 and back.low == pytest.approx(-found.high)


def test_documents_without_mentions_are_no_samples():
    """A gain on one document of many is open, and one on three is tested as one on three."""
    one, other = np.zeros((2, 40, 3))
    one[0], other[0] = [2, 1, 1], [3, 0, 0]
    single = compare_systems(one, other)
    assert (single.low, single.high, single.p_value) == (-1, 1, 1)
    assert single.documents == 40 and single.gain == pytest.approx(1 / 3)
    one[:3] = [[5, 2, 2], [6, 1, 3], [4, 3, 2]]
    other[:3] = [[7, 1, 0], [7, 1, 2], [6, 2, 0]]
    three, forty = compare_systems(one[:3], other[:3]), compare_systems(one, other)
    assert (forty.p_value, forty.low, forty.high) == (three.p_value, three.low, three.high)
    runs = [np.stack([counts, counts + counts.any(1, keepdims=True)]) for counts in (one, other)]
    three, forty = compare_systems(*(r[:, :3] for r in runs)), compare_systems(*runs)
    assert forty.p_value == pytest.approx(three.p_value)
    assert (forty.low, forty.high) == pytest.approx((three.low, three.high))


def test_equal_systems_do_not_differ_and_a_clear_winner_does():
    counts = np.tile([5, 2, 2], (40, 1))
    same = compare_systems(counts, counts)
    assert same.gain == same.low == same.high == 0 and same.p_value == 1
    better = compare_systems(counts, np.tile([8, 1, 1], (40, 1)))
    assert better.gain == pytest.approx(8 / 9 - 5 / 7)
    assert better.p_value == pytest.approx(2.0**-39)
    assert better.low <= better.gain <= better.high and better.low > 0


def test_the_order_of_documents_and_systems_does_not_matter():
    generator = np.random.default_rng(5)
    one, other = generator.integers(0, 9, (2, 30, 3))
    there = compare_systems(one, other)
    back = compare_systems(other, one)
    assert there.gain == pytest.approx(-back.gain)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.low == pytest.approx(-back.high)


def test_the_same_run_several_times_is_one_run():
    """More seeds that say the same do not make more documents of it."""
    generator = np.random.default_rng(4)
    one, other = generator.integers(0, 9, (2, 12, 3))
    other[:, 0] += 2
    single = compare_systems(one, other)
    for splits in (None, [0, 1, 2]):
        several = compare_systems(np.stack([one] * 3), np.stack([other] * 3), splits)
        assert several.documents == 12
        assert several.p_value == pytest.approx(single.p_value)
        assert several.gain == pytest.approx(single.gain)
        assert (several.low, several.high) == pytest.approx((single.low, single.high))


def test_documents_that_a_run_was_not_tested_on_count_where_they_were():
    one, other = np.random.default_rng(6).integers(1, 9, (2, 2, 6, 3)).astype(float)
    for counts in (one, other):
        counts[0, :2] = np.nan
        counts[1, 4:] = np.nan
    found = compare_systems(one, other, [0, 1])
    assert found.documents == 6
    gains = [
        f1(other[r, there].sum(0)) - f1(one[r, there].sum(0))
        for r, there in ((0, slice(2, 6)), (1, slice(0, 4)))
    ]
    assert found.gain == pytest.approx(np.mean(gains))


def simulated(generator, seeds, splits, seed_effect, documents, gain=0.0):
    """Runs of two systems; documents differ, and suit one system more than the other.

    Args:
        seed_effect: how far a run is better or worse on all documents alike, in logits.
        gain: how far the second system is better, in logits.

    Returns:
        Counts of both, ``[2, splits * seeds, documents, 3]``, each split with half of the
        documents, and the split of each run.
    """
    runs = seeds * splits
    size = 1 + generator.poisson(generator.gamma(2, 4, documents))
    suits = generator.normal(0, 0.2, (2, 1, documents))
    level = generator.normal(1, 0.7, documents) + suits
    level = level + generator.normal(0, seed_effect, (2, runs, 1))
    level[1] += gain
    share = 1 / (1 + np.exp(-level - generator.normal(0, 0.3, (2, runs, documents))))
    found = generator.binomial(size, share)
    counts = np.stack([found, generator.poisson(size * (1 - share)), size - found], -1)
    counts, numbers = counts.astype(float), np.repeat(np.arange(splits), seeds)
    for split in range(splits) if splits > 1 else ():
        out = generator.permutation(documents)[: documents // 2]
        counts[:, (numbers == split).nonzero()[0][:, None], out] = np.nan
    tested = ~np.isnan(counts[0, :, :, 0]).all(0)
    return counts[:, :, tested], numbers


def simulated_studies(seeds, splits, seed_effect, documents, studies, gain=0.0):
    """Share of studies with p below 0.05, and with the true gain in the 95 % interval."""
    generator = np.random.default_rng([seeds, splits, int(100 * seed_effect), documents])
    truth = 0.0
    if gain:
        many = np.nansum(simulated(generator, 1, 1, 0.0, 200_000, gain)[0], axis=2)[:, 0]
        truth = f1(many[1]) - f1(many[0])
    below = covered = 0
    for _ in range(studies):
        counts, numbers = simulated(generator, seeds, splits, seed_effect, documents, gain)
        found = compare_systems(*counts, numbers if splits > 1 else None)
        below += found.p_value < 0.05
        covered += found.low <= truth <= found.high
    return below / studies, covered / studies


def test_a_large_spread_of_seeds_is_not_significance():
    """A spread of 0.3 logits over seeds is some five points of F1."""
    below, covered = simulated_studies(3, 1, 0.3, 60, 300)
    assert below < 0.09 and covered > 0.91


def test_runs_that_share_a_source_are_no_runs_of_their_own():
    """Nine runs of the second system, three from each of three source models of unlike quality."""
    generator = np.random.default_rng(5)
    sources = np.tile([0, 1, 2], 3)
    below = {"grouped": 0, "as runs": 0}
    for _ in range(200):
        effect = generator.normal(0, 0.3, 3)[sources]
        counts = np.empty((2, 9, 60, 3))
        level = generator.normal(1, 0.7, 60)
        size = 1 + generator.poisson(generator.gamma(2, 4, 60))
        for side, quality in enumerate((np.zeros(9), effect)):
            share = 1 / (1 + np.exp(-level - quality[:, None] - generator.normal(0, 0.3, (9, 60))))
            found = generator.binomial(size, share)
            counts[side] = np.stack(
                [found, generator.poisson(size * (1 - share)), size - found], -1
            )
        below["grouped"] += compare_systems(*counts, sources).p_value < 0.05
        below["as runs"] += compare_systems(*counts).p_value < 0.05
    assert below["grouped"] < 0.09 * 200
    assert below["as runs"] > 0.25 * 200


@pytest.mark.slow
@pytest.mark.parametrize("documents", [10, 100])
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("seeds", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("seed_effect", [0, 0.1, 0.3])
def test_equal_systems_differ_significantly_in_five_percent_of_studies(
    seeds, splits, seed_effect, documents
):
    below, covered = simulated_studies(seeds, splits, seed_effect, documents, 1000)
    assert covered == pytest.approx(1 - below)
    if seeds * splits == 1 and seed_effect:
        # What the foot of a table says: p is of the choice of documents alone.
        assert below > 0.05
    else:
        # Cautious with three splits of ten documents, since each tests five.
        assert (0.01 if documents == 10 else 0.025) < below < 0.085


@pytest.mark.slow
@pytest.mark.parametrize("seeds, splits, seed_effect", [(3, 1, 0), (3, 1, 0.3), (5, 1, 0.1)])
def test_the_interval_covers_a_true_gain_which_p_finds(seeds, splits, seed_effect):
    below, covered = simulated_studies(seeds, splits, seed_effect, 100, 1000, gain=0.3)
    assert covered > 0.92
    assert below > (0.08 if seed_effect == 0.3 else 0.5)


@pytest.mark.parametrize("shapes", [((3, 3), (4, 3)), ((3, 2), (3, 2)), ((0, 3), (0, 3))])
def test_counts_of_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="documents, 3"):
        compare_systems(*(np.zeros(shape) for shape in shapes))


def test_the_interval_of_a_mean_is_scipys():
    values = [42.9, -6.3, 41.9, 11.2, 20.4]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((expected.low, expected.high))
    assert mean_interval([1.0]) is None and mean_interval([2.0, 2.0]) is None


def test_wilcoxon_is_scipys_and_ranks_as_in_the_book():
    first, second = [70, 72, 68, 81, 55], [74, 75, 70, 80, 62]
    assert wilcoxon(first, second) == stats.wilcoxon(first, second).pvalue == pytest.approx(0.125)
    assert wilcoxon([1, 2], [1, 3]) is None
    assert wilcoxon([1, 2], [2, 4]) == pytest.approx(0.5), "two pairs that differ are enough"


def test_wilcoxon_takes_what_is_rounding_for_no_difference():
    first = [70.1, 70.2, 71.0]
    assert wilcoxon(first, [value + 2e-14 for value in first]) is None
    # Equal in points, though not in the last digit.
    first, second = [79.1, 80.3, 61.7, 55.9, 70.0], [79.4, 80.6, 62.0, 55.6, 70.3]
    assert wilcoxon(first, second) == wilcoxon([0] * 5, [3, 3, 3, -3, 3])


def test_a_difference_is_of_one_run_unless_it_says_otherwise():
    difference = Difference(0.1, 0.0, 0.2, 0.04, 10)
    assert (difference.runs, difference.units, difference.deviation) == (1, 1, None)


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


def test_untested_documents_do_not_count():
    generator = np.random.default_rng(3)
    one, other = generator.integers(0, 5, (2, 2, 10, 3)).astype(float)
    expected = compare_systems(one, other)
    untested = np.full((3, 12, 3), np.nan)
    padded = [untested.copy(), untested.copy()]
    for values, counts in zip(padded, (one, other)):
        values[:2, :10] = counts
    assert compare_systems(*padded) == expected
    assert (expected.runs, expected.documents) == (2, 10)
    with pytest.raises(ValueError, match="no run was tested"):
        compare_systems(untested, untested)


def test_interval_of_f1_is_that_of_the_jackknife():
    """Against the formula, document by document."""
    counts = np.random.default_rng(5).integers(1, 6, (9, 3))
    left_out = [
        2 * tp / (2 * tp + fp + fn)
        for tp, fp, fn in (counts.sum(0) - counts[number] for number in range(9))
    ]
    deviations = [value - sum(left_out) / 9 for value in left_out]
    error = (8 / 9 * sum(d * d for d in deviations)) ** 0.5
    tp, fp, fn = counts.sum(0)
    f1 = 2 * tp / (2 * tp + fp + fn)
    assert f1_interval(counts) == pytest.approx((f1 - 2.306 * error, f1 + 2.306 * error), abs=1e-4)


def test_intervals_that_are_open_or_end_at_the_borders():
    assert f1_interval([]) is None and f1_interval([(3, 1, 0)]) is None
    low, high = f1_interval([(9, 0, 0), (0, 0, 9), (1, 0, 0)])
    assert low == 0.0 and high == 1.0


@pytest.mark.parametrize("counts", [(3, 0, 0), (0, 0, 0), (0, 1, 1), (4, 1, 2)])
def test_documents_that_are_all_alike_have_no_interval(counts):
    """F1 of 100 % on four documents is not certain to be 100 % on all others."""
    assert f1_interval([counts] * 4) is None


def test_documents_without_a_type_do_not_make_its_interval_narrow():
    counts = [(3, 1, 0), (2, 0, 1), (4, 1, 1)]
    assert f1_interval(counts + [(0, 0, 0)] * 200) == f1_interval(counts)
    assert f1_interval(counts[:1] + [(0, 0, 0)] * 200) is None
