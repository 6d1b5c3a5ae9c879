"""A corpus on disk: which layout it has, and its parts, read document by document.

Layouts:

* brat parts: ``train/``, ``valid/``, ``test/``, ``deploy/``, each with .txt and .ann files;
* CoNLL parts: ``train.txt``, ``valid.txt``, ``test.txt``, ``deploy.txt``;
* flat: .txt and .ann files in the folder itself; it is split at random, with a seed.

Of train and test parts without a validation part, some train documents are held out as one.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.document_names import DocumentNames
from neuroner_tl.corpora.formats.brat import brat_names, iterate_brat_documents, line_ends
from neuroner_tl.corpora.formats.conll import iterate_conll
from neuroner_tl.corpora.formats.text_files import read_text
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.splits import (
    DEFAULT_PERCENTAGES,
    Split,
    hold_out_valid,
    split_documents,
    take_train,
)
from neuroner_tl.corpora.text.line_offsets import LineEnds, texts_of
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.system.paths import StrPath

logger = logging.getLogger(__name__)

PART_NAMES = ("train", "valid", "test", "deploy")
LEFT_OUT = "train document left out by train_size"
HELD_OUT = "train document held out as valid, which the corpus lacks"
IN_TWO_PARTS = "document in two parts of the corpus"


class PartReader(ABC):
    """A part of a corpus; it can be read again and again, one document in memory at a time.

    Args:
        path: the folder or file that it is read from.

    Example::

        for document in read_corpus("my_corpus")["valid"]:  # every part is a PartReader
            print(document.id)
    """

    # Whether it has tokens and sentences of its own but no text.
    has_columns = False

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    @abstractmethod
    def ids(self) -> tuple[str, ...]:
        """The ids of the documents, in the order of reading."""

    @abstractmethod
    def documents(self, report: Optional[ImportReport] = None) -> Iterator[Document]:
        """Yield the documents; count this pass in the report, if there is one.

        Raises:
            CorpusError: a file cannot be used; the message names file and line.
        """

    @abstractmethod
    def take(self, ids: Sequence[str]) -> PartReader:
        """Return a reader of these documents only."""

    def text_of(self, document: str) -> Optional[str]:
        """Return the text of a document as it is on disk now; None if it is not available."""
        return None

    def __iter__(self) -> Iterator[Document]:
        return self.documents()

    def __len__(self) -> int:
        return len(self.ids)


class BratPart(PartReader):
    """A part that is a folder of brat files, or some documents of it.

    Example::

        part = BratPart(Path("my_corpus/train"), ["12", "15"])
        print(sum(len(document.entities) for document in part))
    """

    def __init__(self, path: Path, ids: Sequence[str], ends: Optional[LineEnds] = None) -> None:
        super().__init__(path)
        self._ids = tuple(ids)
        self._ends = ends or line_ends(lambda: texts_of([(path, self._ids)]))

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the files without suffix, sorted."""
        return self._ids

    def documents(self, report: Optional[ImportReport] = None) -> Iterator[Document]:
        """Yield the documents, sorted by name."""
        report = ImportReport() if report is None else report
        yield from iterate_brat_documents(self.path, self._ids, report, self._ends)

    def text_of(self, document: str) -> Optional[str]:
        """Return the text of a document as it is on disk now; None if it cannot be read."""
        try:
            return read_text(self.path / f"{document}.txt")
        except CorpusError:
            return None

    def has_annotations(self) -> bool:
        """Tell whether any of the documents has an annotation file."""
        return any((self.path / f"{name}.ann").is_file() for name in self._ids)

    def take(self, ids: Sequence[str]) -> BratPart:
        """Return a reader of these documents only."""
        return BratPart(self.path, sorted(ids), self._ends)


class ConllPart(PartReader):
    """A part that is a CoNLL file, or some documents of it.

    Example::

        part = ConllPart(Path("my_corpus/train.txt"))
        print(len(part), part.ids[0])
    """

    has_columns = True

    def __init__(self, path: Path, only: Optional[Sequence[str]] = None) -> None:
        super().__init__(path)
        self._only = None if only is None else frozenset(only)
        self._ids: Optional[tuple[str, ...]] = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids in the order of the file; the first request reads the file once."""
        if self._ids is None:
            self._ids = tuple(document.id for document in self.documents())
        return self._ids

    def documents(self, report: Optional[ImportReport] = None) -> Iterator[Document]:
        """Yield the documents in the order of the file."""
        report = ImportReport() if report is None else report
        # Documents that are not taken are parsed, but not counted in the report.
        latest = ImportReport()
        empty = True
        names = DocumentNames()  # Predictions are written under them.
        for document in iterate_conll(self.path, latest):
            names.check(document.id, str(self.path))
            empty = empty and not document.sentences
            if self._only is None or document.id in self._only:
                report.merge(latest)
                yield document
            latest.clear()
        if empty:
            raise CorpusError(f"{self.path}: no tokens; expected one token and its tag per line")

    def take(self, ids: Sequence[str]) -> ConllPart:
        """Return a reader of these documents only."""
        return ConllPart(self.path, ids)


@dataclass(frozen=True)
class Corpus(Mapping[str, PartReader]):
    """A corpus on disk: its parts by name, each of which can be iterated any number of times.

    Example::

        for document in read_corpus("my_corpus")["train"]:
            print(document.id, len(document.entities))

    Attributes:
        folder: where it is.
        parts: readers by part: ``train``, ``valid``, ``test``, ``deploy``, those that exist.
        split: how the parts were drawn: all of a flat folder, or the validation documents that were
            held out of train; None for parts that are all on disk.
        left_out: the train documents that ``train_size`` leaves out, if any.
    """

    folder: Path
    parts: dict[str, PartReader]
    split: Optional[Split] = None
    left_out: Optional[PartReader] = None

    @property
    def is_flat(self) -> bool:
        """Whether it is a folder without parts, which were all drawn."""
        return self.split is not None and not self.split.held_out

    def __getitem__(self, name: str) -> PartReader:
        return self.parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)


def read_corpus(
    folder: StrPath,
    *,
    split_percentages: Sequence[float] = DEFAULT_PERCENTAGES,
    split_seed: int = 0,
    train_size: Optional[float] = None,
    report: Optional[ImportReport] = None,
    required: Sequence[str] = (),
    hold_out: bool = True,
    warn: bool = True,
) -> Corpus:
    """Find the parts of a corpus; documents are read when the parts are iterated.

    Args:
        folder: the corpus, in one of the three layouts above.
        split_percentages: sizes of train, valid and test, for a flat folder; the first two also
            say how much of train is held out.
        split_seed: for these, and for the choice of train documents.
        train_size: how much of the train part to use, in percent of all documents of train,
            valid and test; None uses all.
        report: notes the documents left out, and those found in two parts.
        required: parts that must be there.
        hold_out: whether to draw a validation part from train if there is none beside train and
            test; otherwise the parts are those on disk.
        warn: whether to log that documents are in two parts, which the report counts anyway.

    Raises:
        CorpusError: no such folder, no documents, two layouts at once, or a required part missing.
        ParameterError: percentages or train size out of range.
    """
    folder = Path(folder)
    report = ImportReport() if report is None else report
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder, expected a corpus; give its folder")
    parts, split = _find_parts(folder, split_percentages, split_seed)
    if hold_out and lacks_valid(parts):
        split = hold_out_valid(parts["train"].ids, parts["test"].ids, split_percentages, split_seed)
        if split is not None:
            whole = parts["train"]
            parts["train"], parts["valid"] = whole.take(split.train), whole.take(split.valid)
            report.count(HELD_OUT, n=len(split.valid))
    for name in required:
        if name not in parts:
            raise CorpusError(
                f"{folder}: no {name} part; add {name}/ with brat files or {name}.txt, or put all "
                "brat files into one folder to have them split"
            )
    shared = _note_shared_documents(parts, report)
    if shared and warn:
        logger.warning(
            "%s the same name in two parts: scores on them are too good",
            counted(shared, "document has", "documents have"),
        )
    left_out = None
    if train_size is not None and "train" in parts:
        everything = parts["train"].ids
        total = sum(len(parts[name]) for name in ("train", "valid", "test") if name in parts)
        taken = take_train(everything, total, train_size, split_seed)
        whole, used = parts["train"], frozenset(taken)
        parts["train"] = whole.take(taken)
        if len(taken) < len(everything):
            left_out = whole.take([name for name in everything if name not in used])
            report.count(LEFT_OUT, n=len(everything) - len(taken))
    return Corpus(folder, parts, split, left_out)


def lacks_valid(parts: Collection[str]) -> bool:
    """Say whether of these parts valid alone is missing, so that training holds it out of train."""
    return "train" in parts and "test" in parts and "valid" not in parts


def annotated_parts(folder: Path, names: Sequence[str]) -> dict[str, PartReader]:
    """Return the parts of a corpus to score a model on; a folder without parts is one, ``test``.

    Args:
        folder: the corpus.
        names: the parts asked for, of a corpus that has parts.

    Raises:
        CorpusError: there is no corpus, it lacks a part, or a part has no annotation files.
        ParameterError: ``names`` is empty, or has a part that never has gold annotations, or one
            that a folder without parts cannot have.
    """
    if isinstance(names, str) or not names:
        raise ParameterError(f"parts = {names!r}: expected names of parts, such as ('test',)")
    if "deploy" in names:
        raise ParameterError(
            "parts: found deploy, whose documents have no gold annotations; expected one or more "
            "of train, valid, test: put annotated documents into test"
        )
    corpus = read_corpus(folder, required=(), hold_out=False)
    if corpus.is_flat:
        if tuple(names) != ("test",):
            raise ParameterError(
                f"parts: found {', '.join(names)} for {folder}, which has no parts and would be "
                "scored as a whole; leave them out, or split it with `neuroner-tl corpus split`, "
                "which draws the parts that training draws"
            )
        parts: dict[str, PartReader] = {"": BratPart(corpus.folder, brat_names(corpus.folder))}
    else:
        for name in names:
            if name not in corpus.parts:
                raise CorpusError(
                    f"{folder}: no {name} part, found {', '.join(corpus.parts)}; name one of these"
                )
        parts = {name: corpus.parts[name] for name in names}
    for part in parts.values():
        if isinstance(part, BratPart) and not part.has_annotations():
            raise CorpusError(
                f"{part.path}: no .ann files, so there are no gold annotations to compare with; "
                "give annotated documents"
            )
    return parts


def _find_parts(
    folder: Path, percentages: Sequence[float], seed: int
) -> tuple[dict[str, PartReader], Optional[Split]]:
    folders = [folder / name for name in PART_NAMES if (folder / name).is_dir()]
    files = [
        folder / f"{name}.txt"
        for name in PART_NAMES
        if (folder / f"{name}.txt").is_file() and not (folder / f"{name}.ann").exists()
    ]
    loose = sorted(p for p in folder.glob("*.ann") if not p.name.startswith("."))
    found = [group[0] for group in (folders, files, loose) if group]
    if len(found) > 1:
        raise CorpusError(
            f"{folder}: two layouts at once, {found[0].name} and {found[1].name}; keep brat files "
            "in part folders, or CoNLL files, or brat files in one flat folder"
        )
    parts: dict[str, PartReader] = {}
    if folders:
        names = [(path, brat_names(path)) for path in folders]
        ends = line_ends(lambda: texts_of(names))  # One convention holds for the whole corpus.
        for path, own in names:
            if not own:
                raise CorpusError(f"{path}: no .txt files; add documents or remove the folder")
            parts[path.name] = BratPart(path, own, ends)
        return parts, None
    if files:
        return {path.stem: ConllPart(path) for path in files}, None
    ids = brat_names(folder)
    if not ids:
        raise CorpusError(
            f"{folder}: no documents; expected train/ with brat files, train.txt, or brat .txt "
            "and .ann files"
        )
    split = split_documents(ids, percentages, seed)
    ends = line_ends(lambda: texts_of([(folder, ids)]))
    for name, members in (("train", split.train), ("valid", split.valid), ("test", split.test)):
        if members:
            parts[name] = BratPart(folder, members, ends)
    return parts, split


def _note_shared_documents(parts: dict[str, PartReader], report: ImportReport) -> int:
    """Count documents whose names are in two parts."""
    seen: dict[str, str] = {}
    shared = 0
    for name, part in parts.items():
        if name == "deploy" or not isinstance(part, BratPart):
            continue
        for document in part.ids:
            first = seen.setdefault(document, name)
            if first != name:
                report.count(IN_TWO_PARTS, f"{document}: {first} and {name}")
                shared += 1
    return shared
