from pathlib import Path

import pytest

from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.definition import SyntheticSizes, read_definition

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
[study]
name = trial
parameters_filepath = {parameters}

[corpora]
source = synthetic:silver
target = synthetic:gold

[synthetic]
silver_documents = 4, 2
gold_documents = 3, 2, 2

[source]
learning_rate = 0.25  # higher
"""


@pytest.fixture
def write(tmp_path):
    parameters = tmp_path / "parameters.ini"
    parameters.write_text("[training]\nlearning_rate = 0.5\nseed = 3\n")

    def write_study(old="", new=""):
        text = GOOD.format(parameters=parameters)
        assert old in text
        path = tmp_path / "study.ini"
        path.write_text(text.replace(old, new))
        return path

    return write_study


def test_a_definition_is_read(write, tmp_path):
    definition = read_definition(write())
    assert definition.name == "trial"
    assert definition.corpora == {"source": "synthetic:silver", "target": "synthetic:gold"}
    assert definition.synthetic == SyntheticSizes((4, 2), (3, 2, 2), 1)
    assert definition.output_folder == Path("output")
    assert definition.is_synthetic


def test_a_runs_own_parameters_win_over_the_file_and_the_study_over_both(write):
    definition = read_definition(write())
    assert definition.parameters("source").learning_rate == 0.25
    assert definition.parameters("baseline").learning_rate == 0.5
    assert definition.parameters("source", learning_rate=0.125).learning_rate == 0.125
    assert definition.parameters("transfer").seed == 3


@pytest.mark.parametrize(
    "old, new, line, words",
    [
        ("[corpora]", "[copora]", "", ("[copora]", "nearest is [corpora]")),
        ("source = synthetic:silver", "sorce = x", ":6:", ("in [corpora]", "nearest is source")),
        ("synthetic:silver", "synthetic:slver", ":6:", ("nearest is synthetic:silver",)),
        ("synthetic:gold", "synthetic:silver", ":7:", ("no test part", "synthetic:gold")),
        ("target = synthetic:gold", "", "", ("no target in [corpora]",)),
        ("= synthetic:gold", "=", ":7:", ("no target in [corpora]",)),
        ("name = trial", "name = a/b", ":2:", ("without slashes",)),
        ("parameters.ini", "none.ini", ":3:", ("no file", "current folder")),
        ("4, 2\n", "4\n", ":10:", ("2 whole numbers",)),
        ("3, 2, 2", "3, 2, zero", ":11:", ("3 whole numbers",)),
        ("3, 2, 2", "3, 2, 0", ":11:", ("at least 1",)),
        ("learning_rate = 0.25", "train_model = False", ":14:", ("that a study decides",)),
    ],
)
def test_mistakes_are_refused_in_one_line(write, old, new, line, words):
    path = write(old, new)
    with pytest.raises(ParameterError) as caught:
        read_definition(path)
    message = str(caught.value)
    assert message.startswith(f"{path}{line}") and "\n" not in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("learning_rate", "learning_rat", ("unknown parameter", "nearest is learning_rate")),
        ("0.25", "fast", ("found 'fast'", "a number above 0")),
    ],
)
def test_wrong_parameters_of_a_run_are_refused_with_their_line(write, old, new, words):
    path = write(old, new)
    with pytest.raises(ParameterError) as caught:
        read_definition(path).parameters("source")
    assert str(caught.value).startswith(f"{path}:14: ")
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_missing_file_is_a_parameter_error(tmp_path):
    with pytest.raises(ParameterError, match="expected a study file"):
        read_definition(tmp_path / "none.ini")


def test_the_quickstart_definition_is_sound(monkeypatch):
    monkeypatch.chdir(ROOT)
    definition = read_definition(Path("experiments/quickstart.ini"))
    for run in ("source", "baseline", "transfer"):
        definition.parameters(run)
