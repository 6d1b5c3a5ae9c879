"""Annotations as files give them, checked against their text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Optional

from neuroner_tl.corpora.document import Entity
from neuroner_tl.corpora.formats.bounded import check_covered
from neuroner_tl.corpora.formats.text_files import check_encodable
from neuroner_tl.corpora.import_report import ImportReport

MISMATCH = "annotation text differs from the document"
OUTSIDE = "annotation outside the text"
WITHOUT_TYPE = "annotation without a type"


class FoundAnnotation(NamedTuple):
    """An annotation as a file has it, not yet checked.

    Attributes:
        type: the entity type.
        fragments: ``(start, end)`` pairs, sorted.
        text: the covered text according to the file, None if it has none.
        place: file and line, for the report.
        probability: probability of the entity according to the file, None if it has none.
        certain: False for an unknown region.

    Example:
        >>> found = FoundAnnotation("DISO", ((0, 6),), "Asthma", "corpus.jsonl:1")
        >>> fitting_entities("Asthma persists.", [found], ImportReport())
        (Entity(type='DISO', fragments=((0, 6),), text='Asthma', probability=None, certain=True),)
    """

    type: Optional[str]
    fragments: tuple[tuple[int, int], ...]
    text: Optional[str]
    place: str
    probability: Optional[float] = None
    certain: bool = True


def fitting_entities(
    text: str, found: Iterable[FoundAnnotation], report: ImportReport
) -> tuple[Entity, ...]:
    """Return the annotations that fit the text, sorted; the others are counted as dropped.

    Raises:
        CorpusError: together they cover more characters than any real document has, or UTF-8 cannot
            encode a type.
    """
    entities: dict[tuple[tuple[tuple[int, int], ...], str], Entity] = {}
    characters = 0
    # Mentions first: what a file calls a mention and an unknown region is a mention.
    ordered = sorted(found, key=lambda annotation: not annotation.certain)
    for kind, spans, says, place, probability, certain in ordered:
        report.read()
        if not kind or len(str(kind).split()) != 1:
            report.drop(WITHOUT_TYPE, place)
            continue
        kind = str(kind).strip()
        check_encodable(kind, f"{place}: type")
        if not spans or any(not 0 <= start < end <= len(text) for start, end in spans):
            report.drop(OUTSIDE, place)
            continue
        if any(left[1] > right[0] for left, right in zip(spans, spans[1:])):
            report.drop("annotation whose fragments overlap", place)
            continue
        characters += sum(end - start for start, end in spans)
        check_covered(characters, place)
        covered = " ".join(text[start:end] for start, end in spans)
        if says is not None and covered.split() != says.split():
            report.drop(MISMATCH, f"{place}: the text has {covered!r}")
        elif (spans, kind) in entities:
            report.drop("duplicate annotation", place)
        else:
            entities[spans, kind] = Entity(kind, spans, covered, probability, certain)
            if not certain:
                report.set_aside(place)
    return tuple(entities[key] for key in sorted(entities))
