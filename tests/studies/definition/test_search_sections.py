"""The space of a search: what may be searched for, and which values."""

from pathlib import Path

import pytest

from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.definition.search import Choices, Range
from neuroner_tl.studies.definition.trials import plan_search

BASELINE = "arms = baseline"
SPACE = "[space]\nlearning_rate = 0.001 to 0.1, log\n"


@pytest.fixture
def search(write_study):
    """A function that reads a study with these lines in its space."""

    def read(*lines, study=BASELINE, more="", kind="tuning"):
        space = "\n".join(["[space]", *lines, ""])
        return read_definition(Path(write_study(study, more + space, kind=kind)))

    return read


def test_ranges_and_choices(search):
    space = search(
        "learning_rate = 1e-4 to 0.01, log",
        "dropout_rate = 0.2 to 0.7, step 0.1",
        "token_lstm_hidden_state_dimension = 50 to 200 , step 50",
        "Batch_Size = 4, 8, 16",
        "use_crf = True, False",
        "optimizer = sgd, adam",
    ).search.space
    assert space["learning_rate"] == Range(0.0001, 0.01, log=True)
    assert space["dropout_rate"] == Range(0.2, 0.7, step=0.1)
    assert space["token_lstm_hidden_state_dimension"] == Range(50, 200, step=50, whole=True)
    assert space["batch_size"] == Choices(("4", "8", "16"))
    assert space["use_crf"] == Choices(("True", "False"))
    assert space["optimizer"] == Choices(("sgd", "adam"))


def test_defaults_and_settings(search):
    default = search("dropout_rate = 0.2 to 0.7").search
    assert (default.trials, default.sampler, default.pruning) == (20, "tpe", "median")
    more = "[search]\ntrials = 3\nsampler = random\npruning = hyperband\nseed = 4\n"
    found = search("dropout_rate = 0.2 to 0.7", more=more).search
    assert (found.trials, found.sampler, found.pruning, found.seed) == (3, "random", "hyperband", 4)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("learning_rat = 0.1 to 0.2", ("unknown parameter", "the nearest is learning_rate")),
        ("learning_rate = fast, slow", ("'fast'", "a finite number above 0")),
        ("learning_rate = 0 to 0.1", ("'0 to 0.1'", "a finite number above 0")),
        ("learning_rate = 0.1", ("'0.1'", "LOW to HIGH", "two or more values")),
        ("learning_rate = 0.2 to 0.1", ("a lower bound below the upper one",)),
        ("dropout_rate = 0 to 0.5, log", ("above 0 for a logarithmic range",)),
        ("dropout_rate = 0.2 to 1.5", ("'0.2 to 1.5'", "a number of at least 0 and below 1")),
        ("dropout_rate = 0.1 to 0.5, log, step 0.1", ("either log or a step",)),
        ("dropout_rate = 0.1 to 0.5, step 0", ("a number above 0 as the step",)),
        ("dropout_rate = 0.1 to 0.5, step 0.3", ("a multiple of the step apart",)),
        ("batch_size = 0 to 8", ("'0 to 8'", "a whole number of at least 1")),
        ("batch_size = 1.5 to 8", ("'1.5 to 8'", "a whole number")),
        ("batch_size = 2 to 8, step 1.5", ("a whole number above 0 as the step",)),
        ("batch_size = 8, 8.0", ("each value once",)),
        ("optimizer = adam to sgd", ("'adam to sgd'", "two or more values")),
        ("optimizer = adam, momentum", ("'momentum'", "one of sgd, adam, adadelta")),
        ("use_crf = 0 to 1", ("two or more of its values with commas", "True")),
        ("label_map = A:B, C:D", ("its value is a list",)),
        ("seed = 0 to 9", ("not searched for (the best of several seeds is chance",)),
        ("patience = 3 to 9", ("longer is never worse on validation",)),
        ("output_folder = a, b", ("a study decides it",)),
        ("token_pretrained_embedding_filepath = a, b", ("only says where something is",)),
        ("number_of_cpu_threads = 1, 2", ("does not change the result",)),
        ("main_evaluation_mode = conll, token", ("what the validation score measures",)),
        ("reload_crf = True, False", ("the arm says which layers",)),
    ],
)
def test_what_cannot_be_searched_for_is_refused_with_its_line(line, words, search, tmp_path):
    with pytest.raises(ParameterError) as error:
        search("use_character_lstm = True, False", line)
    message = str(error.value)
    (number,) = (
        n
        for n, text in enumerate((tmp_path / "study.ini").read_text().splitlines(), 1)
        if text == line
    )
    name = line.partition(" ")[0]
    assert message.startswith(f"{tmp_path / 'study.ini'}:{number}: {name}: found "), message
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_a_parameter_is_searched_for_once(search):
    with pytest.raises(ParameterError, match="a second dropout_rate"):
        search("dropout_rate = 0.1 to 0.2", "Dropout_rate = 0.1 to 0.3")


@pytest.mark.parametrize(
    ("study", "more", "words"),
    [
        ("", SPACE, "found 2 arms \\(baseline, transfer\\), expected one"),
        (f"{BASELINE}\nseeds = 0, 1", SPACE, "seeds: found 2 values, expected one"),
        (f"{BASELINE}\ntrain_sizes = 10, 20", SPACE, "train_sizes: found 2 values"),
        (BASELINE, "", r"found no parameters in a section \[space\]"),
        (BASELINE, "[space]\n", r"found no parameters in a section \[space\]"),
        (BASELINE, f"{SPACE}[targets CHED]\nother = folder\n", "found 2 target corpora"),
        (BASELINE, f"{SPACE}[search]\ntrials = 0\n", "trials: found '0', expected a whole number"),
        (BASELINE, f"{SPACE}[search]\npruning = half\n", "found 'half', expected one of median"),
        ("arms = transfer", f"{SPACE}[sources CHED]\nx = y\n", None),
    ],
)
def test_a_trial_is_one_run(study, more, words, write_study):
    path = Path(write_study(study, more, kind="tuning"))
    if words is None:
        assert read_definition(path).search is not None
        return
    with pytest.raises(ParameterError, match=words):
        read_definition(path)


@pytest.mark.parametrize(
    "section", ["[space]\ndropout_rate = 0.1, 0.2\n", "[search]\ntrials = 3\n"]
)
def test_only_a_search_has_its_sections(section, write_study):
    with pytest.raises(ParameterError, match="of the kind transfer_table, expected it in one of"):
        read_definition(Path(write_study(more=section)))


def test_a_trial_is_the_run_of_its_values(search):
    plan = plan_search(search("dropout_rate = 0.1 to 0.7", "optimizer = sgd, adadelta"))
    run = plan.run(3, {"dropout_rate": 0.25, "optimizer": "adadelta"})
    assert (run.parameters.dropout_rate, run.parameters.optimizer) == (0.25, "adadelta")
    assert run.trial.number == 3 and not run.is_source and run.id != plan.base.id
    assert plan.run(4, run.trial.values).id == run.id
    # The parameters of the file that are not searched for are kept.
    assert run.parameters.batch_size == 16 and run.parameters.learning_rate == 0.02


def test_a_trial_is_not_the_run_of_another_study(search, write_study):
    """That one has test scores."""
    plan = plan_search(search("batch_size = 8, 16"))
    trial = plan.run(0, {"batch_size": "16"})
    others = plan_runs(read_definition(Path(write_study(BASELINE))))
    assert trial.parameters == others[-1].parameters
    assert trial.key not in {run.key for run in others}


def test_what_decides_a_score_decides_the_identity_of_a_search(search, corpora, write_study):
    first = plan_search(search("dropout_rate = 0.1 to 0.7"))
    longer = search("dropout_rate = 0.1 to 0.7", more="[search]\ntrials = 99\npruning = none\n")
    assert plan_search(longer).id == first.id
    assert plan_search(search("dropout_rate = 0.1 to 0.6")).id != first.id
    other = search("dropout_rate = 0.1 to 0.7", more="[target]\nbatch_size = 4\n")
    assert plan_search(other).id != first.id
    path = Path(write_study(BASELINE, SPACE, kind="tuning", target=str(corpora.gold)))
    known = plan_search(read_definition(path), contents=Contents())
    unknown = plan_search(read_definition(path))
    assert known.key == unknown.key and known.id != unknown.id
