"""The tasks, one file each. They work on arrays and import no torch: `evaluation` trains heads and searches.

What they share: `task` (a task's declaration), `metric` and `needs` (what it declares), `subject` (what it measures),
`outcome` (what it returns), `scores` (the metrics as functions: R2, angles, ranks), `spread` (their intervals over
objects), `breakdowns`, `regression` and `picture_classes` (bases of several tasks), `rows`, `discovery`, `warning`.
"""

from threedie.benchmark.tasks.discovery import discover
from threedie.benchmark.tasks.task import Task

TASKS: dict[str, Task] = discover(__name__, __path__)
"""All tasks by name, in the order they are run and shown: those that the files of this folder declare."""
