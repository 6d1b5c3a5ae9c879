"""Transfer in whole runs: which layers start and end as what, other labels, other schemes."""

import json
import shutil

import numpy as np
import pytest

from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
from neuroner_tl.model.entity_lstm import LAYER_NAMES, initial_weights
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.system.fingerprint import fingerprint
from neuroner_tl.training.checkpoint import load_model


def run(output, tiny, **parameters):
    with NeuroNER(output_folder=output, **{**tiny, **parameters}) as ner:
        return ner.fit()


def transfer(output, tiny, source, corpus, **parameters):
    return run(
        output,
        tiny,
        **{
            "dataset_text_folder": corpus,
            "use_pretrained_model": True,
            "pretrained_model_folder": source.folder.model,
            "maximum_number_of_epochs": 1,
            **parameters,
        },
    )


def epochs_of(result):
    lines = (result.folder.path / "epochs.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def report_of(result):
    return json.loads((result.folder.path / "transfer_report.json").read_text("utf-8"))


def equal(weights, others):
    """For each layer, whether every number of it is the same."""
    return {
        layer: all(np.array_equal(value, others[layer][name]) for name, value in named.items())
        for layer, named in weights.items()
    }


def check_layers(result, source, seed):
    """A layer is frozen or not, copied or not, and ends as that says."""
    last, best = load_model(result.folder.last), load_model(source.folder.model)
    # Same corpus, same vocabulary: every number of a copied layer is the source's.
    assert last.vocabulary == best.vocabulary
    sizes = len(last.vocabulary.tokens), len(last.vocabulary.characters)
    drawn = {
        layer: {name: value.astype(np.float32) for name, value in named.items()}
        for layer, named in initial_weights(last.architecture, *sizes, seed).items()
    }
    is_source, is_drawn = equal(last.weights, best.weights), equal(last.weights, drawn)
    for layer in report_of(result)["layers"]:
        name, frozen = layer["layer"], layer["training"] == "frozen"
        assert is_source[name] == (frozen and layer["action"] == "copied"), name
        assert is_drawn[name] == (frozen and layer["action"] == "initialised"), name


@pytest.mark.usefixtures("unoptimised")
@pytest.mark.parametrize(
    ("reload", "freeze"),
    [
        (LAYER_NAMES[::2], ("token_embeddings", "character_embeddings", "feedforward", "crf")),
        pytest.param(LAYER_NAMES[1::2], ("character_lstm", "token_lstm"), marks=pytest.mark.slow),
    ],
)
def test_layers_end_as_their_flags_say(reload, freeze, source_run, corpora, tiny, tmp_path):
    result = transfer(
        tmp_path,
        tiny,
        source_run,
        corpora.silver,
        transfer_layers=",".join(reload),
        seed=11,
        batch_size=8,
        **{f"freeze_{layer}": True for layer in freeze},
    )
    report = report_of(result)
    copied = tuple(x["layer"] for x in report["layers"] if x["action"] == "copied")
    assert copied == tuple(reload)
    assert tuple(x["layer"] for x in report["layers"] if x["training"] == "frozen") == freeze
    check_layers(result, source_run, 11)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("layer", LAYER_NAMES)
def test_each_layer_by_itself(layer, jit_compile, source_run, corpora, tiny, tmp_path):
    """Copied and frozen; then all but it copied and frozen, and it alone trained."""
    others = [name for name in LAYER_NAMES if name != layer]
    for chosen in ([layer], others):
        result = transfer(
            tmp_path,
            tiny,
            source_run,
            corpora.silver,
            seed=11,
            jit_compile=jit_compile,
            **{f"reload_{name}": name in chosen for name in LAYER_NAMES},
            **{f"freeze_{name}": name in chosen for name in LAYER_NAMES},
        )
        check_layers(result, source_run, 11)


@pytest.mark.usefixtures("unoptimised")
def test_all_layers_give_the_sources_predictions_before_the_first_step(
    source_run, corpora, tiny, tmp_path
):
    """With steps of no size they are the predictions after it too."""
    changes = {"learning_rate": 1e-30, "batch_size": 8}
    result = transfer(tmp_path, tiny, source_run, corpora.silver, **changes)
    first = epochs_of(result)[0]
    assert (first["epoch"], first["loss"], first["best"]) == (0, None, True)
    assert first["score"] == source_run.results["best_score"]
    assert first["valid"] == source_run.results["scores"]["valid"]["conll"]
    assert (result.results["best_epoch"], result.results["epochs"]) == (0, 1)
    assert result.results["scores"] == source_run.results["scores"]
    for folder in (result.folder.model, result.folder.last):
        weights = load_model(source_run.folder.model).weights
        assert all(equal(load_model(folder).weights, weights).values())


@pytest.mark.slow
def test_tokens_of_both_take_the_sources_row_if_reloaded_else_the_word_vectors(
    source_run, corpora, tiny, tmp_path
):
    """With frozen embeddings, what the run ends with is what it started with."""
    theirs = load_model(source_run.folder.model)
    rng = np.random.default_rng(0)
    gold = " ".join(path.read_text("utf-8") for path in (corpora.gold / "train").glob("*.txt"))
    words = sorted(set(gold.split()) | {"flu"})[:200]
    vectors = {word: rng.normal(size=20).round(3).astype(np.float32) for word in words}
    path = tmp_path / "vectors.txt"
    lines = (f"{word} {' '.join(map(str, row))}" for word, row in vectors.items())
    path.write_text("\n".join(lines) + "\n", "utf-8")
    for reload in (True, False):
        result = transfer(
            tmp_path / str(reload),
            tiny,
            source_run,
            corpora.gold,
            reload_token_embeddings=reload,
            freeze_token_embeddings=True,
            token_pretrained_embedding_filepath=path,
        )
        recorded = load_model(result.folder.model).training["word_vectors"]
        assert recorded == fingerprint(path)["sha256"]
        ours = load_model(result.folder.last)
        table, old = (m.weights["token_embeddings"]["embedding"] for m in (ours, theirs))
        kinds = {"source": 0, "vector": 0}
        for row, token in enumerate(ours.vocabulary.tokens):
            if reload and token in theirs.vocabulary.token_to_id:
                kinds["source"] += 1
                np.testing.assert_array_equal(table[row], old[theirs.vocabulary.token_to_id[token]])
            elif token in vectors:
                kinds["vector"] += 1
                np.testing.assert_array_equal(table[row], vectors[token])
        assert kinds["vector"] > 0 and (kinds["source"] > 0) == reload


def renamed(corpus, target, types):
    """A copy of a corpus with other names of types; a type without one is left out."""
    shutil.copytree(corpus, target)
    for path in target.rglob("*.ann"):
        kept = []
        for line in path.read_text("utf-8").splitlines():
            number, place, mention = line.split("\t")
            name, offsets = place.split(" ", 1)
            if name in types:
                kept.append(f"{number}\t{types[name]} {offsets}\t{mention}\n")
        path.write_text("".join(kept), "utf-8")
    return target


@pytest.fixture(scope="module")
def prge(tiny, tmp_path_factory):
    """A source run on PRGE alone, and the same texts with types GENE and DISO."""
    folder = tmp_path_factory.mktemp("prge")
    both = write_synthetic_corpora(
        folder, gold_documents=(12, 5, 1), silver_documents=(1, 1), types=("DISO", "GENE")
    ).gold
    source = renamed(both, folder / "source", {"GENE": "PRGE"})
    return run(folder, tiny, dataset_text_folder=source, maximum_number_of_epochs=4), both


@pytest.mark.slow
def test_a_map_of_types(prge, tiny, tmp_path):
    source, target = prge
    result = transfer(
        tmp_path, tiny, source, target, label_map="PRGE:GENE", maximum_number_of_epochs=3
    )
    expected = source.results["scores"]["valid"]["conll"]["per_type"]["PRGE"]
    assert expected["f1"] > 0.3
    epochs = epochs_of(result)
    assert epochs[0]["valid"]["per_type"]["GENE"] == expected
    assert epochs[0]["valid"]["per_type"]["DISO"]["tp"] == 0
    report = report_of(result)
    rows = {layer["layer"]: layer["rows"] for layer in report["layers"]}
    for layer in ("feedforward", "crf"):
        assert (rows[layer]["copied"], rows[layer]["new"], rows[layer]["dropped"]) == (5, 4, 0)
        assert rows[layer]["new_examples"] == ["B-DISO", "I-DISO", "E-DISO", "S-DISO"]
    assert report["labels"]["S-GENE"] == ["S-PRGE"]
    assert not report["remarks"]
    # Both types are learned.
    found = epochs[-1]["valid"]["per_type"]
    assert found["GENE"]["f1"] > 0.3 and found["DISO"]["f1"] > 0.1


@pytest.mark.slow
def test_without_a_map_the_types_are_new(prge, tiny, tmp_path):
    source, target = prge
    result = transfer(tmp_path, tiny, source, target, maximum_number_of_epochs=3)
    report = report_of(result)
    rows = {layer["layer"]: layer["rows"] for layer in report["layers"]}
    assert (rows["crf"]["copied"], rows["crf"]["new"], rows["crf"]["dropped"]) == (1, 8, 4)
    assert "label_map" in report["remarks"][0]
    epochs = epochs_of(result)
    # To the source, everything of these types was outside.
    assert epochs[0]["score"] == 0
    assert epochs[-1]["valid"]["per_type"]["GENE"]["f1"] > 0.1


@pytest.mark.slow
def test_a_source_in_bio_finds_the_same_in_bioes(prge, tiny, tmp_path):
    _, target = prge
    source = run(
        tmp_path,
        tiny,
        dataset_text_folder=target,
        tagging_format="bio",
        maximum_number_of_epochs=4,
    )
    result = transfer(tmp_path, tiny, source, target, learning_rate=1e-30)
    assert load_model(result.folder.model).text.tagging_format == "bioes"
    first = epochs_of(result)[0]
    expected = source.results["scores"]["valid"]["conll"]
    assert expected["micro"]["f1"] > 0.3
    assert first["valid"]["micro"] == expected["micro"]
    assert (
        result.results["scores"]["test"]["documents"]
        == (source.results["scores"]["test"]["documents"])
    )


@pytest.mark.slow
def test_two_types_of_the_source_become_one(source_run, corpora, tiny, tmp_path):
    target = renamed(corpora.gold, tmp_path / "target", {"DISO": "THING", "CHED": "THING"})
    result = transfer(tmp_path, tiny, source_run, target, label_map="DISO:THING, CHED:THING")
    report = report_of(result)
    assert report["labels"]["I-THING"] == ["I-DISO", "I-CHED"]
    theirs, ours = load_model(source_run.folder.model), load_model(result.folder.model)
    assert ours.vocabulary.labels == ("O", "B-THING", "I-THING", "E-THING", "S-THING")
    assert len(theirs.vocabulary.labels) == 9
    # Averaged, the source still finds some of them before the first step.
    assert epochs_of(result)[0]["score"] > 0
