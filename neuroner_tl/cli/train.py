"""`neuroner-tl train`: train a model, from scratch or from a pretrained one, or predict."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from neuroner_tl.cli.parameter_options import add_parameter_arguments, overrides_from
from neuroner_tl.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one option for each parameter."""
    add_parameter_arguments(parser)
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with the interrupted run of this folder, with the parameters it was begun with",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    # TensorFlow takes seconds to load; wrong parameters are refused before that.
    from neuroner_tl.parameters.files import load_parameters

    overrides = overrides_from(arguments)
    path = getattr(arguments, "parameters_filepath", None)
    if arguments.resume is not None and path is not None:
        raise ParameterError(
            "--resume and --parameters_filepath are both given, expected one; a run goes on with "
            "its own parameters"
        )
    if arguments.resume is None:
        load_parameters(path, overrides)

    from neuroner_tl.neuroner import NeuroNER
    from neuroner_tl.runs.resume import resume_command
    from neuroner_tl.runs.training import resume_run

    if arguments.resume is not None:
        result = resume_run(arguments.resume, overrides)
    else:
        with NeuroNER(path, **overrides) as ner:
            result = ner.fit()
    print(summary(result.results))
    print(f"run folder: {result.folder.path}")
    if result.status != "interrupted":
        return 0
    print(result.folder.model_sentence())
    print(f"resume with: {resume_command(result.folder.path)}")
    return 130


def summary(results: dict[str, Any]) -> str:
    """The scores of a run as a small table."""
    lines = [f"{results['status']}: {results['reason']}"]
    if results.get("best_epoch") is not None:
        mode = results["parameters"]["main_evaluation_mode"]
        lines.append(
            f"best epoch {results['best_epoch']} of {results['epochs']}, "
            f"valid F1 {100 * results['best_score']:.2f} ({mode}, on tags)"
        )
    if results.get("scores"):
        lines.append(f"{'part':<8}{'precision':>11}{'recall':>9}{'F1':>9}{'F1 on tags':>13}")
        for part, scores in results["scores"].items():
            micro = scores["documents"]["micro"]
            lines.append(
                f"{part:<8}{100 * micro['precision']:>11.2f}{100 * micro['recall']:>9.2f}"
                f"{100 * micro['f1']:>9.2f}{100 * scores['conll']['micro']['f1']:>13.2f}"
            )
        measures = results["measures"]
        lines.append(f"precision, recall, F1: {measures['documents']}")
        lines.append(f"F1 on tags: {measures['conll']}")
    return "\n".join(lines)
