"""A report as one self-contained HTML page, as Markdown, and as text for the terminal."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from neuroner_tl.messages.screen import paragraph, wrapped
from neuroner_tl.studies.pages.figures import Figure
from neuroner_tl.studies.pages.table import Table

_STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  color: #111; background: #fff; }
h1, h2, h3 { font-family: Helvetica, Arial, sans-serif; line-height: 1.2; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; font: 13px/1.4 Helvetica, Arial, sans-serif; }
thead { border-top: 2px solid #111; border-bottom: 1px solid #111; }
tbody { border-bottom: 2px solid #111; }
th, td { padding: .2rem .6rem; text-align: left; vertical-align: top; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
@media screen { td.n { white-space: nowrap; } }
.scroll { overflow-x: auto; }
figure { margin: 1.5rem 0; }
figure img { max-width: 100%; height: auto; }
figcaption, .note { font-size: 14px; color: #333; }
pre { background: #f5f5f5; padding: .8rem; font-size: 13px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm 15mm; }
@media print {
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; }
  h1, h2, h3 { break-after: avoid; }
  p, li, figcaption, .note { orphans: 3; widows: 3; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: 1pt 3pt; }
  thead { display: table-header-group; }
  tr, figure, pre.short, .table.short { break-inside: avoid; }
  .note { break-before: avoid; font-size: 9pt; }
  figcaption { break-before: avoid; font-size: 9pt; }
  pre { font-size: 8pt; border: 1px solid #ccc; background: none; }
}
"""
_ROWS_OF_A_PAGE = 25


@dataclass(frozen=True)
class Section:
    """Text, tables and figures under one heading.

    Attributes:
        title: the heading.
        text: paragraphs, with empty lines between them.
        tables: in this order.
        figures: after the tables.
        in_text: whether it is printed in the terminal too.

    Example::

        section = Section("Runs", "All runs are finished.", tables=(table,))
    """

    title: str
    text: str = ""
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    in_text: bool = True


@dataclass(frozen=True)
class Page:
    """The content of a report.

    Attributes:
        title: its title.
        lead: the first paragraph.
        sections: tables and figures.
        how: title and text of how it was made: commands, versions, files.

    Example::

        page = Page("My study", "Two arms are compared.", [section], how=[("Version", "0.1.0")])
        print(page.to_text(width=80))
    """

    title: str
    lead: str
    sections: Sequence[Section]
    how: Sequence[tuple[str, str]]

    def to_text(self, width: Optional[int] = None) -> str:
        """Return title, lead and tables as text for the terminal.

        Args:
            width: columns of the screen; None for tables as wide as they are.
        """
        lines = paragraph(f"{self.title}: {self.lead}", width)
        for section in self.sections:
            if not section.in_text:
                continue
            for words in section.text.split("\n\n") if section.text else ():
                lines += ["", *paragraph(words, width)]
            for table in section.tables:
                lines += ["", table.to_text(width)]
                lines += wrapped(table.note, width, "  ") if table.note else []
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """Return Markdown with links to the figures' files beside it."""
        lines = [f"# {self.title}", "", self.lead, ""]
        for section in self.sections:
            lines += [f"## {section.title}", ""]
            lines += [section.text, ""] if section.text else []
            for table in section.tables:
                lines += [f"**{table.title}**", "", table.to_markdown(), ""]
                lines += [table.note, ""] if table.note else []
            for figure in section.figures:
                lines += [f"![{figure.name}](figures/{figure.name}.png)", "", figure.caption, ""]
        lines += ["## How it was made", ""]
        for heading, text in self.how:
            lines += [f"{heading}:", "", *(f"    {line}".rstrip() for line in text.split("\n")), ""]
        return "\n".join(lines)

    def to_html(self, images: Mapping[str, bytes]) -> str:
        """Return a self-contained HTML page.

        Args:
            images: the PNG of each figure, by name.
        """
        escape = html.escape
        parts = [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(self.title)}</h1>",
            f"<p>{escape(self.lead)}</p>",
        ]
        for section in self.sections:
            parts.append(f"<h2>{escape(section.title)}</h2>")
            paragraphs = section.text.split("\n\n") if section.text else []
            parts += [f"<p>{escape(words)}</p>" for words in paragraphs]
            for table in section.tables:
                # A table that fits a printed page is not split; a longer one may be.
                short = " short" if len(table.rows) <= _ROWS_OF_A_PAGE else ""
                parts.append(f'<div class="table{short}"><h3>{escape(table.title)}</h3>')
                parts.append(f'<div class="scroll">{table.to_html()}</div>')
                parts += [f'<p class="note">{escape(table.note)}</p>'] if table.note else []
                parts.append("</div>")
            for figure in section.figures:
                data = base64.b64encode(images[figure.name]).decode("ascii")
                parts.append(
                    f'<figure><img alt="{escape(figure.caption)}" '
                    f'src="data:image/png;base64,{data}">'
                    f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
                )
        parts.append("<h2>How it was made</h2>")
        for heading, text in self.how:
            short = " class=short" if text.count("\n") < _ROWS_OF_A_PAGE else ""
            parts.append(f"<h3>{escape(heading)}</h3><pre{short}>{escape(text)}</pre>")
        return "\n".join([*parts, "</body></html>", ""])
