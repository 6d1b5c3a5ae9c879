"""The arrays of a burst, see `burst.py`: sentences padded to few lengths."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.batches import Batch, Shapes
from neuroner_tl.dataset.packed_words import pack_words, steps_needed
from neuroner_tl.training.steps.flat_batch import FLOATS, LAYOUT, SOFT, arrays_of

# Steps of a burst.
SIZE = 16
# Longer sentences are rare, and are trained on one by one.
LONGEST = 64


def burst_lengths(lengths: np.ndarray) -> tuple[int, ...]:
    """Return the padded lengths of those of some sentences that bursts can hold, ascending."""
    short = np.unique(lengths[lengths <= LONGEST])
    return tuple(sorted({Shapes().time(int(length), 1) for length in short}))


@dataclass(frozen=True)
class BurstShape:
    """The sizes of what a burst's branches compute.

    Attributes:
        lengths: padded lengths of sentences, ascending; each has a branch.
        steps: steps of packed words of such sentences.
        rows: words in a group of packed words.

    Example::

        shape = BurstShape.of((16, 24, 32))
        shape.branch(batch)  # 1 for a sentence of 17 to 24 tokens
    """

    lengths: tuple[int, ...]
    steps: tuple[int, ...]
    rows: int

    @classmethod
    def of(cls, lengths: Sequence[int]) -> BurstShape:
        """Return the sizes for some padded lengths."""
        shapes = Shapes()
        steps = tuple(shapes.word_steps(0, 1, length) for length in lengths)
        return cls(tuple(lengths), steps, shapes.word_rows(1))

    @functools.cached_property
    def arrays(self) -> dict[str, tuple[int, ...]]:
        """Shapes of a sentence's arrays by name, padded to the largest branch."""
        sizes = {
            "batch": 1,
            "time": self.lengths[-1],
            "steps": self.steps[-1],
            "rows": self.rows,
            "two": 2,
        }
        shapes = {
            name: tuple(sizes[size] for size in dimensions)
            for name, dimensions in LAYOUT.items()
            if name not in SOFT
        }
        return {"branch": (), "used": (), "iteration": (), **shapes}

    def branch(self, batch: Batch) -> Optional[int]:
        """Return the number of the branch that computes a batch; None if there is none."""
        if len(batch.lengths) != 1 or batch.token_ids.shape[1] not in self.lengths:
            return None
        branch = self.lengths.index(batch.token_ids.shape[1])
        # Sentences of very long words take more steps than a branch has.
        fits = steps_needed(batch.character_lengths, self.rows) <= self.steps[branch]
        return branch if fits else None

    def flatten(self, batches: Sequence[Batch], iteration: int) -> np.ndarray:
        """Put the batches of a burst into one array.

        Args:
            batches: at most ``SIZE``, each of which has a branch.
            iteration: number of the first one's step, from 1.

        Returns:
            int32 ``[SIZE, n]``: for each batch the arrays that `arrays` names.
        """
        counts = [math.prod(shape) for shape in self.arrays.values()]
        flat = np.zeros((SIZE, sum(counts)), np.int32)
        columns = np.split(flat, np.cumsum(counts)[:-1], axis=1)
        padded = {
            name: column.reshape(SIZE, *shape)
            for column, (name, shape) in zip(columns, self.arrays.items())
        }
        for number, batch in enumerate(batches):
            branch = self.lengths.index(batch.token_ids.shape[1])
            words = (batch.characters, batch.character_lengths)
            packed = pack_words(*words, self.rows, self.steps[branch])
            header = {"branch": branch, "used": packed.used, "iteration": iteration + number}
            for name, value in header.items():
                padded[name][number] = value
            for name, array in arrays_of(batch, packed).items():
                if name in padded:
                    padded[name][number][tuple(map(slice, array.shape))] = array
        return flat

    def unflatten(self, flat: tf.Tensor) -> dict[str, tf.Tensor]:
        """Split what `flatten` put together: arrays by name, each ``[SIZE, ...]``."""
        counts = [math.prod(shape) for shape in self.arrays.values()]
        columns = tf.split(flat, counts, axis=1)
        batch = {
            name: tf.reshape(column, [SIZE, *shape])
            for column, (name, shape) in zip(columns, self.arrays.items())
        }
        for name in FLOATS:
            if name in batch:
                batch[name] = tf.bitcast(batch[name], tf.float32)
        return batch

    def cut(self, batch: Mapping[str, tf.Tensor], branch: int) -> dict[str, tf.Tensor]:
        """Cut a sentence's arrays to what a branch computes."""
        own = BurstShape((self.lengths[branch],), (self.steps[branch],), self.rows).arrays
        return {
            name: array[tuple(slice(size) for size in own[name])] if own[name] else array
            for name, array in batch.items()
        }
