"""What training is told of the sentences of a part: their labels, and how much each counts."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np

from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.soft_labels import Targets

# The label of a token that may have any.
OPEN = -1
# However improbable its annotations are, a sentence is one of those whose mean loss is taken.
SMALLEST_WEIGHT = 1e-6


class Supervision(NamedTuple):
    """Labels and weights of a part in training.

    Attributes:
        labels: label of each token, int16 ``[tokens]``; `OPEN` for a token that may have any.
        weights: weight of each sentence, above 0, float32 ``[sentences]``; empty if all are 1.
        targets: a distribution over the taggings of each sentence, in place of the labels; None
            for the labels.

    Example::

        supervision = supervise(dataset.parts["train"], leave_open=True, weigh=False)
        supervision.is_partial  # whether any token is open
    """

    labels: np.ndarray
    weights: np.ndarray
    targets: Optional[Targets] = None

    @property
    def is_partial(self) -> bool:
        """Whether the labels count, and any token may have any."""
        return self.targets is None and bool(np.any(self.labels == OPEN))


def supervise(part: EncodedPart, leave_open: bool, weigh: bool) -> Supervision:
    """Return what training is told of a part.

    Args:
        part: the part; where nothing is in doubt, its labels are returned as they are.
        leave_open: whether unknown tokens may have any label; otherwise they are outside.
        weigh: whether a sentence counts by the probability that its labels are right, or 1.
    """
    labels = part.labels
    if leave_open and len(part.unknown_tokens):
        labels = labels.copy()
        labels[part.unknown_tokens] = OPEN
    weights = np.zeros(0, np.float32)
    if weigh and len(part.probabilities):
        mentions, outside = part.probabilities.T
        weights = np.maximum(mentions if leave_open else mentions * outside, SMALLEST_WEIGHT)
    return Supervision(labels, weights)
