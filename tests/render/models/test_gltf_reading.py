"""glTF without Blender: right values of each case, notes, and messages."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from gltf_samples import COLORS, SAMPLES, Gltf, cube, encoded, made, pack, quadrants
from model_samples import pack as zipped
from PIL import Image

from threedie.render.commands.models import models
from threedie.render.models import draco, gltf_scene
from threedie.render.models.container import Archive, Folder
from threedie.render.models.gltf import read_gltf
from threedie.render.models.gltf_primitives import triangles_of
from threedie.render.models.obj import read_obj
from threedie.render.models.source import ModelError
from threedie.render.models.surface import ReadMesh
from threedie.render.models.surface_files import surface_files

DATA = Path(__file__).parents[2] / "data"


def read(tmp_path: Path, content: bytes, name: str = "m.glb") -> ReadMesh:
    (tmp_path / name).write_bytes(content)
    return read_gltf(Folder(tmp_path), name)


def filled(fill: Callable[[Gltf], Any]) -> Gltf:
    gltf = Gltf()
    fill(gltf)
    return gltf


class Object:
    """An imported object's files."""

    def __init__(self, source: Path, out: Path) -> None:
        result = CliRunner().invoke(models, ["import", str(source), "--out", str(out), "--class", "mug"])
        assert result.exit_code == 0, result.output
        self.notes = (out / "imported.csv").read_text().splitlines()[1].split(",", 3)[3].strip('"')
        (self.obj,) = out.glob("*/*/models/model_normalized.obj")
        self.mesh = read_obj(self.obj.read_bytes())
        extent = np.ptp(self.mesh.used, axis=0)
        self.extent = np.round(extent / extent.min(), 3).tolist()
        self.mtl = self.obj.with_suffix(".mtl").read_text().splitlines()

    def values(self, key: str) -> list[float]:
        return [float(word) for line in self.mtl if line.startswith(f"{key} ") for word in line.split()[1:]]

    def picture(self, key: str) -> Any:
        (line,) = [line for line in self.mtl if line.startswith(f"{key} ")]
        return np.asarray(Image.open(self.obj.parent / line.split()[1]))

    def coordinates(self) -> set[tuple[float, ...]]:
        lines = [line.split()[1:] for line in self.obj.read_text().splitlines() if line[:3] == "vt "]
        return {tuple(map(float, words)) for words in lines}

    def texels(self) -> dict[tuple[int, ...], list[Any]]:
        """The color in the middle of each triangle, and its points."""
        vt = np.array([line.split()[1:] for line in self.obj.read_text().splitlines() if line[:3] == "vt "], float)
        faces = [line.split()[1:] for line in self.obj.read_text().splitlines() if line[:2] == "f "]
        picture = self.picture("map_Kd")
        found: dict[tuple[int, ...], list[Any]] = {}
        for face in faces:
            u, v = vt[[int(word.split("/")[1]) - 1 for word in face]].mean(axis=0)
            place = int((1 - v) * len(picture)), int(u * picture.shape[1])
            points = self.mesh.vertices[[int(word.split("/")[0]) - 1 for word in face]]
            found.setdefault(tuple(picture[place].tolist()), []).append(points)
        return found


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Object:
    return Object(DATA / "cases" / request.param, tmp_path / "out")


def of(name: str) -> Any:
    return pytest.mark.parametrize("case", [name], indirect=True)


@of("glb_color0_material")
def test_vertex_colors_beside_a_material(case: Object) -> None:
    assert set(case.texels()) == {(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)}
    assert (case.notes, case.extent) == ("", [1, 1, 1])


@of("glb_alpha_factor_OPAQUE")
def test_alpha_of_an_opaque_material_does_not_count(case: Object) -> None:
    assert case.values("d") == [1]
    assert case.values("Kd") == [0.8, 0.1, 0.1]


@of("glb_uv_u2")
def test_normalized_texture_coordinates(case: Object) -> None:
    assert sorted(case.coordinates()) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@of("glb_color0_u16")
def test_vertex_colors_are_linear(case: Object) -> None:
    assert case.values("Kd") == pytest.approx([0.2, 0.5, 0.05], abs=1e-4)


@of("glb_sparse_base")
def test_sparse_accessors(case: Object) -> None:
    assert case.extent == [1, 2, 1]


@of("glb_fan_part")
def test_fans(case: Object) -> None:
    assert len(case.mesh.triangles) == 14


@of("glb_skin")
def test_skins(case: Object) -> None:
    assert (case.extent, len(case.mesh.triangles)) == ([4, 1, 3], 24)


@of("glb_texcoord1")
def test_the_texture_coordinates_that_the_texture_names(case: Object) -> None:
    assert sorted(case.coordinates()) == [(0, 0), (0, 1), (1, 0), (1, 1)], "the first set has one place only"


@of("glb_mask")
def test_masks_are_cut(case: Object) -> None:
    assert set(np.unique(case.picture("map_d"))) == {0, 255}


@of("glb_png16")
def test_16_bits(case: Object) -> None:
    assert np.unique(case.picture("map_Kd")).tolist() == [64]
    assert case.notes == "texture image 0 has 16 bits a channel: 8 were kept"


@pytest.mark.parametrize(
    ("case", "note"),
    [
        ("glb_ktx2", "texture image 0 is a KTX2 picture, which isn't read"),
        ("glb_truncated_jpeg", "texture image 0 is truncated or damaged: what is left of it was kept"),
        ("gltf_img_missing", "texture lost.png is missing"),
    ],
    indirect=["case"],
)
def test_lost_pictures_are_named(case: Object, note: str) -> None:
    assert note in case.notes
    assert (len(case.mesh.triangles), case.extent) == (12, [1, 1, 1])


@of("gltf_bom")
def test_a_byte_order_mark(case: Object) -> None:
    assert (len(case.mesh.triangles), case.notes) == (12, "")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (4, [[0, 1, 2], [3, 4, 5]]),
        (5, [[0, 1, 2], [1, 3, 2], [2, 3, 4], [3, 5, 4], [4, 5, 6]]),
        (6, [[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5], [0, 5, 6]]),
    ],
)
def test_triangles_of_modes(mode: int, expected: list[list[int]]) -> None:
    assert triangles_of(np.arange(7), mode).tolist() == expected
    assert triangles_of(np.arange(2), mode).tolist() == []


def test_colors_of_six_sides(tmp_path: Path) -> None:
    (surface,) = read(tmp_path, made("vertex_colors_u16_and_factor")).surfaces
    assert surface.colors is not None
    np.testing.assert_allclose(surface.colors[::6], COLORS, atol=1e-4)
    assert surface.material.color == (0.5, 0.8, 0.9)


def test_a_texture_transform(tmp_path: Path) -> None:
    (surface,) = read(tmp_path, made("texture_transform")).surfaces
    assert surface.uv is not None
    u, v = cube()[2][cube()[3].ravel()].T * [[0.5], [1.5]]
    cosine, sine = np.cos(0.7), np.sin(0.7)
    expected = np.stack([cosine * u + sine * v + 0.1, 1 - (-sine * u + cosine * v + 0.3)], axis=-1)
    np.testing.assert_allclose(surface.uv, expected, atol=1e-6)


def test_opacity_of_vertices_is_one_of_each_triangle(tmp_path: Path) -> None:
    surfaces = read(tmp_path, made("vertex_alpha")).surfaces
    assert [(surface.material.opacity, len(surface.sizes)) for surface in surfaces] == [(0.25, 6), (1, 6)]
    (surface,) = read(tmp_path, made("vertex_alpha_that_does_not_count")).surfaces
    assert not surface.material.uses_alpha


def test_emission(tmp_path: Path) -> None:
    (surface,) = read(tmp_path, made("emission_beyond_white")).surfaces
    assert surface.material.emission == pytest.approx((2, 0.8, 0.4))


def test_emission_with_coordinates_of_its_own(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        glow = {"index": gltf.picture(encoded(quadrants())), "texCoord": 1}
        material = gltf.material(texture=gltf.picture(encoded(quadrants())), emissiveFactor=[1, 1, 1],
                                 emissiveTexture=glow)  # fmt: skip
        primitive = gltf.cube(TEXCOORD_1=gltf.accessor(cube()[2] * 0.1)) | {"material": material}
        gltf.node(mesh=gltf.mesh(primitive))

    mesh = read(tmp_path, filled(fill).glb())
    (surface,) = mesh.surfaces
    assert surface.material.emission == pytest.approx((0.5, 0.5, 0.25))
    assert "coordinates of its own" in mesh.notes[0]


def test_a_texture_without_coordinates_gives_its_mean(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        primitive = gltf.cube() | {"material": gltf.material(texture=gltf.picture(encoded(quadrants())))}
        del primitive["attributes"]["TEXCOORD_0"]
        gltf.node(mesh=gltf.mesh(primitive))

    mesh = read(tmp_path, filled(fill).glb())
    assert mesh.surfaces[0].material.color == pytest.approx((0.5, 0.5, 0.25))
    assert "needs TEXCOORD_0, which its faces lack" in mesh.notes[0]


def test_a_second_picture_in_place_of_one_that_is_not_read(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        texture = gltf.picture(encoded(quadrants()))
        lost = gltf.add("images", {"uri": "lost.ktx2"})
        gltf.json["textures"][texture]["extensions"] = {"KHR_texture_basisu": {"source": lost}}
        gltf.node(mesh=gltf.mesh(gltf.cube() | {"material": gltf.material(texture=texture)}))

    mesh = read(tmp_path, filled(fill).glb())
    assert mesh.surfaces[0].material.picture is not None
    assert mesh.notes == ()


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        SAMPLES["lines_and_points_beside"](gltf)
        gltf.json["extensionsUsed"] = ["KHR_materials_unlit", "EXT_foo"]
        gltf.json |= {"animations": [{}], "cameras": [{}], "extensions": {"KHR_materials_variants": {"variants": [1]}}}
        texture = {"index": gltf.picture(encoded(quadrants()))}
        extensions = {"KHR_materials_unlit": {}, "KHR_materials_clearcoat": {"clearcoatFactor": 1}}
        material = gltf.material(normalTexture=texture, name="paint\n", extensions=extensions)
        gltf.node(mesh=gltf.mesh(gltf.cube() | {"material": material}))
        gltf.node(mesh=gltf.mesh(gltf.cube() | {"material": 77}))

    assert read(tmp_path, filled(fill).glb()).notes == (
        "2 primitives of points or lines left out",
        "material 77 doesn't exist; its faces are white",
        "paint: normal map, clearcoat left out, surfaces are matte",
        "paint: unlit, but is lit like all others",
        "EXT_foo not read",
        "animations, cameras, material variants left out",
    )


def test_hidden_nodes(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        mesh = gltf.mesh(gltf.cube())
        child = gltf.node(scene=None, mesh=mesh)
        gltf.node(children=[child], extensions={"KHR_node_visibility": {"visible": False}})
        gltf.node(mesh=mesh)

    mesh = read(tmp_path, filled(fill).glb())
    assert sum(len(surface.sizes) for surface in mesh.surfaces) == 12
    assert mesh.notes == ("1 hidden node left out",)


def test_clamped_pictures_grow_as_far_as_needed(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        texture = gltf.picture(encoded(quadrants(64)), wrapS=33071, wrapT=33648)
        wide = gltf.accessor(cube()[2] * [1.5, 4] - [0, 2])
        gltf.node(mesh=gltf.mesh(gltf.cube(TEXCOORD_0=wide) | {"material": gltf.material(texture=texture)}))

    (surface,) = read(tmp_path, filled(fill).glb()).surfaces
    picture = surface.material.picture
    assert picture is not None
    assert picture.size == (96, 128)
    assert picture.getpixel((95, 0)) == (0, 255, 0), "the last column of the picture goes on"
    assert picture.getpixel((0, 127)) == (255, 0, 0), "the picture upside down"
    assert surface.uv is not None
    np.testing.assert_allclose((surface.uv[:, 0].max(), np.ptp(surface.uv[:, 1])), (1, 2))


def test_too_many_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gltf_scene, "MAX_INSTANCES", 2)
    with pytest.raises(ModelError, match="meshes and instances of meshes allowed"):
        read(tmp_path, made("instances"))
    monkeypatch.setattr(gltf_scene, "MAX_TRIANGLES", 20)
    with pytest.raises(ModelError, match="triangles allowed"):
        read(tmp_path, made("nested_nodes"))


def test_names_are_decoded_and_stay_inside(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        texture = gltf.add("textures", {"source": gltf.add("images", {"uri": "tex%20t%C3%BCr.png"})})
        gltf.node(mesh=gltf.mesh(gltf.cube() | {"material": gltf.material(texture=texture)}))

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tex tür.png").write_bytes(encoded(quadrants()))
    gltf = filled(fill)
    (tmp_path / "in" / "the data.bin").write_bytes(gltf.blob)
    (tmp_path / "secret.bin").write_bytes(gltf.blob)
    mesh = read(tmp_path / "in", gltf.gltf("the%20data.bin"), "m.gltf")
    assert mesh.surfaces[0].material.picture is not None
    assert len(mesh.pieces) == 3
    for uri in ("../secret.bin", "..%2Fsecret.bin", str(tmp_path / "secret.bin"), "file:///etc/passwd"):
        with pytest.raises(ModelError, match="is missing"):
            read(tmp_path / "in", gltf.gltf(uri), "m.gltf")
    archive = zipped(tmp_path / "a.zip", {"x/m.gltf": gltf.gltf("the%20data.bin"), "x/the data.bin": gltf.blob})
    assert "texture tex%20t%C3%BCr.png is missing" in read_gltf(Archive(archive), "x/m.gltf").notes[0]


def test_data_in_the_file(tmp_path: Path) -> None:
    text = filled(SAMPLES["texture"]).gltf()
    for content in (text, b"\xef\xbb\xbf" + text, text.replace(b"=", b""), text.decode().encode("utf-16")):
        (surface,) = read(tmp_path, content, "m.gltf").surfaces
        assert len(surface.sizes) == 12
        assert surface.material.picture is not None


def test_bytes_after_the_end(tmp_path: Path) -> None:
    mesh = read(tmp_path, made("factor") + b"more")
    assert mesh.notes == ("ignored 4 bytes after the end of the GLB file",)
    assert mesh.surfaces[0].material.color == pytest.approx((0.8, 0.4, 0.1))


def test_a_glb_by_another_name(tmp_path: Path) -> None:
    assert len(read(tmp_path, made("factor"), "m.gltf").surfaces) == 1


def change(name: str, **values: Any) -> bytes:
    gltf = filled(SAMPLES[name])
    return pack(json.loads(json.dumps(gltf.json | {"buffers": [{"byteLength": len(gltf.blob)}]} | values)), gltf.blob)


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "a page": (b"<!DOCTYPE html>", "a web page, not a mesh"),
    "a list": (b"[]", "not a glTF file"),
    "nested": (b"[" * 100_000, "not a glTF file"),
    "only a header": (b"glTF" + bytes(40), "GLB version 0"),
    "GLB 1": (pack({}, version=1), "GLB version 1, of which only 2 can be read"),
    "glTF 1": (pack({"asset": {"version": "1.0"}}), "glTF version 1.0"),
    "cut off in the data": (made("texture")[:-200], "cut off"),
    "cut off in the text": (made("texture")[:200], "cut off"),
    "no text": (b"glTF\2\0\0\0\x14\0\0\0\0\0\0\0BIN\0", "no JSON chunk"),
    "nothing in it": (pack({"asset": {"version": "2.0"}}), "no faces"),
    "an unknown extension": (change("factor", extensionsRequired=["EXT_foo"]), "needs EXT_foo, which isn't read"),
    "meshopt": (change("factor", extensionsRequired=["EXT_meshopt_compression"]), "needs EXT_meshopt_compression"),
    "basisu": (change("factor", extensionsRequired=["KHR_texture_basisu"]), "needs KHR_texture_basisu"),
    "a name that is none": (change("factor", extensionsRequired=[["x"]]), "needs"),
    "no data": (change("factor", buffers=[{"byteLength": 4, "uri": "x.bin"}]), "x.bin, which it refers to, is missing"),
    "bad data": (change("factor", buffers=[{"byteLength": 4, "uri": "data:a/b;base64,A"}]), "can't be decoded"),
    "too short": (change("factor", buffers=[{"byteLength": 4, "uri": "data:,abcd"}]), "reaches beyond its buffer"),
    "a cycle": (change("factor", nodes=[{"mesh": 0, "children": [1]}, {"children": [0]}]), "own ancestor"),
    "itself": (change("factor", nodes=[{"mesh": 0, "children": [0]}]), "more than one parent"),
    "two parents": (
        change("factor", nodes=[{"mesh": 0}, {"children": [0]}, {"children": [0]}]),
        "more than one parent",
    ),
    "no such node": (change("factor", scenes=[{"nodes": [5]}]), "nodes aren't a list of existing nodes"),
    "no such mesh": (change("factor", nodes=[{"mesh": 3}]), "number 3 of meshes"),
    "endless": (change("factor", nodes=[{"mesh": 0, "scale": [1e308] * 3, "children": []}]), "not finite|overflow"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "m.glb").write_bytes(content)
    result = CliRunner().invoke(
        models, ["import", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--class", "mug"]
    )
    assert result.exit_code == 1
    _, row = (tmp_path / "out" / "import_failures.csv").read_text().splitlines()
    assert row.startswith("in/m.glb,")
    assert re.search(reason, row), row


def test_positions_that_are_not_numbers(tmp_path: Path) -> None:
    gltf = filled(SAMPLES["factor"])
    gltf.blob = np.full(6, np.nan, "<f4").tobytes() + gltf.blob[24:]
    (tmp_path / "m.glb").write_bytes(gltf.glb())
    result = CliRunner().invoke(
        models, ["import", str(tmp_path / "m.glb"), "--out", str(tmp_path / "o"), "--class", "mug"]
    )
    assert result.exit_code == 1
    assert "not finite" in (tmp_path / "o" / "import_failures.csv").read_text()


def test_attributes_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        gltf.node(mesh=gltf.mesh(gltf.cube(COLOR_0=gltf.accessor([[1.0, 0, 0]]), NORMAL=99)))

    mesh = read(tmp_path, filled(fill).glb())
    assert mesh.surfaces[0].colors is None
    assert [note.split(" ")[0] for note in mesh.notes] == ["NORMAL", "COLOR_0"]


def test_a_million_zeros_cost_nothing(tmp_path: Path) -> None:
    def fill(gltf: Gltf) -> None:
        SAMPLES["factor"](gltf)
        gltf.json["accessors"][0] = {"componentType": 5126, "count": 2**50, "type": "VEC3"}

    with pytest.raises(ModelError, match="more than can be read"):
        read(tmp_path, filled(fill).glb())


def test_draco(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (DATA / "gltf" / "draco.glb").read_bytes()
    if draco.draco_library() is not None:
        surfaces = read(tmp_path, content).surfaces
        assert [len(surface.sizes) for surface in surfaces] == [12, 12]
        damaged = bytearray(content)
        place = content.index(b"DRACO")
        damaged[place + 20 : place + 60] = bytes(range(40))
        with pytest.raises(ModelError, match=r"its data is damaged|a vertex that doesn't exist"):
            read(tmp_path, bytes(damaged))
    monkeypatch.setattr(draco, "draco_library", lambda: None)
    with pytest.raises(ModelError, match=r"needs KHR_draco_mesh_compression, .*install bpy"):
        read(tmp_path, content)


def test_deep_chains_of_nodes(tmp_path: Path) -> None:
    gltf = filled(SAMPLES["factor"])
    depth = 5000
    chain = [{"translation": [0.001, 0, 0], "children": [index + 2]} for index in range(depth)]
    gltf.json["nodes"] = [{"children": [1]}, *chain, {"mesh": 0}]
    (surface,) = read(tmp_path, gltf.glb()).surfaces
    assert surface.points[:, 0].max() == pytest.approx(0.5 + depth / 1000)


def test_chunks_filled_with_zeros(tmp_path: Path) -> None:
    gltf = filled(SAMPLES["factor"])
    gltf.json["asset"]["generator"] = "x"
    while len(json.dumps(gltf.json | {"buffers": [{"byteLength": len(gltf.blob)}]})) % 4 != 2:
        gltf.json["asset"]["generator"] += "x"
    content = gltf.glb()
    assert content.count(b"}  ") == 1
    assert len(read(tmp_path, content.replace(b"}  ", b"}\0\0")).surfaces) == 1


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_integer_colors_that_are_not_marked_as_normalized(tmp_path: Path, kind: str) -> None:
    gltf = Gltf()
    colors = np.repeat(np.array([[1, 0.2, 0, 1]]), 24, axis=0) * np.iinfo(kind).max
    gltf.node(mesh=gltf.mesh(gltf.cube(COLOR_0=gltf.accessor(np.round(colors), kind))))
    mesh = read(tmp_path, gltf.glb())
    np.testing.assert_allclose(np.asarray(mesh.surfaces[0].colors), np.tile([1, 0.2, 0], (36, 1)), atol=0.003)
    assert mesh.notes == ("vertex colors are integers that aren't marked as normalized; taken as such",)


def test_opacities_that_show_nothing_are_named(tmp_path: Path) -> None:
    gltf = Gltf()
    gltf.node(mesh=gltf.mesh(gltf.cube() | {"material": gltf.material([1, 0, 0, 0.001], alphaMode="BLEND")}))
    _, notes = surface_files(read(tmp_path, gltf.glb()).surfaces, np.eye(3))
    assert notes == ["material 0: its opacity is 0.001, so that it is invisible"]
