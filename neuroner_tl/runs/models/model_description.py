"""What a model's folder holds, told without loading the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import CheckpointError, NeuroNERError
from neuroner_tl.messages.numbers import fixed
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.leaks import transfer_chain
from neuroner_tl.system.paths import StrPath
from neuroner_tl.training.manifest import MANIFEST, model_folder, read_manifest


@dataclass(frozen=True)
class ModelDescription:
    """A model whose files are intact.

    Attributes:
        folder: its folder.
        types: the entity types that it finds.
        labels: its labels.
        architecture: the sizes and kinds of its layers.
        text: tokeniser, sentence splitter, tag scheme and language.
        training: what is recorded of its training: epoch, score, seed, word vectors, temperature.
        chain: names and corpora of the models that it descends from, the oldest first, and its
            own; as far as they are there.
        versions: of the software that trained it.
        files: sizes of its files in bytes, by name.
        others: files in the folder that do not belong to the model and are not verified.

    Example::

        model = describe_model("output/my_run")
        print(model.types, model.training.get("epoch"))
    """

    folder: Path
    types: tuple[str, ...]
    labels: tuple[str, ...]
    architecture: dict[str, Any]
    text: dict[str, Any]
    training: dict[str, Any]
    chain: tuple[tuple[str, str], ...]
    versions: dict[str, str]
    files: dict[str, int]
    others: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(self.files.values())

    def text_lines(self) -> str:
        """Return the description as lines of text."""
        rows = [
            ("model", str(self.folder)),
            ("entity types", ", ".join(self.types) or "none"),
            ("labels", f"{len(self.labels)}, {self.text.get('tagging_format', 'unknown scheme')}"),
            ("tokeniser", f"{self.text.get('tokenizer_identity')}, {self.text.get('language')}"),
            ("network", ", ".join(f"{k} {v}" for k, v in self.architecture.items())),
            ("trained on", _chain_text(self.chain)),
            ("best epoch", _epoch_text(self.training)),
            ("temperature", str(self.training.get("temperature", "none"))),
            ("versions", ", ".join(f"{k} {v}" for k, v in self.versions.items())),
            ("files", f"{len(self.files)}, {self.size / 2**20:.1f} MB, verified"),
        ]
        if self.others:
            rows.append(("not verified", ", ".join(self.others)))
        width = max(len(name) for name, _ in rows) + 2
        return "\n".join(f"{name:<{width}}{value}" for name, value in rows)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        return {**vars(self), "size": self.size}


def describe_model(folder: StrPath) -> ModelDescription:
    """Return what a model's files say of it, after a check that they are intact.

    Args:
        folder: the folder of a model or of its run.

    Raises:
        CheckpointError: there is no model, or a file is missing, damaged or altered.
    """
    place = model_folder(Path(folder))
    manifest = read_manifest(place)
    members = {}
    for name in ("architecture", "text", "training", "versions"):
        member = manifest.get(name, {})
        if not isinstance(member, dict):
            raise CheckpointError(
                f"{place / MANIFEST}: found {name} {member!r}, expected an object; copy the "
                "model's folder again"
            )
        members[name] = member
    labels = tuple(map(str, manifest.get("labels", ())))
    types = dict.fromkeys(label[2:] for label in labels if label[1:2] == "-")
    listed = {MANIFEST, *manifest["files"]}
    return ModelDescription(
        place,
        tuple(types),
        labels,
        members["architecture"],
        members["text"],
        members["training"],
        _chain(place),
        members["versions"],
        {name: (place / name).stat().st_size for name in sorted(listed)},
        tuple(sorted(path.name for path in place.iterdir() if path.name not in listed)),
    )


def _chain(folder: Path) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    try:
        for _, parameters in transfer_chain(folder):
            found.append((parameters.experiment_name, _corpus(parameters)))
    except NeuroNERError:
        pass  # Parameters of another version: the model itself may be usable.
    return tuple(reversed(found))


def _corpus(parameters: Parameters) -> str:
    corpus: Optional[Path] = parameters.dataset_text_folder
    return "" if corpus is None else corpus.name


def _chain_text(chain: tuple[tuple[str, str], ...]) -> str:
    return ", then ".join(f"{corpus or 'unknown'} ({name})" for name, corpus in chain) or "unknown"


def _epoch_text(training: dict[str, Any]) -> str:
    epoch, score = training.get("epoch"), training.get("score")
    if not isinstance(score, (int, float)):
        return f"{epoch}"
    return f"{epoch}, F1 on valid {fixed(100 * score)}"
