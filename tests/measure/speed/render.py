"""`fast` against `reference` quality: the whole command over the seven models of the fidelity check."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from speed.comparison import Comparison

SUBJECT = "3die render, fast against reference quality, whole command, 7 models x 10 views, 256 px"
MODELS = Path(__file__).parents[3] / "render" / "models" / "embedded" / "shapenet_layout"
VIEWS = 10
FAST_RUNS = 3
"""Times the fast command runs for one of the reference quality: before, after, and after that."""


def compare() -> Iterator[Comparison]:
    """The reference quality once, in the middle of the fast runs; it takes minutes."""
    with tempfile.TemporaryDirectory(prefix="3die-bench-") as folder:
        first = _seconds(Path(folder, "fast-0"), "fast")
        reference = _seconds(Path(folder, "reference"), "reference")
        fast = (first, *(_seconds(Path(folder, f"fast-{run}"), "fast") for run in range(1, FAST_RUNS)))
    yield Comparison("whole command", "s", fast, (reference,) * FAST_RUNS, wanted=10)


def _seconds(out: Path, quality: str) -> float:
    command = [sys.executable, "-P", "-m", "threedie", "render", "--models", str(MODELS), "--out", str(out)]
    command += ["--views", str(VIEWS), "--size", "256", "--quality", quality]
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin
