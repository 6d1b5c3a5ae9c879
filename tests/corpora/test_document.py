"""Entities as values."""

from neuroner_tl.corpora.document import Entity


def test_probabilities_do_not_tell_entities_apart():
    """Sets and comparisons of predicted and gold entities look at the mention alone."""
    gold = Entity("DISO", ((0, 6),), "Asthma")
    predicted = Entity("DISO", ((0, 6),), "Asthma", probability=0.7)
    assert gold == predicted and {gold} == {predicted}
    assert gold.probability is None and predicted.probability == 0.7
