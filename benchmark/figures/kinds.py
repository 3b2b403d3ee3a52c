"""The kinds of figures; quick to import, without matplotlib and torch."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
        module, function: where it is drawn, below `threedie.benchmark.figures`.
        source: what the function takes and gives. `records`: all measured records, a list of drawings. `folders`: the
            folders that they come from, a list of drawings. `record`: one record, a drawing or None. `study`: a run
            with its checkpoint and dataset (`Study`), a drawing or None.
        absent: why the function gives None, in words.
        of_rows: whether it has a mark for each row, so that the function also takes whether all rows are drawn.
        needs_predictor: whether it can only be drawn of a method with a predictor.
    """

    module: str
    function: str
    source: Literal["records", "folders", "record", "study"]
    absent: str = ""
    needs_predictor: bool = False
    of_rows: bool = False

    def load(self) -> Callable[..., Any]:
        """The function."""
        drawer: Callable[..., Any] = getattr(import_module(f"threedie.benchmark.figures.{self.module}"), self.function)
        return drawer


KINDS: dict[str, Kind] = {
    "tradeoff": Kind("tradeoff", "draw_tradeoffs", "records", of_rows=True),
    "rotation_error": Kind("rotation_error", "draw_rotation_errors", "records", of_rows=True),
    "budgets": Kind("budgets", "draw_budgets", "records", "no method was trained with several numbers of epochs"),
    "densities": Kind("densities", "draw_densities", "folders", "no record is of photonic crystals"),
    "factors": Kind("factors", "draw_factors", "folders", "no folder has a study.toml; docs/figures.md describes it"),
    "neighbours": Kind("neighbors", "draw_neighbors", "study", "fewer than three views", needs_predictor=True),
    "steering": Kind("steering", "draw_steering", "study", "its action has no rotation", needs_predictor=True),
    "maps": Kind("maps", "draw_maps", "study"),
    "predictor": Kind(
        "predictor",
        "draw_predictor",
        "study",
        "fewer than three views, or predictions that can't be moved again",
        needs_predictor=True,
    ),
    "classes": Kind("classes", "draw_classes", "study", "measured by other rules"),
    "curves": Kind("curves", "draw_curves", "record", "it was not trained"),
}
"""Name in files and on the command line -> kind, in the order of the page."""

SPELLINGS = {"neighbors": "neighbours"}
"""Other names on the command line. Files keep the old spelling, so that existing folders of figures stay readable."""
