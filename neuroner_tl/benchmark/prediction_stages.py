"""Where the time of a prediction goes: reading, cutting, encoding, the network, writing.

The stages are those of `neuroner_tl.runs.jobs.file_prediction`, each called by itself over the same
documents, a few hundred at a time, as that does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Optional

from neuroner_tl.benchmark.texts import first_documents
from neuroner_tl.corpora.document import Document, Entity, TaggedDocument
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.screen import table_lines
from neuroner_tl.prediction.joint import without_overlaps
from neuroner_tl.prediction.predictor import Predictor, chunks
from neuroner_tl.runs.jobs.prediction_output import Output, write_results
from neuroner_tl.runs.prediction import load_predictor
from neuroner_tl.system.memory import peak_memory
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.temporary import scratch_folder

READING, CUTTING, ENCODING = "reading", "sentences and tokens", "words and characters"
NETWORK, WRITING = "network, decoding, probabilities", "writing"
WARM_UP_DOCUMENTS = 300


@dataclass(frozen=True)
class PredictionStages:
    """The times of the stages of a prediction.

    Attributes:
        documents: how many were tagged.
        tokens: how many they have.
        entities: how many were found.
        seconds: CPU time of each stage.
        start: CPU time to load the models and to compile their programs.
        memory: peak resident memory of the process, in MB.

    Example::

        stages = measure_prediction(["output/my_run"], "texts.jsonl")
        print(stages.text(), stages.tokens_per_second)
    """

    documents: int
    tokens: int
    entities: int
    seconds: dict[str, float]
    start: float
    memory: float

    @property
    def tokens_per_second(self) -> float:
        """Tokens per second of CPU time, from file to file, once the models are loaded."""
        return self.tokens / max(sum(self.seconds.values()), 1e-9)

    def content(self) -> dict[str, Any]:
        """Return all figures, for JSON."""
        return {**vars(self), "tokens_per_second": self.tokens_per_second}

    def text(self, width: Optional[int] = None) -> str:
        """Return a table of the stages, and lines on the whole."""
        whole = sum(self.seconds.values())
        rows = [
            [name, f"{seconds:.2f}", f"{100 * seconds / whole:.1f}"]
            for name, seconds in (*self.seconds.items(), ("whole", whole))
        ]
        table = table_lines(
            ["stage", "CPU s", "%"], rows, [False, True, True], width=width, rule=True
        )
        return "\n".join(
            [
                *table,
                "",
                f"{self.documents:,} documents, {self.tokens:,} tokens, {self.entities:,} entities",
                f"{self.documents / whole:.1f} documents and {self.tokens_per_second:,.0f} tokens "
                "per second of CPU time",
                f"before that, {self.start:.1f} s of CPU time to load the models and to compile",
                f"peak memory {self.memory:.0f} MB",
            ]
        )


def measure_prediction(
    models: Sequence[StrPath],
    source: StrPath,
    *,
    documents: int = 2000,
    word_vectors: Optional[StrPath] = None,
    threads: int = 1,
) -> PredictionStages:
    """Measure the stages of a prediction from files of texts to JSON lines.

    Args:
        models: folders of runs or of their models.
        source: a file or a folder of files of texts, see `find_sources`.
        documents: how many are used at most; the first ones.
        word_vectors: see `load_predictor`.
        threads: threads of TensorFlow, 0 for as many as there are processors.

    Raises:
        CheckpointError: a model cannot be loaded.
        CorpusError: there is nothing to read.
        ParameterError: a number is out of range, or no model is given.
    """
    if documents < 1:
        raise ParameterError(f"documents: found {documents}, expected at least 1")
    if not models:
        raise ParameterError("no model; give at least one")
    seconds = dict.fromkeys((READING, CUTTING, ENCODING, NETWORK, WRITING), 0.0)
    # Before the models are loaded, so that a wrong path is found at once.
    warm_up = [document for _, document in first_documents(source, WARM_UP_DOCUMENTS)]
    begin = time.process_time()
    predictors = [load_predictor(model, word_vectors, threads=threads) for model in models]
    for predictor in predictors:
        for _ in predictor.predict(warm_up):
            pass
    start = time.process_time() - begin
    with _timed(seconds, READING):
        read = first_documents(source, documents)
    tokens = 0
    found: list[Document] = []
    for chunk in chunks(document for _, document in read):
        entities: list[list[Entity]] = [[] for _ in chunk]
        cuts: dict[str, list[TaggedDocument]] = {}
        for predictor in predictors:
            identity = predictor.tokenizer.identity
            if identity not in cuts:
                with _timed(seconds, CUTTING):
                    cuts[identity] = predictor.cut(chunk)
            for own, document in zip(entities, _tag(predictor, chunk, cuts[identity], seconds)):
                own += document.entities
        tokens += sum(len(s.tokens) for one in next(iter(cuts.values())) for s in one.sentences)
        found += [
            replace(document, entities=without_overlaps(own), unknown=())
            for document, own in zip(chunk, entities)
        ]
    results = [(place, document) for (place, _), document in zip(read, found)]
    with scratch_folder("benchmark") as folder, _timed(seconds, WRITING):
        target = Output(folder / "found.jsonl", "jsonl", False)
        write_results(results, target, predictors[0].tokenizer, ImportReport())
    number = sum(len(document.entities) for document in found)
    return PredictionStages(len(read), tokens, number, seconds, start, peak_memory())


def _tag(
    predictor: Predictor,
    chunk: Sequence[Document],
    cut: Sequence[TaggedDocument],
    seconds: dict[str, float],
) -> list[Document]:
    """Return documents as tagged, by `predict_cut`, which encodes them itself."""
    before = seconds[ENCODING]
    with _timed(seconds, ENCODING):
        predictor.encode(cut)
    with _timed(seconds, NETWORK):
        tagged = list(predictor.predict_cut(chunk, cut))
    seconds[NETWORK] -= seconds[ENCODING] - before
    return tagged


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    begin = time.process_time()
    yield
    seconds[stage] += time.process_time() - begin
