"""Document ids that become file names in one folder."""

from __future__ import annotations

from neuroner_tl.errors import CorpusError
from neuroner_tl.system.file_name import collision_key, file_name_fault


class DocumentNames:
    """The ids seen so far.

    Example::

        names = DocumentNames()
        names.check("abstract-1")
        names.check("Abstract-1")  # CorpusError: some systems do not tell the two apart
    """

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def check(self, name: str, where: str = "") -> None:
        """Refuse an id that cannot name a file of its own on every system.

        Args:
            name: the id.
            where: the place for the error message, such as a file.

        Raises:
            CorpusError: the id has a fault, occurs twice, or equals an earlier one on systems
                that ignore case or the composition of characters.
        """
        place = f"{where}: " if where else ""
        fault = file_name_fault(name)
        if fault:
            raise CorpusError(
                f"{place}the document id {name[:60]!r} {fault}; expected one that can be the name "
                "of a file: rename the document"
            )
        key = collision_key(name)
        first = self._seen.get(key)
        if first == name:
            raise CorpusError(
                f"{place}document {name!r} occurs twice; ids must be unique: rename one"
            )
        if first is not None:
            raise CorpusError(
                f"{place}the document ids {first!r} and {name!r} are the same name on systems that "
                "ignore case or Unicode composition; expected ids that differ otherwise: rename one"
            )
        self._seen[key] = name
