"""Gold corpora of a definition: which documents are found in them, and which teach."""

from __future__ import annotations

from pathlib import Path

import pytest
from brat_documents import write_brat_document

from neuroner_tl.corpora.document import Document
from neuroner_tl.silver.definition import read_silver_definition
from neuroner_tl.silver.gold import GoldStandard, read_gold

DEFINITION = """
[silver]
name = small
type = DISO
data_folder = {folder}
texts = texts.jsonl
[annotators]
one = lexicon:one.txt
[harmonise]
threshold = 1
[gold]
corpora = first, second, third
learn_from = third
pubmed_ids = ids.tsv
"""


@pytest.fixture
def gold(tmp_path: Path) -> GoldStandard:
    """Two corpora with a document of one name, and a third that has the first one's in train."""
    texts = {"first/test": ["d1"], "second/test": ["d1"], "third/train": ["d2", "d3"]}
    for part, names in texts.items():
        (tmp_path / part).mkdir(parents=True)
        for name in names:
            write_brat_document(Document(name, f"{part} {name}."), tmp_path / part)
    ids = {"first": {"d1": "100001"}, "second": {"d1": "100002"}}
    ids["third"] = {"d2": "100001", "d3": "100003"}
    lines = [f"{c}\t{pmid}\t{name}\n" for c, own in ids.items() for name, pmid in own.items()]
    (tmp_path / "ids.tsv").write_text("corpus\tpmid\tdocument\n" + "".join(lines))
    (tmp_path / "small.ini").write_text(DEFINITION.format(folder=tmp_path))
    return read_gold(read_silver_definition(tmp_path / "small.ini"))


def test_documents_of_one_name_in_two_corpora_keep_their_pubmed_ids(gold: GoldStandard) -> None:
    texts = [Document("100001", "A text."), Document("100002", "A text.")]
    targets = [found.target for found in gold.index.find(texts)]
    assert targets == ["first/test/d1", "second/test/d1"]


def test_nothing_is_learned_from_a_test_document_of_a_name_that_two_corpora_have(
    gold: GoldStandard,
) -> None:
    assert [document.id for document in gold.train["third"]] == ["d3"]
    assert gold.withheld == {"third": 1}
