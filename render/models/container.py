"""Folders and archives to import from: their files by name, of bounded size, and none outside of them."""

import os
import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from threedie.manifests.files import explained
from threedie.manifests.litter import has_litter, is_litter
from threedie.render.models.inspect import MAX_BYTES
from threedie.render.models.source import ModelError
from threedie.render.models.zip_file import UNREADABLE, leads_out, members, open_zip

ARCHIVES = {".zip", ".sh3f"}
"""Suffixes of zip archives; Sweet Home 3D's furniture libraries are such."""


class Container(Protocol):
    """Files with names such as `chairs/wood.obj`."""

    def names(self) -> Iterator[str]:
        """All files except litter, sorted."""

    def spelled(self, name: str) -> str | None:
        """The exact name of a file whose upper and lower case may differ from `name`; None if no file matches."""

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            ModelError: it is too large or can't be read.
        """


def open_container(path: Path) -> Container:
    """Open a folder or a zip archive.

    Raises:
        ThreeDieError: it is neither, or damaged.
    """
    return Archive(path) if path.is_file() else Folder(path)


def find(container: Container, beside: str, reference: str) -> str | None:
    """The file that another one names, or None: relative to it, or else of that name in the same folder.

    Args:
        container: where to search.
        beside: name of the file that has the reference.
        reference: the name in that file, such as `..\\textures\\wood.jpg`.
    """
    folder, plain = posixpath.dirname(beside), reference.replace("\\", "/")
    for path in (posixpath.join(folder, plain), posixpath.join(folder, posixpath.basename(plain))):
        name = posixpath.normpath(path)
        if posixpath.isabs(name) or name.startswith("../") or ":" in name:
            continue
        try:
            spelled = container.spelled(name)
        except (OSError, ValueError):  # a name too long, or with a zero byte
            continue
        if spelled is not None:
            return spelled
    return None


class Folder:
    """A folder and all below it. Links are followed to files, not to folders."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listed: tuple[PurePosixPath | None, dict[str, str]] = (None, {})

    def names(self) -> Iterator[str]:
        """All files but litter, sorted within their folders."""

        def refuse(error: OSError) -> None:
            raise explained(error, self.root) from error

        for folder, inner, files in os.walk(self.root, onerror=refuse):
            inner[:] = sorted(name for name in inner if not is_litter(name))
            for name in sorted(files):
                if not is_litter(name):
                    yield (Path(folder) / name).relative_to(self.root).as_posix()

    def spelled(self, name: str) -> str | None:
        """The exact name of a file."""
        path = PurePosixPath()
        try:
            for part in PurePosixPath(name).parts:
                if (self.root / path / part).exists():
                    path /= part
                elif (other := self._lower(path).get(part.lower())) is not None:
                    path /= other
                else:
                    return None
            return path.as_posix() if (self.root / path).is_file() else None
        # A name that no file can have: too long, or with a zero byte.
        except (OSError, ValueError):
            return None

    def _lower(self, folder: PurePosixPath) -> dict[str, str]:
        """Names in a folder by their lower case; the last folder is cached."""
        if self._listed[0] != folder:
            place = self.root / folder
            entries = sorted(entry.name for entry in place.iterdir()) if place.is_dir() else []
            self._listed = (folder, {entry.lower(): entry for entry in reversed(entries)})
        return self._listed[1]

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            ModelError: it is too large or can't be read.
        """
        path = self.root / name
        try:
            if not path.is_file():
                raise ModelError(f"{name} is not a regular file")
            if path.stat().st_size > MAX_BYTES:
                raise ModelError(_too_large(name))
            return path.read_bytes()
        except OSError as error:
            raise ModelError(str(explained(error, path))) from error


class Archive:
    """A zip archive; nothing is unpacked to disk. Names have `/` between their parts, whatever the archive has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = open_zip(path)
        self._infos: dict[str, zipfile.ZipInfo] = {}
        self._twice: set[str] = set()
        for name, info in members(self._zip, path):
            other = self._infos.setdefault(name, info)
            if (other.CRC, other.file_size) != (info.CRC, info.file_size):
                self._twice.add(name)
        self._lower = {name.lower(): name for name in reversed(self._infos)}

    def names(self) -> Iterator[str]:
        """All files but litter, sorted."""
        return iter(sorted(name for name in self._infos if not has_litter(name) or leads_out(name)))

    def spelled(self, name: str) -> str | None:
        """The exact name of a file."""
        return name if name in self._infos else self._lower.get(name.lower())

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            ModelError: it is too large, damaged or encrypted, leads out of the archive, or is in it twice.
        """
        if leads_out(name):
            raise ModelError(f"{name!r} leads out of the archive")
        if name in self._twice:
            raise ModelError(f"{name} is in the archive twice, with different content; unpack it and keep one")
        try:
            with self._zip.open(self._infos[name]) as file:
                # Bounded, whatever size the archive's directory states.
                content = file.read(MAX_BYTES + 1)
        except UNREADABLE as error:
            raise ModelError(f"{name} can't be read from the archive ({error})") from error
        if len(content) > MAX_BYTES:
            raise ModelError(_too_large(name))
        return content


def _too_large(name: str) -> str:
    return f"{name} is larger than the {MAX_BYTES // 2**20} MiB allowed"
