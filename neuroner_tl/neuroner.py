"""The facade: parameters in, a trained model and entities out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, Union, cast, overload

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.reader import annotated_parts
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.scoring import Scores, score_documents
from neuroner_tl.messages.progress import shown_progress
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.folder import RunResult
from neuroner_tl.runs.prediction import load_predictor, predict_run
from neuroner_tl.runs.training import resume_run, train_run
from neuroner_tl.system.paths import StrPath


def train_model(
    parameters: Union[StrPath, Parameters, None] = None, *, progress: bool = True, **overrides: Any
) -> RunResult:
    """Train a model, from scratch or from a pretrained one, and score it.

    With ``train_model = False`` among the parameters the pretrained model predicts instead.

    Example::

        result = train_model("parameters/baseline.ini", dataset_text_folder="my_corpus", seed=1)
        print(result.folder, result.test.f1)

    Args:
        parameters: a parameter file, NeuroNER's or this software's; None for the defaults.
        progress: whether to show a progress bar and a line per epoch on standard error.
        overrides: parameters by name, which override the file.

    Raises:
        NeuroNERError: something that the parameters name cannot be used.
        TrainingError: the run learns nothing.
    """
    if not isinstance(parameters, Parameters):
        path = None if parameters is None else Path(parameters)
        parameters = load_parameters(path, overrides, place="argument {}")
    elif overrides:
        raise ParameterError(
            f"found overrides ({', '.join(overrides)}) beside parameters that are loaded, expected "
            "a parameter file or none; load the parameters with them"
        )
    with shown_progress(progress):
        return train_run(parameters) if parameters.train_model else predict_run(parameters)


def resume_training(folder: StrPath, *, progress: bool = True, **overrides: Any) -> RunResult:
    """Resume an interrupted run; it ends as if it had not been interrupted.

    Args:
        folder: the run's folder.
        progress: whether to show a progress bar and a line per epoch on standard error.
        overrides: parameters to change, only such as do not change the result.

    Raises:
        NeuroNERError: the run is finished or cannot be resumed, its corpus has changed, or another
            process is training it.
    """
    with shown_progress(progress):
        return resume_run(Path(folder), overrides)


class NeuroNER:
    """A named-entity recogniser that is trained, transferred and used.

    Args:
        parameters_filepath: a parameter file, NeuroNER's or this software's.
        overrides: parameters by name, which override the file.

    Raises:
        ParameterError: a parameter is unknown, of the wrong type or out of range.

    Example::

        with NeuroNER(parameters_filepath="parameters/baseline.ini", seed=1) as ner:
            result = ner.fit()
            print(result.test.f1)
            for entity in ner.predict("Mutations of BRCA1 cause breast cancer."):
                print(entity.type, entity.start, entity.end, entity.text)
    """

    def __init__(self, parameters_filepath: Optional[StrPath] = None, **overrides: Any) -> None:
        path = None if parameters_filepath is None else Path(parameters_filepath)
        self.parameters = load_parameters(path, overrides, place="argument {}")
        self._model_folder: Optional[Path] = None
        self._predictor: Optional[Predictor] = None
        self._word_vectors: Optional[StrPath] = None

    @classmethod
    def load(
        cls,
        folder: StrPath,
        *,
        word_vectors: Optional[StrPath] = None,
        batch_size: int = 64,
        threads: int = 1,
    ) -> NeuroNER:
        """Load a finished model.

        Example::

            ner = NeuroNER.load("output/baseline_DATE")
            entities = ner.predict("Mutations of BRCA1 cause breast cancer.")

        Args:
            folder: the folder of a run, or of its model.
            word_vectors: word-vector file for words that the model was not trained on; None for
                the file that it was trained with, if it is still there; ``none`` for none.
            batch_size: sentences that are read side by side.
            threads: threads of TensorFlow, 0 for as many as there are processors.

        Raises:
            CheckpointError: there is no model, or it cannot be loaded.
        """
        predictor = load_predictor(folder, word_vectors, batch_size, threads)
        ner = cls(
            train_model=False,
            use_pretrained_model=True,
            pretrained_model_folder=predictor.model.folder,
            prediction_batch_size=batch_size,
            number_of_cpu_threads=threads,
        )
        ner._predictor, ner._word_vectors = predictor, word_vectors
        return ner

    def fit(self, *, progress: bool = True) -> RunResult:
        """Train, train from a pretrained model, or predict, as the parameters say.

        Args:
            progress: whether to show a progress bar and a line per epoch on standard error.

        Raises:
            NeuroNERError: something that the parameters name cannot be used.
            TrainingError: the run learns nothing.
        """
        result = train_model(self.parameters, progress=progress)
        if self.parameters.train_model and result.best_epoch is not None:
            self._model_folder = result.folder.model
            self._predictor = None
        return result

    @overload
    def predict(self, texts: str) -> list[Entity]: ...  # type: ignore[overload-overlap]

    @overload
    def predict(self, texts: Document) -> Document: ...

    @overload
    def predict(self, texts: Iterable[str]) -> list[list[Entity]]: ...

    @overload
    def predict(self, texts: Iterable[Document]) -> list[Document]: ...

    def predict(self, texts: Union[str, Document, Iterable[str], Iterable[Document]]) -> Any:
        """Find entities with the model just trained, else with the one that was loaded.

        Example::

            ner.predict("One text.")                      # [Entity, ...]
            ner.predict(["One text.", "Another one."])    # [[Entity, ...], [Entity, ...]]
            ner.predict(read_corpus("my_corpus")["test"]) # [Document, ...] with what was found

        Args:
            texts: a text, or several; a document, or several, whose entities are not looked at.

        Returns:
            For a text its entities in the order of their start, for a document the document with
            them in the place of its own; for several a list, in their order.

        Raises:
            ParameterError: there is no model.
            CheckpointError: the model cannot be loaded.
            TypeError: a text is neither a string nor a document.
        """
        if isinstance(texts, (str, Document)):
            return self._predict_all([texts])[0]
        if not isinstance(texts, Iterable) or isinstance(texts, (bytes, bytearray)):
            raise TypeError(
                f"found {type(texts).__name__}, expected a str, a Document or several of them"
            )
        return self._predict_all(cast("Iterable[Union[str, Document]]", texts))

    def _predict_all(
        self, texts: Iterable[Union[str, Document]]
    ) -> list[Union[list[Entity], Document]]:
        are_strings: list[bool] = []

        def documents() -> Iterator[Document]:
            for number, text in enumerate(texts):
                if not isinstance(text, (str, Document)):
                    raise TypeError(f"found {type(text).__name__}, expected str or Document")
                are_strings.append(isinstance(text, str))
                yield Document(f"text {number}", text) if isinstance(text, str) else text

        found = list(self._load().predict(documents()))
        return [
            list(document.entities) if is_string else document
            for document, is_string in zip(found, are_strings)
        ]

    def evaluate(self, folder: StrPath, parts: Sequence[str] = ("test",)) -> Scores:
        """Score the model on annotated documents.

        A match has equal type and offsets; all gold annotations count, including those that tags
        cannot represent, as in the ``documents`` of a run's ``results.json``.

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
        documents = (
            replace(document, id=f"{name}/{document.id}")  # Two parts may have one of a name.
            for name, reader in readers.items()
            for document in reader.documents()
        )
        return score_documents(predictor.predict_pairs(documents)).scores

    def close(self) -> None:
        """Release the loaded model."""
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
                    "there is no model to predict with; call fit() first, or load one with "
                    "NeuroNER.load(folder)"
                )
            self._predictor = load_predictor(
                folder,
                self._word_vectors or p.token_pretrained_embedding_filepath,
                p.prediction_batch_size,
                p.number_of_cpu_threads,
            )
        return self._predictor
