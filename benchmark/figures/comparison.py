"""What figures that compare the runs of a group share: titles, labels, and the values of a task."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from threedie.benchmark.figures.style import shorten
from threedie.benchmark.leaderboard.datasets import dataset_name
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group
from threedie.benchmark.records.record import data_of_heads
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.task import REPRESENTATION, Task

OBJECT, POSE, POSE_IN_CLASS = "object", "pose", "pose_in_class"
"""Values of `Task.figure_role`."""
MOST_ROWS = 12
"""Of a figure that shows every row; of more, each method has one."""


def task_with_role(role: str) -> Task | None:
    """The first task that declares a role, or None."""
    return next((task for task in TASKS.values() if task.figure_role == role), None)


def main_cell(entry: Entry, task: Task, part: str) -> Cell | None:
    """A row's main score of a task on a part of the representation, of any version of the task."""
    wanted = (task.name, task.main, REPRESENTATION, part)
    for (metric, column_part), cell in entry.cells.items():
        if (metric.task, metric.name, metric.input, column_part) == wanted:
            return cell
    return None


def group_title(group: Group) -> str:
    """Dataset, protocol, and where heads were trained if that is another dataset."""
    dataset, protocol = group.record["dataset"], group.record["protocol"]
    heads = data_of_heads(group.record)
    words = f"{dataset_name(dataset)}, {protocol['name']} v{protocol['version']}, {str(dataset['fingerprint'])[:8]}"
    return shorten(words + (f", heads of {heads[:8]}" if heads else ""), 80)


def figure_title(group: Group, rows: "Rows") -> str:
    """The group's title, and below it which rows are left out."""
    return f"{group_title(group)}\n{rows.note}" if rows.note else group_title(group)


@dataclass(frozen=True)
class Rows:
    """The rows that a figure shows.

    Attributes:
        entries: in the order of the table.
        note: which rows are left out and why, "" where none is.
    """

    entries: tuple[Entry, ...]
    note: str = ""


def rows_to_draw(
    entries: Sequence[Entry], score: Callable[[Entry], float], criterion: str, all_rows: bool = False
) -> Rows:
    """Of more than `MOST_ROWS` rows the best of each method, so that names and lines can be told from each other.

    Args:
        entries: the rows that can be drawn.
        score: of a row; the highest is the best one.
        criterion: what the best one is best in, in words.
        all_rows: whether all are drawn, however many.
    """
    best: dict[str, Entry] = {}
    for entry in entries:
        if entry.method not in best or score(entry) > score(best[entry.method]):
            best[entry.method] = entry
    left_out = len(entries) - len(best)
    if all_rows or len(entries) <= MOST_ROWS or not left_out:
        return Rows(tuple(entries))
    note = f"Of each method the row with the best {criterion}; {left_out} more with --all-rows."
    return Rows(tuple(entry for entry in entries if best[entry.method] is entry), note)


def entry_label(entry: Entry, group: Group) -> str:
    """The method with its variant, as in the tables; without the recipe where all rows share it."""
    return row_label(entry.method, entry.variant, [(other.method, other.variant) for other in group.entries])


def row_label(method: str, variant: str, rows: Sequence[tuple[str, str]]) -> str:
    """The label of one row, given method and variant of all; see `entry_label`."""
    recipes = {other.split(", ")[0] for _, other in rows}
    words = variant.split(", ")[1:] if len(recipes) == 1 else [variant]
    return shorten(f"{method} ({', '.join(words)})" if any(words) else method, 42)


def family_title(family: str) -> str:
    """A family of methods as legends call it."""
    return "controls" if family == "control" else f"{family} methods"


def spread(cell: Cell) -> tuple[float, float] | None:
    """Lower and upper end of what is drawn around a mean: the deviation over runs, or the interval of a single one."""
    if cell.deviation is not None:
        return cell.mean - cell.deviation, cell.mean + cell.deviation
    return cell.interval


def scale_of(task: Task) -> int:
    """What values of a task's main metric are multiplied by: 100 for a share that is shown in percent."""
    metric = task.metric(task.main)
    return 100 if metric and metric.percent else 1
