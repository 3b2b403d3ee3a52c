"""The encoder network of a run by itself: what it is, for files that other libraries and this program read."""

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from torch import Tensor
from typing_extensions import TypedDict

from threedie.baselines.method import Method
from threedie.baselines.resnet import BACKBONES, FORMS, ResNet, build_backbone
from threedie.baselines.weights import listed, weight_faults
from threedie.benchmark.training.header import Channels, Deviations
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import Must, Number, Text, Whole, field_name, first_error

EXPORT_FORMAT = "3die-backbone"
EXPORT_VERSION = 1
CONFIG_FILE = "config.json"
SAFETENSORS_FILE = "model.safetensors"
TORCH_FILE = "model.pth"
"""Weights in torchvision's form, as `torch.save` writes them; `CONFIG_FILE` beside them says what they are."""
_LARGEST = 2**16

Size = Annotated[Whole, Must(lambda size: 0 < size < _LARGEST, f"from 1 to {_LARGEST - 1}")]
Bounds = Annotated[
    list[Whole], Must(lambda bounds: len(bounds) == 2 and 0 <= bounds[0] < bounds[1], "a beginning and an end")
]
Share = Annotated[Number, Must(lambda share: 0 < share <= 1, "above 0 and up to 1")]


@with_config(ConfigDict(extra="forbid"))
class ExportedBackbone(TypedDict):
    """What an exported encoder network is. It takes red, green and blue, normalized with `mean` and `std`.

    `parts` are the first and the end of each part's dimensions; `recipe` and the following say where it is from, for
    information only.
    """

    format: Text
    version: Whole
    backbone: Annotated[Text, Must(lambda name: name in BACKBONES, f"one of {', '.join(BACKBONES)}")]
    form: Annotated[Text, Must(lambda form: form in FORMS, f"one of {', '.join(FORMS)}")]
    width: Size
    dim: Size
    image_size: Size
    center: Share
    mean: Channels
    std: Deviations
    parts: dict[Text, Bounds]
    method: Text
    recipe: dict[Text, Any]
    seed: Whole | None
    trained_on: Text | None
    weights_sha256: Text


_ADAPTER = TypeAdapter(ExportedBackbone)


def read_exported(note: Any, where: str) -> ExportedBackbone:
    """Check what a file says of the network in it.

    Args:
        note: the content.
        where: the file, for the message.

    Raises:
        ThreeDieError: an entry is missing, unknown or wrong, or the version is newer.
    """
    form, version = (note.get(name) for name in ("format", "version")) if isinstance(note, dict) else (None, None)
    if form != EXPORT_FORMAT:
        raise ThreeDieError(f"{where}: says nothing of a backbone that '3die bench export' wrote; give such a file")
    if isinstance(version, int) and version > EXPORT_VERSION:
        raise ThreeDieError(f"{where}: format version {version}; this program reads up to {EXPORT_VERSION}: update")
    try:
        return _ADAPTER.validate_python(note)
    except ValidationError as error:
        wrong = first_error(error)
        what = {"missing": "is missing", "unknown": "is unknown"}.get(wrong.kind) or wrong.sentence()
        raise ThreeDieError(f"{where}: {field_name(wrong.path)} {what}; export it again") from error


def backbone_of(method: Method, where: str) -> ResNet:
    """The encoder network of a method.

    Raises:
        ThreeDieError: it has none of this program's.
    """
    network = getattr(method, "backbone", None)
    if not isinstance(network, ResNet):
        raise ThreeDieError(f"{where}: its method has no ResNet under the name 'backbone'; only such ones are exported")
    return network


def with_rgb_input(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a ResNet that took blue, green and red, for red, green and blue: the same outputs."""
    return {**weights, "conv1.weight": weights["conv1.weight"].flip(1)}


def build_exported(about: ExportedBackbone, weights: Mapping[str, Tensor], where: str) -> ResNet:
    """The network of an exported file, in evaluation mode.

    Raises:
        ThreeDieError: the weights don't fit it.
    """
    try:
        with torch.device("meta"):
            network = build_backbone(about["backbone"], about["form"], about["width"])
    except ValueError as error:
        raise ThreeDieError(f"{where}: {error}; export it again") from error
    faults = weight_faults(weights, network.state_dict(), exact=True)
    if faults or network.dim != about["dim"]:
        raise ThreeDieError(f"{where}: the weights don't fit what it says of them: {listed(faults)}; export it again")
    network.load_state_dict(dict(weights), assign=True)
    return network.eval()
