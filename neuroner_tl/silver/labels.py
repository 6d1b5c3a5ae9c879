"""The annotated documents whose labels a silver corpus knows, as its report records them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from neuroner_tl.errors import CorpusError
from neuroner_tl.system.json_text import read_object

# The report of a silver corpus, and its records of the documents whose labels it was told.
REPORT, LEARNED_FROM = "report.json", "learned_from_documents"


def labels_of_silver(folder: Path) -> dict[str, list[str]]:
    """Return the ids of the gold documents whose labels a silver corpus knows, by corpus.

    Raises:
        CorpusError: it has learned from gold, and its report does not say from which documents.
    """
    report = read_object(folder / REPORT)
    if LEARNED_FROM not in report and report.get("learned_from"):
        raise CorpusError(
            f"{folder / REPORT}: found no {LEARNED_FROM}, expected the ids of the gold documents "
            "that the corpus was learned from; build it again"
        )
    return merged({}, report.get(LEARNED_FROM))


def merged(known: Mapping[str, Sequence[str]], more: object) -> dict[str, list[str]]:
    """Return ids by corpus together with more of them, each once, sorted.

    Args:
        known: ids by corpus.
        more: the same as read from a file, which may hold anything.
    """
    result = {name: list(ids) for name, ids in known.items()}
    for name, ids in (more if isinstance(more, Mapping) else {}).items():
        if isinstance(ids, (list, tuple)):
            result[str(name)] = sorted({*result.get(str(name), ()), *map(str, ids)})
    return result
