"""A run's data: from the parameters to a corpus, tagged sentences and arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Optional

import numpy as np

from neuroner_tl.corpora.document import TaggedDocument
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import Corpus, PartReader, read_corpus
from neuroner_tl.corpora.sentences import SENTENCE_SPLITTER
from neuroner_tl.corpora.tagging import tag_document
from neuroner_tl.corpora.text import Tokenizer, get_tokenizer
from neuroner_tl.dataset.cache import DatasetCache, EncodedCorpus
from neuroner_tl.dataset.cache_key import cache_key, corpus_files
from neuroner_tl.dataset.encoding import Dataset, build_dataset
from neuroner_tl.dataset.vocabulary import VocabularyRules
from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters import Parameters
from neuroner_tl.training.checkpoint import SavedModel, TextIdentity

DEBUG_SENTENCES = 200
# Name of the folder of encoded corpora in the folder of runs.
CACHE = ".cache"


@dataclass(frozen=True)
class RunData:
    """What a run trains and is tested on.

    Args:
        corpus: the corpus on disk.
        dataset: the corpus as arrays.
        text: how its text was cut.
        reports: the import report of each part, and of the ``corpus`` as a whole.
    """

    corpus: Corpus
    dataset: Dataset
    text: TextIdentity
    reports: dict[str, ImportReport]

    @property
    def digest(self) -> str:
        """A digest of all that training and scoring see of the corpus."""
        dataset, digest = self.dataset, hashlib.sha256()
        for items in (dataset.vocabulary.to_json(), dataset.word_table.words, list(dataset.parts)):
            digest.update(json.dumps(items).encode("ascii"))
        for array in (
            dataset.word_table.token_ids,
            dataset.rare_token_ids,
            dataset.rare_character_ids,
            *(
                getattr(part, name)
                for part in dataset.parts.values()
                for name in ("words", "labels", "starts", "ends", "sentence_offsets")
            ),
        ):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def load_data(parameters: Parameters, source: Optional[SavedModel] = None) -> RunData:
    """Read the corpus that the parameters name, and encode it, or take it from the cache.

    Args:
        parameters: the run's parameters.
        source: the pretrained model, whose tokens and characters keep rows of their own.

    Raises:
        CorpusError: the corpus or the word vectors cannot be used.
    """
    corpus, reports = open_corpus(parameters, ("train", "valid"))
    tokenizer = get_tokenizer(parameters.tokenizer, parameters.spacylanguage)
    text = text_identity(parameters, tokenizer)
    rules = VocabularyRules(
        tagging_format=parameters.tagging_format,
        remap_unknown_tokens_to_unk=parameters.remap_unknown_tokens_to_unk,
        load_only_pretrained_token_embeddings=parameters.load_only_pretrained_token_embeddings,
        load_all_pretrained_token_embeddings=parameters.load_all_pretrained_token_embeddings,
        check_for_lowercase=parameters.check_for_lowercase,
        check_for_digits_replaced_with_zeros=parameters.check_for_digits_replaced_with_zeros,
        token_embedding_dimension=parameters.token_embedding_dimension,
    )
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
        dataset = build_dataset(parts, rules, vectors, known_tokens, known_characters)
        return EncodedCorpus(dataset, counts)

    def make_key() -> str:
        return cache_key(
            {name: corpus_files(part) for name, part in corpus.parts.items()},
            corpus.folder,
            {
                **asdict(text),
                "overlap_policy": parameters.overlap_policy,
                "split_percentages": parameters.split_percentages,
                "split_seed": parameters.split_seed,
                "train_size": parameters.train_size,
                "debug": DEBUG_SENTENCES if parameters.debug else 0,
            },
            rules,
            vectors,
            known_tokens,
            known_characters,
        )

    if parameters.cache_encoding:
        encoded = DatasetCache(parameters.output_folder / CACHE).get(make_key, encode)
    else:
        encoded = encode()
    return RunData(corpus, encoded.dataset, text, {**reports, **encoded.reports})


def open_corpus(
    parameters: Parameters, required: tuple[str, ...]
) -> tuple[Corpus, dict[str, ImportReport]]:
    """Find the parts of the corpus that the parameters name."""
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
    )
    return corpus, {"corpus": report}


def text_identity(parameters: Parameters, tokenizer: Tokenizer) -> TextIdentity:
    """How text is cut under these parameters."""
    return TextIdentity(
        tokenizer=parameters.tokenizer,
        tokenizer_identity=tokenizer.identity,
        sentence_splitter=SENTENCE_SPLITTER,
        language=parameters.spacylanguage,
        tagging_format=parameters.tagging_format,
    )


def tagged_documents(
    part: PartReader, parameters: Parameters, tokenizer: Tokenizer, report: ImportReport
) -> Iterator[TaggedDocument]:
    """The documents of a part, cut and tagged, one at a time."""
    left = DEBUG_SENTENCES
    for document in part.documents(report):
        tagged = tag_document(
            document, tokenizer, parameters.tagging_format, parameters.overlap_policy, report
        )
        if parameters.debug:
            tagged = replace(tagged, sentences=tagged.sentences[:left])
            left -= len(tagged.sentences)
        yield tagged
        if parameters.debug and left == 0:
            return
