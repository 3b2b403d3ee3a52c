"""Manifests and lists of objects, CSV and .npy."""

from pathlib import Path

import numpy as np
import pytest
from mutations import fuzz

from threedie.manifests.manifest import read_splits
from threedie.manifests.npy import read_npy
from threedie.manifests.objects import ObjectRef, read_object_list
from threedie.manifests.published import read_published

pytestmark = pytest.mark.fuzz

PAIRS = [("03001627", f"{number:032x}") for number in range(6)]
CSV = "class,id,split,split_from\n" + "".join(f"{synset},{name},train,hash of seed 0\n" for synset, name in PAIRS)


def npy(array: np.ndarray, folder: Path) -> bytes:
    np.save(folder / "sample.npy", array)
    return (folder / "sample.npy").read_bytes()


def test_csv(tmp_path: Path) -> None:
    samples = [
        CSV.encode(),
        b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode(),
        b'id,class\n"a, b","chair"\n"say ""x""",mug\n',
        CSV.encode("utf-16"),
    ]

    def read(path: Path) -> None:
        read_splits(path)
        assert all(isinstance(ref, ObjectRef) for ref in read_object_list(path))

    fuzz(samples, read, tmp_path, "list.csv")


def test_npy(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("samples")
    samples = [
        npy(np.array(PAIRS), folder),
        npy(np.array([f"/{synset}/{name}/" for synset, name in PAIRS]), folder),
        npy(np.array([f"/{synset}/{name}/" for synset, name in PAIRS], "S"), folder),
        npy(np.asfortranarray(np.array(PAIRS)), folder),
    ]
    fuzz(samples, read_object_list, tmp_path, "list.npy")


def test_numbers(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("samples")
    samples = [npy(array, folder) for array in (np.arange(7.0), np.eye(3, dtype="f4"), np.array(5), np.zeros((0, 7)))]
    fuzz(samples, read_npy, tmp_path, "numbers.npy")


def test_published_lists(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("samples")
    samples = [npy(np.array([4, 4, 18, 18, 18, 18]), folder)]
    other = tmp_path_factory.mktemp("lists")
    np.save(other / "val_images.npy", np.array([f"/{synset}/{name}/" for synset, name in PAIRS]))

    def read(path: Path) -> None:
        (other / "val_labels.npy").write_bytes(path.read_bytes())
        read_published(other)

    fuzz(samples, read, tmp_path, "val_labels.npy", 150)
