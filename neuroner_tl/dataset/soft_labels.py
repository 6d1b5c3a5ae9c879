"""Soft labels: what a teacher says of each token, kept beside a corpus for a student.

The loss of a student's layer 6 is its expected negative log-likelihood under the teacher's
distribution over the taggings of a sentence. The score of a tagging is a sum over labels and
pairs of adjacent ones, and all positions share the transition scores; so that loss needs no more of
the teacher than the marginal of each label of each token and, for each sentence, how often a
transition is expected. It is the exact cross-entropy of the two distributions. Marginals of labels
alone would need the pairs to be independent, and then teach transitions that the teacher rules out.

The file has a row for each token in float16, and a small matrix for each sentence.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO, Optional

import numpy as np

from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.errors import CorpusError

# In the folder of a corpus, for its train part.
SOFT_LABELS = "soft_labels.npz"
# Marginals are kept as float16, each with an error of up to 0.0005.
_TOLERANCE = 0.02
# Whatever a damaged file makes its reader raise.
_DAMAGE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, zipfile.BadZipFile),
    *(zlib.error, MemoryError, NotImplementedError, RuntimeError, SyntaxError),
)


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """A teacher's marginals of the documents of a part.

    Attributes:
        labels: names of the labels, ``[labels]``.
        documents: names of the documents.
        document_offsets: bounds of their sentences, ``[documents + 1]``.
        sentence_offsets: bounds of the sentences' tokens, ``[sentences + 1]``.
        starts: first character of each token in its document, ``[tokens]``.
        marginals: probability of each label of each token, ``[tokens, labels]``.
        transitions: expected number of times that each label follows each other one,
            ``[sentences, labels, labels]``.

    Example::

        soft = read_soft_labels(Path("silver/soft_labels.npz"))
        soft.marginals.sum(axis=1)  # 1 at every token
    """

    labels: np.ndarray
    documents: np.ndarray
    document_offsets: np.ndarray
    sentence_offsets: np.ndarray
    starts: np.ndarray
    marginals: np.ndarray
    transitions: np.ndarray

    def write(self, file: BinaryIO) -> None:
        """Write the arrays to a file, compressed.

        Raises:
            OSError: it cannot be written.
        """
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays["marginals"] = self.marginals.astype(np.float16)
        arrays["transitions"] = self.transitions.astype(np.float32)
        np.savez_compressed(file, **arrays)


def read_soft_labels(path: Path) -> SoftLabels:
    """Read a file of soft labels.

    Raises:
        CorpusError: it is missing or damaged.
    """
    remedy = "write it again: neuroner-tl silver complete --soft-labels"
    try:
        with np.load(path, allow_pickle=False) as file:
            soft = SoftLabels(**{field.name: file[field.name] for field in fields(SoftLabels)})
        fault = _fault(soft)
    except FileNotFoundError as error:
        raise CorpusError(
            f"{path}: no such file, which soft_label_share needs; {remedy}, or set "
            "soft_label_share = 0"
        ) from error
    except _DAMAGE as error:
        raise CorpusError(f"{path}: no readable soft labels; {remedy}") from error
    if fault:
        raise CorpusError(f"{path}: damaged: {fault}; {remedy}")
    return soft


def _fault(soft: SoftLabels) -> Optional[str]:
    """Say what does not fit, if anything."""
    for name, kind in (("labels", "U"), ("documents", "U"), ("starts", "i")):
        values = getattr(soft, name)
        if values.ndim != 1 or values.dtype.kind != kind:
            what = "texts" if kind == "U" else "integers"
            return f"{name} are {values.dtype} {list(values.shape)}, expected a list of {what}"
    tokens, classes = len(soft.starts), len(soft.labels)
    shapes = {
        "marginals": (tokens, classes),
        "transitions": (len(soft.sentence_offsets) - 1, classes, classes),
    }
    for name, shape in shapes.items():
        values = getattr(soft, name)
        if values.shape != shape or values.dtype.kind != "f":
            return f"{name} are {values.dtype} {list(values.shape)}, expected {list(shape)}"
        if not np.isfinite(values).all() or (values < 0).any():
            return f"{name} are not all finite numbers of at least 0"
    if not np.allclose(soft.marginals.sum(axis=1, dtype=np.float64), 1, atol=_TOLERANCE):
        return "marginals of a token do not add up to 1"
    for name, last, number in (
        ("sentence_offsets", tokens, None),
        ("document_offsets", shapes["transitions"][0], len(soft.documents)),
    ):
        offsets = getattr(soft, name)
        fits = offsets.ndim == 1 and offsets.dtype.kind == "i" and len(offsets)
        fits = fits and offsets[0] == 0 and offsets[-1] == last and (np.diff(offsets) >= 0).all()
        if not fits or (number is not None and number != len(offsets) - 1):
            return f"{name} are not those of the arrays"
    lengths = np.diff(soft.sentence_offsets)
    pairs = soft.transitions.sum(axis=(1, 2), dtype=np.float64)
    if not np.allclose(pairs, np.maximum(lengths - 1, 0), rtol=_TOLERANCE, atol=_TOLERANCE):
        return "transitions of a sentence are not one fewer than its tokens"
    return None


@dataclass(frozen=True, eq=False)
class Targets:
    """The distribution over taggings that each sentence of a part is to be given.

    Attributes:
        labels: probability of each label of each token, float32 ``[tokens, labels]``.
        transitions: expected number of each transition, float32 ``[sentences, labels, labels]``.

    Example::

        targets = soft_targets(part, part.labels, names, soft, share=0.5, place="soft_labels.npz")
    """

    labels: np.ndarray
    transitions: np.ndarray


def soft_targets(
    part: EncodedPart,
    known: np.ndarray,
    names: Sequence[str],
    soft: SoftLabels,
    share: float,
    place: Path,
) -> Targets:
    """Combine the labels of a part with a teacher's.

    A sentence with tokens that may have any label has the teacher's alone, and a document that the
    teacher has not seen has its own alone. The last document may lack its last sentences, as with
    the parameter ``debug``.

    Args:
        part: the sentences.
        known: label of each token, ``[tokens]``; -1 where it may have any.
        names: names of the labels.
        soft: the teacher's.
        share: of the teacher's distribution, above 0 and at most 1.
        place: the file, for errors.

    Raises:
        CorpusError: labels or tokens are others than the teacher's, or a document without soft
            labels has tokens that may have any label.
    """
    if sorted(soft.labels.tolist()) != sorted(names):
        raise CorpusError(
            f"{place}: found the labels {', '.join(soft.labels.tolist())}, expected those of the "
            f"corpus, {', '.join(names)}; use a teacher of the same types and tagging_format"
        )
    columns = [soft.labels.tolist().index(name) for name in names]
    classes, offsets = len(names), part.sentence_offsets
    labels = np.zeros((len(known), classes), np.float32)
    tokens = np.flatnonzero(known >= 0)
    labels[tokens, known[tokens]] = 1.0
    transitions = np.zeros((part.number_of_sentences, classes, classes), np.float32)
    sentence_of = np.repeat(np.arange(part.number_of_sentences), part.lengths)
    before = np.flatnonzero(sentence_of[:-1] == sentence_of[1:])
    before = before[(known[before] >= 0) & (known[before + 1] >= 0)]
    np.add.at(transitions, (sentence_of[before], known[before], known[before + 1]), 1.0)
    is_open = np.zeros(part.number_of_sentences, bool)
    is_open[sentence_of[known < 0]] = True
    number = {name: index for index, name in enumerate(soft.documents.tolist())}
    if number.keys().isdisjoint(part.document_ids):
        raise CorpusError(
            f"{place}: has soft labels of no document of the train part; take the file of this "
            "corpus, or set soft_label_share = 0"
        )
    for document, name in enumerate(part.document_ids):
        first, last = part.document_offsets[document : document + 2]
        theirs = number.get(name)
        if theirs is None:
            if is_open[first:last].any():
                raise CorpusError(
                    f"{place}: has no soft labels of {name}, which has unknown regions; write it "
                    "again, or set unknown_tokens = outside"
                )
            continue
        start, end = soft.document_offsets[theirs : theirs + 2]
        stop = start + last - first
        may_be_cut = document == len(part.document_ids) - 1
        own, other = offsets[first : last + 1], soft.sentence_offsets[start : stop + 1]
        here, there = slice(own[0], own[-1]), slice(other[0], other[-1])
        if (
            stop > end
            or (stop < end and not may_be_cut)
            or not np.array_equal(own - own[0], other - other[0])
            or not np.array_equal(part.starts[here], soft.starts[there])
        ):
            raise CorpusError(
                f"{place}: the tokens of {name} are not those of the corpus; write it again with "
                "a teacher that has the same tokenizer"
            )
        weights = np.where(is_open[first:last], 1.0, share)
        marginals = soft.marginals[there][:, columns].astype(np.float32)
        marginals /= np.maximum(marginals.sum(axis=1, keepdims=True), 1e-6)
        of_tokens = np.repeat(weights, np.diff(own)).astype(np.float32)[:, None]
        labels[here] += of_tokens * (marginals - labels[here])
        expected = soft.transitions[start:stop][:, columns][:, :, columns]
        of_sentences = weights.astype(np.float32)[:, None, None]
        transitions[first:last] += of_sentences * (expected - transitions[first:last])
    return Targets(labels, transitions)
