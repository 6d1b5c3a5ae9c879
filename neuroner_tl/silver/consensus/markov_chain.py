"""The arithmetic of the label model: forward and backward pass over the tokens of documents.

Most tokens are marked by no annotator: what annotators say comes in few combinations, and all that
depends on these alone is computed once for each combination.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OUTSIDE, BEGIN, INSIDE = range(3)
"""The states."""
NOT_COVERED = -1
"""In place of a symbol: the annotator has not seen the document."""
# Evidence against a state, in logarithms, counts up to this: the product of that of many annotators
# would become 0, and a document in which it speaks against every path would have no probability.
_MAX_EVIDENCE = 250.0

Floats = NDArray[np.float64]
Symbols = NDArray[np.int8]


def distinct_symbols(coded: Sequence[Symbols]) -> tuple[Symbols, list[NDArray[np.intp]]]:
    """Find the combinations of symbols that occur.

    Args:
        coded: for each document what annotators say, shape (tokens, annotators).

    Returns:
        The combinations, shape (combinations + 1, annotators), the last one of annotators that
        have not seen the document; and for each document the combination of each token.
    """
    stacked = np.ascontiguousarray(np.concatenate(coded))
    annotators = stacked.shape[1]
    packed = stacked.view(np.dtype((np.void, annotators))).reshape(-1)
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    padding = np.full((1, annotators), NOT_COVERED, np.int8)
    ends = np.cumsum([len(symbols) for symbols in coded])[:-1]
    return np.concatenate([stacked[first], padding]), np.split(inverse.reshape(-1), ends)


class Chain:
    """The documents of a batch, padded to the longest, under a hidden Markov model.

    Args:
        initial: probability of each state of the first token, shape (3,).
        transitions: probability of the next state, shape (3, 3), from rows to columns.
        scores: logarithm of the probability of each combination of symbols given the state,
            shape (combinations + 1, 3); the last one is of padding.
        documents: for each document the combination of each token.

    Attributes:
        mask: tokens that exist, shape (documents, tokens).
        states: probability of each state, shape (documents, tokens, 3).
        log_likelihood: of all documents, natural logarithm.

    Example:
        >>> scores = np.log([[0.9, 0.1, 0.1], [0.1, 0.9, 0.9], [1, 1, 1]])
        >>> transitions = np.array([[0.9, 0.1, 0], [0.5, 0, 0.5], [0.5, 0, 0.5]])
        >>> chain = Chain(np.array([0.9, 0.1, 0]), transitions, scores, [np.array([0, 1])])
        >>> chain.states.shape
        (1, 2, 3)
    """

    def __init__(
        self,
        initial: Floats,
        transitions: Floats,
        scores: Floats,
        documents: Sequence[NDArray[np.intp]],
    ) -> None:
        lengths = np.array([len(tokens) for tokens in documents])
        longest = max(1, int(lengths.max()))
        self.combinations = np.full((len(documents), longest), len(scores) - 1)
        for row, tokens in enumerate(documents):
            self.combinations[row, : len(tokens)] = tokens
        self.mask = np.arange(longest)[None, :] < lengths[:, None]
        peak = scores.max(-1, keepdims=True)
        evidence = np.exp(np.maximum(scores - peak, -_MAX_EVIDENCE))
        self._evidence = evidence[self.combinations]
        self._transitions = transitions
        forward = np.empty_like(self._evidence)
        scale = np.empty((len(documents), longest))
        step = initial * self._evidence[:, 0]
        for token in range(longest):
            if token:
                step = (forward[:, token - 1] @ transitions) * self._evidence[:, token]
            scale[:, token] = step.sum(1)
            forward[:, token] = step / scale[:, token, None]
        self._backward = np.ones_like(forward)
        for token in range(longest - 2, -1, -1):
            step = self._evidence[:, token + 1] * self._backward[:, token + 1]
            step = step @ transitions.T
            step /= step.sum(1, keepdims=True)
            self._backward[:, token] = np.where(self.mask[:, token + 1, None], step, 1.0)
        self._forward = forward
        self.states = forward * self._backward
        self.states /= self.states.sum(-1, keepdims=True)
        peaks = peak[self.combinations, 0]
        self.log_likelihood = float(((np.log(scale) + peaks) * self.mask).sum())

    def combination_counts(self, number: int) -> Floats:
        """Return the expected number of each combination in each state, shape (number, 3)."""
        tokens = self.combinations[self.mask]
        states = self.states[self.mask]
        counts = [np.bincount(tokens, states[:, state], number) for state in range(3)]
        return np.stack(counts, axis=1)

    def transition_counts(self) -> Floats:
        """Return the expected number of each transition, shape (3, 3)."""
        after = self._evidence[:, 1:] * self._backward[:, 1:]
        both = self._forward[:, :-1, :, None] * self._transitions * after[:, :, None, :]
        both /= both.sum((2, 3), keepdims=True)
        return np.asarray(both[self.mask[:, 1:]].sum(0))

    def probability(self, row: int, first: int, past: int) -> float:
        """Compute the probability that the tokens from first to before past are one mention."""
        result = self.states[row, first, BEGIN]
        state = BEGIN
        for token in range(first + 1, past + 1):
            if token == self.mask.shape[1] or not self.mask[row, token]:
                break
            # Of the next state, given this one and everything that annotators say.
            step = self._transitions[state] * self._evidence[row, token]
            step = step * self._backward[row, token]
            inside = step[INSIDE] / step.sum()
            result *= inside if token < past else 1 - inside
            state = INSIDE
        return float(result)
