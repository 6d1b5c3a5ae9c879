import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.dataset.vocabulary import (
    Vocabulary,
    VocabularyRules,
    labels_of_types,
    type_of_label,
)
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError

VOCABULARY = Vocabulary(
    tokens=("<UNK>", "the", "Cancer", "cancer", "p00", "P53"),
    characters=("", "<UNK>", "a", "β", "𝛼"),
    labels=labels_of_types(["DISO"], "bioes"),
    check_for_digits_replaced_with_zeros=True,
)


def test_labels_are_sorted_by_type_and_position():
    assert labels_of_types(["PRGE", "CHED", "PRGE"], "bio") == (
        *("O", "B-CHED", "I-CHED"),
        *("B-PRGE", "I-PRGE"),
    )
    assert labels_of_types(["X"], "bioes") == ("O", "B-X", "I-X", "E-X", "S-X")
    assert labels_of_types([], "bioes") == ("O",)


def test_type_of_a_label_may_hold_hyphens():
    assert type_of_label("B-cell-line") == "cell-line"
    for label in ("B", "B-", "Q-DISO", "DISO", ""):
        with pytest.raises(CorpusError, match="expected O or a label"):
            type_of_label(label)


def test_token_ids_by_four_steps():
    names = {"the": 1, "The": 1, "CANCER": 3, "Cancer": 2, "P53": 5, "p53": 4, "P27": 4, "x": 0}
    assert {name: VOCABULARY.token_id(name) for name in names} == names


def test_another_form_of_a_known_word_is_unknown_to_neuroner():
    """Which looks a token up as it is written, and so loses what it has learned of the word."""
    for token, known in (("CANCER", "cancer"), ("The", "the"), ("P27", "p00")):
        assert VOCABULARY.token_to_id.get(token, 0) == 0
        assert VOCABULARY.token_id(token) == VOCABULARY.tokens.index(known)


def test_rules_can_be_off():
    plain = Vocabulary(VOCABULARY.tokens, ("", "<UNK>"), ("O",), False, False)
    assert [plain.token_id(token) for token in ("The", "P27", "the")] == [0, 0, 1]
    lower = Vocabulary(VOCABULARY.tokens, ("", "<UNK>"), ("O",), True, False)
    assert [lower.token_id(token) for token in ("The", "P27", "the")] == [1, 0, 1]
    digits = Vocabulary(("<UNK>", "P00"), ("", "<UNK>"), ("O",), False, True)
    assert [digits.token_id(token) for token in ("P27", "p27")] == [1, 0]


def test_characters():
    assert [VOCABULARY.character_id(character) for character in "a𝛼β?"] == [2, 4, 3, 1]


@given(
    tokens=st.lists(st.text(max_size=5), unique=True),
    characters=st.lists(st.characters(), unique=True),
    types=st.sets(st.text(min_size=1, max_size=4)),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_round_trip(tmp_path_factory, tokens, characters, types, flags):
    path = tmp_path_factory.getbasetemp() / "vocabulary.json"
    vocabulary = Vocabulary(
        ("<UNK>", *tokens), ("", "<UNK>", *characters), labels_of_types(types, "bio"), *flags
    )
    vocabulary.save(path)
    assert Vocabulary.load(path) == vocabulary


def test_saving_leaves_no_other_file(tmp_path):
    VOCABULARY.save(tmp_path / "vocabulary.json")
    VOCABULARY.save(tmp_path / "vocabulary.json")
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.json"]


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "vocabulary.json"
    VOCABULARY.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(CorpusError, match="cannot be written: No space"):
        Vocabulary(("<UNK>",), ("", "<UNK>"), ("O",)).save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("tokens"), "tokens is missing"),
        (lambda c: c.update(tokens=["<UNK>", 3]), "tokens is missing or not a list of strings"),
        (lambda c: c.update(tokens=["the"]), r"tokens start with \['the'\]"),
        (lambda c: c.update(characters=["a", "b"]), "characters start with"),
        (lambda c: c.update(labels=["B-X", "O"]), "labels start with"),
        (lambda c: c.update(tokens=["<UNK>", "a", "a"]), "hold 'a' twice"),
        (lambda c: c.update(check_for_lowercase="yes"), "check_for_lowercase is 'yes'"),
        (lambda c: c.update(format="other"), "not a vocabulary of neuroner_tl"),
        (lambda c: c.update(version=99), "vocabulary version 99, expected 1"),
    ],
)
def test_broken_content(tmp_path, change, message):
    path = tmp_path / "vocabulary.json"
    content = VOCABULARY.to_json()
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=message) as caught:
        Vocabulary.load(path)
    assert str(caught.value).startswith(str(path))


def test_broken_file(tmp_path):
    path = tmp_path / "vocabulary.json"
    with pytest.raises(CheckpointError, match="no such vocabulary file"):
        Vocabulary.load(path)
    VOCABULARY.save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CheckpointError, match="not valid JSON"):
        Vocabulary.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CheckpointError, match="not valid JSON"):
        Vocabulary.load(path)
    path.write_text("[]")
    with pytest.raises(CheckpointError, match="not a vocabulary"):
        Vocabulary.load(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        Vocabulary.load(tmp_path)


def test_rules_are_checked():
    with pytest.raises(ParameterError, match="tagging_format is 'iob1', expected bio or bioes"):
        VocabularyRules(tagging_format="iob1")
    with pytest.raises(ParameterError, match="expected at least 1"):
        VocabularyRules(token_embedding_dimension=0)
    assert VocabularyRules(token_embedding_dimension=1).token_embedding_dimension == 1
