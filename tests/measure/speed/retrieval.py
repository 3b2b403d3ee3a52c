"""MRR, H@k and PRE against a Python loop over queries."""

import time
from collections.abc import Iterator

import numpy as np
import torch

from speed import plain_retrieval
from speed.comparison import Comparison
from threedie.baselines.hypernetwork import HypernetworkPredictor
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.predictor import view_predictor
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.subject import Data, Indices, Subject
from threedie.manifests.latents import ROTATION, LatentField, actions, quaternions

SUBJECT = "MRR, H@k and PRE on each split, 200 objects (40 for validation) x 50 views, 1024 dimensions"
OBJECTS, VIEWS, DIMS = 200, 50, 1024
ROUNDS = 3
QUERIES = {"retrieval": 40, "val": 24, "train": 12}
"""Queries of the plain way that are timed in a round; each costs as much as any other, so the rest is multiplied."""


def compare() -> Iterator[Comparison]:
    """Each task of ours whole; of the plain way some queries, times how many more there are."""
    subject, weight = _subject()
    data, everything = subject.eval_data, torch.from_numpy(subject.eval_data.embedding.reshape(-1, DIMS))
    rotations = torch.from_numpy(quaternions(data.latents[..., :3]).reshape(-1, 4)).float()
    moves = [_moves(data, index) for index in range(OBJECTS)]
    embedding = torch.from_numpy(data.embedding)
    val = torch.from_numpy((subject.eval_objects[:, None] * VIEWS + np.arange(VIEWS)).reshape(-1))
    train = torch.from_numpy((subject.train_objects[:, None] * VIEWS + np.arange(VIEWS)).reshape(-1))

    def ranks() -> float:
        began = time.perf_counter()
        for query in range(QUERIES["retrieval"]):
            index = int(subject.eval_objects[query % len(subject.eval_objects)])
            plain_retrieval.rank(weight, embedding[index], moves[index], (7 * query) % VIEWS)
        return (time.perf_counter() - began) * len(subject.eval_objects) * VIEWS / QUERIES["retrieval"]

    def poses(objects: Indices, among: torch.Tensor | None, count: int) -> float:
        targets = everything if among is None else everything[among]
        turned = rotations if among is None else rotations[among]
        began = time.perf_counter()
        for query in range(count):
            index, view = int(objects[query % len(objects)]), (7 * query) % VIEWS
            wanted = rotations[index * VIEWS + view]
            plain_retrieval.pose_error(weight, embedding[index, 0], moves[index][view], wanted, targets, turned)
        return (time.perf_counter() - began) * len(objects) * VIEWS / count

    times: dict[str, list[tuple[float, float]]] = {"retrieval": [], "pose_retrieval": []}
    for turn in range(ROUNDS + 1):
        for name, found in times.items():
            began = time.perf_counter()
            TASKS[name].measure(subject)
            ours = time.perf_counter() - began
            if name == "retrieval":
                plain = ranks()
            else:
                plain = poses(subject.train_objects, train, QUERIES["train"])
                plain += poses(subject.eval_objects, val, QUERIES["val"]) + poses(
                    subject.eval_objects, None, QUERIES["val"]
                )
            # The first round warms up.
            if turn:
                found.append((ours, plain))
    for name, words in (("retrieval", "MRR and H@k"), ("pose_retrieval", "PRE on each split")):
        ours_s, plain_s = zip(*times[name], strict=True)
        yield Comparison(words, "s", ours_s, plain_s, wanted=50)


def _subject() -> tuple[Subject, torch.Tensor]:
    generator = np.random.Generator(np.random.PCG64(0))
    fields = [LatentField(name, ((-np.pi / 2, np.pi / 2),)) for name in ROTATION]
    latents = generator.uniform(-np.pi / 2, np.pi / 2, (OBJECTS, VIEWS, 3))
    embedding = generator.standard_normal((OBJECTS, VIEWS, DIMS), np.float32)
    data = Data(fields, latents, np.zeros(OBJECTS, np.int64), embedding, embedding)
    val = np.arange(0, OBJECTS, 5)
    predictor = HypernetworkPredictor(DIMS, 4)

    train = np.setdiff1d(np.arange(OBJECTS), val)
    weight = predictor.hypernet.net[-1].weight.detach()  # type: ignore[index, union-attr]
    space, plan = FeatureSpace(predictor=view_predictor(predictor, "rotation")), EvaluationPlan(PROTOCOLS["sie-v1"])
    return build_subject(Split(data, train), Split(data, val), space, plan), weight


def _moves(data: Data, index: int) -> torch.Tensor:
    latents = data.latents[index]
    return torch.from_numpy(actions("rotation", data.fields, latents[:1].repeat(VIEWS, 0), latents)).float()
