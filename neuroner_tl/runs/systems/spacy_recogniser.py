"""spaCy's entity recogniser with the settings that spaCy recommends for processors."""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroner_tl.corpora.text.tags import spans_to_tags, tags_to_spans
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.dataset.label_names import label_names
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.errors import ParameterError

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

SPACY = "spacy"


def has_spacy() -> bool:
    """Tell whether spaCy is installed."""
    return find_spec(SPACY) is not None


def require_spacy(what: str) -> None:
    """Raise ParameterError, with the command that installs it, unless spaCy is installed.

    Args:
        what: what needs it.
    """
    if not has_spacy():
        raise ParameterError(
            f"{what} needs the package spacy, which is not installed; "
            'pip install ".[spacy]" in the repository'
        )


def sentence_docs(vocab: Vocab, table: WordTable, part: EncodedPart) -> list[Doc]:
    """Return each sentence of a part, in its own tokens, as a document of spaCy."""
    from spacy.tokens import Doc

    return [
        Doc(vocab, words=[table.words[word] for word in part.words[start:stop].tolist()])
        for start, stop in zip(part.sentence_offsets[:-1], part.sentence_offsets[1:])
    ]


class SpacyRecogniser:
    """spaCy's `ner` in a blank English pipeline, trained from scratch on the sentences of a part.

    Network, optimiser, dropout and batches are those of ``spacy init config --optimize efficiency``
    without word vectors. Its random numbers are those of the process.

    Args:
        dataset: sentences, tokens and labels, with a part ``train``.
        scheme: the tag scheme of the labels, ``bio`` or ``bioes``.
        seed: decides weights, order and dropout.

    Example::

        recogniser = SpacyRecogniser(data.dataset, "bioes", seed=0)
        loss = recogniser.train_epoch(1)
        labels = recogniser.tag(data.dataset.word_table, data.dataset.parts["valid"])
    """

    def __init__(self, dataset: Dataset, scheme: str, seed: int) -> None:
        from spacy.cli.init_config import init_config
        from spacy.schemas import ConfigSchemaTraining
        from spacy.util import fix_random_seed, load_model_from_config, registry

        # It says that a pipeline was made and initialised.
        logging.getLogger(SPACY).setLevel(logging.WARNING)
        fix_random_seed(seed)
        self._names, self._scheme, self._seed = dataset.vocabulary.labels, scheme, seed
        config = init_config(lang="en", pipeline=["ner"], optimize="efficiency", gpu=False)
        self._nlp = load_model_from_config(config, auto_fill=True)
        settings = registry.resolve(
            self._nlp.config.interpolate()["training"], schema=ConfigSchemaTraining
        )
        self._batches, self._dropout = settings["batcher"], settings["dropout"]
        self._examples = self._make_examples(dataset.word_table, dataset.parts["train"])
        self._optimiser = self._nlp.initialize(lambda: self._examples)

    def _make_examples(self, table: WordTable, part: EncodedPart) -> list[Any]:
        """Return the sentences with their gold entities, as tags in spaCy's letters."""
        from spacy.training import Example

        tags = label_names(part, part.labels, self._names)
        docs = sentence_docs(self._nlp.vocab, table, part)
        return [
            Example.from_dict(doc, {"entities": _biluo(own, unknown)})
            for doc, own, unknown in zip(docs, tags, part.unknown_by_sentence())
        ]

    def train_epoch(self, epoch: int) -> float:
        """Train on each sentence once.

        Args:
            epoch: number of the epoch, which decides the order.

        Returns:
            The mean loss of a sentence, in spaCy's unit.
        """
        examples = list(self._examples)
        random.Random(f"{self._seed} {epoch}").shuffle(examples)
        losses: dict[str, float] = {}
        for batch in self._batches(examples):
            self._nlp.update(batch, drop=self._dropout, sgd=self._optimiser, losses=losses)
            self._optimiser.step_schedules()
        return losses["ner"] / len(examples)

    def tag(self, table: WordTable, part: EncodedPart) -> np.ndarray:
        """Return the labels of all tokens of a part, int16 ``[tokens]``."""
        number = {name: index for index, name in enumerate(self._names)}
        labels = np.zeros(part.number_of_tokens, np.int16)
        found = self._nlp.pipe(sentence_docs(self._nlp.vocab, table, part))
        for doc, start in zip(found, part.sentence_offsets[:-1]):
            spans = [(entity.label_, entity.start, entity.end) for entity in doc.ents]
            tags = spans_to_tags(spans, len(doc), self._scheme)
            labels[start : start + len(doc)] = [number[tag] for tag in tags]
        return labels

    def weights(self) -> bytes:
        """Return the trained weights, for `restore`."""
        return bytes(self._nlp.to_bytes(exclude=["vocab", "tokenizer"]))

    def restore(self, weights: bytes) -> None:
        """Put weights that `weights` gave back."""
        self._nlp.from_bytes(weights, exclude=["vocab", "tokenizer"])


def _biluo(tags: Sequence[str], unknown: Collection[int] = ()) -> list[str]:
    """Return tags of any scheme as spaCy writes them: B, I, L (last), U (unit), O, and - (unknown).

    Args:
        tags: of the tokens of a sentence.
        unknown: the tokens in unknown regions, of which spaCy learns nothing.
    """
    letters = {"E": "L", "S": "U"}
    bioes = spans_to_tags(tags_to_spans(tags), len(tags), "bioes")
    biluo = [letters.get(tag[0], tag[0]) + tag[1:] for tag in bioes]
    return ["-" if number in unknown else tag for number, tag in enumerate(biluo)]
