"""The folders of a study: its own, with the store and the runs, and those of its corpora."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neuroner_tl.studies.definition.definition import SYNTHETIC, StudyDefinition
from neuroner_tl.studies.records.claims import Claims
from neuroner_tl.studies.records.mentions import FOLDER, MentionFiles
from neuroner_tl.studies.records.store import Store
from neuroner_tl.system.paths import expanded_path


@dataclass(frozen=True)
class StudyFolder:
    """The folder of a study; all workers must see it.

    Attributes:
        path: the folder.

    Example::

        study = StudyFolder(Path("output/quickstart"))
        print(len(study.store.records()))
    """

    path: Path

    @property
    def store(self) -> Store:
        """The results."""
        return Store(self.path / "runs.jsonl")

    @property
    def claims(self) -> Claims:
        """Which process is executing which run."""
        return Claims(self.path / ".claims")

    @property
    def mentions(self) -> MentionFiles:
        """What the runs found and missed, mention by mention."""
        return MentionFiles(self.path / FOLDER)

    @property
    def runs(self) -> Path:
        """The folders of the runs."""
        return self.path / "runs"

    @property
    def corpora(self) -> Path:
        """The synthetic corpora."""
        return self.path / "corpora"

    @property
    def logs(self) -> Path:
        """The logs of the workers."""
        return self.path / "logs"


def corpus_folders(definition: StudyDefinition, study: StudyFolder) -> dict[str, Path]:
    """Return the folder of each corpus by name; synthetic ones are in the study's folder."""
    folders = {}
    for named in (*definition.sources.values(), *definition.targets.values()):
        for name, text in named.items():
            if text.startswith(SYNTHETIC):
                synthetic = definition.synthetic[text[len(SYNTHETIC) :]]
                folders[name] = study.corpora / synthetic.folder(text[len(SYNTHETIC) :])
            else:
                folders[name] = expanded_path(text)
    return folders
