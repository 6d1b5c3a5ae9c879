"""Recall by what runs were shown of a mention's text, from records made up for the purpose."""

import dataclasses

import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.evaluation.error_sets import AnnotatedPart, document_counts
from neuroner_tl.evaluation.statistics import holm
from neuroner_tl.evaluation.surface_forms import Occurrences
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.pages.table import Cell
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.mentions import MentionFiles, Shown
from neuroner_tl.studies.report import make_page, write_report
from neuroner_tl.studies.results.study_results import StudyResults

STUDY = """\
[study]
name = unseen
kind = unseen_mentions
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
{study}
[sources DISO]
silver = nowhere
[sources CHED]
silver_c = nowhere
[targets DISO]
one = nowhere
two = nowhere
[targets CHED]
three = nowhere
"""
# Eight mentions in each of four documents: what was shown of each, and who finds it.
SHOWN = {
    "seen": Shown(True, Occurrences(5, 5)),
    "known": Shown(True, Occurrences(0, 0)),
    "often": Shown(False, Occurrences(2, 1)),
    "always": Shown(False, Occurrences(3, 3)),
    "seldom": Shown(False, Occurrences(3, 1)),
    "never": Shown(False, Occurrences(3, 0)),
    "absent": Shown(False, Occurrences(0, 0)),
    "missing": Shown(False, Occurrences(0, 0)),
}
FOUND = {
    "baseline": {"seen", "known", "often", "absent"},
    "transfer": {"seen", "known", "often", "always", "seldom"},
}
TEXT = " ".join(SHOWN).upper()
DOCUMENTS = 4


def part(words, documents=range(DOCUMENTS)):
    entities = tuple(
        Entity("DISO", ((start, start + len(word)),), word.upper())
        for word in SHOWN
        for start in [TEXT.index(word.upper())]
        if word in words
    )
    if "wrong" in words:
        entities += (Entity("DISO", ((0, 10),), TEXT[:10]),)
    return AnnotatedPart.of(Document(f"d{n}", TEXT, entities) for n in documents)


@pytest.fixture
def results(tmp_path):
    def make(
        study="",
        found=lambda run: FOUND[run.arm],
        shown=lambda run: SHOWN,
        documents=lambda run: range(DOCUMENTS),
    ):
        (tmp_path / "parameters.ini").write_text("")
        path = tmp_path / "unseen.ini"
        path.write_text(STUDY.format(folder=tmp_path, study=study))
        definition = read_definition(path)
        runs = [run for run in plan_runs(definition) if not run.is_source]
        mentions = MentionFiles(tmp_path / "mentions")
        records = {}
        for run in runs:
            gold, predicted = part(SHOWN, documents(run)), part(found(run), documents(run))
            counts = document_counts(gold, predicted)
            of_type = dict(zip(("tp", "fp", "fn"), counts.sum(0).tolist()))
            records[run.id] = {
                "id": run.id,
                "key": run.key,
                "status": "finished",
                "epochs": 3,
                "seconds": 1.0,
                "versions": {},
                "scores": {"test": {"documents": {"DISO": of_type}}},
                "test_documents": dict(zip(gold.mentions, counts.tolist())),
            }
            mentions.write(run.id, gold, predicted, set())
            if run.source is not None and shown(run) is not None:
                keyed = {("DISO", text): one for text, one in shown(run).items()}
                mentions.write_shown(run.id, keyed)
        folder = StudyFolder(definition.folder)
        return StudyResults(definition, folder, runs, records, mentions)

    return make


def tables(page):
    return {table.name: table for section in page.sections for table in section.tables}


def rows(table):
    cells = [[c.text if isinstance(c, Cell) else c for c in row] for row in table.rows]
    return {row[0]: dict(zip(table.columns[1:], row[1:])) for row in cells}


def test_recall_is_that_of_each_group(results):
    found = rows(tables(make_page(results()))["unseen_mentions_DISO"])
    recalls = {
        word: (row["mentions"], row["baseline"], row["transfer"], row["missed by transfer"])
        for word, row in found.items()
    }
    # Two corpora, each of four documents.
    assert recalls == {
        "a mention in train": ("16", "100.0", "100.0", "0"),
        "unseen in train": ("48", "33.3", "50.0", "24"),
        "unseen, annotated in silver": ("16", "50.0", "100.0", "0"),
        "unseen, mostly not annotated in silver": ("16", "0.0", "50.0", "8"),
        "unseen, not in silver": ("16", "50.0", "0.0", "16"),
        "all mentions": ("64", "50.0", "62.5", "24"),
    }
    assert found["unseen, not in silver"]["gain"] == "−50.00"


def test_recall_does_not_count_what_is_found_incorrectly(results):
    usual = rows(tables(make_page(results()))["unseen_mentions_DISO"])
    made = results(found=lambda run: FOUND[run.arm] | {"wrong"})
    assert all(fp for result in made.finished for _, fp, _ in result.documents.values())
    assert rows(tables(make_page(made))["unseen_mentions_DISO"]) == usual


def test_several_seeds_are_means_and_have_a_deviation(results):
    def found(run):
        more = {"missing"} if run.arm == "transfer" and run.parameters.seed == 1 else set()
        return FOUND[run.arm] | more

    row = rows(tables(make_page(results("seeds = 0, 1", found)))["unseen_mentions_DISO"])[
        "unseen, not in silver"
    ]
    assert (row["mentions"], row["baseline"], row["transfer"]) == ("16", "50.0", "25.0")
    assert row["gain"] == "−25.00 ± 35.4" and row["missed by transfer"] == "12"


def test_documents_of_several_splits_count_once(results):
    """The test parts of two splits have two documents of four in common."""

    def documents(run):
        return range(2 * run.parameters.split_seed, 2 * run.parameters.split_seed + DOCUMENTS)

    table = tables(make_page(results("split_seeds = 0, 1", documents=documents)))
    row = rows(table["unseen_mentions_DISO"])["unseen, not in silver"]
    assert (row["mentions"], row["missed by transfer"]) == ("24", "24")
    assert (row["baseline"], row["transfer"]) == ("50.0", "0.0")


def test_a_run_without_mentions_of_a_group_has_no_recall(results):
    """Silver has every text for the second seed, as another source might."""

    def shown(run):
        if not run.parameters.seed:
            return SHOWN
        return {text: one._replace(silver=Occurrences(9, 9)) for text, one in SHOWN.items()}

    found = rows(tables(make_page(results("seeds = 0, 1", shown=shown)))["unseen_mentions_DISO"])
    row = found["unseen, not in silver"]
    assert (row["mentions"], row["missed by transfer"]) == ("8", "8")
    assert (row["baseline"], row["transfer"], row["gain"]) == ("50.0", "0.0", "−50.00")


def test_what_is_missed_is_counted_and_not_a_product_of_means(results):
    """The first seed misses 16 of 16 mentions, the second none of 8."""

    def shown(run):
        other = SHOWN["always"] if run.parameters.seed else SHOWN["absent"]
        return {**SHOWN, "absent": other}

    def found(run):
        more = {"missing"} if run.arm == "transfer" and run.parameters.seed else set()
        return FOUND[run.arm] | more

    made = results("seeds = 0, 1", found, shown)
    row = rows(tables(make_page(made))["unseen_mentions_DISO"])["unseen, not in silver"]
    assert (row["mentions"], row["transfer"], row["missed by transfer"]) == ("12", "50.0", "8")


def test_p_is_corrected_over_the_groups(results):
    """One of two corpora differs, so that the p of groups do."""

    def found(run):
        more = {"missing", "never"} if run.arm == "transfer" and run.corpus == "two" else set()
        return FOUND[run.arm] | more

    table = rows(tables(make_page(results(found=found)))["unseen_mentions_DISO"])
    raw, corrected = ([float(row[name]) for row in table.values()] for name in ("p", "p corrected"))
    assert corrected == pytest.approx(holm(raw), abs=0.001) and corrected != raw


def test_the_figure_has_the_recall_of_both_arms(results):
    (section,) = (s for s in make_page(results()).sections if s.title.endswith("DISO"))
    (axes,) = section.figures[0].draw().axes
    recalls = {
        line.get_label(): [round(float(x), 1) for x in line.get_xdata()] for line in axes.lines
    }
    assert recalls["baseline"] == [100.0, 33.3, 50.0, 0.0, 50.0, 50.0]
    assert recalls["transfer"] == [100.0, 50.0, 100.0, 50.0, 0.0, 62.5]
    first, last = axes.get_ylim()
    assert first > last  # The first group is on top.


def test_several_sources_are_runs_of_one_seed(results):
    """Each is compared with the one baseline; what was shown is that of its own corpus."""

    def shown(run):
        if run.source_documents == 1:
            return SHOWN
        return {text: one._replace(silver=Occurrences(9, 9)) for text, one in SHOWN.items()}

    made = results("source_documents = 1, 2", shown=shown)
    found = rows(tables(make_page(made))["unseen_mentions_DISO"])
    assert found["unseen, annotated in silver"]["mentions"] == "32"
    assert found["unseen, annotated in silver"]["baseline"] == "41.7"
    row = found["unseen, not in silver"]
    assert (row["mentions"], row["missed by transfer"], row["gain"]) == ("8", "8", "−50.00")


def test_the_gains_of_all_classes_stand_beside_each_other(results):
    found = rows(tables(make_page(results()))["unseen_mentions"])
    assert found["unseen, annotated in silver"] == {"DISO": "+50.00 (16)", "CHED": "+50.00 (8)"}


def test_a_group_of_some_corpora_alone_counts_once(results):
    """One of the two corpora has no text that silver does not have."""

    def shown(run):
        silver = Occurrences(9, 9)
        return {
            text: one._replace(silver=silver) if run.corpus == "two" else one
            for text, one in SHOWN.items()
        }

    found = rows(tables(make_page(results(shown=shown)))["unseen_mentions_DISO"])
    assert found["unseen, not in silver"]["mentions"] == "8"
    assert found["unseen, annotated in silver"]["mentions"] == "32"
    assert found["unseen in train"]["mentions"] == "48"
    assert found["unseen, not in silver"]["documents"] == "4"
    assert found["unseen in train"]["documents"] == "8"


def test_what_is_not_kept_is_left_out_and_named(results):
    page = make_page(results(shown=lambda run: SHOWN if run.corpus == "one" else None))
    (section,) = (s for s in page.sections if s.title.startswith("Recall"))
    assert section.text == (
        "Compared: 1 pair of runs on the test parts of one. Left out, since mentions or what was "
        "shown of them are not kept, or so that all runs are of the same corpora: 1 on two."
    )


@pytest.mark.parametrize("arm", ["baseline", "transfer"])
def test_a_pair_without_the_mentions_of_a_run_is_left_out(results, arm):
    made = results()
    (of_two,) = made.select(arm=arm, corpus="two")
    (made.mentions.folder / f"{of_two.run.id}.json.gz").unlink()
    assert rows(tables(make_page(made))["unseen_mentions_DISO"])["all mentions"]["mentions"] == "32"


def test_nothing_is_kept(results):
    page = make_page(results(shown=lambda run: None))
    (text,) = (section.text for section in page.sections if section.title == "Unseen mentions")
    assert text.startswith(
        "No corpus has finished runs of two arms of which mentions, and what was"
    )
    assert "counted by `neuroner-tl study run`" in text


def test_without_silver_there_are_seen_and_unseen(results):
    plain = {text: Shown(one.in_train, None) for text, one in SHOWN.items()}
    table = tables(make_page(results(shown=lambda run: plain)))["unseen_mentions_DISO"]
    assert list(rows(table)) == ["a mention in train", "unseen in train", "all mentions"]
    assert "source model" not in table.note.partition("Gain")[0]


@pytest.mark.parametrize("silver", [Occurrences(9, 9), Occurrences(9, 0), Occurrences(0, 0)])
def test_the_note_explains_any_group_of_silver(results, silver):
    shown = {text: one._replace(silver=silver) for text, one in SHOWN.items()}
    table = tables(make_page(results(shown=lambda run: shown)))["unseen_mentions_DISO"]
    assert len(table.rows) == 4 and "The documents that the source model" in table.note


def test_what_a_run_without_source_was_shown_does_not_stand_in_for_the_silver_corpus(results):
    """It is kept once the baseline alone was asked for; silver's groups would lack the corpus."""
    made = results(shown=lambda run: SHOWN if run.corpus == "one" else None)
    keyed = {("DISO", text): Shown(False, None) for text in SHOWN}
    for result in made.select(arm="baseline"):
        made.mentions.write_shown(result.run.id, keyed)
    found = rows(tables(make_page(made))["unseen_mentions_DISO"])
    assert found["all mentions"]["mentions"] == "32"


def test_of_two_arms_that_with_a_source_says_what_was_shown(results, tmp_path):
    arm = f"[arm plain]\nparameters_filepath = {tmp_path}/parameters.ini"
    made = results(f"arms = transfer, plain\n{arm}", lambda run: {"seen"})
    for result in made.select(arm="plain"):
        keyed = {("DISO", text): Shown(False, None) for text in SHOWN}
        made.mentions.write_shown(result.run.id, keyed)
    found = rows(tables(make_page(made))["unseen_mentions_DISO"])
    assert found["unseen, not in silver"]["mentions"] == "16"


def test_sizes_of_the_train_set_have_tables_of_their_own(results):
    def found(run):
        return set(SHOWN) if run.train_size == 20 else FOUND[run.arm]

    page = tables(make_page(results("train_sizes = 5, 20", found)))
    assert {"unseen_mentions_DISO_5pct", "unseen_mentions_CHED_20pct"} <= set(page)
    recalls = [
        rows(page[f"unseen_mentions_DISO_{size}pct"])["all mentions"]["transfer"]
        for size in (5, 20)
    ]
    assert recalls == ["62.5", "100.0"]


def test_all_runs_that_are_compared_are_of_the_same_corpora(results):
    def shown(run):
        return None if run.corpus == "two" and run.parameters.seed else SHOWN

    page = make_page(results("seeds = 0, 1", shown=shown))
    (section,) = (s for s in page.sections if s.title.endswith("DISO"))
    assert section.text.startswith("Compared: 2 pairs of runs on the test parts of one, two.")
    assert section.text.endswith("of the same corpora: 1 on one, 1 on two.")


def test_a_report_is_the_same_from_what_is_written_beside_it(results, tmp_path):
    made = results("seeds = 0, 1")
    write_report(make_page(made), made, tmp_path / "one")
    copied = dataclasses.replace(made, mentions=MentionFiles(tmp_path / "one" / "mentions"))
    write_report(make_page(copied), copied, tmp_path / "other")
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert any(path.name.startswith("forms-") for path in files)
    for path in files:
        other = tmp_path / "other" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes(), path.name
