"""Evaluating features from any framework, given as arrays, on every task that they allow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from threedie.baselines.method import Parts
from threedie.benchmark.evaluation.arrays import FeatureArrays
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject, measure
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.settings.defaults import DEFAULT_PROTOCOL
from threedie.benchmark.settings.protocol import Protocol, find_protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome, Score
from threedie.benchmark.tasks.subject import EMBEDDING, Data
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.benchmark.training.device import find_device
from threedie.manifests.errors import ThreeDieError, one_line, shown_value

_NEEDS = {"predictor": "predictor or predicted", "train_objects": "split with two training objects or more"}
"""Need of a task -> the array that provides it, where the names differ."""
_NO_HEADS = "--no-heads"


@dataclass(frozen=True, eq=False)
class FeatureEvaluation:
    """The result for some features.

    Attributes:
        objects, views, dimensions: of the features.
        measured_on: `val` with a split, `all` without one.
        measured_objects: how many.
        normalized: whether embeddings were compared at length 1.
        protocol: the rules.
        head_seeds: how many times each head was trained; 0 where none was.
        outcomes: scores and breakdowns of each task that was measured, by name.
        left_out: why a task wasn't measured, by name.
        warnings: what to know before believing a number.
    """

    objects: int
    views: int
    dimensions: int
    measured_on: str
    measured_objects: int
    normalized: bool
    protocol: Protocol
    head_seeds: int
    outcomes: Mapping[str, Outcome]
    left_out: Mapping[str, str]
    warnings: list[ResultWarning]

    @property
    def scores(self) -> dict[tuple[str, str], Score]:
        """All scores by task and metric."""
        return {(name, score.metric): score for name, outcome in self.outcomes.items() for score in outcome.scores}

    def to_json(self) -> dict[str, Any]:
        """As plain JSON: what `3die bench score` gives."""
        rules = self.protocol
        heads = {"protocol": rules.name, "version": rules.version, "seeds": self.head_seeds}
        return {
            "objects": self.objects,
            "views": self.views,
            "dimensions": self.dimensions,
            "measured_on": self.measured_on,
            "measured_objects": self.measured_objects,
            "normalised": self.normalized,
            "heads": heads if self.head_seeds else None,
            "results": [
                {"task": name, "version": TASKS[name].version, **score.to_json()}
                for name, outcome in self.outcomes.items()
                for score in outcome.scores
            ],
            "breakdowns": [
                {"task": name, "version": TASKS[name].version, **breakdown.to_json()}
                for name, outcome in self.outcomes.items()
                for breakdown in outcome.breakdowns
            ],
            "left_out": dict(self.left_out),
            "warnings": [str(warning) for warning in self.warnings],
        }


def evaluate_features(
    latents: npt.ArrayLike,
    embeddings: npt.ArrayLike,
    *,
    predictor: npt.ArrayLike | None = None,
    predicted: npt.ArrayLike | None = None,
    labels: npt.ArrayLike | None = None,
    split: npt.ArrayLike | None = None,
    protocol: str | Protocol = DEFAULT_PROTOCOL,
    normalize: bool = True,
    heads: bool = True,
    seeds: int = 1,
    device: str = "cpu",
) -> FeatureEvaluation:
    """Every metric that features of N objects x V views allow, whatever made them; arrays may be torch tensors.

    Tasks that need another array are listed in `left_out` with what they need. The arrays of a file that
    `numpy.savez` wrote can be passed as `evaluate_features(**numpy.load(path))`.

    Args:
        latents: (N, V, L), in the order of a dataset file: three Euler angles of the rotation in radians (L = 3), then
            floor hue in turns, light theta and phi in radians, light hue in turns (L = 7), then a translation in
            Blender units (L = 10).
        embeddings: (N*V, D), the views of object 0, then those of object 1, ...; or (N, V, D).
        predictor: (A, D, D): view 0's embedding x moves to the sum of a_k W_k x under an action a; A = 4 is the
            relative quaternion, A = 6 that and the changes of the two hues.
        predicted: instead of `predictor`: the embedding predicted for each view from view 0 of its object, (N*V, D) or
            (N, V, D).
        labels: class of each object, integers or text, (N,).
        split: `train` or `val` for each object, (N,); heads are trained on the former, the latter are measured.
        protocol: how heads are trained: a name from `3die bench list`, or the rules themselves. Neighbors are searched
            among all objects, whatever it says.
        normalize: whether embeddings are compared at length 1 in retrieval, by cosine.
        heads: whether heads are trained; without them only tasks that need none are measured.
        seeds: how many times each head is trained.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        ThreeDieError: an array has another shape or type, isn't finite, or predictions aren't; it is named.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise ThreeDieError(f"seeds {shown_value(seeds)}: give 1 or more")
    measured = _array("latents", latents)
    arrays = {"latents": measured, "embeddings": _rows("embeddings", embeddings, measured)}
    if predicted is not None:
        arrays["predicted"] = _rows("predicted", predicted, measured)
    others = {"predictor": predictor, "labels": labels, "split": split}
    arrays |= {name: _array(name, value) for name, value in others.items() if value is not None}
    rules = protocol if isinstance(protocol, Protocol) else find_protocol(protocol)
    return evaluate_arrays(FeatureArrays.of(arrays), rules, normalize, heads, seeds, find_device(device))


def evaluate_arrays(
    arrays: FeatureArrays,
    protocol: Protocol,
    normalize: bool = True,
    heads: bool = True,
    seeds: int = 1,
    device: str = "cpu",
) -> FeatureEvaluation:
    """Every metric that checked arrays allow; see `evaluate_features`.

    Raises:
        ThreeDieError: predictions aren't finite, or a protocol for embeddings of several views.
    """
    if protocol.views_per_input > 1:
        raise ThreeDieError(
            f"protocol {protocol.name}: for methods that aggregate views; features are measured as they are, by "
            f"{protocol.base_name}"
        )
    count, views, dims = arrays.embeddings.shape
    labels = np.zeros(count, np.int64) if arrays.labels is None else arrays.labels
    features = arrays.embeddings
    data = Data(arrays.fields, arrays.latents, labels, features, features, arrays.labels is not None)
    rules = replace(protocol, nearest_objects=None, bank_objects=None)
    subject = build_subject(
        Split(data, arrays.objects("train")),
        Split(data, arrays.objects("val")),
        FeatureSpace(Parts(), arrays.predict_views if arrays.has_predictions else None, normalize),
        EvaluationPlan(rules, Scope(head_seeds=seeds, head_sources=(EMBEDDING,)), device),
    )
    # The arrays are one kind of feature: they are measured once, as embeddings.
    subject = replace(subject, representation_parts={})
    left_out = {}
    for name, task in TASKS.items():
        missing = task.missing(subject)
        if task.needs.network:
            # No array could be it.
            continue
        if missing:
            left_out[name] = f"needs {' and '.join(_NEEDS.get(need, words) for need, words in missing.items())}"
        elif task.needs.heads and not heads:
            left_out[name] = _NO_HEADS
    names = [name for name in TASKS if name not in left_out]
    try:
        outcomes, warnings = measure(subject, names)
    except ThreeDieError as error:
        raise ThreeDieError(f"{arrays.source}: {error}") from error
    if arrays.split is None:
        outcomes = {name: _without_split(name, outcome) for name, outcome in outcomes.items()}
    return FeatureEvaluation(
        objects=count,
        views=views,
        dimensions=dims,
        measured_on="all" if arrays.split is None else "val",
        measured_objects=len(subject.eval_objects),
        normalized=normalize,
        protocol=rules,
        head_seeds=seeds if any(TASKS[name].needs.heads for name in names) else 0,
        outcomes=outcomes,
        left_out=left_out,
        warnings=warnings,
    )


def _rows(name: str, value: Any, latents: npt.NDArray) -> npt.NDArray:
    """Features of views as rows: (N, V, D) as (N*V, D)."""
    array = _array(name, value)
    return array.reshape(-1, array.shape[2]) if array.ndim == 3 and array.shape[:2] == latents.shape[:2] else array


def _array(name: str, value: Any) -> npt.NDArray:
    """An array or a tensor, of any device and with gradients, as an array."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        # NumPy has no bfloat16.
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ThreeDieError(f"{name}: can't be made an array ({one_line(error)})") from error


def _without_split(name: str, outcome: Outcome) -> Outcome:
    """An outcome whose metrics that name a split have the names that they have without one."""
    metrics = {metric.name: metric.unsplit_name for metric in TASKS[name].metrics if metric.unsplit_name}
    scores = [replace(score, metric=metrics.get(score.metric, score.metric)) for score in outcome.scores]
    return replace(outcome, scores=scores)
