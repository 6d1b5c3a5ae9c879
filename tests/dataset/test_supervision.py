"""What is in doubt in a corpus, in arrays and in batches."""

import dataclasses

import numpy as np
import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.dataset.batches import EXACT, make_batch
from neuroner_tl.dataset.cache import DatasetCache, EncodedCorpus
from neuroner_tl.dataset.encoding import build_dataset
from neuroner_tl.dataset.supervision import OPEN, SMALLEST_WEIGHT, supervise
from neuroner_tl.dataset.vocabulary import VocabularyRules

RULES = VocabularyRules(token_embedding_dimension=2)
ALNUM = get_tokenizer("alnum")
TEXT = "Severe asthma. Breast cancer and flu persist. Nothing here. Rare disease."


def entity(says, probability=None, certain=True, kind="DISO"):
    start = TEXT.index(says)
    return Entity(kind, ((start, start + len(says)),), says, probability, certain)


KNOWN = Document("known", TEXT, (entity("asthma"), entity("flu")))
DOUBTFUL = Document(
    "doubtful",
    TEXT,
    (
        entity("asthma", 0.5),
        entity("Breast cancer", 0.25, certain=False, kind="OTHER"),
        entity("flu", 0.5),
        entity("Rare disease", certain=False),
    ),
)


def dataset_of(*train):
    parts = {"train": train, "valid": [KNOWN]}
    return build_dataset(
        {name: [tag_document(d, ALNUM, "bioes") for d in some] for name, some in parts.items()},
        RULES,
        None,
    )


@pytest.fixture(scope="module")
def dataset():
    return dataset_of(KNOWN, DOUBTFUL)


@pytest.fixture(scope="module")
def train(dataset):
    return dataset.parts["train"]


def test_arrays(dataset, train):
    assert train.number_of_sentences == 8
    starts = train.sentence_offsets
    assert train.unknown_tokens.tolist() == [starts[5], starts[5] + 1, starts[7], starts[7] + 1]
    assert train.unknown_by_sentence() == [[], [], [], [], [], [0, 1], [], [0, 1]]
    ones = [1, 1]
    assert train.probabilities.tolist() == [
        *[ones] * 4,
        *([0.5, 1], [0.5, 0.75], ones, ones),
    ]
    # A region gives neither a mention nor a label.
    assert train.gold.mentions() == {"DISO": 4}
    assert dataset.vocabulary.labels == ("O", "B-DISO", "I-DISO", "E-DISO", "S-DISO")
    assert train.gold.unknown(0, TEXT) == ()
    assert [(e.text, e.certain) for e in train.gold.unknown(1, TEXT)] == [
        ("Breast cancer", False),
        ("Rare disease", False),
    ]


def test_nothing_in_doubt_costs_nothing():
    part = dataset_of(KNOWN).parts["train"]
    assert not part.unknown_tokens.size and not part.probabilities.size
    assert not part.gold.regions.size and not part.gold.region_offsets.size
    assert part.gold.unknown(0, TEXT) == ()
    for leave_open in (True, False):
        supervision = supervise(part, leave_open, weigh=True)
        assert supervision.labels is part.labels
        assert not supervision.weights.size and not supervision.is_partial


def test_labels_of_unknown_tokens(train):
    before = train.labels.copy()
    opened = supervise(train, leave_open=True, weigh=False)
    assert opened.is_partial and not opened.weights.size
    assert np.flatnonzero(opened.labels == OPEN).tolist() == train.unknown_tokens.tolist()
    np.testing.assert_array_equal(train.labels, before)
    outside = supervise(train, leave_open=False, weigh=False)
    assert outside.labels is train.labels and not outside.is_partial


def test_weights_of_sentences(train):
    opened, outside = (supervise(train, leave, weigh=True).weights for leave in (True, False))
    assert opened.tolist() == [1, 1, 1, 1, 0.5, 0.5, 1, 1]
    assert outside.tolist() == [1, 1, 1, 1, 0.5, 0.375, 1, 1]
    never = dataclasses.replace(train, probabilities=np.zeros_like(train.probabilities))
    assert supervise(never, True, True).weights.tolist() == pytest.approx([SMALLEST_WEIGHT] * 8)


def test_batches(dataset, train):
    supervision = supervise(train, leave_open=True, weigh=True)
    sentences = np.array([4, 5])
    batch, plain = (
        make_batch(dataset.word_table, train, sentences, 3, EXACT, supervision=some)
        for some in (supervision, None)
    )
    # -1 is what the loss of layer 6 takes for any label.
    assert batch.labels[1].tolist() == [-1, -1, *plain.labels[1, 2:]]
    assert batch.labels[[0, 2]].tolist() == plain.labels[[0, 2]].tolist()
    assert batch.sentence_weights.tolist() == [0.5, 0.5, 0]
    assert plain.sentence_weights.tolist() == [1, 1, 0]


def test_the_cache_keeps_it(dataset, train, tmp_path):
    cache = DatasetCache(tmp_path)
    reports = {name: ImportReport() for name in dataset.parts}
    assert cache.store("0" * 64, EncodedCorpus(dataset, reports))
    again = cache.load("0" * 64).dataset.parts
    for name, part in dataset.parts.items():
        for array in ("unknown_tokens", "probabilities"):
            np.testing.assert_array_equal(getattr(again[name], array), getattr(part, array))
        for array in ("regions", "region_offsets"):
            np.testing.assert_array_equal(
                getattr(again[name].gold, array), getattr(part.gold, array)
            )
