import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from neuroner_tl.parameter_text import by_section, expected_of, explanation_of, format_value
from neuroner_tl.parameter_values import RELOAD_FLAGS
from neuroner_tl.parameters import RENAMED, RETIRED, SECTIONS, Parameters

NAMES = list(Parameters.model_fields)


def test_defaults_are_valid_and_those_of_neuroner():
    parameters = Parameters()
    assert parameters.train_model and not parameters.use_pretrained_model
    assert parameters.learning_rate == 0.005
    assert parameters.dropout_rate == 0.5
    assert parameters.patience == 10
    assert parameters.maximum_number_of_epochs == 100
    assert parameters.token_embedding_dimension == 100
    assert parameters.tagging_format == "bioes"
    assert all(getattr(parameters, flag) for flag in RELOAD_FLAGS)


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
        ("optimizer", "rmsprop"),
        ("jit_compile", "maybe"),
        ("experiment_name", ""),
        ("experiment_name", "a/b"),
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
        ({"train_model": False}, "expected one of them on"),
        ({"use_pretrained_model": True}, "pretrained_model_folder"),
        (
            {
                "use_pretrained_model": True,
                "pretrained_model_folder": "m",
                **dict.fromkeys(RELOAD_FLAGS, False),
            },
            "nothing would be transferred",
        ),
        ({"minimum_number_of_epochs": 101}, "maximum_number_of_epochs 100"),
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


def test_to_dict_is_json_and_complete():
    parameters = Parameters(dataset_text_folder="data/x", split_percentages="70, 10, 20")
    values = json.loads(json.dumps(parameters.to_dict()))
    assert list(values) == NAMES
    assert values["dataset_text_folder"] == "data/x"
    assert Parameters(**values) == parameters
