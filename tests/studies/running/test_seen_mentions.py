"""Which train documents decide whether a run has seen a mention."""

from types import SimpleNamespace

import pytest

from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.arms import System
from neuroner_tl.studies.running.record import gold_part


@pytest.mark.parametrize(
    "system, documents", [(None, 2), (System("spacy"), 2), (System("published", "x"), 6)]
)
def test_published_predictions_may_know_the_whole_train_part(corpora, system, documents):
    # Of 13 documents, 6 in train.
    run = SimpleNamespace(parameters=Parameters(train_size=16.0), system=system)
    job = SimpleNamespace(run=run, corpus=corpora.gold)
    assert len(gold_part(job, "train").mentions) == documents
    assert len(gold_part(job, "test").mentions) == 4
