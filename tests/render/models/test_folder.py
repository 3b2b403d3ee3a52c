import os
import pickle
import shutil
from pathlib import Path

import pytest
from model_samples import CHAIR, PICTURE, PLANE, TRIANGLE, put

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.models import inspect
from threedie.render.models.cleaned import blender_file
from threedie.render.models.folder import FolderSource
from threedie.render.models.inspect import escaping_textures, inspect_mesh
from threedie.render.models.source import ModelError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, CHAIR, "b")
    put(tmp_path, CHAIR, "a")
    put(tmp_path, PLANE, "abc")
    (tmp_path / "99999999" / "x").mkdir(parents=True)
    (tmp_path / CHAIR / ".tmp-1-c").mkdir()
    (tmp_path / CHAIR / "notes.txt").write_text("not an object")
    return tmp_path


def test_objects_are_sorted_and_strange_entries_ignored(root: Path) -> None:
    source = FolderSource(root)
    refs = source.objects([CHAIR, PLANE, "02747177"])
    assert refs == [ObjectRef(PLANE, "abc"), ObjectRef(CHAIR, "a"), ObjectRef(CHAIR, "b")]
    assert source.objects([CHAIR], per_class=1) == [ObjectRef(CHAIR, "a")]
    assert source.mesh_file(refs[0]) == root / PLANE / "abc" / "models" / "model_normalized.obj"
    assert str(root) not in str(source.describe())
    assert pickle.loads(pickle.dumps(source)).objects([CHAIR]) == refs[1:]


def test_classes_that_are_not_there(root: Path) -> None:
    with pytest.raises(ThreeDieError, match=r"has no trash bin; it has airplane, chair"):
        FolderSource(root).objects(["02747177"])


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ThreeDieError, match="no such file or folder"):
        FolderSource(tmp_path / "nowhere")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ThreeDieError, match=r"expected SYNSET/OBJECT/models/model_normalized.obj, found no folders"):
        FolderSource(tmp_path)


def test_another_folder_and_packed_archives(tmp_path: Path) -> None:
    (tmp_path / "ShapeNetCore.v2").mkdir()
    with pytest.raises(ThreeDieError, match=r"found ShapeNetCore\.v2"):
        FolderSource(tmp_path)
    (tmp_path / f"{CHAIR}.zip").write_bytes(b"PK")
    with pytest.raises(ThreeDieError, match=f"give .*{CHAIR}.zip itself, or unpack it"):
        FolderSource(tmp_path)


def test_class_folder_without_objects(tmp_path: Path) -> None:
    (tmp_path / CHAIR).mkdir()
    with pytest.raises(ThreeDieError, match="hold no objects"):
        FolderSource(tmp_path).objects([CHAIR])


def test_first_version_of_shapenet(tmp_path: Path) -> None:
    (tmp_path / CHAIR / "a").mkdir(parents=True)
    (tmp_path / CHAIR / "a" / "model.obj").write_text(TRIANGLE)
    with pytest.raises(ThreeDieError, match="ShapeNetCore v1"):
        FolderSource(tmp_path).objects([CHAIR])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (bytes(range(256)) * 40, "is not an OBJ file"),
        (b"<html><body>404</body></html>\n", "is not an OBJ file"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", r"no faces in model_normalized\.obj"),
        (b"v 0 0 0\nv nan 0 0\nv 0 inf 0\nf 1 2 3\n", "fewer than 3 finite vertices"),
        (b"v 0 0 0\nv 1 0\nv zero 1 0\nf 1 2 3\n", "fewer than 3 finite vertices"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n", "no faces"),
    ],
)
def test_bad_meshes(tmp_path: Path, content: bytes, message: str) -> None:
    put(tmp_path, CHAIR, "a", content)
    with pytest.raises(ModelError, match=f"^{CHAIR}/a: .*{message}"):
        FolderSource(tmp_path).mesh_file(ObjectRef(CHAIR, "a"))


def test_mesh_that_is_missing_a_folder_or_huge(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, ref = FolderSource(root), ObjectRef(CHAIR, "a")
    with pytest.raises(ModelError, match="no such folder"):
        source.mesh_file(ObjectRef(CHAIR, "zzz"))
    monkeypatch.setattr(inspect, "MAX_BYTES", 10)
    with pytest.raises(ModelError, match="MiB"):
        source.mesh_file(ref)
    path = root / CHAIR / "a" / "models" / "model_normalized.obj"
    path.unlink()
    with pytest.raises(ModelError, match=r"no model_normalized\.obj"):
        source.mesh_file(ref)
    path.mkdir()
    with pytest.raises(ModelError, match="not a regular file"):
        source.mesh_file(ref)


def test_fifo_does_not_hang(root: Path) -> None:
    path = root / CHAIR / "a" / "models" / "model_normalized.obj"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ModelError, match="not a regular file"):
        FolderSource(root).mesh_file(ObjectRef(CHAIR, "a"))


def test_interleaved_and_indented_mesh(tmp_path: Path) -> None:
    put(tmp_path, CHAIR, "a", "f 1 2 3\n  v 0 0 0\r\n\tv 1 0 0 0.5 0.5 0.5\r\nv 0 1e-3 0\r\n")
    assert FolderSource(tmp_path).mesh_file(ObjectRef(CHAIR, "a")).is_file()


def test_missing_textures_are_warnings(tmp_path: Path) -> None:
    mtl = (
        "newmtl a\nmap_Kd ../images/wood grain.jpg\nmap_Bump -bm 0.5 ../images/höhe.png\n"
        "map_d -s 1 1 1 -o 0 0 cut.png\nmap_Ks C:\\textures\\beside me.png\nmap_Kd ../images/wood grain.jpg\n"
    )
    path = put(tmp_path, CHAIR, "a", mtl=mtl)
    ref = ObjectRef(CHAIR, "a")
    names = ["../images/wood grain.jpg", "../images/höhe.png", "cut.png", "C:\\textures\\beside me.png"]
    assert inspect_mesh(ref, path) == [f"{ref}: texture {name} is missing" for name in names]
    assert FolderSource(tmp_path).mesh_file(ref) == path
    images = tmp_path / CHAIR / "a" / "images"
    images.mkdir()
    for name in ("wood grain.jpg", "höhe.png"):
        (images / name).write_bytes(PICTURE)
    for name in ("cut.png", "beside me.png"):
        path.with_name(name).write_bytes(PICTURE)
    assert inspect_mesh(ref, path) == []


def test_missing_material_file_is_a_warning(tmp_path: Path) -> None:
    path = put(tmp_path, CHAIR, "a", mtl=None)
    assert inspect_mesh(ObjectRef(CHAIR, "a"), path) == [f"{CHAIR}/a: material file model_normalized.mtl is missing"]


@pytest.mark.parametrize("name", ["../../b/secret.png", "/etc/hostname", "..\\..\\x.png", "../images/../../../x.png"])
def test_escaping_textures(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, CHAIR, "a", mtl=f"newmtl a\nmap_Kd {name}\n")
    assert escaping_textures(path) == [name]
    with pytest.raises(ModelError, match="outside of the object's folder"):
        FolderSource(tmp_path).mesh_file(ObjectRef(CHAIR, "a"))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_textures_are_named_from_where_their_material_file_is(tmp_path: Path, mark: str) -> None:
    above = put(tmp_path, CHAIR, "a", mtl=None, obj=mark + "mtllib ../a.mtl\n" + TRIANGLE)
    (tmp_path / CHAIR / "a" / "a.mtl").write_text(mark + "newmtl a\nmap_Kd ../secret.png\n", encoding="utf-8")
    (tmp_path / CHAIR / "secret.png").write_bytes(PICTURE)
    assert escaping_textures(above) == ["../secret.png"]
    below = put(tmp_path, CHAIR, "b", mtl=None, obj=mark + "mtllib sub/a.mtl\n" + TRIANGLE)
    for name in ("models/sub/a.mtl", "images/t.png"):
        (tmp_path / CHAIR / "b" / name).parent.mkdir(exist_ok=True)
    (tmp_path / CHAIR / "b" / "models/sub/a.mtl").write_text(mark + "newmtl a\nmap_Kd ../../images/t.png\n", "utf-8")
    (tmp_path / CHAIR / "b" / "images" / "t.png").write_bytes(PICTURE)
    assert escaping_textures(below) == []
    copy = blender_file(below, tmp_path / "scratch")
    assert (copy.parent / "sub" / "../../images/t.png").read_bytes() == PICTURE


def test_escaping_material_file(tmp_path: Path) -> None:
    path = put(tmp_path, CHAIR, "a", obj=TRIANGLE.replace("model_normalized.mtl", "../../../other.mtl"))
    with pytest.raises(ModelError, match=r"other\.mtl"):
        inspect_mesh(ObjectRef(CHAIR, "a"), path)


def test_names_with_spaces_and_beyond_ascii(tmp_path: Path) -> None:
    put(tmp_path, CHAIR, "mein Stühlchen 椅子")
    source = FolderSource(tmp_path)
    (ref,) = source.objects([CHAIR])
    assert source.mesh_file(ref).is_file()


def test_many_objects_are_listed_without_opening_any(tmp_path: Path) -> None:
    for index in range(300):
        (tmp_path / CHAIR / f"{index:04d}" / "models").mkdir(parents=True)
        (tmp_path / CHAIR / f"{index:04d}" / "models" / "model_normalized.solid.binvox").touch()
    assert len(FolderSource(tmp_path).objects([CHAIR])) == 300
    shutil.rmtree(tmp_path / CHAIR)
