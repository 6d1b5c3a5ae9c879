"""Errors of a silver standard: missed, spurious and shifted entities at stated rates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from random import Random

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.synthetic.names import seeded_random
from neuroner_tl.errors import ParameterError

_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_WORD_BEFORE = re.compile(r"[^\W_]+(?:[-'][^\W_]+)* \Z")
_WORD_AFTER = re.compile(r" [^\W_]+(?:[-'][^\W_]+)*")
_REACH = 60  # characters within which the neighbouring word is looked for
_MIN_SPURIOUS_LENGTH = 4
_SPURIOUS_ATTEMPTS = 20


def corrupt(
    documents: Iterable[Document],
    seed: int,
    missed: float = 0.15,
    spurious: float = 0.05,
    shifted: float = 0.10,
) -> Iterator[Document]:
    """Yield documents with the same id and text, and the annotations of an automatic annotator.

    Each entity, independently of the others, is dropped, or shifted (one of its boundaries
    moves by a word or, where no word is free, by a character), or kept. Each entity
    also adds, at the rate ``spurious``, a new one of its type: a word of the same document, four
    or more letters long, that belongs to no entity. No two entities overlap afterwards.

    Args:
        documents: gold documents, whose entities neither overlap nor have several fragments.
        seed: the same seed and documents give the same errors.
        missed: expected share of the entities that are dropped, 0 to 1.
        spurious: expected number of new entities, as a share of the gold ones, 0 to 1.
        shifted: expected share of the entities that are shifted; with ``missed`` at most 1.

    Raises:
        ParameterError: a rate is out of range; raised at the call, not at the first document.
    """
    for name, rate in (("missed", missed), ("spurious", spurious), ("shifted", shifted)):
        if not 0.0 <= rate <= 1.0:
            raise ParameterError(f"{name} is {rate}, expected a share from 0 to 1")
    if missed + shifted > 1.0:
        raise ParameterError(
            f"missed {missed} and shifted {shifted} are together more than all entities; "
            "lower one of them so that the sum is at most 1"
        )
    random = seeded_random("noise", seed)
    return (_corrupt_one(document, random, missed, spurious, shifted) for document in documents)


def _corrupt_one(
    document: Document, random: Random, missed: float, spurious: float, shifted: float
) -> Document:
    kept: list[Entity] = []
    right = list(document.entities)
    for index, entity in enumerate(right):
        fate = random.random()
        if fate < missed:
            continue
        if fate < missed + shifted:
            low = max(
                right[index - 1].end if index else 0,
                kept[-1].end if kept else 0,
            )
            high = right[index + 1].start if index + 1 < len(right) else len(document.text)
            entity = _shift(document.text, entity, low, high, random)
        kept.append(entity)
    wanted = [entity.type for entity in right if random.random() < spurious]
    if wanted:
        taken = [(entity.start, entity.end) for entity in (*right, *kept)]
        kept.extend(_invent(document.text, wanted, taken, random))
        kept.sort(key=lambda entity: entity.start)
    return Document(document.id, document.text, tuple(kept), document.sentences)


def _shift(text: str, entity: Entity, low: int, high: int, random: Random) -> Entity:
    """Return the entity with one boundary moved, inside ``[low, high)`` of the text."""
    start, end = entity.start, entity.end
    moved: list[tuple[int, int]] = []
    before = _WORD_BEFORE.search(text[max(low, start - _REACH) : start])
    if before is not None:
        moved.append((start - len(before.group()), end))
    after = _WORD_AFTER.match(text[end : min(high, end + _REACH)])
    if after is not None:
        moved.append((start, end + after.end()))
    if " " in entity.text:
        moved.append((start + entity.text.index(" ") + 1, end))
        moved.append((start, start + entity.text.rindex(" ")))
    if not moved and end < high and not text[end].isspace():
        moved.append((start, end + 1))
    if not moved and end - start > 1:
        moved.append((start, end - 1))
    if not moved:
        return entity
    new_start, new_end = moved[int(random.random() * len(moved))]
    return Entity(entity.type, ((new_start, new_end),), text[new_start:new_end])


def _invent(
    text: str, types: list[str], taken: list[tuple[int, int]], random: Random
) -> list[Entity]:
    """Return one-word entities of the given types, outside the spans that are taken."""
    words = [
        match.span()
        for match in _WORD.finditer(text)
        if match.end() - match.start() >= _MIN_SPURIOUS_LENGTH
    ]
    made: list[Entity] = []
    for entity_type in types:
        for _ in range(_SPURIOUS_ATTEMPTS if words else 0):
            start, end = words[int(random.random() * len(words))]
            if all(end <= other_start or start >= other_end for other_start, other_end in taken):
                taken = [*taken, (start, end)]
                made.append(Entity(entity_type, ((start, end),), text[start:end]))
                break
    return made
