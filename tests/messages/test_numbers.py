"""Numbers as they are shown."""

import pytest

from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.messages.numbers import counted
from neuroner_tl.runs.jobs.file_prediction import PredictedFiles


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 documents"), (1, "1 document"), (2, "2 documents")]
)
def test_a_count_has_its_noun_in_the_right_number(number, expected):
    assert counted(number, "document") == expected


def test_a_plural_of_its_own():
    assert counted(1, "entity", "entities") == "1 entity"
    assert counted(2, "entity", "entities") == "2 entities"


def test_summaries_of_one(tmp_path):
    assert PredictedFiles(tmp_path, 1, 1).summary().startswith("1 document, 1 entity; written to")
    report = ImportReport(documents=1, sentences=1, tokens=1, annotations_read=1)
    assert report.summary().startswith("1 document, 1 sentence, 1 token\n1 annotation read, ")
