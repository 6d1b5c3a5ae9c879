"""A tagger that needs no model and loads in no time, for the tests of prediction jobs."""

import dataclasses
import os
import time

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.sources import Source


class WordTagger:
    """Finds words in capitals; some texts are bad for it.

    `JointPredictor.predict_counted` is all that a job uses.
    """

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.seen = []

    def predict_counted(self, documents):
        for document in documents:
            time.sleep(self.seconds)
            if "poison" in document.text:
                raise ValueError("cannot\nbe tagged")
            if "deadly" in document.text:
                os._exit(9)
            if "interrupt" in document.text:
                raise KeyboardInterrupt
            self.seen.append(document.id)
            entities, start = [], 0
            for word in document.text.split(" "):
                if word.isupper():
                    place = ((start, start + len(word)),)
                    entities.append(Entity("GENE", place, word, 1 / (len(word) + 2)))
                start += len(word) + 1
            tagged = dataclasses.replace(document, entities=tuple(entities))
            yield tagged, len(document.text.split())


def origins(path, texts):
    """Texts as those of a file."""
    source = Source(path, "jsonl")
    return [(source, Document(f"d{number}", text)) for number, text in enumerate(texts)]


def found_in(parts):
    """What a job finds, in order: the id of each text with its entities."""
    return [
        (document.id, found)
        for part in parts
        for (_, document), found in zip(part.origins, part.tagged.found)
    ]
