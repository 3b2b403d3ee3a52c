"""Plain .npy files."""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from manifests.errors import ThreeDieError
from manifests.npy import read_npy


@pytest.fixture
def _busy_collector() -> Iterator[None]:
    """Garbage is collected all the time, and other threads run meanwhile."""

    def let_others_run(*_: object) -> None:
        time.sleep(1e-5)

    usual = gc.get_threshold()
    gc.callbacks.append(let_others_run)
    gc.set_threshold(20)
    yield
    gc.set_threshold(*usual)
    gc.callbacks.remove(let_others_run)


@pytest.mark.usefixtures("_busy_collector")
def test_threads_that_read_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(7.0))
    with ThreadPoolExecutor(4) as pool:
        for array in pool.map(read_npy, [path] * 400):
            assert array.tolist() == list(range(7))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a plain .npy array of numbers"),
        (b"\x93NUMPY\x01\x00", "not a plain .npy array of numbers"),
        (b"no array at all", "not a plain .npy array of numbers"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(ThreeDieError, match=rf"a\.npy: {message}"):
        read_npy(path, of="array of numbers")


def test_pickles_and_archives_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "pickled.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ThreeDieError, match=r"pickled\.npy: not a plain"):
        read_npy(tmp_path / "pickled.npy")
    np.savez(tmp_path / "several.npz", a=np.zeros(2))
    with pytest.raises(ThreeDieError, match="an archive of arrays"):
        read_npy(tmp_path / "several.npz")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ThreeDieError, match=r"gone\.npy: no such file"):
        read_npy(tmp_path / "gone.npy")
    with pytest.raises(ThreeDieError, match="folder"):
        read_npy(tmp_path)
