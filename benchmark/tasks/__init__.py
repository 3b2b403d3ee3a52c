"""The tasks, one file each. They work on arrays and import no torch: `evaluation` trains heads and searches."""

from threedie.benchmark.tasks.discovery import discover
from threedie.benchmark.tasks.task import Task

TASKS: dict[str, Task] = discover(__name__, __path__)
"""All tasks by name, in the order they are run and shown: those that the files of this folder declare."""
