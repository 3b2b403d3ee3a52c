import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from seen import Seen

from threedie.render.models import convert, importer, material_writer
from threedie.render.models.material_writer import MaterialWriter
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import OF_BYTE, decoded, encoded, to_bytes
from threedie.render.models.surface import Material, ReadMesh, Surface, triangles
from threedie.render.models.surface_files import surface_files
from threedie.render.models.triangulate import triangulate

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
UV = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])
WHITE = (1.0, 1.0, 1.0)
GREY = Material()


def square(material: Material = GREY, **more: np.ndarray) -> Surface:
    return Surface("square", SQUARE, np.array([4]), np.arange(4), material, **more)


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *surfaces: Surface) -> Seen:
    """Surfaces as they are imported."""
    monkeypatch.setitem(convert.FORMATS, ".off", lambda container, name: ReadMesh((b"",), surfaces))
    return Seen(tmp_path / "mesh.off", tmp_path / "out")


def test_bytes_and_light_are_each_other_s_inverse() -> None:
    assert to_bytes(OF_BYTE).tolist() == list(range(256))
    assert to_bytes([-1, 0, 0.5, 1, 2]).tolist() == [0, 0, 188, 255, 255]
    np.testing.assert_allclose(encoded(decoded(np.linspace(0, 1, 99))), np.linspace(0, 1, 99), atol=1e-12)


def test_polygons_stay_polygons_and_unused_vertices_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.concatenate([[[99, np.nan, 99]], SQUARE])
    seen = written(tmp_path, monkeypatch, Surface("s", points, np.array([4]), np.arange(4) + 1))
    assert seen.faces == [[0, 1, 2, 3]]
    np.testing.assert_allclose(seen.points, (SQUARE - [0.5, 0.5, 0]) / np.sqrt(2), atol=1e-6)
    assert seen.face_materials[0] == {"Kd": "0.5 0.5 0.5", "Ks": "0 0 0", "d": "1", "illum": "1"}
    assert seen.notes == []


def test_z_up_turns_points_and_normals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    normals = np.tile([0.0, 0.0, 2.0], (4, 1))
    surfaces = (square(normals=normals),)
    monkeypatch.setitem(convert.FORMATS, ".off", lambda container, name: ReadMesh((b"",), surfaces))
    seen = Seen(tmp_path / "mesh.off", tmp_path / "out", "z")
    np.testing.assert_allclose(np.ptp(seen.points, axis=0) * np.sqrt(2), [1, 0, 1], atol=1e-6)
    assert seen.normals.tolist() == [[0, 1, 0]]
    assert seen.face_normals == [[0, 0, 0, 0]]


def test_normals_that_cannot_be_used_are_left_to_blender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    normals = np.array([[0, 0, 1], [np.nan, 0, 0], [0, 0, 0], [0, np.inf, 0]], float)
    seen = written(tmp_path, monkeypatch, square(normals=normals))
    assert seen.normals[seen.face_normals[0]].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_a_factor_multiplies_light_and_not_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.new("RGB", (2, 2), (10, 200, 30))
    seen = written(tmp_path, monkeypatch, square(Material((1.0, 0.5, 0.25), picture=picture), uv=UV))
    expected = np.round(encoded(decoded(np.array([10, 200, 30]) / 255) * [1, 0.5, 0.25]) * 255)
    assert seen.corner(0, 0) == expected.tolist() == [10, 146, 11]


def test_one_color_for_all_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colors = np.tile([0.2, 0.5, 0.05], (4, 1))
    seen = written(tmp_path, monkeypatch, square(Material((1.0, 0.5, 1.0)), colors=colors))
    assert seen.face_materials[0]["Kd"] == "0.2 0.25 0.05"
    assert not (seen.folder / "images").exists()


def test_colors_of_faces_are_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 3))
    texels = np.repeat(rng.integers(0, 256, (100, 3)), 3, axis=0)
    texels[3:6] = texels[:3]
    surface = Surface("s", *triangles(points, np.arange(300)), Material(WHITE), colors=OF_BYTE[texels])
    seen = written(tmp_path, monkeypatch, surface)
    for face in range(100):
        assert seen.at(face, 0.2, 0.3, 0.5) == texels[3 * face].tolist()
    assert len(seen.uv) == 99, "a texel for each color"


@pytest.mark.parametrize("contrast", [4, 40, 255])
def test_colors_change_linearly_within_a_triangle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contrast: int
) -> None:
    texels = np.array([[0, 255, 0], [contrast, 255, 0], [0, 255 - contrast, contrast]])
    flat = np.tile([7, 7, 7], (3, 1))
    surface = Surface(
        "s", *triangles(SQUARE, [[0, 1, 2], [0, 2, 3], [1, 3, 2]]), Material(WHITE),
        colors=OF_BYTE[np.concatenate([texels, flat, texels[::-1]])],
    )  # fmt: skip
    seen = written(tmp_path, monkeypatch, surface)
    # Faces of one color come first.
    assert seen.corner(0, 2) == [7, 7, 7]
    for corner in range(3):
        assert seen.corner(1, corner) == texels[corner].tolist()
        assert seen.corner(2, corner) == texels[2 - corner].tolist()
    for weights in ([0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3], [0.8, 0.1, 0.1]):
        expected = encoded(np.array(weights) @ OF_BYTE[texels]) * 255
        np.testing.assert_allclose(seen.at(1, *weights), expected, atol=4)


def test_varying_colors_of_a_concave_polygon_stay_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrow = np.array([[0, 0, 0], [2, 2, 0], [0, 1, 0], [-2, 2, 0]], float)
    colors = OF_BYTE[[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]]
    surface = Surface("s", arrow, np.array([4]), np.arange(4), Material(WHITE), colors=colors)
    seen = written(tmp_path, monkeypatch, surface)
    assert sorted(map(sorted, seen.faces)) == [[0, 1, 2], [0, 2, 3]]


def test_polygons_are_cut_inside() -> None:
    comb = np.array(
        [[0, 0], [7, 0], [7, 5], [6, 5], [6, 1], [5, 1], [5, 5], [4, 5], [4, 1], [3, 1], [3, 5], [0, 5], [0, 5]], float
    )
    points = np.concatenate([comb @ [[1, 0, 0], [0, 0.6, 0.8]], [[9, 9, 9]]])
    for order in (np.arange(len(comb)), np.arange(len(comb))[::-1]):
        corners = np.concatenate([[13, 0, 1], order, [0, 1, 2, 3]])
        cut, face = triangulate(points, np.array([3, len(comb), 4]), corners)
        assert face.tolist() == [0] + [1] * (len(comb) - 2) + [2] * 2
        a, b, c = (points[corners[cut[face == 1, corner]]] for corner in range(3))
        signed = np.cross(b - a, c - a) @ np.cross([1, 0, 0], [0, 0.6, 0.8]) / 2
        assert abs(signed.sum()) == pytest.approx(35 - 8)
        assert np.abs(signed).sum() == pytest.approx(35 - 8), "none turns the other way"


def test_convex_polygons_of_many_corners_are_cut_at_once() -> None:
    angle = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    points = np.stack([np.cos(angle), np.zeros(900), np.sin(angle)], axis=-1)
    begin = time.perf_counter()
    cut, face = triangulate(np.tile(points, (50, 1)), np.full(50, 900), np.arange(45_000))
    assert time.perf_counter() - begin < 5, "ear by ear they take a minute"
    assert np.bincount(face).tolist() == [898] * 50
    a, b, c = (points[cut[face == 7, corner] % 900] for corner in range(3))
    signed = np.cross(b - a, c - a)[:, 1] / 2
    assert (signed < 0).all()
    assert -signed.sum() == pytest.approx(450 * np.sin(2 * np.pi / 900))


def test_odd_polygons_are_cut_all_the_same() -> None:
    for polygon in (
        np.zeros((6, 3)),
        np.eye(3)[[0, 1, 0, 1, 2, 2]],
        np.full((5, 3), np.nan),
        np.arange(18.0).reshape(6, 3),
    ):
        cut, _ = triangulate(polygon, np.array([len(polygon)]), np.arange(len(polygon)))
        assert cut.shape == (len(polygon) - 2, 3)
        assert set(cut.ravel().tolist()) <= set(range(len(polygon)))


def test_colors_over_a_picture_are_drawn_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4], pixels[:, 4:] = (255, 255, 255), (100, 200, 50)
    colors = np.array([[1, 1, 1], [1, 1, 1], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
    material = Material(WHITE, picture=Image.fromarray(pixels))
    seen = written(tmp_path, monkeypatch, square(material, uv=UV * 1.5, colors=colors))
    assert seen.notes == []
    assert len(seen.faces) == 2
    for number, face in enumerate(seen.faces):
        for corner, vertex in enumerate(face):
            up = seen.points[vertex, 1] > 0
            # The picture repeats: 0.375 and 1.125 lie in its white half.
            expected = [255, 255, 255] if not up else [188, 188, 188]
            np.testing.assert_allclose(seen.corner(number, corner), expected, atol=1)
    left = next(n for n, face in enumerate(seen.faces) if len(set(face)) == 3 and 3 in face)
    edge = [0.5 if seen.points[vertex, 1] > 0 else 0 for vertex in seen.faces[left]]
    # Halfway along the upper edge, at 0.75, lies the green half, darkened.
    np.testing.assert_allclose(
        seen.at(left, *edge), encoded(decoded(np.array([100, 200, 50]) / 255) * 0.5) * 255, atol=2
    )


def test_a_texture_drawn_coarser_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material_writer, "MAX_TEXELS", 600)
    colors = np.linspace(0, 1, 12).reshape(4, 3)
    material = Material(WHITE, picture=Image.new("RGB", (64, 64), "white"))
    seen = written(tmp_path, monkeypatch, square(material, uv=UV, colors=colors))
    assert seen.notes == ["square: its texture became coarser, since colors of corners are drawn into it"]
    (name,) = (seen.folder / "images").iterdir()
    assert np.prod(Image.open(name).size) <= 600


def rgba(*alphas: int) -> Image.Image:
    picture = Image.new("RGBA", (len(alphas), 1), (10, 200, 30, 255))
    for x, alpha in enumerate(alphas):
        picture.putpixel((x, 0), (10, 200, 30, alpha))
    return picture


def mask(seen: Seen) -> list[int]:
    return np.asarray(Image.open(seen.folder / "models" / seen.face_materials[0]["map_d"])).ravel().tolist()


@pytest.mark.parametrize(
    ("material", "d", "expected"),
    [
        (Material(WHITE, picture=rgba(0, 128, 255), uses_alpha=False, opacity=0), "1", None),
        (Material(WHITE, picture=rgba(255, 255), uses_alpha=True), "1", None),
        (Material(WHITE, picture=rgba(255, 255), uses_alpha=True, opacity=0.25), "0.25", None),
        # What drives alpha among other pictures is inverted and read as sRGB: 188 is a half.
        (Material(WHITE, picture=rgba(0, 128, 255), uses_alpha=True), "1", [255, 187, 0]),
        (Material(WHITE, picture=rgba(0, 255, 255), uses_alpha=True, opacity=0.5), "1", [255, 188, 188]),
        (Material(WHITE, picture=rgba(0, 127, 128, 255), uses_alpha=True, cutoff=0.5), "1", [255, 255, 0, 0]),
        (Material(WHITE, picture=rgba(200, 201), uses_alpha=True, cutoff=0.5), "1", None),
        (Material(WHITE, picture=rgba(100, 255), uses_alpha=True, cutoff=0.5, opacity=0.6), "1", [255, 0]),
        (Material(uses_alpha=True, opacity=0.3), "0.3", None),
        (Material(uses_alpha=True, opacity=0.6, cutoff=0.5), "1", None),
    ],
)  # fmt: skip
def test_alpha(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, material: Material, d: str, expected: list[int] | None
) -> None:
    seen = written(tmp_path, monkeypatch, square(material, uv=UV))
    assert seen.face_materials[0]["d"] == d
    assert (mask(seen) if "map_d" in seen.face_materials[0] else None) == expected
    assert seen.notes == []
    if material.picture is not None:
        assert Image.open(seen.folder / "models" / seen.face_materials[0]["map_Kd"]).mode == "RGB"


@pytest.mark.parametrize(
    "material",
    [
        Material(uses_alpha=True, opacity=0),
        Material(uses_alpha=True, opacity=0.4, cutoff=0.5),
        Material(picture=rgba(0, 10), uses_alpha=True, cutoff=0.5),
        Material(picture=rgba(0, 0), uses_alpha=True),
    ],
)
def test_what_is_invisible_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, material: Material) -> None:
    (note,) = written(tmp_path, monkeypatch, square(material, uv=UV)).notes
    assert "invisible" in note


def test_emission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    glow = Image.new("RGB", (2, 2), (255, 255, 255))
    seen = written(
        tmp_path,
        monkeypatch,
        square(Material(emission=(0.5, 2.0, 0.1))),
        square(Material(emission=(1.0, 4.0, 0.0), emission_picture=glow), uv=UV),
        square(Material(emission_picture=glow), uv=UV),
    )
    plain, pictured, dark = seen.face_materials
    assert plain["Ke"] == "0.5 2 0.1"
    # Blender takes the largest channel as strength and the picture as color.
    assert pictured["Ke"] == "4 4 4"
    assert seen.texel(pictured["map_Ke"], UV[0]).tolist() == [137, 255, 0]
    assert "Ke" not in dark
    assert "map_Ke" not in dark


def test_pictures_and_materials_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.new("RGB", (2, 2), (10, 200, 30))
    again = Image.new("RGB", (2, 2), (10, 200, 30))
    seen = written(tmp_path, monkeypatch, *(square(Material(WHITE, picture=each), uv=UV) for each in (picture, again)))
    assert len(seen.materials) == 1
    assert len(list((seen.folder / "images").iterdir())) == 1


def test_what_looks_need_and_lack_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.new("RGB", (2, 2), (10, 200, 30))
    uv, colors = UV.copy(), np.ones((4, 3))
    uv[1], colors[2] = np.nan, np.inf
    seen = written(tmp_path, monkeypatch, square(Material(picture=picture)), square(uv=uv, colors=colors))
    assert seen.notes == [
        "square: it has no texture coordinates, so that its texture isn't used",
        "square: texture coordinates that aren't finite became 0",
        "square: colors of corners that aren't finite became white",
    ]


@pytest.mark.parametrize(
    ("surfaces", "reason"),
    [
        ([], "no faces"),
        ([Surface("s", SQUARE, np.empty(0, int), np.empty(0, int))], "no faces"),
        ([Surface("s", SQUARE, np.array([3]), np.array([0, 1, 4]))], "doesn't exist"),
        ([Surface("s", SQUARE * np.nan, np.array([3]), np.array([0, 1, 2]))], "not finite"),
        ([Surface("s", SQUARE * 1e308, np.array([3]), np.array([0, 1, 2]))], "not finite"),
        ([Surface("s", SQUARE * 0, np.array([3]), np.array([0, 1, 2]))], "in one place"),
        ([Surface("s", SQUARE, np.array([3]), np.array([0, 1, 1]))], "no area"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_refusals(surfaces: list[Surface], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        surface_files(surfaces, np.eye(3))


def test_too_large_an_obj_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threedie.render.models.surface_files.MAX_BYTES", 50)
    with pytest.raises(ModelError, match="too many faces"):
        surface_files([square()], np.eye(3))


def test_notes_are_the_same_when_the_object_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = square(Material(uses_alpha=True, opacity=0))
    first, second = (written(tmp_path, monkeypatch, surface).notes for _ in range(2))
    assert first == second != []
    assert importer.FORMATS is convert.FORMATS
    assert MaterialWriter().notes == {}
