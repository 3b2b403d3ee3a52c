"""Finite sets of transformations of images: what E-SSL is made sensitive to, or invariant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor
from torch.nn import functional as F

Change = Callable[[Tensor], Tensor]

QUARTER_TURNS = 4
BLUR_SIGMAS = (0.0, 0.5, 1.0, 2.0)
"""Standard deviations of the four blurs, in pixels."""
LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a gray value (ITU-R BT.601)."""
MOST_AT_ONCE = 4
"""Of larger sets, so many members are drawn for each image in a step."""


@dataclass(frozen=True)
class Transformation:
    """A set of transformations, whose first member changes nothing.

    Attributes:
        about: in words.
        members: each takes images (N, 3, S, S), normalized, and gives as many of the same shape.
        augmentation: name of the random change of images that would blur the difference between members, and that small
            crops are therefore spared: `flip`, `gray`, `blur`; None if none does.
    """

    about: str
    members: Sequence[Change]
    augmentation: str | None = None

    def all_members(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Every image under every member, or under four that are drawn: (N, ...) -> (K N, ...), (K N,) int64.

        The second is the number of the member of each; all images under the first come first.

        Raises:
            ValueError: images that aren't square.
        """
        _check_square(images)
        count = len(self.members)
        if count <= MOST_AT_ONCE:
            changed = torch.cat([member(images) for member in self.members])
            return changed, torch.arange(count, device=images.device).repeat_interleave(len(images))
        drawn = torch.rand(len(images), count).argsort(1)[:, :MOST_AT_ONCE].T.reshape(-1)
        return self.by_number(images.repeat(MOST_AT_ONCE, 1, 1, 1), drawn), drawn.to(images.device)

    def at_random(self, images: Tensor) -> Tensor:
        """Each image under a member that is drawn from torch's global generator: the same shape.

        Raises:
            ValueError: images that aren't square.
        """
        _check_square(images)
        return self.by_number(images, torch.randint(len(self.members), (len(images),)))

    def by_number(self, images: Tensor, numbers: Tensor) -> Tensor:
        """Each image (N, ...) under the member of its number (N,)."""
        result = images.clone()
        for number in numbers.unique().tolist():
            rows = (numbers == number).nonzero().squeeze(1).to(images.device)
            result[rows] = self.members[number](images[rows])
        return result


def _check_square(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[2] != images.shape[3]:
        raise ValueError(f"images must be (N, 3, S, S), got {tuple(images.shape)}")


def _unchanged(images: Tensor) -> Tensor:
    return images


def _turned(quarters: int) -> Change:
    return lambda images: torch.rot90(images, quarters, (2, 3))


def _shuffled(order: Sequence[int]) -> Change:
    """The quarters of each image in another order; with an odd side the last row and column stay."""

    def change(images: Tensor) -> Tensor:
        half = images.shape[-1] // 2
        places = [
            (slice(half * row, half * (row + 1)), slice(half * at, half * (at + 1))) for row in (0, 1) for at in (0, 1)
        ]
        result = images.clone()
        for place, source in zip(places, order, strict=True):
            result[..., place[0], place[1]] = images[..., places[source][0], places[source][1]]
        return result

    return change


def _blurred(sigma: float) -> Change:
    def change(images: Tensor) -> Tensor:
        reach = min(int(3 * sigma + 0.5), images.shape[-1] - 1)
        offsets = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
        weights = torch.exp(-offsets.square() / (2 * sigma**2))
        kernel = (weights / weights.sum()).expand(images.shape[1], 1, -1)
        padded = F.pad(images, (reach, reach, reach, reach), mode="reflect")
        rows = F.conv2d(padded, kernel[:, :, None, :], groups=images.shape[1])
        return F.conv2d(rows, kernel[:, :, :, None], groups=images.shape[1])

    return change


def _gray(images: Tensor) -> Tensor:
    weights = torch.tensor(LUMINANCE, device=images.device, dtype=images.dtype).view(1, 3, 1, 1)
    return (images * weights).sum(1, keepdim=True).expand_as(images)


def _shifted(down: int, right: int) -> Change:
    """Rolled by half of the height, of the width, or of both."""

    def change(images: Tensor) -> Tensor:
        return torch.roll(images, (down * (images.shape[2] // 2), right * (images.shape[3] // 2)), (2, 3))

    return change


TRANSFORMATIONS: dict[str, Transformation] = {
    "image_rotation": Transformation(
        "counter-clockwise turns by 0, 90, 180 and 270 degrees",
        (_unchanged, *(_turned(quarters) for quarters in range(1, QUARTER_TURNS))),
    ),
    "half_shift": Transformation(
        "shifts by half of neither side, of the width, of the height and of both",
        (_unchanged, _shifted(0, 1), _shifted(1, 0), _shifted(1, 1)),
    ),
    "vertical_flip": Transformation("upside down or not", (_unchanged, lambda images: images.flip(2))),
    "horizontal_flip": Transformation(
        "left and right exchanged or not", (_unchanged, lambda images: images.flip(3)), augmentation="flip"
    ),
    "jigsaw": Transformation(
        "the 24 orders of the four quarters", tuple(_shuffled(order) for order in permutations(range(4)))
    ),
    "blur": Transformation(
        "Gaussian blur with standard deviations of 0, 0.5, 1 and 2 pixels",
        (_unchanged, *(_blurred(sigma) for sigma in BLUR_SIGMAS[1:])),
        augmentation="blur",
    ),
    # Inputs are normalized: the mean color, which is near the middle, stays.
    "inversion": Transformation("colors inverted around the mean color or not", (_unchanged, torch.neg)),
    "grayscale": Transformation("gray or in color", (_unchanged, _gray), augmentation="gray"),
}
"""By the name of the method's option."""

NONE, ACTION = "none", "action"
TARGETS = (*TRANSFORMATIONS, ACTION, NONE)
"""What E-SSL may predict: a transformation, the action between two views, or nothing."""


def check_choices(target: str, invariance: str, action: str) -> None:
    """Refuse targets and invariances that aren't known, or don't go together; see `essl.ESSL`.

    Raises:
        ValueError: names the option.
    """
    if target not in TARGETS:
        raise ValueError(f"target {target!r}: not known; choose one of {', '.join(TARGETS)}")
    if invariance != NONE and invariance not in TRANSFORMATIONS:
        choices = ", ".join((*TRANSFORMATIONS, NONE))
        raise ValueError(f"invariance {invariance!r}: not known; choose one of {choices}")
    if invariance == target != NONE:
        raise ValueError(f"invariance {invariance!r}: is the target too; a method is sensitive to it or invariant")
    if target != ACTION and action != "rotation":
        raise ValueError(f"action {action!r}: nothing is regressed with target {target!r}; leave it out")
