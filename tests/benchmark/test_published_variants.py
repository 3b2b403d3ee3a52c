"""A method trained on a published dataset, measured on another rendering of the same objects."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from painting_engine import painting

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.evaluation.requirements import measured_objects
from threedie.benchmark.records.record import read_record
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.manifests.dataset import Dataset
from threedie.render.request import RenderRequest
from threedie.render.run import render
from threedie.render.settings_file import settings_text

SMALLER = {"classes": '["airplane", "car", "mug"]', "objects": "12", "views": "4", "size": "32"}
TINY = "image_size=32 width=8 projector=32-32 epochs=1 warmup_epochs=0 passes=1 batch_size=8"
TASKS = "classification,rotation,pose-retrieval"


@pytest.fixture(autouse=True)
def small_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=32, steps=40))


def paint_dataset(name: str, folder: Path) -> Dataset:
    """A published dataset with fewer and smaller pictures, painted."""
    text = settings_text(name, "datasets", "dataset")
    for key, value in SMALLER.items():
        text, count = re.subn(rf"(?ms)^{key} = (\[.*?\]|\w+)", f"{key} = {value}", text)
        assert count == 1
    file = folder / f"{name}.toml"
    file.write_text(re.sub("(?m)^fingerprint.*", "", text))
    result = render(RenderRequest.of_dataset(file, out=folder / name), open_engine=painting())
    assert result.dataset
    return Dataset(result.dataset)


def bench_words(folder: Path, data: Dataset) -> Iterator[str]:
    yield from ("run", "sie", "--data", str(data.path), "--recipe", "smoke", "--out", str(folder / "runs"))
    for setting in TINY.split():
        yield from ("--set", setting)


def test_variants_are_measured_on_the_validation_objects_of_p_small(tmp_path: Path) -> None:
    small, other, moved = (paint_dataset(name, tmp_path) for name in ("p-small", "p-small-ood", "p-small-t"))
    done = CliRunner().invoke(bench, [*bench_words(tmp_path, small)])
    assert done.exception is None, done.exception
    checkpoint = tmp_path / "runs" / "sie-smoke-s0" / "checkpoint.pt"
    for eval_data in (other, moved):
        assert (eval_data.objects, eval_data.splits) == (small.objects, small.splits)
        assert (np.abs(eval_data.latents[..., :3]) >= np.pi / 2).all() == (eval_data is other)
        words = ["eval", "--checkpoint", checkpoint, "--data", small.path, "--eval-data", eval_data.path]
        out = tmp_path / f"on-{eval_data.path.parent.name}"
        done = CliRunner().invoke(bench, [*map(str, words), "--tasks", TASKS, "--out", str(out)])
        assert done.exception is None, done.exception
        (file,) = out.rglob("record.json")
        record = read_record(file)
        assert record["dataset"]["fingerprint"] == eval_data.fingerprint()
        assert record["trained_on"]["fingerprint"] == small.fingerprint()
        assert {row["task"] for row in record["results"]} == {"classification", "rotation", "pose_retrieval"}

        measured, warnings = measured_objects(small, eval_data)
        assert (measured.tolist(), warnings) == (small.indices("val").tolist(), [])
