"""spaCy's `ner` beside ours in prediction: its network with the settings for processors."""

from __future__ import annotations

from collections.abc import Sequence

from neuroner_tl.benchmark.contenders import PREDICTION, Contender
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.runs.systems.spacy_recogniser import SPACY, sentence_docs

# That of spaCy's own `nlp.pipe`.
_BATCH = 1000


def spacy_prediction(table: WordTable, part: EncodedPart, types: Sequence[str]) -> Contender:
    """Make a contender that predicts a whole part by spaCy's `ner` in a blank English pipeline.

    Its weights are as drawn; the time does not depend on them. It is given sentences that are cut
    into tokens, as ours is, and only its network and decoding are timed.

    Args:
        table: the distinct words.
        part: the sentences.
        types: the entity types.
    """
    import spacy

    pipeline = spacy.blank("en")
    recogniser = pipeline.add_pipe("ner")
    for name in types:
        recogniser.add_label(name)  # type: ignore[attr-defined]
    pipeline.initialize()
    sentences = sentence_docs(pipeline.vocab, table, part)

    def run() -> None:
        for start in range(0, len(sentences), _BATCH):
            recogniser.predict(sentences[start : start + _BATCH])  # type: ignore[attr-defined]

    return Contender(
        PREDICTION,
        _BATCH,
        SPACY,
        sentences=part.number_of_sentences,
        tokens=part.number_of_tokens,
        characters=0,
        shapes=0,
        run=run,
        prepare=run,
    )
