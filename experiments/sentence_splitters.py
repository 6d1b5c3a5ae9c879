"""Compare sentence splitters on brat folders: the rules of this package and others if installed.

    pip install segtok pysbd spacy
    python experiments/sentence_splitters.py DIR [DIR ...] [--lines NAME ...] [--show 50]

For every folder and splitter it prints the number of sentences, the entities that a sentence
boundary cuts, and the speed. Folders whose last part is given with ``--lines`` have one sentence
per line: there the line breaks are hidden from the splitters and serve as the truth, and precision
and recall of the boundaries are printed. ``--show N`` prints a seeded sample of places where the
splitters disagree and of places where all agree, to be judged by reading.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.sentences import SENTENCE_SPLITTER, split_sentences

PARTS = ("train", "valid", "test")
Splitter = Callable[[str], "list[tuple[int, int]]"]


def by_lines(split_line: Splitter) -> Splitter:
    """Let a splitter see one line at a time, so that line breaks count alike for all."""

    def split(text: str) -> list[tuple[int, int]]:
        spans = []
        for line in re.finditer(r"[^\r\n]+", text):
            spans.extend((line.start() + s, line.start() + e) for s, e in split_line(line.group()))
        return spans

    return split


def locate(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    """Find the pieces one after the other in the text."""
    spans, position = [], 0
    for piece in (p.strip() for p in pieces):
        if not piece:
            continue
        start = text.find(piece, position)
        if start < 0:
            raise SystemExit(f"a splitter changed the text: {piece[:60]!r}")
        position = start + len(piece)
        spans.append((start, position))
    return spans


def installed_splitters() -> dict[str, Splitter]:
    """Return the splitters that can be imported here, by name."""
    found: dict[str, Splitter] = {SENTENCE_SPLITTER: split_sentences}
    try:
        from segtok.segmenter import split_single

        found["segtok"] = by_lines(lambda text: locate(text, list(split_single(text))))
    except ImportError:
        pass
    try:
        import pysbd

        segmenter = pysbd.Segmenter(language="en", clean=False)
        found["pysbd"] = by_lines(lambda text: locate(text, segmenter.segment(text)))
    except ImportError:
        pass
    try:
        import spacy

        pipeline = spacy.blank("en")
        pipeline.add_pipe("sentencizer")
        found["spacy sentencizer"] = by_lines(
            lambda text: [(s.start_char, s.end_char) for s in pipeline(text).sents]
        )
    except ImportError:
        pass
    return found


def boundaries(text: str, spans: list[tuple[int, int]]) -> set[int]:
    """Return where sentences end, without white space, the last one left out."""
    return {start + len(text[start:end].rstrip()) for start, end in spans[:-1]}


def cut(entities: tuple[Entity, ...], ends: set[int]) -> int:
    """Count the entities with a boundary inside."""
    return sum(any(e.start < end < e.end for end in ends) for e in entities)


def show(documents: list[Document], found: dict[str, list[set[int]]], n: int) -> None:
    """Print a sample of places where the splitters disagree, and of places where they agree."""
    generator = random.Random(0)
    disagreed, agreed = [], []
    for index, document in enumerate(documents):
        votes = {name: sets[index] for name, sets in found.items()}
        for end in sorted(set.union(*votes.values())):
            names = [name for name in votes if end in votes[name]]
            if "\n" in document.text[end : end + 2]:
                continue
            place = f"{document.text[max(0, end - 50) : end]} || {document.text[end : end + 40]}"
            target = agreed if len(names) == len(votes) else disagreed
            target.append(f"{', '.join(names):40} {' '.join(place.split())}")
    for title, places in (("disagreed", disagreed), ("agreed", agreed)):
        print(f"-- {title}: {len(places)} boundaries, sample:")
        for place in generator.sample(places, min(n, len(places))):
            print(f"   {place}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lines", nargs="*", default=[], help="folders with one sentence per line")
    parser.add_argument("--show", type=int, default=0, help="print N places of each kind")
    parser.add_argument("--maximum", type=int, default=300, help="documents read per folder")
    arguments = parser.parse_args()
    splitters = installed_splitters()
    print("| corpus | splitter | sentences | entities cut | P | R | Mchar/s |")
    print("|---|---|---|---|---|---|---|")
    for folder in arguments.folders:
        documents = list(iterate_brat_folder(folder, ImportReport()))
        random.Random(0).shuffle(documents)
        documents = documents[: arguments.maximum]
        label = folder.name if folder.name not in PARTS else f"{folder.parent.name}/{folder.name}"
        truth = None
        if any(str(folder).endswith(name) for name in arguments.lines):
            truth = [{m.start() for m in re.finditer("\n(?=.)", d.text)} for d in documents]
            documents = [Document(d.id, d.text.replace("\n", " "), d.entities) for d in documents]
        found: dict[str, list[set[int]]] = {}
        for name, split in splitters.items():
            start = time.perf_counter()
            spans = [split(d.text) for d in documents]
            rate = sum(len(d.text) for d in documents) / (time.perf_counter() - start) / 1e6
            found[name] = [boundaries(d.text, s) for d, s in zip(documents, spans)]
            lost = sum(cut(d.entities, ends) for d, ends in zip(documents, found[name]))
            scores = "| - | - "
            if truth is not None:
                right = sum(len(t & f) for t, f in zip(truth, found[name]))
                proposed = sum(map(len, found[name]))
                wanted = sum(map(len, truth))
                scores = f"| {right / max(proposed, 1):.4f} | {right / max(wanted, 1):.4f} "
                if not wanted:
                    scores = f"| {proposed} wrong | - "
            total = sum(map(len, spans))
            print(f"| {label} | {name} | {total} | {lost} {scores}| {rate:.2f} |", flush=True)
        if arguments.show:
            show(documents, found, arguments.show)


if __name__ == "__main__":
    main()
