"""Files that file managers, archivers and tools leave behind: not part of any data."""

import posixpath

_NAMES = {
    ".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r",
    "__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found",
    "__pycache__", "checksums.txt", "md5sums", "sha256sums",
}  # fmt: skip
"""In lower case: what Windows, macOS and network disks make in every folder, and what comes beside a download."""
_NOTES = {"readme", "license", "licence", "copying", "changelog", "authors", "citation"}
_NOTE_SUFFIXES = {"", ".txt", ".md", ".rst", ".html", ".pdf", ".cff"}


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is not part of the data around it.

    Hidden ones are, whatever they are called (`._wood.obj`, `.ipynb_checkpoints`, `.git`); so are editors' copies
    (`wood.obj~`) and notes for readers (`README.md`, `LICENSE`).
    """
    lower = name.lower()
    stem, suffix = posixpath.splitext(lower)
    note = stem in _NOTES and suffix in _NOTE_SUFFIXES
    return not name or name.startswith(".") or name.endswith("~") or lower in _NAMES or note


def has_litter(name: str) -> bool:
    """Whether a member of an archive, named with `/` between its parts, is litter or in a folder that is."""
    return any(is_litter(part) for part in name.split("/"))
