"""The manifest of a model's folder: what is in it, verified file by file, under a seal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuroner_tl.errors import CheckpointError
from neuroner_tl.system.atomic_file import write_json
from neuroner_tl.system.fingerprint import fingerprint
from neuroner_tl.system.json_text import parse_json

MANIFEST = "manifest.json"
PARAMETERS = "parameters.ini"
# 1: the manifest is not sealed; 2: it is.
FORMAT = 2
SEALED_FROM = 2


def model_folder(folder: Path) -> Path:
    """Return a model's folder, which may be given by the folder of its run."""
    inside = folder / "model"
    is_run = not (folder / MANIFEST).is_file() and (inside / MANIFEST).is_file()
    return inside if is_run else folder


def seal_of(manifest: Mapping[str, Any]) -> str:
    """Return the sha256 of the content of a manifest without the seal itself.

    It detects damage and edits by hand, not deliberate forgery.
    """
    content = {name: value for name, value in manifest.items() if name != "seal"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def not_listed(folder: Path, name: str) -> CheckpointError:
    """Return the error for a required file that the manifest does not list."""
    return CheckpointError(
        f"{folder / MANIFEST}: does not list {name!r}; copy the model's folder again"
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a folder's manifest and verify its seal and every file that it names.

    Raises:
        CheckpointError: it is missing, altered or of a newer format, or a file is not what it says.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such folder; give the model folder of a finished run")
    try:
        manifest = parse_json(path.read_text("utf-8"))
        files = dict(manifest["files"])
        found_format = manifest["format"]
        if type(found_format) is not int or found_format < 1:
            raise ValueError(f"format {found_format!r}")
    except OSError as error:
        raise CheckpointError(
            f"{folder}: holds no model ({MANIFEST} cannot be read); give the model folder of a "
            "finished run"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not a model's manifest; copy the model's folder again"
        ) from error
    if found_format > FORMAT:
        raise CheckpointError(
            f"{path}: format {found_format}, this version reads up to {FORMAT}; "
            "install a newer neuroner_tl"
        )
    if found_format >= SEALED_FROM and manifest.get("seal") != seal_of(manifest):
        raise CheckpointError(
            f"{path}: altered (its checksum does not match its content); copy the model's folder "
            "again"
        )
    for name, expected in files.items():
        _verify(folder, name, expected)
    return manifest


def _verify(folder: Path, name: str, expected: Any) -> None:
    if Path(name).name != name or name.startswith("."):
        raise CheckpointError(
            f"{folder / MANIFEST}: names the file {name!r} outside the model's folder; "
            "do not use this model"
        )
    path = folder / name
    if not path.is_file():
        raise CheckpointError(f"{path}: missing; copy the model's folder again")
    found = fingerprint(path)
    if found != expected:
        size = expected.get("size") if isinstance(expected, dict) else None
        what = (
            f"{found['size']} bytes, expected {size}"
            if found["size"] != size
            else "altered (its sha256 differs from the manifest's)"
        )
        raise CheckpointError(f"{path}: {what}; copy the model's folder again")


def update_record(folder: Path, values: Mapping[str, Any]) -> None:
    """Put values into what a model's manifest says of its training, and seal it again.

    Raises:
        CheckpointError: there is no model, or it is damaged.
    """
    manifest = read_manifest(folder)
    record = manifest.get("training")
    manifest = {name: value for name, value in manifest.items() if name != "seal"}
    manifest["training"] = {**(record if isinstance(record, dict) else {}), **values}
    manifest["format"] = FORMAT
    write_json(folder / MANIFEST, {**manifest, "seal": seal_of(manifest)})
