"""Exporting the encoder network of a run for other libraries."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from threedie.baselines.resnet import ResNet
from threedie.benchmark.records.record import RECORD_FILE, Record, read_record, weights_of
from threedie.benchmark.runs.model_card import CARD_FILE, model_card
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE
from threedie.benchmark.training.exported import (
    CONFIG_FILE,
    EXPORT_FORMAT,
    EXPORT_VERSION,
    SAFETENSORS_FILE,
    TORCH_FILE,
    ExportedBackbone,
    backbone_of,
    with_rgb_input,
)
from threedie.benchmark.training.safetensors_files import require_safetensors, write_safetensors
from threedie.benchmark.training.trained import load_trained
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError, a_few
from threedie.manifests.files import replacing, write_json
from threedie.manifests.litter import is_litter
from threedie.manifests.text import read_json

STANDARD_WIDTH = 64
STANDARD_FORM = "torchvision"
TIMM_TAG = "3die"

Weights = dict[str, Tensor]


def export_backbone(
    run: Path, folder: Path, form: str = "safetensors", data: Path | None = None, method: str | None = None
) -> str | None:
    """Write the encoder network of a trained run with a model card and a configuration that loads it.

    Args:
        run: folder of the run, or its `checkpoint.pt`.
        folder: where it goes.
        form: a key of `FORMATS`.
        data: the dataset file that it was trained on, where the run has no record that tells the order of channels.
        method: `FILE.py:CLASS` of a method of one's own.

    Returns:
        A remark for the user, or None.

    Raises:
        ThreeDieError: the run isn't finished, its network doesn't exist in that library, the order of its channels
            isn't known, or the folder can't be written to.
    """
    path = run / CHECKPOINT_FILE if run.is_dir() else run
    trained = load_trained(path, method)
    settings = trained.settings
    network = backbone_of(trained.method, str(path))
    if form != "safetensors":
        _require_standard(network, settings.recipe.width, form, path)
    record = _record(path.parent, trained.weights)
    exchanged = settings.recipe.channels == "file" and _channel_order(path, settings.fingerprint, record, data) == "bgr"
    weights: Weights = with_rgb_input(network.state_dict()) if exchanged else network.state_dict()
    pixels, step = trained.normalization, -1 if exchanged else 1
    about: ExportedBackbone = {
        "format": EXPORT_FORMAT,
        "version": EXPORT_VERSION,
        "backbone": settings.recipe.backbone,
        "form": network.form,
        "width": settings.recipe.width,
        "dim": network.dim,
        "image_size": settings.recipe.image_size,
        "center": settings.recipe.center,
        "mean": list(pixels.mean[::step]),
        "std": list(pixels.std[::step]),
        "parts": {
            name: list(part.indices(network.dim)[:2]) for name, part in trained.method.parts.representation.items()
        },
        "method": settings.method,
        "recipe": json.loads(json.dumps(settings.recipe.to_json())),
        "seed": settings.seed,
        "trained_on": settings.fingerprint,
        "weights_sha256": trained.weights,
    }
    file, write = FORMATS[form]
    if file == SAFETENSORS_FILE:
        require_safetensors()
    _begin(folder, file)
    write(folder, weights, about)
    with replacing(folder / CARD_FILE) as temporary:
        temporary.write_text(model_card(about, record, form, file), encoding="utf-8")
    if record is None:
        return f"{path.parent} has no record of these weights, so the card has no numbers; evaluate it and export again"
    return None


def _require_standard(network: ResNet, width: int, form: str, path: Path) -> None:
    """Refuse a network that torchvision and timm don't have."""
    if network.form != STANDARD_FORM or width != STANDARD_WIDTH:
        raise ThreeDieError(
            f"{path}: a network in the form {network.form!r} of width {width}, and {form} has only the form "
            f"{STANDARD_FORM!r} of width {STANDARD_WIDTH}; export it with --format safetensors, or train with --set "
            f"form={STANDARD_FORM} --set width={STANDARD_WIDTH}"
        )


def _record(folder: Path, weights: str) -> Record | None:
    """The record beside a checkpoint, if it is of these weights."""
    path = folder / RECORD_FILE
    if not path.exists():
        return None
    record = read_record(path)
    return record if weights_of(record) == weights else None


def _channel_order(path: Path, trained_on: str | None, record: Record | None, data: Path | None) -> str:
    """Order of the color channels in the files of the dataset that a run was trained on."""
    if data is not None:
        dataset = Dataset(data)
        if dataset.fingerprint() != trained_on:
            raise ThreeDieError(f"{data}: isn't the dataset that {path} was trained on; name that one")
        return dataset.info.channel_order
    if record is not None and record["dataset"]["fingerprint"] == trained_on:
        order = record["dataset"].get("channel_order")
        if order is not None:
            return order
    raise ThreeDieError(
        f"{path}: was trained on the channels in the order of the dataset's files, which no record beside it tells; "
        "give the dataset with --data FILE, or evaluate the run first"
    )


def _begin(folder: Path, file: str) -> None:
    """Refuse a folder that holds something else, also under the names of our files, or weights in another format."""
    own = {CONFIG_FILE, CARD_FILE, file} if _is_export(folder) else set[str]()
    if folder.exists() and not folder.is_dir():
        raise ThreeDieError(f"{folder}: a file; give a folder")
    others = [path.name for path in folder.iterdir() if path.name not in own] if folder.exists() else []
    others = sorted(name for name in others if not is_litter(name) or name == CARD_FILE)
    if others:
        raise ThreeDieError(f"{folder}: holds {a_few(others)}, which isn't of this export; choose another folder")


def _is_export(folder: Path) -> bool:
    """Whether a folder's configuration is one that an export wrote, which it does first."""
    file = folder / CONFIG_FILE
    if not file.is_file():
        return False
    value = read_json(file)
    pretrained = value.get("pretrained_cfg") if isinstance(value, dict) else None
    tag = pretrained.get("tag") if isinstance(pretrained, dict) else None
    return isinstance(value, dict) and (value.get("format") == EXPORT_FORMAT or tag == TIMM_TAG)


def _write_safetensors(folder: Path, weights: Weights, about: ExportedBackbone) -> None:
    write_json(folder / CONFIG_FILE, about)
    write_safetensors(folder / SAFETENSORS_FILE, weights, about)


def _write_torchvision(folder: Path, weights: Weights, about: ExportedBackbone) -> None:
    write_json(folder / CONFIG_FILE, about)
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    with replacing(folder / TORCH_FILE) as temporary:
        temporary.write_bytes(buffer.getvalue())


def _write_timm(folder: Path, weights: Weights, about: ExportedBackbone) -> None:
    """As on timm's page of the Hub: `config.json` has the architecture and how images are prepared."""
    side = about["image_size"]
    config = {
        "architecture": about["backbone"],
        "num_classes": 0,
        "num_features": about["dim"],
        "global_pool": "avg",
        "pretrained_cfg": {
            "tag": TIMM_TAG,
            "num_classes": 0,
            "input_size": [3, side, side],
            "fixed_input_size": False,
            "interpolation": "bilinear",
            "crop_pct": about["center"],
            "crop_mode": "center",
            "mean": about["mean"],
            "std": about["std"],
            "first_conv": "conv1",
            "classifier": "fc",
        },
    }
    write_json(folder / CONFIG_FILE, config)
    write_safetensors(folder / SAFETENSORS_FILE, weights, about)


FORMATS: dict[str, tuple[str, Callable[[Path, Weights, ExportedBackbone], None]]] = {
    "safetensors": (SAFETENSORS_FILE, _write_safetensors),
    "torchvision": (TORCH_FILE, _write_torchvision),
    "timm": (SAFETENSORS_FILE, _write_timm),
}
"""Name of a format -> its file of weights, and what writes that file and the configuration into a folder."""
