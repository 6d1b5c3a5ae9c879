"""Transfer: start a network from the layers of a pretrained model.

A plan is made from the parameters before anything is trained: for each layer, it says whether it is
copied and whether it is trained, and it is refused if something does not fit. Tables are
transferred row by row: tokens, characters and labels are matched by identity, not by index.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.errors import TransferError
from neuroner_tl.model.entity_lstm import LAYER_NAMES
from neuroner_tl.training.checkpoint import SavedModel, Values
from neuroner_tl.training.label_transfer import LabelMatch, LabelSet, match_labels
from neuroner_tl.training.transfer_report import LayerReport, RowReport, TransferReport

# Layers whose first axis is a table's, with the vocabulary's list that names its rows.
TABLES = {"token_embeddings": "tokens", "character_embeddings": "characters"}
# Layers that have a row or a column for each label.
LABEL_LAYERS = ("feedforward", "crf")


@dataclass(frozen=True)
class LayerChoice:
    """The choice of layers by the parameters.

    Attributes:
        reload: layers that are copied from the source; the others start as without transfer.
        freeze: layers that are not trained.
        label_map: pairs of a source type and a target type, see `match_labels`.

    Example::

        choice = LayerChoice(freeze=frozenset({"token_embeddings"}), label_map=(("PRGE", "GENE"),))
    """

    reload: frozenset[str] = frozenset(LAYER_NAMES)
    freeze: frozenset[str] = frozenset()
    label_map: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class TransferPlan:
    """What a transfer will do; `plan_transfer` makes it, `apply` does it.

    Attributes:
        source: the pretrained model.
        report: the plan in words.
        reload: layers to copy.
        rows: for each table to copy, the numbers of the common rows in the source and here.
        labels: which labels are made from which.

    Example::

        plan = plan_transfer(source, vocabulary, "bioes", shapes, LayerChoice())
        weights = plan.apply(initial)
    """

    source: SavedModel
    report: TransferReport
    reload: tuple[str, ...]
    rows: dict[str, tuple[np.ndarray, np.ndarray]]
    labels: LabelMatch

    def apply(self, initial: Mapping[str, Mapping[str, np.ndarray]]) -> Values:
        """Replace initial values by the layers of the source.

        Args:
            initial: the target's initial weights, with word vectors where there are any; they
                are left as they are.
        """
        weights: Values = {layer: dict(named) for layer, named in initial.items()}
        for layer in self.reload:
            theirs = self.source.weights[layer]
            for name, value in weights[layer].items():
                if layer in self.rows and name == "embedding":
                    from_rows, to_rows = self.rows[layer]
                    merged = value.astype(theirs[name].dtype)
                    merged[to_rows] = theirs[name][from_rows]
                elif layer in LABEL_LAYERS:
                    merged = self.labels.transfer(name, theirs[name])
                else:
                    merged = theirs[name].copy()
                weights[layer][name] = merged
        return weights


def plan_transfer(
    source: SavedModel,
    vocabulary: Vocabulary,
    tagging_format: str,
    shapes: Mapping[str, Mapping[str, Sequence[int]]],
    choice: LayerChoice,
) -> TransferPlan:
    """Decide what happens to each layer.

    Args:
        source: the pretrained model.
        vocabulary: the target's tokens, characters and labels.
        tagging_format: the target's tag scheme.
        shapes: shapes of the target's weights by layer and name.
        choice: what to copy and what to train.

    Raises:
        TransferError: a layer does not fit, and the message has both sizes; or the label map names
            a type that there is not.
    """
    labels = match_labels(
        LabelSet(source.vocabulary.labels, source.text.tagging_format),
        LabelSet(vocabulary.labels, tagging_format),
        choice.label_map,
    )
    reload = tuple(layer for layer in LAYER_NAMES if layer in shapes and layer in choice.reload)
    rows = {}
    reports = []
    for layer in (name for name in LAYER_NAMES if name in shapes):
        row_report = None
        if layer in reload:
            _check_layer(source, layer, shapes[layer])
            if layer in TABLES:
                theirs = getattr(source.vocabulary, TABLES[layer])
                ours = getattr(vocabulary, TABLES[layer])
                *rows[layer], row_report = _match_rows(theirs, ours)
            elif layer in LABEL_LAYERS:
                row_report = _label_rows(labels)
        reports.append(
            LayerReport(
                layer,
                "copied" if layer in reload else "initialised",
                _training_of(layer, shapes[layer], choice),
                sum(int(np.prod(shape)) for shape in shapes[layer].values()),
                {name: [int(size) for size in shape] for name, shape in shapes[layer].items()},
                row_report,
            )
        )
    copies_labels = any(layer in reload for layer in LABEL_LAYERS)
    report = TransferReport(
        str(source.folder),
        tuple(reports),
        labels.named_origins() if copies_labels else {},
        tuple(_remarks(reports, labels)),
    )
    return TransferPlan(
        source, report, reload, {name: (a, b) for name, (a, b) in rows.items()}, labels
    )


def _training_of(layer: str, names: Collection[str], choice: LayerChoice) -> str:
    if layer not in choice.freeze:
        return "trained"
    return "table frozen" if "linear_kernel" in names else "frozen"


def _remarks(layers: Sequence[LayerReport], labels: LabelMatch) -> list[str]:
    """Return remarks on what is allowed but probably not intended."""
    remarks = []
    copied = [layer for layer in layers if layer.layer in LABEL_LAYERS and layer.rows is not None]
    if copied and sum(map(bool, labels.origins)) == 1:
        remarks.append(
            f"no type of the pretrained model ({', '.join(labels.source.types)}) corresponds "
            f"to one of this corpus ({', '.join(labels.target.types)}); map them with label_map"
        )
    for layer in layers:
        # Token embeddings are usually frozen: what is not copied comes from the word vectors.
        if layer.training == "frozen" and layer.layer != "token_embeddings":
            if layer.action == "initialised":
                remarks.append(f"{layer.layer} is frozen with random values")
            elif layer.rows is not None and layer.rows.new:
                remarks.append(f"{layer.layer} is frozen with new rows, which will not be trained")
    return remarks


def _match_rows(
    theirs: Sequence[str], ours: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, RowReport]:
    """Return the common rows, numbered in the source and in the target, and the report."""
    index = {name: row for row, name in enumerate(theirs)}
    known = set(ours)
    matched = [(index[name], row) for row, name in enumerate(ours) if name in index]
    pairs = np.array(matched, np.int64).reshape(-1, 2)
    report = RowReport.of(
        [ours[row] for _, row in matched],
        [name for name in ours if name not in index],
        [name for name in theirs if name not in known],
    )
    return pairs[:, 0], pairs[:, 1], report


def _label_rows(labels: LabelMatch) -> RowReport:
    origins = labels.named_origins()
    used = {name for names in origins.values() for name in names}
    return RowReport.of(
        [label for label, names in origins.items() if names],
        [label for label, names in origins.items() if not names],
        [label for label in labels.source.labels if label not in used],
    )


def _mapped_axes(layer: str, name: str) -> tuple[int, ...]:
    """Return the axes of a weight that are matched by name; others must have equal sizes."""
    if layer == "crf" and name == "transitions":
        return (0, 1)
    if layer == "feedforward" and name == "kernel":
        return (1,)
    return (0,) if layer in LABEL_LAYERS or name == "embedding" else ()


def _check_layer(source: SavedModel, layer: str, shapes: Mapping[str, Sequence[int]]) -> None:
    theirs: Optional[Mapping[str, np.ndarray]] = source.weights.get(layer)
    without = f"set reload_{layer} = False"
    if theirs is None:
        raise TransferError(
            f"{source.folder}: the pretrained model has no layer {layer}; {without}"
        )
    remedy = f"use its lstm_peepholes ({source.architecture.peepholes}) or {without}"
    if layer == "token_embeddings":
        linear = source.architecture.token_linear
        remedy = f"use its token_linear_dimension ({linear}) or {without}"
    surplus = sorted(set(theirs) - set(shapes))
    if surplus:
        raise TransferError(
            f"{source.folder}: the pretrained model's {layer} has {', '.join(surplus)} and this "
            f"network's does not; {remedy}"
        )
    for name, shape in shapes.items():
        if name not in theirs:
            raise TransferError(
                f"{source.folder}: the pretrained model's {layer} has no {name}; {remedy}"
            )
        mapped, found = _mapped_axes(layer, name), theirs[name].shape
        if len(found) != len(shape) or any(
            size != wanted and axis not in mapped
            for axis, (size, wanted) in enumerate(zip(found, shape))
        ):
            raise TransferError(
                f"{source.folder}: {layer}/{name} has shape {list(found)} in the pretrained model "
                f"and {list(shape)} here; use the same dimensions in the parameters or {without}"
            )
