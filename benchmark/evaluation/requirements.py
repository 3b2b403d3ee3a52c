"""What a dataset must have to be measured on, and what to know of it before believing a number."""

import numpy as np

from threedie.baselines.method import Method
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import Settings
from threedie.manifests.actions import TRANSLATION
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import actions

GENERALISING_OBJECTS = 1000
"""Training objects below which rotation isn't learned for new objects."""


def require_validation(dataset: Dataset) -> None:
    """Refuse a dataset on which nothing could be measured.

    Raises:
        ThreeDieError: it has no validation objects.
    """
    if not len(dataset.indices("val")):
        raise ThreeDieError(
            f"{dataset.path}: none of its {len(dataset)} objects are for validation, so nothing could be measured; "
            "render more objects (about one in five goes to validation)"
        )


def require_training(dataset: Dataset) -> None:
    """Refuse a dataset on which neither a method nor a head could be trained.

    Raises:
        ThreeDieError: it has fewer than two training objects.
    """
    count = len(dataset.indices("train"))
    if count < 2:
        raise ThreeDieError(
            f"{dataset.path}: {count} of its {len(dataset)} objects are for training, and 2 or more are needed: "
            "methods and the heads that measure them are trained on those; render more objects"
        )


def require_action(method: Method, dataset: Dataset) -> None:
    """Refuse a dataset without what a method's predictor is told.

    Raises:
        ThreeDieError: a latent field that the action is made of isn't there.
    """
    if method.has_predictor and method.action is not None:
        try:
            actions(method.action, dataset.info.fields, dataset.latents[:1, :1], dataset.latents[:1, :1])
        except ThreeDieError as error:
            raise ThreeDieError(
                f"{dataset.path}: the method was trained with action {method.action!r}, and {error}; measure it on a "
                "dataset of a preset that has that field"
            ) from error


def size_warnings(dataset: Dataset, recipe: Recipe) -> list[str]:
    """What a dataset is too small for, and what of it isn't seen."""
    train, warnings = len(dataset.indices("train")), []
    if train < GENERALISING_OBJECTS:
        warnings.append(
            f"{train} training objects are too few to learn rotation for new objects: from 246 objects x 20 views even "
            "a supervised network doesn't generalise to new objects. Rotation scores here only show that everything "
            "runs."
        )
    if train < recipe.batch_size:
        warnings.append(
            f"batch_size is {recipe.batch_size} but no object comes twice in a batch: batches hold all {train} "
            "training objects"
        )
    if recipe.centre < 1 and any(field.name in TRANSLATION for field in dataset.info.fields):
        warnings.append(
            f"centre is {recipe.centre:g} and objects move in this dataset: those near the border are cut off; set "
            "centre=1 to see all of the pictures"
        )
    return warnings


def origin_warnings(settings: Settings, dataset: Dataset) -> list[str]:
    """What to know where a method was trained on another dataset than heads are."""
    trained_on = settings.fingerprint
    if trained_on is None or trained_on == identify(dataset).fingerprint:
        return []
    line = f"the method was trained on another dataset ({trained_on[:12]}): whether that held objects that are measured"
    return [f"{line} here isn't known"]


def measured_objects(dataset: Dataset, other: Dataset) -> tuple[Indices, list[str]]:
    """Positions of the objects of `other` to measure on, and what to know of them.

    They are its validation objects, without those that are training objects of `dataset`.

    Raises:
        ThreeDieError: none is left.
    """
    val = other.indices("val")
    if other is dataset:
        return val, []
    trained = {dataset.objects[index] for index in dataset.indices("train")}
    unseen = np.array([index for index in val if other.objects[index] not in trained], np.int64)
    if not len(unseen):
        raise ThreeDieError(
            f"{other.path}: all of its {len(val)} validation objects are training objects of {dataset.path}; "
            "measure on objects that weren't trained on"
        )
    left = len(val) - len(unseen)
    return unseen, [f"{left} objects were left out of the measurement: they were trained on"] if left else []
