"""A silver corpus on the disk: its documents, reports and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.duplicates import SharedDocument
from neuroner_tl.corpora.formats.brat_folders import check_new_folder, write_parts
from neuroner_tl.corpora.formats.standoff import format_standoff
from neuroner_tl.corpora.splits import split_documents
from neuroner_tl.errors import CorpusError
from neuroner_tl.silver.cleaning.blacklist import Banned
from neuroner_tl.silver.cleaning.selection import SilverDocument
from neuroner_tl.silver.consensus.harmonise import Vote
from neuroner_tl.silver.definition import SilverDefinition
from neuroner_tl.silver.labels import REPORT
from neuroner_tl.system.atomic_file import write_atomically, write_json
from neuroner_tl.system.file_name import usable_name
from neuroner_tl.system.packaged_files import existing_file
from neuroner_tl.system.temporary import replace_folder, temporary_folder
from neuroner_tl.system.write_errors import writing


def corpus_documents(silver: Sequence[SilverDocument], kind: str) -> list[Document]:
    """Return the documents with their mentions and unknown regions as entities of a type."""

    def mention(document: SilverDocument, vote: Vote) -> Entity:
        text = document.text[vote.start : vote.end]
        return Entity(kind, ((vote.start, vote.end),), text, probability=vote.probability)

    def unknown(document: SilverDocument, start: int, end: int) -> Entity:
        return Entity(kind, ((start, end),), document.text[start:end], certain=False)

    return [
        Document(
            document.id,
            document.text,
            tuple(mention(document, vote) for vote in document.votes),
            unknown=tuple(unknown(document, *span) for span in document.unknown),
        )
        for document in silver
    ]


def check_new_corpus(target: Path, replace_old: bool) -> None:
    """Refuse a folder that is not empty, unless it is a silver corpus that is to be replaced.

    Raises:
        CorpusError: it is not empty, or is a file.
    """
    if not (target / REPORT).is_file():
        check_new_folder(target)
    elif not replace_old:
        raise CorpusError(
            f"{target}: already exists and would be overwritten; replace the corpus with "
            "--replace, or give another name or folder"
        )


def write_corpus(
    definition: SilverDefinition,
    target: Path,
    silver: Sequence[SilverDocument],
    removed: Sequence[SharedDocument],
    banned: Sequence[Banned],
    content: dict[str, Any],
    report: str,
    *,
    replace_old: bool = False,
) -> None:
    """Write the corpus with its reports; the folder appears whole or not at all.

    A document whose id cannot be a file name has the nearest name that can.

    Raises:
        CorpusError: nothing is left for train, or the folder cannot be written, or another build
            has made it meanwhile and it is not to be replaced.
    """
    settings = definition.silver
    percent = settings.valid_percent
    silver = [replace(document, id=usable_name(document.id)) for document in silver]
    names = [document.id for document in silver]
    split = split_documents(names, (100 - percent, percent, 0), settings.seed)
    valid = set(split.valid)
    documents = corpus_documents(silver, settings.type)
    parts = {"train": [d for d in documents if d.id not in valid]}
    if valid:
        parts["valid"] = [d for d in documents if d.id in valid]
    if not parts["train"]:
        raise CorpusError(f"{definition.path}: no document is left for train; lower valid_percent")
    with writing(target):
        with temporary_folder(target) as folder:
            write_parts(folder, parts)
            write_json(folder / REPORT, content)
            write_atomically(folder / "report.txt", report.encode("utf-8"))
            write_atomically(folder / "definition.ini", existing_file(definition.path).read_bytes())
            _write_table(folder / "agreement.tsv", _agreement_lines(silver))
            _write_table(folder / "removed.tsv", _removed_lines(removed))
            _write_table(
                folder / "blacklist.tsv",
                [f"{entry.text}\t{entry.occurrences}\t{entry.touched}\n" for entry in banned],
            )
            check_new_corpus(target, replace_old)
            replace_folder(folder, target)


def _write_table(path: Path, lines: Sequence[str]) -> None:
    write_atomically(path, "".join(lines).encode("utf-8"))


def _agreement_lines(silver: Sequence[SilverDocument]) -> list[str]:
    """Return the mentions as stand-off, with their support and votes."""
    rows, extra = [], {"support": [], "exact": [], "overlapping": []}  # type: ignore[var-annotated]
    for document in silver:
        for vote in document.votes:
            rows.append((document.id, vote.start, vote.end, document.text[vote.start : vote.end]))
            extra["support"].append(f"{vote.support:g}")
            extra["exact"].append(",".join(vote.exact))
            extra["overlapping"].append(",".join(vote.overlapping))
    return list(format_standoff(rows, extra))


def _removed_lines(removed: Sequence[SharedDocument]) -> list[str]:
    heading = "id\tgold document\treason\tshare\n"
    return [heading] + [
        "\t".join(
            [
                *(" ".join(name.split()) for name in (r.source, r.target)),
                r.reason,
                f"{r.share:.3f}\n",
            ]
        )
        for r in removed
    ]
