"""Mutated OBJ and MTL files, pictures, tables of classes and recipes."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import fuzz
from PIL import Image

from threedie.benchmark.settings.recipe import Recipe, read_settings
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.models.check import check_object
from threedie.render.models.class_table import ClassTable
from threedie.render.models.container import Folder
from threedie.render.models.folder import FolderSource
from threedie.render.models.importer import import_mesh
from threedie.render.models.pictures import PictureError, read_picture
from threedie.render.models.source import MESH_FILE, ModelError

pytestmark = pytest.mark.fuzz

CASES = Path(__file__).parents[1] / "data" / "cases"
MUG = "03797390"
BOX = (CASES / "obj_two_mtl_one_line" / "m.obj").read_bytes()
TEXTURED = (CASES / "obj_png16_grey" / "m.obj").read_bytes()
COLORED = (CASES / "obj_vertex_colours" / "m.obj").read_bytes()
NORMALS = (
    b"mtllib m.mtl\no a\nv 0 0 0 1\nv 1 0 0 1\nv 0 1 0 1\nv 0 0 1 1\nvt 0 0\nvt 1 1\nvn 0 0 1\ns 1\nusemtl a\n"
    b"f 1/1/1 2/2/1 3/1/1\nf -1//-1 -2//-1 \\\n -3//-1\nl 1 2\nusemtl b # c\nf 1 2 4\n"
    b"#MRGB ffff0000ffff0000ffff0000ff00ff00\n"
)
MTL = (
    b"newmtl a\nKd 1 0.5 0\nKs 0.1 0.1 0.1\nNs 10\nd 0.5\nTr 0.5\nillum 4\nmap_Kd -s 1 1 1 t.png\n"
    b"map_Bump -bm 0.5 t.png\n"
    b"newmtl b\nKd xyz 0.5 0.2 0.1\nKe 1 1 1\nmap_d t.png\nmap_Ka gone.png\n"
)


def png(mode: str, kind: str = "PNG", **how: Any) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (24, 24, 4)).astype(np.uint8)
    Image.fromarray(noise).convert("RGB" if mode.startswith("I") else mode).save(buffer, kind, **how)
    return buffer.getvalue()


PICTURES = [
    png("RGBA"), png("L"), png("P"), png("1"), png("RGB", "JPEG"), png("CMYK", "JPEG"), png("RGB", "TIFF"),
    png("L", "BMP"), png("RGB", "GIF"), png("RGB", "TGA"), png("RGB", "WEBP"),
    (CASES / "obj_png16_grey" / "t.png").read_bytes(),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_flushing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of small objects: most of the time would go into flushing them to disk."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def brought(folder: Path, out: Path) -> None:
    """Import `m.obj` of a folder; a refused one's reason with its name, as the table of failures has it."""
    try:
        object_id, notes = import_mesh(Folder(folder), "m.obj", MUG, out, "y")
    except ModelError as error:
        raise ThreeDieError(f"m.obj, m.mtl, t.png: {error}") from error
    assert not any("\n" in note for note in notes)
    folder = out / MUG / object_id
    ref = ObjectRef(MUG, object_id)
    path = FolderSource(out).mesh_file(ref)
    assert path == folder / MESH_FILE
    for problem in check_object(FolderSource(out), ref):
        assert problem.level == "flaw" or problem.kind == "area", problem


@pytest.mark.parametrize(
    ("name", "samples"),
    [("m.obj", [BOX, TEXTURED, COLORED, NORMALS]), ("m.mtl", [MTL]), ("t.png", PICTURES)],
)
def test_imports(tmp_path: Path, name: str, samples: list[bytes]) -> None:
    out = tmp_path / "in" / "out"

    def read(path: Path) -> None:
        for other, content in (("m.obj", NORMALS), ("m.mtl", MTL), ("t.png", PICTURES[0])):
            if other != name:
                path.with_name(other).write_bytes(content)
        brought(path.parent, out)

    fuzz(samples, read, tmp_path, name)


def test_pictures(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        try:
            picture = read_picture(path.read_bytes())
        except PictureError as error:
            raise ThreeDieError(f"{path.name} {error}") from error
        assert picture.pixels.mode in ("L", "LA", "RGB", "RGBA")

    fuzz(PICTURES, read, tmp_path, "t.png", 600)


def test_checks_of_objects_in_shapenet_s_layout(tmp_path: Path) -> None:
    models = tmp_path / "in" / "models"
    folder = models / MUG / "a" / "models"

    def read(path: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model_normalized.obj").write_bytes(path.read_bytes())
        (folder / "m.mtl").write_bytes(MTL)
        problems = check_object(FolderSource(models), ObjectRef(MUG, "a"))
        assert all(problem.detail and "\n" not in problem.detail and len(problem.detail) < 2000 for problem in problems)

    fuzz([BOX, TEXTURED, COLORED, NORMALS], read, tmp_path, "m.obj")


def test_tables_of_classes(tmp_path: Path) -> None:
    samples = [path.read_bytes() for path in sorted((CASES / "csv_bom").glob("*.csv"))]
    samples.append("source\tclass\nx/höhe.obj\tchair\n".encode("utf-16"))

    def read(path: Path) -> None:
        table = ClassTable(path)
        table("in/m.obj")
        assert all(len(note) < 2000 for note in table.unmatched())

    fuzz(samples, read, tmp_path, "classes.csv")


def test_recipes(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "benchmark" / "settings" / "recipes"
    samples = [path.read_bytes() + b"method_options.split = false\n" for path in sorted(folder.glob("*.toml"))]

    def read(path: Path) -> None:
        settings = read_settings(path)
        try:
            recipe = Recipe.from_json({"name": "mine.toml", **settings})
        except ThreeDieError as error:
            if "name" in settings:
                raise ThreeDieError(f"mine.toml: {error}") from error
            raise
        assert Recipe.from_json(recipe.to_json()) == recipe

    fuzz(samples, read, tmp_path, "mine.toml")
