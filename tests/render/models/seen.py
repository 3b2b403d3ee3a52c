"""What an imported object looks like at a point, by its OBJ, MTL and PNG files."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from threedie.render.models.container import Folder
from threedie.render.models.importer import import_mesh
from threedie.render.models.srgb import decoded, encoded

CUP = "03797390"


class Seen:
    """An imported object.

    Attributes:
        notes: what the import said.
        faces: corners of each face as indices of `points`.
        points: (V, 3), scaled back to the size of the source.
        materials: lines of each material, split at the first blank.
    """

    def __init__(self, source: Path, out: Path, up: str = "y") -> None:
        object_id, self.notes = import_mesh(Folder(source.parent), source.name, CUP, out, up)
        self.folder = out / CUP / object_id
        obj = (self.folder / "models" / "model_normalized.obj").read_text()
        self.materials: dict[str, dict[str, str]] = {}
        for block in (self.folder / "models" / "model_normalized.mtl").read_text().split("newmtl ")[1:]:
            name, *lines = block.splitlines()
            self.materials[name] = dict(line.split(" ", 1) for line in lines if line)
        rows = {key: np.array(re.findall(rf"^{key} (.*)$", obj, re.M)) for key in ("v", "vt", "vn")}
        self.points, self.uv, self.normals = (
            np.array([line.split() for line in lines], float) for lines in rows.values()
        )
        self.faces, self.face_uv, self.face_normals, self.face_materials = [], [], [], []
        material = ""
        for line in obj.splitlines():
            if line.startswith("usemtl"):
                material = line.split()[1]
            if line.startswith("f "):
                corners = [[int(word or 0) - 1 for word in corner.split("/")] for corner in line.split()[1:]]
                self.faces.append([corner[0] for corner in corners])
                self.face_uv.append([corner[1] if len(corner) > 1 else -1 for corner in corners])
                self.face_normals.append([corner[2] if len(corner) > 2 else -1 for corner in corners])
                self.face_materials.append(self.materials[material])

    @property
    def extent(self) -> list[float]:
        """Width, height and depth, the smallest being 1."""
        extent = np.ptp(self.points, axis=0)
        return np.round(extent / extent.min(), 4).tolist()

    def at(self, face: int, *weights: float) -> list[int]:
        """8-bit sRGB color where the corners of a face weigh that much."""
        material = self.face_materials[face]
        color = np.array(material["Kd"].split(), float)
        if "map_Kd" in material:
            uv = np.array(weights) @ self.uv[self.face_uv[face]]
            color = decoded(self.texel(material["map_Kd"], uv)[:3] / 255)
        return np.round(encoded(color) * 255).astype(int).tolist()

    def corner(self, face: int, number: int) -> list[int]:
        """The color of a corner."""
        return self.at(face, *np.eye(len(self.faces[face]))[number])

    def texel(self, name: str, uv: np.ndarray) -> np.ndarray:
        """Value of a picture at a place, interpolated as Cycles does."""
        pixels = np.asarray(Image.open(self.folder / "models" / name), float)
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        height, width = pixels.shape[:2]
        x, y = uv[0] * width - 0.5, (1 - uv[1]) * height - 0.5
        left, top = int(np.floor(x)), int(np.floor(y))
        weights = np.outer([1 - y + top, y - top], [1 - x + left, x - left])
        block = pixels[np.ix_(np.array([top, top + 1]) % height, np.array([left, left + 1]) % width)]
        return np.tensordot(weights, block, 2)


def area(seen: Seen) -> float:
    """Area of all faces in units of the squared diagonal, by vector areas: of concave faces, too."""
    total = 0.0
    for face in seen.faces:
        polygon = seen.points[face]
        total += float(np.linalg.norm(np.cross(polygon, np.roll(polygon, -1, axis=0)).sum(axis=0)) / 2)
    return total
