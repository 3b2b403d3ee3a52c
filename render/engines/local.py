"""Rendering processes on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from threedie.render.devices import Devices
from threedie.render.plan import Plan
from threedie.render.resources import make_setup, scratch_bytes, scratch_folder
from threedie.render.run_folder import RunFolder
from threedie.render.supervisor import Limits, Supervisor


@contextmanager
def local_engine(
    plan: Plan,
    folder: RunFolder,
    workers: int,
    limits: Limits | None = None,
    logs: str | Path = "",
    devices: Devices | None = None,
) -> Iterator[Supervisor]:
    """Open a supervisor of this machine's processes.

    Args:
        plan: what is to be rendered.
        folder: the run's folder.
        workers: number of processes.
        limits: of each process.
        logs: folder for logs, within the run's or, as a full path, somewhere else.
        devices: what to render with; the CPU if None.
    """
    devices = devices or Devices()
    with scratch_folder(scratch_bytes(plan.info, workers)) as scratch:
        setup = make_setup(plan, folder, scratch, workers, devices.kind)
        with Supervisor(setup, folder.logs / logs, workers, limits, devices=devices) as supervisor:
            yield supervisor
