"""From the spans of annotators to clean mentions: vote, learned boundaries, blacklist."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from neuroner_tl.corpora.document import Document
from neuroner_tl.silver.blacklist import key
from neuroner_tl.silver.boundaries import Extensions, learn_extensions
from neuroner_tl.silver.definition import SilverDefinition
from neuroner_tl.silver.harmonise import (
    Given,
    Span,
    Vote,
    VoteRule,
    exact_vote,
    harmonise,
    tolerant_vote,
)
from neuroner_tl.silver.learning import learn_rule


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
class Consensus:
    """A rule and what was learned with it.

    Attributes:
        rule: how votes are counted.
        extensions: words that belong to mentions.

    Example:
        >>> from neuroner_tl.silver.harmonise import tolerant_vote
        >>> consensus = Consensus(tolerant_vote(["lexicon", "tagger"], threshold=2))
        >>> [v.exact for v in consensus.apply("Asthma.", {"lexicon": [(0, 6)], "tagger": [(0, 6)]})]
        [('lexicon', 'tagger')]
    """

    rule: VoteRule
    extensions: Extensions = Extensions()

    def apply(self, text: str, spans: Given) -> list[Vote]:
        """Return the mentions of a text, in order, before any blacklist."""
        votes = harmonise(spans, self.rule)
        boundaries = self.extensions.apply(text, [(vote.start, vote.end) for vote in votes])
        return [replace(v, start=start, end=end) for v, (start, end) in zip(votes, boundaries)]


def make_consensus(definition: SilverDefinition, sample: Sample) -> Consensus:
    """Return the consensus of a definition, learned from the sample where the definition asks for
    it.

    Raises:
        CorpusError: weights cannot be learned from the sample.
    """
    settings = definition.harmonise
    names = [source.name for source in definition.annotators]
    if settings.method == "learned":
        rule = learn_rule(names, sample.spans, sample.gold())
    else:
        make = exact_vote if settings.method == "exact" else tolerant_vote
        rule = make(names, settings.threshold, settings.weights)
    if not settings.extend:
        return Consensus(rule)
    spans = [[(vote.start, vote.end) for vote in harmonise(given, rule)] for given in sample.spans]
    return Consensus(rule, learn_extensions(sample.documents, spans))


def without(text: str, votes: Sequence[Vote], banned: AbstractSet[str]) -> list[Vote]:
    """Return the mentions whose text is not on the blacklist."""
    return [vote for vote in votes if key(text[vote.start : vote.end]) not in banned]
