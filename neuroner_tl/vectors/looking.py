"""The contents of a word-vector file, and the nearest neighbours of a word."""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.dataset.word_vectors.fasttext_file import FastTextFile, is_fasttext_file
from neuroner_tl.dataset.word_vectors.look_up import token_forms
from neuroner_tl.dataset.word_vectors.word_vector_scan import check_is_file
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.numbers import fixed
from neuroner_tl.system.paths import StrPath
from neuroner_tl.vectors.reading import VectorFile, visit_vectors

_OTHER_DIGIT = re.compile(r"[1-9]")


@dataclass
class VectorFacts:
    """The contents of a word-vector file.

    Attributes:
        file: format, dimension and number of words.
        size: bytes on the disk.
        first: the first words, usually the most frequent ones.
        capitals: words with a capital letter; none in a file in lower case.
        digits: words with a digit from 1 to 9; none where digits were replaced by zero.
        mean_norm: mean length of the vectors.
        zeros: words whose vector is zero.

    Example::

        print(describe_vectors("pubmed-w2v-200d.bin.gz").summary())
    """

    file: VectorFile = field(default_factory=lambda: VectorFile("", 0, 0))
    size: int = 0
    first: list[str] = field(default_factory=list)
    capitals: int = 0
    digits: int = 0
    mean_norm: float = 0.0
    zeros: int = 0

    def summary(self) -> str:
        """Return the facts as text, a line each."""
        words = max(1, self.file.words)
        return "\n".join(
            [
                f"format:            {self.file.format}, {self.size:,} bytes",
                f"dimension:         {self.file.dimension} (token_embedding_dimension)",
                f"words:             {self.file.words:,}",
                f"with capitals:     {self.capitals:,} ({self.capitals / words:.1%})",
                f"with digits 1-9:   {self.digits:,} ({self.digits / words:.1%})",
                f"length of vectors: {self.mean_norm:.3f} on average, {self.zeros:,} are zero",
                f"first words:       {' '.join(self.first)}",
            ]
        )


def describe_vectors(path: StrPath, first: int = 10) -> VectorFacts:
    """Read a whole word-vector file and describe it.

    Args:
        path: any file that :func:`neuroner_tl.vectors.reading.visit_vectors` reads.
        first: how many of the first words to return.

    Raises:
        CorpusError: the file is missing, damaged or of another format.
    """
    path = Path(path)
    facts = VectorFacts()
    norms = [0.0]

    def visit(words: Sequence[str], matrix: np.ndarray) -> None:
        facts.first += words[: first - len(facts.first)]
        facts.capitals += sum(word != word.lower() for word in words)
        facts.digits += sum(_OTHER_DIGIT.search(word) is not None for word in words)
        lengths = np.linalg.norm(matrix.astype(np.float64), axis=1)
        norms.append(float(lengths.sum()))
        facts.zeros += int((lengths == 0).sum())

    facts.file = visit_vectors(path, visit)
    facts.size = path.stat().st_size
    facts.mean_norm = sum(norms) / max(1, facts.file.words)
    return facts


@dataclass(frozen=True)
class Nearest:
    """The nearest neighbours of a word.

    Attributes:
        form: the form under which the word was found; None if its vector was composed from its
            characters.
        words: the nearest words and their cosines, nearest first.

    Example:
        >>> print(Nearest("asthma", [("bronchitis", 0.8125)]).summary("Asthma"))
        Asthma is not in the file as written: found as asthma
         0.812  bronchitis
    """

    form: Optional[str]
    words: list[tuple[str, float]]

    def summary(self, word: str) -> str:
        """Return a line per word, preceded by the form that was found if it is not as written."""
        lines = []
        if self.form is None:
            lines.append(
                f"{word} is not in the file: its vector is composed from character n-grams"
            )
        elif self.form != word:
            lines.append(f"{word} is not in the file as written: found as {self.form}")
        lines += [f"{fixed(cosine, 3):>6}  {near}" for near, cosine in self.words]
        return "\n".join(lines)


def nearest_words(path: StrPath, word: str, number: int = 10) -> Nearest:
    """Find the words whose vectors have the largest cosine with that of a word.

    The file is read twice and never held in memory.

    Args:
        path: any file that :func:`neuroner_tl.vectors.reading.visit_vectors` reads.
        word: looked up as in training: as written, in lower case, with zeros for digits, both;
            a fastText model composes it if it has none of them.
        number: how many words to return.

    Raises:
        CorpusError: the word has no vector, or the file cannot be used.
        ParameterError: ``number`` is less than 1.
    """
    if number < 1:
        raise ParameterError(f"number: found {number}, expected at least 1")
    path = Path(path)
    check_is_file(path)
    form, target = _vector_of(path, word)
    best: list[tuple[float, int, str]] = []
    seen = {form}
    order = 0

    def visit(words: Sequence[str], matrix: np.ndarray) -> None:
        nonlocal order
        lengths = np.linalg.norm(matrix, axis=1)
        cosines = (matrix @ target) / np.where(lengths > 0, lengths, 1)
        for place in np.argsort(-cosines, kind="stable")[: number + len(seen)].tolist():
            if words[place] not in seen:
                # Of equal cosines, the word that comes first in the file.
                entry = (float(cosines[place]), -(order + place), words[place])
                (heapq.heappush if len(best) < number else heapq.heappushpop)(best, entry)
        order += len(words)

    visit_vectors(path, visit)
    return Nearest(form, [(found, cosine) for cosine, _, found in sorted(best, reverse=True)])


def _vector_of(path: Path, word: str) -> tuple[Optional[str], np.ndarray]:
    """Return the form under which a word is found and its vector, of length 1."""
    forms = token_forms(word, lowercase=True, digits=True)
    found: dict[str, np.ndarray] = {}

    def visit(words: Sequence[str], matrix: np.ndarray) -> None:
        for known, vector in zip(words, matrix.copy()):
            found.setdefault(known, vector)

    visit_vectors(path, visit, forms)
    form = next((form for form in forms if form in found), None)
    if form is not None:
        vector = found[form]
    elif is_fasttext_file(path):
        vector = FastTextFile(path).compose([word])[0][0]
    else:
        raise CorpusError(
            f"{path}: no vector for {word!r}, looked up as {', '.join(map(repr, forms))}; give a "
            "more frequent word, or use a fastText model"
        )
    length = float(np.linalg.norm(vector))
    if not length:
        raise CorpusError(f"{path}: the vector of {word!r} is zero, so that no word is near it")
    return form, vector / length
