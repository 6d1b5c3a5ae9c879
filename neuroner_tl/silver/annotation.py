"""All annotators of a definition over its texts and over the gold documents to learn from."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.silver.annotators.annotator_kinds import make_annotator
from neuroner_tl.silver.consensus.consensus import Sample
from neuroner_tl.silver.consensus.harmonise import Mark
from neuroner_tl.silver.definition import FROM_GOLD, SilverDefinition
from neuroner_tl.silver.gold import GoldStandard
from neuroner_tl.silver.labels import Taught

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Annotations:
    """What the annotators found.

    Attributes:
        pool: for each text the marks of each annotator that covers it.
        sample: the gold documents to learn from, with the marks.
        records: what the report says about each annotator.
        taught: the annotated documents that annotators were trained on.

    Example::

        annotations = annotate(definition, texts, read_gold(definition))
        print(annotations.records["mesh"]["kind"])
    """

    pool: Sequence[Mapping[str, Sequence[Mark]]]
    sample: Sample
    records: Mapping[str, Mapping[str, Any]]
    taught: Taught


def annotate(
    definition: SilverDefinition, pool: Sequence[Document], gold: GoldStandard
) -> Annotations:
    """Annotate the texts and the gold documents to learn from with every annotator.

    Raises:
        NeuroNERError: an annotator cannot be used, or the gold documents have no entity of the
            definition's type.
        Interrupted: a signal came while a model was trained.
    """
    kind = definition.silver.type
    judged: list[Document] = []
    corpora: list[str] = []
    for name, members in gold.train.items():
        for document in members:
            entities = tuple(e for e in document.entities if e.type == kind)
            judged.append(Document(document.id, document.text, entities))
            corpora.append(name)
    if judged and not any(document.entities for document in judged):
        raise CorpusError(
            f"{definition.path}: the train parts of {', '.join(gold.train)} have no entity of type "
            f"{kind}; correct `type` in [silver] or learn_from in [gold]"
        )
    both = [*pool, *judged]
    marks: list[dict[str, list[Mark]]] = [{} for _ in both]
    records: dict[str, Mapping[str, Any]] = {}
    taught = Taught()
    for source in definition.annotators:
        annotator = make_annotator(definition, source, gold, judged)
        found = list(annotator.annotate(both))
        for given, own in zip(marks, found):
            if own is not None:
                given[source.name] = own
        records[source.name] = {"kind": source.kind, **annotator.record}
        taught = taught.together(annotator.learned_from)
        if not any(found) and any(own is not None for own in found):
            logger.warning(
                "%s: found no mention in any text, and its silence counts as a vote against those "
                "of others; correct it or its types in [types], or remove it from [annotators]",
                source.name,
            )
        texts = [own for own in found[: len(pool)] if own is not None]
        scored = counted(sum(own is not None for own in found[len(pool) :]), "gold document")
        logger.info(
            "%s: %s in %s%s",
            source.name,
            counted(sum(map(len, texts)), "mention"),
            counted(len(texts), "text"),
            f", and {scored} to learn from" if judged else "",
        )
    sample = Sample(judged, marks[len(pool) :], corpora)
    return Annotations(marks[: len(pool)], sample, records, taught)


def learned_from(definition: SilverDefinition, gold: GoldStandard, taught: Taught) -> Taught:
    """Return the documents whose labels are in the silver corpus.

    Documents that annotators were only scored on have taught nothing.

    Args:
        definition: the definition.
        gold: the gold corpora.
        taught: what its annotators were trained on.
    """
    harmonise, clean = definition.harmonise, definition.clean
    from_gold = FROM_GOLD in (clean.blacklist, clean.empty_share)
    if harmonise.learns_from_gold or harmonise.extend or from_gold:
        for name, documents in gold.train.items():
            taught = taught.together(Taught.of(name, documents))
    return taught
