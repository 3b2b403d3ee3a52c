"""Pictures of views in a row, as the figures of single queries show them."""

from matplotlib.axes import Axes

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
