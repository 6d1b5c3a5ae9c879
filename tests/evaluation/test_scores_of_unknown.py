"""Predictions in unknown regions of a scored part are neither right nor wrong."""

from dataclasses import replace

import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.evaluation.brat_folders import evaluate_folders, read_folder_pair
from neuroner_tl.evaluation.scoring import Counts, score_documents, score_tags
from neuroner_tl.evaluation.unknown import scored_prediction

TEXT = "Severe hereditary asthma and breast cancer; flu."


def entity(says, certain=True, kind="DISO"):
    start = TEXT.index(says)
    return Entity(kind, ((start, start + len(says)),), says, certain=certain)


GOLD = Document(
    "d", TEXT, (entity("asthma"), entity("hereditary asthma", False), entity("cancer", False))
)


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        ((), Counts(0, 0, 1)),
        ((entity("asthma"),), Counts(1, 0, 0)),  # a mention, though within a region
        ((entity("hereditary asthma"),), Counts(0, 0, 1)),
        ((entity("asthma", kind="GENE"),), Counts(0, 0, 1)),
        ((entity("breast cancer"), entity("asthma")), Counts(1, 0, 0)),
        ((entity("breast"), entity("asthma")), Counts(1, 1, 0)),
        ((entity("and "), entity("Severe "), entity("; flu")), Counts(0, 3, 1)),
        ((Entity("DISO", ((0, 6), (30, 37)), "x"),), Counts(0, 0, 1)),
    ],
)
def test_documents(found, counts):
    predicted = Document("d", TEXT, found)
    scored = score_documents([(GOLD, predicted)])
    assert scored.scores.micro == scored.per_document["d"] == counts
    if not found:
        assert scored_prediction(GOLD, predicted) == predicted


def test_regions_that_overlap_are_one_stretch():
    places = [(0, 1), (5, 20), (7, 9), (25, 28), (26, 27)]
    regions = tuple(Entity("A", (place,), "", certain=False) for place in places)
    gold = Document("d", TEXT, regions)
    found = tuple(Entity("DISO", ((start, start + 1),), "x") for start in range(30))
    kept = scored_prediction(gold, Document("d", TEXT, found)).entities
    assert [e.start for e in kept] == [*range(1, 5), *range(20, 25), 28, 29]


@pytest.mark.parametrize(
    ("mode", "counts", "correct"),
    [
        ("conll", Counts(1, 1, 0), 3),
        ("bio", Counts(2, 2, 0), 3),
        ("token", Counts(2, 2, 0), 3),
        ("binary", Counts(2, 2, 0), 3),
    ],
)
def test_tags(mode, counts, correct):
    """The second entity reaches into an unknown token: left out as one, counted by its tokens."""
    gold = [["B-X", "I-X", "O", "O"], ["O", "O", "O"]]
    predicted = [["B-X", "I-X", "B-X", "I-X"], ["B-Y", "B-X", "O"]]
    scores = score_tags(gold, predicted, mode, [[3], [1]])
    assert scores.micro == counts
    assert (scores.tokens, scores.correct_tokens) == (5, correct)
    assert score_tags(gold, predicted, mode, [[], []]) == score_tags(gold, predicted, mode)


def test_only_unknown_tokens_of_a_type_leave_no_row():
    scores = score_tags([["O"]], [["B-X"]], "token", [[0]])
    assert scores.per_type == {} and scores.tokens == 0


def test_folders(tmp_path):
    found = (entity("asthma"), entity("breast cancer"), entity("flu"))
    write_brat_parts(tmp_path / "gold", {"": [GOLD]})
    write_brat_parts(tmp_path / "system", {"": [replace(GOLD, entities=found, unknown=())]})
    outcome = evaluate_folders(tmp_path / "gold", tmp_path / "system", on_tags=True)
    assert outcome.scores.micro == outcome.taggable.micro == Counts(1, 1, 0)
    assert outcome.on_tags.micro == Counts(1, 1, 0)
    assert outcome.on_tags.tokens == 9 - 2
    (gold,), (system,) = read_folder_pair(tmp_path / "gold", tmp_path / "system")
    assert [e.text for e in system.entities] == ["asthma", "flu"]
    assert [e.text for e in gold.entities] == ["asthma"]


def test_regions_of_a_prediction_shield_nothing(tmp_path):
    """Also where the gold standard lacks the document."""
    write_brat_parts(tmp_path / "gold", {"": [replace(GOLD, id="other")]})
    found = (entity("asthma"), entity("hereditary asthma", False))
    write_brat_parts(tmp_path / "system", {"": [Document("d", TEXT, found)]})
    outcome = evaluate_folders(tmp_path / "gold", tmp_path / "system", documents="all")
    assert outcome.scores.micro == Counts(0, 1, 1)
