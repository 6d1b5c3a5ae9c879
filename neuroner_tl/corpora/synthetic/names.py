"""The invented names of the synthetic corpora.

None of the names should exist: stems are drawn from syllables and take the endings of the field
(``-itis``, ``-osis``, ``-emide``). The same endings serve names of diseases and of other things, so
that an ending hints at a disease without settling it.

Every table is drawn once from a fixed seed. All synthetic corpora therefore share one name space,
whatever their own seed, and a large corpus covers more of it than a small one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from random import Random

LEXICON_VERSION = "synthetic-lexicon-1"

_ONSETS = tuple("b br d dr f fl g gl h j k kr l m n p pl qu r s sk st t tr v vr w y z zh".split())
_VOWELS = tuple("a a a e e e i i o o o u u y ai ei oa ou".split())
_CODAS = tuple("d f g k l lb ld lf lk lm lv m md mv n nd ng nk nv p r rb rd rg rk rl rm rn".split())
_CODAS += tuple("rv sk st th v x z".split())

_DISEASE_ENDINGS = (
    tuple("itis itis itis oma oma emia emia osis osis osis opathy opathy algia iasis iasis".split())
    + ("",) * 9
)
_PROCESS_ENDINGS = (
    tuple("osis osis osis iasis iasis lysis ation ation emia opathy".split()) + ("",) * 5
)
_TISSUE_ENDINGS = tuple("oma oma ium ium us us itis ella".split()) + ("",) * 8
_CHEMICAL_ENDINGS = tuple("ine ine ine ol ol ate emide azole osin oma emia".split()) + ("",) * 9
_ADJECTIVE_ENDINGS = tuple("ic ic ic al al oid ar ous".split())
_EPONYM_ENDINGS = tuple("er en in son ov ez ich elt ard y".split()) + ("",) * 4

_DISEASE_NAMES = 500
_OTHER_NAMES = 250
_ADJECTIVES = 200
_EPONYMS = 200
_GENE_SYMBOLS = 400


@dataclass(frozen=True)
class Lexicon:
    """The tables of invented names; lower case except for eponyms and gene symbols.

    Attributes:
        diseases: one-word names of diseases, three in eight of them without a telling ending.
        processes: names of processes and signs that are not annotated.
        tissues: names of tissues and organs that are not annotated.
        chemicals: names of compounds.
        adjectives: adjectives, used in names of diseases and elsewhere.
        eponyms: surnames, used in names of diseases and of tests, scales and scores.
        genes: gene symbols, some of which look like an abbreviated disease.

    Example:
        >>> lexicon = load_lexicon()
        >>> len(lexicon.diseases) == len(set(lexicon.diseases))
        True
    """

    diseases: tuple[str, ...]
    processes: tuple[str, ...]
    tissues: tuple[str, ...]
    chemicals: tuple[str, ...]
    adjectives: tuple[str, ...]
    eponyms: tuple[str, ...]
    genes: tuple[str, ...]


def seeded_random(*key: object) -> Random:
    """Return random numbers that depend on the key only, not on the platform or the hash seed.

    Only ``Random.random()`` of the result may be used: its sequence is the one that Python
    promises never to change.

    Args:
        key: what the numbers are for, such as ``("gold", 7)``; compared by its ``repr``.
    """
    digest = sha256("\x1f".join(str(part) for part in key).encode("utf-8")).digest()
    return Random(int.from_bytes(digest[:16], "big"))


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """Return the one lexicon of all synthetic corpora."""
    coin = _Coiner(seeded_random(LEXICON_VERSION))
    return Lexicon(
        diseases=coin.names(_DISEASE_NAMES, _DISEASE_ENDINGS),
        processes=coin.names(_OTHER_NAMES, _PROCESS_ENDINGS),
        tissues=coin.names(_OTHER_NAMES, _TISSUE_ENDINGS),
        chemicals=coin.names(_OTHER_NAMES, _CHEMICAL_ENDINGS),
        adjectives=coin.names(_ADJECTIVES, _ADJECTIVE_ENDINGS),
        eponyms=tuple(name.capitalize() for name in coin.names(_EPONYMS, _EPONYM_ENDINGS)),
        genes=coin.symbols(_GENE_SYMBOLS),
    )


class _Coiner:
    """Coins names, each only once."""

    def __init__(self, random: Random) -> None:
        self._draw = random.random
        self._used: set[str] = set()

    def _pick(self, table: tuple[str, ...]) -> str:
        return table[int(self._draw() * len(table))]

    def _stem(self) -> str:
        count = 2 + (self._draw() < 0.25)
        inner = "".join(self._pick(_ONSETS) + self._pick(_VOWELS) for _ in range(count - 1))
        return inner + self._pick(_ONSETS) + self._pick(_VOWELS) + self._pick(_CODAS)

    def names(self, count: int, endings: tuple[str, ...]) -> tuple[str, ...]:
        """Return ``count`` new names of two or three syllables and an ending."""
        made: list[str] = []
        while len(made) < count:
            name = self._stem() + self._pick(endings)
            if len(name) >= 5 and name not in self._used:
                self._used.add(name)
                made.append(name)
        return tuple(made)

    def symbols(self, count: int) -> tuple[str, ...]:
        """Return ``count`` new gene symbols: two to four capitals, most of them with a number."""
        made: list[str] = []
        while len(made) < count:
            length = 2 + int(self._draw() * 3)
            symbol = "".join(chr(ord("A") + int(self._draw() * 26)) for _ in range(length))
            if length == 2 or self._draw() < 0.6:
                symbol += str(1 + int(self._draw() * 19))
            if symbol not in self._used:
                self._used.add(symbol)
                made.append(symbol)
        return tuple(made)
