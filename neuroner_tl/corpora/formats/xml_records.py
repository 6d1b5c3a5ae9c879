"""XML files read record by record, within bounds and without entities declared in the file."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.bounded import LONGEST_LINE, BoundedReader
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError


def documents_of_records(
    path: Path,
    name: str,
    form: str,
    expected: str,
    read: Callable[[Any, Path, ImportReport], Document],
    report: ImportReport,
) -> Iterator[Document]:
    """Yield the document of each element with a name; the report may take those that are refused.

    Args:
        path: the file.
        name: as in `iterate_records`.
        form: likewise.
        expected: what the error says if there is none.
        read: makes the document of an element.
        report: the import report.

    Raises:
        CorpusError: as in `iterate_records`; no such element, or one that cannot be used.
    """
    found = False
    for element in iterate_records(path, name, form):
        found = True
        try:
            document = read(element, path, report)
        except CorpusError as error:
            report.refuse(error)
            continue
        yield document
    if not found:
        raise CorpusError(f"{path}: no {name} element; expected {expected}")


def iterate_records(path: Path, name: str, form: str) -> Iterator[Any]:
    """Yield the elements with a name, complete; each is cleared afterwards.

    Args:
        path: the file (``.xml`` or ``.xml.gz``).
        name: name of the elements, without namespace.
        form: what errors call the format.

    Raises:
        CorpusError: not XML, a record or what lies between two is too large, or the file declares
            or uses entities of its own.
    """
    try:
        with BoundedReader(path, LONGEST_LINE, f"record ({name})") as file:
            # Entities that the file declares are not resolved: they could name files or grow
            # without bound.
            context = etree.iterparse(
                file,
                events=("start", "end"),
                tag=f"{{*}}{name}",
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                # They would divide the text that they stand in.
                remove_comments=True,
                remove_pis=True,
            )
            first = True
            for event, element in context:
                if first:
                    _refuse_declarations(element, path, form)
                    first = False
                if event == "start":
                    continue
                if any(local_name(above) == name for above in element.iterancestors()):
                    continue  # Nested in a record.
                for reference in element.iter(etree.Entity):
                    raise CorpusError(
                        f"{path}:{reference.sourceline}: the reference {reference.text} has no "
                        "meaning without the file's DTD; write the character itself"
                    )
                yield element
                element.clear()
                # What stands before it and before the elements around it, such as PubmedData.
                for node in (element, *element.iterancestors()):
                    parent = node.getparent()  # None for the root, which comments may precede
                    while parent is not None and node.getprevious() is not None:
                        del parent[0]
                file.restart()
            if first and context.root is not None:
                _refuse_declarations(context.root, path, form)
    except etree.XMLSyntaxError as error:
        raise CorpusError(
            f"{path}:{error.lineno}: not well-formed XML ({error.msg}); expected {form}"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); get the file again") from error


def local_name(element: Any) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag.rpartition("}")[2])


def _refuse_declarations(root: Any, path: Path, form: str) -> None:
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise CorpusError(
            f"{path}: declares entities of its own, which could name other files or grow without "
            f"bound; expected {form} without <!ENTITY"
        )
