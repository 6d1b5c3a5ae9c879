"""The facade: parameters in, a trained model and entities out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, Union

from neuroner_tl.corpora.document import Entity
from neuroner_tl.corpora.reader import annotated_parts
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.scoring import DocumentScorer, Scores, spans_of
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.prediction.model_vectors import word_vectors_or_warning
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.folder import RunResult
from neuroner_tl.runs.prediction import predict_run, with_predictions
from neuroner_tl.runs.training import train_run
from neuroner_tl.system.threads import set_threads
from neuroner_tl.training.checkpoint import load_model


class NeuroNER:
    """A named-entity recogniser that is trained, transferred and used.

    Args:
        parameters_filepath: a parameter file, NeuroNER's or this software's.
        overrides: parameters by name, which win over the file.

    Raises:
        ParameterError: a parameter is unknown, of the wrong type or out of range.

    Example::

        with NeuroNER(parameters_filepath="parameters/baseline.ini", seed=1) as ner:
            ner.fit()
            for entity in ner.predict("Mutations of BRCA1 cause breast cancer."):
                print(entity.type, entity.start, entity.end, entity.text)
    """

    def __init__(
        self, parameters_filepath: Optional[Union[str, Path]] = None, **overrides: Any
    ) -> None:
        path = None if parameters_filepath is None else Path(parameters_filepath)
        self.parameters = load_parameters(path, overrides, place="argument {}")
        self._model_folder: Optional[Path] = None
        self._predictor: Optional[Predictor] = None

    def fit(self) -> RunResult:
        """Do what the parameters say: train, train from a pretrained model, or predict.

        Raises:
            NeuroNERError: something that the parameters name cannot be used.
            TrainingError: the run learns nothing.
        """
        if not self.parameters.train_model:
            return predict_run(self.parameters)
        result = train_run(self.parameters)
        if result.results["best_epoch"] is not None:
            self._model_folder = result.folder.model
            self._predictor = None
        return result

    def predict(self, text: str) -> list[Entity]:
        """The entities of a text, with the model just trained, else with the pretrained one.

        Raises:
            ParameterError: there is neither.
            CheckpointError: the model cannot be loaded.
        """
        return self._load().predict_text(text)

    def evaluate(self, folder: Union[str, Path], parts: Sequence[str] = ("test",)) -> Scores:
        """Score the model on annotated documents.

        A match has equal type and offsets; all gold annotations count, also those that tags
        cannot hold, as in the ``documents`` of a run's ``results.json``.

        Args:
            folder: a corpus; a folder without parts is scored as a whole.
            parts: the parts to score, of a corpus that has parts.

        Raises:
            CorpusError: the folder cannot be used, lacks one of the parts, or one of them has no
                gold annotations.
            ParameterError: no parts, or a part that never has gold annotations (``deploy``).
        """
        readers = annotated_parts(Path(folder), parts)
        predictor = self._load()
        scorer = DocumentScorer()
        for name, reader in readers.items():
            for document, found in with_predictions(reader.documents(), predictor):
                scorer.add(
                    f"{name}/{document.id}", spans_of(document.entities), spans_of(found.entities)
                )
        return scorer.scores

    def close(self) -> None:
        """Forget the loaded model."""
        self._predictor = None

    def __enter__(self) -> NeuroNER:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def _load(self) -> Predictor:
        if self._predictor is None:
            p = self.parameters
            folder = self._model_folder or (
                p.pretrained_model_folder if p.use_pretrained_model else None
            )
            if folder is None:
                raise ParameterError(
                    "there is no model to predict with; call fit() first, or set "
                    "use_pretrained_model = True and pretrained_model_folder"
                )
            set_threads(p.number_of_cpu_threads)
            model = load_model(folder)
            vectors = p.token_pretrained_embedding_filepath or word_vectors_or_warning(model)
            self._predictor = Predictor(model, vectors, p.prediction_batch_size)
        return self._predictor
