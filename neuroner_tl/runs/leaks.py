"""The leak check of a training run: its training data must not contain its test documents."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.duplicates import DocumentIndex, SharedDocument
from neuroner_tl.corpora.leaks import all_documents
from neuroner_tl.corpora.reader import Corpus, read_corpus
from neuroner_tl.errors import NeuroNERError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.training.manifest import PARAMETERS

logger = logging.getLogger(__name__)


def warn_of_leaks(corpus: Corpus, pretrained_model_folder: Optional[Path]) -> int:
    """Warn if test documents occur in what the run, or the model that it starts from, learns from.

    Args:
        corpus: the run's corpus.
        pretrained_model_folder: the model that it starts from; its own parameters say which
            corpus it was trained on, and which model it started from in turn.

    Returns:
        The number of shared documents found.
    """
    if "test" not in corpus.parts:
        return 0
    index = DocumentIndex(corpus.parts["test"])
    own = list(index.find(all_documents(corpus, ("train", "valid"))))
    _warn(own, "train or valid", corpus.folder)
    found = len(own)
    for parameters in training_parameters(pretrained_model_folder):
        folder = parameters.dataset_text_folder
        assert folder is not None
        shared = _shared(folder, corpus.folder, corpus.parts["test"].ids, index)
        _warn(shared, str(folder), corpus.folder)
        found += len(shared)
    return found


def _warn(shared: list[SharedDocument], place: str, target: Path) -> None:
    if shared:
        first = ", ".join(f"{s.target} ({s.reason})" for s in shared[:3])
        logger.warning(
            "%s of %s in %s: scores on them are too good; the first: %s. "
            "`neuroner-tl corpus leaks` lists them",
            counted(len(shared), "test document"),
            target,
            place,
            first,
        )


def training_parameters(model_folder: Optional[Path]) -> list[Parameters]:
    """Return the parameters of a model and of its ancestors whose corpora are there.

    What cannot be read is warned of. Each has ``dataset_text_folder``.
    """
    found: list[Parameters] = []
    ancestor: Optional[Path] = None
    try:
        for place, parameters in transfer_chain(model_folder):
            ancestor = _ancestor(parameters)
            folder = parameters.dataset_text_folder
            if folder is None or not folder.is_dir():
                logger.warning(
                    "the leak check cannot read the corpus of %s, which is no longer at %s",
                    place,
                    folder,
                )
            else:
                found.append(parameters)
    except NeuroNERError as error:
        logger.warning("the leak check does not know the source's corpus: %s", error)
    if ancestor is not None and not (ancestor / PARAMETERS).is_file():
        logger.warning(
            "the leak check cannot read what the model %s was trained on, which is no longer there",
            ancestor,
        )
    return found


def transfer_chain(model_folder: Optional[Path]) -> Iterator[tuple[Path, Parameters]]:
    """Yield the folders and parameters of a model and of its ancestors, as far as they are there.

    Raises:
        NeuroNERError: parameters cannot be read.
    """
    seen: set[Path] = set()
    while model_folder is not None and model_folder.resolve() not in seen:
        seen.add(model_folder.resolve())
        if not (model_folder / PARAMETERS).is_file():
            return
        parameters = load_parameters(model_folder / PARAMETERS)
        yield model_folder, parameters
        model_folder = _ancestor(parameters)


def _ancestor(parameters: Parameters) -> Optional[Path]:
    return parameters.pretrained_model_folder if parameters.use_pretrained_model else None


# Studies train many runs on one pair of corpora.
_known: dict[tuple[Path, Path, tuple[str, ...]], list[SharedDocument]] = {}


def _shared(
    source: Path, target: Path, test: tuple[str, ...], index: DocumentIndex
) -> list[SharedDocument]:
    key = (source.resolve(), target.resolve(), test)
    if key not in _known:
        logger.info("looking for the test documents of %s in %s", target, source)
        try:
            _known[key] = list(index.find(all_documents(read_corpus(source, required=()))))
        except NeuroNERError as error:
            logger.warning("the leak check cannot read the source's corpus: %s", error)
            _known[key] = []
    return _known[key]
