"""Temperature scaling: one number that makes a model's probabilities fit what is true.

A network trained to the end is surer than it is right. Guo et al. (2017) divide all its scores by a
temperature, which is fitted on data that it was not trained on; for a CRF that is the likelihood of
the gold taggings. The best tagging stays the same.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Optional, Union

import numpy as np

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.encoding import encode_documents
from neuroner_tl.dataset.new_words import NewVectors, look_up_new_words, open_vectors
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.model.entity_lstm import create_network
from neuroner_tl.prediction.tagger import Tagger
from neuroner_tl.system.paths import StrPath
from neuroner_tl.training.checkpoint import SavedModel, load_model
from neuroner_tl.training.manifest import MANIFEST, model_folder, update_record

# Name in a model's record of its training.
TEMPERATURE = "temperature"
LOWEST, HIGHEST = 0.1, 20.0
# A few sentences say little: without more, the temperature is 1, give or take a factor of 1.6.
PRIOR = 0.5
MAX_SENTENCES = 4000
# Sentences of similar length that are summed up side by side.
ROWS = 512


def temperature_of(model: SavedModel) -> float:
    """Return the temperature that is saved with a model; 1 for a model without one.

    Raises:
        CheckpointError: it is not a positive number.
    """
    value = model.training.get(TEMPERATURE, 1.0)
    if not _is_temperature(value):
        raise CheckpointError(
            f"{model.folder / MANIFEST}: temperature: found {value!r}, expected a positive number; "
            "copy the model's folder again, or fit it again"
        )
    return float(value)


def checked_temperature(value: float) -> float:
    """Return a temperature that a user gives.

    Raises:
        ParameterError: it is not a positive number.
    """
    if not _is_temperature(value):
        raise ParameterError(
            f"temperature: found {value!r}, expected a positive number, as fit_temperature returns"
        )
    return float(value)


def _is_temperature(value: object) -> bool:
    return isinstance(value, (int, float, np.floating)) and bool(0 < value < math.inf)


def save_temperature(folder: StrPath, temperature: float) -> None:
    """Put a temperature into the manifest of a model.

    Args:
        folder: the folder of a run or of its model.
        temperature: a positive number.

    Raises:
        CheckpointError: there is no model, or it is damaged.
        ParameterError: the temperature is not a positive number.
    """
    update_record(model_folder(Path(folder)), {TEMPERATURE: checked_temperature(temperature)})


def fit_temperature(
    model: Union[SavedModel, Path, str],
    documents: Iterable[Document],
    word_vectors: Optional[Path] = None,
) -> float:
    """Return the temperature that fits a model to annotated documents that it has not seen.

    Args:
        model: the model or its folder, which stays as it is; `save_temperature` changes it.
        documents: gold documents.
        word_vectors: see `Predictor`.

    Raises:
        CorpusError: no sentence can be used: all have unknown tokens or types.
    """
    if not isinstance(model, SavedModel):
        model = load_model(Path(model))
    tokenizer = get_tokenizer(model.text.tokenizer, model.text.language)
    cut = (tag_document(d, tokenizer, model.text.tagging_format) for d in documents)
    table, part = encode_documents(cut, model.vocabulary)
    new = None
    if word_vectors is not None:
        index = open_vectors(word_vectors, model.architecture.token_dimension)
        new = look_up_new_words(table, model.vocabulary, index)
    tagger = Tagger(create_network(model.architecture, model.weights))
    found = fit_to_part(tagger, table, part, new)
    if found is None:
        raise CorpusError(
            "no sentence to fit the temperature to: found none without unknown tokens whose types "
            f"the model {model.folder} knows; give documents with its types"
        )
    return found


def fit_to_part(
    tagger: Tagger, table: WordTable, part: EncodedPart, new: Optional[NewVectors] = None
) -> Optional[float]:
    """Return the temperature that fits a network to the labels of a part.

    Sentences with unknown tokens or labels are left out; of very many, evenly spaced ones count.

    Args:
        tagger: the network.
        table: the distinct words.
        part: the sentences with their gold labels.
        new: see `Tagger.tag`.

    Returns:
        The temperature; None if there is no sentence to fit it to.
    """
    open_tokens = part.labels < 0
    open_tokens[part.unknown_tokens] = True
    counts = np.concatenate([[0], np.cumsum(open_tokens)])[part.sentence_offsets]
    usable = np.flatnonzero(np.diff(counts) == 0)
    if not len(usable):
        return None
    if len(usable) > MAX_SENTENCES:
        usable = usable[np.linspace(0, len(usable) - 1, MAX_SENTENCES).astype(int)]
    lengths = part.lengths[usable]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    tokens = np.repeat(part.sentence_offsets[usable], lengths) + within
    chosen = dataclasses.replace(part, words=part.words[tokens], sentence_offsets=offsets)
    scores = tagger.score(table, chosen, new).astype(np.float64)
    crf = tagger.network.weights.get("crf", {})
    likelihood = TaggingLikelihood(
        scores,
        part.labels[tokens],
        offsets,
        {name: value.numpy().astype(np.float64) for name, value in crf.items()},
    )

    # Prediction imports this module, and this library would take a tenth of its start.
    from scipy.optimize import minimize_scalar

    def cost(logarithm: float) -> float:
        return likelihood.cost(math.exp(logarithm)) + logarithm**2 / (2 * PRIOR**2)

    bounds = math.log(LOWEST), math.log(HIGHEST)
    best = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return round(math.exp(best.x), 4)


class TaggingLikelihood:
    """How probable gold taggings are, at any temperature.

    Args:
        scores: ``[tokens, labels]``, from layer 5.
        labels: gold labels, ``[tokens]``.
        offsets: bounds of the sentences, ``[sentences + 1]``.
        crf: weights of layer 6; none if labels are independent.

    Example::

        likelihood = TaggingLikelihood(scores, labels, offsets, crf)
        print(likelihood.cost(1.0) - likelihood.cost(2.0))
    """

    def __init__(
        self,
        scores: np.ndarray,
        labels: np.ndarray,
        offsets: np.ndarray,
        crf: Mapping[str, np.ndarray],
    ) -> None:
        classes = scores.shape[1]
        self._transitions = crf.get("transitions", np.zeros((classes, classes)))
        scores = scores.copy()
        first, last = offsets[:-1], offsets[1:] - 1
        scores[first] += crf.get("start", 0.0)
        scores[last] += crf.get("end", 0.0)
        inner = np.ones(len(labels), bool)
        inner[last] = False
        before = np.flatnonzero(inner)
        self._gold = scores[np.arange(len(labels)), labels].sum()
        self._gold += self._transitions[labels[before], labels[before + 1]].sum()
        lengths = np.diff(offsets)
        order = np.argsort(-lengths, kind="stable")
        self._groups = []  # lengths, longest first, and scores [time, sentences, labels]
        for start in range(0, len(order), ROWS):
            members = order[start : start + ROWS]
            longest = lengths[members]
            tokens = first[members] + np.minimum(np.arange(longest[0])[:, None], longest - 1)
            self._groups.append((longest, scores[tokens]))

    def cost(self, temperature: float) -> float:
        """Return the negative log-likelihood of all taggings together."""
        transitions = self._transitions / temperature
        total = -self._gold / temperature
        for lengths, scores in self._groups:
            alpha = scores[0] / temperature
            for step in range(1, len(scores)):
                longer = int(np.searchsorted(-lengths, -step, side="left"))
                sums = _log_sum(alpha[:longer, :, None] + transitions)
                alpha[:longer] = scores[step, :longer] / temperature + sums
            total += _log_sum(alpha).sum()
        return float(total)


def _log_sum(values: np.ndarray) -> np.ndarray:
    """Return the logarithm of the sum of exponentials over axis 1."""
    highest = values.max(axis=1, keepdims=True)
    return np.log(np.exp(values - highest).sum(axis=1)) + highest.squeeze(1)
