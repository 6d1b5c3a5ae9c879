import json
import os
import tarfile
from pathlib import Path

import pytest

from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.evaluation.brat_folders import evaluate_folders, read_folder_pair
from neuroner_tl.evaluation.scoring import Counts

TEXT = "Flu after flu, no cold."
FLU = "T1\tDISO 0 3\tFlu\n"
FLU_2 = "T2\tDISO 10 13\tflu\n"
COLD = "T3\tDISO 18 22\tcold\n"
BOTH = "T4\tDISO 0 3;10 13\tFlu flu\n"


def write(folder, **annotations):
    """Write one document an item; None leaves the ``.ann`` file out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in annotations.items():
        (folder / f"{name}.txt").write_text(TEXT)
        if lines is not None:
            (folder / f"{name}.ann").write_text(lines)
    return folder


def test_exact_match_on_type_and_fragments(tmp_path):
    gold = write(tmp_path / "gold", a=FLU + BOTH, b=COLD, c="")
    predicted = write(
        tmp_path / "predicted",
        a=FLU + "T2\tDISO 0 13\tFlu after flu\n",
        b="T1\tCHED 18 22\tcold\n",
        c="",
    )
    outcome = evaluate_folders(gold, predicted)
    assert outcome.scores.per_type == {"CHED": Counts(0, 1, 0), "DISO": Counts(1, 1, 2)}
    assert outcome.per_document == {"a": Counts(1, 1, 1), "b": Counts(0, 1, 1), "c": Counts()}
    assert outcome.missing == outcome.extra == ()
    assert outcome.to_json()["documents_compared"] == 3


def test_annotations_that_tags_can_represent_are_counted_too(tmp_path):
    """A mention in two pieces and one that lies in a longer one are in no tags."""
    gold = write(tmp_path / "gold", a=FLU + BOTH, b=COLD + "T4\tDISO 15 22\tno cold\n", c=COLD)
    predicted = write(tmp_path / "predicted", a=FLU, b="T1\tDISO 15 22\tno cold\n", d=FLU)
    outcome = evaluate_folders(gold, predicted, "all")
    assert outcome.scores.micro == Counts(2, 1, 3)
    assert outcome.gold_report.documents == outcome.predicted_report.documents == 3
    assert outcome.taggable.micro == Counts(2, 1, 1)


def test_the_same_annotation_twice_counts_once(tmp_path):
    gold = write(tmp_path / "gold", a=FLU)
    predicted = write(tmp_path / "predicted", a=FLU + FLU.replace("T1", "T9"))
    outcome = evaluate_folders(gold, predicted)
    assert outcome.scores.micro == Counts(1, 0, 0)
    assert outcome.predicted_report.by_reason["duplicate annotation"].count == 1


def test_predictions_whose_text_is_the_gold_folders_are_counted_too(tmp_path):
    gold, predicted = write(tmp_path / "gold", a=FLU, b=COLD), write(tmp_path / "found", a=FLU)
    (predicted / "b.ann").write_text(COLD)
    outcome = evaluate_folders(gold, predicted)
    assert outcome.scores.micro == Counts(2, 0, 0)
    assert outcome.predicted_report.documents == 2


def test_a_pair_of_folders_is_read_in_the_order_of_names(tmp_path):
    gold = write(tmp_path / "gold", b=COLD, a=FLU + FLU_2, c="")
    predicted = write(tmp_path / "predicted", c=FLU, a=FLU, b="")
    (predicted / "a.txt").unlink()  # Its text is the gold folder's.
    expected, found = read_folder_pair(gold, predicted)
    assert [document.id for document in expected] == [document.id for document in found] == [*"abc"]
    assert [len(document.entities) for document in expected] == [2, 1, 0]
    assert [len(document.entities) for document in found] == [1, 0, 1]
    assert {document.text for document in (*expected, *found)} == {TEXT}


@pytest.mark.parametrize(
    ("gold", "predicted", "words"),
    [
        ("abcd", "d", r"3 of 4 gold documents have no prediction \(a, b, c\);"),
        ("abcde", "e", r"4 of 5 gold documents have no prediction \(a, b, c \.\.\.\);"),
        ("a", "abc", r"2 of 3 predicted documents are not in the gold folder \(b, c\);"),
    ],
)
def test_a_pair_of_folders_with_other_documents(tmp_path, gold, predicted, words):
    folders = [
        write(tmp_path / name, **dict.fromkeys(letters, FLU))
        for name, letters in (("gold", gold), ("predicted", predicted))
    ]
    with pytest.raises(CorpusError, match=words):
        read_folder_pair(*folders)


@pytest.fixture
def different(tmp_path):
    gold = write(tmp_path / "gold", a=FLU, b=FLU + FLU_2)
    predicted = write(tmp_path / "predicted", a=FLU, c=COLD)
    return gold, predicted


def test_different_documents_are_an_error(different):
    with pytest.raises(CorpusError) as caught:
        evaluate_folders(*different)
    message = str(caught.value)
    assert "1 of 2 gold documents have no prediction (b)" in message
    assert "1 of 2 predicted documents are not in the gold folder (c)" in message
    assert "--documents common" in message and "\n" not in message


@pytest.mark.parametrize(
    ("documents", "counts"),
    [("common", Counts(1, 0, 0)), ("gold", Counts(1, 0, 2)), ("all", Counts(1, 1, 2))],
)
def test_choice_of_documents(different, documents, counts):
    outcome = evaluate_folders(*different, documents=documents)
    assert outcome.scores.micro == counts
    assert (outcome.missing, outcome.extra) == (("b",), ("c",))


def test_a_predicted_text_without_annotation_file_is_not_a_prediction(tmp_path):
    gold = write(tmp_path / "gold", a=FLU, b=None)
    predicted = write(tmp_path / "predicted", a=FLU, b=None)
    with pytest.raises(CorpusError, match=r"1 of 2 gold documents have no prediction \(b\)"):
        evaluate_folders(gold, predicted)
    assert evaluate_folders(gold, predicted, "gold").scores.micro == Counts(1, 0, 0)


def test_predictions_without_texts(tmp_path):
    gold = write(tmp_path / "gold", a=FLU)
    predicted = write(tmp_path / "predicted", a=FLU + COLD)
    (predicted / "a.txt").unlink()
    assert evaluate_folders(gold, predicted).scores.micro == Counts(1, 1, 0)
    (predicted / "a.ann").write_text("T1\tDISO 900 903\tFlu\n")
    with pytest.raises(CorpusError, match="outside") as caught:
        evaluate_folders(gold, predicted)
    assert str(predicted / "a.ann") + ":1" in str(caught.value)


def test_an_extra_prediction_without_any_text(tmp_path):
    gold = write(tmp_path / "gold", a=FLU)
    predicted = write(tmp_path / "predicted", a=FLU, b=FLU)
    (predicted / "b.txt").unlink()
    with pytest.raises(CorpusError, match=r"b\.ann: neither this folder nor the gold folder"):
        evaluate_folders(gold, predicted, "all")


def test_parts_of_the_gold_standard_are_searched(tmp_path):
    gold = tmp_path / "gold"
    write(gold / "train", a=FLU)
    write(gold / "test", b=COLD)
    predicted = write(tmp_path / "predicted", a=FLU, b=FLU)
    assert evaluate_folders(gold, predicted).scores.micro == Counts(1, 1, 1)
    assert evaluate_folders(gold / "test", predicted, "common").scores.micro == Counts(0, 1, 1)


def test_a_document_in_two_parts(tmp_path):
    gold = tmp_path / "gold"
    write(gold / "train", a=FLU)
    write(gold / "test", a=COLD)
    with pytest.raises(CorpusError, match="document a is in .*train too"):
        evaluate_folders(gold, write(tmp_path / "predicted", a=FLU))


def test_texts_that_differ(tmp_path):
    gold = write(tmp_path / "gold", a=FLU)
    predicted = write(tmp_path / "predicted", a=FLU)
    (predicted / "a.txt").write_text(TEXT + "\n")
    assert evaluate_folders(gold, predicted).scores.micro == Counts(1, 0, 0)
    (predicted / "a.txt").write_text("Flu, after flu")
    with pytest.raises(CorpusError, match=r"a\.txt: differs from .* at character 3: ', after"):
        evaluate_folders(gold, predicted)


def test_folders_that_cannot_be_used(tmp_path):
    gold = write(tmp_path / "gold", a=FLU)
    empty = write(tmp_path / "empty")
    with pytest.raises(CorpusError, match="absent: no such folder"):
        evaluate_folders(gold, tmp_path / "absent")
    with pytest.raises(CorpusError, match=r"empty: no \.ann file found here or in train"):
        evaluate_folders(gold, empty)
    with pytest.raises(CorpusError, match=r"empty: no \.ann or \.txt file"):
        evaluate_folders(empty, gold)
    with pytest.raises(CorpusError, match="no document in common"):
        evaluate_folders(gold, write(tmp_path / "other", z=FLU), "common")
    with pytest.raises(ParameterError, match="expected one of same, common, gold, all"):
        evaluate_folders(gold, gold, "some")


def test_a_broken_annotation_names_file_and_line(tmp_path):
    gold = write(tmp_path / "gold", a=FLU)
    predicted = write(tmp_path / "predicted", a=FLU + "T2\tDISO 5 x\tflu\n")
    with pytest.raises(CorpusError, match=r"a\.ann:2: "):
        evaluate_folders(gold, predicted)


@pytest.fixture(scope="module")
def unpack(tmp_path_factory):
    """Unpack archives of the shared data, each once; skip if there is none."""
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("NEURONER_TL_DATA", root.parent / "shared" / "data"))
    target = tmp_path_factory.mktemp("shared")
    done = set()

    def unpack_once(*archives):
        for archive in archives:
            if not (data / archive).is_file():
                pytest.skip(f"{archive} is not in {data}; set NEURONER_TL_DATA")
            if archive not in done:
                with tarfile.open(data / archive) as tar:
                    tar.extractall(target)
                done.add(archive)
        return target

    return unpack_once


@pytest.mark.parametrize(
    ("prediction", "gold", "documents", "counts"),
    [
        ("CDR_DISO_baseline", "CDR_DISO/test", "same", Counts(3240, 772, 671)),
        ("CDR_DISO_tl", "CDR_DISO/test", "same", Counts(3215, 697, 696)),
        ("CDR_CHED_tl", "CDR_CHED/test", "same", Counts(4218, 402, 541)),
        ("CDR_CHED_baseline", "CDR_CHED", "common", Counts(4323, 530, 466)),
        ("CDR_CHED_baseline", "CDR_CHED/test", "common", Counts(1230, 171, 163)),
        ("CDR_CHED_baseline", "CDR_CHED/test", "gold", Counts(1230, 171, 3529)),
        ("CDR_CHED_baseline", "CDR_CHED/test", "all", Counts(1230, 3623, 3529)),
    ],
)
def test_the_papers_published_predictions(unpack, prediction, gold, documents, counts):
    folder = unpack(
        f"paper_predictions/{prediction}.tar.gz",
        f"gsc/{gold.split('/')[0]}.tar.gz",
    )
    outcome = evaluate_folders(folder / gold, folder / prediction, documents)
    assert outcome.scores.micro == counts
    if documents == "same":
        assert not outcome.missing and not outcome.extra


def run_of(tmp_path, split=None):
    """A run that has predicted its test part: one of two mentions is found."""
    run = tmp_path / "run"
    predicted = run / "predictions" / "test"
    write(predicted, c=FLU, d="")
    for text in predicted.glob("*.txt"):
        text.unlink()  # A run on brat files writes annotations alone.
    if split is not None:
        (run / "split.json").write_text(json.dumps(split))
    return predicted


SPLIT = {"seed": 1, "percentages": [60, 20, 20], "train": ["a"], "valid": ["b"], "test": ["c", "d"]}
ALL = {name: FLU for name in "abcd"}


@pytest.mark.parametrize("layout", ["parts", "split by seed", "the part alone"])
def test_a_runs_predictions_are_compared_with_their_part(tmp_path, layout):
    """One command for both layouts of a corpus; a document without a prediction is an error."""
    gold = tmp_path / "corpus"
    if layout == "split by seed":
        predicted = run_of(tmp_path, SPLIT)
        write(gold, **ALL)
    else:
        predicted = run_of(tmp_path)
        for part, names in (("train", "a"), ("valid", "b"), ("test", "cd")):
            write(gold / part, **{name: ALL[name] for name in names})
    place = gold / "test" if layout == "the part alone" else gold
    outcome = evaluate_folders(place, predicted)
    assert outcome.per_document.keys() == {"c", "d"} and not outcome.missing
    assert outcome.scores.micro == Counts(1, 0, 1)
    (predicted / "d.ann").unlink()
    with pytest.raises(CorpusError, match="1 of 2 gold documents have no prediction"):
        evaluate_folders(place, predicted)


def test_documents_held_out_of_train_are_found_there(tmp_path):
    gold, run = tmp_path / "corpus", tmp_path / "run"
    for part, names in (("train", "ab"), ("test", "cd")):
        write(gold / part, **{name: ALL[name] for name in names})
    for part in ("train", "valid", "test"):
        write(run / "predictions" / part, **{name: FLU for name in SPLIT[part]})
    (run / "split.json").write_text(json.dumps({**SPLIT, "held_out": True}))
    for part in ("train", "valid", "test"):
        outcome = evaluate_folders(gold, run / "predictions" / part)
        assert outcome.per_document.keys() == set(SPLIT[part]) and not outcome.missing


@pytest.mark.parametrize("split", [None, "not a split", {**SPLIT, "test": ["c", "d", "other"]}])
def test_the_split_of_another_corpus_says_nothing(tmp_path, split):
    gold = tmp_path / "corpus"
    write(gold, **ALL)
    predicted = run_of(tmp_path, split)
    with pytest.raises(CorpusError, match="2 of 4 gold documents have no prediction"):
        evaluate_folders(gold, predicted)
