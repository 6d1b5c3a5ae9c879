"""Predicted labels as annotation files beside a corpus, scored against its own annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from neuroner_tl.corpora.brat import format_annotations
from neuroner_tl.corpora.document import Entity
from neuroner_tl.corpora.reader import PartReader
from neuroner_tl.corpora.tags import tags_to_spans
from neuroner_tl.corpora.text_files import write_text_atomically
from neuroner_tl.dataset.encoding import EncodedPart
from neuroner_tl.evaluation.scoring import DocumentScorer, spans_of
from neuroner_tl.prediction.predictor import label_names


def write_predictions(
    reader: PartReader,
    part: EncodedPart,
    labels: np.ndarray,
    names: Sequence[str],
    folder: Path,
) -> DocumentScorer:
    """Write a part's predicted entities as ``.ann`` files.

    Args:
        reader: the part's documents, in the order of ``part``.
        part: the part as arrays.
        labels: predicted label of each token.
        names: the labels' names.
        folder: where to write; it is made.

    Returns:
        Exact matches of type and offsets against all entities of the documents, those included
        that the reader or the tag scheme had to leave out of training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scorer = DocumentScorer()
    spans = document_spans(part, labels, names)
    for document, found in zip(reader.documents(), spans):
        entities = [
            Entity(kind, ((start, end),), document.text[start:end]) for kind, start, end in found
        ]
        write_text_atomically(folder / f"{document.id}.ann", format_annotations(entities))
        scorer.add(document.id, spans_of(document.entities), spans_of(entities))
    return scorer


def document_spans(
    part: EncodedPart, labels: np.ndarray, names: Sequence[str]
) -> Iterator[list[tuple[str, int, int]]]:
    """For each document the entities that the labels say: type, start and end in the text."""
    tags = label_names(part, labels, names)
    for first, last in zip(part.document_offsets[:-1], part.document_offsets[1:]):
        found = []
        for sentence in range(first, last):
            offset = part.sentence_offsets[sentence]
            for kind, begin, after in tags_to_spans(next(tags)):
                start, end = part.starts[offset + begin], part.ends[offset + after - 1]
                found.append((kind, int(start), int(end)))
        yield found
