"""What a number was computed with: the program, its libraries and the machine."""

import importlib
import importlib.metadata
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import torch

import threedie
from threedie.benchmark.records.types import Code, Hardware

LIBRARIES = {
    "torch": "torch",
    "lightning-fabric": "lightning_fabric",
    "kornia": "kornia",
    "numpy": "numpy",
    "scipy": "scipy",
    "h5py": "h5py",
    "pillow": "PIL",
    "simplejpeg": "simplejpeg",
}
"""Packages whose versions records give, and the modules they install."""


@dataclass(frozen=True)
class Provenance:
    """What a record says of how its numbers came to be. Found before the work begins, so that nothing fails at its end.

    Attributes:
        started: when the work began, in UTC.
        code: version of the program.
        libraries: versions of Python and of the libraries.
        hardware: the machine.
    """

    started: datetime
    code: Code
    libraries: dict[str, str]
    hardware: Hardware

    @classmethod
    def find(cls, device: str) -> "Provenance":
        """Of work that begins now on a device, `cpu` or `cuda`."""
        return cls(datetime.now(UTC), program_version(), library_versions(), hardware(device))


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that numbers depend on."""
    return {
        "python": platform.python_version(),
        **{package: _version(package, module) for package, module in LIBRARIES.items()},
    }


def _version(package: str, module: str) -> str:
    """A package's version; what its module says where the package's description isn't installed with it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return str(getattr(importlib.import_module(module), "__version__", "unknown"))


def program_version() -> Code:
    """Version of this program."""
    return code_version(Path(threedie.__file__).parent.parent)


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
