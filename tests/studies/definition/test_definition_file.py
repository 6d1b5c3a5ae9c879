import shlex
from pathlib import Path

import pytest

from neuroner_tl.__main__ import make_parser
from neuroner_tl.cli.variable_options import read_variables
from neuroner_tl.errors import ParameterError
from neuroner_tl.silver.definition import read_silver_definition
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs

ROOT = Path(__file__).resolve().parents[3]

GOOD = """\
[study]
name = trial
kind = learning_curve
parameters_filepath = {parameters}
train_sizes = 10, 20
seeds = 0, 1

[sources DISO]
Silver = synthetic:silver

[targets DISO]
Gold = synthetic:gold

[synthetic silver]
standard = silver
documents = 4, 2
missed = 0.5

[synthetic gold]
standard = gold
documents = 3, 2, 2

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


def test_a_definition_is_read(write):
    definition = read_definition(write())
    assert definition.name == definition.runs == "trial" and definition.kind == "learning_curve"
    assert definition.sources == {"DISO": {"Silver": "synthetic:silver"}}
    assert definition.targets == {"DISO": {"Gold": "synthetic:gold"}}
    assert definition.synthetic["silver"].missed == 0.5
    assert definition.synthetic["gold"].documents == (3, 2, 2)
    assert [arm.name for arm in definition.arms] == ["baseline", "transfer"]
    assert definition.train_sizes == (10, 20) and definition.seeds == (0, 1)
    assert definition.folder == Path("output/trial")
    assert definition.report_folder == Path("output/trial/reports/trial")
    assert definition.is_synthetic


def test_groups_of_annotations_are_in_order(write):
    """Bounds from high to low would name groups such as `5,001 to 2,000`, with nothing in them."""
    path = write("seeds = 0, 1", "annotation_limits = 5000, 2000, 5000")
    assert read_definition(path).annotation_limits == (2000, 5000)


def test_parameters_of_a_run_override_the_file_and_the_study_both(write):
    definition = read_definition(write())
    assert definition.parameters("source").learning_rate == 0.25
    assert definition.parameters("target").learning_rate == 0.5
    assert definition.parameters("source", learning_rate=0.125).learning_rate == 0.125
    assert definition.parameters("target").seed == 3


def test_an_arm_has_parameters_and_layers_of_its_own(write):
    path = write("[source]\n", "[arm mine]\nlayers = crf\nlearning_rate = 0.75\n[source]\n")
    path.write_text(path.read_text().replace("seeds = 0, 1", "arms = baseline, mine"))
    (_, mine) = read_definition(path).arms
    assert (
        mine.layers == {"crf"} and mine.flags["reload_crf"] and not mine.flags["reload_token_lstm"]
    )
    assert read_definition(path).parameters("target", mine).learning_rate == 0.75


def test_variables_come_from_the_command_line_or_the_environment(write, monkeypatch):
    path = write("synthetic:gold", "${FOLDER}/gold")
    with pytest.raises(ParameterError, match=r":12: Gold: found \$\{FOLDER\}, expected a variable"):
        read_definition(path)
    assert read_definition(path, needs_corpora=False).targets["DISO"]["Gold"] == "${FOLDER}/gold"
    monkeypatch.setenv("FOLDER", "there")
    assert read_definition(path).targets["DISO"]["Gold"] == "there/gold"
    assert read_definition(path, {"FOLDER": "here"}).targets["DISO"]["Gold"] == "here/gold"


@pytest.mark.parametrize(
    "old, new, line, words",
    [
        ("[targets DISO]", "[target DISO]", "", ("[target DISO]", "nearest is [target]")),
        ("[sources DISO]", "[sources]", "", ("found the section [sources]", "[sources NAME]")),
        ("[source]", "[sorce]", "", ("found the section [sorce]", "nearest is [source]")),
        ("kind = learning", "kind = learned", ":3:", ("nearest is learning_curve",)),
        ("kind = learning_curve\n", "", "", ("no kind in [study]",)),
        ("seeds", "seed", ":6:", ("in [study]", "nearest is seeds")),
        ("seeds = 0, 1", "seeds = 0, one", ":6:", ("whole numbers",)),
        ("seeds = 0, 1", "split_seeds = 4294967296", ":6:", ("split_seeds", "below 2**32")),
        ("10, 20", "10, 200", ":5:", ("up to 100",)),
        ("seeds = 0, 1", "keep_models = never", ":6:", ("True or False",)),
        ("seeds = 0, 1", "arms = baseline, only_crv", ":6:", ("arms", "nearest is only_crf")),
        ("synthetic:silver", "synthetic:slver", ":9:", ("nearest is synthetic:silver",)),
        ("synthetic:gold", "synthetic:silver", ":12:", ("no test part", "standard = gold")),
        ("= synthetic:gold", "=", ":12:", ("found no folder",)),
        ("Gold =", "Silver =", "", ("two corpora called Silver",)),
        ("name = trial", "name = a/b", ":2:", ("letters, digits",)),
        ("name = trial", "name = ..", ":2:", ("begins with a dot",)),
        ("name = trial", "name = CON", ":2:", ("device",)),
        ("name = trial", "name = +1", ":2:", ("begins with +",)),
        ("name = trial", f"name = {'x' * 300}", ":2:", ("more than 50", "xxx...")),
        ("name = trial", "name = trial\nruns = ..", ":3:", ("runs", "begins with a dot")),
        ("Gold =", ".. =", ":12:", ("begins with a dot",)),
        ("Gold =", f"{'x' * 300} =", ":12:", ("more than 50",)),
        ("Gold =", "SILVER =", "", ("called Silver and SILVER", "more than case")),
        ("[targets DISO]", "[targets ..]", "", ("begins with a dot",)),
        ("seeds = 0, 1", "arms = baseline, ..\n[arm ..]", "", ("[arm ..]", "begins with a dot")),
        ("seeds = 0, 1", "arms = ..", ":6:", ("begins with a dot",)),
        ("parameters.ini", "none.ini", ":4:", ("not a file", "current folder")),
        ("4, 2\n", "4\n", ":16:", ("2 whole numbers",)),
        ("3, 2, 2", "3, 2, zero", ":21:", ("whole numbers of documents",)),
        ("standard = gold", "standard = golden", ":20:", ("one of gold, silver",)),
        ("standard = gold", "standard = gold\nmissed = 0", ":21:", ("silver corpus only",)),
        ("missed = 0.5", "missed = 5", ":17:", ("up to 1",)),
        ("learning_rate = 0.25", "train_model = False", ":24:", ("that a study decides",)),
        ("learning_rate = 0.25", "reload_crf = False", ":24:", ("which layers",)),
        ("[source]", "[target]\nseed = 3\n[source]", ":24:", ("seed: found 3", "seeds of [study]")),
        ("seeds = 0, 1", "source_seeds = 1\n[source DISO]\nseed = 3", ":8:", ("the source_seeds",)),
        ("[sources DISO]", "[sources GENE]", "", ("without [sources DISO]",)),
        ("[source]", "[arm other]", "", ("[arm other]", "the name of an arm")),
        ("[source]", "[source ..]", "", ("begins with a dot",)),
        ("seeds = 0, 1", "source_seeds = 1, 2", ":6:", ("2 seeds", "at most 1")),
        (
            "name = trial",
            "source_parameters_filepath = no.ini\nname = trial",
            ":2:",
            ("not a file",),
        ),
        ("[source]", "[arm transfer]\nsources = Slver\n[source]", ":24:", ("expected Silver",)),
        ("[source]", "[arm baseline]\nsources = Silver\n[source]", ":24:", ("without layers",)),
        ("[source]", "[arm transfer]\nteacher = basline\n[source]", ":24:", ("itself: baseline",)),
        ("[source]", "[arm transfer]\nteacher = transfer\n[source]", ":24:", ("itself: baseline",)),
        ("[source]", "[arm transfer]\nsure = 0.8\n[source]", ":24:", ("no teacher",)),
        (
            "[source]",
            "[arm transfer]\nteacher = baseline\nsure = 0.2\n[source]",
            "",
            ("doubtful: found 0.3, expected at most sure = 0.2",),
        ),
        ("seeds = 0, 1", "valid_chooses = baseline, transfer", ":6:", ("of a transfer_table",)),
        ("train_sizes = 10, 20\n", "", ":3:", ("learning_curve without sizes", "train_sizes")),
        ("seeds = 0, 1", "[arm transfer]\nseed = 3", ":7:", ("seed: found 3", "seeds of [study]")),
        ("[source]", "[student]\nseed = 3\n[source]", ":24:", ("seed of the target run",)),
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
        ("0.25", "fast", ("found 'fast'", "number above 0")),
    ],
)
def test_wrong_parameters_of_a_run_are_refused_with_their_line(write, old, new, words):
    path = write(old, new)
    with pytest.raises(ParameterError) as caught:
        plan_runs(read_definition(path))
    assert str(caught.value).startswith(f"{path}:24: ")
    assert all(word in str(caught.value) for word in words), caught.value


def test_two_systems_are_compared_from_their_predictions(tmp_path):
    path = tmp_path / "study.ini"
    path.write_text(
        "[study]\nname = two\nkind = error_overlap\n"
        "[predictions DISO]\ngold = g\nOne = a\nOther = b\n"
    )
    found = read_definition(path).predictions["DISO"]
    assert found.gold == Path("g") and found.train is None
    assert dict(found.systems) == {"One": Path("a"), "Other": Path("b")}
    path.write_text(path.read_text().replace("Other = b\n", ""))
    with pytest.raises(ParameterError, match=r"found 1 systems \(One\), expected two"):
        read_definition(path)
    path.write_text(path.read_text().replace("error_overlap", "source_size"))
    path.write_text(path.read_text() + "Other = b\n")
    with pytest.raises(ParameterError, match="no corpus to train on"):
        read_definition(path)


def test_a_missing_file_is_a_parameter_error(tmp_path):
    with pytest.raises(ParameterError, match="expected a study file"):
        read_definition(tmp_path / "none.ini")


# Definitions of silver corpora lie beside them.
STUDIES = sorted(
    path for path in (ROOT / "experiments").rglob("*.ini") if not path.name.startswith("silver_")
)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_definitions_in_the_repository_are_sound(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    values = dict.fromkeys(("GOLD", "SILVER", "VECTORS", "PREDICTIONS", "DATA"), "somewhere")
    definition = read_definition(path, values)
    assert plan_runs(definition) or definition.predictions


def built_by_the_commands_of(path):
    """Return the definitions of the silver corpora that the commands in a head build, by name."""
    lines = path.read_text("utf-8").replace("\\\n#", "").splitlines()
    commands = [shlex.split(line[1:]) for line in lines if line.startswith("#   neuroner-tl ")]
    built = {}
    for command in commands:
        arguments = make_parser().parse_args(command[1:])
        definition = read_silver_definition(path, variables=read_variables(arguments.variables))
        built[definition.silver.name] = definition
    assert len(commands) == len(built)
    return built


@pytest.mark.parametrize(
    "silver, study, wanted",
    [("silver_diso_noise", "source_noise", 4000), ("silver_diso_steps", "step_gains", 6000)],
)
def test_sources_are_built_by_the_commands_that_stand_there(silver, study, wanted, monkeypatch):
    path = ROOT / "experiments" / f"{silver}.ini"
    built = built_by_the_commands_of(path)
    for definition in built.values():
        # As many as the study trains source models on, after valid is taken away.
        left = definition.clean.documents * (1 - definition.silver.valid_percent / 100)
        assert left > wanted
    values = dict.fromkeys(("GOLD", "SILVER", "VECTORS", "DATA"), "somewhere")
    sources = read_definition(ROOT / "experiments" / f"{study}.ini", values).sources["DISO"]
    names = {Path(source).name for source in sources.values()}
    # Of the steps, the last is the corpus of the other studies.
    assert names - {"silver_diso"} == set(built)
    monkeypatch.delenv("NAME", raising=False)
    with pytest.raises(
        ParameterError, match=r"found \$\{NAME\}, expected a variable that is set.*give -D NAME"
    ):
        read_silver_definition(path, variables={"DATA": "somewhere"})


def test_the_commands_of_noise_say_what_their_names_say():
    built = built_by_the_commands_of(ROOT / "experiments" / "silver_diso_noise.ini")
    votes = {"one_vote": 1, "two_votes": 2, "three_votes": 3, "no_blacklist": 2}
    for name, number in votes.items():
        definition = built[f"SSC_DISO_{name}"]
        assert definition.harmonise.threshold == number
        assert (definition.clean.blacklist is None) == (name == "no_blacklist")


def test_each_step_adds_one_thing_to_the_step_before():
    steps = list(built_by_the_commands_of(ROOT / "experiments" / "silver_diso_steps.ini").values())
    values = {"DATA": "somewhere"}
    final = read_silver_definition(ROOT / "experiments" / "silver_diso.ini", variables=values)
    lists, abbreviations, taggers, boundaries, label_model = steps
    votes = ("tolerant", 2.0, None)
    for step in (lists, abbreviations, taggers, boundaries):
        harmonise = step.harmonise
        assert (harmonise.method, harmonise.threshold, harmonise.unknown_from) == votes
    models = {"biored", "tmvar", "scai", "pubtator", "biobert_huner"}
    assert set(lists.harmonise.weights) == set(abbreviations.harmonise.weights) == models
    assert not any(lists.harmonise.weights.values()) and not taggers.harmonise.weights
    assert not lists.clean.abbreviations and abbreviations.clean == final.clean
    wanted = taggers.harmonise.model_copy(update={"boundaries": ("biored", "tmvar", "scai")})
    assert not taggers.harmonise.boundaries and boundaries.harmonise == wanted
    assert label_model.harmonise.method == final.harmonise.method == "hmm"
    assert label_model.harmonise.unknown_from is None
    assert not label_model.harmonise.boundaries and not final.harmonise.boundaries
    for step in steps[1:]:
        assert (step.annotators, step.clean) == (final.annotators, final.clean)


def test_values_are_those_of_the_command_line_before_the_environment(write, monkeypatch):
    path = write("seeds = 0, 1", "seeds = ${SEED}, ${OTHER}")
    monkeypatch.setenv("SEED", "5")
    monkeypatch.setenv("OTHER", "6")
    definition = read_definition(path, {"SEED": "7", "UNUSED": "8"})
    assert definition.seeds == (7, 6) and definition.variables == {"SEED": "7", "OTHER": "6"}
