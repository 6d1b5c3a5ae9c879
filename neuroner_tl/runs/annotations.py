"""Predicted labels as annotation files beside a corpus, scored against its own annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from neuroner_tl.corpora.document import Document, Entity, TaggedDocument, TaggedSentence
from neuroner_tl.corpora.reader import PartReader
from neuroner_tl.corpora.text.tags import tags_to_spans
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.label_names import label_names
from neuroner_tl.evaluation.scoring import DocumentScores, score_documents
from neuroner_tl.runs.prediction_files import PredictionFiles


def write_predictions(
    reader: PartReader,
    part: EncodedPart,
    words: Sequence[str],
    labels: np.ndarray,
    names: Sequence[str],
    folder: Path,
) -> DocumentScores:
    """Write a part's predicted entities; see `PredictionFiles`.

    Offsets and gold annotations are those that were read. What a mention says is looked up in the
    text on disk, and put together from the tokens if that is not the text that was read.

    Args:
        reader: where the part was read from.
        part: the part as arrays.
        words: the words that the arrays index.
        labels: predicted label of each token.
        names: the labels' names.
        folder: where to write; it is made.

    Returns:
        Exact matches of type and offsets against all annotations of the documents, those included
        that the tag scheme had to leave out of training.
    """
    with PredictionFiles(folder, reader) as files:
        return score_documents(_written(reader, part, words, labels, names, files))


def _written(
    reader: PartReader,
    part: EncodedPart,
    words: Sequence[str],
    labels: np.ndarray,
    names: Sequence[str],
    files: PredictionFiles,
) -> Iterator[tuple[Document, Document]]:
    """Write the documents of a part; yield each with its gold and with its predicted entities."""
    for number, (name, found) in enumerate(
        zip(part.document_ids, document_spans(part, labels, names))
    ):
        text = reader.text_of(name)
        if text is None or not part.gold.has_text(number, text):
            text = text_of_tokens(part, words, number)
        gold_entities, regions = part.gold.entities(number, text), part.gold.unknown(number, text)
        annotated = Document(name, text, gold_entities, unknown=regions)
        entities = [Entity(kind, ((start, end),), text[start:end]) for kind, start, end in found]
        predicted = Document(name, text, tuple(entities))
        if files.has_columns:
            gold = tagged_document(part, words, part.labels, names, number)
            tagged = tagged_document(part, words, labels, names, number)
            files.add(predicted, gold, [sentence.tags for sentence in tagged.sentences])
        else:
            files.add(predicted)
        yield annotated, predicted


def tagged_document(
    part: EncodedPart, words: Sequence[str], labels: np.ndarray, names: Sequence[str], document: int
) -> TaggedDocument:
    """Return a document of a part, with these labels as its tags."""
    table = [*names, "O"]  # The last one for a label of -1.
    sentences = []
    for sentence in range(part.document_offsets[document], part.document_offsets[document + 1]):
        own = slice(part.sentence_offsets[sentence], part.sentence_offsets[sentence + 1])
        sentences.append(
            TaggedSentence(
                tuple(words[word] for word in part.words[own]),
                tuple(part.starts[own].tolist()),
                tuple(part.ends[own].tolist()),
                tuple(table[label] for label in labels[own]),
            )
        )
    return TaggedDocument(part.document_ids[document], tuple(sentences))


def text_of_tokens(part: EncodedPart, words: Sequence[str], document: int) -> str:
    """Join tokens into a text: spaces within sentences, a line break between them.

    That is what a CoNLL file says of a text, to the letter. Of another text white space may differ,
    and what follows its last token is missing.
    """
    pieces: list[str] = []
    position = 0
    first, last = part.document_offsets[document], part.document_offsets[document + 1]
    for sentence in range(first, last):
        begin, end = part.sentence_offsets[sentence], part.sentence_offsets[sentence + 1]
        gap = "\n" if sentence > first else " "
        for word, start, stop in zip(
            part.words[begin:end].tolist(),
            part.starts[begin:end].tolist(),
            part.ends[begin:end].tolist(),
        ):
            pieces.append(gap * (start - position))
            pieces.append(words[word])
            position, gap = stop, " "
    return "".join(pieces)


def document_spans(
    part: EncodedPart, labels: np.ndarray, names: Sequence[str]
) -> Iterator[list[tuple[str, int, int]]]:
    """Yield the entities of each document by its labels: type, start and end in the text."""
    tags = label_names(part, labels, names)
    for first, last in zip(part.document_offsets[:-1], part.document_offsets[1:]):
        found = []
        for sentence in range(first, last):
            offset = part.sentence_offsets[sentence]
            for kind, begin, after in tags_to_spans(next(tags)):
                start, end = part.starts[offset + begin], part.ends[offset + after - 1]
                found.append((kind, int(start), int(end)))
        yield found
