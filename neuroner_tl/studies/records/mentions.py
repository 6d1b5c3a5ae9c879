"""The mentions that a run found and missed, kept small beside the store.

``mentions/gold-DIGEST.json.gz`` has the gold standard of a test part, once for all runs on it;
``mentions/ID.json.gz`` what a run missed and what it found incorrectly, and of each whether the
run's train part had a mention of that text. With both, comparing mentions needs no corpus.
``mentions/forms-ID.json.gz`` has what the run was shown of the texts of its gold mentions.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

from neuroner_tl.corpora.formats.text_files import read_bytes
from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.error_sets import AnnotatedPart, ErrorSets, Mention, normalised
from neuroner_tl.evaluation.surface_forms import Occurrences
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.json_text import parse_json

FOLDER = "mentions"
_GOLD = re.compile(r"gold-[0-9a-f]{16}")
_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError)


class RunMentions(NamedTuple):
    """A run's test part, mention by mention.

    Attributes:
        gold: the gold standard.
        predicted: what the run found.
        seen: type and normalised text of those missed or incorrectly found mentions that the train
            part had, as `AnnotatedPart.keys` has them.

    Example::

        found = study.mentions.read(run.id)
        missed = found.gold.all - found.predicted.all
    """

    gold: AnnotatedPart
    predicted: AnnotatedPart
    seen: set[tuple[str, str]]


class Shown(NamedTuple):
    """What a run was shown of a mention's text, ignoring case.

    Attributes:
        in_train: whether its train part has a mention of that type and text.
        silver: how often the documents of its source model have and annotate the text; None
            without a source model.

    Example:
        >>> Shown(in_train=False, silver=Occurrences(number=12, annotated=7)).silver.number
        12
    """

    in_train: bool
    silver: Optional[Occurrences]


class MentionFiles:
    """The files of a store.

    Args:
        folder: where they are.

    Example::

        files = MentionFiles(Path("output/my_study/mentions"))
        files.write(run.id, gold, predicted, train.keys)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(
        self,
        name: str,
        gold: AnnotatedPart,
        predicted: AnnotatedPart,
        seen: set[tuple[str, str]],
    ) -> None:
        """Write what a run found and missed.

        Args:
            name: identifier of the run.
            gold: gold standard of its test part.
            predicted: what it found there.
            seen: `AnnotatedPart.keys` of its train part.
        """
        sets = ErrorSets.of(gold, predicted)
        content = _packed({d: _rows(found.items()) for d, found in gold.mentions.items()})
        gold_name = f"gold-{hashlib.sha256(content).hexdigest()[:16]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._path(gold_name).exists():
            write_atomically(self._path(gold_name), content)
        errors = {
            "gold": gold_name,
            "false_negatives": _errors(sets.false_negatives, gold, seen),
            "false_positives": _errors(sets.false_positives, predicted, seen),
        }
        write_atomically(self._path(name), _packed(errors))

    def read(self, name: str) -> Optional[RunMentions]:
        """Read what `write` wrote of a run; None if there is nothing.

        Raises:
            CorpusError: a file is damaged.
        """
        if not self._path(name).is_file():
            return None
        try:
            errors = _unpacked(self._path(name))
            gold = {
                document: dict(_mention(document, *row) for row in rows)
                for document, rows in _unpacked(self._gold_path(errors)).items()
            }
            found = {document: dict(mentions) for document, mentions in gold.items()}
            seen = set()
            for side in ("false_negatives", "false_positives"):
                for document, rows in errors[side].items():
                    for *row, was_seen in rows:
                        mention, text = _mention(document, *row)
                        if side == "false_negatives":
                            del found[document][mention]
                        else:
                            found[document][mention] = text
                        if was_seen:
                            seen.add((mention.type, normalised(text)))
        except _DAMAGE as error:
            raise self._damaged(self._path(name), error) from None
        return RunMentions(AnnotatedPart(gold), AnnotatedPart(found), seen)

    def write_shown(self, name: str, shown: Mapping[tuple[str, str], Shown]) -> None:
        """Write what a run was shown of its gold mentions, by type and normalised text."""
        rows = [
            [*key, int(one.in_train), one.silver if one.silver is None else list(one.silver)]
            for key, one in sorted(shown.items())
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._forms_path(name), _packed(rows))

    def has_shown(self, name: str) -> bool:
        """Tell whether `write_shown` wrote something of a run."""
        return self._forms_path(name).is_file()

    def read_shown(self, name: str) -> Optional[dict[tuple[str, str], Shown]]:
        """Read what `write_shown` wrote of a run; None if that or its mentions are not kept.

        Raises:
            CorpusError: a file is damaged, or is of other mentions than the run's.
        """
        mentions = self.read(name)
        if mentions is None or not self.has_shown(name):
            return None
        path = self._forms_path(name)
        try:
            shown = {
                (kind, text): Shown(bool(in_train), None if silver is None else _silver(*silver))
                for kind, text, in_train, silver in _unpacked(path)
            }
            if shown.keys() != mentions.gold.keys:
                raise ValueError("other mentions")
        except _DAMAGE as error:
            raise CorpusError(
                f"{path}: found a damaged file ({type(error).__name__}), expected what was shown "
                "of each gold mention of a run; restore it, or remove it, and `study run` counts "
                "again"
            ) from None
        return shown

    def copy(self, names: Iterable[str], to: Path) -> int:
        """Copy the files of runs, and the gold standards they need; return the bytes copied."""
        size = 0
        needed = [name for name in names if self._path(name).is_file()]
        try:
            gold = {self._gold_path(_unpacked(self._path(name))).name for name in needed}
        except _DAMAGE as error:
            raise self._damaged(self._path(", ".join(needed)[:60]), error) from None
        target = MentionFiles(to)
        shown = [self._forms_path(name).name for name in needed if self.has_shown(name)]
        for file_name in [*(self._path(name).name for name in needed), *shown, *sorted(gold)]:
            to.mkdir(parents=True, exist_ok=True)
            content = (self.folder / file_name).read_bytes()
            write_atomically(target.folder / file_name, content)
            size += len(content)
        return size

    def repeat(self, name: str, repeated: str) -> None:
        """Give a run the mentions of the run that it repeats, if those are kept.

        Args:
            name: identifier of the run.
            repeated: identifier of the run that it repeats.
        """
        if self._path(repeated).is_file():
            write_atomically(self._path(name), self._path(repeated).read_bytes())

    def _gold_path(self, errors: Mapping[str, Any]) -> Path:
        name = errors["gold"]
        if not isinstance(name, str) or not _GOLD.fullmatch(name):
            raise ValueError("the name of its gold standard")
        return self._path(name)

    def _forms_path(self, name: str) -> Path:
        return self._path(f"forms-{name}")

    def _damaged(self, path: Path, error: Exception) -> CorpusError:
        return CorpusError(
            f"{path}: found a damaged file of mentions ({type(error).__name__}), "
            "expected the mentions of a run; restore it, or remove it to leave the run out"
        )

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json.gz"


def _errors(
    mentions: set[Mention], part: AnnotatedPart, seen: set[tuple[str, str]]
) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {}
    for mention in sorted(mentions):
        text = part.text_of(mention)
        (row,) = _rows([(mention, text)])
        was_seen = int((mention.type, normalised(text)) in seen)
        found.setdefault(mention.document, []).append([*row, was_seen])
    return found


def _rows(mentions: Iterable[tuple[Mention, str]]) -> list[list[Any]]:
    return [[mention.type, mention.fragments, text] for mention, text in mentions]


def _mention(document: str, kind: str, fragments: Any, text: str) -> tuple[Mention, str]:
    return Mention(document, kind, tuple((int(a), int(b)) for a, b in fragments)), str(text)


def _silver(number: int, annotated: int) -> Occurrences:
    if not 0 <= annotated <= number:
        raise ValueError("more mentions than occurrences")
    return Occurrences(number, annotated)


def _packed(content: Any) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode("utf-8"), mtime=0)


def _unpacked(path: Path) -> Any:
    return parse_json(read_bytes(path))
