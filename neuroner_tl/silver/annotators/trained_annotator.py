"""An annotator that the build trains on an annotated corpus that the definition names.

The corpus may be any but the gold corpora that are evaluated on: what it shares with them is left
out. It may also be one that the definition learns from. Then each of its train documents is tagged
by a model that has not seen it (cross-fitting, with the folds of ``quality.py``), and the texts by
one that has seen all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.duplicates import DocumentIndex, pubmed_id
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.silver.annotators.model_annotator import ModelAnnotator
from neuroner_tl.silver.annotators.trained_models import (
    Parts,
    TrainedModel,
    read_parameters,
    train_model_on,
)
from neuroner_tl.silver.consensus.harmonise import Mark
from neuroner_tl.silver.definition import AnnotatorSource, SilverDefinition, corpus_name
from neuroner_tl.silver.gold import FOLDS, GoldCorpus, GoldStandard, folder_or_archive, read_parts
from neuroner_tl.silver.labels import Taught
from neuroner_tl.silver.texts import in_gold
from neuroner_tl.system.paths import expanded_path


class TrainedAnnotator:
    """A model, or several for cross-fitting, trained on the corpus of a definition's annotator.

    Args:
        definition: the definition.
        source: the annotator.
        gold: the gold corpora.
        judged: the gold documents that annotators are scored on and that rules are learned from.

    Attributes:
        record: what the report says: the corpus, how many of its documents were left out since
            they are in a gold corpus, and the models.
        learned_from: the documents that the models were trained on.

    Raises:
        NeuroNERError: the corpus cannot be used, or is one of the gold corpora that nothing is
            learned from; training fails.

    Example::

        annotator = TrainedAnnotator(definition, source, read_gold(definition), judged)
        marks = list(annotator.annotate(documents))
    """

    def __init__(
        self,
        definition: SilverDefinition,
        source: AnnotatorSource,
        gold: GoldStandard,
        judged: Sequence[Document],
    ) -> None:
        assert source.parameters is not None
        self._definition = definition
        self._types = source.types or (definition.silver.type,)
        self._vectors = definition.word_vectors
        self._name = source.name
        self._parameters = read_parameters(expanded_path(source.parameters), self._vectors)
        place = folder_or_archive(definition.data(source.path))
        self.record: dict[str, Any] = {
            "corpus": corpus_name(place),
            "parameters": source.parameters.name,
        }
        # The model of each judged document, by its fold; all others are tagged by the main one.
        self._fold_of: dict[tuple[str, str], int] = {}
        self._models: dict[int, TrainedModel] = {}
        self.learned_from = Taught()
        own = _own_corpus(definition, place, gold)
        if own is None:
            self._train_outside(place, gold)
        else:
            self._cross_fit(own, gold.train[own.name], judged)
        self.record["models"] = [
            {"fold": None if fold == _MAIN else fold, **model.to_json()}
            for fold, model in self._models.items()
        ]

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the entities that a model finds that has not seen the document."""
        groups: dict[int, list[int]] = {}
        for index, document in enumerate(documents):
            fold = self._fold_of.get((document.id, document.text), _MAIN)
            groups.setdefault(fold, []).append(index)
        found: list[Optional[list[Mark]]] = [None] * len(documents)
        for fold, members in groups.items():
            model = ModelAnnotator(
                self._models[fold].folder,
                self._types,
                self._vectors,
                self._definition.models_folder,
            )
            marks = model.annotate([documents[index] for index in members])
            # The marks first, so that they are exhausted.
            for given, index in zip(marks, members):
                found[index] = given
        yield from found

    def _train_outside(self, place: Path, gold: GoldStandard) -> None:
        """Train on a corpus without the documents that it shares with a gold corpus."""
        found_parts, flat = read_parts(place, corpus_name(place))
        parts = {name: found_parts[name] for name in found_parts if name != "deploy"}
        by_id: dict[str, Document] = {}
        for document in (document for members in parts.values() for document in members):
            if by_id.setdefault(document.id, document).text != document.text:
                raise CorpusError(
                    f"{place}: document {document.id!r} occurs twice with different texts; ids "
                    "must be unique: remove or rename one"
                )
        if flat or not {"train", "valid"} <= set(parts):  # The run splits it, by its parameters.
            parts = {"": list(by_id.values())}
        everything = [document for members in parts.values() for document in members]
        shared = {found.source: found for found in in_gold(everything, gold)}
        kept = {part: [d for d in members if d.id not in shared] for part, members in parts.items()}
        self.record["left_out"] = {name: found.target for name, found in sorted(shared.items())}
        if not any(kept.values()):
            raise CorpusError(
                f"{self._definition.path}: annotator {self._name}: all of the "
                f"{counted(len(everything), 'document')} of {place} are in gold corpora, expected "
                "a corpus that is not evaluated on: name another one, or the gold corpus itself "
                "if it is in learn_from"
            )
        learned = [document for members in kept.values() for document in members]
        self.learned_from = Taught.of(self.record["corpus"], learned)
        self._models[_MAIN] = self._train(kept, "")

    def _cross_fit(
        self, own: GoldCorpus, train: Sequence[Document], judged: Sequence[Document]
    ) -> None:
        """Train on a gold corpus's train documents, and for each fold on those outside it."""
        self.record["left_out"] = {}
        positions = {(d.id, d.text): index for index, d in enumerate(judged)}
        folds = [positions[document.id, document.text] % FOLDS for document in train]
        # Other gold corpora may have the same documents.
        labels = [str(fold) for fold in folds]
        index = DocumentIndex(train, own.pubmed_ids, labels)
        names = [f"judged/{number}" for number in range(len(judged))]
        numbers = {name: pubmed_id(d.id, own.pubmed_ids) for name, d in zip(names, judged)}
        renamed = [Document(name, document.text) for name, document in zip(names, judged)]
        for found in index.find(renamed, numbers):
            document = judged[int(found.source.partition("/")[2])]
            self._fold_of[document.id, document.text] = int(found.target)
        for document, fold in zip(train, folds):
            self._fold_of[document.id, document.text] = fold
        self.learned_from = Taught.of(own.name, train)
        self._models[_MAIN] = self._train({"": train}, "")
        for fold in sorted(set(folds)):
            rest = [document for document, own_fold in zip(train, folds) if own_fold != fold]
            self._models[fold] = self._train({"": rest}, f", without fold {fold + 1} of {FOLDS}")

    def _train(self, parts: Parts, note: str) -> TrainedModel:
        wanted = {
            part: [_with_types(document, self._types) for document in members]
            for part, members in parts.items()
            if members
        }
        number = sum(len(members) for members in wanted.values())
        if not any(document.entities for members in wanted.values() for document in members):
            raise CorpusError(
                f"{self._definition.path}: annotator {self._name}: {self.record['corpus']} has no "
                f"entity of type {' or '.join(self._types)}; name its types in [types]"
            )
        if not note:
            self.record["documents"] = number
        name = f"{self._name} on {counted(number, 'document')} of {self.record['corpus']}{note}"
        return train_model_on(wanted, self._parameters, self._definition.models_folder, name)


# In place of a fold.
_MAIN = -1


def _own_corpus(
    definition: SilverDefinition, place: Path, gold: GoldStandard
) -> Optional[GoldCorpus]:
    """Return the gold corpus that a place is; None if it is none.

    Raises:
        CorpusError: nothing may be learned from it.
    """
    for text, corpus in zip(definition.gold.corpora, gold.corpora):
        if folder_or_archive(definition.data(text)).resolve() == place.resolve():
            if corpus.name in gold.train:
                return corpus
            raise CorpusError(
                f"{definition.path}: an annotator is trained on {place}, a gold corpus of which "
                f"nothing is learned; expected another corpus: add {corpus.name} to learn_from in "
                "[gold], then its train part is used, cross-fitted, and the report says so"
            )
    return None


def _with_types(document: Document, types: Sequence[str]) -> Document:
    return Document(
        document.id,
        document.text,
        tuple(entity for entity in document.entities if entity.type in types),
        unknown=tuple(region for region in document.unknown if region.type in types),
    )
