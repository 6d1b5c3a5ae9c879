"""Seeded splits of a corpus's documents, and nested subsets of the train part.

Documents are ranked by the SHA-256 of seed and id: the outcome depends on neither the order of
the ids nor the platform nor the version of Python.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from neuroner_tl.errors import CorpusError, ParameterError

logger = logging.getLogger(__name__)

DEFAULT_PERCENTAGES = (60.0, 10.0, 30.0)


@dataclass(frozen=True)
class Split:
    """Which documents are in which part, and how they were drawn.

    Attributes:
        train: ids of the train part, sorted; so for ``valid`` and ``test``.
        valid: ids of the validation part.
        test: ids of the test part.
        seed: the seed it was drawn with.
        percentages: the requested sizes of the parts, in percent of the documents.
        held_out: whether only valid was drawn, from a train part that had none beside it; train
            and valid are then to each other as their percentages.

    Example:
        >>> split = split_documents(["a", "b", "c", "d", "e"], (60, 20, 20), seed=1)
        >>> len(split.train), len(split.valid), len(split.test)
        (3, 1, 1)
    """

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]
    seed: int
    percentages: tuple[float, float, float]
    held_out: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the split as lists and numbers."""
        return {
            "seed": self.seed,
            "percentages": list(self.percentages),
            "held_out": self.held_out,
            "train": list(self.train),
            "valid": list(self.valid),
            "test": list(self.test),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Split:
        """Return the split that `to_json` described.

        Raises:
            CorpusError: an entry is missing or of another kind.
        """
        try:
            train, valid, test = (
                tuple(str(name) for name in content[part]) for part in ("train", "valid", "test")
            )
            first, second, third = (float(p) for p in content["percentages"])
            return cls(
                train,
                valid,
                test,
                int(content["seed"]),
                (first, second, third),
                bool(content.get("held_out", False)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CorpusError(
                f"the split cannot be read ({error!r}); expected seed, percentages, train, valid "
                "and test: make the split again"
            ) from error


def split_documents(
    ids: Sequence[str],
    percentages: Sequence[float] = DEFAULT_PERCENTAGES,
    seed: int = 0,
) -> Split:
    """Split documents at random into train, valid and test.

    Args:
        ids: the documents' ids, in any order.
        percentages: sizes of the three parts; they add up to 100. Sizes are rounded; from three
            documents on, no part of more than 0 % is empty.
        seed: another seed gives another split.

    Raises:
        CorpusError: an id occurs twice.
        ParameterError: percentages that are not three, are negative or do not add up to 100.
    """
    sizes = _sizes(percentages)
    ranked = _ranked(ids, f"split:{seed}")
    valid = _share(len(ids), sizes[1])
    test = _share(len(ids), sizes[2])
    if sizes[0] > 0:
        while len(ids) - valid - test < 1 and valid + test > 0:
            valid, test = (valid - 1, test) if valid > test else (valid, test - 1)
    elif valid + test != len(ids):
        test = len(ids) - valid
    train = len(ids) - valid - test
    return Split(
        tuple(sorted(ranked[:train])),
        tuple(sorted(ranked[train : train + valid])),
        tuple(sorted(ranked[train + valid :])),
        seed,
        sizes,
    )


def hold_out_valid(
    train: Sequence[str],
    test: Sequence[str],
    percentages: Sequence[float],
    seed: int,
) -> Optional[Split]:
    """Split the train documents of a corpus that has no validation part into train and valid.

    Args:
        train: ids of the train part, in any order.
        test: ids of the test part, which stays as it is.
        percentages: of train, valid and test; train and valid share the train part as the first is
            to the second.
        seed: another seed holds out others.

    Returns:
        The parts; None if there is nothing to hold out: a percentage of 0 for train or valid, or
        fewer than two documents.

    Raises:
        CorpusError: an id occurs twice in train.
        ParameterError: percentages that are not three, are negative or do not add up to 100.
    """
    sizes = _sizes(percentages)
    if not (sizes[0] and sizes[1]):
        return None
    valid = 100 * sizes[1] / (sizes[0] + sizes[1])
    drawn = split_documents(train, (100 - valid, valid, 0), seed)
    if not drawn.valid:
        return None
    return replace(drawn, test=tuple(sorted(test)), percentages=sizes, held_out=True)


def take_train(
    ids: Sequence[str], total_documents: int, percent_of_corpus: float, seed: int
) -> list[str]:
    """Return a subset of the train part; with one seed, smaller subsets are nested in larger ones.

    Args:
        ids: ids of the whole train part.
        total_documents: documents of the corpus: train, valid and test together.
        percent_of_corpus: size of the subset in percent of ``total_documents`` (the paper's
            train set sizes); at least one document is returned. A size above that
            of the train part gives all of it, with a warning.
        seed: another seed gives another subset.

    Raises:
        CorpusError: the train part is empty, or an id occurs twice.
        ParameterError: the size is not above 0 and at most 100.
    """
    if not 0 < percent_of_corpus <= 100:
        raise ParameterError(
            f"train_size = {percent_of_corpus}; expected percent of the corpus' documents, above 0 "
            "and at most 100"
        )
    if not ids:
        raise CorpusError("the train part has no documents; add some or split the corpus again")
    wanted = max(1, _round(total_documents * percent_of_corpus / 100))
    if wanted > len(ids):
        logger.warning(
            "train_size = %g %% of %d documents is %d documents, but the train part has %d: "
            "all are used",
            percent_of_corpus,
            total_documents,
            wanted,
            len(ids),
        )
    return sorted(_ranked(ids, f"train:{seed}")[:wanted])


def _sizes(percentages: Sequence[float]) -> tuple[float, float, float]:
    sizes = tuple(float(p) for p in percentages)
    if len(sizes) != 3 or not all(p >= 0 for p in sizes) or abs(sum(sizes) - 100) > 1e-6:
        raise ParameterError(
            f"split_percentages = {list(percentages)}; expected three sizes for train, valid and "
            "test that are not negative and add up to 100, such as 60, 10, 30"
        )
    return sizes[0], sizes[1], sizes[2]


def _ranked(ids: Sequence[str], salt: str) -> list[str]:
    if len(set(ids)) != len(ids):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        raise CorpusError(f"document id {twice[0]!r} occurs twice; ids must be unique: rename one")
    return sorted(ids, key=lambda name: (_hash(f"{salt}:{name}"), name))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _share(documents: int, percent: float) -> int:
    least = 1 if percent > 0 and documents >= 3 else 0
    return max(least, _round(documents * percent / 100))


def _round(value: float) -> int:
    """Round half up: the built-in rounding goes to the even neighbour."""
    return int(value + 0.5)
