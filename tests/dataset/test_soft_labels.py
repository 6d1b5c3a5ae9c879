"""Soft labels beside a corpus: written and read again, mixed with its labels, or refused."""

import dataclasses

import numpy as np
import pytest

from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.gold import GoldBuilder
from neuroner_tl.dataset.soft_labels import SoftLabels, read_soft_labels, soft_targets
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.parameters.files import load_parameters

NAMES = ("O", "B-DISO", "I-DISO")
# Document a has sentences of 2 and 3 tokens, b one of 2.
STARTS = [0, 4, 9, 12, 20, 0, 5]


def soft(**changes):
    rng = np.random.default_rng(0)
    marginals = rng.dirichlet(np.ones(3), 7)
    transitions = rng.dirichlet(np.ones(9), 3).reshape(3, 3, 3) * np.array([1, 2, 1])[:, None, None]
    whole = SoftLabels(
        np.array(NAMES),
        np.array(["a", "b"]),
        np.array([0, 2, 3]),
        np.array([0, 2, 5, 7]),
        np.array(STARTS, np.int32),
        marginals,
        transitions,
    )
    return dataclasses.replace(whole, **changes)


def part_of(ids=("a", "b"), labels=(0, 1, 1, 2, 0, 0, 0), starts=STARTS):
    return EncodedPart(
        words=np.zeros(7, np.int32),
        labels=np.array(labels, np.int16),
        starts=np.array(starts, np.int32),
        ends=np.array(starts, np.int32) + 2,
        sentence_offsets=np.array([0, 2, 5, 7]),
        document_offsets=np.array([0, 2, 3]),
        document_ids=list(ids),
        gold=GoldBuilder().build(),
    )


def targets(part, share=1.0, names=NAMES, **changes):
    return soft_targets(part, part.labels, names, soft(**changes), share, "soft_labels.npz")


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "soft_labels.npz"
    with open(path, "wb") as file:
        soft().write(file)
    found = read_soft_labels(path)
    np.testing.assert_allclose(found.marginals, soft().marginals, atol=1e-3)
    np.testing.assert_allclose(found.transitions, soft().transitions, atol=1e-6)
    assert found.marginals.dtype == np.float16
    assert found.documents.tolist() == ["a", "b"]


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_a_share_of_the_teacher_and_the_rest_of_the_labels(share):
    found = targets(part_of(), share)
    hard = np.eye(3)[[0, 1, 1, 2, 0, 0, 0]]
    np.testing.assert_allclose(
        found.labels, share * soft().marginals + (1 - share) * hard, atol=1e-6
    )
    counts = np.zeros((3, 3, 3))
    for sentence, before, after in ((0, 0, 1), (1, 1, 2), (1, 2, 0), (2, 0, 0)):
        counts[sentence, before, after] = 1
    expected = share * soft().transitions + (1 - share) * counts
    np.testing.assert_allclose(found.transitions, expected, atol=1e-6)


def test_labels_are_matched_by_name():
    order = [2, 0, 1]
    found = targets(part_of(), names=tuple(np.array(NAMES)[order]))
    np.testing.assert_allclose(found.labels, soft().marginals[:, order], atol=1e-6)
    expected = soft().transitions[:, order][:, :, order]
    np.testing.assert_allclose(found.transitions, expected, atol=1e-6)


def test_sentences_with_unknown_tokens_have_the_teacher_alone():
    found = targets(part_of(labels=(0, -1, 1, 2, 0, 0, 0)), 0.5)
    np.testing.assert_allclose(found.labels[:2], soft().marginals[:2], atol=1e-6)
    np.testing.assert_allclose(found.transitions[0], soft().transitions[0], atol=1e-6)
    assert not np.allclose(found.labels[2:5], soft().marginals[2:5])


def test_documents_that_the_teacher_has_not_seen_keep_their_labels():
    found = targets(part_of(ids=("a", "new")))
    np.testing.assert_array_equal(found.labels[5:], np.eye(3)[[0, 0]])
    assert found.transitions[2].sum() == found.transitions[2, 0, 0] == 1


def test_the_last_document_may_lack_its_last_sentences():
    cut = dataclasses.replace(
        part_of(),
        **{name: getattr(part_of(), name)[:2] for name in ("words", "labels", "starts", "ends")},
        sentence_offsets=np.array([0, 2]),
        document_offsets=np.array([0, 1]),
        document_ids=["a"],
    )
    found = targets(cut)
    np.testing.assert_allclose(found.labels, soft().marginals[:2], atol=1e-6)
    np.testing.assert_allclose(found.transitions, soft().transitions[:1], atol=1e-6)


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        (part_of(), {"labels": np.array(["O", "B-CHED", "I-CHED"])}, "found the labels O, B-CHED"),
        (part_of(starts=[0, 3, *STARTS[2:]]), {}, "the tokens of a are not those of the corpus"),
        (part_of(ids=("b", "a")), {}, "the tokens of b are not"),
        (part_of(("a", "c"), (0,) * 5 + (-1, 0)), {}, "no soft labels of c, which has unknown"),
        (part_of(("c", "d")), {}, "has soft labels of no document of the train part"),
        (part_of(), {"document_offsets": np.array([0, 3, 3])}, "the tokens of a are not"),
    ],
    ids=["labels", "tokens", "documents", "unknown", "another corpus", "a shorter document"],
)
def test_what_does_not_fit_is_refused(part, changes, message):
    with pytest.raises(CorpusError, match=f"soft_labels.npz: .*{message}"):
        targets(part, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"marginals": np.zeros((6, 3))},
        {"marginals": np.full((7, 3), np.nan)},
        {"marginals": np.zeros((7, 3), int)},
        {"transitions": np.zeros((3, 3, 2))},
        {"transitions": -np.ones((3, 3, 3))},
        {"marginals": np.zeros((7, 3))},
        {"marginals": np.full((7, 3), 0.5)},
        {"transitions": np.full((3, 3, 3), 1e30)},
        {"transitions": np.zeros((3, 3, 3))},
        {"sentence_offsets": np.array([0, 5, 2, 7])},
        {"document_offsets": np.array([0, 3])},
        {"labels": np.array(NAMES, np.bytes_)},
        {"labels": np.array(NAMES)[:, None]},
        {"documents": np.arange(2)},
        {"documents": np.array(["a", "b"])[:, None]},
        {"starts": np.array(STARTS, float)},
    ],
)
def test_damaged_files(changes, tmp_path):
    path = tmp_path / "soft_labels.npz"
    np.savez(path, **{**vars(soft()), **changes})
    with pytest.raises(CorpusError, match="soft_labels.npz: damaged"):
        read_soft_labels(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", None])
def test_files_that_cannot_be_read(content, tmp_path):
    path = tmp_path / "soft_labels.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorpusError, match="soft_labels.npz: no .*; write it again"):
        read_soft_labels(path)


def test_a_cut_file(tmp_path):
    path = tmp_path / "soft_labels.npz"
    with open(path, "wb") as file:
        soft().write(file)
    data = path.read_bytes()
    for size in range(0, len(data), 50):
        path.write_bytes(data[:size])
        with pytest.raises(CorpusError):
            read_soft_labels(path)


def test_smoothing_is_refused():
    with pytest.raises(ParameterError, match="soft_label_share is 0.5 and label_smoothing 0.1"):
        load_parameters(None, {"soft_label_share": 0.5, "label_smoothing": 0.1})
