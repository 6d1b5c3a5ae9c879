"""A teacher's marginals of the tokens of a corpus, cut as training cuts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from neuroner_tl.corpora.document import Document, TaggedDocument
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.dataset.soft_labels import SOFT_LABELS, SoftLabels
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.prediction.marginals import Marginals
from neuroner_tl.prediction.predictor import Predictor, chunks
from neuroner_tl.system.atomic_file import sync

TOKENS_AT_ONCE = 2048


def soft_labels_of(documents: Iterable[Document], teacher: Predictor) -> SoftLabels:
    """Return what a teacher says of the tokens of documents.

    Args:
        documents: with the annotations that they are trained with: a sentence never ends inside
            an entity.
        teacher: a model or an ensemble; its temperature applies.
    """
    ids: list[str] = []
    sentences, tokens = [0], [0]
    starts: list[int] = []
    marginals, transitions = [], []
    for chunk in chunks(documents):
        cut = [tag_document(d, teacher.tokenizer, teacher.model.text.tagging_format) for d in chunk]
        for document in cut:
            ids.append(document.id)
            lengths = [len(sentence.tokens) for sentence in document.sentences if sentence.tokens]
            tokens += (tokens[-1] + np.cumsum(lengths, dtype=np.int64)).tolist()
            sentences.append(len(tokens) - 1)
            starts += [start for sentence in document.sentences for start in sentence.starts]
        for labels, counts in _of_slices(cut, teacher):
            marginals.append(labels)
            transitions.append(counts)
    names = teacher.vocabulary.labels
    classes = len(names)
    return SoftLabels(
        np.array(names),
        np.array(ids, dtype=np.str_),
        np.array(sentences, np.int64),
        np.array(tokens, np.int64),
        np.array(starts, np.int32),
        np.concatenate([np.zeros((0, classes), np.float16), *marginals]),
        np.concatenate([np.zeros((0, classes, classes), np.float32), *transitions]),
    )


def write_soft_labels(corpus: Path, teacher: Predictor) -> None:
    """Write what a teacher says of the train part of a corpus into the folder of the corpus.

    Raises:
        CorpusError: the corpus cannot be read.
        OSError: the file cannot be written.
    """
    train = read_corpus(corpus, required=(), hold_out=False, warn=False)["train"]
    bar = progress_bar(train, desc="soft labels", unit=" documents", delay=2)
    soft, place = soft_labels_of(bar, teacher), corpus / SOFT_LABELS
    with open(place, "wb") as file:
        soft.write(file)
    sync(place)


def _of_slices(
    cut: list[TaggedDocument], teacher: Predictor
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield marginals and expected transitions of some sentences at a time."""
    offsets, slices = teacher.tag(cut)
    for indices, _, marginals in slices:
        bounds = offsets[indices[0] : indices[-1] + 2] - offsets[indices[0]]
        yield marginals.of_labels().astype(np.float16), expected_transitions(marginals, bounds)


def expected_transitions(marginals: Marginals, bounds: np.ndarray) -> np.ndarray:
    """Return how often each label is expected to follow each other one in each sentence.

    Args:
        marginals: of consecutive sentences.
        bounds: of their tokens, ``[sentences + 1]``.

    Returns:
        ``[sentences, labels, labels]``, float32; the sum over a sentence is its length minus 1.
    """
    classes = marginals.alpha.shape[1]
    counts = np.zeros((len(bounds) - 1, classes, classes), np.float32)
    sentence_of = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    before = np.flatnonzero(~marginals.last)
    for first in range(0, len(before), TOKENS_AT_ONCE):
        at = before[first : first + TOKENS_AT_ONCE]
        following = marginals.inside[at + 1] + marginals.beta[at + 1]
        pairs = marginals.alpha[at][:, :, None] + marginals.transitions + following[:, None, :]
        np.add.at(counts, sentence_of[at], np.exp(pairs))
    return counts
