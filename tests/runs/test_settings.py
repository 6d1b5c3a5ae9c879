"""Parameters become the settings of the rooms below in one place."""

import pytest

from neuroner_tl.dataset.unknown_dropout import UnknownDropout
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.settings import (
    COMPILE_FROM_SENTENCES,
    checkpoint_interval,
    frozen_layers,
    is_compiled,
    layer_choice,
    loop_settings,
    step_settings,
)


def test_frozen_layers():
    flags = {"freeze_crf": "True", "freeze_token_embeddings": True}
    assert frozen_layers(Parameters(**flags)) == ("token_embeddings", "crf")
    assert frozen_layers(Parameters()) == ()
    assert step_settings(Parameters(**flags), True).frozen == ("token_embeddings", "crf")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 minutes", (10, "minutes")),
        ("0.5 Minutes", (0.5, "minutes")),
        ("1 batch", (1, "batches")),
        ("500batches", (500, "batches")),
        ("", None),
    ],
)
def test_checkpoint_interval(text, expected):
    assert checkpoint_interval(Parameters(checkpoint_every=text)) == expected


def test_what_a_transfer_takes():
    choice = layer_choice(
        Parameters(
            use_pretrained_model=True,
            pretrained_model_folder="model",
            transfer_layers="token_lstm, crf",
            freeze_crf=True,
            label_map="A:B",
        )
    )
    assert choice.reload == {"token_lstm", "crf"}
    assert choice.freeze == {"crf"} and choice.label_map == (("A", "B"),)


def test_a_run_is_compiled_if_it_is_long_enough():
    parameters = Parameters(maximum_number_of_epochs=10, patience=10)
    assert is_compiled(parameters, COMPILE_FROM_SENTENCES // 10)
    assert not is_compiled(parameters, COMPILE_FROM_SENTENCES // 10 - 1)
    assert is_compiled(Parameters(jit_compile=True), 1)
    assert not is_compiled(Parameters(jit_compile=False), 10**9)


def test_batches_and_labels():
    parameters = Parameters(
        batch_tokens=500,
        unknown_token_dropout="frequency",
        unknown_token_rate=0.2,
        unknown_token_alpha=0.5,
        label_smoothing=0.1,
        token_embedding_rate=0.2,
    )
    loop = loop_settings(parameters)
    assert loop.batch_tokens == 500
    assert loop.unknown_dropout == UnknownDropout("frequency", 0.2, 0.5)
    assert step_settings(parameters, True).label_smoothing == 0.1
    assert step_settings(parameters, True).token_rate == 0.2
    plain = loop_settings(Parameters())
    assert (plain.batch_tokens, plain.unknown_dropout.kind) == (0, "rare")
