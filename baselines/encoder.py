"""What methods need of an encoder network."""

from abc import ABC, abstractmethod

from torch import nn


class Encoder(nn.Module, ABC):
    """A network from inputs (N, C, H, W) to representations (N, `dim`).

    Attributes:
        dim: width of the representation.
    """

    dim: int

    @abstractmethod
    def fitting_side(self, side: int) -> int:
        """The largest width and height in pixels, up to `side`, that the network takes, or its smallest one."""
