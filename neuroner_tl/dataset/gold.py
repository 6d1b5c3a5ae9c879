"""The gold annotations of a part, as they were read, in arrays.

Scores compare predictions with these, so that what is scored is what was read, whatever happens to
the corpus on disk while a run trains.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field

import numpy as np

from neuroner_tl.corpora.document import Entity, TaggedDocument

TEXT_DIGEST_BYTES = 16
# The type of an unknown region matters to nothing here.
UNTYPED = "unknown"


@dataclass(frozen=True, eq=False)
class GoldAnnotations:
    """All annotations of documents, including those that tags cannot represent.

    Attributes:
        types: the entity types.
        kinds: index of each annotation's type, int32 ``[annotations]``.
        fragments: start and end of each fragment, int32 ``[fragments, 2]``.
        fragment_offsets: annotation ``a`` has the fragments ``fragment_offsets[a]`` up to
            ``fragment_offsets[a + 1]``, int64 ``[annotations + 1]``.
        annotation_offsets: likewise for each document's annotations, int64 ``[documents + 1]``.
        text_digests: digest of each document's text, uint8 ``[documents, 16]``.
        regions: start and end of each fragment of the unknown regions, int32 ``[regions, 2]``.
        region_offsets: likewise for each document's, int64 ``[documents + 1]``; empty if there is
            none.

    Example::

        gold = dataset.parts["test"].gold
        print(gold.mentions(), gold.entities(0, text))  # of all documents, and of the first one
    """

    types: list[str]
    kinds: np.ndarray
    fragments: np.ndarray
    fragment_offsets: np.ndarray
    annotation_offsets: np.ndarray
    text_digests: np.ndarray
    regions: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    region_offsets: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def entities(self, document: int, text: str) -> tuple[Entity, ...]:
        """Return the annotations of a document, which has this text."""
        found = []
        for a in range(self.annotation_offsets[document], self.annotation_offsets[document + 1]):
            own = self.fragments[self.fragment_offsets[a] : self.fragment_offsets[a + 1]]
            fragments = tuple((start, end) for start, end in own.tolist())
            said = " ".join(text[start:end] for start, end in fragments)
            found.append(Entity(self.types[self.kinds[a]], fragments, said))
        return tuple(found)

    def unknown(self, document: int, text: str) -> tuple[Entity, ...]:
        """Return the unknown regions of a document, which has this text, without their types."""
        if not len(self.region_offsets):
            return ()
        own = self.regions[self.region_offsets[document] : self.region_offsets[document + 1]]
        return tuple(
            Entity(UNTYPED, ((start, end),), text[start:end], certain=False)
            for start, end in own.tolist()
        )

    def has_text(self, document: int, text: str) -> bool:
        """Tell whether this was the document's text."""
        return self.text_digests[document].tobytes() == text_digest(text)

    def mentions(self) -> dict[str, int]:
        """Return the number of annotations of each type, by type."""
        counts = np.bincount(self.kinds, minlength=len(self.types)).tolist()
        return dict(sorted(zip(self.types, counts)))


@dataclass
class GoldBuilder:
    """A collector of the annotations of a stream of documents.

    Example:
        >>> from neuroner_tl.corpora.document import Entity
        >>> builder = GoldBuilder()
        >>> entity = Entity("DISO", ((0, 6),), "Asthma")
        >>> builder.add(TaggedDocument("12", (), (entity,), "Asthma persists."))
        >>> builder.build().mentions()
        {'DISO': 1}
    """

    numbers: dict[str, int] = field(default_factory=dict)
    kinds: array[int] = field(default_factory=lambda: array("i"))
    fragments: array[int] = field(default_factory=lambda: array("i"))
    fragment_offsets: array[int] = field(default_factory=lambda: array("q", [0]))
    annotation_offsets: array[int] = field(default_factory=lambda: array("q", [0]))
    digests: bytearray = field(default_factory=bytearray)
    regions: array[int] = field(default_factory=lambda: array("i"))
    region_offsets: array[int] = field(default_factory=lambda: array("q", [0]))

    def add(self, document: TaggedDocument) -> None:
        """Add the next document."""
        for entity in document.entities:
            self.kinds.append(self.numbers.setdefault(entity.type, len(self.numbers)))
            for fragment in entity.fragments:
                self.fragments.extend(fragment)
            self.fragment_offsets.append(len(self.fragments) // 2)
        self.annotation_offsets.append(len(self.kinds))
        self.digests += text_digest(document.text)
        for region in document.unknown:
            for fragment in region.fragments:
                self.regions.extend(fragment)
        self.region_offsets.append(len(self.regions) // 2)

    def build(self) -> GoldAnnotations:
        """Return the annotations added so far."""
        offsets = np.frombuffer(self.region_offsets, np.int64)
        return GoldAnnotations(
            types=list(self.numbers),
            kinds=np.frombuffer(self.kinds, np.int32),
            fragments=np.frombuffer(self.fragments, np.int32).reshape(-1, 2),
            fragment_offsets=np.frombuffer(self.fragment_offsets, np.int64),
            annotation_offsets=np.frombuffer(self.annotation_offsets, np.int64),
            text_digests=np.frombuffer(self.digests, np.uint8).reshape(-1, TEXT_DIGEST_BYTES),
            regions=np.frombuffer(self.regions, np.int32).reshape(-1, 2),
            region_offsets=offsets if self.regions else offsets[:0],
        )


def text_digest(text: str) -> bytes:
    """Return 16 bytes that identify a text."""
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=TEXT_DIGEST_BYTES).digest()
