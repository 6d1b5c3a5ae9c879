"""From the parameters of a run to the settings of the rooms below: all translation is here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.corpora.text.sentences import SENTENCE_SPLITTER
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.soft_labels import SOFT_LABELS, read_soft_labels, soft_targets
from neuroner_tl.dataset.supervision import Supervision, supervise
from neuroner_tl.dataset.unknown_dropout import UnknownDropout
from neuroner_tl.dataset.vocabulary import VocabularyRules
from neuroner_tl.model.entity_lstm import Architecture
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.values import LAYERS, Interval, read_interval
from neuroner_tl.training.progress import LoopSettings
from neuroner_tl.training.schedule import Schedule
from neuroner_tl.training.steps.burst_shape import burst_lengths
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.variational import VariationalDropout
from neuroner_tl.training.transfer import LayerChoice

# Below this many sentences, repetitions counted, compiling takes longer than it saves.
COMPILE_FROM_SENTENCES = 5000


def text_identity(parameters: Parameters) -> TextIdentity:
    """Return how text is cut."""
    return TextIdentity(
        tokenizer=parameters.tokenizer,
        tokenizer_identity=get_tokenizer(parameters.tokenizer, parameters.spacylanguage).identity,
        sentence_splitter=SENTENCE_SPLITTER,
        language=parameters.spacylanguage,
        tagging_format=parameters.tagging_format,
    )


def vocabulary_rules(parameters: Parameters) -> VocabularyRules:
    """Return by which rules tokens, characters and labels get their rows."""
    return VocabularyRules(
        tagging_format=parameters.tagging_format,
        remap_unknown_tokens_to_unk=parameters.remap_unknown_tokens_to_unk,
        load_only_pretrained_token_embeddings=parameters.load_only_pretrained_token_embeddings,
        load_all_pretrained_token_embeddings=parameters.load_all_pretrained_token_embeddings,
        check_for_lowercase=parameters.check_for_lowercase,
        check_for_digits_replaced_with_zeros=parameters.check_for_digits_replaced_with_zeros,
        token_embedding_dimension=parameters.token_embedding_dimension,
    )


def architecture_of(parameters: Parameters, labels: int) -> Architecture:
    """Return the architecture of the network for this many labels."""
    return Architecture(
        labels=labels,
        token_dimension=parameters.token_embedding_dimension,
        token_hidden=parameters.token_lstm_hidden_state_dimension,
        character_dimension=parameters.character_embedding_dimension,
        character_hidden=parameters.character_lstm_hidden_state_dimension,
        use_character_lstm=parameters.use_character_lstm,
        use_crf=parameters.use_crf,
        peepholes=parameters.lstm_peepholes,
        token_linear=parameters.token_linear_dimension,
    )


def frozen_layers(parameters: Parameters) -> tuple[str, ...]:
    """Return the layers that are not trained."""
    return tuple(name for name in LAYERS if getattr(parameters, f"freeze_{name}"))


def layer_choice(parameters: Parameters) -> LayerChoice:
    """Return what a transfer takes from the pretrained model."""
    return LayerChoice(
        frozenset(name for name in LAYERS if getattr(parameters, f"reload_{name}")),
        frozenset(frozen_layers(parameters)),
        parameters.label_map or (),
    )


def supervision_of(
    parameters: Parameters, train: EncodedPart, labels: Sequence[str], corpus: Optional[Path] = None
) -> Supervision:
    """Return the labels and weights with which the sentences of the train part are trained on.

    Args:
        parameters: the run's parameters.
        train: the train part.
        labels: names of the labels.
        corpus: folder of the corpus, for soft labels.

    Raises:
        CorpusError: the soft labels that the parameters ask for cannot be used.
    """
    supervision = supervise(
        train,
        leave_open=parameters.unknown_tokens == "open",
        weigh=parameters.sentence_weights == "probability",
    )
    share = parameters.soft_label_share
    if not share:
        return supervision
    assert corpus is not None
    place = corpus / SOFT_LABELS
    soft = read_soft_labels(place)
    targets = soft_targets(train, supervision.labels, labels, soft, share, place)
    return supervision._replace(targets=targets)


def step_settings(
    parameters: Parameters, compiled: bool, partial: bool = False, soft: bool = False
) -> StepSettings:
    """Return the settings of a training step.

    Args:
        parameters: the run's parameters.
        compiled: compile it with XLA.
        partial: some tokens may have any label.
        soft: labels are soft.
    """
    return StepSettings(
        parameters.optimizer,
        parameters.gradient_clipping_value,
        0.0 if parameters.dropout_mask == "sentence" else parameters.dropout_rate,
        parameters.batch_loss,
        frozen_layers(parameters),
        compiled,
        partial,
        parameters.averaging_decay if parameters.weight_averaging == "exponential" else 0.0,
        parameters.averaged_epochs if parameters.weight_averaging == "epochs" else 0,
        parameters.gradient_clipping_norm,
        parameters.weight_decay,
        variational_dropout(parameters),
        parameters.label_smoothing,
        parameters.token_embedding_rate,
        soft,
    )


def variational_dropout(parameters: Parameters) -> VariationalDropout:
    """Return what is dropped by masks that all steps of a sequence share."""
    return VariationalDropout(
        parameters.word_dropout_rate,
        parameters.dropout_rate if parameters.dropout_mask == "sentence" else 0.0,
        parameters.recurrent_dropout_rate,
        parameters.output_dropout_rate,
        parameters.character_dropout_rate if parameters.use_character_lstm else 0.0,
    )


def schedule_of(parameters: Parameters) -> Schedule:
    """Return how the learning rate changes."""
    return Schedule(
        parameters.learning_rate_schedule,
        parameters.learning_rate_decay,
        parameters.learning_rate_epochs,
        parameters.learning_rate_factor,
        parameters.learning_rate_patience,
        parameters.learning_rate_floor,
        parameters.learning_rate_warmup,
    )


def loop_settings(parameters: Parameters) -> LoopSettings:
    """Return how long a run trains."""
    return LoopSettings(
        parameters.batch_size,
        parameters.patience,
        parameters.minimum_number_of_epochs,
        parameters.maximum_number_of_epochs,
        parameters.give_up_after_sentences,
        parameters.seed,
        schedule_of(parameters),
        parameters.batch_tokens,
        UnknownDropout(
            parameters.unknown_token_dropout,
            parameters.unknown_token_rate,
            parameters.unknown_token_alpha,
        ),
    )


def burst_lengths_of(parameters: Parameters, train: EncodedPart) -> tuple[int, ...]:
    """Return for which padded lengths of sentences several steps may be made in one call.

    They are steps of one sentence, all at the same learning rate.
    """
    p = parameters
    if p.batch_size != 1 or p.batch_tokens or not schedule_of(p).is_constant:
        return ()
    return burst_lengths(train.lengths)


def checkpoint_interval(parameters: Parameters) -> Optional[Interval]:
    """Return the interval at which the state is saved within an epoch; None for never."""
    every = parameters.checkpoint_every
    return None if every is None else read_interval(every)


def is_compiled(parameters: Parameters, sentences: int) -> bool:
    """Decide whether training on this many sentences repays compiling the step."""
    p = parameters
    if p.jit_compile != "auto":
        return bool(p.jit_compile)
    epochs = min(p.maximum_number_of_epochs, max(p.minimum_number_of_epochs, p.patience))
    return sentences * epochs >= COMPILE_FROM_SENTENCES
