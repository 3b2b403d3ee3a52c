"""The encoder networks: ResNet-18, 34 and 50 (He et al. 2016), narrow or standard, with torchvision's weight names."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from threedie.baselines.encoder import Encoder

FORMS = ("original", "torchvision", "cifar")
SIDE_STEP = 32
"""Pixels: a network halves its input five times."""
CIFAR_STEP = 8
"""Pixels: form `cifar` halves it three times."""


class ResNet(Encoder):
    """A residual network up to and with its global average pooling: images (N, 3, H, W) -> values (N, `dim`).

    Three forms, with the same weight names (torchvision's, without `fc`) but for one:

    - `torchvision`: the usual network. Loads torchvision's own weights.
    - `original`: the ResNet-18 of the authors of 3DIEBench. Its strided layers pad on the right and below only, the
      second convolution of a block carries the stride, and the first block of the first layer has a projection too
      (`layer1.0.downsample.*`). Its numbers differ from torchvision's in the second digit.

    - `cifar`: torchvision's, but begun by a 3 x 3 convolution of stride 1 and without pooling after it, for pictures of
      32 pixels (Chen & He, CVPR 2021, appendix D). The blocks' last batch-norms start from one, as in its users' code.

    Convolutions start from He's normal distribution (fan out), batch-norms from one and zero, and the last batch-norm
    of each block from zero, so that every block begins as the identity (Goyal et al. 2017, section 5.1).

    Attributes:
        dim: width of the representation: 8 x `width` with basic blocks (ResNet-18, 34), 32 x `width` with bottlenecks.
    """

    def __init__(self, blocks: tuple[int, int, int, int], bottleneck: bool, form: str = "original", width: int = 64):
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"form {form!r}: not known; choose one of {', '.join(FORMS)}")
        if form == "original" and bottleneck:
            raise ValueError("form 'original' is defined for resnet18 and resnet34 only; take form 'torchvision'")
        if width < 1:
            raise ValueError(f"width {width}: the number of channels after the first convolution must be positive")
        self.form = form
        if form == "cifar":
            self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=0 if form == "original" else 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for index, count in enumerate(blocks):
            inner = width * 2**index
            layer: list[nn.Module] = []
            for position in range(count):
                stride = 2 if index > 0 and position == 0 else 1
                if bottleneck:
                    layer.append(Bottleneck(channels, inner, stride))
                    channels = 4 * inner
                else:
                    layer.append(BasicBlock(channels, inner, stride, form, first=position == 0))
                    channels = inner
            self.add_module(f"layer{index + 1}", nn.Sequential(*layer))
        self.dim = channels
        _initialize(self, zero_last=form != "cifar")

    def fitting_side(self, side: int) -> int:
        """The largest width and height in pixels, up to `side`, that this form takes, or its smallest one."""
        if self.form == "cifar":
            return max(8, side)
        return max(SIDE_STEP, side // SIDE_STEP * SIDE_STEP)

    def map_side(self, side: int) -> int:
        """Width and height of `feature_map` for images of `side` pixels."""
        return -(-side // (CIFAR_STEP if self.form == "cifar" else SIDE_STEP))

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W), normalized -> globally average-pooled values (N, `dim`).

        Raises:
            ValueError: another shape; with form `original`, sides that don't halve evenly at every layer.
        """
        return self.feature_map(images).mean(dim=(2, 3))

    def feature_map(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W), normalized -> the last layer's values before pooling (N, `dim`, h, w).

        Raises:
            ValueError: another shape; with form `original`, sides that don't halve evenly at every layer.
        """
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"images must be (N, 3, H, W), got {tuple(images.shape)}")
        if self.form == "original":
            height, width = images.shape[2:]
            if min(height, width) < 32 or height // 4 % 8 or width // 4 % 8:
                raise ValueError(f"images of {height} x {width}: form 'original' takes sides that are multiples of 32")
            x = F.relu(self.bn1(self.conv1(F.pad(images, (2, 3, 2, 3)))))
            # Overhanging windows on the right and below do what a border of -1e4 did there, without a copy.
            x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)
        elif self.form == "cifar":
            x = F.relu(self.bn1(self.conv1(images)))
        else:
            x = F.max_pool2d(F.relu(self.bn1(self.conv1(images))), 3, stride=2, padding=1)
        for index in range(1, 5):
            x = self.get_submodule(f"layer{index}")(x)
        return x


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut: (N, C_in, H, W) -> (N, C, H / stride, W / stride)."""

    def __init__(self, channels_in: int, channels: int, stride: int, form: str, first: bool):
        super().__init__()
        self.trailing_pad = form == "original" and stride > 1
        stride1, stride2 = (1, stride) if form == "original" else (stride, 1)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride2, padding=0 if self.trailing_pad else 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        projects = stride > 1 or channels_in != channels or (form == "original" and first)
        self.downsample = _shortcut(channels_in, channels, stride) if projects else None

    def forward(self, x: Tensor) -> Tensor:
        """The block's output, after its last ReLU."""
        y = F.relu(self.bn1(self.conv1(x)))
        if self.trailing_pad:
            y = F.pad(y, (0, 1, 0, 1))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 (which carries the stride) and 1 x 1 convolution: (N, C_in, H, W) -> (N, 4 C, H / stride, ...)."""

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * channels)
        projects = stride > 1 or channels_in != 4 * channels
        self.downsample = _shortcut(channels_in, 4 * channels, stride) if projects else None

    def forward(self, x: Tensor) -> Tensor:
        """The block's output, after its last ReLU."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def _shortcut(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels))


@torch.no_grad()
def _initialize(network: nn.Module, zero_last: bool) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, BasicBlock) and zero_last:
            nn.init.zeros_(module.bn2.weight)
        elif isinstance(module, Bottleneck) and zero_last:
            nn.init.zeros_(module.bn3.weight)


BACKBONES: dict[str, tuple[tuple[int, int, int, int], bool]] = {
    "resnet18": ((2, 2, 2, 2), False),
    "resnet34": ((3, 4, 6, 3), False),
    "resnet50": ((3, 4, 6, 3), True),
}


def build_backbone(name: str = "resnet18", form: str = "original", width: int = 64) -> ResNet:
    """A backbone by name.

    Args:
        name: `resnet18`, `resnet34` or `resnet50`.
        form: `original`, `torchvision` or `cifar`, see `ResNet`.
        width: channels after the first convolution: 64 is standard, 16 makes a network for laptops.

    Raises:
        ValueError: unknown name or form, or a form the network doesn't have.
    """
    if name not in BACKBONES:
        raise ValueError(f"backbone {name!r}: not known; choose one of {', '.join(BACKBONES)}")
    blocks, bottleneck = BACKBONES[name]
    return ResNet(blocks, bottleneck, form, width)
