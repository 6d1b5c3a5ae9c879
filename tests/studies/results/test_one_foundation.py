"""All kinds of tables say the same of the same runs, and say what it is."""

import dataclasses
import re

import numpy as np
import pytest
from matplotlib.colors import to_hex

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.evaluation.error_sets import AnnotatedPart, document_counts
from neuroner_tl.evaluation.statistics import summarise
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.kinds import gain_by_size
from neuroner_tl.studies.pages.figures import COLOURS, NEUTRAL
from neuroner_tl.studies.pages.table import Cell
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.matching import match_records
from neuroner_tl.studies.records.mentions import MentionFiles
from neuroner_tl.studies.report import make_page, write_report
from neuroner_tl.studies.results.comparisons import compare
from neuroner_tl.studies.results.gains import mean_gain, paired_counts
from neuroner_tl.studies.results.study_results import StudyResults

STUDY = """\
[study]
name = same
kind = {kind}
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
{study}
[sources DISO]
silver = nowhere
[targets DISO]
gold = nowhere
{more}
"""
WORDS = [f"word{number}" for number in range(12)]
TEXT = " ".join(WORDS)
DOCUMENTS = 10


def part(chosen):
    """Documents with these words as mentions."""
    return AnnotatedPart.of(
        Document(
            f"d{number}",
            TEXT,
            tuple(
                Entity("DISO", ((TEXT.index(word), TEXT.index(word) + len(word)),), word)
                for word in sorted({WORDS[i] for i in words})
            ),
        )
        for number, words in enumerate(chosen)
    )


GOLD = part([range(6)] * DOCUMENTS)


def predicted(run):
    """Transfer finds more, in most of the documents and not the same in all runs."""
    generator = np.random.default_rng([run.parameters.seed, run.parameters.split_seed])
    right = 0.75 if run.arm == "transfer" else 0.6
    if run.parameters.seed == 9:
        right = 0.0
    words = [
        [i for i in range(12) if generator.random() < (right if i < 6 else 0.08 * (right > 0))]
        for _ in range(DOCUMENTS)
    ]
    return part(words)


def record(run, found):
    counts = document_counts(GOLD, found)
    of_type = dict(zip(("tp", "fp", "fn"), counts.sum(0).tolist()))
    tags = {**of_type, "fn": of_type["fn"] - 3 if run.arm != "source" else of_type["fn"]}
    return {
        "id": run.id,
        "key": run.key,
        "content": {},
        "status": "finished",
        "epochs": 2,
        "seconds": 9.0,
        "valid_f1": 0.5,
        "annotations": {"train": 40, "test": 60},
        "scores": {"test": {"documents": {"DISO": of_type}, "tags": {"DISO": tags}}},
        "test_documents": {f"d{i}": row.tolist() for i, row in enumerate(counts)},
        "versions": {"neuroner_tl": "9.9.9"},
    }


@pytest.fixture
def results_of(tmp_path):
    def make(kind, study, more="", keep=lambda run: True):
        (tmp_path / "parameters.ini").write_text("")
        path = tmp_path / f"{kind}.ini"
        path.write_text(STUDY.format(kind=kind, folder=tmp_path, study=study, more=more))
        definition = read_definition(path)
        runs = [run for run in plan_runs(definition)]
        mentions = MentionFiles(tmp_path / "mentions")
        records = {}
        for run in filter(keep, runs):
            found = predicted(run)
            records[run.id] = record(run, found)
            mentions.write(run.id, GOLD, found, {("DISO", "word1")})
        folder = StudyFolder(definition.folder)
        return StudyResults(definition, folder, runs, records, mentions)

    return make


def tables(results):
    return {t.name: t for section in make_page(results).sections for t in section.tables}


def rows(table):
    return [[c.text if isinstance(c, Cell) else c for c in row] for row in table.rows]


def of_overlap(results):
    """Documents, gain with its deviation, interval and p as error_overlap has them."""
    table = tables(results)["scores_DISO"]
    gain, interval, p = re.search(
        r"Gain in F1 (.*?), 95 % interval (.*?), p = (\S+)\. ", table.note
    ).groups()
    (documents,) = re.findall(r"on (\d+) documents", table.title)
    return documents, gain, interval, p


def of_corpus(results):
    row = dict(zip(tables(results)["by_corpus"].columns, rows(tables(results)["by_corpus"])[1]))
    return row["F1 gain"], row["95 % interval"], row["p"]


def of_curve(results):
    (row,) = rows(tables(results)["gain_by_train_size"])
    return (row[1], *row[3:6])


@pytest.mark.parametrize("study", ["seeds = 0, 1, 2", "split_seeds = 0, 1, 2", "seeds = 5"])
def test_every_kind_counts_a_document_once_and_finds_the_same_p(results_of, study):
    size = f"{study}\ntrain_sizes = 10"
    documents, *rest = of_overlap(results_of("error_overlap", size))
    assert documents == "10"
    assert tuple(rest) == of_corpus(results_of("transfer_table", size))
    assert of_curve(results_of("learning_curve", size)) == ("10", *rest)


def test_the_gain_is_that_of_the_means_beside_it(results_of):
    results = results_of("transfer_table", "seeds = 0, 1, 2")
    first, second = rows(tables(results)["by_corpus"])
    one, other = (float(row[5].split(" ")[0]) for row in (first, second))
    assert float(second[7].split(" ")[0]) == pytest.approx(other - one, abs=0.011)
    overlap = rows(tables(results_of("error_overlap", "seeds = 0, 1, 2"))["scores_DISO"])
    assert [row[6] for row in overlap] == [f"{one:.2f}", f"{other:.2f}"]


def test_mentions_of_several_runs_are_means(results_of):
    results = results_of("error_overlap", "seeds = 0, 1, 2")
    found = tables(results)
    tp, fp, fn = (float(x) for x in rows(found["scores_DISO"])[0][1:4])
    pairs = results.pairs("baseline", "transfer")
    counts = paired_counts(pairs).first.sum(1).mean(0)
    assert (tp, fp, fn) == pytest.approx(tuple(counts), abs=0.051)
    assert tp + fn == pytest.approx(6 * DOCUMENTS, abs=0.11)
    overlap = {row[0]: row for row in rows(found["overlap_DISO"])}
    only, both, _, _ = (float(x) for x in overlap["true positives"][1:])
    assert only + both == pytest.approx(tp, abs=0.11)
    kinds = [float(row[2]) for row in rows(found["error_kinds_DISO"]) if row[0][6] == "n"]
    assert sum(kinds) == pytest.approx(fn, abs=0.3)
    assert all("means over the pairs of runs" in found[n].note for n in ("overlap_DISO",))


def test_runs_that_are_added_up_over_corpora_are_of_the_same_corpora(results_of):
    """F1 of a seed on both corpora and of two on one of them have no common mean."""
    results = results_of(
        "error_overlap",
        "seeds = 0, 1, 2",
        "second = nowhere",
        keep=lambda run: run.corpus == "gold" or run.parameters.seed == 0,
    )
    section = make_page(results).sections[0]
    table = section.tables[0]
    assert f"on {2 * DOCUMENTS} documents" in table.title
    assert "With one run per arm" in table.note
    for _, *cells in rows(table):
        tp, fp, fn, *rates = map(float, cells)
        assert rates[2] == pytest.approx(200 * tp / (2 * tp + fp + fn), abs=0.0051)
    assert section.text == (
        "Compared: 2 pairs of runs on the test parts of gold, second. Left out, so that all runs "
        "are of the same corpora: 2 pairs of runs on gold."
    )


def test_sizes_of_the_train_set_are_not_averaged(results_of):
    found = tables(results_of("transfer_table", "train_sizes = 5, 20"))
    assert {"by_corpus_5pct", "by_corpus_20pct", "by_class_5pct"} <= set(found)
    assert "Train size: 5 % of the corpus's documents." in found["by_corpus_5pct"].note
    assert rows(found["by_corpus_5pct"])[0][1] == "1"
    found = tables(results_of("error_overlap", "train_sizes = 5, 20"))
    note = found["scores_DISO_5pct"].note
    assert "p is not corrected for the 2 comparisons of this report" in note


def test_a_run_that_scores_zero_counts_and_is_marked(results_of):
    results = results_of("transfer_table", "seeds = 0, 9")
    page = make_page(results)
    assert "2 scored 0 and count with that" in page.lead
    found = {t.name: t for section in page.sections for t in section.tables}
    by_corpus = rows(found["by_corpus"])
    assert by_corpus[0][1] == by_corpus[1][1] == "2 (1 at 0)"
    one = 100 * results.select(arm="baseline", corpus="gold")[0].f1
    assert by_corpus[0][5].startswith(f"{one / 2:.2f} ± ")
    results = results_of("learning_curve", "seeds = 0, 9\ntrain_sizes = 10")
    curve = rows(tables(results)["learning_curves"])
    assert curve[0][2].endswith("(2, 1 at 0)")
    assert "Scored 0: gold-baseline-seed9" in page.sections[-1].text


def test_cells_show_how_many_runs_they_are_means_of(results_of):
    results = results_of(
        "learning_curve",
        "seeds = 0, 1, 2\ntrain_sizes = 10",
        keep=lambda run: run.arm != "transfer" or run.parameters.seed == 1,
    )
    (row,) = rows(tables(results)["learning_curves"])
    assert row[2].endswith("(3)") and row[3].endswith("(1)") and "±" not in row[3]


STUDIES = {
    "transfer_table": "seeds = 0, 1",
    "learning_curve": "seeds = 0, 1\ntrain_sizes = 10, 20",
    "gain_by_size": "seeds = 0, 1",
    "error_overlap": "seeds = 0, 1",
    "layer_ablation": "arms = cumulative, single, all_but_one\nseeds = 0",
    "source_size": "source_documents = 5, 9",
    "source_noise": "seeds = 0, 1",
}


@pytest.mark.parametrize("kind", STUDIES)
def test_every_table_names_its_measure_and_whether_p_is_corrected(results_of, kind):
    found = tables(results_of(kind, STUDIES[kind], "other = nowhere\n"))
    assert len(found) > 1
    for name, table in found.items():
        assert "{" not in table.note, name
        if name != "runs":
            assert "against all gold annotations of the documents" in table.note, name
        if "p" in table.columns or " p = " in table.note:
            said = r"p is not corrected(, p corrected is, by Holm|: it is| for the \d+ comp)"
            assert re.search(said, table.note), name
        if any("95 %" in heading for heading in table.columns):
            over = ("standard error over test documents", "t statistic over corpora")
            assert any(words in table.note for words in over), name


def test_the_other_measure_stands_beside_the_headline(results_of):
    results = results_of("transfer_table", "seeds = 0")
    table = tables(results)["by_corpus"]
    place = table.columns.index("F1 of those that tags can represent")
    for row, arm in zip(rows(table), ("baseline", "transfer")):
        (result,) = results.select(arm=arm)
        tp, fp, fn = np.sum(list(result.documents.values()), axis=0)
        assert row[place] == f"{100 * 2 * tp / (2 * tp + fp + fn - 3):.2f}"
        assert row[place - 1] == f"{100 * 2 * tp / (2 * tp + fp + fn):.2f}"


def test_one_seed_cannot_show_the_effect_of_seeds(results_of):
    note = tables(results_of("transfer_table", "seeds = 0"))["by_corpus"].note
    assert "the effect of the seed cannot be estimated from one" in note
    note = tables(results_of("transfer_table", "seeds = 0, 1"))["by_corpus"].note
    assert "standard error over test documents and seeds" in note and "cannot be told" not in note
    note = tables(results_of("transfer_table", "split_seeds = 0, 1"))["by_corpus"].note
    assert "standard error over test documents, splits and seeds" in note


def test_medians_have_the_colour_of_no_class(results_of, monkeypatch):
    more = "".join(f"gold{number} = nowhere\n" for number in range(4))
    results = results_of("gain_by_size", "seeds = 0", more)
    (figure,) = (f for section in make_page(results).sections for f in section.figures)
    (axes,) = figure.draw().axes
    flat = [
        line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"
    ]
    colours = {to_hex(line.get_color()).upper() for line in flat}
    assert len(flat) > 4 and colours == {NEUTRAL} and NEUTRAL not in COLOURS


def test_a_report_is_the_same_from_what_is_written_beside_it(results_of, tmp_path):
    results = results_of("error_overlap", "seeds = 0, 1, 2")
    write_report(make_page(results), results, tmp_path / "one")
    copied = dataclasses.replace(results, mentions=MentionFiles(tmp_path / "one" / "mentions"))
    write_report(make_page(copied), copied, tmp_path / "other")
    files = [p for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert len(files) > 14
    for path in files:
        other = tmp_path / "other" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes(), path.name


def test_missing_parts_are_named_and_files_of_earlier_reports_removed(results_of, tmp_path):
    results = results_of("error_overlap", "seeds = 0, 1, 2")
    write_report(make_page(results), results, tmp_path / "report")
    kept = tmp_path / "report" / "tables" / "notes.txt"
    kept.write_text("mine")
    empty = dataclasses.replace(results, mentions=MentionFiles(tmp_path / "none"))
    for record in empty.records.values():
        del record["test_documents"]
    page = make_page(empty)
    write_report(page, empty, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    assert "No mentions are kept of 3 of 3 pairs of runs on gold" in text
    assert "the store has no counts by document of these runs" in text
    names = {p.name for p in (tmp_path / "report" / "tables").iterdir()}
    assert names == {"runs.csv", "runs.tex", "notes.txt"}
    assert not list((tmp_path / "report" / "figures").glob("*.png"))
    table = tables(results_of("transfer_table", "seeds = 0"))["by_corpus"]
    assert "No interval" not in table.note


def test_several_source_models_are_named_and_each_has_a_row(results_of):
    results = results_of("transfer_table", "seeds = 0, 1\nsource_documents = 5, 9")
    page = make_page(results)
    assert "Arms with transfer are means over all source models of a class (DISO)" in page.lead
    pairs = results.pairs("baseline", "transfer")
    assert len(pairs) == 4 and paired_counts(pairs).first.shape == (4, 10, 3)
    assert "means over all source" not in make_page(results_of("source_size", "seeds = 0, 1")).lead
    # Two seeds, two sources each: the baseline has two runs, each in two pairs.
    (comparison,) = compare(results, None)
    assert [len(comparison.runs(side)) for side in (0, 1)] == [2, 4]
    baselines = [100 * result.f1 for result in results.select(arm="baseline")]
    assert comparison.summary(0, "f1") == summarise(baselines)
    for name in ("by_corpus", "by_class"):
        table = tables(results)[name]
        column = table.columns.index("runs")
        assert [row[column] for row in table.rows] == ["2", "4"], name


def test_a_run_of_zero_counts_once_however_many_pairs_have_it(results_of):
    results = results_of("gain_by_size", "seeds = 0, 1\nsource_documents = 5, 9")
    (zero,) = results.select(arm="baseline")[:1]
    zero.record["scores"]["test"] = {"documents": {"X": {"tp": 0, "fp": 0, "fn": 9}}}
    (gain,) = gain_by_size.gains_of(results)
    assert (gain.runs, gain.zeros) == (4, 1)


def test_splits_count_equally(results_of):
    results = results_of("transfer_table", "split_seeds = 0, 1\nseeds = 0, 1")
    pairs = [
        (one, other)
        for one, other in results.pairs("baseline", "transfer")
        if (one.run.parameters.seed, one.run.parameters.split_seed) != (1, 1)
    ]
    gains = {
        (one.run.parameters.split_seed, one.run.parameters.seed): 100 * (other.f1 - one.f1)
        for one, other in pairs
    }
    expected = ((gains[0, 0] + gains[0, 1]) / 2 + gains[1, 0]) / 2
    assert mean_gain(pairs) == pytest.approx(expected)


def test_runs_are_found_without_their_corpora(results_of):
    """Records of runs whose corpora were read, in a place where they are not."""
    results = results_of("transfer_table", "seeds = 0")
    moved = {}
    for run in results.runs:
        moved[f"{run.id}x"] = {**results.records[run.id], "id": f"{run.id}x"}
    runs, notes = match_records(results.runs, {**moved}, any_content=True)
    assert [run.id for run in runs] == list(moved)


def test_the_caption_of_a_diagram_names_the_runs_that_it_leaves_out(results_of, tmp_path):
    results = results_of("error_overlap", "seeds = 0", "second = nowhere")
    for path in (tmp_path / "mentions").glob("second-*"):
        path.unlink()
    (figure,) = (f for section in make_page(results).sections for f in section.figures)
    assert figure.caption.endswith(
        "Compared: 2 pairs of runs on the test parts of gold, second. No mentions are kept of 1 of "
        "1 pair of runs on second: they are left out of diagrams, kinds and examples of errors."
    )


@pytest.mark.parametrize("kind", ["source_size", "source_noise"])
def test_a_caption_speaks_of_a_band_only_where_one_is_drawn(results_of, kind):
    for study, drawn in (("seeds = 0", False), ("seeds = 0, 1", True)):
        page = make_page(results_of(kind, f"{study}\nsource_documents = 5, 9"))
        (figure,) = (figure for section in page.sections for figure in section.figures)
        assert ("grey band" in figure.caption) == drawn
        assert "Horizontal lines: training from scratch, in the dashes of its" in figure.caption


@pytest.mark.parametrize(
    "study, words",
    [
        ("seeds = 0", "One seed."),
        ("seeds = 0, 1, 2", "Mean and standard deviation of 3 seeds."),
        ("seeds = 0\nsplit_seeds = 0, 1", "Mean and standard deviation over runs: 2 splits."),
        (
            "seeds = 0, 1\nsplit_seeds = 0, 1, 2\nsource_documents = 5, 9",
            "Mean and standard deviation over runs: 2 source models, 3 splits, 2 seeds.",
        ),
    ],
)
def test_tables_of_layers_say_what_they_are_means_over(results_of, study, words):
    found = tables(results_of("layer_ablation", f"arms = cumulative\n{study}"))
    assert f"documents. {words} Gain: over" in found["layer_ablation_gold"].note
