"""Documents with their entities as a page for people.

The page needs no other file and runs no program. It is written as a stream, so the legend, which
counts the entities, stands at its end, and the style sheet puts it first.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.shown_text import escaped

# Okabe and Ito's colours, which people see apart whatever their colour vision, and grey. Further
# types get them again: each mention also names its type.
_COLOURS = (
    "0,114,178",
    "230,159,0",
    "0,158,115",
    "204,121,167",
    "213,94,0",
    "86,180,233",
    "150,140,0",
    "110,110,110",
)
# The shade is the square of the confidence: most are above a half, where it makes a difference.
_STYLE = """
body { font: 17px/1.9 Georgia, serif; max-width: 56rem; margin: 0 auto; padding: 0 1rem 3rem;
  color: #111; background: #fff; display: flex; flex-direction: column; }
h2, .legend, mark::after { font-family: Helvetica, Arial, sans-serif; }
h2 { font-size: .95rem; margin: 1.8rem 0 .2rem; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.legend { order: -1; position: sticky; top: 0; background: #fff; border-bottom: 1px solid #bbb;
  padding: .6rem 0; font-size: 14px; line-height: 1.8; max-height: 40vh; overflow: auto; }
.legend > span { margin-right: 1.4rem; white-space: nowrap; }
mark { color: inherit; padding: .12em .1em; background: rgba(var(--c), calc(.08 + .6 * var(--p) *
  var(--p))); border-bottom: 2px solid rgb(var(--c)); -webkit-print-color-adjust: exact;
  print-color-adjust: exact; }
mark.end::after { content: attr(data-type); font-size: 10px; margin-left: .35em; color: #333;
  vertical-align: .25em; }
mark:hover { outline: 2px solid rgb(var(--c)); }
.scale mark { padding: .12em .6em; }
"""


def entity_page(documents: Iterable[Document], report: ImportReport) -> Iterator[str]:
    """Yield the pieces of a page: every text with its entities marked.

    The colour of a mention stands for its type, the shade for its confidence, which is also shown
    where the mouse points. Everything that comes from the documents is escaped.

    Args:
        documents: their entities may overlap: the shortest is shown, and all are named.
        report: is left as it is: nothing is lost.
    """
    colours = "".join(f".t{n} {{ --c: {colour}; }}\n" for n, colour in enumerate(_COLOURS))
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Entities</title><style>{_STYLE}{colours}</style></head><body>\n"
    )
    classes: dict[str, str] = {}
    found: Counter[str] = Counter()
    number = 0
    for document in documents:
        number += 1
        for entity in document.entities:
            classes.setdefault(entity.type, f"t{len(classes) % len(_COLOURS)}")
            found[entity.type] += 1
        yield f"<article><h2>{_shown(document.id)}</h2>\n"
        yield f'<p class="text">{marked_text(document.text, document.entities, classes)}</p>'
        yield "</article>\n"
    yield _legend(classes, found, number)
    yield "</body></html>\n"


def marked_text(text: str, entities: Sequence[Entity], classes: dict[str, str]) -> str:
    """Return a text as HTML with its entities marked.

    Args:
        text: the text.
        entities: its entities; where some overlap the shortest is shown, and all are named.
        classes: names of the style classes by type.
    """
    fragments = sorted((s, e, n) for n, entity in enumerate(entities) for s, e in entity.fragments)
    bounds = sorted({0, len(text), *chain.from_iterable((s, e) for s, e, _ in fragments)})
    pieces: list[str] = []
    active: list[tuple[int, int, int]] = []
    following = 0
    for start, end in zip(bounds, bounds[1:]):
        while following < len(fragments) and fragments[following][0] <= start:
            active.append(fragments[following])
            following += 1
        active = [fragment for fragment in active if fragment[1] > start]
        piece = _shown(text[start:end])
        if active:
            _, last, shown = min(active, key=lambda fragment: fragment[1] - fragment[0])
            others = [entities[n] for n in dict.fromkeys(n for *_, n in active)]
            piece = _mark(piece, entities[shown], others, classes, end == last)
        pieces.append(piece)
    return "".join(pieces)


def _mark(
    piece: str, entity: Entity, all_here: Sequence[Entity], classes: dict[str, str], is_end: bool
) -> str:
    share = 1.0 if entity.probability is None else entity.probability
    title = "; ".join(map(_title, all_here))
    end = " end" if is_end else ""
    return (
        f'<mark class="{classes[entity.type]}{end}" style="--p:{share:.3f}" '
        f'data-type="{_shown(entity.type)}" title="{title}">{piece}</mark>'
    )


def _title(entity: Entity) -> str:
    if entity.probability is None:
        return _shown(entity.type)
    return f"{_shown(entity.type)}, confidence {entity.probability:.3f}"


def _legend(classes: dict[str, str], found: Counter[str], documents: int) -> str:
    types = "".join(
        f'<span><mark class="{classes[name]}" style="--p:1">{_shown(name)}</mark> {count}</span>\n'
        for name, count in found.most_common()
    )
    scale = "".join(
        f'<mark class="t{len(_COLOURS) - 1}" style="--p:{share}">{share}</mark>'
        for share in (0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'<aside class="legend"><span>{counted(documents, "document")}</span>\n{types}'
        f'<span class="scale">confidence {scale}</span></aside>\n'
    )


def _shown(text: str) -> str:
    """Return a text as HTML; control characters are shown as ``\\x1b``."""
    return html.escape(escaped(text.replace("\r\n", "\n").replace("\r", "\n")))
