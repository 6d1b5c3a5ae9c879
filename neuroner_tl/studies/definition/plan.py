"""From a definition to the list of its runs, each with an identifier that stays the same.

An identifier says in words what the run is and ends with a hash of everything that decides its
result: the parameters that are not at their defaults, the corpus and the word vectors by name and
content, the source run. Folders of this machine are not part of it, so the same study has the same
identifiers everywhere. The key of a run is the same hash without contents: it finds the record of a
run if its corpus is not available.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from neuroner_tl.dataset.word_vectors.concatenated_vectors import vector_files
from neuroner_tl.parameters.effects import deciding_values
from neuroner_tl.parameters.fields import ENCODING, LENGTH, RESULT
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.arms import LAYERS, Arm, System, Teacher
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import (
    SOURCE,
    STUDENT,
    SYNTHETIC,
    TARGET,
    TUNING,
    StudyDefinition,
)
from neuroner_tl.studies.definition.search import Trial

# Corpora, word vectors and source models count by their names and contents, not their places.
_COUNTED = (ENCODING, RESULT, LENGTH)


@dataclass(frozen=True)
class StudyRun:
    """One training run of a study.

    Attributes:
        id: its identifier, usable as the name of a file.
        corpus: name of the corpus that it trains on.
        entity_class: entity class of the corpus.
        arm: name of the arm; ``source`` for a source model.
        layers: layers taken from the source model.
        train_size: documents to train on, in percent of the corpus; None for the train part.
        whole: identifier of the run that differs in having the whole train part; None if it has it.
        documents: documents to train a source model on; None for the train part.
        source: identifier of the run whose model it starts from; None if it starts from scratch.
        source_name: corpus of the source model.
        source_documents: documents of the source model; None for its whole train part.
        source_seed: seed of the source model that was trained on the silver corpus as it is, if
            its weights are those that the run starts from, directly or by way of a student.
        teacher: identifier of the run whose model completes the corpus of a source; None without.
        teaching: how it completes the corpus; None without a teacher.
        parameters: all of the run's parameters, but for the folders.
        key: its hash without contents.
        content: digests of what the run reads, and its source model's run, by name; None for
            what is not available.
        trial: the trial of a search that it is; None for others. Trials are scored on the valid
            part alone.
        system: the system in place of this package's network; None for the network.

    Example::

        for run in plan_runs(definition):
            print(run.id, run.arm, run.is_source)
    """

    id: str
    corpus: str
    entity_class: str
    arm: str
    layers: tuple[str, ...]
    train_size: Optional[float]
    documents: Optional[int]
    source: Optional[str]
    source_name: Optional[str]
    source_documents: Optional[int]
    parameters: Parameters
    source_seed: Optional[int] = None
    whole: Optional[str] = None
    teacher: Optional[str] = None
    teaching: Optional[Teacher] = None
    key: str = ""
    content: Mapping[str, Optional[str]] = field(default_factory=dict)
    trial: Optional[Trial] = None
    system: Optional[System] = None

    @property
    def is_source(self) -> bool:
        """Whether the run trains a source model."""
        return self.arm == SOURCE

    @property
    def needs(self) -> tuple[str, ...]:
        """Identifiers of the runs whose models it needs."""
        return tuple(name for name in (self.source, self.teacher) if name is not None)

    @property
    def is_known(self) -> bool:
        """Whether all that it reads is available, so that its identifier covers it."""
        return None not in self.content.values()


def plan_runs(
    definition: StudyDefinition, seed: Optional[int] = None, contents: Optional[Contents] = None
) -> list[StudyRun]:
    """Return the runs of a study, source models first, each once.

    Runs that need a teacher follow those of all other arms. Of a search, the last run is what each
    trial is, without the values that are searched for.

    Args:
        definition: the study.
        seed: the seed of all runs, instead of the definition's.
        contents: digests of corpora and word vectors; None to ignore them.

    Raises:
        ParameterError: the parameters of a run are wrong.
    """
    return list(_Plan(definition, seed, contents).runs.values())


class _Cell(NamedTuple):
    """What a target run is, besides its arm and source."""

    entity_class: str
    corpus: str
    size: Optional[float]
    seed: int
    split_seed: int
    source_seed: Optional[int]


class _Plan:
    """The runs of a study, each made once.

    Args:
        definition: the study.
        seed: the seed of all runs; None for those of the definition.
        contents: digests of what the runs read; None to ignore them.
    """

    def __init__(
        self, definition: StudyDefinition, seed: Optional[int], contents: Optional[Contents]
    ) -> None:
        self._definition, self._seed, self._contents = definition, seed, contents
        self.runs: dict[str, StudyRun] = {}
        self._sources: dict[str, list[StudyRun]] = {}
        # Target runs by arm, cell, and corpus and documents of the source.
        self._targets: dict[tuple[Any, ...], StudyRun] = {}
        if any(arm.layers for arm in definition.arms):
            for entity_class in definition.targets:
                self._sources[entity_class] = list(self._source_runs(entity_class))
        for taught in (False, True):
            self._target_runs([arm for arm in definition.arms if bool(arm.teacher) == taught])

    def _add(self, run: StudyRun) -> StudyRun:
        return self.runs.setdefault(run.id, run)

    def _source_seeds(self) -> tuple[Optional[int], ...]:
        """Return the seeds of the source models; None for that of the parameters."""
        if self._seed is not None:
            return (self._seed,)
        return self._definition.source_seeds or (None,)

    def _source_runs(self, entity_class: str) -> Iterator[StudyRun]:
        definition = self._definition
        arms = [arm for arm in definition.arms if arm.layers]
        for corpus in definition.sources[entity_class]:
            taken = [arm for arm in arms if arm.takes(corpus)]
            if not taken:
                continue
            # Students that start from scratch need the corpus, but not its source model.
            needed = any(arm.teacher is None or arm.teacher.from_source for arm in taken)
            for documents in definition.source_documents:
                for seed in self._source_seeds():
                    decided: dict[str, Any] = {} if seed is None else {"seed": seed}
                    parameters = definition.parameters(SOURCE, None, entity_class, **decided)
                    run = self._make(corpus, entity_class, parameters, documents)
                    yield self._add(run) if needed else run

    def _target_runs(self, arms: Sequence[Arm]) -> None:
        definition = self._definition
        first = definition.parameters(TARGET)
        seeds = definition.seeds or (first.seed,)
        if self._seed is not None:
            seeds = (self._seed,)
        split_seeds = definition.split_seeds or (first.split_seed,)
        targets = [(c, corpus) for c, corpora in definition.targets.items() for corpus in corpora]
        for number, seed in enumerate(seeds):
            for split_number, split_seed in enumerate(split_seeds):
                # What statistics take as one run has one source model: see docs/studies.md.
                unit = split_number if len(split_seeds) > 1 else number
                source_seeds = self._source_seeds()
                source_seed = source_seeds[unit % len(source_seeds)]
                for arm in arms:
                    for entity_class, corpus in targets:
                        for size in definition.train_sizes:
                            cell = _Cell(entity_class, corpus, size, seed, split_seed, source_seed)
                            self._runs_of(arm, cell)

    def _runs_of(self, arm: Arm, cell: _Cell) -> None:
        decided: dict[str, Any] = {"seed": cell.seed, "split_seed": cell.split_seed}
        if cell.size is not None:
            decided["train_size"] = cell.size
        decided.update(arm.flags)
        parameters = self._definition.parameters(TARGET, arm, **decided)
        sources: list[Optional[StudyRun]] = [None]
        if arm.layers:
            sources = [
                source
                for source in self._sources[cell.entity_class]
                if arm.takes(source.corpus)
                and (cell.source_seed is None or source.parameters.seed == cell.source_seed)
            ]
        for plain in sources:
            source = plain
            if plain is not None and arm.teacher is not None:
                source = self._student(arm.teacher, cell, plain)
            run = self._make(cell.corpus, cell.entity_class, parameters, arm=arm, source=source)
            self._targets[(arm.name, cell, *_of_source(plain))] = self._add(run)

    def _student(self, teaching: Teacher, cell: _Cell, plain: StudyRun) -> StudyRun:
        """Add the source model that is trained on the corpus that a target's model completed."""
        known = self._targets
        teacher = known.get((teaching.arm, cell, *_of_source(plain)))
        if teacher is None:
            teacher = known[(teaching.arm, cell, *_of_source(None))]
        parameters = self._definition.parameters(STUDENT, None, cell.entity_class, seed=cell.seed)
        return self._add(
            self._make(
                plain.corpus,
                plain.entity_class,
                parameters,
                plain.documents,
                source=plain if teaching.from_source else None,
                teacher=teacher,
                teaching=teaching,
            )
        )

    def _make(
        self,
        corpus: str,
        entity_class: str,
        parameters: Parameters,
        documents: Optional[int] = None,
        *,
        arm: Optional[Arm] = None,
        source: Optional[StudyRun] = None,
        teacher: Optional[StudyRun] = None,
        teaching: Optional[Teacher] = None,
    ) -> StudyRun:
        definition, contents = self._definition, self._contents
        identity = {
            "corpus": corpus,
            "documents": documents,
            "parameters": deciding_parameters(parameters),
            **_synthetic(definition, corpus),
        }
        if teaching is not None:
            identity["teaching"] = teaching.to_json()
        system = None if arm is None else arm.system
        if system is not None:
            identity["system"] = system.name
            if system.predictions:
                # By its key alone, a record could belong to any arm of published predictions.
                identity["predictions"] = arm.name if arm is not None else ""
        if arm is not None and definition.search is not None:
            # The record of a run with these parameters in another study has its test scores.
            identity["study"] = TUNING
        others = {"source": source} if teacher is None else {"source": source, "teacher": teacher}
        content: dict[str, Optional[str]] = {}
        if contents is not None:
            content = dict(contents.of(definition, corpus, parameters))
            if system is not None and system.predictions:
                content["predictions"] = contents.corpus(system.folder(corpus))
            for name, other in others.items():
                if other is not None and other.content:
                    content[name] = other.id if other.is_known else None
        known = {name: digest for name, digest in content.items() if digest is not None}
        key = _digest({**identity, **{name: o and o.key for name, o in others.items()}})
        whole = {**identity, **{name: o and o.id for name, o in others.items()}}
        whole_part = None
        if arm is not None and parameters.train_size is not None:
            unlimited = parameters.model_copy(update={"train_size": None})
            whole_part = self._make(corpus, entity_class, unlimited, arm=arm, source=source).id
        words = _words(definition, corpus, parameters, documents, arm, source, teacher)
        words.append(_digest({**whole, "content": known} if known else whole))
        return StudyRun(
            id="-".join(words),
            corpus=corpus,
            entity_class=entity_class,
            arm=arm.name if arm else SOURCE,
            layers=tuple(layer for layer in LAYERS if arm and layer in arm.layers),
            train_size=parameters.train_size,
            documents=documents,
            source=source.id if source else None,
            source_name=source.corpus if source else None,
            source_documents=source.documents if source else None,
            source_seed=_seed_of_weights(source),
            whole=whole_part,
            teacher=teacher.id if teacher else None,
            teaching=teaching,
            parameters=parameters,
            key=key,
            content=content,
            system=system,
        )


def _of_source(source: Optional[StudyRun]) -> tuple[Optional[str], Optional[int]]:
    return (None, None) if source is None else (source.corpus, source.documents)


def _seed_of_weights(source: Optional[StudyRun]) -> Optional[int]:
    if source is None:
        return None
    return source.parameters.seed if source.teacher is None else source.source_seed


def _words(
    definition: StudyDefinition,
    corpus: str,
    parameters: Parameters,
    documents: Optional[int],
    arm: Optional[Arm],
    source: Optional[StudyRun],
    teacher: Optional[StudyRun],
) -> list[str]:
    """Say what a run is, for people who read its name."""
    several = sum(map(len, definition.sources.values())) > len(definition.sources)
    words = [corpus, arm.name if arm else SOURCE]
    if arm is not None and definition.search is not None:
        words.append(TUNING)
    if teacher is not None:
        words.append(f"taught_by_{teacher.corpus}")
        if teacher.train_size is not None:
            words.append(f"{teacher.train_size:g}pct")
    elif source is not None and several:
        words.append(f"from_{source.corpus}")
    for number in (documents, source.documents if source and arm else None):
        if number is not None:
            words.append(f"{number}docs")
    if arm and parameters.train_size is not None:
        words.append(f"{parameters.train_size:g}pct")
    words.append(f"seed{parameters.seed}")
    # Whether there are several splits in this study is left aside: others share its runs.
    split = teacher.parameters.split_seed if teacher else parameters.split_seed
    if split != Parameters.model_fields["split_seed"].default:
        words.append(f"split{split}")
    return words


def deciding_parameters(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters that decide a result and are not at their defaults, as in JSON."""
    deciding = deciding_values(parameters, *_COUNTED)
    vectors = parameters.token_pretrained_embedding_filepath
    if vectors is not None:
        deciding["word_vectors"] = ",".join(path.name for path in vector_files(vectors))
    return deciding


def _digest(identity: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def _synthetic(definition: StudyDefinition, corpus: str) -> dict[str, Any]:
    """Return the definition of a synthetic corpus; a real one counts by its name and content."""
    text = definition.corpus_text(corpus)
    if not text.startswith(SYNTHETIC):
        return {}
    return {"synthetic": definition.synthetic[text[len(SYNTHETIC) :]].to_json()}
