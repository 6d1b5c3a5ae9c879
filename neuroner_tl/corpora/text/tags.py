"""Tag sequences and spans of tokens: BIO, BIOES and how ill-formed sequences are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from neuroner_tl.errors import ParameterError

SCHEMES = ("bio", "bioes")

TokenSpan = tuple[str, int, int]  # type, first token, past the last token


def tags_to_spans(tags: Sequence[str]) -> list[TokenSpan]:
    """Return the chunks ``(type, first token, after last token)`` in order.

    Every sequence has a reading, that of NeuroNER, which turns BIOES into BIO and leaves the rest
    to conlleval: a chunk begins at B- or S-, and at I- or E- when the tag before is O or of another
    type; it ends before the next chunk begins and before O. So ``O I-X`` and ``B-X I-Y`` hold a
    chunk that begins with I-, an unfinished ``B-X I-X`` of BIOES is a whole chunk, and ``S-X E-X``
    is one chunk of two tokens: E- and S- by themselves do not end one.
    """
    spans: list[TokenSpan] = []
    current = ""  # type of the current chunk, empty if there is none
    first = 0
    for index, tag in enumerate(tags):
        entity_type = "" if tag == "O" else tag[2:]
        if tag[0] in "BS" or entity_type != current:
            if current:
                spans.append((current, first, index))
            current, first = entity_type, index
    if current:
        spans.append((current, first, len(tags)))
    return spans


def spans_to_tags(spans: Iterable[TokenSpan], length: int, scheme: str) -> list[str]:
    """Return the tags of a sentence of ``length`` tokens; the spans must not overlap.

    Raises:
        ParameterError: the scheme is neither ``bio`` nor ``bioes``.
        ValueError: a span is empty, outside the sentence, or overlaps another one.
    """
    check_scheme(scheme)
    tags = ["O"] * length
    for entity_type, first, after in spans:
        if not 0 <= first < after <= length or any(t != "O" for t in tags[first:after]):
            raise ValueError(f"span {entity_type} {first}-{after} does not fit {length} tokens")
        tags[first:after] = [f"I-{entity_type}"] * (after - first)
        if scheme == "bio":
            tags[first] = f"B-{entity_type}"
        elif after - first == 1:
            tags[first] = f"S-{entity_type}"
        else:
            tags[first] = f"B-{entity_type}"
            tags[after - 1] = f"E-{entity_type}"
    return tags


def convert_tags(tags: Sequence[str], scheme: str) -> list[str]:
    """Return the same chunks as well-formed tags of the scheme (``bio`` or ``bioes``)."""
    return spans_to_tags(tags_to_spans(tags), len(tags), scheme)


def may_follow(before: str, after: str, scheme: str) -> bool:
    """Tell whether one tag may follow another in a well-formed sequence.

    Outside a sentence every tag is ``O``: ``may_follow("O", tag, scheme)`` says whether a
    sentence may begin with a tag, ``may_follow(tag, "O", scheme)`` whether it may end with it.
    """
    check_scheme(scheme)
    inside = before[0] in "BI"
    if after[0] in "IE":
        return inside and before[2:] == after[2:]
    return scheme == "bio" or not inside


def check_scheme(scheme: str) -> None:
    """Raise ParameterError unless the tag scheme is known."""
    if scheme not in SCHEMES:
        raise ParameterError(f"tagging_format = {scheme!r} is unknown; use one of bio, bioes")
