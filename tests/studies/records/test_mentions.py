"""What a run found and missed, kept beside the store."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.error_sets import AnnotatedPart, ErrorSets, count_errors
from neuroner_tl.evaluation.surface_forms import Occurrences
from neuroner_tl.studies.records.mentions import MentionFiles, Shown

TEXT = "Gout, flu and renal failure."


def part(**documents):
    def entity(kind, *ends):
        pairs = tuple(zip(ends[::2], ends[1::2]))
        return Entity(kind, pairs, " ".join(TEXT[a:b] for a, b in pairs))

    return AnnotatedPart.of(
        Document(name, TEXT, tuple(entity(*one) for one in mentions))
        for name, mentions in documents.items()
    )


GOLD = part(a=[("DISO", 0, 4), ("DISO", 6, 9)], b=[("DISO", 14, 19, 20, 27)], c=[])
FOUND = part(a=[("DISO", 0, 4), ("CHED", 6, 9)], b=[("DISO", 14, 27)], c=[("DISO", 6, 9)])
TRAIN = part(x=[("DISO", 6, 9)])


def test_the_mentions_come_back(tmp_path):
    files = MentionFiles(tmp_path / "mentions")
    assert files.read("run") is None
    files.write("run", GOLD, FOUND, TRAIN.keys)
    gold, found, seen = files.read("run")
    assert gold == GOLD and found == FOUND
    for one, other in ((GOLD, FOUND), (gold, found)):
        assert ErrorSets.of(one, other) == ErrorSets.of(GOLD, FOUND)
    assert count_errors(gold, found, seen) == count_errors(GOLD, FOUND, TRAIN.keys)


SPANS = st.lists(
    st.tuples(st.sampled_from(["DISO", "CHED"]), st.integers(0, 9), st.integers(10, 28)), max_size=5
)


@given(SPANS, SPANS, SPANS)
def test_any_mentions_come_back(tmp_path_factory, gold, found, train):
    files = MentionFiles(tmp_path_factory.mktemp("mentions"))
    expected = part(a=gold, b=found), part(a=found, b=gold)
    files.write("run", *expected, part(x=train).keys)
    *back, seen = files.read("run")
    assert tuple(back) == expected
    assert count_errors(*back, seen) == count_errors(*expected, part(x=train).keys)


def test_runs_on_one_test_part_share_its_gold_standard(tmp_path):
    files = MentionFiles(tmp_path / "mentions")
    for name in ("one", "other"):
        files.write(name, GOLD, FOUND, TRAIN.keys)
    assert len(list(files.folder.glob("gold-*"))) == 1
    assert files.copy(["one", "not there"], tmp_path / "copy") > 0
    assert len(list((tmp_path / "copy").iterdir())) == 2
    assert MentionFiles(tmp_path / "copy").read("one") == files.read("one")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x1f\x8b broken"])
def test_a_damaged_file_is_an_error(tmp_path, content):
    files = MentionFiles(tmp_path)
    files.write("run", GOLD, FOUND, TRAIN.keys)
    (tmp_path / "run.json.gz").write_bytes(content)
    with pytest.raises(CorpusError, match="damaged"):
        files.read("run")


SHOWN = {
    ("DISO", "gout"): Shown(True, Occurrences(3, 2)),
    ("DISO", "flu"): Shown(True, Occurrences(0, 0)),
    ("DISO", "renal failure"): Shown(False, None),
}


def test_what_was_shown_comes_back_and_is_copied(tmp_path):
    files = MentionFiles(tmp_path / "mentions")
    assert not files.has_shown("run") and files.read_shown("run") is None
    files.write("run", GOLD, FOUND, TRAIN.keys)
    assert files.read_shown("run") is None
    files.write_shown("run", SHOWN)
    assert files.read_shown("run") == SHOWN
    files.copy(["run"], tmp_path / "copy")
    assert MentionFiles(tmp_path / "copy").read_shown("run") == SHOWN


ROWS = '["DISO","flu",0,null],["DISO","renal failure",0,null]'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1]",
        '[["DISO", "gout", 1, [2]]]',
        "{}}",
        # More mentions than occurrences, other types than numbers and texts.
        f'[["DISO","gout",1,[2,3]],{ROWS}]',
        f'[["DISO","gout",1,[2,-1]],{ROWS}]',
        f'[["DISO","gout",1,["2","1"]],{ROWS}]',
        f'[["DISO",["gout"],1,[2,1]],{ROWS}]',
        # Of other mentions than the run's: one is lacking, one is too many.
        f"[{ROWS}]",
        f'[["DISO","gout",1,null],["CHED","gout",1,null],{ROWS}]',
    ],
)
def test_a_damaged_file_of_what_was_shown_is_named(tmp_path, content):
    files = MentionFiles(tmp_path)
    files.write("run", GOLD, FOUND, TRAIN.keys)
    files.write_shown("run", SHOWN)
    (tmp_path / "forms-run.json.gz").write_bytes(content and gzip.compress(content.encode()) or b"")
    with pytest.raises(CorpusError, match=r"forms-run\.json\.gz: found a damaged file .* remove"):
        files.read_shown("run")


def test_what_was_shown_is_of_each_mention_of_the_run(tmp_path):
    files = MentionFiles(tmp_path)
    files.write("run", GOLD, FOUND, TRAIN.keys)
    (tmp_path / "forms-run.json.gz").write_bytes(
        gzip.compress(f'[["DISO","gout",1,[2,1]],{ROWS}]'.encode())
    )
    assert files.read_shown("run")["DISO", "gout"] == Shown(True, Occurrences(2, 1))
