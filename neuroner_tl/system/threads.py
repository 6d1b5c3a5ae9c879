"""How many threads TensorFlow uses."""

from __future__ import annotations

import logging

import tensorflow as tf

logger = logging.getLogger(__name__)


def set_threads(number: int) -> None:
    """Set the number of threads that TensorFlow uses; 0 leaves it to TensorFlow.

    This works only before TensorFlow has computed anything; later, a different number is logged
    and has no effect.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(number)
        tf.config.threading.set_inter_op_parallelism_threads(number)
    except RuntimeError:
        current = tf.config.threading.get_intra_op_parallelism_threads()
        if current != number:
            logger.warning(
                "TensorFlow already runs with %d threads (0: its own choice), which "
                "cannot be changed; number_of_cpu_threads = %d has no effect in this process",
                current,
                number,
            )
