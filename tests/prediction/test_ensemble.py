"""Models whose scores are averaged: what is found is exact under the averaged CRF."""

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.corpora.text.tags import tags_to_spans
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.dataset.vocabulary import Vocabulary, labels_of_types
from neuroner_tl.errors import ParameterError
from neuroner_tl.model.entity_lstm import Architecture, initial_weights
from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.evaluation import evaluate_model
from neuroner_tl.training.checkpoint import SavedModel

TEXT = "Acute gout\nis unheard of"
SMALL = Architecture(3, 4, 5, 2, 3)
IDENTITY = TextIdentity("alnum", get_tokenizer("alnum").identity, "rules-1", "en", "bio")


def model_of(seed, words=("gout", "is"), types=("DISO",), text=IDENTITY, name="", **changes):
    vocabulary = Vocabulary(
        ("<UNK>", *words), ("", "<UNK>", *"goutis"), labels_of_types(types, "bio")
    )
    architecture = dataclasses.replace(SMALL, labels=len(vocabulary.labels), **changes)
    drawn = initial_weights(architecture, len(vocabulary.tokens), 8, seed)
    rng = np.random.default_rng(seed)
    weights = {
        layer: {n: v + 0.7 * rng.normal(size=v.shape) for n, v in named.items()}
        for layer, named in drawn.items()
    }
    return SavedModel(Path(name or f"m{seed}"), architecture, weights, vocabulary, text)


def exact(ensemble, sentence_scores, crf, temperature):
    """The best tagging and the probability of each mention, over all taggings."""
    labels = ensemble.vocabulary.labels
    length = len(sentence_scores)
    totals = {}
    for path in itertools.product(range(len(labels)), repeat=length):
        total = sum(sentence_scores[i, label] for i, label in enumerate(path))
        if crf:
            total += crf["start"][path[0]] + crf["end"][path[-1]]
            total += sum(crf["transitions"][a, b] for a, b in zip(path, path[1:]))
        totals[path] = total / temperature
    norm = np.logaddexp.reduce(list(totals.values()))
    best = max(totals, key=totals.get)
    probabilities = {}
    for path, total in totals.items():
        for span in tags_to_spans([labels[label] for label in path]):
            probabilities[span] = probabilities.get(span, 0) + np.exp(total - norm)
    return {s: probabilities[s] for s in tags_to_spans([labels[label] for label in best])}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("use_crf", [True, False])
def test_probabilities_are_those_of_the_averaged_crf(use_crf):
    """Members may differ in vocabulary and architecture."""
    models = [
        model_of(1, use_crf=use_crf),
        model_of(2, words=("of", "gout", "acute"), use_crf=use_crf, token_hidden=4),
        model_of(4, use_crf=use_crf, token_dimension=3, token_linear=2, use_character_lstm=False),
    ]
    members = [Predictor(model, temperature=t) for model, t in zip(models, (1.0, 2.0, 4.0))]
    ensemble = EnsemblePredictor(members)
    assert ensemble.temperature == pytest.approx(2.0)
    assert ensemble.types == ("DISO",)
    documents = [Document("a", TEXT), Document("b", ""), Document("c", "gout")]
    found = list(ensemble.predict(documents))
    assert not found[1].entities
    number = 0
    for document, predicted in zip(documents, found):
        for sentence in ensemble.cut([document])[0].sentences:
            one = dataclasses.replace(ensemble.cut([document])[0], sentences=(sentence,))
            scores = np.mean([member.score([one])[1] for member in members], axis=0)
            crf = {
                name: np.mean([m.weights["crf"][name] for m in models], axis=0)
                for name in ("start", "end", "transitions")
                if use_crf
            }
            for (kind, s, e), p in exact(ensemble, scores, crf, 2.0).items():
                places = sentence.starts[s], sentence.ends[e - 1]
                [own] = [x for x in predicted.entities if (x.start, x.end) == places]
                assert own.type == kind and own.probability == pytest.approx(p, rel=1e-4)
                number += 1
    assert number == sum(len(document.entities) for document in found) > 0
    # Candidates and the best taggings are of the same CRF.
    best = next(iter(ensemble.taggings(documents, 2)))
    kept = [e for s in best.sentences for e in s.best[0].entities]
    assert [(e.start, e.end) for e in kept] == [(e.start, e.end) for e in found[0].entities]
    for one, other in zip(kept, found[0].entities):
        assert one.probability == pytest.approx(other.probability)


def test_the_same_model_twice_is_that_model():
    predictor = Predictor(model_of(3), temperature=1.3)
    documents = [Document("a", TEXT), Document("b", "gout is gout")]
    expected = list(predictor.predict(documents))
    assert any(document.entities for document in expected)
    ensemble = EnsemblePredictor([predictor, predictor])
    assert ensemble.temperature == pytest.approx(1.3)
    for found, own in zip(ensemble.predict(documents), expected):
        assert [e.fragments for e in found.entities] == [e.fragments for e in own.entities]
        assert [e.probability for e in found.entities] == pytest.approx(
            [e.probability for e in own.entities], rel=1e-5
        )


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            {"types": ("CHED",)},
            "m2: cannot be averaged with m1: found the labels O, B-CHED, I-CHED",
        ),
        (
            {"text": dataclasses.replace(IDENTITY, sentence_splitter="rules-0")},
            r"found another sentence_splitter \(rules-0\), expected rules-1",
        ),
        ({"use_crf": False}, "found use_crf = False, expected True"),
    ],
    ids=["labels", "text", "crf"],
)
def test_models_that_do_not_fit_are_refused(other, message):
    members = [Predictor(model_of(1)), Predictor(model_of(2, **other))]
    with pytest.raises(ParameterError, match=message):
        EnsemblePredictor(members)


def test_one_model_is_none():
    with pytest.raises(ParameterError, match="ensemble: found 1 model, expected at least two"):
        EnsemblePredictor([Predictor(model_of(1))])


def test_commands(source_run, corpora, tmp_path, capsys):
    """The same model twice finds what it finds alone."""
    model, gold = str(source_run.folder.path), corpora.gold / "test"
    texts = ["--input", str(gold), "--word-vectors", "none"]
    outputs = {}
    for name, more in (("one", []), ("two", ["--model", model, "--ensemble"])):
        target = tmp_path / f"{name}.jsonl"
        command = ["predict", "--model", model, *more, *texts, "--output", str(target)]
        assert main(command) == 0
        outputs[name] = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    places = [
        [[(e["type"], e["fragments"]) for e in one["entities"]] for one in outputs[name]]
        for name in ("one", "two")
    ]
    assert places[0] == places[1] and any(places[0])
    capsys.readouterr()
    alone = evaluate_model(model, gold).scores.micro
    together = evaluate_model([model, model], gold).scores.micro
    assert (alone.tp, alone.fp, alone.fn) == (together.tp, together.fp, together.fn)
    evaluation = ["evaluate", "--gold", str(gold), "--model", model, "--model", model]
    assert main([*evaluation, "--ensemble"]) == 0
    assert main(evaluation) == 2
    assert "found 2 models, expected one; add --ensemble" in capsys.readouterr().err
    command = [
        "predict",
        "--model",
        model,
        "--ensemble",
        *texts,
        "--output",
        str(tmp_path / "x.tsv"),
    ]
    assert main(command) == 2
    assert "ensemble: found 1 model, expected at least two" in capsys.readouterr().err
