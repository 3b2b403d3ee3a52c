"""First bytes of other formats, for messages that say what a file is instead of what it should be."""

PACKED = {
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
}
"""Archives and compressed files but zip ones: first bytes -> what it is."""

_TAR, _TAR_PLACE = b"ustar", 257
_WEB_PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")
_MARK = b"\xef\xbb\xbf"

HEAD_BYTES = 4096
"""Bytes of a file that are enough for all checks here."""


def packed_format(head: bytes) -> str | None:
    """Which archive or compressed file, zip excepted, begins like this, such as `a tar archive`; None for others."""
    if head[_TAR_PLACE : _TAR_PLACE + len(_TAR)] == _TAR:
        return "a tar archive"
    return next((name for signature, name in PACKED.items() if head.startswith(signature)), None)


def is_web_page(head: bytes) -> bool:
    """Whether a file is HTML or XML, as what servers answer instead of a download."""
    return head.removeprefix(_MARK).lstrip()[:64].lower().startswith(_WEB_PAGES)


def is_lfs_pointer(head: bytes) -> bool:
    """Whether a file is a pointer of Git LFS in place of a file that wasn't fetched."""
    return head.startswith(b"version https://git-lfs")
