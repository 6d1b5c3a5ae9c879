"""Probabilities of mentions by enumeration of all taggings: the oracle of their tests."""

from collections import Counter

import numpy as np
from numpy_network import all_paths

from neuroner_tl.corpora.text.tags import tags_to_spans


def enumerate_mentions(scores, crf, names, temperature=1.0):
    """The probability of every mention of a sentence, and of each label of each token.

    ``crf`` has transitions and scores of first and last labels; empty, labels are independent.
    """
    zero = np.zeros(len(names))
    found, labels = Counter(), np.zeros(scores.shape)
    ends = (
        (crf["transitions"], crf["start"], crf["end"])
        if crf
        else (np.outer(zero, zero), zero, zero)
    )
    paths = [(path, score / temperature) for path, score in all_paths(scores, *ends)]
    normaliser = np.logaddexp.reduce([score for _, score in paths])
    for path, score in paths:
        probability = np.exp(score - normaliser)
        labels[np.arange(len(path)), path] += probability
        for span in tags_to_spans([names[label] for label in path]):
            found[span] += probability
    return found, labels
