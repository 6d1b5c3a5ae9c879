"""The annotator of each kind that a definition may name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neuroner_tl.corpora.convert import READERS
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.leaks import all_documents
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.silver.annotators.annotators import (
    Annotator,
    DocumentsAnnotator,
    LexiconAnnotator,
    StandoffAnnotator,
    read_coverage,
)
from neuroner_tl.silver.annotators.lexicon import LexiconRules
from neuroner_tl.silver.annotators.model_annotator import ModelAnnotator
from neuroner_tl.silver.annotators.trained_annotator import TrainedAnnotator
from neuroner_tl.silver.definition import TRAIN, AnnotatorSource, SilverDefinition
from neuroner_tl.silver.gold import GoldStandard
from neuroner_tl.silver.labels import REPORT, Taught, labels_of_silver
from neuroner_tl.silver.texts import in_gold


def make_annotator(
    definition: SilverDefinition,
    source: AnnotatorSource,
    gold: GoldStandard,
    judged: Sequence[Document],
) -> Annotator:
    """Return an annotator of a definition, ready to annotate.

    Args:
        definition: the definition.
        source: the annotator.
        gold: the gold corpora, of which a model may not have learned.
        judged: the gold documents that annotators are scored on and that rules are learned from.

    Raises:
        NeuroNERError: its file or folder cannot be used, or it has learned from gold documents.
    """
    if source.kind == TRAIN:
        return TrainedAnnotator(definition, source, gold, judged)
    path = definition.data(source.path)
    types = source.types or (definition.silver.type,)
    if source.kind == "lexicon":
        return LexiconAnnotator(path, LexiconRules(**definition.lexicon.model_dump()))
    if source.kind == "standoff":
        covered = None
        if source.coverage is not None:
            covered = read_coverage(definition.data(source.coverage), source.name)
        return StandoffAnnotator(path, types, covered)
    if source.kind in READERS:
        return DocumentsAnnotator(path, source.kind, types)
    model = ModelAnnotator(path, types, definition.word_vectors, definition.models_folder)
    model.record["learned_from"], model.learned_from = check_model(
        definition, source, model.folder, gold
    )
    return model


def check_model(
    definition: SilverDefinition, source: AnnotatorSource, folder: Path, gold: GoldStandard
) -> tuple[list[str], Taught]:
    """Refuse a model that has learned from gold documents, as far as its records tell.

    Args:
        definition: the definition.
        source: the annotator.
        folder: the model's folder.
        gold: the gold corpora.

    Returns:
        The names of the corpora that it and the models before it learned from, and their train
        documents; of a silver corpus, those whose labels that one knows.

    Raises:
        CorpusError: it has; or a silver corpus does not say what it has learned from.
    """
    from neuroner_tl.runs.leaks import training_parameters

    names = []
    known = Taught()
    for parameters in training_parameters(folder):
        place = parameters.dataset_text_folder
        assert place is not None
        names.append(place.name)
        corpus = read_corpus(
            place,
            split_percentages=parameters.split_percentages,
            split_seed=parameters.split_seed,
            train_size=parameters.train_size,
            required=(),
            warn=False,
        )
        learned = list(all_documents(corpus, ("train", "valid")))
        shared = in_gold(learned, gold)
        if shared:
            raise CorpusError(
                f"{definition.path}: annotator {source.name}: {folder} was trained on "
                f"{counted(len(shared), 'document')} of gold corpora (the first is "
                f"{shared[0].target}), expected none: what it says about them is what it was "
                f"taught; let the build train it without them, with `{source.name} = train:{place} "
                "with parameters/annotator.ini`"
            )
        if (place / REPORT).is_file():
            known = known.together(labels_of_silver(place))
        else:
            train = all_documents(corpus, ("train",))
            known = known.together(Taught.of(place.resolve().name, train))
    return names, known
