"""Predictions that no score can judge, since the gold standard has an unknown region there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.tags import TokenSpan, tags_to_spans


def scored_prediction(gold: Document, predicted: Document) -> Document:
    """Return a predicted document without the entities that no score can judge.

    These share a character with an unknown region of the gold document and are none of its
    mentions.

    Example:
        >>> region = Entity("DISO", ((0, 4),), "Gout", certain=False)
        >>> found = Document("12", "Gout", (Entity("DISO", ((0, 4),), "Gout"),))
        >>> scored_prediction(Document("12", "Gout", (region,)), found).entities
        ()
    """
    if not gold.unknown:
        return predicted
    # Disjoint and in order, so that only the last one that begins before an end can overlap.
    stretches: list[tuple[int, int]] = []
    for start, end in sorted(fragment for region in gold.unknown for fragment in region.fragments):
        if stretches and start <= stretches[-1][1]:
            start, end = stretches[-1][0], max(end, stretches.pop()[1])
        stretches.append((start, end))

    def is_judged(entity: Entity) -> bool:
        for start, end in entity.fragments:
            last = bisect_left(stretches, (end,)) - 1
            if last >= 0 and stretches[last][1] > start:
                return (entity.type, entity.fragments) in mentions
        return True

    mentions = {(entity.type, entity.fragments) for entity in gold.entities}
    return replace(predicted, entities=tuple(filter(is_judged, predicted.entities)))


def scored_spans(
    predicted: Sequence[Sequence[str]], unknown: Sequence[Collection[int]]
) -> Iterator[set[TokenSpan]]:
    """Yield the predicted spans of each sentence that have no unknown token, like gold ones."""
    for tags, tokens in zip_longest(predicted, unknown, fillvalue=()):
        yield {
            span
            for span in tags_to_spans(tags)
            if not any(span[1] <= token < span[2] for token in tokens)
        }
