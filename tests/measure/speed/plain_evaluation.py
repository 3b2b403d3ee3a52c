"""Evaluation the plain way: images from files through a frozen encoder again and again, for each task and part."""

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

MEAN, STD = torch.tensor((0.5016, 0.5037, 0.5060)), torch.tensor((0.1030, 0.0999, 0.0969))


class Views(Dataset):
    """One random view, or two, of each object, decoded when asked for; JPEG bytes of all views, and targets."""

    def __init__(self, jpegs: Sequence[Sequence[bytes]], targets: Tensor, views: int) -> None:
        self.jpegs, self.targets, self.views = jpegs, targets, views

    def __len__(self) -> int:
        return len(self.jpegs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randperm(len(self.jpegs[index]))[: self.views]
        images = []
        for view in chosen:
            pixels = np.array(Image.open(io.BytesIO(self.jpegs[index][view])).convert("RGB"))
            images.append(((torch.from_numpy(pixels) / 255 - MEAN) / STD).permute(2, 0, 1))
        return torch.stack(images), self.targets[index]


def epoch(encoder: nn.Module, head: nn.Module, part: slice, train: Views, val: Views, batch: int = 256) -> float:
    """One epoch of a head on a part of the frozen representation, and its look at the validation objects: their loss.

    The encoder's batch-norm is in training mode while the head trains, as in the original.
    """
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)

    def loss(images: Tensor, target: Tensor) -> Tensor:
        with torch.no_grad():
            seen = [encoder(images[:, view])[:, part] for view in range(images.shape[1])]
        said = head(torch.cat(seen, 1))
        if target.ndim == 1:
            return nn.functional.cross_entropy(said, target)
        return nn.functional.mse_loss(said, target)

    encoder.train()
    for images, target in DataLoader(train, batch, shuffle=True):
        optimizer.zero_grad()
        loss(images, target).backward()
        optimizer.step()
    encoder.eval()
    with torch.no_grad():
        return sum(float(loss(images, target)) for images, target in DataLoader(val, batch))
