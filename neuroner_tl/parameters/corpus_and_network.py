"""The parameters of a run's mode, its corpus and its network: the first part of the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Optional

from pydantic import BaseModel

from neuroner_tl.parameters.fields import (
    ENCODING,
    LARGEST_SIZE,
    NOTHING,
    PLACE,
    RESULT,
    ann,
    dataset,
    mode,
)


class CorpusAndNetwork(BaseModel):
    """The parameters of the sections `mode`, `dataset` and `ann`.

    Example::

        assert issubclass(Parameters, CorpusAndNetwork)
    """

    train_model: bool = mode(
        True,
        RESULT,
        "Train a model. With use_pretrained_model off, training starts from scratch; with it on, "
        "training starts from the pretrained model (transfer). Off means prediction only.",
    )
    use_pretrained_model: bool = mode(
        False, RESULT, "Load the model in pretrained_model_folder, for prediction or for transfer."
    )
    pretrained_model_folder: Optional[Path] = mode(
        None,
        PLACE,
        "the pretrained model, the `model` folder of an earlier run; required.",
        needs=("use_pretrained_model", True),
    )

    dataset_text_folder: Optional[Path] = dataset(
        None,
        PLACE,
        "Folder of the corpus: either brat folders or CoNLL files named train, valid, test and "
        "deploy, or one flat brat folder, which is split by document.",
    )
    main_evaluation_mode: Literal["conll", "bio", "token", "binary"] = dataset(
        "conll",
        RESULT,
        "Tag-based measure for early stopping and the choice of the best epoch. conll: whole "
        "entities, exact boundaries and type. The others score tokens: bio by their full tags; "
        "token by their type; binary as entity or not.",
    )
    output_folder: Path = dataset(
        Path("output"),
        PLACE,
        "Folder in which each run creates its own, named by experiment and time.",
    )
    split_percentages: tuple[float, float, float] = dataset(
        (60.0, 10.0, 30.0),
        ENCODING,
        "Documents for train, valid and test when a flat folder is split, in percent. Of a "
        "corpus with train and test alone, valid is held out of train, which the two share in this "
        "proportion.",
        expected="three percentages with sum 100, the first two above 0, such as 60, 10, 30",
    )
    split_seed: int = dataset(
        0, ENCODING, "Seed of that split and of the sample drawn for train_size.", ge=0, lt=2**32
    )
    train_size: Optional[float] = dataset(
        None,
        ENCODING,
        "Train on this share of documents, in percent of the whole corpus's documents (the unit of "
        "the paper's learning curves). Smaller samples are subsets of larger ones. Empty: the "
        "whole train part.",
        gt=0,
        le=100,
    )
    overlap_policy: Literal["longest", "first", "error"] = dataset(
        "longest",
        ENCODING,
        "What to do with overlapping entities, which tags cannot represent: keep the longest, keep "
        "the first, or stop with an error. Dropped entities are in the import report.",
    )
    cache_encoding: bool = dataset(
        True,
        NOTHING,
        "Keep the encoded corpus in the folder .cache of output_folder, so that the next run on "
        "the same corpus, word vectors and parameters starts at once. Any change of them causes a "
        "new encoding; the eight newest are kept.",
    )

    use_character_lstm: bool = ann(
        True, RESULT, "Concatenate a character-level representation of each token to its embedding."
    )
    character_embedding_dimension: int = ann(
        25,
        RESULT,
        "the size of a character's embedding.",
        needs=("use_character_lstm", True),
        ge=1,
        le=LARGEST_SIZE,
    )
    character_lstm_hidden_state_dimension: int = ann(
        25,
        RESULT,
        "the size of the character LSTM, each direction.",
        needs=("use_character_lstm", True),
        ge=1,
        le=LARGEST_SIZE,
    )
    token_pretrained_embedding_filepath: Optional[Path] = ann(
        None,
        PLACE,
        "Word vectors that initialise the token embeddings: word2vec binary (.bin, .bin.gz), "
        "word2vec text, GloVe text, or a fastText model (.bin), which has a vector for every word. "
        "Several files, with commas between them, are concatenated. Empty: random vectors.",
    )
    token_embedding_dimension: int = ann(
        100,
        ENCODING,
        "Size of a token's embedding; must equal that of the word vectors, if any, or the sum of "
        "those of several files.",
        ge=1,
        le=LARGEST_SIZE,
    )
    token_linear_dimension: int = ann(
        0,
        RESULT,
        "Size of a linear layer above the token embeddings, whose output the network reads in "
        "their place; of the embeddings' own size, it starts as the identity. It is trained even "
        "with freeze_token_embeddings, so that word vectors that are kept as they are can still "
        "be adapted to the corpus as a whole. 0: none.",
        ge=0,
        le=LARGEST_SIZE,
    )
    token_lstm_hidden_state_dimension: int = ann(
        100, RESULT, "Size of the token LSTM, each direction.", ge=1, le=LARGEST_SIZE
    )
    lstm_peepholes: Literal["full", "diagonal", "none"] = ann(
        "full",
        RESULT,
        "Connections from the cell state to the gates. full: a matrix, as in the paper's "
        "equations; diagonal: one weight per unit, the usual peephole; none: as in NeuroNER's "
        "released code.",
    )
    use_crf: bool = ann(
        True,
        RESULT,
        "Predict the tags of a sentence jointly, with a conditional random field. Off: the best "
        "tag of each token independently.",
    )
