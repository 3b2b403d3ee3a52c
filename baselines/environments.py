"""Environments of contexts: which part of the actions their views follow, and which is hidden; drawn for each batch."""

import torch
from torch import Tensor, nn

from threedie.manifests.actions import QUATERNION_SIZE

ACTION = "rotation_color"
COLUMNS = {"rotation": slice(0, QUATERNION_SIZE), "color": slice(QUATERNION_SIZE, None)}
"""Parts of that action, and where they lie in it."""
PARTS = {"rotation": ("rotation",), "color": ("color",), "both": ("rotation", "color")}
"""Environment -> the parts of actions that it shows."""
MIXED, MIXED_FROM = "mixed", ("rotation", "color")
_ODD = 0x9E3779B1
"""Multiples of this modulo 2^32 are far from each other."""


class Environments(nn.Module):
    """The environment of each batch, and the random numbers of its masks.

    They are a function of a seed and of the number of steps done, which are kept as a buffer: so all processes draw the
    same, and a run that is resumed goes on as it would have. The seed comes from torch's global generator.

    Args:
        action: `rotation_color`.
        trained: `mixed`, `rotation`, `color` or `both`.
        evaluated: one of the latter three; None for the trained one, `rotation` for `mixed`.

    Attributes:
        evaluated: as above, never None.

    Raises:
        ValueError: an unknown environment or action, or an evaluated environment that isn't trained.
    """

    progress: Tensor

    def __init__(self, action: str, trained: str, evaluated: str | None):
        super().__init__()
        if action != ACTION:
            raise ValueError(f"action {action!r}: context_ssl hides a part of it and needs {ACTION}")
        if trained not in (MIXED, *PARTS):
            raise ValueError(f"environment {trained!r}: choose one of {', '.join((MIXED, *PARTS))}")
        possible = MIXED_FROM if trained == MIXED else (trained,)
        if evaluated not in (None, *possible):
            raise ValueError(f"context_environment {evaluated!r}: trained are {', '.join(possible)}")
        self.trained, self.evaluated = trained, evaluated or possible[0]
        self.register_buffer("progress", torch.stack([torch.randint(2**32, ()), torch.zeros((), dtype=torch.int64)]))

    def shown(self, action: Tensor, environment: str) -> Tensor:
        """Actions (N, A) as views of an environment have them: hidden parts are zero."""
        shown = torch.zeros_like(action)
        for part in PARTS[environment]:
            shown[:, COLUMNS[part]] = action[:, COLUMNS[part]]
        return shown

    def draw(self, layers: int, length: int) -> tuple[str, Tensor]:
        """The environment of the next batch, and uniform numbers for its masks, (layers, T, T / 2) on the CPU."""
        seed, steps = self.progress.tolist()
        generator = torch.Generator().manual_seed((seed + _ODD * steps) % 2**32)
        drawn = MIXED_FROM[int(torch.randint(2, (), generator=generator))]
        numbers = torch.rand(layers, length, length // 2, generator=generator)
        return drawn if self.trained == MIXED else self.trained, numbers

    @torch.no_grad()
    def advance(self) -> None:
        """A step is done."""
        self.progress[1] += 1
