import argparse
import json

import pytest

from neuroner_tl.cli import evaluate
from neuroner_tl.errors import CorpusError, ParameterError


@pytest.fixture
def folders(tmp_path):
    for side, line in (("gold", "T1\tDISO 0 3\tFlu\n"), ("predicted", "T1\tDISO 4 7\tand\n")):
        (tmp_path / side).mkdir()
        (tmp_path / side / "a.txt").write_text("Flu and cold")
        (tmp_path / side / "a.ann").write_text(line)
    (tmp_path / "gold" / "b.txt").write_text("Flu and cold")
    (tmp_path / "gold" / "b.ann").write_text("T1\tDISO 8 12\tcold\n")
    return tmp_path


def command(*arguments):
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    outcome = evaluate.run(parser.parse_args([str(argument) for argument in arguments]))
    print(outcome.text.rstrip("\n"))
    return outcome.status


def test_table_and_json(folders, capsys):
    target = folders / "scores.json"
    arguments = ("--gold", folders / "gold", "--predicted", folders / "predicted")
    assert command(*arguments, "--documents", "gold", "--json-file", target, "--per-document") == 0
    printed = capsys.readouterr().out
    assert ["DISO", "0", "1", "2"] in [line.split()[:4] for line in printed.splitlines()]
    assert ["a", "0", "1", "1"] in [line.split()[:4] for line in printed.splitlines()]
    assert "documents compared: 2" in printed
    assert "gold documents without predictions: 1 (count as empty)" in printed
    content = json.loads(target.read_text())
    assert content["missing"] == ["b"]
    assert content["scores"]["micro"]["fn"] == 2
    assert content["per_document"]["a"]["fp"] == 1


def test_different_documents_write_nothing(folders):
    target = folders / "scores.json"
    with pytest.raises(CorpusError, match="1 of 2 gold documents have no prediction"):
        command(
            "--gold", folders / "gold", "--predicted", folders / "predicted", "--json-file", target
        )
    assert not target.exists()


def test_json_file_that_cannot_be_written(folders):
    same = ("--gold", folders / "gold", "--predicted", folders / "gold")
    with pytest.raises(CorpusError, match="cannot be written"):
        command(*same, "--json-file", folders / "absent" / "scores.json")


def test_annotations_that_tags_can_represent_have_a_row_too(folders, capsys):
    nested = "T1\tDISO 0 3\tFlu\nT2\tDISO 0 12\tFlu and cold\n"
    (folders / "gold" / "a.ann").write_text(nested)
    (folders / "predicted" / "a.ann").write_text("T1\tDISO 0 12\tFlu and cold\n")
    target = folders / "scores.json"
    arguments = ("--gold", folders / "gold", "--predicted", folders / "predicted")
    assert command(*arguments, "--documents", "common", "--json-file", target) == 0
    printed = capsys.readouterr().out
    content = json.loads(target.read_text())
    assert content["scores"]["micro"]["fn"] == 1
    assert content["scores_of_taggable"]["micro"]["fn"] == 0
    assert f"{content['measures']['scores']}\n" in printed
    assert f"micro F1 100.00: {content['measures']['scores_of_taggable']}" in printed


def test_figures_of_conlleval(folders, capsys):
    """Nested entities are left out, a prediction that crosses a sentence is not."""
    (folders / "gold" / "b.txt").write_text("Flu. The cold")
    (folders / "gold" / "b.ann").write_text("T1\tDISO 9 13\tcold\nT2\tDISO 5 13\tThe cold\n")
    (folders / "predicted" / "b.ann").write_text("T1\tDISO 0 13\tFlu. The cold\n")
    (folders / "predicted" / "a.ann").write_text("T1\tDISO 0 3\tFlu\nT2\tCHED 4 7\tand\n")
    arguments = ("--gold", folders / "gold", "--predicted", folders / "predicted")
    target = folders / "scores.json"
    assert command(*arguments, "--conlleval", "--json-file", target) == 0
    assert capsys.readouterr().out == (
        "processed 7 tokens with 2 phrases; found: 3 phrases; correct: 1.\n"
        "accuracy:  42.86%; precision:  33.33%; recall:  50.00%; FB1:  40.00\n"
        "             CHED: precision:   0.00%; recall:   0.00%; FB1:   0.00  1\n"
        "             DISO: precision:  50.00%; recall:  50.00%; FB1:  50.00  2\n"
    )
    content = json.loads(target.read_text())
    assert content["scores"]["micro"]["fn"] == 2
    assert content["scores_on_tags"]["micro"]["fn"] == 1


def test_figures_of_conlleval_where_documents_are_missing(folders, capsys):
    arguments = ("--gold", folders / "gold", "--predicted", folders / "predicted")
    assert command(*arguments, "--conlleval", "--documents", "gold") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("processed 6 tokens with 2 phrases; found: 1 phrases; correct: 0.")


def test_conlleval_has_no_line_for_a_document(folders):
    arguments = ("--gold", folders / "gold", "--predicted", folders / "predicted")
    with pytest.raises(ParameterError, match="--per-document: found it with --conlleval"):
        command(*arguments, "--conlleval", "--per-document")


def test_errors_are_written_with_what_train_has(folders, capsys):
    (folders / "train").mkdir()
    (folders / "train" / "c.txt").write_text("FLU")
    (folders / "train" / "c.ann").write_text("T1\tDISO 0 3\tFLU\n")
    both = ("--gold", folders / "gold", "--predicted", folders / "predicted", "--documents", "gold")
    table, page = folders / "errors.tsv", folders / "errors.html"
    command(*both, "--errors", table)
    command(*both, "--errors", page, "--train", folders / "predicted")
    lines = [line.split("\t") for line in table.read_text().splitlines()]
    assert [(row[1], row[3] or row[5], row[6]) for row in lines[1:]] == [
        ("missed", "cold", "no"),
        ("missed", "Flu", "yes"),
        ("spurious", "and", "no"),
    ]
    assert "3 errors" in page.read_text() and "documents compared" in capsys.readouterr().out


def test_errors_that_cannot_be_written_are_found_first(folders):
    both = ("--gold", folders / "absent", "--predicted", folders / "predicted")
    with pytest.raises(ParameterError, match=r"expected one that ends with \.tsv"):
        command(*both, "--errors", folders / "errors.txt")
    with pytest.raises(ParameterError, match="--train: found it without --errors"):
        command(*both, "--train", folders / "gold")
