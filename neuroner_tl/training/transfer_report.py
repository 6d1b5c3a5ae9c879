"""What a transfer does with each layer and each row, in words: the table and the JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Optional

from neuroner_tl.messages.screen import table_lines, wrapped

# This many of the copied, new and dropped rows are named.
EXAMPLES = 20


@dataclass(frozen=True)
class RowReport:
    """What happens to the rows of a table, or to the labels.

    Attributes:
        copied: rows that take the source's values.
        new: rows that only the target has, initialised.
        dropped: rows that only the source has.
        copied_examples: the first twenty copied ones.
        new_examples: the first twenty new ones.
        dropped_examples: the first twenty dropped ones.

    Example::

        report = RowReport.of(copied=["the", "gene"], new=["asthma"], dropped=[])
        report.copied, report.new_examples  # (2, ("asthma",))
    """

    copied: int
    new: int
    dropped: int
    copied_examples: tuple[str, ...]
    new_examples: tuple[str, ...]
    dropped_examples: tuple[str, ...]

    @classmethod
    def of(cls, copied: Sequence[str], new: Sequence[str], dropped: Sequence[str]) -> RowReport:
        """Count them and keep the first ones."""
        lists = (copied, new, dropped)
        counts = [len(names) for names in lists]
        examples = [tuple(names[:EXAMPLES]) for names in lists]
        return cls(counts[0], counts[1], counts[2], examples[0], examples[1], examples[2])


@dataclass(frozen=True)
class LayerReport:
    """What happens to a layer.

    Attributes:
        layer: the layer's name.
        action: ``copied`` from the source, or ``initialised`` as without transfer.
        training: ``trained``, or ``frozen`` for one that keeps what it starts with; ``table
            frozen`` where the linear layer above the token embeddings is trained.
        parameters: how many numbers the layer has.
        shapes: shape of each weight.
        rows: for a table or labels that are copied, the report of the rows.

    Example::

        shapes = {"transitions": [5, 5], "start": [5], "end": [5]}
        LayerReport("crf", "copied", "frozen", 35, shapes)
    """

    layer: str
    action: str
    training: str
    parameters: int
    shapes: dict[str, list[int]]
    rows: Optional[RowReport] = None


@dataclass(frozen=True)
class TransferReport:
    """What is transferred from where.

    Attributes:
        source: folder of the source model.
        layers: from the lowest to the highest.
        labels: for each label here, the source's labels that it is made from; empty where neither
            label prediction nor transitions are copied.
        remarks: what is allowed but probably not meant.

    Example::

        plan = plan_transfer(source, vocabulary, "bioes", shapes, LayerChoice())
        print(plan.report.table(width=80))
    """

    source: str
    layers: tuple[LayerReport, ...]
    labels: dict[str, list[str]]
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def table(self, width: Optional[int] = None) -> str:
        """Return a line per layer, then the first rows that are copied, new and dropped.

        Args:
            width: columns of the screen; None for a table as wide as it is.
        """
        columns = ("layer", "start", "training", "parameters", "copied", "new", "dropped", "shapes")
        right = (False, False, False, True, True, True, True, False)
        rows = list(map(_cells, self.layers))
        lines = [f"transfer from {self.source}"]
        lines += table_lines(columns, rows, right, width=width, indent="  ")
        for layer in self.layers:
            if layer.rows is not None and layer.layer != "crf":
                lines += _examples(layer.layer, layer.rows, width)
        made = [
            f"{label} from {' + '.join(origins)}"
            for label, origins in self.labels.items()
            if origins not in ([], [label])
        ]
        if made:
            lines += wrapped(f"labels: {', '.join(made)}", width, "  ", "  ")
        return "\n".join([*lines, *(f"  note: {remark}" for remark in self.remarks)])


def _cells(layer: LayerReport) -> tuple[str, ...]:
    rows = layer.rows
    counts = ("", "", "") if rows is None else (rows.copied, rows.new, rows.dropped)
    shapes = Counter(str(shape) for shape in layer.shapes.values())
    return (
        layer.layer,
        layer.action,
        layer.training,
        f"{layer.parameters:,}",
        *(f"{count:,}" if count != "" else "" for count in counts),
        ", ".join(f"{n} x {shape}" if n > 1 else shape for shape, n in shapes.items()),
    )


def _examples(name: str, rows: RowReport, width: Optional[int]) -> Iterable[str]:
    for kind in ("copied", "new", "dropped"):
        count, examples = getattr(rows, kind), getattr(rows, f"{kind}_examples")
        if count:
            shown = " ".join(
                item if item and item.isprintable() else repr(item) for item in examples
            )
            more = " ..." if count > len(examples) else ""
            yield from wrapped(f"{name}, {kind}: {shown}{more}", width, "  ", "  ")
