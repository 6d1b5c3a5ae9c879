"""A label model: each annotator's reliability and the mentions, from agreement alone, without gold.

A hidden Markov model over the tokens of a document. Its states are the unknown true tags (outside,
beginning, inside); what each annotator says about a token is emitted independently given the state,
with a confusion matrix of its own, and an annotator that does not cover a document emits nothing
there. Transitions and matrices are learned by expectation maximisation (Dawid and Skene 1979 for
the matrices; Nguyen et al. 2017, Lison et al. 2020 and Safranchik et al. 2020 for sequences).

Annotators are not independent: term lists share sources. Two that err together would count as two
witnesses, so each annotator's evidence is divided by the number of annotators that it speaks for:
the sum of its correlations with all of them, given the state.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.silver.consensus.harmonise import AnySpan, Given, Span
from neuroner_tl.silver.consensus.markov_chain import (
    BEGIN,
    INSIDE,
    NOT_COVERED,
    OUTSIDE,
    Chain,
    Floats,
    Symbols,
    distinct_symbols,
)
from neuroner_tl.silver.definition import MIN_ANNOTATORS

logger = logging.getLogger(__name__)

_STATES = ("outside", "beginning", "inside")
# What an annotator says of a token: nothing, or that a mention begins or continues, by how sure it
# is. Annotators without probabilities are always sure.
_SURE = (0.5, 0.9)
_SYMBOLS = 1 + 2 * (len(_SURE) + 1)
_MAX_DOCUMENTS = 4000
_MAX_ITERATIONS = 20
# Relative change of the log-likelihood at which learning ends.
_TOLERANCE = 1e-4
# Documents that are computed at once, and their tokens with those that fill up shorter ones: arrays
# are as long as the longest document.
_BATCH = 256
_BATCH_TOKENS = 2**17
# Weight of the assumption below, of the tokens that an annotator covers: about as much as all
# mentions. Without it, one annotator is taken for the truth, and the others count for nothing.
_PRIOR_SHARE = 0.05
# Before learning: most of what is annotated is right, and a third of what is right is missed.
_PRIOR = np.array([[0.97, 0.02, 0.01], [0.35, 0.60, 0.05], [0.35, 0.05, 0.60]])

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Posterior:
    """What the label model believes about one document.

    Attributes:
        candidates: every span that an annotator gives, with the probability that exactly this span
            is a mention, in order.
        tokens: start and end of each token.
        inside: for each token the probability that it belongs to a mention.

    Example:
        >>> Posterior([((0, 6), 0.9)], [(0, 6), (7, 15)], np.array([0.9, 0.0])).candidates
        [((0, 6), 0.9)]
    """

    candidates: Sequence[tuple[Span, float]]
    tokens: Sequence[Span]
    inside: Floats


@dataclass(frozen=True)
class LabelModel:
    """The parameters of the hidden Markov model.

    Attributes:
        annotators: their names.
        initial: probability of each state of a document's first token, shape (3,).
        transitions: probability of the next state, shape (3, 3), from rows to columns.
        emissions: probability of what an annotator says, shape (annotators, 3, symbols).
        weights: share of each annotator's evidence that counts, 0 to 1, shape (annotators,).

    Example::

        model = learn_label_model(["mesh", "doid", "tagger"], texts, marks)
        for posterior in model.posteriors(texts, marks):
            print(posterior.candidates)
    """

    annotators: tuple[str, ...]
    initial: Floats
    transitions: Floats
    emissions: Floats
    weights: Floats

    def posteriors(self, texts: Sequence[str], marks: Sequence[Given]) -> Iterator[Posterior]:
        """Yield what the model believes about each document, in order.

        Args:
            texts: the documents' texts.
            marks: for each text the marks of each annotator that covers it.
        """
        coded = (_code(text, given, self.annotators) for text, given in zip(texts, marks))
        givens = iter(marks)
        for batch in _batches(coded, lambda one: len(one[1])):
            combinations, documents = distinct_symbols([symbols for _, symbols in batch])
            chain = Chain(self.initial, self.transitions, self._scores(combinations), documents)
            for row, ((tokens, _), given) in enumerate(zip(batch, givens)):
                spans = sorted({mark[:2] for found in given.values() for mark in found})
                starts = [start for start, _ in tokens]
                ends = [end for _, end in tokens]
                candidates = []
                for start, end in spans:
                    first, past = bisect_right(ends, start), bisect_left(starts, end)
                    if first < past:
                        candidates.append(((start, end), chain.probability(row, first, past)))
                inside = 1 - chain.states[row, : len(tokens), OUTSIDE]
                yield Posterior(candidates, tokens, inside)

    def _scores(self, combinations: Symbols) -> Floats:
        """Return the log-probability of combinations given each state, (combinations, 3)."""
        scores = np.zeros((len(combinations), 3))
        for number, weight in enumerate(self.weights):
            # The last row is for annotators that do not cover the document.
            table = np.concatenate([np.log(self.emissions[number]).T, np.zeros((1, 3))])
            scores += weight * table[combinations[:, number]]
        return scores

    def to_json(self) -> dict[str, Any]:
        """Return what was learned of each annotator, and the density of mentions."""
        return {
            "annotators": {
                name: {
                    "weight": float(weight),
                    # Of a token in a mention, and outside, that the annotator marks it.
                    "recall": float(1 - matrix[BEGIN, 0]),
                    "false_alarms": float(1 - matrix[OUTSIDE, 0]),
                    "emissions": {
                        state: row.round(6).tolist() for state, row in zip(_STATES, matrix)
                    },
                }
                for name, weight, matrix in zip(self.annotators, self.weights, self.emissions)
            },
            "transitions": self.transitions.round(6).tolist(),
        }


def learn_label_model(
    annotators: Sequence[str], texts: Sequence[str], marks: Sequence[Given]
) -> LabelModel:
    """Return the label model of annotations, learned from at most 4,000 evenly spaced documents.

    Args:
        annotators: their names, three or more.
        texts: the documents' texts.
        marks: for each text the marks of each annotator that covers it.

    Raises:
        ValueError: there are fewer than three annotators.
    """
    if len(annotators) < MIN_ANNOTATORS:
        raise ValueError(f"{len(annotators)} annotators; a label model needs {MIN_ANNOTATORS}")
    step = max(1, -(-len(texts) // _MAX_DOCUMENTS))
    # An empty text, so that there is one.
    some = [("", {}), *zip(texts[::step], marks[::step])]
    combinations, documents = distinct_symbols(
        [_code(text, given, annotators)[1] for text, given in some]
    )
    sample = _Sample(combinations, sorted(documents, key=len))
    model = _unlearned(annotators)
    previous = -np.inf
    for iteration in range(_MAX_ITERATIONS):
        model, likelihood = _step(model, sample)
        logger.debug("label model: iteration %d, log-likelihood %.6g", iteration + 1, likelihood)
        if likelihood - previous < _TOLERANCE * abs(likelihood):
            break
        previous = likelihood
    return _discounted(model, sample)


def _unlearned(annotators: Sequence[str]) -> LabelModel:
    transitions = np.array([[0.96, 0.04, 0.0], [0.5, 0.02, 0.48], [0.5, 0.02, 0.48]])
    return LabelModel(
        tuple(annotators),
        np.array([0.96, 0.04, 0.0]),
        transitions,
        np.stack([_prior_emissions()] * len(annotators)),
        np.ones(len(annotators)),
    )


def _prior_emissions() -> Floats:
    """Return the assumption before learning, shape (3, symbols)."""
    levels = len(_SURE) + 1
    by_level = [_PRIOR[:, 1:] / levels] * levels
    return np.concatenate([_PRIOR[:, :1], *by_level], axis=1)


@dataclass(frozen=True)
class _Sample:
    """What annotators say in the documents to learn from.

    Attributes:
        combinations: of symbols, shape (combinations + 1, annotators).
        documents: for each document the combination of each token, the shortest first: those of
            similar length share a batch, which is as long as its longest.
    """

    combinations: Symbols
    documents: Sequence[NDArray[np.intp]]

    def chains(self, model: LabelModel) -> Iterator[Chain]:
        """Yield all documents under a model, batch by batch."""
        scores = model._scores(self.combinations)
        for batch in _batches(self.documents, len):
            yield Chain(model.initial, model.transitions, scores, batch)


def _step(model: LabelModel, sample: _Sample) -> tuple[LabelModel, float]:
    """Return the model after one iteration, and the log-likelihood before it."""
    counts = np.zeros((len(sample.combinations), 3))
    transitions = np.ones((3, 3))
    transitions[OUTSIDE, INSIDE] = 0.0
    # Few documents begin with a mention, and perhaps none of these: that makes it not impossible.
    documents = max(1, len(sample.documents))
    initial = _PRIOR_SHARE * documents * _unlearned(model.annotators).initial
    likelihood = 0.0
    for chain in sample.chains(model):
        likelihood += chain.log_likelihood
        counts += chain.combination_counts(len(counts))
        transitions += chain.transition_counts()
        initial += chain.states[:, 0][chain.mask[:, 0]].sum(0)
    emissions = np.empty((len(model.annotators), 3, _SYMBOLS))
    for number, symbols in enumerate(sample.combinations.T):
        said = np.stack([counts[symbols == symbol].sum(0) for symbol in range(_SYMBOLS)], axis=1)
        # Of an annotator that covers none of these documents, what was assumed remains.
        prior = _PRIOR_SHARE * max(1.0, said.sum())
        emissions[number] = said + prior * _prior_emissions()
    return (
        LabelModel(
            model.annotators,
            initial / initial.sum(),
            transitions / transitions.sum(1, keepdims=True),
            emissions / emissions.sum(2, keepdims=True),
            model.weights,
        ),
        likelihood,
    )


def _discounted(model: LabelModel, sample: _Sample) -> LabelModel:
    """Return the model with weights: 1 over the sum of an annotator's correlations given states."""
    counts = np.zeros((len(sample.combinations), 3))
    for chain in sample.chains(model):
        counts += chain.combination_counts(len(counts))
    covered = (sample.combinations != NOT_COVERED).astype(float)
    marked = (sample.combinations > 0).astype(float)
    # Entry [i, j] of these is over the tokens that both i and j cover.
    number, mine, both = (
        np.stack([(one * belief[:, None]).T @ other for belief in counts.T])
        for one, other in ((covered, covered), (marked, covered), (marked, marked))
    )
    total = np.maximum(number, 1e-9)
    first, second = mine / total, mine.transpose(0, 2, 1) / total
    covariance = (both - total * first * second).sum(0)
    variance = (total * first * (1 - first)).sum(0)
    correlation = covariance / np.sqrt(np.maximum(variance * variance.T, 1e-12))
    np.fill_diagonal(correlation, 1.0)
    weights = 1 / np.maximum(correlation, 0).sum(1)
    return LabelModel(model.annotators, model.initial, model.transitions, model.emissions, weights)


def _batches(items: Iterable[_Item], length: Callable[[_Item], int]) -> Iterator[list[_Item]]:
    """Yield items in order, as many at once as documents of these lengths may be."""
    batch: list[_Item] = []
    longest = 1
    for item in items:
        longest = max(longest, length(item))
        if batch and (len(batch) == _BATCH or longest * (len(batch) + 1) > _BATCH_TOKENS):
            yield batch
            batch, longest = [], max(1, length(item))
        batch.append(item)
    if batch:
        yield batch


def _code(text: str, marks: Given, annotators: Sequence[str]) -> tuple[list[Span], Symbols]:
    """Return the tokens of a text and what each annotator says, shape (tokens, annotators)."""
    tokens = [(token.start, token.end) for token in AlnumTokenizer().tokenize(text, 0, len(text))]
    starts = [start for start, _ in tokens]
    ends = [end for _, end in tokens]
    symbols = np.full((len(tokens), len(annotators)), NOT_COVERED, np.int8)
    for column, name in enumerate(annotators):
        if name not in marks:
            continue
        symbols[:, column] = 0
        for mark in marks[name]:
            first, past = bisect_right(ends, mark[0]), bisect_left(starts, mark[1])
            level = bisect_right(_SURE, _probability(mark))
            symbols[first:past, column] = 2 + 2 * level
            symbols[first : min(first + 1, past), column] = 1 + 2 * level
    return tokens, symbols


def _probability(mark: AnySpan) -> float:
    return mark[2] if len(mark) == 3 else 1.0
