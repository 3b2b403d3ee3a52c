"""What rendering all of 3DIEBench costs, from what a view and an object take here.

    python tests/measure/cost.py [--sizes 256,128,64] [--views 8] [--quality fast]

Renders the parity models in one process of one thread and prints the table of docs/cluster.md.
Counts seconds of processor time; other work on the machine still adds up to a half to them. Takes about five minutes.
"""

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
from fidelity import MODELS

from threedie.manifests.classes import SYNSETS
from threedie.manifests.parts import find_parts
from threedie.render.engines.local import local_engine
from threedie.render.ledger import Outcome
from threedie.render.models.folder import FolderSource
from threedie.render.plan import make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.resources import available_cores
from threedie.render.run_folder import RunFolder
from threedie.render.supervisor import Supervisor

OBJECTS, VIEWS = 52_472, 50
"""All of 3DIEBench."""

SIZES = "256,128,64"


@dataclass(frozen=True)
class Cost:
    """Seconds of one core that a view takes, that an object takes besides; bytes of a part file a view."""

    view_s: float
    object_s: float
    view_bytes: float

    def core_hours(self, objects: int = OBJECTS, views: int = VIEWS) -> float:
        """Hours of one core that a dataset takes."""
        return objects * (views * self.view_s + self.object_s) / 3600

    def gigabytes(self, objects: int = OBJECTS, views: int = VIEWS) -> float:
        """Disk that a dataset takes while it is packed: its part files and the dataset file."""
        return 2 * objects * views * self.view_bytes / 1e9


class Clock:
    """Reads the rendering process's processor time at each view.

    Attributes:
        views: seconds of each view but the first of an object.
        besides: seconds that each object takes besides its views. Its first view builds the scene: what that takes
            longer than the object's other views counts here.
    """

    def __init__(self, engine: Supervisor) -> None:
        self._engine = engine
        self.views: list[float] = []
        self.besides: list[float] = []
        self._marks = [0.0]

    def _now(self) -> float:
        child = self._engine._children[0]
        assert child is not None
        times = psutil.Process(child.process.pid).cpu_times()
        return times.user + times.system

    def view_done(self) -> None:
        self._marks.append(self._now())

    def views_lost(self, views: int) -> None:
        raise AssertionError("a parity model failed")

    def object_ended(self, outcome: Outcome) -> None:
        begin, *views, end = [*self._marks, self._now()]
        times = [later - earlier for earlier, later in pairwise(views)]
        self.views += times
        self.besides.append(end - begin - statistics.mean(times) * len(views))
        self._marks = [end]


def measure(size: int, views: int, quality: str) -> Cost:
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name))
        plan = make_plan(
            FolderSource(MODELS), load_preset("3diebench"), choose_quality(quality, None, None), synsets=SYNSETS,
            views=views, per_class=None, size=size, seed=0, sampler="counter", manifest=None,
        )  # fmt: skip
        with local_engine(plan, folder, available_cores()) as engine:
            engine.workers = 1  # one process, with the threads it has where there is one for each core
            clock = Clock(engine)
            tasks = list(plan.tasks(plan.chosen))
            engine.run([tasks[0], *tasks], clock)
        # The first object also pays for Blender's start; it comes once more.
        view_s, object_s = statistics.mean(clock.views), statistics.mean(clock.besides[1:])
        stored = sum(part.stat().st_size for part in find_parts(folder.parts))
        return Cost(view_s, max(0.0, object_s), stored / (len(tasks) * views))


def row(size: int, cost: Cost) -> str:
    hours = cost.core_hours()
    return (
        f"| {size} | {cost.view_s:.3f} | {cost.object_s:.2f} | {hours:,.0f} | {hours / 16:,.0f} | {hours / 400:,.1f} "
        f"| {cost.gigabytes():,.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--views", type=int, default=8)
    parser.add_argument("--quality", default="fast")
    asked = parser.parse_args()
    print("| pixels | s a view | s an object besides | core hours | hours on 16 cores | hours on 400 cores | GB |")
    print("|---|---|---|---|---|---|---|")
    for size in map(int, asked.sizes.split(",")):
        print(row(size, measure(size, asked.views, asked.quality)), flush=True)


if __name__ == "__main__":
    main()
