"""What is asked of a study's results: which runs, their means, and what belongs together."""

from types import SimpleNamespace

import pytest

from neuroner_tl.evaluation.scoring import Counts
from neuroner_tl.evaluation.statistics import Summary
from neuroner_tl.studies.records.record_form import part_counts
from neuroner_tl.studies.records.store import FAILED, FINISHED, LEARNED_NOTHING
from neuroner_tl.studies.results.study_results import Result, StudyResults


def run(name, arm="baseline", seed=0, split=0, corpus="c", size=None, source=False, of="s", n=None):
    return SimpleNamespace(
        id=name,
        arm=arm,
        corpus=corpus,
        train_size=size,
        is_source=source,
        source_name=of,
        source_documents=n,
        parameters=SimpleNamespace(seed=seed, split_seed=split),
    )


def record(tp, fp=0, fn=0, status=FINISHED, seconds=0, **more):
    counts = {"X": {"tp": tp, "fp": fp, "fn": fn}, "Y": {"tp": 1, "fp": 0, "fn": 0}}
    if not tp:
        counts.pop("Y")
    return {"status": status, "scores": {"test": {"documents": counts}}, "seconds": seconds, **more}


def results(runs, records):
    definition = SimpleNamespace(targets={"DISO": {"c": 1, "d": 2}, "CHED": {"e": 3}})
    return StudyResults(definition, None, runs, records)


RUNS = [
    run("s", "source", source=True),
    run("b0"),
    run("b1", seed=1),
    run("t0", "transfer"),
    run("t1", "transfer", seed=1),
    run("t2", "transfer", seed=2),
    run("d0", corpus="d"),
    run("z0", "transfer", corpus="d", seed=3),
    run("missing", corpus="e"),
]
RECORDS = {
    "s": record(1, seconds=1800),
    "b0": record(4, 2, 3, seconds=3600),
    "b1": record(1, 1, 1),
    "t0": record(9),
    "t1": record(8, status=FAILED),
    "t2": record(7),
    "d0": record(3),
    "z0": record(0, 2, 2),
    "of another study": record(5, status=FAILED),
}
STUDY = results(RUNS, RECORDS)


def test_finished_and_failed_runs_are_those_of_the_study():
    assert [result.run.id for result in STUDY.finished] == ["s", "b0", "b1", "t0", "t2", "d0", "z0"]
    assert STUDY.failed == [RECORDS["t1"]]
    assert [result.run.id for result in STUDY.zeros] == ["z0"]
    assert STUDY.seeds == [0, 1, 2, 3]
    assert STUDY.hours == pytest.approx(1.5)
    assert STUDY.corpora == [("DISO", "c"), ("DISO", "d"), ("CHED", "e")]


def test_runs_are_selected_by_all_attributes():
    def selected(**wanted):
        return [result.run.id for result in STUDY.select(**wanted)]

    assert selected() == ["b0", "b1", "t0", "t2", "d0", "z0"], "no source"
    assert selected(arm="baseline") == ["b0", "b1", "d0"]
    assert selected(arm="baseline", corpus="c") == ["b0", "b1"]
    assert selected(arm="other") == []


def test_counts_of_all_types_are_added_up():
    assert part_counts(RECORDS["b0"], "test") == Counts(5, 2, 3)
    assert part_counts(RECORDS["b0"], "test", "tags") == Counts()
    result = Result(RUNS[1], RECORDS["b0"])
    assert result.counts() == Counts(5, 2, 3) and result.f1 == pytest.approx(10 / 15)
    assert result.documents == {} and result.f1_of_tags is None
    tags = {"tags": {"X": {"tp": 1, "fp": 0, "fn": 1}}}
    known = Result(RUNS[1], {"scores": {"test": tags}, "test_documents": {"a": [1, 0, 0]}})
    assert known.f1_of_tags == pytest.approx(2 / 3) and known.documents == {"a": [1, 0, 0]}
    nothing = Result(RUNS[1], {**RECORDS["z0"], LEARNED_NOTHING: "words"})
    assert nothing.f1_of_tags == 0.0 == nothing.f1


def test_means_are_in_points_over_seeds():
    summary = STUDY.f1(arm="baseline", corpus="c")
    values = [100 * 10 / 15, 100 * 4 / 6]
    assert summary.mean == pytest.approx(sum(values) / 2) and summary.number == 2
    assert STUDY.f1(arm="other") is None


def test_a_mean_as_text():
    assert STUDY.mean_text(None) == "–"
    assert STUDY.mean_text(Summary(12.345, None, 1)) == "12.35 (1)", "others have several seeds"
    assert STUDY.mean_text(Summary(12.0, 1.5, 3)) == "12.00 ± 1.50 (3)"
    assert STUDY.mean_text(Summary(12.0, 1.5, 3, 2)) == "12.00 ± 1.50 (3, 2 at 0)"
    two = results([run("a"), run("b", seed=1)], {})
    assert two.mean_text(Summary(12.0, None, 1)) == "12.00 (1)"
    one = results([run("a"), run("b", "transfer")], {})
    assert one.mean_text(Summary(12.0, None, 1)) == "12.00"
    assert one.mean_text(Summary(0.0, None, 1, 1)) == "0.00 (1 at 0)"
    assert one.mean_text(Summary(12.0, 1.5, 2)) == "12.00 ± 1.50 (2)"


def test_pairs_differ_in_the_arm_alone():
    def pairs(*arms, **wanted):
        return [(one.run.id, other.run.id) for one, other in STUDY.pairs(*arms, **wanted)]

    assert pairs("baseline", "transfer") == [("b0", "t0")]
    assert pairs("baseline", "transfer", corpus="d") == []
    assert pairs("baseline", "baseline") == []
    for other in (run("x", "transfer", size=5), run("x", "transfer", split=1)):
        study = results([RUNS[1], other], {"b0": record(1), "x": record(1)})
        assert study.pairs("baseline", "transfer") == []


def test_runs_that_start_from_several_sources_are_paired_by_source():
    """A step over fewer layers would be compared with those layers of another source model."""
    sources = [("a", None), ("b", 10), ("b", 20)]
    lower = [run(f"l{n}", "lower", of=of, n=size) for n, (of, size) in enumerate(sources)]
    higher = [run(f"h{n}", "higher", of=of, n=size) for n, (of, size) in enumerate(sources)]
    other = run("o", "higher", of="c")
    every = [run("base", of=None), *lower, *higher, other]
    study = results(every, {one.id: record(1) for one in every})

    def pairs(*arms):
        return [(one.run.id, other.run.id) for one, other in study.pairs(*arms)]

    assert pairs("lower", "higher")[:3] == [("l0", "h0"), ("l1", "h1"), ("l2", "h2")]
    assert len(pairs("lower", "higher")) == 4, "one that has no partner of its source has another"
    assert {one for one, _ in pairs("baseline", "higher")} == {"base"}
