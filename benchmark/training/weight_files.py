"""Formats of files of weights: those that PyTorch doesn't read are named in the message, damaged archives refused."""

import struct
import zipfile
from pathlib import Path

from threedie.manifests.errors import ThreeDieError, first_line
from threedie.manifests.signatures import HEAD_BYTES, is_lfs_pointer, is_web_page, packed_format

_CHECKPOINT = "give a file that torch.save wrote"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", f"an HDF5 file; {_CHECKPOINT}"),
    (b"\x93NUMPY", f"an array of NumPy; {_CHECKPOINT}"),
    (b"GGUF", f"a GGUF file; {_CHECKPOINT}"),
    (b"\x89PNG", f"a picture; {_CHECKPOINT}"),
    (b"\xff\xd8\xff", f"a picture; {_CHECKPOINT}"),
    (b"%PDF", f"a PDF; {_CHECKPOINT}"),
)
_ZIP = b"PK\x03\x04"
_SAFETENSORS_HEAD = 9


def refuse_other_formats(path: Path) -> None:
    """Refuse a file that neither `torch.save` nor safetensors can have written, by its first bytes.

    Raises:
        ThreeDieError: says what the file is, and what to do.
        OSError: it can't be read.
    """
    if path.is_dir():
        raise ThreeDieError(f"{path}: a folder; give the file of weights in it, such as {path / 'checkpoint.pt'}")
    if path.exists() and not path.is_file():
        raise ThreeDieError(f"{path}: no regular file; {_CHECKPOINT}")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    what = _format(head)
    if what is not None:
        raise ThreeDieError(f"{path}: not a checkpoint: {what}")
    if head.startswith((_ZIP, b"PK\x05\x06")) and not zipfile.is_zipfile(path):
        raise ThreeDieError(
            f"{path}: cut off: a zip archive, as torch.save writes them, without its end; copy or download it again, "
            "or, if it is a run's, delete it and train again (no older one is kept)"
        )


def is_safetensors(path: Path) -> bool:
    """Whether a file is one of safetensors: the length of a header, and JSON.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        head = file.read(_SAFETENSORS_HEAD)
    return len(head) == _SAFETENSORS_HEAD and head[8:] == b"{" and struct.unpack("<Q", head[:8])[0] < 2**32


def _format(head: bytes) -> str | None:
    if not head:
        return "empty; copy or download it again"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    packed = packed_format(head)
    if packed:
        return f"{packed}; unpack it and give the file of weights in it"
    if is_lfs_pointer(head):
        return "a Git LFS pointer, not the file: run git lfs pull"
    if is_web_page(head):
        return "a web page: the download gave an error or asked for a login; open its address in a browser"
    return _text(head)


def _text(head: bytes) -> str | None:
    """What a text file is; None for others, and for pickles of protocol 0, which are text too."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return None
        text = head[: error.start].decode()
    start = text.removeprefix("\ufeff").lstrip()
    if any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in text) or start.startswith(("(", "L1", "c")):
        return None
    return f"{'a JSON' if start.startswith(('{', '[')) else 'a text'} file; {_CHECKPOINT}"


def require_torch_zip(path: Path) -> None:
    """Refuse a zip archive that `torch.save` didn't write, or one whose content doesn't match its checksums.

    PyTorch writes a CRC-32 of each part, and doesn't check it when it reads.

    Raises:
        ThreeDieError: says what it is, or which part is damaged.
        OSError: it can't be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _require_names(path, [member.filename for member in members])
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ThreeDieError(
                    f"{path}: its parts are compressed, which torch.save doesn't do; give the file as it was written"
                )
            # torch.serialization.set_crc32_options(False) leaves all of them 0.
            if any(member.CRC for member in members):
                damaged = archive.testzip()
                if damaged is not None:
                    raise zipfile.BadZipFile(f"{damaged} doesn't match its checksum")
    except ThreeDieError:
        raise
    except OSError:
        raise
    except Exception as error:
        # A damaged directory of an archive can raise anything.
        raise ThreeDieError(
            f"{path}: damaged: {first_line(error)}; copy or download it again, or, if it is a run's, delete it and "
            "train again (no older one is kept)"
        ) from error


def _require_names(path: Path, names: list[str]) -> None:
    ends = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in ends:
        raise ThreeDieError(
            f"{path}: a TorchScript archive (torch.jit.save), which holds code; save the weights alone where it is "
            "from: torch.save(model.state_dict(), FILE)"
        )
    if "data.pkl" in ends:
        return
    what = "a file of NumPy arrays (.npz)" if any(name.endswith(".npy") for name in names) else "a zip archive"
    inside = [name for name in names if name.endswith((".pth", ".pt", ".bin", ".ckpt"))]
    mend = f"unpack it and give {inside[0][:80]}" if inside else _CHECKPOINT
    raise ThreeDieError(f"{path}: {what}, but none that torch.save writes; {mend}")
