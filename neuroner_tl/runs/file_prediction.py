"""Prediction of files of any format with one or several finished models."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.bounded import STANDARD_INPUT
from neuroner_tl.corpora.formats.text_files import read_text
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.sources import TEXT, Source, find_sources
from neuroner_tl.messages.numbers import counted
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.prediction import load_predictor
from neuroner_tl.runs.prediction_output import choose_output, write_results
from neuroner_tl.system.paths import StrPath

logger = logging.getLogger(__name__)

LEFT_ALONE_NAMED = 5
Model = Union[StrPath, Predictor]


@dataclass(frozen=True)
class PredictedFiles:
    """The outcome of `predict_files`.

    Attributes:
        output: the file or folder that was written.
        documents: how many texts were tagged.
        entities: how many entities were found.
        left_alone: names in the folder of the texts that are not texts, sorted; folders end with
            a slash.
        lost: what the format could not represent, a line for each kind.

    Example::

        done = predict_files("output/my_run/model", "texts", "output/predicted")
        print(done.documents, done.entities, done.left_alone)
    """

    output: Path
    documents: int
    entities: int
    left_alone: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return a line on what was found, and one on what was left alone, if anything was."""
        lines = [
            f"{counted(self.documents, 'document')}, "
            f"{counted(self.entities, 'entity', 'entities')}; written to {self.output}",
            *self.lost,
        ]
        if self.left_alone:
            shown = ", ".join(self.left_alone[:LEFT_ALONE_NAMED])
            more = len(self.left_alone) - LEFT_ALONE_NAMED
            lines.append(
                f"not predicted, since they are not .txt files: {shown}"
                f"{f' and {more} more' if more > 0 else ''}"
            )
        return "\n".join(lines)


def predict_files(
    model: Union[Model, Sequence[Model]],
    source: StrPath,
    output: StrPath,
    *,
    form: Optional[str] = None,
    input_form: Optional[str] = None,
    min_confidence: float = 0.0,
    word_vectors: Optional[StrPath] = None,
    batch_size: int = 64,
    threads: int = 1,
    probabilities: bool = False,
    abbreviations: bool = False,
) -> PredictedFiles:
    """Tag a file or a folder of texts in any format, and write the result in any.

    Args:
        model: the folder of a run or of its model, or a loaded model, for which the options on
            loading are without effect; or several, see `JointPredictor`.
        source: a file or folder, see `find_sources`; annotations in it are not read. ``-`` is the
            standard input.
        output: a file or folder, see `choose_output`; ``-`` is the standard output.
        form: format of the output, one of ``convert.TARGETS``; None to tell it from the name.
        input_form: format of the texts, one of ``convert.READERS``; None likewise.
        min_confidence: least probability of an entity that is kept.
        word_vectors: see `load_predictor`.
        batch_size: sentences that are read side by side.
        threads: threads of TensorFlow, 0 for as many as there are processors.
        probabilities: whether to write the probability of each entity into brat files, as a note;
            JSON lines and BioC always have it.
        abbreviations: see `Predictor`.

    Raises:
        CheckpointError: a model cannot be loaded.
        CorpusError: there is nothing to read, or it cannot be used.
        ParameterError: an option is out of range, or the output cannot be written or is the
            folder of the texts.
    """
    source, output = Path(source), Path(output)
    models = [model] if isinstance(model, (str, os.PathLike, Predictor)) else list(model)
    joint = JointPredictor(
        [
            m
            if isinstance(m, Predictor)
            else load_predictor(m, word_vectors, batch_size, threads, abbreviations)
            for m in models
        ],
        min_confidence,
    )
    sources = find_sources(source, input_form)
    for place in sources:
        if place.form == TEXT and place.path != STANDARD_INPUT:
            read_text(place.path)  # What cannot be used is found before anything is written.
    where = choose_output(output, form, sources)
    counts = {"documents": 0, "entities": 0}

    def tagged() -> Iterator[tuple[Source, Document]]:
        for place, document in _predicted(joint, sources):
            counts["documents"] += 1
            counts["entities"] += len(document.entities)
            yield place, document

    report = ImportReport()
    write_results(tagged(), where, joint.predictors[0].tokenizer, report, probabilities)
    lost = tuple(f"{reason}: {entry.count}" for reason, entry in sorted(report.by_reason.items()))
    return PredictedFiles(output, **counts, left_alone=_left_alone(source, sources), lost=lost)


def _predicted(
    joint: JointPredictor, sources: Sequence[Source]
) -> Iterator[tuple[Source, Document]]:
    """Yield the tagged documents of all files, each with its file."""
    origins: deque[Source] = deque()

    def stream() -> Iterator[Document]:
        for source in sources:
            for document in source.documents(ImportReport()):
                origins.append(source)
                yield document

    for document in joint.predict(stream()):
        yield origins.popleft(), document


def _left_alone(folder: Path, used: Sequence[Source]) -> tuple[str, ...]:
    """Return the other files of a folder, besides texts and their annotations."""
    if not folder.is_dir():
        return ()
    known = {source.path.name for source in used}
    known |= {source.path.with_suffix(".ann").name for source in used if source.form == TEXT}
    return tuple(
        sorted(
            f"{path.name}/" if path.is_dir() else path.name
            for path in folder.iterdir()
            if path.name not in known and not path.name.startswith(".")
        )
    )
