import dataclasses
import logging

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model
from hypothesis import given
from hypothesis import strategies as st
from memory_growth import memory_growth

from neuroner_tl.corpora.document import Entity, TaggedDocument, TaggedSentence
from neuroner_tl.dataset.encoded_part import NO_LABEL
from neuroner_tl.dataset.encoding import build_dataset, encode_documents
from neuroner_tl.dataset.vocabulary import VocabularyRules
from neuroner_tl.errors import CorpusError, ParameterError

RULES = VocabularyRules(token_embedding_dimension=2)


def tagged(text):
    """Build a sentence from ``word/TAG word`` (no tag means O), one space between words."""
    pairs = [word.rsplit("/", 1) if "/" in word else (word, "O") for word in text.split()]
    tokens = tuple(pair[0] for pair in pairs)
    ends = np.cumsum([len(token) + 1 for token in tokens]) - 1
    starts = [int(end) - len(token) for end, token in zip(ends, tokens)]
    return TaggedSentence(
        tokens, tuple(starts), tuple(int(end) for end in ends), tuple(pair[1] for pair in pairs)
    )


def documents(*texts):
    """One document a text, one sentence a line."""
    return [
        TaggedDocument(f"d{number}", tuple(tagged(line) for line in text.split("\n") if line))
        for number, text in enumerate(texts)
    ]


TRAIN = documents("the Cancer/S-DISO of p53\nthe flu/S-DISO", "", "Lung/B-DISO cancer/E-DISO")
VALID = documents("the common Cold/S-DISO")
TEST = documents("FLU/S-DISO and p27 ζ")


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("cancer 1 2\ncold 3 4\np00 5 6\nunused 7 8\nthe 9 10\n")
    return path


def parts(**changes):
    return {"train": TRAIN, "valid": VALID, "test": TEST, **changes}


def build(word_vectors=None, known_tokens=(), known_characters=(), corpus=None, **rules):
    rules = VocabularyRules(**{"token_embedding_dimension": 2, **rules})
    return build_dataset(corpus or parts(), rules, word_vectors, known_tokens, known_characters)


def test_arrays_of_a_part():
    dataset = build()
    part = dataset.parts["train"]
    words = dataset.word_table.words
    assert [words[i] for i in part.words] == "the Cancer of p53 the flu Lung cancer".split()
    labels = dataset.vocabulary.labels
    assert labels == ("O", "B-DISO", "I-DISO", "E-DISO", "S-DISO")
    assert [labels[i] for i in part.labels][1:3] == ["S-DISO", "O"]
    assert part.starts.tolist() == [0, 4, 11, 14, 0, 4, 0, 5]
    assert part.ends.tolist() == [3, 10, 13, 17, 3, 7, 4, 11]
    assert part.sentence_offsets.tolist() == [0, 4, 6, 8]
    assert part.lengths.tolist() == [4, 2, 2]
    assert part.document_offsets.tolist() == [0, 2, 2, 3]
    assert part.document_ids == ["d0", "d1", "d2"]
    assert (part.number_of_sentences, part.number_of_tokens) == (3, 8)
    types = (part.words, part.labels, part.starts, part.ends, part.sentence_offsets)
    assert [str(array.dtype) for array in types] == ["int32", "int16", "int32", "int32", "int64"]


def test_words_of_all_parts_in_the_order_of_their_appearance():
    table = build().word_table
    expected = "the Cancer of p53 flu Lung cancer common Cold FLU and p27 ζ".split()
    assert table.words == expected
    assert table.train_counts.tolist() == [2, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]


def test_the_order_of_the_parts_does_not_matter():
    one, other = build(), build(corpus=dict(reversed(parts().items())))
    assert one.vocabulary == other.vocabulary
    assert one.word_table.words == other.word_table.words


def test_without_vectors_only_words_of_train_have_rows():
    dataset = build()
    assert dataset.vocabulary.tokens[1:] == tuple("the Cancer of p53 flu Lung cancer".split())
    assert dataset.unknown_words == ("common", "Cold", "and", "p27", "ζ")
    assert dataset.number_of_unknown_words == 5
    # FLU has no row of its own: it is looked up as at prediction.
    table = dataset.word_table
    assert table.token_ids[table.words.index("FLU")] == dataset.vocabulary.tokens.index("flu")
    assert dataset.token_vectors is None and dataset.embedding_report is None
    assert not dataset.token_vector_found.any()


def test_words_with_a_vector_have_rows(vectors):
    dataset = build(vectors)
    tokens = dataset.vocabulary.tokens
    assert tokens[8:] == ("Cold", "p27")
    assert dataset.unknown_words == ("common", "and", "ζ")
    found = {tokens[i]: dataset.token_vectors[i].tolist() for i in range(len(tokens))}
    assert found["Cancer"] == found["cancer"] == [1, 2]
    assert found["Cold"] == [3, 4]
    assert found["p53"] == found["p27"] == [5, 6]
    assert found["<UNK>"] == found["Lung"] == [0, 0]
    with_vector = {token for token, f in zip(tokens, dataset.token_vector_found) if f}
    assert with_vector == {"the", "Cancer", "cancer", "p53", "Cold", "p27"}
    assert dataset.embedding_report.to_json() == {
        "exact": 2,
        "lower": 2,
        "digits": 2,
        "lower_digits": 0,
        "missing": 7,
        "composed": 0,
    }


def test_a_fasttext_model_leaves_no_word_unknown(tmp_path):
    sentences = [["the", "cancer", "p00", "cold"]] * 5
    model = FastText(sentences, vector_size=2, min_count=1, epochs=1, bucket=20, workers=1)
    path = tmp_path / "model.bin"
    save_facebook_model(model, str(path))
    dataset = build(path)
    assert dataset.unknown_words == () and dataset.number_of_unknown_words == 0
    oracle = load_facebook_vectors(str(path))
    # A word that the model has in another form is known under that, not by its characters.
    known = {"Cancer": "cancer", "Cold": "cold", "p53": "p00", "p27": "p00"}
    tokens = dataset.vocabulary.tokens
    assert set(dataset.word_table.words) == set(tokens) - {"<UNK>"}
    for token, vector in list(zip(tokens, dataset.token_vectors))[1:]:
        np.testing.assert_allclose(vector, oracle.get_vector(known.get(token, token)), rtol=1e-5)
    assert dataset.token_vector_found[1:].all()
    report = dataset.embedding_report
    assert (report.exact, report.lower, report.digits, report.composed) == (2, 2, 2, 7)
    assert report.missing == 0 and "7 from their characters" in report.summary()


def test_another_dimension_of_a_fasttext_model(tmp_path):
    model = FastText([["a", "b"]] * 5, vector_size=3, min_count=1, epochs=1, bucket=20, workers=1)
    save_facebook_model(model, str(tmp_path / "model.bin"))
    with pytest.raises(CorpusError, match=r"have 3 dimensions, but token_embedding_dim.* is 2"):
        build(tmp_path / "model.bin")


def test_known_tokens_keep_their_rows():
    dataset = build(known_tokens=["ζ", "elsewhere"])
    assert dataset.vocabulary.tokens[-1] == "ζ"
    assert "ζ" not in dataset.unknown_words


def test_every_word_has_a_row_when_remapping_is_off():
    dataset = build(remap_unknown_tokens_to_unk=False)
    assert dataset.vocabulary.tokens[1:] == tuple(dataset.word_table.words)
    assert dataset.number_of_unknown_words == 0


def test_only_words_with_a_vector(vectors):
    dataset = build(vectors, load_only_pretrained_token_embeddings=True, known_tokens=["Lung"])
    assert dataset.vocabulary.tokens[1:] == tuple("the Cancer p53 Lung cancer Cold p27".split())


def test_all_words_of_the_file(vectors):
    dataset = build(vectors, load_all_pretrained_token_embeddings=True)
    assert dataset.vocabulary.tokens[-3:] == ("cold", "p00", "unused")
    assert dataset.token_vectors[-1].tolist() == [7, 8]


@pytest.mark.parametrize("rule", ["only", "all"])
def test_rules_that_need_vectors(rule):
    with pytest.raises(ParameterError, match="set token_pretrained_embedding_filepath"):
        build(**{f"load_{rule}_pretrained_token_embeddings": True})


def test_the_word_unk_is_the_unknown_token():
    train = documents("a <UNK> b/S-DISO")
    dataset = build(corpus=parts(train=train), known_tokens=["<UNK>"])
    assert dataset.vocabulary.tokens == ("<UNK>", "a", "b")
    assert dataset.word_table.token_ids[:3].tolist() == [1, 0, 2]


def test_rare_tokens_and_characters():
    dataset = build(corpus=parts(train=documents("aa b/S-DISO aa\nc b ca", "xa")))
    names = [dataset.vocabulary.tokens[i] for i in dataset.rare_token_ids]
    assert names == ["c", "ca", "xa"]
    characters = [dataset.vocabulary.characters[i] for i in dataset.rare_character_ids]
    assert characters == ["x"]
    assert dataset.rare_token_ids.dtype == np.int32


def test_characters_of_train_and_the_known_ones():
    known = ("", "<UNK>", "ω", "c", "ω")
    dataset = build(corpus=parts(train=documents("ab/S-DISO ca")), known_characters=known)
    assert dataset.vocabulary.characters == ("", "<UNK>", "ω", "c", "a", "b")
    table = dataset.word_table
    padded, lengths = table.characters_of([table.words.index("ζ"), table.words.index("ca")])
    assert padded.tolist() == [[1, 0], [3, 4]]
    assert lengths.tolist() == [1, 2]


@given(
    words=st.lists(st.text(min_size=1, max_size=9), min_size=1, unique=True),
    choice=st.lists(st.integers(0, 1000)),
)
def test_characters_of_any_words(words, choice):
    line = TaggedSentence(tuple(words), (0,) * len(words), (1,) * len(words), ("O",) * len(words))
    document = TaggedDocument("d", (line,))
    dataset = build_dataset({"train": [document], "valid": [document]}, RULES, None)
    chosen = [number % len(words) for number in choice]
    padded, lengths = dataset.word_table.characters_of(np.array(chosen, dtype=np.int32))
    assert padded.dtype == lengths.dtype == np.int32
    characters = dataset.vocabulary.characters
    for row, length, number in zip(padded, lengths, chosen):
        assert "".join(characters[i] for i in row[:length]) == words[number]
        assert not row[length:].any()
    assert padded.shape[1] == max((len(words[number]) for number in chosen), default=0)


def test_parts_are_read_once_and_as_streams():
    read = []

    def stream(name):
        for document in parts()[name]:
            read.append((name, document.id))
            yield document

    dataset = build(corpus={name: stream(name) for name in parts()})
    assert len(read) == len(set(read)) == 5
    assert list(dataset.parts) == ["train", "valid", "test"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"valid": documents("x/DISO")}, "valid, document d0: label 'DISO', expected O or"),
        ({"train": documents("x/DISO")}, "train, document d0: label 'DISO', expected O or"),
        ({"train": []}, "the train part holds no sentence"),
        ({"train": documents("", "")}, "the train part holds no sentence"),
        ({"valid": []}, "the valid part holds no sentence"),
        ({"dev": VALID}, "unknown part 'dev', expected train, valid, test, deploy"),
    ],
)
def test_corpora_that_cannot_be_used(changes, message):
    with pytest.raises(CorpusError, match=message):
        build(corpus=parts(**changes))


def test_labels_come_from_all_parts_with_gold_annotations():
    """As in NeuroNER, so that they do not depend on how much of train is used."""
    corpus = parts(
        valid=documents("x/S-CHED"), test=documents("y/S-PRGE"), deploy=documents("z/S-LIVB")
    )
    dataset = build(corpus=corpus)
    types = {label[2:] for label in dataset.vocabulary.labels[1:]}
    assert types == {"CHED", "DISO", "PRGE"}
    labels = dataset.vocabulary.labels
    assert [labels[i] for i in dataset.parts["test"].labels] == ["S-PRGE"]
    assert dataset.parts["deploy"].labels.tolist() == [NO_LABEL]


@pytest.mark.parametrize("number", [8200, 40_000])
def test_ids_as_types_are_refused(number):
    text = " ".join(f"w/S-ID{i}" for i in range(number))
    with pytest.raises(CorpusError, match="more than 8191 entity types"):
        build(corpus=parts(train=documents(text)))
    entities = tuple(Entity(f"ID{i}", ((i, i + 1),), "x") for i in range(number))
    document = dataclasses.replace(TRAIN[0], entities=entities)
    with pytest.raises(CorpusError, match="train, document d0: found more than 8191 entity types"):
        build(corpus=parts(train=[document]))


def test_a_type_that_tags_never_represent_has_labels():
    """So labels do not depend on which documents show such a type in tags."""
    nested = dataclasses.replace(TRAIN[0], entities=(Entity("PRGE", ((14, 17),), "p53"),))
    dataset = build(corpus=parts(train=[nested, *TRAIN[1:]]))
    assert "B-PRGE" in dataset.vocabulary.labels


def test_missing_parts():
    with pytest.raises(CorpusError, match="the corpus has no valid part beside train; add one"):
        build(corpus={"train": TRAIN})
    with pytest.raises(CorpusError, match="the corpus has no train part"):
        build(corpus={"deploy": TRAIN})


def test_a_label_of_the_other_scheme():
    with pytest.raises(CorpusError, match="d0: label 'S-DISO' does not belong to .*bio"):
        build(tagging_format="bio")


def test_labels_that_train_lacks_for_a_known_type_are_fine():
    dataset = build(corpus=parts(train=documents("x/S-DISO"), valid=TRAIN))
    assert len(dataset.vocabulary.labels) == 5


def test_deploy_may_have_any_label():
    dataset = build(corpus=parts(deploy=documents("x/S-CHED flu/S-DISO x")))
    assert dataset.parts["deploy"].labels.tolist() == [-1, 4, 0]


def test_documents_for_a_finished_model():
    dataset = build()
    table, part = encode_documents(documents("Flu/S-OTHER of FLU β"), dataset.vocabulary)
    tokens = dataset.vocabulary.tokens
    assert [tokens[i] for i in table.token_ids[part.words]] == ["flu", "of", "flu", "<UNK>"]
    assert part.labels.tolist() == [-1, 0, 0, 0]
    assert table.characters_of([3])[0].tolist() == [[1]]
    assert table.train_counts.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("empty", [[], documents("")])
def test_no_sentence_for_a_finished_model(empty):
    table, part = encode_documents(empty, build().vocabulary)
    assert part.number_of_sentences == part.number_of_tokens == 0
    assert len(part.document_ids) == len(part.document_offsets) - 1 == len(empty)
    assert table.characters_of(part.words)[0].shape == (0, 0)


def test_training_and_prediction_agree_on_every_word(vectors):
    dataset = build(vectors)
    table, part = encode_documents(TEST, dataset.vocabulary)
    in_training = dataset.word_table.token_ids[dataset.parts["test"].words]
    assert table.token_ids[part.words].tolist() == in_training.tolist()


def test_the_log_tells_sizes(vectors, caplog):
    with caplog.at_level(logging.INFO, logger="neuroner_tl"):
        build(vectors)
    assert "vocabulary: 10 tokens" in caplog.text
    assert "6 of 13 distinct tokens" in caplog.text


def encode_twelve_million_tokens():
    def stream():
        random = np.random.default_rng(0)
        for number in range(125_000):
            words = tuple(f"w{i}" for i in (150_000 * random.random(25) ** 4).astype(int))
            tags = ("B-X", *("O",) * 24)
            sentence = TaggedSentence(words, tuple(range(25)), tuple(range(1, 26)), tags)
            yield TaggedDocument(str(number), (sentence,) * 4)

    dataset = build_dataset({"train": stream(), "valid": documents("w1")}, RULES, None)
    return dataset.parts["train"].number_of_tokens


@pytest.mark.slow
def test_twelve_million_tokens_encode_in_bounded_memory():
    tokens, growth = memory_growth(encode_twelve_million_tokens)
    assert tokens == 12_500_000
    assert 0 < growth < 600  # MB
