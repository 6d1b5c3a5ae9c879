"""The definitions in experiments/: each says how it is run, how long it takes, what comes out."""

import re
import shlex
from pathlib import Path

import pytest

from neuroner_tl.__main__ import make_parser
from neuroner_tl.errors import ParameterError
from neuroner_tl.silver.definition import read_silver_definition
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs

ROOT = Path(__file__).resolve().parents[1]
DEFINITIONS = sorted((ROOT / "experiments").glob("*.ini"))
HEAD = re.compile(
    r"^# Command: (?P<command>.*?)\n"
    r"# Hours on two cores: (?P<hours>.*?)\.\n"
    r"# Expect: (?P<expect>.*?)\.\n",
    re.MULTILINE | re.DOTALL,
)


def head_of(path: Path) -> str:
    """Return the comments before the first section."""
    return path.read_text("utf-8").partition("\n[")[0] + "\n"


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_the_head_has_command_hours_and_what_to_expect(path, monkeypatch):
    match = HEAD.search(head_of(path))
    assert match, (
        "expected the lines `# Command: ...`, `# Hours on two cores: ...`, `# Expect: ...`"
    )
    command = shlex.split(match["command"].replace("\\\n#", " "))
    assert command[0] == "neuroner-tl"
    arguments = make_parser().parse_args(command[1:])
    assert (arguments.command, arguments.action) in [("study", "run"), ("silver", "build")]
    assert f"experiments/{path.name}" in command
    given = set(re.findall(r"\$\{(\w+)\}", path.read_text("utf-8")))
    assert {text.partition("=")[0] for text in arguments.variables} == given
    assert re.match(r"not yet measured|none|\d", match["hours"])
    assert re.search(r"\b(tables?|figures?)\b", match["expect"])


# Of silver_diso_steps.ini.
STEP = {
    "LISTS_ONLY": "",
    "METHOD": "hmm",
    "THRESHOLD": "0.5",
    "BOUNDARIES": "",
    "UNKNOWN": "0.05",
    "ABBREVIATIONS": "True",
    "DENSITY": "1",
}


@pytest.mark.parametrize(
    "path", [p for p in DEFINITIONS if p.stem.startswith("silver")], ids=lambda path: path.stem
)
def test_silver_definitions_take_their_data_from_the_command_line(path, monkeypatch):
    monkeypatch.delenv("DATA", raising=False)
    given = {"NAME": "x", "VOTES": "2", "BLACKLIST": "gold", **STEP}
    definition = read_silver_definition(path, variables={**given, "DATA": "/there"})
    assert definition.silver.data_folder == Path("/there")
    definition = read_silver_definition(path, Path("/here"), variables=given)
    assert definition.silver.data_folder == Path("/here")
    with pytest.raises(ParameterError, match=r"data_folder: found \$\{DATA\}.*give -D DATA=VALUE"):
        read_silver_definition(path, variables=given)


def test_no_definition_leaves_the_repository():
    for path in (ROOT / "experiments").rglob("*.ini"):
        assert "../" not in path.read_text("utf-8"), path


@pytest.mark.parametrize(
    "path", [p for p in DEFINITIONS if "[sources" in p.read_text("utf-8")], ids=lambda p: p.stem
)
def test_sources_learn_in_minutes_unless_a_study_is_published_with_others(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    of_the_best_recipe = path.stem.startswith("recipe_transfer")
    if path.stem in ("quickstart", "layer_ablation", "slow_source") or of_the_best_recipe:
        return
    values = dict.fromkeys(("GOLD", "SILVER", "VECTORS", "DATA", "PREDICTIONS"), "somewhere")
    sources = [run for run in plan_runs(read_definition(path, values)) if run.is_source]
    for run in sources:
        p = run.parameters
        assert p.learning_rate == (0.002 if run.entity_class == "PRGE" else 0.005)
        assert (p.dropout_rate, p.batch_size, p.batch_loss) == (0.5, 8, "sum")
        # A whole silver corpus once is about as many steps as 6,000 of its documents three times.
        whole = run.documents is None or run.teacher is not None
        assert p.maximum_number_of_epochs == (1 if whole else 3)
    assert sources


def test_transfer_with_the_best_recipe_is_shown_on_test_without_training_again(monkeypatch):
    monkeypatch.chdir(ROOT)
    values = dict.fromkeys(("SILVER", "VECTORS", "DATA"), "somewhere")
    valid, test = (
        read_definition(Path(f"experiments/recipe_{name}.ini"), values)
        for name in ("transfer", "transfer_test")
    )
    assert valid.folder == test.folder
    assert {(run.id, run.key) for run in plan_runs(valid)} == {
        (run.id, run.key) for run in plan_runs(test)
    }


def test_the_studies_of_few_and_of_all_labels_share_their_sources(monkeypatch):
    monkeypatch.chdir(ROOT)
    values = dict.fromkeys(("SILVER", "VECTORS", "DATA"), "somewhere")
    tenth, full = (
        read_definition(Path(f"experiments/transfer_{name}.ini"), values)
        for name in ("tenth", "full")
    )
    assert tenth.folder == full.folder
    one, other = (
        {run.id for run in plan_runs(study) if run.is_source and run.teacher is None}
        for study in (tenth, full)
    )
    assert one and other <= one
