import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from threedie.manifests.classes import SYNSETS, name_of
from threedie.manifests.errors import ThreeDieError
from threedie.render.commands.models import models
from threedie.render.models.folder import FolderSource
from threedie.render.models.inspect import inspect_mesh
from threedie.render.models.synth import classes, library, shapes
from threedie.render.models.synth.scene import Scene, normals, scene_files
from threedie.render.models.synth.shapes import Mesh

EVERY = pytest.mark.parametrize("synset", sorted(library.GENERATORS), ids=name_of)
SAMPLES = range(5)


def areas(mesh: Mesh) -> np.ndarray:
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def assert_closed_and_outward(mesh: Mesh, name: str) -> None:
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    forth, back = (edges @ [len(mesh.vertices), 1]), (edges[:, ::-1] @ [len(mesh.vertices), 1])
    assert len(np.unique(forth)) == len(forth), f"{name}: an edge is used twice the same way"
    assert np.array_equal(np.sort(forth), np.sort(back)), f"{name}: not closed"
    assert mesh.volume() > 0, f"{name}: inside out"


def read_obj(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    lines = content.decode().splitlines()
    vertices = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    faces = [[int(word.split("/")[0]) - 1 for word in line.split()[1:]] for line in lines if line.startswith("f ")]
    return vertices, np.array(faces)


@EVERY
def test_objects_are_valid(synset: str) -> None:
    for index in SAMPLES:
        scene = library.make_object(1, synset, index).normalized()
        assert len(scene.parts) >= 2, "one color and one shape tell too little"
        for part in scene.parts:
            assert np.isfinite(part.mesh.vertices).all()
            assert_closed_and_outward(part.mesh, f"{index} {part.name}")
        area = np.concatenate([areas(part.mesh) for part in scene.parts])
        assert (area < 1e-10).mean() < 0.01
        assert len(area) < 20_000
        points = np.concatenate([part.mesh.vertices for part in scene.parts])
        low, high = points.min(axis=0), points.max(axis=0)
        np.testing.assert_allclose(low + high, 0, atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(high - low), 1, atol=1e-9)


@EVERY
def test_files_are_small_deterministic_and_different(synset: str) -> None:
    made = {index: scene_files(library.make_object(7, synset, index)) for index in SAMPLES}
    for index in reversed(SAMPLES):
        assert scene_files(library.make_object(7, synset, index)) == made[index]
    assert len({files["model_normalized.obj"] for files in made.values()}) == len(made)
    for files in made.values():
        assert sum(map(len, files.values())) < 300_000
        vertices, faces = read_obj(files["model_normalized.obj"])
        assert faces.min() == 0
        assert faces.max() == len(vertices) - 1
        mtl = files["model_normalized.mtl"].decode()
        for name in (name for name in files if name.endswith(".png")):
            assert f"map_Kd {name}" in mtl
            assert max(Image.open(io.BytesIO(files[name])).size) <= 128


def test_another_seed_gives_other_objects() -> None:
    synset = next(iter(library.GENERATORS))
    one, other = (scene_files(library.make_object(seed, synset, 0)) for seed in (0, 1))
    assert one["model_normalized.obj"] != other["model_normalized.obj"]


def test_registry_is_of_the_55_in_order() -> None:
    assert list(library.GENERATORS) == [synset for synset in SYNSETS if synset in library.GENERATORS]


def test_every_file_of_classes_makes_one_of_the_55() -> None:
    """A misspelled file would be left out without a word."""
    files = {path.stem for path in Path(classes.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == {name_of(synset).replace(" ", "_") for synset in library.GENERATORS}


def test_names_go_there_and_back() -> None:
    ref = library.object_ref(0, "03001627", 12)
    assert str(ref) == "03001627/synth-0-00012"
    assert library.parse_ref(ref) == (0, "03001627", 12)
    assert library.parse_ref(library.object_ref(5, "03001627", 1234567)) == (5, "03001627", 1234567)


def test_class_without_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "GENERATORS", {})
    with pytest.raises(ThreeDieError, match="no generator makes this class"):
        library.make_object(0, "03001627", 0)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(scene: Scene) -> dict[str, bytes]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("threedie.render.models.synth.scene.scene_files", broken)
    with pytest.raises(ThreeDieError, match="disk is full"):
        library.write_object(0, "03001627", 0, tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["03001627"]


def test_command(tmp_path: Path) -> None:
    out = tmp_path / "made"
    arguments = ["synth", "--out", str(out), "--classes", "chair,bowl", "--per-class", "2", "--seed", "4"]
    result = CliRunner().invoke(models, arguments)
    assert result.exit_code == 0, result.output
    assert "4 models of 2 classes" in result.output
    source = FolderSource(out)
    refs = source.objects(SYNSETS)
    assert [str(ref) for ref in refs][:2] == ["02880940/synth-4-00000", "02880940/synth-4-00001"]
    assert all(inspect_mesh(ref, source.mesh_file(ref)) == [] for ref in refs)
    (out / "synth.json").write_text('{"version": -1}')
    result = CliRunner().invoke(models, arguments)
    assert isinstance(result.exception, ThreeDieError)


SHAPES: dict[str, Callable[[], Mesh]] = {
    "box": lambda: shapes.box(1, 2, 3),
    "rounded box": lambda: shapes.box(1, 2, 3, 0.2, 3),
    "cylinder": lambda: shapes.cylinder(1, 2),
    "cone": lambda: shapes.cylinder(1, 2, 0),
    "ellipsoid": lambda: shapes.ellipsoid(1, 2, 3),
    "torus": lambda: shapes.torus(2, 0.5),
    "tube": lambda: shapes.tube(shapes.smooth([(0, 0, 0), (1, 1, 0), (1, 2, 2)], 9), 0.1),
    "rod": lambda: shapes.rod((0, 0, 0), (1, 1, 1), 0.2, 0.1),
    "star": lambda: shapes.extrude(
        [(0, 2), (-0.5, 0.5), (-2, 0), (-0.5, -0.5), (0, -2), (0.5, -0.5), (2, 0), (0.5, 0.5)], 1
    ),
    "bevelled hook": lambda: shapes.extrude([(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)], 1, 0.1),
    "frame": lambda: shapes.frame(3, 2, 0.2, 0.1, 0.3),
    "cushion": lambda: shapes.cushion(1, 0.3, 1),
    "bowl": lambda: shapes.lathe([(0, 0), (1, 1), (0.9, 1), (0, 0.2)]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_closed_whichever_way_they_are_moved(name: str) -> None:
    mesh = SHAPES[name]()
    moved = mesh.rotated("x", 30).scaled(-1, 2, 0.5).mirrored("y").at(1, 2, 3)
    for each in (mesh, moved, mesh.both("x")):
        assert_closed_and_outward(each, name)
        assert (areas(each) > 1e-12).all()


@pytest.mark.parametrize(
    ("mesh", "volume"),
    [
        (shapes.box(1, 2, 3), 6.0),
        (shapes.cylinder(1, 2, sides=400), 2 * np.pi),
        (shapes.ellipsoid(1, 2, 3, 200, 200), 8 * np.pi),
        (shapes.torus(2, 0.5, 200, 200), np.pi**2),
        (shapes.frame(3, 2, 0.5, 1), 4.0),
        (shapes.extrude([(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)], 2), 10.0),
    ],
)
def test_volumes(mesh: Mesh, volume: float) -> None:
    assert mesh.volume() == pytest.approx(volume, rel=2e-3)


def test_turning_follows_the_right_hand() -> None:
    mesh = Mesh(np.array([[0.0, 1.0, 0.0]]), np.zeros((0, 3), int))
    np.testing.assert_allclose(mesh.rotated("x", 90).vertices, [[0, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(mesh.rotated("z", 90).vertices, [[-1, 0, 0]], atol=1e-12)


def test_box_normals_point_out() -> None:
    mesh = shapes.box(2, 2, 2)
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    assert (np.einsum("ij,ij->i", normals(mesh), middles) > 0).all()
