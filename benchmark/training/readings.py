"""Values of training steps, kept on the device and read many at once, so that no step waits for them."""

import torch
from torch import Tensor

_ON_CPU, _ON_GPU = 1, 20
"""Steps between two readings."""


class Readings:
    """Named scalars of the steps since the last reading. All steps have the same names."""

    def __init__(self, device: torch.device) -> None:
        """Prepare.

        Args:
            device: where the values are; on a CPU they can be read after every step at no cost.
        """
        self.every = _ON_CPU if device.type == "cpu" else _ON_GPU
        self._waiting: list[dict[str, Tensor]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def due(self) -> bool:
        """Whether enough steps wait."""
        return len(self) >= self.every

    def add(self, values: dict[str, Tensor]) -> None:
        """Keep the values of one step."""
        self._waiting.append(values)

    def read(self) -> list[dict[str, float]]:
        """The values of each step since the last reading, in their order; waits for the device once."""
        if not self._waiting:
            return []
        rows = torch.stack([torch.stack(list(values.values())) for values in self._waiting]).cpu().double().tolist()
        read = [dict(zip(values, row, strict=True)) for values, row in zip(self._waiting, rows, strict=True)]
        self._waiting = []
        return read
