"""Contact sheets of models, made of rendered views."""

from collections.abc import Callable, Sequence
from pathlib import Path

from threedie.manifests.classes import name_of
from threedie.manifests.collection import PartFiles
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import replacing
from threedie.manifests.parts import find_parts
from threedie.manifests.preview import contact_sheet
from threedie.render.ledger import Outcome
from threedie.render.models.source import ModelSource
from threedie.render.plan import make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.resources import make_setup, scratch_bytes, scratch_folder
from threedie.render.run_folder import RunFolder
from threedie.render.supervisor import Supervisor

PRESET, QUALITY = "3diebench", "draft"


class _ViewCounter:
    """Passes on how many views were rendered, or lost again."""

    def __init__(self, on_views: Callable[[int], object]) -> None:
        self._on_views = on_views

    def view_done(self) -> None:
        """One more view was rendered."""
        self._on_views(1)

    def views_lost(self, views: int) -> None:
        """Take back views of a try that failed."""
        self._on_views(-views)

    def object_ended(self, outcome: Outcome) -> None:
        """Nothing to do: failures are returned at the end."""


def render_sheets(
    source: ModelSource,
    synsets: Sequence[str],
    out: Path,
    *,
    objects: int,
    views: int,
    size: int,
    workers: int,
    on_views: Callable[[int], object] = lambda views: None,
) -> tuple[list[Path], dict[str, str]]:
    """Render a few views of a few objects of each class and draw them.

    Args:
        source: the models.
        synsets: their classes.
        out: a `.png` file for one sheet of all, or a folder for a sheet per class, `trash_bin.png` say.
        objects: number of rows: the first objects of each class.
        views: number of columns: views of each object.
        size: width and height of a view in pixels.
        workers: rendering processes.
        on_views: called with the number of views as they are rendered.

    Returns:
        The files written, and the objects that couldn't be rendered, each with the reason.

    Raises:
        ThreeDieError: the source has none of the classes, nothing can be rendered, or the file can't be written.
    """
    plan = make_plan(
        source,
        load_preset(PRESET),
        choose_quality(QUALITY, None, None),
        synsets=synsets,
        views=views,
        per_class=objects,
        size=size,
        seed=0,
        sampler="counter",
        manifest=None,
    )
    with scratch_folder(scratch_bytes(plan.info, workers)) as scratch:
        folder = RunFolder(scratch / "run")
        setup = make_setup(plan, folder, scratch, workers)
        with Supervisor(setup, folder.logs, workers) as supervisor:
            outcome = supervisor.run(plan.tasks(plan.sequence), _ViewCounter(on_views))
        parts = find_parts(folder.parts)
        failed = {str(ref): reason for ref, reason in outcome.quarantined.items()}
        if not parts:
            raise ThreeDieError(f"none of the models can be rendered: {next(iter(failed.values()))}")
        sheets = {out: parts}
        if out.suffix.lower() != ".png":
            sheets = {}
            for part in parts:
                name = name_of(part.parent.name).replace(" ", "_")
                sheets.setdefault(out / f"{name}.png", []).append(part)
        for path, shown in sheets.items():
            picture = contact_sheet(PartFiles(shown), len(shown), views)
            with replacing(path) as temporary:
                temporary.write_bytes(picture)
    return list(sheets), failed
