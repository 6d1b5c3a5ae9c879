"""Batches: their order, their padding, and what is replaced in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_dataset import tiny_dataset

from neuroner_tl.dataset.batches import (
    EXACT,
    Batch,
    RareTokens,
    Shapes,
    epoch_order,
    make_batch,
    number_of_batches,
    rows_of_tokens,
    training_batches,
)
from neuroner_tl.dataset.unknown_dropout import UnknownDropout
from neuroner_tl.training.steps.flat_batch import FLOATS

NOTHING_RARE = RareTokens(np.zeros(0, np.int32), np.zeros(0, np.int32))
SMALL = Shapes(times=(4, 8), single_times=(4, 8))


@pytest.fixture(scope="module")
def dataset():
    return tiny_dataset(rare=["qqq", "www", "é€", "ççç"])


def epoch(dataset, batch_size=1, shapes=EXACT, rare=None, seed=0, number=1, skip=0, **more):
    rare = rare or RareTokens(dataset.rare_token_ids, dataset.rare_character_ids)
    alphabet = len(dataset.vocabulary.characters)
    table, part = dataset.word_table, dataset.parts["train"]
    return list(
        training_batches(
            table, part, batch_size, shapes, rare, seed, number, alphabet, skip, **more
        )
    )


def same(a: Batch, b: Batch):
    return all(np.array_equal(x, y) for x, y in zip(a, b))


def inside(batch):
    """Where a batch's tokens are, fillers left out."""
    lengths = batch.lengths * (batch.sentence_weights > 0)
    return np.arange(batch.token_ids.shape[1]) < lengths[:, None]


def sentences_of(batches):
    """The sentences as (token ids, words as character ids, labels), read out of the padding."""
    found = []
    for batch in batches:
        for row, (length, weight) in enumerate(zip(batch.lengths, batch.sentence_weights)):
            if not weight:
                continue
            words = tuple(
                tuple(batch.characters[w, : batch.character_lengths[w]])
                for w in batch.word_index[row, :length]
            )
            ids, labels = batch.token_ids[row, :length], batch.labels[row, :length]
            found.append((tuple(ids), words, tuple(labels)))
    return found


def sentences_in(dataset, part="train"):
    part, table = dataset.parts[part], dataset.word_table
    expected = []
    for start, stop in zip(part.sentence_offsets[:-1], part.sentence_offsets[1:]):
        words = part.words[start:stop]
        characters = tuple(
            tuple(dataset.vocabulary.character_id(c) for c in table.words[w]) for w in words
        )
        ids = tuple(table.token_ids[words])
        expected.append((ids, characters, tuple(part.labels[start:stop])))
    return expected


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
@pytest.mark.parametrize("shapes", [EXACT, SMALL], ids=["exact", "rounded"])
def test_an_epoch_covers_the_corpus_once(dataset, batch_size, shapes):
    batches = epoch(dataset, batch_size, shapes, NOTHING_RARE)
    assert len(batches) == -(-dataset.parts["train"].number_of_sentences // batch_size)
    assert sorted(sentences_of(batches)) == sorted(sentences_in(dataset))


def test_shapes_and_types(dataset):
    for batch in epoch(dataset, 5, SMALL):
        rows, time = batch.token_ids.shape
        assert rows == 5 and time in (4, 8, 16)
        assert batch.labels.shape == batch.word_index.shape == (rows, time)
        assert len(batch.characters) == len(np.unique(batch.word_index[inside(batch)]))
        for name, values in batch._asdict().items():
            expected = np.float32 if name in FLOATS else np.int32
            assert values.dtype == expected, name
        assert (batch.lengths >= 1).all() and (batch.lengths <= time).all()
        assert (batch.character_lengths >= 1).all()
        assert batch.word_index.max() < len(batch.characters)
        assert (batch.labels >= 0).all()
        behind = ~inside(batch)
        assert not batch.token_ids[behind].any() and not batch.labels[behind].any()


def test_sentences_that_fill_a_batch_have_weight_0(dataset):
    batch = make_batch(dataset.word_table, dataset.parts["train"], np.array([2, 0]), 5, EXACT)
    assert batch.sentence_weights.tolist() == [1, 1, 0, 0, 0]
    assert batch.lengths.tolist() == [7, 3, 1, 1, 1]
    assert sentences_of([batch]) == [sentences_in(dataset)[i] for i in (2, 0)]


def test_order_is_new_each_epoch_and_with_each_seed(dataset):
    first = sentences_of(epoch(dataset, rare=NOTHING_RARE))
    assert sentences_of(epoch(dataset, rare=NOTHING_RARE, number=2)) != first
    assert sentences_of(epoch(dataset, rare=NOTHING_RARE, seed=1)) != first


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("skip", [0, 1, 4, 100])
def test_skip_resumes_exactly(dataset, batch_size, skip):
    whole = epoch(dataset, batch_size, number=3)
    rest = epoch(dataset, batch_size, number=3, skip=skip)
    assert len(rest) == max(0, len(whole) - skip)
    assert all(same(a, b) for a, b in zip(whole[skip:], rest))


def test_rare_items(dataset):
    words = {dataset.vocabulary.tokens[i] for i in dataset.rare_token_ids}
    assert {"qqq", "www", "é€", "ççç"} <= words
    assert "€" in {dataset.vocabulary.characters[i] for i in dataset.rare_character_ids}


def test_rare_tokens_are_redrawn_each_epoch(dataset):
    """About half of them are unknown in each epoch, each one in some epochs and not in others."""
    rare = [int(i) for i in dataset.rare_token_ids]
    rows = []
    for number in range(1, 101):
        seen = {i for ids, _, _ in sentences_of(epoch(dataset, number=number)) for i in ids}
        rows.append([token in seen for token in rare])
    kept = np.array(rows)
    assert 0.42 < kept.mean() < 0.58
    assert (kept.mean(axis=0) > 0.2).all() and (kept.mean(axis=0) < 0.8).all()
    common = set(range(1, len(dataset.vocabulary.tokens))) - set(rare)
    ids = {i for ids, _, _ in sentences_of(epoch(dataset, number=7)) for i in ids}
    assert common <= ids


def test_rare_characters_become_the_unknown_one(dataset):
    euro = dataset.vocabulary.character_id("€")
    kept = []
    for number in range(1, 61):
        characters = {
            c
            for _, words, _ in sentences_of(epoch(dataset, number=number))
            for w in words
            for c in w
        }
        kept.append(euro in characters)
        assert 0 not in characters, "padding stays outside the words"
    assert 0.25 < np.mean(kept) < 0.75


def test_rare_items_are_replaced_with_probability_one_half():
    """Of 40,000 draws, not a percent more or fewer."""
    letters = [chr(0x4E00 + number) for number in range(8000)]
    words = ["".join(letters[start : start + 4]) for start in range(0, len(letters), 4)]
    dataset = tiny_dataset(rare=words)
    tokens = set(dataset.rare_token_ids.tolist())
    characters = set(dataset.rare_character_ids.tolist())
    assert len(tokens) >= 2000 and len(characters) >= 8000
    kept_tokens, kept_characters = [], []
    for number in range(1, 21):
        (batch,) = epoch(dataset, batch_size=100, number=number)
        kept_tokens.append(len(tokens & set(batch.token_ids.ravel().tolist())) / len(tokens))
        found = set(batch.characters.ravel().tolist())
        kept_characters.append(len(characters & found) / len(characters))
    assert np.mean(kept_tokens) == pytest.approx(0.5, abs=0.01)
    assert np.mean(kept_characters) == pytest.approx(0.5, abs=0.01)


def test_replacing_does_not_change_the_data(dataset):
    before = dataset.word_table.token_ids.copy()
    for number in range(1, 6):
        epoch(dataset, number=number)
    np.testing.assert_array_equal(dataset.word_table.token_ids, before)


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=60),
    st.integers(1, 20),
    st.integers(0, 2**32 - 1),
)
def test_order_has_each_sentence_once_batched_by_similar_length(lengths, batch_size, seed):
    lengths = np.array(lengths)
    order = epoch_order(lengths, batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(order).tolist()) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_size for batch in order)
    again = epoch_order(lengths, batch_size, np.random.default_rng(seed))
    assert [b.tolist() for b in order] == [b.tolist() for b in again]
    if batch_size > 1:
        # Sorted by their shortest sentence, the batches do not overlap in length.
        spans = sorted((lengths[b].min(), lengths[b].max()) for b in order)
        assert all(a[1] <= b[0] for a, b in zip(spans[:-1], spans[1:]))


@settings(max_examples=100)
@given(st.integers(1, 5000))
def test_rounding_up_of_lengths(size):
    rounded = Shapes(times=(32, 64, 128)).time(size)
    assert rounded >= size
    assert rounded in (32, 64, 128) or (rounded & (rounded - 1) == 0 and rounded < 2 * size)
    assert EXACT.time(size) == EXACT.time(size, 1) == size


def test_single_sentences_have_fewer_lengths():
    shapes = Shapes(times=(4, 6, 8), single_times=(8,))
    assert [shapes.time(5, batch) for batch in (1, 2, 32)] == [8, 6, 6]


@settings(max_examples=100)
@given(st.integers(1, 2000), st.integers(1, 64), st.integers(1, 128))
def test_rounding_up_of_word_steps(needed, batch, time):
    shapes = Shapes()
    steps = shapes.word_steps(needed, batch, time)
    smallest = shapes.word_steps(1, batch, time)
    assert steps >= needed
    assert steps == smallest or steps < 2 * needed
    assert EXACT.word_steps(needed, batch, time) == needed


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 150), min_size=1, max_size=60),
    st.integers(1, 400),
    st.integers(0, 2**32 - 1),
)
def test_batches_by_tokens(lengths, tokens, seed):
    lengths, shapes = np.array(lengths), Shapes()
    order = epoch_order(lengths, 1, np.random.default_rng(seed), tokens)
    assert sorted(np.concatenate(order).tolist()) == list(range(len(lengths)))
    assert len(order) == number_of_batches(lengths, 1, tokens)
    full = 0
    for batch in order:
        (padded,) = {shapes.time(int(length)) for length in lengths[batch]}
        rows = rows_of_tokens(int(lengths[batch].max()), tokens)
        assert len(batch) <= rows == max(1, tokens // padded)
        full += len(batch) == rows
    # Of each length, one batch at most lacks sentences.
    assert len(order) - full <= len({shapes.time(int(length)) for length in lengths})


@pytest.mark.parametrize("shapes", [EXACT, Shapes()], ids=["exact", "rounded"])
def test_an_epoch_by_tokens(dataset, shapes):
    batches = epoch(dataset, shapes=shapes, rare=NOTHING_RARE, batch_tokens=64)
    assert sorted(sentences_of(batches)) == sorted(sentences_in(dataset))
    assert len(batches) == number_of_batches(dataset.parts["train"].lengths, 1, 64)
    assert {len(batch.lengths) for batch in batches} == {4}  # of 16 tokens, with their padding
    rest = epoch(dataset, shapes=shapes, rare=NOTHING_RARE, batch_tokens=64, skip=2)
    assert all(same(a, b) for a, b in zip(batches[2:], rest)) and len(rest) == len(batches) - 2


def unknown_dropout(dataset, **settings):
    return UnknownDropout(**settings).probabilities(dataset.word_table)


def test_probabilities_of_unknown_dropout(dataset):
    assert unknown_dropout(dataset) is None
    assert set(unknown_dropout(dataset, kind="constant", rate=0.3)) == {0.3}
    found = unknown_dropout(dataset, kind="frequency", alpha=0.5)
    table = dataset.word_table
    for row, probability in enumerate(found):
        occurrences = table.train_counts[table.token_ids == row].sum()
        assert probability == pytest.approx(0.5 / (0.5 + occurrences))
    rare = dataset.rare_token_ids
    assert found[rare] == pytest.approx(1 / 3)


def test_occurrences_are_replaced_each_by_itself(dataset):
    """At the rate that was asked for, whatever the padding, and the same ones when resumed."""
    more = {"unknown_dropout": unknown_dropout(dataset, kind="constant", rate=0.3)}
    before = [epoch(dataset, 2, rare=NOTHING_RARE, number=n) for n in range(1, 9)]
    after = [epoch(dataset, 2, rare=NOTHING_RARE, number=n, **more) for n in range(1, 9)]
    dropped, seen = [], set()
    for old, new in zip(sum(before, []), sum(after, [])):
        here = inside(old) & (old.token_ids > 0)
        different = old.token_ids != new.token_ids
        assert not different[~here].any() and not new.token_ids[different].any()
        assert same(old._replace(token_ids=new.token_ids), new)
        dropped.extend(different[here])
        seen.update(zip(old.token_ids[here].tolist(), different[here].tolist()))
    assert np.mean(dropped) == pytest.approx(0.3, abs=0.06)
    tokens = {token for token, _ in seen}
    assert len(seen) > 1.5 * len(tokens)  # most tokens are kept here and dropped there
    rest = epoch(dataset, 2, rare=NOTHING_RARE, number=3, skip=2, **more)
    assert all(same(a, b) for a, b in zip(after[2][2:], rest))
    padded = epoch(dataset, 2, SMALL, NOTHING_RARE, number=3, **more)
    assert sentences_of(padded) == sentences_of(after[2])


def test_rare_tokens_are_no_others_with_unknown_dropout(dataset):
    none = {"unknown_dropout": np.zeros(len(dataset.vocabulary.tokens))}
    batches = epoch(dataset, 3, number=2, **none)
    ids = np.concatenate([batch.token_ids[inside(batch)] for batch in batches])
    assert set(dataset.rare_token_ids.tolist()) <= set(ids.tolist())
