"""`neuroner-tl benchmark service`: load a running service with several clients at once."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.screen import terminal_width


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "address", help="of a service that is running, such as http://127.0.0.1:8000"
    )
    parser.add_argument(
        "--input",
        type=Path,
        required=True,
        help="a file or a folder of files of texts, as for predict; each is one request",
    )
    parser.add_argument(
        "--clients",
        default="1,8,32",
        metavar="N,N",
        help="clients that send at the same time, one measurement each (default: 1,8,32)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=10,
        metavar="N",
        help="time of each measurement (default: 10)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    try:
        clients = [int(number) for number in arguments.clients.split(",")]
    except ValueError:
        raise ParameterError(
            f"--clients: found {arguments.clients!r}, expected whole numbers, such as 1,8,32"
        ) from None

    from neuroner_tl.benchmark.service_load import load_text, measure_service

    loads = measure_service(
        arguments.address, arguments.input, clients=clients, seconds=arguments.seconds
    )
    return Outcome(
        load_text(loads, terminal_width()), {"loads": [load.content() for load in loads]}
    )
