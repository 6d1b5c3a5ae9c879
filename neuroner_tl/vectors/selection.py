"""Conversion of word vectors, and pruning to those that corpora and texts need."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.leaks import all_documents
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.sentences import segment
from neuroner_tl.corpora.text.tokenizers import Tokenizer, get_tokenizer
from neuroner_tl.dataset.word_vectors.fasttext_file import FastTextFile, is_fasttext_file
from neuroner_tl.dataset.word_vectors.look_up import (
    EmbeddingReport,
    compose_vectors,
    lookup_rows,
    token_forms,
)
from neuroner_tl.dataset.word_vectors.word_vector_file import WordVectors
from neuroner_tl.dataset.word_vectors.word_vector_scan import check_is_file
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.shown_text import escaped
from neuroner_tl.system.paths import StrPath
from neuroner_tl.vectors.reading import VectorFile, visit_vectors
from neuroner_tl.vectors.texts import find_text_files, iterate_token_sentences
from neuroner_tl.vectors.writing import check_ending, vector_writer, writable, write_word_vectors

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrunedVectors:
    """What pruning kept.

    Attributes:
        words: number of words written: every form under which a word of the corpora may be found.
        report: how the distinct words of the corpora are found.

    Example::

        pruned = prune_vectors("pubmed-w2v-200d.bin.gz", "small.bin", corpora=["my_corpus"])
        print(pruned.words, pruned.report.missing)
    """

    words: int
    report: EmbeddingReport


def prune_vectors(
    source: StrPath,
    output: StrPath,
    corpora: Sequence[StrPath] = (),
    texts: Sequence[StrPath] = (),
    tokenizer: str = "alnum",
) -> PrunedVectors:
    """Write the vectors that corpora need to a small file; training with it gives the same model.

    For each word, all four forms of the look-up that the file has are kept, so the parameters
    ``check_for_lowercase`` and ``check_for_digits_replaced_with_zeros`` stay free. A fastText
    model composes the vectors of words that it has in no form.

    Args:
        source: any file that :func:`neuroner_tl.vectors.reading.visit_vectors` reads.
        output: see :func:`neuroner_tl.vectors.writing.vector_writer`.
        corpora: folders of corpora, of which all parts count.
        texts: files and folders of texts to predict.
        tokenizer: ``alnum`` or ``spacy``, as for training.

    Raises:
        CorpusError: a file cannot be used or written, or no word has a vector.
        ParameterError: neither corpora nor texts, or the output's ending is unknown.
    """
    source, output = Path(source), Path(output)
    if not corpora and not texts:
        raise ParameterError("no corpora and no texts; give those whose words are needed")
    check_is_file(source)
    check_ending(output)
    read = _words([Path(c) for c in corpora], [Path(t) for t in texts], get_tokenizer(tokenizer))
    words = list(dict.fromkeys(read))
    wanted = {form for word in words for form in token_forms(word, True, True)}
    if is_fasttext_file(source):
        vectors = compose_vectors(FastTextFile(source), words, wanted, True, True)
    else:
        vectors = _read(source, wanted)
    kept = [word for word in vectors.index if writable(word)]
    if not kept:
        raise CorpusError(
            f"{source}: has a vector for none of the {len(words)} words; give word vectors of "
            "this language and domain"
        )
    index = {word: vectors.index[word] for word in kept}
    write_word_vectors(output, kept, vectors.matrix[list(index.values())])
    _, report = lookup_rows(words, index, True, True, vectors.composed)
    return PrunedVectors(len(kept), report)


def _read(source: Path, wanted: Collection[str]) -> WordVectors:
    """Read the wanted vectors of a file of any dimension."""
    index: dict[str, int] = {}
    rows: list[np.ndarray] = []

    def visit(words: Sequence[str], matrix: np.ndarray) -> None:
        for word, vector in zip(words, matrix):
            if word not in index:
                index[word] = len(rows)
                rows.append(vector.copy())

    visit_vectors(source, visit, wanted)
    return WordVectors(index, np.array(rows, np.float32))


def convert_vectors(source: StrPath, output: StrPath) -> VectorFile:
    """Write word vectors in the format of the output's ending, without holding them in memory.

    Words with white space, which no format can represent, are left out. Of a fastText model the
    vectors of its words are written; what composes those of other words is lost.

    Returns:
        Format and dimension of the source, and how many words were written.

    Raises:
        CorpusError: the source cannot be used, or the output cannot be written.
        ParameterError: the output's ending is unknown.
    """
    source, output = Path(source), Path(output)
    check_ending(output)
    count = 0

    def look(words: Sequence[str], matrix: np.ndarray) -> None:
        nonlocal count
        count += sum(map(writable, words))

    facts = visit_vectors(source, look)
    with vector_writer(output, count, facts.dimension) as add:

        def write(words: Sequence[str], matrix: np.ndarray) -> None:
            for word, vector in zip(words, matrix):
                if writable(word):
                    add(word, vector)

        visit_vectors(source, write)
    if count < facts.words:
        logger.warning("%d words with white space are left out", facts.words - count)
    return VectorFile(facts.format, facts.dimension, count)


def _words(corpora: Sequence[Path], texts: Sequence[Path], tokenizer: Tokenizer) -> Iterator[str]:
    """Yield the words of corpora and texts as training and prediction see them."""
    for folder in corpora:
        documents = all_documents(read_corpus(folder, required=()))
        for document in progress_bar(documents, desc=f"words of {escaped(folder.name)}", delay=2):
            for sentence in segment(document, tokenizer, protect_entities=True):
                for token in sentence.tokens:
                    yield document.text[token.start : token.end]
    files = find_text_files(texts)
    for tokens in iterate_token_sentences(files, tokenizer, False, ImportReport()):
        yield from tokens
