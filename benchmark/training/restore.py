"""A trained method from the content of a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from threedie.baselines.method import Method
from threedie.baselines.registry import find_method, method_options
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


def evaluation_options(settings: RunSettings) -> tuple[str, ...]:
    """Names of the options of a method that decide no weight; none for a method that isn't known."""
    try:
        return find_method(settings.method).cls.evaluation_options
    except ValueError:
        return ()


def with_evaluation_options(checkpoint: Mapping[str, Any], options: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The content of a checkpoint with other values of options that decide no weight.

    Args:
        checkpoint: content of a checkpoint.
        options: of its method, by name.
        path: the file it is from, for messages.

    Returns:
        the content; those that differ from before are in `evaluated_with`, by name, in the order of the names.

    Raises:
        ThreeDieError: the method has no such option, or it decides the weights.
    """
    settings = read_settings(dict(checkpoint), path)
    allowed = evaluation_options(settings)
    for name in options:
        if name not in allowed:
            choices = f"only {', '.join(allowed)} can be set" if allowed else "none of its options can be set"
            raise ThreeDieError(
                f"{path}: --set method.{name}: the method {settings.method} is trained, and {choices} when it is "
                "measured; train again with '3die bench run' to change others"
            )
    if not options:
        return {**checkpoint, "evaluated_with": {}}
    current = method_options(settings.method) | settings.recipe.method_options
    changes = {name: options[name] for name in sorted(options) if options[name] != current[name]}
    recipe = checkpoint["settings"]["recipe"]
    recipe = {**recipe, "method_options": {**settings.recipe.method_options, **changes}}
    return {
        **checkpoint, "settings": {**checkpoint["settings"], "recipe": recipe}, "evaluated_with": changes,
    }  # fmt: skip


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
