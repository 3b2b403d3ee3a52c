"""Archives of models: in ShapeNet's layout, and to import from."""

import io
import zipfile
from pathlib import Path

import pytest
from mutations import fuzz

from threedie.manifests.classes import SYNSETS
from threedie.render.models.archive import ArchiveSource
from threedie.render.models.container import open_container
from threedie.render.models.source import ModelError

pytestmark = pytest.mark.fuzz

TRIANGLE = b"mtllib model_normalized.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
LAYOUTS = [
    ("03001627/a/models/", "03001627/b/models/", "__MACOSX/03001627/a/models/._"),
    ("ShapeNetCore.v2\\03001627\\a\\models\\", "./ShapeNetCore.v2/03001627/.DS_Store/"),
    ("/03001627/a/models/", "C:\\03001627\\b\\models\\", "../03001627/c/models/", "03001627//d/./models/"),
]


def archives() -> list[bytes]:
    made = []
    for layout in LAYOUTS:
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", method) as opened:
                for place in layout:
                    opened.writestr(f"{place}model_normalized.obj", TRIANGLE)
                    opened.writestr(f"{place}model_normalized.mtl", b"newmtl a\nKd 1 0 0\n")
            made.append(buffer.getvalue())
    return made


def test_models_in_place(tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "archives"
    folder.mkdir()

    def read(path: Path) -> None:
        source = ArchiveSource([path], cache)
        for ref in source.objects(SYNSETS):
            try:
                assert source.mesh_file(ref).is_relative_to(cache)
            except ModelError as error:
                assert str(ref) in str(error)  # noqa: PT017

    fuzz(archives(), read, folder, "models.zip")
    assert not [path for path in tmp_path.rglob("*.obj") if not path.is_relative_to(cache)]


def test_models_to_import(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        container = open_container(path)
        for name in container.names():
            try:
                container.read(name)
            except ModelError as error:
                assert "\n" not in str(error)  # noqa: PT017

    fuzz(archives(), read, tmp_path, "models.zip")
