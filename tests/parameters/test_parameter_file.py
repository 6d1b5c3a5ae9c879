import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.cli.parameters import document_parameters
from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters.documentation import parameters_markdown
from neuroner_tl.parameters.files import load_parameters, write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.values import RELOAD_FLAGS
from neuroner_tl.system.file_name import file_name_fault

ROOT = Path(__file__).resolve().parents[2]

# Names and sections as in the file that comes with NeuroNER.
NEURONER = """
[mode]
train_model = True
use_pretrained_model = False
pretrained_model_folder = ./trained_models/conll_2003_en
[dataset]
dataset_text_folder = ./data/conll2003/en
main_evaluation_mode = conll
output_folder = ./output
[ann]
use_character_lstm = True
character_embedding_dimension = 25
character_lstm_hidden_state_dimension = 25
# a comment
token_pretrained_embedding_filepath = ./data/word_vectors/glove.6B.100d.txt
token_embedding_dimension = 100
token_lstm_hidden_state_dimension = 100
use_crf = True
[training]
patience = 10
maximum_number_of_epochs = 100
optimizer = sgd
learning_rate = 0.010
gradient_clipping_value = 5.0
dropout_rate = 0.5
number_of_cpu_threads        = 8
number_of_gpus = 0
[advanced]
experiment_name = test
output_scores = False
tagging_format = bioes
tokenizer = stanford
spacylanguage = en
remap_unknown_tokens_to_unk = True
load_only_pretrained_token_embeddings = False
load_all_pretrained_token_embeddings = False
check_for_lowercase = True
check_for_digits_replaced_with_zeros = True
freeze_token_embeddings = False
debug = False
verbose = False
plot_format = pdf
reload_character_embeddings = True
reload_character_lstm = True
reload_token_embeddings = True
reload_token_lstm = True
reload_feedforward = True
reload_crf = True
parameters_filepath = ./parameters.ini
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "parameters.ini"
    path.write_text(text, encoding="utf-8")
    return path


def error_of(path, overrides=None, **options) -> str:
    with pytest.raises(ParameterError) as caught:
        load_parameters(path, overrides, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert "pydantic" not in message and "Input should" not in message
    return message


def test_a_file_of_neuroner_loads_with_one_warning_each(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        parameters = load_parameters(write(tmp_path, NEURONER))
    assert parameters.learning_rate == 0.01
    assert parameters.number_of_cpu_threads == 8
    assert parameters.dataset_text_folder == Path("data/conll2003/en")
    assert parameters.tokenizer == "alnum"
    retired, tokenizer = (record.getMessage() for record in caplog.records)
    for name in ("number_of_gpus", "output_scores", "plot_format", "parameters_filepath"):
        assert name in retired
    assert "stanford" in tokenizer and "parameters.ini:32" in tokenizer


def test_a_file_of_an_early_neuroner_loads(tmp_path):
    text = (
        "[general]\nexperiment_name = crf start end, lstm\n[dataset]\nremove_unknown_tokens = 1\n"
        "tagging_format = bio\n[ann]\nis_token_lstm_bidirect = True\n"
        "[training]\nmaximum_training_time = 10 \nnumber_of_cpu_threads = 0\n"
    )
    parameters = load_parameters(write(tmp_path, text))
    assert parameters.remap_unknown_tokens_to_unk is True
    assert parameters.experiment_name == "crf start end, lstm"


def test_no_warning_without_reason(caplog):
    load_parameters(None, {"learning_rate": "0.1"})
    assert not caplog.records


def test_default_file_override(tmp_path):
    path = write(tmp_path, "[training]\nlearning_rate = 0.1\npatience = 3\n")
    parameters = load_parameters(path, {"patience": 7, "batch_size": "2"})
    assert (parameters.learning_rate, parameters.patience, parameters.batch_size) == (0.1, 7, 2)
    assert parameters.dropout_rate == 0.5


def test_override_of_a_wrong_value_in_the_file(tmp_path):
    path = write(tmp_path, "[training]\nlearning_rate = x\n")
    assert load_parameters(path, {"learning_rate": "0.1"}).learning_rate == 0.1


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("patience = 4  # enough", "patience", 4),
        ("patience = 4\t; enough", "patience", 4),
        ("patience: 4", "patience", 4),
        ("Patience = 4", "patience", 4),
        ("dataset_text_folder =   # none yet", "dataset_text_folder", None),
        ("dataset_text_folder = data/a#b", "dataset_text_folder", Path("data/a#b")),
        ('dataset_text_folder = "data/a #b"  # so', "dataset_text_folder", Path("data/a #b")),
        ("dataset_text_folder = data/100%", "dataset_text_folder", Path("data/100%")),
        ("dataset_text_folder = data/a, b", "dataset_text_folder", Path("data/a, b")),
        ("split_percentages = 80, 10, 10 # list", "split_percentages", (80, 10, 10)),
    ],
)
def test_forms_of_a_line(tmp_path, line, name, value):
    assert getattr(load_parameters(write(tmp_path, f"[mode]\n{line}\n")), name) == value


def test_bom_and_crlf(tmp_path):
    path = tmp_path / "p.ini"
    path.write_bytes(b"\xef\xbb\xbf[training]\r\npatience = 3\r\nseed = 5\r\n")
    parameters = load_parameters(path)
    assert (parameters.patience, parameters.seed) == (3, 5)


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("[training]\n\nlearning_rat = 1\n", 3, ["unknown", "learning_rate"]),
        ("[training]\nlearning_rate = -1\n", 2, ["'-1'", "above 0", "0.005"]),
        ("[training]\npatience = ten\n", 2, ["'ten'", "whole number", "remove the line"]),
        ("[training]\noptimizer = sgd, adam\n", 2, ["comma", "one of sgd, adam, adadelta"]),
        ("[training]\nlearning_rate = 0.1, 0.2\n", 2, ["comma", "one value"]),
        ("[training]\npatience =\n", 2, ["''", "whole number"]),
        ("[ann]\nuse_crf = True\n[training]\n# c\nuse_crf = False\n", 5, ["second", "line 2"]),
        (
            "[a]\nremove_unknown_tokens = 1\nremap_unknown_tokens_to_unk = 0\n",
            3,
            ["second", "line 2"],
        ),
        ("[ann]\nuse_crf = True\nuse_crf = False\n", 3, ["use_crf", "a second"]),
        ("[ann]\nuse_crf = True\n[ann]\n", 3, ["[ann]", "a second"]),
        ("use_crf = True\n", 1, ["section"]),
        ("[ann]\nuse_crf\n", 2, ["use_crf", "name = value"]),
        ("[training]\npatience = 3\n  seed = 2\n", 2, ["line 3", "white space"]),
        ("[DEFAULT]\npatienc = 3\n", 2, ["patience"]),
        ("[mode]\n\ntrain_model = False\n", 3, ["use_pretrained_model"]),
        ("[mode]\nuse_pretrained_model = True\n", 2, ["pretrained_model_folder"]),
        ("[training]\nminimum_number_of_epochs = 200\n", 2, ["maximum_number_of_epochs 100"]),
        ("[dataset]\nsplit_percentages = 60, 10\n", 2, ["60, 10, 30"]),
    ],
)
def test_errors_name_file_line_and_remedy(tmp_path, text, line, parts):
    path = write(tmp_path, text)
    message = error_of(path)
    assert message.startswith(f"{path}:{line}: "), message
    for part in [*parts, "expected"]:
        assert part in message


def test_nothing_to_transfer(tmp_path):
    flags = "".join(f"{flag} = False\n" for flag in RELOAD_FLAGS)
    path = write(
        tmp_path, "[mode]\nuse_pretrained_model = True\npretrained_model_folder = m\n" + flags
    )
    message = error_of(path)
    assert "set one reload_* to True or use_pretrained_model = False" in message
    assert load_parameters(path, {"reload_crf": "True"}).reload_crf


UP_TO_WORDS = "[advanced]\ntransfer_up_to = character_lstm\n"


def reloaded(parameters):
    return [flag for flag in RELOAD_FLAGS if getattr(parameters, flag)]


def test_a_shorthand_on_the_command_line_overrides_flags_of_the_file(tmp_path):
    path = write(tmp_path, "[advanced]\nreload_crf = True\nreload_token_lstm = False\n")
    parameters = load_parameters(path, {"transfer_layers": "token_lstm, feedforward"})
    assert reloaded(parameters) == ["reload_token_lstm", "reload_feedforward"]


def test_a_flag_on_the_command_line_overrides_a_shorthand_of_the_file(tmp_path):
    path = write(tmp_path, UP_TO_WORDS)
    assert reloaded(load_parameters(path)) == list(RELOAD_FLAGS[:3])
    found = load_parameters(path, {"reload_crf": "True", "reload_character_lstm": "no"})
    assert reloaded(found) == [*RELOAD_FLAGS[:2], "reload_crf"]
    other = load_parameters(path, {"transfer_up_to": "token_embeddings"})
    assert reloaded(other) == ["reload_token_embeddings"]


def test_a_shorthand_and_a_flag_of_one_file_that_disagree(tmp_path):
    message = error_of(write(tmp_path, UP_TO_WORDS + "reload_crf = True\n"))
    assert "transfer_up_to = character_lstm and reload_crf = True" in message
    assert message.startswith(f"{tmp_path}") and ":2: " in message
    path = write(tmp_path, UP_TO_WORDS + "reload_crf = no\n")
    assert reloaded(load_parameters(path)) == list(RELOAD_FLAGS[:3])


def test_errors_name_the_option():
    assert error_of(None, {"dropout_rate": "2"}).startswith("--dropout_rate: found '2'")
    assert error_of(None, {"dropout": "2"}).startswith("--dropout: found an unknown parameter")
    message = error_of(None, {"dropout_rate": 2}, place="argument {}")
    assert message.startswith("argument dropout_rate: ")
    assert error_of(None, {"learning_rate": None}).startswith("--learning_rate")


def test_the_remedy_of_a_line_in_a_study_is_to_remove_it():
    message = error_of(None, {"dropout_rate": 2}, place="study.ini:24: {}")
    assert message.startswith("study.ini:24: dropout_rate: found '2', expected")
    assert "or remove the line for the default" in message


def test_unreadable_files(tmp_path):
    assert "No such file" in error_of(tmp_path / "missing.ini")
    assert str(tmp_path) in error_of(tmp_path)
    path = tmp_path / "latin.ini"
    path.write_bytes(b"[mode]\n# caf\xe9\n")
    assert error_of(path).startswith(f"{path}:2: ")


def test_files_of_other_kinds(tmp_path):
    names = write(tmp_path, "gout\nflu\n")
    assert error_of(names).startswith(
        f"{names}:1: found 'gout', expected a parameter file, which begins with a section such as "
        "[mode]; give the path of one (.ini)"
    )
    definition = write(tmp_path, "# A corpus.\n[silver]\nname = mine\n")
    assert error_of(definition).startswith(
        f"{definition}: found the section [silver], which defines a silver corpus, expected a "
        "parameter file; "
    )
    study = write(tmp_path, "[study]\nkind = tuning\n")
    assert "found the section [study], which defines a study, expected" in error_of(study)
    own = write(tmp_path, "[study]\npatience = 3\n")
    assert load_parameters(own).patience == 3


texts = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters='"'), min_size=1
).filter(lambda text: text.strip())

type_names = texts.map(str.strip).filter(lambda text: not set(",:") & set(text))

parameter_sets = st.builds(
    Parameters,
    use_crf=st.booleans(),
    dataset_text_folder=st.none() | texts,
    output_folder=texts,
    experiment_name=texts.filter(lambda text: file_name_fault(text) is None),
    learning_rate=st.floats(1e-12, 1e6),
    train_size=st.none() | st.floats(0.001, 100),
    split_percentages=st.floats(1, 90).map(lambda first: (first, 5.0, 95.0 - first)),
    seed=st.integers(0, 2**32 - 1),
    jit_compile=st.sampled_from(["auto", True, False]),
    label_map=st.none() | st.lists(st.tuples(type_names, type_names), min_size=1, unique=True),
)


@given(parameters=parameter_sets)
def test_what_is_written_is_read_back(tmp_path_factory, parameters):
    path = tmp_path_factory.getbasetemp() / "round_trip.ini"
    write_parameters(parameters, path)
    assert load_parameters(path) == parameters


def test_writing_leaves_no_other_file(tmp_path):
    write_parameters(Parameters(), tmp_path / "p.ini")
    write_parameters(Parameters(seed=3), tmp_path / "p.ini")
    assert os.listdir(tmp_path) == ["p.ini"]
    assert load_parameters(tmp_path / "p.ini").seed == 3


def test_writing_to_an_unwritable_place(tmp_path):
    with pytest.raises(ParameterError, match="cannot be written"):
        write_parameters(Parameters(), tmp_path / "missing" / "p.ini")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ParameterError, match="cannot be written"):
        write_parameters(Parameters(), tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]


def test_documentation_is_up_to_date(tmp_path):
    written = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert written == parameters_markdown(), "run: neuroner-tl parameters --markdown"
    document_parameters(tmp_path / "p.md")
    assert (tmp_path / "p.md").read_text(encoding="utf-8") == written


BEST = ("best_source", "best_baseline", "best_transfer")


@pytest.mark.parametrize(
    "name", ["source", "baseline", "transfer", "predict", "quickstart", "source_fast", *BEST]
)
def test_our_parameter_files_load_without_warning(name, caplog):
    parameters = load_parameters(ROOT / "parameters" / f"{name}.ini")
    assert parameters.experiment_name == name
    assert not caplog.records


def test_the_papers_settings():
    source, baseline, transfer = (
        load_parameters(ROOT / "parameters" / f"{name}.ini")
        for name in ("source", "baseline", "transfer")
    )
    for parameters, rate, dropout, epochs in [
        (source, 0.0005, 0.8, 10),
        (baseline, 0.005, 0.5, 100),
        (transfer, 0.005, 0.5, 100),
    ]:
        assert parameters.learning_rate == rate
        assert parameters.dropout_rate == dropout
        assert parameters.maximum_number_of_epochs == epochs
        assert parameters.character_embedding_dimension == 25
        assert parameters.character_lstm_hidden_state_dimension == 25
        assert parameters.token_embedding_dimension == 200
        assert parameters.token_lstm_hidden_state_dimension == 200
        assert (parameters.optimizer, parameters.batch_size) == ("sgd", 1)
        assert parameters.gradient_clipping_value == 5
        assert parameters.patience == 10 and parameters.minimum_number_of_epochs == 0
        assert parameters.tagging_format == "bioes" and parameters.lstm_peepholes == "full"
        assert parameters.freeze_token_embeddings
        assert parameters.check_for_lowercase
        assert parameters.check_for_digits_replaced_with_zeros
    # Baseline and transfer differ in nothing but the start.
    differing = {
        name for name, value in baseline.to_dict().items() if value != transfer.to_dict()[name]
    }
    assert differing == {"use_pretrained_model", "pretrained_model_folder", "experiment_name"}


def test_the_fast_source_is_the_same_network_as_the_papers():
    source, fast = (
        load_parameters(ROOT / "parameters" / f"{name}.ini").to_dict()
        for name in ("source", "source_fast")
    )
    assert {name: value for name, value in fast.items() if value != source[name]} == {
        "learning_rate": 0.005,
        "dropout_rate": 0.5,
        "maximum_number_of_epochs": 3,
        "batch_size": 8,
        "batch_loss": "sum",
        "experiment_name": "source_fast",
    }


def test_the_best_recipe_trains_the_papers_network():
    """Its three files fit each other, and every new part is off in the paper's."""
    found = {
        name: load_parameters(ROOT / "parameters" / f"{name}.ini").to_dict()
        for name in ("baseline", "source", *BEST)
    }
    defaults = Parameters().to_dict()
    source, baseline, transfer = (found[name] for name in BEST)
    for name, field in Parameters.model_fields.items():
        section = (field.json_schema_extra or {})["section"]
        if section == "ann":
            assert source[name] == baseline[name] == transfer[name] == found["baseline"][name]
    assert {name for name, value in baseline.items() if value != transfer[name]} == {
        "use_pretrained_model",
        "pretrained_model_folder",
        "experiment_name",
    }
    changed = {
        name
        for file in BEST
        for name, value in found[file].items()
        if value != found["source" if file == "best_source" else "baseline"][name]
    }
    new = changed - {
        *("optimizer", "learning_rate", "dropout_rate", "gradient_clipping_value", "patience"),
        *("maximum_number_of_epochs", "freeze_token_embeddings", "experiment_name"),
        *("use_pretrained_model", "pretrained_model_folder"),
    }
    assert {"dropout_mask", "batch_tokens", "label_smoothing", "weight_averaging"} <= new
    for name in new | {"token_linear_dimension", "token_embedding_rate"}:
        assert found["baseline"][name] == found["source"][name] == defaults[name], name


@pytest.mark.parametrize("title", ["trainin", "datset", "Advance"])
def test_a_misspelt_section_is_named_and_its_parameters_count(tmp_path, caplog, title):
    path = tmp_path / "run.ini"
    path.write_text(f"[{title}]\npatience = 3\n")
    assert load_parameters(path).patience == 3
    assert f"{path}: found the section [{title}]; the nearest is [" in caplog.text


@pytest.mark.parametrize("title", ["training", "Training", "a", "my settings"])
def test_sections_of_the_users_own_are_not_misspelt(tmp_path, caplog, title):
    path = tmp_path / "run.ini"
    path.write_text(f"[{title}]\npatience = 3\n")
    assert load_parameters(path).patience == 3
    assert not caplog.text
