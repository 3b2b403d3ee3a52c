import io
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from seen import Seen, area

from threedie.render.models.container import Folder
from threedie.render.models.ply import read_ply
from threedie.render.models.ply_data import read_header
from threedie.render.models.source import ModelError
from threedie.render.models.surface import ReadMesh

CASES = Path(__file__).parents[2] / "data" / "cases"
HEADER = "ply\nformat ascii 1.0\n"
XYZ = "property float x\nproperty float y\nproperty float z\n"
FACES = "element face {}\nproperty list uchar int vertex_indices\n"
POINTS = ["0 0 0", "1 0 0", "1 3 0", "0 3 0"]


def ply(
    points: list[str] = POINTS, faces: list[str] | None = None, more: str = "", face_more: str = "", first: str = ""
) -> bytes:
    """A text file of one quad, unless said otherwise."""
    faces = ["4 0 1 2 3"] if faces is None else faces
    header = (
        f"{HEADER}{first}element vertex {len(points)}\n{XYZ}{more}{FACES.format(len(faces))}{face_more}end_header\n"
    )
    return (header + "\n".join([*points, *faces, ""])).encode()


def read(tmp_path: Path, content: bytes) -> ReadMesh:
    (tmp_path / "m.ply").write_bytes(content)
    return read_ply(Folder(tmp_path), "m.ply")


def see(tmp_path: Path, content: bytes) -> Seen:
    (tmp_path / "m.ply").write_bytes(content)
    return Seen(tmp_path / "m.ply", tmp_path / "out")


def with_words(points: list[str], words: str) -> list[str]:
    return [f"{point} {words}" for point in points]


def test_cases(tmp_path: Path) -> None:
    textured = Seen(CASES / "ply_texture_vertex" / "m.ply", tmp_path / "out")
    assert textured.corner(0, 0) == [10, 200, 30]
    assert (textured.extent, textured.notes) == ([1, 3, 1], [])
    concave = Seen(CASES / "ply_u" / "m.ply", tmp_path / "out")
    assert concave.extent == [4, 1, 4]
    assert sorted(map(len, concave.faces)) == [4] * 8 + [8] * 2
    # Two sides of ten units, and a rim 22 units long and one wide; the diagonal squared is 33.
    assert area(concave) == pytest.approx((2 * 10 + 22) / 33, rel=1e-5)
    mixed = Seen(CASES / "ply_mixed_bin" / "m.ply", tmp_path / "out")
    assert (mixed.extent, sorted(map(len, mixed.faces)), mixed.notes) == ([1, 3, 1], [3, 3, 4, 4, 4, 4, 4], [])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("count", ["uchar", "char", "ushort", "short", "int", "uint", "uint8", "int32"])
@pytest.mark.parametrize("corner", ["int", "uint", "ushort", "uchar", "short", "char", "int8", "uint16"])
def test_binary_files_of_all_types(tmp_path: Path, order: str, count: str, corner: str) -> None:
    codes = {
        "uchar": "B", "char": "b", "ushort": "H", "short": "h", "int": "i", "uint": "I", "uint8": "B", "int32": "i",
        "int8": "b", "uint16": "H",
    }  # fmt: skip
    name = "little" if order == "<" else "big"
    header = (
        f"ply\nformat binary_{name}_endian 1.0\nelement vertex 4\n"
        f"property double x\nproperty float y\nproperty short z\n"
        f"element face 2\nproperty uchar flags\nproperty list {count} {corner} vertex_index\n"
        f"property list uchar double area\nend_header\n"
    )
    data = b"".join(struct.pack(f"{order}dfh", *map(int, point.split())) for point in POINTS)
    data += struct.pack(f"{order}B{codes[count]}4{codes[corner]}Bd", 7, 4, 0, 1, 2, 3, 1, 0.5)
    data += struct.pack(f"{order}B{codes[count]}3{codes[corner]}B", 7, 3, 0, 1, 2, 0)
    mesh = read(tmp_path, header.encode() + data)
    (surface,) = mesh.surfaces
    assert surface.points.tolist() == [[0, 0, 0], [1, 0, 0], [1, 3, 0], [0, 3, 0]]
    assert (surface.sizes.tolist(), surface.corners.tolist()) == ([4, 3], [0, 1, 2, 3, 0, 1, 2])
    assert mesh.notes == ("did not use flags, area of its faces",)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.decode().encode("utf-16"),
        lambda text: text.replace(b"format ascii 1.0", b"format   ascii\t1.0  "),
        lambda text: text.replace(b"end_header", b"obj_info made by hand\ncomment end_header\ncomment\nend_header  "),
        lambda text: text.replace(b"element face", b"comment \xff\xfe\nelement face"),
        lambda text: text.replace(b"vertex_indices", b"vertex_index"),
        lambda text: text.replace(b"1 3 0", b"1e0\t+3.0   0.0"),
        lambda text: text.replace(b"4 0 1 2 3\n", b"4 0\n1 2 3"),
        lambda text: text.replace(b"end_header", b"element nothing 0\nproperty int a\nend_header"),
        lambda text: text.replace(b"element vertex", b"element camera 1\nproperty float view\nelement vertex").replace(
            b"0 0 0\n", b"5\n0 0 0\n", 1
        ),
    ],
)  # fmt: skip
def test_headers_and_text_as_programs_write_them(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    mesh = read(tmp_path, change(ply()))
    assert mesh.surfaces[0].points.tolist() == [[0, 0, 0], [1, 0, 0], [1, 3, 0], [0, 3, 0]]
    assert mesh.surfaces[0].corners.tolist() == [0, 1, 2, 3]
    assert mesh.notes in ((), ("element camera (1 of it) was not used",))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_binary_data_that_begins_like_a_line_end(tmp_path: Path, line_end: bytes) -> None:
    header = ply().split(b"element face")[0].replace(b"ascii", b"binary_little_endian")
    header = header.replace(b"vertex 4", b"vertex 3").replace(b"float", b"uchar")
    header += b"element face 1\nproperty list uchar uchar vertex_indices\nend_header\n"
    mesh = read(tmp_path, header.replace(b"\n", line_end) + bytes([10, 13, 10, 10, 0, 0, 0, 13, 0, 3, 0, 1, 2]))
    assert mesh.surfaces[0].points.tolist() == [[10, 13, 10], [10, 0, 0], [0, 13, 0]]


COLORS = "property {0} red\nproperty {0} green\nproperty {0} blue\n"


@pytest.mark.parametrize(
    ("names", "words", "expected"),
    [
        (COLORS.format("uchar"), "10 200 30", [10, 200, 30]),
        (COLORS.format("uchar"), "0 1 1", [0, 1, 1]),
        (COLORS.format("uint8").replace("red", "r").replace("green", "g").replace("blue", "b"), "1 2 3", [1, 2, 3]),
        (COLORS.format("uchar").replace("property uchar ", "property uchar diffuse_"), "9 8 7", [9, 8, 7]),
        (COLORS.format("ushort"), "2570 51400 7710", [10, 200, 30]),
        (COLORS.format("float"), "0.2 0.4 1.0", [51, 102, 255]),
        (COLORS.format("double"), "10 200 30", [10, 200, 30]),
        (COLORS.format("int"), "10 200 30", [10, 200, 30]),
        (COLORS.format("char"), "10 -56 30", [10, 200, 30]),
    ],
)
def test_colors_of_vertices_are_those_of_a_screen(tmp_path: Path, names: str, words: str, expected: list[int]) -> None:
    seen = see(tmp_path, ply(with_words(POINTS, words), more=names))
    assert seen.corner(0, 2) == expected
    assert seen.notes == []


def test_colors_that_differ(tmp_path: Path) -> None:
    names = COLORS.format("uchar") + "property uchar alpha\n"
    points = [
        f"{point} {color}"
        for point, color in zip(POINTS, ["255 0 0 255", "0 255 0 255", "0 0 255 9", "9 9 9 9"], strict=True)
    ]
    seen = see(tmp_path, ply(points, more=names))
    assert seen.notes == ["the opacity of the colors of vertices was not used"]
    shown = {int(vertex): seen.corner(n, c) for n, face in enumerate(seen.faces) for c, vertex in enumerate(face)}
    assert shown == {0: [255, 0, 0], 1: [0, 255, 0], 2: [0, 0, 255], 3: [9, 9, 9]}


def test_colors_of_faces(tmp_path: Path) -> None:
    faces = ["3 0 1 2 10 200 30", "3 0 2 3 1 2 3"]
    seen = see(tmp_path, ply(faces=faces, face_more=COLORS.format("uchar")))
    assert [seen.at(face, 0.3, 0.3, 0.4) for face in (0, 1)] == [[10, 200, 30], [1, 2, 3]]
    both = ply(with_words(POINTS, "7 7 7"), faces, COLORS.format("uchar"), COLORS.format("uchar"))
    seen = see(tmp_path, both)
    assert (seen.corner(0, 0), seen.notes) == (
        [7, 7, 7],
        ["colors of faces were not used, since vertices have colors too"],
    )


def test_normals_are_kept(tmp_path: Path) -> None:
    names = "property float nx\nproperty float ny\nproperty float nz\n"
    seen = see(tmp_path, ply(with_words(POINTS, "0 3 4"), more=names))
    assert seen.normals[seen.face_normals[0]].tolist() == [[0, 0.6, 0.8]] * 4
    assert seen.notes == []


def picture(tmp_path: Path, name: str = "t.png", color: tuple[int, int, int] = (10, 200, 30)) -> None:
    image = Image.new("RGB", (4, 4), color)
    image.paste((1, 2, 3), (0, 0, 4, 2))
    image.save(tmp_path / name)


@pytest.mark.parametrize("names", [("s", "t"), ("u", "v"), ("texture_u", "texture_v")])
def test_texture_of_vertices(tmp_path: Path, names: tuple[str, str]) -> None:
    picture(tmp_path, "my t.png")
    more = "".join(f"property float {name}\n" for name in names)
    points = with_words(POINTS[:2], "0.5 0.25") + with_words(POINTS[2:], "0.5 0.75")
    seen = see(tmp_path, ply(points, more=more, first="comment TextureFile my t.png\n"))
    assert (seen.corner(0, 0), seen.corner(0, 2), seen.notes) == ([10, 200, 30], [1, 2, 3], [])


def test_texture_of_corners_and_several_textures(tmp_path: Path) -> None:
    picture(tmp_path)
    picture(tmp_path, "b.png", (50, 60, 70))
    lists = "property list uchar float texcoord\nproperty int texnumber\n"
    faces = [
        "3 0 1 2 6 0.5 0.75 0.5 0.25 0.5 0.25 0", "4 0 1 2 3 8 0 0.25 0 0.25 0 0.75 0 0.25 1",
        "3 0 2 3 0 1", "3 0 2 2 6 0 0 0 0 0 0 0", "3 1 2 3 6 0 0 0 0 0 0 2",
    ]  # fmt: skip
    first = "comment TextureFile t.png\ncomment TextureFile b.png\n"
    seen = see(tmp_path, ply(faces=faces, face_more=lists, first=first))
    assert [seen.corner(0, corner) for corner in range(3)] == [[1, 2, 3], [10, 200, 30], [10, 200, 30]]
    assert [seen.corner(1, corner) for corner in range(4)] == [[50, 60, 70], [50, 60, 70], [1, 2, 3], [50, 60, 70]]
    assert len(seen.faces) == 4
    assert "map_Kd" not in seen.face_materials[3]
    assert seen.notes == [
        "no texture coordinates, or not two a corner, on 1 face",
        "faces whose texnumber is that of no texture have none",
        "dropped 1 face with fewer than three different corners",
    ]


@pytest.mark.parametrize(
    ("make", "note"),
    [
        (lambda path: None, "texture t.png is missing"),
        (lambda path: path.write_bytes(b"PNG"), "texture t.png is no picture, or one of a kind that can't be read"),
    ],
)
def test_a_texture_that_is_not_there(tmp_path: Path, make, note: str) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "t.png")
    points = with_words(POINTS, "0 0 10 200 30")
    more = "property float s\nproperty float t\n" + COLORS.format("uchar")
    seen = see(tmp_path, ply(points, more=more, first="comment TextureFile t.png\n"))
    assert (seen.notes, seen.corner(0, 0)) == ([note], [10, 200, 30])
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), (50, 60, 70)).save(buffer, "PNG")
    (tmp_path / "t.png").write_bytes(buffer.getvalue())
    seen = see(tmp_path, (tmp_path / "m.ply").read_bytes())
    assert seen.corner(0, 0) == [50, 60, 70], "another texture, another object"
    assert seen.notes == ["colors were not used where there is a texture"]


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (ply(with_words(POINTS, "0 0"), more="property float s\nproperty float t\n"),
         "texture coordinates were not used: no comment TextureFile names a texture"),
        (ply(with_words(POINTS, "0.7"), more="property float quality\n"), "did not use quality of its vertices"),
        (ply(with_words(POINTS, "0.7"), more="property float red\n"), "did not use red of its vertices"),
        (ply() + b"1 2 3", "ignored 3 numbers after the last element"),
        (ply() + b"# made by hand", "ignored what comes after the last element: '#'"),
        (ply(faces=["4 0 1 2 3", "2 0 1", "0", "3 1 1 2"]),
         "dropped 3 faces with fewer than three different corners"),
        (ply(faces=["5 0 1 1 2 3"]), "dropped corners that came twice in a row from 1 face"),
        (ply().replace(b"end_header", b"element edge 1\nproperty int vertex1\nproperty int vertex2\nend_header")
         + b"0 1\n", "element edge (1 of it) was not used"),
    ],
)  # fmt: skip
def test_what_is_not_used_is_noted(tmp_path: Path, content: bytes, note: str) -> None:
    mesh = read(tmp_path, content)
    assert mesh.notes == (note,)
    assert mesh.surfaces[0].corners.tolist() == [0, 1, 2, 3]


def test_a_texture_named_twice_counts_twice(tmp_path: Path) -> None:
    picture(tmp_path)
    picture(tmp_path, "b.png", (50, 60, 70))
    lists = "property list uchar float texcoord\nproperty int texnumber\n"
    first = "comment TextureFile t.png\ncomment TextureFile t.png\ncomment TextureFile b.png\n"
    seen = see(tmp_path, ply(faces=["3 0 1 2 6 0 0.25 0 0.25 0 0.25 2"], face_more=lists, first=first))
    assert (seen.corner(0, 0), seen.notes) == ([50, 60, 70], [])


def test_strips(tmp_path: Path) -> None:
    strips = "element tristrips 2\nproperty list int int vertex_indices\nend_header"
    content = ply(faces=[]).replace(b"element face 0\nproperty list uchar int vertex_indices\n", b"")
    content = content.replace(b"end_header", strips.encode()) + b"8 0 1 2 3 -1 3 2 1\n3 0 1 3\n"
    (surface,) = read(tmp_path, content).surfaces
    assert surface.corners.reshape(-1, 3).tolist() == [[0, 1, 2], [2, 1, 3], [3, 2, 1], [0, 1, 3]]


SPLAT = HEADER + f"element vertex 2\n{XYZ}end_header\n0 0 0\n1 1 1\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a PLY file: it begins with ''"),
        (b"<html>\n", "not a PLY file: it begins with '<html>"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not a PLY file: it begins with 'version ht'"),
        (b"ply\nformat ascii 1.0\n", r"no end \(end_header\)"),
        (ply().replace(b"format ascii 1.0\n", b""), "names no format"),
        (ply().replace(b"1.0", b"2.0", 1), "version '2.0'"),
        (ply().replace(b"format ascii", b"format binary_middle_endian"), "which PLY files don't have"),
        (ply().replace(b"property float x", b"property quad x"), "an unknown type: 'property quad x'"),
        (ply().replace(b"list uchar", b"list float"), "an unknown type"),
        (ply().replace(b"property float y", b"property float x"), "two properties 'x'"),
        (ply().replace(b"element face", b"element vertex"), "two elements 'vertex'"),
        (ply().replace(b"float x", b"float a"), "no vertices with x, y and z"),
        (SPLAT.encode(), "a cloud of 2 points: it has no faces"),
        (ply(faces=[]), "a cloud of 4 points: it has no faces"),
        (ply().replace(b"vertex_indices", b"corner_list"), "no list of vertices"),
        (ply().replace(b"vertex 4", b"vertex 1000000000000"), "says 1,000,000,000,000 of element 'vertex', and has"),
        (ply().replace(b"face 1", b"face 2"), "says 2 of element 'face', and has room for 1 before the file ends"),
        (ply().replace(b"1 3 0", b"1,5 3 0"), "room for 2 before '1,5' is no number"),
        (ply(faces=["4 0 1 2 4"]), r"face 0 \(counted from 0\) uses vertex 4 of 4 vertices"),
        (ply(faces=["4 0 1 2 -1"]), "uses vertex -1"),
        (ply(faces=["3 0 1 2", "3 0 1 1.5"]), "is 1.5, which is no integer"),
        (ply(faces=["3 0 1 nan"]), "is nan, which is no integer"),
        (ply(faces=["-3 0 1 2"]), "row 0 .* is a list of -3"),
        (ply(faces=["2 0 1"]), "no face of its 1 has three different corners"),
        (ply(["nan 0 0", *POINTS[1:]]), "not finite"),
    ],
)  # fmt: skip
def test_each_refusal_has_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        see(tmp_path, content)


def test_binary_counts_that_lie(tmp_path: Path) -> None:
    header = ply().split(b"end_header")[0].replace(b"ascii", b"binary_little_endian") + b"end_header\n"
    points = np.array([point.split() for point in POINTS], "<f4").tobytes()
    face = struct.pack("<B4i", 4, 0, 1, 2, 3)
    assert read(tmp_path, header + points + face + b"xyz").notes == ("ignored 3 bytes after the last element",)
    for data, reason in (
        (points + face[:-1], "says 1 of element 'face', and has room for 0"),
        (points[:20], "says 4 of element 'vertex', and has room for 1"),
        (points + b"\xff" + face[1:], "says 1 of element 'face', and has room for 0"),
        (points, "says 1 of element 'face', and has room for 0"),
    ):
        with pytest.raises(ModelError, match=reason):
            read(tmp_path, header + data)
    with pytest.raises(ModelError, match="says 999,999,999,999 of element 'face', and has room for 17"):
        read(tmp_path, header.replace(b"face 1", b"face 999999999999") + points + face)


@pytest.mark.parametrize("line", ["property float p{}", "element e{} 0"])
def test_headers_of_many_lines_are_read_at_once(line: str) -> None:
    begin = time.perf_counter()
    lines = ["ply", "format ascii 1.0", "element vertex 0", *map(line.format, range(30_000)), "end_header", ""]
    header = read_header("\n".join(lines).encode())
    assert sum(1 + len(each.properties) for each in header.elements) == 30_001
    assert time.perf_counter() - begin < 5, "in time that grows with the square of their number it is a minute"
