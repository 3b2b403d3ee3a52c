"""File systems without `flock`: everything works on them, HDF5's own locks and archives included."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from threedie.manifests.dataset import Dataset

SOURCE = Path(__file__).parents[1] / "data" / "cases" / "noflock" / "noflock.c"
ERRORS = (37, 38, 95, 524)
"""ENOLCK, ENOSYS, EOPNOTSUPP, and what Linux calls ENOTSUPP: each is some file system's answer."""

CHAIN = """
import fcntl, os, sys
from pathlib import Path
from click.testing import CliRunner
import h5py, torch
torch.set_num_threads(1)
sys.path[:0] = sys.argv[2:]
from dataclasses import replace
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.settings.protocol import PROTOCOLS
from dataset_samples import make_info, make_objects, write_parts
from threedie.manifests.commands import data
from threedie.manifests.parts import find_parts
from model_samples import model, pack
from threedie.render.models.archive import ArchiveSource
from threedie.manifests.objects import ObjectRef
from threedie.render.run_folder import RunFolder
from threedie.render.plan import make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.models.embedded_source import EmbeddedSource

root = Path(sys.argv[1])
PROTOCOLS["quick"] = replace(PROTOCOLS["quick"], hidden=8, steps=2)

def call(command, *words):
    result = CliRunner().invoke(command, [*map(str, words)])
    assert result.exit_code == 0, (words, result.output, result.exception)

def chain(number, trained):
    os.environ["NOFLOCK_ERRNO"] = str(number)
    try:
        fcntl.flock(0, fcntl.LOCK_SH)
    except OSError as error:
        assert error.errno == number
    else:
        raise AssertionError("flock works")
    out = root / str(number)
    info = make_info(views=3, size=32)
    plan = make_plan(EmbeddedSource(out / "models"), load_preset("3diebench"), choose_quality("fast", None, None),
                     synsets=["03797390"], views=1, per_class=1, size=16, seed=0, sampler="counter", manifest=None)
    with RunFolder(out / "run").lock(plan):
        write_parts(out / "parts", info, make_objects(info, 12))
    call(data, "pack", out, "-o", out / "packed.h5")
    call(data, "verify", out / "packed.h5")
    call(data, "export", out / "packed.h5", "-o", out / "tree")
    archive = pack(out / "03001627.zip", model("03001627/a"))
    for _ in range(2):
        assert ArchiveSource([archive], out / "cache").mesh_file(ObjectRef("03001627", "a")).is_file()
    if trained:
        tiny = [part for text in ("image_size=32", "width=8", "projector=8-8", "epochs=1", "warmup_epochs=0")
                for part in ("--set", text)]
        call(bench, "run", "vicreg", "--data", out / "packed.h5", "--recipe", "smoke", *tiny, "--out", out / "runs")
        checkpoint = out / "runs" / "vicreg-smoke-s0" / "checkpoint.pt"
        call(bench, "eval", "--checkpoint", checkpoint, "--data", out / "packed.h5", "--tasks", "knn")

for number in map(int, os.environ["ERRORS"].split()):
    chain(number, number == 37)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a C compiler and LD_PRELOAD")
    path = tmp_path_factory.mktemp("library") / "noflock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, SOURCE], check=True)
    return path


@pytest.mark.slow
def test_packing_training_measuring_and_archives_need_no_flock(library: Path, tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    words = [sys.executable, "-c", CHAIN, tmp_path, tests / "manifests", tests / "render" / "models"]
    environment = {
        **os.environ,
        "LD_PRELOAD": str(library),
        "ERRORS": " ".join(map(str, ERRORS)),
        "PYTHONPATH": str(tests.parent),
    }
    done = subprocess.run([*map(str, words)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [len(Dataset(tmp_path / str(number) / "packed.h5")) for number in ERRORS] == [12] * 4
    assert not [path for path in tmp_path.rglob("*lock*") if path.is_file()]


@pytest.mark.blender
@pytest.mark.slow
def test_rendering_needs_no_flock(library: Path, tmp_path: Path) -> None:
    small = ["--objects", "1", "--views", "1", "--size", "32", "--samples", "1", "--denoiser", "none"]
    words = [sys.executable, "-P", "-m", "threedie", "render", "--classes", "mug", *small, "--out", str(tmp_path / "d")]
    environment = {**os.environ, "LD_PRELOAD": str(library), "NOFLOCK_ERRNO": "524"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(Dataset(tmp_path / "d" / "dataset.h5")) == 1
    assert list((tmp_path / "d" / ".locks").iterdir()) == []
