"""All annotations of real corpora are accounted for; skipped if the data are not available."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from neuroner_tl.corpora.formats.brat import format_annotations
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.tagging import tag_document, tagged_to_entities
from neuroner_tl.corpora.text.tokenizers import get_tokenizer

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("NEURONER_TL_DATA", ROOT.parent / "shared" / "data"))


@pytest.mark.parametrize(
    ("name", "documents", "annotations", "dropped", "widened"),
    [
        ("NCBI_DISO", 792, 6881, 0, 2),
        ("AZDC_DISO", 793, 3422, 195, 1),
        ("CellFinder_PRGE", 10, 1750, 97, 87),
        ("IEPA_PRGE", 200, 1117, 0, 1),
    ],
)
def test_account(
    tmp_path: Path, name: str, documents: int, annotations: int, dropped: int, widened: int
) -> None:
    archive = DATA / "gsc" / f"{name}.tar.gz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there; set NEURONER_TL_DATA to the data folder")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    corpus = read_corpus(tmp_path / name)
    report, tokenizer, found = ImportReport(), get_tokenizer("alnum"), 0
    for part in corpus.parts.values():
        for document in part.documents(report):
            if name == "NCBI_DISO":
                assert format_annotations(document.entities).count("\n") == len(document.entities)
            tagged = tag_document(document, tokenizer, "bioes", "longest", report)
            for sentence in tagged.sentences:
                found += len(tagged_to_entities(document.text, sentence))
    assert report.documents == documents
    assert report.annotations_read == annotations
    assert report.annotations_dropped == dropped
    assert report.annotations_kept == found == annotations - dropped
    widenings = report.by_reason.get("boundary inside a token, widened")
    assert (widenings.count if widenings else 0) == widened
