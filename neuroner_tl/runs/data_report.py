"""What users need to know about a corpus before training, and what makes training impossible."""

from __future__ import annotations

import logging

import numpy as np

from neuroner_tl.corpora.check import (
    NOTHING_FITS_TAGS,
    NOTHING_TO_CHOOSE_BY,
    NOTHING_TO_LEARN,
)
from neuroner_tl.corpora.look_alikes import described, look_alikes
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.vocabulary import OUTSIDE
from neuroner_tl.dataset.vocabulary_building import GOLD_PARTS
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.runs.data import RunData

logger = logging.getLogger(__name__)

# Number of documents listed for a type that looks like a typo.
DOCUMENTS_NAMED = 3
LONGEST_EXAMPLE = 100


def check_data(data: RunData) -> None:
    """Log what a corpus holds, and refuse one on which training can learn nothing.

    Reading has found the other errors of `corpus check`: parts that are missing, documents that
    cannot be read. Everything comes from the arrays and reports of that reading.

    Raises:
        CorpusError: the train part has no annotations, or none that tags can represent.
    """
    for line in report_lines(data):
        logger.info("%s", line)
    for line in look_alike_lines(data):
        logger.warning("entity types that look like typos of each other: %s", line)
    train = data.dataset.parts["train"]
    folder = data.corpus.folder
    if not len(train.gold.kinds):
        texts = "CoNLL tags" if data.corpus.parts["train"].has_columns else ".ann files"
        raise CorpusError(
            f"{folder}: {NOTHING_TO_LEARN}; expected entities in the {texts} of its "
            f"{counted(len(train.document_ids), 'document')}: see `neuroner-tl corpus check`"
        )
    outside = data.dataset.vocabulary.labels.index(OUTSIDE)
    if not np.any(train.labels != outside):
        raise CorpusError(
            f"{folder}: {NOTHING_FITS_TAGS}; annotate entities that are one stretch of text within "
            "a document: see `neuroner-tl corpus check`"
        )
    if not len(data.dataset.parts["valid"].gold.kinds):
        logger.warning("%s: %s; annotate some of its documents", folder, NOTHING_TO_CHOOSE_BY)


def report_lines(data: RunData) -> list[str]:
    """Return a table of documents, sentences and mentions by type, and what was left out."""
    parts = data.dataset.parts
    mentions = {name: parts[name].gold.mentions() for name in parts if name in GOLD_PARTS}
    rows: list[tuple[str, list[str]]] = [
        ("part", list(parts)),
        ("documents", [str(len(part.document_ids)) for part in parts.values()]),
        ("sentences", [str(part.number_of_sentences) for part in parts.values()]),
        ("tokens", [str(part.number_of_tokens) for part in parts.values()]),
        ("mentions", [_number(mentions, name) for name in parts]),
    ]
    types = sorted({kind for found in mentions.values() for kind in found})
    rows += [(f"  {kind}", [_number(mentions, name, kind) for name in parts]) for kind in types]
    width = max(len(title) for title, _ in rows)
    lines = [f"corpus {data.corpus.folder}"]
    lines += [f"{title:<{width}}" + "".join(f"{cell:>10}" for cell in row) for title, row in rows]
    for name, report in data.reports.items():
        for reason, entry in sorted(report.by_reason.items()):
            example = f" (first: {entry.examples[0]})" if entry.examples else ""
            if len(example) > LONGEST_EXAMPLE:
                example = f"{example[:LONGEST_EXAMPLE]}...)"
            lines.append(f"{name}: {entry.effect}: {reason}: {entry.count}{example}")
    return lines


def look_alike_lines(data: RunData) -> list[str]:
    """Return a line for each pair of types that look like typos of each other."""
    parts = {name: data.dataset.parts[name] for name in GOLD_PARTS if name in data.dataset.parts}
    counts: dict[str, int] = {}
    for part in parts.values():
        for kind, number in part.gold.mentions().items():
            counts[kind] = counts.get(kind, 0) + number
    pairs = look_alikes(counts)
    documents = {kind: _documents(parts, kind) for pair in pairs for kind in pair}
    return described(pairs, counts, documents)


def _number(mentions: dict[str, dict[str, int]], part: str, kind: str = "") -> str:
    found = mentions.get(part)
    if found is None:
        return "-"
    return str(found.get(kind, 0) if kind else sum(found.values()))


def _documents(parts: dict[str, EncodedPart], kind: str) -> list[str]:
    """Return the first documents with a mention of a type."""
    names: list[str] = []
    for part_name, part in parts.items():
        gold = part.gold
        if kind not in gold.types:
            continue
        places = np.flatnonzero(gold.kinds == gold.types.index(kind))
        found = np.unique(np.searchsorted(gold.annotation_offsets, places, side="right") - 1)
        names += [f"{part_name}/{part.document_ids[i]}" for i in found[:DOCUMENTS_NAMED]]
    return names[:DOCUMENTS_NAMED]
