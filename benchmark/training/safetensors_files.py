"""Files of weights in the safetensors format: a header in JSON and plain numbers, without any code."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor

from threedie.manifests.errors import ThreeDieError, first_line
from threedie.manifests.files import replacing

NOTE = "3die"
"""Entry of a file's metadata under which ours say what they are, as JSON."""


def _library(module: str = "safetensors.torch") -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ThreeDieError(
            f"safetensors: can't be imported ({first_line(error)}), and .safetensors files need it: "
            "pip install 'threedie[weights]'"
        ) from error


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any] | None]:
    """Weights, on the CPU, and what a file of ours says of itself; None for those of other programs.

    Raises:
        ThreeDieError: it is damaged, or the library is missing.
    """
    library = _library("safetensors")
    # The library says what is wrong with a path in words of its own.
    path.open("rb").close()
    try:
        with library.safe_open(str(path), framework="pt", device="cpu") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dictionary
            text = (file.metadata() or {}).get(NOTE)
        note = None if text is None else json.loads(text)
    except OSError:
        raise
    except Exception as error:
        # The library raises an exception of its own for a damaged header, and torch others for its types.
        raise ThreeDieError(
            f"{path}: a damaged safetensors file ({first_line(error)}); copy or download it again"
        ) from error
    if note is not None and not isinstance(note, dict):
        raise ThreeDieError(f"{path}: a damaged safetensors file (its entry {NOTE!r} is no table); export it again")
    return weights, note


def write_safetensors(path: Path, weights: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Write weights and what they are, whole or not at all.

    Raises:
        ThreeDieError: the library is missing, or the file can't be written.
    """
    library = _library()
    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    # `format` is what other readers look for.
    text = {"format": "pt", NOTE: json.dumps(note, sort_keys=True)}
    with replacing(path) as temporary:
        temporary.write_bytes(_with_sorted_header(library.save(plain, text)))


def _with_sorted_header(file: bytes) -> bytes:
    """The same file with its header in one order: the library's differs from process to process.

    A file begins with the header's length in eight bytes, little-endian; the header is padded to a multiple of eight.
    """
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.dumps(json.loads(file[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + file[end:]
