"""The generators of all classes, and the names of the objects that they make."""

import hashlib
import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from threedie.manifests.classes import SYNSETS, name_of
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.models.source import MESH_FILE
from threedie.render.models.synth import classes
from threedie.render.models.synth.scene import Scene, write_scene

VERSION = 1
"""Raise it whenever any generator's output changes: datasets record it."""

Generator = Callable[[np.random.Generator], Scene]


def _generators() -> dict[str, Generator]:
    """Each file of `classes/` holds a function of its own name, which makes an object of that class."""
    available = {module.name for module in pkgutil.iter_modules(classes.__path__)}
    names = {synset: name_of(synset).replace(" ", "_") for synset in SYNSETS}
    return {
        synset: getattr(importlib.import_module(f"{classes.__name__}.{name}"), name)
        for synset, name in names.items()
        if name in available
    }


GENERATORS: dict[str, Generator] = _generators()
"""Synset id -> generator, in the order of the ids. For a new one write a file in `classes/`."""

_ID = re.compile(r"synth-(0|[1-9]\d*)-(\d{5,})")


def object_ref(seed: int, synset: str, index: int) -> ObjectRef:
    """The name of a generated object, such as `03001627/synth-0-00012`."""
    return ObjectRef(synset, f"synth-{seed}-{index:05d}")


def parse_ref(ref: ObjectRef) -> tuple[int, str, int] | None:
    """Seed, synset and index of a generated object; None for any other name."""
    match = _ID.fullmatch(ref.object_id)
    if match is None:
        return None
    seed, index = int(match[1]), int(match[2])
    return (seed, ref.synset, index) if object_ref(seed, ref.synset, index) == ref else None


def make_object(seed: int, synset: str, index: int) -> Scene:
    """One object of a class: a pure function of its arguments.

    Raises:
        ThreeDieError: no generator makes this class.
    """
    if synset not in GENERATORS:
        raise ThreeDieError(f"{name_of(synset)}: no generator makes this class")
    digest = hashlib.sha256(f"synth\0{seed}\0{synset}\0{index}".encode()).digest()
    rng = np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
    return GENERATORS[synset](rng)


def cache_object(seed: int, synset: str, index: int, cache: Path) -> Path:
    """Write an object into a cache, which any number of processes may share, and return its OBJ file.

    Raises:
        ThreeDieError: as `write_object`.
    """
    # A folder of its own for each version: a cache filled by an older program must not leak into a new dataset.
    return write_object(seed, synset, index, cache / f"synth-v{VERSION}")


def write_object(seed: int, synset: str, index: int, root: Path) -> Path:
    """Write an object under `root` in the ShapeNetCore v2 layout, whole or not at all, and return its OBJ file.

    An existing object is kept.

    Raises:
        ThreeDieError: no generator makes this class, or the folder can't be written to.
    """
    ref = object_ref(seed, synset, index)
    folder = root / ref.synset / ref.object_id
    if (folder / MESH_FILE).is_file():
        return folder / MESH_FILE
    return write_scene(make_object(seed, synset, index), folder)
