"""The encoder network for unit cells of photonic crystals."""

from torch import Tensor, nn

from threedie.baselines.encoder import Encoder

NAME = "cell_cnn"
"""The network's name in recipes."""
SIDE = 32
"""Width and height in pixels of the cells it takes."""
_KERNEL = 7
_POOLS = (2, 4, 4)
"""Sides of the max-pools; together they bring 32 pixels to one."""


class CellEncoder(Encoder):
    """Three convolutions of 7 x 7, each with batch-norm, ReLU and max-pool, then two linear layers.

    The network of Dangovski et al., "Equivariant Contrastive Learning", ICLR 2022, for photonic crystals, as in its
    authors' code: with width 64 it has 64, 256 and 256 channels and a representation of 1024 numbers, without an
    activation at its end. Convolutions are padded with zeros, though cells are periodic: that is how it can see where
    in the cell an inclusion lies.

    Args:
        width: channels of the first convolution, w; the others have 4 w, the linear layers 16 w.

    Attributes:
        dim: width of the representation, 16 w.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        if width < 1:
            raise ValueError(f"width {width}: the number of channels after the first convolution must be positive")
        channels = (1, width, 4 * width, 4 * width)
        layers: list[nn.Module] = []
        for before, after, pool in zip(channels, channels[1:], _POOLS, strict=False):
            convolution = nn.Conv2d(before, after, _KERNEL, padding=_KERNEL // 2)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True), nn.MaxPool2d(pool)]
        self.dim = 16 * width
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        self.linear = nn.Sequential(
            nn.Linear(channels[-1], self.dim), nn.ReLU(inplace=True), nn.Linear(self.dim, self.dim)
        )

    def fitting_side(self, side: int) -> int:
        """32: it takes whole cells alone."""
        return SIDE

    def forward(self, cells: Tensor) -> Tensor:
        """Normalized permittivities (N, 1, 32, 32) -> representation (N, `dim`).

        Raises:
            ValueError: another shape.
        """
        if cells.ndim != 4 or cells.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"cells must be (N, 1, {SIDE}, {SIDE}), got {tuple(cells.shape)}")
        representation: Tensor = self.linear(self.convolutions(cells))
        return representation
