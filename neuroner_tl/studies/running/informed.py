"""What silver corpora were told: the gold documents whose labels they were learned from.

`silver build` records them in a corpus's ``report.json``. A source that knows labels which a target
run does not have is no help that its few labels would give: the gain would be too high. The
documents of a target are recognised by what they are, since its folder may have any name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.duplicates import pubmed_id
from neuroner_tl.corpora.leaks import all_documents
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.silver.labels import REPORT, Taught, text_digest
from neuroner_tl.studies.definition.definition import SYNTHETIC, StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.system.json_text import read_object
from neuroner_tl.system.paths import expanded_path

_PARTS = ("train", "valid", "test")
# By what a document is recognised.
_TEXT, _PUBMED_ID, _NAME = "text", "PubMed id", "corpus name and id"


@dataclass(frozen=True)
class KnownLabels:
    """The documents of a gold corpus whose labels a silver corpus was learned from.

    Attributes:
        number: how many they are.
        documents: their ids; None if the report has only their number.
        texts: by id the digests of their texts, as far as the report has them.

    Example::

        known = known_labels(Path("output/silver_diso"))
        print({corpus: labels.number for corpus, labels in (known or {}).items()})
    """

    number: int
    documents: Optional[frozenset[str]] = None
    texts: Mapping[str, str] = field(default_factory=dict)


def known_labels(silver: Path) -> Optional[dict[str, KnownLabels]]:
    """Return the labels that a silver corpus knows, by gold corpus; None if it has no such report.

    Corpora that it learned nothing from are left out.
    """
    report = read_object(silver / REPORT)
    found: dict[str, KnownLabels] = {}
    numbers, documents = report.get("learned_from"), report.get("learned_from_documents")
    # Beside the ids, the numbers are of the documents that the corpus was scored on.
    if isinstance(numbers, dict) and not isinstance(documents, dict):
        found.update((name, KnownLabels(n)) for name, n in numbers.items() if isinstance(n, int))
    taught = Taught.read(report)
    for name, ids in taught.documents.items():
        found[name] = KnownLabels(len(ids), frozenset(ids), taught.texts.get(name, {}))
    if not isinstance(numbers, dict) and not isinstance(documents, dict):
        return None
    return {name: labels for name, labels in found.items() if labels.number}


@dataclass(frozen=True)
class _Target:
    """The documents of a target corpus, by the keys that each of them has.

    Attributes:
        names: what the corpus is called: its folder, what a link leads to, and in the study.
        keys: by id the PubMed id, if it is one, and the digest of the text.
    """

    names: frozenset[str]
    keys: Mapping[str, frozenset[tuple[str, str]]]

    @classmethod
    def read(cls, folder: Path, name: str) -> _Target:
        keys: dict[str, frozenset[tuple[str, str]]] = {}
        for document in all_documents(read_corpus(folder, warn=False), _PARTS):
            own = {(_TEXT, text_digest(document.text)), *_pubmed_key(document.id)}
            keys[document.id] = keys.get(document.id, frozenset()) | own
        return cls(frozenset({folder.name, folder.resolve().name, name}), keys)


def check_informed(definition: StudyDefinition, runs: Sequence[StudyRun]) -> None:
    """Refuse sources that know labels which not all of their target runs have.

    Raises:
        ParameterError: there is such a source, and the study does not allow it.
        CorpusError: a target corpus cannot be read.
    """
    if definition.allow_informed_sources:
        return
    known: dict[str, dict[str, KnownLabels]] = {}
    targets: dict[str, _Target] = {}
    checked = set()
    for run in runs:
        if run.is_source or run.source_name is None:
            continue
        p = run.parameters
        key = (run.source_name, run.corpus, p.split_percentages, p.split_seed, p.train_size)
        if key in checked:
            continue
        checked.add(key)
        source, text = (definition.corpus_text(name) for name in (run.source_name, run.corpus))
        if source.startswith(SYNTHETIC) or text.startswith(SYNTHETIC):
            continue
        if run.source_name not in known:
            known[run.source_name] = known_labels(expanded_path(source)) or {}
        folder = expanded_path(text)
        for corpus, labels in known[run.source_name].items():
            if run.corpus not in targets:
                targets[run.corpus] = _Target.read(folder, run.corpus)
            _check(definition, run, corpus, labels, targets[run.corpus], folder)


def _check(
    definition: StudyDefinition,
    run: StudyRun,
    corpus: str,
    labels: KnownLabels,
    target: _Target,
    folder: Path,
) -> None:
    """Refuse a source for what it knows of a corpus that is, or shares texts with, a target."""
    has_its_name = corpus in target.names
    if labels.documents is None and not has_its_name:
        return
    p = run.parameters
    read = read_corpus(
        folder,
        split_percentages=p.split_percentages,
        split_seed=p.split_seed,
        train_size=p.train_size,
        required=("train",),
        warn=False,
    )
    sample = read.parts["train"].ids
    size = "" if p.train_size is None else f"train_size {p.train_size:g}, "
    sample_words = f"the {counted(len(sample), 'document')} ({size}split_seed {p.split_seed})"
    if labels.documents is None:
        is_whole = read.left_out is None
        too_many = max(0, labels.number - len(sample)) if is_whole else labels.number
        fault = (
            f"{counted(labels.number, 'document')} of {run.corpus}, of which only the number is "
            f"recorded, expected those of {sample_words} that a run is trained on"
        )
    else:
        unknown, ways = _unknown_to(sample, labels, target, has_its_name)
        too_many = len(unknown)
        recorded = "" if has_its_name else f" (recorded as {corpus})"
        fault = (
            f"{counted(labels.number, 'document')}{recorded}, {too_many} of them documents of "
            f"{run.corpus} that a run is not trained on (the same {' or '.join(ways)}; the first "
            f"is {min(unknown, default='')!r}), expected only those of {sample_words} that it is"
        )
    if too_many:
        raise ParameterError(
            f"{definition.path}: found the source {run.source_name}, which knows the labels of "
            f"{fault}; build the source with this train_size and split_seed in [gold], or without "
            "learn_from, or set allow_informed_sources = True in [study]"
        )


def _unknown_to(
    sample: Sequence[str], labels: KnownLabels, target: _Target, has_its_name: bool
) -> tuple[set[str], list[str]]:
    """Return the documents with known labels that are not in a train sample, and how they match.

    Args:
        sample: ids of the sample.
        labels: the known labels.
        target: the corpus of the sample.
        has_its_name: whether it has the name of the corpus that they are of; if so, equal ids say
            that documents are the same, and ids that it has no longer are counted, too.
    """
    assert labels.documents is not None
    known = {(_TEXT, digest) for digest in labels.texts.values()}
    known.update(key for name in labels.documents for key in _pubmed_key(name))
    in_sample = set(sample)
    taught = {key for name in in_sample for key in target.keys.get(name, ())}
    unknown, ways = set(), set()
    for name, keys in target.keys.items():
        found = {way for way, _ in keys & known}
        if has_its_name and name in labels.documents:
            found.add(_NAME)
        if found and name not in in_sample and not keys & taught:
            unknown.add(name)
            ways |= found
    if has_its_name:
        gone = labels.documents - set(target.keys) - set(labels.texts)
        unknown |= gone
        ways |= {_NAME} if gone else set()
    return unknown, [way for way in (_TEXT, _PUBMED_ID, _NAME) if way in ways]


def _pubmed_key(name: str) -> list[tuple[str, str]]:
    number = pubmed_id(name)
    return [(_PUBMED_ID, number)] if number else []
