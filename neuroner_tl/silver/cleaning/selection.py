"""Which documents of a silver corpus to keep: by density, topic, entity, and number.

Documents are dropped whole. Removing single annotations would leave unmarked mentions in the
text, and a model would learn to overlook them.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.silver.compared_form import compared_form
from neuroner_tl.silver.consensus.harmonise import Span, Vote


@dataclass(frozen=True)
class SilverDocument:
    """A text and the consensus on it.

    Attributes:
        id: the document's id.
        text: the text.
        votes: the mentions, in order.
        unknown: regions of which it is not known whether they are mentions, in order; training
            leaves them open.

    Example:
        >>> vote = Vote(0, 6, ("lexicon",), (), 1.0)
        >>> SilverDocument("12", "Asthma persists.", (vote,)).keys()
        ['asthma']
    """

    id: str
    text: str
    votes: tuple[Vote, ...]
    unknown: tuple[Span, ...] = ()

    def keys(self) -> list[str]:
        """Return the text of each mention, in the form in which entities are compared."""
        return [compared_form(self.text[vote.start : vote.end]) for vote in self.votes]


def by_density(
    documents: Sequence[SilverDocument],
    min_annotations: int = 0,
    min_density: float = 0.0,
    max_density: Optional[float] = None,
) -> list[SilverDocument]:
    """Return the documents with enough annotations, and not too many.

    Args:
        documents: the documents.
        min_annotations: minimum number per document.
        min_density: minimum number per 100 tokens.
        max_density: maximum number per 100 tokens; denser documents are lists rather than prose.
    """
    tokenizer = AlnumTokenizer()
    kept = []
    for document in documents:
        number = len(document.votes)
        tokens = len(tokenizer.tokenize(document.text, 0, len(document.text)))
        density = 100 * number / tokens if tokens else 0.0
        if number < min_annotations or density < min_density:
            continue
        if max_density is None or density <= max_density:
            kept.append(document)
    return kept


def by_topic(
    documents: Sequence[SilverDocument], topics: int, largest_share: float, seed: int
) -> list[SilverDocument]:
    """Return the documents, with large topics reduced to their maximum.

    Topics are clusters of the texts by their words (tf-idf, k-means). From each topic at most
    ``largest_share`` of the documents that are kept may come.

    Args:
        documents: the documents.
        topics: number of clusters.
        largest_share: of a topic, above 1 / topics and at most 1.
        seed: of the clusters, and of which documents of a large topic are kept.
    """
    if len(documents) <= topics:
        return list(documents)
    labels = topics_of([document.text for document in documents], topics, seed)
    sizes = sorted(Counter(labels).values())
    allowed = _even_share(sizes, largest_share)
    taken: Counter[int] = Counter()
    kept = set()
    for index in shuffled([document.id for document in documents], f"topic:{seed}"):
        topic = labels[index]
        if taken[topic] < allowed:
            taken[topic] += 1
            kept.add(index)
    return [document for index, document in enumerate(documents) if index in kept]


def topics_of(texts: Sequence[str], topics: int, seed: int) -> list[int]:
    """Return the topic of each text, a number: clusters of their words (tf-idf, k-means).

    Args:
        texts: the texts; if there are fewer of them than topics, each is one.
        topics: number of clusters.
        seed: of the clusters.
    """
    if len(texts) <= topics:
        return list(range(len(texts)))
    counts = HashingVectorizer(
        token_pattern=r"[^\W\d_]{3,}", n_features=2**15, alternate_sign=False, dtype=np.float32
    ).transform(texts)
    words = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    clusters = MiniBatchKMeans(topics, random_state=seed, n_init=1, batch_size=2048)
    return [int(label) for label in clusters.fit_predict(words)]


def by_entity(
    documents: Sequence[SilverDocument], largest_share: float, seed: int
) -> list[SilverDocument]:
    """Return documents among whose mentions no text has more than a share.

    While a text has more, that document is dropped which has most of it and of other texts above
    the share, and least else. The share is of the mentions that are left, so that it may be out of
    reach; then every document with a text above it is dropped.

    Args:
        documents: the documents.
        largest_share: of the mentions, above 0 and at most 1.
        seed: decides between equals.
    """
    texts = [Counter(document.keys()) for document in documents]
    counts: Counter[str] = Counter()
    for counter in texts:
        counts.update(counter)
    total = sum(counts.values())
    order = {
        index: rank
        for rank, index in enumerate(shuffled([d.id for d in documents], f"entity:{seed}"))
    }
    left = set(range(len(documents)))
    # Dropping documents lowers the total, so that texts below the share may come to exceed it:
    # the queue is rebuilt until none does.
    while True:
        above = {name for name, number in counts.items() if number > largest_share * total}
        if not above or not left:
            break
        queue = [
            (-excess / sum(texts[index].values()), order[index], index)
            for index in left
            if (excess := sum(texts[index][name] for name in above))
        ]
        heapq.heapify(queue)
        dropped = False
        while queue:
            _, _, index = heapq.heappop(queue)
            if not any(
                counts[name] > largest_share * total for name in texts[index] if name in above
            ):
                continue
            left.discard(index)
            counts.subtract(texts[index])
            total -= sum(texts[index].values())
            dropped = True
        if not dropped:
            break
    return [document for index, document in enumerate(documents) if index in left]


def sample(
    documents: Sequence[SilverDocument], number: Optional[int], seed: int
) -> list[SilverDocument]:
    """Return a number of documents, drawn by their ids and the seed; all, if there are fewer."""
    if number is None or number >= len(documents):
        return list(documents)
    drawn = set(shuffled([document.id for document in documents], f"sample:{seed}")[:number])
    return [document for index, document in enumerate(documents) if index in drawn]


def _even_share(sizes: Sequence[int], largest_share: float) -> int:
    """Return the largest size of a topic so that none is more than a share of what is kept."""
    best = 1
    low, high = 1, max(sizes)
    while low <= high:
        middle = (low + high) // 2
        if middle <= largest_share * sum(min(size, middle) for size in sizes):
            best, low = middle, middle + 1
        else:
            high = middle - 1
    return best


def shuffled(names: Sequence[str], salt: str) -> list[int]:
    """Return the positions of the names in an order that depends on names and salt alone."""

    def rank(index: int) -> tuple[str, int]:
        content = f"{salt}:{names[index]}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(content).hexdigest(), index

    return sorted(range(len(names)), key=rank)
