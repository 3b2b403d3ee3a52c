"""Archives of models as they really come: with litter, other separators, cut off, or no archives at all."""

import io
import stat
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from model_samples import CHAIR, PLANE, TRIANGLE, model, pack, put

from threedie.manifests.classes import SYNSETS
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.commands.models import models
from threedie.render.models.archive import ArchiveSource
from threedie.render.models.choose import left_out_notes, open_source
from threedie.render.models.container import open_container
from threedie.render.models.folder import FolderSource
from threedie.render.models.source import ModelError, ModelSource
from threedie.render.plan import Plan, make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality

CASES = Path(__file__).parents[2] / "data" / "cases"
MUG = "03797390"


def plan(source: ModelSource, sampler: str = "reference", per_class: int | None = None) -> Plan:
    return make_plan(
        source, load_preset("3diebench"), choose_quality("draft", None, None), synsets=SYNSETS, views=2,
        per_class=per_class, size=32, seed=0, sampler=sampler, manifest=None,
    )  # fmt: skip


def same_plan(one: Plan, other: Plan) -> bool:
    """Whether two plans give the same dataset: objects, splits, settings, and every latent."""
    tasks, others = ([*each.tasks(each.objects)] for each in (one, other))
    return (
        one.info == other.info
        and [(task.ref, task.split) for task in tasks] == [(task.ref, task.split) for task in others]
        and all(np.array_equal(task.latents, two.latents) for task, two in zip(tasks, others, strict=True))
    )


def zipped(folder: Path, archive: Path, root: str = "") -> Path:
    """A folder as an archive, with an entry for each folder in it too, as `zip -r` writes it."""
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.rglob("*")):
            opened.write(path, f"{root}{path.relative_to(folder)}")
    return archive


def test_litter_shifts_no_latents(tmp_path: Path) -> None:
    """Case zip_sn_reference: `.DS_Store` among the objects of the archive."""
    case = CASES / "zip_sn_reference"
    folder, archive = (open_source(case / name, tmp_path) for name in ("folder", "zips"))
    assert [str(ref) for ref in archive.objects(SYNSETS)] == [f"{MUG}/00obj", f"{MUG}/aaobj"]
    assert same_plan(plan(folder), plan(archive))


def test_a_readme_is_no_object(tmp_path: Path) -> None:
    """Case zip_sn_readme."""
    source = open_source(CASES / "zip_sn_readme", tmp_path)
    assert [str(ref) for ref in source.objects(SYNSETS)] == [f"{MUG}/obj1"]
    result = CliRunner().invoke(models, ["check", str(CASES / "zip_sn_readme"), "-o", str(tmp_path / "report.csv")])
    assert (result.exit_code, "1 object: 0 broken" in result.output) == (0, True), result.output


LITTER = [
    f"{CHAIR}/.DS_Store",
    f"{CHAIR}/aaa/.DS_Store",
    f"{CHAIR}/@eaDir/a/models/model_normalized.obj",
    f"{CHAIR}/.ipynb_checkpoints/models/model_normalized.obj",
    f"{CHAIR}/__MACOSX/models/._model_normalized.obj",
    f"{CHAIR}/Thumbs.db",
    f"{CHAIR}/README.txt",
    f"{CHAIR}/LICENSE",
    f"{CHAIR}/a/models/._model_normalized.obj",
    f"{CHAIR}/a/Thumbs.db",
    f"{CHAIR}/b/models/.DS_Store",
    f"__MACOSX/{CHAIR}/a/models/._model_normalized.obj",
    f"__MACOSX/{CHAIR}/zzz/models/._model_normalized.obj",
    f"{CHAIR}/bbb/models/.DS_Store",
    f"{CHAIR}/ccc/screenshots/a.png",
    "taxonomy.json",
]


@pytest.mark.parametrize("root", ["", "ShapeNetCore.v2/"])
def test_folder_and_archive_agree_on_what_is_an_object(tmp_path: Path, root: str) -> None:
    folder = tmp_path / "folder"
    for name in "abd":
        put(folder, CHAIR, name)
    put(folder, PLANE, "x")
    # The voxels alone: an object whose mesh is missing, in both.
    (folder / CHAIR / "c" / "models").mkdir(parents=True)
    (folder / CHAIR / "c" / "models" / "model_normalized.solid.binvox").touch()
    (folder / CHAIR / "empty" / "models").mkdir(parents=True)
    clean = plan(FolderSource(folder))
    for name in LITTER:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\0\5\x16\7")
    archive = zipped(folder, tmp_path / "all.zip", root)
    sources = FolderSource(folder), ArchiveSource([archive], tmp_path / "cache")
    for source in sources:
        assert [ref.object_id for ref in source.objects([CHAIR])] == ["a", "b", "c", "d"]
        assert [ref.object_id for ref in source.objects([CHAIR], 3)] == ["a", "b", "c"]
        assert same_plan(plan(source), clean)
        assert same_plan(plan(source, per_class=2), plan(sources[0], per_class=2))
        with pytest.raises(ModelError, match=r"no model_normalized\.obj"):
            source.mesh_file(ObjectRef(CHAIR, "c"))
        assert source.mesh_file(ObjectRef(CHAIR, "a")).read_text() == TRIANGLE
        (note,) = left_out_notes(source)
        assert f"{CHAIR}/ccc" in note


@pytest.mark.parametrize(
    "change",
    [
        lambda name: name.replace("/", "\\"),
        lambda name: f"./{name}",
        lambda name: f"/{name}",
        lambda name: name.replace("/", "//"),
        lambda name: f"C:/{name}",
        lambda name: f"D:\\{name}".replace("/", "\\"),
        lambda name: name.replace("/models/", "/./models/"),
        lambda name: f"top/{name}",
    ],
)
def test_names_are_normalized(tmp_path: Path, change: Callable[[str], str]) -> None:
    files = {**model(f"{CHAIR}/a"), **model(f"{CHAIR}/b")}
    plain = ArchiveSource([pack(tmp_path / "plain.zip", files)], tmp_path / "p")
    other = ArchiveSource(
        [pack(tmp_path / "other.zip", {change(name): each for name, each in files.items()})], tmp_path
    )
    assert other.objects(SYNSETS) == plain.objects(SYNSETS)
    for ref in plain.objects(SYNSETS):
        folder = other.mesh_file(ref).parents[1]
        assert folder.is_relative_to(tmp_path / "unpacked")
        assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == sorted(
            path.relative_to(place) for place in [plain.mesh_file(ref).parents[1]] for path in place.rglob("*")
        )


def test_files_deeper_in_an_object_of_a_class_archive_are_not_lost(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {**model("a"), "a/models/textures/wood.png": b"picture"}
    source = ArchiveSource([pack(tmp_path / f"{CHAIR}.zip", files)], tmp_path / "cache")
    mesh = source.mesh_file(ObjectRef(CHAIR, "a"))
    assert (mesh.parent / "textures" / "wood.png").read_bytes() == b"picture"


def test_utf_8_names_without_the_flag_that_says_so(tmp_path: Path) -> None:
    name = f"{CHAIR}/a/models/Ärmel.png"
    path = pack(tmp_path / "a.zip", {**model(f"{CHAIR}/a"), name: b"picture"})
    content = bytearray(path.read_bytes())
    for place in [at for at in range(len(content)) if content[at : at + len(name.encode())] == name.encode()]:
        header = place - 30 if content[place - 30 : place - 26] == b"PK\3\4" else place - 46
        content[header + (7 if content[header + 2] == 3 else 9)] &= ~0x08
    path.write_bytes(content)
    with zipfile.ZipFile(path) as opened:
        assert name not in opened.namelist()
    mesh = ArchiveSource([path], tmp_path / "cache").mesh_file(ObjectRef(CHAIR, "a"))
    assert (mesh.parent / "Ärmel.png").read_bytes() == b"picture"


def twice(path: Path, first: str, second: str, content: bytes) -> Path:
    files = {**model(f"{CHAIR}/a"), **model(f"{CHAIR}/b")}
    files.pop(first)
    with zipfile.ZipFile(pack(path, files), "a") as opened:
        opened.writestr(first, TRIANGLE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a name that is there
            opened.writestr(second, content)
    return path


@pytest.mark.parametrize("spell", [lambda name: name, lambda name: name.replace("/", "\\"), lambda name: f"./{name}"])
def test_a_file_that_is_there_twice(tmp_path: Path, spell: Callable[[str], str]) -> None:
    name = f"{CHAIR}/a/models/model_normalized.obj"
    equal = ArchiveSource([twice(tmp_path / "equal.zip", name, spell(name), TRIANGLE.encode())], tmp_path / "1")
    assert equal.mesh_file(ObjectRef(CHAIR, "a")).read_text() == TRIANGLE
    path = twice(tmp_path / "other.zip", name, spell(name), TRIANGLE.replace("1", "2").encode())
    other = ArchiveSource([path], tmp_path / "2")
    with pytest.raises(ModelError, match=r"03001627/a: models/model_normalized\.obj is in the archive twice"):
        other.mesh_file(ObjectRef(CHAIR, "a"))
    assert other.mesh_file(ObjectRef(CHAIR, "b")).read_text() == TRIANGLE
    with pytest.raises(ModelError, match="is in the archive twice"):
        open_container(path).read(name)
    assert open_container(tmp_path / "equal.zip").read(name) == TRIANGLE.encode()


def test_nothing_leaves_the_target(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        **model(f"{CHAIR}/good"),
        f"../{CHAIR}/up/models/model_normalized.obj": TRIANGLE,
        f"{CHAIR}/../models/model_normalized.obj": TRIANGLE,
        f"{CHAIR}/b/models/..\\..\\..\\..\\out.png": b"x",
        f"{CHAIR}\\b\\models\\model_normalized.obj": TRIANGLE,
    }
    (tmp_path / "in").mkdir()
    path = pack(tmp_path / "in" / "all.zip", files)
    source = ArchiveSource([path], tmp_path / "in" / "cache")
    assert [ref.object_id for ref in source.objects(SYNSETS)] == ["b", "good"]
    with pytest.raises(ModelError, match="forbidden name"):
        source.mesh_file(ObjectRef(CHAIR, "b"))
    assert source.mesh_file(ObjectRef(CHAIR, "good")).is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    container = open_container(path)
    outside = [name for name in container.names() if ".." in name]
    assert len(outside) == 3
    for name in outside:
        with pytest.raises(ModelError, match="leads out of the archive"):
            container.read(name)


def whole(tmp_path: Path) -> bytes:
    return pack(tmp_path / "whole.zip", {**model(f"{CHAIR}/a"), **model(f"{CHAIR}/b")}).read_bytes()


def encrypted(content: bytes) -> bytes:
    """With the flag of encryption set in every header."""
    data = bytearray(content)
    for mark, flag in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + flag] |= 1
            place = data.find(mark, place + 4)
    return bytes(data)


def method(content: bytes, number: int) -> bytes:
    data = bytearray(content)
    for mark, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        place = data.find(mark)
        while place >= 0:
            data[place + at : place + at + 2] = struct.pack("<H", number)
            place = data.find(mark, place + 4)
    return bytes(data)


def last_part(content: bytes) -> bytes:
    data = bytearray(content)
    end = data.rfind(b"PK\5\6")
    data[end + 4 : end + 8] = struct.pack("<HH", 2, 2)
    return bytes(data)


def tar(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as opened:  # type: ignore[call-overload]
        opened.addfile(tarfile.TarInfo(f"{CHAIR}/a/models/model_normalized.obj"))
    return buffer.getvalue()


NO_ARCHIVES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut at the end": (lambda whole: whole[:-10], "not a whole zip archive .*cut off.*; download it again"),
    "without its directory": (lambda whole: whole[: whole.find(b"PK\1\2")], "not a whole zip archive .*cut off"),
    "first half": (lambda whole: whole[: len(whole) // 2], "not a whole zip archive .*cut off"),
    "first bytes": (lambda whole: whole[:4], "not a whole zip archive"),
    "the middle lost": (lambda whole: whole[:100] + whole[-200:], "not a whole zip archive"),
    "empty": (lambda whole: b"", "is empty; download it again"),
    "a web page": (lambda whole: b"\n<!DOCTYPE html><html>Log in", "a web page, not a zip archive"),
    "an LFS pointer": (lambda whole: b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
    "encrypted": (encrypted, "is encrypted; unpack it with its password"),
    "Deflate64": (lambda whole: method(whole, 9), "packed by a method that isn't read"),
    "Zstandard in a zip": (lambda whole: method(whole, 93), "packed by a method that isn't read"),
    "first part": (lambda whole: b"PK\7\x08" + whole[:200], "a part of a split zip archive"),
    "last part": (last_part, "last part of a split zip archive"),
    "tar.gz": (lambda whole: tar("w:gz"), r"a gzip file, .*unpack it and give the folder"),
    "tar.xz": (lambda whole: tar("w:xz"), "an xz file"),
    "tar": (lambda whole: tar("w:"), "a tar archive"),
    "RAR": (lambda whole: b"Rar!\x1a\7\0" + whole[:200], "a RAR archive"),
    "7z": (lambda whole: b"7z\xbc\xaf\x27\x1c" + bytes(99), "a 7z archive"),
    "noise": (lambda whole: b"nothing of the kind", "neither a folder nor a zip archive"),
}


@pytest.mark.parametrize("kind", NO_ARCHIVES)
def test_an_archive_that_is_none_is_called_what_it_is(tmp_path: Path, kind: str) -> None:
    spoil, says = NO_ARCHIVES[kind]
    path = tmp_path / "ShapeNetCore.v2.zip"
    path.write_bytes(spoil(whole(tmp_path)))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / f"{CHAIR}.zip").write_bytes(path.read_bytes())
    for place, name in ((path, path.name), (tmp_path / "folder", f"{CHAIR}.zip")):
        with pytest.raises(ThreeDieError, match=rf"{name}: .*{says}") as caught:
            open_source(place, tmp_path / "cache")
        assert "\n" not in str(caught.value)
    with pytest.raises(ThreeDieError, match=says):
        open_container(path)
    for command in (["check", str(path)], ["import", str(path), "--class", "chair", "--out", str(tmp_path / "out")]):
        result = CliRunner().invoke(models, command)
        assert isinstance(result.exception, ThreeDieError)
        assert path.name in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_archives_that_are_whole(tmp_path: Path) -> None:
    content = whole(tmp_path)
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w", zipfile.ZIP_LZMA) as opened:
        for name, each in model(f"{CHAIR}/a").items():
            with opened.open(name, "w", force_zip64=True) as file:
                file.write(each.encode() if isinstance(each, str) else each)
    for number, each in enumerate((b"self-extracting" * 20 + content, content + b"trailing", large.getvalue())):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(each)
        assert ArchiveSource([path], tmp_path / str(number)).mesh_file(ObjectRef(CHAIR, "a")).read_text() == TRIANGLE


def test_one_encrypted_object_costs_that_object(tmp_path: Path) -> None:
    content = encrypted(pack(tmp_path / "a.zip", model(f"{CHAIR}/a")).read_bytes())
    data = bytearray(whole(tmp_path))
    for mark, flag in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.find(mark) + flag] |= 1
    (tmp_path / "mixed.zip").write_bytes(data)
    source = ArchiveSource([tmp_path / "mixed.zip"], tmp_path / "cache")
    with pytest.raises(ModelError, match="is encrypted"):
        source.mesh_file(ObjectRef(CHAIR, "a"))
    assert source.mesh_file(ObjectRef(CHAIR, "b")).is_file()
    assert content


def test_an_empty_class_folder_does_not_hide_its_archive(tmp_path: Path) -> None:
    pack(tmp_path / f"{CHAIR}.zip", model(f"{CHAIR}/a"))
    put(tmp_path, PLANE, "x")
    (tmp_path / CHAIR / ".ipynb_checkpoints").mkdir(parents=True)
    source = open_source(tmp_path, tmp_path / "cache")
    assert source.objects(SYNSETS) == [ObjectRef(PLANE, "x"), ObjectRef(CHAIR, "a")]


def test_an_archive_in_the_folder_is_pointed_at(tmp_path: Path) -> None:
    pack(tmp_path / "ShapeNetCore.v2.zip", model(f"ShapeNetCore.v2/{CHAIR}/a"))
    with pytest.raises(ThreeDieError, match=r"give .*ShapeNetCore\.v2\.zip itself, or unpack it"):
        open_source(tmp_path, tmp_path / "cache")


def test_the_first_object_does_not_speak_for_all(tmp_path: Path) -> None:
    (tmp_path / "mixed" / CHAIR / "a").mkdir(parents=True)
    (tmp_path / "mixed" / CHAIR / "a" / "model.obj").write_text(TRIANGLE)
    put(tmp_path / "mixed", CHAIR, "b")
    source = FolderSource(tmp_path / "mixed")
    assert [ref.object_id for ref in source.objects([CHAIR])] == ["a", "b"]
    assert [ref.object_id for ref in source.objects([CHAIR], 1)] == ["a"]
    with pytest.raises(ModelError, match="ShapeNetCore v1"):
        source.mesh_file(ObjectRef(CHAIR, "a"))
    (tmp_path / "old" / CHAIR / "a").mkdir(parents=True)
    (tmp_path / "old" / CHAIR / "b").mkdir()
    (tmp_path / "old" / CHAIR / "b" / "model.obj").write_text(TRIANGLE)
    with pytest.raises(ModelError, match="ShapeNetCore v1"):
        FolderSource(tmp_path / "old").objects([CHAIR])


@pytest.mark.parametrize(("case", "count"), [("zip_macosx_import", 1), ("zip_backslash_import", 1)])
def test_archives_to_import(tmp_path: Path, case: str, count: int) -> None:
    arguments = ["import", str(CASES / case / "models.zip"), "--class", "mug", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(models, [*arguments, "--workers", "1"])
    assert result.exit_code == 0, result.output
    objects = list((tmp_path / "out" / MUG).iterdir())
    assert len(objects) == count
    mtl = (objects[0] / "models" / "model_normalized.mtl").read_text()
    assert "Kd 1 0 0" in mtl
    assert "Kd 0 0 1" in mtl
    assert stat.S_ISREG((objects[0] / "models" / "model_normalized.obj").stat().st_mode)


def test_both_cases_import_to_the_same_object(tmp_path: Path) -> None:
    for case in ("zip_macosx_import", "zip_backslash_import"):
        arguments = ["import", str(CASES / case / "models.zip"), "--class", "mug", "--out", str(tmp_path / "out")]
        CliRunner().invoke(models, [*arguments, "--workers", "1"])
    assert len(list((tmp_path / "out" / MUG).iterdir())) == 1
