"""The definition of a silver corpus for a new class, written from what there is.

``neuroner-tl silver init``: every choice stands in the file with its reason in a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from neuroner_tl.corpora.detection import other_files
from neuroner_tl.corpora.reader import PART_NAMES
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.parameters.files import write_text
from neuroner_tl.silver.definition import SilverDefinition, corpus_name, read_silver_definition
from neuroner_tl.silver.drafting.definition_text import definition_text
from neuroner_tl.silver.drafting.material import (
    TaggerFile,
    TermList,
    Texts,
    examine_annotations,
    examine_terms,
    examine_texts,
)
from neuroner_tl.silver.gold import folder_or_archive, read_gold, read_parts
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.temporary import scratch_folder

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_ENDING = re.compile(
    r"(\.(txt|tsv|csv|xml|json|jsonl|ini|pubtator|lst|list))?(\.gz)?$", re.IGNORECASE
)


@dataclass(frozen=True)
class NewDefinition:
    """A definition that was written, and what it was written from.

    Attributes:
        path: the file.
        texts: the texts.
        terms: the term lists, by annotator.
        taggers: the annotations of taggers, by annotator.
        gold: mentions of the class in the train part of each gold corpus, by its name.
        notes: what the user should know.

    Example::

        made = init_silver("my_class.ini", "ENZYME", ["abstracts"], terms=["enzymes.txt"])
        print(made.summary())
    """

    path: Path
    texts: Texts
    terms: dict[str, TermList]
    taggers: dict[str, TaggerFile]
    gold: dict[str, int]
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the counts as text."""
        tried = len(self.texts.first)
        form = "folder of .txt files" if self.texts.form == "brat" else self.texts.form
        lines = [f"texts: {counted(len(self.texts.hashes), 'document')} ({form})"]
        lines += [
            f"{name}: {counted(found.terms, 'term')}, "
            f"{counted(found.matches, 'match', 'matches')} in {found.matched_texts} of "
            f"{'the first ' if tried < len(self.texts.hashes) else ''}{counted(tried, 'text')}"
            for name, found in self.terms.items()
        ]
        lines += [
            f"{name}: {counted(found.documents, 'document')} ({found.kind}), {found.covered} of "
            f"them among the texts, with {counted(found.mentions, 'mention')}"
            for name, found in self.taggers.items()
        ]
        lines += [
            f"{name}: {counted(number, 'mention')} in train" for name, number in self.gold.items()
        ]
        lines += [f"note: {note}" for note in self.notes]
        lines += [
            f"written to {self.path}; build the corpus with: neuroner-tl silver build {self.path}"
        ]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the counts as a JSON object."""
        return {
            "definition": str(self.path),
            "texts": len(self.texts.hashes),
            "texts_format": self.texts.form,
            "terms": {name: _members(found) for name, found in self.terms.items()},
            "annotations": {name: _members(found) for name, found in self.taggers.items()},
            "gold": self.gold,
            "notes": list(self.notes),
        }


def init_silver(
    path: StrPath,
    entity_type: str,
    texts: Sequence[StrPath],
    *,
    terms: Sequence[StrPath] = (),
    annotations: Sequence[str] = (),
    texts_format: Optional[str] = None,
    tagger_types: Sequence[str] = (),
    gold: Sequence[StrPath] = (),
) -> NewDefinition:
    """Write the definition of a silver corpus, which `build_silver` builds.

    Args:
        path: the file to write; there must be none.
        entity_type: the type of all annotations, such as ENZYME.
        texts: files or folders of texts; a folder has a .txt file for each.
        terms: term lists, one term per line.
        annotations: annotations of taggers, as paths, or ``KIND:PATH``.
        texts_format: format of the texts; None to detect it.
        tagger_types: names that the taggers have for the type.
        gold: gold corpora: folders or archives.

    Raises:
        NeuroNERError: something cannot be used or is not what it seems, or the file exists.
    """
    path = Path(path)
    _check(path, entity_type, texts, terms, annotations, gold)
    found = examine_texts([Path(text) for text in texts], texts_format)
    lists = [examine_terms(Path(file), found) for file in terms]
    taggers = [examine_annotations(text, entity_type, tagger_types, found) for text in annotations]
    names = _names([*(item.path for item in lists), *(item.path for item in taggers)])
    lists_by_name = dict(zip(names, lists))
    taggers_by_name = dict(zip(names[len(lists) :], taggers))
    corpora = {Path(folder): _has_train(Path(folder)) for folder in gold}
    text = definition_text(path, entity_type, found, lists_by_name, taggers_by_name, corpora)
    with scratch_folder("silver-init") as folder:
        draft = folder / "draft.ini"
        write_text(draft, text)
        definition = read_silver_definition(draft)
    _check_paths(definition, found, (*lists, *taggers), [*corpora])
    made = NewDefinition(
        path,
        found,
        lists_by_name,
        taggers_by_name,
        _gold_mentions(definition),
        tuple(_notes(found, lists, corpora)),
    )
    write_text(path, text)
    return made


def _check(
    path: Path,
    entity_type: str,
    texts: Sequence[StrPath],
    terms: Sequence[StrPath],
    annotations: Sequence[str],
    gold: Sequence[StrPath],
) -> None:
    """Refuse what needs no file to be read."""
    if path.exists():
        raise ParameterError(
            f"{path}: exists already and is not overwritten; give another name, or remove it"
        )
    if not path.parent.is_dir():
        raise ParameterError(
            f"{path}: found no folder {path.parent}, expected one to write to; create it"
        )
    if not re.fullmatch(r"[^\s,#;$\"]+", entity_type):
        raise ParameterError(
            f"--type: found {entity_type!r}, expected an entity type: one word such as ENZYME"
        )
    if not texts:
        raise ParameterError("--texts: found none, expected one or more files or folders of texts")
    for option, given in (("--texts", texts), ("--terms", terms), ("--annotations", annotations)):
        places = [str(place) for place in given]
        if len(set(places)) < len(places):
            twice = next(place for place in places if places.count(place) > 1)
            raise ParameterError(f"{option}: found {twice} twice, expected each once; remove one")
    for folder in map(Path, gold):
        others = [name for name in PART_NAMES if (folder.parent / name).is_dir()]
        if folder.name in PART_NAMES and others != [folder.name] and folder.is_dir():
            raise ParameterError(
                f"--gold: {folder}: found a part of a corpus, expected the whole one; give "
                f"{folder.parent}, so that the documents of all parts are kept out"
            )
    if not terms and not annotations:
        raise ParameterError(
            "found neither term lists nor annotations, expected at least one annotator; give "
            "--terms or --annotations"
        )


def _names(paths: Iterable[Path]) -> list[str]:
    """Return a name for each annotator, from its file's; names are in lower case and distinct."""
    names: list[str] = []
    for path in paths:
        name = _NOT_IN_NAMES.sub("_", _ENDING.sub("", path.name).lower()).strip("_.-") or "list"
        number = 2
        while name in names:
            name = f"{name.rstrip('0123456789').rstrip('_')}_{number}"
            number += 1
        names.append(name)
    return names


def _check_paths(
    definition: SilverDefinition,
    texts: Texts,
    annotators: Sequence[Union[TermList, TaggerFile]],
    gold: Sequence[Path],
) -> None:
    """Refuse paths that a definition cannot hold, such as those with commas."""
    pairs = [
        (texts.paths, definition.silver.texts),
        ([item.path for item in annotators], [source.path for source in definition.annotators]),
        (gold, definition.gold.corpora),
    ]
    for wanted, read in pairs:
        if [str(path) for path in wanted] != [str(path) for path in read]:
            raise ParameterError(
                f"{', '.join(map(str, wanted))}: found a path that a definition cannot hold; "
                "rename it without commas, quotes, # and ;"
            )


def _has_train(path: Path) -> bool:
    """Tell whether a gold corpus has a train part."""
    return "train" in read_parts(folder_or_archive(path.expanduser()), corpus_name(path))[0]


def _gold_mentions(definition: SilverDefinition) -> dict[str, int]:
    """Return the mentions of the class in the train part of each gold corpus.

    Raises:
        CorpusError: a corpus cannot be read, or has none.
    """
    kind = definition.silver.type
    found = {}
    for name, documents in read_gold(definition).train.items():
        types = [entity.type for document in documents for entity in document.entities]
        found[name] = types.count(kind)
        if not found[name]:
            if not types:
                raise CorpusError(
                    f"{name}: found no annotation in its train part, expected some of {kind}; give "
                    "an annotated corpus, or leave it out"
                )
            shown = ", ".join(sorted(set(types)))
            raise CorpusError(
                f"{name}: found the types {shown} in its train part, expected {kind}; rename the "
                "type with `neuroner-tl corpus convert --rename`, or leave the corpus out"
            )
    return found


def _notes(texts: Texts, lists: Sequence[TermList], gold: Mapping[Path, bool]) -> Iterable[str]:
    if texts.empty:
        yield f"{counted(texts.empty, 'text is', 'texts are')} empty"
    for path in texts.paths:
        others = other_files(path) if path.is_dir() else ""
        if others:
            are = "is" if others.startswith("1 ") and " and " not in others else "are"
            yield f"{path}: {others} {are} left out, since a text is a .txt file"
    for item in lists:
        if not item.matches:
            yield (
                f"{item.path}: no term, such as {item.first!r}, is in the first "
                f"{counted(len(texts.first), 'text')}: check that each line is a name alone, and "
                "that list and texts are about the same things"
            )
        if item.quoted:
            are = counted(len(item.quoted), "term is", "terms are")
            yield (
                f"{item.path}: {are} in double quotes, such as {item.quoted[0]!r}, which are taken "
                "as part of the name: remove them"
            )
    for path, has_train in gold.items():
        if not has_train:
            yield (
                f"{path}: found no train part, so that its documents are kept out and nothing is "
                "learned from them"
            )
    if not gold:
        yield (
            "no gold corpus is given: should you score models on one, give it with --gold, so that "
            "its documents are kept out of the silver corpus"
        )


def _members(found: Union[TermList, TaggerFile]) -> dict[str, Any]:
    return {**vars(found), "path": str(found.path)}
