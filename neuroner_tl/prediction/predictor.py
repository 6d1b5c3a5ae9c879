"""Entities in new text, with a saved model: load once, predict many times."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Optional, Union

import numpy as np

from neuroner_tl.corpora.document import Document, Entity, TaggedDocument
from neuroner_tl.corpora.text.sentences import SENTENCE_SPLITTER
from neuroner_tl.corpora.text.tagging import entity_of_span, tag_document
from neuroner_tl.corpora.text.tags import TokenSpan, tags_to_spans
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.encoding import encode_documents
from neuroner_tl.dataset.new_words import NewVectors, look_up_new_words, open_vectors
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.errors import ParameterError
from neuroner_tl.model.entity_lstm import create_network
from neuroner_tl.prediction.consistency import tag_abbreviations
from neuroner_tl.prediction.marginals import LabelRoles
from neuroner_tl.prediction.model_vectors import check_given_vectors
from neuroner_tl.prediction.tagger import TaggedSlice, Tagger
from neuroner_tl.prediction.taggings import DocumentTaggings, taggings_of
from neuroner_tl.prediction.temperature import checked_temperature, temperature_of
from neuroner_tl.training.checkpoint import SavedModel, load_model

logger = logging.getLogger(__name__)

# Text that is laid out together, about 150 abstracts; longer input is streamed.
CHARACTERS_AT_ONCE = 1 << 18
DOCUMENTS_AT_ONCE = 1000


class Analysis(NamedTuple):
    """What a model finds in a document, more than its best tagging.

    Attributes:
        document: the document with all mentions that are probable enough; they may overlap.
        starts: first characters of its tokens, ``[tokens]``.
        ends: offsets past their last characters, ``[tokens]``.
        types: the model's entity types.
        probabilities: that a token is in a mention of a type, ``[tokens, types]``.

    Example::

        for found in predictor.analyse(documents, 0.1):
            print(found.document.id, found.probabilities.sum(axis=1).max())
    """

    document: Document
    starts: np.ndarray
    ends: np.ndarray
    types: tuple[str, ...]
    probabilities: np.ndarray


class Predictor:
    """A tagger of text with a trained model.

    It is immutable: any number of threads may predict with it at the same time, and what is
    found in a document does not depend on others.

    Args:
        model: a model as loaded, or its folder.
        word_vectors: word-vector file for words that the model's vocabulary lacks, of the kind
            that the model was trained with (see `neuroner_tl.prediction.model_vectors`), or a
            fastText model; None treats them as unknown. The file is read once for all processes,
            see `neuroner_tl.dataset.word_vectors.word_vector_index`.
        batch_size: sentences that are read side by side where there are many.
        temperature: divisor of all scores where probabilities are computed; None for the one
            saved with the model (see `neuroner_tl.prediction.temperature`).
        abbreviations: whether an abbreviation whose long form is tagged where the document
            introduces it is tagged in the whole document (see
            `neuroner_tl.prediction.consistency`); candidates and taggings are those of sentences.

    Raises:
        CheckpointError: the model cannot be loaded.
        CorpusError: the word-vector file cannot be used.
        ParameterError: the temperature is not a positive number.

    Example::

        predictor = Predictor("output/my_run/model")
        for entity in predictor.predict_text("BRCA1 predisposes to breast cancer."):
            print(entity.type, entity.start, entity.end, entity.text)
    """

    def __init__(
        self,
        model: Union[SavedModel, Path, str],
        word_vectors: Optional[Path] = None,
        batch_size: int = 64,
        temperature: Optional[float] = None,
        abbreviations: bool = False,
    ) -> None:
        if not isinstance(model, SavedModel):
            model = load_model(Path(model))
        self.model = model
        self.vocabulary = model.vocabulary
        self.word_vectors = word_vectors
        self._index = (
            None
            if word_vectors is None
            else open_vectors(
                check_given_vectors(model, word_vectors), model.architecture.token_dimension
            )
        )
        self.tokenizer = get_tokenizer(model.text.tokenizer, model.text.language)
        for what, theirs, ours in (
            ("tokeniser", model.text.tokenizer_identity, self.tokenizer.identity),
            ("sentence splitter", model.text.sentence_splitter, SENTENCE_SPLITTER),
        ):
            if theirs != ours:
                logger.warning(
                    "the model was trained with the %s %s, this is %s: its predictions may differ",
                    what,
                    theirs,
                    ours,
                )
        self.temperature = (
            temperature_of(model) if temperature is None else checked_temperature(temperature)
        )
        self.abbreviations = abbreviations
        self._roles = LabelRoles.of(self.vocabulary.labels)
        network = create_network(model.architecture, model.weights)
        self._tagger = Tagger(network, batch_size, keep_words=True)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types of the model."""
        return self._roles.types

    def predict_text(self, text: str) -> list[Entity]:
        """Return the entities of one text, in the order of their start."""
        return list(next(iter(self.predict([Document("text", text)]))).entities)

    def predict(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Replace the entities of documents by predicted ones.

        Each has the probability that the model gives to this mention, boundaries and type (see
        `neuroner_tl.prediction.marginals`). The documents come back in their order; at most a few
        hundred are held in memory, or a single long one.
        """
        for _, predicted in self.predict_pairs(documents):
            yield predicted

    def candidates(
        self, documents: Iterable[Document], min_probability: float = 0.1
    ) -> Iterator[Document]:
        """Replace the entities of documents by all mentions that the model finds probable enough.

        They include mentions that are not in the best tagging, may overlap, and are sorted by
        start and end. The documents are streamed as `predict` does.

        Args:
            documents: the texts.
            min_probability: minimum probability of a mention, above 0.

        Raises:
            ParameterError: the probability is out of range.
        """
        for analysis in self.analyse(documents, min_probability):
            yield analysis.document

    def analyse(
        self, documents: Iterable[Document], min_probability: float = 0.1
    ) -> Iterator[Analysis]:
        """Yield the `candidates` of documents with the probabilities of their tokens.

        Args:
            documents: the texts.
            min_probability: minimum probability of a candidate, above 0.

        Raises:
            ParameterError: the probability is out of range.
        """
        if not 0 < min_probability <= 1:
            raise ParameterError(
                f"min_probability: found {min_probability:g}, expected a number above 0, at most 1"
            )
        types = self._roles.types
        for chunk in chunks(documents):
            for _, cut, found, inside in self._predict_chunk(
                chunk, self.cut(chunk), min_probability
            ):
                starts = np.array([s for sentence in cut.sentences for s in sentence.starts], int)
                ends = np.array([e for sentence in cut.sentences for e in sentence.ends], int)
                probabilities = np.concatenate([np.zeros((0, len(types))), *inside])
                yield Analysis(found, starts, ends, types, probabilities)

    def taggings(
        self, documents: Iterable[Document], number: int = 1
    ) -> Iterator[DocumentTaggings]:
        """Yield the most probable taggings of each sentence, and the marginals of its tokens.

        The first tagging is the one that `predict` reads, unless another is as probable but for
        rounding. The documents are streamed as `predict` does. Time grows with the number.

        Args:
            documents: the texts.
            number: how many taggings of a sentence, at least 1.

        Raises:
            ParameterError: the number is out of range.
        """
        if number < 1:
            raise ParameterError(f"number of taggings: found {number}, expected at least 1")
        for chunk in chunks(documents):
            tagged = self.cut(chunk)
            offsets, slices = self.tag(tagged)
            places = (
                (marginals, int(offsets[index] - offsets[indices[0]]))
                for indices, _, marginals in slices
                for index in indices
            )
            names = self.vocabulary.labels
            for document, cut in zip(chunk, tagged):
                found = []
                for sentence in cut.sentences:
                    marginals, start = next(places)
                    found.append(taggings_of(document, sentence, marginals, names, start, number))
                yield DocumentTaggings(document, tuple(found))

    def predict_pairs(self, documents: Iterable[Document]) -> Iterator[tuple[Document, Document]]:
        """Yield each document as it was given and with the predicted entities, as `predict` does.

        The documents are gone through once.
        """
        for chunk in chunks(documents):
            yield from zip(chunk, self.predict_cut(chunk, self.cut(chunk)))

    def cut(self, documents: Sequence[Document]) -> list[TaggedDocument]:
        """Return documents cut into sentences and tokens, without their entities."""
        return [
            tag_document(
                dataclasses.replace(document, entities=(), unknown=()),
                self.tokenizer,
                self.model.text.tagging_format,
                protect_entities=False,
            )
            for document in documents
        ]

    def predict_cut(
        self, documents: Sequence[Document], cut: Sequence[TaggedDocument]
    ) -> Iterator[Document]:
        """Yield documents with the predicted entities.

        Args:
            documents: a few, which are held in memory together.
            cut: the same, cut by `cut`, or by that of a model with the same tokeniser.
        """
        for _, _, predicted, _ in self._predict_chunk(documents, cut):
            yield tag_abbreviations(predicted) if self.abbreviations else predicted

    def _predict_chunk(
        self,
        documents: Sequence[Document],
        tagged: Sequence[TaggedDocument],
        min_probability: Optional[float] = None,
    ) -> Iterator[tuple[Document, TaggedDocument, Document, list[np.ndarray]]]:
        """Yield documents as given, cut, and with entities; see `_mentions` for the rest.

        The entities are those of the best tagging, or the candidates.
        """
        sentences = self._mentions(*self.tag(tagged), min_probability)
        for document, cut in zip(documents, tagged):
            found = [next(sentences) for _ in cut.sentences]
            entities = [
                entity_of_span(document.text, sentence, span, probability)
                for sentence, (mentions, _) in zip(cut.sentences, found)
                for span, probability in mentions
            ]
            predicted = dataclasses.replace(document, entities=tuple(entities), unknown=())
            yield document, cut, predicted, [inside for _, inside in found]

    def tag(self, tagged: Sequence[TaggedDocument]) -> tuple[np.ndarray, Iterator[TaggedSlice]]:
        """Tag documents that are cut.

        Returns:
            Bounds of the sentences, ``[sentences + 1]``, and their best labels and marginals.
        """
        table, part, new = self.encode(tagged)
        slices = self._tagger.tag_with_marginals(table, part, self._roles, new, self.temperature)
        return part.sentence_offsets, slices

    def score(self, tagged: Sequence[TaggedDocument]) -> tuple[np.ndarray, np.ndarray]:
        """Score the labels of each token of documents that are cut, by layer 5.

        Returns:
            Bounds of the sentences, ``[sentences + 1]``, and scores, ``[tokens, labels]``.
        """
        table, part, new = self.encode(tagged)
        return part.sentence_offsets, self._tagger.score(table, part, new)

    def encode(
        self, tagged: Sequence[TaggedDocument]
    ) -> tuple[WordTable, EncodedPart, Optional[NewVectors]]:
        """Return the distinct words of documents, their sentences, and vectors of new words."""
        table, part = encode_documents(tagged, self.vocabulary)
        new = None
        if self._index is not None:
            new = look_up_new_words(table, self.vocabulary, self._index)
        return table, part, new

    def _mentions(
        self,
        sentence_offsets: np.ndarray,
        slices: Iterator[TaggedSlice],
        min_probability: Optional[float],
    ) -> Iterator[tuple[list[tuple[TokenSpan, float]], np.ndarray]]:
        """Yield the mentions of each sentence with their probabilities.

        With candidates comes the probability that each token is in a mention of each type,
        ``[tokens, types]``.
        """
        names = self.vocabulary.labels
        for sentences, labels, marginals in slices:
            offsets = sentence_offsets[sentences[0] : sentences[-1] + 2]
            starts = (offsets - offsets[0]).tolist()
            of_types = np.zeros((0, 0))
            if min_probability is None:
                spans = []
                for start, stop in zip(starts[:-1], starts[1:]):
                    read = tags_to_spans([names[label] for label in labels[start:stop]])
                    spans += [(kind, start + s, start + e) for kind, s, e in read]
                mentions = list(zip(spans, marginals.of_mentions(spans).tolist()))
            else:
                mentions = marginals.candidates(min_probability)
                of_types = marginals.of_types()
            index = 0
            for start, stop in zip(starts[:-1], starts[1:]):
                own = []
                while index < len(mentions) and mentions[index][0][1] < stop:
                    (kind, s, e), probability = mentions[index]
                    own.append(((kind, s - start, e - start), probability))
                    index += 1
                yield own, of_types[start:stop]


def chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield documents a limited number of characters at a time."""
    chunk: list[Document] = []
    characters = 0
    for document in documents:
        chunk.append(document)
        characters += len(document.text)
        if characters >= CHARACTERS_AT_ONCE or len(chunk) >= DOCUMENTS_AT_ONCE:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk
