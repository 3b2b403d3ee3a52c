"""Files of arrays, cached features and files of methods, mutated: read as they were or refused in a line."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mutations import fuzz

from threedie.benchmark.evaluation.arrays import read_arrays
from threedie.benchmark.evaluation.features import open_features, sign_features
from threedie.benchmark.evaluation.own_features import evaluate_arrays
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.training.own_methods import load_method
from threedie.manifests.errors import ThreeDieError

pytestmark = pytest.mark.fuzz

OBJECTS, VIEWS = 6, 2
RULES = replace(PROTOCOLS["quick"], hidden=4, steps=2)


def archive(compressed: bool) -> bytes:
    draw, file = np.random.default_rng(0), io.BytesIO()
    write = np.savez_compressed if compressed else np.savez
    write(
        file,
        latents=draw.uniform(-1, 1, (OBJECTS, VIEWS, 3)),
        embeddings=draw.normal(size=(OBJECTS * VIEWS, 3)).astype(np.float32),
        predictor=draw.normal(size=(4, 3, 3)),
        labels=np.arange(OBJECTS) % 2,
        split=np.array(["train"] * 4 + ["val"] * 2),
    )
    return file.getvalue()


def array(value: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, value)
    return file.getvalue()


def test_files_of_arrays(tmp_path: Path):
    fuzz([archive(True), archive(False), array(np.zeros(3))], read_arrays, tmp_path, "arrays.npz")


def test_numbers_that_make_no_sense(tmp_path: Path):
    """Arrays whose file is whole and whose numbers are odd; all that is read is scored too."""
    path, draw = tmp_path / "arrays.npz", np.random.default_rng(3)
    odd = [np.nan, np.inf, 1e300, -1e300, 1e38, 1e-45, 0.0, 1e19]
    outcomes = set()
    for _ in range(60):
        with np.load(io.BytesIO(archive(False))) as file:
            arrays = {name: file[name] for name in file.files}
        name = str(draw.choice(["latents", "embeddings", "predictor"]))
        kind = draw.integers(4)
        if kind == 0:
            flat = arrays[name].astype(np.float64).reshape(-1)
            flat[draw.integers(len(flat))] = draw.choice(odd)
            arrays[name] = flat.reshape(arrays[name].shape)
        elif kind == 1:
            arrays[name] = np.full(arrays[name].shape, draw.choice(odd))
        elif kind == 2:
            arrays[name] = arrays[name].reshape(-1)[: draw.integers(20)]
        else:
            arrays[name] = arrays[name].astype(
                str(draw.choice(["<f2", "<i4", "<c8", "?", "U3", "<M8[s]", "<f8", ">f4"]))
            )
        np.savez(path, **arrays)
        try:
            result = evaluate_arrays(read_arrays(path), RULES).to_json()
            assert all(np.isfinite(row["value"]) for row in result["results"])
            outcomes.add("read")
        except ThreeDieError as error:
            assert str(error).startswith(f"{path}: ")  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_cached_features(tmp_path: Path):
    path = tmp_path / "whole.npy"
    values = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)
    np.save(path, values)
    sign_features(path)
    whole = path.read_bytes()
    path.unlink()

    def read(path: Path) -> None:
        notes: list[str] = []
        found = open_features(path, (4, 3), notes.append)
        assert (found is None) == (len(notes) == 1)
        assert all(note.startswith(f"{path}: ") and "\n" not in note for note in notes)
        assert found is None or (found == values).all()

    fuzz([whole, whole[:-52]], read, tmp_path, "features.npy")


METHOD = b'''"""A method."""

from threedie.baselines.method import Method
from threedie.baselines.simclr import SimCLR

WEIGHT = 1.0


class Mine(SimCLR):
    """Mine."""

    def __init__(self, backbone, projector="8-8", *, weight: float = WEIGHT, temperature: float = 0.5):
        super().__init__(backbone, projector, temperature=temperature)
        self.weight = weight
'''


def test_files_of_methods(tmp_path: Path):
    fuzz([METHOD], lambda path: load_method(f"{path}:Mine"), tmp_path, "mine.py", 100)
