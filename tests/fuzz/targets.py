"""What is fuzzed: every kind of file that the program reads, small and valid, and its reader."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
FORMATS = TESTS / "fixtures" / "corpora" / "formats"
CORPORA = TESTS / "fixtures" / "corpora"
EXPERIMENTS = TESTS.parent / "experiments"
VARIABLES = {"GOLD": "somewhere", "SILVER": "some where", "VECTORS": "vectors.bin", "DATA": "data"}


@dataclass(frozen=True)
class Target:
    """A reader and the files that it reads.

    Args:
        files: content by path in the folder.
        damaged: the files to damage, and the kind of each: see `mutators.mutate`.
        read: reads the folder.
        finish: puts right what only says that a file was changed, such as checksums; None for
            nothing.
    """

    files: dict[str, bytes]
    damaged: dict[str, str]
    read: Callable[[Path], object]
    finish: Optional[Callable[[Path], None]] = None


def make_targets() -> dict[str, Target]:
    """Return all targets by name; the packages that they need are loaded here."""
    return {
        **_corpora(),
        **_lists(),
        **_vectors(),
        **_settings(),
        **_archives(),
        **_models(),
        **_studies(),
        **_requests(),
    }


def _corpora() -> dict[str, Target]:
    from neuroner_tl.corpora.convert import READERS
    from neuroner_tl.corpora.import_report import ImportReport
    from neuroner_tl.corpora.reader import read_corpus
    from neuroner_tl.corpora.text.tagging import tag_document
    from neuroner_tl.corpora.text.tokenizers import get_tokenizer

    tokenizer = get_tokenizer("alnum")

    def reader(form: str, name: str) -> Callable[[Path], object]:
        def read(folder: Path) -> None:
            for document in READERS[form](folder / name if name else folder, ImportReport()):
                for entity in document.annotations:
                    pieces = [document.text[start:end] for start, end in entity.fragments]
                    assert entity.text == " ".join(pieces) and all(pieces)
                document.text.encode("utf-8")
                tag_document(document, tokenizer, "bioes")

        return read

    def of_one_file(form: str, content: bytes, kind: str) -> Target:
        return Target({"x": content}, {"x": kind}, reader(form, "x"))

    def read_parts(folder: Path) -> None:
        for part in read_corpus(folder).parts.values():
            assert len(list(part)) == len(part.ids)

    brat = CORPORA / "brat_parts" / "train"
    files = {f"a.{end}": (brat / f"a2.{end}").read_bytes() for end in ("txt", "ann")}
    # An unknown region, and a mention with a probability.
    files |= {
        "b.txt": b"Gout and flu.",
        "b.ann": b"T1\tDISO 0 4\tGout\nA1\tUnknown T1\nT2\tDISO 9 12\tflu\n"
        b"#1\tAnnotatorNotes T2\tprobability 0.9\n",
    }
    conll = (CORPORA / "conll" / "train.txt").read_bytes()
    conll += b"\n-DOCSTART- doubt\n\nGout - ?B-DISO O\n. - - O\n"
    jsonl = (FORMATS / "documents.jsonl").read_bytes().rstrip() + (
        b'\n{"id": "doubt", "text": "Gout", "entities": [{"type": "DISO", "fragments": [[0, 4]], '
        b'"text": "Gout", "probability": 0.4, "certain": false}]}\n'
    )
    packed = gzip.compress(jsonl, mtime=0)
    return {
        "brat": Target(files, dict.fromkeys(files, "lines"), reader("brat", "")),
        "conll": of_one_file("conll", conll, "lines"),
        "conll-parts": Target({"train.txt": conll}, {"train.txt": "lines"}, read_parts),
        "iexml": of_one_file("iexml", (FORMATS / "iexml.xml").read_bytes(), "lines"),
        "medline": of_one_file("medline", (FORMATS / "medline.xml").read_bytes(), "lines"),
        "text": of_one_file("text", b"Gout and flu.\r\nNo fever.\n", "lines"),
        "bioc-xml": of_one_file("bioc-xml", (FORMATS / "bioc.xml").read_bytes(), "lines"),
        "bioc-json": of_one_file("bioc-json", (FORMATS / "bioc.json").read_bytes(), "json"),
        "pubtator": of_one_file("pubtator", (FORMATS / "pubtator.txt").read_bytes(), "lines"),
        "jsonl": of_one_file("jsonl", jsonl, "jsonl"),
        "jsonl-gz": Target({"x.gz": packed}, {"x.gz": "binary"}, reader("jsonl", "x.gz")),
    }


def _lists() -> dict[str, Target]:
    from neuroner_tl.corpora.document import Document
    from neuroner_tl.corpora.formats.standoff import iterate_standoff
    from neuroner_tl.corpora.import_report import ImportReport
    from neuroner_tl.silver.annotators.annotators import StandoffAnnotator
    from neuroner_tl.silver.annotators.lexicon import Lexicon, read_terms
    from neuroner_tl.silver.cleaning.blacklist import read_blacklist

    documents = [Document("90000007", "Gout and flu."), Document("b", "Gout (GT) is a GT.")]
    rows = b"id\tstart\tend\ttext\ttype\n90000007\t0\t4\tGout\tX\nb\t0\t4\tGout\tY\n"

    def standoff(folder: Path) -> None:
        list(iterate_standoff(folder / "s.tsv", documents, "X", ImportReport()))

    def annotator(folder: Path) -> None:
        list(StandoffAnnotator(folder / "s.tsv", ["X"]).annotate(documents))

    def lexicon(folder: Path) -> None:
        terms = Lexicon(read_terms(folder / "terms.txt"))
        for document in documents:
            terms.annotate(document.text)
        read_blacklist(folder / "terms.txt")

    terms = b"gout\nBcl-2\nalpha-thalassaemia\nEscherichia coli\nGT\n"
    return {
        "standoff": Target({"s.tsv": rows}, {"s.tsv": "lines"}, standoff),
        "annotator": Target({"s.tsv": rows}, {"s.tsv": "lines"}, annotator),
        "terms": Target({"terms.txt": terms}, {"terms.txt": "lines"}, lexicon),
    }


def _vectors() -> dict[str, Target]:
    from neuroner_tl.dataset.soft_labels import SoftLabels, read_soft_labels
    from neuroner_tl.dataset.word_vectors.fasttext_file import MAGIC, FastTextFile
    from neuroner_tl.dataset.word_vectors.word_vector_file import read_word_vectors

    words = ["the", "of", "gout", "naïve"]
    rows = np.arange(8, dtype="<f4").reshape(4, 2)
    text = "".join(f"{word} {row[0]} {row[1]}\n" for word, row in zip(words, rows)).encode()
    binary = b"".join(w.encode() + b" " + row.tobytes() + b"\n" for w, row in zip(words, rows))
    contents = {"glove": text, "text": b"4 2\n" + text, "bin": b"4 2\n" + binary}

    def read(folder: Path) -> None:
        (path,) = folder.iterdir()
        for wanted in ({"gout", "flu"}, None):
            read_word_vectors(path, wanted, 2)

    header = struct.pack("<i", 12) + struct.pack("<12id", 2, 5, 5, 1, 5, 1, 1, 1, 3, 2, 3, 0, 1e-4)
    entries = b"".join(w.encode() + b"\0" + struct.pack("<qb", 7, 0) for w in words)
    table = struct.pack("<?2q", False, 7, 2) + np.arange(14, dtype="<f4").tobytes()
    fasttext = MAGIC + header + struct.pack("<3i2q", 4, 4, 0, 28, -1) + entries + table

    def read_fasttext(folder: Path) -> None:
        FastTextFile(folder / "x.bin").compose(["gout", "flu", "x"])

    # Each of two tokens has each of two labels, and each pair of these, with equal probability.
    even, pairs = np.full((2, 2), 0.5, np.float32), np.full((1, 2, 2), 0.25, np.float32)
    soft, packed = np.array(["O", "B-X"]), io.BytesIO()
    offsets = np.array([0, 1], np.int64)
    bounds = np.array([0, 2], np.int64)
    SoftLabels(soft, np.array(["a"]), offsets, bounds, bounds.astype(np.int32), even, pairs).write(
        packed
    )

    return {
        "soft-labels": Target(
            {"soft_labels.npz": packed.getvalue()},
            {"soft_labels.npz": "binary"},
            lambda folder: read_soft_labels(folder / "soft_labels.npz"),
        ),
        **{
            f"vectors-{name}": Target({"x.bin": content}, {"x.bin": "binary"}, read)
            for name, content in contents.items()
        },
        "vectors-gz": Target({"x.gz": gzip.compress(text, mtime=0)}, {"x.gz": "binary"}, read),
        "fasttext": Target({"x.bin": fasttext}, {"x.bin": "binary"}, read_fasttext),
    }


def _settings() -> dict[str, Target]:
    from neuroner_tl.corpora.public.registry import REGISTRY, read_registry
    from neuroner_tl.parameters.files import load_parameters
    from neuroner_tl.silver.definition import read_silver_definition
    from neuroner_tl.studies.definition.files import read_definition
    from neuroner_tl.studies.definition.plan import plan_runs

    def study(folder: Path) -> None:
        plan_runs(read_definition(folder / "x.ini", VARIABLES, needs_corpora=False))

    def registry(folder: Path) -> None:
        for download in read_registry(folder / "x.ini").values():
            assert Path(download.file_name).name == download.file_name

    def target(path: Path, read: Callable[[Path], object]) -> Target:
        return Target({"x.ini": path.read_bytes()}, {"x.ini": "lines"}, read)

    miniature = EXPERIMENTS / "miniature"
    return {
        "parameters": target(
            TESTS / "golden" / "model" / "parameters.ini", lambda f: load_parameters(f / "x.ini")
        ),
        "study": target(miniature / "layer_ablation.ini", study),
        "study-noise": target(miniature / "source_noise.ini", study),
        "silver": target(
            EXPERIMENTS / "silver_diso.ini",
            lambda f: read_silver_definition(f / "x.ini", variables=VARIABLES),
        ),
        "registry": target(REGISTRY, registry),
    }


def _archives() -> dict[str, Target]:
    from neuroner_tl.corpora.public.archive import unpack

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for name, content in (("x/train/ü.txt", b"Gout."), ("x/test/" + "b" * 120, b"d" * 600)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))

    def read(folder: Path) -> None:
        (archive,) = folder.iterdir()
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            target = Path(place) / "deep" / "out"
            try:
                unpack(archive, target, largest_total=100_000)
            finally:
                assert [path.name for path in Path(place).iterdir()] in ([], ["deep"])

    contents = {"tar": file.getvalue()[:5120], "tar-gz": gzip.compress(file.getvalue(), mtime=0)}
    return {
        name: Target({"a.tar": content}, {"a.tar": "binary"}, read)
        for name, content in contents.items()
    }


def _fingerprint(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _reseal(folder: Path) -> None:
    """Make the manifest match the files, so that damage is found behind the checksums."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
        for name in manifest["files"]:
            manifest["files"][name] = _fingerprint((folder / name).read_bytes())
    except (ValueError, KeyError, TypeError, OSError, RecursionError):
        return
    seal(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


def seal(manifest: dict[str, Any]) -> None:
    """Renew the manifest's checksum of itself."""
    from neuroner_tl.training.manifest import seal_of

    try:
        manifest["seal"] = seal_of(manifest)
    except (ValueError, TypeError):
        pass


def _models() -> dict[str, Target]:
    from neuroner_tl.corpora.import_report import ImportReport
    from neuroner_tl.corpora.reader import read_corpus
    from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
    from neuroner_tl.corpora.text.tagging import tag_document
    from neuroner_tl.corpora.text.tokenizers import get_tokenizer
    from neuroner_tl.dataset.cache import DatasetCache, EncodedCorpus
    from neuroner_tl.dataset.encoding import build_dataset
    from neuroner_tl.dataset.vocabulary import VocabularyRules
    from neuroner_tl.runs.folder import RunFolder
    from neuroner_tl.runs.resume import read_resumption
    from neuroner_tl.training.checkpoint import load_model

    golden = TESTS / "golden" / "model"
    model = {path.name: path.read_bytes() for path in golden.iterdir()}
    kinds = {name: "json" if name.endswith("json") else "binary" for name in model}

    def read_run(folder: Path) -> None:
        run = RunFolder(folder)
        read_resumption(run, {})
        run.keep_epochs(2)
        run.add_resumption({"changes": {}})

    with tempfile.TemporaryDirectory() as place:
        corpora = write_synthetic_corpora(
            Path(place), gold_documents=(2, 1, 1), silver_documents=(1, 1)
        )
        parts, reports = {}, {}
        for name, part in read_corpus(corpora.gold).parts.items():
            reports[name] = ImportReport()
            parts[name] = [
                tag_document(document, get_tokenizer("alnum"), "bioes", report=reports[name])
                for document in part.documents(reports[name])
            ]
        dataset = build_dataset(parts, VocabularyRules(token_embedding_dimension=2), None)
        cache = DatasetCache(Path(place) / "cache")
        key = "0" * 64
        assert cache.store(key, EncodedCorpus(dataset, reports))
        entry = {path.name: path.read_bytes() for path in (Path(place) / "cache" / key).iterdir()}

    def read_entry(folder: Path) -> None:
        DatasetCache(folder).load(key)

    def finish_entry(folder: Path) -> None:
        _reseal(folder / key)

    return {
        "model": Target(model, kinds, load_model, None),
        "model-resealed": Target(model, kinds, load_model, _reseal),
        "cache": Target(
            {f"{key}/{name}": content for name, content in entry.items()},
            {f"{key}/{n}": "json" if n.endswith("json") else "binary" for n in entry},
            read_entry,
            finish_entry,
        ),
        "run": Target(
            _interrupted_run(model),
            {
                "epochs.jsonl": "jsonl",
                "resumed.jsonl": "jsonl",
                "results.json": "json",
                "last/manifest.json": "json",
            },
            read_run,
            lambda folder: _reseal(folder / "last"),
        ),
    }


def _interrupted_run(model: dict[str, bytes]) -> dict[str, bytes]:
    from neuroner_tl.training.progress import Progress

    manifest = json.loads(model["manifest.json"])
    slots = {n.replace("weights", "optimiser"): c for n, c in model.items() if "weights" in n}
    manifest["checkpoints"]["optimiser"] = manifest["checkpoints"]["weights"].replace(
        "weights", "optimiser"
    )
    manifest["files"].update({name: _fingerprint(content) for name, content in slots.items()})
    manifest["training"] = {
        "progress": Progress().to_json(),
        "iteration": 3,
        "compiled": False,
        "data": "x",
    }
    seal(manifest)
    epoch = {"epoch": 1, "seconds": 1.0, "validation_seconds": 0.5, "valid": {"f1": 0.5}}
    return {
        **{f"last/{name}": content for name, content in {**model, **slots}.items()},
        "last/manifest.json": json.dumps(manifest).encode(),
        "parameters.ini": model["parameters.ini"],
        "epochs.jsonl": "".join(json.dumps({**epoch, "epoch": i}) + "\n" for i in (1, 2)).encode(),
        "resumed.jsonl": b'{"changes": {"patience": [1, 2]}}\n',
        "results.json": b'{"status": "interrupted", "reason": "x", "scores": {}}',
    }


def _studies() -> dict[str, Target]:
    from neuroner_tl.studies.definition.files import read_definition
    from neuroner_tl.studies.definition.plan import plan_runs
    from neuroner_tl.studies.report import load_results, make_page

    targets = {}
    for name in ("transfer_table", "gain_by_size", "source_size", "layer_ablation"):
        definition = read_definition(EXPERIMENTS / f"{name}.ini", VARIABLES, needs_corpora=False)
        runs = plan_runs(definition)
        # A few runs of every kind: reports take longer with more.
        records = "".join(json.dumps(_record(run)) + "\n" for run in runs)

        def read(folder: Path, definition: Any = definition) -> None:
            results = load_results(definition, None, folder / "runs.jsonl")
            page = make_page(results)
            page.to_text()
            for table in (table for section in page.sections for table in section.tables):
                table.to_csv(), table.to_html(), table.to_latex()

        targets[f"store-{name}"] = Target(
            {"runs.jsonl": records.encode()}, {"runs.jsonl": "jsonl"}, read
        )
    return targets


def _record(run: Any) -> dict[str, Any]:
    counts = {"X": {"tp": 30 + len(run.arm), "fp": 10, "fn": 10}}
    return {
        "id": run.id,
        "key": run.key,
        "content": dict(run.content),
        "status": "finished",
        "epochs": 20,
        "best_epoch": 10,
        "seconds": 90.0,
        "valid_f1": 0.75,
        "annotations": {"train": 100, "test": 50},
        "scores": {"test": {"tags": counts, "documents": counts}},
        "test_documents": {f"d{i}": [3 + len(run.arm) % (i + 1), 1, 1] for i in range(10)},
        "versions": {"neuroner_tl": "0.1.0"},
        "folder": "runs/x",
        "predictions": "runs/x/predictions/test",
    }


def _requests() -> dict[str, Target]:
    from neuroner_tl.corpora.document import Entity
    from neuroner_tl.serving.inception import CasDocument

    def predict(folder: Path) -> None:
        # A request is JSON, so what is not UTF-8 never gets here.
        xmi, types = ((folder / n).read_text("utf-8", "replace") for n in ("x.xmi", "x.xml"))
        cas = CasDocument(xmi, types)
        end = len(cas.text)
        entity = Entity("DISO", ((end // 2, end),), cas.text[end // 2 :], 0.5)
        cas.add("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity", "value", [entity])
        assert CasDocument(cas.to_xmi(), types).text == cas.text

    inception = TESTS / "fixtures" / "inception"
    files = {
        "x.xmi": (inception / "document.xmi").read_bytes(),
        "x.xml": (inception / "types.xml").read_bytes(),
    }
    return {"inception": Target(files, dict.fromkeys(files, "lines"), predict)}
