"""A report of what reading a corpus kept, changed and dropped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted

MAXIMUM_EXAMPLES = 10
UNKNOWN_REGION = "unknown region, neither a mention nor text without one"


@dataclass
class Reason:
    """What happened under one named rule.

    Attributes:
        effect: ``dropped`` (an entity annotation was lost), ``changed`` (it was kept in another
            form) or ``noted`` (no entity annotation is affected).
        count: how often the rule was applied.
        examples: the first ten places.

    Example:
        >>> Reason("dropped", 1, ["train/12.ann:3"]).count
        1
    """

    effect: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class ImportReport:
    """Counts of everything read; each entity annotation is kept or dropped under a named rule.

    An annotation counts as kept from the moment it is read until a rule drops it, so that
    ``annotations_read == annotations_kept + annotations_dropped`` at all times. The report given
    to the tagger has to be the one that the reader of the same documents was given.

    Attributes:
        documents: documents read.
        sentences: sentences made, empty ones not counted.
        tokens: tokens in these sentences.
        annotations_read: entity annotations read (brat's text-bound lines, CoNLL's chunks).
        annotations_kept: those that no rule has dropped.
        by_reason: the rules applied and how often.
        bad: called with the error of each document that cannot be used, whereupon the reader
            continues with the next; None lets the first such error end the reading.

    Example:
        >>> report = ImportReport()
        >>> report.read(3)
        >>> report.drop("discontinuous", "12.ann:3")
        >>> report.annotations_kept, report.annotations_dropped
        (2, 1)
    """

    documents: int = 0
    sentences: int = 0
    tokens: int = 0
    annotations_read: int = 0
    annotations_kept: int = 0
    by_reason: dict[str, Reason] = field(default_factory=dict)
    bad: Optional[Callable[[CorpusError], None]] = field(default=None, compare=False, repr=False)

    @property
    def annotations_dropped(self) -> int:
        """The number of annotations lost, over all rules."""
        return sum(r.count for r in self.by_reason.values() if r.effect == "dropped")

    def read(self, n: int = 1) -> None:
        """Count ``n`` entity annotations as read, and as kept until a rule drops them."""
        self.annotations_read += n
        self.annotations_kept += n

    def count(self, reason: str, example: str = "", n: int = 1) -> None:
        """Note something that affects no entity annotation, such as a skipped relation."""
        self._add(reason, "noted", example, n)

    def change(self, reason: str, example: str = "", n: int = 1) -> None:
        """Count ``n`` annotations that are kept in a form other than the source's."""
        self._add(reason, "changed", example, n)

    def drop(self, reason: str, example: str = "", n: int = 1) -> None:
        """Count ``n`` annotations, read before, as lost."""
        self._add(reason, "dropped", example, n)
        self.annotations_kept -= n

    def refuse(self, error: CorpusError) -> None:
        """Raise the error of a document, or hand it to `bad`.

        Raises:
            CorpusError: the error, if there is no `bad`.
        """
        if self.bad is None:
            raise error
        self.bad(error)

    def set_aside(self, example: str = "") -> None:
        """Note that an annotation, read before, is an unknown region and so no mention."""
        self.read(-1)
        self.count(UNKNOWN_REGION, example)

    def _add(self, reason: str, effect: str, example: str, n: int) -> None:
        entry = self.by_reason.setdefault(reason, Reason(effect))
        entry.count += n
        if example and len(entry.examples) < MAXIMUM_EXAMPLES:
            entry.examples.append(example)

    def merge(self, other: ImportReport) -> None:
        """Add another report's counts to this one."""
        self.documents += other.documents
        self.sentences += other.sentences
        self.tokens += other.tokens
        self.annotations_read += other.annotations_read
        self.annotations_kept += other.annotations_kept
        for reason, entry in other.by_reason.items():
            mine = self.by_reason.setdefault(reason, Reason(entry.effect))
            mine.count += entry.count
            mine.examples = (mine.examples + entry.examples)[:MAXIMUM_EXAMPLES]

    def clear(self) -> None:
        """Set all counts to zero."""
        self.documents = self.sentences = self.tokens = 0
        self.annotations_read = self.annotations_kept = 0
        self.by_reason = {}

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain dictionaries, lists, strings and numbers."""
        return {
            "documents": self.documents,
            "sentences": self.sentences,
            "tokens": self.tokens,
            "annotations_read": self.annotations_read,
            "annotations_kept": self.annotations_kept,
            "annotations_dropped": self.annotations_dropped,
            "by_reason": {
                reason: {
                    "effect": entry.effect,
                    "count": entry.count,
                    "examples": list(entry.examples),
                }
                for reason, entry in sorted(self.by_reason.items())
            },
        }

    def summary(self) -> str:
        """Return the counts as a few lines of text, one for each rule applied."""
        # Reading alone does not split text into sentences.
        cut = ""
        if self.sentences:
            cut = f", {counted(self.sentences, 'sentence')}, {counted(self.tokens, 'token')}"
        lines = [
            f"{counted(self.documents, 'document')}{cut}",
            f"{counted(self.annotations_read, 'annotation')} read, {self.annotations_kept} kept, "
            f"{self.annotations_dropped} dropped",
        ]
        for reason, entry in sorted(self.by_reason.items()):
            example = f" (first: {entry.examples[0]})" if entry.examples else ""
            lines.append(f"  {entry.effect}: {reason}: {entry.count}{example}")
        return "\n".join(lines)
