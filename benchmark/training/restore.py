"""A trained method from the content of a checkpoint."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from threedie.baselines.method import Method
from threedie.benchmark.data.normalization import Normalization
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build, require_fit
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.manifests.errors import ThreeDieError


@dataclass(frozen=True, eq=False)
class TrainedMethod:
    """A method with its trained weights.

    Attributes:
        settings: of its run.
        method: in evaluation mode.
        normalization: of the pixels that it takes.
        notes: remarks on weights of another program.
    """

    settings: RunSettings
    method: Method
    normalization: Normalization
    notes: tuple[str, ...] = ()

    @cached_property
    def weights(self) -> str:
        """SHA-256 of the weights: see `weights_sha256`."""
        return weights_sha256(self.method.state_dict())


def read_settings(checkpoint: dict[str, Any], path: Path | None = None) -> RunSettings:
    """Settings in a checkpoint's content; `path` is the file it is from, for messages.

    Raises:
        ThreeDieError: settings that this program doesn't know.
    """
    try:
        settings = RunSettings.from_json(checkpoint["settings"])
        if settings.seed is None and "imported" not in checkpoint:
            raise ThreeDieError("settings: seed is None")
        return settings
    except ThreeDieError as error:
        raise ThreeDieError(f"{path or 'the checkpoint'}: {error}") from error


def restore(checkpoint: dict[str, Any], path: Path | None = None) -> TrainedMethod:
    """The trained method in a checkpoint's content.

    Args:
        checkpoint: content of a checkpoint.
        path: the file it is from, for messages.

    Raises:
        ThreeDieError: settings that this program doesn't know, or weights that don't fit them.
    """
    settings = read_settings(checkpoint, path)
    require_fit(settings, checkpoint["model"], str(path or "the checkpoint"))
    method = build(settings)
    method.load_state_dict(checkpoint["model"])
    pixels = checkpoint["normalisation"]
    normalization = Normalization(tuple(pixels["mean"]), tuple(pixels["std"]))
    return TrainedMethod(settings, method.eval(), normalization, tuple(checkpoint.get("imported", {}).get("notes", ())))
