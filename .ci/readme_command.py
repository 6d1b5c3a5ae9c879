"""Print one of the README's two set-up commands, exactly as a reader would copy it.

Usage: python readme_command.py README.md NUMBER
The command is the fenced block after the comment <!-- setup:NUMBER -->.
"""

import re
import sys
from pathlib import Path


def readme_command(text: str, number: int) -> str:
    """Return the text of the block; raise SystemExit unless there is exactly one."""
    pattern = rf"^<!-- setup:{number} -->\n+^```\w*\n(.*?)^```$"
    blocks = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    if len(blocks) != 1 or not blocks[0].strip():
        sys.exit(f"README: {len(blocks)} blocks after <!-- setup:{number} -->, expected one")
    return blocks[0]


if __name__ == "__main__":
    print(readme_command(Path(sys.argv[1]).read_text(encoding="utf-8"), int(sys.argv[2])), end="")
