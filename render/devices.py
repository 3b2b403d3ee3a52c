"""GPUs that Cycles can use on this machine, and how each rendering process gets one of them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threedie.manifests.errors import ThreeDieError

GPU_KINDS = ("optix", "cuda", "hip", "oneapi", "metal")
"""Kinds of GPU rendering, in order of preference: an NVIDIA GPU is listed as `optix` and as `cuda`."""

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
"""The variable that hides all GPUs but one from a process, and the prefix of the GPU's number in it."""

TRACES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dri")
"""Files that GPU drivers create on Linux; without them, asking Blender for GPUs wastes a second."""


@dataclass(frozen=True)
class Devices:
    """What a run renders with.

    Attributes:
        kind: `cpu` or one of `GPU_KINDS`.
        names: one name per GPU; empty for the CPU.
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
        # Where the machine's owner, or SLURM, shows this process only some of the GPUs, it chooses among those.
        visible = [name for name in os.environ.get(variable, "").removeprefix(prefix).split(",") if name]
        position = self.first + slot
        number = visible[position] if position < len(visible) else str(position)
        return {variable: prefix + number}


def choose_devices(kind: str) -> Devices:
    """The devices of a kind on this machine.

    `auto` takes the GPUs of the first kind that this machine has, or else the CPU.

    Raises:
        ThreeDieError: no such kind of device, or none of that kind on this machine.
    """
    check_kind(kind)
    if kind == "cpu" or (kind == "auto" and not may_have_gpu()):
        return Devices()
    gpus = find_gpus()
    if kind == "auto":
        return next((Devices(name, gpus[name]) for name in GPU_KINDS if gpus.get(name)), Devices())
    if not gpus.get(kind):
        others = [f"{name} ({', '.join(names)})" for name, names in gpus.items() if names]
        available = f"available: {', '.join(others)}" if others else "Blender finds no GPU at all"
        raise ThreeDieError(
            f"--device {kind}: no such device on this machine; {available}. See '3die doctor', or give --device auto"
        )
    return Devices(kind, gpus[kind])


def check_kind(kind: str) -> None:
    """Refuse what is no kind of device.

    Raises:
        ThreeDieError: it isn't one of `KINDS`.
    """
    if kind not in KINDS:
        raise ThreeDieError(f"{kind!r} is not a device; choose from {', '.join(KINDS)}")


def may_have_gpu() -> bool:
    """Whether this machine may have a GPU, so that asking Blender is worth the time."""
    return sys.platform != "linux" or any(Path(trace).exists() for trace in TRACES)


def find_gpus() -> Mapping[str, tuple[str, ...]]:
    """Names of the GPUs that Cycles can use here, by kind; listed by a process of its own, which may crash."""
    command = [sys.executable, "-P", "-c", LIST.format(mark=MARK)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=LIST_S, check=False, errors="replace")
    except subprocess.TimeoutExpired:
        return {}
    return parse_list(run.stdout.splitlines())


def parse_list(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """GPUs by kind from what the process printed, among Blender's own output."""
    marked = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
    listed = json.loads(marked[-1]) if marked else {}
    return {kind: tuple(listed[kind]) for kind in GPU_KINDS if listed.get(kind)}
