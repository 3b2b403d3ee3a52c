"""Messages between the supervisor and its rendering processes, pickled over a pipe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.dataset_info import DatasetInfo
from threedie.manifests.objects import ObjectRef
from threedie.render.models.source import ModelSource
from threedie.render.preset import Preset
from threedie.render.quality import Quality


@dataclass(frozen=True)
class Setup:
    """First message to a child: everything that is the same for all its objects."""

    info: DatasetInfo
    preset: Preset
    quality: Quality
    source: ModelSource
    parts: Path
    scratch: Path
    threads: int
    device: str = "cpu"


@dataclass(frozen=True)
class Task:
    """To a child: render one object and write its part file."""

    ref: ObjectRef
    split: str
    latents: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """To a child: render the views of a task at some image sizes, keep nothing, report how long they took."""

    task: Task
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Ready:
    """From a child: it has started; `made` says with what it renders."""

    made: dict[str, Any]


@dataclass(frozen=True)
class ViewDone:
    """From a child: one more view of its object is rendered."""


@dataclass(frozen=True)
class ObjectDone:
    """From a child: the part file is written."""

    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ObjectFailed:
    """From a child: the object can't be rendered, and trying again wouldn't help."""

    reason: str


@dataclass(frozen=True)
class Stop:
    """From a child: the run can't go on with any object, as on a full disk."""

    reason: str


@dataclass(frozen=True)
class Probed:
    """From a child: median seconds and bytes per view at each of the probe's sizes; further seconds per object."""

    object_s: float
    seconds: tuple[float, ...]
    jpeg_bytes: tuple[float, ...]
