"""A record of features that another program computed for every view of a dataset, for the tables."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from threedie.baselines.method import Parts
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.source import LabeledViews, Source
from threedie.benchmark.data.sources import find_source
from threedie.benchmark.evaluation.arrays import FeatureArrays
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject, measure
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.requirements import few_objects_warnings, require_training, require_validation
from threedie.benchmark.records.build import FEATURES_RECIPE, FeaturesOf, build_feature_record, plain_name, run_name
from threedie.benchmark.records.draws import DRAWS_FILE, main_draws, write_draws
from threedie.benchmark.records.environment import Provenance
from threedie.benchmark.records.record import RECORD_FILE, Record, read_record, weights_of, write_record
from threedie.benchmark.runs.folder import run_lock
from threedie.benchmark.runs.measurement import record_path
from threedie.benchmark.tasks.subject import Data
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import columns

UNKNOWN_METHOD = "features of another program: on what data and how long its method was trained isn't known"
_SAME_LATENT = 1e-4
"""Latents that were saved in single precision differ by less."""


@dataclass(frozen=True, eq=False)
class FeatureMeasurement:
    """Features, the dataset they are of, and how they are measured.

    Attributes:
        arrays: the features, an embedding of every view of the dataset.
        source: the dataset.
        plan: rules, seeds of heads, device and reporter.
        name: of the method in tables.
        seed: of its training, for one of several runs; None if unknown.
        out: folder that gets a folder for the record.
        normalize: whether embeddings are compared at length 1 in retrieval.
    """

    arrays: FeatureArrays
    source: Source
    plan: EvaluationPlan
    name: str
    seed: int | None
    out: Path
    normalize: bool = True

    @classmethod
    def create(
        cls, arrays: FeatureArrays, data: Path | None, plan: EvaluationPlan, **options: Any
    ) -> "FeatureMeasurement":
        """Open the dataset of some features; nothing is written yet.

        Args:
            arrays: the features.
            data: dataset file; None for the usual place.
            plan: rules, seeds of heads, device and reporter.
            options: `name`, `seed`, `out`, `normalize`: see the attributes.

        Raises:
            ThreeDieError: the dataset can't be used, or isn't the one that the features are of.
        """
        source = find_source().open(data, plan.reporter)
        require_training(source.dataset)
        require_validation(source.dataset)
        check_dataset(arrays, source.dataset)
        return cls(arrays, source, plan, **options)

    @property
    def folder(self) -> Path:
        """Where the record goes."""
        return self.out / run_name(plain_name(self.name), FEATURES_RECIPE, self.seed)

    def run(self) -> tuple[Record, Path]:
        """Measure, and write the record and its draws; gives the record and its file.

        Raises:
            ThreeDieError: predictions aren't finite, the folder has the record of something else, or a file can't be
                written.
        """
        provenance, folder = Provenance.find(self.plan.device), self.folder
        with run_lock(folder, report=self.plan.reporter.wait):
            self._check_folder(folder)
            file = record_path(folder, self.plan.protocol, identify(self.source.dataset).fingerprint)
            record, draws = self._measure(provenance)
            # Before the record, which says that all is there.
            write_draws(file.with_name(DRAWS_FILE), record, draws)
            write_record(file, record)
        return record, file

    def _measure(self, provenance: Provenance) -> tuple[Record, Any]:
        began, dataset, arrays = time.monotonic(), self.source.dataset, self.arrays
        features = arrays.embeddings
        data = Data(dataset.info.fields, dataset.latents, dataset.labels, features, features)
        # The predictor reads the arrays' own latents, which may be fewer.
        given = Data(arrays.fields, arrays.latents, dataset.labels, features, features)
        space = FeatureSpace(
            Parts(),
            (lambda _, objects, dims: arrays.predict_views(given, objects, dims)) if arrays.has_predictions else None,
            self.normalize,
        )
        subject = build_subject(
            Split(data, dataset.indices("train")), Split(data, dataset.indices("val")), space, self.plan
        )
        try:
            outcomes, warnings = measure(subject)
        except ThreeDieError as error:
            raise ThreeDieError(f"{arrays.source}: {error}") from error
        record = build_feature_record(
            FeaturesOf(self.name, self.seed, arrays.source, features_sha256(arrays), features.shape[2], self.normalize),
            outcomes,
            [ResultWarning(UNKNOWN_METHOD), *few_objects_warnings(dataset), *warnings],
            self.plan,
            self.source.describe(),
            provenance,
            time.monotonic() - began,
        )
        return record, main_draws(outcomes)

    def _check_folder(self, folder: Path) -> None:
        """Refuse a folder with a record of other features, which would be lost."""
        for file in (folder / RECORD_FILE, *folder.glob(f"*/{RECORD_FILE}")):
            if file.exists() and weights_of(read_record(file)) != features_sha256(self.arrays):
                raise ThreeDieError(
                    f"{file}: the record of other features or of a run; give another --record, --seed or --out, or "
                    "remove it"
                )


def check_dataset(arrays: FeatureArrays, dataset: LabeledViews) -> None:
    """Refuse arrays that aren't of every view of a dataset, in its order.

    Raises:
        ThreeDieError: names the array and the first object that differs.
    """
    where = f"{arrays.source}: {{}}: {{}} {dataset.path}: compute features of every view of it, in its order"
    shape = dataset.latents.shape[:2]
    if arrays.latents.shape[:2] != shape:
        count, views = arrays.latents.shape[:2]
        wrong = f"of {count} objects x {views} views, and {shape[0]} x {shape[1]} are in"
        raise ThreeDieError(where.format("latents", wrong))
    own = dataset.latents[..., columns(dataset.info.fields, [field.name for field in arrays.fields])]
    differences = {
        "latents": (np.abs(arrays.latents - own) > _SAME_LATENT).any(axis=(1, 2)),
        "labels": np.zeros(len(own), bool) if arrays.labels is None else _differing(arrays.labels, dataset.labels),
        "split": np.zeros(len(own), bool),
    }
    if arrays.split is not None:
        differences["split"][dataset.indices("train")] = arrays.split[dataset.indices("train")] != "train"
        differences["split"][dataset.indices("val")] = arrays.split[dataset.indices("val")] != "val"
    for name, differing in differences.items():
        if differing.any():
            first = int(np.flatnonzero(differing)[0])
            wrong = f"differ from object {first} ({dataset.objects[first]}) on from those of"
            raise ThreeDieError(where.format(name, wrong))


def features_sha256(arrays: FeatureArrays) -> str:
    """SHA-256 of features and of their predictor or predictions."""
    digest = hashlib.sha256()
    for name in ("embeddings", "predictor", "predicted"):
        array = getattr(arrays, name)
        if array is not None:
            digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _differing(labels: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Objects whose labels contradict those of earlier objects; names of classes may be others."""
    forward: dict[int, int] = {}
    backward: dict[int, int] = {}
    return np.array([
        forward.setdefault(int(one), int(two)) != two or backward.setdefault(int(two), int(one)) != one
        for one, two in zip(labels, own, strict=True)
    ])  # fmt: skip
