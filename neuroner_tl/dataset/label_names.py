"""From numbers of labels back to tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from neuroner_tl.dataset.encoded_part import EncodedPart


def label_names(part: EncodedPart, labels: np.ndarray, names: Sequence[str]) -> Iterator[list[str]]:
    """Yield the tags of each sentence, from labels of all tokens; a label of -1 is O."""
    table = [*names, "O"]
    for start, stop in zip(part.sentence_offsets[:-1], part.sentence_offsets[1:]):
        yield [table[label] for label in labels[start:stop]]
