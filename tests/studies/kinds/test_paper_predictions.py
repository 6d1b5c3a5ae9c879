"""The paper's own predictions of CDR diseases: counts, overlap, and a second way to them."""

import os
import re
import tarfile
from pathlib import Path

import pytest

from neuroner_tl.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("NEURONER_TL_DATA", ROOT.parent / "shared" / "data"))
NAMES = ("gsc/CDR_DISO", "paper_predictions/CDR_DISO_baseline", "paper_predictions/CDR_DISO_tl")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    for name in NAMES:
        archive = DATA / f"{name}.tar.gz"
        if not archive.is_file():
            pytest.skip(f"{archive} is not there; set NEURONER_TL_DATA to the data folder")
        with tarfile.open(archive) as packed:
            wanted = [m for m in packed.getmembers() if "/valid/" not in m.name]
            packed.extractall(folder, wanted)
    return folder


def mentions(folder):
    """Every T line of every file as a string: document, type and offsets, as they stand there."""
    return {
        f"{path.stem} {match[1]}"
        for path in folder.glob("*.ann")
        for match in re.finditer(r"^T\d+\t(\S+ [\d ;]+)\t", path.read_text("utf-8"), re.MULTILINE)
    }


def test_counts_and_overlap(unpacked, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    options = ["-D", f"GOLD={unpacked}", "-D", f"PREDICTIONS={unpacked}"]
    file = "experiments/paper_predictions.ini"
    assert main(["study", "run", file, *options, "--output", str(tmp_path)]) == 0
    tables = tmp_path / "paper_predictions" / "reports" / "paper_predictions" / "tables"
    scores = (tables / "scores_CDR_DISO.csv").read_text().splitlines()
    # As the paper has them.
    assert scores[1] == "baseline,3240,772,671,80.76,82.84,81.79"
    assert scores[2] == "transfer,3215,697,696,82.18,82.20,82.19"

    gold = mentions(unpacked / "CDR_DISO" / "test")
    one, other = (mentions(unpacked / f"CDR_DISO_{name}") for name in ("baseline", "tl"))
    assert len(gold) == 3911
    expected = {
        "false negatives": (gold - one, gold - other),
        "false positives": (one - gold, other - gold),
        "true positives": (one & gold, other & gold),
    }
    rows = (tables / "overlap_CDR_DISO.csv").read_text().splitlines()[1:]
    assert len(rows) == 3
    for row in rows:
        name, first, both, second, _ = row.split(",")
        a, b = expected[name]
        # Inclusion and exclusion: no difference or intersection as the software makes them.
        union = len({*a, *b})
        found = (int(first), int(both), int(second))
        assert found == (union - len(b), len(a) + len(b) - union, union - len(a))
    assert rows[2].startswith("true positives,162,3078,137,")
