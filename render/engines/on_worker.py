"""What runs on a Dask worker: it supervises rendering processes, one to each of the worker's threads.

A process outlives the object it was started for, because starting Blender takes seconds. It ends with the run, after
`IDLE_S` seconds without an object, or when its Dask worker ends, however that happens.
"""

import os
import pickle
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from threedie.manifests.errors import ThreeDieError
from threedie.render.devices import Devices, choose_devices
from threedie.render.ledger import Outcome
from threedie.render.messages import Probe, Probed, Setup, Task
from threedie.render.reporter import SilentWatcher
from threedie.render.resources import available_cores, scratch_bytes, scratch_folder
from threedie.render.supervisor import Limits, Supervisor

IDLE_S = 60.0


@dataclass(frozen=True)
class Job:
    """What is the same for all objects of a run.

    Attributes:
        run: unique name of the run.
        folder: its folder, on a file system that all workers share.
        setup: a pickled `Setup`, opened once a worker; each worker decides where its pictures are made and by how many
            threads.
        limits: of the rendering processes.
        command: starts a rendering process.
    """

    run: str
    folder: Path
    setup: bytes
    limits: Limits
    command: Sequence[str]


@dataclass(frozen=True)
class Report:
    """Result of a task; `stop` says why the whole run can't go on, if it can't."""

    outcome: Outcome = field(default_factory=Outcome)
    probed: Probed | None = None
    stop: str = ""


def serve(job: Job, threads: int, order: Task | Probe) -> Report:
    """Render one object, or time a few views of it, in one of this worker's processes.

    Args:
        job: the run.
        threads: number of objects this worker renders at once.
        order: what to do.
    """
    if not (job.folder / "run.json").is_file():
        return Report(
            stop=f"{job.folder}: a worker on {socket.gethostname()} can't access this folder; give --out a folder on a "
            "file system that all machines share, under the same path"
        )
    try:
        with _lock:
            if job.run not in _runs:
                _runs[job.run] = _Run(job, threads)
            run = _runs[job.run]
        return run.serve(order)
    except ThreeDieError as error:
        return Report(stop=f"{error} (on {socket.gethostname()})")


def end(name: str) -> None:
    """End a run's processes on this worker, those that are rendering too."""
    with _lock:
        run = _runs.get(name)
    if run is not None:
        run.end()


class _Slot:
    """A supervisor of one rendering process, and the folder it makes its pictures in."""

    def __init__(self, job: Job, setup: Setup, number: int, threads: int, devices: Devices) -> None:
        self._stack = ExitStack()
        scratch = self._stack.enter_context(scratch_folder(scratch_bytes(setup.info, 1)))
        own_setup = replace(setup, scratch=scratch, threads=threads, device=devices.kind)
        logs = job.folder / "logs" / f"{socket.gethostname()}-{os.getpid()}-{number}"
        self.supervisor = self._stack.enter_context(Supervisor(own_setup, logs, 1, job.limits, job.command, devices))
        self.idle_since = 0.0

    def close(self) -> None:
        self._stack.close()


class _Run:
    """A run's processes on this worker."""

    def __init__(self, job: Job, threads: int) -> None:
        self._job = job
        self._setup: Setup = pickle.loads(job.setup)
        devices = choose_devices(self._setup.device)
        # One GPU to a process; with more processes than GPUs some share.
        self._devices = [Devices(devices.kind, (name,), number) for number, name in enumerate(devices.names)]
        self._cores = max(1, available_cores() // max(1, threads))
        self._guard = threading.Lock()
        self._idle: list[_Slot] = []
        self._busy: list[_Slot] = []
        self._opened = 0
        self._ended = False

    def serve(self, order: Task | Probe) -> Report:
        slot = self._take()
        try:
            if isinstance(order, Probe):
                return Report(probed=slot.supervisor.probe(order))
            return Report(slot.supervisor.run([order], SilentWatcher()))
        finally:
            self._give_back(slot)

    def end(self) -> None:
        with self._guard:
            self._ended = True
            for slot in self._busy:
                slot.supervisor.abort()
        self._close_idle(0.0)

    def _take(self) -> _Slot:
        with self._guard:
            if self._ended:
                raise ThreeDieError("the run was stopped")
            if self._idle:
                slot = self._idle.pop()
            else:
                device = self._devices[self._opened % len(self._devices)] if self._devices else Devices()
                slot = _Slot(self._job, self._setup, self._opened, self._cores, device)
                self._opened += 1
            self._busy.append(slot)
            return slot

    def _give_back(self, slot: _Slot) -> None:
        slot.idle_since = time.monotonic()
        with self._guard:
            self._busy.remove(slot)
            self._idle.append(slot)
        if self._ended:
            self._close_idle(0.0)
            return
        timer = threading.Timer(IDLE_S + 1, self._close_idle, [IDLE_S])
        timer.daemon = True
        timer.start()

    def _close_idle(self, seconds: float) -> None:
        now = time.monotonic()
        with self._guard:
            old = [slot for slot in self._idle if now - slot.idle_since >= seconds]
            self._idle = [slot for slot in self._idle if slot not in old]
        for slot in old:
            slot.close()


_runs: dict[str, _Run] = {}
_lock = threading.Lock()
