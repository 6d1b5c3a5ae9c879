"""How good annotators and consensus are on gold train parts, by exact match.

What is learned from gold is scored by five-fold cross-fitting over documents: each document's
consensus comes from weights, words and blacklist that were learned without it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.scoring import Counts
from neuroner_tl.silver.cleaning.blacklist import build_blacklist
from neuroner_tl.silver.cleaning.following import follow_long_forms, without
from neuroner_tl.silver.cleaning.selection import SilverDocument
from neuroner_tl.silver.compared_form import compared_form
from neuroner_tl.silver.consensus.boundaries import BoundaryTable
from neuroner_tl.silver.consensus.consensus import Consensus, Sample, make_consensus
from neuroner_tl.silver.consensus.harmonise import Span, Vote, exact_vote, tolerant_vote
from neuroner_tl.silver.consensus.label_model import LabelModel
from neuroner_tl.silver.definition import FROM_GOLD, SilverDefinition
from neuroner_tl.silver.gold import FOLDS

logger = logging.getLogger(__name__)

PLAIN_VOTES = 2
_METHOD_NAMES = {
    "hmm": "label model",
    "learned": "learned vote",
    "stacked": "stacked classifier",
}


@dataclass
class Quality:
    """Scores and boundaries by gold corpus and by what was scored.

    Attributes:
        scores: exact matches.
        boundaries: boundaries compared with those of the gold entities.
        documents: number of gold documents by corpus.
        covered: how many of them each annotator covers; it is scored on these alone.

    Example::

        quality = measure(definition, sample, banned=set())
        for corpus, scores in quality.scores.items():
            print(corpus, {name: counts.f1 for name, counts in scores.items()})
    """

    scores: dict[str, dict[str, Counts]] = field(default_factory=dict)
    boundaries: dict[str, dict[str, BoundaryTable]] = field(default_factory=dict)
    documents: dict[str, int] = field(default_factory=dict)
    covered: dict[str, dict[str, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return all figures."""
        return {
            "scores": {
                corpus: {name: counts.to_json() for name, counts in rows.items()}
                for corpus, rows in self.scores.items()
            },
            "boundaries": {
                corpus: {name: table.to_json() for name, table in rows.items()}
                for corpus, rows in self.boundaries.items()
            },
            "covered": self.covered,
        }


def measure(
    definition: SilverDefinition,
    sample: Sample,
    banned: set[str],
    label_model: Optional[LabelModel] = None,
) -> Quality:
    """Score every annotator, every method and the consensus of the definition.

    Args:
        definition: how the consensus is made.
        sample: the gold documents.
        banned: the blacklist, where a given one is used.
        label_model: learned from other texts without gold; without it, the methods that need one
            are left out.
    """
    names = [source.name for source in definition.annotators]
    quality = Quality(documents=dict(Counter(sample.corpora)))
    rows: dict[str, list[Optional[list[Span]]]] = {
        name: [
            [span[:2] for span in given[name]] if name in given else None for given in sample.spans
        ]
        for name in names
    }
    for label, rule in (
        (f"exact vote, {PLAIN_VOTES}", exact_vote(names, PLAIN_VOTES)),
        (f"tolerant vote, {PLAIN_VOTES}", tolerant_vote(names, PLAIN_VOTES)),
    ):
        rows[label] = [_limits(votes) for votes in _apply(sample, Consensus(rule))]
    for method in _METHOD_NAMES:
        # The definition's own method is below, with all its steps.
        if method != definition.harmonise.method and (label_model or method == "learned"):
            plain = _with_method(definition, method)
            try:
                others = _cross_fitted(plain, sample, banned, label_model)
            except CorpusError as error:
                logger.info("%s, for comparison: %s", _METHOD_NAMES[method], error)
                continue
            for label, fitted in others.items():
                rows[label] = [*fitted]
    for label, fitted in _cross_fitted(definition, sample, banned, label_model).items():
        rows[label] = [*fitted]
    for label, spans in rows.items():
        for corpus, document, expected, found in zip(
            sample.corpora, sample.documents, sample.gold(), spans
        ):
            if label in names:
                covered = quality.covered.setdefault(corpus, dict.fromkeys(names, 0))
                covered[label] += found is not None
            if found is None:
                continue
            chosen = set(found)
            right = len(chosen & expected)
            counts = quality.scores.setdefault(corpus, {})
            counts[label] = counts.get(label, Counts()) + Counts(
                right, len(chosen) - right, len(expected) - right
            )
            tables = quality.boundaries.setdefault(corpus, {})
            if label not in names:
                tables.setdefault(label, BoundaryTable()).add(document, found)
    return quality


def _with_method(definition: SilverDefinition, method: str) -> SilverDefinition:
    """Return the definition with another method and its default threshold, without cleaning.

    What learns from gold learns adjacent words as well.
    """
    extend = method in ("learned", "stacked")
    changes = {"method": method, "threshold": None, "unknown_from": None, "extend": extend}
    return replace(
        definition,
        harmonise=definition.harmonise.model_copy(update=changes),
        clean=definition.clean.model_copy(update={"blacklist": None, "abbreviations": False}),
    )


def _cross_fitted(
    definition: SilverDefinition,
    sample: Sample,
    banned: set[str],
    label_model: Optional[LabelModel],
) -> dict[str, list[list[Span]]]:
    """Return the spans of the consensus, and of its stages where it has some."""
    settings = definition.harmonise
    clean = definition.clean
    stages: dict[str, list[list[Span]]] = {}
    size = len(sample.documents)
    labels = [_METHOD_NAMES.get(settings.method, f"{settings.method} vote")]
    if settings.extend:
        labels.append(f"{labels[-1]}, boundaries")
    if clean.blacklist is not None:
        labels.append(f"{labels[-1]}, blacklist")
    if clean.abbreviations:
        labels.append(f"{labels[-1]}, abbreviations")
    for label in labels:
        stages[label] = [[] for _ in range(size)]
    for fold in range(FOLDS):
        held = list(range(fold, size, FOLDS))
        rest = sample.take([i for i in range(size) if i % FOLDS != fold])
        consensus = make_consensus(definition, rest, label_model)
        held_out = sample.take(held)
        found = dict(zip(held, _apply(held_out, consensus)))
        votes_only = dict(zip(held, _apply(held_out, Consensus(consensus.rule))))
        if clean.blacklist == FROM_GOLD:
            texts = {
                compared_form(sample.documents[i].text[vote.start : vote.end])
                for i in held
                for vote in found[i]
            }
            entries = build_blacklist(texts, rest.documents, clean.blacklist_occurrences)
            banned = {entry.text for entry in entries}
        for i in held:
            document, rows = sample.documents[i], iter(labels[1:])
            stages[labels[0]][i] = _limits(votes_only[i])
            if settings.extend:
                stages[next(rows)][i] = _limits(found[i])
            cleaned = SilverDocument(document.id, document.text, tuple(found[i]))
            if clean.blacklist is not None:
                cleaned = without(cleaned, banned)
                stages[next(rows)][i] = _limits(cleaned.votes)
            if clean.abbreviations:
                cleaned = follow_long_forms(cleaned)
                stages[next(rows)][i] = _limits(cleaned.votes)
    return stages


def _apply(sample: Sample, consensus: Consensus) -> list[Sequence[Vote]]:
    texts = [document.text for document in sample.documents]
    return [decision.votes for decision in consensus.apply(texts, sample.spans)]


def _limits(votes: Sequence[Vote]) -> list[Span]:
    return [(vote.start, vote.end) for vote in votes]
