"""What figures that compare the runs of a group share: titles, labels, and the values of a task."""

from collections.abc import Sequence

from threedie.benchmark.figures.style import shorten
from threedie.benchmark.leaderboard.datasets import dataset_name
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group
from threedie.benchmark.records.record import data_of_heads
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.task import REPRESENTATION, Task

OBJECT, POSE, POSE_IN_CLASS = "object", "pose", "pose_in_class"
"""Values of `Task.figure_role`."""


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


def entry_label(entry: Entry, group: Group) -> str:
    """The method, with its variant where the group has several rows of it; without the recipe where all share it."""
    return row_label(entry.method, entry.variant, [(other.method, other.variant) for other in group.entries])


def row_label(method: str, variant: str, rows: Sequence[tuple[str, str]]) -> str:
    """The label of one row, given method and variant of all; see `entry_label`."""
    if sum(other == method for other, _ in rows) == 1:
        return shorten(method, 34)
    recipes = {other.split(", ")[0] for _, other in rows}
    words = variant.split(", ")[1:] if len(recipes) == 1 else [variant]
    return shorten(f"{method} ({', '.join(words)})" if any(words) else method, 42)


def spread(cell: Cell) -> tuple[float, float] | None:
    """Lower and upper end of what is drawn around a mean: the deviation over runs, or the interval of a single one."""
    if cell.deviation is not None:
        return cell.mean - cell.deviation, cell.mean + cell.deviation
    return cell.interval


def scale_of(task: Task) -> int:
    """What values of a task's main metric are multiplied by: 100 for a share that is shown in percent."""
    metric = task.metric(task.main)
    return 100 if metric and metric.percent else 1
