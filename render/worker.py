"""A rendering process: takes one object at a time from its pipe, writes the part file, reports it.

It may crash, hang or leak; `supervisor.py` is written for that. Started as `python -m threedie.render.worker FD`.
"""

import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.parts import part_path
from threedie.render.encode import jpeg
from threedie.render.messages import ObjectDone, ObjectFailed, Probe, Probed, Ready, Setup, Stop, Task, ViewDone
from threedie.render.models.inspect import inspect_mesh
from threedie.render.models.source import ModelError
from threedie.render.scene import view_scene

if TYPE_CHECKING:
    from threedie.render.blender import Stage

PROBE_LIMIT_S = 2.0
"""Seconds after which a timed sample is long enough."""


def main() -> None:
    """Serve the pipe whose file descriptor is the first argument, until it closes."""
    pipe = Connection(int(sys.argv[1]))
    inbox: SimpleQueue[Any] = SimpleQueue()
    setup: Setup = pipe.recv()
    # Blender makes a folder for itself in it, which stays if this process is killed, as it is at the end of a run.
    os.environ["TMPDIR"] = str(setup.scratch)
    # A thread listens, so that a child whose parent was killed in the middle of a render ends at once too.
    threading.Thread(target=_listen, args=(pipe, inbox, setup), daemon=True).start()
    with limited_cores(setup.threads):
        from threedie.render.blender import Stage, blender_version  # noqa: PLC0415 - loading may crash: not before the setup

    size = setup.info.image_size
    try:
        stage = Stage(setup.preset, setup.quality, size, setup.scratch, setup.threads, setup.device)
    except ThreeDieError as error:
        sys.exit(str(error))
    made = {"renderer": "cycles", "blender": blender_version(), "device": stage.device}
    pipe.send(Ready(made))
    while True:
        message = inbox.get()
        try:
            if isinstance(message, Probe):
                pipe.send(_probe(stage, setup, message))
            else:
                pipe.send(ObjectDone(_render_object(stage, setup, made, message, pipe)))
        except ModelError as error:
            pipe.send(ObjectFailed(str(error)))
        except ThreeDieError as error:
            pipe.send(Stop(str(error)))


@contextmanager
def limited_cores(count: int) -> Iterator[None]:
    """Let what is loaded within this context see only `count` cores.

    Blender's scheduler (oneTBB) counts the cores once, when it is loaded, and keeps a thread for each, which spins when
    it has nothing to do: where several processes shared a machine, that took a third of its time.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = sorted(os.sched_getaffinity(0))
    # Not the first for all: processes that start together would load Blender on one core, one after the other.
    first = os.getpid() * count % len(allowed)
    with suppress(OSError):  # forbidden here: slower, no worse
        os.sched_setaffinity(0, (allowed[first:] + allowed[:first])[:count])
    try:
        yield
    finally:
        # Threads started in between have inherited it.
        for thread in Path("/proc/self/task").iterdir():
            with suppress(OSError):  # ended by now
                os.sched_setaffinity(int(thread.name), allowed)


def _listen(pipe: Connection, inbox: "SimpleQueue[Any]", setup: Setup) -> None:
    while True:
        try:
            inbox.put(pipe.recv())
        except (EOFError, OSError):
            shutil.rmtree(setup.scratch, ignore_errors=True)
            os._exit(0)


def _render_object(stage: "Stage", setup: Setup, made: dict[str, Any], task: Task, pipe: Connection) -> tuple[str, ...]:
    warnings = _load(stage, setup, task)
    jpegs = []
    for row in task.latents:
        jpegs.append(_view(stage, setup, row))
        pipe.send(ViewDone())
    part = part_path(setup.parts, task.ref)
    write_part(part, setup.info, made, DatasetObject(task.ref, task.split, task.latents, jpegs))
    return warnings


def _load(stage: "Stage", setup: Setup, task: Task) -> tuple[str, ...]:
    """Put the object on the stage; gives the faults that don't keep it from being rendered."""
    mesh = setup.source.mesh_file(task.ref)
    warnings = inspect_mesh(task.ref, mesh)
    try:
        stage.load(mesh)
    except ModelError as error:
        raise ModelError(f"{task.ref}: {error}") from error
    return tuple(warnings)


def _probe(stage: "Stage", setup: Setup, probe: Probe) -> Probed:
    begin = time.perf_counter()
    _load(stage, setup, probe.task)
    object_s = time.perf_counter() - begin
    seconds, jpeg_bytes = [], []
    for size in probe.sizes:
        stage.resize(size)
        times, lengths = [], []
        for row in probe.task.latents:
            begin = time.perf_counter()
            lengths.append(len(_view(stage, setup, row)))
            times.append(time.perf_counter() - begin)
            if sum(times) > PROBE_LIMIT_S:
                break
        # The first view also builds the scene, which the others don't.
        seconds.append(statistics.median(times[1:] or times))
        if size == probe.sizes[0]:
            object_s += max(0.0, times[0] - seconds[0])
        jpeg_bytes.append(statistics.median(lengths))
    stage.resize(setup.info.image_size)
    return Probed(object_s, tuple(seconds), tuple(jpeg_bytes))


def _view(stage: "Stage", setup: Setup, latents: npt.NDArray[np.float64]) -> bytes:
    pixels = stage.render(view_scene(setup.preset, setup.info.fields, latents))
    return jpeg(pixels, setup.info.channel_order, setup.preset.jpeg_quality)


if __name__ == "__main__":
    main()
