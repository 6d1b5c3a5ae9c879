"""Parameters that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroner_tl.parameters.values import FREEZE_FLAGS, LAYERS, RELOAD_FLAGS, contradiction

if TYPE_CHECKING:
    from neuroner_tl.parameters.schema import Parameters


def check_consistency(parameters: Parameters) -> None:
    """Check parameters against each other.

    Raises:
        ValueError: two parameters contradict each other; pydantic reports it.
    """
    if not (parameters.train_model or parameters.use_pretrained_model):
        raise contradiction(
            "train_model and use_pretrained_model are both off, expected at least one to be "
            "on; set train_model = True to train or use_pretrained_model = True to predict",
            "train_model",
            "use_pretrained_model",
        )
    if parameters.use_pretrained_model and parameters.pretrained_model_folder is None:
        raise contradiction(
            "use_pretrained_model is on and pretrained_model_folder is empty, expected a "
            "model; set pretrained_model_folder to the model folder of an earlier run",
            "use_pretrained_model",
            "pretrained_model_folder",
        )
    transfer = parameters.train_model and parameters.use_pretrained_model
    if transfer and not any(getattr(parameters, flag) for flag in RELOAD_FLAGS):
        raise contradiction(
            "every reload_* is off with use_pretrained_model on, so nothing would be "
            "transferred; set one reload_* to True or use_pretrained_model = False",
            "use_pretrained_model",
            *RELOAD_FLAGS,
        )
    present = {name: parameters.use_character_lstm for name in LAYERS[1:3]}
    present["crf"] = parameters.use_crf
    held = [
        bool(getattr(parameters, f"freeze_{name}")) for name in LAYERS if present.get(name, True)
    ]
    if parameters.train_model and all(held) and not parameters.token_linear_dimension:
        raise contradiction(
            "every freeze_* is on with train_model on, so nothing would be trained; set one "
            "freeze_* to False",
            *FREEZE_FLAGS,
        )
    if parameters.minimum_number_of_epochs > parameters.maximum_number_of_epochs:
        raise contradiction(
            f"minimum_number_of_epochs is {parameters.minimum_number_of_epochs} and "
            f"maximum_number_of_epochs {parameters.maximum_number_of_epochs}, expected a minimum "
            "of at most the maximum; lower one or raise the other",
            "minimum_number_of_epochs",
            "maximum_number_of_epochs",
        )
    if parameters.batch_tokens and parameters.batch_size != 1:
        raise contradiction(
            f"batch_tokens is {parameters.batch_tokens} and batch_size {parameters.batch_size}, "
            "expected one of them; remove batch_size to batch by tokens, or set batch_tokens = 0",
            "batch_tokens",
            "batch_size",
        )
    if parameters.soft_label_share and parameters.label_smoothing:
        raise contradiction(
            f"soft_label_share is {parameters.soft_label_share:g} and label_smoothing "
            f"{parameters.label_smoothing:g}, expected one of them; set label_smoothing = 0, since "
            "a teacher's labels are soft already",
            "soft_label_share",
            "label_smoothing",
        )
    if (
        parameters.learning_rate_schedule == "plateau"
        and parameters.learning_rate_patience >= parameters.patience
    ):
        raise contradiction(
            f"learning_rate_patience is {parameters.learning_rate_patience} and patience "
            f"{parameters.patience}, expected learning_rate_patience to be lower, since training "
            "ends before the step size is reduced; lower it or raise patience",
            "learning_rate_patience",
            "patience",
        )
    for name in (
        "load_only_pretrained_token_embeddings",
        "load_all_pretrained_token_embeddings",
    ):
        without_vectors = parameters.token_pretrained_embedding_filepath is None
        if parameters.train_model and without_vectors and getattr(parameters, name):
            raise contradiction(
                f"{name} is on and token_pretrained_embedding_filepath is empty, expected word "
                f"vectors; give their file or set {name} = False",
                name,
                "token_pretrained_embedding_filepath",
            )
