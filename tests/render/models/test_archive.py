import multiprocessing
import os
import pickle
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from model_samples import CHAIR, PLANE, TRIANGLE, model, pack, put

from threedie.manifests.classes import SYNSETS
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import machine
from threedie.manifests.objects import ObjectRef
from threedie.render.models import archive as archive_module
from threedie.render.models.archive import ArchiveSource, clear_slots
from threedie.render.models.choose import JoinedSource, open_source
from threedie.render.models.embedded_source import EmbeddedSource
from threedie.render.models.folder import FolderSource
from threedie.render.models.inspect import inspect_mesh
from threedie.render.models.source import ModelError

A = ObjectRef(CHAIR, "a")


def whole(tmp_path: Path, extra: dict[str, bytes | str] | None = None) -> Path:
    files: dict[str, bytes | str] = {"ShapeNetCore.v2/taxonomy.json": "[]"}
    for synset, object_id in ((CHAIR, "b"), (CHAIR, "a"), (CHAIR, "c"), (PLANE, "x")):
        files |= model(f"ShapeNetCore.v2/{synset}/{object_id}")
    return pack(tmp_path / "ShapeNetCore.v2.zip", files | (extra or {}))


def unpacked(cache: Path) -> set[str]:
    return {path.name for path in cache.glob("unpacked/*/*/*")}


def test_the_whole_archive_is_used_in_place(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    source = pickle.loads(pickle.dumps(open_source(whole(tmp_path), cache)))
    refs = source.objects(SYNSETS)
    assert [str(ref) for ref in refs] == [f"{PLANE}/x", f"{CHAIR}/a", f"{CHAIR}/b", f"{CHAIR}/c"]
    assert source.objects([CHAIR], per_class=1) == [A]
    assert not unpacked(cache)
    for ref in refs:
        assert inspect_mesh(ref, source.mesh_file(ref)) == []
    assert unpacked(cache) == {"b", "c"}
    assert not list(cache.rglob("*.binvox"))
    assert source.describe() == FolderSource(put(tmp_path / "f", CHAIR, "a").parents[3]).describe()
    with pytest.raises(ThreeDieError, match="has no trash bin; it has airplane, chair"):
        source.objects(["02747177"])
    with pytest.raises(ModelError, match="not in the archive"):
        source.mesh_file(ObjectRef(CHAIR, "zzz"))


@pytest.mark.parametrize("top", ["", f"{CHAIR}/", f"./{CHAIR}/"])
def test_one_archive_a_class(tmp_path: Path, top: str) -> None:
    pack(tmp_path / f"{CHAIR}.zip", model(f"{top}a"))
    source = open_source(tmp_path, tmp_path / "cache")
    assert source.objects(SYNSETS) == [A]
    assert inspect_mesh(A, source.mesh_file(A)) == []


def test_folders_and_archives_side_by_side(tmp_path: Path) -> None:
    put(tmp_path, CHAIR, "a")
    pack(tmp_path / f"{CHAIR}.zip", model(f"{CHAIR}/packed"))
    pack(tmp_path / f"{PLANE}.zip", model(f"{PLANE}/x"))
    source = pickle.loads(pickle.dumps(open_source(tmp_path, tmp_path / "cache")))
    assert isinstance(source, JoinedSource)
    refs = source.objects(SYNSETS)
    assert refs == [ObjectRef(PLANE, "x"), A]
    assert all(source.mesh_file(ref).is_file() for ref in refs)
    assert isinstance(open_source(None, tmp_path), EmbeddedSource)


def _ask(source: ArchiveSource) -> bytes:
    return b"".join(source.mesh_file(ref).read_bytes() for ref in source.objects(SYNSETS))


def test_processes_do_not_take_each_others_files(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    source = open_source(whole(tmp_path), cache)
    path = source.mesh_file(A)
    for _ in range(2):
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            assert len(set(pool.map(_ask, [source] * 4, chunksize=1))) == 1
    assert path.is_file()
    assert len(list((cache / "unpacked").iterdir())) <= 3, "places of ended processes are used again"


def test_places_of_the_dead_are_deleted_and_no_others(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    places = tmp_path / "cache" / "unpacked"
    dead, reused = (f"{machine()}-{number}-01234567" for number in (process.pid, os.getpid()))
    kept = {f"{machine()}-{os.getppid()}-01234567", "0badcafe-17-01234567", "node7-0", "mine", "my-notes", "my-1"}
    for name in (dead, reused, *kept):
        (places / name / CHAIR / "a").mkdir(parents=True)
    (places / "node7-0" / ".lock").touch()
    (tmp_path / "elsewhere" / "a").mkdir(parents=True)
    (places / f"{machine()}-{process.pid}-89abcdef").symlink_to(tmp_path / "elsewhere")
    kept.add(f"{machine()}-{process.pid}-89abcdef")
    source = open_source(whole(tmp_path), tmp_path / "cache")
    here = source.mesh_file(A).relative_to(places).parts[0]
    assert {path.name for path in places.iterdir()} == {here, *kept}
    clear_slots(places, exclusive=True)
    assert {path.name for path in places.iterdir()} == kept - {"0badcafe-17-01234567", "node7-0"} | {here}
    assert (tmp_path / "elsewhere" / "a").is_dir()


def test_links_and_strange_names_are_refused(tmp_path: Path) -> None:
    path = whole(tmp_path)
    with zipfile.ZipFile(path, "a") as opened:
        link = zipfile.ZipInfo(f"ShapeNetCore.v2/{CHAIR}/a/images/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
        opened.writestr(f"ShapeNetCore.v2/{CHAIR}/b/../../../out.png", "x")
    source = ArchiveSource([path], tmp_path / "cache")
    with pytest.raises(ModelError, match="is a link"):
        source.mesh_file(A)
    with pytest.raises(ModelError, match="forbidden name"):
        source.mesh_file(ObjectRef(CHAIR, "b"))
    assert not unpacked(tmp_path / "cache")
    assert not list(tmp_path.rglob("out.png"))


def test_bounds_hold_whatever_the_archive_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ArchiveSource([whole(tmp_path)], tmp_path / "cache")
    monkeypatch.setattr(archive_module, "MAX_BYTES", 20)
    with pytest.raises(ModelError, match="larger than allowed"):
        source.mesh_file(A)
    monkeypatch.setattr(archive_module, "MAX_FILES", 2)
    with pytest.raises(ModelError, match="3 files, more than the 2 allowed"):
        source.mesh_file(A)


def test_a_damaged_member_costs_its_object_alone(tmp_path: Path) -> None:
    path = whole(tmp_path)
    with zipfile.ZipFile(path) as opened:
        info = opened.getinfo(f"ShapeNetCore.v2/{CHAIR}/a/models/model_normalized.obj")
    content = bytearray(path.read_bytes())
    begin = info.header_offset + 30 + len(info.filename)
    content[begin : begin + 10] = b"\xff" * 10
    path.write_bytes(content)
    source = ArchiveSource([path], tmp_path / "cache")
    with pytest.raises(ModelError, match="damaged in the archive"):
        source.mesh_file(A)
    assert source.mesh_file(ObjectRef(CHAIR, "b")).read_text() == TRIANGLE


def test_objects_without_mesh_and_textures_outside(tmp_path: Path) -> None:
    path = whole(
        tmp_path,
        {
            f"ShapeNetCore.v2/{CHAIR}/empty/models/model_normalized.json": "{}",
            f"ShapeNetCore.v2/{CHAIR}/a/models/model_normalized.mtl": "newmtl a\nmap_Kd ../../../secret.png\n",
        },
    )
    source = ArchiveSource([path], tmp_path / "cache")
    with pytest.raises(ModelError, match=r"no model_normalized\.obj"):
        source.mesh_file(ObjectRef(CHAIR, "empty"))
    with pytest.raises(ModelError, match="outside of the object's folder"):
        source.mesh_file(A)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({f"ShapeNetCore.v1/{CHAIR}/a/model.obj": TRIANGLE}, "ShapeNetCore v1"),
        ({f"ShapeNetCore.v1/{CHAIR}.zip": b"PK"}, "it holds archives"),
        ({"readme.txt": "hello"}, "3die models import"),
        ({f"{CHAIR}/../models/model_normalized.obj": TRIANGLE}, "no models in the layout"),
    ],
)
def test_other_archives_are_refused(tmp_path: Path, files: dict[str, bytes | str], message: str) -> None:
    with pytest.raises(ThreeDieError, match=message):
        open_source(pack(tmp_path / "some.zip", files), tmp_path)


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"nothing")
    with pytest.raises(ThreeDieError, match="neither a folder nor a zip archive"):
        open_source(tmp_path / "a.zip", tmp_path)
    (tmp_path / f"{CHAIR}.zip").write_bytes(whole(tmp_path).read_bytes()[:300])
    with pytest.raises(ThreeDieError, match="download it again"):
        open_source(tmp_path, tmp_path)
    with pytest.raises(ThreeDieError, match="no such file or folder"):
        open_source(tmp_path / "nowhere", tmp_path)
