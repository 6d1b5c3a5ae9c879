"""The texts that a silver corpus is made of: read, compared with gold corpora, drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from neuroner_tl.corpora.convert import read_documents
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.document_names import DocumentNames
from neuroner_tl.corpora.duplicates import SharedDocument, pubmed_id
from neuroner_tl.corpora.formats.json_lines import read_sources
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.silver.cleaning.selection import shuffled, topics_of
from neuroner_tl.silver.definition import SilverDefinition
from neuroner_tl.silver.gold import GoldStandard
from neuroner_tl.system.file_name import usable_name

POOL_TOPICS = 50
"""Number of topics among which the pool is balanced."""


def read_texts(definition: SilverDefinition) -> list[Document]:
    """Return the texts of a definition, without annotations; those of one id are one.

    Raises:
        CorpusError: a file cannot be used, an id has two texts, or two ids would name one file.
    """
    settings = definition.silver
    report = ImportReport()
    names = DocumentNames()
    found: dict[str, Document] = {}
    for path in settings.texts:
        texts = read_documents(definition.data(path), settings.texts_format, report)
        for document in progress_bar(texts, desc="reading", unit=" documents", delay=2):
            if document.id not in found:
                # Refused now, not when the corpus is written.
                names.check(usable_name(document.id), str(path))
            earlier = found.setdefault(document.id, Document(document.id, document.text))
            if earlier.text != document.text:
                raise CorpusError(
                    f"{path}: document {document.id!r} occurs twice with different texts; ids must "
                    "be unique: remove or rename one"
                )
    return list(found.values())


def in_gold(texts: Sequence[Document], gold: GoldStandard) -> list[SharedDocument]:
    """Return the texts that are in a gold corpus, or whose PubMed id the table has."""
    found = []
    known = set()
    for document in texts:
        place = gold.pubmed_ids.get(pubmed_id(document.id) or "none")
        if place is not None:
            known.add(document.id)
            found.append(SharedDocument(document.id, place, "PubMed id", 1.0))
    bar = progress_bar(texts, desc="comparing with gold", unit=" documents", delay=2)
    found += [shared for shared in gold.index.find(bar) if shared.source not in known]
    return found


def draw_texts(definition: SilverDefinition, texts: Sequence[Document]) -> list[Document]:
    """Return as many texts as the definition asks for, balanced by source and topic.

    All sources give the same number as far as they have it, and so do all topics of a source. The
    sources are those that the texts' file names (JSON lines with ``source``), or one.
    """
    number, seed = definition.silver.pool_documents, definition.silver.seed
    if number is None or number >= len(texts):
        return list(texts)
    sources: dict[str, str] = {}
    if definition.silver.texts_format == "jsonl":
        for path in definition.silver.texts:
            sources.update(read_sources(definition.data(path)))
    topics = topics_of([document.text for document in texts], POOL_TOPICS, seed)
    kept = set(balanced([d.id for d in texts], sources, topics, seed)[:number])
    return [document for index, document in enumerate(texts) if index in kept]


def balanced(
    names: Sequence[str], sources: Mapping[str, str], topics: Sequence[int], seed: int
) -> list[int]:
    """Return the positions of documents so that each beginning is balanced by source and topic.

    Args:
        names: the documents' ids.
        sources: the source of each id; those without one have one source together.
        topics: the topic of each document.
        seed: decides between equals, with the ids.
    """
    turns = shuffled(names, f"pool:{seed}")
    for cell in (
        lambda index: (sources.get(names[index], ""), topics[index]),
        lambda index: sources.get(names[index], ""),
    ):
        # Round after round, each cell gives the one of its documents that comes first.
        taken: dict[object, int] = defaultdict(int)
        rounds: list[tuple[int, int, int]] = []
        for turn, index in enumerate(turns):
            rounds.append((taken[cell(index)], turn, index))
            taken[cell(index)] += 1
        turns = [index for *_, index in sorted(rounds)]
    return turns
