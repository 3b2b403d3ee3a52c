"""The interface of engines."""

from collections.abc import Iterable
from typing import Protocol

from threedie.render.ledger import Outcome, Watcher
from threedie.render.messages import Probe, Probed, Task


class Engine(Protocol):
    """Something that renders tasks. An object is done when its whole part file is in the run's folder."""

    @property
    def workers(self) -> int:
        """Number of rendering processes at work at once."""

    def probe(self, probe: Probe) -> Probed | None:
        """How long views take at the probe's sizes, or None where its object can't be rendered."""

    def run(self, tasks: Iterable[Task], watcher: Watcher) -> Outcome:
        """Render all tasks; returns when each is done or quarantined.

        Raises:
            ThreeDieError: the run can't go on with any object; objects done so far are safe.
        """
