"""The parameters of training: the second part of the schema."""

from __future__ import annotations

from typing import Literal, Optional, Union

from neuroner_tl.parameters.corpus_and_network import CorpusAndNetwork
from neuroner_tl.parameters.fields import (
    LARGEST_BATCH,
    LARGEST_FACTOR,
    LENGTH,
    MAX_AVERAGED_EPOCHS,
    MAX_EPOCHS,
    MAX_SENTENCES,
    MAX_THREADS,
    NOTHING,
    RESULT,
    training,
)


class TrainingParameters(CorpusAndNetwork):
    """The parameters of the section `training`, and those of the sections before it.

    Example::

        assert issubclass(Parameters, TrainingParameters)
    """

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
    token_embedding_rate: float = training(
        1.0,
        RESULT,
        "the step size of the token embeddings, as a share of learning_rate: below 1 word vectors "
        "are fine-tuned more carefully than the rest of the network. A linear layer above them has "
        "the step size of the rest.",
        needs=("freeze_token_embeddings", False),
        gt=0,
        le=LARGEST_FACTOR,
    )
    learning_rate_schedule: Literal["constant", "inverse", "cosine", "plateau"] = training(
        "constant",
        RESULT,
        "How the step size changes. inverse: learning_rate / (1 + learning_rate_decay * t) in "
        "epoch t, counted from 0; cosine: down to learning_rate_floor within learning_rate_epochs, "
        "along half a cosine; plateau: times learning_rate_factor whenever learning_rate_patience "
        "epochs have not improved the score on the validation set.",
    )
    learning_rate_decay: float = training(
        0.05,
        RESULT,
        "the decay of each epoch.",
        needs=("learning_rate_schedule", "inverse"),
        ge=0,
        le=LARGEST_FACTOR,
    )
    learning_rate_epochs: int = training(
        50,
        RESULT,
        "epochs until the step size is at its floor, where it stays.",
        needs=("learning_rate_schedule", "cosine"),
        ge=1,
        le=MAX_EPOCHS,
    )
    learning_rate_factor: float = training(
        0.5,
        RESULT,
        "what the step size is multiplied by.",
        needs=("learning_rate_schedule", "plateau"),
        gt=0,
        lt=1,
    )
    learning_rate_patience: int = training(
        3,
        RESULT,
        "after how many epochs without improvement; below patience, which ends the run.",
        needs=("learning_rate_schedule", "plateau"),
        ge=1,
        le=MAX_EPOCHS,
    )
    learning_rate_floor: float = training(
        0.01,
        RESULT,
        "the smallest share of learning_rate that is left.",
        needs=("learning_rate_schedule", "inverse", "cosine", "plateau"),
        ge=0,
        lt=1,
    )
    learning_rate_warmup: float = training(
        0.0,
        RESULT,
        "Epochs, or a part of one, in which the step size rises from near 0 in equal steps, with "
        "any schedule; 0: off.",
        ge=0,
        le=MAX_EPOCHS,
    )
    weight_decay: float = training(
        0.0,
        RESULT,
        "Each step, shrink the weight matrices of layers 3 to 6 by the step size times this share, "
        "whatever the gradient (decoupled weight decay; with optimizer = adam this is AdamW). "
        "Embeddings and biases stay as they are. 0: off.",
        ge=0,
        le=LARGEST_FACTOR,
    )
    gradient_clipping_norm: float = training(
        0.0,
        RESULT,
        "Scale the gradient of a step, of all weights together, down to this Euclidean norm if it "
        "is longer; before gradient_clipping_value applies. 0: off.",
        ge=0,
        allow_inf_nan=False,
        expected="a finite number of at least 0",
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
    dropout_mask: Literal["token", "sentence"] = training(
        "token",
        RESULT,
        "What has a mask of dropout_rate of its own. token: each token, as in NeuroNER; sentence: "
        "each sentence, so that the same components are 0 for all of its tokens (variational "
        "dropout).",
    )
    recurrent_dropout_rate: float = training(
        0.0,
        RESULT,
        "Probability that a component of the token LSTM's state is set to 0 where the next step "
        "reads it, for a whole sentence (variational dropout). 0: off.",
        ge=0,
        lt=1,
    )
    output_dropout_rate: float = training(
        0.0,
        RESULT,
        "Likewise for the token LSTM's states where the tanh layer above reads them.",
        ge=0,
        lt=1,
    )
    character_dropout_rate: float = training(
        0.0,
        RESULT,
        "likewise for the character LSTM's input and fed-back state, for a whole word.",
        needs=("use_character_lstm", True),
        ge=0,
        lt=1,
    )
    word_dropout_rate: float = training(
        0.0,
        RESULT,
        "Probability that the embedding of a token is set to 0 as a whole, wherever it occurs in a "
        "sentence; its characters remain. 0: off.",
        ge=0,
        lt=1,
    )
    batch_size: int = training(
        1, RESULT, "Sentences per step; 1 is the paper's setting.", ge=1, le=LARGEST_BATCH
    )
    batch_tokens: int = training(
        0,
        RESULT,
        "Tokens per step, padding included, in place of batch_size: many short sentences or a few "
        "long ones, of similar length. A longer sentence is a batch of its own. 0: off.",
        ge=0,
        le=LARGEST_BATCH,
    )
    batch_loss: Literal["mean", "sum"] = training(
        "mean",
        RESULT,
        "How the losses of a batch's sentences are combined. sum keeps the step size per sentence "
        "of batch size 1, but may diverge.",
    )
    unknown_token_dropout: Literal["rare", "constant", "frequency"] = training(
        "rare",
        RESULT,
        "Which tokens are replaced by the unknown token in training, so that its vector is "
        "trained; their characters remain. rare: those that occur once in train, with probability "
        "0.5 in each epoch, as in NeuroNER; constant: any occurrence, with probability "
        "unknown_token_rate; frequency: any occurrence, with probability "
        "unknown_token_alpha / (unknown_token_alpha + n), where n is how often the token occurs.",
    )
    unknown_token_rate: float = training(
        0.05,
        RESULT,
        "probability that an occurrence is replaced.",
        needs=("unknown_token_dropout", "constant"),
        gt=0,
        lt=1,
    )
    unknown_token_alpha: float = training(
        0.25,
        RESULT,
        "the larger, the more is replaced.",
        needs=("unknown_token_dropout", "frequency"),
        gt=0,
        le=LARGEST_FACTOR,
    )
    label_smoothing: float = training(
        0.0,
        RESULT,
        "Share of each training label that is spread over all labels evenly, for noisy sources: "
        "the loss is the expected one of labels that are replaced by random ones with this "
        "probability. With use_crf, sentences with tokens that may have any label are not "
        "smoothed. 0: off.",
        ge=0,
        lt=1,
    )
    soft_label_share: float = training(
        0.0,
        RESULT,
        "Share of a teacher's distribution over taggings in what layer 6 learns of each sentence, "
        "from soft_labels.npz in the folder of the corpus, which `silver complete --soft-labels` "
        "writes: 1 distils the teacher, or an ensemble of several, into this model; below 1 the "
        "corpus's own labels have the rest. 0: off.",
        ge=0,
        le=1,
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
        "what the weights of a step count, as a share of what those of the next count; the average "
        "covers about 1 / (1 - averaging_decay) steps. At most 0.9999: float32 weights cannot take "
        "smaller shares.",
        needs=("weight_averaging", "exponential"),
        gt=0,
        le=0.9999,
    )
    averaged_epochs: int = training(
        10,
        RESULT,
        "how many epochs the average covers. Each takes as much memory as the trained weights.",
        needs=("weight_averaging", "epochs"),
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
