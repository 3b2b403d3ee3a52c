"""What Cycles can render with on this machine, and how one rendering process is given one GPU and no other."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threedie.manifests.errors import ThreeDieError

GPU_KINDS = ("optix", "cuda", "hip", "oneapi", "metal")
"""Kinds of GPU rendering, the one to prefer first: an NVIDIA GPU is found as `optix` and as `cuda`."""

KINDS = ("auto", "cpu", *GPU_KINDS)
MARK = "3die-devices "
LIST = (
    "import json; from threedie.render import blender; print(); "
    "print({mark!r} + json.dumps(blender.cycles_devices()), flush=True)"
)
LIST_S = 120
PIN = {
    "optix": ("CUDA_VISIBLE_DEVICES", ""),
    "cuda": ("CUDA_VISIBLE_DEVICES", ""),
    "hip": ("HIP_VISIBLE_DEVICES", ""),
    "oneapi": ("ONEAPI_DEVICE_SELECTOR", "level_zero:"),
}
"""The variable that hides all GPUs but one from a process, and what stands before the number in it."""

TRACES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dri")
"""Files that Linux has where there is a driver of a GPU; without one, asking Blender for GPUs is a wasted second."""


@dataclass(frozen=True)
class Devices:
    """What a run renders with.

    Attributes:
        kind: `cpu` or one of `GPU_KINDS`.
        names: one name a GPU; empty for the processor.
        first: number of the first of them among all that this process sees.
    """

    kind: str = "cpu"
    names: tuple[str, ...] = ()
    first: int = 0

    def environment(self, slot: int) -> dict[str, str]:
        """Variables that show the rendering process number `slot` its own GPU alone; must be set before it starts."""
        if self.kind not in PIN:
            return {}
        variable, prefix = PIN[self.kind]
        # Where the machine's owner, or SLURM, shows us some of the GPUs only, ours are among those.
        shown = [name for name in os.environ.get(variable, "").removeprefix(prefix).split(",") if name]
        place = self.first + slot
        number = shown[place] if place < len(shown) else str(place)
        return {variable: prefix + number}


def choose_devices(kind: str) -> Devices:
    """What `--device` asks for.

    `auto` takes the GPUs of the first kind there is, or else the processor.

    Raises:
        ThreeDieError: no such kind of device, or none of that kind here.
    """
    check_kind(kind)
    if kind == "cpu" or (kind == "auto" and not may_have_gpu()):
        return Devices()
    found = find_gpus()
    if kind == "auto":
        return next((Devices(name, found[name]) for name in GPU_KINDS if found.get(name)), Devices())
    if not found.get(kind):
        others = [f"{name} ({', '.join(names)})" for name, names in found.items() if names]
        there = f"there is {', '.join(others)}" if others else "Blender finds no GPU at all"
        raise ThreeDieError(
            f"--device {kind}: no such device here; {there}. See `3die doctor`, or give --device auto, "
            "which takes what there is"
        )
    return Devices(kind, found[kind])


def check_kind(kind: str) -> None:
    """Raise ThreeDieError where there is no such kind of device anywhere."""
    if kind not in KINDS:
        raise ThreeDieError(f"{kind!r} is not a device; choose from {', '.join(KINDS)}")


def may_have_gpu() -> bool:
    """Whether it is worth the time to ask Blender."""
    return sys.platform != "linux" or any(Path(trace).exists() for trace in TRACES)


def find_gpus() -> Mapping[str, tuple[str, ...]]:
    """Names of the GPUs that Cycles can use here, by kind; asked in a process of its own, which may crash."""
    command = [sys.executable, "-P", "-c", LIST.format(mark=MARK)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=LIST_S, check=False, errors="replace")
    except subprocess.TimeoutExpired:
        return {}
    return parse_list(run.stdout.splitlines())


def parse_list(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """GPUs by kind from what the process printed; Blender prints on its own account, too."""
    marked = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
    found = json.loads(marked[-1]) if marked else {}
    return {kind: tuple(found[kind]) for kind in GPU_KINDS if found.get(kind)}
