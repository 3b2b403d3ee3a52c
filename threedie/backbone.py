"""The encoder network of a trained run, with the normalization of its inputs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from threedie.baselines.method import Method, Parts
from threedie.baselines.random import Random
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE
from threedie.benchmark.training.exported import SAFETENSORS_FILE, build_exported, read_exported
from threedie.benchmark.training.safetensors_files import read_safetensors
from threedie.benchmark.training.trained import load_trained
from threedie.manifests.files import explained

if TYPE_CHECKING:
    from threedie.benchmark.runs.run import Run


class Backbone(nn.Module):
    """A trained encoder network that takes images and normalizes them itself.

    It gives the representations that `3die bench eval` measures, if images are prepared by
    `ViewDataset(data, **backbone.view_options)`.

    Attributes:
        method: the whole trained method, with projector and predictor; of an exported backbone, the network alone.
        view_options: size, channel order and crop of the images that it was trained on, as keyword arguments of
            `ViewDataset` and `PairDataset`.
        mean, std: of each channel, in 0 to 1, that images are normalized with, float32 (3,).
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        method: Method,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        view_options: dict[str, Any],
        parts: Parts | None = None,
    ) -> None:
        """Wrap a trained method; see `load_backbone`."""
        super().__init__()
        self.method, self.view_options = method, view_options
        self._parts = parts or method.parts
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("std", torch.tensor(std), persistent=False)

    @property
    def parts(self) -> Parts:
        """The named parts of the representation, as slices of its last dimension."""
        return self._parts

    def normalize(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W), uint8 or floating point in 0 to 1, as the network takes them.

        Raises:
            TypeError: no tensor, or one of another type.
            ValueError: another shape.
        """
        if not isinstance(images, Tensor) or not (images.dtype == torch.uint8 or images.is_floating_point()):
            kind = images.dtype if isinstance(images, Tensor) else type(images).__name__
            raise TypeError(f"images: {kind}; give a tensor, uint8 or floating point in 0 to 1")
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"images: shape {tuple(images.shape)}; give (N, 3, H, W)")
        values = images.to(self.mean.dtype)
        values = values / 255 if images.dtype == torch.uint8 else values
        values = values.contiguous(memory_format=torch.channels_last)
        return (values - self.mean.view(1, 3, 1, 1)) / self.std.view(1, 3, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Representations (N, D) of images (N, 3, H, W), uint8 or floating point in 0 to 1; see `normalize`."""
        return self.method.represent(self.normalize(images))


def load_backbone(run: "Run | Path | str", method: str | type[Method] | None = None) -> Backbone:
    """The encoder network of a trained run, on the CPU and in evaluation mode.

    Args:
        run: a `Run`, its folder, its `checkpoint.pt`, or what `3die bench export` wrote: the folder or its
            `model.safetensors`.
        method: `FILE.py:CLASS` or the class, where a folder or a file is of a method of your own; a checkpoint holds
            no code.

    Raises:
        ThreeDieError: no such checkpoint, a damaged one, one of a run that isn't finished, or of another method.
    """
    path = run.folder if hasattr(run, "folder") else Path(run)
    if path.is_dir() and not (path / CHECKPOINT_FILE).exists() and (path / SAFETENSORS_FILE).exists():
        path /= SAFETENSORS_FILE
    if path.suffix == Path(SAFETENSORS_FILE).suffix:
        return _load_exported(path)
    trained = load_trained(path, method or getattr(run, "method_file", None))
    recipe, pixels = trained.settings.recipe, trained.normalization
    options = {"image_size": recipe.image_size, "channels": recipe.channels, "center": recipe.center}
    return Backbone(trained.method, pixels.mean, pixels.std, options).eval()


def _load_exported(path: Path) -> Backbone:
    try:
        weights, note = read_safetensors(path)
    except OSError as error:
        raise explained(error, path) from error
    about = read_exported(note, str(path))
    method = Random(build_exported(about, weights, str(path)))
    parts = Parts({name: slice(*bounds) for name, bounds in about["parts"].items()})
    options = {"image_size": about["image_size"], "channels": "rgb", "center": about["center"]}
    return Backbone(method, tuple(about["mean"]), tuple(about["std"]), options, parts).eval()
