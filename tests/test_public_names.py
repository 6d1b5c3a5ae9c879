"""The public face: names from the top, lazily, and the page that lists them beside the commands."""

import ast
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neuroner_tl
from neuroner_tl.__main__ import COMMANDS, make_parser
from neuroner_tl.cli import benchmark, corpus, model, vectors

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
SOURCE = (ROOT / "neuroner_tl" / "__init__.py").read_text(encoding="utf-8")


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def tables():
    """The cells of the page's tables, row by row."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("| `")
    ]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_import_loads_nothing_heavy():
    code = "import sys, neuroner_tl; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    loaded = run(code).stdout.split()
    heavy = {"tensorflow", "numpy", "pydantic", "gensim", "matplotlib", "spacy", "tqdm", "ray"}
    assert "neuroner_tl" in loaded and not heavy & set(loaded)


def test_names_that_need_no_network_load_no_tensorflow():
    code = (
        "import sys; from neuroner_tl import Document, Entity, NeuroNERError, check_corpus, "
        "evaluate_folders, read_corpus; print('tensorflow' in sys.modules)"
    )
    assert run(code).stdout == "False\n"


def test_every_name_is_what_its_module_has():
    for name in neuroner_tl.__all__:
        module = importlib.import_module(f"neuroner_tl.{neuroner_tl._MODULES[name]}")
        assert getattr(neuroner_tl, name) is getattr(module, name)
    assert set(neuroner_tl.__all__) == set(neuroner_tl._MODULES)
    assert set(neuroner_tl.__all__) <= set(dir(neuroner_tl))
    with pytest.raises(AttributeError, match="no attribute 'invented'"):
        _ = neuroner_tl.invented


def test_type_checkers_are_told_the_same_names():
    (block,) = (
        node
        for node in ast.parse(SOURCE).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    told = {
        alias.name: node.module.removeprefix("neuroner_tl.")
        for node in block.body
        for alias in node.names
    }
    assert told == neuroner_tl._MODULES


def test_no_name_hides_a_module():
    assert not [n for n in neuroner_tl.__all__ if (ROOT / "neuroner_tl" / f"{n}.py").exists()]
    code = "import neuroner_tl; import neuroner_tl.train as script; print(script.__file__)"
    assert run(code).stdout.strip().endswith("train.py")


def test_the_page_lists_every_name_and_no_other():
    listed = set()
    for first, second in tables():
        cell = second if first.startswith("`neuroner-tl") else first
        listed |= set(re.findall(r"`(\w+)`", cell))
    assert listed == set(neuroner_tl.__all__)


def test_the_page_lists_every_command():
    actions = {
        "benchmark": tuple(benchmark.ACTIONS),
        "model": tuple(model.ACTIONS),
        "study": ("run", "status", "report", "verify"),
        "silver": ("init", "build", "report", "complete", "annotate"),
        "corpus": tuple(corpus.ACTIONS),
        "vectors": tuple(vectors.ACTIONS),
    }
    expected = {"train --resume"}
    for name in COMMANDS:
        expected |= {f"{name} {action}" for action in actions[name]} if name in actions else {name}
    found = [re.fullmatch(r"`neuroner-tl ([^`]+)`", first) for first, _ in tables()]
    assert {match[1] for match in found if match} == expected


def test_the_commands_of_the_page_are_understood():
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    assert len(lines) == 36
    for line in lines:
        make_parser().parse_args(shlex.split(line)[1:])


@pytest.mark.parametrize(("given", "expected"), [({}, "3"), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "0")])
def test_what_tensorflow_may_say_is_the_users_choice(given, expected, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    code = "import neuroner_tl, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run(code, **given).stdout == f"{expected}\n"


TYPED = """
from neuroner_tl import Document, Entity, NeuroNER, read_corpus, train_model

ner = NeuroNER.load("run")
one: list[Entity] = ner.predict("a text")
many: list[list[Entity]] = ner.predict(["a text", "another"])
document: Document = ner.predict(Document("a", "a text"))
documents: list[Document] = ner.predict(read_corpus("corpus")["test"])
f1: float = train_model("run.ini").test.f1
NeuroNER.load(train_model("run.ini").folder)
reveal_type(ner.predict)
wrong: int = train_model("run.ini").test.f1
"""


@pytest.mark.slow
def test_a_type_checker_sees_the_names(tmp_path):
    (tmp_path / "snippet.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "snippet.py"]
    found = subprocess.run(
        [*command, "--config-file="],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    ).stdout
    assert found.count("error:") == 1, found
    assert 'expression has type "float", variable has type "int"' in found


@pytest.fixture
def working_folder(corpora, tiny, tmp_path, monkeypatch):
    """The files that the page's examples name."""
    from neuroner_tl.benchmark import speed
    from neuroner_tl.corpora.public import download

    monkeypatch.chdir(tmp_path)
    shutil.copytree(corpora.gold, "my_corpus")
    (tmp_path / "parameters").mkdir()
    settings = {**tiny, "maximum_number_of_epochs": 2, "experiment_name": "baseline"}
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    Path("parameters/baseline.ini").write_text(f"[training]\n{lines}")
    Path("my_texts").mkdir()
    Path("flat_corpus").mkdir()
    for number in range(10):
        Path(f"my_texts/{number}.txt").write_text("Gout is painful, and so is disease here.\n")
        Path(f"flat_corpus/{number}.txt").write_text("Gout is painful.\n")
        Path(f"flat_corpus/{number}.ann").write_text("T1\tDISO 0 4\tGout\n")
    Path("my_texts/notes.pdf").write_text("not a text")
    Path("terms.txt").write_text("gout\npain\n")
    texts = [f'{{"id": "{i}", "text": "Gout and pain, number {i}."}}\n' for i in range(20)]
    Path("texts.jsonl").write_text("".join(texts))
    Path("my_silver.ini").write_text(
        "[silver]\nname = mine\ntype = DISO\ntexts = texts.jsonl\noutput_folder = silver\n"
        "[annotators]\nterms = lexicon: terms.txt\n[harmonise]\nmethod = exact\nthreshold = 1\n"
    )
    Path("my_study.ini").write_text(
        "[study]\nname = mine\nkind = error_overlap\noutput_folder = studies\n"
        "[predictions DISO]\ngold = my_corpus/test\none = my_corpus/test\nother = my_corpus/test\n"
    )
    monkeypatch.setattr(download, "fetch", lambda entry, cache, target: target)
    monkeypatch.setattr(
        speed, "run_benchmark", lambda parameters, settings: type("Speed", (), {"ratios": []})
    )


@pytest.mark.slow
@pytest.mark.usefixtures("working_folder")
def test_the_examples_of_the_page_run(capsys):
    names = {}
    for block in blocks("python"):
        exec(compile(block, "docs/python.md", "exec"), names)
    said = capsys.readouterr().out
    assert "F1 on test: " in said and "('notes.pdf',)" in said and "no_such_folder" in said
