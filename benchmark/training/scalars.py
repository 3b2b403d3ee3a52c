"""TensorBoard's files of scalars, written in the run's own thread, so that a full disk gives one message."""

import itertools
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from threedie.manifests.files import explained

_numbers = itertools.count()


class ScalarLog:
    """A file of named numbers by step, in a folder that TensorBoard reads."""

    def __init__(self, folder: Path, begin: int) -> None:
        """Begin a file.

        Args:
            folder: made if missing; existing files stay.
            begin: first step of this file; TensorBoard drops later steps of older files.

        Raises:
            ThreeDieError: the file can't be written.
        """
        self._folder = folder
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / name).open("wb")
        except OSError as error:
            raise explained(error, folder) from error
        self._writer = RecordWriter(self._file)
        start = Event(step=begin, session_log=SessionLog(status=SessionLog.START))
        try:
            self._write([Event(file_version="brain.Event:2"), start])
        except BaseException:
            self._abandon()
            raise

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Add numbers of one step.

        Raises:
            ThreeDieError: the disk is full.
        """
        parts = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._write([Event(step=step, summary=Summary(value=[part])) for part in parts])

    def _write(self, events: list[Event]) -> None:
        try:
            for event in events:
                event.wall_time = time.time()
                self._writer.write(event.SerializeToString())
            self._writer.flush()
        except OSError as error:
            raise explained(error, self._folder) from error

    def _abandon(self) -> None:
        # Closing flushes, and fails again where writing did.
        with suppress(OSError):
            self._file.close()

    def __enter__(self) -> "ScalarLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the file; all of it is written by then."""
        self._abandon()
