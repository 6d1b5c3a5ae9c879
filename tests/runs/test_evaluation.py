"""A model scored on a corpus: as its predictions in files are, and with their probabilities."""

import pytest

from neuroner_tl.cli import evaluate
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.brat_folders import evaluate_folders
from neuroner_tl.evaluation.error_list import ErrorList
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.evaluation import evaluate_model
from neuroner_tl.runs.jobs.file_prediction import predict_files


@pytest.fixture(scope="module")
def predictor(source_run):
    return Predictor(source_run.folder.model)


@pytest.fixture(scope="module")
def predicted(predictor, corpora, tmp_path_factory):
    folder = tmp_path_factory.mktemp("predicted")
    predict_files(predictor, corpora.gold / "test", folder, probabilities=True)
    return folder


def test_as_its_predictions_in_files(predictor, predicted, corpora):
    errors = ErrorList()
    found = evaluate_model(predictor, corpora.gold, observers=[errors.add])
    expected = evaluate_folders(corpora.gold / "test", predicted)
    assert found.scores == expected.scores and found.per_document == expected.per_document
    assert found.confidence.all_known and len(found.confidence.probabilities) > 5
    assert found.confidence.probabilities == pytest.approx(
        expected.confidence.probabilities, abs=1e-5
    )
    assert errors.sorted()
    flat = evaluate_model(predictor, corpora.gold / "test")
    assert flat.scores == found.scores


def test_parts_are_told_apart(predictor, corpora):
    found = evaluate_model(predictor, corpora.gold, ("valid", "test"))
    assert {name.split("/")[0] for name in found.per_document} == {"valid", "test"}


def run(parser, *arguments):
    return evaluate.run(parser.parse_args([str(argument) for argument in arguments]))


def test_the_command(source_run, predicted, corpora, tmp_path, parser):
    model = ("--gold", corpora.gold, "--model", source_run.folder.path)
    outcome = run(parser, *model, "--calibration", tmp_path / "c", "--errors", tmp_path / "e.html")
    assert "expected calibration error of" in outcome.text and "95 %" in outcome.text
    assert outcome.content["confidence"]["calibration"]["bins"]
    assert (tmp_path / "c" / "reliability.png").stat().st_size > 1000
    # The corpus has a train part.
    assert "not in train" in (tmp_path / "e.html").read_text()
    files = ("--gold", corpora.gold / "test", "--predicted", predicted)
    assert "expected calibration error of" in run(parser, *files).text


@pytest.fixture
def parser():
    import argparse

    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    return parser


def test_options_that_do_not_fit(source_run, predicted, corpora, tmp_path, parser):
    gold = ("--gold", corpora.gold / "test")
    model, files = ("--model", source_run.folder.path), ("--predicted", predicted)
    for arguments, words in (
        ((*gold, *model, "--conlleval"), "--conlleval: found it with --model, expected --pred"),
        ((*gold, *model, "--documents", "all"), "--documents: found it with --model"),
        ((*gold, *files, "--parts", "valid"), "--parts: found it with --predicted"),
        ((*gold, *files, "--word-vectors", "v"), "--word-vectors: found it with --predicted"),
    ):
        with pytest.raises(ParameterError, match=words):
            run(parser, *arguments)
    without = ("--predicted", corpora.gold / "test")
    with pytest.raises(ParameterError, match=r"found 0 of \d+ predicted mentions with"):
        run(parser, *gold, *without, "--calibration", tmp_path / "c")
    assert not (tmp_path / "c").exists()
    assert "calibration" not in run(parser, *gold, *without).text
    with pytest.raises(SystemExit):
        run(parser, *gold)
