"""Random augmentations of batches of pictures, on the network's device."""

from collections.abc import Callable
from typing import Protocol, cast

import kornia.augmentation as augment
from torch import Tensor, nn

from threedie.manifests.actions import ACTIONS, COLOR, TRANSLATION

KINDS = ("none", "essl")
VIEW_AREA = (0.2, 1.0)
"""Share of a picture's area that an augmented view shows."""
JITTER = (0.4, 0.4, 0.4, 0.1)
"""Brightness, contrast, saturation and hue."""
JITTER_ODDS, GRAY_ODDS, FLIP_ODDS = 0.8, 0.2, 0.5


class Augmenter(Protocol):
    """Random augmentations of the inputs of a method."""

    @property
    def changes_nothing(self) -> bool:
        """Whether views stay as they are and no crop is wanted."""
        ...

    def view(self, pictures: Tensor, /) -> Tensor:
        """A view of each picture, of the same shape (B, C, S, S)."""
        ...

    def crop(self, pictures: Tensor, /) -> Tensor | None:
        """The method's third input, `Batch.crop`; None where it wants none."""
        ...


Change = Callable[[Tensor], Tensor]


class Augmentation:
    """Random crop, flip, color jitter and grayscale, with numbers of the augmentations of E-SSL on CIFAR-10.

    Dangovski et al., "Equivariant Contrastive Learning", ICLR 2022, appendix; kornia does the work. What an action
    describes is not augmented away: with any action nothing is flipped (that would mirror the rotation), with one
    that holds hues the colors stay, with one that holds translations nothing is cropped.

    Random numbers come from torch's global generator on the CPU, whose state a checkpoint holds.
    """

    def __init__(
        self,
        kind: str,
        action: str | None = None,
        crop_side: int | None = None,
        crop_area: tuple[float, float] = VIEW_AREA,
    ) -> None:
        """Choose.

        Args:
            kind: `none` or `essl`.
            action: the method's.
            crop_side: width and height in pixels of the small crop that the method wants, if it wants one.
            crop_area: smallest and largest share of the picture's area that the small crop shows.
        """
        if kind not in KINDS:
            raise ValueError(f"augmentation {kind!r}: unknown; choose one of {', '.join(KINDS)}")
        self.kind, self.action, self.crop_side, self.crop_area = kind, action, crop_side, crop_area
        self._fields = frozenset(ACTIONS[action].fields if action else ())
        self._changes: dict[int, Change] = {}

    @property
    def changes_nothing(self) -> bool:
        """Whether views stay as they are and no crop is wanted."""
        return self.kind == "none" and self.crop_side is None

    def view(self, pictures: Tensor) -> Tensor:
        """A view of each picture, (B, 3, S, S) with values in 0 to 1, of the same shape; unchanged with kind `none`."""
        side = pictures.shape[-1]
        if side not in self._changes:
            crop = None if self._fields & {*TRANSLATION} else _crop(side, VIEW_AREA)
            self._changes[side] = self._chain(crop)
        return self._changes[side](pictures)

    def crop(self, pictures: Tensor) -> Tensor | None:
        """A small crop of each picture, (B, 3, S, S) -> (B, 3, h, h), or None where the method wants none."""
        if self.crop_side is None:
            return None
        if 0 not in self._changes:
            crop = _crop(self.crop_side, self.crop_area)
            self._changes[0] = self._chain(crop) if self.kind == "essl" else crop
        return self._changes[0](pictures)

    def _chain(self, crop: nn.Module | None) -> Change:
        if self.kind == "none":
            return lambda pictures: pictures
        steps: list[nn.Module] = [] if crop is None else [crop]
        if not self.action:
            steps.append(augment.RandomHorizontalFlip(p=FLIP_ODDS))
        if not self._fields & {*COLOR}:
            steps += [augment.ColorJitter(*JITTER, p=JITTER_ODDS), augment.RandomGrayscale(p=GRAY_ODDS)]
        return nn.Sequential(*steps)


def _crop(side: int, area: tuple[float, float]) -> nn.Module:
    # Kornia's other mode, `slice`, loops over the pictures: slow on a GPU.
    made = augment.RandomResizedCrop((side, side), scale=area, cropping_mode="resample")
    return cast(nn.Module, made)
