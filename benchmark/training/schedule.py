"""The learning rate of each step."""

import math

import torch

from threedie.benchmark.settings.recipe import Recipe


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """The rate of a step: linear rise during the warm-up, then constant or half a cosine down to zero.

    E-SSL's code for photonic crystals trains one epoch less than its cosine spans, and sets the rate of a step after
    it: schedule `late_cosine`.
    """
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if recipe.schedule == "late_cosine":
        share = max(0, step - 1 - warmup) / ((recipe.epochs + 1) * steps_per_epoch - warmup)
        return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
    total = recipe.epochs * steps_per_epoch
    return float(
        recipe.learning_rate * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * (step - warmup) / (total - warmup))))
    )
