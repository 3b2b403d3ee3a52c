"""Checkpoints: written whole or not at all, read without running anything they contain."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from manifests.errors import ThreeDieError
from manifests.files import explained, replacing

FORMAT = "3die-checkpoint"
VERSION = 1
CHECKPOINT_FILE = "checkpoint.pt"
"""Name of the checkpoint in a run's folder."""


def save_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint; an older one stays until the new one is complete on disk.

    Args:
        path: the file.
        content: tensors, numbers, text, lists and dictionaries.

    Raises:
        ThreeDieError: the disk is full or the folder can't be written to.
    """
    with replacing(path) as temporary:
        try:
            torch.save({"format": FORMAT, "version": VERSION, **content}, temporary)
        except RuntimeError as error:
            # torch's writer reports a full disk as a RuntimeError of its own.
            raise ThreeDieError(
                f"{path}: can't write the checkpoint ({_first_line(error)}); is the disk full?"
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
    return content.get("format") == FORMAT


def load_weights(path: Path) -> dict[str, Any]:
    """Read any file of weights to the CPU: of this program or of another.

    Raises:
        ThreeDieError: no such file, none of weights, damaged, or ours of a newer version.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except OSError as error:
        raise explained(error, path) from error
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise ThreeDieError(f"{path}: not a checkpoint, or a damaged one ({_first_line(error)})") from error
    if not isinstance(content, dict):
        raise ThreeDieError(f"{path}: holds a {type(content).__name__} instead of a dictionary of weights")
    if is_ours(content) and content["version"] > VERSION:
        raise ThreeDieError(
            f"{path}: checkpoint version {content['version']}; this program reads up to {VERSION}: update"
        )
    return content


def weights_sha256(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of the weights alone: name, type, shape and bytes of each, sorted by name.

    The file's own hash would change with the time a run took; the same weights have the same hash on any machine.
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
