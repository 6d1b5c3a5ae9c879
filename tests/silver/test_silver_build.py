"""A silver corpus from a definition: every step, the files, and that nothing of gold is left."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from brat_documents import write_brat_document

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.convert import convert_corpus
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.duplicates import SharedDocument
from neuroner_tl.corpora.formats.standoff import read_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.leaks import find_leaks
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CorpusError, NeuroNERError, ParameterError
from neuroner_tl.silver.build import build_silver
from neuroner_tl.silver.cleaning.selection import SilverDocument
from neuroner_tl.silver.consensus.harmonise import Vote
from neuroner_tl.silver.definition import SilverDefinition, read_silver_definition
from neuroner_tl.silver.gold import GoldStandard, read_gold
from neuroner_tl.silver.sections import CleanSection
from neuroner_tl.silver.writing import _removed_lines, corpus_documents, write_corpus

DISEASES = ["gout", "renal failure", "breast cancer", "flu", "asthma", "lung cancer"]
FILLERS = (
    "we saw many patients whose symptoms of unclear origin were treated with drugs and".split()
)

DEFINITION = """
[silver]
name = small
type = DISO
data_folder = {data}
texts = texts.jsonl
output_folder = {output}
seed = 1
valid_percent = 10

[annotators]
one = lexicon:one.txt
two = lexicon:two.txt
other = standoff:other.tsv
brat = brat:tagged

[harmonise]
method = {method}
threshold = 2
extend = {extend}

[gold]
corpora = gold
learn_from = gold

[clean]
blacklist = {blacklist}
min_annotations = 1
entity_share = 0.9
topics = 3
topic_share = 0.9
documents = 30
"""


def text_with(rng: random.Random, names: list[str]) -> tuple[str, list[tuple[int, int]]]:
    text, spans = "", []
    for name in names:
        text += " ".join(rng.choices(FILLERS, k=8)) + " "
        spans.append((len(text), len(text) + len(name)))
        text += f"{name} "
    return text + ".", spans


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts, two term lists, two taggers' outputs, and a gold corpus."""
    folder = tmp_path_factory.mktemp("silver")
    rng = random.Random(0)
    (folder / "one.txt").write_text("\n".join([*DISEASES, "patients"]))
    (folder / "two.txt").write_text("\n".join([*DISEASES[:4], "cancer", "patients"]))
    pool = [(str(20000000 + i), *text_with(rng, rng.sample(DISEASES, 3))) for i in range(60)]
    for part, size in (("train", 15), ("valid", 4), ("test", 6)):
        (folder / "gold" / part).mkdir(parents=True)
        for i in range(size):
            text, spans = text_with(rng, rng.sample(DISEASES, 3))
            name = f"{part}{i}"
            if part == "test" and i == 0:  # in the pool under another name
                pool.append(("planted", text.upper(), spans))
            if part == "test" and i == 1:  # in the pool by its PubMed id
                name = "20000003"
            found = tuple(Entity("DISO", (s,), text[slice(*s)]) for s in spans)
            write_brat_document(Document(name, text, found), folder / "gold" / part)
    (folder / "texts.jsonl").write_text(
        "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text, _ in pool)
    )
    rows = [
        f"{name}\t{start}\t{end}\t{text[start:end]}\n"
        for name, text, spans in pool
        for start, end in spans[:2]
    ]
    (folder / "other.tsv").write_text("id\tstart\tend\ttext\n" + "".join(rows))
    (folder / "tagged").mkdir()
    for name, text, spans in pool[:10]:
        found = tuple(Entity("DISO", (s,), text[slice(*s)]) for s in spans)
        write_brat_document(Document(name, text, found), folder / "tagged")
    return folder


def define(data: Path, folder: Path, **changes: str) -> Path:
    folder.mkdir(exist_ok=True)
    settings = {"method": "tolerant", "extend": "False", "blacklist": "gold", **changes}
    path = folder / "silver.ini"
    text = DEFINITION.format(data=data, output=folder / "out", **settings)
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def built(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    return build_silver(read_silver_definition(define(data, folder))).folder


def test_files(built: Path) -> None:
    assert sorted(path.name for path in built.iterdir()) == [
        "agreement.tsv",
        "blacklist.tsv",
        "definition.ini",
        "removed.tsv",
        "report.json",
        "report.txt",
        "train",
        "valid",
    ]
    assert [path.name for path in built.parent.iterdir()] == ["small"]


def test_gold_documents_are_removed_and_named(built: Path, data: Path) -> None:
    removed = (built / "removed.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[:3] for line in removed] == [
        ["20000003", "gold/test/20000003", "PubMed id"],
        ["planted", "gold/test/test0", "text"],
    ]
    assert find_leaks(built, data / "gold", ("train", "valid", "test")) == []
    assert json.loads((built / "report.json").read_text())["documents_shared_with_gold"] == 0


def test_counts_before_and_after_each_step(built: Path) -> None:
    steps = json.loads((built / "report.json").read_text())["steps"]
    assert [step["name"].split()[0] for step in steps] == [
        "documents",
        "harmonised",
        "blacklist",
        "abbreviations",
        "too",
        "at",
        "at",
        "sample",
    ]
    assert (steps[0]["documents_before"], steps[0]["documents_after"]) == (61, 59)
    assert steps[1]["name"] == "harmonised by tolerant votes of 2"
    content = json.loads((built / "report.json").read_text())
    assert (content["texts"], content["gold_documents"]) == (61, 15)
    report = (built / "report.txt").read_text()
    assert "rule: tolerant votes of 2\n" in report
    assert "the 15 gold documents that annotators are scored on" in " ".join(report.split())
    for left, right in zip(steps, steps[1:]):
        assert left["documents_after"] == right["documents_before"]
    for left, right in zip(steps[1:], steps[2:]):
        assert left["mentions_after"] == right["mentions_before"]
    assert steps[2]["mentions_after"] < steps[2]["mentions_before"]
    assert steps[-1]["documents_after"] == 30


def test_blacklist_of_what_gold_never_annotates(built: Path) -> None:
    listed = [line.split("\t")[0] for line in (built / "blacklist.tsv").read_text().splitlines()]
    assert listed == ["patients"]


def test_the_corpus_and_its_agreement(built: Path) -> None:
    corpus = read_corpus(built, required=("train", "valid"))
    assert (len(corpus.parts["train"]), len(corpus.parts["valid"])) == (27, 3)
    rows = read_standoff(built / "agreement.tsv")
    report = ImportReport()
    for part in corpus.parts.values():
        for document in part.documents(report):
            assert [(e.start, e.end) for e in document.entities] == [
                (start, end) for start, end, *_ in rows[document.id]
            ]
            assert {e.text.lower() for e in document.entities} <= set(DISEASES)
    heading, first, *_ = (built / "agreement.tsv").read_text().splitlines()
    assert heading.split("\t")[4:] == ["support", "exact", "overlapping"]
    columns = first.split("\t")
    votes = [name for column in columns[5:] for name in column.split(",") if name]
    assert float(columns[4]) == len(votes) >= 2


def test_it_is_reproducible(built: Path, data: Path, tmp_path: Path) -> None:
    again = build_silver(read_silver_definition(define(data, tmp_path))).folder
    for path in built.rglob("*"):
        if path.is_file() and path.name != "definition.ini":
            assert path.read_bytes() == (again / path.relative_to(built)).read_bytes(), path.name


def test_learned_and_extended(data: Path, tmp_path: Path) -> None:
    path = define(data, tmp_path, method="learned", extend="True")
    result = build_silver(read_silver_definition(path))
    scores = result.content["scores"]["gold"]
    best_single = max(scores[name]["f1"] for name in ("one", "two", "other"))
    assert scores["learned vote, boundaries, blacklist, abbreviations"]["f1"] >= best_single
    assert scores["other"]["tp"] == 0  # it has only seen the pool
    # The folder has none of the gold documents: it cannot be scored on them.
    assert "brat" not in scores and result.content["covered"]["gold"]["brat"] == 0
    assert "scored on the documents that they cover, of 15: brat 0" in result.report
    assert {*result.content["rule"]["exact"]} <= {"one", "two", "other", "brat"}
    assert result.content["withheld_train_documents"] == {"gold": 0}
    learned = result.content["learned_from_documents"]
    assert sorted(learned["gold"]) == sorted(f"train{i}" for i in range(15))
    assert result.content["train_size"] is None


def test_documents_that_were_only_scored_on_taught_nothing(data: Path, tmp_path: Path) -> None:
    (data / "list.txt").write_text("Gout\n")
    content = build_silver(define(data, tmp_path, blacklist="list.txt")).content
    assert content["learned_from"] == {"gold": 15} and content["learned_from_documents"] == {}


def test_silence_outside_of_what_is_covered_is_no_vote(data: Path, tmp_path: Path) -> None:
    (data / "covered.tsv").write_text("id\tannotator\n20000000\tother\n20000001\tone\n")
    path = define(data, tmp_path)
    rows = (data / "other.tsv").read_text().splitlines()
    (data / "few.tsv").write_text("\n".join(rows[:1] + [r for r in rows if "20000005" in r]))
    text = path.read_text().replace("standoff:other.tsv", "standoff:few.tsv")
    path.write_text(f"{text}\n[coverage]\nother = covered.tsv\n")
    contributions = build_silver(path).content["agreement"]["contributions"]
    numbers = {name: row["documents"] for name, row in contributions.items()}
    assert numbers == {"one": 59, "two": 59, "other": 2, "brat": 9}


def test_a_part_of_the_texts_is_drawn_before_annotation(data: Path, tmp_path: Path) -> None:
    path = define(data, tmp_path)
    path.write_text(path.read_text().replace("seed = 1", "seed = 1\npool_documents = 20"))
    content = build_silver(path).content
    assert content["steps"][1]["name"] == "20 drawn, balanced by source and topic"
    assert [step["documents_after"] for step in content["steps"][:3]] == [59, 20, 20]
    assert content["agreement"]["contributions"]["one"]["documents"] == 20


def test_unknown_regions_are_written(data: Path, tmp_path: Path) -> None:
    vote = Vote(0, 4, ("one",), (), 1.0)
    silver = SilverDocument("1", "Gout and flu.", (vote,), unknown=((9, 12),))
    (document,) = corpus_documents([silver], "DISO")
    assert document.entities == (Entity("DISO", ((0, 4),), "Gout"),)
    assert document.unknown == (Entity("DISO", ((9, 12),), "flu", certain=False),)
    definition = read_silver_definition(define(data, tmp_path))
    write_corpus(definition, tmp_path / "corpus", [silver], [], [], {}, "")
    (read,) = read_corpus(tmp_path / "corpus")["train"]
    assert (read.entities, read.unknown) == (document.entities, document.unknown)


def test_documents_without_mentions_are_kept_in_proportion(data: Path, tmp_path: Path) -> None:
    """They used to be dropped, however many of them gold corpora have."""
    path = define(data, tmp_path, blacklist="list.txt")
    (data / "list.txt").write_text("Gout\n")
    texts = [json.loads(line) for line in (data / "texts.jsonl").read_text().splitlines()]
    filler = " ".join(FILLERS).replace("patients", "people")
    texts += [{"id": f"empty{i}", "text": f"{i} {filler}."} for i in range(20)]
    (data / "more.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    text = path.read_text().replace("texts.jsonl", "more.jsonl")
    path.write_text(text.replace("documents = 30", "documents = 30\nempty_share = 0.2"))
    content = build_silver(path).content
    assert content["steps"][-1]["name"] == "20 % without mentions added, of 30 documents"
    assert content["documents"] == 30 and content["learned_from_documents"] == {}
    files = (tmp_path / "out" / "small").rglob("empty*.ann")
    assert [file.read_text() for file in files] == [""] * 6
    # The gold documents of this test are as short as sentences.
    path.write_text(text.replace("documents = 30", "empty_share = gold"))
    with pytest.raises(CorpusError, match="no train document of the gold corpora has 100 tokens"):
        build_silver(path, replace=True)


def test_annotators_without_errors_are_no_error(data: Path, tmp_path: Path) -> None:
    """Other methods are scored for comparison; one that cannot be learned ended the build."""
    (data / "perfect.txt").write_text("\n".join(DISEASES))
    path = define(data, tmp_path)
    text = path.read_text().replace("threshold = 2", "threshold = 1")
    start, end = text.index("one = "), text.index("[harmonise]")
    path.write_text(f"{text[:start]}one = lexicon:perfect.txt\n{text[end:]}")
    scores = build_silver(path).content["scores"]["gold"]
    assert scores["tolerant vote"]["f1"] == 1.0 and "learned vote" not in scores


def test_texts_of_several_files(data: Path, tmp_path: Path) -> None:
    lines = (data / "texts.jsonl").read_text().splitlines(keepends=True)
    (data / "first.jsonl").write_text("".join(lines[:40]))
    (data / "second.jsonl").write_text("".join(lines[30:]))
    whole = build_silver(define(data, tmp_path)).folder
    path = define(data, tmp_path / "again")
    text = path.read_text().replace("texts.jsonl", "first.jsonl, second.jsonl")
    path.write_text(text)
    again = build_silver(path).folder
    assert (again / "agreement.tsv").read_bytes() == (whole / "agreement.tsv").read_bytes()
    (data / "second.jsonl").write_text(lines[39].replace("saw", "see"))
    with pytest.raises(CorpusError, match=r"second\.jsonl: document '.*' occurs twice with diff"):
        build_silver(path, replace=True)


def test_a_given_blacklist_and_an_old_corpus(data: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    (data / "list.txt").write_text("Gout\n")
    path = define(data, tmp_path, blacklist="list.txt")
    assert main(["silver", "build", str(path)]) == 0
    assert "written to" in capsys.readouterr().out
    texts = [p.read_text() for p in (tmp_path / "out" / "small").rglob("*.ann")]
    assert "patients" in " ".join(texts) and "gout" not in " ".join(texts)
    assert main(["silver", "build", str(path)]) == 2
    assert "already exists and would be overwritten; replace the corpus with --repl" in " ".join(
        capsys.readouterr().err.split()
    )
    assert main(["silver", "build", str(path), "--replace"]) == 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[clean]", "[cleen]", "the nearest is [clean]"),
        ("seed = 1", "sead = 1", "the nearest is seed"),
        ("seed = 1", "seed = x", "found 'x'"),
        ("method = tolerant", "method = best", "found 'best'"),
        ("name = small", "name = ..", "expected a folder name"),
        ("name = small", f"name = {'x' * 300}", "expected a folder name"),
        ("lexicon:one.txt", "one.txt", "expected a kind and a path"),
        ("type = DISO", "", "found no type in [silver]"),
        ("learn_from = gold", "learn_from = good", "a name among corpora: gold"),
        ("learn_from = gold", "", "expected learn_from"),
        ("threshold = 2", "weights = one:2, three:1", "expected an annotator"),
        ("threshold = 2", "weights = one", "expected name:number"),
        ("threshold = 2", "weights = one:nan", "found 'one:nan', expected name:number"),
        ("threshold = 2", "weights = one:inf", "found 'one:inf', expected name:number"),
        ("threshold = 2", "weights = one:-1", "found 'one:-1', expected name:number"),
        ("threshold = 2", "weights = one:2, one:1", "found 'one:1', expected each annotator once"),
        ("corpora = gold", "corpora = gold, old/gold.tar.gz", "two corpora named gold"),
        ("topic_share = 0.9", "topic_share = 0.3", "more than 1 / 3"),
        ("documents = 30", "empty_share = 1.5", "found '1.5', expected gold, or a share"),
        ("documents = 30", "empty_share = x", "found 'x', expected gold, or a share"),
        (
            "learn_from = gold\n\n[clean]\nblacklist = gold",
            "[clean]\nempty_share = gold",
            "count docu",
        ),
        ("[harmonise]", "[coverage]\none = few.tsv\n[harmonise]", "name of a standoff annotator"),
        ("[harmonise]", "[coverage]\nnone = few.tsv\n[harmonise]", "no such annotator"),
        ("[harmonise]", "[types]\none = Gene\n[harmonise]", "found a term list, expected an"),
        ("[harmonise]", "[types]\nnone = Gene\n[harmonise]", "found no such annotator"),
        ("[harmonise]", "[types]\nbrat = ,\n[harmonise]", "found no type"),
        ("lexicon:one.txt", "pubtater:one.txt", "bioc-json, bioc-xml, brat, conll"),
        ("texts = texts.jsonl", "texts = ,", "expected one or more files"),
        ("texts = texts.jsonl", "texts = texts.jsonl\ntexts_format = doc", "expected one of"),
    ],
)
def test_a_broken_definition(data: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    path = define(data, tmp_path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ParameterError, match=r"silver\.ini") as caught:
        read_silver_definition(path)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_annotators_are_files_of_any_tagger_with_types_of_their_own(
    data: Path, tmp_path: Path
) -> None:
    convert_corpus(
        data / "tagged",
        "brat",
        tmp_path / "tagged.pubtator",
        to="pubtator",
        rename={"DISO": "Disease"},
    )
    reports = {}
    for kind in ("brat:tagged", f"pubtator:{tmp_path / 'tagged.pubtator'}"):
        path = define(data, tmp_path / kind.partition(":")[0])
        text = path.read_text().replace("brat:tagged", kind)
        path.write_text(text.replace("[gold]", "[types]\nbrat = Disease, DISO\n[gold]"))
        reports[kind] = build_silver(path).content["agreement"]
    assert len({json.dumps(report) for report in reports.values()}) == 1
    assert reports[kind]["contributions"]["brat"]["documents"] == 9  # One is in gold.


def test_former_names_are_refused_with_the_new_one(data: Path, tmp_path: Path) -> None:
    section = "clean"
    for former, name in CleanSection.former_names.items():
        path = define(data, tmp_path)
        text = path.read_text().replace("min_annotations = 1\n", "")
        path.write_text(text.replace(f"[{section}]", f"[{section}]\n{former} = 1"))
        with pytest.raises(ParameterError, match=f"{former}: found a former name .*{name};"):
            read_silver_definition(path)
        path.write_text(text.replace(f"[{section}]", f"[{section}]\n{name} = 1"))
        assert getattr(getattr(read_silver_definition(path), section), name) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "texts = texts.jsonl",
            "texts = none.jsonl",
            "none.jsonl: found no such file or folder, expected texts in the format jsonl; correct",
        ),
        (
            "texts = texts.jsonl",
            "texts = gold",
            "gold: found a folder, expected a file in the format jsonl; give a file, or name",
        ),
        ("lexicon:one.txt", "lexicon:gold", "gold: found a folder, expected a term list;"),
        ("brat:tagged", "brat:none", "none: found no such file or folder, expected annotations in"),
        ("brat:tagged", "model:none", "expected the folder of a model;"),
        ("brat:tagged", "train:none with some.ini", "none: found no such file or folder, expected"),
        ("brat:tagged", "train:gold with some.ini", "some.ini: found no such file or folder, exp"),
        ("blacklist = gold", "blacklist = none.txt", "blacklist in [clean]: "),
        ("[gold]", "[coverage]\nother = none.tsv\n[gold]", "other in [coverage]: "),
        (
            "corpora = gold",
            "corpora = nothing/gold",
            "nothing/gold: found no such file or folder, expected a gold corpus;",
        ),
        ("type = DISO", "type = PRGE", "no entity of type PRGE"),
        ("min_annotations = 1", "min_annotations = 100", "left after the step 'too sparse or"),
        (
            "[harmonise]\nmethod = tolerant\nthreshold = 2",
            "[types]\nbrat = GENE\n[harmonise]\nmethod = tolerant\nthreshold = 4",
            "harmonised by tolerant votes of 4; lower threshold in",
        ),
        ("brat:tagged", "model:gold", "holds no model"),
    ],
)
def test_what_cannot_be_used(data: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    path = define(data, tmp_path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(NeuroNERError) as caught:
        build_silver(read_silver_definition(path))
    assert words in str(caught.value)
    assert not (tmp_path / "out" / "small").exists()


def test_a_missing_file_is_found_before_any_text_is_annotated(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = define(data, tmp_path)
    path.write_text(path.read_text().replace("brat:tagged", "brat:none"))
    with pytest.raises(CorpusError, match=r"silver\.ini: brat in \[annotators\]: .*none: found no"):
        build_silver(path)
    assert not caplog.records


def test_a_place_that_cannot_be_written_is_found_before_any_text_is_read(
    data: Path, tmp_path: Path
) -> None:
    path = define(data, tmp_path)
    path.write_text(path.read_text().replace("texts = texts.jsonl", "texts = none.jsonl"))
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match=r"cannot be written, since .*file is a file; give anot"):
        build_silver(path, output_folder=tmp_path / "file" / "deeper")


def test_texts_that_are_all_in_gold_corpora(data: Path, tmp_path: Path) -> None:
    path = define(data, tmp_path)
    path.write_text(path.read_text().replace("texts = texts.jsonl", "texts = gold/train"))
    path.write_text(path.read_text().replace("type = DISO", "type = DISO\ntexts_format = brat"))
    with pytest.raises(
        CorpusError, match=r"all \d+ texts are documents of gold corpora; give other"
    ):
        build_silver(path)


def test_texts_without_a_document(data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    path = define(data, tmp_path)
    texts = f"texts = {tmp_path / 'empty'}\ntexts_format = brat"
    path.write_text(path.read_text().replace("texts = texts.jsonl", texts))
    with pytest.raises(CorpusError, match=r"found no document in the texts of \[silver\], exp"):
        build_silver(path)


def test_an_annotator_that_finds_nothing_is_named(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = define(data, tmp_path)
    path.write_text(path.read_text().replace("[gold]", "[types]\nbrat = Diseases\n[gold]"))
    build_silver(path)
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert record.getMessage().startswith("brat: found no mention in any text")


def test_another_tagger_of_other_texts(data: Path, tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    tagged = tmp_path / "tagged"
    tagged.mkdir()
    write_brat_document(Document("20000000", "Something else."), tagged)
    path = define(data, tmp_path)
    (tmp_path / "other.tsv").write_text("20000001\t0\t9\tSomething\n")
    text = path.read_text().replace("brat:tagged", f"brat:{tagged}")
    path.write_text(text.replace("standoff:other.tsv", f"standoff:{tmp_path / 'other.tsv'}"))
    content = build_silver(read_silver_definition(path)).content
    rows = content["agreement"]["contributions"]
    assert rows["brat"]["spans"] == rows["other"]["spans"] == 0
    assert f"{tagged}: 1 document differs from the text" in caplog.text
    assert f"{tmp_path / 'other.tsv'}: 1 document differs from the text" in caplog.text


def test_rows_that_do_not_fit_are_an_error(data: Path, tmp_path: Path) -> None:
    rows = (data / "other.tsv").read_text().splitlines()
    name, start, end, says = rows[1].split("\t")
    (tmp_path / "other.tsv").write_text(f"{rows[1]}\n{name}\t{int(start) + 1}\t{end}\t{says}\n")
    path = define(data, tmp_path)
    path.write_text(
        path.read_text().replace("standoff:other.tsv", f"standoff:{tmp_path / 'other.tsv'}")
    )
    with pytest.raises(CorpusError, match=r"other\.tsv:2: the offsets"):
        build_silver(read_silver_definition(path))


def test_a_trained_model_is_an_annotator(data: Path, tmp_path: Path, source_run) -> None:  # type: ignore[no-untyped-def]
    path = define(data, tmp_path)
    path.write_text(
        path.read_text().replace("brat = brat:tagged", f"model = model:{source_run.folder.path}")
    )
    content = build_silver(read_silver_definition(path)).content
    assert "model" in content["scores"]["gold"]
    assert content["agreement"]["kappa"]["model"]["model"] == 1.0


KILLED = """
import os, signal, sys
from neuroner_tl.__main__ import main
from neuroner_tl.silver import writing
writing.replace_folder = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
main(["silver", "build", sys.argv[1]])
"""


def test_what_a_killed_build_leaves_is_removed(data: Path, tmp_path: Path) -> None:
    """Killed when the whole corpus is written under its hidden name."""
    path = define(data, tmp_path)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = (tmp_path / "out").iterdir()
    assert left.name.startswith(".small.") and list(left.rglob("*.ann"))
    assert main(["silver", "build", str(path)]) == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["small"]


def test_a_full_disk(data: Path, tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """One line with the file that does not fit; the former corpus stays, and nothing else."""
    path = define(data, tmp_path)
    assert main(["silver", "build", str(path)]) == 0
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    capsys.readouterr()
    calls, real = [], os.fsync

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert main(["silver", "build", str(path), "--replace"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "No space left on device; free some space" in error
    assert str(tmp_path / "out") in error
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_a_gold_corpus_is_a_folder_or_the_archive_of_that_name(data: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(data, tmp_path / "data")
    expected = read_gold(read_silver_definition(define(folder, tmp_path)))
    with tarfile.open(folder / "gold.tar.gz", "w:gz") as archive:
        archive.add(folder / "gold", "gold")
    shutil.rmtree(folder / "gold")
    assert read_gold(read_silver_definition(define(folder, tmp_path))) == expected


def test_gold_whose_documents_have_no_mention_tells_no_share(data: Path, tmp_path: Path) -> None:
    """A share of 1 leaves no documents with mentions, and was a division by zero."""
    folder = shutil.copytree(data, tmp_path / "data")
    long = Document("empty", " ".join(FILLERS * 12), ())
    write_brat_document(long, folder / "gold" / "train")
    path = define(folder, tmp_path)
    path.write_text(path.read_text().replace("[clean]", "[clean]\nempty_share = gold"))
    with pytest.raises(CorpusError, match="empty_share = gold: none of the 1 train document "):
        build_silver(path)


def test_a_corpus_that_appeared_during_a_build_is_not_replaced(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two builds at once the later one took the place of the other's corpus."""
    path = define(data, tmp_path)
    other = tmp_path / "out" / "small" / "other"

    def meanwhile(definition: SilverDefinition) -> GoldStandard:
        other.mkdir(parents=True)
        return read_gold(definition)

    monkeypatch.setattr("neuroner_tl.silver.build.read_gold", meanwhile)
    with pytest.raises(CorpusError, match="already exists and would be overwritten"):
        build_silver(path)
    assert other.is_dir() and [p.name for p in (tmp_path / "out").iterdir()] == ["small"]


def test_ids_in_the_table_of_removed_documents_stay_in_their_rows() -> None:
    (_, row) = _removed_lines([SharedDocument("a\tb\nc", "gold/test/1", "text", 1.0)])
    assert row == "a b c\tgold/test/1\ttext\t1.000\n"


def test_a_label_model_needs_no_gold(data: Path, tmp_path: Path) -> None:
    path = define(data, tmp_path, method="hmm", extend=False, blacklist="")
    path.write_text(
        path.read_text()
        .replace("threshold = 2", "threshold = 0.5\nunknown_from = 0.01")
        .replace("blacklist = \n", "")
    )
    result = build_silver(read_silver_definition(path))
    content = result.content
    assert content["rule"]["annotators"]["other"]["recall"] > 0.4
    assert content["learned_from_documents"] == {}
    # Without the blacklist "patients" is found as well.
    assert content["scores"]["gold"]["label model"]["recall"] >= 0.9
    assert "learned from agreement" in result.report
    corpus = read_corpus(result.folder, required=("train", "valid"))
    documents = list(corpus.parts["train"].documents(ImportReport()))
    mentions = [entity for document in documents for entity in document.entities]
    assert mentions and all(0.5 <= (entity.probability or 0) <= 1 for entity in mentions)
    documents += corpus.parts["valid"].documents(ImportReport())
    regions = sum(len(document.unknown) for document in documents)
    assert regions and result.content["unknown_regions"] == regions
    assert f"unique, {regions} unknown region" in result.report


def test_ids_that_cannot_be_file_names(data: Path, tmp_path: Path) -> None:
    lines = (data / "texts.jsonl").read_text().splitlines()
    renamed = [json.loads(line) for line in lines]
    for record in renamed:
        record["id"] = f"pool:{record['id']}"
    folder = shutil.copytree(data, tmp_path / "data")
    (folder / "texts.jsonl").write_text("\n".join(map(json.dumps, renamed)))
    built = build_silver(read_silver_definition(define(folder, tmp_path / "one"))).folder
    names = [path.stem for path in (built / "train").glob("*.ann")]
    assert names and all(name.startswith("pool_2") for name in names)
    assert set(names) <= set(read_standoff(built / "agreement.tsv"))
    renamed[1]["id"] = renamed[0]["id"].replace(":", "_")
    (folder / "texts.jsonl").write_text("\n".join(map(json.dumps, renamed)))
    with pytest.raises(CorpusError, match="texts.jsonl: document .* occurs twice"):
        build_silver(read_silver_definition(define(folder, tmp_path / "two")))


def test_a_classifier_learns_from_gold_what_is_no_mention(data: Path, tmp_path: Path) -> None:
    path = define(data, tmp_path, method="stacked", blacklist="")
    path.write_text(path.read_text().replace("threshold = 2", "").replace("blacklist = \n", ""))
    result = build_silver(read_silver_definition(path))
    scores = result.content["scores"]["gold"]
    # "patients", which two lists give and gold never has, costs the votes precision.
    assert scores["stacked classifier"]["f1"] > scores["tolerant vote, 2"]["f1"] + 0.05
    # Of the other methods, those that learn from gold are scored with the words that they learn.
    assert {"learned vote", "learned vote, boundaries"} <= set(scores)
    assert "label model" in scores and "label model, boundaries" not in scores
    assert result.content["learned_from_documents"]["gold"]
    assert "wrong in gold" in result.report
