"""A consensus learned from gold: of each candidate span, how probable it is that it is a mention.

A logistic regression over everything that is known of a candidate: who gives it and who gives
another span that overlaps it, what the label model makes of this, its form, and how often the gold
train documents annotate its text where an annotator gives it. The last says more than a blacklist:
a text that is sometimes a mention is neither always nor never one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from neuroner_tl.corpora.text.spans import SpanTree
from neuroner_tl.silver.compared_form import compared_form
from neuroner_tl.silver.consensus.harmonise import Given, Span, Vote, candidates
from neuroner_tl.silver.consensus.label_model import LabelModel, Posterior
from neuroner_tl.silver.consensus.learning import fitted

_FORM = ("words", "short capitals", "in brackets", "repeated")
_SHORT = 6
_MAX_REPEATED = 5
_LEAST = 1e-6

# Of a text, how often it was right and wrong in the gold documents.
_Record = tuple[int, int]


@dataclass(frozen=True)
class CandidateClassifier:
    """A logistic regression over candidate spans.

    Attributes:
        label_model: what it learns from besides the votes.
        texts: of each candidate's text how often it was right and wrong in the gold documents.
        features: names of the features.
        coefficients: weights of the features, shape (features,).
        intercept: added to the weighted sum.

    Example::

        classifier = learn_classifier(label_model, texts, spans, gold)
        for posterior in classifier.posteriors(texts, spans):
            print(posterior.candidates)
    """

    label_model: LabelModel
    texts: Mapping[str, _Record]
    features: tuple[str, ...]
    coefficients: NDArray[np.float64]
    intercept: float

    def posteriors(self, texts: Sequence[str], spans: Sequence[Given]) -> Iterator[Posterior]:
        """Yield the probability of each candidate of each text, in order.

        A token is in a mention with the probability of the likeliest candidate that covers it.

        Args:
            texts: the documents' texts.
            spans: for each text the spans of each annotator that covers it.
        """
        for text, given, posterior in zip(texts, spans, self.label_model.posteriors(texts, spans)):
            votes = candidates(given)
            rows = _rows(text, votes, posterior, self.label_model.annotators, self.texts)
            scores = (
                np.array(rows).reshape(-1, len(self.features)) @ self.coefficients + self.intercept
            )
            found = [
                ((vote.start, vote.end), float(probability))
                for vote, probability in zip(votes, 1 / (1 + np.exp(-scores)))
            ]
            starts = [start for start, _ in posterior.tokens]
            ends = [end for _, end in posterior.tokens]
            inside = np.zeros(len(starts))
            for (start, end), probability in found:
                covered = slice(bisect_right(ends, start), bisect_left(starts, end))
                inside[covered] = np.maximum(inside[covered], probability)
            yield Posterior(found, posterior.tokens, inside)

    def to_json(self) -> dict[str, Any]:
        """Return the weights, and what the label model learned of each annotator."""
        weights = zip(self.features, self.coefficients.round(4).tolist())
        return {
            **self.label_model.to_json(),
            "weights": dict(weights),
            "intercept": round(self.intercept, 4),
        }


def learn_classifier(
    label_model: LabelModel,
    texts: Sequence[str],
    spans: Sequence[Given],
    gold: Sequence[AbstractSet[Span]],
) -> CandidateClassifier:
    """Return the classifier that fits gold documents.

    How often a text is right is counted in one half of the documents and learned from in the
    other, so that the classifier meets texts that were never counted, as it will later.

    Args:
        label_model: of the same annotators.
        texts: the gold documents' texts.
        spans: for each text the spans of each annotator that covers it.
        gold: for each text the gold spans.

    Raises:
        CorpusError: the annotators found nothing correct, or nothing wrong, in the documents.
    """
    annotators = label_model.annotators
    votes = [candidates(given) for given in spans]
    posteriors = list(label_model.posteriors(texts, spans))
    halves = [range(0, len(texts), 2), range(1, len(texts), 2)]
    rows: list[list[float]] = []
    right: list[bool] = []
    for mine, other in (halves, halves[::-1]):
        counted = _count(other, texts, votes, gold)
        for number in mine:
            rows += _rows(texts[number], votes[number], posteriors[number], annotators, counted)
            right += [(vote.start, vote.end) in gold[number] for vote in votes[number]]
    model = fitted(LogisticRegression(max_iter=2000), rows, right)
    return CandidateClassifier(
        label_model,
        _count(range(len(texts)), texts, votes, gold),
        tuple(_features(annotators)),
        model.coef_[0],
        float(model.intercept_[0]),
    )


def _features(annotators: Sequence[str]) -> list[str]:
    return [
        *(f"{name}, exact" for name in annotators),
        *(f"{name}, overlap" for name in annotators),
        "label model, log odds",
        "label model, best rival",
        *_FORM,
        "right in gold",
        "wrong in gold",
        "seen in gold",
    ]


def _rows(
    text: str,
    votes: Sequence[Vote],
    posterior: Posterior,
    annotators: Sequence[str],
    counted: Mapping[str, _Record],
) -> list[list[float]]:
    """Return the features of the candidates of a text, in the order of `_features`."""
    probability = dict(posterior.candidates)
    spans = sorted(probability)
    tree = SpanTree(spans)
    lower = text.lower()
    repeated: dict[str, int] = {}
    rows = []
    for vote in votes:
        mine = min(max(probability.get((vote.start, vote.end), 0.0), _LEAST), 1 - _LEAST)
        rival = max(
            (
                probability[spans[index]]
                for index in tree.sharing((vote.start, vote.end))
                if spans[index] != (vote.start, vote.end)
            ),
            default=0.0,
        )
        surface = text[vote.start : vote.end]
        good, bad = counted.get(compared_form(surface), (0, 0))
        name = surface.lower()
        if name not in repeated:
            repeated[name] = min(lower.count(name), _MAX_REPEATED)
        rows.append(
            [
                *(float(one in vote.exact) for one in annotators),
                *(float(one in vote.overlapping) for one in annotators),
                float(np.log(mine / (1 - mine))),
                rival,
                float(len(surface.split())),
                float(surface.isupper() and len(surface) <= _SHORT),
                float(text[max(0, vote.start - 1) : vote.start] == "("),
                float(repeated[name]),
                good / (good + bad + 1),
                bad / (good + bad + 1),
                float(good + bad > 0),
            ]
        )
    return rows


def _count(
    numbers: Sequence[int],
    texts: Sequence[str],
    votes: Sequence[Sequence[Vote]],
    gold: Sequence[AbstractSet[Span]],
) -> dict[str, _Record]:
    """Count how often the texts of candidates are right and wrong in some documents."""
    counted: dict[str, _Record] = {}
    for number in numbers:
        for vote in votes[number]:
            name = compared_form(texts[number][vote.start : vote.end])
            good, bad = counted.get(name, (0, 0))
            is_right = (vote.start, vote.end) in gold[number]
            counted[name] = good + is_right, bad + (not is_right)
    return counted
