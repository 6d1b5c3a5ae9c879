"""Formats of numbers for display."""

from __future__ import annotations


def fixed(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """Format a number with a fixed number of decimals; what rounds to zero has no sign.

    Example::

        fixed(-0.001)              # "0.00"
        fixed(1.5, 1, sign=True)   # "+1.5"

    Args:
        value: the number.
        digits: digits after the point.
        sign: whether positive numbers get a plus sign.
    """
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    return text.lstrip("+-") if not text.strip("+-0.") else text


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Args:
        number: how many there are.
        noun: what there is, if there is one.
        plural: otherwise (default: the noun with an s).

    Example:
        >>> counted(1, "document"), counted(0, "document"), counted(2, "entity", "entities")
        ('1 document', '0 documents', '2 entities')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
