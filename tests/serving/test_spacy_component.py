"""The component of spaCy's pipelines: entities on spaCy's tokens, with their confidence."""

import configparser
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.errors import CheckpointError, ParameterError

spacy = pytest.importorskip("spacy", reason="spaCy is an extra; pip install '.[spacy]'")

from neuroner_tl.prediction.predictor import Predictor  # noqa: E402
from neuroner_tl.serving.spacy_component import EntityComponent, make_component  # noqa: E402

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "sealed_model"
TEXTS = [
    "Gout is painful, and breast cancer-associated pain is 😀 worse.\r\nNo gout here.",
    "",
    "  ",
    "Acute kidney injury.",
]


class Fixed:
    """Finds what it is told to find: (type, start, end, probability) in every text."""

    def __init__(self, *mentions):
        self.mentions = mentions
        self.sizes = []

    def predict(self, documents):
        documents = list(documents)
        self.sizes.append(len(documents))
        for document in documents:
            entities = tuple(
                Entity(kind, ((start, end),), document.text[start:end], probability)
                for kind, start, end, probability in self.mentions
            )
            yield dataclasses.replace(document, entities=entities)


def component(*mentions, **options):
    return EntityComponent(Fixed(*mentions), **options)


def found(doc):
    return [(e.text, e.label_, e._.confidence) for e in doc.ents]


@pytest.fixture(scope="module")
def nlp():
    return spacy.blank("en")


def test_a_pipeline_finds_what_the_model_finds(eagerly, nlp, tmp_path):
    expected = list(Predictor(GOLDEN).predict(Document("a", text) for text in TEXTS))
    assert sum(len(document.entities) for document in expected) > 2
    pipeline = spacy.blank("en")
    pipeline.add_pipe("neuroner_tl", config={"model": str(GOLDEN)})
    for doc, document in zip(pipeline.pipe(TEXTS), expected):
        assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [
            (e.start, e.end, e.type) for e in document.entities
        ]
        for span, entity in zip(doc.ents, document.entities):
            assert span._.confidence == pytest.approx(entity.probability, abs=1e-5)
    assert found(pipeline(TEXTS[0])) == found(next(pipeline.pipe(TEXTS)))
    # A pipeline that is saved names its model, and has its component again when it is loaded.
    pipeline.to_disk(tmp_path)
    assert len(spacy.load(tmp_path)(TEXTS[0]).ents) == len(expected[0].entities)


@pytest.mark.parametrize(
    ("alignment", "inside", "across"),
    [("expand", ["xgouty"], ["xgouty pain"]), ("contract", [], ["pain"]), ("strict", [], [])],
)
def test_a_boundary_inside_a_token(nlp, alignment, inside, across):
    for mention, expected in ((("A", 0, 3, 0.5), inside), (("A", 3, 11, 0.5), across)):
        doc = component(mention, alignment=alignment)(nlp.make_doc("xgouty pain"))
        assert [ent.text for ent in doc.ents] == expected


def test_of_mentions_that_share_a_token_the_most_probable_stays(nlp):
    doc = nlp.make_doc("xgouty pain")
    tagger = component(("A", 0, 3, 0.4), ("B", 3, 6, 0.6), ("C", 7, 11, 0.1))
    assert found(tagger(doc)) == [("xgouty", "B", 0.6), ("pain", "C", 0.1)]


@pytest.mark.parametrize(
    ("overwrite", "expected"),
    [
        (False, [("gouty pain", "EARLIER", None), ("leg", "B", 0.5)]),
        (True, [("pain", "A", 0.9), ("leg", "B", 0.5)]),
    ],
)
def test_entities_of_earlier_components(nlp, overwrite, expected):
    doc = nlp.make_doc("gouty pain of the leg")
    doc.ents = [doc.char_span(0, 10, "EARLIER")]
    tagger = component(("A", 6, 10, 0.9), ("B", 18, 21, 0.5), overwrite_ents=overwrite)
    assert found(tagger(doc)) == expected


def test_batches(nlp):
    tagger = component()
    docs = (nlp.make_doc(str(number)) for number in range(7))
    assert [doc.text for doc in tagger.pipe(docs, batch_size=3)] == [*"0123456"]
    assert tagger._tagger.sizes == [3, 3, 1]


def test_errors_are_the_pipelines_choice(nlp):
    tagger = component(("A", 0, 3, 0.4))
    tagger._tagger.predict = lambda documents: iter([1 / 0])
    docs = [nlp.make_doc("gout")]
    with pytest.raises(ZeroDivisionError):
        list(tagger.pipe(docs))
    seen = []
    tagger.set_error_handler(lambda name, proc, docs, error: seen.append((name, len(docs))))
    assert list(tagger.pipe(docs)) == [] and seen == [("neuroner_tl", 1)]


def test_a_fork_is_refused(nlp, monkeypatch):
    tagger = component()
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(ParameterError, match="n_process=1"):
        tagger(nlp.make_doc("gout"))


def test_options_that_cannot_be_used(tmp_path):
    with pytest.raises(ParameterError, match="alignment: found 'wide'"):
        component(alignment="wide")
    with pytest.raises(CheckpointError, match="manifest"):
        spacy.blank("en").add_pipe("neuroner_tl", config={"model": str(tmp_path)})


def test_the_entry_point():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    (line,) = config["options.entry_points"]["spacy_factories"].strip().splitlines()
    name, _, target = line.partition(" = ")
    assert name == "neuroner_tl"
    assert target == f"{make_component.__module__}:{make_component.__name__}"


def test_pipelines_without_the_component_load_no_tensorflow():
    """spaCy imports the module of every entry point, whatever the pipeline."""
    code = "import sys, neuroner_tl.serving.spacy_component; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
