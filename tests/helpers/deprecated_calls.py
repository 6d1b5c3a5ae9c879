"""What TensorFlow logs, once for each place, when a deprecated function or argument is used."""

import logging
import re
from contextlib import contextmanager

# Functions that TensorFlow rewrites are called from a file that it has written.
OURS = r"neuroner_tl[\\/]|__autograph_generated_file"


class _Kept(logging.Handler):
    def __init__(self, of):
        super().__init__(logging.WARNING)
        self.calls = []
        self._pattern = re.compile(rf"From [^\n]*(?:{of})[^\n]*:\d+: [^\n]*deprecated", re.DOTALL)

    def emit(self, record):
        message = record.getMessage()
        if self._pattern.match(message):
            self.calls.append(message)


@contextmanager
def deprecated_calls(of=OURS):
    """Give a list, which gets TensorFlow's messages on deprecated calls by the files `of`."""
    logger = logging.getLogger("tensorflow")
    handler, level = _Kept(of), logger.level
    logger.addHandler(handler)
    # The command line silences this logger.
    logger.setLevel(logging.WARNING)
    try:
        yield handler.calls
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
