"""The format of a study's records, by which damaged ones are reported with their line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Optional, Union

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.scoring import Counts

Count = Annotated[int, Field(strict=True, ge=0, le=10**15)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
# By measure, then by entity type: TP, FP and FN.
_Scores = dict[str, dict[str, dict[Literal["tp", "fp", "fn"], Count]]]


class _Trial(BaseModel):
    search: str
    key: str
    number: Count
    values: dict[str, Union[Annotated[int, Field(strict=True)], Number, str]]


class _Run(BaseModel):
    """Members of every record; any others are kept unchanged."""

    id: str
    key: str = ""
    content: dict[str, Optional[str]] = {}
    trial: Optional[_Trial] = None
    # Epoch and validation score.
    epoch_scores: list[tuple[Count, Number]] = []
    epoch_cpu_seconds: list[Annotated[Number, Field(ge=0, le=1e12)]] = []


class _Finished(_Run):
    status: Literal["finished"]
    epochs: Count
    scores: dict[str, _Scores]
    seconds: Annotated[Number, Field(ge=0, le=1e12)]
    versions: dict[str, str]
    # Members that only some tables need; `member` reports which record lacks one.
    best_epoch: Optional[Count] = None
    valid_f1: Optional[Number] = None
    cpu_seconds: Optional[Annotated[Number, Field(ge=0, le=1e12)]] = None
    cpu_seconds_to_best: Optional[Annotated[Number, Field(ge=0, le=1e12)]] = None
    annotations: dict[str, Count] = {}
    test_documents: dict[str, Annotated[list[Count], Field(min_length=3, max_length=3)]] = {}
    folder: str = ""
    predictions: str = ""


class _Pruned(_Run):
    status: Literal["pruned"]
    epochs: Count
    seconds: Annotated[Number, Field(ge=0, le=1e12)]
    versions: dict[str, str]
    valid_f1: Optional[Number] = None
    best_epoch: Optional[Count] = None


class _Failed(_Run):
    status: Literal["failed"]
    error: str


_FORM: TypeAdapter[Any] = TypeAdapter(
    Annotated[Union[_Finished, _Pruned, _Failed], Field(discriminator="status")]
)

_ANY = TypeAdapter(_Run)
_STATUSES = ("finished", "pruned", "failed")


def member(record: Mapping[str, Any], *names: str) -> Any:
    """Return a member of a record, possibly nested.

    Raises:
        CorpusError: the record lacks it.
    """
    value: Any = record
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            raise CorpusError(
                f"the record of the run {str(record.get('id'))[:100]} lacks {'.'.join(names)}, "
                "expected it for the tables; remove its line from the store, and the run is made "
                "again"
            )
        value = value[name]
    return value


def record_fault(record: Any) -> Optional[str]:
    """Return what is missing or wrong in a record, in a few words; None if it is valid.

    Args:
        record: a line of the store.
    """
    if not isinstance(record, Mapping):
        return "it is not an object"
    form: Any = _FORM if "status" in record else _ANY
    try:
        form.validate_python(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"] if part not in _STATUSES) or "status"
        return f"{place[:60]}: {first['msg'].lower()}"
    missing = [
        f"scores.{part}.{measure}.{kind}.{name}"
        for part, measures in record.get("scores", {}).items()
        for measure, kinds in measures.items()
        for kind, counts in kinds.items()
        for name in ("tp", "fp", "fn")
        if name not in counts
    ]
    return f"{missing[0][:60]}: field required" if missing else None


def part_counts(record: Mapping[str, Any], part: str, measure: str = "documents") -> Counts:
    """Return the counts of a part in a record, all types together; zeros if not counted.

    Args:
        record: of a finished run.
        part: ``valid`` or ``test``.
        measure: ``documents``, the headline, or ``tags``.
    """
    total = Counts()
    for counts in member(record, "scores", part).get(measure, {}).values():
        total += Counts(counts["tp"], counts["fp"], counts["fn"])
    return total
