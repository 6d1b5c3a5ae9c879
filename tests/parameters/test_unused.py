"""Parameters that another one leaves without effect are named, others are not."""

from pathlib import Path

import pytest

from neuroner_tl.errors import CorpusError
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.documentation import explanation_of
from neuroner_tl.parameters.files import load_parameters, write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.unused import needs_of, without_effect

FILES = sorted((Path(__file__).parents[2] / "parameters").glob("*.ini"))
GOVERNED = [name for name in Parameters.model_fields if needs_of(name)]
# A value that is not the default, where half of it would not do.
VALUES = {
    "spacylanguage": "de",
    "pretrained_model_folder": "a",
    "label_map": "PRGE:GENE",
    "character_embedding_dimension": 7,
    "character_lstm_hidden_state_dimension": 7,
    "character_dropout_rate": 0.1,
    "learning_rate_epochs": 5,
    "learning_rate_patience": 2,
    "averaged_epochs": 5,
    "load_only_pretrained_token_embeddings": True,
    **{name: True for name in GOVERNED if name.startswith("freeze_")},
    **{name: False for name in GOVERNED if name.startswith("reload_")},
}
# Of each governing parameter: a value with which others have no effect.
WITHOUT = {
    "freeze_token_embeddings": True,
    "remap_unknown_tokens_to_unk": False,
    "use_character_lstm": False,
    "use_crf": False,
}
# Without which the schema refuses a parameter.
BESIDE = {
    "load_only_pretrained_token_embeddings": {"token_pretrained_embedding_filepath": "a.txt"},
}


@pytest.mark.parametrize("name", GOVERNED)
def test_a_parameter_is_named_unless_its_governing_one_needs_it(name):
    governing, *needed = needs_of(name)
    value = VALUES[name] if name in VALUES else Parameters.model_fields[name].default / 2
    other = {governing: WITHOUT[governing]} if governing in WITHOUT else {}
    beside = BESIDE.get(name, {})
    found = Parameters(**{name: value}, **other, **beside)
    (clause,) = without_effect(found)
    assert clause.startswith(f"{name} = {value} has no effect, since {governing} is ")
    assert all(str(one) in clause.rpartition(", not ")[2] for one in needed)
    model = {"pretrained_model_folder": "a"} if governing == "use_pretrained_model" else {}
    for one in needed:
        with_effect = Parameters(**{**model, **beside, name: value, governing: one})
        assert without_effect(with_effect) == []


def test_what_one_parameter_governs_is_one_clause():
    changes = {"transfer_up_to": "token_lstm", "label_map": "PRGE:GENE"}
    assert without_effect(Parameters(**changes)) == [
        "reload_feedforward = False and reload_crf = False and label_map = PRGE:GENE have no "
        "effect, since use_pretrained_model is False, not True"
    ]


@pytest.mark.parametrize("name", ["transfer_up_to", "transfer_layers"])
def test_layers_to_transfer_are_named_by_their_flags_where_a_run_starts(name, tmp_path, caplog):
    """A study reads its parameter file for every run, those of the baseline among them."""
    file = tmp_path / "p.ini"
    file.write_text(f"[advanced]\n{name} = token_embeddings\n")
    (clause,) = without_effect(load_parameters(file, {"pretrained_model_folder": "a"}))
    assert "pretrained_model_folder = a and" in clause and "reload_crf = False" in clause
    on = {"use_pretrained_model": True, "pretrained_model_folder": "a"}
    assert without_effect(load_parameters(file, on)) == []
    assert not caplog.messages


def test_a_complete_file_sets_nothing_in_vain(tmp_path, caplog):
    """A run writes all parameters, layers to transfer without a value among them."""
    write_parameters(Parameters(), tmp_path / "p.ini")
    load_parameters(tmp_path / "p.ini", {"transfer_layers": ""})
    assert not caplog.messages


def test_the_explanation_begins_with_what_a_parameter_needs():
    assert explanation_of("averaged_epochs").startswith("With weight_averaging = epochs: how many")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_files_of_the_project_set_nothing_in_vain(path):
    assert without_effect(load_parameters(path)) == []


def test_a_run_says_what_has_no_effect(tmp_path, caplog):
    """Before it looks at the corpus."""
    own = {"dataset_text_folder": tmp_path / "no", "output_folder": tmp_path / "output"}
    with pytest.raises(CorpusError), NeuroNER(**own, averaged_epochs=5) as ner:
        ner.fit()
    assert "averaged_epochs = 5 has no effect, since weight_averaging is none" in caplog.text
