"""Whole runs on small synthetic corpora."""

import json

import numpy as np
import pytest
from same_runs import epochs_of
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
from neuroner_tl.errors import ParameterError, TrainingError
from neuroner_tl.evaluation.brat_folders import evaluate_folders
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.training.checkpoint import load_model


def run(output, tiny, **parameters):
    with NeuroNER(output_folder=output, **{**tiny, **parameters}) as ner:
        return ner.fit()


def read_json(path):
    return json.loads(path.read_text("utf-8"))


def assert_same_weights(a, b):
    for layer, named in a.weights.items():
        assert set(named) == set(b.weights[layer])
        for name, value in named.items():
            np.testing.assert_array_equal(value, b.weights[layer][name], f"{layer}/{name}")


class TestFinishedRun:
    def test_files(self, source_run):
        names = {path.name for path in source_run.folder.path.iterdir()}
        assert names == {
            ".lock",
            "document_counts.json",
            "epochs.jsonl",
            "import_report.json",
            "last",
            "model",
            "parameters.ini",
            "predictions",
            "results.json",
            "tensorboard",
        }
        assert list(source_run.folder.tensorboard.iterdir())
        assert not list(source_run.folder.path.rglob("*.tmp"))

    def test_results(self, source_run, corpora):
        results = read_json(source_run.folder.path / "results.json")
        assert results == json.loads(json.dumps(source_run.results))
        assert results["status"] == source_run.status == "finished"
        assert results["epochs"] == 3 and 1 <= results["best_epoch"] <= 3
        assert set(results["scores"]) == {"train", "valid"}
        assert results["parameters"]["dataset_text_folder"] == str(corpora.silver)
        assert results["vocabulary"]["labels"][0] == "O"
        assert len(results["vocabulary"]["labels"]) == 9

    def test_epochs(self, source_run):
        records = epochs_of(source_run.folder.path)
        assert [record["epoch"] for record in records] == [1, 2, 3]
        best = max(record["score"] for record in records)
        assert best == source_run.results["best_score"] > 0
        assert records[-1]["loss"] < records[0]["loss"]
        for record in records:
            assert record["score"] == record["valid"]["micro"]["f1"]

    def test_valid_is_scored_after_every_epoch_and_all_parts_once(self, source_run):
        records = epochs_of(source_run.folder.path)
        assert all("valid" in record for record in records)
        assert not any({"train", "test"} & set(record) for record in records)
        assert {"train", "valid"} == set(source_run.results["scores"])

    def test_scores_are_those_of_the_best_epoch(self, source_run):
        records = {record["epoch"]: record for record in epochs_of(source_run.folder.path)}
        best = records[source_run.results["best_epoch"]]
        assert source_run.results["scores"]["valid"]["conll"] == best["valid"]
        assert load_model(source_run.folder.model).training["epoch"] == best["epoch"]

    @pytest.mark.parametrize("part", ["train", "valid"])
    def test_predictions_agree_with_the_scores(self, source_run, corpora, part):
        scores = evaluate_folders(corpora.silver / part, source_run.folder.predictions / part)
        expected = source_run.results["scores"][part]["documents"]
        assert json.loads(json.dumps(scores.scores.to_json())) == json.loads(json.dumps(expected))

    @pytest.mark.parametrize("part", ["train", "valid"])
    def test_a_loaded_model_predicts_the_same(self, source_run, corpora, part):
        from neuroner_tl.corpora.import_report import ImportReport
        from neuroner_tl.corpora.reader import read_corpus

        predictor = Predictor(source_run.folder.path)
        documents = list(read_corpus(corpora.silver, report=ImportReport()).parts[part])
        for found in predictor.predict(documents):
            path = source_run.folder.predictions / part / f"{found.id}.ann"
            lines = [line.split("\t")[1] for line in path.read_text("utf-8").splitlines()]
            assert lines == [f"{e.type} {e.start} {e.end}" for e in found.entities]

    def test_parameters_of_the_run_load_again(self, source_run, tiny):
        parameters = load_parameters(source_run.folder.path / "parameters.ini")
        assert parameters.to_dict() == source_run.results["parameters"]
        assert parameters.learning_rate == tiny["learning_rate"]

    def test_the_newest_state_is_a_model_too(self, source_run):
        model = load_model(source_run.folder.last)
        progress = model.training["progress"]
        assert progress["epoch"] == 4 and progress["batch"] == 0
        assert progress["sentences"] == 3 * source_run.results["sentences"]["train"]

    def test_no_pickles(self, source_run):
        for path in source_run.folder.path.rglob("*"):
            assert path.suffix not in (".pkl", ".pickle", ".npy")


class TestBestEpochIsNotTheLast:
    """The first of three epochs is called the best, whatever it found."""

    @pytest.fixture(scope="class")
    def result(self, corpora, tiny, tmp_path_factory):
        validate = Scorer.validate
        calls = []

        def first_is_best(scorer, mode):
            _, details = validate(scorer, mode)
            calls.append(details)
            return 1 / len(calls), details

        with pytest.MonkeyPatch.context() as patch, unoptimised_graphs():
            patch.setattr(Scorer, "validate", first_is_best)
            return run(tmp_path_factory.mktemp("first"), tiny, dataset_text_folder=corpora.gold)

    def test_scores_are_those_of_the_best_epoch(self, result):
        first, *_, last = epochs_of(result.folder.path)
        assert result.results["best_epoch"] == 1 and last["epoch"] == 3
        assert first["valid"] != last["valid"]
        assert result.results["scores"]["valid"]["conll"] == first["valid"]

    def test_predictions_are_those_of_the_best_epoch(self, result, corpora):
        from neuroner_tl.corpora.import_report import ImportReport
        from neuroner_tl.corpora.reader import read_corpus

        documents = list(read_corpus(corpora.gold, report=ImportReport()).parts["valid"])
        found = {}
        for name in ("model", "last"):
            predictor = Predictor(result.folder.path / name)
            found[name] = {
                document.id: [f"{e.type} {e.start} {e.end}" for e in document.entities]
                for document in predictor.predict(documents)
            }
        written = {
            path.stem: [line.split("\t")[1] for line in path.read_text("utf-8").splitlines()]
            for path in (result.folder.predictions / "valid").glob("*.ann")
        }
        assert written == found["model"] != found["last"]


@pytest.fixture(scope="module")
def transferred(source_run, corpora, tiny, tmp_path_factory):
    with unoptimised_graphs():
        return run(
            tmp_path_factory.mktemp("transfer"),
            tiny,
            dataset_text_folder=corpora.gold,
            use_pretrained_model=True,
            pretrained_model_folder=source_run.folder.model,
        )


class TestTransferRun:
    def test_report(self, transferred, source_run):
        report = read_json(transferred.folder.path / "transfer_report.json")
        assert report["source"] == str(source_run.folder.model)
        assert {layer["action"] for layer in report["layers"]} == {"copied"}
        ours, theirs = (
            set(load_model(r.folder.model).vocabulary.tokens) for r in (transferred, source_run)
        )
        assert report["layers"][0]["rows"]["copied"] == len(ours & theirs) > 100

    def test_scores_of_all_parts(self, transferred, corpora):
        assert set(transferred.results["scores"]) == {"train", "valid", "test"}
        found = evaluate_folders(corpora.gold / "test", transferred.folder.predictions / "test")
        expected = transferred.results["scores"]["test"]["documents"]
        assert found.scores.micro.f1 == expected["micro"]["f1"]


class TestPredictionMode:
    def test_test_and_deploy(self, transferred, corpora, tiny, tmp_path):
        folder = tmp_path / "corpus"
        write_synthetic_corpora(
            tmp_path, gold_documents=(1, 1, 2), silver_documents=(1, 1), types=("DISO", "CHED")
        )
        (tmp_path / "synthetic_gold").rename(folder)
        (folder / "deploy").mkdir()
        (folder / "deploy" / "new.txt").write_text("A new text.\n")
        result = run(
            tmp_path / "out",
            tiny,
            dataset_text_folder=folder,
            train_model=False,
            use_pretrained_model=True,
            pretrained_model_folder=transferred.folder.model,
        )
        assert set(result.results["scores"]) == {"test"}
        found = evaluate_folders(folder / "test", result.folder.predictions / "test")
        assert json.loads(json.dumps(found.scores.to_json())) == json.loads(
            json.dumps(result.results["scores"]["test"]["documents"])
        )
        assert (result.folder.predictions / "deploy" / "new.ann").exists()

    def test_the_same_predictions_as_after_training(
        self, transferred, corpora, tiny, tmp_path, caplog
    ):
        result = run(
            tmp_path,
            tiny,
            dataset_text_folder=corpora.gold,
            train_model=False,
            use_pretrained_model=True,
            pretrained_model_folder=transferred.folder.model,
            # Sizes are the model's own, whatever the parameters say.
            token_lstm_hidden_state_dimension=7,
        )
        assert "train and valid not used, since train_model is off" in caplog.text
        expected = transferred.results["scores"]["test"]["documents"]
        assert result.results["scores"]["test"]["documents"] == expected


class TestReproducibility:
    @pytest.mark.slow
    def test_same_seed_same_run(self, source_run, corpora, tiny, tmp_path):
        again = run(tmp_path, tiny, dataset_text_folder=corpora.silver)
        assert epochs_of(again.folder.path) == epochs_of(source_run.folder.path)
        assert again.results["scores"] == source_run.results["scores"]
        for name in ("model", "last"):
            assert_same_weights(
                load_model(again.folder.path / name), load_model(source_run.folder.path / name)
            )

    @pytest.mark.slow
    def test_another_seed_another_run(self, source_run, corpora, tiny, tmp_path):
        other = run(
            tmp_path, tiny, dataset_text_folder=corpora.silver, seed=4, maximum_number_of_epochs=1
        )
        assert (
            epochs_of(other.folder.path)[0]["loss"] != epochs_of(source_run.folder.path)[0]["loss"]
        )


class TestFacade:
    @pytest.mark.usefixtures("unoptimised")
    def test_fit_predict_evaluate_close(self, corpora, tiny, tmp_path):
        parameters = {**tiny, "dataset_text_folder": corpora.gold, "maximum_number_of_epochs": 1}
        ner = NeuroNER(output_folder=tmp_path, **parameters)
        with pytest.raises(ParameterError, match="no model"):
            ner.predict("text")
        result = ner.fit()
        text = (corpora.gold / "test").glob("*.txt").__next__().read_text("utf-8")
        entities = ner.predict(text)
        assert all(text[e.start : e.end] == e.text for e in entities)
        assert [e.start for e in entities] == sorted(e.start for e in entities)
        assert ner.predict("") == []
        for wrong in (3, None, b"text", [b"text"]):
            with pytest.raises(TypeError, match="found .*, expected"):
                ner.predict(wrong)
        assert ner.evaluate(corpora.gold / "test").micro.f1 == pytest.approx(
            result.results["scores"]["test"]["documents"]["micro"]["f1"]
        )
        ner.close()
        assert ner.predict(text) == entities

    def test_with_a_pretrained_model_and_no_training(self, source_run, corpora):
        with NeuroNER(
            train_model=False,
            use_pretrained_model=True,
            pretrained_model_folder=source_run.folder.path,
        ) as ner:
            scores = ner.evaluate(corpora.silver, ("train", "valid"))
        documents = source_run.results["scores"]
        true = sum(documents[part]["documents"]["micro"]["tp"] for part in documents)
        assert scores.micro.tp == true

    def test_unknown_parameter(self):
        with pytest.raises(ParameterError, match="nearest is learning_rate"):
            NeuroNER(learning_rat=3)


@pytest.mark.slow
def test_a_run_that_learns_nothing_says_so(corpora, tiny, tmp_path):
    with pytest.raises(TrainingError, match="learns nothing") as caught:
        run(
            tmp_path,
            tiny,
            dataset_text_folder=corpora.gold,
            optimizer="sgd",
            learning_rate=0.1,
            batch_size=4,
            give_up_after_sentences=30,
        )
    (folder,) = tmp_path.glob("[!.]*")
    assert str(folder) in str(caught.value)
    results = read_json(folder / "results.json")
    assert results["status"] == "failed" and "scores" not in results


@pytest.mark.usefixtures("unoptimised")
def test_a_nan_loss_ends_the_run(corpora, tiny, tmp_path):
    """The last good state stays, and the results are JSON."""
    with pytest.raises(TrainingError, match="loss is nan.*learning_rate.*no model yet"):
        run(
            tmp_path,
            tiny,
            dataset_text_folder=corpora.gold,
            use_character_lstm=False,
            optimizer="sgd",
            learning_rate=1e30,
            gradient_clipping_value=0,
            checkpoint_every="1 batches",
        )
    (folder,) = tmp_path.glob("[!.]*")
    results = read_json(folder / "results.json")
    assert results["status"] == "failed" and "nan" in results["reason"]
    last = load_model(folder / "last")
    assert all(np.isfinite(v).all() for named in last.weights.values() for v in named.values())
    assert not (folder / "model" / "manifest.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["bio", "token", "binary"])
def test_other_evaluation_modes_decide_the_best_epoch(corpora, tiny, tmp_path, mode):
    result = run(
        tmp_path,
        tiny,
        dataset_text_folder=corpora.gold,
        main_evaluation_mode=mode,
        maximum_number_of_epochs=1,
    )
    scores = result.results["scores"]["valid"]
    assert result.results["best_score"] == scores[mode]["micro"]["f1"]
