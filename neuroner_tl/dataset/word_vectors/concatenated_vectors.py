"""Word vectors from one file or from several, whose vectors are concatenated.

Vectors that were trained on different texts, or by different methods, know different things of a
word. With several files, a token has the vectors of all of them, one after the other; a file that
has no vector for any form of it contributes zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.dataset.word_vectors.fasttext_file import FastTextFile, is_fasttext_file
from neuroner_tl.dataset.word_vectors.look_up import lookup_rows, read_vectors_of, token_forms
from neuroner_tl.dataset.word_vectors.word_vector_file import WordVectors, file_dimension
from neuroner_tl.dataset.word_vectors.word_vector_scan import check_is_file
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.paths import expanded_path


def vector_files(value: Path) -> tuple[Path, ...]:
    """Return the files that a value of token_pretrained_embedding_filepath names.

    Args:
        value: the path of a file, or the paths of several with commas between them. A comma in
            the name of a file that exists separates nothing, nor do commas without a path.
    """
    text = str(value)
    if "," not in text or Path(text).is_file():
        return (Path(value),)
    files = (expanded_path(part.strip()) for part in text.split(",") if part.strip())
    return tuple(files) or (Path(value),)


def missing_file(value: Path) -> Optional[Path]:
    """Return the first file that a value names and that does not exist, if there is one."""
    return next((path for path in vector_files(value) if not path.is_file()), None)


def dimensions_of(files: Sequence[Path], dimension: int = 0) -> list[int]:
    """Return the dimension of each file, which together make up the vectors' dimension.

    Args:
        files: one or several; a single one is checked where it is read.
        dimension: expected length of the concatenated vectors; 0 for any.

    Raises:
        CorpusError: a file cannot be used, or the lengths do not add up.
    """
    if len(files) == 1 and dimension:
        return [dimension]
    for path in files:
        check_is_file(path)
    found = [
        FastTextFile(path).dimension if is_fasttext_file(path) else file_dimension(path)
        for path in files
    ]
    if dimension and sum(found) != dimension:
        names, sizes = ", ".join(map(str, files)), " + ".join(map(str, found))
        raise CorpusError(
            f"{names}: the word vectors have {sizes} = {sum(found)} dimensions together, but "
            f"token_embedding_dimension is {dimension}; make the two equal"
        )
    return found


def read_concatenated(
    words: Sequence[str],
    value: Path,
    dimension: int,
    lowercase: bool,
    digits: bool,
    all_vectors: bool = False,
) -> WordVectors:
    """Read the vectors that the look-up of words may need, from one file or several.

    Args:
        words: words as written.
        value: see `vector_files`.
        dimension: expected length of the vectors, concatenated.
        lowercase: see `neuroner_tl.dataset.word_vectors.look_up.token_forms`.
        digits: see there.
        all_vectors: read the vectors of all other words too.

    Raises:
        CorpusError: a file cannot be used, or the vectors have another length.
    """
    files = vector_files(value)
    parts = [
        read_vectors_of(words, path, size, lowercase, digits, all_vectors)
        for path, size in zip(files, dimensions_of(files, dimension))
    ]
    return parts[0] if len(parts) == 1 else concatenated(parts, words, lowercase, digits)


def concatenated(
    parts: Iterable[WordVectors], words: Sequence[str], lowercase: bool, digits: bool
) -> WordVectors:
    """Return vectors of all words of the parts, one part's after the other's.

    A word that a part has in another form only, such as in lower case, has that form's vector
    there; one that it has in no form has zeros. A word of the text that the parts have in
    different forms gets a row of its own, which has the vectors of all these forms.

    Args:
        parts: the vectors of each file.
        words: words of the text, as written.
        lowercase: see `neuroner_tl.dataset.word_vectors.look_up.token_forms`.
        digits: see there.

    Example::

        both = concatenated([general, biomedical], ["TP53"], lowercase=True, digits=True)
        both.matrix.shape[1]  # the sum of the two dimensions
    """
    parts = list(parts)
    known = dict.fromkeys(word for part in parts for word in part.index)
    known.update(dict.fromkeys(_with_several_forms(parts, words, lowercase, digits)))
    words = list(known)
    matrix = np.zeros((len(words), sum(part.matrix.shape[1] for part in parts)), np.float32)
    is_composed = np.ones(len(words), bool)
    column = 0
    for part in parts:
        size = part.matrix.shape[1]
        rows, _ = lookup_rows(words, part.index, lowercase, digits)
        found = rows >= 0
        matrix[found, column : column + size] = part.matrix[rows[found]]
        is_composed &= ~found | np.array([word in part.composed for word in words], bool)
        column += size
    composed = frozenset(word for word, own in zip(words, is_composed.tolist()) if own)
    return WordVectors({word: row for row, word in enumerate(words)}, matrix, composed)


def _with_several_forms(
    parts: Sequence[WordVectors], words: Sequence[str], lowercase: bool, digits: bool
) -> Iterator[str]:
    """Yield the words that no part has as written, and that the parts have in different forms."""
    for word in words:
        forms = token_forms(word, lowercase, digits)
        first = [next((form for form in forms if form in part.index), None) for part in parts]
        if word not in first and len(set(first) - {None}) > 1:
            yield word
