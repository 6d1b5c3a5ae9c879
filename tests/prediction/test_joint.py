"""Several models in one pass: texts are cut once, and mentions that overlap are decided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import ParameterError
from neuroner_tl.prediction import predictor as predictor_module
from neuroner_tl.prediction.joint import JointPredictor, without_overlaps
from neuroner_tl.prediction.predictor import Predictor

entities = st.tuples(
    st.sampled_from("AB"), st.integers(0, 12), st.integers(1, 5), st.sampled_from([0.1, 0.5, 0.9])
).map(lambda t: Entity(t[0], ((t[1], t[1] + t[2]),), "x" * t[2], t[3]))


@given(st.lists(entities, max_size=8))
def test_the_most_probable_is_kept(found):
    kept = without_overlaps(found)
    assert list(kept) == sorted(kept, key=lambda e: e.start)
    assert all(a.end <= b.start for a, b in zip(kept, kept[1:]))
    # One by one, in the order of the rule.
    expected = []
    for entity in sorted(found, key=lambda e: (-e.probability, e.start - e.end)):
        if all(entity.end <= other.start or other.end <= entity.start for other in expected):
            expected.append(entity)
    assert list(kept) == sorted(expected, key=lambda e: e.start)


def test_of_equally_probable_ones_the_longest_then_the_first():
    short, long = (Entity(kind, ((0, n),), "x" * n, 0.5) for kind, n in (("A", 2), ("B", 4)))
    other = Entity("C", ((1, 5),), "xxxx", 0.5)
    assert without_overlaps([short, long, other]) == (long,)
    assert without_overlaps([short, other, long]) == (other,)


@pytest.fixture(scope="module")
def documents(corpora):
    return list(iterate_brat_folder(corpora.gold / "test", ImportReport()))


def test_models_tag_in_one_pass(source_run, documents, monkeypatch):
    """The same model twice finds what it finds alone, and the texts are cut once."""
    predictors = [Predictor(source_run.folder.model) for _ in range(2)]
    alone = list(predictors[0].predict(documents))
    cut = []
    tag_document = predictor_module.tag_document
    monkeypatch.setattr(
        predictor_module,
        "tag_document",
        lambda d, *a, **k: cut.append(d) or tag_document(d, *a, **k),
    )
    together = list(JointPredictor(predictors).predict(documents))
    assert together == alone and any(d.entities for d in together)
    assert len(cut) == len(documents)


def test_min_confidence(source_run, documents):
    predictor = Predictor(source_run.folder.model)
    found = [
        e.probability for d in JointPredictor([predictor]).predict(documents) for e in d.entities
    ]
    bound = sorted(found)[len(found) // 2]
    some = JointPredictor([predictor], bound).predict(documents)
    kept = [e.probability for d in some for e in d.entities]
    assert kept == pytest.approx([p for p in found if p >= bound]) and len(kept) < len(found)


def test_refused(source_run):
    with pytest.raises(ParameterError, match="no model"):
        JointPredictor([])
    with pytest.raises(ParameterError, match="min_confidence: found 1.5"):
        JointPredictor([Predictor(source_run.folder.model)], 1.5)
    assert list(JointPredictor([Predictor(source_run.folder.model)]).predict([])) == []
    assert Document("a", "") == next(
        JointPredictor([Predictor(source_run.folder.model)]).predict([Document("a", "")])
    )
