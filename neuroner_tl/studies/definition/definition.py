"""A study: corpora, sources, arms, sizes, seeds and the parameters of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.ini_syntax import IniValue
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.arms import Arm
from neuroner_tl.studies.definition.search import Search
from neuroner_tl.studies.definition.synthetic import SyntheticCorpus

KINDS = (
    "transfer_table",
    "learning_curve",
    "gain_by_size",
    "error_overlap",
    "unseen_mentions",
    "layer_ablation",
    "source_size",
    "source_noise",
    "in_the_wild",
    "recipes",
    "tuning",
)
IN_THE_WILD, RECIPES, TUNING = "in_the_wild", "recipes", "tuning"
UNSEEN_MENTIONS, LEARNING_CURVE = "unseen_mentions", "learning_curve"
SOURCE, STUDENT, TARGET = "source", "student", "target"
SYNTHETIC = "synthetic:"


@dataclass(frozen=True)
class Predictions:
    """Finished predictions of several systems on one test set.

    Attributes:
        gold: brat folder of the gold standard.
        train: brat folder of the train part, which says what was seen; None if unknown.
        systems: brat folder of each system's predictions, by name.

    Example::

        systems = {"baseline": Path("baseline"), "transfer": Path("transfer")}
        predictions = Predictions(Path("gold"), None, systems)
    """

    gold: Path
    train: Optional[Path]
    systems: Mapping[str, Path]


@dataclass(frozen=True)
class StudyDefinition:
    """What a study compares.

    Attributes:
        path: the file that defines it.
        name: name of the study, and of its report's folder.
        kind: which tables and figures are made, one of `KINDS`.
        output_folder: where the folder of the runs is made.
        runs: name of that folder; studies with one name share their runs.
        parameters_filepath: parameters of all runs; None without runs.
        source_parameters_filepath: parameters of the source models' runs; None for those of all.
        sources: by entity class and name the folder, or ``synthetic:NAME``, of silver corpora.
        targets: the same of gold corpora.
        synthetic: the corpora to generate.
        predictions: by entity class, finished predictions to compare.
        arms: ways to train on a target.
        train_sizes: documents to train on, in percent of the corpus; None for the train part.
        seeds: seeds of the target runs; empty for that of the parameters.
        split_seeds: seeds of split and choice of documents; empty for that of the parameters.
        source_documents: documents to train source models on; None for the train part.
        source_seeds: seeds of the source models; empty for one, with the seed of the parameters.
        allow_informed_sources: whether a source may know labels that not all target runs have.
        valid_chooses: arms of which the validation score chooses one for each run; none without.
        keep_models: whether models of target runs are kept once they are scored.
        annotation_limits: annotations of a corpus that divide groups of gain_by_size.
        search: what is searched for, in a study of the kind ``tuning``; None in others.
        own: parameters of ``source``, ``source CLASS``, ``student`` and ``target``, as (text,
            line).
        variables: what each ``${NAME}`` of the file stands for, those that have a value.

    Example::

        definition = read_definition(Path("experiments/quickstart.ini"))
        print(definition.kind, [arm.name for arm in definition.arms])
    """

    path: Path
    name: str
    kind: str
    output_folder: Path
    runs: str
    parameters_filepath: Optional[Path]
    sources: Mapping[str, Mapping[str, str]]
    targets: Mapping[str, Mapping[str, str]]
    synthetic: Mapping[str, SyntheticCorpus]
    predictions: Mapping[str, Predictions]
    arms: tuple[Arm, ...]
    train_sizes: tuple[Optional[float], ...] = (None,)
    seeds: tuple[int, ...] = ()
    split_seeds: tuple[int, ...] = ()
    source_documents: tuple[Optional[int], ...] = (None,)
    source_parameters_filepath: Optional[Path] = None
    source_seeds: tuple[int, ...] = ()
    allow_informed_sources: bool = False
    valid_chooses: tuple[str, ...] = ()
    keep_models: bool = True
    # Up to about 5000 annotations the paper finds a gain.
    annotation_limits: tuple[int, ...] = (2000, 5000)
    search: Optional[Search] = None
    own: Mapping[str, Mapping[str, IniValue]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the runs, their store and their reports."""
        return self.output_folder / self.runs

    @property
    def report_folder(self) -> Path:
        """The folder of the study's tables and figures."""
        return self.folder / "reports" / self.name

    @property
    def is_synthetic(self) -> bool:
        """Whether a corpus of the study is synthetic."""
        corpora = (*self.sources.values(), *self.targets.values())
        return any(path.startswith(SYNTHETIC) for named in corpora for path in named.values())

    @property
    def corpora(self) -> frozenset[str]:
        """The names of the corpora that its runs read."""
        named = [*self.targets.values()]
        if any(arm.layers for arm in self.arms):
            named += [value for name, value in self.sources.items() if name in self.targets]
        return frozenset(name for corpora in named for name in corpora)

    def with_arms(self, names: Sequence[str]) -> StudyDefinition:
        """Return the study with some of its arms only, and their teachers, in its own order.

        Raises:
            ParameterError: it has no arm of such a name.
        """
        self._check_names("--arms", names, [arm.name for arm in self.arms])
        wanted = {*names}
        wanted |= {a.teacher.arm for a in self.arms if a.teacher is not None and a.name in names}
        teachers = {arm.teacher.arm for arm in self.arms if arm.teacher is not None}
        choices = tuple(name for name in self.valid_chooses if name in wanted)
        return replace(
            self,
            arms=tuple(arm for arm in self.arms if arm.name in wanted),
            valid_chooses=choices if len(choices) > 1 else (),
            # Arms that are left out now may need their teachers' models later.
            keep_models=self.keep_models or not teachers.isdisjoint(wanted),
        )

    def _check_names(self, option: str, names: Sequence[str], known: Sequence[str]) -> None:
        """Refuse a choice of what the study does not have."""
        if not self.targets:
            raise ParameterError(f"{option}: the study has no target corpora; leave {option} out")
        for name in names:
            if name not in known:
                raise ParameterError(f"{option}: found {name!r}, expected {one_of(name, known)}")

    def with_corpora(self, names: Sequence[str]) -> StudyDefinition:
        """Return the study with some of its target corpora only.

        Sources stay, those of other classes too, of which no run is planned: the names of runs may
        depend on how many there are.

        Raises:
            ParameterError: it has no target corpus of such a name, or the rest makes no study.
        """
        known = [name for named in self.targets.values() for name in named]
        self._check_names("--corpora", names, known)
        wanted = {
            entity_class: {name: text for name, text in named.items() if name in names}
            for entity_class, named in self.targets.items()
        }
        targets = {entity_class: named for entity_class, named in wanted.items() if named}
        if self.kind == IN_THE_WILD and all(len(named) < 2 for named in targets.values()):
            raise ParameterError(
                f"--corpora: found {', '.join(names)}, expected two or more corpora of a class, "
                f"since {self.name} tests a model on the other corpora of its class"
            )
        kept = {n: value for n, value in self.predictions.items() if n in targets}
        return replace(self, targets=targets, predictions=kept)

    def corpus_text(self, name: str) -> str:
        """Return the folder of a corpus, or its synthetic name, as in the file."""
        for named in (*self.sources.values(), *self.targets.values()):
            if name in named:
                return named[name]
        raise KeyError(name)

    def parameters(
        self,
        role: str,
        arm: Optional[Arm] = None,
        entity_class: Optional[str] = None,
        **decided: Any,
    ) -> Parameters:
        """Return the parameters of a run.

        Args:
            role: ``source``, ``student`` (a source that a teacher teaches) or ``target``.
            arm: of a target run.
            entity_class: of a source; those of its section override those of all sources.
            decided: what the study sets, which overrides everything.

        Raises:
            ParameterError: the parameter file, or a section, is wrong.
        """
        own = dict(self.own.get(TARGET if role == TARGET else SOURCE, {}))
        if entity_class is not None:
            own.update(self.own.get(f"{SOURCE} {entity_class}", {}))
        if role == STUDENT:
            own.update(self.own.get(STUDENT, {}))
        own.update(arm.own if arm else {})
        values = {name: value.text for name, value in own.items()}
        file = self.parameters_filepath
        if arm is not None and arm.parameters_filepath is not None:
            file = arm.parameters_filepath
        if role != TARGET and self.source_parameters_filepath is not None:
            file = self.source_parameters_filepath

        def place(name: str) -> str:
            line = f"{self.path}:{own[name].line}: " if name in own else ""
            return f"{line}{name}" if line else f"--{name}"

        return load_parameters(file, {**values, **decided}, place=place)
