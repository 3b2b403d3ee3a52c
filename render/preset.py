"""Presets: readable files that say what is sampled and what the scene is made of."""

import difflib
import math
import re
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from threedie.manifests.errors import ThreeDieError, one_line, shown_value
from threedie.manifests.latents import REQUIRED_FIELDS, UNITS, LatentField
from threedie.manifests.text import parse_toml, read_text

CHANNEL_ORDERS = ("rgb", "bgr")


@dataclass(frozen=True)
class Camera:
    """Camera at spherical (distance, theta, phi), aimed at the origin; angles in radians, lengths in Blender units."""

    distance: float
    theta: float
    phi: float
    field_of_view: float
    clip_start: float
    clip_end: float


@dataclass(frozen=True)
class Floor:
    """Lambertian plane of colour HSV(floor hue, saturation, value)."""

    height: float
    width: float
    saturation: float
    value: float


@dataclass(frozen=True)
class Sun:
    """Light from straight above; `angle` is its angular size."""

    strength: float
    angle: float


@dataclass(frozen=True)
class Spot:
    """Coloured light at spherical (distance, light theta, light phi), aimed at the origin; power in watts."""

    power: float
    cone: float
    blend: float
    radius: float
    distance: float
    saturation: float
    value: float


@dataclass(frozen=True)
class World:
    """Light from everywhere."""

    grey: float


@dataclass(frozen=True)
class Preset:
    """Everything about a dataset that isn't an object, a seed or a render quality."""

    name: str
    description: str
    image_size: int
    channel_order: str
    jpeg_quality: int
    latents: tuple[LatentField, ...]
    camera: Camera
    floor: Floor
    sun: Sun
    spot: Spot
    world: World

    def to_json(self) -> dict[str, Any]:
        """The constants as plain JSON, without what a dataset states by itself: size, channel order, fields."""
        constants = asdict(self)
        for key in ("description", "image_size", "channel_order", "latents"):
            del constants[key]
        return constants


_SECTIONS = {"camera": Camera, "floor": Floor, "sun": Sun, "spot": Spot, "world": World}
_FRACTION_OF_PI = re.compile(r"(?P<sign>-?)(?P<times>\d+(\.\d+)?)? ?\*? ?pi( ?/ ?(?P<by>\d+(\.\d+)?))?")


def preset_names() -> list[str]:
    """Names of the presets that come with the program."""
    folder = resources.files("threedie.render") / "presets"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_preset(name: str) -> Preset:
    """Load a preset by its name, or from a file whose path ends in `.toml`.

    Raises:
        ThreeDieError: no such preset, or a mistake in its file; the message names the field.
    """
    return parse_preset(preset_text(name), name)


def preset_text(name: str) -> str:
    """The file of a preset, as for `load_preset`.

    Raises:
        ThreeDieError: there is none.
    """
    if name.endswith(".toml"):
        return read_text(Path(name), "preset (TOML)")
    known = preset_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        mend = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}, or give a .toml file"
        raise ThreeDieError(f"{name!r} is not a preset: {mend}")
    return (resources.files("threedie.render") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def parse_preset(text: str, where: str) -> Preset:
    """Read the text of a preset file; `where` is its name in messages.

    Raises:
        ThreeDieError: a mistake; the message names the field.
    """
    try:
        raw = parse_toml(text)
    except ValueError as error:
        raise ThreeDieError(f"{where}: not a TOML file: {one_line(error)}") from error
    reader = _Reader(where, text)
    reader.check_keys("", raw, ["name", "description", "image_size", "channel_order", "jpeg", "latents", *_SECTIONS])
    sections = {key: reader.section(key, raw[key], kind) for key, kind in _SECTIONS.items()}
    reader.check_keys("jpeg", raw["jpeg"], ["quality"])
    size = reader.integer("image_size", raw["image_size"], 8, 8192)
    quality = reader.integer("jpeg.quality", raw["jpeg"]["quality"], 1, 100)
    for key in ("name", "description"):
        if not isinstance(raw[key], str) or not raw[key]:
            raise reader.error(key, "needs a text")
    if raw["channel_order"] not in CHANNEL_ORDERS:
        raise reader.error("channel_order", f"is {shown_value(raw['channel_order'])}; choose rgb or bgr")
    latents = reader.latents(raw["latents"])
    return Preset(raw["name"], raw["description"], size, raw["channel_order"], quality, latents, **sections)


_LONGEST = 60


def _float(value: Any) -> float:
    """A number as a float; infinite where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.inf
    try:
        return float(value)
    except OverflowError:
        return math.inf


class _Reader:
    """Checks values and says where a mistake is."""

    def __init__(self, where: str, text: str) -> None:
        self.where = where
        self.lines = text.splitlines()

    def error(self, key: str, message: str) -> ThreeDieError:
        section, _, name = key.rpartition(".")
        line, inside = 0, ""
        for number, content in enumerate(self.lines, 1):
            if header := re.match(r"\s*\[(\w+)\]", content):
                inside = header[1]
                line = number if key == inside else line
            if inside == section and re.match(rf"\s*{re.escape(name)}\s*=", content):
                line = number
        place = f"{self.where}, line {line}" if line else self.where
        return ThreeDieError(
            f"{place}: {key if key.isprintable() and len(key) <= _LONGEST else shown_value(key)} {message}"
        )

    def check_keys(self, section: str, raw: Any, allowed: list[str]) -> None:
        if not isinstance(raw, dict):
            raise self.error(section, "needs to be a section, [...]")
        for key in raw:
            if key not in allowed:
                near = difflib.get_close_matches(key[:_LONGEST], allowed, n=1)
                mend = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(allowed)}"
                raise self.error(f"{section}.{key}".removeprefix("."), f"is not a setting: {mend}")
        for key in allowed:
            if key not in raw:
                raise self.error(section or key, f"is missing {key!r}" if section else "is missing")

    def section(self, name: str, raw: Any, kind: type) -> Any:
        keys = [field.name for field in fields(kind)]
        self.check_keys(name, raw, keys)
        return kind(**{key: self.number(f"{name}.{key}", raw[key]) for key in keys})

    def number(self, key: str, value: Any) -> float:
        if isinstance(value, str) and (match := _FRACTION_OF_PI.fullmatch(value.strip())):
            sign, by = -1.0 if match["sign"] else 1.0, float(match["by"] or 1)
            result = sign * float(match["times"] or 1) * math.pi / by if by else math.inf
        else:
            result = _float(value)
        if math.isfinite(result):
            return result
        raise self.error(key, f'is {shown_value(value)}; give a number, or a fraction of pi such as "-pi/4"')

    def integer(self, key: str, value: Any, low: int, high: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.error(key, f"is {shown_value(value)}; give a whole number from {low} to {high}")
        return value

    def latents(self, raw: Any) -> tuple[LatentField, ...]:
        if not isinstance(raw, dict):
            raise self.error("latents", "needs to be a section, [latents]")
        known = [name for name in UNITS if name in REQUIRED_FIELDS or name in raw]
        self.check_keys("latents", raw, known)
        return tuple(LatentField(name, self.ranges(f"latents.{name}", raw[name])) for name in UNITS if name in raw)

    def ranges(self, key: str, value: Any) -> tuple[tuple[float, float], ...]:
        if not isinstance(value, list):
            fixed = self.number(key, value)
            return ((fixed, fixed),)
        rows = value if value and all(isinstance(row, list) for row in value) else [value]
        ranges = []
        for row in rows:
            if len(row) != 2:
                raise self.error(key, f"has the range {shown_value(row)}; give [low, high]")
            low, high = self.number(key, row[0]), self.number(key, row[1])
            if low > high:
                raise self.error(key, f"has the range {shown_value(row)}; low is above high")
            ranges.append((low, high))
        for (_, end), (begin, _) in zip(sorted(ranges), sorted(ranges)[1:], strict=False):
            if begin < end:
                raise self.error(key, "has ranges that overlap")
        return tuple(ranges)
