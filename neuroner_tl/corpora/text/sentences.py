"""Sentence splitting by rules, and sentences with their tokens.

How the rules were chosen and measured: ``docs/sentence_splitting.md``.
"""

from __future__ import annotations

import re
from typing import Optional

from neuroner_tl.corpora.document import Document, Sentence
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.line_breaks import sentence_line_ends
from neuroner_tl.corpora.text.tokenizers import Tokenizer

SENTENCE_SPLITTER = "rules-1"
MERGED = "sentences merged, a boundary fell inside an entity"
# End mark, closing quotes and brackets or a bracketed reference, white space. A run of marks is
# matched once, from its beginning: tried from each of its marks, it would take quadratic time.
_CANDIDATE = re.compile(r"(?<![.?!])[.?!]+(?:[\"'”’)\]]+|\[[\d,\s–-]+\])?(\s+)")
_NEXT_WORD = re.compile(r"[^\s,;:)\]]*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_SYMBOL = re.compile(r"[^\W\d_]*[\dA-Z]")
_ENUMERATOR = re.compile(r"[(\[]?(?:\d{1,2}|[A-Za-z]|[ivxIVX]{1,4})")
# "0. 05" and "EC 1. 1. 1. 49" as some corpora write them; but a year may end a sentence.
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d$)\d+$")
_OPENING = "\"'“‘([{"
_OPENING_RUN = re.compile(r"[\"'“‘(\[{]*(?:[*•]\s+)?")
_LONGEST_WORD = 40
_LONGEST_BRACKET = 250

# Not the last word of a sentence.
_ABBREVIATIONS = frozenset(
    """fig figs eq eqs eqn ref refs nos vol vols pp sect e.g eg i.e ie viz vs cf c.f ca approx resp
    dr drs prof mr mrs ms st ed eds subsp ssp cv gen""".split()
)
# The last word of a sentence only before a word that usually begins one.
_SOMETIMES_LAST = frozenset(
    """al etc inc ltd co corp sp spp jr sr var str strain nov ser jan feb
    apr jun jul aug sept oct dec univ suppl dept tab ch""".split()
)
# Before a number only: "No. 5".
_BEFORE_NUMBER = frozenset(["no", "nr", "art", "sec", "mar"])
_STARTERS = frozenset(
    """a additionally after aim aims all also although among an and another as at background
    because being between both but by compared conclusion conclusions consequently conversely data
    despite discussion during each eight eighteen either eleven even fifteen finally five
    following for four from further furthermore given had has hence here his her how however if
    importantly in indeed interestingly introduction it its many methods moreover most my neither
    nevertheless nine no none nor notably objective objectives of on one only other our out over
    overall patients purpose recent recently results serum seven several she he similarly since
    six so some studies such surprisingly taken ten that the their then there therefore these they
    this those three through thus to together treatment twelve twenty two under unlike until using
    was we were what when whereas whether which while with within you your""".split()
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences, trimmed of white space, none of them empty.

    A line break ends a sentence, unless the text is hard-wrapped (see ``line_breaks.py``).
    """
    spans: list[tuple[int, int]] = []
    position = 0
    for end in sentence_line_ends(text):
        start = position
        while start < end and text[start].isspace():
            start += 1
        for match in _CANDIDATE.finditer(text, start, end):
            if match.end() < end and _is_boundary(text, start, match):
                spans.append((start, match.start(1)))
                start = match.end()
        spans.append((start, end))
        position = end
    return [span for span in (_trim(text, *span) for span in spans) if span[0] < span[1]]


def sentence_spans(document: Document) -> list[tuple[int, int]]:
    """Return the spans of a document's own sentences, or of those that its text is cut into."""
    if document.sentences is None:
        return split_sentences(document.text)
    return [(sentence.start, sentence.end) for sentence in document.sentences]


def segment(
    document: Document,
    tokenizer: Tokenizer,
    protect_entities: bool,
    report: Optional[ImportReport] = None,
) -> tuple[Sentence, ...]:
    """Return the document's sentences with their tokens; sentences without tokens are left out.

    Args:
        document: if it has sentences of its own they are returned as they are.
        tokenizer: cuts each sentence.
        protect_entities: join sentences where a boundary would fall inside a contiguous entity.
        report: counts the joins.
    """
    if document.sentences is not None:
        return document.sentences
    spans = split_sentences(document.text)
    if protect_entities and len(spans) > 1:
        spans = _join_cut_sentences(document, spans, report)
    text, tokenize = document.text, tokenizer.tokenize
    sentences = (Sentence(s, e, tuple(tokenize(text, s, e))) for s, e in spans)
    return tuple(sentence for sentence in sentences if sentence.tokens)


def _join_cut_sentences(
    document: Document, spans: list[tuple[int, int]], report: Optional[ImportReport]
) -> list[tuple[int, int]]:
    stretches = sorted(
        (e.start, e.end)
        for e in document.entities
        if all(left[1] == right[0] for left, right in zip(e.fragments, e.fragments[1:]))
    )
    joined = [spans[0]]
    reach = 0  # the largest end of the entities that begin before the boundary
    position = 0
    for start, end in spans[1:]:
        last_start, last_end = joined[-1]
        while position < len(stretches) and stretches[position][0] < last_end:
            reach = max(reach, stretches[position][1])
            position += 1
        if reach > start:
            joined[-1] = (last_start, end)
            if report is not None:
                place = document.text[max(0, last_end - 20) : start + 20]
                report.count(MERGED, f"{document.id}: {' '.join(place.split())}")
        else:
            joined.append((start, end))
    return joined


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _is_boundary(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell whether the sentence that starts at ``start`` ends at the candidate."""
    mark = match.start()
    opening = _OPENING_RUN.match(text, match.end())
    following = opening.end() if opening else match.end()
    first = text[following : following + 1]
    if not (first.isupper() or first.isdigit() or first.islower()):
        return False
    words = text[max(start, mark - _LONGEST_WORD) : mark].split()
    last = words[-1].lstrip(_OPENING) if words else ""
    if first.islower():
        return _is_ordinary(last) and _begins_with_symbol(text, following)
    if text[mark] != ".":
        return True
    if mark - start <= 5 and _ENUMERATOR.fullmatch(text, start, mark):
        return False
    if first.isdigit() and _NUMBER.search(last):
        return False
    if _inside_brackets(text, start, match):
        return False
    lower = last.lower()
    capitals = len(last) > 1 and last.isupper()  # MS, ED: more likely an acronym
    if lower in _ABBREVIATIONS and not capitals:
        return False
    if lower in _BEFORE_NUMBER:
        return not first.isdigit()
    if lower in _SOMETIMES_LAST or lower in _ABBREVIATIONS or _INITIALS.fullmatch(last):
        return _next_word(text, following).lower() in _STARTERS
    return True


def _inside_brackets(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell whether a round bracket opened in this sentence is closed soon after the candidate."""
    opened = text.rfind("(", max(start, match.start() - _LONGEST_BRACKET), match.start())
    if opened < 0 or text.find(")", opened, match.end()) >= 0:
        return False
    closed = text.find(")", match.end(), match.end() + _LONGEST_BRACKET)
    return closed >= 0 and text.find("(", match.end(), closed) < 0


def _next_word(text: str, start: int) -> str:
    match = _NEXT_WORD.match(text, start, start + _LONGEST_WORD)
    return match.group() if match else ""


def _is_ordinary(word: str) -> bool:
    """Tell whether a word is neither an abbreviation nor an initial."""
    word = word.rstrip(")]").lower()
    known = word in _ABBREVIATIONS or word in _SOMETIMES_LAST or word in _BEFORE_NUMBER
    return len(word) >= 3 and "." not in word and not known


def _begins_with_symbol(text: str, start: int) -> bool:
    """Tell whether a sentence may begin with this lower-case word, such as p53 or mRNA."""
    return _SYMBOL.match(_next_word(text, start)) is not None
