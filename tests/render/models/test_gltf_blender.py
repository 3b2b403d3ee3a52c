"""What is read of glTF files equals what Blender's importer reads: triangles, normals, colors."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import blender_gltf
import numpy as np
import pytest
from gltf_samples import SAMPLES, made
from model_samples import PLANE

from threedie.render.models.container import Folder
from threedie.render.models.gltf import read_gltf
from threedie.render.models.importer import import_mesh
from threedie.render.models.surface import ReadMesh

pytestmark = [pytest.mark.blender, pytest.mark.slow]

DATA = Path(__file__).parents[2] / "data"
FILES = {path.parent.name: path for path in sorted((DATA / "cases").glob("gl*/m.gl*"))} | {
    "draco": DATA / "gltf" / "draco.glb"
}
NO_PICTURE = {"glb_ktx2", "glb_truncated_jpeg", "gltf_img_missing"}
"""Shown pink by Blender."""
NOT_BY_BLENDER = {"gltf_bom"}

NAMES = [*SAMPLES, *(name for name in FILES if name not in NOT_BY_BLENDER)]
EDGES = 0.12
"""Share of pixels that may differ where pictures have few texels: those between them."""


class Seen:
    """What we and Blender make of a file."""

    def __init__(self, mesh: ReadMesh, original: Any, imported: Any) -> None:
        self.mesh, self.original, self.imported = mesh, original, imported

    def triangles(self) -> tuple[Any, Any]:
        """Points and normals (T, 3, 3) as we read them; flat ones are not a number."""
        points = [surface.points[surface.corners].reshape(-1, 3, 3) for surface in self.mesh.surfaces]
        normals = [
            np.full(each.shape, np.nan) if surface.normals is None else surface.normals.reshape(-1, 3, 3)
            for each, surface in zip(points, self.mesh.surfaces, strict=True)
        ]
        return np.concatenate(points), np.concatenate(normals)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    folder = tmp_path_factory.mktemp("gltf")
    jobs, meshes = [], {}
    for name in NAMES:
        path = FILES.get(name)
        if path is None:
            path = folder / f"{name}.glb"
            path.write_bytes(made(name))
        container = Folder(path.parent)
        meshes[name] = read_gltf(container, path.name)
        object_id, _ = import_mesh(container, path.name, PLANE, folder / "out", "y")
        mesh_file = folder / "out" / PLANE / object_id / "models" / "model_normalized.obj"
        jobs += [(str(path), str(folder / f"{name}-gltf.npz")), (str(mesh_file), str(folder / f"{name}-obj.npz"))]
    (folder / "jobs.json").write_text(json.dumps(jobs))
    subprocess.run([sys.executable, blender_gltf.__file__, str(folder / "jobs.json")], check=True, capture_output=True)
    return {
        name: Seen(meshes[name], *(dict(np.load(folder / f"{name}-{kind}.npz")) for kind in ("gltf", "obj")))
        for name in NAMES
    }


def in_order(points: Any, *others: Any) -> list[Any]:
    """Triangles sorted by where they are, each beginning with its lowest corner."""
    first = np.lexsort(np.round(np.moveaxis(points, -1, 0), 3), axis=-1)[:, 0]
    turned = (first[:, None] + np.arange(3)) % 3
    arrays = [np.take_along_axis(each, turned[..., None], axis=1) for each in (points, *others)]
    keys = np.round(arrays[0].reshape(len(points), -1), 3)
    order = np.lexsort(keys.T)
    return [each[order] for each in arrays]


@pytest.mark.parametrize("name", NAMES)
def test_triangles_are_those_of_blender(seen: dict[str, Seen], name: str) -> None:
    points, normals = seen[name].triangles()
    expected = seen[name].original
    assert len(points) == len(expected["points"])
    np.testing.assert_allclose(np.ptp(points, axis=(0, 1)), np.ptp(expected["points"], axis=(0, 1)), atol=1e-4)
    ours, our_normals = in_order(points, normals)
    theirs, their_normals = in_order(expected["points"], expected["normals"])
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    # Blender turns normals with the faces that bones or targets bend; glTF with bones, and by targets of their own.
    smooth = np.isfinite(our_normals) & (not name.startswith(("skin", "morph")))
    np.testing.assert_allclose(our_normals[smooth], their_normals[smooth], atol=0.02)
    size = np.linalg.norm(np.ptp(points, axis=(0, 1)))
    np.testing.assert_allclose(np.ptp(seen[name].imported["points"], axis=(0, 1)),
                               np.ptp(points, axis=(0, 1)) / size, atol=1e-5)  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_PICTURE])
def test_colors_are_those_of_blender(seen: dict[str, Seen], name: str) -> None:
    original, imported = seen[name].original["pixels"], seen[name].imported["pixels"]
    assert (original[..., 3] > 0.2).mean() > 0.05, "nothing to see"
    difference = np.abs(original - imported).max(axis=-1)
    assert (difference > 0.05).mean() < EDGES
    assert difference.mean() < 0.03
