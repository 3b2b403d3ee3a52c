"""The tasks, one file each. They work on arrays and import no torch: heads come from `benchmark.heads`."""

from benchmark.tasks.classification import Classification
from benchmark.tasks.color import Color
from benchmark.tasks.retrieval import Retrieval
from benchmark.tasks.rotation import Rotation
from benchmark.tasks.task import Task

TASKS: dict[str, Task] = {
    "classification": Classification(),
    "rotation": Rotation(),
    "color": Color(),
    "retrieval": Retrieval(),
}
"""All tasks by name, in the order they are run and shown."""
