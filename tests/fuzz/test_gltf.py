"""glTF files with flipped bits, and with values of their JSON replaced by odd ones."""

import copy
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import examples, fuzz

from threedie.manifests.errors import ThreeDieError
from threedie.render.models.container import Folder
from threedie.render.models.gltf import read_gltf
from threedie.render.models.surface_files import surface_files

sys.path.append(str(Path(__file__).parents[1] / "render" / "models"))
from gltf_samples import SAMPLES, Gltf, made, pack

pytestmark = pytest.mark.fuzz

ODD: list[Any] = [
    None, True, -1, 0, 1, 2, 3, 7, 2**31, 2**53, 10**30, 0.5, -0.5, 1e308, float("nan"), float("inf"), "", "../x.bin",
    "data:,", "data:;base64,AAA", "a\0b", "\ud800", "x" * 5000, "BLEND", "VEC3", "MAT4", 5121, 5126, [], [0], [1, 2],
    [0, 0, 0], [1] * 16, {}, {"index": 0}, {"count": 3}, [None], [[]], 33071, 33648,
]  # fmt: skip


def read(path: Path) -> None:
    try:
        mesh = read_gltf(Folder(path.parent), path.name)
        files, _ = surface_files(mesh.surfaces, np.eye(3))
        assert all(len(note) < 1000 for note in mesh.notes)
        assert all("\n" not in note for note in mesh.notes)
        assert not [name for name in files if name.startswith("/") or ".." in name]
    except ThreeDieError as error:
        # A table names the file beside the reason.
        raise ThreeDieError(f"{path.name}: {error}") from error


def test_bytes(tmp_path: Path) -> None:
    names = ["sparse_with_base", "skin", "morph_of_the_mesh", "instances", "alpha_mask", "vertex_alpha", "wrap_mixed"]
    samples = [made(name) for name in names]
    for name in names[:3]:
        gltf = Gltf()
        SAMPLES[name](gltf)
        samples.append(gltf.gltf())
    fuzz(samples, read, tmp_path, "m.gltf")


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every value within a JSON value: what holds it, and its key there."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *places(value[key])]]


def test_values(tmp_path: Path) -> None:
    files = []
    for fill in SAMPLES.values():
        gltf = Gltf()
        fill(gltf)
        gltf.glb()
        files.append(gltf)
    path = tmp_path / "m.glb"
    for seed in range(examples(300)):
        random_ = random.Random(seed)
        gltf = random_.choice(files)
        value = copy.deepcopy(gltf.json)
        for _ in range(random_.randint(1, 3)):
            holder, key = random_.choice(places(value))
            action = random_.randrange(4)
            if action == 0:
                del holder[key]
            elif action == 1:
                holder[key] = copy.deepcopy(random_.choice(places(gltf.json))[0])
            else:
                holder[key] = copy.deepcopy(random_.choice(ODD))
        path.write_bytes(pack(value, gltf.blob))
        try:
            read(path)
        except ThreeDieError as error:
            assert "\n" not in str(error)  # noqa: PT017
            assert len(str(error)) < 2000  # noqa: PT017
    assert [each.name for each in tmp_path.iterdir()] == ["m.glb"]
