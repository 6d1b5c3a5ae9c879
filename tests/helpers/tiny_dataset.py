"""A data set of a few random sentences, for tests that need arrays and no text."""

import numpy as np

from neuroner_tl.corpora.document import TaggedDocument, TaggedSentence
from neuroner_tl.dataset.encoding import build_dataset
from neuroner_tl.dataset.vocabulary import VocabularyRules

TAGS = ("O", "B-DISO", "I-DISO", "E-DISO", "S-DISO")
RULES = VocabularyRules(token_embedding_dimension=7)
WORDS = ["a", "of", "the", "cell", "cancer", "mutation", "p53", "x" * 20, "in", "kinase", "é"]


def random_sentence(rng, length, words=WORDS):
    tokens = tuple(str(word) for word in rng.choice(words, length))
    ends = np.cumsum([len(token) + 1 for token in tokens]) - 1
    starts = [int(end) - len(token) for end, token in zip(ends, tokens)]
    tags = tuple(str(tag) for tag in rng.choice(TAGS, length))
    return TaggedSentence(tokens, tuple(starts), tuple(int(end) for end in ends), tags)


def random_documents(lengths, seed=0, words=WORDS, per_document=3):
    rng = np.random.default_rng(seed)
    sentences = [random_sentence(rng, length, words) for length in lengths]
    return [
        TaggedDocument(f"d{start}", tuple(sentences[start : start + per_document]))
        for start in range(0, len(sentences), per_document)
    ]


def tiny_dataset(lengths=(3, 1, 7, 4, 4, 9, 2, 5, 6, 1, 8), seed=0, rare=()):
    """Train of the given sentence lengths; ``rare`` words occur once each, in a last sentence."""
    train = random_documents(lengths, seed)
    # All labels occur, whatever was drawn.
    every = TaggedSentence(WORDS[:4], (0, 2, 5, 9), (1, 4, 8, 13), TAGS[1:])
    train.append(TaggedDocument("labels", (every,)))
    if rare:
        offsets = tuple(range(len(rare)))
        tags = ("O",) * len(rare)
        train.append(TaggedDocument("rare", (TaggedSentence(tuple(rare), offsets, offsets, tags),)))
    parts = {"train": train, "valid": random_documents([4, 2, 6], seed + 1)}
    return build_dataset(parts, RULES, None)
