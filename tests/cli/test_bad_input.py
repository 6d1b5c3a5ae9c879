"""What users get wrong: one line on stderr, status 2, and nothing left behind."""

import json
import re
import shutil

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.parameters.values import RELOAD_FLAGS
from neuroner_tl.runs import needed_memory


def call(arguments):
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


@pytest.fixture
def corpus(corpora, tmp_path):
    """A copy of the gold corpus that a test may spoil."""
    return shutil.copytree(corpora.gold, tmp_path / "corpus")


@pytest.fixture
def refused(tmp_path, tiny, capsys):
    """A function that trains and returns the one line of the refusal."""

    def train(**parameters):
        settings = {**tiny, "output_folder": tmp_path / "output", **parameters}
        arguments = [x for name, value in settings.items() for x in (f"--{name}", value)]
        return check(["train", *arguments], settings["output_folder"])

    def check(arguments, *outputs):
        capsys.readouterr()
        assert call(arguments) == 2
        out, err = capsys.readouterr()
        assert not out
        assert err.count("\n") == 1 and err.startswith("neuroner-tl"), err
        assert "error: " in err and "Traceback" not in err
        for output in outputs:
            assert not list(output.glob("[!.]*"))  # an encoded corpus may stay in .cache
        return err

    train.check = check
    return train


def first(corpus, part, suffix):
    return sorted((corpus / part).glob(f"*{suffix}"))[0]


def test_missing_folder(refused, tmp_path):
    assert f"{tmp_path / 'nothing'}: no such folder" in refused(
        dataset_text_folder=tmp_path / "nothing"
    )


def test_no_corpus_given(refused):
    assert "dataset_text_folder is empty" in refused()


def test_empty_corpus(refused, tmp_path):
    (tmp_path / "empty").mkdir()
    assert f"{tmp_path / 'empty'}: no documents" in refused(dataset_text_folder=tmp_path / "empty")


def test_texts_that_are_all_empty(refused, corpus):
    for path in (corpus / "train").iterdir():
        path.write_text("")
    message = refused(dataset_text_folder=corpus)
    assert "train" in message and "no sentence" in message


def test_train_without_valid(refused, corpus):
    for part in ("valid", "test"):
        shutil.rmtree(corpus / part)
    message = refused(dataset_text_folder=corpus)
    assert str(corpus) in message and "no valid part" in message


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("T1\tDISO 0 999999\tx", "999999"),
        ("T1\tDISO -3 2\tx", "-3"),
        ("T1\tDISO 0 4\tno match", "no match"),
        ("T1\tDISO 0 4x\tx", "4x"),
        ("T1\tDISO zero 4\tx", "zero"),
        ("T1\tDISO", "DISO"),
    ],
    ids=["outside", "negative", "text", "number", "word", "short"],
)
def test_broken_annotation(refused, corpus, part, line, what):
    path = first(corpus, part, ".ann")
    path.write_text("#1\tAnnotatorNotes T1\tnote\n" + line + "\n")
    message = refused(dataset_text_folder=corpus)
    assert f"{path}:2:" in message and what in message


def test_text_that_is_not_utf8(refused, corpus):
    path = first(corpus, "valid", ".txt")
    path.write_bytes(b"caf\xe9")
    assert str(path) in refused(dataset_text_folder=corpus)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", "fast"),
        ("learning_rate", "0,01"),
        ("learning_rate", "-1"),
        ("patience", "2.5"),
        ("batch_size", "0"),
        ("dropout_rate", "1"),
        ("dropout_rate", "nan"),
        ("optimizer", "adagrad"),
        ("use_crf", "perhaps"),
    ],
)
def test_broken_parameter(refused, corpus, tmp_path, name, value):
    message = refused(dataset_text_folder=corpus, **{name: value})
    assert name in message and repr(value) in message
    path = tmp_path / "broken.ini"
    path.write_text(f"[training]\n# a comment\n{name} = {value}\n")
    message = refused.check(["train", "--parameters_filepath", path])
    assert f"{path}:3: {name}" in message and repr(value) in message


def test_unknown_parameter_with_the_nearest_name(refused, tmp_path):
    assert "the nearest is --learning_rate" in refused(learning_rat=1)
    path = tmp_path / "unknown.ini"
    path.write_text("[training]\n\nlearning_rat = 1\n")
    message = refused.check(["train", "--parameters_filepath", path])
    assert f"{path}:3: learning_rat" in message and "the nearest is learning_rate" in message


def test_parameter_file_that_is_missing(refused, tmp_path):
    message = refused.check(["train", "--parameters_filepath", tmp_path / "no.ini"])
    assert str(tmp_path / "no.ini") in message


class TestWordVectors:
    def test_missing(self, refused, corpus, tmp_path):
        path = tmp_path / "no.txt"
        message = refused(dataset_text_folder=corpus, token_pretrained_embedding_filepath=path)
        assert str(path) in message

    def test_of_another_dimension(self, refused, corpus, tmp_path):
        path = tmp_path / "vectors.txt"
        path.write_text("the 1 2 3\nof 4 5 6\n")
        message = refused(dataset_text_folder=corpus, token_pretrained_embedding_filepath=path)
        assert str(path) in message and "3" in message and "20" in message

    def test_broken_number(self, refused, corpus, tmp_path):
        path = tmp_path / "vectors.txt"
        lines = [f"{word} " + " ".join(["1.0"] * 20) for word in ("the", "of", "and")]
        path.write_text("\n".join(lines).replace("of 1.0", "of 1.o") + "\n")
        message = refused(dataset_text_folder=corpus, token_pretrained_embedding_filepath=path)
        assert f"{path}:2:" in message and "1.o" in message

    def test_truncated_binary(self, refused, corpus, tmp_path):
        path = tmp_path / "vectors.bin"
        path.write_bytes(b"3 20\nthe " + bytes(80) + b"of " + bytes(20))
        message = refused(dataset_text_folder=corpus, token_pretrained_embedding_filepath=path)
        assert str(path) in message


class TestPretrainedModel:
    def transfer(self, refused, corpus, model, **parameters):
        return refused(
            dataset_text_folder=corpus,
            use_pretrained_model=True,
            pretrained_model_folder=model,
            **parameters,
        )

    @pytest.mark.parametrize(
        "name",
        [
            "token_embedding_dimension",
            "token_lstm_hidden_state_dimension",
            "character_embedding_dimension",
            "character_lstm_hidden_state_dimension",
        ],
    )
    def test_of_other_sizes(self, refused, corpus, source_run, tiny, name):
        message = self.transfer(refused, corpus, source_run.folder.model, **{name: tiny[name] + 1})
        assert str(source_run.folder.model) in message
        assert "shape" in message and "reload_" in message

    def test_with_other_peepholes(self, refused, corpus, source_run):
        message = self.transfer(refused, corpus, source_run.folder.model, lstm_peepholes="none")
        assert "lstm_peepholes" in message

    def test_every_reload_flag_off(self, refused, corpus, source_run):
        flags = dict.fromkeys(RELOAD_FLAGS, False)
        message = self.transfer(refused, corpus, source_run.folder.model, **flags)
        assert "every reload_* is off" in message

    @pytest.mark.parametrize("pair", ["PRGE:DISO", "DISO:PRGE"])
    def test_a_map_of_types_that_are_not_there(self, refused, corpus, source_run, pair):
        message = self.transfer(refused, corpus, source_run.folder.model, label_map=pair)
        assert f"label_map: found {pair}" in message and "no type PRGE, only CHED, DISO" in message

    def test_no_folder_given(self, refused, corpus):
        message = refused(dataset_text_folder=corpus, use_pretrained_model=True)
        assert "pretrained_model_folder is empty" in message

    def test_folder_that_is_no_model(self, refused, corpus):
        message = self.transfer(refused, corpus, corpus)
        assert f"{corpus}: holds no model" in message

    def test_missing_folder(self, refused, corpus, tmp_path):
        assert "no such folder" in self.transfer(refused, corpus, tmp_path / "nothing")

    def test_damaged(self, refused, corpus, source_run, tmp_path):
        model = shutil.copytree(source_run.folder.model, tmp_path / "damaged")
        weights = next(model.glob("weights-*.data*"))
        weights.write_bytes(weights.read_bytes()[:-10])
        message = self.transfer(refused, corpus, model)
        assert str(weights) in message and "bytes, expected" in message

    def test_neither_training_nor_a_model(self, refused, corpus):
        assert "both off" in refused(dataset_text_folder=corpus, train_model=False)


class TestOutputFolder:
    def test_a_file_in_its_place(self, refused, corpus, tmp_path):
        path = tmp_path / "file"
        path.write_text("mine")
        message = refused(dataset_text_folder=corpus, output_folder=path)
        assert f"output_folder = {path}: cannot be written" in message
        assert path.read_text() == "mine"

    def test_a_file_above_it(self, refused, corpus, tmp_path):
        (tmp_path / "file").write_text("mine")
        message = refused(dataset_text_folder=corpus, output_folder=tmp_path / "file" / "runs")
        assert "cannot be written" in message


class TestPredictionMode:
    def predict(self, refused, corpus, source_run):
        return refused(
            dataset_text_folder=corpus,
            train_model=False,
            use_pretrained_model=True,
            pretrained_model_folder=source_run.folder.model,
        )

    def test_nothing_to_predict(self, refused, corpus, source_run):
        shutil.rmtree(corpus / "test")
        assert "neither a test nor a deploy part" in self.predict(refused, corpus, source_run)

    def test_broken_last_document(self, refused, corpus, source_run):
        path = sorted((corpus / "test").glob("*.ann"))[-1]
        path.write_text("T1\tDISO 0 999999\tx\n")
        assert f"{path}:1:" in self.predict(refused, corpus, source_run)


class TestResume:
    def refusal(self, refused, *arguments):
        return refused.check(["train", "--resume", *arguments])

    def test_missing_folder(self, refused, tmp_path):
        assert "no such folder" in self.refusal(refused, tmp_path / "nothing")

    def test_folder_without_a_run(self, refused, corpus):
        assert f"{corpus}: holds no run" in self.refusal(refused, corpus)

    def test_model_instead_of_a_run(self, refused, source_run):
        message = self.refusal(refused, source_run.folder.model)
        assert "is a model of a run; give the folder of the run" in message

    def test_finished_run(self, refused, source_run):
        message = self.refusal(refused, source_run.folder.path)
        assert "the run is finished" in message and "--maximum_number_of_epochs" in message

    def test_parameter_that_changes_the_result(self, refused, source_run):
        message = self.refusal(refused, source_run.folder.path, "--dropout_rate", "0.3")
        assert "--dropout_rate: found 0.3, the run was started with 0.1" in message

    def test_parameter_file_beside_it(self, refused, source_run, tmp_path):
        more = ["--parameters_filepath", tmp_path / "p.ini"]
        assert "expected one" in self.refusal(refused, source_run.folder.path, *more)


class TestPredict:
    @pytest.fixture
    def predict(self, refused, source_run, tmp_path):
        def run(**changes):
            settings = {
                "model": source_run.folder.model,
                "input": tmp_path / "texts",
                "output": tmp_path / "output",
                **changes,
            }
            named = {name.replace("_", "-"): value for name, value in settings.items()}
            arguments = [x for name, value in named.items() for x in (f"--{name}", value)]
            return refused.check(["predict", *arguments], tmp_path / "output")

        (tmp_path / "texts").mkdir()
        for name in ("a", "b", "c"):
            (tmp_path / "texts" / f"{name}.txt").write_text("Flu.\n")
        return run

    def test_no_model(self, predict, tmp_path):
        assert "holds no model" in predict(model=tmp_path)

    def test_no_input(self, predict, tmp_path):
        assert "no such file or folder" in predict(input=tmp_path / "nothing")

    def test_no_texts(self, predict, tmp_path):
        (tmp_path / "none").mkdir()
        assert "no .txt files" in predict(input=tmp_path / "none")
        (tmp_path / "x.ann").write_text("T1\tDISO 0 4\tGout\n")
        assert "expected a text" in predict(input=tmp_path / "x.ann")

    def test_output_is_a_file(self, predict, tmp_path):
        (tmp_path / "file").write_text("mine")
        assert "cannot be written" in predict(output=tmp_path / "file")

    def test_output_is_the_folder_of_the_texts(self, predict, tmp_path):
        assert "another output folder" in predict(output=tmp_path / "texts")
        assert not list((tmp_path / "texts").glob("*.ann"))

    @pytest.mark.parametrize(("name", "value"), [("batch_size", "0"), ("batch_size", "x")])
    def test_broken_number(self, predict, name, value):
        assert re.search(name.replace("_", "[-_]"), predict(**{name: value}))

    def test_word_vectors_of_another_dimension(self, predict, tmp_path):
        path = tmp_path / "vectors.txt"
        path.write_text("zzz 1 2\n")
        (tmp_path / "texts" / "a.txt").write_text("Zzqx yyqx.\n")
        assert str(path) in predict(word_vectors=path)

    def test_newer_model(self, predict, source_run, tmp_path):
        model = shutil.copytree(source_run.folder.model, tmp_path / "newer")
        manifest = json.loads((model / "manifest.json").read_text("utf-8"))
        (model / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
        assert "format 99" in predict(model=model)


def test_no_command(refused):
    refused.check([])


def test_unknown_command(refused):
    refused.check(["trane"])


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("token_lstm_hidden_state_dimension", "200000", "at most 10000"),
        ("character_embedding_dimension", "10001", "at most 10000"),
        ("batch_size", "9" * 22, "at most 100000"),
        ("batch_size", "9" * 5000, "at most 100000"),
        ("prediction_batch_size", "1000000", "at most 100000"),
        ("maximum_number_of_epochs", "9" * 22, "at most 1000000"),
        ("patience", "9" * 22, "at most 1000000"),
        ("give_up_after_sentences", "9" * 22, "at most 1000000000000"),
        ("number_of_cpu_threads", "9" * 22, "at most 1024"),
        ("learning_rate", "inf", "finite"),
        ("learning_rate", "nan", "finite"),
        ("gradient_clipping_value", "inf", "finite"),
    ],
)
def test_numbers_out_of_all_bounds(refused, corpora, name, value, limit):
    err = refused(dataset_text_folder=corpora.gold, **{name: value})
    assert f"--{name}" in err and limit in err


def test_a_network_that_does_not_fit_into_memory(refused, corpora, monkeypatch):
    monkeypatch.setattr(needed_memory, "total_memory", lambda: 1.0)
    err = refused(dataset_text_folder=corpora.gold, token_lstm_hidden_state_dimension=300)
    assert "found 1 MB of memory" in err and "token_lstm_hidden_state_dimension" in err
