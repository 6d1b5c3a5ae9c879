"""A silver corpus as its .ini file defines it.

``docs/silver.md`` explains every name; relative paths start at ``data_folder``, and that one at the
current folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from neuroner_tl.corpora.convert import READERS, STANDOFF
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.parameters.ini_file import IniFile, read_sections
from neuroner_tl.silver.sections import (
    AnnotatorsSection,
    CleanSection,
    CoverageSection,
    GoldSection,
    HarmoniseSection,
    LexiconSection,
    SilverSection,
    TypesSection,
)
from neuroner_tl.system.paths import expanded_path

TRAIN = "train"
"""The kind of an annotator that is trained by the build."""
ANNOTATOR_KINDS = ("lexicon", "model", TRAIN, STANDOFF, *sorted(READERS))
FROM_GOLD = "gold"
"""In place of a blacklist or a share that is learned from gold corpora."""
MIN_ANNOTATORS = 3
"""Of a label model: agreement of fewer does not determine who is right."""
# Between the corpus of a model to train and its parameters.
_WITH = " with "
ARCHIVES = (".tar.gz", ".tgz", ".tar")
"""Endings of the archives of corpora."""


@dataclass(frozen=True)
class AnnotatorSource:
    """An annotator as the file names it.

    Attributes:
        name: what it is called.
        kind: one of `ANNOTATOR_KINDS`.
        path: its term list, annotations, model folder or corpus to train on.
        coverage: a table of the documents that it has seen; None if it has seen all.
        types: its entity types that count; none if that is the type of the corpus.
        parameters: of a model to train.

    Example:
        >>> AnnotatorSource("mine", "lexicon", Path("terms.txt")).kind
        'lexicon'
    """

    name: str
    kind: str
    path: Path
    coverage: Optional[Path] = None
    types: tuple[str, ...] = ()
    parameters: Optional[Path] = None


@dataclass(frozen=True)
class SilverDefinition:
    """Everything that a silver corpus is built from.

    Example::

        definition = read_silver_definition(Path("my_class.ini"))
        print([source.name for source in definition.annotators])
    """

    path: Path
    silver: SilverSection
    annotators: tuple[AnnotatorSource, ...]
    lexicon: LexiconSection
    harmonise: HarmoniseSection
    gold: GoldSection
    clean: CleanSection

    def data(self, path: Union[str, Path]) -> Path:
        """Return a path of the file, relative to the data folder."""
        return expanded_path(self.silver.data_folder) / expanded_path(path)

    @property
    def word_vectors(self) -> Optional[Path]:
        """The word-vector file of all models; None for each model's own."""
        vectors = self.silver.word_vectors
        return None if vectors is None else self.data(vectors)

    @property
    def models_folder(self) -> Path:
        """The folder of the models that were trained as annotators, and of what models found."""
        return expanded_path(self.silver.output_folder) / ".annotators"


def read_silver_definition(
    path: Path,
    data_folder: Optional[Path] = None,
    output_folder: Optional[Path] = None,
    variables: Optional[Mapping[str, str]] = None,
) -> SilverDefinition:
    """Read the file that defines a silver corpus.

    Args:
        path: the file.
        data_folder: overrides the file's.
        output_folder: overrides the file's.
        variables: what ``${NAME}`` stands for, before the environment is asked.

    Raises:
        ParameterError: the file cannot be read; a section or name is unknown or missing; a value
            is wrong or contradicts another.
    """
    given = {"data_folder": data_folder, "output_folder": output_folder}
    chosen = {name: folder for name, folder in given.items() if folder is not None}
    file = read_sections(
        path,
        {
            "silver": SilverSection,
            "annotators": AnnotatorsSection,
            "coverage": CoverageSection,
            "types": TypesSection,
            "lexicon": LexiconSection,
            "harmonise": HarmoniseSection,
            "gold": GoldSection,
            "clean": CleanSection,
        },
        "a file that defines a silver corpus",
        variables=variables or {},
        overridden=[("silver", name) for name in chosen],
    )
    definition = SilverDefinition(
        path=path,
        silver=file.section(SilverSection).model_copy(update=chosen),
        annotators=_annotators(file),
        lexicon=file.section(LexiconSection),
        harmonise=file.section(HarmoniseSection),
        gold=file.section(GoldSection),
        clean=file.section(CleanSection),
    )
    _check(definition, file)
    return definition


def _annotators(file: IniFile) -> tuple[AnnotatorSource, ...]:
    found = []
    tables = file.section(CoverageSection).own
    types = {
        name: tuple(part.strip() for part in text.split(",") if part.strip())
        for name, text in file.section(TypesSection).own.items()
    }
    for name, text in file.section(AnnotatorsSection).own.items():
        kind, _, place = text.partition(":")
        if kind.strip() not in ANNOTATOR_KINDS or not place.strip():
            file.refuse(
                AnnotatorsSection,
                name,
                repr(text),
                "a kind and a path, such as lexicon:terms.txt; the kinds are "
                f"{', '.join(ANNOTATOR_KINDS)}",
            )
        table = Path(tables[name]) if tables.get(name) else None
        kind, parameters = kind.strip(), None
        if kind == TRAIN:
            place, _, file_name = place.rpartition(_WITH)
            if not place.strip() or not file_name.strip():
                file.refuse(
                    AnnotatorsSection,
                    name,
                    repr(text),
                    "a corpus and a parameter file, such as "
                    "`train:my_corpus with parameters/annotator.ini`",
                )
            parameters = Path(file_name.strip())
        path = Path(place.strip())
        found.append(AnnotatorSource(name, kind, path, table, types.get(name, ()), parameters))
    kinds = {source.name: source.kind for source in found}
    for name in tables:
        if kinds.get(name) != "standoff":
            file.refuse(
                CoverageSection,
                name,
                f"{kinds[name]} annotator" if name in kinds else "no such annotator",
                "the name of a standoff annotator of [annotators]; others know what they cover",
            )
    for name, given in types.items():
        if kinds.get(name, "lexicon") == "lexicon" or not given:
            fault = "no type" if name in kinds else "no such annotator"
            file.refuse(
                TypesSection,
                name,
                "a term list" if given and name in kinds else fault,
                "an annotator of [annotators] whose annotations have types, and those that count, "
                "such as `tagger = Gene, Protein`",
            )
    if not found:
        raise ParameterError(
            f"{file.path}: found no annotator, expected lines such as `mesh = lexicon:mesh.txt` in "
            "[annotators]; add them"
        )
    return tuple(found)


def _check(definition: SilverDefinition, file: IniFile) -> None:
    """Refuse values that contradict each other."""
    silver, harmonise = definition.silver, definition.harmonise
    gold, clean = definition.gold, definition.clean
    if silver.texts_format not in READERS:
        expected = one_of(silver.texts_format, sorted(READERS))
        file.refuse(SilverSection, "texts_format", repr(silver.texts_format), expected)
    annotators = [source.name for source in definition.annotators]
    for key, names in (("weights", harmonise.weights), ("boundaries", harmonise.boundaries)):
        for name in names:
            if name not in annotators:
                expected = f"an annotator: {one_of(name, annotators)}"
                file.refuse(HarmoniseSection, key, repr(name), expected)
    _check_harmonise(harmonise, annotators, file)
    corpora = [corpus_name(text) for text in gold.corpora]
    for name in corpora:
        if corpora.count(name) > 1:
            expected = "corpora with names of their own, by which they are told apart"
            file.refuse(GoldSection, "corpora", f"two corpora named {name}", expected)
    for name in gold.learn_from:
        if name not in corpora:
            expected = f"a name among corpora: {one_of(name, corpora)}"
            file.refuse(GoldSection, "learn_from", repr(name), expected)
    if not gold.learn_from:
        if harmonise.learns_from_gold:
            expected = "learn_from in [gold] to learn weights from"
            file.refuse(HarmoniseSection, "method", harmonise.method, expected)
        if harmonise.extend:
            expected = "learn_from in [gold] to learn words from"
            file.refuse(HarmoniseSection, "extend", "True", expected)
        if clean.empty_share == FROM_GOLD:
            expected = "learn_from in [gold] to count documents without mentions in"
            file.refuse(CleanSection, "empty_share", "gold", expected)
        if clean.blacklist == FROM_GOLD:
            expected = "learn_from in [gold] to make the blacklist from"
            file.refuse(CleanSection, "blacklist", "gold", expected)
    if clean.topics and clean.topic_share * clean.topics <= 1:
        expected = f"more than 1 / {clean.topics} topics"
        file.refuse(CleanSection, "topic_share", str(clean.topic_share), expected)


def _check_harmonise(harmonise: HarmoniseSection, annotators: Sequence[str], file: IniFile) -> None:
    """Refuse settings that do not fit the method."""
    if harmonise.uses_label_model:
        if len(annotators) < MIN_ANNOTATORS:
            expected = (
                f"{MIN_ANNOTATORS} annotators or more, since fewer do not show who is right; the "
                "methods for fewer are exact and tolerant"
            )
            file.refuse(
                HarmoniseSection, "method", f"{harmonise.method} for {len(annotators)}", expected
            )
        if harmonise.minimum > 1:
            expected = f"a probability, 0 to 1, for method = {harmonise.method}"
            file.refuse(HarmoniseSection, "threshold", str(harmonise.threshold), expected)
    elif not harmonise.learns_from_gold:
        most = round(sum(harmonise.weights.get(name, 1.0) for name in annotators), 9)
        if harmonise.minimum > most:
            expected = f"at most {most:g}, the votes of all annotators together"
            file.refuse(HarmoniseSection, "threshold", f"{harmonise.minimum:g}", expected)
    if harmonise.weights and harmonise.method not in ("exact", "tolerant"):
        expected = f"no weights, since method = {harmonise.method} learns them"
        file.refuse(HarmoniseSection, "weights", str(dict(harmonise.weights)), expected)
    if harmonise.boundaries and harmonise.method == "learned":
        expected = "method = exact, tolerant, hmm or stacked; learned weights decide boundaries too"
        file.refuse(HarmoniseSection, "boundaries", ", ".join(harmonise.boundaries), expected)
    if harmonise.unknown_from is None:
        return
    if harmonise.method == "learned":
        expected = "method = exact, tolerant, hmm or stacked, whose threshold is known beforehand"
        file.refuse(HarmoniseSection, "unknown_from", str(harmonise.unknown_from), expected)
    if harmonise.unknown_from >= harmonise.minimum:
        expected = f"less than the threshold, {harmonise.minimum:g}"
        file.refuse(HarmoniseSection, "unknown_from", str(harmonise.unknown_from), expected)


def corpus_name(path: Union[str, Path]) -> str:
    """Return the name of a corpus: its folder's name, or its archive's without the ending."""
    name = Path(path).name
    for ending in ARCHIVES:
        if name.endswith(ending):
            return name[: -len(ending)]
    return name
