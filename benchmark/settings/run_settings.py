"""What decides the weights a run ends with."""

from dataclasses import dataclass
from typing import Any

from threedie.benchmark.settings.recipe import Recipe
from threedie.manifests.errors import ThreeDieError


@dataclass(frozen=True)
class Settings:
    """Everything that decides the weights a run ends with.

    Attributes:
        method: name of the method.
        recipe: how it is trained.
        seed: decides initial weights, pairs and order; None where another program trained, and nobody knows.
        fingerprint, images_sha256: the dataset's settings and latents, and its pixels; None where nobody knows.
    """

    method: str
    recipe: Recipe
    seed: int | None
    fingerprint: str | None
    images_sha256: str | None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**self.__dict__, "recipe": self.recipe.to_json()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Settings":
        """Back from `to_json`.

        Raises:
            ThreeDieError: an entry is unknown, missing or of the wrong type.
        """
        for key, expected in _SETTINGS.items():
            if key not in value:
                raise ThreeDieError(f"settings: {key} is missing")
            if not isinstance(value[key], expected) or isinstance(value[key], bool):
                raise ThreeDieError(f"settings: {key} is {value[key]!r:.80}")
        if value["seed"] is not None and not 0 <= value["seed"] < 2**32:
            raise ThreeDieError(f"settings: seed is {value['seed']!r:.40}; it must be from 0 to 4294967295")
        for key in value:
            if key not in _SETTINGS:
                raise ThreeDieError(
                    f"settings: {key!r:.40} is unknown; is the file of a newer version of this program?"
                )
        return cls(**{**value, "recipe": Recipe.from_json(value["recipe"])})


_SETTINGS: dict[str, tuple[type, ...]] = {
    "method": (str,), "recipe": (dict,), "seed": (int, type(None)), "fingerprint": (str, type(None)),
    "images_sha256": (str, type(None)),
}  # fmt: skip
