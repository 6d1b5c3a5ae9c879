"""How large a corpus is and what its annotations are like: the columns of the paper's Table 1."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Optional, Union

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.sentences import segment
from neuroner_tl.corpora.text.tokenizers import Tokenizer, get_tokenizer
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.screen import table_lines
from neuroner_tl.messages.shown_text import spreadsheet_cell
from neuroner_tl.system.paths import StrPath

HEADINGS = (
    "corpus",
    "documents",
    "sentences",
    "tokens",
    "unique tokens",
    "annotations",
    "unique annotations",
    "annotated documents",
    "discontinuous",
    "nested",
    "overlapping",
    "tokens/annotation",
    "annotations/100 tokens",
)


@dataclass
class CorpusStatistics:
    """Counts over documents; sentences and tokens are those that training would see.

    Attributes:
        name: name of the row.
        documents: documents counted.
        annotated_documents: those with an annotation.
        sentences: sentences with a token.
        tokens: tokens in them.
        unique_tokens: distinct tokens as written.
        annotations: annotations; the texts of ``by_text`` are those as written.
        annotation_tokens: tokens that overlap an annotation, summed over annotations.
        discontinuous: annotations of several non-adjacent fragments.
        nested: annotations that lie inside another one.
        overlapping: annotations that cross another one: neither contains the other.

    Example:
        >>> from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
        >>> counts = count_documents("mine", [Document("12", "Asthma persists.")], AlnumTokenizer())
        >>> counts.tokens, counts.annotations
        (3, 0)
    """

    name: str
    documents: int = 0
    annotated_documents: int = 0
    sentences: int = 0
    tokens: int = 0
    annotation_tokens: int = 0
    discontinuous: int = 0
    nested: int = 0
    overlapping: int = 0
    unique_tokens: set[str] = field(default_factory=set)
    by_text: Counter[str] = field(default_factory=Counter)

    @property
    def annotations(self) -> int:
        """The number of annotations."""
        return sum(self.by_text.values())

    def add(self, document: Document, tokenizer: Tokenizer) -> None:
        """Count a document."""
        text = document.text
        self.documents += 1
        self.annotated_documents += bool(document.entities)
        for sentence in segment(document, tokenizer, protect_entities=True):
            self.sentences += 1
            self.tokens += len(sentence.tokens)
            self.unique_tokens.update(text[token.start : token.end] for token in sentence.tokens)
        for entity in document.entities:
            self.by_text[entity.text] += 1
            for start, end in entity.fragments:
                self.annotation_tokens += len(tokenizer.tokenize(text, start, end))
            neighbours = zip(entity.fragments, entity.fragments[1:])
            self.discontinuous += any(left[1] != right[0] for left, right in neighbours)
        nested, overlapping = count_overlaps(document.entities)
        self.nested += nested
        self.overlapping += overlapping

    def to_json(self) -> dict[str, Any]:
        """Return the figures as numbers, by the names of `HEADINGS`."""
        first, *others = zip(HEADINGS, self.row())
        return {
            first[0]: first[1],
            **{name: float(text) if "." in text else int(text) for name, text in others},
        }

    def row(self) -> list[str]:
        """Return the figures as text, in the order of `HEADINGS`."""
        length = self.annotation_tokens / self.annotations if self.annotations else 0.0
        density = 100 * self.annotations / self.tokens if self.tokens else 0.0
        numbers = (
            self.documents,
            self.sentences,
            self.tokens,
            len(self.unique_tokens),
            self.annotations,
            len(self.by_text),
            self.annotated_documents,
            self.discontinuous,
            self.nested,
            self.overlapping,
        )
        return [self.name, *(str(number) for number in numbers), f"{length:.2f}", f"{density:.2f}"]


def count_documents(
    name: str, documents: Iterable[Document], tokenizer: Tokenizer
) -> CorpusStatistics:
    """Count the documents of a corpus or of a part."""
    result = CorpusStatistics(name)
    for document in documents:
        result.add(document, tokenizer)
    return result


def count_overlaps(entities: Sequence[Entity]) -> tuple[int, int]:
    """Return how many annotations lie inside another one, and how many partially overlap one.

    Of two with the same span the second is nested. Spans reach from first to last fragment.
    """
    ordered = sorted((entity.start, -entity.end) for entity in entities)
    outer: list[tuple[int, int]] = []  # those inside no other one: both ends increase
    for start, negative_end in ordered:
        if not outer or -negative_end > outer[-1][1]:
            outer.append((start, -negative_end))
    crossing: set[int] = set()
    for index, (left, right) in enumerate(zip(outer, outer[1:])):
        if right[0] < left[1]:
            crossing |= {index, index + 1}
    return len(ordered) - len(outer), len(crossing)


def text_table(rows: Sequence[CorpusStatistics], width: Optional[int] = None) -> str:
    """Return the table as plain text.

    Args:
        rows: one per row of the table; one per column if that is too wide for the screen.
        width: columns of the screen; None for no limit.
    """
    cells = [row.row() for row in rows]
    right = [False, *[True] * (len(HEADINGS) - 1)]
    lines = table_lines(HEADINGS, cells, right)
    if width is not None and max(map(len, lines)) > width:
        first, *others = zip(HEADINGS, *cells)
        right = [False, *[True] * len(rows)]
        lines = table_lines(first, others, right, width=width)
    return "\n".join(lines) + "\n"


def csv_table(rows: Sequence[CorpusStatistics]) -> str:
    """Return the table as CSV."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows(map(spreadsheet_cell, row.row()) for row in rows)
    return target.getvalue()


def latex_table(rows: Sequence[CorpusStatistics]) -> str:
    """Return the table as a LaTeX ``tabular`` with booktabs rules."""
    columns = "l" + "r" * (len(HEADINGS) - 1)
    body = [" & ".join(_latex(cell) for cell in row.row()) + r" \\" for row in rows]
    heading = " & ".join(_latex(cell) for cell in HEADINGS) + r" \\"
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", heading, r"\midrule", *body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex(text: str) -> str:
    for character in "\\&%$#_{}~^":
        text = text.replace(character, rf"\{character}" if character != "\\" else "/")
    return text


FORMATS = {"text": text_table, "csv": csv_table, "latex": latex_table}


def corpus_statistics(
    folder: StrPath, *, parts: bool = False, tokenizer: Union[str, Tokenizer] = "alnum"
) -> list[CorpusStatistics]:
    """Count a corpus, and before it each of its parts if asked for.

    Args:
        folder: the corpus, in any layout.
        parts: whether to count each part by itself as well.
        tokenizer: what counts as a token, or its name.

    Raises:
        CorpusError: the corpus cannot be used.
    """
    folder = Path(folder)
    if isinstance(tokenizer, str):
        tokenizer = get_tokenizer(tokenizer)
    corpus = read_corpus(folder, required=(), hold_out=False)
    name = folder.resolve().name
    rows = []
    if parts and not corpus.is_flat:
        rows = [
            count_documents(f"{name}/{part}", reader, tokenizer)
            for part, reader in corpus.parts.items()
        ]
    bar = progress_bar(
        chain.from_iterable(corpus.parts.values()),
        desc=name,
        total=sum(len(reader) for reader in corpus.parts.values()),
        unit=" documents",
        delay=2,
    )
    return [*rows, count_documents(name, bar, tokenizer)]
