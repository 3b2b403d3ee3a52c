"""An engine that paints pictures instead of rendering models, in no time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from painted import FIELDS, paint

from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.manifests.parts import part_path
from threedie.render.ledger import Outcome, Watcher
from threedie.render.messages import Probe, Probed, Task
from threedie.render.plan import Plan
from threedie.render.run_folder import RunFolder


class PaintingEngine:
    """Paints each task; `before` is called with it first, and gives the reason if the object can't be rendered."""

    workers = 1

    def __init__(self, plan: Plan, folder: RunFolder, before: Callable[[Task], str | None]) -> None:
        self.plan, self.folder, self.before = plan, folder, before

    def probe(self, probe: Probe) -> Probed | None:
        return Probed(0.001, (0.001,) * len(probe.sizes), (100.0,) * len(probe.sizes))

    def run(self, tasks: Iterable[Task], watcher: Watcher) -> Outcome:
        outcome = Outcome()
        for task in tasks:
            if reason := self.before(task):
                outcome.quarantined[task.ref] = reason
                continue
            latents = task.latents[:, : len(FIELDS)]
            jpegs = [paint(view, task.ref.label, self.plan.info.image_size) for view in latents]
            part = part_path(self.folder.parts, task.ref)
            item = DatasetObject(task.ref, task.split, task.latents, jpegs)
            write_part(part, self.plan.info, {"renderer": "paint"}, item)
            outcome.done.append(task.ref)
        return outcome


def painting(
    before: Callable[[Task], str | None] = lambda _: None,
) -> Callable[[Plan, RunFolder], AbstractContextManager[PaintingEngine]]:
    """What `threedie.render.run.render` takes as `open_engine`."""

    @contextmanager
    def open_engine(plan: Plan, folder: RunFolder) -> Iterator[PaintingEngine]:
        yield PaintingEngine(plan, folder, before)

    return open_engine
