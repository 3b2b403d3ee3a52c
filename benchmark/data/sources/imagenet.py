"""ImageNet in the setting of E-SSL (Dangovski et al., ICLR 2022): a folder of images with the paper's recipes."""

from collections.abc import Sequence
from typing import ClassVar

from threedie.benchmark.data.sources.imagefolder import ImageFolderSource
from threedie.benchmark.settings.recipe import SECTION, SHORT_SECTION

RECIPES = {"barlow_twins": "imagenet-barlow-twins", "simsiam": "imagenet-simsiam"}
"""Method, or base of `essl`, -> its recipe; others have the usual one."""


class ImageNetSource(ImageFolderSource):
    """ImageNet's images in folders of classes; ImageNet-100 and others of the same form too."""

    name: ClassVar[str] = "imagenet"
    default_recipe: ClassVar[str] = "imagenet"

    @classmethod
    def recipe_for(cls, method: str, overrides: Sequence[str] = ()) -> str:
        """The recipe of the method, or of the base of `essl`; see `Source.recipe_for`."""
        base = method
        for words in overrides:
            key, _, value = words.partition("=")
            if key.strip() in (f"{SECTION}.base", f"{SHORT_SECTION}.base"):
                base = value.strip().strip("\"'")
        return RECIPES.get(base, cls.default_recipe)
