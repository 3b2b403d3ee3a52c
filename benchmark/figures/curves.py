"""Loss, terms and online probes of one run, epoch by epoch."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from threedie.benchmark.figures.style import GRAY, PART_COLORS, VERMILION, Drawing, clean, new_figure, shorten
from threedie.benchmark.records.record import Record

_COLUMNS = 3
_PROBE = "probe"
"""Beginning of the names of curves that online probes give; their ends are names of parts."""


def draw_curves(record: Record) -> Drawing | None:
    """A panel for the loss, one for each term, one for each metric of the probes; None for a run without epochs."""
    curves = record["curves"] or {}
    epochs = [epoch or 0 for epoch in curves.get("epoch", [])]
    if not epochs:
        return None
    panels = _panels(curves)
    if not panels:
        return None
    rows = math.ceil(len(panels) / _COLUMNS)
    figure = new_figure(3.0 * min(_COLUMNS, len(panels)) + 0.4, 2.1 * rows + 0.5)
    for index, (title, lines) in enumerate(panels.items()):
        axes = clean(figure.add_subplot(rows, min(_COLUMNS, len(panels)), index + 1))
        for part, values in lines.items():
            color = PART_COLORS.get(part, VERMILION if title == "loss" else "#444444")
            shown = [np.nan if value is None else value for value in values]
            axes.plot(epochs, shown, color=color, linewidth=1.4, marker="." if len(epochs) < 3 else "", label=part)
        axes.set_title(shorten(title.replace("_", " "), 34))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        if index >= len(panels) - _COLUMNS:
            axes.set_xlabel("epoch")
        if len(lines) > 1:
            axes.legend(frameon=False, handlelength=1.2)
    figure.suptitle(shorten(record["id"], 80), color=GRAY, fontsize=9)
    probed = any(title.startswith(_PROBE) for title in panels)
    caption = "Mean of each epoch: the loss and its terms, unweighted" + (
        "; and what probes, trained beside the method without changing it, scored on the training batches."
        if probed
        else "."
    )
    return Drawing("curves", "Training.", caption, (record["id"],), figure)


def _panels(curves: dict[str, list[float | None]]) -> dict[str, dict[str, Sequence[float | None]]]:
    """Title -> part -> values: the parts of a probe's metric share a panel."""
    panels: dict[str, dict[str, Sequence[float | None]]] = {}
    names = [name for name in curves if name != "epoch" and any(value is not None for value in curves[name])]
    for name in sorted(names, key=lambda name: (name != "loss", name.startswith(_PROBE), name)):
        title, _, part = name.rpartition("_")
        if not (name.startswith(_PROBE) and part in PART_COLORS):
            title, part = name, ""
        panels.setdefault(title, {})[part] = curves[name]
    return panels
