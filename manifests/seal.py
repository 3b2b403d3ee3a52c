"""A checksum over all of a file but one part of it, checked before anything else parses the file.

HDF5 has no checksums where it matters, and its library can loop for ever over a single flipped bit. So a file carries a
seal near its beginning: a mark to search for, the place of the unsealed part, the length of the file, and the
SHA-256 of all bytes outside that part, its own taken as zero.
"""

import hashlib
import struct
from pathlib import Path

MARK = b"3die seal \xa7\x1b\xe4\x90\x0c\xd5"
_NUMBERS = struct.Struct("<QQQ")
_DIGEST = 32
SEAL_BYTES = len(MARK) + _NUMBERS.size + _DIGEST
HEAD_BYTES = 2**14
"""The seal is within this many bytes from the beginning of a file."""

_CHUNK = 2**22


class BrokenSealError(Exception):
    """A file isn't what was sealed."""


def blank_seal() -> bytes:
    """The placeholder for a seal, to be written near a file's beginning."""
    return MARK + bytes(SEAL_BYTES - len(MARK))


def seal(path: Path, begin: int, size: int) -> None:
    """Fill in the blank seal of a finished file.

    Args:
        path: the file.
        begin: where the part begins that has checksums of its own.
        size: how long that part is, in bytes.

    Raises:
        BrokenSealError: no blank seal in the file's first bytes.
    """
    with path.open("r+b") as file:
        place = file.read(HEAD_BYTES).find(MARK)
        if place < 0:
            raise BrokenSealError("no seal near the beginning")
        numbers = _NUMBERS.pack(begin, size, path.stat().st_size)
        file.seek(place + len(MARK))
        file.write(numbers)
        file.flush()
        digest = _sha256(path, place, begin, size)
        file.seek(place + SEAL_BYTES - _DIGEST)
        file.write(digest)


def check_seal(path: Path) -> bool:
    """Check a file against its seal; False where it has none.

    Raises:
        BrokenSealError: the file isn't what was sealed; the message says how.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    place = head.find(MARK)
    if place < 0:
        return False
    numbers = head[place + len(MARK) : place + SEAL_BYTES - _DIGEST]
    if len(numbers) < _NUMBERS.size:
        raise BrokenSealError("cut short")
    begin, size, length = _NUMBERS.unpack(numbers)
    actual = path.stat().st_size
    if actual != length:
        raise BrokenSealError(f"{actual:,} bytes long where {length:,} were written")
    if begin + size > length:
        raise BrokenSealError("its seal is damaged")
    if _sha256(path, place, begin, size) != head[place + SEAL_BYTES - _DIGEST : place + SEAL_BYTES]:
        raise BrokenSealError("its tables differ from their checksum")
    return True


def _sha256(path: Path, place: int, begin: int, size: int) -> bytes:
    """Of all bytes before `begin` and from `begin + size` on; those of the seal's digest count as zero."""
    digest = hashlib.sha256()
    hole = place + SEAL_BYTES - _DIGEST
    with path.open("rb") as file:
        for first, last in ((0, begin), (begin + size, path.stat().st_size)):
            file.seek(first)
            position = first
            while position < last and (chunk := file.read(min(_CHUNK, last - position))):
                if position < hole + _DIGEST and position + len(chunk) > hole:
                    patched = bytearray(chunk)
                    low, high = max(0, hole - position), min(len(chunk), hole + _DIGEST - position)
                    patched[low:high] = bytes(high - low)
                    chunk = bytes(patched)
                digest.update(chunk)
                position += len(chunk)
    return digest.digest()
