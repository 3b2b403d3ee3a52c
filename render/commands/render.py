"""`3die render`: meshes to a dataset."""

import itertools
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from threedie.render.engines.options import ClusterOptions, cluster_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from threedie.manifests.objects import ObjectRef
    from threedie.render.devices import Devices
    from threedie.render.engines.engine import Engine
    from threedie.render.messages import Probed
    from threedie.render.run import Plan, RunFolder
    from threedie.render.shard import Shard
    from threedie.render.supervisor import Limits, Outcome

EXIT_QUARANTINED = 3
SMALLER = {"objects": 2, "views": 10, "size": 64}
PROBE_VIEWS = 3
WORTH_PROBING = 500
"""Views from which a timed sample is worth its seconds; in a shorter run the progress line tells soon enough."""

PROBE_OBJECTS = 5
REPAIRS = 2
"""Times that damaged part files are made anew before the disk is given up."""
PACK_PAUSES_S = (0.0, 1.0, 3.0)
"""Seconds that a shard waits before each try to pack the dataset."""

PATH = click.Path(path_type=Path)
LIMIT = click.FloatRange(0.1, 1e6)


@click.command(
    epilog="""\b
Examples:
  3die render --classes all --views 50                   embedded models
  3die render --classes chair,mug --objects 2 --views 4 --size 64
  3die render --models ShapeNetCore.v2 --manifest objects.npy --views 50
  3die render --models ShapeNetCore.v2 --shard 2/8       second of eight runs on a shared folder
  3die render --models ShapeNetCore.v2 --jobqueue slurm --jobs 20 --job-walltime 04:00:00

Run the same command again after any interruption: only what is missing is rendered.
Exit codes: 0 all is there, 2 a mistake in the command, 3 some objects were given up, 128 and the signal's number where
one stopped it (130 Ctrl-C, 143 SIGTERM, 138 SIGUSR1)."""
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
@click.option("--workers", type=click.IntRange(1, 1024), help="Rendering processes. [one a core, or one a GPU]")
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="cpu, optix, cuda, hip, oneapi or metal; one process a GPU. auto: GPUs where there are any.",
)
@click.option("--preset", default="3diebench", show_default=True, help="Name of a preset, or a .toml file.")
@click.option("--save-preset", type=PATH, help="Write the preset to this new file, to make your own of it, and end.")
@click.option(
    "--quality", default="fast", show_default=True, help="'fast', 'reference' for the original's settings, or 'draft'."
)
@click.option("--samples", type=int, help="Samples a pixel, instead of the quality's.")
@click.option("--denoiser", help="compositor, fast, high or none, instead of the quality's.")
@click.option(
    "--sampler", default="counter", show_default=True, help="'reference' replays the original's random stream."
)
@click.option("--time-limit", type=LIMIT, default=300.0, show_default=True, help="Seconds one view may take.")
@click.option("--memory-limit", type=LIMIT, default=8.0, show_default=True, help="GiB a rendering process may take.")
@click.option(
    "--keep-going/--fail-fast",
    default=True,
    show_default=True,
    help="Go on without objects that can't be rendered, or stop at the first.",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Render the I-th of N shares of the objects: start 1/N to N/N on a shared folder, on any machines.",
)
@cluster_options
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
    device: str,
    preset: str,
    save_preset: Path | None,
    quality: str,
    samples: int | None,
    denoiser: str | None,
    sampler: str,
    time_limit: float,
    memory_limit: float,
    keep_going: bool,
    shard: str | None,
    dry_run: bool,
    **cluster_given: Any,
) -> None:
    """Render objects from random views, with every rotation, colour and light written down.

    Writes a part file per object and, at the end, one dataset file: OUT/dataset.h5.
    """
    from threedie.manifests.classes import parse_classes
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.files import scratch_prefix
    from threedie.manifests.signals import exits_on_signals
    from threedie.render.devices import Devices, check_kind, choose_devices
    from threedie.render.models.choose import left_out_notes, open_source
    from threedie.render.preset import load_preset
    from threedie.render.quality import choose_quality
    from threedie.render.run import RunFolder, available_cores, make_plan
    from threedie.render.shard import Shard
    from threedie.render.supervisor import Limits

    if save_preset:
        _save_preset(preset, save_preset)
        return
    share = Shard.parse(shard) if shard else None
    cluster = ClusterOptions(**cluster_given)
    cluster.check(workers, shard)
    if cluster.wanted:
        # The same words must mean the same place on every machine.
        out, models = out.resolve(), models.resolve() if models else None
    folder = RunFolder(out)
    ours: list[ObjectRef] = []
    with exits_on_signals(lambda: _say_stopped(folder, ours)):
        # A dry run leaves nothing behind, neither models it made up nor any taken out of an archive.
        scrap = tempfile.TemporaryDirectory(prefix=scratch_prefix()) if dry_run else None
        source = open_source(models, Path(scrap.name) if scrap else out / "models")
        given = "the embedded ones, since no folder was given with --models." if models is None else models
        click.echo(f"Models: {given}")
        if not (share or cluster.wanted):
            _say_process()
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
        for note in left_out_notes(source):
            click.echo(f"note: {note}")
        ours += share.of(plan.objects) if share else plan.objects
        limits = Limits(view_s=time_limit, memory_gib=memory_limit, fail_fast=not keep_going)
        # On a cluster each worker looks for devices on its own machine.
        check_kind(device)
        devices = Devices() if cluster.wanted else choose_devices(device)
        if devices.names:
            click.echo(f"Device: {devices.kind}, {', '.join(devices.names)}")
            if workers and workers > len(devices.names):
                raise ThreeDieError(f"--workers {workers}: one process a GPU, and {len(devices.names)} are found here")
        cores = workers or len(devices.names) or available_cores()
        if scrap:
            _say_only(plan, ours, folder, share, cluster, cores, Path(scrap.name), devices)
            return
        with folder.lock(plan, share, _say):
            # What was given up before is tried again.
            folder.write_quarantine({}, share)
            missing = folder.missing(ours)
            _say_plan(plan, ours, missing, out, share)

            def render_objects(objects: "list[ObjectRef]") -> "Outcome":
                count = min(cores, len(objects))
                with _engine(plan, folder, share, cluster, count, limits, devices, device) as engine:
                    return _render_missing(engine, plan, objects)

            outcome = render_objects(missing)
            _say_outcome(outcome)
            folder.write_quarantine(outcome.quarantined, share)
            if outcome.quarantined and not keep_going:
                _say_stopped_early(folder, ours, share)
            if share is None:
                _finish(folder, plan, outcome.quarantined, render_objects)
        if share:
            _finish_shard(folder, plan, share, outcome, render_objects)


def _save_preset(name: str, path: Path) -> None:
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.files import explained
    from threedie.render.preset import preset_text

    text = preset_text(name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ThreeDieError(f"{path} exists already; give --save-preset another name") from None
    except OSError as error:
        raise explained(error, path) from error
    click.echo(f"Wrote {path}. Change its name and what you like in it; then: 3die render --preset {path}")


def _say_process() -> None:
    """What SLURM or torchrun say of several processes, where it could be taken to divide the work."""
    from threedie.manifests.processes import find_processes

    processes = find_processes()
    if processes.launcher:
        click.echo(
            f"Process: {processes.rank + 1} of {processes.count} that {processes.launcher} started; each renders the "
            "whole, and only one may at a time: give each a share with --shard I/N"
        )
    elif processes.note:
        click.echo(f"Process: {processes.note}; for several give each a share with --shard I/N, or see --jobqueue")


def _engine(
    plan: "Plan",
    folder: "RunFolder",
    share: "Shard | None",
    cluster: ClusterOptions,
    workers: int,
    limits: "Limits",
    devices: "Devices",
    device: str,
) -> "AbstractContextManager[Engine]":
    from threedie.render.engines.local import local_engine

    if cluster.wanted:
        from threedie.render.engines.cluster import cluster_engine

        return cluster_engine(plan, folder, cluster, limits, _say, device=device)
    return local_engine(plan, folder, max(1, workers), limits, share.name if share else "", devices)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _say_only(
    plan: "Plan",
    ours: "list[ObjectRef]",
    folder: "RunFolder",
    share: "Shard | None",
    cluster: ClusterOptions,
    cores: int,
    scrap: Path,
    devices: "Devices",
) -> None:
    """A dry run: the plan, and the time it would take or the script of the jobs."""
    from threedie.render.engines.local import local_engine

    missing = folder.missing(ours)
    _say_plan(plan, ours, missing, folder.path, share)
    if cluster.jobqueue:
        from threedie.render.engines.cluster import job_script

        click.echo(f"Each of the {cluster.jobs} jobs would be:\n\n{job_script(cluster, folder)}")
    elif cluster.scheduler:
        click.echo("The time isn't measured on a cluster; the same command without --scheduler measures it here.")
    elif missing:
        with local_engine(plan, folder, min(cores, len(missing)), None, scrap / "logs", devices) as engine:
            _say_expected(engine, plan, missing)


def _say_plan(
    plan: "Plan", ours: "list[ObjectRef]", missing: "list[ObjectRef]", out: Path, share: "Shard | None"
) -> None:
    info = plan.info
    classes = len({ref.synset for ref in plan.chosen})
    click.echo(
        f"Plan: {len(plan.chosen)} objects of {classes} classes x {info.views} views = {plan.views:,} views of "
        f"{info.image_size} px, preset {info.preset['name']}, quality {info.quality['name']}, seed {info.seed}, "
        f"into {out}/"
    )
    if share:
        click.echo(f"Here: {share}, {len(ours)} of the objects.")
    if len(missing) < len(ours):
        click.echo(f"{len(ours) - len(missing)} objects are there already; {len(missing)} are missing.")


def _render_missing(engine: "Engine", plan: "Plan", missing: "list[ObjectRef]") -> "Outcome":
    from threedie.render.supervisor import Outcome

    if not missing:
        return Outcome()
    if len(missing) * plan.info.views >= WORTH_PROBING:
        _say_expected(engine, plan, missing)
    with _Line(len(missing) * plan.info.views) as line:
        return engine.run(plan.tasks(missing), line)


def _say_expected(engine: "Engine", plan: "Plan", missing: "list[ObjectRef]") -> None:
    """Time a few views and say how long the run will take, and what a smaller one would be."""
    from tqdm import tqdm

    probed = _probe(engine, plan, missing)
    if probed is None:
        click.echo("The timed sample failed: its objects can't be rendered. Going on with the others.")
        return
    workers = max(1, min(engine.workers, len(missing)))
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


def _probe(engine: "Engine", plan: "Plan", missing: "list[ObjectRef]") -> "Probed | None":
    from threedie.render.messages import Probe

    # Spread over the list, because one object may be broken and may be of an odd kind.
    for ref in missing[:: max(1, len(missing) // PROBE_OBJECTS)]:
        sizes = (plan.info.image_size, SMALLER["size"])
        probed = engine.probe(Probe(plan.example(ref, PROBE_VIEWS), sizes))
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


def _say_stopped(folder: "RunFolder", ours: "list[ObjectRef]") -> None:
    done = f"{len(ours) - len(folder.missing(ours))} of {len(ours)} objects are done and safe; r" if ours else "R"
    _say(f"\nStopped. {done}un the same command again to go on:\n  {shlex.join(['3die', *sys.argv[1:]])}")


def _say_outcome(outcome: "Outcome") -> None:
    for warning in outcome.warnings:
        click.echo(f"warning: {warning}", err=True)
    for ref, reason in sorted(outcome.quarantined.items()):
        click.echo(f"left out: {ref}: {reason.removeprefix(f'{ref}: ')}", err=True)


def _say_stopped_early(folder: "RunFolder", ours: "list[ObjectRef]", share: "Shard | None") -> NoReturn:
    done = len(ours) - len(folder.missing(ours))
    click.echo(
        f"Stopped at the first object that can't be rendered (--fail-fast); {done} of {len(ours)} objects are done and "
        f"safe. Why stands in {folder.quarantine_of(share)}. Mend the object and run the same command again, or run it "
        "without --fail-fast to go on without such objects.",
        err=True,
    )
    raise SystemExit(EXIT_QUARANTINED)


def _finish_shard(
    folder: "RunFolder",
    plan: "Plan",
    share: "Shard",
    outcome: "Outcome",
    render_objects: "Callable[[list[ObjectRef]], Outcome]",
) -> None:
    """Say what of the whole is still missing; the shard that ends last packs the dataset."""
    from threedie.manifests.locks import Taken

    click.echo(f"Done: {share}.")
    # More than once: of two that end together, each may see the other's lock for a moment, and both give way.
    for pause in PACK_PAUSES_S:
        time.sleep(pause)
        given_up = folder.quarantined_by_shards(share.count, _say)
        missing = folder.missing(plan.objects)
        left = len(set(missing) - given_up.keys())
        if left:
            click.echo(
                f"{left} of all {len(plan.chosen)} objects are still missing; the shard that ends last packs the "
                f"dataset into {folder.dataset}. Or run the command without --shard: it renders what is missing, and "
                "packs."
            )
            break
        try:
            with folder.lock(plan, None, _say):
                left_out = {ref: given_up[ref] for ref in missing if ref in given_up}
                _finish(folder, plan, left_out, render_objects)
            break
        except Taken:
            continue
    else:
        click.echo(
            "All objects are there. Another shard is at its end, too, and packs the dataset; where none does, run the "
            "command without --shard."
        )
    if outcome.quarantined:
        raise SystemExit(EXIT_QUARANTINED)


def _finish(
    folder: "RunFolder",
    plan: "Plan",
    quarantined: "Mapping[ObjectRef, str]",
    render_objects: "Callable[[list[ObjectRef]], Outcome]",
) -> None:
    """Pack what is there, draw the contact sheet, and say what happened and what to do next.

    Objects whose part files turn out to be damaged are rendered again.
    """
    from tqdm import tqdm

    from threedie.manifests.collection import open_collection
    from threedie.manifests.errors import DamagedFileError
    from threedie.manifests.files import replacing
    from threedie.manifests.preview import contact_sheet
    from threedie.render.run import DEFAULT_FOLDER

    begin = time.monotonic()

    def bar(parts: Any) -> Any:
        return tqdm(parts, desc="packing", unit=" parts", file=sys.stderr, disable=None, leave=False)

    before = len(folder.packed())
    for repairs in itertools.count():
        folder.write_quarantine(quarantined)
        there = sorted(plan.chosen - quarantined.keys())
        if not there:
            click.echo(f"None of the {len(plan.chosen)} objects could be rendered; see {folder.quarantine}.", err=True)
            raise SystemExit(EXIT_QUARANTINED)
        try:
            packed = folder.pack(there, bar)
            break
        except DamagedFileError:
            damaged = folder.remove_damaged(there, _say) if repairs < REPAIRS else []
            if not damaged:
                raise
        again = render_objects(damaged)
        _say_outcome(again)
        quarantined = {**quarantined, **again.quarantined}
    if packed:
        if before > len(there):
            click.echo(f"{folder.dataset} had {before} objects and now has the {len(there)} asked for.")
        click.echo(f"Packed {len(there)} objects in {time.monotonic() - begin:.1f} s.")
    if not folder.has_contact_sheet():
        with replacing(folder.contact_sheet) as temporary:
            temporary.write_bytes(contact_sheet(open_collection(folder.dataset), 8, 6))
    click.echo(f"Dataset:       {folder.dataset} ({folder.dataset.stat().st_size / 1e6:,.1f} MB)")
    click.echo(f"Contact sheet: {folder.contact_sheet}")
    if quarantined:
        click.echo(
            f"{len(quarantined)} of {len(plan.chosen)} objects were left out; why stands in "
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
    """Check whether this machine can render, and say what to do where it can't. Exits with 1 then."""
    from threedie.render.doctor import examine, install_libraries

    if install:
        install_libraries()
    findings = examine(Path.cwd())
    for finding in findings:
        click.echo(f"{'ok  ' if not finding.mend else 'MEND'}  {finding.name:<10} {finding.found}")
        if finding.mend:
            click.echo(f"      {'':<10} -> {finding.mend}")
    if any(finding.mend for finding in findings):
        raise SystemExit(1)
