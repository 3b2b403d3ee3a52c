"""Features of your own, from any framework, scored on every task of the benchmark. Here: colors on a coarse grid.

python score_features.py [DATASET]
"""

import sys

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader

import threedie

GRID = 4
BATCH_SIZE = 256


def extract(images: Tensor) -> Tensor:
    """Your features: images, uint8 (B, 3, S, S) -> (B, D)."""
    return F.adaptive_avg_pool2d(images.float() / 255, GRID).flatten(1)


def main(path: str) -> None:
    """Extract the features of every view, score them, and print each number beside its floor."""
    dataset = threedie.Dataset(path)
    # Object by object and view by view, as the scores want them. With a trained run's network instead of `extract`:
    # backbone = threedie.load_backbone("runs/..."); views = threedie.ViewDataset(dataset, **backbone.view_options)
    views = threedie.ViewDataset(dataset)
    features = torch.cat([extract(batch.image) for batch in DataLoader(views, BATCH_SIZE, num_workers=2)])

    result = threedie.evaluate_features(
        dataset.latents,
        features.numpy(),
        labels=dataset.labels,
        split=dataset.splits,
        protocol="quick",
    )
    print(f"{result.dimensions} dimensions, measured on {result.measured_objects} objects")
    for (task, metric), score in result.scores.items():
        print(f"{task:<20} {metric:<26} {score.value:8.3f}   floor {score.floor:8.3f}")
    for task, reason in result.left_out.items():
        print(f"{task:<20} left out: {reason}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "3die-data/dataset.h5")
