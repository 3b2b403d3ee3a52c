"""Cached features: used only where their checksum says that they are what was written."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from threedie.baselines.method import Method
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.normalization import Normalization
from threedie.benchmark.evaluation.features import Features, extract_features, open_features, sign_features
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.manifests.dataset import Dataset
from threedie.manifests.progress import Reporter

SHAPE = (4, 3)
Extract = Callable[[Path, list[str]], Features]


class Notes(Reporter):
    """Keeps the notes in a list."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def method() -> Method:
    recipe = load_recipe("smoke", ["image_size=32", "width=4", "projector=8"])
    return build(RunSettings("vicreg", recipe, 0, None, None))


@pytest.fixture
def extract(method: Method, dataset: Dataset) -> Extract:
    def make(folder: Path, notes: list[str]) -> Features:
        normalize = Normalization((0.5,) * 3, (0.2,) * 3)
        return extract_features(method, Images(dataset, 32), normalize, folder, "key", reporter=Notes(notes))

    return make


def zeroed(data: bytes) -> bytes:
    """As a file system gives it after a power cut: the right length, and zeros behind the header."""
    return data[:128] + bytes(len(data) - 128)


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a flipped bit": (lambda data: data[:400] + bytes([data[400] ^ 8]) + data[401:], "doesn't match its checksum"),
    "a flipped bit in the header": (lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:], "doesn't match"),
    "a flipped bit in the checksum": (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "doesn't match its checksum"),
    "zeros": (zeroed, "has no checksum"),
    "zeros with a checksum of others": (lambda data: zeroed(data)[:-52] + data[-52:], "doesn't match its checksum"),
    "cut off": (lambda data: data[: len(data) // 2], "has no checksum (written by an older version, or cut off)"),
    "of an older version": (lambda data: data[:-52], "has no checksum (written by an older version, or cut off)"),
    "empty": (lambda _: b"", "has no checksum"),
    "longer": (lambda data: data + b"x", "has no checksum"),
}


@pytest.mark.parametrize("which", ["representation", "embedding"])
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_features_are_made_anew_with_a_note(name: str, which: str, extract: Extract, tmp_path: Path):
    notes: list[str] = []
    first = extract(tmp_path, notes)
    assert not first.cached
    assert extract(tmp_path, notes).cached
    assert not notes
    path = tmp_path / f"{which}-key.npy"
    whole = path.read_bytes()
    assert (np.load(path) == getattr(first, which)).all()
    damage, expected = DAMAGES[name]
    path.write_bytes(damage(whole))
    again = extract(tmp_path, notes)
    assert not again.cached
    (note,) = notes
    assert note.startswith(f"{path}: ")
    assert expected in note
    assert note.endswith("its features are made anew")
    assert path.read_bytes() == whole
    assert extract(tmp_path, notes).cached


def signed(path: Path, array: Any) -> bytes:
    np.save(path, array)
    sign_features(path)
    return path.read_bytes()


def test_no_flipped_bit_goes_unseen(tmp_path: Path):
    path, notes = tmp_path / "a.npy", []
    array = np.random.default_rng(0).normal(size=(*SHAPE, 5)).astype(np.float32)
    data = bytearray(signed(path, array))
    draw = random.Random(0)
    for count in range(200):
        place, bit = draw.randrange(len(data)), 1 << draw.randrange(8)
        data[place] ^= bit
        path.write_bytes(data)
        data[place] ^= bit
        assert open_features(path, SHAPE, notes.append) is None
        assert len(notes) == count + 1
    path.write_bytes(data)
    features = open_features(path, SHAPE, notes.append)
    assert features is not None
    assert (features == array).all()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.zeros((4, 2, 5), np.float32), "holds float32 of shape (4, 2, 5)"),
        (np.zeros((4, 3), np.float32), "holds float32 of shape (4, 3)"),
        (np.zeros((4, 3, 5)), "holds float64 of shape (4, 3, 5)"),
        (np.array([{}, 1], dtype=object), "can't be read"),
    ],
)
def test_whole_files_of_something_else(array: Any, expected: str, tmp_path: Path):
    path, notes = tmp_path / "a.npy", []
    signed(path, array)
    assert open_features(path, SHAPE, notes.append) is None
    assert expected in notes[0]


def test_headers_that_promise_more_than_there_is(tmp_path: Path):
    path = tmp_path / "a.npy"
    for shape in ("(4, 3, 1000000000000)", "(10000000000000000000000, 3, 5)", "(-4, 3, 5)", "x" * 400, "(" * 900):
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 240)
        sign_features(path)
        notes: list[str] = []
        assert open_features(path, SHAPE, notes.append) is None
        assert "can't be read" in notes[0]


def test_a_missing_file_needs_no_note(tmp_path: Path):
    notes: list[str] = []
    assert open_features(tmp_path / "none.npy", SHAPE, notes.append) is None
    assert not notes
