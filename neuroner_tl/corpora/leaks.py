"""Test documents of a target corpus that occur in a source corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.duplicates import DocumentIndex, SharedDocument
from neuroner_tl.corpora.reader import Corpus, read_corpus
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.paths import StrPath


def find_leaks(
    source: StrPath,
    target: StrPath,
    parts: Iterable[str] = ("test",),
    pubmed_ids: Optional[Mapping[str, str]] = None,
) -> list[SharedDocument]:
    """Return the documents of the source that are test documents of the target.

    Args:
        source: folder of a corpus; all its parts are searched.
        target: folder of a corpus.
        parts: parts of the target whose documents must not be in the source.
        pubmed_ids: PubMed ids by document id, for documents not named by theirs.

    Raises:
        CorpusError: a corpus cannot be used, or the target lacks one of the parts.
    """
    held = read_corpus(target, required=()).parts
    chosen = list(parts)
    missing = [name for name in chosen if name not in held]
    if missing or not chosen:
        raise CorpusError(
            f"{target}: found no part {' and '.join(missing) or 'to look for'}, expected some of "
            f"{' and '.join(', '.join(held).rsplit(', ', 1))}"
        )
    index = DocumentIndex(chain.from_iterable(held[name] for name in chosen), pubmed_ids)
    documents = all_documents(read_corpus(source, required=()))
    return list(index.find(documents, pubmed_ids))


def all_documents(corpus: Corpus, parts: Optional[Iterable[str]] = None) -> Iterable[Document]:
    """Yield the documents of all parts, or of these."""
    names = corpus.parts if parts is None else [name for name in parts if name in corpus.parts]
    return chain.from_iterable(corpus.parts[name] for name in names)
