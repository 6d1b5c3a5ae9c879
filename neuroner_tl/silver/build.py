"""A silver corpus from its definition: read, remove gold, annotate, harmonise, clean, write."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Optional, Union

from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.silver.annotation import annotate, learned_from
from neuroner_tl.silver.cleaning.cleaning import (
    Step,
    clean_mentions,
    make_blacklist,
    mentions_of,
    select,
)
from neuroner_tl.silver.cleaning.selection import (
    SilverDocument,
)
from neuroner_tl.silver.comparison import SilverComparison, profile_of
from neuroner_tl.silver.consensus.agreement import Agreement
from neuroner_tl.silver.consensus.consensus import (
    Consensus,
    make_consensus,
)
from neuroner_tl.silver.consensus.harmonise import Given
from neuroner_tl.silver.consensus.label_model import LabelModel, learn_label_model
from neuroner_tl.silver.definition import (
    MIN_ANNOTATORS,
    SilverDefinition,
    read_silver_definition,
)
from neuroner_tl.silver.gold import read_gold
from neuroner_tl.silver.named_files import check_named_files
from neuroner_tl.silver.quality import Quality, measure
from neuroner_tl.silver.report import format_report
from neuroner_tl.silver.texts import draw_texts, in_gold, read_texts
from neuroner_tl.silver.writing import check_new_corpus, corpus_documents, write_corpus
from neuroner_tl.system.paths import StrPath, expanded_path
from neuroner_tl.system.temporary import remove_leftovers_of

logger = logging.getLogger(__name__)

_HARMONISED = "harmonised by"  # the step that decides, named by its rule


@dataclass(frozen=True)
class SilverResult:
    """What was built.

    Attributes:
        folder: the corpus, with ``train`` and ``valid``; the report is in it.
        content: the report and more as a JSON object.
        to_text: the report as text for a screen of this many columns; None for any width.

    Example::

        result = build_silver("experiments/silver_diso.ini", variables={"DATA": "data"})
        print(result.folder, result.report)
    """

    folder: Path
    content: dict[str, Any]
    to_text: Callable[[Optional[int]], str] = field(repr=False)

    @property
    def report(self) -> str:
        """The report as text, not wrapped; ``report.txt`` in the folder."""
        return self.to_text(None)


def build_silver(
    definition: Union[StrPath, SilverDefinition],
    *,
    data_folder: Optional[StrPath] = None,
    output_folder: Optional[StrPath] = None,
    variables: Optional[Mapping[str, str]] = None,
    replace: bool = False,
) -> SilverResult:
    """Build the corpus of a definition; its folder appears whole or not at all.

    Args:
        definition: the file that says what to build, or what was read of it; the next three are
            for a file.
        data_folder: None for that of the definition.
        output_folder: None for that of the definition.
        variables: what ``${NAME}`` in the definition stands for.
        replace: put it in the place of a corpus that was built before.

    Raises:
        NeuroNERError: something that the definition names cannot be used, or nothing is left.
    """
    if not isinstance(definition, SilverDefinition):
        definition = read_silver_definition(
            Path(definition),
            None if data_folder is None else Path(data_folder),
            None if output_folder is None else Path(output_folder),
            variables,
        )
    settings = definition.silver
    target = expanded_path(settings.output_folder) / settings.name
    remove_leftovers_of(target)
    check_new_corpus(target, replace)
    check_named_files(definition)
    steps: list[Step] = []
    texts = read_texts(definition)
    gold = read_gold(definition)
    removed = in_gold(texts, gold)
    gone = {found.source for found in removed}
    pool = [document for document in texts if document.id not in gone]
    steps.append(Step("documents of gold corpora removed", len(texts), len(pool)))
    logger.info("%d texts, %d of them in a gold corpus", len(texts), len(removed))
    if settings.pool_documents is not None:
        drawn = draw_texts(definition, pool)
        label = f"{settings.pool_documents} drawn, balanced by source and topic"
        steps.append(Step(label, len(pool), len(drawn)))
        pool = drawn

    annotations = annotate(definition, pool, gold)
    pool_spans, training = annotations.pool, annotations.sample
    label_model = _label_model(definition, pool, pool_spans, for_scores=bool(training.documents))
    consensus = make_consensus(definition, training, label_model)
    silver, agreement = _harmonise(definition, pool, pool_spans, consensus)
    steps.append(
        Step(f"{_HARMONISED} {consensus.rule.name}", len(pool), len(silver), 0, mentions_of(silver))
    )

    entries, banned = make_blacklist(definition, silver, training)
    silver = clean_mentions(definition, silver, banned, steps)
    silver = select(definition, silver, training, steps)
    if not silver:
        raise CorpusError(f"{definition.path}: {_why_nothing_is_left(steps)}")
    quality = Quality()
    if training.documents:
        quality = measure(definition, training, banned, label_model)
    documents = corpus_documents(silver, settings.type)
    shared = list(gold.index.find(documents))
    comparison = SilverComparison(
        profile_of(documents, settings.type),
        {
            corpus.name: profile
            for corpus in gold.corpora
            if (profile := profile_of(corpus.parts.get("train", ()), settings.type)).mentions
        },
    )
    content = {
        "definition": definition.path.name,
        "type": settings.type,
        "steps": [vars(step) for step in steps],
        "texts": len(texts),
        "gold_documents": len(training.documents),
        "documents": len(silver),
        "mentions": mentions_of(silver),
        "unknown_regions": sum(len(document.unknown) for document in silver),
        "unique_mentions": len({text for document in silver for text in document.keys()}),
        "rule": consensus.rule.to_json(),
        "extensions": {
            "left": sorted(consensus.extensions.left),
            "right": sorted(consensus.extensions.right),
        },
        "gold": {
            corpus.name: {part: len(docs) for part, docs in corpus.parts.items()}
            for corpus in gold.corpora
        },
        "learned_from": {name: len(docs) for name, docs in gold.train.items()},
        **learned_from(definition, gold, annotations.taught).to_json(),
        "train_size": definition.gold.train_size,
        "withheld_train_documents": dict(gold.withheld),
        "documents_shared_with_gold": len(shared),
        "annotators": annotations.records,
        "comparison": comparison.to_json(),
        "agreement": agreement.to_json(),
        **quality.to_json(),
    }
    to_text = partial(
        format_report,
        settings.name,
        steps,
        silver,
        len(training.documents),
        annotations.records,
        consensus,
        agreement,
        quality,
        comparison,
        shared,
    )
    may_replace = replace and (target / "report.json").is_file()
    write_corpus(
        definition,
        target,
        silver,
        removed,
        entries,
        content,
        to_text(None),
        replace_old=may_replace,
    )
    return SilverResult(target, content, to_text)


def _why_nothing_is_left(steps: Sequence[Step]) -> str:
    """Say which step took the last documents or their last mentions, and what to change."""
    if not steps[0].documents_before:
        return "found no document in the texts of [silver], expected some to annotate; give others"
    if not steps[0].documents_after:
        texts = counted(steps[0].documents_before, "text is a document", "texts are documents")
        return (
            f"all {texts} of gold corpora; give other texts, or leave a corpus out of [gold] on "
            "which nothing will be scored"
        )
    for step in steps:
        if step.name.startswith(_HARMONISED) and not step.mentions_after:
            return (
                f"no mention is left where texts are {step.name}; lower threshold in [harmonise], "
                "or see what the annotators find"
            )
        if not step.documents_after:
            break
    return (
        f"no document is left after the step {step.name!r}, which was given "
        f"{counted(step.documents_before, 'document')} and "
        f"{counted(step.mentions_before, 'mention')}; loosen the conditions in [clean]"
    )


def _label_model(
    definition: SilverDefinition,
    pool: Sequence[Document],
    spans: Sequence[Given],
    *,
    for_scores: bool,
) -> Optional[LabelModel]:
    """Return what the annotations of the texts say about the annotators, if that is needed.

    The scores of a build compare all methods, if there are annotators enough.
    """
    enough = len(definition.annotators) >= MIN_ANNOTATORS
    if not definition.harmonise.uses_label_model and not (for_scores and enough):
        return None
    logger.info("learning the reliability of annotators from their agreement")
    names = [source.name for source in definition.annotators]
    return learn_label_model(names, [document.text for document in pool], spans)


def _harmonise(
    definition: SilverDefinition,
    pool: Sequence[Document],
    spans: Sequence[Given],
    consensus: Consensus,
) -> tuple[list[SilverDocument], Agreement]:
    agreement = Agreement([source.name for source in definition.annotators])
    silver = []
    bar = progress_bar(pool, desc="harmonising", unit=" documents", delay=2)
    decisions = consensus.apply([document.text for document in pool], spans)
    for document, given, decision in zip(bar, spans, decisions):
        agreement.add(document.text, given, decision.votes)
        silver.append(
            SilverDocument(
                document.id, document.text, tuple(decision.votes), tuple(decision.unknown)
            )
        )
    return silver, agreement
