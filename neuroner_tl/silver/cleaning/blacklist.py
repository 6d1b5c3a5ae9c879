"""Entities that gold documents mention and never annotate, so that silver ones should not either.

A text is on the blacklist if it occurs in the gold documents, at least a given number of times, and
none of its occurrences is a gold entity; texts that mostly occur inside longer or across other gold
entities stay off it, since there the boundaries differ, not the judgement. Only train parts may be
given: a list made from test documents would carry their labels into the silver corpus.

Occurrences that are abbreviations do not count: what ``MS`` stands for is for each text to say
(``following.py``), and a list has no context.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.text_files import read_lines
from neuroner_tl.corpora.text.abbreviations import is_short_form
from neuroner_tl.silver.annotators.lexicon import Lexicon, LexiconRules
from neuroner_tl.silver.compared_form import compared_form

_LITERAL = LexiconRules(symbol_length=0, plurals=False, abbreviations=False)


@dataclass(frozen=True)
class Banned:
    """A text on the blacklist.

    Attributes:
        text: in the form of `compared_form`.
        occurrences: how often it occurs in the gold documents.
        touched: how many of these share text with a gold entity.

    Example:
        >>> gold = Document("12", "A disease. This disease is not annotated.")
        >>> build_blacklist(["Disease"], [gold])
        [Banned(text='disease', occurrences=2, touched=0)]
    """

    text: str
    occurrences: int
    touched: int


def build_blacklist(
    texts: Iterable[str], gold: Iterable[Document], min_occurrences: int = 2
) -> list[Banned]:
    """Return which texts are never annotated in the gold documents, the most frequent first.

    Args:
        texts: texts of silver entities; others are not considered.
        gold: documents of train parts.
        min_occurrences: rarer texts stay off the list.
    """
    wanted = {compared_form(text) for text in texts}
    searched = [text for text in wanted if len(text) > 1 and any(map(str.isalpha, text))]
    if not searched:
        return []
    lexicon = Lexicon(searched, _LITERAL)
    counts: dict[str, list[int]] = {}
    for document in gold:
        text = document.text
        entities = {(entity.start, entity.end) for entity in document.entities}
        covered = bytearray(len(text))
        for start, end in entities:
            covered[start:end] = b"\1" * (end - start)
        for start, end in set(lexicon.matches(text)):
            name = compared_form(text[start:end])
            if name not in wanted or is_short_form(text, (start, end)):
                continue
            occurrences, exact, touched = counts.setdefault(name, [0, 0, 0])
            counts[name] = [
                occurrences + 1,
                exact + ((start, end) in entities),
                touched + any(covered[start:end]),
            ]
    banned = [
        Banned(name, occurrences, touched)
        for name, (occurrences, exact, touched) in counts.items()
        if occurrences >= min_occurrences and not exact and 2 * touched < occurrences
    ]
    return sorted(banned, key=lambda item: (-item.occurrences, item.text))


def read_blacklist(path: Path) -> set[str]:
    """Return the texts of a file, one per line, in the form of `compared_form`; tabs end the text.

    Raises:
        CorpusError: the file cannot be read.
    """
    found = (compared_form(line.split("\t", 1)[0]) for _, line in read_lines(path))
    return {text for text in found if text}
