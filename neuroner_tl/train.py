"""The train script: `python -m neuroner_tl.train --parameters_filepath FILE [--NAME VALUE ...]`."""

from __future__ import annotations

import sys

from neuroner_tl.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
