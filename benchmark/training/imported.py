"""Weights that another program trained, as a checkpoint of ours; what they don't show is left out."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threedie.baselines.catalogue import suggestion
from threedie.baselines.original_checkpoints import (
    Architecture,
    architecture,
    backbone_state,
    check_original,
    load_original,
    original_state,
    remarks,
)
from threedie.baselines.original_experiences import EXPERIENCES
from threedie.baselines.successor_checkpoints import Successor, read_successor
from threedie.benchmark.data.normalization import FIXED_NORMALIZATIONS
from threedie.benchmark.settings.recipe import SECTION, SHORT_SECTION, Recipe, parse_value
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build, outline
from threedie.benchmark.training.checkpoints import EXPORTED
from threedie.benchmark.training.exported import (
    CONFIG_FILE,
    EXPORT_FORMAT,
    TORCH_FILE,
    ExportedBackbone,
    build_exported,
    read_exported,
)
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.text import read_json

RECIPE_NAME = "imported"
KNOWN_SETTINGS = (
    "image_size", "center", "normalization", "channels", "backbone", "form", "width", "projector", "method_options",
)  # fmt: skip
"""The settings of a recipe that weights trained elsewhere show."""
BACKBONE_ALONE = "random"
"""The method that is a network and nothing else."""


@dataclass(frozen=True)
class ImportOptions:
    """What the weights of another program don't say of themselves.

    Attributes:
        experience: what the original calls the method; needed where names and shapes fit several.
        name: name in records; by default the method's, or the file's for a bare backbone. For a checkpoint of this
            program, its name in tables.
        normalization: of the pixels; by default `original`, and `imagenet` for a bare backbone in torchvision's form.
        overrides: `method.option=value` each: options of the method that the weights don't determine.
    """

    experience: str | None = None
    name: str | None = None
    normalization: str | None = None
    overrides: Sequence[str] = ()

    @property
    def describes_weights(self) -> bool:
        """Whether something is said that a checkpoint of this program says itself."""
        return bool(self.experience or self.normalization or self.overrides)


def import_checkpoint(
    path: Path, content: Mapping[str, Any], image_size: int, options: ImportOptions | None = None
) -> dict[str, Any]:
    """A checkpoint in our form of another program's weights: the original's, a later paper's, or a bare ResNet.

    Args:
        path: the file.
        content: what is in it.
        image_size: of the pictures that it will see.
        options: what the weights don't say.

    Raises:
        ThreeDieError: there are no weights in it, they are of no method here, of several, or don't fit an override.
    """
    options = options or ImportOptions()
    experience, method_options = options.experience, read_options(options.overrides)
    try:
        if experience is not None and experience not in EXPERIENCES:
            raise ValueError(f"--experience {experience}: no such experience; {suggestion(experience, [*EXPERIENCES])}")
        successor = read_successor(original_state(content), method_options)
        network = successor.network if successor else architecture(content, method_options)
        method, all_options = _choose(network, experience)
        if method == BACKBONE_ALONE and method_options:
            raise ValueError("--set: it is a backbone alone, which has no options")
    except ValueError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    about = _exported(path, content)
    bare = method == BACKBONE_ALONE and not successor
    usual = "imagenet" if bare and network.form == "torchvision" else "original"
    pixels = options.normalization or ("dataset" if about else usual)
    if about:
        image_size = about["image_size"]
    try:
        recipe = Recipe(
            name=RECIPE_NAME, image_size=(successor and successor.image_size) or image_size, normalization=pixels,  # type: ignore[arg-type]
            channels="rgb" if about or pixels == "imagenet" else "file", backbone=network.backbone,
            center=about["center"] if about else 1.0,
            form=network.form, width=network.width, projector=network.projector or "1",  # type: ignore[arg-type]
            # How it was trained is unknown; these are never read, and records leave them out.
            epochs=1, passes=1, batch_size=2, optimizer="adam", learning_rate=1.0, weight_decay=0.0,
            schedule="constant", warmup_epochs=0.0, precision="32-true", sync_batchnorm=False,
            method_options=all_options,
        )  # fmt: skip
        settings = RunSettings(method, recipe, None, None, None)
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    weights, optional = (successor.state, successor.optional) if successor else (content, ())
    # First without numbers: a small file can describe a network that no memory holds.
    outlined = outline(settings, str(path))
    try:
        check_original(outlined, weights, optional)
    except ValueError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    module = build(settings)
    load_original(module, weights, optional)
    types = sorted({str(value.dtype).removeprefix("torch.") for value in original_state(weights).values()})
    converted = [name for name in types if name not in ("float32", "int64")]
    notes = remarks(content)
    notes += [f"its numbers of type {', '.join(converted)} became float32"] if converted else []
    notes += _successor_notes(successor, image_size) if successor else []
    epoch, own_name = content.get("epoch"), _plain(about["method"] if about else path.stem)
    mean, std = (about["mean"], about["std"]) if about and pixels == "dataset" else FIXED_NORMALIZATIONS[pixels]
    return {
        "settings": settings.to_json(),
        "normalisation": {"mean": list(mean), "std": list(std)},
        "model": module.state_dict(),
        "progress": {
            "epoch": epoch if type(epoch) is int else None,
            "steps_done": None, "seconds": None, "curves": {"epoch": []},
        },
        "finished": True,
        "imported": {
            "name": _name(options.name or (own_name if method == BACKBONE_ALONE else method)),
            "source": f"weights from {path.name}, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}",
            "notes": notes,
        },
    }  # fmt: skip


def _successor_notes(successor: Successor, image_size: int) -> list[str]:
    """What a reader should know of the way in which a later paper's checkpoint is measured."""
    notes = []
    if successor.left_out:
        what = "" if successor.network.methods else "its encoder alone is measured; "
        notes.append(f"{what}modules that aren't taken: {', '.join(sorted(successor.left_out))}")
    if successor.image_size not in (None, image_size):
        notes.append(f"images of {image_size} px are resized to {successor.image_size}, the size that it was built for")
    return notes


def read_options(overrides: Sequence[str]) -> dict[str, Any]:
    """Options of a method from `method.name=value`, the predictor's as a table.

    Raises:
        ThreeDieError: it isn't written so, or is no option of a method.
    """
    options: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        section, *names = [name.strip() for name in key.split(".")]
        if not equals or section not in (SECTION, SHORT_SECTION) or len(names) not in (1, 2) or not all(names):
            raise ThreeDieError(
                f"--set {override}: write {SHORT_SECTION}.NAME=VALUE, such as {SHORT_SECTION}.predictor.bias=true; "
                "of weights of another program only the method's options can be set"
            )
        value = parse_value(text)
        if isinstance(value, dict) != (names == ["predictor"]) or (len(names) == 2 and names[0] != "predictor"):
            raise ThreeDieError(f"--set {override}: only predictor has entries of its own, as predictor.hidden=64")
        if len(names) == 2 or isinstance(value, dict):
            before = options.get(names[0], {})
            options[names[0]] = {**before, **(value if isinstance(value, dict) else {names[1]: value})}
        else:
            options[names[0]] = value
    return options


def _choose(network: Architecture, experience: str | None) -> tuple[str, dict[str, Any]]:
    """Method and options from the weights and from what the user named."""
    options = dict(network.options)
    if experience is not None:
        method, variant = EXPERIENCES[experience]
        if method not in network.methods:
            candidates = " or ".join(network.methods) or "a backbone alone"
            raise ValueError(f"--experience {experience}: is {method} here, and the weights are of {candidates}")
        # Options that shapes show take precedence; the rest is the experience's.
        return method, {**variant, **options}
    if not network.methods:
        return BACKBONE_ALONE, {}
    if len(network.methods) > 1 or network.methods == ("equimod",):
        fitting = [each for each, (method, _) in EXPERIENCES.items() if method in network.methods]
        raise ValueError(f"its names fit several methods: say which with --experience, one of {', '.join(fitting)}")
    return network.methods[0], options


def _exported(path: Path, content: Mapping[str, Any]) -> ExportedBackbone | None:
    """What this program says of weights that it exported, in their file or beside it; None for others."""
    note, beside = content.get(EXPORTED), path.with_name(CONFIG_FILE)
    if note is None and path.name == TORCH_FILE and beside.is_file():
        note = read_json(beside)
        if not (isinstance(note, dict) and note.get("format") == EXPORT_FORMAT):
            return None
    if note is None:
        return None
    about = read_exported(note, str(path))
    build_exported(about, backbone_state(content), str(path))
    return about


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip("-._+") or "weights"


def _name(text: str) -> str:
    if _plain(text) != text:
        raise ThreeDieError(f"--name {text}: use letters, digits and . _ + - between them, such as {_plain(text)}")
    return text
