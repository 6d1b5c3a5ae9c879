"""What a silver corpus is like beside gold corpora: density, abbreviations, lengths, strings.

A network learns from a silver corpus how often something is a mention as well as what it looks
like. So a corpus that is sparser than gold, or leaves out what gold always has, teaches to miss it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.leaks import all_documents
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.abbreviations import find_abbreviations, places_by_form, share_text
from neuroner_tl.corpora.text.spans import SpanTree
from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.numbers import fixed
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.screen import table_lines, wrapped
from neuroner_tl.silver.compared_form import compared_form
from neuroner_tl.silver.definition import corpus_name
from neuroner_tl.silver.gold import folder_or_archive, read_parts
from neuroner_tl.system.json_text import read_object
from neuroner_tl.system.paths import StrPath

NOTES = (
    "density: mentions per 100 tokens; empty: documents without mentions; mean length: tokens of a "
    "mention; abbreviations: those that a text introduces after a long form that is a mention; "
    "abbreviation recall: how many of them are annotated there; recall elsewhere: how many of "
    "their other occurrences in the text; strings seen: distinct mentions of the gold corpus, "
    "ignoring case, that are mentions of the silver corpus; mentions seen: the share of its "
    "mentions that they are"
)


@dataclass
class Profile:
    """Counts over annotated documents, added up one at a time.

    Attributes:
        documents: how many.
        empty: those without mentions.
        tokens: tokens of all texts.
        mentions: mentions.
        mention_tokens: tokens in mentions.
        introduced: abbreviations that texts introduce after a long form that is a mention.
        introduced_marked: those that are annotated where they are introduced.
        repeated: their other occurrences.
        repeated_marked: those that are annotated.
        strings: number of mentions by text, in the form of `key`.

    Example:
        >>> from neuroner_tl.corpora.document import Entity
        >>> text = "Chronic renal failure (CRF)."
        >>> profile = Profile()
        >>> profile.add(Document("12", text, (Entity("DISO", ((0, 21),), text[:21]),)))
        >>> profile.introduced, profile.introduced_marked
        (1, 0)
    """

    documents: int = 0
    empty: int = 0
    tokens: int = 0
    mentions: int = 0
    mention_tokens: int = 0
    introduced: int = 0
    introduced_marked: int = 0
    repeated: int = 0
    repeated_marked: int = 0
    strings: Counter[str] = field(default_factory=Counter)

    def add(self, document: Document) -> None:
        """Count a document; what is unknown is neither a mention nor none."""
        tokenizer, text = AlnumTokenizer(), document.text
        self.documents += 1
        self.empty += not document.entities
        self.tokens += len(tokenizer.tokenize(text, 0, len(text)))
        self.mentions += len(document.entities)
        for entity in document.entities:
            self.mention_tokens += len(tokenizer.tokenize(text, entity.start, entity.end))
            self.strings[compared_form(entity.text)] += 1
        spans, unknown = (
            SpanTree(sorted((entity.start, entity.end) for entity in entities))
            for entities in (document.entities, document.unknown)
        )
        abbreviations = find_abbreviations(text)
        places = places_by_form(text, {text[slice(*found.short)] for found in abbreviations})
        for found in abbreviations:
            last = found.long[1] - 1  # Offset of its last character.
            if not spans.sharing((last, last + 1)):
                continue
            for place in places[text[slice(*found.short)]]:
                if unknown.sharing(place):
                    continue
                marked = bool(spans.sharing(place))
                if share_text(place, [found.short]):
                    self.introduced += 1
                    self.introduced_marked += marked
                else:
                    self.repeated += 1
                    self.repeated_marked += marked

    def to_json(self) -> dict[str, Any]:
        """Return counts and rates; a rate of nothing is None."""
        return {
            "documents": self.documents,
            "mentions": self.mentions,
            "tokens": self.tokens,
            "distinct_strings": len(self.strings),
            "density": _ratio(100 * self.mentions, self.tokens),
            "empty_share": _ratio(self.empty, self.documents),
            "mean_tokens": _ratio(self.mention_tokens, self.mentions),
            "abbreviations": self.introduced,
            "abbreviation_recall": _ratio(self.introduced_marked, self.introduced),
            "abbreviation_repeats": self.repeated,
            "abbreviation_repeat_recall": _ratio(self.repeated_marked, self.repeated),
        }


@dataclass(frozen=True)
class SilverComparison:
    """A silver corpus beside gold corpora.

    Attributes:
        silver: counts of the silver corpus.
        gold: those of each gold corpus's train part.

    Example::

        comparison = compare_silver("output/silver_diso", ["gsc/NCBI_DISO"])
        print(comparison.to_text())
    """

    silver: Profile
    gold: Mapping[str, Profile]

    def seen(self, corpus: str) -> tuple[Optional[float], Optional[float]]:
        """Return the shares of a gold corpus's distinct strings, and of its mentions, that the
        silver corpus has; None of a corpus without mentions.
        """
        strings = self.gold[corpus].strings
        common = [text for text in strings if text in self.silver.strings]
        return (
            _ratio(len(common), len(strings)),
            _ratio(sum(strings[text] for text in common), sum(strings.values())),
        )

    def to_json(self) -> dict[str, Any]:
        """Return all figures."""
        gold = {}
        for name, profile in self.gold.items():
            strings, mentions = self.seen(name)
            seen = {"strings_seen": strings, "mentions_seen": mentions}
            gold[name] = {**profile.to_json(), **seen}
        return {"silver": self.silver.to_json(), "gold": gold}

    def to_text(self, width: Optional[int] = None) -> str:
        """Return a table for a screen of this many columns; None for any width."""
        rows = [_row("silver corpus", self.silver, "-", "-")]
        for name, profile in self.gold.items():
            rows.append(_row(name, profile, *(_percent(share) for share in self.seen(name))))
        columns = (
            "corpus",
            "documents",
            "density",
            "empty %",
            "mean length",
            "abbreviations",
            "abbreviation recall %",
            "recall elsewhere %",
            "strings seen %",
            "mentions seen %",
        )
        right = [False] + [True] * (len(columns) - 1)
        return "\n".join([*table_lines(columns, rows, right, width=width), *wrapped(NOTES, width)])


def compare_silver(
    folder: StrPath, gold: Sequence[StrPath], *, entity_type: Optional[str] = None
) -> SilverComparison:
    """Compare a silver corpus with the train parts of gold corpora.

    Args:
        folder: the silver corpus.
        gold: the gold corpora, folders or archives; a flat one is split as usual.
        entity_type: which entities to count; None for the type in the silver corpus's report, or
            else its only one.

    Raises:
        CorpusError: a corpus cannot be used, or has no entity of the type.
        ParameterError: no gold corpus, or two of one name.
    """
    folder = Path(folder)
    names = [corpus_name(Path(path)) for path in gold]
    if not names or len(set(names)) < len(names):
        raise ParameterError(
            f"gold corpora: found {', '.join(names) or 'none'}, expected one or more with names of "
            "their own; give other folders"
        )
    silver = [*all_documents(read_corpus(folder, required=("train",)), ("train", "valid"))]
    kind = entity_type or _type_of(folder, silver)
    profiles = {}
    for name, path in zip(names, gold):
        place = folder_or_archive(Path(path))
        parts, _ = read_parts(place, name)
        if "train" not in parts:
            raise CorpusError(
                f"{place}: no train part, found {', '.join(parts)}; name a corpus with one"
            )
        profiles[name] = profile_of(parts["train"], kind)
        if not profiles[name].mentions:
            raise CorpusError(
                f"{place}: the train part has no entity of type {kind}; name another type or corpus"
            )
    return SilverComparison(profile_of(silver, kind), profiles)


def profile_of(documents: Iterable[Document], entity_type: str) -> Profile:
    """Return the counts of documents, by their entities of a type."""
    profile = Profile()
    for document in progress_bar(documents, desc="counting", unit=" documents", delay=2):
        entities = tuple(e for e in document.entities if e.type == entity_type)
        unknown = tuple(region for region in document.unknown if region.type == entity_type)
        profile.add(Document(document.id, document.text, entities, unknown=unknown))
    return profile


def _type_of(folder: Path, silver: Iterable[Document]) -> str:
    recorded = read_object(folder / "report.json").get("type")
    if isinstance(recorded, str):
        return recorded
    found = {entity.type for document in silver for entity in document.entities}
    if not found:
        raise CorpusError(
            f"{folder}: found no annotation, expected a silver corpus; give its folder, with "
            "train and valid in it"
        )
    if len(found) != 1:
        raise CorpusError(
            f"{folder}: has entities of the types {', '.join(sorted(found))}, expected "
            "one; name the one to count (--type)"
        )
    return found.pop()


def _row(name: str, profile: Profile, *seen: str) -> list[str]:
    content = profile.to_json()
    return [
        name,
        str(profile.documents),
        _number(content["density"]),
        _percent(content["empty_share"]),
        _number(content["mean_tokens"]),
        str(profile.introduced),
        _percent(content["abbreviation_recall"]),
        _percent(content["abbreviation_repeat_recall"]),
        *seen,
    ]


def _ratio(number: float, whole: float) -> Optional[float]:
    return number / whole if whole else None


def _percent(share: Optional[float]) -> str:
    return "-" if share is None else fixed(100 * share, 1)


def _number(value: Optional[float]) -> str:
    return "-" if value is None else fixed(value, 2)
