"""The parameters of a run: name, section, type, default, range and explanation of each.

This schema is the only place where a parameter is explained; the help of the command line and
`docs/parameters.md` are generated from it. Names, sections and defaults are NeuroNER's wherever
NeuroNER has the parameter and the default still makes sense.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal, Optional, Union

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from neuroner_tl.parameters.values import (
    FREEZE_FLAGS,
    LAYERS,
    RELOAD_FLAGS,
    Interval,
    Layer,
    contradiction,
    expand_shorthands,
    from_text,
    read_interval,
    read_label_map,
)
from neuroner_tl.system.file_name import file_name_fault

# Far above anything trainable; whether it fits into the memory of the machine is checked by the
# run.
LARGEST_SIZE = 10_000
LARGEST_BATCH = 100_000
MOST_EPOCHS = 1_000_000
MOST_SENTENCES = 10**12
MOST_THREADS = 1024
_LONGEST_NAME = 220  # bytes of experiment_name; the run's folder has the time behind it

SECTIONS = ("mode", "dataset", "ann", "training", "advanced")

# Parameters of NeuroNER, of any version, that are accepted and ignored, with the reason.
RETIRED = {
    "is_character_lstm_bidirect": "always bidirectional",
    "is_token_lstm_bidirect": "always bidirectional",
    "maximum_training_time": "a run is bounded by its epochs",
    "number_of_gpus": "runs on the CPU",
    "output_scores": "no file has such a column",
    "parameters_filepath": "given on the command line",
    "plot_format": "curves are written for TensorBoard",
    "precompute_initial_transitions": "transitions are learnt",
    "pretrained_model_checkpoint_filepath": "use pretrained_model_folder",
}

# Former name in NeuroNER -> current name.
RENAMED = {"remove_unknown_tokens": "remap_unknown_tokens_to_unk"}


def _field(section: str, default: Any, explanation: str, expected: str = "", **limits: Any) -> Any:
    """Return a field; ``expected`` describes valid values where the type does not."""
    extra: dict[str, Any] = {"section": section, "expected": expected}
    return Field(default, description=explanation, json_schema_extra=extra, **limits)


_mode, _dataset, _ann, _training, _advanced = (partial(_field, section) for section in SECTIONS)


class Parameters(BaseModel):
    """All parameters of a run, checked and immutable.

    Built by `load_parameters`, whose errors are written for users; when built directly, an invalid
    value raises pydantic's `ValidationError` (also a `ValueError`). Strings are accepted for every
    field, as they are written in a parameter file.

    Example::

        parameters = Parameters(dropout_rate="0.3", experiment_name="mine")
        parameters.dropout_rate  # 0.3
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    train_model: bool = _mode(
        True,
        "Train a model. With use_pretrained_model off, training starts from scratch; with it on, "
        "training starts from the pretrained model (transfer). Off means prediction only.",
    )
    use_pretrained_model: bool = _mode(
        False, "Load the model in pretrained_model_folder, for prediction or for transfer."
    )
    pretrained_model_folder: Optional[Path] = _mode(
        None,
        "Folder of the pretrained model: the `model` folder of an earlier run. Required if "
        "use_pretrained_model is on.",
    )

    dataset_text_folder: Optional[Path] = _dataset(
        None,
        "Folder of the corpus: either brat folders or CoNLL files named train, valid, test and "
        "deploy, or one flat brat folder, which is split by document.",
    )
    main_evaluation_mode: Literal["conll", "bio", "token", "binary"] = _dataset(
        "conll",
        "Tag-based measure for early stopping and the choice of the best epoch. conll: whole "
        "entities, exact boundaries and type. The others score tokens: bio by their full tags; "
        "token by their type; binary as entity or not.",
    )
    output_folder: Path = _dataset(
        Path("output"), "Folder in which each run creates its own, named by experiment and time."
    )
    split_percentages: tuple[float, float, float] = _dataset(
        (60.0, 10.0, 30.0),
        "Documents for train, valid and test when a flat folder is split, in percent.",
        expected="three percentages with sum 100, the first two above 0, such as 60, 10, 30",
    )
    split_seed: int = _dataset(
        0, "Seed of that split and of the sample drawn for train_size.", ge=0, lt=2**32
    )
    train_size: Optional[float] = _dataset(
        None,
        "Train on this share of documents, in percent of the whole corpus's documents (the unit of "
        "the paper's learning curves). Smaller samples are subsets of larger ones. Empty: the "
        "whole train part.",
        gt=0,
        le=100,
    )
    overlap_policy: Literal["longest", "first", "error"] = _dataset(
        "longest",
        "What to do with overlapping entities, which tags cannot represent: keep the longest, keep "
        "the first, or stop with an error. Dropped entities are in the import report.",
    )
    cache_encoding: bool = _dataset(
        True,
        "Keep the encoded corpus in the folder .cache of output_folder, so that the next run on "
        "the same corpus, word vectors and parameters starts at once. Any change of them causes a "
        "new encoding; the eight newest are kept.",
    )

    use_character_lstm: bool = _ann(
        True, "Concatenate a character-level representation of each token to its embedding."
    )
    character_embedding_dimension: int = _ann(
        25, "Size of a character's embedding.", ge=1, le=LARGEST_SIZE
    )
    character_lstm_hidden_state_dimension: int = _ann(
        25, "Size of the character LSTM, each direction.", ge=1, le=LARGEST_SIZE
    )
    token_pretrained_embedding_filepath: Optional[Path] = _ann(
        None,
        "Word vectors that initialise the token embeddings: word2vec binary (.bin, .bin.gz), "
        "word2vec text, GloVe text, or a fastText model (.bin), which has a vector for every word. "
        "Empty: random vectors.",
    )
    token_embedding_dimension: int = _ann(
        100,
        "Size of a token's embedding; must equal that of the word vectors, if any.",
        ge=1,
        le=LARGEST_SIZE,
    )
    token_lstm_hidden_state_dimension: int = _ann(
        100, "Size of the token LSTM, each direction.", ge=1, le=LARGEST_SIZE
    )
    lstm_peepholes: Literal["full", "diagonal", "none"] = _ann(
        "full",
        "Connections from the cell state to the gates. full: a matrix, as in the paper's "
        "equations; diagonal: one weight per unit, the usual peephole; none: as in NeuroNER's "
        "released code.",
    )
    use_crf: bool = _ann(
        True,
        "Predict the tags of a sentence jointly, with a conditional random field. Off: the best "
        "tag of each token independently.",
    )

    patience: int = _training(
        10,
        "Stop after this many consecutive epochs without improvement on the validation set, "
        "counted from the first epoch that scores above 0; NeuroNER also counts epochs that score "
        "0.",
        ge=1,
        le=MOST_EPOCHS,
    )
    minimum_number_of_epochs: int = _training(
        0, "Never stop early before this many epochs.", ge=0, le=MOST_EPOCHS
    )
    maximum_number_of_epochs: int = _training(
        100, "Stop after this many epochs.", ge=1, le=MOST_EPOCHS
    )
    optimizer: Literal["sgd", "adam", "adadelta"] = _training(
        "sgd", "Optimiser; the paper's is stochastic gradient descent."
    )
    learning_rate: float = _training(
        0.005,
        "Step size of the optimiser.",
        gt=0,
        allow_inf_nan=False,
        expected="a finite number above 0",
    )
    gradient_clipping_value: float = _training(
        5.0,
        "Clip each component of the gradient to plus or minus this value; 0: off.",
        ge=0,
        allow_inf_nan=False,
        expected="a finite number of at least 0",
    )
    dropout_rate: float = _training(
        0.5,
        "Probability that a component of the token LSTM's input is set to 0 during training.",
        ge=0,
        lt=1,
    )
    batch_size: int = _training(
        1, "Sentences per step; 1 is the paper's setting.", ge=1, le=LARGEST_BATCH
    )
    batch_loss: Literal["mean", "sum"] = _training(
        "mean",
        "How the losses of a batch's sentences are combined. sum keeps the step size per sentence "
        "of batch size 1, but may diverge.",
    )
    prediction_batch_size: int = _training(
        64,
        "Sentences per prediction batch, at most 128; affects the speed, not the tags.",
        ge=1,
        le=LARGEST_BATCH,
    )
    seed: int = _training(
        0, "Seed of weight initialisation, shuffling, dropout and rare tokens.", ge=0, lt=2**32
    )
    number_of_cpu_threads: int = _training(
        1,
        "Threads per run; 1 is fastest at batch size 1, 0 leaves the choice to TensorFlow. Results "
        "are bit-identical for the same seed and number of threads.",
        ge=0,
        le=MOST_THREADS,
    )
    jit_compile: Union[Literal["auto"], bool] = _training(
        "auto",
        "Compile the training step with XLA: takes about 15 seconds once per process and makes it "
        "several times as fast. auto: unless the run is too small to benefit; the log says which.",
    )
    checkpoint_every: Optional[str] = _training(
        "10 minutes",
        "Interval at which the training state is saved within an epoch, in minutes or in batches; "
        "`--resume` loses no more than that. It is always saved after each epoch. Empty: only "
        "then.",
        expected="a number of minutes or batches, such as 10 minutes or 500 batches, or empty",
    )
    give_up_after_sentences: int = _training(
        20000,
        "Stop a run whose score on the validation set is still 0 after training on this many "
        "sentences, summed over epochs: it learns nothing. 0: never.",
        ge=0,
        le=MOST_SENTENCES,
    )

    experiment_name: str = _advanced(
        "test", "First part of the name of the run's folder.", min_length=1
    )
    tagging_format: Literal["bioes", "bio"] = _advanced(
        "bioes", "Tag scheme of the model; corpora may use either."
    )
    tokenizer: Literal["alnum", "spacy"] = _advanced(
        "alnum",
        "Tokeniser of untokenised text. alnum: a token is a run of word characters or one other "
        "visible character; spacy: spaCy's rules (needs the extra `spacy`). NeuroNER's `stanford` "
        "is accepted, with a warning, as alnum.",
    )
    spacylanguage: Literal["en", "de", "fr"] = _advanced(
        "en", "Language of spaCy's rules: English, German or French."
    )
    remap_unknown_tokens_to_unk: bool = _advanced(
        True,
        "Treat a token as unknown if it is in neither the train part nor the word vectors. Off: "
        "tokens of the other parts get random vectors of their own.",
    )
    load_only_pretrained_token_embeddings: bool = _advanced(
        False, "Treat every token without a word vector as unknown, even in the train part."
    )
    load_all_pretrained_token_embeddings: bool = _advanced(
        False,
        "Keep all rows of the word-vector file in the model, not only those that the corpus needs: "
        "for prediction on other texts, at the cost of memory.",
    )
    check_for_lowercase: bool = _advanced(
        True, "If a token has no word vector as written, look it up in lower case."
    )
    check_for_digits_replaced_with_zeros: bool = _advanced(
        True, "Then look it up with every digit replaced by 0, as written and in lower case."
    )
    debug: bool = _advanced(False, "Read at most 200 sentences of each part, for a quick test.")
    verbose: bool = _advanced(False, "Log in detail.")
    reload_token_embeddings: bool = _advanced(
        True,
        "Transfer layer 1, the token embeddings. Off: initialise them from the word vectors, or "
        "randomly where there is none.",
    )
    reload_character_embeddings: bool = _advanced(
        True, "Transfer layer 2, the character embeddings."
    )
    reload_character_lstm: bool = _advanced(True, "Transfer layer 3, the character LSTM.")
    reload_token_lstm: bool = _advanced(
        True, "Transfer layer 4, the token LSTM and the tanh layer above it."
    )
    reload_feedforward: bool = _advanced(
        True, "Transfer layer 5, label prediction, for labels that both models have."
    )
    reload_crf: bool = _advanced(
        True, "Transfer layer 6, the transition scores, for labels that both models have."
    )
    transfer_layers: Optional[tuple[Layer, ...]] = _advanced(
        None,
        "Transfer these layers and no others: shorthand for the six reload_* flags, which it sets. "
        "Empty: the flags apply.",
        expected=f"a list of layers ({', '.join(LAYERS)}) or empty",
    )
    transfer_up_to: Optional[Layer] = _advanced(
        None,
        "Transfer all layers from the token embeddings up to this one, as in the paper's layer "
        "ablation: shorthand for the six reload_* flags, which it sets. Empty: the flags apply.",
        expected=f"one of {', '.join(LAYERS)}, or empty",
    )
    label_map: Optional[tuple[tuple[str, str], ...]] = _advanced(
        None,
        "Map entity types of the pretrained model to types of this corpus, such as `PRGE:GENE, "
        "DISO:Disease`, when layers 5 and 6 are transferred. Several types may map to one (their "
        "weights are averaged), and one to several. A type that is not listed on the left keeps "
        "its name.",
        expected="a list of pairs SOURCE:TARGET, such as PRGE:GENE, DISO:Disease, or empty",
    )
    freeze_token_embeddings: bool = _advanced(
        False, "Freeze layer 1, the token embeddings, at its initial weights."
    )
    freeze_character_embeddings: bool = _advanced(
        False, "Freeze layer 2, the character embeddings."
    )
    freeze_character_lstm: bool = _advanced(False, "Freeze layer 3, the character LSTM.")
    freeze_token_lstm: bool = _advanced(
        False, "Freeze layer 4, the token LSTM and the tanh layer above it."
    )
    freeze_feedforward: bool = _advanced(False, "Freeze layer 5, label prediction.")
    freeze_crf: bool = _advanced(False, "Freeze layer 6, the transition scores.")
    tensorboard: bool = _advanced(True, "Write loss and scores of each epoch for TensorBoard.")

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, values: Any) -> Any:
        return expand_shorthands(values) if isinstance(values, dict) else values

    @field_validator("*", mode="before")
    @classmethod
    def _read_text(cls, value: Any, info: ValidationInfo) -> Any:
        return from_text(value, cls.model_fields[str(info.field_name)].annotation)

    @field_validator("checkpoint_every")
    @classmethod
    def _is_interval(cls, value: Optional[str]) -> Optional[str]:
        if value is not None:
            read_interval(value)
        return value

    @field_validator("experiment_name")
    @classmethod
    def _check_experiment_name(cls, value: str) -> str:
        if file_name_fault(value, _LONGEST_NAME):
            raise ValueError("not a valid folder name")
        return value

    @field_validator("label_map", mode="before")
    @classmethod
    def _read_label_map(cls, value: Any) -> Any:
        return None if value in (None, "") else read_label_map(value)

    @field_validator("split_percentages")
    @classmethod
    def _sum_to_100(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(value[:2]) <= 0 or value[2] < 0 or abs(sum(value) - 100) > 1e-6:
            raise ValueError("not percentages of a whole")
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Parameters:
        if not (self.train_model or self.use_pretrained_model):
            raise contradiction(
                "train_model and use_pretrained_model are both off, expected at least one to be "
                "on; set train_model = True to train or use_pretrained_model = True to predict",
                "train_model",
                "use_pretrained_model",
            )
        if self.use_pretrained_model and self.pretrained_model_folder is None:
            raise contradiction(
                "use_pretrained_model is on and pretrained_model_folder is empty, expected a "
                "model; set pretrained_model_folder to the model folder of an earlier run",
                "use_pretrained_model",
                "pretrained_model_folder",
            )
        transfer = self.train_model and self.use_pretrained_model
        if transfer and not any(getattr(self, flag) for flag in RELOAD_FLAGS):
            raise contradiction(
                "every reload_* is off with use_pretrained_model on, so nothing would be "
                "transferred; set one reload_* to True or use_pretrained_model = False",
                "use_pretrained_model",
                *RELOAD_FLAGS,
            )
        present = {name: self.use_character_lstm for name in LAYERS[1:3]}
        present["crf"] = self.use_crf
        held = [bool(getattr(self, f"freeze_{name}")) for name in LAYERS if present.get(name, True)]
        if self.train_model and all(held):
            raise contradiction(
                "every freeze_* is on with train_model on, so nothing would be trained; set one "
                "freeze_* to False",
                *FREEZE_FLAGS,
            )
        if self.minimum_number_of_epochs > self.maximum_number_of_epochs:
            raise contradiction(
                f"minimum_number_of_epochs is {self.minimum_number_of_epochs} and "
                f"maximum_number_of_epochs {self.maximum_number_of_epochs}, expected a minimum of "
                "at most the maximum; lower one or raise the other",
                "minimum_number_of_epochs",
                "maximum_number_of_epochs",
            )
        for name in (
            "load_only_pretrained_token_embeddings",
            "load_all_pretrained_token_embeddings",
        ):
            without_vectors = self.token_pretrained_embedding_filepath is None
            if self.train_model and without_vectors and getattr(self, name):
                raise contradiction(
                    f"{name} is on and token_pretrained_embedding_filepath is empty, expected word "
                    f"vectors; give their file or set {name} = False",
                    name,
                    "token_pretrained_embedding_filepath",
                )
        return self

    @property
    def checkpoint_interval(self) -> Optional[Interval]:
        """Interval at which the state is saved within an epoch; None for never."""
        return None if self.checkpoint_every is None else read_interval(self.checkpoint_every)

    @property
    def frozen_layers(self) -> tuple[str, ...]:
        """The layers that are not trained."""
        return tuple(name for name in LAYERS if getattr(self, f"freeze_{name}"))

    def to_dict(self) -> dict[str, Any]:
        """Return all values by name in JSON types: paths as strings, tuples as lists."""
        return self.model_dump(mode="json")
