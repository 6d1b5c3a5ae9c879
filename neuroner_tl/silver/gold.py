"""Gold corpora as the silver builder uses them: all documents to remove, train parts to learn from.

Nothing is learned from test or validation documents: the train documents that are used are those
that occur in no test or validation part of any gold corpus. A flat corpus has such parts only if it
is learned from itself; otherwise all its documents are treated alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.duplicates import DocumentIndex, pubmed_id
from neuroner_tl.corpora.formats.text_files import read_lines
from neuroner_tl.corpora.public.archive import unpack
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.silver.definition import ARCHIVES, SilverDefinition, corpus_name
from neuroner_tl.system.temporary import scratch_folder

FOLDS = 5
"""Parts of the train documents, each scored with what was learned from the others."""
HELD_OUT = ("valid", "test")
"""Parts of whose documents nothing is learned."""
PUBMED_ID_COLUMNS = ("corpus", "pmid", "document")


@dataclass(frozen=True)
class GoldCorpus:
    """A gold corpus in memory.

    Attributes:
        name: its name.
        parts: its documents by part.
        pubmed_ids: PubMed ids of documents by document id, where a table gives them.
        flat: whether its parts were drawn and not given.

    Example::

        corpus = read_gold(definition).corpora[0]
        print(corpus.name, {part: len(documents) for part, documents in corpus.parts.items()})
    """

    name: str
    parts: Mapping[str, Sequence[Document]]
    pubmed_ids: Mapping[str, str]
    flat: bool


@dataclass(frozen=True)
class GoldStandard:
    """The gold corpora of a definition.

    Attributes:
        corpora: all of them.
        pubmed_ids: all ids of the table of PubMed ids, with their PubMed ids.
        train: the train documents to learn from, by corpus.
        withheld: train documents that are not used, since another part has them, by corpus.

    Example::

        gold = read_gold(definition)
        shared = list(gold.index.find(texts))
    """

    corpora: Sequence[GoldCorpus]
    pubmed_ids: Mapping[str, str]
    train: Mapping[str, Sequence[Document]]
    withheld: Mapping[str, int]

    @cached_property
    def index(self) -> DocumentIndex:
        """An index of every document of every corpus."""
        return _index(self.corpora)


def read_gold(definition: SilverDefinition) -> GoldStandard:
    """Read the gold corpora of a definition; archives are unpacked temporarily.

    Raises:
        CorpusError: a corpus or the table of PubMed ids cannot be used.
    """
    settings = definition.gold
    table = _read_pubmed_ids(definition.data(settings.pubmed_ids)) if settings.pubmed_ids else {}
    corpora = []
    for text in settings.corpora:
        name = corpus_name(text)
        size = settings.train_size if name in settings.learn_from else None
        place = folder_or_archive(definition.data(text))
        parts, flat = read_parts(place, name, size, settings.split_seed)
        corpora.append(GoldCorpus(name, parts, table.get(name, {}), flat))
    train, withheld = {}, {}
    divided = [c for c in corpora if not c.flat or c.name in settings.learn_from]
    others = _index(divided, HELD_OUT)
    for corpus in corpora:
        if corpus.name in settings.learn_from:
            members = corpus.parts.get("train", ())
            if not members:
                raise CorpusError(
                    f"{corpus.name}: no train part, found {', '.join(corpus.parts)}; expected one "
                    "to learn from: leave the corpus out, or only out of learn_from in [gold]"
                )
            shared = {found.source for found in others.find(members, corpus.pubmed_ids)}
            train[corpus.name] = [d for d in members if d.id not in shared]
            withheld[corpus.name] = len(shared)
            if not train[corpus.name]:
                found = counted(len(shared), "train document")
                raise CorpusError(
                    f"{corpus.name}: found its {found} in a validation or test part as well, "
                    "expected some to learn from: correct the corpus, leave it out, or only out of "
                    "learn_from in [gold]"
                )
    everything = {
        number: f"{name}/{document}"
        for name, ids in table.items()
        for document, number in ids.items()
    }
    return GoldStandard(corpora, everything, train, withheld)


def folder_or_archive(path: Path) -> Path:
    """Return a corpus's folder or, if there is none, the archive of that name beside it."""
    if not path.exists():
        for ending in ARCHIVES:
            archive = path.with_name(f"{path.name}{ending}")
            if archive.is_file():
                return archive
    return path


def _index(corpora: Sequence[GoldCorpus], parts: Optional[Collection[str]] = None) -> DocumentIndex:
    """Return an index of the documents of all parts, or of these, by corpus, part and id.

    Two corpora may have documents of one id with PubMed ids of their own.
    """
    documents: list[Document] = []
    numbers: dict[str, str] = {}
    for corpus in corpora:
        for part, members in corpus.parts.items():
            for document in members if parts is None or part in parts else ():
                label = f"{corpus.name}/{part}/{document.id}"
                documents.append(Document(label, document.text))
                numbers[label] = pubmed_id(document.id, corpus.pubmed_ids)
    return DocumentIndex(documents, numbers)


def read_parts(
    path: Path, name: str, train_size: Optional[float] = None, split_seed: int = 0
) -> tuple[dict[str, list[Document]], bool]:
    """Return the documents of a corpus by part, and whether the parts were drawn.

    Args:
        path: its folder or archive.
        name: its name.
        train_size: of the train part, in percent of the corpus; the rest is a part of its own.
        split_seed: of parts that are drawn, and of that sample.

    Raises:
        CorpusError: it cannot be used.
    """
    if path.is_file():
        if not path.name.endswith(ARCHIVES):
            raise CorpusError(
                f"{path}: found a file, expected a corpus: a folder, or an archive that ends with "
                f"{', '.join(ARCHIVES)}; give one of them"
            )
        with scratch_folder("gold") as folder:
            unpack(path, folder / name)
            return read_parts(folder / name, name, train_size, split_seed)
    whole = read_corpus(path, required=(), split_seed=split_seed)
    parts = {part: list(reader) for part, reader in whole.parts.items()}
    if train_size is not None and "train" in parts:
        smaller = read_corpus(path, required=(), split_seed=split_seed, train_size=train_size)
        chosen = set(smaller.parts["train"].ids)
        # The others are kept in the index, so that they are removed from the silver corpus.
        parts["train left out"] = [d for d in parts["train"] if d.id not in chosen]
        parts["train"] = [d for d in parts["train"] if d.id in chosen]
    return parts, whole.is_flat


def _read_pubmed_ids(path: Path) -> dict[str, dict[str, str]]:
    """Return PubMed ids by corpus and document id (the part before a slash is left away)."""
    table: dict[str, dict[str, str]] = {}
    for number, line in read_lines(path):
        columns = tuple(line.split("\t"))
        if number == 1 and columns == PUBMED_ID_COLUMNS or not line.strip():
            continue
        if len(columns) != 3 or not columns[1].isdigit():
            raise CorpusError(
                f"{path}:{number}: found {line[:60]!r}; expected the columns "
                f"{', '.join(PUBMED_ID_COLUMNS)}, separated by tabs"
            )
        corpus, pmid, document = columns
        table.setdefault(corpus, {})[document.rpartition("/")[2]] = pmid
    return table
