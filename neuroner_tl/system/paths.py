"""What counts as a path in the functions that users call."""

from __future__ import annotations

import os
from typing import Union

StrPath = Union[str, "os.PathLike[str]"]
"""A text, a `Path`, or anything that has one, such as the folder of a run."""
