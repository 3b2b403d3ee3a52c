"""`3die render`: meshes to a dataset."""

import shlex
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manifests.objects import ObjectRef
    from render.messages import Probed
    from render.run import Plan, RunFolder
    from render.supervisor import Outcome, Supervisor

EXIT_QUARANTINED = 3
EXIT_INTERRUPTED = 130
SMALLER = {"objects": 2, "views": 10, "size": 64}
PROBE_VIEWS = 3
PROBE_OBJECTS = 5
PATH = click.Path(path_type=Path)
LIMIT = click.FloatRange(0.1, 1e6)


@click.command(
    epilog="""\b
Examples:
  3die render --classes all --views 50                   embedded models
  3die render --classes chair,mug --objects 2 --views 4 --size 64
  3die render --models ShapeNetCore.v2 --manifest objects.npy --views 50

Run the same command again after any interruption: only what is missing is rendered.
Exit codes: 0 all is there, 2 a mistake in the command, 3 some objects were given up, 130 interrupted."""
)
@click.option("--classes", default="all", show_default=True, help="Names or ids, separated by commas, or 'all'.")
@click.option("--views", type=click.IntRange(1, 10000), default=50, show_default=True, help="Views per object.")
@click.option(
    "--models",
    type=PATH,
    help="ShapeNetCore v2 or models in its layout: folder or zip. Without it: the embedded models.",
)
@click.option("--manifest", type=PATH, help="List of objects: the original's .npy lists, or CSV with class,id.")
@click.option("--objects", type=click.IntRange(1), help="At most so many objects per class. [embedded models: 8]")
@click.option("--size", type=click.IntRange(8, 8192), help="Width and height in pixels. [the preset's: 256]")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the latents.")
@click.option("--out", type=PATH, default=Path("3die-data"), show_default=True, help="Folder to write to.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Rendering processes. [one a core]")
@click.option("--preset", default="3diebench", show_default=True, help="Name of a preset, or a .toml file.")
@click.option(
    "--quality", default="fast", show_default=True, help="'fast', or 'reference' for the original's settings."
)
@click.option("--samples", type=int, help="Samples a pixel, instead of the quality's.")
@click.option("--denoiser", help="compositor, fast, high or none, instead of the quality's.")
@click.option(
    "--sampler", default="counter", show_default=True, help="'reference' replays the original's random stream."
)
@click.option("--time-limit", type=LIMIT, default=300.0, show_default=True, help="Seconds one view may take.")
@click.option("--memory-limit", type=LIMIT, default=8.0, show_default=True, help="GiB a rendering process may take.")
@click.option("--dry-run", is_flag=True, help="Say what would be rendered and how long it would take; write nothing.")
def render(
    classes: str,
    views: int,
    models: Path | None,
    manifest: Path | None,
    objects: int | None,
    size: int | None,
    seed: int,
    out: Path,
    workers: int | None,
    preset: str,
    quality: str,
    samples: int | None,
    denoiser: str | None,
    sampler: str,
    time_limit: float,
    memory_limit: float,
    dry_run: bool,
) -> None:
    """Render objects from random views, with every rotation, colour and light written down.

    Writes a part file per object and, at the end, one dataset file: OUT/dataset.h5.
    """
    from manifests.classes import parse_classes
    from render.models.choose import open_source
    from render.preset import load_preset
    from render.quality import choose_quality
    from render.run import RunFolder, available_cores, make_plan, make_setup, scratch_bytes, scratch_folder
    from render.supervisor import Limits, Supervisor

    folder = RunFolder(out)
    # A dry run leaves nothing behind, neither models it made up nor any taken out of an archive.
    scrap = tempfile.TemporaryDirectory(prefix="3die-") if dry_run else None
    source = open_source(models, Path(scrap.name) if scrap else out / "models")
    given = "the embedded ones, since no folder was given with --models." if models is None else models
    click.echo(f"Models: {given}")
    plan = make_plan(
        source,
        load_preset(preset),
        choose_quality(quality, samples, denoiser),
        synsets=parse_classes(classes),
        views=views,
        per_class=objects,
        size=size,
        seed=seed,
        sampler=sampler,
        manifest=manifest,
    )
    if dry_run:
        _say_only(plan, folder, workers or available_cores())
        return
    with folder.held(plan.info):
        missing = folder.missing(plan)
        count = max(1, min(workers or available_cores(), len(missing)))
        _say_plan(plan, missing, out)
        with scratch_folder(scratch_bytes(plan, count)) as scratch, _stopping(folder, plan):
            setup = make_setup(plan, folder, scratch, count)
            limits = Limits(view_s=time_limit, memory_gib=memory_limit)
            with Supervisor(setup, folder.logs, count, limits) as supervisor:
                outcome = _render_missing(supervisor, plan, missing, count)
            _finish(folder, plan, outcome)


def _say_only(plan: "Plan", folder: "RunFolder", workers: int) -> None:
    """A dry run: the plan and the time it would take."""
    from render.run import make_setup, scratch_bytes, scratch_folder
    from render.supervisor import Supervisor

    missing = folder.missing(plan)
    workers = max(1, min(workers, len(missing)))
    _say_plan(plan, missing, folder.path)
    if not missing:
        return
    with scratch_folder(scratch_bytes(plan, workers)) as scratch:
        setup = make_setup(plan, folder, scratch, workers)
        with Supervisor(setup, scratch / "logs", workers) as supervisor:
            _say_expected(supervisor, plan, missing, workers)


def _say_plan(plan: "Plan", missing: "list[ObjectRef]", out: Path) -> None:
    info = plan.info
    classes = len({ref.synset for ref in plan.chosen})
    click.echo(
        f"Plan: {len(plan.chosen)} objects of {classes} classes x {info.views} views = {plan.views:,} views of "
        f"{info.image_size} px, preset {info.preset['name']}, quality {info.quality['name']}, seed {info.seed}, "
        f"into {out}/"
    )
    if len(missing) < len(plan.chosen):
        click.echo(f"{len(plan.chosen) - len(missing)} objects are there already; {len(missing)} are missing.")


def _render_missing(supervisor: "Supervisor", plan: "Plan", missing: "list[ObjectRef]", workers: int) -> "Outcome":
    from render.supervisor import Outcome

    if not missing:
        return Outcome()
    _say_expected(supervisor, plan, missing, workers)
    with _Line(len(missing) * plan.info.views) as line:
        return supervisor.run(plan.tasks(missing), line)


def _say_expected(supervisor: "Supervisor", plan: "Plan", missing: "list[ObjectRef]", workers: int) -> None:
    """Time a few views and say how long the run will take, and what a smaller one would be."""
    from tqdm import tqdm

    probed = _probe(supervisor, plan, missing)
    if probed is None:
        click.echo("The timed sample failed: its objects can't be rendered. Going on with the others.")
        return
    total = len(missing) * plan.info.views
    expected = (total * probed.seconds[0] + len(missing) * probed.object_s) / workers
    click.echo(
        f"Expected: about {tqdm.format_interval(expected)} and {total * probed.jpeg_bytes[0] / 1e6:,.0f} MB "
        f"({probed.seconds[0]:.2f} s a view, timed here; {workers} process{'es' if workers > 1 else ''})."
    )
    classes = len({ref.synset for ref in plan.chosen})
    views = classes * SMALLER["objects"] * SMALLER["views"]
    smaller = (views * probed.seconds[1] + classes * SMALLER["objects"] * probed.object_s) / workers
    if smaller < expected / 2:
        options = " ".join(f"--{name} {value}" for name, value in SMALLER.items())
        click.echo(
            f"A smaller run: the same with {options} --out 3die-small "
            f"({views:,} views, about {tqdm.format_interval(smaller)})."
        )


def _probe(supervisor: "Supervisor", plan: "Plan", missing: "list[ObjectRef]") -> "Probed | None":
    from render.messages import Probe

    # Spread over the list, because one object may be broken and may be of an odd kind.
    for ref in missing[:: max(1, len(missing) // PROBE_OBJECTS)]:
        sizes = (plan.info.image_size, SMALLER["size"])
        probed = supervisor.probe(Probe(plan.example(ref, PROBE_VIEWS), sizes))
        if probed is not None:
            return probed
    return None


class _Line:
    """The progress line: views done, views a second, time left, failures."""

    def __init__(self, views: int) -> None:
        from tqdm import tqdm

        # Into a log file a line a minute is enough.
        pace = 0.2 if sys.stderr.isatty() else 60.0
        self._bar = tqdm(total=views, unit=" views", file=sys.stderr, mininterval=pace, smoothing=0.05)
        self._bar.set_postfix(failed=0, refresh=False)

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def view_done(self) -> None:
        """One more view was rendered."""
        self._bar.update()

    def views_lost(self, views: int) -> None:
        """Take back views of a try that failed."""
        self._bar.update(-views)

    def object_ended(self, outcome: "Outcome") -> None:
        """Show the number of failures."""
        self._bar.set_postfix(failed=len(outcome.quarantined), refresh=False)


@contextmanager
def _stopping(folder: "RunFolder", plan: "Plan") -> "Iterator[None]":
    """On Ctrl-C, SIGTERM or SIGUSR1 stop within seconds and say how to go on."""

    def interrupt(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        left = len(folder.missing(plan))
        click.echo(
            f"\nStopped. {len(plan.chosen) - left} of {len(plan.chosen)} objects are done and safe; run the same "
            f"command again to go on:\n  {shlex.join(['3die', *sys.argv[1:]])}",
            err=True,
        )
        raise SystemExit(EXIT_INTERRUPTED) from None


def _finish(folder: "RunFolder", plan: "Plan", outcome: "Outcome") -> None:
    """Pack what is there, draw the contact sheet, and say what happened and what to do next."""
    from tqdm import tqdm

    from manifests.collection import open_collection
    from manifests.files import replacing
    from manifests.preview import contact_sheet
    from render.run import DEFAULT_FOLDER

    for warning in outcome.warnings:
        click.echo(f"warning: {warning}", err=True)
    folder.write_quarantine(outcome.quarantined)
    for ref, reason in sorted(outcome.quarantined.items()):
        click.echo(f"left out: {ref}: {reason.removeprefix(f'{ref}: ')}", err=True)
    there = sorted(plan.chosen - outcome.quarantined.keys())
    if not there:
        click.echo(f"None of the {len(plan.chosen)} objects could be rendered; see {folder.quarantine}.", err=True)
        raise SystemExit(EXIT_QUARANTINED)
    begin = time.monotonic()

    def bar(parts: Any) -> Any:
        return tqdm(parts, desc="packing", unit=" parts", file=sys.stderr, disable=None, leave=False)

    before = len(folder.packed())
    if folder.pack(there, bar):
        if before > len(there):
            click.echo(f"{folder.dataset} had {before} objects and now has the {len(there)} asked for.")
        with replacing(folder.contact_sheet) as temporary:
            temporary.write_bytes(contact_sheet(open_collection(folder.dataset), 8, 6))
        click.echo(f"Packed {len(there)} objects in {time.monotonic() - begin:.1f} s.")
    click.echo(f"Dataset:       {folder.dataset} ({folder.dataset.stat().st_size / 1e6:,.1f} MB)")
    click.echo(f"Contact sheet: {folder.contact_sheet}")
    if outcome.quarantined:
        click.echo(
            f"{len(outcome.quarantined)} of {len(plan.chosen)} objects were left out; why stands in "
            f"{folder.quarantine}. Mend them and run the same command again.",
            err=True,
        )
        raise SystemExit(EXIT_QUARANTINED)
    data = shlex.quote(str(folder.dataset))
    option = "" if folder.path == Path(DEFAULT_FOLDER) else f" --data {data}"
    click.echo(f"Next: 3die data verify {data}; 3die bench run sie{option}")


@click.command()
@click.option("--install", is_flag=True, help="Install missing system libraries, where this runs as root on Debian.")
def doctor(install: bool) -> None:
    """Look whether this machine can render, and say what to do where it can't. Exits with 1 then."""
    from render.doctor import examine, install_libraries

    if install:
        install_libraries()
    findings = examine(Path.cwd())
    for finding in findings:
        click.echo(f"{'ok  ' if not finding.mend else 'MEND'}  {finding.name:<10} {finding.found}")
        if finding.mend:
            click.echo(f"      {'':<10} -> {finding.mend}")
    if any(finding.mend for finding in findings):
        raise SystemExit(1)
