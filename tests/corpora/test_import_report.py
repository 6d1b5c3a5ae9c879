from __future__ import annotations

import json

from neuroner_tl.corpora.import_report import ImportReport


def test_every_annotation_is_kept_or_dropped() -> None:
    report = ImportReport(documents=1)
    report.read(5)
    report.drop("nested", "x", 2)
    report.change("widened", "y")
    report.count("relation skipped")
    assert report.annotations_kept == 3
    assert report.annotations_dropped == 2
    other = ImportReport(documents=2)
    other.read(30)
    for index in range(20):
        other.drop("nested", f"z{index}")
    report.merge(other)
    assert (report.documents, report.annotations_read, report.annotations_kept) == (3, 35, 13)
    content = json.loads(json.dumps(report.to_json()))
    assert content["by_reason"]["nested"]["count"] == 22
    assert len(content["by_reason"]["nested"]["examples"]) == 10
    assert len(other.by_reason["nested"].examples) == 10
    text = report.summary()
    assert "35 annotations read, 13 kept, 22 dropped" in text
    assert "changed: widened: 1 (first: y)" in text and "noted: relation skipped: 1" in text


def test_one_is_singular():
    report = ImportReport(documents=1)
    report.annotations_read = report.annotations_kept = 1
    assert report.summary() == "1 document\n1 annotation read, 1 kept, 0 dropped"
