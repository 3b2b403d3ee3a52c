"""Which objects of a run are to do, done or given up."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import part_path
from threedie.render.messages import Setup, Task


@dataclass
class Outcome:
    """Result of a run.

    Attributes:
        done: objects whose part files are written.
        quarantined: objects given up, with the reason.
        warnings: faults that didn't keep an object from being rendered.
    """

    done: list[ObjectRef] = field(default_factory=list)
    quarantined: dict[ObjectRef, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Watcher(Protocol):
    """Follows progress: the command line draws a line of it, tests count."""

    def view_done(self) -> None:
        """One more view was rendered."""

    def views_lost(self, views: int) -> None:
        """A try of an object failed; the `views` of it that were counted don't count any more."""

    def object_ended(self, outcome: Outcome) -> None:
        """An object is done or quarantined."""


class Ledger:
    """Objects still to do, and the results of the others."""

    def __init__(self, setup: Setup, tries: int, tasks: Iterator[Task], watcher: Watcher) -> None:
        self.outcome = Outcome()
        self.watcher = watcher
        self._setup, self._max_tries, self._tasks = setup, tries, tasks
        self._again: deque[Task] = deque()
        self._tries: dict[ObjectRef, int] = {}

    def next_task(self) -> Task | None:
        """A task to try again, or a new one, or None if none is left."""
        return self._again.popleft() if self._again else next(self._tasks, None)

    def put_back(self, task: Task) -> None:
        """Take back a task that wasn't tried."""
        self._again.appendleft(task)

    def done(self, task: Task, warnings: Sequence[str]) -> bool:
        """Count an object as done if its part file is whole."""
        if not is_whole_part(self._setup.parts, task.ref, self._setup.info):
            return False
        self.outcome.done.append(task.ref)
        self.outcome.warnings += warnings
        self.watcher.object_ended(self.outcome)
        return True

    def failed(self, task: Task, reason: str, views: int, final: bool = False) -> bool:
        """Try an object again later, or quarantine it: after the last try, or if `final`.

        Returns whether it is quarantined.
        """
        self.watcher.views_lost(views)
        self._tries[task.ref] = self._tries.get(task.ref, 0) + 1
        if not final and self._tries[task.ref] < self._max_tries:
            self._again.append(task)
            return False
        # A file that may exist isn't whole, and must not be packed.
        part_path(self._setup.parts, task.ref).unlink(missing_ok=True)
        self.outcome.quarantined[task.ref] = reason
        self.watcher.object_ended(self.outcome)
        return True


def is_whole_part(parts: Path, ref: ObjectRef, info: DatasetInfo) -> bool:
    """Whether an object's part file exists, is readable and belongs to this dataset."""
    path = part_path(parts, ref)
    if not path.is_file():
        return False
    try:
        part = Dataset(path)
    except ThreeDieError:
        return False
    return part.objects == [ref] and info.difference(part.info) is None
