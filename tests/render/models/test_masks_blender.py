"""Masks between black and white are as opaque in a render as they say, whatever else their material has."""

import json
import subprocess
import sys
from pathlib import Path

import blender_gltf
import numpy as np
import pytest
from gltf_samples import Gltf, encoded
from model_samples import PLANE
from PIL import Image

from threedie.render.models.container import Folder
from threedie.render.models.importer import import_mesh

pytestmark = pytest.mark.blender

LEVELS = (64, 160)
SQUARE = (
    "mtllib m.mtl\nv -1 -1 0\nv 1 -1 0\nv 1 1 0\nv -1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
    "usemtl a\nf 1/1 2/2 3/3 4/4\n"
)
MAPS = {
    "alone": "map_d mask.png",
    "color": "map_Kd color.png\nmap_d mask.png",
    "alpha": "map_d alpha.png\nmap_Kd alpha.png",
    "glow": "map_d mask.png\nmap_Ke color.png",
    "bump": "map_d alpha.png\nbump color.png",
    "unreadable": "map_Kd broken.png\nmap_d mask.png",
    "missing": "map_Kd gone.png\nmap_d mask.png",
    "unread": "norm color.png\nmap_Pr color.png\nmap_d mask.png",
}
COLORED = {"vertices": "map_Kd color.png\nmap_d mask.png"}


def write(folder: Path, kind: str, level: int) -> Path:
    """A square of a material whose mask has one level."""
    folder.mkdir(parents=True)
    (folder / "color.png").write_bytes(encoded(Image.new("RGB", (8, 8), (200, 100, 50))))
    (folder / "mask.png").write_bytes(encoded(Image.new("L", (8, 8), level)))
    (folder / "alpha.png").write_bytes(encoded(Image.new("RGBA", (8, 8), (9, 90, 200, level))))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "m.mtl").write_text(f"newmtl a\nKd 1 0 0\n{(MAPS | COLORED | {'glb': ''})[kind]}\n")
    if kind == "glb":
        gltf = Gltf()
        texture = gltf.picture(encoded(Image.new("RGBA", (8, 8), (200, 100, 50, level))))
        material = gltf.material(texture=texture, alphaMode="BLEND")
        gltf.node(mesh=gltf.mesh(gltf.cube((1, 1, 0)) | {"material": material}))
        (folder / "m.glb").write_bytes(gltf.glb())
        return folder / "m.glb"
    text = SQUARE
    if kind in COLORED:
        text += "v -3 -3 0 1 0 0\nv -2 -3 0 0 1 0\nv -3 -2 0 0 0 1\nusemtl none\nf 5 6 7\n"
    (folder / "m.obj").write_text(text)
    return folder / "m.obj"


@pytest.fixture(scope="module")
def opacities(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], float]:
    """Opacity in a render of the imported object."""
    folder = tmp_path_factory.mktemp("masks")
    jobs, cases = [], [(kind, level) for kind in (*MAPS, *COLORED, "glb") for level in LEVELS]
    for kind, level in cases:
        source = write(folder / f"{kind}{level}", kind, level)
        object_id, _ = import_mesh(Folder(source.parent), source.name, PLANE, folder / "out", "y")
        mesh_file = folder / "out" / PLANE / object_id / "models" / "model_normalized.obj"
        jobs.append((str(mesh_file), str(folder / f"{kind}{level}.npz")))
    (folder / "jobs.json").write_text(json.dumps(jobs))
    subprocess.run([sys.executable, blender_gltf.__file__, str(folder / "jobs.json")], check=True, capture_output=True)
    found = {}
    for kind, level in cases:
        alpha = np.load(folder / f"{kind}{level}.npz")["pixels"][..., 3]
        half = alpha[(alpha > 0.05) & (alpha < 0.999)]
        found[kind, level] = float(np.median(half)) if len(half) > 20 else float(alpha.max())
    return found


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", [*MAPS, *COLORED, "glb"])
def test_opacity_is_that_of_the_mask(opacities: dict[tuple[str, int], float], kind: str, level: int) -> None:
    assert opacities[kind, level] == pytest.approx(level / 255, abs=0.01)
