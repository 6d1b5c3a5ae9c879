"""TensorFlow's graphs as they were traced, for tests that train on a handful of tokens."""

from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def unoptimised_graphs():
    """Leave out what TensorFlow does to make graphs faster: it takes longer than it saves."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
