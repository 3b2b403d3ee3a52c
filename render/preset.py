"""Presets: readable files that say what is sampled and what the scene is made of."""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic.annotated_handlers import GetCoreSchemaHandler
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_wrap_validator_function, typed_dict_field, typed_dict_schema

from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.fields import FieldError, Must, Text, Whole, field_name, first_error, unexpected
from threedie.manifests.latents import REQUIRED_FIELDS, UNITS, LatentField
from threedie.manifests.suggest import suggest
from threedie.manifests.text import parse_toml, read_text

_FRACTION_OF_PI = re.compile(r"(?P<sign>-?)(?P<times>\d+(\.\d+)?)? ?\*? ?pi( ?/ ?(?P<by>\d+(\.\d+)?))?")
_CLOSED = ConfigDict(extra="forbid")


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
    folder = resources.files("threedie.render") / "presets"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


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
    name, names = str(name), preset_names()
    if name.endswith(".toml"):
        return read_text(Path(name), "preset (TOML)")
    if name not in names:
        remedy = suggest(name, names, f"choose from {', '.join(names)}, or give a .toml file")
        raise ThreeDieError(f"{name!r} is not a preset: {remedy}")
    return (resources.files("threedie.render") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def parse_preset(text: str, where: str) -> Preset:
    """Read the text of a preset file; `where` is its name in messages.

    Raises:
        ThreeDieError: a mistake; the message names the field and its line.
    """
    try:
        raw = parse_toml(text)
    except ValueError as error:
        raise ThreeDieError(f"{where}: not a TOML file: {one_line(error)}") from error
    try:
        return TypeAdapter(Preset).validate_python(raw)
    except ValidationError as error:
        wrong = first_error(error)
        line = _line_of(text, wrong.path)
        place = f"{where}, line {line}" if line else where
        raise ThreeDieError(f"{place}: {_sentence(wrong, raw)}") from error


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


def _line_of(text: str, path: Sequence[str | int]) -> int:
    """Number of the line with a field, or with the section that lacks it; 0 if neither is in the text."""
    section, name = (str(path[0]) if len(path) > 1 else ""), str(path[-1]) if path else ""
    line, inside = 0, ""
    for number, content in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[(\w+)\]", content):
            inside = header[1]
            line = number if inside in (name, section) else line
        if inside == section and re.match(rf"\s*{re.escape(name)}\s*=", content):
            return number
    return line
