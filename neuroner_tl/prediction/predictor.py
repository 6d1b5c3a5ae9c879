"""Entities in new text, with a saved model: load once, predict many times."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.corpora.document import Document, Entity, TaggedDocument
from neuroner_tl.corpora.tagging import tag_document, tagged_to_entities
from neuroner_tl.corpora.text import get_tokenizer
from neuroner_tl.dataset.encoding import EncodedPart, encode_documents, extend_vocabulary
from neuroner_tl.model.entity_lstm import EntityLSTM, create_network
from neuroner_tl.model.tagger import Tagger
from neuroner_tl.training.checkpoint import SavedModel, load_model

logger = logging.getLogger(__name__)

# Documents that are sorted into buckets together; texts beyond that stream through. So many
# repay compiling the programs, which is a quarter faster.
DOCUMENTS_AT_ONCE = 2000


class Predictor:
    """Tags text with a model.

    Args:
        model: a model as loaded, or its folder.
        word_vectors: word-vector file for words that the model's vocabulary lacks, of the kind
            that the model was trained with; None treats them as unknown.
        batch_size: sentences a batch.

    Raises:
        CheckpointError: the model cannot be loaded.
    """

    def __init__(
        self,
        model: SavedModel | Path | str,
        word_vectors: Optional[Path] = None,
        batch_size: int = 64,
    ) -> None:
        if not isinstance(model, SavedModel):
            model = load_model(Path(model))
        self.model = model
        self.vocabulary = model.vocabulary
        self.word_vectors = word_vectors
        self._batch_size = batch_size
        self._tokenizer = get_tokenizer(model.text.tokenizer, model.text.language)
        if self._tokenizer.identity != model.text.tokenizer_identity:
            logger.warning(
                "the model was trained with the tokeniser %s, this is %s: tokens may differ",
                model.text.tokenizer_identity,
                self._tokenizer.identity,
            )
        self._compiled = False
        self._use(create_network(model.architecture, model.weights))
        self._looked_up: set[str] = set()

    def _use(self, network: EntityLSTM) -> None:
        self._network = network
        self._tagger = Tagger(network, self._batch_size, self._compiled)

    def predict_text(self, text: str) -> list[Entity]:
        """The entities of one text, in the order of their start."""
        return list(next(iter(self.predict([Document("text", text)]))).entities)

    def predict(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Replace the entities of documents by predicted ones.

        The documents come back in their order; some thousands are held at a time.
        """
        stream = iter(documents)
        while chunk := list(islice(stream, DOCUMENTS_AT_ONCE)):
            if len(chunk) == DOCUMENTS_AT_ONCE and not self._compiled:
                logger.info("many documents: compiling for prediction, which takes some seconds")
                self._compiled = True
                self._use(self._network)
            yield from self._predict_chunk(chunk)

    def _predict_chunk(self, documents: Sequence[Document]) -> Iterator[Document]:
        tagged = [
            tag_document(
                dataclasses.replace(document, entities=()),
                self._tokenizer,
                self.model.text.tagging_format,
                protect_entities=False,
            )
            for document in documents
        ]
        if self.word_vectors is not None:
            self._look_up_new_words(tagged)
        table, part = encode_documents(tagged, self.vocabulary)
        labels = self._tagger.tag(table, part)
        tags = label_names(part, labels, self.vocabulary.labels)
        for document, cut in zip(documents, tagged):
            entities = [
                entity
                for sentence in cut.sentences
                for entity in tagged_to_entities(document.text, sentence, next(tags))
            ]
            yield dataclasses.replace(document, entities=tuple(entities))

    def _look_up_new_words(self, documents: Sequence[TaggedDocument]) -> None:
        """Append rows for words that the vocabulary lacks and the word-vector file has."""
        assert self.word_vectors is not None
        words = {w for document in documents for s in document.sentences for w in s.tokens}
        new = sorted(w for w in words - self._looked_up if self.vocabulary.token_id(w) == 0)
        self._looked_up.update(words)
        if not new:
            return
        dimension = self.model.architecture.token_dimension
        vocabulary, rows = extend_vocabulary(self.vocabulary, new, self.word_vectors, dimension)
        logger.info("%d of %d new words have a word vector", len(rows), len(new))
        if not len(rows):
            return
        values = {
            layer: {name: variable.numpy() for name, variable in named.items()}
            for layer, named in self._network.weights.items()
        }
        table = values[self._network.token_embedding.name]
        table["embedding"] = np.concatenate([table["embedding"], rows])
        self._use(create_network(self.model.architecture, values))
        self.vocabulary = vocabulary


def label_names(part: EncodedPart, labels: np.ndarray, names: Sequence[str]) -> Iterator[list[str]]:
    """The tags of each sentence, from labels of all tokens; a label of -1 is O."""
    table = [*names, "O"]
    for start, stop in zip(part.sentence_offsets[:-1], part.sentence_offsets[1:]):
        yield [table[label] for label in labels[start:stop]]
