"""One function over many objects, in several processes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from threedie.manifests.errors import ThreeDieError

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 24
"""Fewer items are done in this process: starting others would take longer."""

_CHUNK = 8
_shared: Any = None


def over_all(
    function: Callable[[Any, Item], Result], shared: Any, items: Sequence[Item], workers: int
) -> Iterator[Result]:
    """`function(shared, item)` of every item, in order.

    Args:
        function: a module's function; it may be run in another process.
        shared: its first argument, sent to each process once.
        items: its second arguments.
        workers: number of processes.

    Raises:
        ThreeDieError: a process died, such as for lack of memory.
    """
    if workers <= 1 or len(items) < FEW:
        for item in items:
            yield function(shared, item)
        return
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(shared,))
    try:
        yield from pool.map(_Call(function), items, chunksize=_CHUNK)
    except BrokenProcessPool as error:
        raise ThreeDieError(
            f"one of {workers} processes died, most likely of too little memory; "
            f"run the same command again with --workers {max(1, workers // 2)}"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(shared: Any) -> None:
    global _shared  # noqa: PLW0603 - a process's own, set once
    # Ctrl-C reaches all processes; only the parent handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _shared = shared
    # A parent that was killed can't end its processes: they would wait for work for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Call:
    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        return self.function(_shared, item)
