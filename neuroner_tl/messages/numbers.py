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
