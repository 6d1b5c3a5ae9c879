"""The report of a study: tables and figures of the finished runs, and how they were made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.parameters.files import write_parameters
from neuroner_tl.runs.folder import check_writable
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun, deciding_parameters, plan_runs
from neuroner_tl.studies.definition.trials import plan_search
from neuroner_tl.studies.kinds import (
    error_overlap,
    gain_by_size,
    in_the_wild,
    layer_ablation,
    learning_curve,
    recipes,
    source_noise,
    source_size,
    transfer_table,
    tuning,
    unseen_mentions,
)
from neuroner_tl.studies.pages.page import Page, Section
from neuroner_tl.studies.pages.table import Table
from neuroner_tl.studies.provenance import how_it_was_made
from neuroner_tl.studies.records.code_version import describe_code
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.matching import match_records
from neuroner_tl.studies.records.mentions import FOLDER, MentionFiles
from neuroner_tl.studies.records.search_records import recorded_trials
from neuroner_tl.studies.records.store import LEARNED_NOTHING, Record, Store
from neuroner_tl.studies.results.study_results import StudyResults, source_of
from neuroner_tl.system.atomic_file import write_atomically

SYNTHETIC_NOTE = "The corpora are synthetic: the figures say nothing about real text."
SECTIONS: Mapping[str, Callable[[StudyResults], list[Section]]] = {
    "transfer_table": transfer_table.sections,
    "learning_curve": learning_curve.sections,
    "gain_by_size": gain_by_size.sections,
    "error_overlap": error_overlap.sections,
    "layer_ablation": layer_ablation.sections,
    "source_size": source_size.sections,
    "source_noise": source_noise.sections,
    "unseen_mentions": unseen_mentions.sections,
    "in_the_wild": in_the_wild.sections,
    "recipes": recipes.sections,
    "tuning": tuning.sections,
}
# Kinds whose reports need what runs found, mention by mention.
OF_MENTIONS = ("error_overlap", "unseen_mentions")


def load_results(
    definition: StudyDefinition, seed: Optional[int] = None, records: Optional[Path] = None
) -> StudyResults:
    """Load the study's runs with their records.

    Args:
        definition: the study.
        seed: the seed of all runs, instead of the definition's.
        records: a store elsewhere; None for the study's own.

    Raises:
        CorpusError: the store does not exist, or it is damaged.
    """
    folder = StudyFolder(definition.folder)
    store = folder.store if records is None else Store(records)
    contents = Contents.remembered(definition.output_folder)
    plan = None
    if definition.search is not None:
        plan = plan_search(definition, seed, contents)
        runs = list(plan.sources)
    else:
        runs = plan_runs(definition, seed, contents) if definition.targets else []
    if records is not None and not store.path.is_file():
        raise CorpusError(
            f"{records}: no such file, expected records of the study; give the runs.jsonl of its "
            "folder or of a report that was written with --to"
        )
    if definition.targets and not store.path.is_file():
        raise CorpusError(
            f"{store.path}: no such file, expected the records of the study; run the study first: "
            f"neuroner-tl study run {definition.path}"
        )
    known = store.records()
    runs, notes = match_records(runs, known, any_content=records is not None)
    if records is not None and plan is None and known:
        _check_any_found(records, runs, known)
    if plan is not None:
        trials, more = recorded_trials(plan, known, any_content=records is not None)
        runs, notes = [*runs, *trials], [*notes, *more]
    return StudyResults(
        definition, folder, runs, known, MentionFiles(store.path.parent / FOLDER), notes, plan
    )


def _check_any_found(path: Path, runs: Sequence[StudyRun], records: Mapping[str, Record]) -> None:
    """Refuse records of which none is of the study's runs."""
    if not runs or any(run.id in records for run in runs):
        return
    recorded = {record.get("parameters", {}).get("word_vectors") for record in records.values()}
    given = {deciding_parameters(run.parameters).get("word_vectors") for run in runs}
    remedy = "give the values of -D and --seed that stand in the report of these records"
    if recorded.isdisjoint(given):
        names = [", ".join(sorted(map(str, names))) for names in (recorded, given)]
        remedy = f"they have the word vectors {names[0]}, and the study {names[1]}: {remedy}"
    raise CorpusError(
        f"{path}: found {counted(len(records), 'record')}, expected some of the study's "
        f"{counted(len(runs), 'run')}; {remedy}"
    )


def make_page(results: StudyResults, options: Sequence[str] = ()) -> Page:
    """Make the page of the report.

    Args:
        results: the study.
        options: of the command line that decide what the study is, such as ``--seed 1``; the
            values of ``-D`` are the definition's.
    """
    definition = results.definition
    sections = SECTIONS[definition.kind](results)
    if results.runs and results.plan is None:
        sections = [*sections, _runs_section(results)]
    lead = _lead(results)
    return Page(definition.name, lead, sections, how_it_was_made(results, options))


def write_report(page: Page, results: StudyResults, to: Optional[Path] = None) -> list[str]:
    """Write ``report.html``, ``report.md``, ``figures/`` and ``tables/``.

    Args:
        page: its content.
        results: the study; its records are written beside the report if ``to`` is given.
        to: the folder; None for the study's own.

    Returns:
        What was written, relative to the folder.
    """
    folder = results.definition.report_folder if to is None else to
    check_writable(folder, "--to")
    images: dict[str, bytes] = {}
    written = ["report.html", "report.md"]
    figures = [figure for section in page.sections for figure in section.figures]
    tables = [table for section in page.sections for table in section.tables]
    _remove_earlier(folder)
    if figures:
        (folder / "figures").mkdir(exist_ok=True)
    for figure in progress_bar(figures, desc="figures", delay=2):
        images[figure.name] = figure.save(folder / "figures")
    (folder / "tables").mkdir(exist_ok=True)
    for table in tables:
        write_atomically(folder / "tables" / f"{table.name}.csv", table.to_csv().encode())
        write_atomically(folder / "tables" / f"{table.name}.tex", table.to_latex().encode())
    write_atomically(folder / "report.md", page.to_markdown().encode())
    write_atomically(folder / "report.html", page.to_html(images).encode())
    if figures:
        written.append(f"figures/ ({len(figures)} as PNG and PDF)")
    written.append(f"tables/ ({len(tables)} as CSV and LaTeX)")
    best = tuning.best_parameters(results)
    if best is not None:
        write_parameters(best, folder / tuning.BEST)
        written.append(tuning.BEST)
    if to is not None and results.runs:
        known = [record for record, _ in results.other_sources.values() if record is not None]
        known += [results.records[run.id] for run in results.runs if run.id in results.records]
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in known)
        write_atomically(folder / "runs.jsonl", lines.encode())
        written.append(f"runs.jsonl ({len(known)} records)")
        if results.definition.kind in OF_MENTIONS and results.mentions is not None:
            size = results.mentions.copy((record["id"] for record in known), folder / FOLDER)
            written += [f"{FOLDER}/ ({size / 1000:.0f} kB)"] if size else []
    return written


def _remove_earlier(folder: Path) -> None:
    """Remove tables and figures of an earlier report: it may have had more than this one."""
    if not (folder / "report.html").is_file():
        return
    (folder / tuning.BEST).unlink(missing_ok=True)
    for name, suffixes in (("tables", (".csv", ".tex")), ("figures", (".png", ".pdf"))):
        for path in sorted((folder / name).glob("*")) if (folder / name).is_dir() else ():
            if path.suffix in suffixes and path.is_file():
                path.unlink()


def _lead(results: StudyResults) -> str:
    if results.plan is not None:
        words = tuning.lead(results)
    elif not results.runs:
        return "Computed from finished predictions."
    else:
        words = _progress(results)
    codes = {describe_code(result.record.get("code", {})) for result in results.finished}
    if len(codes) > 1:
        words += f" They were produced by {len(codes)} versions of the code, see below."
    words += _several_sources(results)
    words += _other_sources(results)
    words += "".join(f" {note}" for note in results.notes)
    if results.definition.is_synthetic:
        words += f" {SYNTHETIC_NOTE}"
    return words


def _progress(results: StudyResults) -> str:
    done, of = len(results.finished), len(results.runs)
    words = f"{done} of {counted(of, 'run is', 'runs are')} finished"
    words += f", {len(results.failed)} failed." if results.failed else "."
    if results.zeros:
        words += f" {len(results.zeros)} scored 0 and count with that; cells say `at 0`."
    if done < of:
        words += " What is missing is left out of tables and figures."
    return words


def _several_sources(results: StudyResults) -> str:
    """Return what arms are averaged over besides seeds and splits: sources of a class."""
    if results.definition.kind in ("source_size", "source_noise"):
        return ""
    averaged: dict[tuple[str, str], set[tuple[Optional[str], Optional[int]]]] = {}
    for run in results.runs:
        if not run.is_source and run.source_name is not None:
            found = averaged.setdefault((run.entity_class, run.arm), set())
            found.add(source_of(run))
    several = [
        entity_class
        for entity_class in results.definition.targets
        if any(c == entity_class and len(found) > 1 for (c, _), found in averaged.items())
    ]
    if not several:
        return ""
    classes = ", ".join(several)
    return f" Arms with transfer are means over all source models of a class ({classes})."


def _other_sources(results: StudyResults) -> str:
    """Return which runs start from source models that are not those of the study."""
    words = ""
    for is_recorded, what in (
        (True, "whose corpora had other contents than those of the study's source models"),
        (False, "that are not recorded here"),
    ):
        runs = [
            run
            for record, own in results.other_sources.values()
            for run in own
            if (record is not None) == is_recorded
        ]
        if runs:
            corpora = ", ".join(dict.fromkeys(run.corpus for run in runs))
            number = counted(len(runs), "run starts", "runs start")
            words += f" {number} from source models {what} ({corpora})."
    return words


def _runs_section(results: StudyResults) -> Section:
    groups: dict[str, list[Record]] = {}
    for run in results.runs:
        record = results.records.get(run.id)
        what = "source model" if run.teacher is None else "source model of a teacher"
        words = f"{run.corpus}, {what if run.is_source else run.arm}"
        groups.setdefault(words, [])
        if record is not None:
            groups[words].append(record)
    rows = []
    for words, records in groups.items():
        finished = [record for record in records if record.get("status") == "finished"]
        epochs = [record["epochs"] for record in finished]
        seconds = [record["seconds"] for record in finished]
        rows.append(
            (
                words,
                str(len(finished)),
                str(len(records) - len(finished)),
                str(sum(result.run.id in {r["id"] for r in finished} for result in results.zeros)),
                _range([float(number) for number in epochs]),
                _range(seconds),
                f"{sum(seconds) / 3600:.2f}",
            )
        )
    table = Table(
        "runs",
        "Runs",
        ("runs", "finished", "failed", "at 0", "epochs", "seconds per run", "hours"),
        tuple(rows),
        "At 0: finished runs whose F1 on test is 0.",
    )
    failed = [f"{record['id']}: {record['error']}" for record in results.failed]
    paragraphs = ["Failed: " + "; ".join(failed)] if failed else []
    if results.zeros:
        zeros = (
            f"{result.run.id} ({result.record.get(LEARNED_NOTHING, 'all epochs were made')})"
            for result in results.zeros
        )
        paragraphs.append("Scored 0: " + "; ".join(zeros))
    return Section("Runs", "\n\n".join(paragraphs), (table,), in_text=False)


def _range(values: Sequence[float]) -> str:
    if not values:
        return "–"
    low, high = min(values), max(values)
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
