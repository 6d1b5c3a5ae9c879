"""The parameters of a run: name, section, type, default, range and explanation of each.

This schema, of which `corpus_and_network.py` has the first three sections, is the only place where
a parameter is explained; the help of the command line and
`docs/parameters.md` are generated from it. Names, sections and defaults are NeuroNER's wherever
NeuroNER has the parameter and the default still makes sense.
"""

from __future__ import annotations

from typing import Any, Literal, Optional, Union

from pydantic import ConfigDict, ValidationInfo, field_validator, model_validator

from neuroner_tl.parameters.consistency import check_consistency
from neuroner_tl.parameters.corpus_and_network import CorpusAndNetwork
from neuroner_tl.parameters.fields import (
    ENCODING,
    LARGEST_BATCH,
    LENGTH,
    MAX_AVERAGED_EPOCHS,
    MAX_EPOCHS,
    MAX_SENTENCES,
    MAX_THREADS,
    NOTHING,
    RESULT,
    advanced,
    training,
)
from neuroner_tl.parameters.values import (
    LAYERS,
    Layer,
    check_interval,
    check_name,
    check_percentages,
    expand_shorthands,
    from_text,
    read_label_map,
)


class Parameters(CorpusAndNetwork):
    """All parameters of a run, checked and immutable.

    Built by `load_parameters`, whose errors are written for users; when built directly, an invalid
    value raises pydantic's `ValidationError` (also a `ValueError`). Strings are accepted for every
    field, as they are written in a parameter file.

    Example::

        parameters = Parameters(dropout_rate="0.3", experiment_name="mine")
        parameters.dropout_rate  # 0.3
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    patience: int = training(
        10,
        LENGTH,
        "Stop after this many consecutive epochs without improvement on the validation set, "
        "counted from the first epoch that scores above 0; NeuroNER also counts epochs that score "
        "0.",
        ge=1,
        le=MAX_EPOCHS,
    )
    minimum_number_of_epochs: int = training(
        0, LENGTH, "Never stop early before this many epochs.", ge=0, le=MAX_EPOCHS
    )
    maximum_number_of_epochs: int = training(
        100, LENGTH, "Stop after this many epochs.", ge=1, le=MAX_EPOCHS
    )
    optimizer: Literal["sgd", "adam", "adadelta"] = training(
        "sgd", RESULT, "Optimiser; the paper's is stochastic gradient descent."
    )
    learning_rate: float = training(
        0.005,
        RESULT,
        "Step size of the optimiser.",
        gt=0,
        allow_inf_nan=False,
        expected="a finite number above 0",
    )
    gradient_clipping_value: float = training(
        5.0,
        RESULT,
        "Clip each component of the gradient to plus or minus this value; 0: off.",
        ge=0,
        allow_inf_nan=False,
        expected="a finite number of at least 0",
    )
    dropout_rate: float = training(
        0.5,
        RESULT,
        "Probability that a component of the token LSTM's input is set to 0 during training.",
        ge=0,
        lt=1,
    )
    batch_size: int = training(
        1, RESULT, "Sentences per step; 1 is the paper's setting.", ge=1, le=LARGEST_BATCH
    )
    batch_loss: Literal["mean", "sum"] = training(
        "mean",
        RESULT,
        "How the losses of a batch's sentences are combined. sum keeps the step size per sentence "
        "of batch size 1, but may diverge.",
    )
    unknown_tokens: Literal["open", "outside"] = training(
        "open",
        RESULT,
        "How training takes tokens of the corpus's unknown regions. open: they may have any label, "
        "so the loss is that of all tag sequences that agree with the known tokens; outside: as O.",
    )
    sentence_weights: Literal["none", "probability"] = training(
        "none",
        RESULT,
        "Weight of a training sentence's loss. none: 1; probability: the product of its mentions' "
        "probabilities where the corpus gives them (with unknown_tokens = outside, also of one "
        "minus those of its unknown regions). A mean loss is over the number of sentences.",
    )
    weight_averaging: Literal["none", "exponential", "epochs"] = training(
        "none",
        RESULT,
        "Average the weights over training; the averages are scored on the validation set and "
        "saved as the model, training continues with the weights themselves. exponential: over all "
        "steps, of which newer ones count more (averaging_decay); epochs: over the ends of the "
        "last epochs (averaged_epochs).",
    )
    averaging_decay: float = training(
        0.999,
        RESULT,
        "With weight_averaging = exponential: what the weights of a step count, as a share of what "
        "those of the next count; the average covers about 1 / (1 - averaging_decay) steps.",
        gt=0,
        lt=1,
    )
    averaged_epochs: int = training(
        10,
        RESULT,
        "With weight_averaging = epochs: how many epochs the average covers. Each takes as much "
        "memory as the trained weights.",
        ge=1,
        le=MAX_AVERAGED_EPOCHS,
    )
    prediction_batch_size: int = training(
        64,
        NOTHING,
        "Sentences per prediction batch, at most 128; affects the speed, not the tags.",
        ge=1,
        le=LARGEST_BATCH,
    )
    seed: int = training(
        0,
        RESULT,
        "Seed of weight initialisation, shuffling, dropout and rare tokens.",
        ge=0,
        lt=2**32,
    )
    number_of_cpu_threads: int = training(
        1,
        NOTHING,
        "Threads per run; 1 is fastest at batch size 1, 0 leaves the choice to TensorFlow. Results "
        "are bit-identical for the same seed and number of threads.",
        ge=0,
        le=MAX_THREADS,
    )
    jit_compile: Union[Literal["auto"], bool] = training(
        "auto",
        RESULT,
        "Compile the training step with XLA: takes about 15 seconds once per process and makes it "
        "several times as fast. auto: unless the run is too small to benefit; the log says which.",
    )
    checkpoint_every: Optional[str] = training(
        "10 minutes",
        NOTHING,
        "Interval at which the training state is saved within an epoch, in minutes or in batches; "
        "`--resume` loses no more than that. It is always saved after each epoch. Empty: only "
        "then.",
        expected="a number of minutes or batches, such as 10 minutes or 500 batches, or empty",
    )
    give_up_after_sentences: int = training(
        20000,
        LENGTH,
        "Stop a run whose score on the validation set is still 0 after training on this many "
        "sentences, summed over epochs: it learns nothing. 0: never.",
        ge=0,
        le=MAX_SENTENCES,
    )

    experiment_name: str = advanced(
        "test", NOTHING, "First part of the name of the run's folder.", min_length=1
    )
    tagging_format: Literal["bioes", "bio"] = advanced(
        "bioes", ENCODING, "Tag scheme of the model; corpora may use either."
    )
    tokenizer: Literal["alnum", "spacy"] = advanced(
        "alnum",
        ENCODING,
        "Tokeniser of untokenised text. alnum: a token is a run of word characters or one other "
        "visible character; spacy: spaCy's rules (needs the extra `spacy`). NeuroNER's `stanford` "
        "is accepted, with a warning, as alnum.",
    )
    spacylanguage: Literal["en", "de", "fr"] = advanced(
        "en", ENCODING, "Language of spaCy's rules: English, German or French."
    )
    remap_unknown_tokens_to_unk: bool = advanced(
        True,
        ENCODING,
        "Treat a token as unknown if it is in neither the train part nor the word vectors. Off: "
        "tokens of the other parts get random vectors of their own.",
    )
    load_only_pretrained_token_embeddings: bool = advanced(
        False,
        ENCODING,
        "Treat every token without a word vector as unknown, even in the train part.",
    )
    load_all_pretrained_token_embeddings: bool = advanced(
        False,
        ENCODING,
        "Keep all rows of the word-vector file in the model, not only those that the corpus needs: "
        "for prediction on other texts, at the cost of memory.",
    )
    check_for_lowercase: bool = advanced(
        True, ENCODING, "If a token has no word vector as written, look it up in lower case."
    )
    check_for_digits_replaced_with_zeros: bool = advanced(
        True,
        ENCODING,
        "Then look it up with every digit replaced by 0, as written and in lower case.",
    )
    debug: bool = advanced(
        False, ENCODING, "Read at most 200 sentences of each part, for a quick test."
    )
    verbose: bool = advanced(False, NOTHING, "Log in detail.")
    reload_token_embeddings: bool = advanced(
        True,
        RESULT,
        "Transfer layer 1, the token embeddings. Off: initialise them from the word vectors, or "
        "randomly where there is none.",
    )
    reload_character_embeddings: bool = advanced(
        True, RESULT, "Transfer layer 2, the character embeddings."
    )
    reload_character_lstm: bool = advanced(True, RESULT, "Transfer layer 3, the character LSTM.")
    reload_token_lstm: bool = advanced(
        True, RESULT, "Transfer layer 4, the token LSTM and the tanh layer above it."
    )
    reload_feedforward: bool = advanced(
        True, RESULT, "Transfer layer 5, label prediction, for labels that both models have."
    )
    reload_crf: bool = advanced(
        True, RESULT, "Transfer layer 6, the transition scores, for labels that both models have."
    )
    transfer_layers: Optional[tuple[Layer, ...]] = advanced(
        None,
        RESULT,
        "Transfer these layers and no others: shorthand for the six reload_* flags, which it sets. "
        "Empty: the flags apply.",
        expected=f"a list of layers ({', '.join(LAYERS)}) or empty",
    )
    transfer_up_to: Optional[Layer] = advanced(
        None,
        RESULT,
        "Transfer all layers from the token embeddings up to this one, as in the paper's layer "
        "ablation: shorthand for the six reload_* flags, which it sets. Empty: the flags apply.",
        expected=f"one of {', '.join(LAYERS)}, or empty",
    )
    label_map: Optional[tuple[tuple[str, str], ...]] = advanced(
        None,
        RESULT,
        "Map entity types of the pretrained model to types of this corpus, such as `PRGE:GENE, "
        "DISO:Disease`, when layers 5 and 6 are transferred. Several types may map to one (their "
        "weights are averaged), and one to several. A type that is not listed on the left keeps "
        "its name.",
        expected="a list of pairs SOURCE:TARGET, such as PRGE:GENE, DISO:Disease, or empty",
    )
    freeze_token_embeddings: bool = advanced(
        False, RESULT, "Freeze layer 1, the token embeddings, at its initial weights."
    )
    freeze_character_embeddings: bool = advanced(
        False, RESULT, "Freeze layer 2, the character embeddings."
    )
    freeze_character_lstm: bool = advanced(False, RESULT, "Freeze layer 3, the character LSTM.")
    freeze_token_lstm: bool = advanced(
        False, RESULT, "Freeze layer 4, the token LSTM and the tanh layer above it."
    )
    freeze_feedforward: bool = advanced(False, RESULT, "Freeze layer 5, label prediction.")
    freeze_crf: bool = advanced(False, RESULT, "Freeze layer 6, the transition scores.")
    tensorboard: bool = advanced(
        True, NOTHING, "Write loss and scores of each epoch for TensorBoard."
    )

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, values: Any) -> Any:
        return expand_shorthands(values) if isinstance(values, dict) else values

    @field_validator("*", mode="before")
    @classmethod
    def _read_text(cls, value: Any, info: ValidationInfo) -> Any:
        return from_text(value, cls.model_fields[str(info.field_name)].annotation)

    _pairs = field_validator("label_map", mode="before")(read_label_map)
    _interval = field_validator("checkpoint_every")(check_interval)
    _name = field_validator("experiment_name")(check_name)
    _whole = field_validator("split_percentages")(check_percentages)

    @model_validator(mode="after")
    def _fit_together(self) -> Parameters:
        check_consistency(self)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return all values by name in JSON types: paths as strings, tuples as lists."""
        return self.model_dump(mode="json")
