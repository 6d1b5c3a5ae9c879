"""Small synthetic corpora: English like that of abstracts, with invented names of diseases.

They are for the quickstart, for tests and for measurements of speed. Nothing in them is real, and
no figure on them says anything about real text. The ids of the documents say so
(``synthetic-gold-0001``), and so do the folders that `folders.py` writes.

Gold and silver share the grammar and the names (`names.py`); a silver corpus is
larger, so it covers more of both, and its annotations are wrong at stated rates. The text is
the same on every platform and Python version for the same seed. A shorter corpus is a prefix
of a longer one with the same seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.synthetic.document_writer import DocumentWriter
from neuroner_tl.corpora.synthetic.noise import corrupt
from neuroner_tl.errors import ParameterError

ENTITY_TYPES = ("DISO", "GENE", "CHED")
"""The types that can be annotated: diseases, genes and proteins, chemicals."""

MISSED = 0.15
SPURIOUS = 0.05
SHIFTED = 0.10


def iterate_gold(documents: int, seed: int, types: Iterable[str] = ("DISO",)) -> Iterator[Document]:
    """Yield a gold corpus, in which every mention is annotated correctly.

    Args:
        documents: number of documents, from 1.
        seed: the same seed gives the same corpus.
        types: entity types to annotate, of ``ENTITY_TYPES``; the text does not depend on them.

    Raises:
        ParameterError: an argument is out of range; raised at the call, not at the first document.
    """
    return _iterate("gold", documents, seed, types)


def iterate_silver_truth(
    documents: int, seed: int, types: Iterable[str] = ("DISO",)
) -> Iterator[Document]:
    """Yield a silver corpus before its annotations are corrupted; as `iterate_gold`."""
    return _iterate("silver", documents, seed, types)


def iterate_silver(
    documents: int,
    seed: int,
    missed: float = MISSED,
    spurious: float = SPURIOUS,
    shifted: float = SHIFTED,
    types: Iterable[str] = ("DISO",),
) -> Iterator[Document]:
    """Yield a silver corpus: that of `iterate_silver_truth`, corrupted at the three rates.

    Args:
        documents: number of documents, from 1.
        seed: the same seed gives the same corpus; the texts differ from those of a gold corpus.
        missed: share of the mentions that are not annotated.
        spurious: number of annotations that are not mentions, as a share of the mentions.
        shifted: share of the mentions that are annotated with one wrong boundary.
        types: entity types to annotate, of ``ENTITY_TYPES``.

    Raises:
        ParameterError: an argument is out of range; raised at the call, not at the first document.
    """
    truth = iterate_silver_truth(documents, seed, types)
    return corrupt(truth, seed, missed=missed, spurious=spurious, shifted=shifted)


def _iterate(kind: str, documents: int, seed: int, types: Iterable[str]) -> Iterator[Document]:
    if documents < 1:
        raise ParameterError(f"documents is {documents}, expected 1 or more")
    if isinstance(types, str):
        types = (types,)
    wanted = tuple(types)
    unknown = [name for name in wanted if name not in ENTITY_TYPES]
    if unknown or not wanted:
        found = ", ".join(unknown) or "none"
        raise ParameterError(
            f"types of a synthetic corpus: found {found}, expected one or more of "
            f"{', '.join(ENTITY_TYPES)}"
        )
    writer = DocumentWriter((kind, seed), wanted)
    return (writer.write(f"synthetic-{kind}-{index:04d}") for index in range(1, documents + 1))
