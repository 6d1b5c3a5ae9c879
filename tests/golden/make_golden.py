"""Make the golden checkpoint: a tiny model that this version saves and every later one must load.

Run it only when the format of models changes on purpose, from the repository's root:

    python tests/golden/make_golden.py

It trains on the synthetic gold corpus and writes `model/` and `expected.json` beside this file:
texts, their tokens, the score of every label for every token, the best labels and the entities.
Scores and best labels are those of the equations as plain NumPy loops in float64
(`tests/helpers/numpy_network.py`), not those of the network that is tested with them.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parent / "helpers"))

import numpy_network  # noqa: E402

from neuroner_tl.corpora.document import Document  # noqa: E402
from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora  # noqa: E402
from neuroner_tl.corpora.text.tagging import tag_document, tagged_to_entities  # noqa: E402
from neuroner_tl.corpora.text.tokenizers import get_tokenizer  # noqa: E402
from neuroner_tl.dataset.encoding import encode_documents  # noqa: E402
from neuroner_tl.neuroner import NeuroNER  # noqa: E402
from neuroner_tl.training.checkpoint import SavedModel, load_model  # noqa: E402

SETTINGS = {
    "dataset_text_folder": "synthetic_gold",
    "output_folder": "output",
    "experiment_name": "golden",
    "token_embedding_dimension": 8,
    "token_lstm_hidden_state_dimension": 8,
    "character_embedding_dimension": 4,
    "character_lstm_hidden_state_dimension": 4,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "dropout_rate": 0.1,
    "maximum_number_of_epochs": 15,
    "tensorboard": False,
    "cache_encoding": False,
    "jit_compile": False,
}


def encode(model: SavedModel, text: str):
    """The sentences of a text, cut and numbered as the model's parameters say."""
    tokenizer = get_tokenizer(model.text.tokenizer, model.text.language)
    document = tag_document(
        Document("text", text), tokenizer, model.text.tagging_format, protect_entities=False
    )
    return document, *encode_documents([document], model.vocabulary)


def numpy_scores(model: SavedModel, table, part) -> list:
    """Layers 1 to 5 in float64, sentence by sentence: ``[tokens, labels]`` each."""
    weights = {
        layer: {name: value.astype(np.float64) for name, value in named.items()}
        for layer, named in model.weights.items()
    }
    alphabet = weights["character_embeddings"]["embedding"]
    tokens = weights["token_embeddings"]["embedding"]
    scores = []
    for start, stop in zip(part.sentence_offsets[:-1], part.sentence_offsets[1:]):
        rows = []
        for word in part.words[start:stop]:
            characters, _ = table.characters_of([word])
            vector = numpy_network.encode_word(alphabet[characters[0]], weights["character_lstm"])
            rows.append(np.concatenate([vector, tokens[table.token_ids[word]]]))
        states = numpy_network.read_sentence(np.array(rows), weights["token_lstm"])
        last = weights["feedforward"]
        scores.append(states @ last["kernel"] + last["bias"])
    return scores


def best_labels(scores: np.ndarray, weights) -> list[int]:
    """Layer 6 in float64: the best path by dynamic programming over its prefixes."""
    prefixes = {(label,): weights["start"][label] + s for label, s in enumerate(scores[0])}
    for row in scores[1:]:
        longer = {
            (*path, label): total + weights["transitions"][path[-1], label] + row[label]
            for path, total in prefixes.items()
            for label in range(len(row))
        }
        # Of all prefixes that end in one label, only the best can be part of the best path.
        best = {
            label: max((p for p in longer if p[-1] == label), key=longer.get)
            for label in range(len(row))
        }
        prefixes = {path: longer[path] for path in best.values()}
    return list(max(prefixes, key=lambda path: prefixes[path] + weights["end"][path[-1]]))


def main() -> None:
    """Train, save, and write down what the model says."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # So that the model's parameters hold no path of this machine.
        corpora = write_synthetic_corpora(
            Path(), gold_documents=(12, 3, 2), silver_documents=(1, 1), types=("DISO", "CHED")
        )
        texts = [p.read_text("utf-8") for p in sorted((corpora.gold / "test").glob("*.txt"))]
        texts.append("Unknown \u00e9l\u00e9phantiasis-42 (of the \u03b2-cell)?")
        with NeuroNER(**SETTINGS) as ner:
            result = ner.fit()
        shutil.rmtree(HERE / "model", ignore_errors=True)
        shutil.copytree(result.folder.model.resolve(), HERE / "model")
    model = load_model(HERE / "model")
    crf = {name: value.astype(np.float64) for name, value in model.weights["crf"].items()}
    expected = []
    for text in texts:
        document, table, part = encode(model, text)
        scores = numpy_scores(model, table, part)
        labels = [[model.vocabulary.labels[i] for i in best_labels(s, crf)] for s in scores]
        expected.append(
            {
                "text": text,
                "tokens": [list(sentence.tokens) for sentence in document.sentences],
                "scores": [np.round(s, 7).tolist() for s in scores],
                "labels": labels,
                "entities": [
                    [entity.type, entity.start, entity.end]
                    for sentence, tags in zip(document.sentences, labels)
                    for entity in tagged_to_entities(text, sentence, tags)
                ],
            }
        )
    text = json.dumps(expected, ensure_ascii=False)
    (HERE / "expected.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
