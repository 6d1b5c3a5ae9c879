"""Two systems on the test documents of an entity class, for comparisons mention by mention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Optional

from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.evaluation.brat_folders import read_folder_pair
from neuroner_tl.evaluation.error_sets import AnnotatedPart, document_counts
from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.definition import Predictions
from neuroner_tl.studies.records.mentions import RunMentions
from neuroner_tl.studies.results.comparisons import compared_arms, pairs_of_class
from neuroner_tl.studies.results.gains import Pair, PairedCounts, of_equal_corpora, paired_counts
from neuroner_tl.studies.results.study_results import Result, StudyResults

Keys = set[tuple[str, str]]


class Comparison(NamedTuple):
    """Two systems on some documents.

    Attributes:
        weight: weight of each document: 1 over the number of pairs of runs tested on it.
        gold: the gold standard.
        predicted: what each system found.
        seen: for each system, `AnnotatedPart.keys` of its train part; None if unknown.

    Example::

        for comparison in systems.comparisons:
            first, second = comparison.predicted
            print(len(first.all), len(second.all))
    """

    weight: float
    gold: AnnotatedPart
    predicted: tuple[AnnotatedPart, AnnotatedPart]
    seen: Optional[tuple[Keys, Keys]]


@dataclass(frozen=True)
class Systems:
    """Two systems on the test sets of an entity class.

    Attributes:
        names: of the two systems.
        counts: counts of their runs, document by document; None without.
        comparisons: mention by mention; empty without mentions.
        what: what was compared, in words.
        lacks: what is missing, in words.
        pairs: the runs, if it is runs of a study that are compared.

    Example::

        systems = systems_from_folders(definition.predictions["DISO"])
        print(systems.names, systems.what)
    """

    names: tuple[str, str]
    counts: Optional[PairedCounts]
    comparisons: Sequence[Comparison]
    what: str
    lacks: str = ""
    pairs: Sequence[Pair] = ()

    @property
    def averaged(self) -> bool:
        """Whether several runs were tested on a document, so that counts are means."""
        return any(comparison.weight != 1 for comparison in self.comparisons)

    def number(self, value: float) -> str:
        """Format a number of mentions."""
        return f"{value:.1f}" if self.averaged else f"{value:.0f}"


def systems_from_folders(predictions: Predictions) -> Systems:
    """Compare two systems by folders of their predictions.

    Raises:
        CorpusError: a folder cannot be used.
    """
    (first, one), (second, other) = predictions.systems.items()
    gold_documents, one_found = read_folder_pair(predictions.gold, one)
    _, other_found = read_folder_pair(predictions.gold, other)
    seen = None
    if predictions.train is not None:
        corpus = read_corpus(predictions.train, report=ImportReport(), required=())
        keys = AnnotatedPart.of(d for part in corpus.parts.values() for d in part.documents()).keys
        seen = (keys, keys)
    gold = AnnotatedPart.of(gold_documents)
    found = (AnnotatedPart.of(one_found), AnnotatedPart.of(other_found))
    counts = [document_counts(gold, predicted)[None] for predicted in found]
    return Systems(
        (first, second),
        PairedCounts(counts[0], counts[1], (0,)),
        [Comparison(1.0, gold, found, seen)],
        f"predictions in {_name(one)} and {_name(other)} against {_name(predictions.gold)}",
    )


def _name(folder: Path) -> str:
    """Return the last two names of a folder; the rest depends on the machine."""
    return "/".join(folder.parts[-2:])


def systems_from_runs(
    results: StudyResults, entity_class: str, train_size: Optional[float]
) -> Optional[Systems]:
    """Compare two arms on all corpora of a class as one test set; each document counts once.

    A run is a seed (and split) on all of these corpora. Where some corpora lack a seed, the runs
    that were tested on the most corpora are compared, and no others: F1 of several seeds is of the
    same documents then.

    Returns:
        None if no runs of both arms are finished.

    Raises:
        CorpusError: a file of mentions is damaged.
    """
    first, last = compared_arms(results)
    every = pairs_of_class(results, entity_class, train_size)
    if not every:
        return None
    pairs = of_equal_corpora(every)
    left_out = Counter(pair[0].run.corpus for pair in every)
    left_out.subtract(pair[0].run.corpus for pair in pairs)
    comparisons: list[Comparison] = []
    lacking = []
    for corpus in dict.fromkeys(one.run.corpus for one, _ in pairs):
        own = [pair for pair in pairs if pair[0].run.corpus == corpus]
        read = [[_mentions(results, result) for result in pair] for pair in own]
        known = [(one, other) for one, other in read if one is not None and other is not None]
        if len(known) < len(own):
            # Means over some of the runs would not be those of the table of scores.
            lacking.append(f"{len(own) - len(known)} of {_pairs(len(own))} on {corpus}")
        else:
            comparisons += _weighted(corpus, known)
    corpora = ", ".join(dict.fromkeys(one.run.corpus for one, _ in pairs))
    number = "a pair of runs" if len(pairs) == 1 else _pairs(len(pairs))
    size = "" if train_size is None else f", train size {train_size:g} %"
    return Systems(
        (first, last),
        paired_counts(pairs),
        comparisons,
        f"{number} on the test parts of {corpora}{size}",
        " ".join(_lacks(left_out, lacking)),
        pairs,
    )


def _lacks(left_out: Counter[str], lacking: Sequence[str]) -> Iterator[str]:
    """Yield sentences about runs that are left out, and about such without mentions."""
    others = [f"{_pairs(number)} on {corpus}" for corpus, number in left_out.items() if number]
    if others:
        yield f"Left out, so that all runs are of the same corpora: {', '.join(others)}."
    if lacking:
        yield (
            f"No mentions are kept of {', '.join(lacking)}: they are left out of diagrams, kinds "
            "and examples of errors."
        )


def _pairs(number: int) -> str:
    return counted(number, "pair of runs", "pairs of runs")


def _mentions(results: StudyResults, result: Result) -> Optional[RunMentions]:
    return None if results.mentions is None else results.mentions.read(result.run.id)


def _weighted(
    corpus: str, pairs: Sequence[tuple[RunMentions, RunMentions]]
) -> Iterator[Comparison]:
    """Yield comparisons of documents that were tested equally often."""
    times = Counter(document for one, _ in pairs for document in one.gold.mentions)
    for one, other in pairs:
        for number in sorted({times[document] for document in one.gold.mentions}):
            gold, *found = (
                AnnotatedPart.joined(
                    {
                        corpus: AnnotatedPart(
                            {d: m for d, m in part.mentions.items() if times[d] == number}
                        )
                    }
                )
                for part in (one.gold, one.predicted, other.predicted)
            )
            yield Comparison(1 / number, gold, (found[0], found[1]), (one.seen, other.seen))
