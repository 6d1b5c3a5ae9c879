"""Every combination of the switches that decide a network and its training makes its steps."""

import itertools
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tiny_dataset import tiny_dataset

from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.dataset.batches import EXACT, RareTokens, Shapes, training_batches
from neuroner_tl.model.entity_lstm import LAYER_NAMES, initial_weights
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.values import FREEZE_FLAGS, RELOAD_FLAGS
from neuroner_tl.runs.data import RunData
from neuroner_tl.runs.prepared import prepare_run
from neuroner_tl.runs.settings import architecture_of, frozen_layers
from neuroner_tl.training.checkpoint import SavedModel

CORE = {
    "use_character_lstm": (True, False),
    "use_crf": (True, False),
    "lstm_peepholes": ("full", "diagonal", "none"),
    "batch_size": (1, 8),
}
FLAGS = {name: (True, False) for name in (*FREEZE_FLAGS, *RELOAD_FLAGS)}
SIZES = {
    "token_embedding_dimension": 7,
    "token_lstm_hidden_state_dimension": 4,
    "character_embedding_dimension": 3,
    "character_lstm_hidden_state_dimension": 2,
    # Far too large a step for a frozen layer to stay what it was by chance.
    "learning_rate": 0.1,
}
TEXT = TextIdentity("alnum", "alnum-1", "rules-1")
BATCHES = 2


def rows_of(switches):
    """All combinations of the switches, as dictionaries."""
    return [dict(zip(switches, values)) for values in itertools.product(*switches.values())]


def allowed(row):
    """A transfer that copies nothing and a training that trains nothing are refused."""
    present = [
        name
        for name in LAYER_NAMES
        if row.get("use_crf", True) or name != "crf"
        if row.get("use_character_lstm", True) or not name.startswith("character")
    ]
    copies = any(row.get(f"reload_{name}", True) for name in LAYER_NAMES)
    return copies and not all(row.get(f"freeze_{name}") for name in present)


def pairwise(switches, seed=0):
    """Few rows that together hold every pair of values of any two switches."""
    draw = random.Random(seed)

    def pairs(row):
        return set(itertools.combinations(sorted(row.items()), 2))

    left = {
        pair
        for a, b in itertools.combinations(sorted(switches), 2)
        for pair in itertools.product(
            *([(name, value) for value in switches[name]] for name in (a, b))
        )
    }
    rows = []
    while left:
        drawn = [{n: draw.choice(values) for n, values in switches.items()} for _ in range(200)]
        best = max(filter(allowed, drawn), key=lambda row: len(pairs(row) & left))
        if pairs(best) & left:
            rows.append(best)
            left -= pairs(best)
    return rows


PAIRS = pairwise({**CORE, **FLAGS})


@cache
def data():
    return RunData(None, tiny_dataset(lengths=(2, 1, 3, 1, 2, 1, 2, 1)), TEXT, {}, None, None)


def source_of(parameters):
    """A pretrained model of the same architecture, with weights of its own."""
    vocabulary = data().dataset.vocabulary
    architecture = architecture_of(parameters, len(vocabulary.labels))
    sizes = len(vocabulary.tokens), len(vocabulary.characters)
    weights = initial_weights(architecture, *sizes, seed=77)
    return SavedModel(Path("source"), architecture, weights, vocabulary, TEXT)


def check(row, jit_compile=False):
    """A few steps: the loss is a number, and the frozen layers alone keep their values."""
    transfer = any(name in row for name in RELOAD_FLAGS)
    parameters = Parameters(
        jit_compile=jit_compile,
        use_pretrained_model=transfer,
        pretrained_model_folder="source" if transfer else None,
        **{**SIZES, **row},
    )
    source = source_of(parameters) if transfer else None
    run = prepare_run(parameters, data(), source)
    before = {
        layer: {name: variable.numpy() for name, variable in named.items()}
        for layer, named in run.network.weights.items()
    }
    for layer, named in before.items():
        if transfer and getattr(parameters, f"reload_{layer}"):
            for name, value in named.items():
                expected = np.float32(source.weights[layer][name])
                np.testing.assert_array_equal(value, expected, f"{layer}/{name}")
    step = run.make_step()
    dataset = data().dataset
    batches = training_batches(
        dataset.word_table,
        dataset.parts["train"],
        parameters.batch_size,
        Shapes() if jit_compile else EXACT,
        RareTokens(dataset.rare_token_ids, dataset.rare_character_ids),
        seed=0,
        epoch=1,
        alphabet=len(dataset.vocabulary.characters),
    )
    for batch in itertools.islice(batches, BATCHES):
        assert np.isfinite(float(step(batch)))
    for layer, named in run.network.weights.items():
        changed = any((v.numpy() != before[layer][name]).any() for name, v in named.items())
        assert changed == (layer not in frozen_layers(parameters)), layer
    assert ("crf" in before) == parameters.use_crf
    assert ("character_lstm" in before) == parameters.use_character_lstm


def name_of(row):
    return "-".join(str(value) for value in row.values())


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("row", rows_of(CORE), ids=name_of)
def test_plain(row):
    check(row)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_plain_with_frozen_and_reloaded_layers(number):
    check(PAIRS[number])


def test_compiled_one_sentence_a_step_without_characters():
    check({"use_character_lstm": False, "batch_size": 1}, jit_compile=True)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_compiled(number):
    """Each pair of switches; each row is a program of its own and takes seconds to compile."""
    check(PAIRS[number], jit_compile=True)


def test_the_pairs_are_all_there():
    switches = {**CORE, **FLAGS}
    for a, b in itertools.combinations(switches, 2):
        for values in itertools.product(switches[a], switches[b]):
            assert any((row[a], row[b]) == values for row in PAIRS), (a, b, values)
