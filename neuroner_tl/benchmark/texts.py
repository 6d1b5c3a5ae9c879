"""The texts that prediction and a service are measured on."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.sources import Source, find_sources
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.paths import StrPath


def first_documents(source: StrPath, number: int) -> list[tuple[Source, Document]]:
    """Return the first documents that can be used, each with its file.

    Args:
        source: a file or a folder of files of texts, see `find_sources`.
        number: how many at most.

    Raises:
        CorpusError: there is nothing to read.
    """
    report = ImportReport(bad=lambda error: None)
    sources = find_sources(Path(source))
    found = list(islice(((one, d) for one in sources for d in one.documents(report)), number))
    if not found:
        raise CorpusError(f"{source}: no documents; give another file or folder")
    return found
