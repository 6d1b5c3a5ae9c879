"""Parameters of NeuroNER that have another name here, or none."""

from __future__ import annotations

# Parameters of NeuroNER, of any version, that are accepted and ignored, with the reason.
RETIRED = {
    "is_character_lstm_bidirect": "always bidirectional",
    "is_token_lstm_bidirect": "always bidirectional",
    "maximum_training_time": "a run is bounded by its epochs",
    "number_of_gpus": "runs on the CPU",
    "output_scores": "no file has such a column",
    "parameters_filepath": "given on the command line",
    "plot_format": "curves are written for TensorBoard",
    "precompute_initial_transitions": "transitions are learned",
    "pretrained_model_checkpoint_filepath": "use pretrained_model_folder",
}

# Former name in NeuroNER -> current name.
RENAMED = {"remove_unknown_tokens": "remap_unknown_tokens_to_unk"}
