"""A study's result as text for the terminal, as JSON and as Markdown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from neuroner_tl.atomic_file import write_atomically, write_json
from neuroner_tl.studies.comparison import Comparison
from neuroner_tl.studies.definition import SYNTHETIC
from neuroner_tl.studies.runner import CORPUS_OF, StudyResult
from neuroner_tl.training.checkpoint import versions

SYNTHETIC_NOTE = "The corpora are synthetic: the figures say nothing about real text."
COLUMNS = ("run", "precision", "recall", "F1")
REPORTS = ("report.txt", "report.md", "report.json")


def write_reports(result: StudyResult) -> None:
    """Write ``report.txt``, ``report.md`` and ``report.json`` into the study's folder."""
    folder = result.folder.path
    write_atomically(folder / "report.txt", (text_report(result) + "\n").encode())
    write_atomically(folder / "report.md", markdown_report(result).encode())
    write_json(folder / "report.json", json_report(result))


def text_report(result: StudyResult) -> str:
    """The table and where everything is, for the terminal."""
    lines = [_title(result), ""]
    for number, row in enumerate([COLUMNS, *_rows(_comparison(result))]):
        lines.append(f"  {row[0]:<20}{row[1]:>10}{row[2]:>10}{row[3]:>10}")
        if number in (0, 2):
            lines.append("  " + "-" * 50)
    lines.append("")
    if result.definition.is_synthetic:
        lines += [SYNTHETIC_NOTE, ""]
    lines += [f"written to {_shown(result.folder.path)}:"]
    lines += [f"  {', '.join(REPORTS)}"]
    if result.definition.is_synthetic:
        lines.append("  corpora/")
    for run in result.runs.values():
        lines.append(f"  {run.folder.path.name + '/':<31} {_story(run.results)}")
    return "\n".join(lines)


def markdown_report(result: StudyResult) -> str:
    """The same for a document."""
    rows = _rows(_comparison(result))
    lines = [f"# {result.definition.name}", "", _title(result) + ".", ""]
    lines += [f"| {' | '.join(COLUMNS)} |", "|---|---:|---:|---:|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines.append("")
    if result.definition.is_synthetic:
        lines += [SYNTHETIC_NOTE, ""]
    lines += [f"Made by `neuroner-tl study run {result.definition.path} --seed {_seed(result)}`."]
    lines += [""]
    lines += ["| run | corpus | folder | training |", "|---|---|---|---|"]
    for name, run in result.runs.items():
        corpus = result.definition.corpora[CORPUS_OF[name]]
        lines.append(f"| {name} | {corpus} | {run.folder.path.name} | {_story(run.results)} |")
    used = ", ".join(f"{name} {version}" for name, version in versions().items())
    return "\n".join([*lines, "", f"Versions: {used}.", ""])


def json_report(result: StudyResult) -> dict[str, Any]:
    """Every figure, and what it was made with."""
    definition = result.definition
    return {
        "study": definition.name,
        "corpora": dict(definition.corpora),
        "test": _comparison(result).to_json(),
        "runs": {
            name: {
                "folder": run.folder.path.name,
                "corpus": definition.corpora[CORPUS_OF[name]],
                "best_epoch": run.results["best_epoch"],
                "epochs": run.results["epochs"],
                "seconds": run.results["seconds"],
                "valid_f1": run.results["best_score"],
                "parameters": run.results["parameters"],
            }
            for name, run in result.runs.items()
        },
        "versions": versions(),
    }


def _comparison(result: StudyResult) -> Comparison:
    assert result.comparison is not None, "an interrupted study has no report"
    return result.comparison


def _title(result: StudyResult) -> str:
    target = result.definition.corpora["target"]
    corpus = target if target in SYNTHETIC else Path(target).name
    return (
        f"{result.definition.name}: test part of {corpus}, exact match of entities, "
        f"seed {_seed(result)}"
    )


def _seed(result: StudyResult) -> int:
    return int(result.runs["transfer"].results["parameters"]["seed"])


def _rows(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    rows = []
    for name, counts in (("baseline", comparison.baseline), ("transfer", comparison.transfer)):
        rates = (counts.precision, counts.recall, counts.f1)
        first, second, third = (f"{100 * rate:.2f}" for rate in rates)
        rows.append((name, first, second, third))
    reduction = comparison.error_reduction
    shown = "-" if reduction is None else f"{reduction:.2f}"
    rows.append(("F1 gain", "", "", f"{comparison.f1_gain:+.2f}"))
    rows.append(("error reduction (%)", "", "", shown))
    return rows


def _story(results: dict[str, Any]) -> str:
    return (
        f"best epoch {results['best_epoch']} of {results['epochs']}, "
        f"valid F1 {100 * results['best_score']:.2f}, {results['seconds']:.0f} s"
    )


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
