"""`neuroner-tl vectors` from the command line."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest
from gensim.models import KeyedVectors

from neuroner_tl.__main__ import main, make_parser
from neuroner_tl.vectors.settings import VectorSettings


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    sentence = "Mutations of BRCA1 cause breast cancer and ovarian cancer. "
    (folder / "1.txt").write_text(sentence * 30)
    (folder / "2.txt").write_text("Gout is no cancer.\n\nIL-2 is a gene. " * 10)
    return folder


def train(texts, output, *more):
    return main(
        ["vectors", "train", "--texts", str(texts), "--output", str(output)]
        + ["--dimension", "6", "--min-count", "5", "--epochs", "2", *more]
    )


def test_train_and_what_it_says(tmp_path, texts, capsys):
    assert train(texts, tmp_path / "v.bin", "--lowercase") == 0
    said = capsys.readouterr().out
    assert "words with vectors of dimension 6, 100.00% of 420 words in 2 texts" in said
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    assert "brca1" in vectors.key_to_index and "BRCA1" not in vectors.key_to_index


def test_the_other_actions(tmp_path, texts, capsys):
    """A fastText model of two texts: looked into, asked, cut down to a corpus, converted."""
    model, small = str(tmp_path / "m.bin"), str(tmp_path / "small.vec.gz")
    train(texts, model, "--method", "fasttext", "--buckets", "100")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name in ("1", "2", "3"):
        (corpus / f"{name}.txt").write_text(f"BRCA{name} and cancer")
        (corpus / f"{name}.ann").write_text("")
    capsys.readouterr()

    assert main(["vectors", "info", model]) == 0
    said = capsys.readouterr().out
    assert "fastText model" in said and "6 (token_embedding_dimension)" in said

    assert main(["vectors", "nearest", "Cancer", "--vectors", model, "--number", "2"]) == 0
    said = capsys.readouterr().out.split("\n")
    assert said[0] == "Cancer is not in the file as written: found as cancer"
    assert len(said) == 4 and len(said[1].split()) == 2
    assert main(["vectors", "nearest", "cancers", "--vectors", model]) == 0
    assert "cancers is not in the file: its vector is composed" in capsys.readouterr().out

    assert main(["vectors", "prune", model, "--corpus", str(corpus), "--output", small]) == 0
    said = capsys.readouterr().out
    assert "word vectors for 5 of 5 distinct tokens (100.0 %): 3 exact" in said
    assert "2 from their characters" in said and f"5 words with a vector written to {small}" in said

    assert main(["vectors", "convert", small, "--output", str(tmp_path / "c.bin")]) == 0
    assert "5 words with vectors of dimension 6, read as word2vec text" in capsys.readouterr().out
    converted = KeyedVectors.load_word2vec_format(str(tmp_path / "c.bin"), binary=True)
    assert set(converted.index_to_key) == {"BRCA1", "BRCA2", "BRCA3", "and", "cancer"}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_two_processes_write_the_same_file(tmp_path, texts, method):
    """Whatever the order of sets and dictionaries of the interpreter."""
    for name in ("1", "2"):
        command = [sys.executable, "-m", "neuroner_tl", "vectors", "train", "--texts", str(texts)]
        command += ["--output", str(tmp_path / f"{name}.bin"), "--method", method]
        command += ["--min-count", "1", "--buckets", "1000", "--dimension", "20"]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": name})
    assert (tmp_path / "1.bin").read_bytes() == (tmp_path / "2.bin").read_bytes()


@pytest.mark.slow
def test_ctrl_c_leaves_nothing(tmp_path, texts):
    """The training, in gensim's threads, is stopped by a signal, as a user stops it."""
    output = tmp_path / "out" / "v.bin"
    output.parent.mkdir()
    command = [sys.executable, "-m", "neuroner_tl", "vectors", "train", "--texts", str(texts)]
    command += ["--output", str(output), "--epochs", "10000", "--dimension", "500"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert "words" in process.stderr.readline()  # The texts are read, the training begins.
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in said
    assert not list(output.parent.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--min-count", "1000"], "none of them 1000 times"),
        (["--epochs", "0"], "epochs: found 0, expected 1 to"),
    ],
)
def test_errors_are_one_line(tmp_path, texts, capsys, arguments, message):
    assert train(texts, tmp_path / "v.bin", *arguments) == 2
    said = capsys.readouterr().err.strip().split("\n")
    assert message in said[-1] and not (tmp_path / "v.bin").exists()


def test_help_imports_neither_gensim_nor_tensorflow():
    program = (
        "import sys\nfrom neuroner_tl.__main__ import make_parser\nmake_parser()\n"
        "print([name for name in ('gensim', 'tensorflow', 'spacy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_documentation_has_every_option_with_its_default_and_its_calls_are_understood():
    text = (Path(__file__).resolve().parents[2] / "docs" / "word_vectors.md").read_text("utf-8")
    rows = [line for line in text.split("\n") if line.startswith("| `--")]
    for setting in fields(VectorSettings):
        option = f"--{setting.name.replace('_', '-')}"
        row = next(line for line in rows if f"`{option}`" in line)
        default = f"{setting.default:,}" if setting.name == "buckets" else str(setting.default)
        assert ("off" if setting.default is False else default) in row.split("|")[2], setting.name
    blocks = re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").split("\n")]
    shown = [shlex.split(line)[1:] for line in lines if line.startswith("neuroner-tl vectors")]
    assert {arguments[1] for arguments in shown} == {"train", "info", "nearest", "prune"}
    for arguments in shown:
        make_parser().parse_args(arguments)
