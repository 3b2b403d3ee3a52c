"""Rendering on a Dask cluster: one that runs already, or one that is started as jobs of a batch system.

Dask hands the objects to its workers and hands those of a lost worker to others, a bounded number of times. The
workers write part files into the run's folder, which they share with this process; only files in it count.
"""

import logging
import pickle
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.child import WORKER
from threedie.render.engines.on_worker import Job, Report, end, serve
from threedie.render.engines.options import ClusterOptions
from threedie.render.ledger import Ledger, Outcome, Watcher
from threedie.render.messages import Probe, Probed, Setup, Task
from threedie.render.plan import Plan
from threedie.render.resources import make_setup
from threedie.render.run_folder import RunFolder
from threedie.render.supervisor import Limits

SCHEDULER_GONE = "the Dask scheduler is gone; objects done so far are safe: start it again and run the same command"
POLL_S = 0.5
COUNT_S = 5.0
"""How often the workers are counted."""
AHEAD = 64
"""Objects handed to the scheduler beyond two per thread of the workers: a worker that joins has work at once."""
VISIBLE_S = 120.0
"""How long a file written on another machine may take to be visible here (NFS: up to a minute)."""
CONNECT_S = 15
END_S = 5.0

_Unconfirmed = dict[ObjectRef, tuple[Task, float, Report]]
"""Objects whose files aren't visible here yet: task, when its worker reported it as done, its report."""

_CLUSTERS = {
    "slurm": ("SLURMCluster", "sbatch"),
    "pbs": ("PBSCluster", "qsub"),
    "lsf": ("LSFCluster", "bsub"),
    "sge": ("SGECluster", "qsub"),
}
"""Batch system -> class in dask_jobqueue, and the command that submits a job."""


@contextmanager
def cluster_engine(
    plan: Plan,
    folder: RunFolder,
    options: ClusterOptions,
    limits: Limits,
    on_wait: Callable[[str], None],
    command: Sequence[str] = WORKER,
    device: str = "cpu",
) -> Iterator["ClusterEngine"]:
    """Connect to a cluster, or start one; leaving ends the run's processes on it.

    Args:
        plan: what is to be rendered.
        folder: where to; on a file system that all machines share.
        options: where the cluster is or how to start it.
        limits: of the rendering processes.
        on_wait: called with a message about what this waits for.
        command: starts a rendering process.
        device: what each worker looks for on its machine, as for `choose_devices`.

    Raises:
        ThreeDieError: Dask isn't installed, no scheduler answers, or the batch system's commands are missing.
    """
    setup = make_setup(plan, folder, Path(), 1, device)
    with _connected(options, folder) as client:
        engine = ClusterEngine(client, folder.path, setup, limits, on_wait, command)
        try:
            yield engine
        finally:
            engine.end()


def job_script(options: ClusterOptions) -> str:
    """The script of one job, as it would be submitted.

    Raises:
        ThreeDieError: Dask isn't installed.
    """
    with _jobs(options, None) as cluster:
        return str(cluster.job_script())


class ClusterEngine:
    """Renders tasks on the workers of a Dask scheduler."""

    def __init__(
        self,
        client: Any,
        folder: Path,
        setup: Setup,
        limits: Limits,
        on_wait: Callable[[str], None],
        command: Sequence[str] = WORKER,
    ) -> None:
        self._client, self._setup, self._limits, self._on_wait = client, setup, limits, on_wait
        self._job = Job(secrets.token_hex(8), folder, pickle.dumps(setup), limits, tuple(command))
        self._threads = 0
        self._counted = 0.0
        self._waiting = False
        self._submitted = 0
        self._pending: dict[Any, Task] = {}
        self._finished: SimpleQueue[Any] = SimpleQueue()

    @property
    def workers(self) -> int:
        """Number of rendering processes: the threads of all workers that are connected."""
        self._count()
        return self._threads

    def probe(self, probe: Probe) -> Probed | None:
        """How long views take on one of the workers, or None where its object can't be rendered.

        Raises:
            ThreeDieError: the run can't go on.
        """
        future = self._submit(probe)
        while True:
            with suppress(Empty):
                self._finished.get(timeout=POLL_S)
                return self._report(future).probed
            self._check_cluster()

    def run(self, tasks: Iterable[Task], watcher: Watcher) -> Outcome:
        """Render all tasks; returns when each is done or quarantined, or at the first quarantined one with `fail_fast`.

        Raises:
            ThreeDieError: the scheduler is gone, a worker can't render at all or met a full disk; objects done so far
                are safe.
        """
        ledger = Ledger(self._setup, self._limits.tries, iter(tasks), watcher)
        unconfirmed: _Unconfirmed = {}
        exhausted = False
        while not (self._limits.fail_fast and ledger.outcome.quarantined):
            while not exhausted and len(self._pending) < 2 * self._threads + AHEAD:
                task = ledger.next_task()
                exhausted = task is None
                if task is not None:
                    self._pending[self._submit(task)] = task
            if not self._pending and not unconfirmed:
                break
            for future in self._take_finished():
                if self._record(future, ledger, unconfirmed):
                    exhausted = False
            self._confirm(ledger, unconfirmed)
            self._check_cluster()
        return ledger.outcome

    def end(self) -> None:
        """Cancel what is not rendered yet, and end the run's processes on all workers."""

        def cancel() -> None:
            with suppress(Exception):  # the cluster may be gone
                self._client.cancel(list(self._pending), force=True)
                self._client.run(end, self._job.run, on_error="ignore")

        # A worker that hangs would block this process.
        thread = threading.Thread(target=cancel, daemon=True)
        thread.start()
        thread.join(END_S)

    def _submit(self, order: Task | Probe) -> Any:
        self._submitted += 1
        name = order.ref if isinstance(order, Task) else "timed sample"
        future = self._client.submit(
            _serve_here, self._job, order, key=f"3die {name} {self._job.run}-{self._submitted}", pure=False
        )
        future.add_done_callback(self._finished.put)
        return future

    def _take_finished(self) -> list[Any]:
        """The futures that have ended by now; waits a moment for the first."""
        finished = []
        with suppress(Empty):
            finished.append(self._finished.get(timeout=POLL_S))
            while True:
                finished.append(self._finished.get_nowait())
        return finished

    def _record(self, future: Any, ledger: Ledger, unconfirmed: _Unconfirmed) -> bool:
        """Record the result of a task; gives whether it has to be tried again."""
        task = self._pending.pop(future, None)
        if task is None:
            return False
        if future.status in ("cancelled", "lost"):
            self._refuse_without_scheduler()
            return not ledger.failed(task, f"{task.ref}: the scheduler lost it", 0)
        reason = _lost_with_workers(future)
        if reason:
            ledger.failed(task, f"{task.ref}: {reason}", 0, final=True)
            return False
        report = self._report(future)
        future.release()
        for reason in report.outcome.quarantined.values():
            ledger.failed(task, reason, 0, final=True)
            return False
        unconfirmed[task.ref] = (task, time.monotonic(), report)
        return False

    def _confirm(self, ledger: Ledger, unconfirmed: _Unconfirmed) -> None:
        """Count objects as done whose files are visible here, too."""
        for task, since, report in list(unconfirmed.values()):
            if ledger.done(task, report.outcome.warnings):
                for _ in range(self._setup.info.views):
                    ledger.watcher.view_done()
                del unconfirmed[task.ref]
            elif time.monotonic() - since > VISIBLE_S:
                raise ThreeDieError(
                    f"{task.ref}: a worker has written it into {self._setup.parts}, but {VISIBLE_S:.0f} s later it "
                    "isn't visible here; give --out a folder on a file system that all machines share"
                )

    def _report(self, future: Any) -> Report:
        from distributed.comm import CommClosedError  # noqa: PLC0415 - as above: this is read without Dask, too

        try:
            report = future.result()
        except CommClosedError as error:
            # The answer is fetched through the scheduler, which may go before the client has noticed.
            raise ThreeDieError(SCHEDULER_GONE) from error
        except Exception as error:
            raise ThreeDieError(
                f"a worker of the cluster can't run 3die ({type(error).__name__}: {error}); install the same version "
                "of 3die for the workers as here"
            ) from error
        assert isinstance(report, Report)
        if report.stop:
            raise ThreeDieError(report.stop)
        return report

    def _check_cluster(self) -> None:
        if time.monotonic() - self._counted < COUNT_S:
            return
        self._refuse_without_scheduler()
        self._count()
        if self._threads == 0 and not self._waiting:
            self._on_wait("Waiting for workers: the scheduler has none.")
        elif self._threads and self._waiting:
            self._on_wait(f"Workers have joined: {self._threads} objects at once.")
        self._waiting = self._threads == 0

    def _count(self) -> None:
        self._counted = time.monotonic()
        with suppress(OSError):
            self._threads = sum(self._client.nthreads().values())

    def _refuse_without_scheduler(self) -> None:
        if self._client.status not in ("running", "connecting"):
            raise ThreeDieError(SCHEDULER_GONE)


def _serve_here(job: Job, order: Task | Probe) -> Report:
    """On a Dask worker: serve with as many processes as it has threads."""
    from distributed import get_worker  # noqa: PLC0415 - this module is read where Dask isn't installed, too

    return serve(job, get_worker().state.nthreads, order)


def _lost_with_workers(future: Any) -> str:
    """Why Dask gave up a task after losing several workers with it; empty where it didn't."""
    if future.status != "error":
        return ""
    error = future.exception()
    if type(error).__name__ != "KilledWorker":
        return ""
    last = getattr(error, "last_worker", None)
    tries = getattr(error, "allowed_failures", 3) + 1
    return f"{tries} workers of the cluster were lost while they rendered it, last {getattr(last, 'address', last)}"


@contextmanager
def _connected(options: ClusterOptions, folder: RunFolder) -> Iterator[Any]:
    distributed = _dask("distributed", "--scheduler" if options.scheduler else "--jobqueue")
    # The progress line and the quarantine report what happens to workers; Dask's tracebacks would only confuse.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if options.jobqueue:
        submit = _CLUSTERS[options.jobqueue][1]
        if shutil.which(submit) is None:
            raise ThreeDieError(
                f"--jobqueue {options.jobqueue}: no command {submit} on this machine; run this where jobs are submitted"
            )
        with _jobs(options, folder) as cluster:
            # As many as requested at any time: a job that reached its time limit is started anew.
            cluster.adapt(minimum_jobs=options.jobs, maximum_jobs=options.jobs)
            with distributed.Client(cluster, set_as_default=False) as client:
                yield client
        return
    address = options.scheduler or ""
    location = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    try:
        client = distributed.Client(**location, timeout=CONNECT_S, set_as_default=False, name="3die")
    except (OSError, ValueError, TypeError) as error:
        raise ThreeDieError(
            f"--scheduler {address}: no Dask scheduler answers ({type(error).__name__}); start one with "
            "'dask scheduler' and give the address it prints, such as tcp://10.0.0.1:8786, or its scheduler file"
        ) from error
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=END_S)


@contextmanager
def _jobs(options: ClusterOptions, folder: RunFolder | None) -> Iterator[Any]:
    """A cluster of jobs, none submitted yet. What isn't set comes from Dask's own configuration (jobqueue.yaml)."""
    jobqueue = _dask("dask_jobqueue", "--jobqueue")
    settings = {
        "queue": options.job_queue,
        "walltime": options.job_walltime,
        "job_extra_directives": list(options.job_option) or None,
        "log_directory": str(folder.logs / "jobs") if folder else None,
    }
    maker = getattr(jobqueue, _CLUSTERS[options.jobqueue or ""][0])
    cluster = maker(
        cores=options.job_cores,
        memory=options.job_memory,
        processes=1,
        job_name="3die",
        python=sys.executable,
        **{name: value for name, value in settings.items() if value is not None},
    )
    with cluster:
        yield cluster


def _dask(module: str, option: str) -> Any:
    try:
        return __import__(module)
    except ImportError as error:
        raise ThreeDieError(
            f"{option} needs Dask, which isn't installed ({error.name}): pip install 'threedie[cluster]'"
        ) from error
