"""Arms with parameter files of their own, and arms of other systems than the network."""

from pathlib import Path

import pytest

from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.definition.arms import System
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs

STUDY = """\
[study]
name = trial
kind = {kind}
parameters_filepath = {folder}/parameters.ini
arms = baseline, other
[sources DISO]
silver = {folder}/silver
[targets DISO]
gold = {folder}/gold
[target]
patience = 7
[arm other]
{own}
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / "parameters.ini").write_text("[training]\nlearning_rate = 0.5\nseed = 3\n")
    (tmp_path / "best.ini").write_text("[training]\nlearning_rate = 0.25\npatience = 2\n")

    def write_study(own, kind="transfer_table", more=""):
        path = tmp_path / "study.ini"
        path.write_text(STUDY.format(kind=kind, folder=tmp_path, own=own) + more)
        return path

    return write_study


def targets(path, contents=None):
    return {run.arm: run for run in plan_runs(read_definition(path), contents=contents)}


def test_an_arm_has_a_parameter_file_of_its_own(write, tmp_path):
    runs = targets(write(f"parameters_filepath = {tmp_path}/best.ini\ndropout_rate = 0.125"))
    baseline, other = (runs[name].parameters for name in ("baseline", "other"))
    assert (baseline.learning_rate, baseline.seed, baseline.dropout_rate) == (0.5, 3, 0.5)
    assert (other.learning_rate, other.seed, other.dropout_rate) == (0.25, 3, 0.125)
    # The seed is that of the study, and what it sets for all targets overrides both files.
    assert baseline.patience == other.patience == 7
    assert runs["other"].layers == () and runs["other"].source is None


def test_a_parameter_file_does_not_change_which_layers_a_named_arm_takes(write, tmp_path):
    path = write(f"parameters_filepath = {tmp_path}/best.ini")
    path.write_text(path.read_text().replace("other", "transfer"))
    transfer = targets(path)["transfer"]
    assert len(transfer.layers) == 6 and transfer.parameters.learning_rate == 0.25


@pytest.mark.parametrize("kind", ["transfer_table", "recipes"])
def test_another_system_takes_no_layers(write, kind):
    runs = targets(write("system = spacy\npatience = 4", kind))
    assert set(runs) == {"baseline", "other"}  # No source model is trained.
    spacy = runs["other"]
    assert spacy.system == System("spacy") and runs["baseline"].system is None
    assert spacy.layers == () and spacy.source is None and spacy.parameters.patience == 4


def test_a_system_is_another_run_than_the_network_with_the_same_parameters(write):
    network, spacy = targets(write("system = spacy")).values()
    assert network.parameters == spacy.parameters
    assert network.key != spacy.key and network.id.split("-")[-1] != spacy.id.split("-")[-1]


def test_published_predictions_count_by_their_content(write, tmp_path):
    folder = tmp_path / "theirs" / "gold_crf"
    folder.mkdir(parents=True)
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "1.txt").write_text("Gout.")
    (folder / "1.ann").write_text("")
    path = write(f"predictions = {tmp_path}/theirs/{{corpus}}_crf")
    before = targets(path, Contents())["other"]
    assert before.system.folder("gold") == folder and before.content["predictions"]
    (folder / "1.ann").write_text("T1\tDISO 0 4\tGout\n")
    after = targets(path, Contents())["other"]
    assert after.key == before.key and after.id != before.id
    (folder / "1.ann").unlink()
    assert not targets(path, Contents())["other"].is_known


@pytest.mark.parametrize("own", ["predictions =", "learning_rate = 0.25"])
def test_a_section_that_does_not_say_what_the_arm_is_is_refused_with_its_line(write, own):
    path = write(own)
    with pytest.raises(ParameterError) as caught:
        read_definition(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:5: arms: found the arm other, expected"), message
    assert message.endswith(
        "or a section [arm other] with one of layers, sources, teacher, parameters_filepath, "
        "system, predictions"
    )


def test_home_is_expanded():
    assert System("published", "~/x/{corpus}").folder("a") == Path.home() / "x" / "a"


def test_the_home_of_an_unknown_user_is_no_traceback(write, tmp_path):
    path = write("predictions = ~nobody_of_this_name/{corpus}")
    path.write_text(path.read_text().replace(f"{tmp_path}/gold", "~nobody_of_this_name/gold"))
    runs = targets(path, Contents())
    assert runs["other"].system.folder("gold") == Path("~nobody_of_this_name/gold")
    assert runs["baseline"].content["corpus"] is None


@pytest.mark.parametrize(
    "own, kind, line, words",
    [
        ("system = spcy", "recipes", ":13:", ("expected spacy",)),
        ("system = spacy\nlayers = crf", "recipes", ":14:", ("layers", "remove layers or system")),
        ("system = spacy\nteacher = baseline", "recipes", ":14:", ("remove teacher or system",)),
        ("predictions = x\nsources = silver", "recipes", ":14:", ("or predictions",)),
        ("system = spacy\npredictions = x", "recipes", ":14:", ("one of the two",)),
        ("system = spacy", "in_the_wild", ":13:", ("system", "another kind of study")),
        ("predictions = x", "tuning", ":13:", ("predictions", "another kind of study")),
        ("parameters_filepath = no.ini", "recipes", ":13:", ("not a file",)),
        ("predictions = x", "recipes", ":13:", ("predictions", "no score on valid")),
        ("system = spacy", "layer_ablation", ":5:", ("other", "no place", "up_to_LAYER")),
        ("layers = crf", "layer_ablation", ":5:", ("other", "no place")),
        ("predictions = x", "source_size", ":5:", ("other", "baseline and transfer")),
        ("system = spacy", "source_noise", ":5:", ("other", "baseline and transfer")),
    ],
)
def test_mistakes_are_refused_with_their_line(write, own, kind, line, words):
    path = write(own, kind)
    with pytest.raises(ParameterError) as caught:
        read_definition(path)
    message = str(caught.value)
    assert message.startswith(f"{path}{line}") and "\n" not in message
    assert all(word in message for word in words), message


def test_published_predictions_are_not_among_what_valid_chooses(write):
    path = write("predictions = x")
    path.write_text(
        path.read_text().replace("[sources", "valid_chooses = baseline, other\n[sources")
    )
    with pytest.raises(ParameterError, match="valid_chooses: found 'other', .*no score on valid"):
        read_definition(path)
    path.write_text(path.read_text().replace("predictions = x", "system = spacy"))
    assert read_definition(path).valid_chooses == ("baseline", "other")


def test_published_predictions_of_two_arms_have_two_keys(write, tmp_path):
    path = write("predictions = one", more="[arm another]\npredictions = two\n")
    path.write_text(path.read_text().replace("baseline, other", "baseline, other, another"))
    runs = targets(path)
    assert runs["other"].key != runs["another"].key


def test_a_report_needs_no_folder_of_predictions(write):
    path = write("predictions = ${THEIRS}/{corpus}")
    with pytest.raises(
        ParameterError, match=r":13: predictions: found \$\{THEIRS\}, expected a var"
    ):
        read_definition(path)
    assert plan_runs(read_definition(path, needs_corpora=False), contents=Contents())
    path = write("predictions = ${THEIRS}/{corpus}\nparameters_filepath = ${THEIRS}/x.ini")
    with pytest.raises(ParameterError, match=":14: parameters_filepath: found"):
        read_definition(path, needs_corpora=False)


def test_a_named_arm_is_of_the_network(write):
    for name in ("transfer", "baseline"):
        path = write("system = spacy")
        text = path.read_text().replace("[arm other]", f"[arm {name}]")
        path.write_text(text.replace("baseline, other", "baseline, transfer"))
        with pytest.raises(ParameterError, match=f"arm {name}, .* expected an arm of another name"):
            read_definition(path)


def test_a_teacher_takes_all_sources_that_its_pupil_takes(write):
    path = write("sources = silver", more="[arm taught]\nteacher = other\n")
    text = path.read_text().replace("baseline, other", "baseline, other, taught")
    path.write_text(text.replace("[targets DISO]", "second = x\n[targets DISO]"))
    with pytest.raises(ParameterError, match="found other, which does not take second, expected"):
        read_definition(path)
    path.write_text(path.read_text() + "sources = silver\n")
    assert len(plan_runs(read_definition(path))) == 5


def test_another_system_teaches_nobody(write):
    path = write("system = spacy", more="[arm taught]\nteacher = other\n")
    path.write_text(path.read_text().replace("baseline, other", "baseline, other, taught"))
    with pytest.raises(ParameterError, match="found 'other', expected an arm that has no teacher"):
        read_definition(path)


@pytest.mark.parametrize("kind", ["source_size", "source_noise"])
def test_studies_of_the_source_refuse_arms_that_they_do_not_show(write, kind):
    path = write("learning_rate = 0.25", kind)
    shown = path.read_text().replace("[arm other]", "[arm transfer]")
    path.write_text(shown.replace("baseline, other", "baseline, transfer"))
    assert {"baseline", "transfer"} < {run.arm for run in plan_runs(read_definition(path))}
    path.write_text(shown.replace("baseline, other", "baseline, transfer, only_crf"))
    with pytest.raises(ParameterError, match="'only_crf', which has no place.*baseline and tran"):
        read_definition(path)
