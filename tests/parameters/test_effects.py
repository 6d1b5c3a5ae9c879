"""What a parameter changes is said once, in the schema; who needs to know asks there."""

from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters.effects import effect_of, parameters_by_effect, values_by_effect
from neuroner_tl.parameters.fields import EFFECTS, ENCODING, LENGTH, NOTHING, PLACE, RESULT
from neuroner_tl.parameters.files import load_parameters, write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.resume import read_resumption
from neuroner_tl.studies.definition.plan import deciding_parameters
from neuroner_tl.training.manifest import PARAMETERS

NAMES = sorted(Parameters.model_fields)
# Where another value cannot be derived from the type, or needs others.
SPECIAL = {
    "split_percentages": "50, 20, 30",
    "train_size": "20",
    "checkpoint_every": "7 batches",
    "transfer_layers": "crf",
    "transfer_up_to": "token_lstm",
    "label_map": "A:B",
    "minimum_number_of_epochs": "3",
    "spacylanguage": "de",
    "jit_compile": "True",
    "learning_rate_warmup": "0.5",
    "weight_decay": "0.01",
    "label_smoothing": "0.1",
    "soft_label_share": "0.5",
    "token_linear_dimension": "50",
    "recurrent_dropout_rate": "0.1",
    "output_dropout_rate": "0.1",
    "character_dropout_rate": "0.1",
    "word_dropout_rate": "0.1",
    "gradient_clipping_norm": "2",
}
# Shorthands: they leave their mark in the flags that they set.
SHORTHANDS = ("transfer_layers", "transfer_up_to")
VECTORS = {"token_pretrained_embedding_filepath": "vectors.bin"}


def other_value(name):
    if name in SPECIAL:
        return SPECIAL[name]
    field = Parameters.model_fields[name]
    default, annotation = field.default, field.annotation
    if get_origin(annotation) is Literal:
        return next(choice for choice in get_args(annotation) if choice != default)
    if isinstance(default, bool):
        return str(not default)
    if isinstance(default, (int, float)):
        return str(default / 2 if isinstance(default, float) else default + 1)
    return "elsewhere"


def with_other(name):
    more = VECTORS if name.startswith("load_") else {}
    if name == "use_pretrained_model":
        more = {"pretrained_model_folder": "model"}
    if name == "train_model":
        more = {"use_pretrained_model": True, "pretrained_model_folder": "model"}
    return load_parameters(None, more), load_parameters(None, {**more, name: other_value(name)})


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_an_effect(name):
    assert effect_of(name) in EFFECTS
    assert [effect for effect in EFFECTS if name in parameters_by_effect(effect)] == [
        effect_of(name)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_study_names_its_runs_by_what_changes_their_results(name):
    before, after = map(deciding_parameters, with_other(name))
    if name == "token_pretrained_embedding_filepath":
        # The file counts by its name, wherever it is.
        assert after == {**before, "word_vectors": "elsewhere"}
    else:
        assert (before != after) == (effect_of(name) in (ENCODING, RESULT, LENGTH))


@pytest.mark.parametrize("name", NAMES)
def test_the_cache_counts_what_changes_the_arrays(name):
    before, after = (values_by_effect(p, ENCODING) for p in with_other(name))
    assert (before != after) == (effect_of(name) == ENCODING)


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n not in (*SHORTHANDS, "train_model", "use_pretrained_model")]
)
def test_a_resumed_run_takes_what_leaves_its_result(name, tmp_path):
    before, _ = with_other(name)
    write_parameters(before, tmp_path / PARAMETERS)
    overrides = {name: other_value(name)}
    if effect_of(name) in (LENGTH, PLACE, NOTHING):
        changes = read_resumption(RunFolder(tmp_path), overrides).changes
        assert name in changes
    else:
        with pytest.raises(ParameterError, match=f"--{name}: "):
            read_resumption(RunFolder(tmp_path), overrides)


def test_an_effect_that_does_not_exist():
    with pytest.raises(ValueError, match="found the effect colour, expected one of encoding"):
        parameters_by_effect("colour")


def test_paths_are_places():
    assert parameters_by_effect(PLACE) == {
        name
        for name, field in Parameters.model_fields.items()
        if Path in (field.annotation, *get_args(field.annotation))
    }
