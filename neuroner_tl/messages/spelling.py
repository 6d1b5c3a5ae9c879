"""Suggestions for a misspelt name."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable

# Share of equal characters, as difflib counts them, from which two names count as near.
_NEAR = 0.7
# A common prefix of this many characters is near in any case.
_BEGINNING = 5
_SEPARATORS = re.compile(r"[\s_:.-]+")


def nearest_hint(name: str, names: Iterable[str], form: Callable[[str], str] = str) -> str:
    """Return the end of an error's sentence that suggests similarly spelt names.

    Args:
        name: what was found.
        names: what could have been meant.
        form: how a name is shown, such as ``"[{}]".format``.

    Returns:
        ``; the nearest is NAME``, or ``; the nearest are NAME and NAME`` where the name is a word
        of longer ones; nothing if none is near.
    """
    found = _near(name, list(names))
    if not found:
        return ""
    shown = " and ".join(form(near) for near in found)
    return f"; the nearest {'is' if len(found) == 1 else 'are'} {shown}"


def one_of(name: str, names: Iterable[str]) -> str:
    """Return what an error's sentence expects in place of an unknown name.

    Args:
        name: what was found.
        names: what could have been meant.

    Returns:
        ``one of A, B, C``, with a hint to what is spelt like it; ``A``, if there is but one.
    """
    known = list(names)
    if len(known) == 1:
        return known[0]
    return f"one of {', '.join(known)}{nearest_hint(name, known)}"


def _near(name: str, names: list[str]) -> list[str]:
    wanted = _plain(name)
    plain = {_plain(candidate): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(wanted, plain, n=1, cutoff=_NEAR)
    if close:
        return [plain[close[0]]]
    within = [n for n in names if len(wanted) > 3 and wanted in _SEPARATORS.split(_plain(n))]
    if within:
        return within[:2]
    alike = [n for n in names if len(os.path.commonprefix([wanted, _plain(n)])) >= _BEGINNING]
    return alike[:1]


def _plain(name: str) -> str:
    return name.lstrip("-").casefold()
