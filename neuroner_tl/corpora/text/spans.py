"""Spans in which those that share text with another one are found without trying all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

Span = tuple[int, int]


class SpanTree:
    """Spans that may overlap, by their indices; any of them can be removed.

    A tree over the spans in the order of their starts, each node of which knows how far the spans
    below it reach: to find those that share text with a span takes time for these alone.

    Args:
        spans: sorted.

    Example:
        >>> tree = SpanTree([(0, 6), (4, 9), (12, 15)])
        >>> tree.sharing((5, 8))
        [0, 1]
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        self._starts = [start for start, _ in spans]
        self._leaves = 1 << max(0, len(spans) - 1).bit_length()
        self._reach = [-1] * self._leaves + [end for _, end in spans]
        self._reach += [-1] * (2 * self._leaves - len(self._reach))
        for node in range(self._leaves - 1, 0, -1):
            self._reach[node] = max(self._reach[2 * node], self._reach[2 * node + 1])

    def __contains__(self, index: int) -> bool:
        return self._reach[self._leaves + index] >= 0

    def remove(self, index: int) -> None:
        """Remove a span."""
        node = self._leaves + index
        self._reach[node] = -1
        while node > 1:
            node //= 2
            self._reach[node] = max(self._reach[2 * node], self._reach[2 * node + 1])

    def sharing(self, span: Span) -> list[int]:
        """Return the spans that share text with one, itself included if it is left."""
        start, end = span
        # Those from here on begin after its end.
        after = bisect_left(self._starts, end)
        found = []
        # Nodes, each with the first of its leaves and their number; the leftmost on top.
        nodes = [(1, 0, self._leaves)]
        while nodes:
            node, first, size = nodes.pop()
            if first >= after or self._reach[node] <= start:
                continue
            if size == 1:
                found.append(first)
                continue
            half = size // 2
            nodes += [(2 * node + 1, first + half, half), (2 * node, first, half)]
        return found


class DisjointSpans:
    """Spans none of which overlap, in order; spans can be added and removed.

    Args:
        spans: in any order.

    Raises:
        ValueError: two of them overlap, or one is empty.

    Example:
        >>> spans = DisjointSpans([(12, 15), (0, 6)])
        >>> spans.sharing((5, 13)), spans.share_text((6, 12)), spans.ending_from(4)
        ([(0, 6), (12, 15)], False, (0, 6))
    """

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = [end for _, end in ordered]
        if any(start >= end for start, end in ordered) or any(
            end > start for end, start in zip(self._ends, self._starts[1:])
        ):
            raise ValueError("spans overlap, or are empty")

    def __iter__(self) -> Iterator[Span]:
        return iter(zip(self._starts, self._ends))

    def sharing(self, span: Span) -> list[Span]:
        """Return the spans that share text with one, in order."""
        first = bisect_right(self._ends, span[0])
        past = bisect_left(self._starts, span[1])
        return list(zip(self._starts[first:past], self._ends[first:past]))

    def share_text(self, span: Span) -> bool:
        """Tell whether any of the spans shares text with one."""
        return bisect_right(self._ends, span[0]) < bisect_left(self._starts, span[1])

    def ending_from(self, position: int) -> Optional[Span]:
        """Return the span that begins before a position and ends there or later, if any."""
        index = bisect_left(self._ends, position)
        if index < len(self._ends) and self._starts[index] < position:
            return self._starts[index], self._ends[index]
        return None

    def add(self, span: Span) -> None:
        """Add a span that shares text with none."""
        index = bisect_left(self._starts, span[0])
        self._starts.insert(index, span[0])
        self._ends.insert(index, span[1])

    def discard(self, span: Span) -> None:
        """Remove a span if it is there."""
        index = bisect_left(self._starts, span[0])
        if index < len(self._starts) and (self._starts[index], self._ends[index]) == span:
            del self._starts[index], self._ends[index]
