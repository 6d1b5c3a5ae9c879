import json

import numpy as np
import pytest

from neuroner_tl.dataset.word_vectors.look_up import EmbeddingReport, lookup_rows, token_forms


@pytest.mark.parametrize(
    ("lowercase", "digits", "forms"),
    [
        (True, True, ["Il2X", "il2x", "Il0X", "il0x"]),
        (True, False, ["Il2X", "il2x"]),
        (False, True, ["Il2X", "Il0X"]),
        (False, False, ["Il2X"]),
    ],
)
def test_forms_in_neuroners_order(lowercase, digits, forms):
    assert token_forms("Il2X", lowercase, digits) == forms


def test_equal_forms_are_given_once():
    assert token_forms("cell", True, True) == ["cell"]
    assert token_forms("12", True, True) == ["12", "00"]
    assert token_forms("Cell", True, True) == ["Cell", "cell"]


def test_rows_and_counts_by_form():
    index = {"Cancer": 0, "cancer": 1, "il2": 2, "P00": 3, "cd0": 4}
    tokens = ["Cancer", "CANCER", "IL2", "P53", "CD8", "absent"]
    rows, report = lookup_rows(tokens, index, True, True)
    assert rows.tolist() == [0, 1, 2, 3, 4, -1]
    assert report == EmbeddingReport(exact=1, lower=2, digits=1, lower_digits=1, missing=1)
    assert report.total == 6
    assert json.loads(json.dumps(report.to_json()))["lower_digits"] == 1
    assert "5 of 6" in report.summary()


def test_rules_switched_off_find_less():
    index = {"il2": 0, "P00": 1, "cd0": 2}
    tokens = ["IL2", "P53", "CD8"]
    assert lookup_rows(tokens, index, False, True)[0].tolist() == [-1, 1, -1]
    assert lookup_rows(tokens, index, True, False)[0].tolist() == [0, -1, -1]
    assert lookup_rows(tokens, index, False, False)[1] == EmbeddingReport(missing=3)


def test_nothing_to_look_up():
    rows, report = lookup_rows([], {}, True, True)
    assert rows.shape == (0,) and rows.dtype == np.int64
    assert report.summary().startswith("word vectors for 0 of 0")
