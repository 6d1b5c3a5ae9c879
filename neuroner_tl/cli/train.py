"""`neuroner-tl train`: train a model, from scratch or from a pretrained one, or predict."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.cli.parameter_options import add_parameter_arguments, overrides_from
from neuroner_tl.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one option for each parameter."""
    add_parameter_arguments(parser)
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="resume the interrupted run of this folder, with the parameters it was started with",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    # TensorFlow takes seconds to load; wrong parameters are refused before that.
    from neuroner_tl.parameters.files import load_parameters

    overrides = overrides_from(arguments)
    path = getattr(arguments, "parameters_filepath", None)
    if arguments.resume is None:
        parameters = load_parameters(path, overrides)
    elif path is not None:
        raise ParameterError(
            "--resume and --parameters_filepath are both given, expected one; a run is resumed "
            "with its own parameters"
        )

    from neuroner_tl.neuroner import resume_training, train_model
    from neuroner_tl.runs.resume import resume_command
    from neuroner_tl.runs.summary import run_summary

    if arguments.resume is not None:
        result = resume_training(arguments.resume, **overrides)
    else:
        result = train_model(parameters)
    lines = [run_summary(result.results), f"run folder: {result.folder}"]
    content = {"folder": str(result.folder), **result.results}
    if result.status != "interrupted":
        return Outcome("\n".join(lines), content)
    lines += [
        result.folder.model_sentence(),
        f"resume with: {resume_command(result.folder.path)}",
    ]
    return Outcome("\n".join(lines), content, status=130)
