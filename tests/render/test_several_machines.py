"""`3die render` on several machines, played by processes of this one, with Blender."""

import csv
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fidelity import MODELS
from test_render_command import command, run

from threedie.manifests.dataset import Dataset
from threedie.manifests.parts import find_parts
from threedie.manifests.verify import verify

pytestmark = [pytest.mark.blender, pytest.mark.slow]
SMALL = ["--models", MODELS, "--views", "2", "--size", "32", "--samples", "1", "--denoiser", "none"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The dataset of a plain run."""
    out = tmp_path_factory.mktemp("whole") / "data"
    run(*SMALL, "--out", out)
    return Dataset(out / "dataset.h5")


def is_the_same(out: Path, whole: Dataset) -> bool:
    ours = Dataset(out / "dataset.h5")
    assert not verify(out / "dataset.h5").problems
    return ours.fingerprint() == whole.fingerprint() and ours.latents.tobytes() == whole.latents.tobytes()


def test_shards_at_the_same_time_one_of_them_killed(tmp_path: Path) -> None:
    # Views enough that no shard is at its end before it is stopped here.
    longer = [*SMALL, "--views", "60"]
    run(*longer, "--out", tmp_path / "whole")
    whole = Dataset(tmp_path / "whole" / "dataset.h5")
    out = tmp_path / "data"
    shards = [[*longer, "--workers", "1", "--shard", f"{index}/2", "--out", out] for index in (1, 2)]
    processes = [
        subprocess.Popen(command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for options in shards
    ]
    deadline = time.monotonic() + 60
    while len(find_parts(out / "parts")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    processes[1].kill()
    # Held still, so that it can't come to its end before the other run is refused.
    processes[0].send_signal(signal.SIGSTOP)
    refused = run(*longer, "--out", out, code=2)
    processes[0].send_signal(signal.SIGCONT)
    assert "another run is at work in this folder (shard 1/2, process" in refused.stderr
    said, errors = processes[0].communicate()
    assert processes[0].returncode == 0, errors
    processes[1].communicate()
    assert "Here: shard 1/2, 4 of the objects" in said
    assert "objects; the shard that ends last packs the dataset" in said
    assert not (out / "dataset.h5").exists()
    again = run(*shards[1])
    assert "Packed 7 objects" in again.stdout
    assert is_the_same(out, whole)
    assert list((out / ".locks").iterdir()) == []


def test_quarantine_of_a_shard_reaches_the_whole(tmp_path: Path) -> None:
    models, out = tmp_path / "models", tmp_path / "data"
    shutil.copytree(MODELS, models)
    bad = sorted(models.glob("*/*/models/model_normalized.obj"))[0]
    bad.write_text("v 0 0 0\n")
    options = ["--models", models, *SMALL[2:], "--out", out, "--workers", "2"]
    # One process, which comes to the bad object first: of two, the other could render all the rest meanwhile.
    stopped = run(*options, "--workers", "1", "--fail-fast", "--classes", "all", code=3)
    assert "Stopped at the first object that can't be rendered (--fail-fast)" in stopped.stderr
    assert "run it without --fail-fast" in stopped.stderr
    assert not (out / "dataset.h5").exists()
    run(*options, "--shard", "1/2", code=3)
    assert (out / "quarantine-shard-1-of-2.csv").exists()
    last = run(*options, "--shard", "2/2", code=3)
    assert "Left out: 1 of 7 objects" in last.stderr
    with (out / "quarantine.csv").open() as file:
        assert [row["id"] for row in csv.DictReader(file)] == [bad.parents[1].name]
    assert len(Dataset(out / "dataset.h5")) == 6


def test_the_same_dataset_from_a_cluster(whole: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    from test_cluster import Cluster

    cluster = Cluster(tmp_path)
    try:
        cluster.worker(2)
        out = tmp_path / "data"
        options = [*SMALL, "--scheduler", cluster.file, "--out", out]
        done = run(*options)
        assert "14/14" in done.stderr
        assert is_the_same(out, whole)
        assert "; 0 missing" in run(*options).stdout

        long = [*SMALL, "--views", "500", "--scheduler", cluster.file, "--out", tmp_path / "long"]
        process = subprocess.Popen(command(*long), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not list((tmp_path / "long" / "logs").glob("*/*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        begin = time.monotonic()
        process.send_signal(signal.SIGUSR1)
        _, errors = process.communicate(timeout=30)
        assert time.monotonic() - begin < 10
        assert process.returncode == 138
        assert "run the same command again to go on" in errors
        assert "Traceback" not in errors
    finally:
        cluster.close()


def test_mistakes_get_one_line(tmp_path: Path) -> None:
    for options, message in (
        (["--shard", "3/2"], "--shard 3/2: shards are counted from 1 to N"),
        (["--shard", "1/2", "--scheduler", "tcp://a:1"], "--scheduler and --shard: choose one"),
        (["--scheduler", "nonsense"], "--scheduler nonsense: neither a scheduler file nor an address"),
    ):
        done = run(*SMALL, *options, "--out", tmp_path / "data", code=2)
        assert message in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
