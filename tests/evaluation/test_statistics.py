"""The tests over documents and corpora, against plain loops, all permutations and scipy."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neuroner_tl.evaluation import statistics
from neuroner_tl.evaluation.statistics import compare_systems, f1_of, holm, summarise, wilcoxon

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
    found = compare_systems(one, other, resamples=4000, seed=1).p_value
    assert found == pytest.approx(extreme / total, abs=0.04)


def test_equal_systems_do_not_differ_and_a_clear_winner_does():
    counts = np.tile([5, 2, 2], (40, 1))
    same = compare_systems(counts, counts, resamples=2000)
    assert same.gain == same.low == same.high == 0 and same.p_value == 1
    better = compare_systems(counts, np.tile([8, 1, 1], (40, 1)), resamples=2000)
    assert better.gain == pytest.approx(8 / 9 - 5 / 7)
    assert better.p_value == pytest.approx(1 / 2001)
    assert better.low <= better.gain <= better.high and better.low > 0


def test_the_order_of_documents_and_of_systems_tells_nothing():
    generator = np.random.default_rng(5)
    one, other = generator.integers(0, 9, (2, 30, 3))
    there = compare_systems(one, other, resamples=3000)
    back = compare_systems(other, one, resamples=3000)
    assert there.gain == pytest.approx(-back.gain)
    assert there.p_value == back.p_value
    assert there.low == pytest.approx(-back.high, abs=0.02)


def test_the_bootstrap_interval_is_that_of_a_plain_loop():
    generator = np.random.default_rng(7)
    one, other = generator.integers(0, 9, (2, 20, 3))
    gains = []
    for _ in range(4000):
        rows = generator.integers(0, 20, 20)
        gains.append(f1(other[rows].sum(0)) - f1(one[rows].sum(0)))
    expected = np.percentile(gains, [2.5, 97.5])
    found = compare_systems(one, other, resamples=4000)
    assert (found.low, found.high) == pytest.approx(expected, abs=0.01)


def test_blocks_of_resamples_change_nothing_but_memory(monkeypatch):
    from neuroner_tl.evaluation import statistics

    one, other = np.random.default_rng(1).integers(0, 9, (2, 20, 3))
    whole = compare_systems(one, other, resamples=999)
    monkeypatch.setattr(statistics, "_BLOCK", 100)
    blocks = compare_systems(one, other, resamples=999)
    assert blocks.p_value == pytest.approx(whole.p_value, abs=0.05)
    assert blocks.low == pytest.approx(whole.low, abs=0.02)
    assert sum(statistics._blocks(999, 20)) == 999


@pytest.mark.parametrize("splits", [None, [7, 7, 3]])
def test_the_two_level_interval_is_that_of_a_plain_loop(splits):
    generator = np.random.default_rng(8)
    one, other = generator.integers(0, 9, (2, 3, 20, 3))
    units = [[0], [1], [2]] if splits is None else [[2], [0, 1]]
    gains = []
    for _ in range(6000):
        rows = generator.integers(0, 20, 20)
        drawn = []
        for unit in generator.integers(0, len(units), len(units)):
            members = units[unit]
            runs = generator.choice(members, len(members))
            drawn.append(
                np.mean([f1(other[r, rows].sum(0)) - f1(one[r, rows].sum(0)) for r in runs])
            )
        gains.append(np.mean(drawn))
    expected = np.percentile(gains, [2.5, 97.5])
    found = compare_systems(one, other, splits, resamples=6000)
    assert (found.low, found.high) == pytest.approx(expected, abs=0.01)
    by_unit = [[f1(other[r].sum(0)) - f1(one[r].sum(0)) for r in runs] for runs in units]
    assert found.gain == pytest.approx(np.mean([np.mean(gains) for gains in by_unit]))
    assert found.deviation == pytest.approx(np.std(sum(by_unit, []), ddof=1))
    assert (found.documents, found.runs) == (20, 3)
    assert found.splits == (1 if splits is None else 2)


@pytest.mark.parametrize("splits", [None, [0, 0, 1]])
def test_the_test_of_several_runs_approaches_that_of_all_exchanges(splits):
    """Documents change sides in all runs together; gains are compared by their standard errors."""
    generator = np.random.default_rng(11)
    one, other = generator.integers(0, 7, (2, 3, 7, 3))
    other[..., 0] += 1
    units = [[0], [1], [2]] if splits is None else [[0, 1], [2]]
    factor = (stats.t.ppf(0.975, len(units) - 1) / stats.norm.ppf(0.975)) ** 2

    def extremeness(a, b):
        runs = [f1(y.sum(0)) - f1(x.sum(0)) for x, y in zip(a, b)]
        gains = [np.mean([runs[r] for r in unit]) for unit in units]
        changes = np.zeros(7)
        for unit in units:
            for r in unit:
                tp, fp, fn = (a[r] + b[r]).sum(0) / 2
                level, size = 2 * tp / (2 * tp + fp + fn), 2 * tp + fp + fn
                for d in range(7):
                    x, y = a[r, d], b[r, d]
                    change = 2 * (y[0] - x[0]) - level * (2 * (y[0] - x[0]) + sum(y[1:] - x[1:]))
                    changes[d] += change / size / len(unit) / len(units)
        gain = np.mean(gains)
        over_documents = (sum(changes**2) - gain**2 / 7) * 7 / 6
        over_units = np.var(gains, ddof=1) / len(units)
        return abs(gain) / np.sqrt(max(over_documents, 0) + factor * over_units)

    observed = extremeness(one, other)
    extreme = 0
    for swaps in itertools.product([False, True], repeat=7):
        swap = np.array(swaps)[:, None]
        extreme += extremeness(np.where(swap, other, one), np.where(swap, one, other)) >= (
            observed - 1e-9
        )
    found = compare_systems(one, other, splits, resamples=8000, seed=2).p_value
    assert found == pytest.approx(extreme / 2**7, abs=0.02)


def test_the_same_run_several_times_is_one_run():
    """More seeds that say the same do not make more documents of it."""
    generator = np.random.default_rng(4)
    one, other = generator.integers(0, 9, (2, 12, 3))
    other[:, 0] += 2
    single = compare_systems(one, other)
    for splits in (None, [0, 1, 2]):
        several = compare_systems(np.stack([one] * 3), np.stack([other] * 3), splits)
        assert several.documents == 12
        assert several.p_value == pytest.approx(single.p_value, abs=0.01)
        assert several.gain == pytest.approx(single.gain)
        assert (several.low, several.high) == pytest.approx((single.low, single.high), abs=0.01)


def test_documents_that_a_run_was_not_tested_on_count_where_they_were():
    one, other = np.random.default_rng(6).integers(1, 9, (2, 2, 6, 3)).astype(float)
    for counts in (one, other):
        counts[0, :2] = np.nan
        counts[1, 4:] = np.nan
    found = compare_systems(one, other, [0, 1], resamples=200)
    assert found.documents == 6
    gains = [
        f1(other[r, there].sum(0)) - f1(one[r, there].sum(0))
        for r, there in ((0, slice(2, 6)), (1, slice(0, 4)))
    ]
    assert found.gain == pytest.approx(np.mean(gains))


def simulated(generator, seeds, splits, seed_effect=0.0, documents=24):
    """Runs of two equal systems; documents differ, and suit one system more than the other.

    Args:
        seed_effect: how far a run is better or worse on all documents alike, in logits.

    Returns:
        Counts of both, ``[2, splits * seeds, documents, 3]``, each split with half of the
        documents, and the split of each run.
    """
    runs = seeds * splits
    size = 1 + generator.poisson(generator.gamma(2, 4, documents))
    suits = generator.normal(0, 0.2, (2, 1, documents))
    level = generator.normal(1, 0.7, documents) + suits
    level = level + generator.normal(0, seed_effect, (2, runs, 1))
    share = 1 / (1 + np.exp(-level - generator.normal(0, 0.3, (2, runs, documents))))
    found = generator.binomial(size, share)
    counts = np.stack([found, generator.poisson(size * (1 - share)), size - found], -1)
    counts, numbers = counts.astype(float), np.repeat(np.arange(splits), seeds)
    for split in range(splits) if splits > 1 else ():
        out = generator.permutation(documents)[: documents // 2]
        counts[:, (numbers == split).nonzero()[0][:, None], out] = np.nan
    tested = ~np.isnan(counts[0, :, :, 0]).all(0)
    return counts[:, :, tested], numbers


def simulated_studies(seeds, splits, seed_effect=0.0, studies=1000, level=0.05):
    """Share of studies of equal systems with p below a level, and with 0 in the 95 % interval."""
    generator = np.random.default_rng([seeds, splits, int(100 * seed_effect)])
    below = covered = 0
    for _ in range(studies):
        counts, numbers = simulated(generator, seeds, splits, seed_effect)
        found = compare_systems(*counts, numbers, 300, int(generator.integers(2**31)))
        below += found.p_value < level
        covered += found.low <= 0 <= found.high
    return below / studies, covered / studies


# Three standard errors of a share of 5 % in a thousand studies.
ERROR = 3 * (0.05 * 0.95 / 1000) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("seeds", [1, 3, 5])
def test_equal_systems_differ_significantly_in_five_per_cent_of_studies(seeds, splits):
    below, covered = simulated_studies(seeds, splits)
    assert below == pytest.approx(0.05, abs=ERROR)
    # With several runs their noise is in both levels, so the interval is cautious.
    assert covered > (0.95 if seeds * splits > 1 else 0.91)


@pytest.mark.slow
@pytest.mark.parametrize("seeds, splits", [(3, 1), (5, 1), (1, 3), (3, 3)])
def test_runs_that_are_good_or_bad_on_all_documents_hardly_change_that(seeds, splits):
    """A standard deviation of 0.1 logits is some two points of F1, a lot for a seed."""
    below, covered = simulated_studies(seeds, splits, 0.1)
    assert below < 0.05 + 2 * ERROR and covered > 0.95 - ERROR


@pytest.mark.slow
def test_with_one_run_the_seed_cannot_be_told_from_the_system():
    """What the foot of a table says: p is of the choice of documents alone."""
    below, _ = simulated_studies(1, 1, 0.3)
    assert below > 0.1


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
    assert wilcoxon([1, 2], [2, 4]) == pytest.approx(0.5), "two pairs that differ are enough"


def test_a_documents_influence_is_the_slope_of_the_gain():
    """By finite differences of F1 where the two systems together stand."""
    counts = np.random.default_rng(3).integers(0, 9, (2, 3, 5, 3)).astype(float)
    found = statistics._influence(counts)
    assert found.shape == (3, 5)
    for run, document in itertools.product(range(3), range(5)):
        middle = counts[:, run].sum((0, 1)) / 2
        change = counts[1, run, document] - counts[0, run, document]
        slope = f1_of(middle + 1e-5 * change) - f1_of(middle - 1e-5 * change)
        assert found[run, document] == pytest.approx(slope / 2e-5, rel=1e-6, abs=1e-9)
    assert not statistics._influence(np.zeros((2, 1, 2, 3))).any()


def test_blocks_hold_one_resample_at_least():
    assert statistics._blocks(7, 10**9) == [1] * 7
    assert statistics._blocks(7, statistics._BLOCK // 3) == [3, 3, 1]
    assert statistics._blocks(6, statistics._BLOCK // 3) == [3, 3]
    assert statistics._blocks(0, 1) == []


def test_a_difference_is_of_one_run_unless_it_says_otherwise():
    difference = statistics.Difference(0.1, 0.0, 0.2, 0.04, 10, 100)
    assert (difference.runs, difference.splits, difference.deviation) == (1, 1, None)


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


def test_what_was_never_tested_does_not_count():
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
