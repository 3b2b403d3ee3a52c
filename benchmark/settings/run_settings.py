"""What decides the weights a run ends with."""

import dataclasses
from typing import Annotated, Any

from pydantic import ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from threedie.benchmark.settings.defaults import MAX_SEED
from threedie.benchmark.settings.recipe import Recipe
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.fields import Must, Text, Whole, field_name, first_error


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class RunSettings:
    """Everything that decides the weights a run ends with.

    Attributes:
        method: name of the method.
        recipe: how it is trained.
        seed: decides initial weights, pairs and order; None if unknown, for weights of another program.
        fingerprint, images_sha256: the dataset's settings and latents, and its pixels; None if unknown.

    Raises:
        ThreeDieError: an entry is unknown, missing or of the wrong type.
    """

    method: Text
    recipe: Recipe
    seed: Annotated[Whole, Must(lambda seed: 0 <= seed <= MAX_SEED, f"from 0 to {MAX_SEED}")] | None
    fingerprint: Text | None
    images_sha256: Text | None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "RunSettings":
        """Back from `to_json`, also of an older version.

        Raises:
            ThreeDieError: an entry is unknown, missing or of the wrong type.
        """
        for key in value:
            if not isinstance(key, str):
                raise ThreeDieError(f"settings: {shown_value(key)} is unknown")
        recipe = value.get("recipe")
        return cls(**{**value, **({"recipe": Recipe.from_json(recipe)} if isinstance(recipe, dict) else {})})

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, value: Any, handler: ModelWrapValidatorHandler["RunSettings"]) -> "RunSettings":
        try:
            return handler(value)
        except ValidationError as error:
            wrong = first_error(error, tuple(item.name for item in dataclasses.fields(cls)))
            name = field_name(wrong.path, ": ")
            if wrong.kind == "unknown":
                raise ThreeDieError(
                    f"settings: {name!r} is unknown; is the file of a newer version of this program?"
                ) from error
            what = "is missing" if wrong.kind == "missing" else wrong.sentence()
            raise ThreeDieError(f"settings: {name} {what}") from error
