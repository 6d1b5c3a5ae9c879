"""A run's data: from the parameters to a corpus, tagged sentences and arrays."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Optional

import numpy as np

from neuroner_tl.corpora.document import TaggedDocument
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import Corpus, PartReader, read_corpus
from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import Tokenizer, get_tokenizer
from neuroner_tl.dataset.cache import DatasetCache, EncodedCorpus
from neuroner_tl.dataset.cache_key import cache_key
from neuroner_tl.dataset.encoding import Dataset, build_dataset
from neuroner_tl.dataset.snapshot import Snapshot, take_snapshot
from neuroner_tl.dataset.soft_labels import SOFT_LABELS
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.parameters.effects import values_by_effect
from neuroner_tl.parameters.fields import ENCODING
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.settings import text_identity, vocabulary_rules
from neuroner_tl.system.fingerprint import content_digest
from neuroner_tl.training.checkpoint import SavedModel

DEBUG_SENTENCES = 200
# Name of the folder of encoded corpora in the folder of runs, and of the file beside them that
# remembers the digests of word-vector files.
CACHE, DIGESTS = ".cache", ".digests.json"
# Maximum number of attempts to read a corpus that changes while it is read.
READINGS = 3
# What a run's digest covers of a part and of its gold annotations. The last two of each are empty
# in a corpus in which all is known, and so add nothing.
_PART_ARRAYS = (
    *("words", "labels", "starts", "ends", "sentence_offsets"),
    *("unknown_tokens", "probabilities"),
)
_GOLD_ARRAYS = (
    *("kinds", "fragments", "fragment_offsets", "annotation_offsets"),
    *("regions", "region_offsets"),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunData:
    """The data of a run.

    Attributes:
        corpus: the corpus on disk.
        dataset: the corpus as arrays.
        text: how its text was segmented.
        reports: the import report of each part, and of the ``corpus`` as a whole.
        parameters: the parameters it was read with.
        snapshot: content of the corpus and the word vectors when they were read.

    Example::

        data = load_data(parameters)
        print(data.reports["train"].summary())
    """

    corpus: Corpus
    dataset: Dataset
    text: TextIdentity
    reports: dict[str, ImportReport]
    parameters: Parameters
    snapshot: Snapshot

    def changed(self) -> Optional[str]:
        """Return what has changed in corpus or word vectors since they were read, or None."""
        try:
            return self.snapshot.difference(_snapshot(self.parameters))
        except CorpusError as error:
            return str(error)

    @property
    def digest(self) -> str:
        """The digest of everything that training and scoring see of the corpus."""
        dataset, digest = self.dataset, hashlib.sha256()
        parts = {name: part.gold.types for name, part in dataset.parts.items()}
        for items in (dataset.vocabulary.to_json(), dataset.word_table.words, parts):
            digest.update(json.dumps(items).encode("ascii"))
        for array in (
            dataset.word_table.token_ids,
            dataset.rare_token_ids,
            dataset.rare_character_ids,
            *(getattr(part, name) for part in dataset.parts.values() for name in _PART_ARRAYS),
            *(getattr(part.gold, name) for part in dataset.parts.values() for name in _GOLD_ARRAYS),
        ):
            digest.update(np.ascontiguousarray(array).tobytes())
        if self.parameters is not None and self.parameters.soft_label_share:
            place = self.corpus.folder / SOFT_LABELS
            if place.is_file():
                digest.update(content_digest(place).encode("ascii"))
        return digest.hexdigest()


def load_data(parameters: Parameters, source: Optional[SavedModel] = None) -> RunData:
    """Read the corpus that the parameters name, and encode it, or take it from the cache.

    Args:
        parameters: the run's parameters.
        source: the pretrained model, whose tokens and characters keep rows of their own.

    Raises:
        CorpusError: the corpus or the word vectors cannot be used, or change while they are read.
    """
    tokenizer = get_tokenizer(parameters.tokenizer, parameters.spacylanguage)
    text = text_identity(parameters)
    rules = vocabulary_rules(parameters)
    vectors = parameters.token_pretrained_embedding_filepath
    known_tokens: tuple[str, ...] = ()
    known_characters: tuple[str, ...] = ()
    if source is not None:
        if parameters.reload_token_embeddings:
            known_tokens = source.vocabulary.tokens[1:]
        if parameters.reload_character_embeddings:
            known_characters = source.vocabulary.characters[2:]

    def encode() -> EncodedCorpus:
        counts = {name: ImportReport() for name in corpus.parts}
        parts = {
            name: tagged_documents(part, parameters, tokenizer, counts[name])
            for name, part in corpus.parts.items()
        }
        types = entity_types(corpus.left_out)
        dataset = build_dataset(parts, rules, vectors, known_tokens, known_characters, types)
        return EncodedCorpus(dataset, counts)

    def key_of(snapshot: Snapshot) -> str:
        return cache_key(
            snapshot,
            corpus.folder,
            {**asdict(text), **values_by_effect(parameters, ENCODING)},
            rules,
            known_tokens,
            known_characters,
        )

    taken: list[Snapshot] = []  # before and, unless the cache had it, after reading

    def make() -> tuple[EncodedCorpus, str]:
        made = encode()
        taken.append(_snapshot(parameters))
        return made, key_of(taken[-1])

    for _ in range(READINGS):
        corpus, reports = open_corpus(parameters, ("train", "valid"))
        taken[:] = [_snapshot(parameters, corpus)]
        if parameters.cache_encoding:
            cache = DatasetCache(parameters.output_folder / CACHE)
            encoded = cache.get(key_of(taken[0]), make)
        else:
            encoded, _ = make()
        changed = taken[0].difference(taken[-1])
        if changed is None:
            reports = {**reports, **encoded.reports}
            return RunData(corpus, encoded.dataset, text, reports, parameters, taken[0])
        logger.warning("%s: %s changed while it was read; reading again", corpus.folder, changed)
    raise CorpusError(
        f"{corpus.folder}: {changed} changed while the corpus was read, {READINGS} times; wait "
        "until nothing writes there, and start again"
    )


def _snapshot(parameters: Parameters, corpus: Optional[Corpus] = None) -> Snapshot:
    """Take a snapshot of the corpus and the word vectors as they are now."""
    if corpus is None:
        corpus, _ = open_corpus(parameters, ("train", "valid"), warn=False)
    memory = parameters.output_folder / CACHE / DIGESTS if parameters.cache_encoding else None
    return take_snapshot(corpus, parameters.token_pretrained_embedding_filepath, memory)


def entity_types(part: Optional[PartReader]) -> set[str]:
    """Return the entity types that occur in a part, if there is one."""
    if part is None:
        return set()
    return {entity.type for document in part.documents() for entity in document.entities}


def open_corpus(
    parameters: Parameters, required: tuple[str, ...], warn: bool = True
) -> tuple[Corpus, dict[str, ImportReport]]:
    """Find the parts of the corpus that the parameters name; see `read_corpus`."""
    if parameters.dataset_text_folder is None:
        raise ParameterError(
            "dataset_text_folder is empty, expected the folder of a corpus; set it in the "
            "parameter file or with --dataset_text_folder"
        )
    report = ImportReport()
    corpus = read_corpus(
        parameters.dataset_text_folder,
        split_percentages=parameters.split_percentages,
        split_seed=parameters.split_seed,
        train_size=parameters.train_size,
        report=report,
        required=required,
        warn=warn,
    )
    return corpus, {"corpus": report}


def tagged_documents(
    part: PartReader, parameters: Parameters, tokenizer: Tokenizer, report: ImportReport
) -> Iterator[TaggedDocument]:
    """Yield the documents of a part, segmented and tagged, one at a time."""
    left = DEBUG_SENTENCES
    for document in part.documents(report):
        tagged = tag_document(
            document, tokenizer, parameters.tagging_format, parameters.overlap_policy, report
        )
        if parameters.debug:
            tagged = _shortened(tagged, left)
            left -= len(tagged.sentences)
        yield tagged
        if parameters.debug and left == 0:
            return


def _shortened(document: TaggedDocument, sentences: int) -> TaggedDocument:
    """Return the first sentences of a document, and the annotations up to their end."""
    kept = document.sentences[:sentences]
    if len(kept) == len(document.sentences):
        return document
    end = kept[-1].ends[-1] if kept else 0
    entities, unknown = (
        tuple(entity for entity in some if entity.end <= end)
        for some in (document.entities, document.unknown)
    )
    return replace(document, sentences=kept, entities=entities, unknown=unknown)
