"""Zip archives of any origin: a message for each kind of damage, and normalized names of members."""

import errno
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.files import explained
from threedie.manifests.signatures import HEAD_BYTES, is_lfs_pointer, is_web_page, packed_format

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError, OverflowError, MemoryError, IndexError, KeyError,
)  # fmt: skip
"""What reading a damaged, encrypted or unusual archive or member raises."""

MAX_MEMBERS = 2_000_000

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_UTF8 = 0x800
_ENCRYPTED = 0x1
_END, _END_BYTES = b"PK\x05\x06", 22
_LONGEST_COMMENT = 2**16


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip archive.

    Raises:
        ThreeDieError: no such file, or it is cut off, split, or not a zip archive; says what to do.
    """
    try:
        opened = zipfile.ZipFile(path)
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise explained(error, path) from error
        raise ThreeDieError(f"{path}: {_diagnosis(path, error)}") from error
    if _is_split(path):
        opened.close()
        raise ThreeDieError(f"{path}: {_SPLIT}")
    return opened


_SPLIT = "the last part of a split zip archive; join the parts first, as with 'zip -s 0 PART.zip --out whole.zip'"


def _diagnosis(path: Path, error: Exception) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as unread:
        raise explained(unread, path) from unread
    if not head:
        return "is empty; download it again"
    if is_web_page(head):
        return "a web page, not a zip archive; log in where it comes from and download it again"
    if is_lfs_pointer(head):
        return "a pointer of Git LFS, not the archive itself; fetch that with 'git lfs pull'"
    packed = packed_format(head)
    if packed:
        return f"{packed}, and only zip archives are read in place; unpack it and give the folder"
    if head.startswith(b"PK\x07\x08PK") or _is_split(path):
        return _SPLIT.replace("the last part", "a part")
    if head.startswith(b"PK"):
        reason = one_line(error)
        if "not a zip file" in reason:
            reason = "its directory, which stands at the end, is missing: it is cut off"
        return f"not a whole zip archive ({reason}); download it again"
    return "neither a folder nor a zip archive"


def _is_split(path: Path) -> bool:
    """Whether the end of an archive says that it is one of several."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
            tail = file.read()
    except OSError:
        return False
    place = tail.rfind(_END)
    if place < 0 or place + 6 > len(tail):
        return False
    (disk,) = struct.unpack_from("<H", tail, place + 4)
    return 0 < disk < 0xFFFF


def members(opened: zipfile.ZipFile, path: Path) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The files in an archive, in its order, with their names as `normal_name` gives them.

    Raises:
        ThreeDieError: too many, or all of them are encrypted or packed in a way that isn't read.
    """
    infos = [info for info in opened.infolist() if info.filename and not info.is_dir()]
    if len(infos) > MAX_MEMBERS:
        raise ThreeDieError(f"{path}: {len(infos):,} files, more than the {MAX_MEMBERS:,} allowed; unpack it")
    if infos and all(info.flag_bits & _ENCRYPTED for info in infos):
        raise ThreeDieError(f"{path}: is encrypted; unpack it with its password and give the folder")
    if infos and all(info.compress_type not in _METHODS for info in infos):
        number = infos[0].compress_type
        raise ThreeDieError(f"{path}: packed by a method that isn't read (number {number}); unpack it, give the folder")
    for info in infos:
        name = normal_name(info)
        if name:
            yield name, info


def normal_name(info: zipfile.ZipInfo) -> str:
    """A member's name with `/` between its parts and none of `.`, `//`, a drive or a leading `/`.

    A name that leads out of the archive keeps its `..`: whoever reads it must refuse it.
    """
    name = info.filename
    if not info.flag_bits & _UTF8:
        # Many programs write UTF-8 without saying so, and the standard then means code page 437.
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            name = info.filename
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if parts and re.fullmatch(r"[A-Za-z]:", parts[0]):
        parts = parts[1:]
    return "/".join(parts)


def leads_out(name: str) -> bool:
    """Whether a normalized name leads out of the archive."""
    return ".." in name.split("/")
