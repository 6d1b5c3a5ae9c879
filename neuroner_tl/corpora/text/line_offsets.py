r"""How the offsets of a brat corpus count line breaks.

Offsets count the characters of the text, so both of a CRLF. Corpora that passed through a Windows
machine violate that in two ways: the texts got CRLF line ends after they were annotated (git and
editors do that), so that offsets count each break as one character; or the texts lost them, and
offsets count each break as two. Which of the three holds shows in the texts of the
annotations. It is decided once for a whole corpus: a single document may fit by chance.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import CorpusError

logger = logging.getLogger(__name__)

AS_THEY_ARE, CRLF_AS_ONE, LF_AS_TWO = "as they are", "CRLF as one", "LF as two"
CONVERTED = {
    CRLF_AS_ONE: "offsets counted a CRLF line end as one character, converted",
    LF_AS_TWO: "offsets counted a line end as two characters, converted",
}
_LINE_END = {CRLF_AS_ONE: re.compile("\r\n"), LF_AS_TWO: re.compile("(?<!\r)\n")}

# Maps an annotated offset to an offset in the text.
Offsets = Callable[[int], int]


def offsets_of(text: str, convention: str) -> Optional[Offsets]:
    """Return the map from annotated offsets to offsets of this text; None if they are the same."""
    if convention == AS_THEY_ARE:
        return None
    breaks = [match.start() for match in _LINE_END[convention].finditer(text)]
    if not breaks:
        return None
    if convention == CRLF_AS_ONE:
        annotated = [place - number for number, place in enumerate(breaks)]
        return lambda offset: offset + bisect_left(annotated, offset)
    annotated = [place + number for number, place in enumerate(breaks)]
    return lambda offset: offset - bisect_left(annotated, offset)


class LineEnds:
    """The convention of a corpus, determined when a first annotation does not fit its text.

    Args:
        documents: the text file of every document of the corpus, in all of its parts.
        fits: tells whether the annotations of a text file fit it under a convention.

    Example::

        ends = LineEnds(lambda: Path("my_corpus").rglob("*.txt"), fits)
        try:
            document = read()
        except CorpusError as error:
            convention = ends.explain(error)
    """

    def __init__(
        self, documents: Callable[[], Iterable[Path]], fits: Callable[[Path, str], bool]
    ) -> None:
        self._documents = documents
        self._fits = fits
        self._tried = False
        self.convention = AS_THEY_ARE

    def explain(self, error: CorpusError) -> str:
        """Find the convention under which the document that raised an error can be read.

        Raises:
            CorpusError: the error itself, if there is none for the whole corpus.
        """
        if not self._tried:
            self._tried = True
            self.convention = self._find()
            if self.convention != AS_THEY_ARE:
                logger.warning("%s, in the whole corpus", CONVERTED[self.convention])
        if self.convention == AS_THEY_ARE:
            raise error
        return self.convention

    def _find(self) -> str:
        """Return a convention that some documents need, if none needs the plain offsets."""
        needed = dict.fromkeys(CONVERTED, 0)
        for path in self._documents():
            if self._fits(path, AS_THEY_ARE):
                for convention in list(needed):
                    if not self._fits(path, convention):
                        del needed[convention]
            else:
                for convention in needed:
                    needed[convention] += self._fits(path, convention)
            if not needed:
                break
        best = max(needed, key=needed.__getitem__, default=AS_THEY_ARE)
        return best if needed.get(best) else AS_THEY_ARE


def texts_of(folders: Sequence[tuple[Path, Sequence[str]]]) -> Iterator[Path]:
    """Yield the text files of documents, given by folder and names."""
    for folder, names in folders:
        for name in names:
            yield folder / f"{name}.txt"
