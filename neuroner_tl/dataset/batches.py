"""Batches: sentences as padded integer arrays, in an order that a seed decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np

from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.supervision import Supervision
from neuroner_tl.dataset.word_table import WordTable

NOT_SOFT = np.zeros((0, 0, 0), np.float32)


class Batch(NamedTuple):
    """Sentences that are computed together; `Shapes` explains the sizes.

    Attributes:
        token_ids: ``[batch, time]`` int32, rows of the vocabulary.
        word_index: ``[batch, time]`` int32, rows of ``characters``.
        characters: ``[words, length]`` int32, the characters of each distinct word.
        character_lengths: ``[words]`` int32, at least 1.
        lengths: ``[batch]`` int32, at least 1.
        labels: ``[batch, time]`` int32; -1 for a token that may have any.
        sentence_weights: ``[batch]`` float32, above 0, and 0 for a sentence that only fills the
            batch.
        soft_labels: ``[batch, time, labels]`` float32, probabilities in place of the labels, 0 past
            the end; without labels where there are none.
        soft_transitions: ``[batch, labels, labels]`` float32, expected numbers of transitions.

    Example::

        batch = make_batch(dataset.word_table, part, np.array([0, 1]), 2, Shapes())
        assert batch.token_ids.shape == batch.labels.shape
    """

    token_ids: np.ndarray
    word_index: np.ndarray
    characters: np.ndarray
    character_lengths: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    sentence_weights: np.ndarray
    soft_labels: np.ndarray = NOT_SOFT
    soft_transitions: np.ndarray = NOT_SOFT


@dataclass(frozen=True)
class Shapes:
    """How sizes are rounded up, so that a compiled program meets few different ones.

    Attributes:
        times: allowed sentence lengths; longer ones are rounded up to a power of two.
        single_times: the same for batches of one sentence, most of whose time goes to products
            that know no padding: fewer, so that less is compiled.
        exact: round nothing, for programs that are not compiled.

    Example:
        >>> Shapes().time(17), Shapes().time(200), Shapes(exact=True).time(17)
        (24, 256, 17)
    """

    times: tuple[int, ...] = (16, 24, 28, 32, 40, 48, 64, 128)
    single_times: tuple[int, ...] = (16, 24, 32, 48, 64, 128)
    exact: bool = False

    def time(self, longest: int, batch: int = 2) -> int:
        """Return the smallest allowed sentence length that holds ``longest``."""
        if self.exact:
            return longest
        for allowed in self.single_times if batch == 1 else self.times:
            if longest <= allowed:
                return allowed
        return 1 << (longest - 1).bit_length()

    def word_rows(self, batch: int) -> int:
        """Return the number of words in a group of `packed_words`; 0 for all in one."""
        if self.exact:
            return 0
        return 16 if batch == 1 else 64

    def word_steps(self, needed: int, batch: int, time: int) -> int:
        """Return the steps of packed words: nearly always enough for this size, or doubled."""
        if self.exact:
            return needed
        steps = 24 + 3 * batch * time // self.word_rows(batch)
        while steps < needed:
            steps *= 2
        return steps


EXACT = Shapes(exact=True)
# Batches are the same whether the step is compiled or not: by tokens, as if sizes were rounded.
_PADDED = Shapes()


@dataclass(frozen=True)
class RareTokens:
    """What is replaced by the unknown token or character in training, and how often.

    NeuroNER replaces a token that occurs once in the training part by the unknown token with
    probability 0.5, so that the unknown token's vector is trained. Here the draw is repeated
    in each epoch, and made for characters too.

    Example:
        >>> rare = RareTokens(token_ids=np.array([5, 9]), character_ids=np.array([7]))
        >>> rare.probability
        0.5
    """

    token_ids: np.ndarray
    character_ids: np.ndarray
    unknown_token: int = 0
    unknown_character: int = 1
    probability: float = 0.5


def make_batch(
    table: WordTable,
    part: EncodedPart,
    sentences: np.ndarray,
    batch_size: int,
    shapes: Shapes,
    token_ids: Optional[np.ndarray] = None,
    replaced_characters: Optional[np.ndarray] = None,
    supervision: Optional[Supervision] = None,
) -> Batch:
    """Put sentences together into a batch.

    Args:
        table: the distinct words.
        part: the sentences' part.
        sentences: indices of at most ``batch_size`` sentences.
        batch_size: rows of the batch; it is filled up with sentences of weight 0.
        shapes: how sizes are rounded up.
        token_ids: ``[words of the table]``, what replaces ``table.token_ids`` in this epoch.
        replaced_characters: ``[alphabet]``, what replaces each character id in this epoch.
        supervision: labels and weights in training; None for the part's labels, all of weight 1.
    """
    starts = part.sentence_offsets[sentences]
    sizes = part.sentence_offsets[sentences + 1] - starts
    time = shapes.time(int(sizes.max()), batch_size)
    lengths = np.ones(batch_size, np.int32)
    lengths[: len(sentences)] = sizes
    columns = np.arange(time)
    inside = columns < sizes[:, None]
    positions = (starts[:, None] + columns)[inside]
    weights = np.zeros(batch_size, np.float32)
    weights[: len(sentences)] = 1.0
    if supervision is not None and len(supervision.weights):
        weights[: len(sentences)] = supervision.weights[sentences]
    shape = (batch_size, time)
    filled = np.zeros(shape, bool)
    filled[: len(sentences)] = inside
    occurring = part.words[positions]
    labels = np.zeros(shape, np.int32)
    labels[filled] = (part if supervision is None else supervision).labels[positions]
    soft = [NOT_SOFT, NOT_SOFT]
    if supervision is not None and supervision.targets is not None:
        targets = supervision.targets
        classes = targets.labels.shape[1]
        soft = [np.zeros((*some, classes), np.float32) for some in (shape, (batch_size, classes))]
        soft[0][filled] = targets.labels[positions]
        soft[1][: len(sentences)] = targets.transitions[sentences]
    ids = np.zeros(shape, np.int32)
    ids[filled] = (table.token_ids if token_ids is None else token_ids)[occurring]
    word_index = np.zeros(shape, np.int32)
    words, index = np.unique(occurring, return_inverse=True)
    word_index[filled] = index
    characters, character_lengths = table.characters_of(words)
    if replaced_characters is not None:
        characters = replaced_characters[characters]
    return Batch(ids, word_index, characters, character_lengths, lengths, labels, weights, *soft)


def rows_of_tokens(longest: int, batch_tokens: int) -> int:
    """Return how many sentences, padded to hold ``longest`` tokens, have that many tokens."""
    return max(1, batch_tokens // _PADDED.time(longest))


def _padded(lengths: np.ndarray) -> np.ndarray:
    sizes, places = np.unique(lengths, return_inverse=True)
    return np.array([_PADDED.time(int(size)) for size in sizes])[places]


def number_of_batches(lengths: np.ndarray, batch_size: int, batch_tokens: int = 0) -> int:
    """Return the number of batches of an epoch; arguments as in `epoch_order`."""
    if not batch_tokens:
        return -(-len(lengths) // batch_size)
    sizes, counts = np.unique(_padded(lengths), return_counts=True)
    return sum(
        -(-c // rows_of_tokens(int(n), batch_tokens)) for n, c in zip(sizes, counts.tolist())
    )


def epoch_order(
    lengths: np.ndarray, batch_size: int, rng: np.random.Generator, batch_tokens: int = 0
) -> list[np.ndarray]:
    """Return the batches of sentence indices of one epoch.

    With one sentence per batch, the order is random. Otherwise sentences of similar length are
    batched together: they are sorted by length, equal ones in random order, cut into batches, and
    the batches are shuffled.

    Args:
        lengths: tokens of each sentence, ``[sentences]``.
        batch_size: sentences of a batch.
        rng: source of randomness.
        batch_tokens: tokens of a batch, padding included, in place of ``batch_size``; 0 for none.
            A longer sentence is a batch of its own, and sentences that are padded to different
            lengths are never batched together.
    """
    order = rng.permutation(len(lengths))
    if batch_size == 1 and not batch_tokens:
        return list(order[:, None])
    order = order[np.argsort(lengths[order], kind="stable")]
    groups, rows = [order], [batch_size]
    if batch_tokens:
        groups = np.split(order, np.flatnonzero(np.diff(_padded(lengths[order]))) + 1)
        rows = [rows_of_tokens(int(lengths[group[0]]), batch_tokens) for group in groups]
    batches = [
        group[i : i + size] for group, size in zip(groups, rows) for i in range(0, len(group), size)
    ]
    return [batches[i] for i in rng.permutation(len(batches))]


def training_batches(
    table: WordTable,
    part: EncodedPart,
    batch_size: int,
    shapes: Shapes,
    rare: RareTokens,
    seed: int,
    epoch: int,
    alphabet: int,
    skip: int = 0,
    supervision: Optional[Supervision] = None,
    batch_tokens: int = 0,
    unknown_dropout: Optional[np.ndarray] = None,
) -> Iterator[Batch]:
    """Yield the batches of one epoch, the same for the same seed and epoch.

    Args:
        table: the distinct words.
        part: the training part.
        batch_size: sentences per batch.
        shapes: how sizes are rounded up.
        rare: what is replaced by the unknown token or character.
        seed: the run's seed.
        epoch: number of the epoch, from 1.
        alphabet: number of characters.
        skip: batches at the beginning to leave out, to resume inside an epoch.
        supervision: the part's labels and weights; see `make_batch`.
        batch_tokens: tokens per batch in place of ``batch_size``; see `epoch_order`.
        unknown_dropout: probability with which an occurrence of each token is replaced by the
            unknown one, ``[tokens]``, in place of rare tokens; see `UnknownDropout`.
    """
    rng = np.random.default_rng([seed, epoch])
    order = epoch_order(part.lengths, batch_size, rng, batch_tokens)
    token_ids = _replace(table.token_ids, rare.token_ids, rare.unknown_token, rare, rng)
    alphabet_ids = np.arange(alphabet, dtype=np.int32)
    characters = _replace(alphabet_ids, rare.character_ids, rare.unknown_character, rare, rng)
    if unknown_dropout is not None:
        token_ids = table.token_ids
    for number, sentences in enumerate(order[skip:], start=skip + 1):
        rows = batch_size
        if batch_tokens:
            rows = rows_of_tokens(int(part.lengths[sentences[0]]), batch_tokens)
        batch = make_batch(
            table, part, sentences, rows, shapes, token_ids, characters, supervision=supervision
        )
        if unknown_dropout is not None:
            own = np.random.default_rng([seed, epoch, number])
            batch = _without_some(batch, unknown_dropout, rare.unknown_token, own)
        yield batch


def _without_some(
    batch: Batch, probabilities: np.ndarray, unknown: int, rng: np.random.Generator
) -> Batch:
    """Replace some occurrences of tokens by the unknown one; their characters remain."""
    inside = np.arange(batch.token_ids.shape[1]) < batch.lengths[:, None]
    ids = batch.token_ids.copy()
    occurring = ids[inside]
    drawn = rng.random(len(occurring)) < probabilities[occurring]
    ids[inside] = np.where(drawn, np.int32(unknown), occurring)
    return batch._replace(token_ids=ids)


def _replace(
    ids: np.ndarray, rare: np.ndarray, unknown: int, rule: RareTokens, rng: np.random.Generator
) -> np.ndarray:
    """Replace each rare id by the unknown one with the rule's probability."""
    drawn = rare[rng.random(len(rare)) < rule.probability]
    return np.where(np.isin(ids, drawn), unknown, ids).astype(np.int32)
