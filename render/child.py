"""A rendering process, seen from its parent: pipe, log, memory, end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

import psutil

from threedie.manifests.files import explained
from threedie.render.messages import Probe, Setup, Task

WORKER = (sys.executable, "-P", "-m", "threedie.render.worker")

LAST_LINES = 3
LOG_TAIL_BYTES = 4096

DEAD = object()
"""Result of `Child.receive` for a process that has ended."""


class Child:
    """One rendering process, its pipe and its log.

    Attributes:
        task: the task it is working on; None while it is idle.
        ready: whether it has started.
        objects: objects it has ended.
        views: views of its task that it has rendered.
        last_sign: when it last sent something, by the monotonic clock.
    """

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
        self.pipe, other_end = Pipe()
        with output:
            self.log_begin = log.stat().st_size
            # A session of its own: one signal reaches it and whatever it starts, and Ctrl-C reaches only this process.
            self.process = subprocess.Popen(
                [*command, str(other_end.fileno())],
                pass_fds=[other_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, **environment},
            )
        other_end.close()
        self._send(setup)

    def send(self, message: Task | Probe) -> None:
        """Send it work; its time limit and the relevant part of its log begin anew."""
        self.last_sign, self.views = time.monotonic(), 0
        self.log_begin = self.log.stat().st_size
        self._send(message)

    def _send(self, message: Any) -> None:
        # That a child has died is noticed when its pipe is read.
        with suppress(OSError):
            self.pipe.send(message)

    @property
    def busy(self) -> bool:
        """Whether it has a task."""
        return self.task is not None

    def receive(self) -> Any:
        """Its next message; `DEAD` where it has ended, an exception where it sent garbage."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            return DEAD
        except Exception as error:  # whatever unpickling garbage raises: the child can't be trusted
            return error

    def resident_gib(self) -> float:
        """Its resident memory in GiB; 0 where it has ended."""
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
        """The last lines it printed since it started or got its object, in one line."""
        with self.log.open("rb") as file:
            size = self.log.stat().st_size
            file.seek(max(self.log_begin, size - LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-LAST_LINES:])


def describe_end(child: Child, code: int, reason: str = "") -> str:
    """Why a child ended, and the last lines it printed."""
    if not reason:
        reason = (
            f"the process died of {signal.Signals(-code).name}" if code < 0 else f"the process ended with code {code}"
        )
    lines = child.last_lines()
    return f"{reason}; its last output: {lines}" if lines else reason
