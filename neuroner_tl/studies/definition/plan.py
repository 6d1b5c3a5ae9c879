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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from neuroner_tl.parameters.effects import values_by_effect
from neuroner_tl.parameters.fields import ENCODING, LENGTH, RESULT
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.arms import LAYERS, Arm
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import SYNTHETIC, StudyDefinition

SOURCE = "source"
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
        documents: documents to train a source model on; None for the train part.
        source: identifier of the run of the source model; None without transfer.
        source_name: corpus of the source model.
        source_documents: documents of the source model; None for its whole train part.
        parameters: all of the run's parameters, but for the folders.
        key: its hash without contents.
        content: digests of what the run reads, and its source model's run, by name; None for
            what is not available.

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
    key: str = ""
    content: Mapping[str, Optional[str]] = field(default_factory=dict)

    @property
    def is_source(self) -> bool:
        """Whether the run trains a source model."""
        return self.arm == SOURCE

    @property
    def is_known(self) -> bool:
        """Whether all that it reads is available, so that its identifier covers it."""
        return None not in self.content.values()


def plan_runs(
    definition: StudyDefinition, seed: Optional[int] = None, contents: Optional[Contents] = None
) -> list[StudyRun]:
    """Return the runs of a study, source models first, each once.

    Args:
        definition: the study.
        seed: the seed of all runs, instead of the definition's.
        contents: digests of corpora and word vectors; None to ignore them.

    Raises:
        ParameterError: the parameters of a run are wrong.
    """
    runs: dict[str, StudyRun] = {}
    sources: dict[str, list[StudyRun]] = {}
    if any(arm.layers for arm in definition.arms):
        for entity_class in definition.targets:
            sources[entity_class] = list(_source_runs(definition, entity_class, seed, contents))
            runs.update((run.id, run) for run in sources[entity_class])
    for run in _target_runs(definition, sources, seed, contents):
        runs[run.id] = run
    return list(runs.values())


def _source_runs(
    definition: StudyDefinition,
    entity_class: str,
    seed: Optional[int],
    contents: Optional[Contents],
) -> Iterator[StudyRun]:
    decided: dict[str, Any] = {} if seed is None else {"seed": seed}
    for corpus in definition.sources[entity_class]:
        for documents in definition.source_documents:
            yield _make(
                definition,
                corpus,
                entity_class,
                definition.parameters(SOURCE, **decided),
                contents,
                documents=documents,
            )


def _target_runs(
    definition: StudyDefinition,
    sources: dict[str, list[StudyRun]],
    seed: Optional[int],
    contents: Optional[Contents],
) -> Iterator[StudyRun]:
    first = definition.parameters("target")
    seeds = definition.seeds or (first.seed,)
    split_seeds = definition.split_seeds or (first.split_seed,)
    targets = [(c, corpus) for c, corpora in definition.targets.items() for corpus in corpora]
    for one_seed in seeds if seed is None else (seed,):
        for split_seed in split_seeds:
            for arm in definition.arms:
                for entity_class, corpus in targets:
                    for size in definition.train_sizes:
                        decided: dict[str, Any] = {"seed": one_seed, "split_seed": split_seed}
                        if size is not None:
                            decided["train_size"] = size
                        decided.update(arm.flags)
                        parameters = definition.parameters("target", arm, **decided)
                        used = sources[entity_class] if arm.layers else [None]
                        for source in used:
                            yield _make(
                                definition,
                                corpus,
                                entity_class,
                                parameters,
                                contents,
                                arm=arm,
                                source=source,
                            )


def _make(
    definition: StudyDefinition,
    corpus: str,
    entity_class: str,
    parameters: Parameters,
    contents: Optional[Contents],
    *,
    arm: Optional[Arm] = None,
    documents: Optional[int] = None,
    source: Optional[StudyRun] = None,
) -> StudyRun:
    several = sum(map(len, definition.sources.values())) > len(definition.sources)
    words = [corpus, arm.name if arm else SOURCE]
    if source is not None and several:
        words.append(f"from_{source.corpus}")
    for number in (documents, source.documents if source else None):
        if number is not None:
            words.append(f"{number}docs")
    if arm and parameters.train_size is not None:
        words.append(f"{parameters.train_size:g}pct")
    words.append(f"seed{parameters.seed}")
    if len(definition.split_seeds) > 1:
        words.append(f"split{parameters.split_seed}")
    identity = {
        "corpus": corpus,
        "documents": documents,
        "parameters": deciding_parameters(parameters),
        **_synthetic(definition, corpus),
    }
    content: dict[str, Optional[str]] = {}
    if contents is not None:
        content = dict(contents.of(definition, corpus, parameters))
        if source is not None and source.content:
            content["source"] = source.id if source.is_known else None
    known = {name: digest for name, digest in content.items() if digest is not None}
    key = _digest({**identity, "source": source.key if source else None})
    whole = {**identity, "source": source.id if source else None}
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
        parameters=parameters,
        key=key,
        content=content,
    )


def deciding_parameters(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters that decide a result and are not at their defaults, as in JSON."""
    defaults = Parameters().to_dict()
    values = values_by_effect(parameters, *_COUNTED)
    deciding = {name: value for name, value in values.items() if value != defaults[name]}
    vectors = parameters.token_pretrained_embedding_filepath
    if vectors is not None:
        deciding["word_vectors"] = vectors.name
    return deciding


def _digest(identity: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def _synthetic(definition: StudyDefinition, corpus: str) -> dict[str, Any]:
    """Return the definition of a synthetic corpus; a real one counts by its name and content."""
    text = definition.corpus_text(corpus)
    if not text.startswith(SYNTHETIC):
        return {}
    return {"synthetic": definition.synthetic[text[len(SYNTHETIC) :]].to_json()}
