"""Checks whether this machine can render, and how to fix it if not."""

import ctypes.util
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from threedie.render.devices import TRACES, find_gpus

DEBIAN_PACKAGES: dict[str, str] = {
    "X11": "libx11-6",
    "Xrender": "libxrender1",
    "Xfixes": "libxfixes3",
    "Xi": "libxi6",
    "xkbcommon": "libxkbcommon0",
    "Xext": "libxext6",
    "SM": "libsm6",
    "ICE": "libice6",
    "GL": "libgl1",
}
"""System libraries that Blender's Linux build needs, even without a window, and Debian's packages of them."""


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    Attributes:
        name: what was checked.
        state: what it is, or what is wrong with it.
        fix: what to do about it; empty if nothing is wrong.
    """

    name: str
    state: str
    fix: str = ""


def examine(folder: Path) -> list[Finding]:
    """Check Python, Blender, system libraries, GPUs, cores and the free disk of a folder."""
    free = shutil.disk_usage(folder).free / 1e9
    blender = _blender()
    return [
        _python(),
        blender,
        *([] if blender.fix else [_gpus()]),
        Finding("cores", f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}"),
        Finding("free disk", f"{free:.1f} GB", "" if free > 1 else "make room: a dataset of 10,000 views takes 0.1 GB"),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fix = "" if sys.version_info[:2] == (3, 11) else "use Python 3.11: Blender 4.5 as a module exists for no other"
    return Finding("Python", version, fix)


def _blender() -> Finding:
    if importlib.util.find_spec("bpy") is None:
        return Finding("Blender", "not installed", "pip install 'bpy>=4.5,<4.6' (with Python 3.11)")
    version = importlib.metadata.version("bpy")
    # In a process of its own: importing Blender may end it.
    command = [sys.executable, "-P", "-c", "import bpy"]
    trial = subprocess.run(command, capture_output=True, text=True, check=False)
    if trial.returncode == 0:
        return Finding("Blender", f"bpy {version}")
    missing = missing_libraries()
    if missing:
        packages = " ".join(DEBIAN_PACKAGES[name] for name in missing)
        return Finding(
            "Blender",
            f"bpy {version} lacks {', '.join(f'lib{name}' for name in missing)}",
            f"apt-get install {packages}",
        )
    lines = trial.stderr.strip().splitlines()[-1:] or [f"exit code {trial.returncode}"]
    return Finding("Blender", f"bpy {version} can't be imported: {lines[0]}", "install the library it names")


def _gpus() -> Finding:
    gpus = find_gpus()
    if gpus:
        kinds = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in gpus.items())
        return Finding("GPUs", f"{kinds}. --device auto takes the first kind")
    driver = [trace for trace in TRACES if Path(trace).exists()]
    if driver:
        return Finding(
            "GPUs", f"none that Cycles can use, though {driver[0]} exists: renders on the CPU; check the driver"
        )
    return Finding("GPUs", "none; renders on the CPU")


def missing_libraries() -> list[str]:
    """System libraries that Blender needs and the loader doesn't find; none are checked except on Linux."""
    if sys.platform != "linux":
        return []
    return [name for name in DEBIAN_PACKAGES if ctypes.util.find_library(name) is None]


def install_libraries() -> None:
    """Install missing system libraries where that needs no password: as root on Debian or Ubuntu."""
    missing = missing_libraries()
    if not missing or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    packages = [DEBIAN_PACKAGES[name] for name in missing]
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=False)
