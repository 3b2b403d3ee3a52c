"""Where the time of a view goes: `python tests/measure/view_time.py [--size 256]`.

One thread, the seven models of the fidelity check. What Cycles does inside of one call is told apart by rendering with
fewer samples and without denoiser. Prints the table of docs/rendering.md; every figure is a median over views.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from fidelity import MODELS

from threedie.manifests.classes import parse_classes
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.render import blender, encode
from threedie.render.models.choose import open_source
from threedie.render.plan import make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import QUALITIES
from threedie.render.scene import view_scene

VIEWS = 4
Times = dict[str, list[float]]


def timed(times: Times, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose seconds are noted."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        result = function(*arguments, **named)
        times[name].append(time.perf_counter() - begin)
        return result

    return wrapped


def profile(size: int, scratch: Path) -> Times:
    """Seconds of every step of the fast quality."""
    times: Times = defaultdict(list)
    begin = time.perf_counter()
    preset, fast = load_preset("3diebench"), QUALITIES["fast"]
    source = open_source(MODELS, scratch)
    plan = make_plan(
        source, preset, fast, synsets=parse_classes("all"), views=VIEWS, per_class=None, size=size, seed=0,
        sampler="counter", manifest=None,
    )  # fmt: skip
    kinds = {
        "all": fast,
        "no denoiser": replace(fast, denoiser="none"),
        "no denoiser, 1 sample": replace(fast, denoiser="none", samples=1),
    }
    for name, quality in kinds.items():
        begin = time.perf_counter()
        stage = blender.Stage(preset, quality, size, scratch, 1)
        times["stage (once a process)"].append(time.perf_counter() - begin)
        for task in plan.tasks(sorted(plan.chosen)):
            load = timed(times, "load (once an object)", stage.load)
            load(source.mesh_file(task.ref))
            jpegs = []
            for number, row in enumerate(task.latents):
                scene = timed(times, "scene in numbers", view_scene)(preset, plan.info.fields, row)
                pixels = timed(times if number else defaultdict(list), f"view: {name}", stage.render)(scene)
                jpegs.append(timed(times, "JPEG", encode.jpeg)(pixels, "bgr", 95))
            if name == "all":
                part = DatasetObject(task.ref, task.split, task.latents, jpegs)
                path = scratch / f"{task.ref.object_id}.h5"
                timed(times, "write the part (once an object)", write_part)(path, plan.info, {}, part)
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    size = parser.parse_args().size
    stages: Times = defaultdict(list)
    blender.composed = timed(stages, "put together", blender.composed)
    blender.object_box = timed(stages, "find the object's box", blender.object_box)
    blender.quantize = timed(stages, "to bytes", blender.quantize)
    blender.Stage._read_picture = timed(stages, "read a picture back", blender.Stage._read_picture)  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as scratch:
        times = {**profile(size, Path(scratch)), **stages}
    median = {name: statistics.median(values) * 1000 for name, values in times.items()}
    whole, bare, single = (median.pop(f"view: {name}") for name in ("all", "no denoiser", "no denoiser, 1 sample"))
    samples = QUALITIES["fast"].samples
    sampling = (bare - single) * samples / (samples - 1)
    median["view: sampling"] = sampling
    median["view: denoising"] = whole - bare
    median["view: scene to Cycles, pictures out and in, and the rest"] = bare - sampling
    median["view, all of it"] = whole
    for name, value in median.items():
        print(f"| {name} | {value:.1f} ms | {100 * value / whole:.0f} % |", file=sys.stdout)


if __name__ == "__main__":
    main()
