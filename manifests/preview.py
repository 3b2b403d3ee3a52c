"""A contact sheet: a few objects, a few views of each, with the latents under every picture."""

import colorsys
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.actions import COLOR
from threedie.manifests.classes import name_of
from threedie.manifests.collection import Collection
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.manifests.plurals import pluralize

CELL = 192
GAP = 16
MARGIN = 32
LABEL = 132
LINE = 17
TEXT_SIZE = 13
PAPER, INK, QUIET = (250, 250, 248), (28, 30, 34), (105, 108, 114)

SHORT = {
    "rotation_x": "x",
    "rotation_y": "y",
    "rotation_z": "z",
    "floor_hue": "floor",
    "light_hue": "light",
    "light_theta": "theta",
    "light_phi": "phi",
    "translation_x": "tx",
    "translation_y": "ty",
    "translation_z": "tz",
}
LINES = (
    ("rotation_x", "rotation_y", "rotation_z"),
    ("floor_hue", "light_hue"),
    ("light_theta", "light_phi"),
    ("translation_x", "translation_y", "translation_z"),
)


def choose_objects(objects: Sequence[ObjectRef], count: int) -> list[int]:
    """Indices of `count` objects spread over the classes: a first one of each class, then a second, and so on.

    Where `count` is less than the number of classes, evenly spaced classes are taken. The choice depends only on the
    list.
    """
    by_class: dict[str, list[int]] = {}
    for index in sorted(range(len(objects)), key=lambda index: objects[index]):
        by_class.setdefault(objects[index].synset, []).append(index)
    groups = list(by_class.values())
    if count < len(groups):
        groups = [groups[round(place)] for place in np.linspace(0, len(groups) - 1, count)]
    chosen: list[int] = []
    for turn in range(max(map(len, groups), default=0)):
        chosen += [group[turn] for group in groups if turn < len(group)]
    return sorted(chosen[:count], key=lambda index: objects[index])


def contact_sheet(collection: Collection, objects: int, views: int) -> bytes:
    """Draw a contact sheet, channels in true RGB order.

    Args:
        collection: the dataset.
        objects: most rows.
        views: most columns: the first views of each object.

    Returns:
        A PNG file.

    Raises:
        ThreeDieError: no objects, or an image that doesn't decode.
    """
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    chosen = choose_objects(collection.objects, objects)
    if not chosen:
        raise ThreeDieError("the dataset holds no objects to show")
    info = collection.info
    views = min(views, info.views)
    lines = [names for names in LINES if any(field.name in names for field in info.fields)]
    row_height = CELL + 8 + LINE * len(lines) + GAP
    width = 2 * MARGIN + LABEL + views * (CELL + GAP) - GAP
    top = MARGIN + 46
    sheet = Image.new("RGB", (width, top + len(chosen) * row_height - GAP + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    fonts: dict[str, Any] = {
        "title": ImageFont.load_default(20),
        "name": ImageFont.load_default(16),
        "text": ImageFont.load_default(TEXT_SIZE),
    }
    _write(draw, (MARGIN, MARGIN - 6), _title(collection), fonts["title"], INK, width - 2 * MARGIN)
    for row, index in enumerate(chosen):
        item = collection.object(index)
        y = top + row * row_height
        _label(draw, y, item, fonts)
        for view in range(views):
            x = MARGIN + LABEL + view * (CELL + GAP)
            sheet.paste(
                Image.fromarray(_pixels(item, view, info)).resize((CELL, CELL), Image.Resampling.LANCZOS), (x, y)
            )
            _caption(draw, x, y + CELL + 6, item.latents[view], info, lines, fonts["text"])
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _title(collection: Collection) -> str:
    info = collection.info
    classes, objects = len({ref.synset for ref in collection.objects}), pluralize(len(collection.objects), "object")
    return (
        f"{info.preset.get('name', 'dataset')}: {objects} of {pluralize(classes, 'class')}, "
        f"{pluralize(info.views, 'view')} each, {info.image_size} px"
    )


def _label(draw: Any, y: int, item: DatasetObject, fonts: dict[str, Any]) -> None:
    room = LABEL - GAP
    _write(draw, (MARGIN, y), name_of(item.ref.synset), fonts["name"], INK, room)
    _write(draw, (MARGIN, y + 24), item.ref.object_id, fonts["text"], QUIET, room)
    _write(draw, (MARGIN, y + 24 + LINE), item.split, fonts["text"], QUIET, room)


def _pixels(item: DatasetObject, view: int, info: DatasetInfo) -> npt.NDArray[np.uint8]:
    from simplejpeg import decode_jpeg  # noqa: PLC0415

    try:
        pixels: npt.NDArray[np.uint8] = decode_jpeg(item.jpegs[view], colorspace="RGB")
    except ValueError as error:
        raise ThreeDieError(
            f"{item.ref}: image of view {view} doesn't decode: {error}; see '3die data verify'"
        ) from error
    return np.ascontiguousarray(pixels[..., ::-1]) if info.channel_order == "bgr" else pixels


def _caption(
    draw: Any, x: int, y: int, latents: Any, info: DatasetInfo, lines: Sequence[Sequence[str]], font: Any
) -> None:
    values = {field.name: (float(value), field.unit) for field, value in zip(info.fields, latents, strict=True)}
    for number, names in enumerate(lines):
        present = [name for name in names if name in values]
        for place, name in enumerate(present):
            left, middle = x + place * CELL // len(present), y + number * LINE
            if name in COLOR and math.isfinite(values[name][0]):
                swatch = tuple(round(255 * part) for part in colorsys.hsv_to_rgb(values[name][0] % 1, 0.7, 0.85))
                draw.rectangle((left, middle + 3, left + 9, middle + 12), fill=swatch)
                left += 14
            _write(draw, (left, middle), f"{SHORT[name]} {_value(*values[name])}", font, INK, CELL)


def _value(value: float, unit: str) -> str:
    return f"{math.degrees(value):.0f}°" if unit == "rad" else f"{value:.2f}"


def _write(draw: Any, place: tuple[int, int], text: str, font: Any, color: tuple[int, int, int], room: int) -> None:
    """Write text, cut with an ellipsis where it is wider than `room` pixels."""
    if draw.textlength(text, font=font) > room:
        while text and draw.textlength(text + "…", font=font) > room:
            text = text[:-1]
        text += "…"
    draw.text(place, text, font=font, fill=color)
