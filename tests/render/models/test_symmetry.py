from pathlib import Path

import numpy as np
import pytest
import symmetric_samples as samples
from model_samples import CHAIR, put
from PIL import Image
from scipy.spatial.transform import Rotation

from threedie.render.models.point_cloud import PointCloud, sample_object
from threedie.render.models.source import ModelError
from threedie.render.models.symmetry import POINTS, Symmetry, describe, find_symmetry, group_of, turns

X, Y, Z = np.eye(3)
WHITE = "1 1 1"
STOOL = (samples.prism(64, 0.3)[0] + samples.prism(3, 1, radius=0.8, base=-1)[0], samples.prism(64, 0.3)[1])


def cloud(folder: Path, model: tuple[str, str]) -> PointCloud:
    return sample_object(put(folder, CHAIR, "it", *model), POINTS, np.random.default_rng(0))


def symmetry(folder: Path, model: tuple[str, str]) -> Symmetry:
    return find_symmetry(cloud(folder, model))


CASES = {
    "box": (samples.box(1, 0.5, 2), 4, "180° about each of three axes"),
    "box with a white top": (samples.box(1, 0.5, 2, {"top": WHITE}), 2, "180° about the vertical axis"),
    "box with a white front": (samples.box(1, 0.5, 2, {"front": WHITE}), 2, "180° about the front-back axis"),
    "box with a white left": (samples.box(1, 0.5, 2, {"left": WHITE}), 2, "180° about the left-right axis"),
    "box with two white sides": (samples.box(1, 0.5, 2, {"front": WHITE, "top": WHITE}), 1, "none"),
    "square table top": (samples.box(2, 0.5, 2, {"bottom": WHITE}), 4, "90° about the vertical axis"),
    "square slab": (samples.box(2, 0.5, 2), 8, "90° about the vertical axis, and end for end"),
    "cube": (samples.box(1, 1, 1), 24, "the 24 turns of a cube"),
    "cube with a white front and left": (samples.box(1, 1, 1, {"front": WHITE, "left": WHITE}), 2,
                                         "180° about a diagonal axis"),
    "cylinder": (samples.prism(64, 3), 48, "any turn about the vertical axis, and end for end"),
    "cone": (samples.prism(64, 2, tip=0.1), 24, "any turn about the vertical axis"),
    "hexagonal pot": (samples.prism(6, 1, tip=0.6), 6, "60° about the vertical axis"),
    "round stool on a triangular foot": (STOOL, 3, "120° about the vertical axis"),
    "triangular prism, whose axis isn't that of its bounding box": (samples.prism(3, 2), 2,
                                                                    "180° about the left-right axis"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_symmetries_of_simple_shapes(case: str, tmp_path: Path) -> None:
    model, count, words = CASES[case]
    found = symmetry(tmp_path, model)
    assert (len(found.rotations), found.description, found.sphere) == (count, words, False)
    assert np.allclose(found.rotations[0], np.eye(3))
    assert found.is_trivial == (count == 1)


def test_a_sphere_looks_the_same_after_every_rotation(tmp_path: Path) -> None:
    found = symmetry(tmp_path, samples.globe())
    assert found.sphere
    assert not found.is_trivial
    assert found.description == "any turn about any axis"


def test_a_handle_is_a_difference(tmp_path: Path) -> None:
    obj, mtl = samples.prism(48, 2)
    assert symmetry(tmp_path / "without", (obj, mtl)).axis is not None
    handle = "v 1 0.6 -0.05\nv 1.5 0.6 -0.05\nv 1.5 1.4 -0.05\nv 1 1.4 -0.05\n"
    handle += handle.replace("-0.05", "0.05")
    for face in ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6)):
        handle += "f " + " ".join(str(corner - 8) for corner in face) + "\n"
    # What is left is the half turn about the handle.
    assert symmetry(tmp_path / "with", (obj + handle, mtl)).description == "180° about the left-right axis"


def test_textures_count_as_colors(tmp_path: Path) -> None:
    obj, _ = samples.box(1, 0.5, 2)
    obj = obj.replace("usemtl top\nf 8 7 3 4\n", "usemtl top\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf 8/4 7/3 3/2 4/1\n")
    path = put(tmp_path, CHAIR, "it", obj, "newmtl top\nmap_Kd top.png\n")
    # The back half of the top, in the file's v from 0 to 0.5, is red.
    pixels = np.full((8, 8, 3), 188, np.uint8)
    pixels[4:] = 255, 0, 0
    Image.fromarray(pixels).save(path.parent / "top.png")
    made = sample_object(path, POINTS, np.random.default_rng(0))
    red = (made.colors == [1, 0, 0]).all(axis=1)
    # Back is -z in the file and +y in the scene.
    assert red.mean() == pytest.approx(1 / 7, abs=0.02)
    assert made.points[red, 1].min() > -0.01
    assert np.allclose(made.normals[red], Z)
    assert find_symmetry(made).is_trivial


def test_points_spread_over_the_surface_in_the_axes_of_the_scene(tmp_path: Path) -> None:
    made = cloud(tmp_path, samples.box(1, 0.5, 2, {"top": WHITE}))
    diagonal = np.sqrt(1 + 0.25 + 4)
    assert np.allclose(np.abs(made.points).max(axis=0) * diagonal * 2, [1, 2, 0.5], atol=0.01)
    white = (made.colors > 0.99).all(axis=1)
    assert white.mean() == pytest.approx(2 / 7, abs=0.02)
    assert np.allclose(made.normals[white], Z)
    assert np.allclose(made.points[white, 2], 0.25 / diagonal)
    assert np.allclose(made.colors[~white], 0.7354, atol=1e-3)  # sRGB of 0.5


def test_a_group_keeps_only_products_that_pass() -> None:
    # Half turns about x and a diagonal of x and z would make quarter turns about y.
    diagonal = turns(X + Z, 2)[1]

    def passes(rotation: np.ndarray) -> bool:
        return any(np.allclose(rotation, each) for each in (np.eye(3), turns(X, 2)[1], diagonal))

    assert np.allclose(group_of(passes).rotations, turns(X, 2))


def test_groups_are_closed(tmp_path: Path) -> None:
    for name in ("square slab", "cylinder", "cube"):
        group = symmetry(tmp_path / name, CASES[name][0]).rotations
        products = (group[:, None] @ group).reshape(-1, 9)
        assert len(np.unique(np.round(products, 6) + 0.0, axis=0)) == len(group)


def test_words_for_a_tetrahedron() -> None:
    assert describe(Rotation.create_group("T").as_matrix()) == "the 12 turns of a tetrahedron"


def test_what_shows_no_surface_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no visible surface"):
        cloud(tmp_path / "flat", ("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n", ""))
    with pytest.raises(ModelError, match="no visible surface"):
        cloud(tmp_path / "infinite", ("v 0 0 0\nv inf 0 0\nv 2 1 0\nf 1 2 3\n", ""))


def test_invisible_parts_do_not_count(tmp_path: Path) -> None:
    obj, mtl = samples.box(1, 0.5, 2)
    obj += "v 3 0 0\nv 4 0 0\nv 3 3 0\nusemtl glass\nf 9 10 11\n"
    assert symmetry(tmp_path / "hidden", (obj, mtl + "newmtl glass\nKd 1 1 1\nd 0\n")).description == (
        "180° about each of three axes"
    )
    assert symmetry(tmp_path / "seen", (obj, mtl + "newmtl glass\nKd 1 1 1\nd 0.5\n")).is_trivial
