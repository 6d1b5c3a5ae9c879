"""From documents with entities to tagged sentences, and back.

Sequence labelling represents neither discontinuous nor overlapping entities, and entities end where
tokens end. Each way of handling those that do not fit is a named rule, counted in the report.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Optional

from neuroner_tl.corpora.document import (
    Document,
    Entity,
    Sentence,
    TaggedDocument,
    TaggedSentence,
)
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.sentences import segment
from neuroner_tl.corpora.text.tags import (
    TokenSpan,
    check_scheme,
    spans_to_tags,
    tags_to_spans,
)
from neuroner_tl.corpora.text.tokenizers import Tokenizer
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.spelling import one_of

OVERLAP_POLICIES = ("longest", "first", "error")
DISCONTINUOUS = "discontinuous entity"
ADJOINING = "fragments that adjoin, joined"
CROSSING = "entity crosses a sentence boundary"
WITHOUT_TOKEN = "entity without a token"
WIDENED = "boundary inside a token, widened"
OVERLAP = "entity nested in or overlapping another one"
SAME_TOKENS = "entity with the same tokens and type as another one"


def tag_document(
    document: Document,
    tokenizer: Tokenizer,
    scheme: str = "bio",
    overlap_policy: str = "longest",
    report: Optional[ImportReport] = None,
    protect_entities: bool = True,
) -> TaggedDocument:
    """Cut a document into tagged sentences.

    A token that shares a character with an unknown region, but not with a mention that tags
    represent, is unknown (`TaggedSentence.unknown`), wherever sentences end.

    Args:
        document: the text and its entities.
        tokenizer: used unless the document has tokens of its own.
        scheme: ``bio`` or ``bioes``.
        overlap_policy: of entities that share a token the ``longest`` is kept (of equal ones the
            first), or the ``first`` (of those that start together the longer), or it is an
            ``error``.
        report: the report of the document's reader; None counts nothing.
        protect_entities: never end a sentence inside an entity (for training); otherwise entities
            that cross a boundary are dropped.

    Raises:
        CorpusError: entities overlap and the policy is ``error``.
        ParameterError: unknown scheme or policy.
    """
    check_scheme(scheme)
    if overlap_policy not in OVERLAP_POLICIES:
        raise ParameterError(
            f"overlap_policy = {overlap_policy!r} is unknown, "
            f"expected {one_of(overlap_policy, OVERLAP_POLICIES)}"
        )
    if report is None:
        report = ImportReport()
        report.read(len(document.entities))
    sentences = segment(document, tokenizer, protect_entities, report)
    sentences = tuple(sentence for sentence in sentences if sentence.tokens)
    spans = _spans_of_sentences(document, sentences, report)
    text = document.text
    regions = _regions_of_sentences(document, sentences)
    tagged = []
    for number, (sentence, candidates) in enumerate(zip(sentences, spans)):
        chosen: list[TokenSpan] = []
        probability = 1.0
        if candidates:
            kept = _resolve_overlaps(candidates, overlap_policy, document, report)
            chosen = [span for span, _ in kept]
            probability = _product(entity.probability for _, entity in kept)
        starts = tuple([token.start for token in sentence.tokens])
        ends = tuple([token.end for token in sentence.tokens])
        tags = tuple(spans_to_tags(chosen, len(starts), scheme))
        unknown: tuple[str, ...] = ()
        outside_probability = 1.0
        if number in regions:
            unknown, outside_probability = _unknown_tags(regions[number], starts, ends, tags)
        tagged.append(
            TaggedSentence(
                tuple([text[start:end] for start, end in zip(starts, ends)]),
                starts,
                ends,
                tags,
                unknown,
                probability,
                outside_probability,
            )
        )
        report.tokens += len(starts)
    report.sentences += len(tagged)
    return TaggedDocument(
        document.id, tuple(tagged), document.entities, document.text, document.unknown
    )


def tagged_to_entities(
    document_text: str, sentence: TaggedSentence, tags: Optional[Sequence[str]] = None
) -> list[Entity]:
    """Return the entities of a sentence with their offsets in the document.

    Args:
        document_text: the text that the sentence's offsets count in.
        sentence: tokens and offsets.
        tags: predicted tags; None takes the sentence's own.
    """
    spans = tags_to_spans(sentence.tags if tags is None else tags)
    return [entity_of_span(document_text, sentence, span) for span in spans]


def entity_of_span(
    document_text: str,
    sentence: TaggedSentence,
    span: TokenSpan,
    probability: Optional[float] = None,
) -> Entity:
    """Return the entity of a sentence's tokens, with its offsets in the document."""
    entity_type, first, after = span
    start, end = sentence.starts[first], sentence.ends[after - 1]
    return Entity(entity_type, ((start, end),), document_text[start:end], probability)


def taggable_entities(
    document: Document, tokenizer: Tokenizer, overlap_policy: str = "longest"
) -> list[Entity]:
    """Return the entities of a document as tags represent them.

    Discontinuous, nested and overlapping ones are left out, and boundaries inside a token are
    widened, by the rules of `tag_document`.
    """
    if not document.entities:
        return []
    tagged = tag_document(document, tokenizer, overlap_policy=overlap_policy)
    return [e for s in tagged.sentences for e in tagged_to_entities(document.text, s)]


def _spans_of_sentences(
    document: Document, sentences: Sequence[Sentence], report: ImportReport
) -> list[list[tuple[TokenSpan, Entity]]]:
    """Return for each sentence the token spans of its entities, in the document's order."""
    found: list[list[tuple[TokenSpan, Entity]]] = [[] for _ in sentences]
    if not document.entities:
        return found
    sentence_starts = [sentence.tokens[0].start for sentence in sentences]
    boundaries: dict[
        int, tuple[list[int], list[int]]
    ] = {}  # starts and ends of a sentence's tokens
    for entity in document.entities:
        where = f"{document.id}: {entity.type} {entity.start}-{entity.end} {entity.text!r}"
        if len(entity.fragments) > 1:
            if any(a[1] != b[0] for a, b in zip(entity.fragments, entity.fragments[1:])):
                report.drop(DISCONTINUOUS, where)
                continue
            report.change(ADJOINING, where)
        start, end = entity.start, entity.end
        index = max(bisect_right(sentence_starts, start) - 1, 0)
        # An entity that begins in the white space after a sentence belongs to the next one.
        if index + 1 < len(sentences) and sentences[index].tokens[-1].end <= start:
            index += 1
        if not sentences or end <= sentences[index].tokens[0].start:
            report.drop(WITHOUT_TOKEN, where)
            continue
        if index + 1 < len(sentences) and end > sentence_starts[index + 1]:
            report.drop(CROSSING, where)
            continue
        tokens = sentences[index].tokens
        if index not in boundaries:
            boundaries[index] = [token.start for token in tokens], [token.end for token in tokens]
        starts, ends = boundaries[index]
        first, after = bisect_right(ends, start), bisect_left(starts, end)
        if first >= after:
            report.drop(WITHOUT_TOKEN, where)
            continue
        if tokens[first].start < start or tokens[after - 1].end > end:
            report.change(WIDENED, where)
        found[index].append(((entity.type, first, after), entity))
    return found


def _regions_of_sentences(
    document: Document, sentences: Sequence[Sentence]
) -> dict[int, list[Entity]]:
    """Return the unknown regions that each sentence may share characters with, if there are any."""
    found: dict[int, list[Entity]] = {}
    if not document.unknown:
        return found
    starts = [sentence.tokens[0].start for sentence in sentences]
    ends = [sentence.tokens[-1].end for sentence in sentences]
    for region in document.unknown:
        numbers: set[int] = set()
        for start, end in region.fragments:
            numbers.update(range(bisect_right(ends, start), bisect_left(starts, end)))
        for number in sorted(numbers):
            found.setdefault(number, []).append(region)
    return found


def _unknown_tags(
    regions: Sequence[Entity],
    starts: Sequence[int],
    ends: Sequence[int],
    tags: Sequence[str],
) -> tuple[tuple[str, ...], float]:
    """Return the tags of a sentence's unknown regions, and the probability that all are outside.

    Of regions that share a token, the first has it. There are no tags if no token is unknown.
    """
    found = ["O"] * len(starts)
    here = []
    for region in regions:
        tokens = {
            token
            for start, end in region.fragments
            for token in range(bisect_right(ends, start), bisect_left(starts, end))
            if tags[token] == "O"
        }
        own = {token for token in tokens if found[token] == "O"}
        for token in own:
            found[token] = f"{'I' if token - 1 in own else 'B'}-{region.type}"
        if tokens:
            here.append(region)
    if not here:
        return (), 1.0
    doubts = (None if r.probability is None else 1.0 - r.probability for r in here)
    return tuple(found), _product(doubts)


def _product(probabilities: Iterable[Optional[float]]) -> float:
    """Return the product of the probabilities that are known."""
    return math.prod(p for p in probabilities if p is not None)


def _resolve_overlaps(
    candidates: list[tuple[TokenSpan, Entity]],
    policy: str,
    document: Document,
    report: ImportReport,
) -> list[tuple[TokenSpan, Entity]]:
    """Return spans that share no token, in order; count the others as dropped."""

    def by_policy(candidate: tuple[TokenSpan, Entity]) -> tuple[int, int]:
        (_, first, after), _ = candidate
        return (first - after, first) if policy == "longest" else (first, first - after)

    chosen: dict[int, TokenSpan] = {}  # by token
    kept: list[tuple[TokenSpan, Entity]] = []
    for span, entity in sorted(candidates, key=by_policy):
        # The spans come in an order in which a rival holds the first or the last token.
        rivals = {chosen[token] for token in (span[1], span[2] - 1) if token in chosen}
        if not rivals:
            kept.append((span, entity))
            chosen.update((token, span) for token in range(span[1], span[2]))
            continue
        where = f"{document.id}: {entity.type} {entity.start}-{entity.end} {entity.text!r}"
        if rivals == {span}:
            report.drop(SAME_TOKENS, where)
        elif policy == "error":
            raise CorpusError(
                f"{where} overlaps another entity; correct the annotation, or set "
                "overlap_policy to longest or first"
            )
        else:
            report.drop(OVERLAP, where)
    return sorted(kept, key=lambda item: item[0][1])
