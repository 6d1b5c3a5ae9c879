"""The words of the field: phrases that its engineers would not write are not in what users read.

Each line is a phrase that has crept in before, with the words to use instead.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "parameters/*.ini",
    "experiments/*.ini",
    "experiments/miniature/*.ini",
    "experiments/*.py",
    "notebooks/*.ipynb",
    "neuroner_tl/**/*.py",
    "neuroner_tl/**/*.ini",
)
FILES = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))

INSTEAD = {
    r"anew": "again, from scratch",
    r"begun": "started",
    r"go(es)? on|gone on|going on": "resume, continue",
    r"nobody|somebody": "the passive, or a plain name: unused, interrupted",
    r"so (many|often|much|few)": "this many, the number of",
    r"behind the end": "past the end",
    r"w[io]ns? over": "overrides",
    r"some (hundred|thousand|dozen|tens)": "a few hundred",
    r"(least|most)_(?!common|similar)\w+": "min_, max_",
    r"truth_of|numbers_of": "parse_bool, parse_floats",
    r"(is|are) no (such )?(object|file|number|arm|name|folder|float|part|Python|fields)s?":
        "is not a, are not",
    r"there (is|are) no such": "is unknown, does not exist",
    r"as one would": "as it is usually written",
    r"(is|are) not touched": "is unaffected",
    r"[Pp]er cent": "percent",
    r"tags can(not)? hold": "represent",
    r"right (documents|spans|limits|annotations)": "correct, gold; boundaries",
    r"strangers?": "mismatched",
    r"[Hh]old (the )?layers?": "freeze",
    r"at hand": "available",
    r"one's own": "your own, user-defined",
    r"for want of": "for lack of",
    r"(a run|the run|training) (stands|stood)": "progress",
    r"once more": "again",
    r"(one|two) (\w+ )?an? (line|token|arm|point|definition)|a \w+ an? (line|epoch)": "per",
    r"(sentences|tokens|documents) a second": "per second",
    r"commonest": "most common",
    r"learnt": "learned, as everywhere else",
}  # fmt: skip

# A phrase that has to stay, by file: former names are refused with the new one.
EXCEPTIONS = {
    "neuroner_tl/silver/sections.py": {"least_annotations", "least_density", "most_density"},
}


def found_in(text: str) -> list[tuple[str, str]]:
    """Return the phrases in a text, across line breaks, with what to write instead."""
    # A line of a comment or of a string continues in the next one.
    joined = re.sub(r'[ "]*\n\s*(#|f?")?\s*', " ", text)
    return [
        (match.group(), instead)
        for phrase, instead in INSTEAD.items()
        for match in re.finditer(rf"\b({phrase})\b", joined)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_words_of_the_field(path):
    allowed = EXCEPTIONS.get(str(path.relative_to(ROOT)), set())
    found = [hit for hit in found_in(path.read_text(encoding="utf-8")) if hit[0] not in allowed]
    assert not found


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("# The run is made anew.", "anew"),
        ("# Stop after so\n    # many epochs.", "so many"),
        ('    "the study goes "\n    f"on with {name}"', "goes on"),
        ("def f(least_density: float)", "least_density"),
        ("a value that is no number", "is no number"),
        ("the terms, one a line", "one a line"),
    ],
)
def test_other_words_are_found(text, phrase):
    assert phrase in [hit for hit, _ in found_in(text)]
    assert not found_in("Resume the run; min_density is at least 1, the most_common ones are kept.")
