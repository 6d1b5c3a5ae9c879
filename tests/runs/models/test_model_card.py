"""The model card: what a run says of its model, and the form that hubs read."""

import pytest
import yaml

from neuroner_tl.parameters.files import write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.models.model_card import CARD, GENERATED, model_card, write_card

COUNTS = {"tp": 8, "fp": 2, "fn": 4, "precision": 0.8, "recall": 2 / 3, "f1": 8 / 11}
OF_PART = {"documents": {"micro": COUNTS, "per_type": {"Di|se*ase<b>": COUNTS}}}


def front_matter(card):
    start, content, _ = card.split("---\n", 2)
    assert start == ""
    return yaml.safe_load(content)


@pytest.fixture
def make(tmp_path):
    """A run's folder and results, without training."""

    def run(name="mine", split=None, source=None, corpus="my corpus", **more):
        folder = RunFolder(tmp_path / name)
        folder.model.mkdir(parents=True)
        parameters = Parameters(
            experiment_name=name,
            dataset_text_folder=tmp_path / "secret" / corpus,
            token_pretrained_embedding_filepath=tmp_path / "secret" / "vectors.bin",
            dropout_rate=0.25,
            use_pretrained_model=source is not None,
            pretrained_model_folder=source,
        )
        write_parameters(parameters, folder.model / "parameters.ini")
        if split is not None:
            folder.write_json("split.json", split)
        folder.write_json("document_counts.json", {"test": {"a": [1, 0, 0], "b": [0, 1, 0]}})
        results = {
            "status": "finished",
            "best_epoch": 7,
            "best_score": 0.5,
            "epochs": 9,
            "versions": {"neuroner_tl": "0.1.0", "python": "3.11.7"},
            "vocabulary": {"labels": ["O", "B-Di|se*ase<b>", "I-Di|se*ase<b>"]},
            "sentences": {"train": 50, "test": 20},
            "parameters": parameters.to_dict(),
            "measures": {"documents": "exact matches"},
            "scores": {"test": OF_PART},
            "intervals": {"test": {"micro": [0.6, 0.85], "Di|se*ase<b>": None}},
            "temperature": 1.25,
        }
        return folder, {**results, **more}

    return run


def test_what_hubs_read(make):
    found = front_matter(model_card(*make(corpus="my: corpus 𝛼")))
    assert found["pipeline_tag"] == "token-classification"
    assert found["library_name"] == "neuroner_tl" and found["language"] == "en"
    assert found["license"] == "unknown" and "named-entity-recognition" in found["tags"]
    (index,) = found["model-index"]
    (result,) = index["results"]
    assert index["name"] == "mine" and result["task"]["type"] == "token-classification"
    assert result["dataset"] == {"name": "my: corpus 𝛼", "type": "my: corpus 𝛼", "split": "test"}
    metrics = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert metrics == {"precision": 0.8, "recall": 0.6667, "f1": 0.7273}


def test_what_people_read(make, tmp_path):
    card = model_card(*make())
    assert "| Di\\|se\\*ase&lt;b&gt; | 80.00 | 66.67 | 72.73 |  | 12 |" in card
    assert "| micro | 80.00 | 66.67 | 72.73 | 60.00 to 85.00 | 12 |" in card
    assert "| test | 2 | 20 |" in card and "| train |  | 50 |" in card
    assert "Trained from scratch on my corpus." in card
    assert "The corpus has parts of its own." in card
    assert "Best of 9 epochs: 7, chosen by F1 on valid (50.00, on tags)." in card
    assert "temperature 1.250" in card and "Word vectors: vectors.bin." in card
    assert "| dropout\\_rate | 0.25 |" in card and "| python | 3.11.7 |" in card
    assert "## Licence\n\nTo be filled in" in card
    assert str(tmp_path) not in card and "secret" not in card


def test_a_split_by_seed(make):
    split = {"seed": 3, "percentages": [60.0, 10.0, 30.0], "train": [], "valid": [], "test": []}
    assert "with seed 3: 60, 10, 30 % for train, valid, test" in model_card(*make(split=split))
    held_out = {**split, "held_out": True, "train": list("abc"), "valid": ["d"], "test": ["e"]}
    card = model_card(*make("other", split=held_out))
    assert "1 of 4 train documents were held out for validation with seed 3" in card


def test_the_chain_of_a_transfer(make, tmp_path):
    first, _ = make("first", corpus="silver")
    second, _ = make("second", corpus="gold", source=first.model)
    card = model_card(*make("third", corpus="small", source=second.model))
    lines = card.splitlines()
    place = lines.index("1. first, trained on silver")
    following = ["2. second, trained on gold", "3. third, trained on small"]
    assert lines[place + 1 : place + 3] == following
    assert "which is not there" not in card
    card = model_card(*make("fourth", source=tmp_path / "gone" / "model"))
    assert "1. fourth, trained on my corpus" in card
    assert "started from the model gone, which is not there" in card


def test_an_interrupted_run(make):
    card = model_card(*make(status="interrupted", scores=None, temperature=None))
    assert "None yet: the run is interrupted." in card
    assert "model-index" not in front_matter(card)


def test_a_card_that_was_edited_stays(make):
    folder, results = make()
    write_card(folder, results)
    path = folder.model / CARD
    assert path.read_text("utf-8") == model_card(folder, results)
    write_card(folder, {**results, "best_epoch": 8})
    assert "epochs: 8" in path.read_text("utf-8")
    edited = path.read_text("utf-8").replace(GENERATED, "") + "My licence."
    path.write_text(edited, "utf-8")
    write_card(folder, results)
    assert path.read_text("utf-8") == edited


def test_every_run_writes_one(source_run):
    card = (source_run.folder.model / CARD).read_text("utf-8")
    found = front_matter(card)
    (result,) = found["model-index"][0]["results"]
    metrics = {metric["type"]: metric["value"] for metric in result["metrics"]}
    part = result["dataset"]["split"]
    assert metrics["f1"] == pytest.approx(source_run.scores(part).micro.f1, abs=1e-4)
    for name, (low, high) in source_run.results["intervals"][part].items():
        scores = source_run.scores(part)
        f1 = (scores.micro if name == "micro" else scores.per_type[name]).f1
        assert 0 <= low <= f1 <= high <= 1
    assert source_run.results["versions"]["tensorflow"] in card
