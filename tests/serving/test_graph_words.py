"""Words in the graph are found as the vocabulary finds them, whatever their script."""

import functools

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.dataset.vocabulary import PADDING_CHARACTER, UNKNOWN_CHARACTER, Vocabulary
from neuroner_tl.dataset.word_vectors.look_up import lookup_rows, token_forms
from neuroner_tl.serving.graph_words import WordLookup, digits, final_sigma, lower_characters

TOKENS = ("<UNK>", "gout", "GOUT", "il00", "IL-0", "σας", "οδος", "i̇l", "ß", "日本")
CHARACTERS = (PADDING_CHARACTER, UNKNOWN_CHARACTER, *"goutGOUTil0-σς日")
MORE = ("Gout", "xyz0", "XYZ1", "οδοσ")
# Letters with and without case, digits of three scripts, what may stand between letters.
ALPHABET = "goutGOUTilIL01xyzXYZ-'.ΟΔΣσςαΑİıßẞ७²٣́日ʰ😀"


@functools.cache
def lookup_of(lowercase=True, zeros=True):
    known = Vocabulary(TOKENS, CHARACTERS, ("O",), lowercase, zeros)
    return known, WordLookup(known, MORE)


@pytest.mark.parametrize("flags", [(True, True), (True, False), (False, True), (False, False)])
@settings(max_examples=10)
@given(words=st.lists(st.text(ALPHABET, max_size=7), min_size=1, max_size=40))
def test_forms_rows_and_characters(flags, words):
    words = [*words, *TOKENS, *MORE, "ΟΔΟΣ", "ΣΑΣ", "Σ", "ΑΣ'", "ΑΣ'Σ", "7Σ", "<unk>"]
    known, lookup = lookup_of(*flags)
    found = lookup._forms(tf.constant(words))
    forms = [[form.decode() for form in column.numpy()] for column in found]
    assert [list(dict.fromkeys(f)) for f in zip(*forms)] == [token_forms(w, *flags) for w in words]
    more, _ = lookup_rows(words, {word: n for n, word in enumerate(MORE, len(TOKENS))}, *flags)
    expected = [
        known.token_id(word) or (0 if word == "<UNK>" or row < 0 else row)
        for word, row in zip(words, more.tolist())
    ]
    assert lookup.rows(tf.constant(words)).numpy().tolist() == expected
    assert lookup.characters(tf.constant(words)).to_list() == [
        [known.character_id(character) for character in word] for word in words
    ]


def test_a_code_point_that_is_not_a_character_is_looked_up_as_itself():
    tokens = ("<UNK>", "\ufffd", "a\ufffd", "a\ufdd0", "0\U0010ffff")
    known = Vocabulary(tokens, (PADDING_CHARACTER, UNKNOWN_CHARACTER, *"a\ufffd\uffff"), ("O",))
    words = ["\ufffe", "a\uffff", "A\ufdd0", "7\U0010ffff", "\ufffd", "A\ufffd", "A\U0001fffe"]
    lookup = WordLookup(known)
    assert lookup.characters(tf.constant(words)).to_list() == [
        [known.character_id(character) for character in word] for word in words
    ]
    rows = tf.function(lookup.rows, input_signature=[tf.TensorSpec([None], tf.string)])
    assert rows(tf.constant(words)).numpy().tolist() == [0, 0, 3, 4, 1, 2, 0]
    assert rows(tf.constant([], tf.string)).numpy().tolist() == []
    assert [known.token_id(word) for word in words] == [0, 0, 3, 4, 1, 2, 0]


def test_every_character_has_pythons_lower_case_and_no_other_digit_is_one():
    characters = [*lower_characters(), *digits(), "a", "²", "½", "日"]
    forms = lookup_of()[1]._forms(tf.constant(characters))
    for place, form in enumerate(forms):
        expected = [(c, c.lower(), "0" if c.isdecimal() else c) for c in characters]
        decoded = [text.decode() for text in form.numpy()]
        both = [(e[2] if e[2] == "0" else e[1]) for e in expected]
        assert decoded == ([e[place] for e in expected] if place < 3 else both)


@settings(max_examples=100)
@given(st.text("ΣΑα'.ʰ́1 -", max_size=8))
def test_the_last_sigma_of_a_word(word):
    pattern, replacement = final_sigma()
    marked = tf.strings.regex_replace([word], pattern, replacement).numpy()[0].decode()
    assert "".join(c.lower() for c in marked) == word.lower()
