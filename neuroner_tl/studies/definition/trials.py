"""From the definition of a search to its runs: source models, and one run per trial."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Optional

from neuroner_tl.parameters.ini_syntax import IniValue
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun, plan_runs
from neuroner_tl.studies.definition.search import Search, Trial, Value


@dataclass(frozen=True)
class SearchPlan:
    """The runs of a search.

    Attributes:
        definition: the study.
        search: what is searched for.
        sources: the runs of source models that its trials need.
        base: the run that a trial is, without the values that are searched for.
        id: identifier of the search: it covers the space and all that decides a trial's score, so
            that one with other corpora, parameters or values is another search.
        key: the same without contents of corpora and word vectors.
        seed: the seed of all runs; None for that of the definition.
        contents: digests of what the runs read; None to ignore them.

    Example::

        plan = plan_search(definition)
        run = plan.run(0, {"dropout_rate": 0.4})
    """

    definition: StudyDefinition
    search: Search
    sources: tuple[StudyRun, ...]
    base: StudyRun
    id: str
    key: str
    seed: Optional[int] = None
    contents: Optional[Contents] = None

    def trial(self, number: int, values: Mapping[str, Value]) -> Trial:
        """Return a trial of this search."""
        return Trial(self.id, self.key, number, dict(values))

    def run(self, number: int, values: Mapping[str, Value]) -> StudyRun:
        """Return the run of a trial.

        Args:
            number: of the trial.
            values: of the parameters that are searched for.

        Raises:
            ParameterError: the values contradict each other, or other parameters.
        """
        (arm,) = self.definition.arms
        own = {
            name: IniValue(str(value), self.search.lines.get(name, 0))
            for name, value in values.items()
        }
        changed = replace(self.definition, arms=(replace(arm, own={**arm.own, **own}),))
        run = plan_runs(changed, self.seed, self.contents)[-1]
        return replace(run, trial=self.trial(number, values))

    def impossible_run(self, number: int, values: Mapping[str, Value]) -> StudyRun:
        """Return a run for the record of a trial whose values contradict each other."""
        trial = self.trial(number, values)
        words = self.base.id.rpartition("-")[0]
        digest = _digest(trial.to_json())
        return replace(self.base, id=f"{words}-{digest}", key=digest, trial=trial)


def plan_search(
    definition: StudyDefinition, seed: Optional[int] = None, contents: Optional[Contents] = None
) -> SearchPlan:
    """Return the plan of a search.

    Args:
        definition: a study of the kind ``tuning``.
        seed: the seed of all runs, instead of the definition's.
        contents: digests of corpora and word vectors; None to ignore them.

    Raises:
        ParameterError: the parameters of a run are wrong.
    """
    search = definition.search
    assert search is not None
    *sources, base = plan_runs(definition, seed, contents)
    space = {name: values.to_json() for name, values in sorted(search.space.items())}
    return SearchPlan(
        definition,
        search,
        tuple(sources),
        base,
        _digest({"space": space, "base": base.id}),
        _digest({"space": space, "base": base.key}),
        seed,
        contents,
    )


def _digest(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
