"""A section of a report: what a study has to show."""

from __future__ import annotations

from dataclasses import dataclass

from neuroner_tl.studies.pages.figures import Figure
from neuroner_tl.studies.pages.table import Table


@dataclass(frozen=True)
class Section:
    """Text, tables and figures under one heading.

    Args:
        title: the heading.
        text: paragraphs, with empty lines between them.
        tables: in this order.
        figures: after the tables.
        in_text: whether it is printed in the terminal too.
    """

    title: str
    text: str = ""
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    in_text: bool = True
