"""Exact probabilities of mentions under the CRF.

The CRF gives every tagging of a sentence a probability, well formed or not, and every tagging has
a reading (`neuroner_tl.corpora.text.tags.tags_to_spans`). The probability of a mention, its first
and last token and its type, is the sum over all taggings that are read as holding this mention. So
a mention read from an ill-formed best tagging has a probability like any other, and the
probabilities of all mentions that cover a token add up to that of the token not being ``O``.

Without a CRF tokens are independent, and the same sum is one of products of their probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neuroner_tl.corpora.text.tags import TokenSpan
from neuroner_tl.dataset.vocabulary import OUTSIDE, type_of_label


@dataclass(frozen=True, eq=False)
class LabelRoles:
    """What labels mean for the reading of a tagging.

    Attributes:
        types: entity types in the order of their labels.
        type_of: index of each label's type, ``[labels]``; -1 for ``O``.
        continues: true for labels that continue a mention of their type, ``[labels]``.
        labels: the labels of each type, ``[types, k]``.

    Example:
        >>> roles = LabelRoles.of(["O", "B-DISO", "I-DISO"])
        >>> roles.types, roles.labels.tolist(), roles.continues.tolist()
        (('DISO',), [[1, 2]], [False, False, True])
    """

    types: tuple[str, ...]
    type_of: np.ndarray
    continues: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, names: Sequence[str]) -> LabelRoles:
        """Return the roles of a vocabulary's labels."""
        of_labels = [None if name == OUTSIDE else type_of_label(name) for name in names]
        types = tuple(dict.fromkeys(name for name in of_labels if name is not None))
        type_of = np.array([-1 if name is None else types.index(name) for name in of_labels])
        labels = np.argsort(type_of, kind="stable")[np.count_nonzero(type_of < 0) :]
        return cls(
            types,
            type_of,
            np.array([name[0] in "IE" for name in names]),
            labels.reshape(len(types), len(labels) // max(len(types), 1)),
        )


@dataclass(frozen=True, eq=False)
class Marginals:
    """Probabilities of the mentions of consecutive sentences.

    Attributes:
        alpha: see `neuroner_tl.model.forward_backward.Lattice`, ``[tokens, labels]``.
        beta: as there.
        inside: as there.
        transitions: ``[labels, labels]``, divided by the temperature as the scores are; zero
            without a CRF.
        first: true at first tokens of sentences, ``[tokens]``.
        last: true at last tokens, ``[tokens]``.
        roles: what the labels mean.

    Example::

        for found in tagger.tag_with_marginals(table, part, roles):
            print(found.marginals.of_mentions([("DISO", 3, 5)]))  # of tokens 3 and 4
    """

    alpha: np.ndarray
    beta: np.ndarray
    inside: np.ndarray
    transitions: np.ndarray
    first: np.ndarray
    last: np.ndarray
    roles: LabelRoles

    def of_labels(self) -> np.ndarray:
        """Return the probability of each label of each token, ``[tokens, labels]``."""
        return np.exp(self.alpha + self.beta)

    def of_types(self) -> np.ndarray:
        """Return the probability that a token is in a mention of a type, ``[tokens, types]``."""
        return self.of_labels()[:, self.roles.labels].sum(axis=-1)

    def of_mentions(self, spans: Sequence[TokenSpan]) -> np.ndarray:
        """Return the probability of each span with its type, float64 ``[spans]``.

        Args:
            spans: types and tokens, each within one sentence.
        """
        if not spans:
            return np.zeros(0)
        number = {name: index for index, name in enumerate(self.roles.types)}
        types, first, after = np.array([(number[t], s, e) for t, s, e in spans]).T
        values = self._begin(first, types)
        for length in range(1, int((after - first).max())):
            longer = np.flatnonzero(after - first > length)
            values[longer] = self._extend(values[longer], first[longer] + length, types[longer])
        return _probability(values + self._end(after - 1, types))

    def candidates(self, min_probability: float) -> list[tuple[TokenSpan, float]]:
        """Return all mentions of at least the given probability, in the best tagging or not.

        A mention is no more probable than a mention that begins at its first token, and that
        sum is known before any of them: few are followed to the right, and not far.

        Args:
            min_probability: above 0, at most 1.

        Returns:
            Spans with probabilities, sorted by tokens and type; they may overlap.
        """
        at, types = np.nonzero(self.of_types() >= min_probability)
        values, first = self._begin(at, types), at
        found: list[tuple[TokenSpan, float]] = []
        while len(at):
            # What can still be reached: that the mention began and includes this token.
            beta = self.beta[at[:, None], self.roles.labels[types]]
            reached = _probability(values + beta) >= min_probability
            at, types, values, first = at[reached], types[reached], values[reached], first[reached]
            ending = _probability(values + self._end(at, types))
            for index in np.flatnonzero(ending >= min_probability).tolist():
                span = (self.roles.types[types[index]], int(first[index]), int(at[index]) + 1)
                found.append((span, float(ending[index])))
            longer = ~self.last[at]
            at, types, first = at[longer] + 1, types[longer], first[longer]
            values = self._extend(values[longer], at, types)
        return sorted(found, key=lambda item: (item[0][1:], item[0][0]))

    def _begin(self, at: np.ndarray, types: np.ndarray) -> np.ndarray:
        """Return the log-sums over all that is before mentions, and their first label.

        A label that continues a mention begins one unless a label of its type stands before it.
        """
        labels = self.roles.labels[types]
        values = self.alpha[at[:, None], labels].astype(np.float64)
        # At the first token of all, index -1 is read and not used.
        before = self.alpha[at - 1] + np.where(
            self.roles.type_of == types[:, None], -np.inf, np.float64(0)
        )
        afresh = self.inside[at[:, None], labels] + _log_sum(
            before[:, :, None] + self.transitions[:, labels].transpose(1, 0, 2), axis=1
        )
        return np.where(self.roles.continues[labels] & ~self.first[at][:, None], afresh, values)

    def _extend(self, values: np.ndarray, at: np.ndarray, types: np.ndarray) -> np.ndarray:
        """Return the log-sums of mentions that continue with the tokens, ``[mentions, k]``."""
        labels = self.roles.labels[types]
        steps = values[:, :, None] + self.transitions[labels[:, :, None], labels[:, None, :]]
        longer = self.inside[at[:, None], labels] + _log_sum(steps, axis=1)
        return np.where(self.roles.continues[labels], longer, -np.inf)

    def _end(self, at: np.ndarray, types: np.ndarray) -> np.ndarray:
        """Return the log-sums over all that is after mentions, ``[mentions, k]`` by last label."""
        labels = self.roles.labels[types]
        after = np.minimum(at + 1, len(self.first) - 1)
        following = (self.inside[after] + self.beta[after]).astype(np.float64)
        goes_on = (self.roles.type_of == types[:, None]) & self.roles.continues
        following = np.where(goes_on, -np.inf, following)
        values = _log_sum(self.transitions[labels] + following[:, None, :], axis=2)
        return np.where(self.last[at][:, None], 0.0, values)


def _log_sum(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the logarithm of the sum of exponentials; -inf of nothing but -inf."""
    highest = np.maximum(values.max(axis=axis, keepdims=True), np.finfo(np.float64).min)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - highest).sum(axis=axis)) + highest.squeeze(axis)


def _probability(values: np.ndarray) -> np.ndarray:
    """Return the sums of exponentials ``[mentions, k]``, without what rounding adds above 1."""
    return np.minimum(np.exp(values).sum(axis=1), 1.0)
