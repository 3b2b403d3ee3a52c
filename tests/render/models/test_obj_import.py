"""OBJ files with all that exporters write: what becomes of it, and what the notes say."""

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from model_samples import picture
from PIL import Image

from threedie.render.commands.models import models
from threedie.render.models.check import check_object
from threedie.render.models.container import Archive, Folder
from threedie.render.models.folder import FolderSource
from threedie.render.models.importer import import_mesh
from threedie.render.models.obj import read_corners, read_obj, vertex_colors
from threedie.render.models.source import MESH_FILE, ModelError

CASES = Path(__file__).parents[2] / "data" / "cases"
MUG = "03797390"
POINTS = b"v 0 0 0\nv 1 0 0\nv 1 0 1\nv 0 0 1\nv 0 3 0\nv 1 3 0\nv 1 3 1\nv 0 3 1\n"
FACES = b"usemtl a\nf 1 2 3 4\nf 5 8 7 6\nusemtl b\nf 1 5 6 2\nf 2 6 7 3\nf 3 7 8 4\nf 5 1 4 8\n"
BOX = b"mtllib m.mtl\n" + POINTS + FACES
UNWRAPPED = b"mtllib m.mtl\nvt 0.5 0.5\n" + POINTS + re.sub(rb"(?<= )(\d)", rb"\1/1", FACES)
LEFT_OUT = "left out, only faces are rendered"
RED_AND_BLUE = b"newmtl a\nKd 1 0 0\nnewmtl b\nKd 0 0 1\n"


def png_of(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (4, 4), grey).save(buffer, "PNG")
    return buffer.getvalue()


class Made:
    """An imported object."""

    def __init__(self, folder: Path, object_id: str, notes: list[str]) -> None:
        self.folder, self.object_id, self.notes = folder, object_id, notes
        self.obj = (folder / MESH_FILE).read_bytes()
        self.mtl = (folder / MESH_FILE).with_suffix(".mtl").read_text(errors="surrogateescape")
        self.mesh = read_obj(self.obj)

    def materials(self) -> dict[str, dict[str, str]]:
        """Lines of each material by their first word."""
        blocks = re.split(r"^newmtl ", self.mtl, flags=re.M)[1:]
        return {
            block.split("\n")[0]: dict(line.split(" ", 1) for line in block.split("\n")[1:] if " " in line)
            for block in blocks
        }

    def texture(self, name: str) -> Image.Image:
        return Image.open((self.folder / "models" / self.materials()[name]["map_Kd"]).resolve())

    def corner_colors(self) -> dict[tuple[float, ...], set[tuple[int, ...]]]:
        """Colors at the corners, by the vertex."""
        corners, found = read_corners(self.obj), {}
        uv = np.array([line.split()[1:3] for line in self.obj.split(b"\n") if line.startswith(b"vt ")], float)
        names = re.findall(rb"^(?:usemtl (\S+)|f )", self.obj, re.M)
        current, of_face = "", []
        for name in names:
            current = name.decode() or current
            of_face += [] if name else [current]
        for face, material in zip(corners.faces(), of_face, strict=True):
            image = self.texture(material).convert("RGB")
            for vertex, place, _ in face.tolist():
                x, y = uv[place] * image.size
                texel = image.getpixel((int(x), int(image.size[1] - y)))
                found.setdefault(tuple(np.round(self.mesh.vertices[vertex], 3)), set()).add(texel)
        return found


def bring(tmp_path: Path, obj: bytes, mtl: bytes | None = None, **files: bytes) -> Made:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    for name, content in ({"m.obj": obj} | ({} if mtl is None else {"m.mtl": mtl}) | files).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    object_id, notes = import_mesh(Folder(folder), "m.obj", MUG, tmp_path / "out", "y")
    again, same = import_mesh(Folder(folder), "m.obj", MUG, tmp_path / "out", "y")
    assert (again, same) == (object_id, notes), "the notes of an object that is there are the same"
    return Made(tmp_path / "out" / MUG / object_id, object_id, notes)


def case(tmp_path: Path, name: str) -> Made:
    object_id, notes = import_mesh(Folder(CASES / name), "m.obj", MUG, tmp_path / "out", "y")
    return Made(tmp_path / "out" / MUG / object_id, object_id, notes)


def extent(made: Made) -> list[float]:
    return [float(each) for each in np.round(np.ptp(made.mesh.used, axis=0) / np.ptp(made.mesh.used, axis=0).min(), 4)]


@pytest.mark.parametrize("name", ["obj_bom_mtl", "obj_two_mtl_one_line", "csv_bom"])
def test_cases_that_are_red_and_blue(tmp_path: Path, name: str) -> None:
    made = case(tmp_path, name)
    assert made.notes == []
    assert {key: value["Kd"] for key, value in made.materials().items()} == {"a": "1 0 0", "b": "0 0 1"}
    assert extent(made) == [1, 3, 1]
    assert len(made.mesh.triangles) == 12


def test_case_of_a_mark_before_the_first_vertex(tmp_path: Path) -> None:
    made = case(tmp_path, "obj_bom_vertex")
    assert len(made.mesh.vertices) == 8
    assert extent(made) == [1, 3, 1]
    assert made.notes == ["material a is defined nowhere: gray", "material b is defined nowhere: gray"]


def test_case_of_a_material_that_nothing_defines(tmp_path: Path) -> None:
    assert case(tmp_path, "obj_unknown_usemtl").notes == ["material zzz is defined nowhere: gray"]


def test_case_of_materials_that_are_all_invisible(tmp_path: Path) -> None:
    made = case(tmp_path, "obj_d0")
    assert made.notes == ["all its materials are invisible (d 0, or a map_d that hides all): made opaque"]
    assert made.materials() == {"a": {"Kd": "1 0 0"}, "b": {"Kd": "0 0 1"}}


def test_case_of_a_16_bit_texture(tmp_path: Path) -> None:
    made = case(tmp_path, "obj_png16_grey")
    assert made.texture("a").getpixel((3, 3)) == 64
    assert made.notes == ["texture t.png has 16 bits a channel: 8 were kept"]


def test_case_of_vertex_colors(tmp_path: Path) -> None:
    made = case(tmp_path, "obj_vertex_colours")
    colors = made.corner_colors()
    assert len(colors) == 8
    for vertex, found in colors.items():
        assert found == {(255, 0, 0) if vertex[1] < 0 else (0, 0, 255)}
    assert made.notes == ["its vertices have colors: drawn as textures"]


def colored(lines: list[str]) -> bytes:
    words = [line.decode() for line in POINTS.splitlines()]
    return "".join(f"{word} {line}\n" for word, line in zip(words, lines, strict=True)).encode() + FACES


LOW, HIGH = (255, 0, 0), (0, 128, 0)


@pytest.mark.parametrize(
    ("low", "high", "notes"),
    [
        ("1 0 0", "0 0.50196 0", []),
        ("255 0 0", "0 128 0", ["colors of vertices go up to 255: taken as 0 to 255"]),
        ("1 1 0 0", "1 0 0.50196 0", []),
        ("1 0 0 1", "0 0.50196 0 1", []),
        ("255 0 0 255", "0 128 0 255", ["colors of vertices go up to 255: taken as 0 to 255"]),
        ("1 0 0 # red", "0 0.50196 0 # green", []),
        ("1.0002 0 0", "0 0.50196 0", []),
        ("1 -0.5 0", "0 0.50196 0", ["colors of vertices are negative: cut to 0"]),
        ("65535 0 0", "0 32896 0", ["colors of vertices go up to 65535: taken as 0 to that"]),
    ],
)
def test_spellings_of_vertex_colors(tmp_path: Path, low: str, high: str, notes: list[str]) -> None:
    made = bring(tmp_path, colored([low] * 4 + [high] * 4))
    for vertex, found in made.corner_colors().items():
        assert found == {LOW if vertex[1] < 0 else HIGH}
    undefined = [f"material {name} is defined nowhere: gray" for name in "ab"]
    assert made.notes == [*undefined, *notes, "its vertices have colors: drawn as textures"]
    assert extent(made) == [1, 3, 1]


def test_vertex_colors_of_zbrush(tmp_path: Path) -> None:
    made = bring(
        tmp_path,
        POINTS + b"#MRGB ffff0000ffff0000ffff0000ffff0000\n#MRGB " + b"ff008000" * 4 + b"\nf 1 2 3 4\nf 5 6 7\n",
    )
    for vertex, found in made.corner_colors().items():
        assert found == {LOW if vertex[1] < 0 else HIGH}
    short = bring(tmp_path, BOX + b"#MRGB ffff0000\n", RED_AND_BLUE)
    assert short.notes == ["1 color (#MRGB) for 8 vertices: left out"]


@pytest.mark.parametrize("weights", ["1", "0.5"])
def test_a_weight_is_no_color(tmp_path: Path, weights: str) -> None:
    made = bring(tmp_path, BOX.replace(b"0\n", f"0 {weights}\n".encode()), RED_AND_BLUE)
    assert made.notes == []
    assert extent(made) == [1, 3, 1]


def test_textures_win_over_vertex_colors_and_materials_over_one_color(tmp_path: Path) -> None:
    points = b"vt 0 0\n"
    faces = FACES.replace(b"1 2 3 4", b"1/1 2/1 3/1 4/1").replace(b"5 8 7 6", b"5/1 8/1 7/1 6/1")
    obj = b"mtllib m.mtl\n" + colored(["1 0 0"] * 4 + ["0 1 0"] * 4).replace(FACES, points + faces)
    half = bring(
        tmp_path, obj, RED_AND_BLUE.replace(b"newmtl b", b"map_Kd t.png\nd 0.5\nnewmtl b"), **{"t.png": picture("PNG")}
    )
    assert half.notes == [
        "its vertices have colors: drawn as textures on faces without a texture, without highlights (Ks)"
    ]
    assert sorted(each["d"] for each in half.materials().values()) == ["0.5", "1"]
    whole = b"newmtl a\nmap_Kd t.png\nnewmtl b\nmap_Kd t.png\n"
    made = bring(tmp_path, obj, whole)
    assert made.notes == [
        "it has colors of vertices: not used, its textures or materials count",
        "4 faces of material b without texture coordinates: one texel colors them",
    ]
    assert made.texture("a").getpixel((0, 0)) == (0, 0, 0)
    one = bring(tmp_path, b"mtllib m.mtl\n" + colored(["1 1 1"] * 8), RED_AND_BLUE)
    assert one.notes == ["all its vertices have one color: not used, its materials count"]
    assert one.materials()["a"] == {"Kd": "1 0 0"}
    alone = bring(tmp_path, colored(["0 1 0"] * 8), b"")
    assert [each["Kd"] for each in alone.materials().values()] == ["0 1 0"]


def test_faces_without_colored_corners_keep_their_material(tmp_path: Path) -> None:
    lines = [line.decode() for line in POINTS.splitlines()]
    text = "\n".join(f"{line} 0 1 0" if "3" in line else line for line in lines[:8]) + "\n"
    made = bring(tmp_path, b"mtllib m.mtl\n" + text.encode() + FACES, RED_AND_BLUE)
    colors = {values["Kd"] for values in made.materials().values()}
    assert colors == {"1 0 0", "0 0 1", "0 1 0"}


def test_smooth_groups_and_normals_of_colored_meshes(tmp_path: Path) -> None:
    made = bring(tmp_path, colored(["1 0 0"] * 4 + ["0 1 0"] * 4).replace(b"usemtl b", b"s 1\nusemtl b"))
    normals = [line.split()[1:] for line in made.obj.split(b"\n") if line.startswith(b"vn ")]
    smooth = [line for line in made.obj.split(b"\n") if line.startswith(b"f ") and line.count(b"/") > 4]
    assert normals
    assert smooth
    np.testing.assert_allclose(np.linalg.norm(np.array(normals, float), axis=1), 1, atol=1e-3)
    # The box's four sides are smooth: along its upright edges the normal lies between those of two sides.
    corners = read_corners(made.obj)
    found = set()
    for vertex, _, normal in corners.indices[corners.indices[:, 2] >= 0].tolist():
        x, _, z = np.sign(made.mesh.vertices[vertex])
        np.testing.assert_allclose(np.array(normals[normal], float), [x * 0.7071, 0, z * 0.7071], atol=1e-4)
        found.add((x, z))
    assert len(found) == 4


@pytest.mark.parametrize(
    ("line", "written", "note"),
    [
        ("Kd 1 0 0", "Kd 1 0 0", None),
        ("Kd 0.25 0.5 1 # mine", "Kd 0.25 0.5 1", None),
        ("Kd 255 0 0", "Kd 1 0 0", "Kd 255 0 0: over 1, taken as 0 to 255"),
        ("Kd 51 102 0", "Kd 0.2 0.4 0", "Kd 51 102 0: over 1, taken as 0 to 255"),
        ("Kd 1.2 0.5 0", "Kd 1 0.5 0", "Kd 1.2 0.5 0: over 1, cut to 1"),
        ("Kd 1000 0 0", "Kd 1 0 0", "Kd 1000 0 0: over 1, cut to 1"),
        ("Kd -1 0.5 0", "Kd 0 0.5 0", "Kd -1 0.5 0: negative numbers became 0"),
        ("Kd 0.5", "Kd 0.5 0.5 0.5", "Kd 0.5: read as gray"),
        ("Kd 0.5 0.25", "Kd 0.5 0.25 0.25", "Kd 0.5 0.25: the last number stands for blue too"),
        ("Kd 0,5 0,25 1", "Kd 0.5 0.25 1", "Kd 0,5 0,25 1 has decimal commas: read as points"),
        ("Kd nan 0 0", None, "Kd nan 0 0 is not made of numbers: left out"),
        ("Kd inf 0 0", None, "Kd inf 0 0 is not made of numbers: left out"),
        ("Kd red", None, "Kd red is not made of numbers: left out"),
        ("Kd", None, "Kd is not made of numbers: left out"),
        ("Kd spectral a.rfl 1", None, "Kd spectral a.rfl 1 is a spectrum, which isn't read: left out"),
        ("Kd xyz 0.4124 0.2126 0.0193", "Kd 1 0 0", "Kd xyz 0.4124 0.2126 0.0193: converted to RGB"),
        ("KD 1 0 0", "Kd 1 0 0", "KD 1 0 0: read as Kd"),
        ("Ks 255 255 255", "Ks 1 1 1", "Ks 255 255 255: over 1, taken as 0 to 255"),
        ("Ke 5 5 5", "Ke 5 5 5", None),
        ("d 0.5", "d 0.5", None),
        ("d 100", "d 1", "d 100 is not from 0 to 1: cut to 1"),
        ("d -halo 0.5", "d 0.5", "d -halo 0.5: halo isn't read: the same from all sides"),
        ("d nan", None, "d nan has no number: left out"),
        ("d", None, "d has no number: left out"),
        ("Tr 0", "Tr 0", None),
        ("Tr 0.25", "d 0.75", "Tr 0.25 without d: taken as d 0.75"),
        ("Tr 1", None, "Tr 1 without d would be invisible: taken as opaque"),
        ("d 1\nTr 1", "d 1", "d 1 and Tr 1 contradict each other: d counts"),
        ("d 0.4\nTr 0.6", "d 0.4\nTr 0.6", None),
        ("Ns nan", None, "Ns nan is not a number: left out"),
        ("illum 7", "illum 2", "illum 7 means mirrors or glass: illum 2 instead"),
        ("map_Kd", None, "map_Kd names no file: left out"),
        ("d 0", "d 0", " is invisible (d 0, or a map_d that hides all)"),
        ("Pr 0.5", "Pr 0.5", None),
    ],
)
def test_lines_of_a_material(tmp_path: Path, line: str, written: str | None, note: str | None) -> None:
    made = bring(tmp_path, BOX, f"newmtl a\n{line}\nnewmtl b\nKd 0 0 1\n".encode())
    block = made.mtl.partition("newmtl b")[0].removeprefix("newmtl a\n").strip()
    assert block == (written or "")
    assert made.notes == ([] if note is None else [f"material a{note}" if note[0] == " " else f"material a: {note}"])


@pytest.mark.parametrize(
    ("line", "notes", "kept"),
    [
        ("map_Kd t.png", [], True),
        ('map_Kd "t.png"', [], True),
        ("map_Kd -s 2 2 1 -o 0 0 0 my t.png", [], True),
        ("map_kd T.PNG", [], True),
        ("map_Kd C:\\tex\\t.png", [], True),
        ("map_Kd .\\t.png   ", [], True),
        ("map_Kd t.png # wood", [], True),
        ("map_Kd sub\\deep\\t.png", [], True),
        ("map_Kd -clamp on t.png", ["texture t.png has -clamp: without effect"], True),
        ("map_Kd -mm 0 1 t.png", ["texture t.png has -mm: without effect"], True),
        ("map_Kd -imfchan r t.png", ["texture t.png has -imfchan: without effect"], True),
        ("map_Kd gone.png\nmap_Kd t.png", ["material a has two map_Kd: t.png, the last one, counts"], True),
        ("map_Kd t.png\nmap_Pr rough.png", ["texture rough.png is map_Pr of material a: not used"], True),
        ("map_Kd t.png\nnorm bumps.png", ["texture bumps.png is norm of material a: not used"], True),
        ("map_Kd t.png\ndisp -mm 0 1 up.png", ["texture up.png is disp of material a: not used"], True),
        ("map_Kd t.png\nmap_opacity o.png", ["texture o.png is map_opacity of material a: not used"], True),
        ("map_Kd t.png\nmap_Ka t.png", [], True),
        ("map_Ka t.png", ["texture t.png is map_Ka of material a, which has no map_Kd: not used"], False),
        ("map_Kd gone.png", ["texture gone.png is missing"], False),
        ("map_Kd empty.png", ["texture empty.png is empty"], False),
        ("map_Kd cut.jpg", ["texture cut.jpg is truncated or damaged: what is left of it was kept"], True),
        ("map_Kd t.ktx2", ["texture t.ktx2 is a KTX2 picture, which can't be read: save it as PNG"], False),
        ("map_Kd t.png\nd 0.5\nmap_d grey.png", ["material a has d 0.5 beside map_d: map_d counts"], True),
        ("map_d black.png", ["material a is invisible (d 0, or a map_d that hides all)"], False),
    ],
)
def test_maps_of_a_material(tmp_path: Path, line: str, notes: list[str], kept: bool) -> None:
    noise = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(noise, "JPEG")
    files = {"t.png": picture("PNG"), "my t.png": picture("PNG"), "empty.png": b"", "black.png": picture("PNG")}
    files["grey.png"] = png_of(128)
    files |= {"cut.jpg": noise.getvalue()[:2000], "t.ktx2": b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(60)}
    made = bring(tmp_path, UNWRAPPED, f"newmtl a\n{line}\nnewmtl b\n".encode(), **files)
    assert made.notes == notes
    assert ("map_Kd" in made.mtl) == kept


def test_textured_faces_without_coordinates_are_counted(tmp_path: Path) -> None:
    textured = b"newmtl a\nmap_Kd t.png\nnewmtl b\nKd 0 0 1\n"
    made = bring(tmp_path, BOX, textured, **{"t.png": picture("PNG")})
    assert made.notes == ["2 faces of material a without texture coordinates: one texel colors them"]
    some = bring(tmp_path, UNWRAPPED.replace(b"f 5/1 8/1", b"f 5 8/1"), textured)
    assert some.notes == ["1 face of material a without texture coordinates: one texel colors them"]
    source = FolderSource(tmp_path / "out")
    assert {problem.kind for ref in source.objects([MUG]) for problem in check_object(source, ref)} == {"texture"}
    assert bring(tmp_path, UNWRAPPED, textured).notes == []


def test_a_texture_for_blender_alone_is_handed_on(tmp_path: Path) -> None:
    made = bring(tmp_path, UNWRAPPED, b"newmtl a\nmap_Kd t.exr\nnewmtl b\n", **{"t.exr": b"v/1\x01" + bytes(40)})
    assert made.notes == ["texture t.exr is of the format OpenEXR: kept as it is for Blender, unchecked"]
    assert made.materials()["a"]["map_Kd"] == "../images/texture0.exr"
    source = FolderSource(tmp_path / "out")
    assert check_object(source, source.objects([MUG])[0]) == []


def test_textures_in_damaged_archives_do_not_refuse_the_object(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("m.obj", BOX)
        opened.writestr("m.mtl", b"newmtl a\nmap_Kd t.png\nnewmtl b\n")
        opened.writestr("t.png", picture("PNG"))
    archive.write_bytes(archive.read_bytes().replace(picture("PNG")[-30:-20], b"0123456789", 1))
    _, notes = import_mesh(Archive(archive), "m.obj", MUG, tmp_path / "out", "y")
    assert len(notes) == 1
    assert notes[0].startswith("texture t.png can't be read (t.png can't be read from the archive")


def test_all_masks_are_black(tmp_path: Path) -> None:
    made = bring(tmp_path, BOX, b"newmtl a\nmap_d d.png\nnewmtl b\nd 0\n", **{"d.png": picture("PNG")})
    assert made.notes == ["all its materials are invisible (d 0, or a map_d that hides all): made opaque"]
    assert made.materials() == {"a": {}, "b": {}}
    gone = bring(tmp_path, BOX, b"newmtl a\nd 0\nmap_d gone.png\nnewmtl b\nd 0\n")
    assert gone.notes == made.notes
    unused = bring(tmp_path, BOX.replace(b"usemtl b", b"usemtl a"), b"newmtl a\nd 0\nnewmtl b\n")
    assert unused.notes == made.notes
    default = bring(tmp_path, BOX.replace(b"usemtl a\n", b""), b"newmtl b\nd 0\n")
    assert default.notes == ["material b is invisible (d 0, or a map_d that hides all)"]


@pytest.mark.parametrize(
    ("mtllib", "files", "notes"),
    [
        ("mtllib x.mtl\nmtllib y.mtl", ["x.mtl", "y.mtl"], []),
        ("mtllib x.mtl   y.mtl", ["x.mtl", "y.mtl"], []),
        ("mtllib my x.mtl y.mtl", ["my x.mtl", "y.mtl"], []),
        ("mtllib my x.mtl my y.mtl", ["my x.mtl", "my y.mtl"], []),
        ('mtllib "my x.mtl" "y.mtl"', ["my x.mtl", "y.mtl"], []),
        ("mtllib x y", ["x", "y"], []),
        ("mtllib x.mtl y.mtl z.mtl", ["x.mtl", "y.mtl"], ["material file z.mtl is missing"]),
        ("mtllib X.MTL Y.MTL", ["x.mtl", "y.mtl"], []),
        ("mtllib x.mtl # first\nmtllib y.mtl", ["x.mtl", "y.mtl"], []),
        ("mtllib C:\\me\\x.mtl C:\\me\\y.mtl", ["x.mtl", "y.mtl"], []),
        ("mtllib x.mtl\nmtllib x.mtl y.mtl", ["x.mtl", "y.mtl"], []),
        ("# no library", ["m.mtl", "none"], ["no mtllib names m.mtl: read, since it has the mesh's name"]),
    ],
)
def test_libraries(tmp_path: Path, mtllib: str, files: list[str], notes: list[str]) -> None:
    first, _, second = RED_AND_BLUE.partition(b"newmtl b")
    contents = {files[0]: first, files[1]: b"newmtl b" + second}
    if files[0] == "m.mtl":
        contents = {"m.mtl": RED_AND_BLUE}
    made = bring(tmp_path, BOX.replace(b"mtllib m.mtl", mtllib.encode()), **contents)
    assert {key: value["Kd"] for key, value in made.materials().items()} == {"a": "1 0 0", "b": "0 0 1"}
    assert made.notes == notes


def test_missing_libraries_are_named_each(tmp_path: Path) -> None:
    made = bring(tmp_path, BOX.replace(b"m.mtl", b"p q.mtl r.mtl"))
    assert made.notes[:2] == ["material file p q.mtl is missing", "material file r.mtl is missing"]


@pytest.mark.parametrize(
    ("obj", "mtl", "notes"),
    [
        (BOX, RED_AND_BLUE[:-1], []),
        (BOX, RED_AND_BLUE + b"newmtl a\nKd 0 1 0\n", ["material a is defined twice: the first definition counts"]),
        (BOX, RED_AND_BLUE + RED_AND_BLUE, []),
        (
            BOX.replace(b"usemtl a", b"usemtl A"),
            RED_AND_BLUE,
            ["material A is defined nowhere (did you mean a?): gray"],
        ),
        (
            BOX.replace(b"usemtl a", b"usemtl a # left"),
            RED_AND_BLUE.replace(b"newmtl a", b"newmtl a # red"),
            ["usemtl a # left: read without the comment"],
        ),
        (BOX.replace(b"usemtl a", b"usemtl zz\nusemtl a"), RED_AND_BLUE, []),
        (BOX.replace(b"usemtl a", b"usemtl my  a"), RED_AND_BLUE.replace(b"newmtl a", b"newmtl my  a"), []),
        (BOX.replace(b"usemtl a", b"usemtl \xff"), RED_AND_BLUE.replace(b"newmtl a", b"newmtl \xff"), []),
        (BOX.replace(b"usemtl a", b"g gr\xfcn\no \xff\nusemtl a"), RED_AND_BLUE, []),
    ],
)
def test_names_of_materials(tmp_path: Path, obj: bytes, mtl: bytes, notes: Any) -> None:
    made = bring(tmp_path, obj, mtl)
    assert next(iter(made.materials().values())) == {"Kd": "1 0 0"}
    assert made.notes == notes


@pytest.mark.parametrize(
    ("extra", "notes"),
    [
        (b"f 1 2\nf 3\n", ["2 faces with fewer than 3 corners: left out"]),
        (
            b"l 1 2 3\np 1\n",
            ["1 line (l): left out, only faces are rendered", "1 point (p): left out, only faces are rendered"],
        ),
        (
            b"cstype bezier\ndeg 3\ncurv 0 1 1 2 3 4\nend\n",
            ["4 lines of free-form curves and surfaces: left out, only faces are rendered"],
        ),
        (b"F 1 2 3\n", ["1 line with the keyword 'F': left out, only faces are rendered"]),
        (b"f 1// 2// 3//\nf 1/ 2/ 3/\n", []),
        (b"f -8 -7 -6\nf 1 -2 3\n", []),
        (b"f 1 1 2\n", []),
        (b"f\t1  2 \\\n  3 # three\n", []),
        (b"vt 0 0\nf 1/1 2/2 3/1\n", ["1 face with texture coordinates that don't exist: kept without them"]),
        (b"vn 0 0 1\nf 1//1 2//7 3//1\n", ["1 face with normals that don't exist: kept without them"]),
        (b"v nan 0 0\nv 1 inf 0\nv -1.#IND 0 0\n", []),
        (b"lod 3\ng x\ns off\n", []),
        (b"v\n\x0cv 1 2 3\nf \x0c\nf # none\n", ["1 face with fewer than 3 corners: left out"]),
    ],
)
def test_lines_of_a_mesh(tmp_path: Path, extra: bytes, notes: list[str]) -> None:
    made = bring(tmp_path, BOX + extra, RED_AND_BLUE)
    assert made.notes == notes
    assert extent(made) == [1, 3, 1]
    corners = read_corners(made.obj)
    assert (corners.counts >= 3).all()
    assert (corners.indices < np.array(corners.totals)).all()
    faces = re.findall(rb"^f[ \t]+[^\s#]+\s+\S+\s+(?:\\\n)?", extra, re.M)
    assert len(corners.counts) == 6 + len([face for face in faces if not face.endswith(b"\n") or b"\\" in face])


def test_faces_before_their_vertices_are_kept(tmp_path: Path) -> None:
    made = bring(tmp_path, b"mtllib m.mtl\n" + FACES + b"f -1 1 2\n".replace(b"-1", b"8") + POINTS, RED_AND_BLUE)
    assert made.notes == ["7 faces before their vertices: kept"]
    corners = read_corners(made.obj)
    assert (corners.indices < corners.before[0]).all()
    assert len(made.mesh.triangles) == 13


@pytest.mark.parametrize(
    ("obj", "reason"),
    [
        (POINTS.replace(b"v 1 0 0", b"v 1,5 0,5 0"), "decimal commas .v 1,5 0,5 0.; write numbers with points"),
        (POINTS + b"f 0 1 2\n", "doesn't exist .OBJ files count from 1"),
        (POINTS + b"f 1 2 9\n", "doesn't exist"),
        (POINTS + b"f 1 2 -9\n", "doesn't exist"),
        (POINTS + b"f 1.5 2 3\n", "a face is not made of numbers"),
        (POINTS + b"f 1 2\n", "no faces"),
        (POINTS.replace(b"v 1 0 0", b"v nan 0 0") + FACES, "not finite"),
        (POINTS.replace(b"v 1 0 0", b"v 1e999 0 0") + FACES, "not finite"),
        (POINTS.replace(b"v 1 0 0", b"v 1 zero 0") + FACES, "not a number"),
        (POINTS + b"g a\0b\n" + FACES, "not an OBJ file: it holds a zero byte"),
        (b"\xff\xfe\x00\xd8", "its byte-order mark says UTF-16"),
    ],
)
def test_meshes_that_are_refused(tmp_path: Path, obj: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        bring(tmp_path, obj if b"f " in obj else obj + FACES)


def test_spellings_of_one_mesh_are_one_object(tmp_path: Path) -> None:
    plain = bring(tmp_path, BOX, RED_AND_BLUE)
    mark = b"\xef\xbb\xbf"
    for obj, mtl in (
        (mark + BOX, mark + RED_AND_BLUE),
        (BOX.replace(b"\n", b"\r\n"), RED_AND_BLUE.replace(b"\n", b"\r\n")),
        (BOX.replace(b"\n", b"\r"), RED_AND_BLUE.replace(b"\n", b"\r")),
        (BOX.decode().encode("utf-16"), RED_AND_BLUE.decode().encode("utf-16")),
        (BOX.replace(b"\nusemtl", b"\n" + mark + b"usemtl"), RED_AND_BLUE),
    ):
        made = bring(tmp_path, obj, mtl)
        assert (made.object_id, made.notes) == (plain.object_id, [])


def test_many_notes_are_counted(tmp_path: Path) -> None:
    mtl = b"".join(b"newmtl m%d\nmap_Kd %d.png\n" % (index, index) for index in range(100))
    made = bring(tmp_path, BOX, RED_AND_BLUE + mtl)
    assert len(made.notes) == 20
    assert made.notes[-1] == "and 81 more"


def test_the_command_tells_and_the_imported_object_is_free_of_flaws(tmp_path: Path) -> None:
    arguments = ["import", str(CASES / "obj_d0"), "--out", str(tmp_path), "--class", "mug", "--workers", "1"]
    result = CliRunner().invoke(models, arguments)
    assert "not exactly as in their files: 1 of them" in result.output
    with (tmp_path / "imported.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["notes"] == "all its materials are invisible (d 0, or a map_d that hides all): made opaque"
    source = FolderSource(tmp_path)
    (ref,) = source.objects([MUG])
    assert check_object(source, ref) == []


def test_colors_are_found_wherever_they_begin() -> None:
    """Not by the first vertex alone."""
    colors, notes = vertex_colors(b"v 0 0 0\n" * 1000 + b"v 0 0 0 1 0 0.5\n")
    assert notes == []
    assert colors is not None
    assert np.isnan(colors[:1000]).all()
    assert colors[1000].tolist() == [1, 0, 0.5]
    assert vertex_colors(b"v 0 0 0\nv 0 0 0 1\n") == (None, [])
    assert vertex_colors(b"v 0 0 0 a b c\n") == (None, ["colors of vertices are not numbers: left out"])
