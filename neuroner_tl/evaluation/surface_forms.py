"""How often documents have surface forms, the texts of mentions, and annotate them.

Forms are compared word by word, ignoring case and white space. A word is a run of letters, digits
and underscores; any other character is one by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from neuroner_tl.corpora.document import Document

Form = tuple[str, ...]
_WORD = re.compile(r"\w+|[^\w\s]")


class Occurrences(NamedTuple):
    """How often documents have a surface form.

    Attributes:
        number: how often it occurs.
        annotated: how often it is a mention, of any type.

    Example:
        >>> Occurrences(number=12, annotated=7).is_mostly_annotated
        True
    """

    number: int
    annotated: int

    @property
    def is_mostly_annotated(self) -> bool:
        """Whether it occurs, and at least half of its occurrences are annotated."""
        return self.number > 0 and 2 * self.annotated >= self.number


def surface_form(text: str) -> Form:
    """Return the words of a text, in one case.

    Example:
        >>> surface_form("Bcl-2  protein")
        ('bcl', '-', '2', 'protein')
    """
    return tuple(word for word, _, _ in _words(text))


def count_occurrences(
    forms: Iterable[Form], documents: Iterable[Document]
) -> dict[Form, Occurrences]:
    """Count how often documents have surface forms, and how often they annotate them.

    Occurrences inside a longer mention count as not annotated. Mentions of several fragments are
    no occurrence.

    Args:
        forms: the forms; of those without a word, there are none.
        documents: whole documents.

    Example:
        >>> from neuroner_tl.corpora.document import Entity
        >>> gout = Entity("DISO", ((0, 4),), "Gout")
        >>> document = Document("12", "Gout, or gout.", (gout,))
        >>> count_occurrences([("gout",)], [document])
        {('gout',): Occurrences(number=2, annotated=1)}
    """
    wanted = set(forms) - {()}
    lengths: dict[str, set[int]] = {}
    for form in wanted:
        lengths.setdefault(form[0], set()).add(len(form))
    counts = {form: [0, 0] for form in wanted}
    for document in documents:
        annotated = {e.fragments[0] for e in document.entities if len(e.fragments) == 1}
        words = list(_words(document.text))
        for place, (first, start, _) in enumerate(words):
            for length in lengths.get(first, ()):
                found = words[place : place + length]
                form = tuple(word for word, _, _ in found)
                if len(form) == length and form in wanted:
                    counts[form][0] += 1
                    counts[form][1] += (start, found[-1][2]) in annotated
    return {form: Occurrences(*counts[form]) for form in sorted(wanted)}


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _WORD.finditer(text):
        yield match.group().casefold(), match.start(), match.end()
