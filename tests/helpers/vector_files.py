"""A small file of word vectors, in every format."""

import gzip

import numpy as np
from gensim.models import KeyedVectors

WORDS = ["the", "cancer", "IL-2", "naïve", "β-catenin", "𝛼", "(", "p53"]
DIMENSION = 7
MATRIX = np.random.default_rng(3).normal(size=(len(WORDS), DIMENSION)).astype(np.float32)


def glove_text(words, matrix):
    rows = (" ".join([word, *(repr(float(x)) for x in row)]) for word, row in zip(words, matrix))
    return "".join(row + "\n" for row in rows).encode()


def save(path, kind, words=WORDS, matrix=MATRIX):
    """Write with gensim (binary, text) or by hand (glove)."""
    if kind == "glove":
        data = glove_text(words, matrix)
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        return path
    vectors = KeyedVectors(matrix.shape[1])
    vectors.add_vectors(words, matrix)
    vectors.save_word2vec_format(str(path), binary=kind == "binary", sort_attr=None)
    return path
