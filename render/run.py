"""One rendering run: from a request to a packed dataset."""

import functools
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import scratch_prefix
from threedie.manifests.objects import ObjectRef
from threedie.manifests.plurals import pluralize
from threedie.manifests.processes import find_processes
from threedie.render.devices import Devices, choose_devices
from threedie.render.engines.engine import Engine
from threedie.render.engines.local import local_engine
from threedie.render.estimate import report_expected
from threedie.render.finish import finish, finish_shard, report_fingerprint, report_outcome
from threedie.render.ledger import Outcome
from threedie.render.models.choose import left_out_notes, open_source
from threedie.render.models.source import ModelSource
from threedie.render.plan import Plan, make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.reporter import RenderReporter
from threedie.render.request import RenderRequest, RenderResult
from threedie.render.resources import available_cores
from threedie.render.run_folder import RunFolder

ESTIMATED_VIEWS = 500
"""Views from which a run is worth an estimate; in a shorter one the progress line shows the time soon enough."""


OpenEngine = Callable[[Plan, RunFolder], AbstractContextManager[Engine]]
"""Opens what renders a plan into a folder, for as long as the run needs it."""


def render(
    request: RenderRequest, reporter: RenderReporter | None = None, open_engine: OpenEngine | None = None
) -> RenderResult:
    """Render what is missing in the request's folder and pack the dataset.

    Args:
        request: what to render.
        reporter: where to report to; silent without one.
        open_engine: an engine of your own; by default this machine's processes, or the request's cluster.

    Raises:
        ThreeDieError: a mistake in the request, another run in the same folder, or a fault such as a full disk. What
            was rendered is kept, and the same request goes on from it.
    """
    return RenderRun(request, reporter, open_engine).run()


class RenderRun:
    """A run of a request.

    Attributes:
        request: what to render.
        folder: where to.
        objects: the objects that this run, or its shard, renders; empty before the plan is made.
    """

    def __init__(
        self, request: RenderRequest, reporter: RenderReporter | None = None, open_engine: OpenEngine | None = None
    ) -> None:
        self.request = request
        self.folder = RunFolder(request.out)
        self.objects: list[ObjectRef] = []
        self._reporter = reporter or RenderReporter()
        self._share = request.share
        self._open_engine = open_engine
        self._definition = request.definition

    def run(self) -> RenderResult:
        """Render what is missing, and pack; see `render`."""
        if not self.request.dry_run:
            plan = self._make_plan(self.folder.path / "models")
            self._check_fingerprint(plan)
            return self._render(plan, self._choose_devices())
        # A dry run leaves nothing behind, neither models it made up nor any taken out of an archive.
        with tempfile.TemporaryDirectory(prefix=scratch_prefix()) as scratch:
            plan = self._make_plan(Path(scratch))
            return self._dry_run(plan, self._choose_devices(), Path(scratch))

    def count_done(self) -> int:
        """Number of `objects` that have a whole part file."""
        return len(self.objects) - len(self.folder.missing(self.objects))

    def _make_plan(self, models_cache: Path) -> Plan:
        request, reporter = self.request, self._reporter
        source = self._open_models(models_cache)
        if not (self._share or request.cluster.wanted):
            report_process(reporter)
        plan = make_plan(
            source,
            load_preset(request.preset),
            choose_quality(request.quality, request.samples, request.denoiser),
            synsets=request.synsets,
            views=request.views,
            per_class=request.objects,
            size=request.size,
            seed=request.seed,
            sampler=request.sampler,
            manifest=request.manifest,
            definition=self._definition,
        )
        for note in left_out_notes(source):
            reporter.text(f"note: {note}")
        self.objects = self._share.of(plan.objects) if self._share else plan.objects
        return plan

    def _open_models(self, cache: Path) -> ModelSource:
        request, report, definition = self.request, self._reporter.text, self._definition
        if definition is None:
            report(f"Models: {'embedded (no --models given)' if request.models is None else request.models}")
            return open_source(request.models, cache)
        report(f"Dataset: {definition.name} ({definition.title})")
        report(f"Models: generated when they are first needed, seed {definition.model_seed}")
        return definition.open_models(cache)

    def _check_fingerprint(self, plan: Plan) -> None:
        """Refuse to render for hours what won't be the published dataset."""
        if self._definition and self._definition.fingerprint:
            difference = self._definition.compare(plan.fingerprint())
            if difference:
                raise ThreeDieError(
                    f"dataset {self.request.dataset}: {difference}: this version of 3die would render another dataset; "
                    "use the version that it was published with"
                )

    def _choose_devices(self) -> Devices:
        if self.request.cluster.wanted:
            return Devices()  # each worker looks for devices on its own machine
        devices = choose_devices(self.request.device)
        if devices.names:
            self._reporter.text(f"Device: {devices.kind}, {', '.join(devices.names)}")
            if self.request.workers and self.request.workers > len(devices.names):
                raise ThreeDieError(
                    f"--workers {self.request.workers}: one process per GPU, and this machine has {len(devices.names)}"
                )
        return devices

    def _render(self, plan: Plan, devices: Devices) -> RenderResult:
        folder, share, reporter = self.folder, self._share, self._reporter
        render_objects = functools.partial(self._render_objects, plan, devices)
        with folder.lock(plan, share, reporter.wait):
            # Objects that an earlier run gave up are tried again.
            folder.write_quarantine({}, share)
            missing = folder.missing(self.objects)
            self._report_plan(plan, missing)
            outcome = render_objects(missing)
            report_outcome(outcome, reporter)
            folder.write_quarantine(outcome.quarantined, share)
            if outcome.quarantined and not self.request.keep_going:
                reporter.warn(
                    f"Stopped at the first object that can't be rendered (--fail-fast); {self.count_done()} of "
                    f"{pluralize(len(self.objects), 'object')} done and safe. The reason is in "
                    f"{folder.quarantine_of(share)}. Fix the object and run the same command again, or run it without "
                    "--fail-fast to go on without such objects."
                )
                return RenderResult(None, outcome.quarantined)
            if share is None:
                return finish(folder, plan, outcome.quarantined, render_objects, reporter)
        return finish_shard(folder, plan, share, outcome, render_objects, reporter)

    def _render_objects(self, plan: Plan, devices: Devices, objects: list[ObjectRef]) -> Outcome:
        with self._engine(plan, devices, len(objects)) as engine:
            if not objects:
                return Outcome()
            if len(objects) * plan.info.views >= ESTIMATED_VIEWS:
                report_expected(engine, plan, objects, self._reporter)
            with self._reporter.views(len(objects) * plan.info.views) as watcher:
                return engine.run(plan.tasks(objects), watcher)

    def _engine(self, plan: Plan, devices: Devices, objects: int) -> AbstractContextManager[Engine]:
        request = self.request
        if self._open_engine:
            return self._open_engine(plan, self.folder)
        if request.cluster.wanted:
            from threedie.render.engines.cluster import cluster_engine  # noqa: PLC0415 - for clusters alone

            return cluster_engine(
                plan, self.folder, request.cluster, request.limits, self._reporter.wait, device=request.device
            )
        workers = max(1, min(self._count_workers(devices), objects))
        logs = self._share.name if self._share else ""
        return local_engine(plan, self.folder, workers, request.limits, logs, devices)

    def _count_workers(self, devices: Devices) -> int:
        return self.request.workers or len(devices.names) or available_cores()

    def _dry_run(self, plan: Plan, devices: Devices, scratch: Path) -> RenderResult:
        """Report the plan, the fingerprint, and the time it would take or the script of the jobs."""
        cluster, reporter = self.request.cluster, self._reporter
        missing = self.folder.missing(self.objects)
        self._report_plan(plan, missing)
        differs = report_fingerprint(plan, plan.fingerprint(), reporter)
        if cluster.jobqueue:
            from threedie.render.engines.cluster import job_script  # noqa: PLC0415 - for clusters alone

            script = job_script(cluster)
            reporter.text(f"Script of each of {pluralize(cluster.jobs, 'job')}:\n\n{script}")
        elif cluster.scheduler:
            reporter.text("No estimate on a cluster; the same command without --scheduler measures on this machine.")
        elif missing:
            workers = min(self._count_workers(devices), len(missing))
            with local_engine(plan, self.folder, workers, None, scratch / "logs", devices) as engine:
                report_expected(engine, plan, missing, reporter)
        return RenderResult(differs=differs)

    def _report_plan(self, plan: Plan, missing: list[ObjectRef]) -> None:
        info, report = plan.info, self._reporter.text
        objects, classes = pluralize(len(plan.chosen), "object"), len({ref.synset for ref in plan.chosen})
        report(
            f"Plan: {objects} of {pluralize(classes, 'class')} x {pluralize(info.views, 'view')} = "
            f"{pluralize(plan.views, 'view')} of {info.image_size} px, preset {info.preset['name']}, "
            f"quality {info.quality['name']}, seed {info.seed}, into {self.folder.path}/"
        )
        if self._share:
            report(f"Here: {self._share}, {len(self.objects)} of the objects.")
        if len(missing) < len(self.objects):
            done = pluralize(len(self.objects) - len(missing), "object")
            report(f"{done} already rendered; {len(missing)} missing.")


def report_process(reporter: RenderReporter) -> None:
    """Report what SLURM or torchrun say of several processes, where it could be taken to divide the work."""
    processes = find_processes()
    if processes.launcher:
        reporter.text(
            f"Process: {processes.rank + 1} of {processes.count} that {processes.launcher} started; each renders the "
            "whole, and only one may at a time: give each a share with --shard I/N"
        )
    elif processes.note:
        reporter.text(f"Process: {processes.note}; for several give each a share with --shard I/N, or see --jobqueue")
