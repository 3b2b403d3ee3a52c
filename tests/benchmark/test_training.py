import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint, weights_sha256
from benchmark.images import Images
from benchmark.recipe import load_recipe
from benchmark.training import LOG_FOLDER, Settings, Stepper, build, learning_rate, train
from manifests.dataset import Dataset
from manifests.errors import ThreeDieError

TINY = ["image_size=32", "width=8", "projector=32-32", "epochs=6", "passes=3", "batch_size=8", "warmup_epochs=1"]


def settings_for(dataset: Dataset, method: str = "sie", overrides: list[str] = TINY, seed: int = 0) -> Settings:
    return Settings(method, load_recipe("smoke", overrides), seed, dataset.fingerprint(), dataset.images_sha256())


@pytest.fixture(scope="module")
def images(dataset: Dataset) -> Images:
    return Images(dataset, 32)


@pytest.fixture(scope="module")
def uninterrupted(images: Images, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return train(settings_for(images.dataset), images, tmp_path_factory.mktemp("run"), "cpu")


def same(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return (
        weights_sha256(one["model"]) == weights_sha256(two["model"])
        and one["progress"]["curves"] == two["progress"]["curves"]
        and one["progress"]["steps_done"] == two["progress"]["steps_done"]
    )


def test_the_loss_falls_and_the_curves_have_a_point_each_epoch(uninterrupted: dict[str, Any]):
    curves = uninterrupted["progress"]["curves"]
    assert curves["epoch"] == [1, 2, 3, 4, 5, 6]
    assert {len(points) for points in curves.values()} == {6}
    assert curves["loss"][-1] < curves["loss"][0]
    assert {"invariance", "equivariance", "variance", "covariance"} <= set(curves)
    assert uninterrupted["progress"]["steps_done"] == 6 * 3 * 2


def test_neither_loading_nor_other_random_numbers_change_a_run(
    uninterrupted: dict[str, Any], dataset: Dataset, tmp_path: Path
):
    torch.manual_seed(999)
    streamed = Images(dataset, 32, workers=3, memory=0)
    assert same(uninterrupted, train(settings_for(dataset), streamed, tmp_path, "cpu", save_every_s=0))


def test_mixed_precision_trains(images: Images, tmp_path: Path):
    settings = settings_for(images.dataset, overrides=[*TINY, "epochs=2", "precision=bf16-mixed", "optimizer=adamw"])
    losses = train(settings, images, tmp_path, "cpu")["progress"]["curves"]["loss"]
    assert losses[1] < losses[0]


def test_another_seed_is_another_run(uninterrupted: dict[str, Any], images: Images, tmp_path: Path):
    other = train(settings_for(images.dataset, seed=1), images, tmp_path, "cpu")
    assert weights_sha256(other["model"]) != weights_sha256(uninterrupted["model"])


CHILD = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[3])
from benchmark.images import Images
from benchmark.training import train
from manifests.dataset import Dataset
from test_training import settings_for
dataset = Dataset(sys.argv[1])
train(settings_for(dataset), Images(dataset, 32), Path(sys.argv[2]), "cpu", save_every_s=0)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_a_killed_run_goes_on_to_the_same_weights(
    number: signal.Signals, uninterrupted: dict[str, Any], images: Images, tmp_path: Path
):
    here = str(Path(__file__).parent)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(images.dataset.path), str(tmp_path), here],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    path = tmp_path / CHECKPOINT_FILE
    deadline = time.monotonic() + 120
    while not (path.exists() and load_checkpoint(path)["progress"]["steps_done"] >= 3):
        assert child.poll() is None, child.stderr and child.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(child.pid, number)
    _, errors = child.communicate(timeout=60)
    assert child.returncode != 0
    stopped = load_checkpoint(path)
    assert 3 <= stopped["progress"]["steps_done"] < 36
    assert not stopped["finished"]
    if number == signal.SIGTERM:
        assert b"Interrupted: stopped by SIGTERM" in errors
    resumed = train(settings_for(images.dataset), images, tmp_path, "cpu")
    assert resumed["finished"]
    assert same(resumed, uninterrupted)


class Stop(Exception):
    pass


def test_a_stopped_run_of_byol_goes_on_to_the_same_average(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = settings_for(images.dataset, "byol", [*TINY, "epochs=3", "method_options.hidden=16"])
    whole = train(settings, images, tmp_path / "whole", "cpu")
    step, calls = Stepper.step, []

    def stopping(self: Stepper, *arguments: Any) -> dict[str, float]:
        calls.append(arguments[-1])
        if len(calls) == 8:
            raise Stop
        return step(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Stepper, "step", stopping)
        with pytest.raises(Stop):
            train(settings, images, tmp_path / "cut", "cpu", save_every_s=0)
    assert calls == pytest.approx(np.arange(1, 9) / 18)
    assert load_checkpoint(tmp_path / "cut" / CHECKPOINT_FILE)["progress"]["steps_done"] == 7
    assert same(train(settings, images, tmp_path / "cut", "cpu"), whole)
    names = [name for name in whole["model"] if name.startswith("target_projector")]
    assert names
    started = build(settings).state_dict()
    assert any(not torch.equal(whole["model"][name], started[name]) for name in names)


def test_a_finished_run_is_not_trained_again(images: Images, tmp_path: Path):
    settings = settings_for(images.dataset, overrides=[*TINY, "epochs=2"])
    train(settings, images, tmp_path, "cpu")
    before = (tmp_path / CHECKPOINT_FILE).read_bytes()
    assert train(settings, images, tmp_path, "cpu")["finished"]
    assert (tmp_path / CHECKPOINT_FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 5}, "seed is 0 there and 5 now"),
        ({"recipe": load_recipe("smoke", [*TINY, "epochs=9"])}, "recipe.epochs is 2 there and 9 now"),
        ({"method": "vicreg"}, "method is 'sie' there and 'vicreg' now"),
    ],
)
def test_other_settings_are_refused_by_name(change: dict[str, Any], message: str, images: Images, tmp_path: Path):
    settings = settings_for(images.dataset, overrides=[*TINY, "epochs=2"])
    train(settings, images, tmp_path, "cpu")
    with pytest.raises(ThreeDieError, match=message):
        train(replace(settings, **change), images, tmp_path, "cpu")


def test_a_loss_that_is_not_finite_stops_with_step_and_terms(images: Images, tmp_path: Path):
    settings = settings_for(images.dataset, overrides=[*TINY, "learning_rate=1e30", "warmup_epochs=0"])
    with pytest.raises(ThreeDieError, match=r"no longer finite at step \d+ \(epoch 1\): loss .*invariance") as caught:
        train(settings, images, tmp_path, "cpu")
    assert "\n" not in str(caught.value)


def test_weights_are_read_without_running_what_a_file_contains(tmp_path: Path):
    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"format": "3die-checkpoint", "version": 1, "bomb": Bomb()}, tmp_path / "bomb.pt")
    (tmp_path / "noise.pt").write_bytes(b"no checkpoint at all")
    save_checkpoint(tmp_path / "whole.pt", {"model": {"w": torch.zeros(9)}})
    (tmp_path / "half.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:300])
    torch.save({"w": torch.zeros(1)}, tmp_path / "plain.pt")
    for name in ("bomb", "noise", "half", "plain", "missing"):
        with pytest.raises(ThreeDieError) as caught:
            load_checkpoint(tmp_path / f"{name}.pt")
        assert f"{name}.pt" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_the_hash_of_weights_sees_name_shape_and_value_but_not_layout():
    base = {"a": torch.arange(24.0).reshape(1, 2, 3, 4), "n": torch.tensor(3)}
    assert weights_sha256(base) == weights_sha256(dict(reversed(base.items())))
    moved = {**base, "a": base["a"].to(memory_format=torch.channels_last)}
    assert weights_sha256(moved) == weights_sha256(base)
    for other in ({**base, "n": torch.tensor(4)}, {**base, "a": base["a"].reshape(1, 2, 4, 3)}, {"a": base["a"]}):
        assert weights_sha256(other) != weights_sha256(base)


def test_building_a_method_leaves_random_numbers_alone(dataset: Dataset):
    before = torch.get_rng_state()
    one, two = (build(settings_for(dataset)).state_dict() for _ in range(2))
    assert weights_sha256(one) == weights_sha256(two)
    assert (torch.get_rng_state() == before).all()


def test_a_method_s_refusal_is_a_line(dataset: Dataset):
    with pytest.raises(ThreeDieError, match=r"method sie, recipe smoke: .*splti"):
        build(settings_for(dataset, overrides=[*TINY, "method_options.splti=true"]))


def test_the_learning_rate_rises_and_falls():
    cosine = load_recipe("smoke", ["epochs=10", "warmup_epochs=2", "learning_rate=1.0"])
    rates = [learning_rate(cosine, step, 5) for step in range(50)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10] == 1
    assert (np.diff(rates[10:]) < 0).all()
    assert rates[30] == pytest.approx(0.5)
    assert 0 < rates[-1] < 0.01
    assert learning_rate(load_recipe("paper"), 10**6, 41) == 1e-3


def test_scalars_are_logged(images: Images, tmp_path: Path):
    train(settings_for(images.dataset, overrides=[*TINY, "epochs=2"]), images, tmp_path, "cpu")
    (events,) = (tmp_path / LOG_FOLDER).glob("events.*")
    content = events.read_bytes()
    assert b"epoch/loss" in content
    assert b"step/learning_rate" in content
