"""The picture of a training run: loss and each term, epoch by epoch."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from threedie.manifests.files import replacing

CURVES_FILE = "curves.png"
_COLUMNS = 3


def draw_curves(path: Path, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """Draw the mean of each epoch, a panel for each quantity.

    Args:
        path: the PNG file.
        curves: `epoch` and any number of named values, one for each epoch.
        title: written above.

    Raises:
        ThreeDieError: the file can't be written.
    """
    names = [name for name in curves if name != "epoch"]
    rows = max(1, math.ceil(len(names) / _COLUMNS))
    figure = Figure(figsize=(3.4 * _COLUMNS, 2.3 * rows + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    for index, name in enumerate(names):
        axes = figure.add_subplot(rows, _COLUMNS, index + 1)
        axes.plot(curves["epoch"], curves[name], color="#b03a2e" if name == "loss" else "#1f618d", linewidth=1.4,
                  marker="." if len(curves["epoch"]) < 3 else "")  # fmt: skip
        axes.set_title(name.replace("_", " "), fontsize=10)
        axes.set_xlabel("epoch", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
