"""What records say of program, libraries and machine, also where the packages' descriptions aren't installed."""

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from threedie import Run
from threedie.benchmark.records import environment
from threedie.benchmark.records.environment import LIBRARIES, Provenance, library_versions
from threedie.benchmark.runs import run
from threedie.benchmark.training.loop import train


def test_versions_are_those_of_the_installed_packages():
    versions = library_versions()
    assert set(versions) == {"python", *LIBRARIES}
    assert versions["numpy"] == np.__version__


def test_without_their_descriptions_modules_say_their_versions(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    installed = library_versions()
    monkeypatch.setattr(importlib.metadata, "version", missing)
    versions = library_versions()
    assert versions["pillow"] == installed["pillow"]
    assert {name for name, version in versions.items() if version == "unknown"} <= {"simplejpeg"}


def test_a_record_tells_the_state_before_training(
    make_dataset: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = make_dataset(tmp_path / "d.h5", objects=8, views=3, size=32)
    found: list[Provenance] = []
    find = Provenance.find

    def find_once(device: str) -> Provenance:
        assert not found
        found.append(find(device))
        return found[0]

    def train_after(*arguments: Any, **named: Any) -> Any:
        assert found
        monkeypatch.setattr(environment, "program_version", lambda: pytest.fail("looked up after training"))
        return train(*arguments, **named)

    monkeypatch.setattr(run, "train", train_after)
    monkeypatch.setattr(Provenance, "find", find_once)
    tiny = {"image_size": 32, "width": 8, "projector": "16-16", "epochs": 1, "batch_size": 8, "warmup_epochs": 0}
    record = Run.create("vicreg", path, recipe="smoke", overrides=tiny, out=tmp_path / "runs").complete()
    assert record is not None
    assert record["code"] == found[0].code
    assert record["libraries"] == found[0].libraries
    assert record["hardware"] == found[0].hardware
