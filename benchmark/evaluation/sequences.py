"""Embeddings of several views at once, of methods that aggregate sequences: computed from the features of each view."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from threedie.benchmark.data.pairs import Sequences, every_view_last
from threedie.benchmark.data.source import LabeledViews
from threedie.benchmark.evaluation.features import (
    Features,
    features_key,
    new_features_file,
    open_features,
    sign_features,
)
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.tasks.subject import Floats
from threedie.benchmark.training.divergence import DivergedError
from threedie.benchmark.training.restore import TrainedMethod
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import replacing

_BATCH = 1024
"""Sequences embedded at once."""


def sequence_embeddings(
    model: TrainedMethod, features: Features, dataset: LabeledViews, folder: Path, plan: EvaluationPlan
) -> Floats:
    """The embedding of every view of a dataset, given other views of its object before it.

    Which views these are depends on the protocol and the dataset alone: `protocol.views_per_input` - 1 others at
    random, the same in all evaluations. The method gets the actions between them.

    Args:
        model: the trained method, which must have `embed_sequence`.
        features: its features of the dataset.
        dataset: the dataset.
        folder: where the embeddings are kept, in a file of their own.
        plan: with the protocol.

    Returns:
        float32 (N, V, E).

    Raises:
        DivergedError: a number isn't finite.
        ThreeDieError: objects have fewer views, or the disk is full.
    """
    protocol, method, place = plan.protocol, model.method, torch.device(plan.device)
    count, views = len(dataset), dataset.info.views
    drawn = every_view_last(np.arange(count), views, protocol.views_per_input, protocol.seed)
    text = f"{features_key(model, dataset)} {protocol.views_per_input} {protocol.seed}"
    path = folder / f"embedding-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npy"
    cached = open_features(path, (count, views), plan.reporter.note)
    if cached is not None:
        return cached
    method = method.to(place).eval()
    batches = [drawn[begin : begin + _BATCH] for begin in range(0, len(drawn), _BATCH)]
    with replacing(path) as file, torch.inference_mode():
        output: np.memmap | None = None
        done = 0
        for batch in plan.reporter.bar("sequences", len(batches), "batch", batches):
            embedding = _embed(model, features.representation, dataset, batch, place)
            if not np.isfinite(embedding).all():
                raise DivergedError(
                    f"{folder.parent}: the trained method gives numbers that aren't finite for sequences of "
                    f"{dataset.objects[batch.objects[0]]} or its neighbors; nothing can be measured on it"
                )
            if output is None:
                output = new_features_file(file, (count, views, embedding.shape[1]))
            output.reshape(len(drawn), -1)[done : done + len(batch)] = embedding
            done += len(batch)
        assert output is not None
        output.flush()
        sign_features(file)
    written = open_features(path, (count, views), plan.reporter.note)
    if written is None:
        raise ThreeDieError(f"{path}: the embeddings just written can't be read back; check the disk")
    return written


def _embed(
    model: TrainedMethod, representation: Floats, dataset: LabeledViews, drawn: Sequences, place: torch.device
) -> Floats:
    """Embeddings of some sequences, (B, E)."""
    values = torch.from_numpy(representation[drawn.objects[:, None], drawn.views]).to(place)
    action = model.method.action
    if action is None:
        moves = values.new_zeros(len(drawn), drawn.views.shape[1] - 1, 0)
    else:
        moves = torch.from_numpy(drawn.actions(action, dataset.info.fields, dataset.latents)).float().to(place)
    embedded: Floats = model.method.embed_sequence(values, moves).float().cpu().numpy()
    return embedded
