"""MEDLINE and PubMed XML: the text of a record, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from neuroner_tl.corpora.detection import detect_format
from neuroner_tl.corpora.formats.medline import iterate_medline
from neuroner_tl.corpora.formats.xml_records import iterate_records
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

FILE = Path(__file__).parents[2] / "fixtures" / "corpora" / "formats" / "medline.xml"


def test_records() -> None:
    report = ImportReport()
    documents = {d.id: d.text for d in iterate_medline(FILE, report)}
    assert documents == {
        "90000021": "Serum Ca2+ in gout & 𝛼-thalassaemia.\nBACKGROUND: Gout is painful.\n"
        "RESULTS: In vitro, no flu was seen.",
        "90000021.2": "A later version.",
        "90000022": "",
    }
    assert report.documents == 3
    assert report.by_reason["record without title and abstract"].count == 1
    assert detect_format(FILE) == "medline"


def test_records_are_read_one_at_a_time(tmp_path: Path) -> None:
    """A packed file whose end is missing gives the records before it."""
    content = FILE.read_bytes()
    record = content[content.index(b"<PubmedArticle>") : content.index(b"<DeleteCitation>")]
    path = tmp_path / "many.xml.gz"
    path.write_bytes(gzip.compress(b"<PubmedArticleSet>" + record * 500))
    found = iterate_medline(path, ImportReport())
    assert next(found).id == "90000021"
    with pytest.raises(CorpusError, match="not well-formed"):
        assert len(list(found)) > 1000


def test_what_follows_a_record_is_not_kept(tmp_path: Path) -> None:
    """References of a PubMed article are longer than its record."""
    path = tmp_path / "many.xml"
    article = "<PubmedArticle><MedlineCitation/><PubmedData><a/></PubmedData></PubmedArticle>"
    path.write_text(f"<PubmedArticleSet>{article * 100}</PubmedArticleSet>")
    sizes = [
        sum(1 for _ in record.getroottree().iter("PubmedData"))
        for record in iterate_records(path, "MedlineCitation", "XML")
    ]
    # The whole file is one block of the parser; only what was passed is gone.
    assert sizes[0] == 100 and sizes[-1] <= 2
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<PubmedArticleSet/>", "no MedlineCitation"),
        ("<a><MedlineCitation><PMID/></MedlineCitation></a>", "without PMID"),
        ("<a><MedlineCitation></MedlineCitation></a>", "without PMID"),
        ("<a><MedlineCitation>", "not well-formed"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<!ENTITY"),
    ],
)
def test_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "broken.xml"
    path.write_text(content)
    with pytest.raises(CorpusError, match="broken.xml") as caught:
        list(iterate_medline(path, ImportReport()))
    assert words in str(caught.value)
