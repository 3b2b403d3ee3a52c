"""A contact sheet: unit cells, each with its density of states beside that of the empty lattice."""

import io
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.photonics import LABEL_END, SIDE, PhotonicCells, empty_lattice
from threedie.manifests.plurals import pluralize

CELL, PLOT_WIDTH = 160, 224
GAP, MARGIN, TITLE, CAPTION = 24, 32, 44, 40
PAPER, INK, QUIET, CURVE = (250, 250, 248), (28, 30, 34), (150, 153, 158), (178, 58, 44)
EPSILON_END = 20.0
"""Permittivity drawn black; 1 is white."""

_SCALE = 2 * np.pi * LABEL_END * 2
"""Density at the top of a plot: twice the empty lattice's at the end of the axis."""


def contact_sheet(cells: PhotonicCells, count: int, columns: int = 4) -> bytes:
    """Draw the first cells of a file; gives a PNG file.

    Left the permittivity (x to the right, y upward, dark is high), right its density of states over reduced frequency
    (red) and the empty lattice's (gray).
    """
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    count = min(count, len(cells))
    columns = max(1, min(columns, count))
    rows = math.ceil(count / columns)
    step_x, step_y = CELL + 8 + PLOT_WIDTH + GAP, CELL + CAPTION
    sheet = Image.new("RGB", (2 * MARGIN + columns * step_x - GAP, 2 * MARGIN + TITLE + rows * step_y), PAPER)
    draw = ImageDraw.Draw(sheet)
    info = cells.info
    title = f"{info.kind}: {pluralize(len(cells), 'cell')}, seed {info.seed}; density of states up to {LABEL_END:g}"
    draw.text((MARGIN, MARGIN - 8), title, font=ImageFont.load_default(20), fill=INK)
    small = ImageFont.load_default(13)
    epsilon, labels = cells.epsilon(0, count), cells.labels(0, count)
    for index in range(count):
        x = MARGIN + index % columns * step_x
        y = MARGIN + TITLE + index // columns * step_y
        sheet.paste(Image.fromarray(_picture(epsilon[index])).resize((CELL, CELL), Image.Resampling.NEAREST), (x, y))
        draw.rectangle((x - 1, y - 1, x + CELL, y + CELL), outline=QUIET)
        _plot(draw, x + CELL + 8, y, labels[index])
        fill, eps_in, eps_out, _ = cells.parameters[index]
        text = f"{info.first + index}: eps {eps_in:.1f} in {eps_out:.1f}, share {1 - fill:.2f}"
        draw.text((x, y + CELL + 6), text, font=small, fill=INK)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _picture(epsilon: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    share = (epsilon.T[::-1] - 1) / (EPSILON_END - 1)
    return (255 * (1 - 0.9 * np.clip(share, 0, 1))).astype(np.uint8).reshape(SIDE, SIDE)


def _plot(draw: Any, x: int, y: int, label: npt.NDArray[np.float64]) -> None:
    places = x + np.linspace(0, PLOT_WIDTH, len(label))
    for values, color in ((empty_lattice(), QUIET), (label, CURVE)):
        heights = y + CELL * (1 - np.clip(values / _SCALE, 0, 1))
        draw.line(list(zip(places.tolist(), heights.tolist(), strict=True)), fill=color, width=2)
    draw.line((x, y, x, y + CELL, x + PLOT_WIDTH, y + CELL), fill=INK)
