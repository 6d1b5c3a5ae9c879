"""The parameters of a run: name, section, type, default, range and explanation of each.

This schema is the only place where a parameter is explained; `corpus_and_network.py` and
`training_parameters.py` have its first four sections. The help of the command line and
`docs/parameters.md` are generated from it. Names, sections and defaults are NeuroNER's wherever
NeuroNER has the parameter and the default still makes sense.
"""

from __future__ import annotations

from typing import Any, Literal, Optional

from pydantic import ConfigDict, ValidationInfo, field_validator, model_validator

from neuroner_tl.parameters.consistency import check_consistency
from neuroner_tl.parameters.fields import ENCODING, NOTHING, RESULT, advanced
from neuroner_tl.parameters.training_parameters import TrainingParameters
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


class Parameters(TrainingParameters):
    """All parameters of a run, checked and immutable.

    Built by `load_parameters`, whose errors are written for users; when built directly, an invalid
    value raises pydantic's `ValidationError` (also a `ValueError`). Strings are accepted for every
    field, as they are written in a parameter file.

    Example::

        parameters = Parameters(dropout_rate="0.3", experiment_name="mine")
        parameters.dropout_rate  # 0.3
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

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
        "en",
        ENCODING,
        "the language of spaCy's rules, English, German or French.",
        needs=("tokenizer", "spacy"),
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
        "treat every token without a word vector as unknown, even in the train part.",
        needs=("remap_unknown_tokens_to_unk", True),
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
        "transfer layer 1, the token embeddings, with the linear layer above them, if there is "
        "one. Off: initialise them from the word vectors, or randomly where there is none.",
        needs=("use_pretrained_model", True),
    )
    reload_character_embeddings: bool = advanced(
        True,
        RESULT,
        "transfer layer 2, the character embeddings.",
        needs=("use_pretrained_model", True),
    )
    reload_character_lstm: bool = advanced(
        True, RESULT, "transfer layer 3, the character LSTM.", needs=("use_pretrained_model", True)
    )
    reload_token_lstm: bool = advanced(
        True,
        RESULT,
        "transfer layer 4, the token LSTM and the tanh layer above it.",
        needs=("use_pretrained_model", True),
    )
    reload_feedforward: bool = advanced(
        True,
        RESULT,
        "transfer layer 5, label prediction, for labels that both models have.",
        needs=("use_pretrained_model", True),
    )
    reload_crf: bool = advanced(
        True,
        RESULT,
        "transfer layer 6, the transition scores, for labels that both models have.",
        needs=("use_pretrained_model", True),
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
        "map entity types of the pretrained model to types of this corpus, such as `PRGE:GENE, "
        "DISO:Disease`, when layers 5 and 6 are transferred. Several types may map to one (their "
        "weights are averaged), and one to several. A type that is not listed on the left keeps "
        "its name.",
        needs=("use_pretrained_model", True),
        expected="a list of pairs SOURCE:TARGET, such as PRGE:GENE, DISO:Disease, or empty",
    )
    freeze_token_embeddings: bool = advanced(
        False,
        RESULT,
        "Freeze layer 1, the token embeddings, at its initial weights; a linear layer above them "
        "(token_linear_dimension) is trained.",
    )
    freeze_character_embeddings: bool = advanced(
        False,
        RESULT,
        "freeze layer 2, the character embeddings.",
        needs=("use_character_lstm", True),
    )
    freeze_character_lstm: bool = advanced(
        False, RESULT, "freeze layer 3, the character LSTM.", needs=("use_character_lstm", True)
    )
    freeze_token_lstm: bool = advanced(
        False, RESULT, "Freeze layer 4, the token LSTM and the tanh layer above it."
    )
    freeze_feedforward: bool = advanced(False, RESULT, "Freeze layer 5, label prediction.")
    freeze_crf: bool = advanced(
        False, RESULT, "freeze layer 6, the transition scores.", needs=("use_crf", True)
    )
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


def extra_of(name: str) -> dict[str, Any]:
    """Return what `neuroner_tl.parameters.fields.field` was told of a parameter."""
    extra = Parameters.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra
