"""The style of figures: colors for the color-blind, a plain frame, the same bytes from the same numbers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from threedie.baselines.parts import ALL, EQUIVARIANT, INVARIANT
from threedie.benchmark.leaderboard.families import FAMILIES
from threedie.manifests.files import replacing

# Okabe & Ito, "Color universal design", 2008; their yellow is too light for lines on white.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GRAY = "#767676"
PART_COLORS = {ALL: BLACK, INVARIANT: BLUE, EQUIVARIANT: VERMILION}
PART_MARKERS = {ALL: "o", INVARIANT: "v", EQUIVARIANT: "^"}
FAMILY_COLORS = dict(zip(FAMILIES, (BLUE, VERMILION, GREEN, GRAY, PURPLE), strict=True))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
DPI = 110
_WITHOUT_DATE: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Metadata of each format: without date and version the same numbers give the same bytes."""
_SETTINGS: dict[str, Any] = {
    "font.size": 9.5, "axes.titlesize": 10, "axes.labelsize": 9.5, "xtick.labelsize": 8.5, "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "3die",
    "text.usetex": False, "pdf.fonttype": 42, "text.parse_math": False,
}  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """A figure with its title, caption and numbers.

    Attributes:
        kind: a name in `KINDS`, with which its files' names begin.
        title, caption: what it shows, in a line and in sentences.
        records: ids of the records it was made from.
        figure: the picture.
        numbers: what it shows, as plain JSON.
        group: key of the group of records it compares; "" for a figure of one run.
    """

    kind: str
    title: str
    caption: str
    records: tuple[str, ...]
    figure: Figure
    numbers: dict[str, Any] = field(default_factory=dict)
    group: str = ""


def styled() -> Any:
    """A context in which figures are drawn and saved, without the user's own matplotlib settings."""
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_SETTINGS}
    return matplotlib.rc_context(settings)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure; width and height in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(drawing: Drawing, folder: Path, name: str) -> dict[str, Any]:
    """Write a figure as PNG, SVG and PDF.

    Returns:
        Its entry in the index of figures (`figures.json`).

    Raises:
        ThreeDieError: a file can't be written.
    """
    files = {kind: f"{name}.{kind}" for kind in _WITHOUT_DATE}
    for kind, file in files.items():
        with replacing(folder / file) as temporary:
            drawing.figure.savefig(temporary, format=kind, dpi=DPI, metadata=_WITHOUT_DATE[kind])
    width, height = drawing.figure.get_size_inches()
    return {
        "kind": drawing.kind,
        "title": drawing.title,
        "caption": drawing.caption,
        "records": list(drawing.records),
        "group": drawing.group,
        **files,
        # CSS has 96 pixels to the inch.
        "size": [round(96 * width), round(96 * height)],
        "numbers": drawing.numbers,
    }


def clean(axes: Axes) -> Axes:
    """Add a light grid behind the data."""
    axes.grid(alpha=0.25, linewidth=0.7)
    axes.set_axisbelow(True)
    return axes


def shorten(text: str, most: int = 28) -> str:
    """A name in one line of at most so many characters."""
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"
