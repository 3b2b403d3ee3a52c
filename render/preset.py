"""Presets: readable files that say what is sampled and what the scene is made of."""

import math
import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, ValidatorFunctionWrapHandler
from pydantic.annotated_handlers import GetCoreSchemaHandler
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_wrap_validator_function, typed_dict_field, typed_dict_schema

from threedie.manifests.fields import FieldError, Must, Text, Whole, field_name, unexpected
from threedie.manifests.latents import REQUIRED_FIELDS, UNITS, LatentField
from threedie.manifests.suggest import suggest
from threedie.render.settings_file import packaged_names, parse_settings, settings_text

_FRACTION_OF_PI = re.compile(r"(?P<sign>-?)(?P<times>\d+(\.\d+)?)? ?\*? ?pi( ?/ ?(?P<by>\d+(\.\d+)?))?")
_CLOSED = ConfigDict(extra="forbid")
_FOLDER = "presets"


def _real(value: Any) -> float:
    """A number, or a text such as `-pi/4`, as a float.

    Raises:
        PydanticCustomError: it is neither, or isn't finite.
    """
    result = math.inf
    if isinstance(value, str) and (match := _FRACTION_OF_PI.fullmatch(value.strip())):
        sign, by = -1.0 if match["sign"] else 1.0, float(match["by"] or 1)
        result = sign * float(match["times"] or 1) * math.pi / by if by else math.inf
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**1023:
        result = float(value)
    if not math.isfinite(result):
        raise unexpected(value, 'a number, or a fraction of pi such as "-pi/4"')
    return result


def _ranges(value: Any) -> tuple[tuple[float, float], ...]:
    """One number, one range [low, high] or several, as closed ranges.

    Raises:
        PydanticCustomError: it is none of these, a range is empty, or two overlap.
    """
    if not isinstance(value, list):
        fixed = _real(value)
        return ((fixed, fixed),)
    rows = value if value and all(isinstance(row, list) for row in value) else [value]
    ranges = []
    for row in rows:
        if len(row) != 2:
            raise unexpected(row, "a range [low, high]")
        low, high = _real(row[0]), _real(row[1])
        if low > high:
            raise unexpected(row, "[low, high]: low is above high")
        ranges.append((low, high))
    for (_, end), (begin, _) in zip(sorted(ranges), sorted(ranges)[1:], strict=False):
        if begin < end:
            raise unexpected(value, "ranges that don't overlap")
    return tuple(ranges)


Real = Annotated[float, BeforeValidator(_real)]
Ranges = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_ranges)]
Title = Annotated[Text, Must(bool, "a text")]


@dataclass(frozen=True, config=_CLOSED)
class Camera:
    """Camera at spherical (distance, theta, phi), aimed at the origin; angles in radians, lengths in Blender units."""

    distance: Real
    theta: Real
    phi: Real
    field_of_view: Real
    clip_start: Real
    clip_end: Real


@dataclass(frozen=True, config=_CLOSED)
class Floor:
    """Lambertian plane of color HSV(floor hue, saturation, value)."""

    height: Real
    width: Real
    saturation: Real
    value: Real


@dataclass(frozen=True, config=_CLOSED)
class Sun:
    """Light from straight above; `angle` is its angular size."""

    strength: Real
    angle: Real


@dataclass(frozen=True, config=_CLOSED)
class Spot:
    """Colored light at spherical (distance, light theta, light phi), aimed at the origin; power in watts."""

    power: Real
    cone: Real
    blend: Real
    radius: Real
    distance: Real
    saturation: Real
    value: Real


@dataclass(frozen=True, config=_CLOSED)
class World:
    """Light from everywhere."""

    gray: Annotated[Real, Field(validation_alias=AliasChoices("grey", "gray"))]


@dataclass(frozen=True, config=_CLOSED)
class Jpeg:
    """How images are compressed."""

    quality: Annotated[Whole, Must(lambda quality: 1 <= quality <= 100, "a whole number from 1 to 100")]


class _LatentsOfFile:
    """Annotation of latent fields: a preset's file has a table of ranges by name."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        ranges = handler.generate_schema(Ranges)
        entries = {name: typed_dict_field(ranges, required=name in REQUIRED_FIELDS) for name in UNITS}
        table = typed_dict_schema(entries, extra_behavior="forbid")
        return no_info_wrap_validator_function(self._fields, table)

    @staticmethod
    def _fields(value: Any, table: ValidatorFunctionWrapHandler) -> tuple[LatentField, ...]:
        if isinstance(value, tuple) and all(isinstance(each, LatentField) for each in value):
            return value
        ranges = table(value)
        return tuple(LatentField(name, ranges[name]) for name in UNITS if name in ranges)


@dataclass(frozen=True, config=_CLOSED)
class Preset:
    """Everything about a dataset that isn't an object, a seed or a render quality. Its fields are those of its file."""

    name: Title
    description: Title
    image_size: Annotated[Whole, Must(lambda size: 8 <= size <= 8192, "a whole number from 8 to 8192")]
    channel_order: Literal["rgb", "bgr"]
    jpeg: Jpeg
    latents: Annotated[tuple[LatentField, ...], _LatentsOfFile()]
    camera: Camera
    floor: Floor
    sun: Sun
    spot: Spot
    world: World

    @property
    def jpeg_quality(self) -> int:
        """From 1 to 100."""
        return self.jpeg.quality

    def to_json(self) -> dict[str, Any]:
        """The constants as plain JSON, without what a dataset states by itself: size, channel order, fields."""
        return {
            "name": self.name,
            "jpeg_quality": self.jpeg.quality,
            "camera": asdict(self.camera),
            "floor": asdict(self.floor),
            "sun": asdict(self.sun),
            "spot": asdict(self.spot),
            # As dataset files have it, and the fingerprints made of them.
            "world": {"grey": self.world.gray},
        }


def preset_names() -> list[str]:
    """Names of the presets that come with the program."""
    return packaged_names(_FOLDER)


def load_preset(name: str | Path) -> Preset:
    """Load a preset by its name, or from a file whose path ends in `.toml`.

    Raises:
        ThreeDieError: no such preset, or a mistake in its file; the message names the field.
    """
    return parse_preset(preset_text(name), str(name))


def preset_text(name: str | Path) -> str:
    """The text of a preset's file, as for `load_preset`.

    Raises:
        ThreeDieError: no such preset or file.
    """
    return settings_text(name, _FOLDER, "preset")


def parse_preset(text: str, where: str) -> Preset:
    """Read the text of a preset file; `where` is its name in messages.

    Raises:
        ThreeDieError: a mistake; the message names the field and its line.
    """
    return parse_settings(text, where, Preset, _sentence)


def _sentence(wrong: FieldError, raw: dict[str, Any]) -> str:
    name = field_name(wrong.path)
    if wrong.kind == "missing":
        section = field_name(wrong.path[:-1])
        return f"{section} is missing {wrong.name!r}" if section else f"{name} is missing"
    if wrong.kind == "unknown":
        section = str(wrong.path[0]) if len(wrong.path) > 1 else ""
        if wrong.path == ("world", "gray"):
            return f"{name} and world.grey are one setting, and both are set; keep one"
        return f"{name} is not a setting: {suggest(wrong.name, _keys(section, raw))}"
    if wrong.expected == "of type dict":
        return f"{name} must be a section, [{name}]"
    return f"{name} {wrong.sentence()}"


def _keys(section: str, raw: dict[str, Any]) -> list[str]:
    """What a section of the file may have; the file itself for an empty name."""
    if section == "latents":
        return [name for name in UNITS if name in REQUIRED_FIELDS or name in raw["latents"]]
    kind: Any = get_type_hints(Preset)[section] if section else Preset
    return [item.name for item in fields(kind)]
