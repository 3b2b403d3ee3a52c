"""The same mesh, spelled in ways that Blender's importer reads otherwise: all are rendered alike."""

import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_samples import picture
from PIL import Image

from threedie.manifests.objects import ObjectRef
from threedie.render.models.check import check_object
from threedie.render.models.cleaned import blender_file
from threedie.render.models.folder import FolderSource
from threedie.render.models.inspect import inspect_mesh

CASES = Path(__file__).parents[2] / "data" / "cases"
MUG = "03797390"
BOM = b"\xef\xbb\xbf"
PLAIN = CASES / "shapenet_bom" / "models" / MUG / "plain" / "models"
OBJ, MTL = ((PLAIN / f"model_normalized.{suffix}").read_bytes() for suffix in ("obj", "mtl"))
FIRST, SECOND = MTL.partition(b"newmtl b")[0], b"newmtl b" + MTL.partition(b"newmtl b")[2]
POINTS = b"vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
TEXTURED = OBJ.replace(b"usemtl a", POINTS + b"usemtl a").replace(b"f 1 2 3 4", b"f 1/1 2/2 3/3 4/4")
TEXTURED = TEXTURED.replace(b"f 5 8 7 6", b"f 5/1 8/2 7/3 6/4")


def utf16(text: bytes) -> bytes:
    return text.decode().encode("utf-16")


SAME: dict[str, dict[str, bytes]] = {
    "plain": {"obj": OBJ, "mtl": MTL},
    "marks": {"obj": BOM + OBJ, "mtl": BOM + MTL},
    "joined": {"obj": OBJ.replace(b"usemtl a", BOM + b"usemtl a"), "mtl": FIRST + BOM + SECOND},
    "utf16": {"obj": utf16(OBJ), "mtl": utf16(MTL)},
    "macmtl": {"obj": OBJ, "mtl": MTL.replace(b"\n", b"\r")},
    "mixed": {"obj": OBJ.replace(b"\nusemtl", b"\rusemtl"), "mtl": MTL.replace(b"\nKd", b"\rKd")},
    "twice": {"obj": OBJ.replace(b"\n", b"\r\r\n"), "mtl": MTL},
    "continued": {"obj": OBJ.replace(b"f 1 2 3 4", b"f 1 2 \\\r\n3 4"), "mtl": MTL},
    "both": {"obj": OBJ.replace(b"model_normalized.mtl", b"x.mtl y.mtl"), "x.mtl": FIRST, "y.mtl": SECOND},
    "spaces": {"obj": OBJ.replace(b"model_normalized.mtl", b"my x.mtl y.mtl"), "my x.mtl": FIRST, "y.mtl": SECOND},
    "quotes": {"obj": OBJ.replace(b"model_normalized.mtl", b'"my x.mtl" "y"'), "my x.mtl": FIRST, "y": SECOND},
    "folder": {"obj": OBJ.replace(b"model_normalized.mtl", b"sub\\x.mtl"), "sub/x.mtl": MTL},
    "comment": {"obj": OBJ.replace(b"model_normalized.mtl", b"x.mtl # all of them"), "x.mtl": MTL},
    "tabs": {"obj": OBJ.replace(b"mtllib ", b"mtllib\t").replace(b" 0.3", b"\t0.3"), "mtl": MTL.replace(b" ", b"\t")},
}  # fmt: skip


def textured(text: bytes) -> dict[str, bytes]:
    content = io.BytesIO()
    Image.new("RGB", (4, 4), (200, 100, 20)).save(content, "PNG")
    return {
        "obj": TEXTURED,
        "mtl": text + b"map_Kd ../images/wood x.png\n" + SECOND,
        "../images/wood x.png": content.getvalue(),
    }


WOOD = textured(b"")["../images/wood x.png"]
TEXTURES = {
    "texture": textured(FIRST),
    "texturemarks": textured(BOM + FIRST),
    "texturewindows": {
        "obj": TEXTURED,
        "mtl": BOM + FIRST + b"map_Kd D:\\a\\wood x.png\n" + SECOND,
        "wood x.png": WOOD,
    },
}


def write(root: Path, name: str, files: dict[str, bytes]) -> None:
    folder = root / MUG / name / "models"
    for file, content in files.items():
        path = folder / (f"model_normalized.{file}" if file in ("obj", "mtl") else file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("spellings")
    shutil.copytree(CASES / "shapenet_bom" / "models" / MUG, root / "models" / MUG)
    shutil.rmtree(root / "models" / MUG / "plain")
    for name, files in (SAME | TEXTURES).items():
        write(root / "models", name, files)
    script = Path(__file__).with_name("render_objects.py")
    (root / "out").mkdir()
    done = subprocess.run(
        [sys.executable, script, root / "models", root / "out" / "pictures.npz"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (root / "out" / "pictures.npz").exists(), done.stderr
    return np.load(root / "out" / "pictures.npz")


SHAPENET = sorted(path.name for path in (CASES / "shapenet_bom" / "models" / MUG).iterdir())


@pytest.mark.blender
def test_spellings_of_one_mesh_give_the_same_picture(pictures: Any) -> None:
    plain = pictures["plain"].astype(int)
    middle = plain[12:20, 12:20].reshape(-1, 3)
    assert (middle.max(axis=1) - middle.min(axis=1)).max() > 60, "red and blue are to be seen"
    differing = {name for name in (*SAME, *SHAPENET) if (pictures[name] != pictures["plain"]).any()}
    # Its material is defined nowhere, as a warning, `models check` and the import say.
    assert differing == {"case_usemtl"}


@pytest.mark.blender
def test_textures_are_found_from_a_copy(pictures: Any) -> None:
    assert (pictures["texture"] != pictures["plain"]).any()
    for name in TEXTURES:
        assert (pictures[name] == pictures["texture"]).all(), name


@pytest.mark.blender
def test_no_copy_is_left(pictures: Any) -> None:
    assert pictures["left"].tolist() == []


def test_clean_files_are_not_copied(tmp_path: Path) -> None:
    for name in ("plain", "continued", "tabs", "twice"):
        write(tmp_path / "models", name, SAME[name] if name != "twice" else SAME["plain"])
        path = FolderSource(tmp_path / "models").mesh_file(ObjectRef(MUG, name))
        assert blender_file(path, tmp_path / "scratch") == path
    assert not (tmp_path / "scratch").exists()


def test_what_a_render_lacks_is_named_by_check_and_by_warnings() -> None:
    source = FolderSource(CASES / "shapenet_bom" / "models")
    said = {}
    for ref in source.objects([MUG]):
        problems = check_object(source, ref)
        warnings = inspect_mesh(ref, source.mesh_file(ref))
        assert warnings == [f"{ref}: {problem.detail}" for problem in problems]
        if problems:
            said[ref.object_id] = [(problem.level, problem.kind, problem.detail) for problem in problems]
    assert said == {
        "case_usemtl": [("flaw", "material", "material A is defined nowhere (did you mean a?)")],
        "two_mtl": [("flaw", "material", "material file extra.mtl is missing")],
    }


def png(**how: Any) -> bytes:
    content = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    Image.fromarray(noise).save(content, how.pop("kind", "PNG"), **how)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (None, "is missing"),
        (b"", "is empty"),
        (b"hello", "is no picture, or one of a kind that can't be read"),
        (b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(60), "is a KTX2 picture, which can't be read"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, not the picture"),
        (png()[:1500], "is truncated or damaged"),
        (png(kind="JPEG")[:700], "is truncated or damaged"),
        (picture("GIF"), "is a GIF picture, which Blender can't read"),
        (picture("PNG", "I;16"), "has 16 bits a channel"),
    ],
)
def test_check_says_what_is_wrong_with_a_texture(tmp_path: Path, content: bytes | None, detail: str) -> None:
    write(tmp_path, "a", {"obj": TEXTURED, "mtl": FIRST + b"map_Kd t.png\n" + SECOND})
    if content is not None:
        write(tmp_path, "a", {"t.png": content})
    (problem,) = check_object(FolderSource(tmp_path), ObjectRef(MUG, "a"))
    assert (problem.level, problem.kind) == ("flaw", "texture" if content is None else "picture")
    assert problem.detail == f"texture t.png {detail}"


def test_check_says_what_an_import_would_change(tmp_path: Path) -> None:
    text = OBJ.replace(b"v 0 0 0\n", b"v 0 0 0 1 0 0\n").replace(b"v 0.3 0 0\n", b"v 0.3 0 0 1 0 0\n")
    text = text.replace(b"v 0.3 0 0.3\n", b"v 0.3 0 0.3 1 0.5 0\n").replace(b"v 0 0 0.3\n", b"v 0 0 0.3 1 0 0\n")
    write(
        tmp_path, "a", {"obj": text + b"f 1 2\nl 1 2\nf 1/9 2/9 4/9\n", "mtl": b"newmtl a\nKd 255 0 0\nnewmtl b\nd 0\n"}
    )
    problems = check_object(FolderSource(tmp_path), ObjectRef(MUG, "a"))
    assert sorted((problem.kind, problem.detail) for problem in problems) == [
        ("color", "its vertices have colors, which a render doesn't show; import it"),
        ("material", "material a: Kd 255 0 0"),
        ("material", "material b is invisible (d 0, or a map_d that hides all)"),
        ("mesh", "1 face with fewer than 3 corners"),
        ("mesh", "1 face with texture coordinates that don't exist"),
        ("other", "1 line (l)"),
    ]
    assert {problem.level for problem in problems} == {"flaw"}


def test_names_that_are_no_utf_8_can_be_printed(tmp_path: Path) -> None:
    write(tmp_path, "a", {"obj": OBJ.replace(b"usemtl a", b"usemtl \xff"), "mtl": MTL + b"newmtl c\nmap_Kd \xe9.png\n"})
    for problem in check_object(FolderSource(tmp_path), ObjectRef(MUG, "a")):
        assert problem.detail.encode() in (b"material ? is defined nowhere", b"texture ?.png is missing")


def test_a_library_outside_is_refused_wherever_it_is_named(tmp_path: Path) -> None:
    text = OBJ.replace(b"model_normalized.mtl", b"model_normalized.mtl ../../../secret.mtl")
    write(tmp_path, "a", {"obj": b"\r".join(text.split(b"\n")), "mtl": MTL})
    (tmp_path / "secret.mtl").write_bytes(MTL)
    (problem,) = check_object(FolderSource(tmp_path), ObjectRef(MUG, "a"))
    assert problem.level == "broken"
    assert "outside of the object's folder" in problem.detail
