"""Random augmentations of batches of pictures, on the network's device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import kornia.augmentation as augment
from torch import Tensor, nn

from threedie.benchmark.data.crops import RandomCrop
from threedie.manifests.actions import ACTIONS, COLOR, TRANSLATION


@dataclass(frozen=True)
class Look:
    """How often a picture is blurred and solarized."""

    blur: float = 0.0
    solarize: float = 0.0


@dataclass(frozen=True)
class Kind:
    """Numbers of an augmentation.

    Attributes:
        area: share of a picture's area that a view shows.
        jitter: brightness, contrast, saturation and hue.
        view1, view2, crop: what is special to each view and to the small crop.
    """

    area: tuple[float, float]
    jitter: tuple[float, float, float, float]
    view1: Look = Look()
    view2: Look = Look()
    crop: Look = Look()


KINDS: dict[str, Kind] = {
    # The appendix of the paper, for CIFAR-10.
    "essl": Kind((0.2, 1.0), (0.4, 0.4, 0.4, 0.1)),
    # E-SSL's code for ImageNet; views as in Barlow Twins' code, for all methods.
    "imagenet": Kind((0.08, 1.0), (0.4, 0.4, 0.2, 0.1), Look(1.0), Look(0.1, 0.2), Look(0.1)),
}
NONE = "none"
JITTER_ODDS, GRAY_ODDS, FLIP_ODDS = 0.8, 0.2, 0.5
BLUR_SIGMA = (0.1, 2.0)
"""Pixels."""
SOLARIZE_FROM = 0.5
"""Brighter values are inverted."""
_BLUR_KERNEL = 17
"""Pixels: four times the largest sigma on both sides."""


class Augmenter(Protocol):
    """Random augmentations of the inputs of a method."""

    @property
    def changes_nothing(self) -> bool:
        """Whether views stay as they are and no crop is wanted."""
        ...

    def view(self, pictures: Tensor, /, second: bool = False) -> Tensor:
        """A view of each picture, of the same shape (B, C, S, S); the first one or the second."""
        ...

    def cuts(self, side: int) -> list[RandomCrop]:
        """The random crops of both views, of `side` pixels, and of the small crop; none where nothing is cut."""
        ...

    def crop(self, pictures: Tensor, /) -> Tensor | None:
        """The method's third input, `Batch.crop`; None where it wants none."""
        ...


Change = Callable[[Tensor], Tensor]


class Augmentation:
    """Random crop, flip, color jitter, grayscale, and with some kinds blur and solarization.

    Dangovski et al., "Equivariant Contrastive Learning", ICLR 2022, appendix, and its code; kornia does the work. What
    an action describes is not augmented away: with any action nothing is flipped (that would mirror the rotation), with
    one that holds hues the colors stay, with one that holds translations nothing is cropped.

    Random numbers come from torch's global generator on the CPU, whose state a checkpoint holds.
    """

    def __init__(
        self,
        kind: str,
        action: str | None = None,
        crop_side: int | None = None,
        crop_area: tuple[float, float] = KINDS["essl"].area,
        is_cut: bool = False,
        crop_keeps: str | None = None,
    ) -> None:
        """Choose.

        Args:
            kind: `none`, or a key of `KINDS`.
            action: the method's.
            crop_side: width and height in pixels of the small crop that the method wants, if it wants one.
            crop_area: smallest and largest share of the picture's area that the small crop shows.
            is_cut: whether pictures are random crops already, as `cuts` says, and small crops too.
            crop_keeps: change that small crops are spared: `flip`, `gray`, `blur`.
        """
        if kind != NONE and kind not in KINDS:
            raise ValueError(f"augmentation {kind!r}: unknown; choose one of {', '.join((NONE, *KINDS))}")
        self.kind, self.action, self.crop_side, self.crop_area = kind, action, crop_side, crop_area
        self.is_cut, self.crop_keeps = is_cut, crop_keeps
        self._fields = frozenset(ACTIONS[action].fields if action else ())
        self._changes: dict[tuple[str, int], Change] = {}

    @property
    def changes_nothing(self) -> bool:
        """Whether views stay as they are and no crop is wanted."""
        return self.kind == NONE and self.crop_side is None

    def cuts(self, side: int) -> list[RandomCrop]:
        """The random crops of both views, of `side` pixels, and of the small crop if there is one."""
        view = RandomCrop(side, KINDS[self.kind].area)
        return [view, view] + ([] if self.crop_side is None else [RandomCrop(self.crop_side, self.crop_area)])

    def view(self, pictures: Tensor, second: bool = False) -> Tensor:
        """A view of each picture, (B, 3, S, S) with values in 0 to 1, of the same shape; unchanged with kind `none`."""
        if self.kind == NONE:
            return pictures
        numbers, side = KINDS[self.kind], pictures.shape[-1]
        look = numbers.view2 if second else numbers.view1
        # Kinds whose views are alike share their modules.
        which = "view2" if second and look != numbers.view1 else "view1"
        if (which, side) not in self._changes:
            whole = self.is_cut or self._fields & {*TRANSLATION}
            self._changes[which, side] = self._chain(None if whole else _crop(side, numbers.area), look, side)
        return self._changes[which, side](pictures)

    def crop(self, pictures: Tensor) -> Tensor | None:
        """A small crop of each picture, (B, 3, S, S) -> (B, 3, h, h), or None where the method wants none."""
        if self.crop_side is None:
            return None
        if ("crop", 0) not in self._changes:
            crop = None if self.is_cut else _crop(self.crop_side, self.crop_area)
            look = Look() if self.kind == NONE else KINDS[self.kind].crop
            self._changes["crop", 0] = self._chain(crop, look, self.crop_side, self.crop_keeps)
        return self._changes["crop", 0](pictures)

    def _chain(self, crop: nn.Module | None, look: Look, side: int, keeps: str | None = None) -> Change:
        steps: list[nn.Module] = [] if crop is None else [crop]
        if self.kind != NONE:
            if not self.action and keeps != "flip":
                steps.append(augment.RandomHorizontalFlip(p=FLIP_ODDS))
            if not self._fields & {*COLOR}:
                jitter = KINDS[self.kind].jitter
                steps.append(augment.ColorJitter(*jitter, p=JITTER_ODDS))
                if keeps != "gray":
                    steps.append(augment.RandomGrayscale(p=GRAY_ODDS))
            if look.blur and keeps != "blur":
                kernel = min(_BLUR_KERNEL, side - 1 + side % 2)
                steps.append(augment.RandomGaussianBlur((kernel, kernel), BLUR_SIGMA, p=look.blur))
            if look.solarize and not self._fields & {*COLOR}:
                threshold, nothing = (SOLARIZE_FROM, SOLARIZE_FROM), (0.0, 0.0)
                steps.append(augment.RandomSolarize(threshold, nothing, p=look.solarize))
        return nn.Sequential(*steps)


def _crop(side: int, area: tuple[float, float]) -> nn.Module:
    # Kornia's other mode, `slice`, loops over the pictures: slow on a GPU.
    made = augment.RandomResizedCrop((side, side), scale=area, cropping_mode="resample")
    return cast(nn.Module, made)
