"""Parameters that another one leaves without effect are named, others are not."""

from pathlib import Path

import pytest

from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.unused import without_effect

FILES = sorted((Path(__file__).parents[2] / "parameters").glob("*.ini"))


@pytest.mark.parametrize(
    ("name", "value", "governing", "needed"),
    [
        ("token_embedding_rate", 0.1, "freeze_token_embeddings", False),
        ("learning_rate_decay", 0.1, "learning_rate_schedule", "inverse"),
        ("learning_rate_epochs", 5, "learning_rate_schedule", "cosine"),
        ("learning_rate_factor", 0.25, "learning_rate_schedule", "plateau"),
        ("learning_rate_patience", 2, "learning_rate_schedule", "plateau"),
        ("averaging_decay", 0.9, "weight_averaging", "exponential"),
        ("averaged_epochs", 5, "weight_averaging", "epochs"),
    ],
)
def test_a_parameter_is_named_unless_its_governing_one_needs_it(name, value, governing, needed):
    other = {"freeze_token_embeddings": True} if name == "token_embedding_rate" else {}
    (clause,) = without_effect(Parameters(**{name: value}, **other))
    assert clause.startswith(f"{name} = {value} has no effect, since {governing} = ")
    assert without_effect(Parameters(**{name: value, governing: needed})) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_files_of_the_project_set_nothing_in_vain(path):
    assert without_effect(load_parameters(path)) == []


def test_a_run_says_what_has_no_effect(corpora, tiny, tmp_path, caplog):
    own = {"dataset_text_folder": corpora.gold, "output_folder": tmp_path, "averaged_epochs": 5}
    with NeuroNER(**{**tiny, **own, "maximum_number_of_epochs": 1}) as ner:
        ner.fit()
    assert "averaged_epochs = 5 has no effect, since weight_averaging = none" in caplog.text
