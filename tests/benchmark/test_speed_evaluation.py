"""The plain code of retrieval and of evaluation says what ours does; else comparing their times would say nothing."""

import numpy as np
import pytest
import torch
from speed import plain_evaluation, plain_retrieval, retrieval
from torch import nn

from threedie.benchmark.tasks import TASKS
from threedie.manifests.latents import quaternions


def test_the_plain_loop_finds_what_the_tasks_do(monkeypatch: pytest.MonkeyPatch):
    for name, value in (("OBJECTS", 10), ("VIEWS", 4), ("DIMS", 8)):
        monkeypatch.setattr(retrieval, name, value)
    torch.manual_seed(0)
    subject, weight = retrieval._subject()
    embedding = torch.from_numpy(subject.eval_data.embedding)
    rotations = torch.from_numpy(quaternions(subject.eval_data.latents[..., :3])).float()
    rows = [(int(index), view) for index in subject.eval_objects for view in range(4)]
    moves = {index: retrieval._moves(subject.eval_data, index) for index, _ in rows}
    ranks = [plain_retrieval.rank(weight, embedding[index], moves[index], view) for index, view in rows]
    among = {
        "pre_val_val": torch.from_numpy(subject.eval_objects),
        "pre_val_all": torch.arange(10),
    }
    result = {score.metric: score.value for name in retrieval_tasks() for score in TASKS[name].measure(subject).scores}
    assert np.mean(ranks) == pytest.approx(result["mrr"], abs=1e-6)
    for metric, objects in among.items():
        errors = [
            plain_retrieval.pose_error(
                weight,
                embedding[index, 0],
                moves[index][view],
                rotations[index, view],
                embedding[objects].reshape(-1, 8),
                rotations[objects].reshape(-1, 4),
            )
            for index, view in rows
        ]
        assert np.mean(errors) == pytest.approx(result[metric], abs=1e-5)


def retrieval_tasks() -> tuple[str, ...]:
    return "retrieval", "pose_retrieval"


def test_a_plain_epoch_trains_its_head_and_leaves_the_encoder_s_weights():
    import simplejpeg

    pixels = np.random.default_rng(0).integers(0, 256, (6, 3, 16, 16, 3), np.uint8)
    jpegs = [[simplejpeg.encode_jpeg(np.ascontiguousarray(view)) for view in item] for item in pixels]
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(768, 8), nn.BatchNorm1d(8))
    head = nn.Linear(8, 4)
    before = [each.detach().clone() for each in (encoder[1].weight, head.weight)]
    train, val = (plain_evaluation.Views(jpegs[rows], torch.ones(6, 4)[rows], 2) for rows in (slice(4), slice(4, 6)))
    loss = plain_evaluation.epoch(encoder, head, slice(4), train, val)
    assert np.isfinite(loss)
    assert torch.equal(encoder[1].weight, before[0])
    assert not torch.equal(head.weight, before[1])
