"""The learning rate of each step."""

import math

import torch

from threedie.benchmark.settings.recipe import Recipe

LOWEST = 0.001
"""Where `cosine_thousandth` ends, over the highest rate."""


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """The rate of a step: linear rise during the warm-up, then constant or half a cosine.

    `cosine_thousandth` is the schedule of Barlow Twins' code (Zbontar et al., ICML 2021) and of E-SSL's on ImageNet:
    its warm-up begins at zero, its cosine ends at a thousandth. `cosine_epochs` is that of SimSiam's code (Chen & He,
    CVPR 2021): the rate changes between epochs alone. `late_cosine` is that of E-SSL's code for photonic crystals: it
    spans an epoch more than is trained, and sets the rate of a step after it.
    """
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    total = recipe.epochs * steps_per_epoch
    if recipe.schedule == "cosine_thousandth":
        if step < warmup:
            return recipe.learning_rate * step / warmup
        share = _half_cosine((step - warmup) / (total - warmup))
        return recipe.learning_rate * (share + LOWEST * (1 - share))
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if recipe.schedule == "late_cosine":
        return recipe.learning_rate * _half_cosine(max(0, step - 1 - warmup) / (total + steps_per_epoch - warmup))
    if recipe.schedule == "cosine_epochs":
        first = warmup + (step - warmup) // steps_per_epoch * steps_per_epoch
        return recipe.learning_rate * _half_cosine((first - warmup) / (total - warmup))
    # In float32, as before there were other schedules: finished runs are repeated to the bit.
    return float(
        recipe.learning_rate * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * (step - warmup) / (total - warmup))))
    )


def _half_cosine(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * done))
