"""The model card: what a model is, for people and, in front, for the hubs that share models."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.dataset.word_vectors.concatenated_vectors import vector_files
from neuroner_tl.errors import NeuroNERError
from neuroner_tl.evaluation.scoring import HEADLINE
from neuroner_tl.messages.numbers import fixed
from neuroner_tl.messages.shown_text import escaped
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.leaks import transfer_chain
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.json_text import read_object

logger = logging.getLogger(__name__)

CARD = "README.md"
GENERATED = (
    "<!-- Written by neuroner_tl. When the run is resumed it is written again, unless you remove "
    "this line. -->"
)
_TASK = {"type": "token-classification", "name": "Named-entity recognition"}
_LICENCE = """\
To be filled in: the terms under which this model may be used. They depend on those of the corpora
it was trained on, named above, and of the word vectors. Name the licence at the top of this file,
too (`license:`)."""


def write_card(folder: RunFolder, results: Mapping[str, Any]) -> None:
    """Write the card into the model's folder; one that its owner has taken over stays as it is.

    Args:
        folder: the run's folder, with a model.
        results: the content of ``results.json``.

    Raises:
        OSError: it cannot be written.
    """
    path = folder.model / CARD
    try:
        if path.exists() and GENERATED not in path.read_text("utf-8"):
            logger.info("%s: was edited and is not written again", path)
            return
    except (OSError, UnicodeDecodeError):
        return
    write_atomically(path, model_card(folder, results).encode("utf-8"))


def model_card(folder: RunFolder, results: Mapping[str, Any]) -> str:
    """Return the card of a run's model as Markdown, with YAML in front.

    Of paths, only the last name is given: a card is made to be shared.

    Args:
        folder: the run's folder.
        results: the content of ``results.json``; without scores, if the run was interrupted.
    """
    parameters = Parameters(**results["parameters"])
    types = sorted({label[2:] for label in results["vocabulary"]["labels"] if label != "O"})
    chain = _chain(folder.model)
    scores = results.get("scores") or {}
    tested = next((part for part in ("test", "valid") if part in scores), None)
    parts = [
        _front_matter(parameters, results, tested),
        GENERATED,
        "",
        f"# {_plain(parameters.experiment_name)}",
        "",
        f"A model that finds entities in biomedical text: {_list(types)}. It is the LSTM-CRF "
        f"network of neuroner_tl {results['versions']['neuroner_tl']}.",
        "",
        *_use(),
        *_training(folder, parameters, results, chain),
        *(_scores(results, tested) if tested else _no_scores(results)),
        *_parameters(parameters),
        "## Versions",
        "",
        *_table(("software", "version"), sorted(results["versions"].items())),
        "",
        "## Licence",
        "",
        _LICENCE,
        "",
    ]
    return "\n".join(parts)


def _front_matter(parameters: Parameters, results: Mapping[str, Any], tested: Optional[str]) -> str:
    """Return what model hubs read; JSON values, which are YAML."""
    language = parameters.spacylanguage
    lines = [
        "---",
        f"language: {_json(language)}",
        "license: unknown  # to be filled in",
        'library_name: "neuroner_tl"',
        'pipeline_tag: "token-classification"',
        'tags: ["named-entity-recognition", "biomedical", "lstm-crf"]',
        'metrics: ["precision", "recall", "f1"]',
    ]
    if tested is not None:
        corpus = _corpus(parameters)
        micro = results["scores"][tested][HEADLINE]["micro"]
        metrics = [
            {"type": name, "value": round(micro[name], 4), "name": f"{label}, exact match"}
            for name, label in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1"))
        ]
        dataset = {"type": corpus, "name": corpus, "split": tested}
        result = {"task": _TASK, "dataset": dataset, "metrics": metrics}
        index = [{"name": parameters.experiment_name, "results": [result]}]
        lines.append(f"model-index: {_json(index)}")
    return "\n".join([*lines, "---"])


def _use() -> list[str]:
    return [
        "```bash",
        "neuroner-tl predict --model DIR --input texts --output found.jsonl",
        "```",
        "",
        "```python",
        "from neuroner_tl import Predictor",
        "",
        'for entity in Predictor("DIR").predict_text("BRCA1 predisposes to breast cancer."):',
        "    print(entity.type, entity.start, entity.end, entity.text, entity.probability)",
        "```",
        "",
    ]


def _training(
    folder: RunFolder,
    parameters: Parameters,
    results: Mapping[str, Any],
    chain: Sequence[Parameters],
) -> list[str]:
    """Return what the model was trained on, from the first model of a transfer to this one."""
    lines = ["## Training", ""]
    steps = [*reversed(chain[1:]), parameters]
    if len(steps) > 1 or parameters.use_pretrained_model:
        lines += [
            "Transferred: each model started with the weights of the one before it.",
            "",
            *(
                f"{number}. {_plain(step.experiment_name)}, trained on {_plain(_corpus(step))}"
                for number, step in enumerate(steps, 1)
            ),
            "",
        ]
        missing = steps[0]
        if missing.use_pretrained_model and missing.pretrained_model_folder is not None:
            name = _plain(_last_names(missing.pretrained_model_folder))
            lines += [f"The first of these started from the model {name}, which is not there.", ""]
    else:
        lines += [f"Trained from scratch on {_plain(_corpus(parameters))}.", ""]
    lines += [_split(folder), ""]
    counts = read_object(folder.path / "document_counts.json")
    rows = [
        (part, str(len(counts[part])) if part in counts else "", str(sentences))
        for part, sentences in results["sentences"].items()
    ]
    lines += [*_table(("part", "documents", "sentences"), rows), ""]
    if results.get("best_epoch") is not None:
        lines += [
            f"Best of {results['epochs']} epochs: {results['best_epoch']}, "
            f"chosen by F1 on valid ({fixed(100 * results['best_score'])}, on tags).",
            "",
        ]
    vectors = parameters.token_pretrained_embedding_filepath
    if vectors is not None:
        names = ", ".join(path.name for path in vector_files(vectors))
        lines += [f"Word vectors: {_plain(names)}.", ""]
    return lines


def _split(folder: RunFolder) -> str:
    split = read_object(folder.path / "split.json")
    if not split:
        return "The corpus has parts of its own."
    if split.get("held_out"):
        held, train = len(split["valid"]), len(split["train"])
        return (
            f"The corpus has train and test parts; {held} of {held + train} train documents were "
            f"held out for validation with seed {split['seed']}. The names are in the run's "
            "split.json."
        )
    shares = ", ".join(f"{share:g}" for share in split["percentages"])
    return (
        f"Split by document with seed {split['seed']}: {shares} % for train, valid, test. "
        "The names are in the run's split.json."
    )


def _scores(results: Mapping[str, Any], tested: str) -> list[str]:
    """Return a table by type of one part, and of all types by part."""
    intervals = results.get("intervals") or {}
    found = results["scores"][tested][HEADLINE]
    rows = [
        _score_row(name, scores, intervals.get(tested, {}).get(name))
        for name, scores in (*found["per_type"].items(), ("micro", found["micro"]))
    ]
    columns = ("precision", "recall", "F1", "95 % interval", "entities")
    lines = [
        "## Scores",
        "",
        f"On {tested}, in percent. {results['measures'][HEADLINE]}. Intervals are over documents.",
        "",
        *_table(("type", *columns), rows),
        "",
        "All types:",
        "",
    ]
    rows = [
        _score_row(part, of_part[HEADLINE]["micro"], intervals.get(part, {}).get("micro"))
        for part, of_part in results["scores"].items()
    ]
    lines += [*_table(("part", *columns), rows), ""]
    if results.get("temperature") is not None:
        lines += [
            "Probabilities of entities are calibrated on valid, by the temperature "
            f"{results['temperature']:.3f}.",
            "",
        ]
    return lines


def _score_row(
    name: str, scores: Mapping[str, Any], interval: Optional[Sequence[float]]
) -> tuple[str, ...]:
    rates = [fixed(100 * scores[rate]) for rate in ("precision", "recall", "f1")]
    between = "" if interval is None else " to ".join(fixed(100 * end) for end in interval)
    return (name, *rates, between, str(scores["tp"] + scores["fn"]))


def _no_scores(results: Mapping[str, Any]) -> list[str]:
    return ["## Scores", "", f"None yet: the run is {results['status']}.", ""]


def _parameters(parameters: Parameters) -> list[str]:
    """Return the parameters that are not the default ones."""
    defaults = {name: field.default for name, field in Parameters.model_fields.items()}
    rows = []
    for name in Parameters.model_fields:
        value = getattr(parameters, name)
        if value == defaults[name]:
            continue
        rows.append((name, value.name if isinstance(value, Path) else str(value)))
    return [
        "## Parameters",
        "",
        "Those that differ from the defaults; `parameters.ini` has all.",
        "",
        *_table(("parameter", "value"), rows),
        "",
    ]


def _chain(model: Path) -> list[Parameters]:
    """Return the parameters of a model and of its ancestors, as far as they can be read."""
    found: list[Parameters] = []
    try:
        for _, parameters in transfer_chain(model):
            found.append(parameters)
    except NeuroNERError as error:
        logger.warning("the model card does not know the source's corpus: %s", error)
    return found


def _corpus(parameters: Parameters) -> str:
    folder = parameters.dataset_text_folder
    return "an unknown corpus" if folder is None else folder.name or "corpus"


def _last_names(folder: Path) -> str:
    """Return the name of a run, whose model's folder is always called the same."""
    return folder.parent.name if folder.name == "model" else folder.name


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *([_plain(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    shown = html.escape(escaped(" ".join(text.split())), quote=False)
    return "".join(f"\\{c}" if c in "\\|*_`[]#" else c for c in shown)


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(_plain, names)) or "none"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
