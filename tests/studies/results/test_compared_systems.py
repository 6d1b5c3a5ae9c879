"""Two systems from folders of their predictions, on texts made for the purpose."""

import numpy as np
import pytest

from neuroner_tl.evaluation.error_sets import Mention
from neuroner_tl.studies.definition.definition import Predictions
from neuroner_tl.studies.results.compared_systems import systems_from_folders

TEXTS = {"a": "Mumps and measles.", "b": "No mumps."}
GOLD = {"a": [(0, 5), (10, 17)], "b": [(3, 8)]}
FIRST = {"a": [(0, 5)], "b": []}
OTHER = {"a": [(0, 5), (10, 17)], "b": [(0, 2)]}


def write(folder, annotations):
    folder.mkdir(parents=True)
    for name, spans in annotations.items():
        text = TEXTS[name]
        lines = [f"T{i}\tDISO {s} {e}\t{text[s:e]}\n" for i, (s, e) in enumerate(spans, 1)]
        (folder / f"{name}.txt").write_text(text, "utf-8")
        (folder / f"{name}.ann").write_text("".join(lines), "utf-8")
    return folder


@pytest.fixture
def folders(tmp_path):
    return {
        name: write(tmp_path / "deep" / place, annotations)
        for name, place, annotations in (
            ("gold", "corpus/test", GOLD),
            ("first", "systems/one", FIRST),
            ("other", "systems/two", OTHER),
            ("train", "corpus/train", {"b": [(3, 8)]}),
        )
    }


def compared(folders, train=None):
    systems = {"baseline": folders["first"], "transfer": folders["other"]}
    return systems_from_folders(Predictions(folders["gold"], train, systems))


def test_counts_of_each_system_by_document(folders):
    found = compared(folders)
    assert found.names == ("baseline", "transfer")
    first, other, splits = found.counts
    np.testing.assert_array_equal(first, [[[1, 0, 1], [0, 0, 1]]])
    np.testing.assert_array_equal(other, [[[2, 0, 0], [0, 1, 1]]])
    assert splits == (0,)
    assert not found.averaged


def test_mentions_of_gold_and_of_each_system(folders):
    (comparison,) = compared(folders).comparisons
    assert comparison.weight == 1 and comparison.seen is None
    first, second = (Mention("a", "DISO", (span,)) for span in ((0, 5), (10, 17)))
    assert comparison.gold.all == {first, second, Mention("b", "DISO", ((3, 8),))}
    one, other = comparison.predicted
    assert one.all == {first}
    assert other.all == {first, second, Mention("b", "DISO", ((0, 2),))}


def test_what_was_compared_is_said_by_the_last_two_names_of_folders(folders):
    assert compared(folders).what == (
        "predictions in systems/one and systems/two against corpus/test"
    )


def test_what_the_train_part_has_is_seen_by_both(folders):
    (comparison,) = compared(folders, folders["train"]).comparisons
    assert comparison.seen == ({("DISO", "mumps")}, {("DISO", "mumps")})
