"""How hard the procedural library is: a linear probe on pixels, told classes of objects it has never seen.

    python tests/measure/library.py DATASET.h5

Prints top-1 and top-5 on the validation objects, all views, with the floor (the largest class). What a supervised
network reaches on the same dataset says `3die bench run supervised --data DATASET.h5`, task classification, part all.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from threedie.benchmark.data.images import Images
from threedie.manifests.dataset import Dataset

EPOCHS, BATCH, RATE = 60, 512, 1e-3
DECAYS = (1e-3, 1e-2, 1e-1)


def views(images: Images, objects: np.ndarray) -> torch.Tensor:
    """(objects x views, size x size x 3), float32, from -1 to 1."""
    count = images.dataset.info.views
    pixels = images.take(np.repeat(objects, count), np.tile(np.arange(count), len(objects)))
    return torch.from_numpy(pixels.reshape(len(pixels), -1)).float() / 127.5 - 1


def probe(train: torch.Tensor, labels: torch.Tensor, classes: int, decay: float) -> torch.nn.Linear:
    """A linear layer, trained by AdamW from zero weights with a cosine schedule."""
    generator = torch.Generator().manual_seed(0)
    layer = torch.nn.Linear(train.shape[1], classes)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.AdamW(layer.parameters(), RATE, weight_decay=decay)
    steps = EPOCHS * -(-len(train) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        for index in torch.randperm(len(train), generator=generator).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(layer(train[index]), labels[index]).backward()
            optimizer.step()
            schedule.step()
    return layer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    dataset = Dataset(parser.parse_args().dataset)
    images = Images(dataset, 64)
    names = sorted({ref.synset for ref in dataset.objects})
    label = np.repeat([names.index(ref.synset) for ref in dataset.objects], dataset.info.views)
    by_object = label.reshape(len(dataset), -1)
    splits = {split: dataset.indices(split) for split in ("train", "val")}
    x = {split: views(images, objects) for split, objects in splits.items()}
    y = {split: torch.from_numpy(by_object[objects].ravel()) for split, objects in splits.items()}
    mean, deviation = x["train"].mean(0), x["train"].std(0)
    x = {split: (values - mean) / deviation for split, values in x.items()}
    floor = torch.bincount(y["val"]).max().item() / len(y["val"])
    print(f"{len(splits['train'])} training and {len(splits['val'])} validation objects, {dataset.info.views} views")
    for decay in DECAYS:
        layer = probe(x["train"], y["train"], len(names), decay)
        right = layer(x["val"]).topk(5).indices == y["val"][:, None]
        top1, top5 = right[:, 0].float().mean().item(), right.any(1).float().mean().item()
        print(f"weight decay {decay:g}: top-1 {top1:.3f}, top-5 {top5:.3f}; floor {floor:.3f}", flush=True)


if __name__ == "__main__":
    main()
