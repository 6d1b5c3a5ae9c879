"""A part of a corpus (train, valid ...) as integer arrays, built from a stream of documents."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from neuroner_tl.corpora.document import TaggedDocument
from neuroner_tl.dataset.gold import GoldAnnotations, GoldBuilder
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.progress import progress_bar

NO_LABEL = -1
# Labels are int16.
MAX_LABELS = 32767


@dataclass(frozen=True, eq=False)
class EncodedPart:
    """Sentences as arrays: one item per token, with offsets for sentences and documents.

    Attributes:
        words: index of each token in the word table, int32 ``[tokens]``.
        labels: label of each token, int16 ``[tokens]``; -1 where the model has no such label.
        starts: first character of each token in its document, int32 ``[tokens]``.
        ends: offset past its last character, int32 ``[tokens]``.
        sentence_offsets: sentence ``s`` has the tokens ``sentence_offsets[s]`` up to
            ``sentence_offsets[s + 1]``, int64 ``[sentences + 1]``.
        document_offsets: document ``d`` has the sentences ``document_offsets[d]`` up to
            ``document_offsets[d + 1]``, int64 ``[documents + 1]``.
        document_ids: names of the documents.
        gold: all annotations of the documents, including those that tags cannot represent.
        unknown_tokens: tokens in unknown regions, which may have any label, int64 ``[unknown]``,
            ascending.
        probabilities: for each sentence the probability that its mentions are right, and that its
            unknown regions are no mentions, float32 ``[sentences, 2]``; ``[0, 2]`` if all are 1.

    Example::

        part = dataset.parts["train"]
        first, last = part.sentence_offsets[:2]
        labels = part.labels[first:last]  # of the first sentence
    """

    words: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    sentence_offsets: np.ndarray
    document_offsets: np.ndarray
    document_ids: list[str]
    gold: GoldAnnotations
    unknown_tokens: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each sentence, int64 ``[sentences]``."""
        return np.diff(self.sentence_offsets)

    @property
    def number_of_sentences(self) -> int:
        """The number of sentences."""
        return len(self.sentence_offsets) - 1

    @property
    def number_of_tokens(self) -> int:
        """The number of tokens."""
        return len(self.words)

    def unknown_by_sentence(self) -> list[list[int]]:
        """Return the unknown tokens of each sentence, counted from its start."""
        bounds = np.searchsorted(self.unknown_tokens, self.sentence_offsets)
        return [
            (self.unknown_tokens[first:last] - start).tolist()
            for first, last, start in zip(bounds[:-1], bounds[1:], self.sentence_offsets)
        ]


class Numbering:
    """A numbering of strings in the order of their first appearance.

    Example:
        >>> words = Numbering()
        >>> [words.numbers[word] for word in ("the", "gene", "the")], words.strings()
        ([0, 1, 0], ['the', 'gene'])
    """

    def __init__(self) -> None:
        self.numbers: defaultdict[str, int] = defaultdict()
        self.numbers.default_factory = self.numbers.__len__

    def __len__(self) -> int:
        return len(self.numbers)

    def strings(self) -> list[str]:
        """Return the strings in the order of their numbers."""
        return list(self.numbers)


@dataclass(frozen=True, eq=False)
class NumberedPart:
    """A part whose labels are still numbers of the part's own tags.

    Attributes:
        part: the part; ``labels`` index ``tags``.
        tags: the distinct tags in the order of their first appearance.
        first_documents: the document in which each tag appeared first.

    Example::

        numbered = number_documents(documents, Numbering(), "train")
        part = numbered.with_labels([label_to_id[tag] for tag in numbered.tags])
    """

    part: EncodedPart
    tags: list[str]
    first_documents: list[str]

    def with_labels(self, label_ids: Iterable[int]) -> EncodedPart:
        """Return the part with each tag replaced by the given label."""
        table = np.fromiter(label_ids, np.int16, len(self.tags))
        part = self.part
        # In place, block by block, so that no second array of the corpus's size is needed.
        for start in range(0, len(part.labels), 1 << 20):
            block = part.labels[start : start + (1 << 20)]
            block[:] = table[block]
        return part


def number_documents(
    documents: Iterable[TaggedDocument], words: Numbering, name: str
) -> NumberedPart:
    """Read a stream of documents once and keep only integers.

    Args:
        documents: the documents; each is released once its tokens are numbered.
        words: numbering of the words, shared by all parts, extended in place.
        name: name of the part, for the progress bar and errors.

    Raises:
        CorpusError: there are too many types.
    """
    word_ids, starts, ends = array("i"), array("i"), array("i")
    labels = array("h")
    sentence_offsets, document_offsets = array("q", [0]), array("q", [0])
    document_ids: list[str] = []
    unknown_tokens = array("q")
    doubtful: dict[int, tuple[float, float]] = {}  # probabilities by sentence
    tags = Numbering()
    first_documents: list[str] = []
    gold = GoldBuilder()
    word_numbers, tag_numbers = words.numbers, tags.numbers
    for document in progress_bar(
        documents, desc=f"encoding {name}", unit=" documents", delay=2, disable=None
    ):
        for sentence in document.sentences:
            if not sentence.tokens:
                continue
            if sentence.unknown:
                first = len(word_ids)
                unknown_tokens.extend([first + token for token in sentence.unknown_tokens])
            if sentence.probability != 1 or sentence.outside_probability != 1:
                number = len(sentence_offsets) - 1
                doubtful[number] = sentence.probability, sentence.outside_probability
            word_ids.extend([word_numbers[token] for token in sentence.tokens])
            numbers = [tag_numbers[tag] for tag in sentence.tags]
            if len(tags) > MAX_LABELS:
                raise too_many_types(f"{name}, document {document.id}")
            labels.extend(numbers)
            starts.extend(sentence.starts)
            ends.extend(sentence.ends)
            sentence_offsets.append(len(word_ids))
        document_offsets.append(len(sentence_offsets) - 1)
        document_ids.append(document.id)
        gold.add(document)
        if len(gold.numbers) > MAX_LABELS // 4:
            raise too_many_types(f"{name}, document {document.id}")
        first_documents.extend([document.id] * (len(tags) - len(first_documents)))
    probabilities = np.ones((len(sentence_offsets) - 1 if doubtful else 0, 2), np.float32)
    if doubtful:
        probabilities[list(doubtful)] = list(doubtful.values())
    part = EncodedPart(
        words=np.frombuffer(word_ids, np.int32),
        labels=np.frombuffer(labels, np.int16),
        starts=np.frombuffer(starts, np.int32),
        ends=np.frombuffer(ends, np.int32),
        sentence_offsets=np.frombuffer(sentence_offsets, np.int64),
        document_offsets=np.frombuffer(document_offsets, np.int64),
        document_ids=document_ids,
        gold=gold.build(),
        unknown_tokens=np.frombuffer(unknown_tokens, np.int64),
        probabilities=probabilities,
    )
    return NumberedPart(part, tags.strings(), first_documents)


def too_many_types(place: str) -> CorpusError:
    """Return the error that a corpus has more entity types than labels can tell apart."""
    return CorpusError(
        f"{place}: found more than {MAX_LABELS // 4} entity types, expected fewer; types are kinds "
        "such as DISO: if they are names or ids of single things, rename them"
    )
