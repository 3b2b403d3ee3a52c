"""Where a render reports to."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from threedie.manifests.progress import Reporter

if TYPE_CHECKING:
    from threedie.render.ledger import Outcome, Watcher


class RenderReporter(Reporter):
    """Reports nowhere. `3die render` passes one that prints; other programs may pass their own."""

    def warn(self, text: str) -> None:
        """Something went wrong that doesn't end the run."""

    def views(self, total: int) -> "AbstractContextManager[Watcher]":
        """Progress over the views of a run, moved by the engine."""
        return nullcontext(SilentWatcher())


class SilentWatcher:
    """Ignores progress."""

    def view_done(self) -> None:
        """One more view was rendered."""

    def views_lost(self, views: int) -> None:
        """A try of an object failed; the `views` of it that were counted don't count any more."""

    def object_ended(self, outcome: "Outcome") -> None:
        """An object is done or quarantined."""
