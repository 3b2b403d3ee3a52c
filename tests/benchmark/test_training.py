import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from threedie.baselines.method import ACTION_DIMS
from threedie.benchmark.data.images import Images
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint, weights_sha256
from threedie.benchmark.training.divergence import DivergedError
from threedie.benchmark.training.loop import LOG_FOLDER, train
from threedie.benchmark.training.readings import Readings
from threedie.benchmark.training.schedule import learning_rate
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

REPO = Path(__file__).parents[2]
TINY = ["image_size=32", "width=8", "projector=32-32", "epochs=6", "passes=3", "batch_size=8", "warmup_epochs=1"]


def settings_for(dataset: Dataset, method: str = "sie", overrides: list[str] = TINY, seed: int = 0) -> RunSettings:
    return RunSettings(method, load_recipe("smoke", overrides), seed, dataset.fingerprint(), dataset.images_sha256())


@pytest.fixture(scope="module")
def images(dataset: Dataset) -> Images:
    return Images(dataset, 32)


@pytest.fixture(scope="module")
def translated(make_dataset: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Images:
    """As of the preset 3diebench-t: with translations."""
    path = make_dataset(tmp_path_factory.mktemp("moved") / "d.h5", objects=10, views=3, size=32, translated=True)
    return Images(Dataset(path), 32)


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
from threedie.benchmark.data.images import Images
from threedie.benchmark.training.loop import train
from threedie.manifests.dataset import Dataset
from test_training import settings_for
dataset = Dataset(sys.argv[1])
train(settings_for(dataset), Images(dataset, 32), Path(sys.argv[2]), "cpu", save_every_s=0)
"""


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1], ids=["killed", "terminated", "warned"]
)
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
    if number != signal.SIGKILL:
        assert f"Interrupted: stopped by {number.name}".encode() in errors
    resumed = train(settings_for(images.dataset), images, tmp_path, "cpu")
    assert resumed["finished"]
    assert same(resumed, uninterrupted)


class Stop(Exception):
    pass


def train_in_two_goes(settings: RunSettings, images: Images, folder: Path, after: int) -> tuple[dict[str, Any], list]:
    """Train up to some step, stop as if the program died, and go on; the end, and the shares done that steps saw."""
    step, calls = Stepper.step, []

    def stopping(self: Stepper, *arguments: Any) -> dict[str, float]:
        calls.append(arguments[-1])
        if len(calls) > after:
            raise Stop
        return step(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stepper, "step", stopping)
        with pytest.raises(Stop):
            train(settings, images, folder, "cpu", save_every_s=0)
    assert load_checkpoint(folder / CHECKPOINT_FILE)["progress"]["steps_done"] == after
    return train(settings, images, folder, "cpu"), calls


@pytest.mark.parametrize("options", [[], ["conditional=true", "final_norm=true"]], ids=str)
def test_a_stopped_run_of_byol_goes_on_to_the_same_average(options: list[str], images: Images, tmp_path: Path):
    chosen = [f"method_options.{option}" for option in options]
    settings = settings_for(images.dataset, "byol", [*TINY, "epochs=3", "method_options.hidden=16", *chosen])
    whole = train(settings, images, tmp_path / "whole", "cpu")
    resumed, calls = train_in_two_goes(settings, images, tmp_path / "cut", 7)
    assert calls == pytest.approx(np.arange(1, 9) / 18)
    assert same(resumed, whole)
    names = [name for name in whole["model"] if name.startswith("target_projector")]
    assert names
    started = build(settings).state_dict()
    assert any(not torch.equal(whole["model"][name], started[name]) for name in names)


@pytest.mark.parametrize("options", [["base=simclr"], ["base=simsiam"], ["target=action"]], ids=str)
def test_a_stopped_run_with_augmentations_goes_on_to_the_same_weights(
    options: list[str], images: Images, tmp_path: Path
):
    changed = [*TINY, "epochs=2", "augmentation=essl", "optimizer=sgd", "momentum=0.9", "method_options.hidden=32-32"]
    settings = settings_for(images.dataset, "essl", changed + [f"method_options.{option}" for option in options])
    whole = train(settings, images, tmp_path / "whole", "cpu")
    resumed, _ = train_in_two_goes(settings, images, tmp_path / "cut", 5)
    assert same(resumed, whole)
    plain = replace(settings, recipe=replace(settings.recipe, augmentation="none"))
    assert not same(whole, train(plain, images, tmp_path / "plain", "cpu"))


def test_online_probes_watch_and_change_nothing(uninterrupted: dict[str, Any], images: Images, tmp_path: Path):
    settings = settings_for(images.dataset, overrides=[*TINY, "online_probes=true"])
    watched = train(settings, images, tmp_path / "watched", "cpu")
    assert weights_sha256(watched["model"]) == weights_sha256(uninterrupted["model"])
    curves = watched["progress"]["curves"]
    names = {f"probe_{what}_{part}" for what in ("top1", "rotation_r2") for part in ("all", "invariant", "equivariant")}
    assert names == set(curves) - set(uninterrupted["progress"]["curves"])
    assert all(curves[name] == points for name, points in uninterrupted["progress"]["curves"].items())
    assert curves["probe_top1_all"][-1] > curves["probe_top1_all"][0]
    assert curves["probe_rotation_r2_all"][-1] > curves["probe_rotation_r2_all"][0]
    resumed, _ = train_in_two_goes(settings, images, tmp_path / "cut", 7)
    assert same(resumed, watched)
    (events,) = (tmp_path / "watched" / LOG_FOLDER).glob("events.*")
    assert b"step/probe_rotation_r2_equivariant" in events.read_bytes()


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("sen", []),
        ("sen", ["action_embedding=0", "action=rotation_color"]),
        ("byol", ["conditional=true", "final_norm=true", "predictor_bias=true", "hidden=32"]),
        ("equimod", ["objective=simclr", "predictor=linear", "final_norm=true", "equivariance_factor=1"]),
    ],
    ids=str,
)
def test_the_loss_of_methods_with_an_embedded_action_falls(
    method: str, options: list[str], images: Images, tmp_path: Path
):
    settings = settings_for(images.dataset, method, [*TINY, *(f"method.{option}" for option in options)])
    curves = train(settings, images, tmp_path, "cpu")["progress"]["curves"]
    assert len(curves["loss"]) == 6
    assert curves["loss"][-1] < curves["loss"][0]


VARIANTS = {
    "sie": [
        *(f"method.action={action}" for action in ACTION_DIMS),
        "method.split=false",
        "method.predictor_variance=false",
        "method.predictor=mlp",
        "method.predictor.layers=2",
        "method.predictor.hypernetwork=deep",
        "method.predictor.hidden=16",
        "method.predictor.bias=true",
        "method.predictor.relu=true",
        "method.predictor.hypernetwork_bias=true",
        "method.equivariant_dims=16",
    ],
    **{name: ["method.action=latents_translation"] for name in ("augself", "only_equivariance", "supervised")},
    "equimod": ["method.action=latents_translation", "method.predictor=linear", "method.final_norm=true"],
    "sen": ["method.action=latents_translation", "method.action_embedding=0"],
    "byol": ["method.conditional=true", "method.final_norm=true", "method.predictor_bias=true"],
    "equicaps": ["method.action=motion_object", "method.capsules=4", "method.entropy_weight=0.5"],
}


@pytest.mark.parametrize(("method", "override"), [(name, each) for name, those in VARIANTS.items() for each in those])
def test_every_variant_is_an_argument_of_the_command_line(
    method: str, override: str, translated: Images, tmp_path: Path
):
    extra = ["method.predictor.kind=mlp"] if "layers" in override else []
    extra += ["method.predictor.hidden=16"] if "relu" in override else []
    short = [*TINY, "epochs=1", "passes=1", "warmup_epochs=0", override, *extra]
    done = train(settings_for(translated.dataset, method, short), translated, tmp_path, "cpu")
    assert done["progress"]["steps_done"] == 1
    option, value = override.removeprefix("method.").split("=")
    kept = done["settings"]["recipe"]["method_options"]
    assert str(kept[option]).lower() == value
    base = [*TINY, "epochs=1", "passes=1", "warmup_epochs=0"]
    if override != "method.action=rotation":
        usual = train(settings_for(translated.dataset, method, base), translated, tmp_path / "usual", "cpu")
        assert not same(done, usual)


def test_an_action_that_the_dataset_lacks_is_named(images: Images, tmp_path: Path):
    settings = settings_for(images.dataset, overrides=[*TINY, "method.action=rotation_translation"])
    with pytest.raises(ThreeDieError, match="no latent field 'translation_x'"):
        train(settings, images, tmp_path, "cpu")


TORCHRUN_CHILD = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[3])
from threedie.benchmark.data.images import Images
from threedie.benchmark.training.loop import train
from threedie.manifests.dataset import Dataset
from test_training import TWO, settings_for
dataset = Dataset(sys.argv[1])
for method in TWO:
    train(settings_for(dataset, method, TWO[method]), Images(dataset, 32), Path(sys.argv[2]) / method, "cpu")
"""
# One step each: all 16 objects are the batch. On a CPU batch-norm has statistics of its own in each process, so that
# two processes come near the numbers of one but not to them.
ONE_STEP = [*TINY, "epochs=1", "passes=1", "batch_size=16", "warmup_epochs=0"]
TWO = {"sie": ONE_STEP, "essl": [*ONE_STEP, "augmentation=essl", "method_options.hidden=16"]}


@pytest.mark.slow
def test_torchrun_trains_with_two_processes_that_agree(images: Images, tmp_path: Path):
    script = tmp_path / "child.py"
    script.write_text(TORCHRUN_CHILD)
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    here = str(Path(__file__).parent)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([here, str(REPO)])}
    done = subprocess.run(
        [sys.executable, *words, str(images.dataset.path), str(tmp_path), here],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    for method, overrides in TWO.items():
        both = load_checkpoint(tmp_path / method / CHECKPOINT_FILE)
        assert both["finished"]
        assert both["progress"]["steps_done"] == 1
        assert len(both["random"]["cpu"]) == 2
        alone = train(settings_for(images.dataset, method, overrides), images, tmp_path / "alone" / method, "cpu")
        assert both["progress"]["curves"]["loss"] == pytest.approx(alone["progress"]["curves"]["loss"], rel=0.5)
        # The first step of Adam is the sign of the gradient times the rate: most signs agree.
        started = build(settings_for(images.dataset, method, overrides)).state_dict()
        moves = [
            torch.cat([(run["model"][name] - started[name]).flatten() for name in started if name.endswith("weight")])
            for run in (both, alone)
        ]
        assert torch.nn.functional.cosine_similarity(*moves, dim=0) > 0.3
    content = load_checkpoint(tmp_path / "sie" / CHECKPOINT_FILE)
    save_checkpoint(tmp_path / "open" / CHECKPOINT_FILE, {**content, "finished": False})
    with pytest.raises(ThreeDieError, match="was begun with 2 processes and can't go on with 1"):
        train(settings_for(images.dataset, "sie", ONE_STEP), images, tmp_path / "open", "cpu")


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


def test_weights_that_are_not_finite_are_not_saved(images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    step = Stepper.step

    def spoil(self: Stepper, *arguments: Any) -> dict[str, float]:
        values = step(self, *arguments)
        with torch.no_grad():
            next(self.method.parameters())[0, 0, 0, 0] = torch.inf
        return values

    monkeypatch.setattr(Stepper, "step", spoil)
    settings = settings_for(
        images.dataset, overrides=[*TINY, "epochs=1", "passes=1", "warmup_epochs=0", "batch_size=64"]
    )
    with pytest.raises(DivergedError, match=r"conv1\.weight holds numbers that aren't finite after step 1; lower"):
        train(settings, images, tmp_path, "cpu")
    assert not (tmp_path / CHECKPOINT_FILE).exists()


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
    changed = {**base, "a": base["a"].to(memory_format=torch.channels_last)}
    assert weights_sha256(changed) == weights_sha256(base)
    single = {"s": torch.ones(1)}
    assert weights_sha256({"s": torch.ones(17)[::17]}) == weights_sha256(single)
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
    epochs = load_recipe("imagenet-simsiam", ["epochs=4", "learning_rate=1.0"])
    rates = [learning_rate(epochs, step, 3) for step in range(12)]
    expected = [0.5 * (1 + math.cos(math.pi * epoch / 4)) for epoch in range(4) for _ in range(3)]
    assert rates == pytest.approx(expected)
    assert learning_rate(load_recipe("paper"), 10**6, 41) == 1e-3


def test_scalars_are_logged(images: Images, tmp_path: Path):
    train(settings_for(images.dataset, overrides=[*TINY, "epochs=2"]), images, tmp_path, "cpu")
    (events,) = (tmp_path / LOG_FOLDER).glob("events.*")
    content = events.read_bytes()
    assert b"epoch/loss" in content
    assert b"step/learning_rate" in content


def test_values_read_many_steps_at_once_make_the_same_run(
    uninterrupted: dict[str, Any], images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Readings, "due", property(lambda self: len(self) >= 4))
    settings = settings_for(images.dataset)
    assert same(uninterrupted, train(settings, images, tmp_path, "cpu", save_every_s=0))


def test_a_loss_that_is_not_finite_is_reported_with_its_own_step(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = settings_for(images.dataset, overrides=[*TINY, "learning_rate=1e30", "warmup_epochs=0"])
    messages = []
    for each in (1, 5):
        monkeypatch.setattr(Readings, "due", property(lambda self, each=each: len(self) >= each))
        with pytest.raises(DivergedError) as caught:
            train(settings, images, tmp_path / str(each), "cpu")
        messages.append(str(caught.value).partition(": ")[2])
    assert messages[0] == messages[1]
