"""Transfer: start a network from the layers of a pretrained model.

Tables are transferred row by row: tokens, characters and labels are matched by what they are,
not by their number. The report says of each layer what was copied and what was not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

import numpy as np

from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.errors import TransferError
from neuroner_tl.model.entity_lstm import LAYER_NAMES, Architecture
from neuroner_tl.training.checkpoint import SavedModel, Values

EXAMPLES = 20


@dataclass(frozen=True)
class RowReport:
    """What became of the rows of a table.

    Args:
        copied: rows that both have, copied from the source.
        new: rows that only the target has, initialised.
        dropped: rows that only the source has.
        new_examples: the first twenty new ones.
        dropped_examples: the first twenty dropped ones.
    """

    copied: int
    new: int
    dropped: int
    new_examples: tuple[str, ...]
    dropped_examples: tuple[str, ...]


@dataclass(frozen=True)
class LayerReport:
    """What became of a layer.

    Args:
        layer: the layer's name.
        action: ``copied`` from the source, or ``initialised`` as without transfer.
        parameters: how many numbers the layer has.
        shapes: shape of each weight.
        rows: for tables and labels, what became of the rows.
    """

    layer: str
    action: str
    parameters: int
    shapes: dict[str, list[int]]
    rows: Optional[RowReport] = None


@dataclass(frozen=True)
class TransferReport:
    """What was transferred from where.

    Args:
        source: folder of the source model.
        layers: from the lowest to the highest.
    """

    source: str
    layers: tuple[LayerReport, ...] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return asdict(self)

    def table(self) -> str:
        """A line a layer."""
        lines = [f"transfer from {self.source}"]
        for layer in self.layers:
            line = f"  {layer.layer:<21} {layer.action:<12} {layer.parameters:>10,} parameters"
            if layer.rows is not None and layer.action == "copied":
                rows = layer.rows
                line += (
                    f"; rows: {rows.copied:,} copied, {rows.new:,} new, {rows.dropped:,} dropped"
                )
            lines.append(line)
        return "\n".join(lines)


def transfer(
    source: SavedModel,
    architecture: Architecture,
    vocabulary: Vocabulary,
    initial: Mapping[str, Mapping[str, np.ndarray]],
    reload: Mapping[str, bool],
) -> tuple[Values, TransferReport]:
    """Put the chosen layers of a source model in the place of initial values.

    Args:
        source: the pretrained model.
        architecture: form of the target network.
        vocabulary: the target's tokens, characters and labels.
        initial: the target's initial weights, with word vectors where there are any.
        reload: for each layer by name, whether it is transferred.

    Returns:
        The weights to start with, and the report.

    Raises:
        TransferError: a layer does not fit; the message has both sizes.
    """
    weights: Values = {layer: dict(named) for layer, named in initial.items()}
    reports = []
    for layer in LAYER_NAMES:
        if layer not in weights:
            continue
        rows = None
        if reload[layer]:
            if layer not in source.weights:
                raise TransferError(
                    f"{source.folder}: the pretrained model has no layer {layer}; "
                    f"set reload_{layer} = False"
                )
            rows = _transfer_layer(layer, source, vocabulary, weights[layer])
        reports.append(
            LayerReport(
                layer,
                "copied" if reload[layer] else "initialised",
                sum(value.size for value in weights[layer].values()),
                {name: list(value.shape) for name, value in weights[layer].items()},
                rows,
            )
        )
    return weights, TransferReport(str(source.folder), tuple(reports))


def _transfer_layer(
    layer: str, source: SavedModel, vocabulary: Vocabulary, target: dict[str, np.ndarray]
) -> Optional[RowReport]:
    """Copy one layer into ``target``; rows are matched where the layer has a table."""
    theirs = source.vocabulary
    pairs: dict[str, tuple[Sequence[str], Sequence[str]]] = {
        "token_embeddings": (theirs.tokens, vocabulary.tokens),
        "character_embeddings": (theirs.characters, vocabulary.characters),
        "feedforward": (theirs.labels, vocabulary.labels),
        "crf": (theirs.labels, vocabulary.labels),
    }
    # Which axes of a weight are indexed by the table's rows; the others must be equal.
    axes: dict[str, Callable[[str], tuple[int, ...]]] = {
        "token_embeddings": lambda name: (0,),
        "character_embeddings": lambda name: (0,),
        "feedforward": lambda name: (1,) if name == "kernel" else (0,),
        "crf": lambda name: (0, 1) if name == "transitions" else (0,),
    }
    if layer in pairs:
        from_rows, to_rows, report = _match(*pairs[layer])
    surplus = sorted(set(source.weights[layer]) - set(target))
    if surplus:
        raise TransferError(
            f"{source.folder}: the pretrained model's {layer} has {', '.join(surplus)} and this "
            f"network's has not; use its lstm_peepholes ({source.architecture.peepholes}) or set "
            f"reload_{layer} = False"
        )
    for name, value in target.items():
        mapped = axes[layer](name) if layer in pairs else ()
        other = source.weights[layer].get(name)
        _check_fit(source, layer, name, other, value, mapped)
        assert other is not None
        if not mapped:
            target[name] = other.copy()
            continue
        merged = value.astype(other.dtype)
        if len(mapped) == 2:
            merged[np.ix_(to_rows, to_rows)] = other[np.ix_(from_rows, from_rows)]
        elif mapped == (1,):
            merged[:, to_rows] = other[:, from_rows]
        else:
            merged[to_rows] = other[from_rows]
        target[name] = merged
    return report if layer in pairs else None


def _match(theirs: Sequence[str], ours: Sequence[str]) -> tuple[np.ndarray, np.ndarray, RowReport]:
    """Rows that both have, numbered in the source and in the target, and the report."""
    index = {name: row for row, name in enumerate(theirs)}
    known = set(ours)
    matched = [(index[name], row) for row, name in enumerate(ours) if name in index]
    new = [name for name in ours if name not in index]
    dropped = [name for name in theirs if name not in known]
    pairs = np.array(matched, np.int64).reshape(-1, 2)
    report = RowReport(
        len(matched), len(new), len(dropped), tuple(new[:EXAMPLES]), tuple(dropped[:EXAMPLES])
    )
    return pairs[:, 0], pairs[:, 1], report


def _check_fit(
    source: SavedModel,
    layer: str,
    name: str,
    theirs: Optional[np.ndarray],
    ours: np.ndarray,
    mapped: tuple[int, ...],
) -> None:
    def fixed(shape: tuple[int, ...]) -> list[int]:
        return [size for axis, size in enumerate(shape) if axis not in mapped]

    if theirs is None:
        raise TransferError(
            f"{source.folder}: the pretrained model's {layer} has no {name}; use its "
            f"lstm_peepholes ({source.architecture.peepholes}) or set reload_{layer} = False"
        )
    if fixed(theirs.shape) != fixed(ours.shape) or theirs.ndim != ours.ndim:
        raise TransferError(
            f"{source.folder}: {layer}/{name} has shape {list(theirs.shape)} in the pretrained "
            f"model and {list(ours.shape)} here; use the same dimensions in the parameters or "
            f"set reload_{layer} = False"
        )
