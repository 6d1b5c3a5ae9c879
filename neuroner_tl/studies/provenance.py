"""How the results of a study were made: command, versions, contents, files of the definition."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.definition import SYNTHETIC
from neuroner_tl.studies.records.code_version import describe_code
from neuroner_tl.studies.results.study_results import StudyResults
from neuroner_tl.system.packaged_files import existing_file


def how_it_was_made(results: StudyResults, options: Sequence[str]) -> list[tuple[str, str]]:
    """Return the headings and texts of a page's last section.

    Args:
        results: the study.
        options: of the command line, see `make_page`.
    """
    definition = results.definition
    values = [
        word for name, value in definition.variables.items() for word in ("-D", f"{name}={value}")
    ]
    action = "run" if results.definition.targets else "report"
    words = ["neuroner-tl", "study", action, shown(definition.path), *values, *options]
    found = [("Command", shlex.join(words))]
    if results.runs:
        versions = sorted(
            {
                ", ".join(
                    f"{name} {version}" for name, version in result.record["versions"].items()
                )
                for result in results.finished
            }
        )
        found.append(("Versions", "\n".join(versions) or "no run is finished"))
        code = sorted({describe_code(result.record.get("code", {})) for result in results.finished})
        found.append(("Code", "\n".join(code) or "no run is finished"))
        found.append(("Contents (sha256, first digits)", _contents(results)))
        told = _told(results)
        if told:
            found.append(("Gold labels that the silver corpora were learned from", told))
        found.append(("Seeds", ", ".join(map(str, results.seeds)) or "no run is finished"))
        found.append(("Time of the finished runs", f"{results.hours:.2f} hours"))
    files = (
        definition.parameters_filepath,
        definition.source_parameters_filepath,
        *(arm.parameters_filepath for arm in definition.arms),
    )
    for path in dict.fromkeys((definition.path, *filter(None, files))):
        found.append((path.name, existing_file(path).read_text("utf-8").strip()))
    return found


def _contents(results: StudyResults) -> str:
    """Describe the content of what the finished runs read: corpora, word vectors, predictions."""
    found = set()
    read = [(result.run.corpus, result.run.arm, result.run.content) for result in results.finished]
    for record, _ in results.other_sources.values():
        if record is not None:
            read.append((record["corpus"], record["arm"], record.get("content", {})))
    for corpus, arm, content in read:
        what = {
            "corpus": corpus,
            "word_vectors": "word vectors",
            "predictions": f"predictions of {arm} on {corpus}",
        }
        found |= {
            f"{what[name]} {digest}"
            for name, digest in content.items()
            if digest is not None and name in what
        }
    return "\n".join(sorted(found)) or (
        "none, the corpora are synthetic" if results.definition.is_synthetic else "not recorded"
    )


def _told(results: StudyResults) -> str:
    """Describe the gold labels that the silver corpora of the source models were learned from."""
    lines: dict[str, None] = {}
    definition = results.definition
    sources = [
        (result.run.corpus, result.run.teacher, result.record)
        for result in results.finished
        if result.run.is_source
        and not definition.corpus_text(result.run.corpus).startswith(SYNTHETIC)
    ]
    for other, _ in results.other_sources.values():
        if other is not None:
            sources.append((other["corpus"], other.get("teacher"), other))
    for corpus, teacher, record in sources:
        known = record.get("learned_from")
        words = "not recorded"
        if known is not None:
            told = (f"{counted(n, 'document')} of {name}" for name, n in sorted(known.items()))
            words = ", ".join(told) or "none"
        if teacher is not None:
            words += "; completed by a model of the target's train sample"
        lines[f"{corpus}: {words}"] = None
    return "\n".join(lines)


def shown(given: Path) -> str:
    """Return a path relative to the current folder, if it is inside."""
    path, here = Path(os.path.abspath(given)), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(given)
