"""New text in a stream: whatever comes together, each document gets its own entities, in order."""

from neuroner_tl.corpora.document import Document
from neuroner_tl.prediction import predictor as predictor_module
from neuroner_tl.prediction.predictor import Predictor


def test_many_documents_stream_through_compiled_programs(source_run, corpora, monkeypatch):
    texts = [path.read_text("utf-8") for path in sorted((corpora.gold / "test").glob("*.txt"))]
    documents = [Document(f"d{n}", text) for n, text in enumerate(texts[:3] * 2 + ["", "one"])]
    plain = Predictor(source_run.folder.model)
    expected = [plain.predict_text(document.text) for document in documents]
    assert any(expected)
    monkeypatch.setattr(predictor_module, "DOCUMENTS_AT_ONCE", 3)
    taken = []

    def stream():
        for document in documents:
            taken.append(document.id)
            yield document

    streaming = Predictor(source_run.folder.model)
    found = streaming.predict(stream())
    first = next(found)
    assert first.id == "d0" and len(taken) == 3
    rest = list(found)
    assert streaming._compiled and not plain._compiled
    assert [d.id for d in rest] == [d.id for d in documents[1:]]
    assert [list(d.entities) for d in [first, *rest]] == expected
