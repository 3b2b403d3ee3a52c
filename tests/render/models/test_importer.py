import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import trimesh
from click.testing import CliRunner
from model_samples import CHAIR, PLANE, pack
from PIL import Image

from threedie.manifests.classes import SYNSETS
from threedie.manifests.errors import ThreeDieError
from threedie.render.commands.models import models
from threedie.render.models import container
from threedie.render.models.container import Archive, Folder, find
from threedie.render.models.folder import FolderSource
from threedie.render.models.importer import ClassChooser, find_meshes, import_mesh
from threedie.render.models.inspect import inspect_mesh
from threedie.render.models.obj import read_obj
from threedie.render.models.source import ModelError

BOX = trimesh.creation.box((1, 2, 3))
OBJ = (
    "mtllib some wood.mtl\nmtllib gone.mtl\nv 0 0 0\nv 2 0 0\nv 0 4 0\nv 0 0 4\nv 99 99 99\nvt 0 0\nvn 0 0 1\n"
    "usemtl wood\ns off\nf 1/1/1 2/1/1 3/1/1\nf 1 2 4\nf -5 -2 -3\nl 1 5\n"
)
MTL = (
    "# by hand\nnewmtl wood\nKd 1 0.5 0\nillum 5\nmap_Kd -s 2 2 1 ..\\TEX\\Wood.PNG\n"
    "map_refl sky.jpg\nmap_bump lost.png\n"
)


def png(mode: str = "RGB", value: int = 200) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (4, 4), value if mode == "L" else (value,) * len(mode)).save(buffer, "PNG")
    return buffer.getvalue()


def textured(root: Path) -> Path:
    for name, content in (
        ("chairs/oak/oak.obj", OBJ.encode()),
        ("chairs/oak/some wood.mtl", MTL.encode()),
        ("chairs/tex/wood.png", png()),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def bring(src: Path, out: Path, *options: str, code: int = 0) -> str:
    result = CliRunner().invoke(models, ["import", str(src), "--out", str(out), "--workers", "1", *options])
    assert result.exit_code == code, result.output
    return result.output


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def assert_normalized(path: Path) -> None:
    used = read_obj(path.read_bytes()).used
    low, high = used.min(axis=0), used.max(axis=0)
    np.testing.assert_allclose(low + high, 0, atol=1e-6)
    assert np.linalg.norm(high - low) == pytest.approx(1, abs=1e-6)


def test_an_obj_keeps_its_materials_and_textures(tmp_path: Path) -> None:
    src, out = textured(tmp_path / "src"), tmp_path / "out"
    output = bring(src, out, "--classes-from", "folders")
    assert "imported 1 of 1 mesh as 1 object" in output
    (row,) = table(out / "imported.csv")
    assert row["source"] == "src/chairs/oak/oak.obj"
    assert row["notes"].split("; ") == [
        "material file gone.mtl is missing",
        "material wood: illum 5 means mirrors or glass: illum 2 instead",
        "texture sky.jpg is map_refl of material wood: not used",
        "texture lost.png is missing",
        "1 line (l): left out, only faces are rendered",
        "2 faces of material wood without texture coordinates: one texel colors them",
    ]
    source = FolderSource(out)
    (ref,) = source.objects(SYNSETS)
    assert (ref.synset, ref.object_id) == (CHAIR, row["id"])
    assert len(ref.object_id) == 32
    path = source.mesh_file(ref)
    assert inspect_mesh(ref, path) == []
    assert_normalized(path)
    text, mtl = path.read_text(), path.with_suffix(".mtl").read_text()
    assert "usemtl wood" in text
    assert "f 1/1/1 2/1/1 3/1/1" in text
    assert not [line for line in text.splitlines() if line.startswith("l ")]
    assert "map_Kd -s 2 2 1 ../images/texture0.png" in mtl
    assert "illum 2" in mtl
    assert (path.parents[1] / "images" / "texture0.png").read_bytes() == png()


def test_run_again_gives_the_same_and_other_content_another_id(tmp_path: Path) -> None:
    src, out = textured(tmp_path / "src"), tmp_path / "out"
    bring(src, out, "--class", "chair")
    first = table(out / "imported.csv")
    stamp = next(out.rglob("*.obj")).stat().st_mtime_ns
    (out / "imported.csv").unlink()
    (tmp_path / "more").mkdir()
    BOX.export(tmp_path / "more" / "box.stl")
    bring(tmp_path / "more", out, "--class", "plane")
    bring(src, out, "--class", "chair")
    rows = table(out / "imported.csv")
    assert [row for row in rows if row in first] == first
    assert len(rows) == 2
    assert next((out / CHAIR).rglob("*.obj")).stat().st_mtime_ns == stamp
    (src / "chairs" / "tex" / "wood.png").write_bytes(png(value=3))
    bring(src, out, "--class", "chair")
    assert len(list((out / CHAIR).iterdir())) == 2


def test_archives_are_read_where_they_lie(tmp_path: Path) -> None:
    files = {path.relative_to(tmp_path / "src").as_posix(): path.read_bytes()
             for path in textured(tmp_path / "src").rglob("*") if path.is_file()}  # fmt: skip
    folder = tmp_path / "libraries"
    folder.mkdir()
    pack(folder / "a.sh3f", {**files, "../../outside.obj": OBJ, "inner.zip": b"PK"})
    output = bring(folder, tmp_path / "out", "--class", "chair")
    rows = table(tmp_path / "out" / "imported.csv")
    assert "libraries/a.sh3f/chairs/oak/oak.obj" in [row["source"] for row in rows]
    assert "an archive within an archive" in output
    bring(tmp_path / "src", tmp_path / "out", "--class", "chair")
    assert len({row["id"] for row in table(tmp_path / "out" / "imported.csv") if "oak" in row["source"]}) == 1
    assert not (tmp_path / "outside.obj").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"src", "libraries", "out"}


@pytest.mark.parametrize("suffix", ["stl", "ply", "off", "glb", "gltf"])
def test_formats_that_trimesh_reads(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "in").mkdir()
    exported = BOX.export(file_type=suffix)
    if suffix == "gltf":
        for name, content in exported.items():
            (tmp_path / "in" / name).write_bytes(content)
    else:
        (tmp_path / "in" / f"model.{suffix}").write_bytes(exported.encode() if isinstance(exported, str) else exported)
    bring(tmp_path / "in", tmp_path / "out", "--class", "airplane", "--up", "z")
    (ref,) = FolderSource(tmp_path / "out").objects(SYNSETS)
    path = FolderSource(tmp_path / "out").mesh_file(ref)
    assert inspect_mesh(ref, path) == []
    assert_normalized(path)
    used = read_obj(path.read_bytes()).used
    np.testing.assert_allclose(np.ptp(used, axis=0) * np.sqrt(14), [1, 3, 2], atol=1e-5)


def test_modelnet_s_first_line(tmp_path: Path) -> None:
    text = BOX.export(file_type="off")
    assert text.startswith("OFF\n")
    (tmp_path / "box.off").write_text("OFF" + text[4:])
    object_id, _ = import_mesh(Folder(tmp_path), "box.off", PLANE, tmp_path / "out", "y")
    assert_normalized(tmp_path / "out" / PLANE / object_id / "models" / "model_normalized.obj")


def test_colours_of_vertices_become_a_palette(tmp_path: Path) -> None:
    colored = BOX.copy()
    colored.visual.vertex_colors = [[255, 0, 0, 255]] * 4 + [[0, 0, 255, 255]] * 4
    colored.export(tmp_path / "box.ply")
    object_id, _ = import_mesh(Folder(tmp_path), "box.ply", PLANE, tmp_path / "out", "y")
    folder = tmp_path / "out" / PLANE / object_id
    palette = np.asarray(Image.open(folder / "images" / "texture0.png")).reshape(-1, 3)
    assert [255, 0, 0] in palette.tolist()
    assert [0, 0, 255] in palette.tolist()
    assert "map_Kd ../images/texture0.png" in (folder / "models" / "model_normalized.mtl").read_text()


def test_a_textured_glb_with_holes(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (4, 4), (200, 100, 50, 255))
    picture.putpixel((0, 0), (0, 0, 0, 0))
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=picture, baseColorFactor=[255, 255, 0, 255], alphaMode="MASK"
    )
    mesh = trimesh.Trimesh(BOX.vertices, BOX.faces, process=False)
    mesh.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)), material=material)
    scene = trimesh.Scene()
    scene.add_geometry(mesh, transform=trimesh.transformations.translation_matrix([5, 0, 0]))
    scene.add_geometry(mesh, transform=trimesh.transformations.translation_matrix([-5, 0, 0]))
    (tmp_path / "two.glb").write_bytes(scene.export(file_type="glb"))
    object_id, _ = import_mesh(Folder(tmp_path), "two.glb", PLANE, tmp_path / "out", "y")
    folder = tmp_path / "out" / PLANE / object_id
    assert len(read_obj((folder / "models" / "model_normalized.obj").read_bytes()).triangles) == 24
    colors, holes = (Image.open(folder / "images" / f"texture{number}.png") for number in (0, 1))
    assert colors.getpixel((1, 1)) == (200, 100, 0)
    assert (holes.getpixel((0, 0)), holes.getpixel((1, 1))) == (255, 0), "rendering inverts what drives alpha"


def test_masks_of_obj_materials_are_right_after_the_rule(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("mtllib a.mtl\n" + OBJ)
    (tmp_path / "a.mtl").write_text("newmtl one\nmap_d d.png\nnewmtl two\nmap_Kd d.png\nmap_d d.png\n")
    (tmp_path / "d.png").write_bytes(png("RGBA", 60))
    object_id, _ = import_mesh(Folder(tmp_path), "a.obj", PLANE, tmp_path / "out", "y")
    images = tmp_path / "out" / PLANE / object_id / "images"
    assert Image.open(images / "texture0.png").getpixel((0, 0)) == (255, 60)
    # Decoded as sRGB and inverted it is 60 of 255.
    assert Image.open(images / "texture2.png").getpixel((0, 0)) == 227
    assert (images / "texture1.png").read_bytes() == png("RGBA", 60)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.obj", b"v 0 0 0\n", "no faces"),
        ("a.obj", b"v 0 0 0\nv 1 1 1\nv 2 2 2\nf 1 2 3\n", "no area"),
        ("a.obj", b"v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n", "no area"),
        ("a.obj", b"v nan 0 0\nv 1 1 1\nv 2 2 0\nf 1 2 3\n", "not finite"),
        ("a.stl", b"solid nothing", "its solid has no facets"),
        ("a.ply", b"ply\nformat ascii 1.0\n", "header has no end"),
        ("a.off", b"OFF\n0 0 0\n", "0 vertices and no faces"),
        ("a.glb", b"glTF" + bytes(40), "GLB version 0"),
        (
            "a.gltf",
            json.dumps({"asset": {"version": "2.0"}, "buffers": [{"uri": "../x.bin", "byteLength": 4}]}).encode(),
            "no faces",
        ),
    ],
)
def test_failures_are_listed_with_their_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(content)
    output = bring(tmp_path / "in", tmp_path / "out", "--class", "plane", code=1)
    assert "1 failed" in output
    (row,) = table(tmp_path / "out" / "import_failures.csv")
    assert row["source"] == f"in/{name}"
    assert re.search(reason, row["reason"])
    assert not list((tmp_path / "out").glob("0*/*"))


@pytest.mark.parametrize("suffix", ["obj", "glb", "gltf", "ply", "off", "stl"])
def test_what_is_no_mesh_is_named(tmp_path: Path, suffix: str) -> None:
    contents = {
        "": "is empty",
        "version https://git-lfs.github.com/spec/v1\n": "a Git LFS pointer, not the mesh; run 'git lfs pull'",
        "\n<!DOCTYPE html><html>": "a web page, not a mesh; get the file again",
        "<?xml version='1.0'?>": "an XML file, not a mesh of this kind; get the file again, or convert it",
        "\x1f\x8b\x08": "a gzip file; unpack it first",
        "PK\x03\x04": "a zip archive; give it the suffix .zip",
    }
    (tmp_path / "in").mkdir()
    for number, content in enumerate(contents):
        (tmp_path / "in" / f"{number}.{suffix}").write_bytes(content.encode("latin-1"))
    bring(tmp_path / "in", tmp_path / "out", "--class", "plane", "--workers", "1", code=1)
    rows = table(tmp_path / "out" / "import_failures.csv")
    assert [row["reason"] for row in rows] == list(contents.values())


@pytest.mark.parametrize("place", [".", "imported"])
def test_imported_objects_are_no_sources(tmp_path: Path, place: str) -> None:
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "model_normalized.obj").write_text(OBJ)
    out = tmp_path / "in" / place
    for _ in range(2):
        assert "imported 1 of 1 mesh" in bring(tmp_path / "in", out, "--class", "plane")
    assert len(list(out.glob("0*/*"))) == 1
    assert [row["source"] for row in table(out / "imported.csv")] == ["in/a/model_normalized.obj"]


def test_references_do_not_leave_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "in" / "Wood.PNG").write_bytes(png())
    inside = Folder(tmp_path / "in")
    for reference in ("../../secret.png", str(tmp_path / "secret.png"), "C:\\x\\secret.png"):
        assert find(inside, "sub/a.obj", reference) is None
    assert find(inside, "sub/a.obj", "..\\wood.png") == "Wood.PNG"
    assert find(inside, "a.obj", "D:\\textures\\wood.png") == "Wood.PNG"
    archive = Archive(pack(tmp_path / "a.zip", {"Wood.PNG": png(), "bomb.obj": bytes(5_000)}))
    assert find(archive, "sub/a.obj", "../wood.png") == "Wood.PNG"
    monkeypatch.setattr(container, "MAX_BYTES", 1_000)
    for place in (archive, inside):
        (tmp_path / "in" / "bomb.obj").write_bytes(bytes(5_000))
        with pytest.raises(ModelError, match="larger than"):
            place.read("bomb.obj")


def test_classes_by_table(tmp_path: Path) -> None:
    (tmp_path / "in" / "000-023").mkdir(parents=True)
    for uid, size in (("aaa", 1), ("bbb", 2), ("ccc", 3)):
        trimesh.creation.box((1, 1, size)).export(tmp_path / "in" / "000-023" / f"{uid}.glb")
    (tmp_path / "classes.csv").write_text("source,class\naaa,chair\n000-023/bbb.glb,airplane\n")
    bring(tmp_path / "in", tmp_path / "out", "--classes-from", str(tmp_path / "classes.csv"))
    assert {row["source"][-7:-4]: row["class"] for row in table(tmp_path / "out" / "imported.csv")} == {
        "aaa": CHAIR,
        "bbb": PLANE,
    }
    (row,) = table(tmp_path / "out" / "import_failures.csv")
    assert "give the class of the rest with --class" in row["reason"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--class chair"),
        (["--class", "chiar"], "did you mean"),
        (["--classes-from", "nowhere.csv"], "no such file"),
    ],
)
def test_mistakes(tmp_path: Path, options: list[str], message: str) -> None:
    textured(tmp_path / "src")
    for src, says in ((tmp_path / "src", message), (tmp_path / "nowhere", message if options != [] else "--class")):
        result = CliRunner().invoke(models, ["import", str(src), "--out", str(tmp_path / "out"), *options])
        assert isinstance(result.exception, ThreeDieError)
        assert says in str(result.exception)


def test_nothing_to_import(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for src, says in ((tmp_path, "holds no"), (tmp_path / "notes.txt", "neither a mesh"), (tmp_path / "x", "no such")):
        result = CliRunner().invoke(models, ["import", str(src), "--out", str(tmp_path / "o"), "--class", "chair"])
        assert says in str(result.exception)


def test_classes_by_folders_where_train_may_be_a_split(tmp_path: Path) -> None:
    source = tmp_path / "ModelNet40"
    for name in ("airplane/train/a", "airplane/test/b", "person/train/c", "person/test/d", "chairs/x/e", "train/f"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / f"{name}.off").write_text(BOX.export(file_type="off"))
    found, failed = find_meshes(source, ClassChooser(None, "folders"), tmp_path / "out")
    assert {each.name[-5]: each.synset for each in found} == {"a": PLANE, "b": PLANE, "e": CHAIR, "f": "04468005"}
    assert sorted(each.source[-5] for each in failed) == ["c", "d"]


def test_names_that_no_file_can_have_are_missing(tmp_path: Path) -> None:
    for name in ("x" * 5000, "a\0b.png", "a/" * 3000 + "b.png"):
        assert find(Folder(tmp_path), "a.obj", name) is None
