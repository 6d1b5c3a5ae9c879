import argparse
import re

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.__main__ import make_parser as make_whole_parser
from neuroner_tl.cli.parameter_options import (
    CommandLineParser,
    add_parameter_arguments,
    overrides_from,
)
from neuroner_tl.parameters.fields import SECTIONS
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.neuroner_names import RENAMED, RETIRED
from neuroner_tl.parameters.schema import Parameters


def make_parser() -> CommandLineParser:
    parser = CommandLineParser(prog="neuroner-tl")
    commands = parser.add_subparsers(dest="command", required=True)
    add_parameter_arguments(commands.add_parser("train"))
    commands.add_parser("other").add_argument("--learning_rates")
    return parser


def test_only_given_options_override():
    arguments = make_parser().parse_args(
        ["train", "--learning_rate", "0.01", "--use_crf=no", "--train_size", ""]
    )
    assert arguments.parameters_filepath is None
    overrides = overrides_from(arguments)
    assert overrides == {"learning_rate": "0.01", "use_crf": "no", "train_size": ""}
    parameters = load_parameters(None, overrides)
    assert parameters.learning_rate == 0.01 and parameters.use_crf is False


def test_parameters_filepath_is_no_override(tmp_path):
    arguments = make_parser().parse_args(["train", "--parameters_filepath", str(tmp_path)])
    assert arguments.parameters_filepath == tmp_path
    assert overrides_from(arguments) == {}


def test_retired_options_are_accepted(caplog):
    arguments = make_parser().parse_args(["train", "--number_of_gpus", "0"])
    assert load_parameters(None, overrides_from(arguments)) == Parameters()
    assert "number_of_gpus" in caplog.text


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["train", "--learning_rat", "1"], ["--learning_rat,", "--learning_rate\n"]),
        (["train", "--learning-rate=1"], ["--learning-rate,", "--learning_rate\n"]),
        (["train", "--patience"], ["--patience", "expected one argument"]),
        (["train", "folder"], ["'folder'"]),
        # The nearest option is one of the command that was chosen.
        (["other", "--leaning_rate", "1"], ["--learning_rates\n"]),
        (["other", "--learning_rat", "1"], ["--learning_rates\n"]),
        (["trian"], ["trian"]),
    ],
)
def test_wrong_options_end_with_one_line_and_status_2(options, parts, capsys):
    with pytest.raises(SystemExit) as caught:
        make_parser().parse_args(options)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    for part in parts:
        assert part in error


def test_help_shows_every_parameter_but_no_retired_one(capsys):
    with pytest.raises(SystemExit) as caught:
        make_parser().parse_args(["train", "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for name in Parameters.model_fields:
        assert f"--{name} VALUE" in shown
    for name in set(RETIRED) - {"parameters_filepath"}:
        assert name not in shown.replace("`", "")
    for section in SECTIONS:
        assert f"[{section}]" in shown


def test_a_plain_argument_parser_does_too():
    parser = argparse.ArgumentParser()
    add_parameter_arguments(parser)
    assert overrides_from(parser.parse_args(["--seed", "3"])) == {"seed": "3"}


def parsers_of(parser):
    """Yield the parsers of all commands and actions."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for chosen in action.choices.values():
                yield from parsers_of(chosen)


def test_underscores_are_for_parameters_and_hyphens_for_all_other_options():
    parameters = {f"--{name}" for name in (*Parameters.model_fields, *RETIRED, *RENAMED)}
    shown = {f"--{name}" for name in Parameters.model_fields}
    checked = 0
    for parser in parsers_of(make_whole_parser()):
        options = {text for action in parser._actions for text in action.option_strings}
        is_of_parameters = shown <= options
        for option in options - (parameters if is_of_parameters else set()):
            assert "_" not in option or option == "--parameters_filepath", (parser.prog, option)
            checked += 1
    assert checked > 60


@pytest.mark.parametrize(
    ("command", "former", "now"),
    [
        ("benchmark network", "--batch_sizes", "--batch-sizes"),
        ("benchmark network", "--word_vectors", "--word-vectors"),
        ("benchmark network", "--whole_epochs", "--whole-epochs"),
        ("predict", "--batch_size", "--batch-size"),
        ("vectors train", "--min_count", "--min-count"),
        ("predict", "--word_vectors", "--word-vectors"),
    ],
)
def test_former_names_are_refused_with_the_new_one(command, former, now, capsys):
    needed = {
        "predict": "--model m --input i --output o".split(),
        "vectors train": "--texts t --output o".split(),
    }
    with pytest.raises(SystemExit) as caught:
        make_whole_parser().parse_args([*command.split(), *needed.get(command, []), former, "1"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(f"; the nearest is {now}\n")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("trian", "COMMAND: found 'trian', expected one of .*, train, .*; the nearest is train"),
        ("corpus covert", "ACTION: found 'covert', expected one of .*; the nearest is convert"),
        (
            "corpus convert a --from pubtater --output b",
            "--from: found 'pubtater', expected one of .*; the nearest is pubtator",
        ),
        ("predict --modle m --input i --output o", "option --modle, .*; the nearest is --model"),
        ("predict --modle=m --input i --output o", "option --modle, .*; the nearest is --model"),
        ("predict --model m --inptu i --output o", "option --inptu, .*; the nearest is --input"),
        ("predict --input i --output o", "the following arguments are required: --model"),
        (
            "silver init --type A --texts t my.ini --terms l",
            "required: FILE; put FILE in front of all options, since --texts takes every value "
            "that follows it",
        ),
        (
            "silver report --gold g o",
            "required: DIR; put DIR in front of all options, since --gold .*",
        ),
        ("silver init --type A", "are required: FILE, --texts"),
    ],
)
def test_what_is_misspelt_is_named_with_the_nearest(command, words, capsys):
    with pytest.raises(SystemExit) as caught:
        make_whole_parser().parse_args(command.split())
    assert caught.value.code == 2
    assert re.search(f"error: .*{words}\n$", capsys.readouterr().err)


def test_train_loads_parameters_once(tmp_path, caplog):
    path = tmp_path / "run.ini"
    path.write_text(
        f"[a]\nplot_format = pdf\ndataset_text_folder = {tmp_path / 'none'}\n"
        f"output_folder = {tmp_path / 'output'}\n"
    )
    assert main(["train", "--parameters_filepath", str(path)]) == 2
    warnings = [r.getMessage() for r in caplog.records if "of NeuroNER" in r.getMessage()]
    assert len(warnings) == 1 and "plot_format" in warnings[0]
