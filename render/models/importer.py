"""Importing meshes as objects in the ShapeNetCore v2 layout."""

import csv
import functools
import hashlib
import io
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from threedie.manifests.classes import find_class
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, replacing
from threedie.manifests.objects import ObjectRef
from threedie.manifests.text import without_mark
from threedie.render.models.class_table import ClassTable
from threedie.render.models.container import ARCHIVES, Container, open_container
from threedie.render.models.convert import FORMATS
from threedie.render.models.numbers import as_text
from threedie.render.models.obj import Floats
from threedie.render.models.obj_import import ObjFiles, ObjObject
from threedie.render.models.pool import over_all
from threedie.render.models.source import MESH_FILE, ModelError
from threedie.render.models.surface_files import surface_files
from threedie.render.models.write import whole_object, write_files

TABLE, FAILURES = "imported.csv", "import_failures.csv"
TURNS: dict[str, Floats] = {
    "y": np.eye(3),
    "z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
}
"""Rotation that brings an up axis to +Y, as ShapeNet has it."""

FOLDERS = "folders"
_MESHES = {".obj", *FORMATS}
_ID_LENGTH = 32
_IMPORTED = re.compile(rf"[0-9]{{8}}/[0-9a-f]{{{_ID_LENGTH}}}/{re.escape(MESH_FILE.as_posix())}")

ChooseClass = Callable[[str, Sequence[str]], str | None]
"""Class of a mesh by its source and its folders, the outermost first; None if they don't give one."""

_OTHER_KINDS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the mesh; run 'git lfs pull'"),
    (b"<!doctype", "a web page, not a mesh; get the file again"),
    (b"<html", "a web page, not a mesh; get the file again"),
    (b"<?xml", "an XML file, not a mesh of this kind; get the file again, or convert it"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"pk\x03\x04", "a zip archive; give it the suffix .zip"),
)
"""First bytes, in lower case, of files with a mesh's suffix that aren't meshes, and what they are."""

_NO_CLASS = "no folder and no row of a table gives its class; give the class of the rest with --class"
_OTHER_SPLITS = {"test", "val", "valid", "validation"}


@dataclass(frozen=True)
class MeshSource:
    """A mesh file to import.

    Attributes:
        source: how the table names it, such as `furniture/library.sh3f/chairs/wood.obj`.
        container: the folder or archive it is in.
        name: its name in the container.
        synset: its class.
    """

    source: str
    container: Path
    name: str
    synset: str


@dataclass(frozen=True)
class Imported:
    """Result for a mesh file: an object's id and notes, or the reason why it failed."""

    source: str
    synset: str
    object_id: str = ""
    notes: str = ""
    reason: str = ""


def find_meshes(src: Path, choose: ChooseClass, out: Path) -> tuple[list[MeshSource], list[Imported]]:
    """All meshes in a file, an archive or a folder (with the archives in it), and those without a class.

    Args:
        src: what to search.
        choose: gives their class.
        out: folder of imported objects, which are ignored if it is within `src`.

    Raises:
        ThreeDieError: no such file, or nothing in it that could be imported.
    """
    if not src.exists():
        raise ThreeDieError(f"{src}: no such file or folder; check the path")
    meshes, failed = [], []
    walked = [entry for entry in _walk(src.resolve()) if not _is_imported(entry[1] / entry[2], out.resolve())]
    splits = _train_folders(source for source, _, _ in walked)
    for source, container, name in walked:
        folders = [str(folder) for folder in reversed(PurePosixPath(source).parents) if folder.name]
        synset = choose(source, [posixpath.basename(folder) for folder in folders if folder not in splits])
        if name == "":
            failed.append(Imported(source, "", reason="an archive within an archive; unpack the outer one first"))
        elif synset is None:
            failed.append(
                Imported(
                    source,
                    "",
                    reason=_NO_CLASS,
                )
            )
        else:
            meshes.append(MeshSource(source, container, name, synset))
    if not meshes and not failed:
        raise ThreeDieError(f"{src}: holds no {', '.join(sorted(_MESHES))} files and no zip archives of them")
    return meshes, failed


def _is_imported(path: Path, out: Path) -> bool:
    """Whether a mesh file is that of an object which an import wrote to `out`."""
    return path.is_relative_to(out) and bool(_IMPORTED.fullmatch(path.relative_to(out).as_posix()))


def _walk(src: Path) -> Iterator[tuple[str, Path, str]]:
    """Name in the table, container and name in it of each mesh; the last is empty for an archive in an archive."""
    if src.is_file() and src.suffix.lower() in _MESHES:
        yield src.name, src.parent, src.name
        return
    if src.is_file() and src.suffix.lower() not in ARCHIVES:
        raise ThreeDieError(f"{src}: neither a mesh ({', '.join(sorted(_MESHES))}) nor a zip archive nor a folder")
    for name in open_container(src).names():
        suffix = posixpath.splitext(name)[1].lower()
        source = f"{src.name}/{name}"
        if suffix in _MESHES:
            yield source, src, name
        elif suffix in ARCHIVES and src.is_file():
            yield source, src, ""
        elif suffix in ARCHIVES:
            for inner_source, container, inner in _walk(src / name):
                yield f"{posixpath.dirname(source)}/{inner_source}", container, inner


def _train_folders(sources: Iterable[str]) -> set[str]:
    """Folders called `train` beside one called `test`: a split, as in ModelNet, and not the class train."""
    folders = {str(folder) for source in sources for folder in PurePosixPath(source).parents}
    parents = {posixpath.dirname(folder) for folder in folders if posixpath.basename(folder).lower() in _OTHER_SPLITS}
    return {
        folder
        for folder in folders
        if posixpath.basename(folder).lower() == "train" and posixpath.dirname(folder) in parents
    }


def class_by_folders(folders: Sequence[str]) -> str | None:
    """The class that a folder on a mesh's path is named after, the innermost first; None if none is."""
    for folder in reversed(folders):
        for word in (folder, folder.removesuffix("s")):
            try:
                return find_class(word)
            except ThreeDieError:
                continue
    return None


class ClassChooser:
    """Chooses the class of each mesh."""

    def __init__(self, name: str | None, classes_from: str | None) -> None:
        """Choose by folders or a table.

        Args:
            name: class of all, or of those that `classes_from` gives none.
            classes_from: `folders` or the path of a CSV.

        Raises:
            ThreeDieError: both are None, or one is wrong.
        """
        self._fallback = find_class(name) if name else None
        if classes_from is None and self._fallback is None:
            raise ThreeDieError("say which class the models are: --class chair, or --classes-from folders")
        self._table = ClassTable(Path(classes_from)) if classes_from and classes_from != FOLDERS else None
        self._by_folders = classes_from == FOLDERS

    def __call__(self, source: str, folders: Sequence[str]) -> str | None:
        """The class of a mesh, or None."""
        if self._by_folders:
            return class_by_folders(folders) or self._fallback
        return (self._table(source) if self._table else None) or self._fallback

    def notes(self) -> list[str]:
        """Sentences on rows of the table that match no mesh."""
        return self._table.unmatched() if self._table else []


def import_meshes(meshes: Sequence[MeshSource], out: Path, up: str, workers: int) -> Iterator[Imported]:
    """Import meshes, in order; existing objects are kept.

    Args:
        meshes: the meshes.
        out: folder to write to.
        up: their up axis, `y` or `z`.
        workers: number of processes.

    Raises:
        ThreeDieError: the folder can't be written to, or a process died.
    """
    return over_all(_import, (out, up), meshes, workers)


def _import(shared: tuple[Path, str], mesh: MeshSource) -> Imported:
    out, up = shared
    container = _container(mesh.container)
    try:
        object_id, notes = import_mesh(container, mesh.name, mesh.synset, out, up)
    except ModelError as error:
        return Imported(mesh.source, mesh.synset, reason=_other_kind(container, mesh.name) or str(error))
    return Imported(mesh.source, mesh.synset, object_id, "; ".join(notes))


def _other_kind(container: Container, name: str) -> str:
    """What an unreadable file is instead of a mesh, by its first bytes; empty if they don't show it."""
    try:
        content = container.read(name)
    except ModelError:
        return ""
    begin = content[:512].lstrip().lower()
    if not begin:
        return "is empty" if not content else ""
    return next((kind for mark, kind in _OTHER_KINDS if begin.startswith(mark)), "")


@functools.lru_cache(maxsize=4)
def _container(path: Path) -> Container:
    return open_container(path)


def import_mesh(container: Container, name: str, synset: str, out: Path, up: str) -> tuple[str, list[str]]:
    """Import one mesh: its bounding box centered, the box's diagonal 1, +Y up.

    Returns:
        The object's id: the first 32 hexadecimal digits of the SHA-256 of what it was made from; and notes on
        materials and textures that were lost.

    Raises:
        ModelError: it isn't a usable mesh.
        ThreeDieError: the folder can't be written to.
    """
    suffix = posixpath.splitext(name)[1].lower()
    if suffix == ".obj":
        obj = ObjObject(ObjFiles(container, name))
        object_id = _object_id(suffix, up, obj.pieces())
        existing = _exists(out, synset, object_id)
        # An existing object with colors is made again: only that gives all notes.
        if existing and not obj.is_colored:
            return object_id, obj.notes()
        files, notes = obj.written(TURNS[up])
        if not existing:
            _write(out, synset, object_id, files)
        return object_id, [*obj.notes(), *notes]
    mesh = FORMATS[suffix](container, name)
    object_id = _object_id(suffix, up, mesh.pieces)
    # Made again even if the object exists, for the notes.
    files, notes = surface_files(mesh.surfaces, TURNS[up])
    if not _exists(out, synset, object_id):
        _write(out, synset, object_id, files)
    return object_id, [*mesh.notes, *notes]


def _object_id(suffix: str, up: str, pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256(f"3die import\0{suffix}\0{up}".encode())
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "big"))
        digest.update(piece)
    return digest.hexdigest()[:_ID_LENGTH]


def _exists(out: Path, synset: str, object_id: str) -> bool:
    return (out / synset / object_id / MESH_FILE).is_file()


def _write(out: Path, synset: str, object_id: str, files: dict[str, bytes]) -> None:
    ref = ObjectRef(synset, object_id)
    with whole_object(out / ref.synset / ref.object_id) as temporary:
        write_files(temporary, files)


def write_tables(out: Path, results: Sequence[Imported]) -> tuple[Path, Path]:
    """Write which source became which object, and which failed and why; rows of other sources are kept.

    Returns:
        The two files.

    Raises:
        ThreeDieError: they can't be written.
    """
    updated = {result.source for result in results}
    done = [[each.source, each.synset, each.object_id, each.notes] for each in results if not each.reason]
    failed = [[each.source, each.reason] for each in results if each.reason]
    _write_table(out / TABLE, ["source", "class", "id", "notes"], done, updated)
    _write_table(out / FAILURES, ["source", "reason"], failed, updated)
    return out / TABLE, out / FAILURES


def check_tables(out: Path) -> None:
    """Check that the tables of earlier imports can be read, so that their rows can be kept.

    Raises:
        ThreeDieError: one can't.
    """
    for name in (TABLE, FAILURES):
        _read_table(out / name)


def _read_table(path: Path) -> list[list[str]]:
    """Rows without the header; none if the table doesn't exist."""
    try:
        # Names are bytes to the system: whatever they are coded in, they must come out as they went in.
        text = as_text(without_mark(path.read_bytes()))
        return [row for row in list(csv.reader(io.StringIO(text, newline="")))[1:] if row]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise explained(error, path) from error
    except (csv.Error, ValueError) as error:
        raise ThreeDieError(
            f"{path}: not a table that an import wrote ({error}); move it away, and run again"
        ) from error


def _write_table(path: Path, header: list[str], rows: list[list[str]], updated: set[str]) -> None:
    before = [row + [""] * (len(header) - len(row)) for row in _read_table(path) if row[0] not in updated]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(sorted(before + rows))
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8", errors="surrogateescape")
