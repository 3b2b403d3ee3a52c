"""The commands of `make tables`."""

import re
import shlex
import subprocess
from pathlib import Path

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def table_commands(root: Path) -> list[list[str]]:
    """Arguments of each `3die leaderboard` that `make tables` runs in a root folder."""
    words = ["make", "--dry-run", "--file", str(MAKEFILE), "tables"]
    dry = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout
    return [shlex.split(line) for line in re.findall(r"/3die leaderboard (.*)", dry.replace("\\\n", " "))]
