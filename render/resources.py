"""What rendering processes get from this machine: cores, and room for temporary pictures."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from threedie.manifests.dataset_info import DatasetInfo
from threedie.manifests.files import clear_scratch, scratch_prefix
from threedie.render.frame import BYTES_A_PIXEL
from threedie.render.messages import Setup
from threedie.render.plan import Plan
from threedie.render.run_folder import RunFolder


@contextmanager
def scratch_folder(bytes_needed: int) -> Iterator[Path]:
    """A temporary folder, in memory (/dev/shm) if that has room; in containers it is often small.

    Folders that killed processes of this machine left are deleted.
    """
    memory = Path("/dev/shm")
    for parent in (memory, Path(tempfile.gettempdir())):
        clear_scratch(parent)
    usable = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > bytes_needed
    with tempfile.TemporaryDirectory(
        prefix=scratch_prefix(), dir=memory if usable else None, ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def scratch_bytes(info: DatasetInfo, workers: int) -> int:
    """Bytes for the temporary pictures of all rendering processes, with a factor of two to spare."""
    return workers * info.image_size**2 * BYTES_A_PIXEL * 2


def make_setup(plan: Plan, folder: RunFolder, scratch: Path, workers: int, device: str = "cpu") -> Setup:
    """What is the same for all objects, sent to each rendering process first; cores are divided evenly among them."""
    threads = max(1, available_cores() // workers)
    return Setup(plan.info, plan.preset, plan.quality, plan.source, folder.parts, scratch, threads, device)


def available_cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
