"""Interrupting training between two steps on a signal."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from threedie.manifests.signals import STOP_SIGNALS, Repeats


class Interrupted(KeyboardInterrupt):
    """Training was interrupted (Ctrl-C, SIGTERM, SIGUSR1) and has saved its checkpoint.

    A `KeyboardInterrupt`, so that a loop over runs that survives errors ends.

    Attributes:
        number: the signal's.
    """

    def __init__(self, number: int, epoch: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name} in epoch {epoch + 1}; the checkpoint is saved")
        self.number = number


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """A list that receives the signals to stop, so that the current step can end; a second one acts as usual.

    Ctrl-C, SIGTERM, and SIGUSR1, with which SLURM warns of the end of a job's time (`--signal=USR1@120`). A repeat
    (`Repeats`) is no second one.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    repeated = Repeats()

    def note(number: int, _frame: FrameType | None) -> None:
        if repeated(number):
            return
        if not received:
            received.append(number)
            return
        for each in STOP_SIGNALS:
            signal.signal(each, before[each])
        signal.raise_signal(number)

    for number in STOP_SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, note)
    try:
        yield received
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, before[number])
