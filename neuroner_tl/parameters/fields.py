"""What the schema says of each parameter, and the limits that its values share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Optional

from pydantic import Field

# Far above anything trainable; whether it fits into the memory of the machine is checked by the
# run.
LARGEST_SIZE = 10_000
LARGEST_BATCH = 100_000
LARGEST_FACTOR = 1000.0
MAX_EPOCHS = 1_000_000
MAX_AVERAGED_EPOCHS = 1000
MAX_SENTENCES = 10**12
MAX_THREADS = 1024

SECTIONS = ("mode", "dataset", "ann", "training", "advanced")

# What another value of a parameter changes.
ENCODING = "encoding"  # the arrays that a corpus is encoded to, and so the result
RESULT = "result"  # the result, from the same arrays
LENGTH = "length"  # only how long a run trains
PLACE = "place"  # only where something is; what is there decides the result
NOTHING = "nothing"  # nothing; threads change the rounding
EFFECTS = (ENCODING, RESULT, LENGTH, PLACE, NOTHING)


def field(
    section: str,
    default: Any,
    changes: str,
    explanation: str,
    expected: str = "",
    needs: Optional[tuple[Any, ...]] = None,
    **limits: Any,
) -> Any:
    """Return a field of the schema.

    Args:
        section: in which a parameter file has it.
        default: its default.
        changes: what another value changes, one of `EFFECTS`.
        explanation: for the help and the documentation.
        expected: describes valid values where the type does not.
        needs: another parameter and the values of it without which this one has no effect; the
            explanation begins with them.
        limits: of pydantic's field.
    """
    assert changes in EFFECTS
    extra: dict[str, Any] = {"section": section, "expected": expected, "changes": changes}
    extra["needs"] = needs
    if needs is not None:
        explanation = f"With {needs[0]} = {alternatives(needs[1:])}: {explanation}"
    return Field(default, description=explanation, json_schema_extra=extra, **limits)


def alternatives(values: Sequence[Any]) -> str:
    """Return values in words: ``A, B or C``."""
    *others, last = map(str, values)
    return f"{', '.join(others)} or {last}" if others else last


mode, dataset, ann, training, advanced = (partial(field, section) for section in SECTIONS)
