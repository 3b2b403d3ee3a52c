"""Keeps rendering processes at work, whatever happens to them.

One object at a time is leased to a child over a pipe. A child that shows no progress, grows too large or dies costs one
try of its object; after a bounded number of tries the object is quarantined with the reason. What counts as done is a
whole part file in its place, whatever the exit code.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import temporary_prefix
from threedie.manifests.parts import part_path
from threedie.render.child import DEAD, WORKER, Child, describe_end
from threedie.render.devices import Devices
from threedie.render.ledger import Ledger, Outcome, Watcher
from threedie.render.messages import ObjectDone, ObjectFailed, Probe, Probed, Ready, Setup, Stop, Task, ViewDone

POLL_S = 0.5


@dataclass(frozen=True)
class Limits:
    """Limits of time, memory and tries, beyond which a process is replaced.

    Attributes:
        view_s: seconds a child may take for one view, or for loading an object, before it is killed.
        start_s: seconds it may take to start.
        memory_gib: resident size at which it is killed.
        objects_per_child: objects after which it is replaced, because Blender leaks.
        tries: times an object is tried before it is quarantined.
        fail_fast: end the run at the first object that is quarantined.
    """

    view_s: float = 300.0
    start_s: float = 120.0
    memory_gib: float = 8.0
    objects_per_child: int = 50
    tries: int = 2
    fail_fast: bool = False


class Supervisor:
    """Runs tasks in child processes. Use as a context manager: leaving it ends every child."""

    def __init__(
        self,
        setup: Setup,
        logs: Path,
        workers: int = 1,
        limits: Limits | None = None,
        command: Sequence[str] = WORKER,
        devices: Devices | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            setup: what is the same for all objects; sent to each child first.
            logs: folder for one log file a child.
            workers: number of children at work at once.
            limits: of each child; the default suits all but unusual meshes.
            command: starts a child; the file descriptor of its pipe is appended.
            devices: what the children render with; one GPU each where there are GPUs.
        """
        self._devices = devices or Devices()
        self._setup, self._logs, self.workers = setup, logs, workers
        self._limits = limits or Limits()
        self._command = command
        self._children: list[Child | None] = [None] * workers
        self._failed_starts = 0
        self._aborted = False

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, *_: object) -> None:
        for slot in range(len(self._children)):
            self._end(slot)

    def abort(self) -> None:
        """From another thread: make `run` raise within a moment."""
        self._aborted = True

    def probe(self, probe: Probe) -> Probed | None:
        """How long views take at the probe's sizes, or None where its object can't be rendered.

        Measured in the first child, which stays for `run`.

        Raises:
            ThreeDieError: no child can be started.
        """
        # The others start meanwhile.
        for slot in range(self.workers):
            if self._children[slot] is None:
                self._start(slot)
        child = self._children[0]
        assert child is not None
        if child.ready:
            child.send(probe)
        while True:
            patience = self._limits.view_s if child.ready else self._limits.start_s
            message = child.receive() if child.pipe.poll(patience) else DEAD
            if isinstance(message, Ready):
                child.ready = True
                child.send(probe)
            elif isinstance(message, Probed):
                return message
            elif isinstance(message, ObjectFailed) and child.ready:
                return None
            else:
                code = self._end(0)
                if not child.ready:
                    raise ThreeDieError(f"Blender can't be started: {describe_end(child, code)}")
                return None

    def run(self, tasks: Iterable[Task], watcher: Watcher) -> Outcome:
        """Render all tasks; returns when each is done or quarantined, or at the first quarantined one with `fail_fast`.

        Raises:
            ThreeDieError: children can't be started at all, or one met a full disk; objects done so far are safe.
        """
        ledger = Ledger(self._setup, self._limits.tries, iter(tasks), watcher)
        while True:
            if self._aborted:
                raise ThreeDieError("the run was stopped")
            if self._limits.fail_fast and ledger.outcome.quarantined:
                return ledger.outcome
            for slot in range(self.workers):
                self._assign(slot, ledger)
            busy = {child.pipe: slot for slot, child in enumerate(self._children) if child and child.busy}
            if not busy:
                return ledger.outcome
            ready = wait(list(busy), timeout=POLL_S)
            for pipe, slot in busy.items():
                if pipe in ready:
                    self._handle(slot, ledger)
            for slot in busy.values():
                self._check_limits(slot, ledger)

    def _assign(self, slot: int, ledger: Ledger) -> None:
        """Give a task to an idle child; start one, or replace one that has rendered `objects_per_child` objects."""
        child = self._children[slot]
        if child and child.busy:
            return
        if child and child.objects >= self._limits.objects_per_child:
            self._end(slot)
            child = None
        task = ledger.next_task()
        if task is None:
            return
        child = child or self._start(slot)
        child.task = task
        if child.ready:
            child.send(task)

    def _handle(self, slot: int, ledger: Ledger) -> None:
        child = self._children[slot]
        if child is None or child.task is None:
            return
        message = child.receive()
        child.last_sign = time.monotonic()
        if isinstance(message, Ready) and not child.ready:
            child.ready, self._failed_starts = True, 0
            child.send(child.task)
        elif isinstance(message, ViewDone):
            child.views += 1
            ledger.watcher.view_done()
        elif isinstance(message, Stop):
            raise ThreeDieError(message.reason)
        elif isinstance(message, ObjectFailed | ObjectDone):
            task, child.task = child.task, None
            child.objects += 1
            if isinstance(message, ObjectFailed):
                ledger.failed(task, message.reason, child.views, final=True)
            elif not ledger.done(task, message.warnings):
                ledger.failed(task, f"{task.ref}: the process reported it as done, but left no whole file", child.views)
        else:
            self._end_failed(slot, "" if message is DEAD else f"it sent an unknown message ({message!r})", ledger)

    def _check_limits(self, slot: int, ledger: Ledger) -> None:
        child = self._children[slot]
        if child is None or not child.busy:
            return
        patience = self._limits.view_s if child.ready else self._limits.start_s
        if time.monotonic() - child.last_sign > patience:
            self._end_failed(slot, f"no progress for {patience:g} s", ledger)
        elif (size := child.resident_gib()) > self._limits.memory_gib:
            self._end_failed(
                slot, f"its memory grew to {size:.1f} GiB, over the limit of {self._limits.memory_gib:g}", ledger
            )

    def _end_failed(self, slot: int, reason: str, ledger: Ledger) -> None:
        """End a child that failed, and record the result of its object."""
        child = self._children[slot]
        if child is None or child.task is None:
            return
        task = child.task
        code = self._end(slot)
        end = describe_end(child, code, reason)
        if not child.ready:
            self._failed_starts += 1
            if self._failed_starts > self.workers:
                raise ThreeDieError(f"Blender can't be started: {end}")
            ledger.put_back(task)
        elif not ledger.done(task, ()):
            # An object whose file was written before the process died is done all the same.
            ledger.failed(task, f"{task.ref}: {end}", child.views)

    def _start(self, slot: int) -> Child:
        log, environment = self._logs / f"worker-{slot}.log", self._devices.environment(slot)
        child = self._children[slot] = Child(self._command, self._setup, log, environment)
        return child

    def _end(self, slot: int) -> int:
        child = self._children[slot]
        if child is None:
            return 0
        self._children[slot] = None
        code = child.kill()
        if child.task is not None:
            folder = part_path(self._setup.parts, child.task.ref).parent
            for debris in folder.glob(f"{temporary_prefix(child.process.pid)}*"):
                debris.unlink(missing_ok=True)
        return code
