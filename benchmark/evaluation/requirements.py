"""What a dataset must have to be measured on, and warnings about it."""

import numpy as np

from threedie.baselines.cell_encoder import NAME as CELL_ENCODER
from threedie.baselines.method import Method
from threedie.benchmark.data.cell_augmentation import AUGMENTATIONS as CELL_AUGMENTATIONS
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.data.source import LabeledViews, is_cells
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.manifests.actions import TRANSLATION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import ROTATION, actions

GENERALIZING_OBJECTS = 1000
"""Training objects below which rotation isn't learned for new objects."""


def require_validation(dataset: LabeledViews) -> None:
    """Refuse a dataset on which nothing could be measured.

    Raises:
        ThreeDieError: it has no validation objects.
    """
    if not len(dataset.indices("val")):
        raise ThreeDieError(
            f"{dataset.path}: none of its {len(dataset)} objects are for validation, so nothing could be measured; "
            "render more objects (about one in five goes to validation)"
        )


def require_training(dataset: LabeledViews) -> None:
    """Refuse a dataset on which neither a method nor a head could be trained.

    Raises:
        ThreeDieError: it has fewer than two training objects.
    """
    count = len(dataset.indices("train"))
    if count < MIN_TRAIN_OBJECTS:
        raise ThreeDieError(
            f"{dataset.path}: {count} of its {len(dataset)} objects are for training, and {MIN_TRAIN_OBJECTS} or more "
            "are needed: methods and the heads that measure them are trained on those; render more objects"
        )


def require_kind(recipe: Recipe, dataset: LabeledViews) -> None:
    """Refuse a recipe for unit cells on pictures.

    Raises:
        ThreeDieError: names the setting.
    """
    if is_cells(dataset):
        return
    for key, value in (
        ("backbone", CELL_ENCODER), ("normalization", "permittivity"),
        *(("augmentation", name) for name in CELL_AUGMENTATIONS),
    ):  # fmt: skip
        if getattr(recipe, key) == value:
            raise ThreeDieError(
                f"recipe {recipe.name}: {key} {value} is for unit cells (--dataset photonics), and {dataset.path} "
                "holds pictures; take another recipe"
            )


def require_action(method: Method, dataset: LabeledViews) -> None:
    """Refuse a dataset without the latent fields of the action of a method's predictor.

    Raises:
        ThreeDieError: a field of the action is missing.
    """
    if method.has_predictor and method.action is not None:
        try:
            actions(method.action, dataset.info.fields, dataset.latents[:1, :1], dataset.latents[:1, :1])
        except ThreeDieError as error:
            raise ThreeDieError(
                f"{dataset.path}: the method was trained with action {method.action!r}, and {error}; measure it on a "
                "dataset of a preset that has that field"
            ) from error


def require_views(protocol: Protocol, name: str, method: Method, dataset: LabeledViews) -> None:
    """Refuse a protocol with several views in each embedding for a method or a dataset that doesn't have them.

    Raises:
        ThreeDieError: the method embeds each view by itself, or objects have fewer views.
    """
    views = protocol.views_per_input
    if views > 1 and not method.has_aggregate:
        raise ThreeDieError(
            f"protocol {protocol.name}: takes {views} views of an object at once, and method {name} embeds each by "
            f"itself; take protocol {protocol.base_name}"
        )
    if views > dataset.info.views:
        raise ThreeDieError(
            f"protocol {protocol.name}: takes {views} views of an object at once, and {dataset.path} has "
            f"{dataset.info.views}; take one with fewer"
        )


def few_objects_warnings(dataset: LabeledViews) -> list[ResultWarning]:
    """A warning if there are too few training objects to learn rotation from."""
    train, names = len(dataset.indices("train")), {field.name for field in dataset.info.fields}
    if train >= GENERALIZING_OBJECTS or not names.issuperset(ROTATION):
        return []
    line = (
        f"{train} training objects are too few to learn rotation for new objects: from 246 objects x 20 views even a "
        "supervised network doesn't generalize to new objects. Rotation scores here only show that everything runs."
    )
    return [ResultWarning(line)]


def size_warnings(dataset: LabeledViews, recipe: Recipe) -> list[ResultWarning]:
    """Warnings about few training objects, and about images that are cropped."""
    train, lines = len(dataset.indices("train")), []
    names = {field.name for field in dataset.info.fields}
    if train < recipe.batch_size:
        lines.append(
            f"batch_size is {recipe.batch_size} but no object comes twice in a batch: batches hold all {train} "
            "training objects"
        )
    if recipe.center < 1 and names.intersection(TRANSLATION):
        lines.append(
            f"center is {recipe.center:g} and objects move in this dataset: those near the border are cut off; set "
            "center=1 to see all of the pictures"
        )
    return [*few_objects_warnings(dataset), *map(ResultWarning, lines)]


def form_note(recipe: Recipe) -> str | None:
    """What to know of the network's form before training: whether other libraries have it."""
    if recipe.form == "torchvision":
        return None
    return (
        f"no other library has a {recipe.backbone} in the form {recipe.form}: torchvision and timm can't load these "
        "weights; if they should, train with --set form=torchvision (numbers then differ from those of this form)"
    )


def origin_warnings(settings: RunSettings, dataset: LabeledViews) -> list[ResultWarning]:
    """A warning if the method was trained on another dataset than heads are."""
    trained_on = settings.fingerprint
    if trained_on is None or trained_on == identify(dataset).fingerprint:
        return []
    return [
        ResultWarning(
            f"the method was trained on another dataset ({trained_on[:12]}): whether that held objects that are "
            "measured here isn't known"
        )
    ]


def measured_objects(train: LabeledViews, measured: LabeledViews) -> tuple[Indices, list[ResultWarning]]:
    """Positions of the objects to measure on, and warnings.

    They are the validation objects of `measured`, without those that are training objects of `train`.

    Raises:
        ThreeDieError: none is left.
    """
    val = measured.indices("val")
    if measured is train:
        return val, []
    trained = {train.objects[index] for index in train.indices("train")}
    unseen = np.array([index for index in val if measured.objects[index] not in trained], np.int64)
    if not len(unseen):
        raise ThreeDieError(
            f"{measured.path}: all of its {len(val)} validation objects are training objects of {train.path}; "
            "measure on objects that weren't trained on"
        )
    left_out = len(val) - len(unseen)
    if not left_out:
        return unseen, []
    return unseen, [ResultWarning(f"{left_out} objects were left out of the measurement: they were trained on")]
