"""Render many objects in one run and draw the resident size of every process over time.

    python tests/measure/memory.py [--objects 6] [--views 2] [--out FOLDER]

With six objects of each class that is 330. Prints the largest size of each kind of process and writes memory.png.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib as mpl
import psutil

mpl.use("Agg")
import matplotlib.pyplot as plt

EVERY_S = 0.5
Samples = dict[int, tuple[str, list[float], list[float]]]


def watch(command: list[str]) -> Samples:
    """Run a command; gives name, seconds and MiB of it and of all its descendants."""
    samples: Samples = {}
    process = subprocess.Popen(command)
    begin = time.monotonic()
    while process.poll() is None:
        main = psutil.Process(process.pid)
        for one in (main, *main.children(recursive=True)):
            try:
                mib, words = one.memory_info().rss / 2**20, " ".join(one.cmdline())
            except psutil.Error:
                continue
            name = (
                "rendering process"
                if "threedie.render.worker" in words
                else "supervisor"
                if one.pid == main.pid
                else "other"
            )
            _, times, sizes = samples.setdefault(one.pid, (name, [], []))
            times.append(time.monotonic() - begin)
            sizes.append(mib)
        time.sleep(EVERY_S)
    if process.returncode:
        sys.exit(process.returncode)
    return samples


def draw(samples: Samples, path: Path) -> None:
    """One line a process."""
    colors = {"supervisor": "#c44e52", "rendering process": "#4c72b0", "other": "#8c8c8c"}
    figure, axes = plt.subplots(figsize=(8, 3.5), layout="constrained")
    for name, color in colors.items():
        lines = [(times, sizes) for kind, times, sizes in samples.values() if kind == name]
        for number, (times, sizes) in enumerate(lines):
            axes.plot(times, sizes, color=color, linewidth=1, label=f"{name} ({len(lines)})" if not number else None)
    axes.set(xlabel="seconds", ylabel="resident, MiB", ylim=(0, None))
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=6)
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", "-m", "threedie", "render", "--classes", "all", "--size", "64"]
        command += ["--objects", str(arguments.objects), "--views", str(arguments.views), "--out", f"{folder}/data"]
        samples = watch(command)
    draw(samples, arguments.out / "memory.png")
    for name in sorted({name for name, _, _ in samples.values()}):
        peaks = [max(sizes) for kind, _, sizes in samples.values() if kind == name]
        print(f"{name}: {len(peaks)}, largest {max(peaks):.0f} MiB")


if __name__ == "__main__":
    main()
