"""TensorFlow's graphs as they were traced, for tests that train on a handful of tokens.

As a module that is run, it is the command line with such graphs.
"""

import sys
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


if __name__ == "__main__":
    from neuroner_tl.__main__ import main

    with unoptimised_graphs():
        sys.exit(main())
