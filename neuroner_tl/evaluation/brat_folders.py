"""Comparing two folders of brat documents, gold standard and predictions, by exact match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.document import Document, Sentence, TaggedSentence
from neuroner_tl.corpora.formats.brat import line_ends, read_annotations, read_brat_document
from neuroner_tl.corpora.formats.text_files import read_text
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.splits import Split
from neuroner_tl.corpora.text.line_offsets import LineEnds
from neuroner_tl.corpora.text.tagging import tag_document, taggable_entities
from neuroner_tl.corpora.text.tokenizers import Tokenizer, get_tokenizer
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.evaluation.calibration import ConfidenceOutcomes
from neuroner_tl.evaluation.scoring import (
    HEADLINE,
    MEASURES,
    Counts,
    Scores,
    score_documents,
    score_tags,
)
from neuroner_tl.evaluation.thresholds import confidence_json
from neuroner_tl.evaluation.unknown import scored_prediction
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.paths import StrPath

DOCUMENT_CHOICES = ("same", "common", "gold", "all")
PART_FOLDERS = ("train", "valid", "test")
GOLD_SUFFIXES = (".txt", ".ann")


@dataclass(frozen=True)
class FolderScores:
    """The outcome of a comparison of two folders.

    Attributes:
        scores: counts by entity type over all documents compared, against all gold annotations.
        taggable: the same against those gold annotations that tags can represent, with the
            default tokeniser; the longest of those that overlap.
        per_document: counts of each document compared, all types together.
        missing: gold documents without a prediction; the choice of documents says whether
            their entities count as missed.
        extra: predicted documents that the gold folder lacks; the choice of documents says
            whether their entities count as false.
        documents: the choice of documents.
        gold_report: import report of the gold folder.
        predicted_report: import report of the predictions.
        on_tags: conlleval's figures, of both sides as tags, if requested.
        confidence: the probabilities of the predicted mentions.

    Example::

        outcome = evaluate_folders("gold", "predicted", documents="common")
        print(f"F1 {100 * outcome.scores.f1:.2f}, {len(outcome.missing)} documents are missing")
    """

    scores: Scores
    taggable: Scores
    per_document: dict[str, Counts]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    documents: str
    gold_report: ImportReport
    predicted_report: ImportReport
    on_tags: Optional[Scores] = None
    confidence: ConfidenceOutcomes = field(default_factory=ConfidenceOutcomes)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        known = self.confidence.all_known
        return {
            "documents": self.documents,
            "documents_compared": len(self.per_document),
            "missing": list(self.missing),
            "extra": list(self.extra),
            "measures": {"scores": MEASURES[HEADLINE], "scores_of_taggable": MEASURES["conll"]},
            "scores": self.scores.to_json(),
            "scores_of_taggable": self.taggable.to_json(),
            "per_document": {name: item.to_json() for name, item in self.per_document.items()},
            **({} if self.on_tags is None else {"scores_on_tags": self.on_tags.to_json()}),
            **({"confidence": confidence_json(self.confidence)} if known else {}),
            "gold_report": self.gold_report.to_json(),
            "predicted_report": self.predicted_report.to_json(),
        }


def evaluate_folders(
    gold: StrPath,
    predicted: StrPath,
    documents: str = "same",
    on_tags: bool = False,
    observers: Sequence[Callable[[Document, Document], None]] = (),
) -> FolderScores:
    """Compare predictions with a gold standard; a match has equal type and equal fragments.

    Documents are matched by file name. Both folders may hold the documents themselves or
    subfolders ``train``, ``valid`` and ``test`` with them. Predictions of a run, in
    ``RUN/predictions/PART``, are compared with that part of a corpus, whether it has folders for
    its parts or was split by the run. A predicted ``.ann`` file needs no
    ``.txt`` beside it: its offsets are those of the gold text.

    Args:
        gold: folder of the gold standard; a text without ``.ann`` has no entities.
        predicted: folder of the predictions; a text without ``.ann`` has no prediction.
        documents: what to do when the folders hold different documents. ``same`` refuses;
            ``common`` compares the documents in both; ``gold`` compares all gold documents, a
            missing prediction being an empty one; ``all`` compares every document, an extra
            prediction being all false as well.
        on_tags: also compute conlleval's figures: both sides as tags of the default tokeniser.
        observers: called with each document as annotated and as predicted, such as
            `neuroner_tl.evaluation.error_list.ErrorList.add`.

    Raises:
        CorpusError: a folder or file cannot be used, the documents differ under ``same``, the
            two texts of a document differ, or there is nothing to compare.
        ParameterError: unknown choice of documents.
    """
    if documents not in DOCUMENT_CHOICES:
        raise ParameterError(
            f"documents is {documents!r}, expected {one_of(documents, DOCUMENT_CHOICES)}"
        )
    gold, predicted = Path(gold), Path(predicted)
    gold_paths = _gold_documents(gold, predicted)
    predicted_paths = _documents_of(predicted, (".ann",))
    missing = tuple(sorted(gold_paths.keys() - predicted_paths.keys()))
    extra = tuple(sorted(predicted_paths.keys() - gold_paths.keys()))
    if documents == "same" and (missing or extra):
        raise _different_documents(gold, predicted, gold_paths, predicted_paths, missing, extra)
    names = set(gold_paths) if documents != "common" else gold_paths.keys() & predicted_paths.keys()
    if documents == "all":
        names |= set(extra)
    if not names:
        raise CorpusError(
            f"{predicted}: no document in common with {gold}; "
            "documents are matched by file name: check the two folders"
        )
    gold_report, predicted_report = ImportReport(), ImportReport()
    tokenizer = get_tokenizer("alnum")
    tags: tuple[list[tuple[str, ...]], list[tuple[str, ...]]] = ([], [])
    unknown: list[list[int]] = []
    confidence = ConfidenceOutcomes()
    gold_ends, predicted_ends = line_ends(gold_paths.values), line_ends(predicted_paths.values)

    def pairs() -> Iterator[tuple[Document, Document]]:
        """Yield each document as annotated and as predicted; without entities where it lacks."""
        for name in progress_bar(sorted(names), desc="evaluating", unit=" documents", delay=2):
            expected = found = None
            if name in gold_paths:
                expected = read_brat_document(gold_paths[name], gold_report, gold_ends)
            if name in predicted_paths:
                found = _read_prediction(
                    predicted_paths[name], gold_paths.get(name), predicted_report, predicted_ends
                )
            if expected is None:
                assert found is not None
                expected = replace(found, entities=(), unknown=())
            elif found is None:
                found = replace(expected, entities=())
            else:
                _check_same_text(expected, found, gold_paths[name], predicted_paths[name])
                found = replace(found, text=expected.text)
            if on_tags:
                for side, document in zip(tags, (expected, found)):
                    cut = _tagged(document, tokenizer)
                    side.extend(sentence.tags for sentence in cut)
                    if document is expected:
                        unknown.extend(sentence.unknown_tokens for sentence in cut)
            for observe in (confidence.add, *observers):
                observe(expected, found)
            yield expected, found

    scored = score_documents(pairs(), lambda document: taggable_entities(document, tokenizer))
    assert scored.taggable is not None
    return FolderScores(
        scored.scores,
        scored.taggable,
        scored.per_document,
        missing,
        extra,
        documents,
        gold_report,
        predicted_report,
        score_tags(*tags, unknown=unknown) if on_tags else None,
        confidence,
    )


def _tagged(document: Document, tokenizer: Tokenizer) -> tuple[TaggedSentence, ...]:
    """Return a document with tags as one sentence, so that none of its entities is cut."""
    tokens = tuple(tokenizer.tokenize(document.text, 0, len(document.text)))
    whole = (Sentence(0, len(document.text), tokens),) if tokens else ()
    return tag_document(replace(document, sentences=whole), tokenizer).sentences


def read_folder_pair(gold: Path, predicted: Path) -> tuple[list[Document], list[Document]]:
    """Read a gold standard and predictions of the same documents, sorted by name.

    Raises:
        CorpusError: a folder or file cannot be used, or the documents differ.
    """
    gold_paths = _gold_documents(gold, predicted)
    predicted_paths = _documents_of(predicted, (".ann",))
    missing = tuple(sorted(gold_paths.keys() - predicted_paths.keys()))
    extra = tuple(sorted(predicted_paths.keys() - gold_paths.keys()))
    if missing or extra:
        raise _different_documents(gold, predicted, gold_paths, predicted_paths, missing, extra)
    report = ImportReport()
    names = sorted(gold_paths)
    gold_ends, predicted_ends = line_ends(gold_paths.values), line_ends(predicted_paths.values)
    expected = [read_brat_document(gold_paths[name], report, gold_ends) for name in names]
    found = [
        _read_prediction(predicted_paths[name], gold_paths[name], report, predicted_ends)
        for name in names
    ]
    return expected, list(map(scored_prediction, expected, found))


def _gold_documents(gold: Path, predicted: Path) -> dict[str, Path]:
    """Return the documents to compare: of a corpus, the part that a run's predictions are of."""
    part, above = predicted.absolute().name, predicted.absolute().parent
    if part not in PART_FOLDERS or above.name != "predictions":
        return _documents_of(gold, GOLD_SUFFIXES)
    found = _documents_of(gold / part if (gold / part).is_dir() else gold, GOLD_SUFFIXES)
    try:
        split = parse_json((above.parent / "split.json").read_text("utf-8"))
        names = getattr(Split.from_json(split), part)
    except (OSError, ValueError, TypeError):
        return found
    # Of another corpus, or of the part alone, the run's split says nothing.
    return {name: found[name] for name in names} if found.keys() >= set(names) else found


def _documents_of(folder: Path, suffixes: Iterable[str]) -> dict[str, Path]:
    """Return the path of the text of each document with a file of one of the suffixes."""
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; give a folder of brat .txt and .ann files")
    suffixes = frozenset(suffixes)
    found: dict[str, Path] = {}
    for place in (folder, *(folder / part for part in PART_FOLDERS)):
        if not place.is_dir():
            continue
        for path in sorted(place.iterdir()):
            if path.suffix not in suffixes or path.name.startswith("."):
                continue
            text = path.with_suffix(".txt")
            if found.setdefault(path.stem, text) != text:
                raise CorpusError(
                    f"{path}: document {path.stem} is in {found[path.stem].parent} too; "
                    "give one of the subfolders, or remove one of the two"
                )
    if not found:
        raise CorpusError(
            f"{folder}: no {' or '.join(sorted(suffixes))} file found here or in "
            f"{', '.join(PART_FOLDERS)}; give a folder of brat files"
        )
    return found


def _different_documents(
    gold: Path,
    predicted: Path,
    gold_paths: dict[str, Path],
    predicted_paths: dict[str, Path],
    missing: tuple[str, ...],
    extra: tuple[str, ...],
) -> CorpusError:
    found = []
    if missing:
        found.append(
            f"{len(missing)} of {len(gold_paths)} gold documents have no prediction "
            f"({_first(missing)})"
        )
    if extra:
        found.append(
            f"{len(extra)} of {len(predicted_paths)} predicted documents are not in the gold "
            f"folder ({_first(extra)})"
        )
    return CorpusError(
        f"{predicted}: other documents than in {gold}: {' and '.join(found)}; choose with "
        "--documents common (those in both), gold (missing predictions count as empty) or all "
        "(extra ones count as false, too)"
    )


def _first(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _read_prediction(
    text_path: Path, gold_text_path: Optional[Path], report: ImportReport, ends: LineEnds
) -> Document:
    if text_path.is_file():
        return read_brat_document(text_path, report, ends)
    if gold_text_path is None:
        raise CorpusError(
            f"{text_path.with_suffix('.ann')}: neither this folder nor the gold folder has its "
            "text; add the .txt file, or leave such documents out with --documents gold"
        )
    report.documents += 1
    text = read_text(gold_text_path)
    annotations = read_annotations(text_path.with_suffix(".ann"), text, report)
    return Document(text_path.stem, text, annotations)


def _check_same_text(gold: Document, predicted: Document, gold_path: Path, path: Path) -> None:
    """Refuse texts that differ in more than trailing white space: offsets would be meaningless."""
    one, other = gold.text.rstrip(), predicted.text.rstrip()
    if one == other:
        return
    shorter = min(len(one), len(other))
    place = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    raise CorpusError(
        f"{path}: differs from {gold_path} at character {place}: {other[place : place + 20]!r}, "
        f"expected {one[place : place + 20]!r}; predict again from the gold folder's texts"
    )
