"""`neuroner-tl vectors` from the command line."""

import subprocess
import sys

import pytest
from gensim.models import KeyedVectors

from neuroner_tl.__main__ import main


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
        + ["--dimension", "6", "--min_count", "5", "--epochs", "2", *more]
    )


def test_train_and_what_it_says(tmp_path, texts, capsys):
    assert train(texts, tmp_path / "v.bin", "--lowercase") == 0
    said = capsys.readouterr().out
    assert "words with a vector of 6 numbers, 100.00% of 420 words in 2 texts" in said
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    assert "brca1" in vectors.key_to_index and "BRCA1" not in vectors.key_to_index


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--min_count", "1000"], "none of them 1000 times"),
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
        "print([name for name in ('gensim', 'tensorflow', 'bioc', 'spacy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
