"""ShapeNetCore v2 in zip archives: an object's files are extracted when they are needed, and deleted afterwards."""

import os
import re
import secrets
import shutil
import stat
import weakref
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

from threedie.manifests.classes import CLASSES, class_names
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import TEMPORARY, explained, is_alive, machine
from threedie.manifests.litter import has_litter, is_litter
from threedie.manifests.objects import ObjectRef, is_plain_name
from threedie.render.models.folder import LAYOUT, MODELS, V1_FILE
from threedie.render.models.inspect import MAX_BYTES, check_mesh, check_textures
from threedie.render.models.source import MESH_FILE, ModelError
from threedie.render.models.zip_file import UNREADABLE, leads_out, members, open_zip

NEEDED = {".obj", ".mtl", ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tga", ".tif", ".tiff"}
"""Kinds of files that rendering reads; ShapeNet's voxels, point clouds and screenshots stay in the archive."""

MAX_FILES = 2_000
MAX_OBJECT_BYTES = 2 * MAX_BYTES
KEPT = 2
"""Objects that a process keeps unpacked: the current one and the one before."""

_CHUNK = 2**20


class ArchiveSource:
    """Objects in zip archives: one archive of all classes, such as ShapeNetCore.v2.zip, or one per class (SYNSET.zip).

    Only the archives' directories are read to list the objects. Each process that opens meshes has a folder of its
    own in `cache` with the last `KEPT` objects; folders of processes that have ended are deleted, so that the cache
    holds no more than running processes need.

    As in a folder, an object is what has a file in `models/`. Litter is ignored.

    Attributes:
        synsets: the classes it has.
        left_out: folders among the objects that have nothing in `models/`.

    Raises:
        ThreeDieError: an archive can't be read or holds no models in the ShapeNetCore v2 layout.
    """

    def __init__(self, archives: Sequence[Path], cache: Path) -> None:
        self.archives = tuple(archives)
        self.cache = Path(cache)
        self._open()

    def _open(self) -> None:
        self._zips: dict[Path, zipfile.ZipFile] = {}
        self._slot: _Slot | None = None
        self._members: dict[ObjectRef, dict[str, tuple[Path, zipfile.ZipInfo]]] = {}
        self._twice: dict[ObjectRef, str] = {}
        objects: set[ObjectRef] = set()
        others: set[ObjectRef] = set()
        v1 = ""
        nested = ""
        for path in self.archives:
            for name, info in self._directory(path):
                place = _place(name, path.stem)
                if place is None:
                    nested = nested or (name if name.lower().endswith(".zip") and not has_litter(name) else "")
                    continue
                ref, inner = place
                if has_litter(inner) and not leads_out(inner):
                    continue
                if inner.startswith(f"{MODELS}/") or inner == V1_FILE:
                    objects.add(ref)
                else:
                    others.add(ref)
                if PurePosixPath(inner).suffix.lower() in NEEDED:
                    self._add(ref, inner, path, info)
                if inner == V1_FILE:
                    v1 = v1 or f"{path}: {ref}/{inner}"
        self._members = {ref: self._members.get(ref, {}) for ref in sorted(objects)}
        self.left_out = [str(ref) for ref in sorted(others - objects)]
        where = ", ".join(map(str, self.archives[:2])) + (", ..." if len(self.archives) > 2 else "")
        if v1 and not any(MESH_FILE.as_posix() in files for files in self._members.values()):
            raise ModelError(
                f"{v1}: this is ShapeNetCore v1; its models are turned and scaled otherwise, so get ShapeNetCore v2, "
                f"which has {LAYOUT}"
            )
        if not self._members:
            remedy = (
                f"it holds archives ({nested}); unpack it and give the folder"
                if nested
                else "give the folder or archive of ShapeNetCore v2, or bring other models in with '3die models import'"
            )
            raise ThreeDieError(f"{where}: no models in the layout {LAYOUT}; {remedy}")
        self.synsets = tuple(sorted({ref.synset for ref in self._members}))

    def _directory(self, path: Path) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        opened = self._zips[path] = open_zip(path)
        files = list(members(opened, path))
        # The directory of all of ShapeNet is large: free what isn't needed.
        opened.filelist, opened.NameToInfo = [], {}
        yield from files

    def _add(self, ref: ObjectRef, inner: str, path: Path, info: zipfile.ZipInfo) -> None:
        """Note a file of an object. The same file twice is harmless; two different ones of one name are ambiguous."""
        files = self._members.setdefault(ref, {})
        _, other = files.setdefault(inner, (path, info))
        if (other.CRC, other.file_size) != (info.CRC, info.file_size):
            self._twice[ref] = inner

    def __getstate__(self) -> dict[str, Any]:
        return {"archives": self.archives, "cache": self.cache}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def describe(self) -> dict[str, Any]:
        """What goes into the dataset about where its models came from: the same as for the unpacked folder."""
        return {"kind": "folder", "layout": LAYOUT}

    def objects(self, synsets: Sequence[str], per_class: int | None = None) -> list[ObjectRef]:
        """Objects of some classes, sorted, the first `per_class` of each. Opens no model.

        Raises:
            ThreeDieError: it has none of the classes.
        """
        selected = sorted(set(synsets) & set(self.synsets))
        if not selected:
            raise ThreeDieError(
                f"{self.archives[0]}: has no {class_names(sorted(set(synsets)))}; it has {class_names(self.synsets)}"
            )
        by_class: dict[str, list[ObjectRef]] = {synset: [] for synset in selected}
        for ref in self._members:
            if ref.synset in by_class:
                by_class[ref.synset].append(ref)
        return [ref for synset in selected for ref in sorted(by_class[synset])[:per_class]]

    def mesh_file(self, ref: ObjectRef) -> Path:
        """The OBJ file of one object, extracted with its materials and textures.

        The file stays until the same process has opened `KEPT` other objects.

        Raises:
            ModelError: the object has none, it isn't a mesh, or its files are damaged, too large, too many, or outside.
            ThreeDieError: the cache can't be written to.
        """
        files = self._members.get(ref)
        if files is None:
            raise ModelError(f"{ref}: not in the archive")
        if ref in self._twice:
            raise ModelError(
                f"{ref}: {self._twice[ref]} is in the archive twice, with different content; unpack it, keep the one "
                "that is meant, and give the folder"
            )
        if self._slot is None or self._slot.process != os.getpid():
            self._slot = _Slot(self.cache / "unpacked")
        folder = self._slot.folder / ref.synset / ref.object_id
        if not folder.is_dir():
            self._slot.make_room()
            self._extract(ref, files, folder)
        path = folder / MESH_FILE
        check_mesh(ref, path)
        check_textures(ref, path)
        return path

    def _extract(self, ref: ObjectRef, files: dict[str, tuple[Path, zipfile.ZipInfo]], folder: Path) -> None:
        if len(files) > MAX_FILES:
            raise ModelError(f"{ref}: {len(files)} files, more than the {MAX_FILES} allowed")
        room = MAX_OBJECT_BYTES
        temporary = folder.with_name(f"{TEMPORARY}{secrets.token_hex(4)}")
        try:
            temporary.mkdir(parents=True)
            for inner, (archive, info) in files.items():
                _check_member(ref, inner, info)
                target = temporary / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                with self._member(ref, archive, info) as content, target.open("wb") as file:
                    room -= _copy(ref, inner, content, file, min(room, MAX_BYTES))
            temporary.rename(folder)
        except OSError as error:
            raise explained(error, folder) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _member(self, ref: ObjectRef, archive: Path, info: zipfile.ZipInfo) -> IO[bytes]:
        try:
            return self._zips[archive].open(info)
        except UNREADABLE as error:
            raise ModelError(f"{ref}: {info.filename} can't be read from {archive.name} ({error})") from error


def _place(name: str, stem: str) -> tuple[ObjectRef, str] | None:
    """Object and path within its folder of an archive's member: [TOP/][SYNSET/]OBJECT/..., None for anything else."""
    parts = name.split("/")
    depth = next((depth for depth, part in enumerate(parts[:2]) if part in CLASSES), -1)
    synset = stem if depth < 0 else parts[depth]
    above, rest = parts[: max(0, depth)], parts[depth + 1 :]
    if synset not in CLASSES or len(rest) < 2 or has_litter("/".join(above) or synset) or leads_out("/".join(above)):
        return None
    object_id, inner = rest[0], "/".join(rest[1:])
    if not is_plain_name(object_id) or is_litter(object_id) or object_id in CLASSES:
        return None
    return ObjectRef(synset, object_id), inner


def _check_member(ref: ObjectRef, inner: str, info: zipfile.ZipInfo) -> None:
    if not all(is_plain_name(part) for part in inner.split("/")):
        raise ModelError(f"{ref}: the archive has a file with a forbidden name, {inner!r}")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise ModelError(f"{ref}: {inner} is a link or a device in the archive, not a file")
    if info.flag_bits & 1:
        raise ModelError(f"{ref}: {inner} is encrypted; unpack the archive with its password and give the folder")


def _copy(ref: ObjectRef, inner: str, content: IO[bytes], file: IO[bytes], room: int) -> int:
    """Copy at most `room` bytes, whatever size the archive states; returns how many."""
    copied = 0
    while True:
        try:
            chunk = content.read(_CHUNK)
        except UNREADABLE as error:
            raise ModelError(f"{ref}: {inner} is damaged in the archive ({error})") from error
        if not chunk:
            return copied
        copied += len(chunk)
        if copied > room:
            raise ModelError(f"{ref}: {inner} is larger than allowed ({MAX_BYTES // 2**20} MiB)")
        file.write(chunk)


_SLOT = re.compile(r"([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}")


class _Slot:
    """A source's own folder in the cache, named after its process; those of processes that have ended are deleted."""

    def __init__(self, root: Path) -> None:
        self.process = os.getpid()
        self.folder = root / f"{machine()}-{self.process}-{secrets.token_hex(4)}"
        _slots.add(self)
        try:
            clear_slots(root)
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise explained(error, root) from error

    def make_room(self) -> None:
        """Delete the oldest objects, so that one more makes `KEPT`."""
        objects = sorted(
            (path for path in self.folder.glob("*/*") if path.is_dir()), key=lambda path: path.stat().st_mtime_ns
        )
        _remove(objects[: max(0, len(objects) + 1 - KEPT)])


_OLDER_SLOT = re.compile(r".+-\d+")
"""Host and number, as older versions named them. A user's own folder may be named so, too."""
_OLDER_LOCK = ".lock"
_slots: "weakref.WeakSet[_Slot]" = weakref.WeakSet()
"""Slots of this process."""


def clear_slots(root: Path, exclusive: bool = False) -> None:
    """Delete unpacked objects of processes that have ended.

    Args:
        root: the folder `unpacked` of a cache.
        exclusive: whether a lock keeps all other processes out, so that what other machines and older versions
            unpacked may be deleted, too.
    """
    for folder in [] if root.is_symlink() else root.glob("*-*"):
        match = _SLOT.fullmatch(folder.name)
        if match is None or match[1] != machine():
            dead = exclusive and (match is not None or _is_older_slot(folder))
        elif int(match[2]) == os.getpid():
            # Of a source that was closed, or of an earlier process with the same number.
            dead = folder.name not in {slot.folder.name for slot in _slots}
        else:
            dead = not is_alive(int(match[2]))
        if dead and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _is_older_slot(folder: Path) -> bool:
    """Whether an older version certainly unpacked into a folder: it has that version's empty lock file, and classes."""
    lock = folder / _OLDER_LOCK
    if not _OLDER_SLOT.fullmatch(folder.name) or folder.is_symlink() or not lock.is_file() or lock.stat().st_size:
        return False
    return all(path.is_dir() and path.name in CLASSES for path in folder.iterdir() if path.name != _OLDER_LOCK)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
