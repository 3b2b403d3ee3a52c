"""Evaluation: a trained method and a dataset to scores, by a protocol."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from threedie.baselines.method import EQUIVARIANT, Method, Parts
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import preprocessing
from threedie.benchmark.data.pairs import Indices, every_view_first
from threedie.benchmark.evaluation.features import FEATURES_FOLDER, extract_features, feature_key
from threedie.benchmark.evaluation.heads import FeatureHeads
from threedie.benchmark.evaluation.neighbors import BlockNeighbours
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.classification import Classification
from threedie.benchmark.tasks.pose_retrieval import PoseRetrieval
from threedie.benchmark.tasks.regression import Regression
from threedie.benchmark.tasks.retrieval import Retrieval
from threedie.benchmark.tasks.spread import COVERAGE, DRAWS
from threedie.benchmark.tasks.task import REPRESENTATION, Data, Outcome, Subject, Task
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.loop import Normalisation, Settings, build, require_fit
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import TRANSLATION, LatentField, actions

Floats = npt.NDArray[np.float32]
Predict = Callable[[Tensor, Tensor], Tensor]
Progress = Callable[[Sequence[Any]], Iterable[Any]]

_CHUNK = 4096
"""Predictions made at once."""
_PROBES, _AFFINE = 4, 1e-5
"""Objects that tell whether a predictor is affine in the action, and how closely, relative to the largest number."""
GENERALISING_OBJECTS = 1000
"""Training objects below which rotation isn't learned for new objects."""


@dataclass(frozen=True)
class Scope:
    """What of an evaluation is wanted; nothing in it changes the numbers of what is.

    Attributes:
        tasks: names of the tasks; all that apply where None.
        head_seeds: seeds that heads are trained from.
        head_sources: what heads are trained on: `representation`, `embedding`.
    """

    tasks: tuple[str, ...] | None = None
    head_seeds: int = 1
    head_sources: tuple[str, ...] = (REPRESENTATION,)

    def to_json(self) -> dict[str, Any]:
        """What a record says about it, and about how the spread of numbers was found."""
        return {
            "head_seeds": self.head_seeds,
            "head_sources": list(self.head_sources),
            "bootstrap_draws": DRAWS,
            "interval": COVERAGE,
        }


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        outcomes: of each task by name, in the order of the tasks.
        warnings: what to know before believing a number.
        weights: SHA-256 of the weights.
        method: the method that was measured.
        measured_on: the dataset that was measured on.
        trained_on: the dataset that heads were trained on.
        scope: what was wanted.
        features_s, tasks_s: seconds.
    """

    outcomes: dict[str, Outcome]
    warnings: list[str]
    weights: str
    method: Method
    measured_on: Dataset
    trained_on: Dataset
    scope: Scope
    features_s: float
    tasks_s: float


def read_settings(checkpoint: dict[str, Any], path: Path | None = None) -> Settings:
    """Settings in a checkpoint's content; `path` is the file it is from, for messages.

    Raises:
        ThreeDieError: settings that this program doesn't know.
    """
    try:
        settings = Settings.from_json(checkpoint["settings"])
        if settings.seed is None and "imported" not in checkpoint:
            raise ThreeDieError("settings: seed is None")
        return settings
    except ThreeDieError as error:
        raise ThreeDieError(f"{path or 'the checkpoint'}: {error}") from error


def restore(checkpoint: dict[str, Any], path: Path | None = None) -> tuple[Settings, Method, Normalisation]:
    """Settings, trained method and normalisation of inputs from a checkpoint's content.

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
    return settings, method.eval(), Normalisation(tuple(pixels["mean"]), tuple(pixels["std"]))


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


def evaluate(
    checkpoint: dict[str, Any],
    images: Images,
    protocol: Protocol,
    folder: Path,
    device: str = "cpu",
    progress: Progress = iter,
    tick: Callable[[int], object] = lambda _: None,
    scope: Scope | None = None,
    asked: Images | None = None,
    note: Callable[[str], object] = lambda _: None,
) -> Evaluation:
    """Features of every view once, then every task that applies.

    Args:
        checkpoint: content of a checkpoint.
        images: the dataset's images, at the size the method was trained on.
        protocol: the rules.
        folder: the run's folder; features are kept there.
        device: `cpu` or `cuda`.
        progress: wraps the iteration over batches of images.
        tick: called with the number of steps that heads have done.
        scope: what is wanted.
        asked: the images of another dataset to measure on, with heads trained on the first one.
        note: called with what to tell the user of cached features that can't be used.

    Raises:
        ThreeDieError: the dataset has no validation objects, or features aren't finite.
    """
    scope = scope or Scope()
    dataset, other = images.dataset, (asked or images).dataset
    require_validation(other)
    settings, method, normalise = restore(checkpoint)
    for known in (dataset, other):
        require_action(method, known)
    weights = weights_sha256(method.state_dict())
    # Here and not where features are made: they may be there already, and the predictor is still to be asked.
    method = method.to(torch.device(device))
    began = time.monotonic()

    def look(seen: Images) -> Data:
        known = identify(seen.dataset)
        key = feature_key(weights, known.fingerprint, known.images_sha256, preprocessing(settings.recipe, normalise))
        found = extract_features(method, seen, normalise, folder / FEATURES_FOLDER, key, device, progress, note)
        fields, latents = seen.dataset.info.fields, seen.dataset.latents
        return Data(fields, latents, seen.dataset.labels, found.representation, found.embedding)

    taught = look(images)
    shown = taught if asked is None else look(asked)
    features_s = time.monotonic() - began
    val, warnings = measured_objects(dataset, other)
    moved = mover(method.predict, method.action, device) if method.has_predictor and method.action else None
    subject = build_subject(
        taught,
        dataset.indices("train"),
        shown,
        val,
        method.parts,
        moved,
        protocol,
        device,
        tick,
        scope,
    )
    outcomes, told = measure(subject, scope.tasks)
    return Evaluation(
        outcomes,
        [
            *checkpoint.get("imported", {}).get("notes", []),
            *size_warnings(dataset, settings.recipe),
            *origin_warnings(settings, dataset),
            *warnings,
            *told,
        ],
        weights,
        method,
        other,
        dataset,
        scope,
        features_s,
        time.monotonic() - began - features_s,
    )


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


def build_subject(
    taught: Data,
    train: Indices,
    asked: Data,
    val: Indices,
    parts: Parts,
    moved: Callable[[Data, Indices, slice], npt.NDArray[np.float32]] | None,
    protocol: Protocol,
    device: str = "cpu",
    tick: Callable[[int], object] = lambda _: None,
    scope: Scope | None = None,
    normalise: bool = True,
) -> Subject:
    """What tasks measure, with heads and searches that work on a device.

    Args:
        taught, train, asked, val, protocol, normalise: see `Subject`.
        parts: parts of representation and embedding.
        moved: as `Subject.moved`, given the slice of the equivariant part too; None without a predictor.
        device, tick: see `evaluate`.
        scope: what is wanted.
    """
    scope = scope or Scope()
    where = parts.embedding.get(EQUIVARIANT, parts.embedding["all"])

    def finite(data: Data, rows: Indices) -> Floats:
        assert moved is not None
        said = moved(data, rows, where)
        # A comparison with what is no number is false, so that it would rank first.
        if not np.isfinite(said).all():
            raise ThreeDieError("the predictor gives numbers that aren't finite; nothing can be measured on them")
        return said

    return Subject(
        taught=taught,
        train=train,
        asked=asked,
        val=val,
        representation_parts=parts.representation,
        embedding_parts=parts.embedding,
        moved=None if moved is None else finite,
        heads=FeatureHeads(taught, train, protocol, device, tick, scope.head_seeds),
        neighbours=BlockNeighbours(device),
        protocol=protocol,
        evaluation=every_view_first(val, asked.views, protocol.seed),
        head_sources=scope.head_sources,
        normalise=normalise,
    )


def measure(subject: Subject, names: Sequence[str] | None = None) -> tuple[dict[str, Outcome], list[str]]:
    """Every task that applies, or those named, on a subject: outcomes by name, and warnings."""
    chosen = {name: task for name, task in TASKS.items() if names is None or name in names}
    applying = {name: task for name, task in chosen.items() if task.applies(subject)}
    assert isinstance(subject.heads, FeatureHeads)
    for task in applying.values():
        for question in task.questions(subject):
            for source in subject.head_sources:
                for name, part in subject.parts(source).items():
                    subject.heads.plan(question, source, part, name)
    outcomes = {name: task.measure(subject) for name, task in applying.items()}
    warnings = [f"{name}: {line}" for name, outcome in outcomes.items() for line in outcome.warnings]
    warnings += subject.heads.warnings
    if min(subject.taught.views, subject.asked.views) < 2:
        warnings.insert(0, "objects have one view: tasks that compare two views are left out")
    if len(subject.val) < 2:
        warnings.insert(0, "one object is measured: numbers have no interval")
    return outcomes, warnings


def due_tasks(method: Method, dataset: Dataset) -> set[str]:
    """Names of the tasks that a whole evaluation of a method on a dataset asks, from what both are alone."""
    has, views = {known.name for known in dataset.info.fields}, dataset.info.views
    moves = method.has_predictor and method.action is not None

    def is_due(task: Task) -> bool:
        if isinstance(task, Regression):
            return set(task.needs) <= has and views >= task.views
        if isinstance(task, Retrieval):
            return moves and views > 1
        return moves or not isinstance(task, PoseRetrieval)

    return {name for name, task in TASKS.items() if is_due(task)}


def head_count(fields: Sequence[LatentField], parts: int, scope: Scope) -> int:
    """Heads that are trained at most, on a dataset with some latent fields, for a method with so many parts."""
    has = {known.name for known in fields}
    asked = [
        task
        for name, task in TASKS.items()
        if (scope.tasks is None or name in scope.tasks)
        and (isinstance(task, Classification) or (isinstance(task, Regression) and set(task.needs) <= has))
    ]
    return len(asked) * parts * len(scope.head_sources) * scope.head_seeds


def head_steps(protocol: Protocol, heads: int, train_objects: int) -> int:
    """Optimizer steps of some heads together at most."""
    return heads * protocol.head_steps(train_objects - round(protocol.holdout * train_objects))


def mover(predict: Predict, action: str, device: str = "cpu") -> Callable[[Data, Indices, slice], Floats]:
    """A predictor at work on view 0 of objects; see `Subject.moved`.

    All views of an object are predicted from one embedding. Where the prediction is affine in the action, as that of a
    linear hypernetwork is, each is a weighted sum of A + 1 predictions, made once for the object; a look at some rows
    tells whether it is.

    Args:
        predict: equivariant embedding (n, E), action (n, A) -> (n, E).
        action: which action it takes.
        device: `cpu` or `cuda`.
    """
    affine: list[bool] = []

    def moved(data: Data, rows: Indices, part: slice) -> Floats:
        latents = data.latents[rows]
        views = latents.shape[1]
        found = actions(action, data.fields, latents[:, :1].repeat(views, 1), latents)
        moves = torch.from_numpy(found).float().to(device)
        first = torch.from_numpy(np.ascontiguousarray(data.embedding[rows, 0][:, part])).to(device)
        said = np.empty((len(rows), views, first.shape[1]), np.float32)
        step = max(1, _CHUNK // views)
        with torch.inference_mode():
            if not affine:
                # Rows from everywhere: one class after the other, the first ones may all be alike.
                probes = torch.linspace(0, len(first) - 1, min(_PROBES, len(first))).long().to(device)
                few, turned = first[probes], moves[probes]
                one, other = _each(predict, few, turned), _combined(predict, few, turned)
                affine.append(bool((one - other).abs().max() <= _AFFINE * one.abs().max()))
            way = _combined if affine[0] else _each
            for begin in range(0, len(rows), step):
                piece = slice(begin, begin + step)
                said[piece] = way(predict, first[piece], moves[piece]).cpu().numpy()
        return said

    return moved


def _each(predict: Predict, first: Tensor, moves: Tensor) -> Tensor:
    """Predictions (n, V, E) from (n, E) by actions (n, V, A), one by one."""
    count, views, size = moves.shape
    return predict(first.repeat_interleave(views, 0), moves.reshape(-1, size)).float().reshape(count, views, -1)


def _combined(predict: Predict, first: Tensor, moves: Tensor) -> Tensor:
    """The same where they are affine in the action."""
    size = moves.shape[2]
    basis = torch.cat([moves.new_zeros(1, size), torch.eye(size, device=moves.device)])
    corners = _each(predict, first, basis.expand(len(first), -1, -1))
    return corners[:, :1] + moves @ (corners[:, 1:] - corners[:, :1])
