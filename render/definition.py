"""Definitions of published datasets: readable files that say which models are rendered how, and the fingerprint."""

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, ConfigDict
from pydantic.dataclasses import dataclass

from threedie.manifests.classes import parse_classes
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import FieldError, Must, Number, Text, Whole, field_name, unexpected
from threedie.manifests.suggest import suggest
from threedie.render.preset import preset_names
from threedie.render.quality import QUALITIES
from threedie.render.ranges import RANGES
from threedie.render.sampling import SAMPLERS
from threedie.render.settings_file import SUFFIX, packaged_names, parse_settings, settings_text

if TYPE_CHECKING:
    from threedie.render.models.generated_source import GeneratedSource

_FOLDER = "datasets"
_FINGERPRINT = re.compile("[0-9a-f]{64}")

UNDEFINED = ("models", "manifest", "samples", "denoiser")
"""Fields of a request that also decide what a dataset is, and that no definition sets."""


def _classes(value: Any) -> tuple[str, ...] | str:
    """`all`, or a list of names of classes."""
    names = value if isinstance(value, list) and all(isinstance(name, str) for name in value) else None
    if not names and value != "all":
        raise unexpected(value, 'a list of names of classes, or "all"')
    try:
        parse_classes(",".join(names or ["all"]))
    except ThreeDieError as error:
        raise unexpected(value, f"names of classes: {error}") from error
    return tuple(names) if names else "all"


def _in_range(field: str) -> Must:
    low, high = RANGES[field]
    bounds = f"of {low:,} or more" if high is None else f"from {low:,} to {high:,}"
    return Must(lambda value: low <= value <= (value if high is None else high), f"a whole number {bounds}")


def _one_of(names: list[str]) -> Must:
    return Must(lambda name: name in names, f"one of {', '.join(names)}")


Line = Annotated[Text, Must(lambda text: bool(text) and text.isprintable(), "a text in one line")]
Amount = Annotated[Number, Must(lambda amount: 0 < amount < 1e9, "a number above 0")]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class DatasetDefinition:
    """A published dataset of generated models. The fields are those of its file.

    Attributes:
        name: what `--dataset` takes.
        title: what tables call it.
        purpose: what it is for, in a sentence.
        classes: names of the classes, or `all`.
        objects: objects per class.
        model_seed: seed of the models.
        model_version: version of the generators (`threedie.render.models.synth.library.VERSION`) it is made with.
        preset: name of a preset.
        views: views per object.
        size: width and height in pixels.
        quality: name of a quality.
        sampler: `counter` or `reference`.
        seed: seed of the latents.
        fingerprint: what the dataset's fingerprint must be; None where it isn't published yet.
        megabytes: size of the dataset file, in 10^6 bytes.
        minutes: how long two cores take to render it.
    """

    name: Line
    title: Line
    purpose: Line
    classes: Annotated[tuple[str, ...] | str, BeforeValidator(_classes)]
    objects: Annotated[Whole, _in_range("objects")]
    model_seed: Annotated[Whole, _in_range("seed")]
    model_version: Annotated[Whole, Must(lambda version: version >= 1, "a whole number of 1 or more")]
    preset: Annotated[Text, _one_of(preset_names())]
    views: Annotated[Whole, _in_range("views")]
    size: Annotated[Whole, _in_range("size")]
    quality: Annotated[Text, _one_of(list(QUALITIES))]
    sampler: Annotated[Text, _one_of(list(SAMPLERS))]
    seed: Annotated[Whole, _in_range("seed")]
    fingerprint: Annotated[Text, Must(_FINGERPRINT.fullmatch, "64 digits 0 to f")] | None = None
    megabytes: Amount | None = None
    minutes: Amount | None = None

    @property
    def synsets(self) -> tuple[str, ...]:
        """Synset ids of the classes, sorted."""
        return parse_classes(self.classes if isinstance(self.classes, str) else ",".join(self.classes))

    @property
    def options(self) -> dict[str, Any]:
        """Every field of a request that decides what the dataset is, with its value."""
        names = ("classes", "objects", "preset", "views", "size", "quality", "sampler", "seed")
        return {**{name: getattr(self, name) for name in names}, **dict.fromkeys(UNDEFINED)}

    def compare(self, fingerprint: str) -> str | None:
        """How a fingerprint differs from the published one, in a sentence; None if it is that, or none is published."""
        if self.fingerprint in (None, fingerprint):
            return None
        return f"the fingerprint is {fingerprint}, and that of {self.name} is {self.fingerprint}"

    def open_models(self, cache: Path) -> "GeneratedSource":
        """The models, which are written to `cache` when they are first needed.

        Raises:
            ThreeDieError: this program's generators are of another version.
        """
        from threedie.render.models.generated_source import GeneratedSource  # noqa: PLC0415 - lists need no generators
        from threedie.render.models.synth.library import VERSION  # noqa: PLC0415

        if self.model_version != VERSION:
            raise ThreeDieError(
                f"dataset {self.name}: needs version {self.model_version} of the model generators, and this program "
                f"has version {VERSION}; use a version of 3die with the former"
            )
        return GeneratedSource(cache, self.model_seed, self.objects)


def definition_names() -> list[str]:
    """Names of the files of published datasets that come with the program: the datasets' names in lower case."""
    return packaged_names(_FOLDER)


def load_definition(name: str | Path) -> DatasetDefinition:
    """Load the definition of a dataset by its name, in any case, or from a file whose path ends in `.toml`.

    Raises:
        ThreeDieError: no such dataset, or a mistake in its file; the message names the field.
    """
    path = str(name)
    text = settings_text(path if path.endswith(SUFFIX) else path.lower(), _FOLDER, "published dataset")
    return parse_settings(text, path, DatasetDefinition, _sentence)


def _sentence(wrong: FieldError, raw: dict[str, Any]) -> str:
    name = field_name(wrong.path)
    if wrong.kind == "missing":
        return f"{name} is missing"
    if wrong.kind == "unknown":
        known = [field.name for field in fields(DatasetDefinition)]
        return f"{name} is not a setting: {suggest(wrong.name, known)}"
    return f"{name} {wrong.sentence()}"
