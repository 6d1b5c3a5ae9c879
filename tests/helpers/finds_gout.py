"""A tagger without a model, for tests of the service."""

import dataclasses
import time

from neuroner_tl.corpora.document import Entity


class Fake:
    """Finds every "gout", on request slowly, and counts what it was asked."""

    predictors = ()

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.texts = 0

    def predict(self, documents):
        for document in documents:
            self.texts += 1
            time.sleep(self.seconds)
            found, start = [], document.text.lower().find("gout")
            while start >= 0:
                word = document.text[start : start + 4]
                found.append(Entity("DISO", ((start, start + 4),), word, 0.75))
                start = document.text.lower().find("gout", start + 1)
            yield dataclasses.replace(document, entities=tuple(found))
