"""The most probable taggings of a sentence, and what is known of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neuroner_tl.corpora.document import Document, Entity, TaggedSentence
from neuroner_tl.corpora.text.tagging import entity_of_span
from neuroner_tl.corpora.text.tags import TokenSpan, tags_to_spans
from neuroner_tl.prediction.marginals import Marginals


class Tagging(NamedTuple):
    """One of the taggings of a sentence.

    Attributes:
        tags: one for each token.
        entities: what they are read as, each with the probability of this mention in whatever
            tagging.
        probability: that of the tagging as a whole; those of all taggings add up to 1.

    Example::

        for tagging in next(predictor.taggings([Document("1", text)], 3)).sentences[0].best:
            print(tagging.probability, [entity.text for entity in tagging.entities])
    """

    tags: tuple[str, ...]
    entities: tuple[Entity, ...]
    probability: float


class SentenceTaggings(NamedTuple):
    """What a model says of a sentence.

    Attributes:
        tokens: the tokens' texts.
        starts: their first offsets in the document.
        ends: the offsets past their last characters.
        marginals: probability of each label of each token, ``[tokens, labels]``.
        best: the most probable taggings, in the order of their probabilities; fewer than asked
            for if the sentence has no more.

    Example::

        sentence = next(predictor.taggings([Document("1", text)])).sentences[0]
        dict(zip(predictor.vocabulary.labels, sentence.marginals[0]))  # of the first token
    """

    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    marginals: np.ndarray
    best: tuple[Tagging, ...]


class DocumentTaggings(NamedTuple):
    """What a model says of the sentences of a document.

    Attributes:
        document: the document as it was given.
        sentences: its sentences, in their order.

    Example::

        for document, sentences in predictor.taggings(documents, 3):
            print(document.id, [sentence.best[0].probability for sentence in sentences])
    """

    document: Document
    sentences: tuple[SentenceTaggings, ...]


def taggings_of(
    document: Document,
    sentence: TaggedSentence,
    marginals: Marginals,
    names: Sequence[str],
    start: int,
    number: int,
) -> SentenceTaggings:
    """Return the best taggings of a sentence, and the marginals of its tokens.

    Args:
        document: what the sentence is in.
        sentence: the sentence; its tags are not looked at.
        marginals: of the sentence and others.
        names: names of the labels.
        start: index of its first token in the marginals.
        number: how many taggings.
    """
    stop = start + len(sentence.tokens)
    best, read = [], []
    for labels, probability in best_taggings(marginals, start, stop, number):
        tags = tuple(names[label] for label in labels)
        best.append((tags, probability))
        read.append(tags_to_spans(tags))
    spans: list[TokenSpan] = list(dict.fromkeys(span for found in read for span in found))
    shifted = [(kind, start + s, start + e) for kind, s, e in spans]
    entities = {
        span: entity_of_span(document.text, sentence, span, probability)
        for span, probability in zip(spans, marginals.of_mentions(shifted).tolist())
    }
    return SentenceTaggings(
        sentence.tokens,
        sentence.starts,
        sentence.ends,
        marginals.of_labels()[start:stop],
        tuple(
            Tagging(tags, tuple(entities[span] for span in found), probability)
            for (tags, probability), found in zip(best, read)
        ),
    )


def best_taggings(
    marginals: Marginals, start: int, stop: int, number: int
) -> list[tuple[list[int], float]]:
    """Return the most probable taggings of a sentence, by Viterbi's algorithm with lists.

    Each label of each token keeps as many of the best taggings that end with it as are asked for
    (Seshadri and Sundberg, 1994). What the steps add up is the logarithm of the probability.

    Args:
        marginals: of the sentence and others.
        start: index of its first token.
        stop: index past its last token.
        number: how many taggings, at least 1.

    Returns:
        Labels and probability of each tagging, the most probable first; fewer where the sentence
        has no more. Of equally probable ones any may come first.
    """
    classes = marginals.alpha.shape[1]
    values = marginals.alpha[start].astype(np.float64)[None, :]  # [rank, label]
    pointers = []
    for token in range(start + 1, stop):
        # By rank and label of the token before, and by label: [rank * label, label].
        steps = (values[:, :, None] + marginals.transitions).reshape(-1, classes)
        kept = np.argsort(-steps, axis=0, kind="stable")[:number]
        pointers.append(kept)
        values = np.take_along_axis(steps, kept, axis=0) + marginals.inside[token]
    flat = values.reshape(-1)
    found = []
    for place in np.argsort(-flat, kind="stable")[:number].tolist():
        labels = []
        rank, label = divmod(place, classes)
        for kept in reversed(pointers):
            labels.append(label)
            rank, label = divmod(int(kept[rank, label]), classes)
        labels.append(label)
        found.append((labels[::-1], min(float(np.exp(flat[place])), 1.0)))
    return found
