"""Word vectors trained by gensim, word2vec or fastText, on this project's tokens."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Optional, Union

from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.system.atomic_file import replacing
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.write_errors import writing
from neuroner_tl.vectors.settings import VectorSettings
from neuroner_tl.vectors.texts import find_text_files, iterate_token_sentences
from neuroner_tl.vectors.writing import check_ending, write_word_vectors

logger = logging.getLogger(__name__)

# gensim trains on this many words of a sentence at most and silently ignores the rest.
_LONGEST_SENTENCE = 10_000


@dataclass(frozen=True)
class TrainedVectors:
    """The outcome of a training.

    Attributes:
        documents: texts read.
        sentences: sentences in them.
        tokens: words in these, punctuation included.
        words: distinct words that have a vector.
        covered: share of the tokens that have a vector, 0 to 1.

    Example::

        trained = train_vectors("abstracts", "vectors.bin", VectorSettings(epochs=3))
        print(f"{trained.words} words have a vector")
    """

    documents: int
    sentences: int
    tokens: int
    words: int
    covered: float


def train_vectors(
    sources: Union[StrPath, Sequence[StrPath]],
    output: StrPath,
    settings: Optional[VectorSettings] = None,
) -> TrainedVectors:
    """Train word vectors on texts and write them to a file, whole or not at all.

    The texts are read and cut once, into an unnamed file on the disk of the output; so the memory
    needed is that of the vectors and of the distinct words, whatever the size of the texts.

    Args:
        sources: a file or folder, or several, see
            :func:`neuroner_tl.vectors.texts.find_text_files`.
        output: word2vec: a file that :func:`neuroner_tl.vectors.writing.vector_writer`
            knows; fastText: ``.bin``, a model in the format of the fastText program.
        settings: how to train; None takes the defaults.

    Raises:
        CorpusError: no word occurs ``min_count`` times, a text cannot be read, or the output
            cannot be written.
        ParameterError: the output's ending does not fit the method, or memory is too small.
    """
    output = Path(output)
    settings = VectorSettings() if settings is None else settings
    check_ending(output, model=settings.method == "fasttext")
    if isinstance(sources, (str, os.PathLike)):
        sources = [sources]
    files = find_text_files([Path(source) for source in sources])
    report = ImportReport()
    try:
        with writing(output):
            with tempfile.TemporaryFile(dir=output.parent) as file:
                _cut(files, settings, file, report)
                model = _train(_Sentences(file, report.tokens), settings)
            if settings.method == "fasttext":
                from gensim.models.fasttext import save_facebook_model

                with replacing(output) as temporary:
                    save_facebook_model(model, str(temporary))
            else:
                write_word_vectors(output, model.wv.index_to_key, model.wv.vectors)
    except MemoryError as error:
        raise ParameterError(
            f"memory is too small for vectors of dimension {settings.dimension} "
            f"({error}); lower the dimension or the buckets, or raise min_count"
        ) from error
    counted = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key)
    return TrainedVectors(
        report.documents, report.sentences, report.tokens, len(model.wv), counted / report.tokens
    )


def _cut(
    files: Sequence[Path], settings: VectorSettings, file: IO[bytes], report: ImportReport
) -> None:
    """Write the words of the texts, one sentence per line; words contain no white space."""
    tokenizer = get_tokenizer(settings.tokenizer)
    with _progress("reading texts", None) as bar:
        for tokens in iterate_token_sentences(files, tokenizer, settings.lowercase, report):
            for start in range(0, len(tokens), _LONGEST_SENTENCE):
                line = " ".join(tokens[start : start + _LONGEST_SENTENCE]) + "\n"
                file.write(line.encode("utf-8"))
            bar.update(len(tokens))
    file.flush()
    logger.info(
        "%d texts, %d sentences, %d words", report.documents, report.sentences, report.tokens
    )


class _Sentences:
    """The sentences of the tokenised texts, read again for every pass.

    gensim reads them in a thread of its own, in which an exception would leave the program
    waiting for ever: it ends the pass and is kept in ``error``.
    """

    def __init__(self, file: IO[bytes], tokens: int) -> None:
        self._file = file
        self.tokens = tokens
        self.error: Optional[Exception] = None
        self.stopped = False
        self.bar: Any = None

    def __iter__(self) -> Iterator[list[str]]:
        try:
            self._file.seek(0)
            for line in self._file:
                if self.stopped:
                    return
                words = line.decode("utf-8").split()
                yield words
                if self.bar is not None:
                    self.bar.update(len(words))
        except (OSError, ValueError) as error:
            self.error = error


def _train(sentences: _Sentences, settings: VectorSettings) -> Any:
    model = _make_model(settings)
    with _progress("counting words", sentences.tokens) as sentences.bar:
        model.build_vocab(sentences)
    if not len(model.wv):
        raise CorpusError(
            f"the texts have {sentences.tokens} words, but none of them "
            f"{settings.min_count} times; give more text or lower min_count"
        )
    name = f"training {len(model.wv):,} word vectors"
    with _progress(name, sentences.tokens * settings.epochs) as sentences.bar:
        try:
            model.train(
                sentences,
                total_examples=model.corpus_count,
                total_words=model.corpus_total_words,
                epochs=settings.epochs,
            )
        finally:
            sentences.stopped = True  # after Ctrl-C gensim's threads would read to the end
            sentences.bar = None
    if sentences.error is not None:
        raise sentences.error
    return model


def _progress(name: str, words: Optional[int]) -> Any:
    return progress_bar(total=words, desc=name, unit=" words", unit_scale=True, delay=2)


def _make_model(settings: VectorSettings) -> Any:
    from gensim.models import FastText, Word2Vec

    common: dict[str, Any] = {
        "vector_size": settings.dimension,
        "window": settings.window,
        "sg": 1,
        "hs": int(settings.negative == 0),
        "negative": settings.negative,
        "min_count": settings.min_count,
        "sample": settings.sample,
        "epochs": settings.epochs,
        "seed": settings.seed,
        "workers": settings.threads,
    }
    if settings.method == "word2vec":
        return Word2Vec(**common)
    return FastText(
        **common,
        min_n=settings.min_characters,
        max_n=settings.max_characters,
        bucket=settings.buckets,
    )
