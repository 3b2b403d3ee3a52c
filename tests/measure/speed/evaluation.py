"""The whole protocol `sie-v1` for one method against scripts that push images through the encoder in every epoch."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from torch import nn

from speed import plain_evaluation
from speed.comparison import Comparison
from threedie.baselines.method import Method
from threedie.baselines.registry import build_method
from threedie.baselines.resnet import ResNet
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.normalization import Normalization
from threedie.benchmark.evaluation.features import extract_features
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject, measure
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.predictor import view_predictor
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.subject import Data
from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.latents import UNITS, LatentField
from threedie.manifests.objects import ObjectRef

OBJECTS, VIEWS, SIZE, CLASSES = 200, 50, 64, 20
SUBJECT = (
    "protocol sie-v1, SIE with the paper's ResNet-18 and widths, 200 objects (40 for validation) x 50 views, 64 px"
)
HEADS = {
    "classification": (1, CLASSES),
    "absolute_rotation": (1, 4),
    "rotation": (2, 4),
    "color": (2, 2),
    "light": (2, 2),
}
"""The tasks with heads: views and outputs of each."""


def compare() -> Iterator[Comparison]:
    """Ours whole; of the plain way an epoch for each number of views and each part, before ours and after it.

    Its epochs cost the same whatever is asked and however far the head is, so an epoch's seconds are multiplied by the
    300 epochs and by the tasks that look at so many views. Tasks without heads, of which `retrieval` compares two, are
    only in ours. With several seeds of heads the plain way begins anew, ours takes the features as they are: computed
    from the seconds of one seed.
    """
    torch.manual_seed(0)
    rules = PROTOCOLS["sie-v1"]
    assert rules.epochs is not None
    with tempfile.TemporaryDirectory(prefix="3die-bench-") as folder:
        dataset = _dataset(Path(folder, "dataset.h5"))
        method = build_method("sie").to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        plain = [_plain_s(dataset, method, rules.epochs)]
        began = time.perf_counter()
        images = Images(dataset, SIZE)
        features = extract_features(method, images, Normalization((0.5,) * 3, (0.1,) * 3), Path(folder), "bench")
        features_s = time.perf_counter() - began
        fields, latents = dataset.info.fields, dataset.latents
        data = Data(fields, latents, dataset.labels, features.representation, features.embedding)
        train, val = dataset.indices("train"), dataset.indices("val")
        space = FeatureSpace(method.parts, view_predictor(method.predict, "rotation"))
        subject = build_subject(Split(data, train), Split(data, val), space, EvaluationPlan(rules))
        seconds = []
        for names in (set(TASKS) - set(HEADS), set(HEADS)):
            began = time.perf_counter()
            measure(subject, sorted(names))
            seconds.append(time.perf_counter() - began)
        plain.append(_plain_s(dataset, method, rules.epochs))
    searches_s, heads_s = seconds
    for seeds in (1, 3):
        ours = features_s + searches_s + seeds * heads_s
        words = (
            f"all tasks and parts, {seeds} seed{'s' if seeds > 1 else ''} of heads (ours: features {features_s:.0f} s, "
            f"tasks without heads {searches_s:.0f} s, heads {seeds * heads_s:.0f} s)"
        )
        yield Comparison(words, "s", (ours, ours), tuple(seeds * each for each in plain), wanted=100)


def _plain_s(dataset: Dataset, method: Method, epochs: int) -> float:
    """Seconds of the plain way: an epoch for each number of views and part, times epochs and tasks."""
    encoder, hidden = method.backbone, PROTOCOLS["sie-v1"].hidden
    assert isinstance(encoder, ResNet)
    jpegs = [[dataset.jpeg(index, view) for view in range(VIEWS)] for index in range(len(dataset))]
    seconds = 0.0
    for part in method.parts.representation.values():
        width = len(range(*part.indices(encoder.dim)))
        for views in (1, 2):
            names = [name for name, (count, _) in HEADS.items() if count == views]
            sizes = (views * width, hidden, hidden, 4)
            head = nn.Sequential(
                nn.Linear(*sizes[:2]), nn.ReLU(), nn.Linear(*sizes[1:3]), nn.ReLU(), nn.Linear(*sizes[2:])
            )
            target = torch.zeros(len(dataset), 4)
            train, val = (
                plain_evaluation.Views([jpegs[index] for index in rows], target[rows], views)
                for rows in (dataset.indices("train"), dataset.indices("val"))
            )
            began = time.perf_counter()
            plain_evaluation.epoch(encoder, head, part, train, val)
            seconds += (time.perf_counter() - began) * epochs * len(names)
    return seconds


def _dataset(path: Path) -> Dataset:
    generator = np.random.Generator(np.random.PCG64(0))
    names = tuple(UNITS)[:7]
    high = dict.fromkeys(names, np.pi / 2) | {"floor_hue": 1.0, "light_hue": 1.0}
    fields = tuple(LatentField(name, ((0.0, float(high[name])),)) for name in names)
    info = DatasetInfo(
        {"name": "noise"}, fields, 0, "counter", VIEWS, SIZE, "rgb", {"name": "noise"}, {"source": "noise"}
    )
    objects = []
    for index in range(OBJECTS):
        coarse = generator.integers(0, 256, (VIEWS, 8, 8, 3), np.uint8).repeat(8, 1).repeat(8, 2)
        jpegs = [simplejpeg.encode_jpeg(np.ascontiguousarray(view), quality=95) for view in coarse]
        latents = generator.uniform(0, 1, (VIEWS, 7)) * [high[name] for name in names]
        split = "val" if index // CLASSES % 5 == 0 else "train"
        objects.append(DatasetObject(ObjectRef(SYNSETS[index % CLASSES], f"{index:04d}"), split, latents, jpegs))
    total = sum(len(jpeg) for item in objects for jpeg in item.jpegs)
    write_dataset(path, info, [{"renderer": "noise"}], OBJECTS, total, objects)
    return Dataset(path)
