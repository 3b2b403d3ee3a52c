"""How figures look: colours that the colour-blind tell apart, a plain frame, the same bytes from the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from threedie.manifests.files import replacing

# Okabe & Ito, "Color universal design", 2008; their yellow is too light for lines on white.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY = "#767676"
PART_COLOURS = {"all": BLACK, "invariant": BLUE, "equivariant": VERMILION}
FAMILY_COLOURS = {
    "invariant": BLUE, "equivariant": VERMILION, "split": GREEN, "control": GREY, "other": PURPLE,
}  # fmt: skip
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
DPI = 110
_ROUNDS = 4
"""How often the places of labels are looked over."""
_LABEL_SIZE = 8.5
_NEAR = 12
"""Points of distance up to which a label needs no line that leads to it."""
_SETTINGS: dict[str, Any] = {
    "font.size": 9.5, "axes.titlesize": 10, "axes.labelsize": 9.5, "xtick.labelsize": 8.5, "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "3die",
    "text.usetex": False, "text.parse_math": False,
}  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """A figure and what there is to say about it.

    Attributes:
        kind: one word, the beginning of its file's name.
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
    """A context in which figures are built and saved: none of the user's own settings reach them."""
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_SETTINGS}
    return matplotlib.rc_context(settings)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(drawing: Drawing, folder: Path, name: str) -> dict[str, Any]:
    """Write a figure as PNG and SVG, and give its line for the list of figures.

    Raises:
        ThreeDieError: a file can't be written.
    """
    files = {"png": f"{name}.png", "svg": f"{name}.svg"}
    for kind, file in files.items():
        with replacing(folder / file) as temporary:
            # No date and no version within: the same numbers give the same bytes.
            nothing: dict[str, Any] = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
            drawing.figure.savefig(temporary, format=kind, dpi=DPI, metadata=nothing)
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
    """Light lines across, none around."""
    axes.grid(alpha=0.25, linewidth=0.7)
    axes.set_axisbelow(True)
    return axes


def shorten(text: str, most: int = 28) -> str:
    """A name that fits; a picture has no room for more, and a line break in one would break it."""
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def place_labels(
    axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str], colours: Sequence[str]
) -> None:
    """Write a label beside each point where it covers nothing and is nearest to its own point, as far as that goes.

    Args:
        axes: with its limits set.
        points: in data coordinates; one without text is only kept free.
        texts: a label each, or "".
        colours: of the labels.
    """
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    scale = figure.dpi / 72
    spots = axes.transData.transform(np.reshape(points, (-1, 2)))
    free = [Bbox.from_bounds(x - 5 * scale, y - 5 * scale, 10 * scale, 10 * scale) for x, y in spots]
    named = [number for number, text in enumerate(texts) if text]
    frame = axes.get_window_extent()
    places = {own: _places(axes, renderer, spots[own], texts[own], scale) for own in named}

    def alone(own: int, place: _Place) -> float:
        """What is wrong with a place, wherever the other labels are."""
        box = place.box
        nearest = min((_distance(box, spots[number]) for number in named if number != own), default=np.inf)
        # A line leads to a far label; a near one must be nearer to its own point than to any other.
        enough = 8 * scale if place.line else _distance(box, spots[own]) + 4 * scale
        outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
        wrong = 4 * sum(_overlap(box, other) for other in free) + 20 * scale * max(0.0, enough - nearest)
        return float(wrong + scale**2 * (place.distance if place.line else 0) + (1e6 if outside else 0))

    def among(own: int, place: _Place) -> float:
        """What is wrong with a place where the other labels are now."""
        others = [other for number, other in chosen.items() if number != own]
        covered = sum(_overlap(place.box, other.box) for other in others)
        crossed = sum(_overlap(other.box, dot) > 0 for dot in place.line for other in others)
        crossed += sum(_overlap(place.box, dot) > 0 for other in others for dot in other.line)
        return 4 * covered + 60 * scale**2 * crossed

    costs = {own: [alone(own, place) for place in places[own]] for own in named}
    chosen: dict[int, _Place] = {}
    # The most crowded first: the others have more choice. Then again, now that all are there.
    order = sorted(named, key=lambda own: sorted(np.hypot(*(spots[named] - spots[own]).T))[1:3])
    for _ in range(_ROUNDS):
        before = dict(chosen)
        for own in order:
            # The costs that don't change bound the sum from below, so that most places needn't be looked at.
            best, least = None, np.inf
            for known, place in sorted(zip(costs[own], places[own], strict=True), key=lambda pair: pair[0]):
                if known >= least:
                    break
                if (found := known + among(own, place)) < least:
                    best, least = place, found
            assert best is not None
            chosen[own] = best
        if chosen == before:
            break
    for own, place in chosen.items():
        line = {"arrowstyle": "-", "color": colours[own], "lw": 0.6, "shrinkA": 0, "shrinkB": 3}
        axes.annotate(
            texts[own], points[own], place.offset, textcoords="offset points", ha=place.across, va=place.up,
            color=colours[own], fontsize=_LABEL_SIZE, arrowprops=line if place.line else None, annotation_clip=False,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a label could stand.

    Attributes:
        offset: from its point, in points.
        across, up: which of its edges is there.
        distance: in points.
        box: what it covers.
        line: little boxes along the line that leads to it; none where it is near.
    """

    offset: tuple[float, float]
    across: str
    up: str
    distance: float
    box: Bbox
    line: tuple[Bbox, ...]


def _places(axes: Axes, renderer: Any, spot: Any, text: str, scale: float) -> list[_Place]:
    label = axes.annotate(text, (0, 0), (0, 0), textcoords="offset points", fontsize=_LABEL_SIZE, annotation_clip=False)
    size = label.get_window_extent(renderer)
    label.remove()
    found = []
    for distance in (9, 16, 26, 38, 52):
        for dx, dy, across, up in (
            (1, 0, "left", "center"), (-1, 0, "right", "center"), (0, 1, "center", "bottom"),
            (0, -1, "center", "top"), (0.8, 0.8, "left", "bottom"), (0.8, -0.8, "left", "top"),
            (-0.8, 0.8, "right", "bottom"), (-0.8, -0.8, "right", "top"),
        ):  # fmt: skip
            x, y = spot[0] + dx * distance * scale, spot[1] + dy * distance * scale
            x -= {"left": 0, "center": size.width / 2, "right": size.width}[across]
            y -= {"bottom": 0, "center": size.height / 2, "top": size.height}[up]
            box = Bbox.from_bounds(x, y, size.width, size.height)
            line = tuple(_dots(spot, box)) if distance > _NEAR else ()
            found.append(_Place((dx * distance, dy * distance), across, up, distance, box, line))
    return found


def _dots(spot: Any, box: Bbox) -> list[Bbox]:
    """Spots along the line that leads from a point to a label, as little boxes, without the first and the last."""
    end = np.array([np.clip(spot[0], box.x0, box.x1), np.clip(spot[1], box.y0, box.y1)])
    return [Bbox.from_bounds(x - 1, y - 1, 2, 2) for x, y in np.linspace(spot, end, 14)[3:-1]]


def _distance(box: Bbox, spot: Any) -> float:
    """Of a point from a box, 0 within."""
    return float(np.hypot(max(box.x0 - spot[0], 0, spot[0] - box.x1), max(box.y0 - spot[1], 0, spot[1] - box.y1)))


def _overlap(one: Bbox, other: Bbox) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(0.0, width) * max(0.0, height)
