"""The text of a new definition of a silver corpus: each choice with its reason in a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from neuroner_tl.corpora.convert import STANDOFF
from neuroner_tl.messages.numbers import counted
from neuroner_tl.parameters.ini_syntax import without_comment
from neuroner_tl.silver.definition import MIN_ANNOTATORS, corpus_name
from neuroner_tl.silver.drafting.material import TaggerFile, TermList, Texts
from neuroner_tl.system.file_name import file_name_fault

_SAMPLE = 20_000  # documents
_MANY_TEXTS = 5_000
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


def definition_text(
    path: Path,
    entity_type: str,
    texts: Texts,
    lists: Mapping[str, TermList],
    taggers: Mapping[str, TaggerFile],
    gold: Mapping[Path, bool],
) -> str:
    """Return the text of the file.

    Args:
        path: the file.
        entity_type: the type of all annotations.
        texts: the texts.
        lists: the term lists by annotator.
        taggers: the annotations of taggers by annotator.
        gold: the gold corpora, and whether they have a train part.
    """
    learns = any(gold.values())
    number = len(texts.hashes)
    lines = [
        f"# Silver corpus of the class {entity_type}; docs/silver.md explains every name.",
        f"# Build it with: neuroner-tl silver build {path}",
        "",
        "[silver]",
        "# Folder of the corpus, in output_folder.",
        f"name = {_corpus_name(path)}",
        f"type = {entity_type}",
        "# Paths below are relative to this folder, and it to the one in which the command is run.",
        "data_folder = .",
        f"# {counted(number, 'document')}.",
        f"texts = {_joined(texts.paths)}",
        *_text_format_lines(texts),
        "output_folder = output",
        "# The same seed gives the same corpus.",
        "seed = 0",
        "# Percent of the documents that are left for valid, on which training chooses an epoch.",
        f"valid_percent = {20 if number < 100 else 10 if number < 2000 else 2}",
        "",
        "[annotators]",
        *_annotator_lines(lists, taggers),
        "",
        *_type_lines(entity_type, taggers),
        "[lexicon]",
        "# Terms of at most this many letters and digits that look like symbols match in case.",
        "symbol_length = 6",
        "# The last word of a term may be singular or plural.",
        "plurals = True",
        "# For names of species: E. coli for Escherichia coli.",
        "genus_initials = False",
        "# An abbreviation in brackets after a match is annotated in the whole text.",
        "abbreviations = True",
        "",
        "[harmonise]",
        *_harmonise_lines(len(lists), len(taggers), learns),
        "",
        "[gold]",
        *_gold_lines(gold),
        "",
        "[clean]",
        *_clean_lines(number, learns),
    ]
    return "\n".join(lines) + "\n"


def _text_format_lines(texts: Texts) -> list[str]:
    if texts.form != "brat":
        return [f"texts_format = {texts.form}"]
    return ["# A folder of .txt files; .ann files beside them are not used.", "texts_format = brat"]


def _annotator_lines(lists: Mapping[str, TermList], taggers: Mapping[str, TaggerFile]) -> list[str]:
    lines = []
    for name, item in lists.items():
        lines += [
            f"# A list of {counted(item.terms, 'term')}: the longest match of whole words counts.",
            f"{name} = {_quoted(f'lexicon:{item.path}')}",
        ]
    for name, file in taggers.items():
        lines += [
            f"# A tagger that has seen {counted(file.covered, 'text')}: on others it has no vote."
            if file.kind != STANDOFF
            else "# A tagger that has seen all texts; if it has not, name those in [coverage].",
            f"{name} = {_quoted(f'{file.kind}:{file.path}')}",
        ]
    return lines


def _type_lines(entity_type: str, taggers: Mapping[str, TaggerFile]) -> list[str]:
    """Return the section that says how taggers call the class; nothing if they call it so."""
    own = [
        f"{name} = {', '.join(file.types)}"
        for name, file in taggers.items()
        if file.types not in ((entity_type,), ("",))
    ]
    comment = f"# What these taggers call {entity_type}; their other annotations are not used."
    return ["[types]", comment, *own, ""] if own else []


def _harmonise_lines(lists: int, taggers: int, gold: bool) -> list[str]:
    """Return how annotations become mentions.

    Args:
        lists: how many term lists there are.
        taggers: how many taggers.
        gold: whether there are annotated corpora to learn from.
    """
    if taggers and lists + taggers >= MIN_ANNOTATORS:
        return [
            "# How far each annotator is trusted is learned from their agreement, without gold.",
            "method = hmm",
        ]
    if gold:
        return [
            "# How far each annotator is trusted is learned from the train parts named in [gold].",
            "method = learned",
            "# So are words that belong to mentions and that annotators leave out.",
            "extend = True",
        ]
    if lists + taggers == 1:
        return [
            "# There is one annotator: what it finds is annotated.",
            "method = tolerant",
            "threshold = 1",
        ]
    if lists + taggers < MIN_ANNOTATORS:
        return [
            "# What either annotator finds is a mention; 2 asks for both, and errs less.",
            "# Annotations that overlap are votes for one mention.",
            "method = tolerant",
            "threshold = 1",
        ]
    return [
        "# Two lists have to find a mention: 1 finds more, 3 errs less. Annotations that overlap",
        "# are votes for one mention, whose boundaries are those that most of them give.",
        "method = tolerant",
        "threshold = 2",
    ]


def _gold_lines(gold: Mapping[Path, bool]) -> list[str]:
    if not gold:
        return [
            "# Corpora whose documents must not be in this one, such as those you test on.",
            "corpora =",
        ]
    removed = [
        "# Their documents, of all parts, are removed from the texts.",
        f"corpora = {_joined([*gold])}",
    ]
    if not any(gold.values()):
        return removed
    return [
        *removed,
        "# Their train parts score the annotators, and teach what [harmonise] and [clean] learn.",
        "# For a learning curve, set train_size to its smallest point.",
        f"learn_from = {', '.join(corpus_name(path) for path, learns in gold.items() if learns)}",
    ]


def _clean_lines(number: int, gold: bool) -> list[str]:
    lines = [
        "# Texts without a mention are left out: most of them are about something else. To keep",
        "# some, set empty_share: 0.05 keeps 5 %, gold as many as gold abstracts without one.",
        "min_annotations = 1",
        "# Lists of names are left out too: texts with more mentions per 100 words.",
        "max_density = 20",
    ]
    if gold:
        lines += ["# Words that gold never annotates are not annotated.", "blacklist = gold"]
    if number >= _MANY_TEXTS:
        lines += [
            "# No topic, of 50 that are found in the texts, has more than 6 % of them.",
            "topics = 50",
            "topic_share = 0.06",
            "# No name has more than 10 % of the mentions.",
            "entity_share = 0.1",
        ]
    if number > _SAMPLE:
        lines += ["# A sample of this size trains in hours.", f"documents = {_SAMPLE}"]
    return lines


def _corpus_name(path: Path) -> str:
    """Return the name of a definition as that of its corpus, if a folder may have it."""
    name = _NOT_IN_NAMES.sub("_", path.stem).strip("_-.")
    return name if file_name_fault(name) is None else "silver"


def _joined(paths: Sequence[Path]) -> str:
    return _quoted(", ".join(map(str, paths)))


def _quoted(value: str) -> str:
    """Return a value as an .ini file needs it, in quotes if it would read as a comment."""
    return value if without_comment(value) == value else f'"{value}"'
