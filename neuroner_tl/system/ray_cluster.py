"""A connection to a Ray cluster, and the environment of processes on it."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neuroner_tl.errors import ParameterError

# Libraries read these when they are loaded, so they are set before a worker starts.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
_CONNECT_SECONDS = 10


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Open a connection to a cluster for a block, and yield Ray's module.

    Args:
        address: of the cluster, ``auto`` for the one that this machine belongs to.

    Raises:
        ParameterError: Ray is not installed, or there is no cluster at this address.
    """
    try:
        import ray
    except ImportError:
        raise ParameterError(
            "--address: found no Ray on this machine, expected it for runs on a cluster; "
            'install it with: pip install ".[cluster]" in the repository'
        ) from None
    connected_before = ray.is_initialized()
    if not connected_before:
        try:
            _check_reachable(address)
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ParameterError(
                f"--address: found no Ray cluster at {address} ({reason}), expected a running one; "
                "start it with `ray start --head`, or leave --address out"
            ) from None
    try:
        yield ray
    finally:
        if not connected_before:
            ray.shutdown()


def worker_environment() -> dict[str, str]:
    """Return the environment of a worker's process; the package may not be installed."""
    found = {**ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    if "PYTHONPATH" in os.environ:
        found["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return found


def _check_reachable(address: str) -> None:
    """Check at once whether the address responds; Ray itself tries for minutes.

    Raises:
        OSError: it does not.
    """
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and "://" not in address:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
