"""A silver corpus completed by a teacher: a model trained on gold annotates where it is silent.

The second of three steps of Jiang et al. (2021, NEEDLE): a source model is then trained on the
completed corpus, and a target model on gold alone. What a teacher that saw little gold finds on
other topics is often wrong, so only what it is sure of becomes a mention; what it doubts becomes an
unknown region, which training leaves open.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat_folders import write_parts
from neuroner_tl.corpora.leaks import all_documents
from neuroner_tl.corpora.reader import PartReader, read_corpus
from neuroner_tl.corpora.text.spans import DisjointSpans, SpanTree
from neuroner_tl.dataset.soft_labels import SOFT_LABELS
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.screen import table_lines
from neuroner_tl.silver.compared_form import compared_form
from neuroner_tl.silver.labels import REPORT, labels_of_silver
from neuroner_tl.silver.writing import check_new_corpus
from neuroner_tl.system.atomic_file import write_atomically, write_json
from neuroner_tl.system.json_text import read_object
from neuroner_tl.system.paths import StrPath, expanded_path
from neuroner_tl.system.temporary import remove_leftovers_of, replace_folder, temporary_folder
from neuroner_tl.system.write_errors import writing

if TYPE_CHECKING:
    from neuroner_tl.prediction.predictor import Analysis, Predictor

logger = logging.getLogger(__name__)

# What the completion counts, in the order of its report.
MENTIONS = "mentions of the silver corpus"
CONFIRMED = "confirmed: the teacher is sure of the same span"
ADDED = "added: the teacher is sure, the silver corpus silent"
WIDENED = "replaced by longer spans that the teacher is sure of"
LONGER = "such longer spans"
REJECTED = "made unknown: the teacher finds no mention there"
RESULT = "mentions of the completed corpus"
REGIONS = "unknown regions of the silver corpus"
DOUBTED = "added unknown regions: the teacher is in doubt"
ALL_REGIONS = "unknown regions of the completed corpus"
COUNTS = (
    MENTIONS,
    CONFIRMED,
    ADDED,
    WIDENED,
    LONGER,
    REJECTED,
    RESULT,
    REGIONS,
    DOUBTED,
    ALL_REGIONS,
)


@dataclass(frozen=True)
class CompletionRule:
    """What a teacher may change.

    Attributes:
        sure: spans of at least this probability become mentions.
        doubtful: tokens of at least this probability of being in a mention become unknown.
        unlikely: silver mentions none of whose tokens is in a mention with at least this
            probability become unknown; None leaves all silver mentions.
        longer_spans: whether a span that the teacher is sure of replaces shorter silver mentions
            that it shares text with.

    Raises:
        ParameterError: the probabilities are out of range or of order.

    Example:
        >>> CompletionRule(sure=0.95, doubtful=0.2).unlikely is None
        True
    """

    sure: float = 0.9
    doubtful: float = 0.3
    unlikely: Optional[float] = None
    longer_spans: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.doubtful <= self.sure <= 1:
            raise ParameterError(
                f"sure, doubtful: found {self.sure:g} and {self.doubtful:g}, expected "
                "probabilities above 0 and at most 1, and doubtful not above sure"
            )
        if self.unlikely is not None and not 0 < self.unlikely <= self.doubtful:
            raise ParameterError(
                f"unlikely: found {self.unlikely:g}, expected a probability above 0, and not above "
                f"doubtful ({self.doubtful:g})"
            )


@dataclass(frozen=True)
class CompletedSilver:
    """A completed corpus.

    Attributes:
        folder: the corpus.
        counts: what was changed, by name.
        learned_from: gold documents whose labels it knows, by corpus.

    Example::

        done = complete_silver("output/silver_diso", "output/my_run", "output/completed")
        print(done.summary())
    """

    folder: Path
    counts: Mapping[str, int]
    learned_from: Mapping[str, Sequence[str]]

    def summary(self) -> str:
        """Return the counts as a table."""
        rows = [(name, str(self.counts[name])) for name in COUNTS]
        return "\n".join(table_lines(("completion by the teacher", "number"), rows, (False, True)))


def complete_silver(
    silver_folder: StrPath,
    teacher_folder: Union[StrPath, Sequence[StrPath]],
    output_folder: StrPath,
    *,
    sure: float = 0.9,
    doubtful: float = 0.3,
    unlikely: Optional[float] = None,
    longer_spans: bool = True,
    train_size: Optional[float] = None,
    split_seed: int = 0,
    word_vectors: Optional[StrPath] = None,
    soft_labels: bool = False,
    replace: bool = False,
) -> CompletedSilver:
    """Add to a silver corpus what a teacher finds; the new folder appears whole or not at all.

    Args:
        silver_folder: the corpus; it is not changed.
        teacher_folder: a model trained on gold, or the folder of its run; or several, which
            teach as an ensemble.
        output_folder: the folder of the new corpus.
        sure: see `CompletionRule`, as for the next three.
        doubtful: see there.
        unlikely: see there.
        longer_spans: see there.
        train_size: how much of the train part the new corpus has, in percent of all documents;
            None for all of it. The documents are those that a run with this size takes.
        split_seed: of the choice of these documents.
        word_vectors: word-vector file, in place of the one that the model was trained with.
        soft_labels: whether to write what the teacher says of each token of the train part beside
            the new corpus, for ``soft_label_share``.
        replace: put it in the place of a corpus that was built before.

    Raises:
        CheckpointError: the teacher cannot be loaded, or what it was trained on is not known.
        CorpusError: the corpus cannot be used, has no train part for soft labels, or has documents
            that the teacher was trained on.
        ParameterError: a probability is out of range, the teacher has no type of the corpus, or
            other types for soft labels, or several teachers do not fit together.
    """
    # TensorFlow takes seconds to load.
    from neuroner_tl.prediction.soft_labelling import write_soft_labels
    from neuroner_tl.silver.teacher import check_types, load_teacher

    rule = CompletionRule(sure, doubtful, unlikely, longer_spans)
    source, target = Path(silver_folder), expanded_path(output_folder)
    remove_leftovers_of(target)
    if target.resolve() == expanded_path(source).resolve():
        raise CorpusError(
            f"{target}: is the silver corpus itself, which stays as it is; give another folder for "
            "the completed one"
        )
    check_new_corpus(target, replace)
    required = ("train",) if soft_labels else ()
    corpus = read_corpus(source, train_size=train_size, split_seed=split_seed, required=required)
    report, known = read_object(source / REPORT), labels_of_silver(source)
    if isinstance(teacher_folder, (str, os.PathLike)):
        teacher_folder = [teacher_folder]
    predictor, lessons = load_teacher(teacher_folder, source, word_vectors)
    teacher = ", ".join(map(str, teacher_folder))
    types: set[str] = set()
    shared = list(lessons.index().find(_noting_types(all_documents(corpus), types)))
    if shared:
        first = ", ".join(f"{found.source} ({found.target})" for found in shared[:3])
        raise CorpusError(
            f"{source}: found {counted(len(shared), 'document')} that the teacher "
            f"{teacher} was trained on, expected none: {first}; name its corpus in [gold] "
            "of the definition and build again"
        )
    if not lessons.documents:
        logger.warning(
            "%s: was trained on silver corpora alone; expected a teacher that has seen gold labels",
            teacher,
        )
    if not report:
        logger.warning(
            "%s: has no %s of silver build; if it is a gold corpus, its copy will not be one",
            source,
            REPORT,
        )
    check_types(types, source, predictor.types, teacher, soft_labels)
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    unique: set[str] = set()
    parts = {
        name: _completed(part, name, predictor, types, rule, counts, unique)
        for name, part in corpus.items()
    }
    learned_from = lessons.learned_from.together(known)
    with writing(target):
        with temporary_folder(target) as folder:
            write_parts(folder, parts)
            if soft_labels:
                write_soft_labels(folder, predictor)
            done = CompletedSilver(target, dict(counts), learned_from.documents)
            content = {
                **report,
                "documents": sum(map(len, corpus.values())),
                "mentions": counts[RESULT],
                "unknown_regions": counts[ALL_REGIONS],
                "unique_mentions": len(unique),
                "completion": {
                    "teacher": teacher,
                    **({"soft_labels": SOFT_LABELS} if soft_labels else {}),
                    **dataclasses.asdict(rule),
                    "counts": done.counts,
                },
                **learned_from.to_json(),
            }
            write_json(folder / REPORT, content)
            write_atomically(folder / "report.txt", _report(source, done).encode("utf-8"))
            # Another process may have made it meanwhile.
            check_new_corpus(target, replace)
            replace_folder(folder, target)
    return done


def complete_document(
    silver: Document,
    found: Analysis,
    types: Collection[str],
    rule: CompletionRule,
    counts: Counter[str],
) -> Document:
    """Return a silver document with what the teacher adds.

    Args:
        silver: the document with its mentions and unknown regions.
        found: what the teacher finds in it: candidates from ``rule.doubtful`` on.
        types: entity types of the silver corpus; others that the teacher knows are left out.
        rule: what it may change.
        counts: what is changed is added to it.
    """
    counts[MENTIONS] += len(silver.entities)
    counts[REGIONS] += len(silver.unknown)
    mentions = {(e.type, e.fragments): e for e in silver.entities}
    removed: list[Entity] = []
    # Spans that the teacher is sure of do not overlap, so that no added one touches another.
    given = sorted(mentions.values(), key=lambda e: (e.start, e.end))
    tree = SpanTree([(e.start, e.end) for e in given])
    for span in _sure([e for e in found.document.entities if e.type in types], rule.sure):
        key = span.type, span.fragments
        indices = tree.sharing((span.start, span.end))
        touched = [given[index] for index in indices]
        if key in mentions:
            counts[CONFIRMED] += 1
            own = mentions[key].probability
            if own is not None:
                assert span.probability is not None
                best = max(own, span.probability)
                mentions[key] = dataclasses.replace(mentions[key], probability=best)
        elif not touched:
            counts[ADDED] += 1
            mentions[key] = span
        elif rule.longer_spans and all(
            e.type == span.type and e.end - e.start < span.end - span.start for e in touched
        ):
            counts[LONGER] += 1
            counts[WIDENED] += len(touched)
            for index, entity in zip(indices, touched):
                tree.remove(index)
                del mentions[entity.type, entity.fragments]
            mentions[key] = span
    if rule.unlikely is not None:
        removed = [e for e in mentions.values() if _inside(e, found) < rule.unlikely]
        counts[REJECTED] += len(removed)
        for entity in removed:
            del mentions[entity.type, entity.fragments]
    known = sorted(mentions.values(), key=lambda e: (e.fragments, e.type))
    regions = [dataclasses.replace(e, certain=False) for e in removed]
    limits = sorted((e.start, e.end) for e in known)
    tree = SpanTree(limits)
    for region in silver.unknown:
        around = (limits[index] for index in tree.sharing((region.start, region.end)))
        if not any(start <= region.start and region.end <= end for start, end in around):
            regions.append(region)
    taken = [*known, *regions]
    doubted = [e for kind in types for e in _doubted(silver.text, found, kind, rule, taken)]
    counts[DOUBTED] += len(doubted)
    counts[RESULT] += len(known)
    counts[ALL_REGIONS] += len(regions) + len(doubted)
    regions = sorted([*regions, *doubted], key=lambda e: (e.fragments, e.type))
    return dataclasses.replace(silver, entities=tuple(known), unknown=tuple(regions))


def _completed(
    part: PartReader,
    name: str,
    predictor: Predictor,
    types: Collection[str],
    rule: CompletionRule,
    counts: Counter[str],
    unique: set[str],
) -> Iterator[Document]:
    """Yield the completed documents of a part; note what changes, and the texts of mentions."""
    waiting: deque[Document] = deque()

    def given() -> Iterator[Document]:
        for document in part:
            waiting.append(document)
            yield document

    found = predictor.analyse(given(), rule.doubtful)
    bar = progress_bar(found, desc=f"completing {name}", unit=" documents", delay=2)
    for analysis in bar:
        document = complete_document(waiting.popleft(), analysis, types, rule, counts)
        unique.update(compared_form(entity.text) for entity in document.entities)
        yield document


def _sure(candidates: Sequence[Entity], sure: float) -> list[Entity]:
    """Return the spans of at least a probability, the most probable of those that overlap."""
    chosen: list[Entity] = []
    taken = DisjointSpans()
    for span in sorted(candidates, key=lambda e: -(e.probability or 0.0)):
        if (span.probability or 0.0) < sure:
            break
        if not taken.share_text((span.start, span.end)):
            chosen.append(span)
            taken.add((span.start, span.end))
    return sorted(chosen, key=lambda e: e.start)


def _inside(entity: Entity, found: Analysis) -> float:
    """Return the highest probability that a token of a span is in a mention of its type."""
    tokens = slice(bisect_right(found.ends, entity.start), bisect_left(found.starts, entity.end))
    values = found.probabilities[tokens, found.types.index(entity.type)]
    return float(values.max()) if len(values) else 0.0


def _doubted(
    text: str, found: Analysis, kind: str, rule: CompletionRule, taken: Sequence[Entity]
) -> Iterator[Entity]:
    """Yield regions of adjacent tokens that may be in a mention of a type and are not taken."""
    values = found.probabilities[:, found.types.index(kind)]
    open_tokens = values >= rule.doubtful
    for entity in taken:
        tokens = slice(
            bisect_right(found.ends, entity.start), bisect_left(found.starts, entity.end)
        )
        open_tokens[tokens] = False
    for is_open, group in groupby(range(len(values)), key=open_tokens.tolist().__getitem__):
        if is_open:
            inside = list(group)
            start, end = int(found.starts[inside[0]]), int(found.ends[inside[-1]])
            probability = float(values[inside].max())
            yield Entity(kind, ((start, end),), text[start:end], probability, certain=False)


def _noting_types(documents: Iterable[Document], types: set[str]) -> Iterator[Document]:
    """Yield the documents, and put the entity types that occur in them into the set."""
    for document in documents:
        types.update(entity.type for entity in document.annotations)
        yield document


def _report(source: Path, done: CompletedSilver) -> str:
    """Return the report of the silver corpus, if it has one, and the counts."""
    try:
        before = (source / "report.txt").read_text("utf-8") + "\n"
    except (OSError, UnicodeDecodeError):
        before = ""
    return before + done.summary() + "\n"
