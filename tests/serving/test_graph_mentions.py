"""Mentions in the graph: read as everywhere else, with the probabilities of `Marginals`."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from neuroner_tl.corpora.text.tags import tags_to_spans
from neuroner_tl.dataset.vocabulary import labels_of_types
from neuroner_tl.model.forward_backward import Lattice
from neuroner_tl.prediction.marginals import LabelRoles, Marginals
from neuroner_tl.serving.graph_mentions import Mentions, MentionSums, read_mentions

CASES = [(s, t) for s in ("bio", "bioes") for t in (("DISO",), ("CHED", "DISO"))]


def ends(lengths):
    offsets = np.cumsum([0, *lengths])
    first, last = np.zeros((2, offsets[-1]), bool)
    first[offsets[:-1]], last[offsets[1:] - 1] = True, True
    return offsets, first, last


@pytest.mark.parametrize("scheme, types", CASES)
def test_every_tagging_of_three_tokens_is_read_as_everywhere(scheme, types):
    names = labels_of_types(types, scheme)
    roles = LabelRoles.of(names)
    taggings = list(itertools.product(range(len(names)), repeat=3))
    offsets, first, last = ends([3] * len(taggings))
    found = read_mentions(tf.constant(np.ravel(taggings), tf.int32), first, last, roles)
    expected = [
        (kind, start + s, start + e)
        for start, tagging in zip(offsets.tolist(), taggings)
        for kind, s, e in tags_to_spans([names[label] for label in tagging])
    ]
    kinds = [roles.types[kind] for kind in found.types.numpy()]
    assert list(zip(kinds, found.first.numpy(), found.after.numpy())) == expected


@pytest.mark.parametrize("scheme, types", CASES)
def test_probabilities_are_those_of_marginals(scheme, types):
    roles = LabelRoles.of(labels_of_types(types, scheme))
    offsets, first, last = ends([4, 1, 6, 2])
    rng = np.random.default_rng(0)
    classes = len(roles.type_of)
    arrays = np.log(rng.dirichlet(np.ones(classes), (3, offsets[-1]))) - 1
    transitions = rng.normal(size=(classes, classes)) - 2
    marginals = Marginals(*arrays, transitions, first, last, roles)
    spans = [
        (kind, s, e)
        for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist())
        for s, e in itertools.combinations(range(start, stop + 1), 2)
        for kind in roles.types
    ]
    sums = MentionSums(Lattice(*map(tf.constant, arrays)), transitions, first, last, roles)
    mentions = Mentions(
        *(
            tf.constant(values, tf.int32)
            for values in zip(*((roles.types.index(kind), s, e) for kind, s, e in spans))
        )
    )
    expected = marginals.of_mentions(spans)
    assert 0 < np.median(expected) < 1
    np.testing.assert_allclose(sums.probabilities(mentions), expected, rtol=1e-9)


def test_no_mention():
    roles = LabelRoles.of(labels_of_types(("DISO",), "bio"))
    _, first, last = ends([2])
    mentions = read_mentions(tf.constant([0, 0]), first, last, roles)
    lattice = Lattice(*[tf.zeros((2, 3), tf.float64)] * 3)
    sums = MentionSums(lattice, tf.zeros((3, 3), tf.float64), first, last, roles)
    assert sums.probabilities(mentions).shape == (0,)
