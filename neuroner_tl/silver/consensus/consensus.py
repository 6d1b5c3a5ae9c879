"""From the spans of annotators to mentions: vote or label model, and learned boundaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Optional, Union

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.text.spans import DisjointSpans
from neuroner_tl.silver.consensus.boundaries import Extensions, learn_extensions
from neuroner_tl.silver.consensus.harmonise import (
    Given,
    Span,
    Vote,
    VoteRule,
    candidates,
    exact_vote,
    harmonise,
    tolerant_vote,
)
from neuroner_tl.silver.consensus.label_model import LabelModel, Posterior
from neuroner_tl.silver.consensus.learning import learn_rule
from neuroner_tl.silver.consensus.stacking import CandidateClassifier, learn_classifier
from neuroner_tl.silver.definition import SilverDefinition


@dataclass(frozen=True)
class Sample:
    """Gold documents with the annotators' spans: what rules are learned from and scored on.

    Attributes:
        documents: gold documents of train parts, with entities of the one type.
        spans: for each document the spans of each annotator that covers it.
        corpora: for each document the name of its corpus.

    Example::

        sample = Sample([document], [{"lexicon": [(0, 6)]}], ["NCBI-Disease"])
        sample.gold()  # for each document the spans of its gold entities
    """

    documents: Sequence[Document]
    spans: Sequence[Given]
    corpora: Sequence[str]

    def gold(self) -> list[set[Span]]:
        """Return the gold spans of each document."""
        return [{(e.start, e.end) for e in document.entities} for document in self.documents]

    def take(self, positions: Sequence[int]) -> Sample:
        """Return some of the documents."""
        return Sample(
            [self.documents[i] for i in positions],
            [self.spans[i] for i in positions],
            [self.corpora[i] for i in positions],
        )


@dataclass(frozen=True)
class PosteriorRule:
    """Mentions by the probabilities of a label model, or of a classifier.

    Attributes:
        model: what gives each candidate its probability.
        threshold: minimum probability of a mention; of mentions that overlap the likeliest stays.
        boundaries: annotators whose spans take precedence over likelier ones of others.

    Example::

        rule = PosteriorRule(learn_label_model(names, texts, spans), threshold=0.5)
        decisions = list(Consensus(rule).apply(texts, spans))
    """

    model: Union[LabelModel, CandidateClassifier]
    threshold: float
    boundaries: AbstractSet[str] = frozenset()

    @property
    def name(self) -> str:
        """The rule in words, such as ``label model, probability of at least 0.5``."""
        kind = "label model" if isinstance(self.model, LabelModel) else "classifier of candidates"
        return f"{kind}, probability of at least {self.threshold:g}"

    def to_json(self) -> dict[str, Any]:
        """Return the threshold and what was learned of each annotator."""
        return {"name": self.name, "threshold": self.threshold, **self.model.to_json()}


@dataclass(frozen=True)
class Decision:
    """The consensus on one text.

    Attributes:
        votes: the mentions, in order, none overlapping.
        unknown: regions that may or may not belong to a mention, in order, outside all mentions.

    Example:
        >>> Decision([Vote(0, 6, ("lexicon", "tagger"), (), 2.0)], [(16, 21)]).unknown
        [(16, 21)]
    """

    votes: Sequence[Vote]
    unknown: Sequence[Span] = ()


@dataclass(frozen=True)
class Consensus:
    """A rule and what was learned with it.

    Attributes:
        rule: how annotations become mentions.
        extensions: words that belong to mentions.
        unknown_from: support or probability from which text that is in no mention is unknown
            rather than outside; None calls everything else outside.

    Example:
        >>> from neuroner_tl.silver.consensus.harmonise import tolerant_vote
        >>> consensus = Consensus(tolerant_vote(["lexicon", "tagger"], threshold=2))
        >>> (decision,) = consensus.apply(["Asthma."], [{"lexicon": [(0, 6)], "tagger": [(0, 6)]}])
        >>> [vote.exact for vote in decision.votes]
        [('lexicon', 'tagger')]
    """

    rule: Union[VoteRule, PosteriorRule]
    extensions: Extensions = Extensions()
    unknown_from: Optional[float] = None

    def apply(self, texts: Sequence[str], spans: Sequence[Given]) -> Iterator[Decision]:
        """Yield the mentions and unknown regions of each text, before any blacklist."""
        if isinstance(self.rule, PosteriorRule):
            decided = _by_posterior(self.rule, self.unknown_from, texts, spans)
        else:
            decided = _by_vote(self.rule, self.unknown_from, spans)
        for text, decision in zip(texts, decided):
            limits = [(vote.start, vote.end) for vote in decision.votes]
            votes = [
                replace(vote, start=start, end=end)
                for vote, (start, end) in zip(decision.votes, self.extensions.apply(text, limits))
            ]
            yield Decision(votes, _outside(decision.unknown, votes))


def make_consensus(
    definition: SilverDefinition, sample: Sample, label_model: Optional[LabelModel] = None
) -> Consensus:
    """Return the consensus of a definition, learned from the sample where the definition asks for
    it.

    Args:
        definition: the definition.
        sample: the gold documents to learn from.
        label_model: learned from the texts; the methods ``hmm`` and ``stacked`` need it.

    Raises:
        CorpusError: weights cannot be learned from the sample.
    """
    settings = definition.harmonise
    names = [source.name for source in definition.annotators]
    boundaries = frozenset(settings.boundaries)
    rule: Union[VoteRule, PosteriorRule]
    if settings.uses_label_model:
        assert label_model is not None
        model: Union[LabelModel, CandidateClassifier] = label_model
        if settings.method == "stacked":
            texts = [document.text for document in sample.documents]
            model = learn_classifier(label_model, texts, sample.spans, sample.gold())
        rule = PosteriorRule(model, settings.minimum, boundaries)
    elif settings.method == "learned":
        rule = learn_rule(names, sample.spans, sample.gold())
    else:
        make = exact_vote if settings.method == "exact" else tolerant_vote
        rule = replace(make(names, settings.minimum, settings.weights), boundaries=boundaries)
    consensus = Consensus(rule, unknown_from=settings.unknown_from)
    if not settings.extend:
        return consensus
    texts = [document.text for document in sample.documents]
    spans = [
        [(vote.start, vote.end) for vote in decision.votes]
        for decision in consensus.apply(texts, sample.spans)
    ]
    return replace(consensus, extensions=learn_extensions(sample.documents, spans))


def _by_vote(
    rule: VoteRule, unknown_from: Optional[float], spans: Sequence[Given]
) -> Iterator[Decision]:
    for given in spans:
        votes = harmonise(given, rule)
        if unknown_from is None:
            yield Decision(votes)
            continue
        weaker = harmonise(given, replace(rule, threshold=unknown_from))
        yield Decision(votes, _merged((vote.start, vote.end) for vote in weaker))


def _by_posterior(
    rule: PosteriorRule,
    unknown_from: Optional[float],
    texts: Sequence[str],
    spans: Sequence[Given],
) -> Iterator[Decision]:
    for given, posterior in zip(spans, rule.model.posteriors(texts, spans)):
        votes = _choose(rule, posterior, candidates(given))
        unknown: list[Span] = []
        if unknown_from is not None:
            unknown = _runs(posterior.tokens, (posterior.inside >= unknown_from).tolist())
        yield Decision(votes, unknown)


def _choose(rule: PosteriorRule, posterior: Posterior, voters: Sequence[Vote]) -> list[Vote]:
    """Return the mentions among the candidates of a text, in order, with their probabilities."""
    by_span = {(vote.start, vote.end): vote for vote in voters}

    def rank(candidate: tuple[Span, float]) -> tuple[bool, float, int, Span]:
        """Return what sorts the best candidate first: of equals the longer one."""
        span, probability = candidate
        others_only = rule.boundaries.isdisjoint(by_span[span].exact)
        return others_only, -probability, span[0] - span[1], span

    chosen: dict[Span, float] = {}
    taken = DisjointSpans()
    for span, probability in sorted(posterior.candidates, key=rank):
        if probability >= rule.threshold and not taken.share_text(span):
            chosen[span] = probability
            taken.add(span)
    return [
        replace(by_span[span], support=chosen[span], probability=chosen[span])
        for span in sorted(chosen)
    ]


def _runs(tokens: Sequence[Span], marked: Sequence[bool]) -> list[Span]:
    """Return the regions of consecutive marked tokens."""
    runs: list[Span] = []
    continues = False
    for (start, end), inside in zip(tokens, marked):
        if inside and continues:
            runs[-1] = runs[-1][0], end
        elif inside:
            runs.append((start, end))
        continues = inside
    return runs


def _merged(spans: Iterator[Span]) -> list[Span]:
    """Return sorted regions, those that overlap as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _outside(regions: Sequence[Span], votes: Sequence[Vote]) -> list[Span]:
    """Return what is left of sorted regions without the mentions, none of which overlap."""
    left: list[Span] = []
    mentions = DisjointSpans((vote.start, vote.end) for vote in votes)
    for start, end in regions:
        for first, past in mentions.sharing((start, end)):
            if start < first:
                left.append((start, first))
            start = past
        if start < end:
            left.append((start, end))
    return left
