"""Checkpoints: written whole or not at all, read without running anything they contain, and checked when read."""

import hashlib
import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from threedie.baselines.weights import tensor_fault
from threedie.benchmark.training.header import MEND, check_header
from threedie.benchmark.training.safetensors_files import read_safetensors
from threedie.benchmark.training.weight_files import is_safetensors, refuse_other_formats, require_torch_zip
from threedie.manifests.errors import ThreeDieError, first_line
from threedie.manifests.files import explained, replacing

FORMAT = "3die-checkpoint"
VERSION = 2
"""Version 1 has no `content_sha256`."""
DIGEST = "content_sha256"
EXPORTED = "exported_backbone"
"""Entry of the content of a safetensors file that '3die bench export' wrote: what it says of itself."""
CHECKPOINT_FILE = "checkpoint.pt"
"""Name of the checkpoint in a run's folder."""

_DEEPEST = 32


def save_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint with a checksum of its content; an older one stays until the new one is complete on disk.

    Args:
        path: the file.
        content: tensors, numbers, text, lists and dictionaries.

    Raises:
        ThreeDieError: the disk is full or the folder can't be written to.
    """
    whole = {**content, "format": FORMAT, "version": VERSION}
    whole[DIGEST] = content_sha256(whole)
    with replacing(path) as temporary:
        try:
            torch.save(whole, temporary)
        except RuntimeError as error:
            # torch's writer reports a full disk as a RuntimeError of its own.
            raise ThreeDieError(
                f"{path}: can't write the checkpoint ({first_line(error)}); is the disk full?"
            ) from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint of ours to the CPU.

    Raises:
        ThreeDieError: no such file, no checkpoint, damaged, or of a newer version.
    """
    content = load_weights(path)
    if not is_ours(content):
        raise ThreeDieError(f"{path}: a file of weights, but no checkpoint of '3die bench run'")
    return content


def is_ours(content: Mapping[str, Any]) -> bool:
    """Whether a file's content is a checkpoint of this program, and not another's."""
    name = content.get("format")
    return isinstance(name, str) and name == FORMAT


def load_weights(path: Path) -> dict[str, Any]:
    """Read any file of weights to the CPU: of this program, whose content is then checked, or of another.

    Raises:
        ThreeDieError: no such file, none of weights, damaged, or ours of a newer version.
    """
    try:
        refuse_other_formats(path)
        if is_safetensors(path):
            weights, note = read_safetensors(path)
            return {"state_dict": weights, EXPORTED: note} if note else {"state_dict": weights}
        if zipfile.is_zipfile(path):
            require_torch_zip(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # From a path torch would guess the format by the suffix.
            with path.open("rb") as file:
                content = torch.load(file, map_location="cpu", weights_only=True)  # noqa: TID251
    except ThreeDieError:
        raise
    except OSError as error:
        raise explained(error, path) from error
    except Exception as error:
        # A damaged pickle can raise anything.
        raise ThreeDieError(f"{path}: {_reason(error)}") from error
    if not isinstance(content, dict):
        raise ThreeDieError(f"{path}: holds a {type(content).__name__} instead of a dictionary of weights")
    if is_ours(content):
        try:
            _check(content)
        except ValueError as error:
            raise ThreeDieError(f"{path}: {error}") from error
        content.pop(DIGEST, None)
    return content


def weights_sha256(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of the weights alone: name, type, shape and bytes of each, sorted by name.

    The file's own hash would change with the time a run took; the same weights have the same hash on any machine.
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(f"{name} {state[name].dtype} {tuple(state[name].shape)}\n".encode())
        digest.update(_bytes(state[name]))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> Any:
    """A tensor's numbers, row by row."""
    flat = tensor.detach().cpu().reshape(-1)
    # That of a single number may have any stride.
    flat = flat if flat.stride(0) == 1 else flat.clone(memory_format=torch.contiguous_format)
    return flat.view(torch.uint8).numpy().data


def content_sha256(content: Mapping[str, Any]) -> str:
    """SHA-256 of a checkpoint's content without this hash itself: the same before it is written and after.

    Raises:
        ValueError: something in it that checkpoints don't hold, named.
    """
    digest = hashlib.sha256()
    _hash(digest, {key: value for key, value in content.items() if key != DIGEST}, "")
    return digest.hexdigest()


def _hash(digest: Any, value: Any, where: str, depth: int = 0) -> None:
    """Feed a value and its type to a hash, each with its length, so that no two contents are one text."""
    if depth > _DEEPEST:
        raise ValueError(f"{where[:200]}: nested deeper than {_DEEPEST} levels")
    if isinstance(value, Tensor):
        fault = tensor_fault(value)
        if fault:
            raise ValueError(f"{where} {fault}")
        digest.update(f"tensor {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(_bytes(value))
    elif isinstance(value, Mapping):
        digest.update(f"dict {len(value)}\n".encode())
        for key, entry in value.items():
            _hash(digest, key, f"a key in {where or 'the checkpoint'}", depth + 1)
            _hash(digest, entry, f"{where}: {key}" if where else str(key)[:200], depth + 1)
    elif isinstance(value, list | tuple):
        digest.update(f"{'list' if isinstance(value, list) else 'tuple'} {len(value)}\n".encode())
        for index, entry in enumerate(value):
            _hash(digest, entry, f"{where}: {index}", depth + 1)
    elif value is None or isinstance(value, bool):
        digest.update(f"{value}\n".encode())
    elif isinstance(value, int):
        digest.update(f"int {value:x}\n".encode())
    elif isinstance(value, float):
        digest.update(b"float " + struct.pack("<d", value))
    elif isinstance(value, str | bytes):
        data = value.encode(errors="surrogatepass") if isinstance(value, str) else value
        digest.update(f"{type(value).__name__} {len(data)}\n".encode() + data)
    else:
        raise ValueError(f"{where} is of type {type(value).__name__}, which checkpoints don't hold")


def _check(content: Mapping[str, Any]) -> None:
    """Check a checkpoint of ours as far as it can be without its method.

    Raises:
        ValueError: names the key and what is wrong with it.
    """
    version = content.get("version")
    if type(version) is not int or version < 1:
        what = f"version {version!r:.40}" if "version" in content else "no version"
        raise ValueError(f"a 3die checkpoint with {what} instead of a number: damaged; {MEND}")
    if version > VERSION:
        raise ValueError(f"checkpoint version {version}; this program reads up to {VERSION}: update")
    if version >= 2 or DIGEST in content:
        if not isinstance(content.get(DIGEST), str):
            raise ValueError(f"damaged: it has no {DIGEST}; {MEND}")
        if content[DIGEST] != content_sha256(content):
            raise ValueError(f"damaged: its content doesn't match its checksum; {MEND}")
    else:
        content_sha256(content)
    check_header(content)


def _reason(error: Exception) -> str:
    """Why torch refuses a file, without its advice to read it unsafely."""
    text = str(error)
    match = re.search(r"GLOBAL (\S+) (?:was not an allowed|whose module)", text) or re.search(
        r"unrecognized function (.+)|but got (<class .+>)", text
    )
    if match:
        name = next(group for group in match.groups() if group)[:100]
        return (
            f"holds an object of {name} beside weights, and reading such objects could run anything; save the weights "
            "alone where the file is from: torch.save(model.state_dict(), FILE)"
        )
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return "not a checkpoint, or a damaged one (it asks for more memory than there is)"
    # Below its own message torch quotes the part of the file.
    lines = [line.split("WeightsUnpickler error: ")[-1].strip() for line in text.splitlines()]
    lines = [line for line in lines if line and "weights_only" not in line and "allowlist" not in line]
    what = lines[0][:200] if lines else type(error).__name__
    return f"not a checkpoint, or a damaged one ({what}); copy or download it again"
