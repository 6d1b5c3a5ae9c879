"""What silver corpora were told: the gold documents whose labels they were learned from.

`silver build` records them in a corpus's ``report.json``. A source that knows labels which a target
run does not have is no help that its few labels would give: the gain would be too high.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.definition import SYNTHETIC, StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.system.json_text import read_object

REPORT = "report.json"


@dataclass(frozen=True)
class KnownLabels:
    """The documents of a gold corpus whose labels a silver corpus was learned from.

    Attributes:
        number: how many they are.
        documents: their ids; None if the report has only their number.

    Example::

        known = known_labels(Path("output/silver_diso"))
        print({corpus: labels.number for corpus, labels in (known or {}).items()})
    """

    number: int
    documents: Optional[frozenset[str]] = None

    def unknown_to(self, sample: Sequence[str], *, is_whole: bool) -> int:
        """Count those that are not in a train sample, as far as the report tells.

        Args:
            sample: ids of the sample.
            is_whole: whether it is the whole train part.
        """
        if self.documents is not None:
            return len(self.documents - set(sample))
        return max(0, self.number - len(sample)) if is_whole else self.number


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
    if isinstance(documents, dict):
        for name, ids in documents.items():
            if isinstance(ids, list):
                found[name] = KnownLabels(len(ids), frozenset(map(str, ids)))
    if not isinstance(numbers, dict) and not isinstance(documents, dict):
        return None
    return {name: labels for name, labels in found.items() if labels.number}


def check_informed(definition: StudyDefinition, runs: Sequence[StudyRun]) -> None:
    """Refuse sources that know labels which not all of their target runs have.

    Raises:
        ParameterError: there is such a source, and the study does not allow it.
        CorpusError: a target corpus cannot be read.
    """
    if definition.allow_informed_sources:
        return
    known: dict[str, dict[str, KnownLabels]] = {}
    checked = set()
    for run in runs:
        if run.is_source or run.source_name is None:
            continue
        p = run.parameters
        key = (run.source_name, run.corpus, p.split_percentages, p.split_seed, p.train_size)
        if key in checked:
            continue
        checked.add(key)
        source = definition.corpus_text(run.source_name)
        if source.startswith(SYNTHETIC):
            continue
        if run.source_name not in known:
            known[run.source_name] = known_labels(Path(source).expanduser()) or {}
        text = definition.corpus_text(run.corpus)
        of_source = known[run.source_name]
        labels = of_source.get(Path(text).name) or of_source.get(run.corpus)
        if labels is not None and not text.startswith(SYNTHETIC):
            _check(definition, run, labels, Path(text).expanduser())


def _check(definition: StudyDefinition, run: StudyRun, labels: KnownLabels, folder: Path) -> None:
    p = run.parameters
    corpus = read_corpus(
        folder,
        split_percentages=p.split_percentages,
        split_seed=p.split_seed,
        train_size=p.train_size,
        required=("train",),
    )
    sample = corpus.parts["train"].ids
    too_many = labels.unknown_to(sample, is_whole=corpus.left_out is None)
    if not too_many:
        return
    size = "" if p.train_size is None else f"train_size {p.train_size:g}, "
    sample_words = f"{counted(len(sample), 'document')} ({size}split_seed {p.split_seed})"
    raise ParameterError(
        f"{definition.path}: found the source {run.source_name}, which knows the labels of "
        f"{counted(labels.number, 'document')} of {run.corpus}, "
        + (
            f"expected those of the {sample_words} that a run is trained on, {too_many} are not "
            "among them"
            if labels.documents is not None
            else f"of which only the number is recorded, expected those of the {sample_words} that "
            "a run is trained on"
        )
        + "; build the source with this train_size and split_seed in [gold], or without "
        "learn_from, or set allow_informed_sources = True in [study]"
    )
