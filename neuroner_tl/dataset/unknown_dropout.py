"""How often occurrences of a token are replaced by the unknown one in training.

The unknown token's vector is trained by it, and the network learns to label a token by its
characters and its context.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from neuroner_tl.dataset.word_table import WordTable


@dataclass(frozen=True)
class UnknownDropout:
    """A rule for the tokens that are replaced.

    Attributes:
        kind: ``rare``, tokens that occur once, as in NeuroNER (see `RareTokens`); ``constant``,
            all alike; ``frequency``, frequent ones less often (Kiperwasser and Goldberg, 2016).
        rate: with ``constant``, the probability.
        alpha: with ``frequency``, the probability is ``alpha / (alpha + n)`` for a token that
            occurs ``n`` times in train.

    Example::

        probabilities = UnknownDropout("frequency", alpha=0.25).probabilities(dataset.word_table)
    """

    kind: str = "rare"
    rate: float = 0.05
    alpha: float = 0.25

    def probabilities(self, table: WordTable) -> Optional[np.ndarray]:
        """Return the probability for each token that a word has, ``[tokens]``; None for rare."""
        if self.kind == "rare":
            return None
        counts = np.bincount(table.token_ids, weights=table.train_counts)
        if self.kind == "constant":
            return np.full(len(counts), self.rate)
        return self.alpha / (self.alpha + counts)
