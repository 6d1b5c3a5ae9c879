"""Synthetic corpora: the same on every platform, right where they must be, wrong as stated."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys

import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.synthetic.generate import (
    ENTITY_TYPES,
    iterate_gold,
    iterate_silver,
    iterate_silver_truth,
)
from neuroner_tl.corpora.synthetic.names import load_lexicon
from neuroner_tl.corpora.synthetic.noise import corrupt
from neuroner_tl.errors import NeuroNERError, ParameterError

GOLD_HASH = "382e7582715c6c60"
SILVER_HASH = "cbab298cc4bc3d41"


def generate_gold(*arguments, **options) -> list[Document]:
    return list(iterate_gold(*arguments, **options))


def generate_silver(*arguments, **options) -> list[Document]:
    return list(iterate_silver(*arguments, **options))


def fingerprint(documents: list[Document]) -> str:
    """Hash of everything in the documents, independent of ``hash`` and ``repr``."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{document.id}\n{document.text}".encode())
        for entity in document.entities:
            digest.update(f"{entity.type} {entity.start} {entity.end} {entity.text}\n".encode())
    return digest.hexdigest()[:16]


def assert_well_formed(document: Document) -> None:
    end = 0
    for entity in document.entities:
        assert len(entity.fragments) == 1
        assert end <= entity.start < entity.end <= len(document.text)
        assert document.text[entity.start : entity.end] == entity.text == entity.text.strip()
        assert "\n" not in entity.text
        end = entity.end


def test_golden_hashes():
    assert fingerprint(generate_gold(20, seed=1, types=ENTITY_TYPES)) == GOLD_HASH
    assert fingerprint(generate_silver(20, seed=1, types=ENTITY_TYPES)) == SILVER_HASH


def test_text_does_not_depend_on_the_hash_seed():
    code = (
        "from neuroner_tl.corpora.synthetic.generate import iterate_silver as g;"
        "import hashlib; print(hashlib.sha256(repr(list(g(5, 3))).encode()).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_seed_decides_and_shorter_is_a_prefix():
    assert generate_gold(5, 1) == generate_gold(5, 1) == generate_gold(9, 1)[:5]
    assert generate_silver(5, 1) == generate_silver(9, 1)[:5]
    assert {d.text for d in generate_gold(5, 1)}.isdisjoint(d.text for d in generate_gold(5, 2))


def test_shape_of_the_documents():
    for number, document in enumerate(generate_gold(300, seed=4), start=1):
        assert document.id == f"synthetic-gold-{number:04d}"
        assert_well_formed(document)
        title, body, rest = document.text.split("\n")
        assert title.endswith(".") and rest == ""
        sentences = re.split(r"(?<=\.) (?=[A-Z0-9])", body)
        assert 4 <= len(sentences) <= 9
        assert all(re.match(r"[A-Z0-9]", sentence) for sentence in (title, *sentences))
        assert not re.search(r"  |[{}]|\(\)| [,.)]|\( ", document.text)
        assert document.text.isascii()


def test_sizes_are_those_of_abstracts():
    documents = generate_gold(400, seed=5)
    tokens = [len(re.findall(r"\w+|[^\w\s]", document.text)) for document in documents]
    entities = [len(document.entities) for document in documents]
    assert 100 < sum(tokens) / 400 < 200
    assert 8 < sum(entities) / 400 < 14
    tagged = sum(len(e.text.split()) for d in documents for e in d.entities)
    assert 0.05 < tagged / sum(tokens) < 0.20


@pytest.mark.parametrize("types", [("DISO",), ("GENE",), ("DISO", "GENE"), ENTITY_TYPES])
def test_types_choose_annotations_and_leave_the_text(types):
    everything = generate_gold(30, 6, ENTITY_TYPES)
    chosen = generate_gold(30, 6, types)
    assert {entity.type for document in chosen for entity in document.entities} == set(types)
    for full, part in zip(everything, chosen):
        assert part.text == full.text
        assert part.entities == tuple(e for e in full.entities if e.type in types)


def test_gold_and_silver_share_names_and_no_document():
    gold, silver = generate_gold(80, 1), generate_silver(250, 1)
    assert {d.id for d in gold}.isdisjoint(d.id for d in silver)
    assert {d.text for d in gold}.isdisjoint(d.text for d in silver)

    def names(documents):
        return {e.text.lower() for d in documents for e in d.entities}

    train, test, large = names(gold[:30]), names(gold[40:]), names(silver)
    assert len(test & train) / len(test) < 0.2
    assert len(test & train) < len(test & large) / 2
    assert 0.2 < len(test & large) / len(test) < 0.8


def test_ambiguous_words_are_decided_by_context():
    diseases = set(load_lexicon().diseases)
    inside = outside = 0
    for document in iterate_gold(300, 7):
        annotated = {i for e in document.entities for i in range(e.start, e.end)}
        for match in re.finditer(r"\w+", document.text):
            if match.group().lower() in diseases:
                inside += match.start() in annotated
                outside += match.start() not in annotated
    assert inside > 0 and 0.1 < outside / inside < 0.5


def test_names_are_invented():
    lexicon = load_lexicon()
    tables = [getattr(lexicon, name) for name in lexicon.__dataclass_fields__]
    every = [name.lower() for table in tables for name in table]
    assert len(every) == len(set(every))
    known = """anemia arthritis asthma carcinoma diabetes epilepsy fibrosis gastritis glaucoma
        glioma hepatitis leukemia lymphoma malaria melanoma meningitis myopathy nephritis
        neuralgia neuropathy psoriasis sarcoma sepsis stroma thrombosis mitosis apoptosis
        alzheimer parkinson huntington crohn wilson down turner marfan cushing"""
    assert set(every).isdisjoint(known.split())


def fates(right: Document, noisy: Document) -> tuple[int, int, int, int]:
    """Kept, shifted, missed and spurious entities, by comparing the spans."""
    exact = set(right.entities) & set(noisy.entities)
    left = [entity for entity in right.entities if entity not in exact]
    new = [entity for entity in noisy.entities if entity not in exact]
    shifted = [
        entity
        for entity in left
        if any(other.start < entity.end and entity.start < other.end for other in new)
    ]
    return len(exact), len(shifted), len(left) - len(shifted), len(new) - len(shifted)


@pytest.mark.parametrize(
    ("missed", "spurious", "shifted"),
    [(0.15, 0.05, 0.10), (0.0, 0.2, 0.0), (0.3, 0.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.3, 0.5)],
)
def test_observed_error_rates(missed, spurious, shifted):
    right = list(iterate_silver_truth(800, 11))
    noisy = list(corrupt(right, 11, missed=missed, spurious=spurious, shifted=shifted))
    total = sum(len(document.entities) for document in right)
    assert total > 7000
    counts = [0, 0, 0, 0]
    for before, after in zip(right, noisy):
        assert (before.id, before.text) == (after.id, after.text)
        assert_well_formed(after)
        counts = [a + b for a, b in zip(counts, fates(before, after))]
    kept, moved, lost, invented = (count / total for count in counts)
    assert kept == pytest.approx(1 - missed - shifted, abs=0.02)
    assert moved == pytest.approx(shifted, abs=0.015)
    assert lost == pytest.approx(missed, abs=0.02)
    assert invented == pytest.approx(spurious, abs=0.015)


def test_silver_is_corrupted_gold():
    truth = list(iterate_silver_truth(10, 3))
    assert list(corrupt(truth, 3)) == generate_silver(10, 3)
    assert list(corrupt(truth, 3, missed=0, spurious=0, shifted=0)) == truth
    assert list(corrupt(truth, 4)) != generate_silver(10, 3)


def test_noise_where_there_is_no_room():
    alone = Document("a", "FDA", (Entity("DISO", ((0, 3),), "FDA"),))
    (moved,) = corrupt([alone], 1, missed=0, spurious=1, shifted=1)
    assert [entity.text for entity in moved.entities] == ["FD"]
    single = Document("b", "X", (Entity("DISO", ((0, 1),), "X"),))
    assert list(corrupt([single], 1, missed=0, spurious=1, shifted=1)) == [single]
    pair = Document(
        "c", "(ab) cd", (Entity("DISO", ((1, 3),), "ab"), Entity("DISO", ((5, 7),), "cd"))
    )
    for seed in range(20):
        (moved,) = corrupt([pair], seed, missed=0, spurious=0, shifted=1)
        assert_well_formed(moved)
    empty = Document("d", "")
    assert list(corrupt([empty], 1)) == [empty]


@pytest.mark.parametrize(
    "call",
    [
        lambda: iterate_gold(0, 1),
        lambda: iterate_gold(1, 1, types=()),
        lambda: iterate_gold(1, 1, types=("DISEASE",)),
        lambda: iterate_silver(1, 1, missed=-0.1),
        lambda: iterate_silver(1, 1, spurious=1.5),
        lambda: iterate_silver(1, 1, missed=0.6, shifted=0.6),
    ],
)
def test_bad_arguments_are_refused_at_the_call(call):
    with pytest.raises(ParameterError) as caught:
        call()
    assert isinstance(caught.value, NeuroNERError) and "\n" not in str(caught.value)
