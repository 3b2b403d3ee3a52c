"""Plain .npy files."""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.npy import read_npy


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


def with_header(header: str, data: bytes = b"") -> bytes:
    text = header.encode()
    text += b" " * (-(10 + len(text) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def described(shape: str, descr: str = "'<f8'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (with_header(described("(1000000000000,)"), bytes(80)), "doesn't fit into its 208 bytes: cut short"),
        (with_header(described("(1000000, 1000000, 1000000, 1000000)"), bytes(80)), "doesn't fit"),
        (with_header(described("(1000000000000,)", "'<U0'")), "doesn't fit"),
        (with_header(described("(7,)"), bytes(55)), "doesn't fit"),
        (with_header(described("(-1,)"), bytes(56)), "shape"),
        (with_header(described("(7.0,)"), bytes(56)), "shape"),
        (with_header(described("(1,)", "'|O'"), bytes(8)), "pickled"),
        (with_header(described("(1,)", "[('a', '<f8')]"), bytes(8)), "named columns"),
        (with_header(described("(1,)", "('<f8', (2,))"), bytes(16)), ""),
        (with_header("{'descr': " + "(" * 500), ""),
        (with_header(described("(1,)") + " " * 20_000, bytes(8)), r"a header of 20,\d+ bytes"),
        (b"\x93NUMPY\x09\x00" + bytes(100), "version 9.0"),
    ],
)
def test_headers_that_promise_what_is_not_there(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(ThreeDieError, match=rf"a\.npy: not a plain \.npy.*{says}") as caught:
        read_npy(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(6, dtype=">i2").reshape(2, 3),
        np.array(["a", "bc"]),
        np.zeros((0, 7)),
        np.array(5.0),
        np.array([True, False]),
    ],
)
def test_plain_arrays_are_read_as_numpy_reads_them(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    read = read_npy(tmp_path / "a.npy")
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    assert read.tolist() == array.tolist()
    assert read.flags.writeable
