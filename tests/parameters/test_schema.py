import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from neuroner_tl.parameters.documentation import (
    by_section,
    expected_of,
    explanation_of,
    format_value,
)
from neuroner_tl.parameters.fields import SECTIONS
from neuroner_tl.parameters.neuroner_names import RENAMED, RETIRED
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.values import FREEZE_FLAGS, LAYERS, RELOAD_FLAGS

NAMES = list(Parameters.model_fields)
PRETRAINED = {"use_pretrained_model": True, "pretrained_model_folder": "m"}


def test_defaults_are_valid_and_those_of_neuroner():
    parameters = Parameters()
    assert parameters.train_model and not parameters.use_pretrained_model
    assert parameters.learning_rate == 0.005
    assert parameters.dropout_rate == 0.5
    assert parameters.patience == 10
    assert parameters.maximum_number_of_epochs == 100
    assert parameters.gradient_clipping_value == 5
    assert parameters.main_evaluation_mode == "conll"
    assert parameters.optimizer == "sgd"
    assert parameters.token_embedding_dimension == 100
    assert parameters.tagging_format == "bioes"
    assert all(getattr(parameters, flag) for flag in RELOAD_FLAGS)


def test_defaults_that_are_not_neuroners():
    parameters = Parameters()
    assert parameters.number_of_cpu_threads == 1
    assert parameters.tokenizer == "alnum"
    assert parameters.lstm_peepholes == "full"


@pytest.mark.parametrize("name", NAMES)
def test_the_default_written_out_is_valid(name):
    # The default goes through the same checks as a value from a file.
    default = Parameters.model_fields[name].default
    assert getattr(Parameters(**{name: format_value(default)}), name) == default


@pytest.mark.parametrize("name", NAMES)
def test_each_parameter_is_explained_and_has_a_section(name):
    assert explanation_of(name).endswith(".")
    assert expected_of(name)
    assert sum(name in names for _, names in by_section()) == 1


def test_sections_are_neuroners():
    assert [section for section, _ in by_section()] == list(SECTIONS)
    assert SECTIONS == ("mode", "dataset", "ann", "training", "advanced")


def test_former_names_do_not_clash():
    assert not {*RETIRED, *RENAMED} & set(NAMES)
    assert set(RENAMED.values()) <= set(NAMES)


@pytest.mark.parametrize("text", ["True", "true", "yes", "1", " TRUE "])
def test_true(text):
    assert Parameters(freeze_token_embeddings=text).freeze_token_embeddings is True


@pytest.mark.parametrize("text", ["False", "no", "0"])
def test_false(text):
    assert Parameters(use_crf=text).use_crf is False


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("use_crf", "perhaps"),
        ("use_crf", ""),
        ("learning_rate", "0"),
        ("learning_rate", "nan"),
        ("learning_rate", "inf"),
        ("dropout_rate", "1"),
        ("dropout_rate", "-0.1"),
        ("patience", "0"),
        ("patience", "1.5"),
        ("batch_size", "0"),
        ("character_embedding_dimension", "0"),
        ("gradient_clipping_value", "-1"),
        ("train_size", "0"),
        ("train_size", "100.1"),
        ("split_percentages", "60, 10"),
        ("split_percentages", "60, 10, 31"),
        ("split_percentages", "0, 70, 30"),
        ("split_percentages", "a, b, c"),
        ("split_seed", "-1"),
        ("seed", str(2**32)),
        ("averaging_decay", "1"),
        ("averaging_decay", "0.99999"),
        ("optimizer", "rmsprop"),
        ("checkpoint_every", "10"),
        ("checkpoint_every", "0 minutes"),
        ("checkpoint_every", "1.5 batches"),
        ("checkpoint_every", "9" * 400 + " batches"),
        ("checkpoint_every", "10 hours"),
        ("transfer_layers", "crf, token_lstn"),
        ("transfer_up_to", "the_top"),
        ("transfer_up_to", "token_lstm, crf"),
        ("label_map", "PRGE"),
        ("label_map", "PRGE:"),
        ("label_map", "PRGE:GENE:X"),
        ("label_map", "PRGE:GENE, PRGE:GENE"),
        ("label_map", [("PRGE", "GENE,DISO")]),
        ("label_map", [("PRGE", "A:B")]),
        ("label_map", 3),
        ("label_map", 'A:"B"'),
        ("jit_compile", "maybe"),
        ("experiment_name", ""),
        ("experiment_name", "a/b"),
        ("experiment_name", ".."),
        ("experiment_name", "CON"),
        ("experiment_name", "-a"),
        ("experiment_name", "a" * 300),
        ("output_folder", ""),
        ("output_folder", "a\nb"),
        ("output_folder", 'a"b'),
        ("output_folder", "a\udcffb"),
    ],
)
def test_out_of_range(name, bad):
    with pytest.raises(ValidationError) as caught:
        Parameters(**{name: bad})
    assert caught.value.errors()[0]["loc"][0] == name


def test_values_of_other_forms():
    parameters = Parameters(
        split_percentages="70,10, 20",
        train_size="",
        jit_compile="False",
        optimizer="SGD",
        output_folder="~/runs",
        token_pretrained_embedding_filepath=Path("data/v.bin"),
    )
    assert parameters.split_percentages == (70, 10, 20)
    assert parameters.train_size is None
    assert parameters.jit_compile is False
    assert parameters.optimizer == "sgd"
    assert parameters.output_folder == Path.home() / "runs"
    assert parameters.token_pretrained_embedding_filepath == Path("data/v.bin")


def test_relative_paths_stay_relative():
    assert Parameters(dataset_text_folder="data/x").dataset_text_folder == Path("data/x")


def test_immutable():
    with pytest.raises(ValidationError):
        Parameters().learning_rate = 0.1


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"train_model": False}, "expected at least one to be on"),
        ({"use_pretrained_model": True}, "pretrained_model_folder"),
        (
            {
                "use_pretrained_model": True,
                "pretrained_model_folder": "m",
                **dict.fromkeys(RELOAD_FLAGS, False),
            },
            "nothing would be transferred",
        ),
        (dict.fromkeys(FREEZE_FLAGS, True), "nothing would be trained"),
        (
            {**dict.fromkeys(FREEZE_FLAGS, True), "freeze_crf": False, "use_crf": False},
            "nothing would be trained",
        ),
        ({"transfer_layers": "crf", "transfer_up_to": "crf"}, "expected one of them"),
        ({"transfer_up_to": "crf", "reload_crf": "no"}, "transfer_up_to = crf and reload_crf = no"),
        ({"transfer_layers": "crf", "reload_feedforward": True}, "leave reload_feedforward out"),
        ({"minimum_number_of_epochs": 101}, "maximum_number_of_epochs 100"),
        ({"batch_tokens": 500, "batch_size": 8}, "batch_tokens is 500 and batch_size 8"),
        ({"load_all_pretrained_token_embeddings": True}, "expected word vectors"),
        ({"load_only_pretrained_token_embeddings": True}, "expected word vectors"),
    ],
)
def test_contradictions(values, part):
    with pytest.raises(ValidationError, match=part):
        Parameters(**values)


def test_reload_flags_do_not_matter_when_predicting():
    Parameters(
        train_model=False,
        use_pretrained_model=True,
        pretrained_model_folder="m",
        **dict.fromkeys(RELOAD_FLAGS, False),
    )


def test_flags_are_the_networks_layers():
    from neuroner_tl.model.entity_lstm import LAYER_NAMES

    assert LAYERS == LAYER_NAMES
    assert {*RELOAD_FLAGS, *FREEZE_FLAGS} <= set(NAMES)


@pytest.mark.parametrize("number", range(1, 7))
def test_transfer_up_to_is_cumulative(number):
    parameters = Parameters(transfer_up_to=LAYERS[number - 1], **PRETRAINED)
    assert [getattr(parameters, flag) for flag in RELOAD_FLAGS] == [
        index < number for index in range(6)
    ]
    # What it stands for is what is kept, so that a run's parameters say the same again.
    assert parameters.transfer_up_to is None
    assert Parameters(**parameters.to_dict()) == parameters


@pytest.mark.parametrize("value", ["CRF , token_lstm", ["token_lstm", "crf"]])
def test_transfer_layers_are_the_flags(value):
    parameters = Parameters(transfer_layers=value, **PRETRAINED)
    chosen = {layer for layer in LAYERS if getattr(parameters, f"reload_{layer}")}
    assert chosen == {"token_lstm", "crf"}
    assert parameters.transfer_layers is None


def test_label_map():
    expected = (("PRGE", "GENE"), ("DNA", "GENE"), ("DISO", "Disease or x"))
    text = " PRGE:GENE,DNA : GENE, DISO:Disease or x"
    assert Parameters(label_map=text).label_map == expected
    assert Parameters(label_map=format_value(expected)).label_map == expected


def test_to_dict_is_json_and_complete():
    parameters = Parameters(
        dataset_text_folder="data/x", split_percentages="70, 10, 20", label_map="PRGE:GENE"
    )
    values = json.loads(json.dumps(parameters.to_dict()))
    assert list(values) == NAMES
    assert values["label_map"] == [["PRGE", "GENE"]]
    assert values["dataset_text_folder"] == "data/x"
    assert Parameters(**values) == parameters
