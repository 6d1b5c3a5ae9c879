"""Transfer of labels: types are mapped and tag schemes converted.

Layers 5 and 6 have a row or a column for each label. A target label is made from the source
labels that correspond to it, its *origins*: usually one, whose weights it copies; several
when types are merged, whose weights are averaged; none when the type is new.

A transition between two target labels takes the mean over the transitions between their origins,
but only over those that are well-formed exactly when it is itself well-formed. So with PRGE and
DNA merged into GENE, ``B-GENE I-GENE`` learns nothing from ``B-PRGE I-DNA``. An ill-formed
transition whose origins are all well-formed, such as ``B O`` in BIOES from BIO, is made `FORBIDDEN`
less likely than they are.

With these rules the network finds before its first step what the source finds: a BIOES sequence
scores as the BIO sequence of the same entities does, and one with a new type scores lower than the
same one with ``O`` in its place. Only BIO from BIOES is an approximation, since one label stands
for two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neuroner_tl.corpora.text.tags import may_follow
from neuroner_tl.dataset.vocabulary import OUTSIDE, type_of_label
from neuroner_tl.errors import TransferError

# What an ill-formed transition scores less than the well-formed one it comes from: odds of e^-10.
FORBIDDEN = 10.0
# What a new type's label scores less than O for the same token: odds of e^-5.
UNSEEN = 5.0

# Prefixes that correspond to a prefix, by (scheme of the source, scheme of the target).
_ORIGINS = {
    ("bio", "bio"): {"B": "B", "I": "I"},
    ("bioes", "bioes"): {"B": "B", "I": "I", "E": "E", "S": "S"},
    ("bio", "bioes"): {"B": "B", "I": "I", "E": "I", "S": "B"},
    ("bioes", "bio"): {"B": "BS", "I": "IE"},
}


@dataclass(frozen=True)
class LabelSet:
    """The labels of a model and their tag scheme.

    Attributes:
        labels: ``O``, then the labels of each type.
        scheme: ``bio`` or ``bioes``.

    Example::

        LabelSet(("O", "B-DISO", "I-DISO"), "bio").types  # ("DISO",)
    """

    labels: tuple[str, ...]
    scheme: str

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types, in the labels' order."""
        return tuple(dict.fromkeys(type_of_label(name) for name in self.labels if name != OUTSIDE))


@dataclass(frozen=True)
class LabelMatch:
    """Which source labels each target label is made from.

    Attributes:
        source: the pretrained model's labels.
        target: the labels here.
        origins: for each target label the numbers of its source labels; none for a new one.

    Example::

        match = match_labels(source, target, label_map=[("PRGE", "GENE")])
        bias = match.transfer("bias", source_bias)
    """

    source: LabelSet
    target: LabelSet
    origins: tuple[tuple[int, ...], ...]

    def named_origins(self) -> dict[str, list[str]]:
        """Return the origins of each target label by name."""
        return {
            label: [self.source.labels[number] for number in numbers]
            for label, numbers in zip(self.target.labels, self.origins)
        }

    def transfer(self, name: str, source: np.ndarray) -> np.ndarray:
        """Make a weight of layer 5 or 6 from the source's.

        Args:
            name: ``kernel [n, labels]``, ``bias``, ``start`` or ``end [labels]``, or
                ``transitions [labels, labels]``.
            source: the source's weight.
        """
        labels = len(self.target.labels)
        mapped = source.ndim if name == "transitions" else 1
        merged = np.empty((*source.shape[:-mapped], *[labels] * mapped), source.dtype)
        for j in range(labels):
            if name == "transitions":
                for i in range(labels):
                    merged[i, j] = self._transition(i, j, source)
            elif name in ("start", "end"):
                merged[j] = self._boundary(name, j, source)
            else:
                merged[..., j] = source[..., list(self._sources(j))].mean(axis=-1)
        if name == "bias":
            merged[[not origins for origins in self.origins]] -= UNSEEN
        return merged

    def _sources(self, j: int) -> tuple[int, ...]:
        """Return the source labels whose weights a target label takes: its origins, or O."""
        return self.origins[j] or (self.source.labels.index(OUTSIDE),)

    def _transition(self, i: int, j: int, source: np.ndarray) -> np.floating:
        theirs, ours = self.source.labels, self.target.labels
        return _mean(
            source,
            may_follow(ours[i], ours[j], self.target.scheme),
            {
                (a, b): may_follow(theirs[a], theirs[b], self.source.scheme)
                for a in self._sources(i)
                for b in self._sources(j)
            },
        )

    def _boundary(self, name: str, j: int, source: np.ndarray) -> np.floating:
        def well_formed(labels: LabelSet, number: int) -> bool:
            pair = (OUTSIDE, labels.labels[number])
            return may_follow(*(pair if name == "start" else pair[::-1]), labels.scheme)

        return _mean(
            source,
            well_formed(self.target, j),
            {(a,): well_formed(self.source, a) for a in self._sources(j)},
        )


def _mean(
    source: np.ndarray, well_formed: bool, origins: Mapping[tuple[int, ...], bool]
) -> np.floating:
    """Return the mean over the origins that are as well-formed as the target, see the module."""
    alike = [source[place] for place, theirs in origins.items() if theirs == well_formed]
    if alike:
        return np.mean(alike, dtype=source.dtype)
    others = np.mean([source[place] for place in origins], dtype=source.dtype)
    return others if well_formed else others - source.dtype.type(FORBIDDEN)


def match_labels(
    source: LabelSet, target: LabelSet, label_map: Sequence[tuple[str, str]] = ()
) -> LabelMatch:
    """Find the source labels that correspond to each target label.

    Args:
        source: the pretrained model's labels.
        target: the labels here.
        label_map: pairs of a source type and a target type; a source type that is in none of them
            corresponds to the type of the same name.

    Raises:
        TransferError: the map names a type that the source or the target does not have.
    """
    for index, (side, labels) in enumerate(
        (("the pretrained model", source), ("this corpus", target))
    ):
        for pair in label_map:
            if pair[index] not in labels.types:
                raise TransferError(
                    f"label_map: found {':'.join(pair)}, but {side} has no type {pair[index]}, "
                    f"only {', '.join(labels.types) or 'none'}; correct the pair"
                )
    mapped = {theirs for theirs, _ in label_map}
    pairs = [*label_map, *((name, name) for name in source.types if name not in mapped)]
    prefixes = _ORIGINS[source.scheme, target.scheme]
    number = {label: index for index, label in enumerate(source.labels)}

    def origins_of(label: str) -> tuple[int, ...]:
        if label == OUTSIDE:
            return (number[OUTSIDE],)
        return tuple(
            number[f"{prefix}-{theirs}"]
            for theirs, ours in pairs
            if ours == type_of_label(label)
            for prefix in prefixes[label[0]]
        )

    return LabelMatch(source, target, tuple(map(origins_of, target.labels)))
