"""Stopping on a signal: Ctrl-C, SIGTERM, and SIGUSR1, with which batch systems warn of the end of a job's time."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
REPEAT_S = 10.0
"""A signal that comes again within this time counts as one, except Ctrl-C."""


class Stopped(KeyboardInterrupt):
    """One of `STOP_SIGNALS` came, the one with `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Repeats:
    """Tells repeats of a signal: at a time limit both SLURM's daemon and its srun send SIGTERM to a step's tasks."""

    def __init__(self) -> None:
        self._first: dict[int, float] = {}

    def __call__(self, number: int) -> bool:
        """Whether this signal has come within the last `REPEAT_S` already; Ctrl-C always counts."""
        now = time.monotonic()
        if number != signal.SIGINT and number in self._first and now - self._first[number] < REPEAT_S:
            return True
        self._first[number] = now
        return False


@contextmanager
def exits_on_signals(on_stop: Callable[[], object]) -> Iterator[None]:
    """On a stop signal, end the block by an exception and exit with the shell's code, 128 + the signal.

    That is 130 after Ctrl-C, 143 after SIGTERM, 138 after SIGUSR1. Python's own end after SIGTERM would leave locks and
    half-written files. Signals that are ignored, as Ctrl-C is by a shell's background commands, stay so.

    Args:
        on_stop: called before the exit, to inform the user.

    Raises:
        SystemExit: a signal came.
    """
    before = {}
    repeated = Repeats()

    def stop(number: int, _frame: FrameType | None) -> None:
        if not repeated(number):
            raise Stopped(number)

    if threading.current_thread() is threading.main_thread():
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
    try:
        yield
    except KeyboardInterrupt as error:
        on_stop()
        raise SystemExit(128 + (error.number if isinstance(error, Stopped) else signal.SIGINT)) from None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let `STOP_SIGNALS` end the process at once, for a wait outside of Python, where no handler is ever called."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
