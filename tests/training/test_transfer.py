"""Transfer: each layer bit for bit, rows matched by what they are."""

from pathlib import Path

import numpy as np
import pytest

from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.dataset.vocabulary import Vocabulary, labels_of_types
from neuroner_tl.errors import TransferError
from neuroner_tl.model.entity_lstm import LAYER_NAMES, Architecture, initial_weights
from neuroner_tl.training.checkpoint import SavedModel
from neuroner_tl.training.transfer import LayerChoice, plan_transfer

TEXT = TextIdentity("alnum", "alnum-1", "rules-1", "en", "bio")
THEIRS = Vocabulary(
    ("<UNK>", "flu", "cold", "Cancer", "of"),
    ("", "<UNK>", "f", "l", "u"),
    ("O", "B-CHED", "I-CHED", "B-DISO", "I-DISO"),
)
# Other order, some items of theirs missing, some new.
OURS = Vocabulary(
    ("<UNK>", "of", "cancer", "new", "flu", "newer"),
    ("", "<UNK>", "u", "z", "l"),
    ("O", "B-DISO", "I-DISO", "B-PRGE", "I-PRGE"),
)
ALL = dict.fromkeys(LAYER_NAMES, True)


def architecture_of(vocabulary, **changes):
    sizes = {"token_dimension": 4, "token_hidden": 5, "character_dimension": 2}
    return Architecture(len(vocabulary.labels), **{**sizes, "character_hidden": 3, **changes})


def initial(vocabulary, seed, **changes):
    a = architecture_of(vocabulary, **changes)
    return initial_weights(a, len(vocabulary.tokens), len(vocabulary.characters), seed)


def saved(vocabulary=THEIRS, seed=1, **changes):
    architecture = architecture_of(vocabulary, **changes)
    return SavedModel(
        Path("old/model"), architecture, initial(vocabulary, seed, **changes), vocabulary, TEXT
    )


def make_plan(source, vocabulary, start, reload=ALL, scheme="bio", **choice):
    shapes = {
        layer: {name: value.shape for name, value in named.items()}
        for layer, named in start.items()
    }
    chosen = frozenset(layer for layer, flag in reload.items() if flag)
    return plan_transfer(source, vocabulary, scheme, shapes, LayerChoice(chosen, **choice))


def run(source, vocabulary=OURS, reload=ALL, **changes):
    start = initial(vocabulary, 2, **changes)
    plan = make_plan(source, vocabulary, start, reload)
    return plan.apply(start), start, plan.report


def rows(report, layer):
    return next(item for item in report.layers if item.layer == layer).rows


@pytest.mark.parametrize("chosen", [*LAYER_NAMES, "all", "all but"])
def test_same_vocabulary_layer_by_layer(chosen):
    """Every layer is the source's or the target's own, bit for bit, as its flag says."""
    flags = {
        layer: chosen == layer or chosen == "all" or (chosen == "all but" and layer != "crf")
        for layer in LAYER_NAMES
    }
    source = saved()
    weights, start, report = run(source, THEIRS, flags)
    for layer in LAYER_NAMES:
        expected = source.weights[layer] if flags[layer] else start[layer]
        assert set(weights[layer]) == set(expected)
        for name, value in expected.items():
            np.testing.assert_array_equal(weights[layer][name], value)
    assert [item.layer for item in report.layers] == list(LAYER_NAMES)
    assert [item.action for item in report.layers] == [
        "copied" if flags[layer] else "initialised" for layer in LAYER_NAMES
    ]


@pytest.mark.parametrize("layer", ["token_embeddings", "character_embeddings"])
def test_rows_of_tables_are_matched_by_name(layer):
    source = saved()
    weights, start, report = run(source)
    field = "tokens" if layer == "token_embeddings" else "characters"
    theirs, ours = getattr(THEIRS, field), getattr(OURS, field)
    for row, item in enumerate(ours):
        expected = (
            source.weights[layer]["embedding"][theirs.index(item)]
            if item in theirs
            else start[layer]["embedding"][row]
        )
        np.testing.assert_array_equal(weights[layer]["embedding"][row], expected, item)
    found = rows(report, layer)
    assert set(found.copied_examples) == set(theirs) & set(ours)
    assert found.copied == len(found.copied_examples)
    assert set(found.new_examples) == set(ours) - set(theirs)
    assert set(found.dropped_examples) == set(theirs) - set(ours)
    assert (found.new, found.dropped) == (len(found.new_examples), len(found.dropped_examples))


def test_labels_are_matched_by_name():
    """A new label starts as O does, less likely; all rules are in test_label_transfer.py."""
    source = saved()
    weights, _, report = run(source)
    theirs = [
        THEIRS.labels.index(label if label in THEIRS.labels else "O") for label in OURS.labels
    ]
    new = np.array([label not in THEIRS.labels for label in OURS.labels])
    found, old = weights["feedforward"], source.weights["feedforward"]
    np.testing.assert_array_equal(found["kernel"], old["kernel"][:, theirs])
    np.testing.assert_array_equal(found["bias"], (old["bias"][theirs] - 5 * new).astype(np.float32))
    found, old = weights["crf"], source.weights["crf"]
    known = np.flatnonzero(~new)
    for name in ("start", "end"):
        np.testing.assert_array_equal(found[name][known], old[name][np.array(theirs)[known]])
    np.testing.assert_array_equal(
        found["transitions"][np.ix_(known, known)],
        old["transitions"][np.ix_(np.array(theirs)[known], np.array(theirs)[known])],
    )
    assert rows(report, "crf").new_examples == ("B-PRGE", "I-PRGE")
    assert rows(report, "feedforward").dropped_examples == ("B-CHED", "I-CHED")


def test_neither_source_nor_start_are_changed():
    source = saved()
    copies = {k: {n: v.copy() for n, v in w.items()} for k, w in source.weights.items()}
    start = initial(OURS, 2)
    weights = make_plan(source, OURS, start).apply(start)
    for layer in LAYER_NAMES:
        for name, value in weights[layer].items():
            value += 1
            np.testing.assert_array_equal(source.weights[layer][name], copies[layer][name])
            np.testing.assert_array_equal(start[layer][name], initial(OURS, 2)[layer][name])


@pytest.mark.parametrize(
    ("field", "layer", "sizes"),
    [
        ("token_dimension", "token_embeddings", ("[5, 4]", "[6, 7]")),
        ("token_hidden", "token_lstm", ("[10, 15]", "[10, 21]")),
        ("character_dimension", "character_embeddings", ("[5, 2]", "[5, 7]")),
        ("character_hidden", "character_lstm", ("[2, 9]", "[2, 21]")),
    ],
)
def test_sizes_that_differ(field, layer, sizes):
    with pytest.raises(TransferError) as caught:
        run(saved(), **{field: 7})
    message = str(caught.value)
    assert all(size in message for size in sizes), message
    assert f"reload_{layer} = False" in message and "old/model" in message
    assert "\n" not in message


def test_sizes_of_layers_that_are_not_reloaded_do_not_matter():
    flags = {**ALL, "token_lstm": False, "character_lstm": False}
    weights, start, _ = run(saved(), reload=flags, character_hidden=7)
    assert weights["token_lstm"]["forward_input"].shape == (18, 15)
    np.testing.assert_array_equal(
        weights["token_lstm"]["forward_input"], start["token_lstm"]["forward_input"]
    )


@pytest.mark.parametrize("theirs", ["full", "diagonal", "none"])
@pytest.mark.parametrize("ours", ["full", "diagonal", "none"])
def test_peepholes_that_differ(theirs, ours):
    source = saved(peepholes=theirs)
    if theirs == ours:
        run(source, peepholes=ours)
        return
    with pytest.raises(TransferError, match="lstm_peepholes|shape"):
        run(source, peepholes=ours)


@pytest.mark.parametrize(
    ("switch", "layer"), [("use_crf", "crf"), ("use_character_lstm", "character_embeddings")]
)
def test_source_without_a_layer(switch, layer):
    flags = {**ALL, "token_lstm": False}
    source = saved(**{switch: False})
    with pytest.raises(TransferError, match=f"no layer {layer}; set reload_{layer} = False"):
        run(source, reload=flags)
    flags = {**flags, layer: False, "character_lstm": switch == "use_crf"}
    weights, start, _ = run(source, reload=flags)
    for name, value in start[layer].items():
        np.testing.assert_array_equal(weights[layer][name], value)


def test_target_without_a_layer():
    weights, _, report = run(saved(), use_crf=False)
    assert "crf" not in weights
    assert "crf" not in [item.layer for item in report.layers]


def test_report_as_json():
    start = initial(OURS, 2)
    plan = make_plan(
        saved(), OURS, start, {**ALL, "token_lstm": False}, freeze=frozenset({"character_lstm"})
    )
    content = plan.report.to_json()
    assert content["source"] == "old/model" and len(content["layers"]) == 6
    assert content["layers"][0]["rows"]["copied"] == 3
    for layer in content["layers"]:
        name = layer["layer"]
        assert layer["action"] == ("initialised" if name == "token_lstm" else "copied")
        assert layer["training"] == ("frozen" if name == "character_lstm" else "trained")
        assert layer["parameters"] == sum(value.size for value in start[name].values())
        assert layer["shapes"] == {key: list(value.shape) for key, value in start[name].items()}
    assert content["labels"]["B-DISO"] == ["B-DISO"] and content["labels"]["B-PRGE"] == []


def test_report_as_table():
    _, _, report = run(saved(), reload={**ALL, "token_lstm": False})
    lines = report.table().splitlines()
    assert lines[0] == "transfer from old/model"
    rows = {line.split()[0]: line.split() for line in lines[2:8]}
    assert list(rows) == list(LAYER_NAMES)
    assert rows["token_lstm"][1:3] == ["initialised", "trained"]
    assert rows["token_embeddings"][1:7] == ["copied", "trained", "24", "3", "3", "2"]
    assert "[6, 4]" in lines[2] and "2 x [3]" not in lines[2]
    assert lines[1] == (
        "  layer                 start        training  parameters  copied  new  dropped  shapes"
    )
    assert lines[2] == (
        "  token_embeddings      copied       trained           24       3    3        2  [6, 4]"
    )
    assert lines[4].split("  ")[-1].startswith("2 x [2, 9], 2 x [3, 9], 2 x [9], 4 x [3]")
    text = " ".join(lines)
    assert "token_embeddings, new: cancer new newer" in text
    assert "feedforward, dropped: B-CHED I-CHED" in text
    assert "character_embeddings, copied: '' <UNK> u l" in text


def test_the_first_twenty_of_many_rows_are_named():
    words = [f"w{number}" for number in range(70)]
    theirs = Vocabulary(("<UNK>", *words[:60]), THEIRS.characters, THEIRS.labels)
    ours = Vocabulary(("<UNK>", *words[30:]), OURS.characters, OURS.labels)
    _, _, report = run(saved(theirs), ours)
    found = rows(report, "token_embeddings")
    assert (found.copied, found.new, found.dropped) == (31, 10, 30)
    assert found.copied_examples == ("<UNK>", *words[30:49])
    assert found.new_examples == tuple(words[60:])
    assert found.dropped_examples == tuple(words[:20])
    table = report.table().splitlines()
    assert "w48 ..." in " ".join(report.table().split())
    named = [line for line in table if line.startswith("  token_embeddings, ")]
    assert [line.split(":")[0].split()[1] for line in named] == ["copied", "new", "dropped"]
    # Twenty words of three letters and what stands before them: the second line begins at 80.
    first, second = table[table.index(named[0]) :][:2]
    assert 76 < len(first) <= 80 and second == "    " + second.strip()


@pytest.mark.parametrize("width", [50, 80, 120])
def test_the_table_fits_the_screen(width):
    words = [f"w{number}" for number in range(70)]
    _, _, report = run(saved(), Vocabulary(("<UNK>", *words), OURS.characters, OURS.labels))
    lines = report.table(width).split("\n")
    assert max(map(len, lines[1:])) <= width
    assert all(any(layer.layer in line for line in lines) for layer in report.layers)


def test_rows_that_all_fit_are_named_without_dots():
    _, _, report = run(saved())
    assert "..." not in report.table()
    names = [f"tumour-necrosis-factor-{letter * 3}" for letter in "vwxyz"]
    theirs = Vocabulary(("<UNK>", *names), THEIRS.characters, THEIRS.labels)
    _, _, report = run(saved(theirs), OURS)
    assert all(name in report.table() for name in names), "not broken at their hyphens"


def test_labels_are_mapped_and_converted():
    """BIO with types of other names becomes BIOES, in both layers; details in the other file."""
    source = saved()
    vocabulary = Vocabulary(OURS.tokens, OURS.characters, labels_of_types(["Disease"], "bioes"))
    start = initial(vocabulary, 2)
    plan = make_plan(source, vocabulary, start, scheme="bioes", label_map=(("DISO", "Disease"),))
    weights = plan.apply(start)
    s_disease, b_diso = vocabulary.labels.index("S-Disease"), THEIRS.labels.index("B-DISO")
    np.testing.assert_array_equal(
        weights["feedforward"]["kernel"][:, s_disease],
        source.weights["feedforward"]["kernel"][:, b_diso],
    )
    assert weights["crf"]["start"][s_disease] == source.weights["crf"]["start"][b_diso]
    found = rows(plan.report, "feedforward")
    assert (found.copied, found.new, found.dropped) == (5, 0, 2)
    assert "labels: B-Disease from B-DISO, I-Disease from I-DISO, E-Disease from I-DISO" in (
        " ".join(plan.report.table().split())
    )


@pytest.mark.parametrize(
    ("choice", "remark"),
    [
        ({"freeze": frozenset({"crf"})}, "crf is frozen with new rows, which will not be trained"),
        ({"freeze": frozenset({"token_lstm"})}, "token_lstm is frozen with random values"),
        ({"freeze": frozenset({"token_embeddings"})}, None),
        ({}, None),
    ],
)
def test_what_is_probably_not_meant_is_remarked_on(choice, remark):
    plan = make_plan(saved(), OURS, initial(OURS, 2), {**ALL, "token_lstm": False}, **choice)
    assert plan.report.remarks == ((remark,) if remark else ())
    assert not remark or f"note: {remark}" in plan.report.table()


def test_no_common_type_does_not_matter_where_no_labels_are_copied():
    vocabulary = Vocabulary(OURS.tokens, OURS.characters, labels_of_types(["GENE"], "bio"))
    chosen = {**ALL, "feedforward": False, "crf": False}
    assert make_plan(saved(), vocabulary, initial(vocabulary, 2), chosen).report.remarks == ()


def test_no_common_type_is_remarked_on():
    vocabulary = Vocabulary(OURS.tokens, OURS.characters, labels_of_types(["GENE"], "bio"))
    plan = make_plan(saved(), vocabulary, initial(vocabulary, 2))
    (remark,) = plan.report.remarks
    assert "(CHED, DISO) corresponds to one of this corpus (GENE); map them" in remark


def test_the_linear_layer_belongs_to_the_token_embeddings():
    source = saved(token_linear=3)
    weights, start, report = run(source, token_linear=3)
    for name in ("linear_kernel", "linear_bias"):
        expected = source.weights["token_embeddings"][name]
        np.testing.assert_array_equal(weights["token_embeddings"][name], expected)
    assert rows(report, "token_embeddings").copied == 3
    weights, _, _ = run(source, reload={**ALL, "token_embeddings": False}, token_linear=3)
    for name, value in start["token_embeddings"].items():
        np.testing.assert_array_equal(weights["token_embeddings"][name], value)
    plan = make_plan(source, OURS, start, freeze=frozenset({"token_embeddings", "crf"}))
    assert plan.report.layers[0].training == "table frozen"


@pytest.mark.parametrize(
    ("theirs", "ours", "message"),
    [
        (
            4,
            0,
            "has linear_bias, linear_kernel and this network's does not; use its "
            r"token_linear_dimension \(4\) or set reload_token_embeddings = False",
        ),
        (0, 4, r"has no linear_kernel; use its token_linear_dimension \(0\) or set reload_token"),
        (4, 3, r"token_embeddings/linear_kernel has shape \[4, 4\] in the pretrained model and"),
    ],
)
def test_linear_layers_that_differ(theirs, ours, message):
    source = saved(token_linear=theirs)
    with pytest.raises(TransferError, match=message):
        run(source, token_linear=ours)
