"""A component for spaCy's pipelines: `nlp.add_pipe("neuroner_tl", config={"model": DIR})`.

spaCy finds it by an entry point of the package. The model cuts the text by its own tokeniser, so a
mention may begin or end inside one of spaCy's tokens; what happens then is an option.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, Optional, Protocol, Union, get_args

from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span
from spacy.util import minibatch

from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import one_of

# spaCy reads the types of a factory's arguments, so here annotations are not strings.
Alignment = Literal["expand", "contract", "strict"]
CONFIDENCE = "confidence"


class Tagger(Protocol):
    """What finds the entities, such as a `JointPredictor`.

    Example::

        tagger: Tagger = JointPredictor([Predictor("output/my_run/model")])
    """

    def predict(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Replace the entities of documents by predicted ones."""


class EntityComponent(Pipe):  # type: ignore[misc]
    """A component that sets ``doc.ents`` and ``span._.confidence``.

    Args:
        tagger: finds the entities.
        alignment: what happens to a mention with a boundary inside a token of spaCy: it is widened
            to the token (``expand``), narrowed to whole tokens, if it has one (``contract``), or
            left out (``strict``). Of mentions that then share a token the most probable is kept.
        overwrite_ents: whether predicted mentions replace entities of earlier components with
            which they share a token; otherwise those stay, and the mentions are left out.
        name: of the component in its pipeline.

    Raises:
        ParameterError: unknown alignment.

    Example::

        nlp = spacy.blank("en")
        nlp.add_pipe("neuroner_tl", config={"model": "output/my_run/model"})
        for entity in nlp("Mutations of BRCA1 cause breast cancer.").ents:
            print(entity.text, entity.label_, entity._.confidence)
    """

    def __init__(
        self,
        tagger: Tagger,
        alignment: str = "expand",
        overwrite_ents: bool = False,
        name: str = "neuroner_tl",
    ) -> None:
        if alignment not in get_args(Alignment):
            raise ParameterError(
                f"alignment: found {alignment!r}, expected {one_of(alignment, get_args(Alignment))}"
            )
        self.name = name
        self._tagger = tagger
        self._alignment = alignment
        self._overwrite = overwrite_ents
        self._process = os.getpid()
        if not Span.has_extension(CONFIDENCE):
            Span.set_extension(CONFIDENCE, default=None)

    def __call__(self, doc: Doc) -> Doc:
        """Set the entities of a document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Set the entities of documents, many at a time.

        Args:
            stream: the documents.
            batch_size: how many are held in memory together.

        Raises:
            ParameterError: the process is a fork of the one that loaded the model.
        """
        if os.getpid() != self._process:
            raise ParameterError(
                "found a model that another process loaded and a fork of it, in which TensorFlow "
                "does not work; use n_process=1, or spawn processes "
                '(multiprocessing.set_start_method("spawn")), each with a pipeline of its own'
            )
        handle = self.get_error_handler()
        for docs in minibatch(stream, batch_size):
            try:
                texts = [Document(str(number), doc.text) for number, doc in enumerate(docs)]
                for doc, found in zip(docs, self._tagger.predict(texts)):
                    self._set(doc, found)
            except Exception as error:  # What happens then is the pipeline's choice.
                handle(self.name, self, docs, error)
            else:
                yield from docs

    def _set(self, doc: Doc, found: Document) -> None:
        """Put the predicted entities into a document of spaCy."""
        chosen: list[tuple[Span, Optional[float]]] = []
        taken: set[int] = set()
        if not self._overwrite:
            taken.update(token.i for span in doc.ents for token in span)
        for entity in sorted(found.entities, key=lambda e: -(e.probability or 0.0)):
            span = doc.char_span(entity.start, entity.end, entity.type, 0, None, self._alignment)
            if span is None or not taken.isdisjoint(range(span.start, span.end)):
                continue
            taken.update(range(span.start, span.end))
            chosen.append((span, entity.probability))
        new = {token.i for span, _ in chosen for token in span}
        earlier = [span for span in doc.ents if new.isdisjoint(range(span.start, span.end))]
        doc.ents = [*earlier, *(span for span, _ in chosen)]
        for span, probability in chosen:
            span._.set(CONFIDENCE, probability)


def make_component(
    nlp: Language,
    name: str,
    model: Union[str, list[str]],
    word_vectors: Optional[str],
    min_confidence: float,
    alignment: Alignment,
    overwrite_ents: bool,
    batch_size: int,
    threads: int,
) -> EntityComponent:
    """Make the component of a pipeline.

    Args:
        nlp: the pipeline.
        name: of the component.
        model: the folder of a run or of its model; or several, see `JointPredictor`.
        word_vectors: see `load_predictor`.
        min_confidence: minimum probability of an entity that is set, 0 to 1.
        alignment: see `EntityComponent`.
        overwrite_ents: likewise.
        batch_size: sentences that are read side by side.
        threads: threads of TensorFlow, 0 for as many as there are processors.

    Raises:
        CheckpointError: a model cannot be loaded.
        ParameterError: an option is out of range.
    """
    # spaCy loads this module with any pipeline: TensorFlow is for those that have the component.
    from neuroner_tl.prediction.joint import JointPredictor
    from neuroner_tl.runs.prediction import load_predictor

    folders: Sequence[Any] = [model] if isinstance(model, str) else model
    predictors = [load_predictor(folder, word_vectors, batch_size, threads) for folder in folders]
    joint = JointPredictor(predictors, min_confidence)
    return EntityComponent(joint, alignment, overwrite_ents, name)


Language.factory(
    "neuroner_tl",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", f"span._.{CONFIDENCE}"],
    default_config={
        "word_vectors": None,
        "min_confidence": 0.0,
        "alignment": "expand",
        "overwrite_ents": False,
        "batch_size": 64,
        "threads": 1,
    },
    func=make_component,
)
