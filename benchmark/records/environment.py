"""What a number was computed with: the program, its libraries and the machine."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import psutil
import torch

import threedie
from threedie.benchmark.records.types import Code, Hardware

LIBRARIES = ("torch", "lightning-fabric", "numpy", "scipy", "h5py", "pillow", "simplejpeg")
"""Packages whose versions records give."""


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that numbers depend on."""
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def code_version(folder: Path) -> Code:
    """Version of the program; in a git checkout also its commit, and whether files differ from it.

    Args:
        folder: the root of the checkout, or any folder.
    """
    commit = _git(folder, "rev-parse", "HEAD") if (folder / ".git").exists() else None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    return {
        "version": threedie.__version__,
        "commit": commit or None,
        "modified": None if status is None else bool(status),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def hardware(device: str) -> Hardware:
    """The machine; `device` is where networks ran, `cpu` or `cuda`."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "device": device,
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpus,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
