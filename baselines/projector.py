"""The projector: the multilayer perceptron between representation and embedding."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

Widths = str | int | Sequence[int]


def parse_widths(widths: Widths) -> tuple[int, ...]:
    """Layer widths (`"2048-2048-2048"`, a sequence, or one number) as positive integers; empty text gives none.

    Raises:
        ValueError: a width that is no positive integer.
    """
    widths = str(widths) if isinstance(widths, int) else widths
    parts = (widths.split("-") if widths else []) if isinstance(widths, str) else list(widths)
    try:
        numbers = tuple(int(part) for part in parts)
    except ValueError:
        raise ValueError(f"widths {widths!r}: write whole numbers joined by '-', as 2048-2048-2048") from None
    if any(number < 1 for number in numbers):
        raise ValueError(f"widths {widths!r}: every width must be positive")
    return numbers


def split_widths(widths: Widths, part: int, whole: int) -> tuple[int, ...]:
    """The share part / whole of each width: what a projector gives to a part of the representation.

    Raises:
        ValueError: a width that can't be divided in that ratio.
    """
    numbers = parse_widths(widths)
    for number in numbers:
        if number * part % whole:
            raise ValueError(f"projector width {number} can't be split in the ratio {part} of {whole} dimensions")
    return tuple(number * part // whole for number in numbers)


def build_projector(
    dim: int, widths: Widths, *, final_norm: bool = False, final_affine: bool = False, final_bias: bool = False
) -> nn.Sequential:
    """Linear, batch-norm, ReLU for each width but the last; then a linear layer without bias. (N, dim) -> (N, last
    width).

    The form of VICReg (Bardes, Ponce & LeCun, ICLR 2022). Batch-norm takes the statistics of one view, because
    views pass one after the other.

    Args:
        dim: width of the input.
        widths: of the layers, e.g. `"2048-2048-2048"`; the last is the embedding's.
        final_norm: whether a batch-norm comes last.
        final_affine: whether that one has weights.
        final_bias: whether the last linear layer has a bias.

    Raises:
        ValueError: no width, or one that is no positive integer.
    """
    numbers = parse_widths(widths)
    if not numbers:
        raise ValueError("projector: give at least one width, e.g. 2048-2048-2048")
    layers: list[nn.Module] = []
    for before, after in pairwise((dim, *numbers[:-1])):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(inplace=True)]
    last_input = numbers[-2] if len(numbers) > 1 else dim
    layers.append(nn.Linear(last_input, numbers[-1], bias=final_bias))
    if final_norm:
        layers.append(nn.BatchNorm1d(numbers[-1], affine=final_affine))
    return nn.Sequential(*layers)


HEADS = ("usual", "shared_norm", "separate_norm")
"""Forms of projectors and prediction heads: this program's usual ones, or `build_biased_head` with its two norms."""


def check_heads(heads: str) -> None:
    """ValueError for an unknown form of heads."""
    if heads not in HEADS:
        raise ValueError(f"heads {heads!r}: not known; choose one of {', '.join(HEADS)}")


class SharedNormHead(nn.Module):
    """Hidden layers that share one batch-norm, with its weights and running statistics, then a linear layer.

    E-SSL's code for photonic crystals has such heads; a hidden layer is linear with bias, batch-norm, ReLU.

    Args:
        dim: width of the input.
        hidden: widths of the hidden layers, all the same.
        outputs: width of the output.

    Raises:
        ValueError: hidden layers of different widths, or none.
    """

    def __init__(self, dim: int, hidden: Sequence[int], outputs: int):
        super().__init__()
        if len(set(hidden)) != 1:
            raise ValueError(f"hidden layers of widths {list(hidden)} can't share a batch-norm; give equal widths")
        widths = (dim, *hidden, outputs)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.norm = nn.BatchNorm1d(hidden[0])

    def forward(self, x: Tensor) -> Tensor:
        """(N, dim) -> (N, outputs)."""
        *hidden, last = self.layers
        for layer in hidden:
            x = self.norm(layer(x)).relu()
        output: Tensor = last(x)
        return output


def build_biased_head(dim: int, hidden: Widths, outputs: int, heads: str) -> nn.Module:
    """Linear, batch-norm, ReLU for each hidden width, then a linear layer, all with biases: (N, dim) -> (N, outputs).

    Args:
        dim: width of the input.
        hidden: widths of the hidden layers.
        outputs: width of the output.
        heads: `shared_norm` (see `SharedNormHead`) or `separate_norm`.

    Raises:
        ValueError: widths that don't fit.
    """
    widths = parse_widths(hidden)
    if heads == "shared_norm":
        return SharedNormHead(dim, widths, outputs)
    return build_projector(dim, (*widths, outputs), final_bias=True)


def build_prediction_head(dim: int, hidden: Widths, outputs: int, heads: str, last_relu: bool = True) -> nn.Module:
    """E-SSL's prediction head: a perceptron with layer-norms, or `build_biased_head`; (N, dim) -> (N, outputs).

    Raises:
        ValueError: widths that don't fit.
    """
    if heads == "usual":
        return build_perceptron(dim, hidden, outputs, layer_norm=True, last_relu=last_relu)
    return build_biased_head(dim, hidden, outputs, heads)


def build_perceptron(
    dim: int, hidden: Widths, outputs: int, layer_norm: bool = False, last_relu: bool = True
) -> nn.Sequential:
    """Linear and ReLU for each hidden width, then a linear layer: (N, dim) -> (N, outputs).

    Args:
        dim: width of the input.
        hidden: widths of the hidden layers; empty for a linear layer alone.
        outputs: width of the output.
        layer_norm: whether a layer-norm comes before each ReLU.
        last_relu: whether the last hidden layer has a ReLU too.

    Raises:
        ValueError: a width that is no positive integer.
    """
    widths = (dim, *parse_widths(hidden))
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        norm = [nn.LayerNorm(after)] if layer_norm else []
        layers += [nn.Linear(before, after), *norm, nn.ReLU(inplace=True)]
    if layers and not last_relu:
        layers.pop()
    return nn.Sequential(*layers, nn.Linear(widths[-1], outputs))
