"""Pictures of views in a row, as the figures of single queries show them."""

from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from threedie.benchmark.figures.study import Study
from threedie.benchmark.figures.style import GRAY


def show_view(axes: Axes, study: Study, row: int, view: int, edge: str | None, text: str) -> Axes:
    """Draw a view of the object in a row of a study, with a text below, and a colored edge unless it is None."""
    axes.imshow(study.picture(row, view), interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(edge is not None)
        spine.set_color(edge or GRAY)
        spine.set_linewidth(2.2)
    axes.set_xlabel(text, fontsize=7.5, labelpad=2)
    return axes


def explain(figure: Figure, frames: Mapping[str, str], texts: Sequence[str]) -> None:
    """Write below a figure what the frames and the texts of its views mean.

    Args:
        figure: with its views.
        frames: color -> what a frame of it means.
        texts: what the texts below the views mean, a line each.
    """
    handles: list[Artist] = [
        Patch(facecolor="none", edgecolor=color, linewidth=2.2, label=text) for color, text in frames.items()
    ]
    handles += [Line2D([], [], linestyle="none", label=text) for text in texts]
    figure.legend(handles=handles, loc="outside lower left", frameon=False, fontsize=8)
