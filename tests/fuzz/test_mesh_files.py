"""PLY, STL and OFF files that are damaged in any way are imported or refused in one line."""

import struct
from pathlib import Path

import numpy as np
import pytest
from mutations import fuzz
from PIL import Image

from threedie.manifests.errors import ThreeDieError
from threedie.render.models.container import Folder
from threedie.render.models.importer import FORMATS, TURNS
from threedie.render.models.source import ModelError
from threedie.render.models.surface_files import surface_files

CASES = Path(__file__).parents[1] / "data" / "cases"
COLORS = "property uchar red\nproperty uchar green\nproperty uchar blue\nproperty uchar alpha\n"
PLY_HEAD = (
    "ply\nformat {} 1.0\ncomment TextureFile t.png\nobj_info made by hand\nelement vertex 4\nproperty float x\n"
    "property float y\nproperty float z\nproperty float nx\nproperty float ny\nproperty float nz\n" + COLORS
    + "element face 2\nproperty list uchar int vertex_indices\nproperty list uchar float texcoord\n"
    "property int texnumber\nelement tristrips 1\nproperty list int int vertex_indices\nend_header\n"
)  # fmt: skip
PLY_TEXT = PLY_HEAD.format("ascii") + (
    "0 0 0 0 0 1 255 0 0 255\n1 0 0 0 0 1 0 255 0 255\n1 1 0 0 0 1 0 0 255 9\n0 1 0.5 0 0 1 9 9 9 9\n"
    "4 0 1 2 3 8 0 0 1 0 1 1 0 1 0\n3 0 1 2 0 1\n6 0 1 2 3 -1 0\n"
)


def binary_ply(order: str) -> bytes:
    data = b"".join(
        struct.pack(f"{order}6f4B", *point, 0, 0, 1, *point[::-1], 255) for point in np.eye(4, 3, dtype=int)
    )
    data += struct.pack(f"{order}B4iB8fi", 4, 0, 1, 2, 3, 8, *range(8), 0)
    data += struct.pack(f"{order}B3iBi", 3, 0, 1, 2, 0, 1) + struct.pack(f"{order}5i", 4, 0, 1, 2, 3)
    return PLY_HEAD.format(f"binary_{'little' if order == '<' else 'big'}_endian").encode() + data


OFF = (
    "OFF # a comment\n4 3 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0.5\n4 0 1 2 3 10 200 30\n3 0 1 2 0.1 0.2 0.3 0.5\n3 0 1 3 7\n",
    "STCNOFF\n4 1 0\n"
    + "".join(f"{x} {x % 2} {x // 2} 0 0 1 {x} 200 30 255 0.5 0.5\n" for x in range(4))
    + "4 0 1 2 3\n",
)  # fmt: skip


def case(name: str) -> bytes:
    return next((CASES / name).glob("m.*")).read_bytes()


SAMPLES = {
    "mesh.ply": [
        PLY_TEXT.encode(), binary_ply("<"), binary_ply(">"), case("ply_texture_vertex"), case("ply_u"),
        case("ply_mixed_bin"),
    ],
    "mesh.off": [*(text.encode() for text in OFF), case("off_u"), case("off_comment_trail"), case("off_coff")],
    "mesh.stl": [
        case("stl_bin_trail"), case("stl_upper"), case("stl_bin_trail")[:-7],
        b"COLOR=\1\2\3\4".ljust(80) + case("stl_bin_trail")[80:],
    ],
}  # fmt: skip


@pytest.mark.fuzz
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_files(tmp_path: Path, name: str) -> None:
    def read(path: Path) -> None:
        try:
            mesh = FORMATS[path.suffix](Folder(path.parent), path.name)
            files, notes = surface_files(mesh.surfaces, TURNS["z"])
        # The table of failures names the file beside the reason.
        except ModelError as error:
            raise ThreeDieError(f"{path.name}: {error}") from error
        assert all(content for content in files.values())
        assert all(len(note) < 300 and "\n" not in note for note in [*mesh.notes, *notes])
        for surface in mesh.surfaces:
            assert surface.sizes.min() >= 3
            assert surface.sizes.sum() == len(surface.corners)
            assert b"nan" not in files["models/model_normalized.obj"].lower()

    place = tmp_path / "fuzz"
    (place / "in").parent.mkdir()
    fuzz(SAMPLES[name], read, place, name)


@pytest.mark.fuzz
def test_damaged_textures(tmp_path: Path) -> None:
    place = tmp_path / "fuzz"
    place.mkdir()
    Image.effect_noise((9, 9), 50).convert("RGB").save(tmp_path / "t.png")
    Image.effect_noise((9, 9), 50).convert("RGB").save(tmp_path / "t.jpg")

    def read(path: Path) -> None:
        (path.parent / "m.ply").write_bytes(case("ply_texture_vertex"))
        mesh = FORMATS[".ply"](Folder(path.parent), "m.ply")
        files, _ = surface_files(mesh.surfaces, TURNS["y"])
        assert "images/texture0.png" in files or mesh.notes
        assert all("t.png" in note for note in mesh.notes)

    fuzz([(tmp_path / name).read_bytes() for name in ("t.png", "t.jpg")], read, place, "t.png", usual=100)
