"""Keeps rendering processes at work whatever happens to them.

One object at a time is leased to a child over a pipe. A child that shows no progress, grows too large or dies costs one
try of its object; after a bounded number of tries the object is quarantined with the reason. What counts as done is a
whole part file in its place; no exit code is believed.
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Pipe, wait
from pathlib import Path
from typing import Any, Protocol

import psutil

from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, temporary_prefix
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import part_path
from threedie.render.devices import Devices
from threedie.render.messages import ObjectDone, ObjectFailed, Probe, Probed, Ready, Setup, Stop, Task, ViewDone

WORKER = (sys.executable, "-P", "-m", "threedie.render.worker")
POLL_S = 0.5
LAST_LINES = 3
LOG_TAIL_BYTES = 4096


@dataclass(frozen=True)
class Limits:
    """How much patience the supervisor has.

    Attributes:
        view_s: seconds a child may take for one view (or for loading an object) before it is killed.
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


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        done: objects whose part files now lie in their place.
        quarantined: objects given up, with the reason.
        warnings: what was wrong but could be borne.
    """

    done: list[ObjectRef] = field(default_factory=list)
    quarantined: dict[ObjectRef, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Watcher(Protocol):
    """Is told of progress; the command line draws a line of it, tests count it."""

    def view_done(self) -> None:
        """One more view was rendered."""

    def views_lost(self, views: int) -> None:
        """An object's try failed after so many of its views were counted."""

    def object_ended(self, outcome: Outcome) -> None:
        """An object is done or quarantined."""


class _Child:
    """One rendering process, its pipe and its log."""

    def __init__(self, command: Sequence[str], setup: Setup, log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        self.task: Task | None = None
        self.ready = False
        self.objects = 0
        self.views = 0
        self.last_sign = time.monotonic()
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            output = log.open("ab")
        except OSError as error:
            raise explained(error, log) from error
        self.pipe, theirs = Pipe()
        with output:
            self.log_begin = log.stat().st_size
            # A session of its own: one signal reaches it and whatever it starts, and Ctrl-C reaches only us.
            self.process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, **environment},
            )
        theirs.close()
        self._tell(setup)

    def send(self, message: Task | Probe) -> None:
        self.last_sign, self.views = time.monotonic(), 0
        self.log_begin = self.log.stat().st_size
        self._tell(message)

    def _tell(self, message: Any) -> None:
        # A child that is gone is noticed when its pipe is read.
        with suppress(OSError):
            self.pipe.send(message)

    @property
    def busy(self) -> bool:
        return self.task is not None

    def resident_gib(self) -> float:
        try:
            return float(psutil.Process(self.process.pid).memory_info().rss) / 2**30
        except psutil.Error:
            return 0.0

    def kill(self) -> int:
        """End it and whatever it started; gives its exit code."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.pipe.close()
        return self.process.wait()

    def last_lines(self) -> str:
        """The end of what it printed since it was started or given its object, in one line."""
        with self.log.open("rb") as file:
            size = self.log.stat().st_size
            file.seek(max(self.log_begin, size - LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-LAST_LINES:])


class Ledger:
    """Which objects are still to do, and what came of the others."""

    def __init__(self, setup: Setup, tries: int, tasks: Iterator[Task], watcher: Watcher) -> None:
        self.outcome = Outcome()
        self.watcher = watcher
        self._setup, self._max_tries, self._tasks = setup, tries, tasks
        self._again: deque[Task] = deque()
        self._tries: dict[ObjectRef, int] = {}

    def next_task(self) -> Task | None:
        """One that failed and is to be tried again, or a new one, or None where all are handed out."""
        return self._again.popleft() if self._again else next(self._tasks, None)

    def put_back(self, task: Task) -> None:
        """Take back a task that wasn't tried."""
        self._again.appendleft(task)

    def done(self, task: Task, warnings: Sequence[str]) -> bool:
        """Believe that an object is done if its part file is whole."""
        if not is_whole_part(self._setup.parts, task.ref, self._setup.info):
            return False
        self.outcome.done.append(task.ref)
        self.outcome.warnings += warnings
        self.watcher.object_ended(self.outcome)
        return True

    def failed(self, task: Task, reason: str, views: int, final: bool = False) -> bool:
        """Try an object again later, or quarantine it where that is no use or was done often enough.

        Gives whether it is quarantined.
        """
        self.watcher.views_lost(views)
        self._tries[task.ref] = self._tries.get(task.ref, 0) + 1
        if not final and self._tries[task.ref] < self._max_tries:
            self._again.append(task)
            return False
        # Whatever lies there is not whole, and must not be taken for a part of the dataset.
        part_path(self._setup.parts, task.ref).unlink(missing_ok=True)
        self.outcome.quarantined[task.ref] = reason
        self.watcher.object_ended(self.outcome)
        return True


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
            setup: what every child is told first.
            logs: folder for one log file a child.
            workers: number of children at work at once.
            limits: patience; the default suits all but strange meshes.
            command: how to start a child; the number of its pipe is appended.
            devices: what the children render with; one GPU each where there are GPUs.
        """
        self._devices = devices or Devices()
        self._setup, self._logs, self.workers = setup, logs, workers
        self._limits = limits or Limits()
        self._command = command
        self._children: list[_Child | None] = [None] * workers
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
            message = self._receive(child) if child.pipe.poll(patience) else _DEAD
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
                    raise ThreeDieError(f"Blender can't be started: {_epitaph(child, code)}")
                return None

    def run(self, tasks: Iterable[Task], watcher: Watcher) -> Outcome:
        """Render all tasks; returns when each is done or quarantined, or at the first quarantined one with `fail_fast`.

        Raises:
            ThreeDieError: children can't be started at all, or one met a full disk; objects done so far are safe.
        """
        ledger = Ledger(self._setup, self._limits.tries, iter(tasks), watcher)
        while True:
            if self._aborted:
                raise ThreeDieError("the run was ended")
            if self._limits.fail_fast and ledger.outcome.quarantined:
                return ledger.outcome
            for slot in range(self.workers):
                self._hand_out(slot, ledger)
            busy = {child.pipe: slot for slot, child in enumerate(self._children) if child and child.busy}
            if not busy:
                return ledger.outcome
            ready = wait(list(busy), timeout=POLL_S)
            for pipe, slot in busy.items():
                if pipe in ready:
                    self._handle(slot, ledger)
            for slot in busy.values():
                self._check_limits(slot, ledger)

    def _hand_out(self, slot: int, ledger: "Ledger") -> None:
        """Give a task to a child that is idle; start one, or replace one that has served long enough."""
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

    def _handle(self, slot: int, ledger: "Ledger") -> None:
        child = self._children[slot]
        if child is None or child.task is None:
            return
        message = self._receive(child)
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
                ledger.failed(task, f"{task.ref}: the process said it was done, but left no whole file", child.views)
        else:
            self._lose(slot, "" if message is _DEAD else f"it sent garbage ({message!r})", ledger)

    def _check_limits(self, slot: int, ledger: "Ledger") -> None:
        child = self._children[slot]
        if child is None or not child.busy:
            return
        patience = self._limits.view_s if child.ready else self._limits.start_s
        if time.monotonic() - child.last_sign > patience:
            self._lose(slot, f"no sign of life for {patience:g} s", ledger)
        elif (size := child.resident_gib()) > self._limits.memory_gib:
            self._lose(slot, f"its memory grew to {size:.1f} GiB, over the cap of {self._limits.memory_gib:g}", ledger)

    def _lose(self, slot: int, reason: str, ledger: "Ledger") -> None:
        """End a child that can't be trusted any more, and settle its object."""
        child = self._children[slot]
        if child is None or child.task is None:
            return
        task = child.task
        code = self._end(slot)
        epitaph = _epitaph(child, code, reason)
        if not child.ready:
            self._failed_starts += 1
            if self._failed_starts > self.workers:
                raise ThreeDieError(f"Blender can't be started: {epitaph}")
            ledger.put_back(task)
        elif not ledger.done(task, ()):
            # Where it wrote the file and died before it could say so, the object is done all the same.
            ledger.failed(task, f"{task.ref}: {epitaph}", child.views)

    def _start(self, slot: int) -> _Child:
        log, environment = self._logs / f"worker-{slot}.log", self._devices.environment(slot)
        child = self._children[slot] = _Child(self._command, self._setup, log, environment)
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

    def _receive(self, child: _Child) -> Any:
        try:
            return child.pipe.recv()
        except (EOFError, OSError):
            return _DEAD
        except Exception as error:  # Whatever unpickling garbage raises: the child is not to be trusted.
            return error


def _epitaph(child: _Child, code: int, reason: str = "") -> str:
    """Why a child ended, and its last words."""
    if not reason:
        reason = (
            f"the process died of {signal.Signals(-code).name}" if code < 0 else f"the process ended with code {code}"
        )
    words = child.last_lines()
    return f"{reason}; it last said: {words}" if words else reason


def is_whole_part(parts: Path, ref: ObjectRef, info: DatasetInfo) -> bool:
    """Whether an object's part file is there, readable and of this dataset."""
    path = part_path(parts, ref)
    if not path.is_file():
        return False
    try:
        part = Dataset(path)
    except ThreeDieError:
        return False
    return part.objects == [ref] and info.difference(part.info) is None


_DEAD = object()
