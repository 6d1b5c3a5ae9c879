"""Synthetic documents, one after the other, with every name's type and offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Callable, Optional, Union

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.synthetic.grammar import (
    DISEASE_HEADS,
    DISEASE_MODIFIERS,
    METHOD_HEADS,
    ORGANS,
    PROCESS_HEADS,
    PRODUCTIONS,
    PROTEIN_HEADS,
    TEST_HEADS,
)
from neuroner_tl.corpora.synthetic.names import load_lexicon, seeded_random

_MIN_SENTENCES = 4
_MAX_SENTENCES = 9
_TOPICS = 2
_TOPIC_SHARE = 0.35
_ABBREVIATED = 0.4
_REUSED_ABBREVIATION = 0.5

_Part = Union[str, tuple[str]]  # literal text, or the name of a symbol in a tuple of one
_Compiled = tuple[_Part, ...]


def _compile(template: str) -> _Compiled:
    pieces = re.split(r"\{(\w+)\}", template)
    parts: list[_Part] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            parts.append((piece,))
        elif piece:
            parts.append(piece)
    return tuple(parts)


_GRAMMAR: dict[str, tuple[_Compiled, ...]] = {
    symbol: tuple(_compile(expansion) for expansion in expansions)
    for symbol, expansions in PRODUCTIONS.items()
}


def _initials(name: str) -> str:
    """Abbreviate a name: the initials of its words, or two letters of a single word."""
    words = [word for word in re.split(r"[ -]", name) if word not in ("of", "the")]
    if len(words) == 1:
        return name[:3].upper()
    return "".join(word[0] for word in words).upper()


class DocumentWriter:
    """A source of synthetic documents; each writer is one stream, in which the order matters.

    The text does not depend on ``types``: they only choose which names are annotated.

    Args:
        key: key of the stream of random numbers, such as ``("gold", 7)``.
        types: entity types to annotate.

    Example:
        >>> document = DocumentWriter(("gold", 7), ["DISO"]).write("synthetic-gold-0001")
        >>> {entity.type for entity in document.entities}
        {'DISO'}
    """

    def __init__(self, key: tuple[object, ...], types: Iterable[str]) -> None:
        self._draw = seeded_random(*key).random
        self._lexicon = load_lexicon()
        self._types = frozenset(types)
        self._terminals: dict[str, Callable[[], None]] = {
            "disease": self._disease,
            "gene": self._gene,
            "protein": self._protein,
            "chemical": self._chemical,
            "process": self._process,
            "tissue": self._tissue,
            "cell": self._cell,
            "method": self._method,
            "test": self._test,
            "adjective": lambda: self._put(self._pick(self._lexicon.adjectives)),
            "n": lambda: self._put(str(self._number(2, 98))),
            "part": self._part,
            "percent": lambda: self._put(f"{self._number(1, 99)}.{self._number(0, 9)} %"),
            "p": lambda: self._put(f"p < 0.0{self._number(1, 49):02d}"),
        }
        self._parts: list[str] = []
        self._length = 0
        self._capital = True
        self._entities: list[Entity] = []
        self._topics: list[str] = []
        self._abbreviations: dict[str, Optional[str]] = {}

    def write(self, document_id: str) -> Document:
        """Write the next document: a title line and one line of four to nine sentences."""
        self._parts = []
        self._length = 0
        self._entities = []
        self._topics = [self._new_disease() for _ in range(_TOPICS)]
        self._abbreviations = {}
        self._sentence("title")
        self._put("\n")
        for index in range(self._number(_MIN_SENTENCES, _MAX_SENTENCES)):
            if index:
                self._put(" ")
            self._sentence("sentence")
        self._put("\n")
        return Document(document_id, "".join(self._parts), tuple(self._entities))

    def _pick(self, table: tuple[str, ...]) -> str:
        return table[int(self._draw() * len(table))]

    def _number(self, low: int, high: int) -> int:
        return low + int(self._draw() * (high - low + 1))

    def _sentence(self, symbol: str) -> None:
        self._capital = True
        self._expand(symbol)
        self._put(".")

    def _expand(self, symbol: str) -> None:
        terminal = self._terminals.get(symbol)
        if terminal is not None:
            terminal()
            return
        expansions = _GRAMMAR[symbol]
        for part in expansions[int(self._draw() * len(expansions))]:
            if part.__class__ is str:
                self._put(part)  # type: ignore[arg-type]
            else:
                self._expand(part[0])

    def _put(self, text: str) -> None:
        if self._capital:
            text = text[0].upper() + text[1:]
            self._capital = False
        self._parts.append(text)
        self._length += len(text)

    def _name(self, text: str, entity_type: str) -> None:
        """Write a name and annotate it if its type is wanted."""
        start = self._length
        self._put(text)
        if entity_type in self._types:
            mention = (start, self._length)
            self._entities.append(Entity(entity_type, (mention,), self._parts[-1]))

    def _disease(self) -> None:
        if self._draw() < _TOPIC_SHARE:
            name = self._topics[int(self._draw() * _TOPICS)]
        else:
            name = self._new_disease()
        if name not in self._abbreviations:
            self._name(name, "DISO")
            short = _initials(name) if self._draw() < _ABBREVIATED else None
            self._abbreviations[name] = short
            if short is not None:
                self._in_brackets(short, "DISO")
            return
        known = self._abbreviations[name]
        if known is not None and self._draw() < _REUSED_ABBREVIATION:
            name = known
        self._name(name, "DISO")

    def _in_brackets(self, short: str, entity_type: str) -> None:
        self._put(" (")
        self._name(short, entity_type)
        self._put(")")

    def _new_disease(self) -> str:
        words = self._lexicon
        kind = self._draw()
        if kind < 0.42:
            return self._pick(words.diseases)
        if kind < 0.55:
            return f"{self._pick(DISEASE_MODIFIERS)} {self._pick(words.diseases)}"
        if kind < 0.65:
            return f"{self._pick(words.adjectives)} {self._pick(words.diseases)}"
        if kind < 0.80:
            name = f"{self._pick(words.adjectives)} {self._pick(DISEASE_HEADS)}"
            return f"{self._pick(DISEASE_MODIFIERS)} {name}" if self._draw() < 0.3 else name
        if kind < 0.95:
            return f"{self._surname()} {self._pick(DISEASE_HEADS)}"
        return (
            f"{self._pick(DISEASE_HEADS)} of the {self._pick(words.adjectives)} "
            f"{self._pick(ORGANS)}"
        )

    def _surname(self) -> str:
        surname = self._pick(self._lexicon.eponyms)
        if self._draw() < 0.2:
            return f"{surname}-{self._pick(self._lexicon.eponyms)}"
        return f"{surname}'s" if self._draw() < 0.2 else surname

    def _gene(self) -> None:
        self._name(self._pick(self._lexicon.genes), "GENE")

    def _protein(self) -> None:
        """Write a protein, half of them named after a disease, an eponym or a process."""
        words = self._lexicon
        kind = self._draw()
        if kind < 0.3:
            name = f"{self._pick(words.diseases)}-associated {self._pick(PROTEIN_HEADS)}"
        elif kind < 0.5:
            name = f"{self._surname()} {self._pick(PROTEIN_HEADS)}"
        else:
            name = f"{self._pick(words.adjectives)} {self._pick(PROTEIN_HEADS)}"
        if self._draw() < 0.4:
            name += f" {self._number(1, 12)}"
        self._name(name, "GENE")
        if self._draw() < 0.2:
            self._in_brackets(_initials(name), "GENE")

    def _chemical(self) -> None:
        self._name(self._pick(self._lexicon.chemicals), "CHED")

    def _process(self) -> None:
        words = self._lexicon
        if self._draw() < 0.6:
            self._put(self._pick(words.processes))
        else:
            self._put(f"{self._pick(words.adjectives)} {self._pick(PROCESS_HEADS)}")

    def _tissue(self) -> None:
        words = self._lexicon
        if self._draw() < 0.5:
            self._put(self._pick(words.tissues))
        else:
            self._put(f"{self._pick(words.adjectives)} {self._pick(ORGANS)}")

    def _cell(self) -> None:
        """Write a cell line, some of them named after a disease."""
        if self._draw() < 0.5:
            self._put(f"{self._pick(self._lexicon.diseases)[:4].upper()}-{self._number(2, 300)}")
        else:
            name = self._pick(self._lexicon.diseases)
            self._put(f"{name.capitalize()}-{self._number(2, 300)}")

    def _part(self) -> None:
        whole = self._number(12, 98)
        self._put(f"{self._number(2, whole)} of {whole}")

    def _method(self) -> None:
        words = self._lexicon
        table = words.adjectives if self._draw() < 0.6 else words.eponyms
        name = f"{self._pick(table)} {self._pick(METHOD_HEADS)}"
        self._put(name)
        if self._draw() < 0.25:
            self._put(f" ({_initials(name)})")

    def _test(self) -> None:
        words = self._lexicon
        if self._draw() < 0.6:
            self._put(f"{self._surname()} {self._pick(TEST_HEADS)}")
        else:
            self._put(f"{self._pick(words.diseases)} {self._pick(TEST_HEADS)}")
