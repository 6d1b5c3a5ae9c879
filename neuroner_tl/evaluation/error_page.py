"""Lists of errors as a page for people and as a table for spreadsheets."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Entity
from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.error_list import ErrorList, ListedError
from neuroner_tl.evaluation.error_sets import KINDS
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.shown_text import escaped, spreadsheet_cell

COLUMNS = (
    "times",
    "kind",
    "gold_type",
    "gold_text",
    "predicted_type",
    "predicted_text",
    "in_train",
    "document",
    "gold_offsets",
    "predicted_offsets",
    "probability",
    "sentence",
)
# Sentences of one error that are shown at once; the others are unfolded by a click.
SHOWN = 3
EXPLAINED = {
    "boundary": "found with other boundaries",
    "type": "found with another type",
    "boundary and type": "overlapped by a mention of another type with other boundaries",
    "missed": "not found at all",
    "spurious": "found where gold has nothing",
}
_STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #111; background: #fff; }
h1, h2, table, .kind, .times { font-family: Helvetica, Arial, sans-serif; }
h2 { font-size: 1rem; margin: 1.6rem 0 .3rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: 14px; }
th, td { padding: .2rem .7rem; text-align: left; border-bottom: 1px solid #ccc; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.times { display: inline-block; min-width: 2.4rem; color: #555; }
.kind { font-size: 12px; padding: .1rem .5rem; border: 1px solid #777; border-radius: 1rem; }
.seen { color: #555; font-weight: normal; }
p.in { margin: .2rem 0 .2rem 2.6rem; overflow-wrap: anywhere; }
details { margin-left: 2.6rem; }
details p.in { margin-left: 0; }
.of { color: #555; font: 12px Helvetica, Arial, sans-serif; }
.g { border-bottom: 3px solid #0072B2; }
.p { background: #FBD3B5; }
"""


def error_writer(path: Path) -> str:
    """Return the format of a file of errors by its name: ``tsv`` or ``html``.

    Raises:
        ParameterError: it is another one.
    """
    ending = path.suffix.lower()
    if ending not in (".tsv", ".html"):
        raise ParameterError(
            f"{path}: found a file of errors whose name ends with {ending or 'nothing'}, expected "
            "one that ends with .tsv (a table) or .html (a page)"
        )
    return ending[1:]


def write_errors(errors: ErrorList, path: Path) -> None:
    """Write a list of errors as a table or a page, by the ending of the file's name.

    Raises:
        CorpusError: the file cannot be written.
        ParameterError: the name has another ending.
    """
    as_text = {"tsv": errors_as_tsv, "html": errors_as_html}[error_writer(path)]
    write_text_atomically(path, as_text(errors))


def errors_as_tsv(errors: ErrorList) -> str:
    """Return a table with a line for each error; its columns are `COLUMNS`."""
    file = io.StringIO()
    writer = csv.writer(file, dialect="excel-tab", lineterminator="\n")
    writer.writerow(COLUMNS)
    for error, times in errors.sorted():
        gold, predicted = error.gold, error.predicted
        sides = [(e.type, e.text) if e else ("", "") for e in (gold, predicted)]
        probability = None if predicted is None else predicted.probability
        cells = [
            str(times),
            error.kind,
            *sides[0],
            *sides[1],
            {True: "yes", False: "no", None: ""}[error.seen],
            error.document,
            _offsets(gold),
            _offsets(predicted),
            "" if probability is None else f"{probability:.4f}",
            _with_dots(error, error.sentence),
        ]
        writer.writerow(spreadsheet_cell(escaped(" ".join(cell.split()))) for cell in cells)
    return file.getvalue()


def errors_as_html(errors: ErrorList) -> str:
    """Return a self-contained page: how many errors there are of each kind, and all of them."""
    found = errors.sorted()
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Errors</title><style>{_STYLE}</style></head><body>",
        f"<h1>{counted(len(found), 'error')}</h1>",
        _summary([error for error, _ in found], errors.knows_train),
        '<p><span class="g">Underlined</span>: gold. <span class="p">Shaded</span>: predicted. '
        "Errors of the same kind, types and texts stand together, the most frequent ones first."
        f"{_about_train(errors.knows_train)}</p>",
    ]
    for _, group in groupby(found, key=lambda item: item[0].key):
        same = [error for error, _ in group]
        parts.append(_heading(same[0], len(same)))
        parts += map(_in_sentence, same[:SHOWN])
        if len(same) > SHOWN:
            parts.append(f"<details><summary>{len(same) - SHOWN} more</summary>")
            parts += [*map(_in_sentence, same[SHOWN:]), "</details>"]
    return "\n".join([*parts, "</body></html>", ""])


def _about_train(is_known: bool) -> str:
    if not is_known:
        return " It is not known which of them train has."
    return (
        " <i>In train</i>: train has the gold mention (of a spurious one: the predicted mention) "
        "with this type and text, without regard to case."
    )


def _summary(errors: Sequence[ListedError], knows_train: bool) -> str:
    """Return a table of how many errors there are of each kind."""
    columns = ["in train", "not in train"] if knows_train else []
    heads = "".join(f'<th class="n">{name}</th>' for name in ["errors", *columns])
    rows = [f"<tr><th>kind</th><th></th>{heads}</tr>"]
    for kind in KINDS:
        own = [error for error in errors if error.kind == kind]
        numbers = [len(own)]
        if knows_train:
            seen = sum(error.seen is True for error in own)
            numbers += [seen, len(own) - seen]
        cells = "".join(f'<td class="n">{number}</td>' for number in numbers)
        rows.append(f"<tr><td>{kind}</td><td>{EXPLAINED[kind]}</td>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _heading(error: ListedError, times: int) -> str:
    sides = [f"{e.type}: {' '.join(e.text.split())}" if e else "" for e in _sides(error)]
    gold, predicted = (html.escape(escaped(side)) for side in sides)
    marked = [f'<span class="g">{gold}</span>'] if gold else []
    marked += [f'<span class="p">{predicted}</span>'] if predicted else []
    seen = {True: " in train", False: " not in train", None: ""}[error.seen]
    return (
        f'<h2><span class="times">{times} ×</span> <span class="kind">{error.kind}</span> '
        f'{" → ".join(marked)}<span class="seen">{seen}</span></h2>'
    )


def _in_sentence(error: ListedError) -> str:
    """Return the sentence with both mentions marked, whatever they overlap."""
    size = len(error.sentence)
    classes = [
        (name, [(start - error.offset, end - error.offset) for start, end in entity.fragments])
        for name, entity in zip("gp", _sides(error))
        if entity is not None
    ]
    bounds = {0, size, *(b for _, spans in classes for span in spans for b in span)}
    cuts = sorted(bound for bound in bounds if 0 <= bound <= size)
    marked = ""
    for start, end in zip(cuts, cuts[1:]):
        names = [name for name, spans in classes if any(s <= start < e for s, e in spans)]
        piece = html.escape(escaped(error.sentence[start:end]))
        marked += f'<span class="{" ".join(names)}">{piece}</span>' if names else piece
    probability = None if error.predicted is None else error.predicted.probability
    sure = "" if probability is None else f", probability {probability:.2f}"
    place = f"{html.escape(escaped(error.document))}{sure}"
    return f'<p class="in">{_with_dots(error, marked)} <span class="of">{place}</span></p>'


def _with_dots(error: ListedError, text: str) -> str:
    before, after = ("…" if is_cut else "" for is_cut in error.is_cut)
    return f"{before}{text}{after}"


def _sides(error: ListedError) -> Iterable[Optional[Entity]]:
    return error.gold, error.predicted


def _offsets(entity: Optional[Entity]) -> str:
    """Return offsets as brat writes them: ``4 10;20 28``."""
    return "" if entity is None else ";".join(f"{start} {end}" for start, end in entity.fragments)
