"""Documents that two collections share, found by PubMed id and by text.

Texts are compared by their 5-grams of words (letters and digits, case ignored), counted exactly
with scikit-learn's hashed sparse matrices. Two documents are the same if they share at least half
of the smaller one's 5-grams, and at least eight (twelve consecutive words): an abstract is found
inside a full text, and a sentence inside an abstract. A text of fewer than twelve words can only be
found by its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Optional

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from neuroner_tl.corpora.document import Document

WORDS_IN_A_RUN = 5
MIN_RUNS = 8
MIN_SHARE = 0.5
_CHUNK = 500
_PUBMED_ID = re.compile(r"(?:PMID|pmid)?[-_:]?([1-9][0-9]{4,8})")


@dataclass(frozen=True)
class SharedDocument:
    """A document that is in both collections.

    Attributes:
        source: its id in the one that was searched.
        target: its id in the one that was indexed.
        reason: ``PubMed id`` or ``text``.
        share: the share of the smaller document's 5-grams that are in both, 0 to 1; 1 for
            the same id.

    Example:
        >>> SharedDocument(source="PMID9001", target="9001", reason="PubMed id", share=1.0)
        SharedDocument(source='PMID9001', target='9001', reason='PubMed id', share=1.0)
    """

    source: str
    target: str
    reason: str
    share: float


def pubmed_id(name: str, known: Optional[Mapping[str, str]] = None) -> str:
    """Return the PubMed id of a document.

    Args:
        name: the document's id: a number of five or more digits, optionally after ``PMID``, is one.
        known: PubMed ids of documents not named by theirs.

    Returns:
        The id, or an empty text.
    """
    given = (known or {}).get(name)
    match = _PUBMED_ID.fullmatch(name)
    return given or (match[1] if match else "")


class DocumentIndex:
    """A collection of documents in which others are looked up.

    Args:
        documents: the collection; the labels of documents must be unique.
        pubmed_ids: PubMed ids by document id, for documents not named by theirs.
        labels: what to call the documents in results; None takes their ids.

    Example:
        >>> index = DocumentIndex([Document("90001", "Asthma is common.")])
        >>> [found.target for found in index.find([Document("PMID90001", "Asthma.")])]
        ['90001']
    """

    def __init__(
        self,
        documents: Iterable[Document],
        pubmed_ids: Optional[Mapping[str, str]] = None,
        labels: Optional[Sequence[str]] = None,
    ) -> None:
        self._vectorizer = HashingVectorizer(
            token_pattern=r"[^\W_]+",
            ngram_range=(WORDS_IN_A_RUN, WORDS_IN_A_RUN),
            n_features=2**30,
            alternate_sign=False,
            binary=True,
            norm=None,
            dtype=np.float32,
        )
        names: list[str] = []
        texts: list[str] = []
        for document in documents:
            names.append(document.id)
            texts.append(document.text)
        self.labels = names if labels is None else list(labels)
        self._by_id: dict[str, str] = {}
        for name, label in zip(names, self.labels):
            number = pubmed_id(name, pubmed_ids)
            if number:
                self._by_id.setdefault(number, label)
        runs = self._runs(texts)
        self._sizes = np.diff(runs.indptr)
        # Columns that no document has would make the transposed matrix 2 ** 30 rows long.
        self._columns = np.unique(runs.indices)
        runs.indices = np.searchsorted(self._columns, runs.indices).astype(np.int32)
        runs = _resized(runs, max(len(self._columns), 1))
        self._transposed = runs.T.tocsr()

    def find(
        self, documents: Iterable[Document], pubmed_ids: Optional[Mapping[str, str]] = None
    ) -> Iterator[SharedDocument]:
        """Yield the documents that are in the collection, each once, the same id first.

        Args:
            documents: the documents to look up; a few hundred are in memory at a time.
            pubmed_ids: PubMed ids by document id, for documents not named by theirs.
        """
        stream = iter(documents)
        while chunk := list(islice(stream, _CHUNK)):
            shared, target = self._compare([document.text for document in chunk])
            for row, document in enumerate(chunk):
                same = self._by_id.get(pubmed_id(document.id, pubmed_ids) or "none")
                if same is not None:
                    yield SharedDocument(document.id, same, "PubMed id", 1.0)
                elif shared[row] >= MIN_SHARE:
                    label = self.labels[target[row]]
                    yield SharedDocument(document.id, label, "text", float(shared[row]))

    def _compare(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return for each text the document of the collection that shares most, and that share."""
        share = np.zeros(len(texts))
        target = np.zeros(len(texts), dtype=np.int64)
        if not self.labels:
            return share, target
        runs = self._runs(texts)
        sizes = np.diff(runs.indptr)
        # Only 5-grams that the collection has.
        place = np.searchsorted(self._columns, runs.indices)
        place[place == len(self._columns)] = 0
        known = self._columns[place] == runs.indices if len(self._columns) else place < 0
        runs.data = known.astype(np.float32)
        runs.indices = place.astype(np.int32)
        runs = _resized(runs, self._transposed.shape[0])
        runs.eliminate_zeros()
        common = (runs @ self._transposed).tocoo()
        enough = common.data >= MIN_RUNS
        for row, column, number in zip(common.row[enough], common.col[enough], common.data[enough]):
            value = number / max(min(sizes[row], self._sizes[column]), 1)
            if value > share[row]:
                share[row], target[row] = value, column
        return share, target

    def _runs(self, texts: Sequence[str]) -> Any:
        return self._vectorizer.transform(texts).tocsr() if texts else _empty()


def _resized(matrix: Any, columns: int) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((matrix.data, matrix.indices, matrix.indptr), (matrix.shape[0], columns))


def _empty() -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((0, 1), dtype=np.float32)
