from pathlib import Path

import numpy as np
import pytest
import trimesh
from seen import Seen

from threedie.render.models.container import Folder
from threedie.render.models.source import ModelError
from threedie.render.models.stl import read_stl
from threedie.render.models.surface import ReadMesh

CASES = Path(__file__).parents[2] / "data" / "cases"
BOX = trimesh.creation.box((1, 3, 1))
BINARY: bytes = BOX.export(file_type="stl")
TEXT: str = BOX.export(file_type="stl_ascii")
FACET = "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 1 3 0\nendloop\nendfacet\n"
ONE = f"solid a\n{FACET}endsolid a\n"


def read(tmp_path: Path, content: str | bytes) -> ReadMesh:
    (tmp_path / "m.stl").write_bytes(content.encode() if isinstance(content, str) else content)
    return read_stl(Folder(tmp_path), "m.stl")


def see(tmp_path: Path, content: str | bytes) -> Seen:
    read(tmp_path, content)
    return Seen(tmp_path / "m.stl", tmp_path / "out")


def test_cases(tmp_path: Path) -> None:
    trailing = Seen(CASES / "stl_bin_trail" / "m.stl", tmp_path / "out")
    assert (trailing.extent, len(trailing.faces)) == ([1, 3, 1], 12)
    assert trailing.notes == ["ignored 7 bytes after the last triangle"]
    upper = Seen(CASES / "stl_upper" / "m.stl", tmp_path / "out")
    assert (upper.extent, len(upper.faces), upper.notes) == ([1, 3, 1], 12, [])


@pytest.mark.parametrize(
    "content",
    [
        BINARY,
        b"solid" + BINARY[5:],
        b"solid facet normal vertex".ljust(80) + BINARY[80:],
        b"\xff\xfe" + BINARY[2:],
        TEXT,
        TEXT.upper(),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r"),
        TEXT.replace("\n", " "),
        TEXT.replace("\n", "\n\n\t  "),
        "\ufeff" + TEXT,
        "\n  " + TEXT,
        TEXT.encode("utf-16"),
        TEXT.replace("solid ", "solid vertex 1 2 3 endloop outer facet "),
        TEXT.replace("facet normal", "facet  normal"),
        TEXT.replace("vertex", "vertex\t"),
        TEXT.replace("0.5", "5e-1").replace(" 1.5", " +1.5E+0"),
        "solid\nendsolid\n" + TEXT,
        "solid one\n" + TEXT[TEXT.index("\n") : TEXT.index("facet", 900)] + "\nendsolid one\nsolid two\n"
        + TEXT[TEXT.index("facet", 900) :],
    ],
)  # fmt: skip
def test_files_as_programs_write_them(tmp_path: Path, content: str | bytes) -> None:
    mesh = read(tmp_path, content)
    (surface,) = mesh.surfaces
    assert mesh.notes == ()
    np.testing.assert_allclose(surface.points[surface.corners], BOX.triangles.reshape(-1, 3), atol=1e-6)


def test_facets_that_are_no_triangles(tmp_path: Path) -> None:
    quad = FACET.replace("endloop", "vertex 0 3 0\nendloop")
    edge = FACET.replace("vertex 1 3 0\n", "")
    mesh = read(tmp_path, f"solid a\n{quad}{edge}{FACET}endsolid a\n")
    (surface,) = mesh.surfaces
    assert surface.sizes.tolist() == [4, 3]
    assert surface.points[surface.corners[:4]].tolist() == [[0, 0, 0], [1, 0, 0], [1, 3, 0], [0, 3, 0]]
    assert mesh.notes == ("dropped 1 face with fewer than three different corners",)


def colored(attributes: list[int], header: bytes = b"") -> bytes:
    records = np.frombuffer(BINARY, read_stl.__globals__["_RECORD"], 12, 84).copy()
    records["attribute"] = np.resize(attributes, 12)
    return header.ljust(80, b" ") + BINARY[80:84] + records.tobytes()


def test_colors_of_facets(tmp_path: Path) -> None:
    red, blue = 31 << 10, 31
    mesh = see(tmp_path, colored([1 << 15 | red, 1 << 15 | blue, red]))
    assert [mesh.corner(face, 0) for face in range(3)] == [[255, 0, 0], [0, 0, 255], [188, 188, 188]]
    assert mesh.notes == ["attributes of facets were taken for colors of 15 bits, as VisCAM writes them"]
    mesh = see(tmp_path, colored([blue, 1 << 15, 16 << 5], b"COLOR=" + bytes([10, 200, 30, 255])))
    assert [mesh.corner(face, 0) for face in range(3)] == [[255, 0, 0], [10, 200, 30], [0, 132, 0]]
    assert mesh.notes == []
    mesh = see(tmp_path, colored([0], b"solid COLOR=" + bytes([10, 200, 30, 100]) + b",MATERIAL=" + bytes(12)))
    assert mesh.corner(0, 0) == [10, 200, 30]
    assert mesh.notes == [
        "the opacity of its color was not used", "the material in its header was not used, its color was",
    ]  # fmt: skip
    mesh = see(tmp_path, colored([7, 0]))
    assert mesh.corner(0, 0) == [188, 188, 188]
    assert mesh.notes == ["attributes of facets were not used: they are no colors"]


def test_a_text_that_may_be_cut_off_is_noted(tmp_path: Path) -> None:
    assert read(tmp_path, ONE.replace("endsolid a\n", "")).notes == (
        "the word endsolid is missing at its end; it may be cut off",
    )


def lying(count: int, content: bytes = BINARY) -> bytes:
    return content[:80] + count.to_bytes(4, "little") + content[84:]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither a text STL file nor a binary one: 0 bytes"),
        (b"<html>", "neither a text STL file nor a binary one: 6 bytes"),
        (lying(13), "says 13 triangles, and has room for 12; it is cut off"),
        (lying(2**32 - 1), "says 4,294,967,295 triangles, and has room for 12"),
        (BINARY[:-1], "says 12 triangles, and has room for 11"),
        (lying(0), "says 0 triangles, and has room for 12"),
        (lying(0)[:84], "says 0 triangles, and has none"),
        (b"version https://git-lfs.github.com/spec/v1\n" + b"x" * 90, "triangles, and has room for"),
        ("solid a\nendsolid a\n", "its solid has no facets"),
        ("solid", "its solid has no facets"),
        ("solid a\nendsolid a\nsolid b\nendsolid b\n", "its 2 solids have no facets"),
        (ONE.replace("1 3 0", "1 3"), "fewer than three numbers|not a number"),
        (ONE.replace("1 3 0", "1,5 3 0"), "a vertex is not a number"),
        (ONE.replace("1 3 0", "9" * 70 + "x 3 0"), "a vertex is not a number: '9999"),
        (ONE.replace("1 3 0", "nan 3 0"), "not finite"),
        (ONE.replace("1 3 0", "1e999 3 0"), "not finite"),
        (ONE[:-40], "it ends within facet 0|fewer than three numbers"),
        (ONE.replace("1 3 0", "2 0 0"), "no area"),
        (ONE.replace("vertex 1 0 0\nvertex 1 3 0\n", ""), "no face of its 1 has three different corners"),
        (np.array([np.nan], "<f4").tobytes().join([BINARY[:96], BINARY[100:]]), "not finite"),
    ],
)  # fmt: skip
def test_each_refusal_has_its_reason(tmp_path: Path, content: str | bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        see(tmp_path, content)
