"""What a teacher says of the tokens of documents: marginals, and transitions that it expects."""

import numpy as np
from test_ensemble import model_of

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.prediction.soft_labelling import soft_labels_of

DOCUMENTS = [Document("a", "Acute gout\nis gout"), Document("b", ""), Document("c", "of gout is")]


def test_expected_transitions_are_those_of_all_taggings():
    teacher = EnsemblePredictor([Predictor(model_of(1)), Predictor(model_of(2))], temperature=1.5)
    soft = soft_labels_of(DOCUMENTS, teacher)
    names = teacher.vocabulary.labels
    assert soft.labels.tolist() == list(names)
    assert soft.documents.tolist() == ["a", "b", "c"]
    assert soft.document_offsets.tolist() == [0, 2, 2, 3]
    assert soft.sentence_offsets.tolist() == [0, 2, 4, 7]
    assert soft.starts.tolist() == [0, 6, 11, 14, 0, 3, 8]
    number = 0
    for document in teacher.taggings(DOCUMENTS, 27):
        for sentence in document.sentences:
            assert sum(found.probability for found in sentence.best) > 0.999
            labels, pairs = np.zeros((len(sentence.tokens), 3)), np.zeros((3, 3))
            for tags, _, probability in sentence.best:
                path = [names.index(tag) for tag in tags]
                labels[range(len(path)), path] += probability
                for before, after in zip(path, path[1:]):
                    pairs[before, after] += probability
            own = slice(*soft.sentence_offsets[number : number + 2])
            np.testing.assert_allclose(soft.marginals[own], labels, atol=1e-3)
            np.testing.assert_allclose(soft.transitions[number], pairs, atol=1e-3)
            number += 1
    assert number == 3


def test_sentences_are_those_of_training():
    """No sentence ends inside an entity, wherever the teacher would end one."""
    text = "gout is acute. Of gout"
    entity = Entity("DISO", ((8, 17),), text[8:17])
    teacher = Predictor(model_of(1))
    for document in (Document("a", text), Document("a", text, (entity,))):
        cut = tag_document(document, teacher.tokenizer, "bio")
        soft = soft_labels_of([document], teacher)
        lengths = [len(sentence.tokens) for sentence in cut.sentences]
        assert np.diff(soft.sentence_offsets).tolist() == lengths
    assert len(lengths) == 1
