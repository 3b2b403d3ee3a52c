"""Folders of images: which files count, what is refused with one line, and whole runs on small ones."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.data.crops import RandomCrop
from threedie.benchmark.data.folder_images import FolderImages
from threedie.benchmark.data.image_folder import ImageFolder, check_images, list_folder
from threedie.benchmark.data.inputs import training_inputs
from threedie.benchmark.data.sources import find_source
from threedie.benchmark.records.record import read_records
from threedie.benchmark.settings.linear_rules import RULES, LinearRules
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint, weights_sha256
from threedie.benchmark.training.loop import train
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.errors import ThreeDieError

COLORS = {"ant": (200, 60, 60), "bee": (60, 200, 60), "cat": (60, 60, 200)}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "3die"


def write_image(path: Path, color: tuple[int, int, int] = (99, 9, 9), seed: int = 0, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    height, width = generator.integers(40, 120, 2)
    pixels = (np.array(color) + generator.integers(-50, 50, (height, width, 3))).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, "JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else None, **options)
    return path


def write_folder(folder: Path, train: int = 8, val: int = 4) -> Path:
    """Three classes that differ in color, with names as ImageNet's."""
    for split, count in (("train", train), ("val", val)):
        for number, (name, color) in enumerate(COLORS.items()):
            for index in range(count):
                seed = 1000 * number + index + (500 if split == "val" else 0)
                write_image(folder / split / name / f"{name}_{index}.JPEG", color, seed)
    return folder


def opened(folder: Path) -> ImageFolder:
    files = list_folder(folder)
    return ImageFolder(folder, files, check_images(folder, files))


def test_labels_are_positions_among_the_classes_of_train(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", 2, 1)
    (folder / "val" / "bee" / "bee_0.JPEG").unlink()
    write_image(folder / "train" / "cat" / "deeper" / "still" / "x.PNG")
    dataset = opened(folder)
    assert dataset.files.classes == ("ant", "bee", "cat")
    assert dataset.labels.tolist() == [0, 0, 1, 1, 2, 2, 2, 0, 2]
    assert dataset.objects[6] == "train/cat/deeper/still/x.PNG"
    assert dataset.indices("train").tolist() == list(range(7))
    assert dataset.indices("val").tolist() == [7, 8]
    assert dataset.latents.shape == (9, 1, 0)
    assert FolderImages(dataset, 32).classes == 3


def test_the_identity_is_of_names_and_of_bytes(tmp_path: Path, cache: Path) -> None:
    folder = write_folder(tmp_path / "data", 2, 1)
    dataset = opened(folder)
    (kept,) = cache.iterdir()
    assert json.loads(kept.read_text())["images_sha256"] == dataset.images_sha256()
    expected = "".join(f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()}\n" for path in dataset.files.paths)
    assert dataset.images_sha256() == hashlib.sha256(expected.encode()).hexdigest()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    same = opened(copy)
    assert (same.fingerprint(), same.images_sha256()) == (dataset.fingerprint(), dataset.images_sha256())
    write_image(copy / "train" / "ant" / "ant_0.JPEG", (1, 2, 3))
    changed = opened(copy)
    assert changed.fingerprint() == dataset.fingerprint()
    assert changed.images_sha256() != dataset.images_sha256()
    (copy / "train" / "ant" / "ant_0.JPEG").rename(copy / "train" / "ant" / "other.JPEG")
    assert opened(copy).fingerprint() != dataset.fingerprint()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"version": 1, "images_sha256": "short"}', "\0"])
def test_a_damaged_cache_is_made_anew(content: str, tmp_path: Path, cache: Path) -> None:
    folder = write_folder(tmp_path / "data", 1, 1)
    before = opened(folder).images_sha256()
    (kept,) = cache.iterdir()
    kept.write_text(content)
    assert opened(folder).images_sha256() == before
    assert json.loads(kept.read_text())["images_sha256"] == before


def test_without_a_cache_everything_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    folder = write_folder(tmp_path / "data", 1, 1)
    assert opened(folder).images_sha256() == opened(folder).images_sha256()


def test_a_user_without_a_home_has_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    folder = write_folder(tmp_path / "data", 1, 1)
    assert opened(folder).images_sha256() == opened(folder).images_sha256()


def test_what_is_no_image_is_left_out_and_reported(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", 1, 1)
    for name in (".DS_Store", "._ant_0.JPEG", ".hidden/x.JPEG"):
        path = folder / "train" / "ant" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    for name in ("ant/notes.txt", "list.csv", "bee/SHA256"):
        (folder / "train" / name).write_bytes(b"x")
    (folder / "val" / "dog").mkdir()
    (folder / "val" / "cat" / "cat_0.JPEG").unlink()
    source = find_source("imagefolder").open(folder)
    summary = source.summary()
    assert "3 classes, 3 images for training, 2 for validation" in summary
    assert "left out, no images by their names: train/list.csv, train/ant/notes.txt, train/bee/SHA256" in summary
    assert "left out, hidden: 3" in summary
    assert "without images in val: cat" in summary
    described = source.describe()
    assert (described["classes"], described["train_objects"], described["val_objects"]) == (3, 3, 2)


def test_links_are_followed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", 2, 1)
    elsewhere = tmp_path / "elsewhere"
    (folder / "train" / "bee").rename(elsewhere)
    (folder / "train" / "bee").symlink_to(elsewhere)
    image = folder / "train" / "ant" / "ant_1.JPEG"
    image.rename(tmp_path / "image")
    image.symlink_to(tmp_path / "image")
    assert len(opened(folder)) == 9
    (tmp_path / "image").unlink()
    with pytest.raises(ThreeDieError, match=r"ant_1\.JPEG: a broken link; mend or delete it"):
        list_folder(folder)
    image.unlink()
    (elsewhere / "again").symlink_to(elsewhere)
    with pytest.raises(ThreeDieError, match="folders deep in its class; does a link lead in a circle"):
        list_folder(folder)


def spoil(folder: Path, how: str) -> None:
    """Make one thing wrong with a good folder."""
    image = folder / "train" / "bee" / "bee_0.JPEG"
    if how == "no val":
        shutil.rmtree(folder / "val")
    elif how == "no classes":
        shutil.rmtree(folder / "train")
        (folder / "train").mkdir()
    elif how == "empty class":
        (folder / "train" / "dog").mkdir()
    elif how == "only in val":
        write_image(folder / "val" / "dog" / "x.png")
    elif how == "empty val":
        for path in (folder / "val").glob("*/*"):
            path.unlink()
    elif how == "loose images":
        write_image(folder / "val" / "ILSVRC2012_val_00000001.JPEG")
    elif how == "truncated":
        image.write_bytes(image.read_bytes()[:-500])
    elif how == "empty file":
        image.write_bytes(b"")
    elif how == "text":
        image.write_text("<html>404</html>")
    elif how == "pipe":
        os.mkfifo(folder / "train" / "bee" / "pipe.png")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no val", "no folder 'val' in it; give a folder with train/CLASS/IMAGE and val/CLASS/IMAGE"),
        ("no classes", "train: no folder of a class in it"),
        ("empty class", "train: no image in dog; add images, or delete the folder"),
        ("only in val", "val: train has no class dog, so it can't be learned"),
        ("empty val", "val: no image in it; some are needed to measure on"),
        ("loose images", r"val: 1 images outside of any class, such as ILSVRC2012_val_00000001\.JPEG; move each"),
        ("truncated", r"bee_0\.JPEG: damaged \(.*truncated.*\); put a whole image in its place, or delete it"),
        ("empty file", r"bee_0\.JPEG: empty; put"),
        ("text", r"bee_0\.JPEG: not an image of a known format, or a damaged one; put"),
        ("pipe", r"pipe\.png: neither a file nor a folder"),
    ],
)
def test_faults_are_named_in_one_line(how: str, message: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", 1, 1)
    spoil(folder, how)
    with pytest.raises(ThreeDieError, match=message) as caught:
        opened(folder)
    assert "\n" not in str(caught.value)


def test_an_image_that_is_damaged_later_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", 1, 1)
    images = FolderImages(opened(folder), 32)
    spoil(folder, "truncated")
    rows = np.arange(3)
    with pytest.raises(ThreeDieError, match=r"bee_0\.JPEG: damaged"):
        images.take(rows, 0 * rows)


def test_crops_are_the_same_for_the_same_numbers_whatever_the_threads(tmp_path: Path) -> None:
    dataset = opened(write_folder(tmp_path / "data", 6, 1))
    rows = np.arange(18)
    kinds = [RandomCrop(32, (0.2, 1.0)), RandomCrop(32, (0.2, 1.0)), RandomCrop(16, (0.05, 0.14))]
    wanted = [(kind, rows + 100 * index) for index, kind in enumerate(kinds)]
    one, four = (FolderImages(dataset, 32, workers).crops(rows, wanted) for workers in (1, 4))
    for first, second, side in zip(one, four, (32, 32, 16), strict=True):
        np.testing.assert_array_equal(first, second)
        assert first.shape == (18, side, side, 3)
    assert (one[0] != one[1]).any((1, 2, 3)).all()
    # Each image has the color of its class wherever it is cut.
    for result in one:
        assert (result.mean((1, 2)).argmax(1) == dataset.labels[rows]).all()


def test_measured_images_are_the_middle_of_256(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for split in ("train", "val"):
        for name in "ab":
            write_image(folder / split / name / "x.png")
    shape = (64, 128, 3)
    pixels = np.zeros(shape, np.uint8)
    pixels[4:60, 36:92] = 255
    Image.fromarray(pixels).save(folder / "train" / "a" / "x.png")
    taken = FolderImages(opened(folder), 56).take(np.array([0]), np.array([0]))
    assert taken.shape == (1, 56, 56, 3)
    assert (taken == 255).all()


def test_statistics_are_those_of_the_training_images(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", 3, 1)
    images = FolderImages(opened(folder), 32)
    rows = np.arange(9)
    values = images.take(rows, 0 * rows).reshape(-1, 3) / 255
    mean, std = images.statistics()
    assert mean == pytest.approx(values.mean(0), abs=1e-6)
    assert std == pytest.approx(values.std(0), abs=1e-6)


def test_both_views_and_the_small_crop_come_from_one_image(tmp_path: Path) -> None:
    dataset = opened(write_folder(tmp_path / "data"))
    recipe = load_recipe("imagenet", ["image_size=64", "width=2", "projector=8-8", "method.hidden=8"], "essl")
    method = build(RunSettings("essl", recipe, 0, None, None))
    inputs, augmentation = training_inputs(FolderImages(dataset, 64), method, recipe)
    assert [(kind.side, kind.area) for kind in inputs.cuts] == [
        (64, (0.08, 1.0)),
        (64, (0.08, 1.0)),
        (32, (0.05, 0.14)),
    ]
    (pairs,) = inputs.batches(recipe, 0, 0)
    again = inputs.load(inputs.batches(recipe, 0, 0)[0], None)
    loaded, later = inputs.load(pairs, None), inputs.load(inputs.batches(recipe, 0, 1)[0], None)
    assert loaded.crop is not None
    assert loaded.crop.shape == (24, 32, 32, 3)
    assert again.crop is not None
    for one, two in zip([*loaded.pixels, loaded.crop], [*again.pixels, again.crop], strict=True):
        assert torch.equal(one, two)
        assert (one.float().mean((1, 2)).argmax(1).numpy() == loaded.arrays["label"]).all()
    first, second = (each.pixels[0].flatten().sort().values for each in (loaded, later))
    assert not torch.equal(first, second)
    # The device crops no more: a picture that is bright on the left stays so, or is mirrored.
    torch.manual_seed(0)
    ramp = torch.linspace(0, 1, 64).expand(32, 3, 64, 64).contiguous()
    viewed = augmentation.view(ramp)
    assert viewed.shape == ramp.shape
    middles = viewed.mean((1, 2))
    steps = middles.diff(dim=1)
    assert ((steps > -0.01).all(1) | (steps < 0.01).all(1)).all()


TINY = [
    word
    for text in (
        *("width=4", "projector=16-16", "epochs=2", "warmup_epochs=0", "batch_size=8", "learning_rate=0.01"),
        *("image_size=32", "precision=32-true"),
    )
    for word in ("--set", text)
]


def invoke(data: Path, out: Path, *more: str, method: str = "essl", dataset: str = "imagefolder") -> Result:
    words = ["run", method, "--dataset", dataset, "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(bench, [*words, *TINY, *more])


def test_a_run_on_a_folder_writes_a_record(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data", 6, 4)
    more = ("--set", "method.target=class")
    done = invoke(data, tmp_path / "runs", *more, method="supervised")
    assert done.exception is None, done.exception
    assert "3 classes, 18 images for training, 12 for validation" in done.output
    (record,) = read_records([tmp_path / "runs"])
    dataset = record["dataset"]
    assert (dataset["preset"], dataset["views"], dataset["classes"], dataset["image_size"]) == ("imagefolder", 1, 3, 0)
    assert (dataset["train_objects"], dataset["val_objects"]) == (18, 12)
    assert record["protocol"] == {"name": "quick", "version": 1}
    rows = {row["task"]: row for row in record["results"]}
    assert rows.keys() == {"picture_neighbors", "picture_linear"}
    assert rows["picture_linear"]["floor"] == pytest.approx(1 / 3)
    assert {"classification", "probe_top1_all"} <= set(record["curves"] or {})
    assert "finished before; nothing to do" in invoke(data, tmp_path / "runs", *more, method="supervised").output
    page = CliRunner().invoke(leaderboard, [str(tmp_path / "runs"), "-o", str(tmp_path / "t")])
    assert page.exception is None, page.exception
    assert "1 views each, several sizes; 18 to train on" in (tmp_path / "t" / "leaderboard.md").read_text()


def test_a_stopped_run_ends_the_same(tmp_path: Path) -> None:
    dataset = opened(write_folder(tmp_path / "data", 4, 1))
    small = ["image_size=32", "width=2", "projector=8-8", "epochs=2", "batch_size=6", "method.hidden=8"]
    recipe = load_recipe("imagefolder", [*small, "warmup_epochs=0"], "essl")
    settings = RunSettings("essl", recipe, 0, dataset.fingerprint(), dataset.images_sha256())
    whole = train(settings, FolderImages(dataset, 32), tmp_path / "whole", "cpu")
    step, count = Stepper.step, 0

    def stopping(self: Stepper, *arguments: Any) -> dict[str, float]:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyError("stopped")
        return step(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stepper, "step", stopping)
        with pytest.raises(KeyError):
            train(settings, FolderImages(dataset, 32), tmp_path / "cut", "cpu", save_every_s=0)
    stopped = load_checkpoint(tmp_path / "cut" / CHECKPOINT_FILE)
    assert stopped["progress"]["steps_done"] == 2
    resumed = train(settings, FolderImages(dataset, 32, workers=4), tmp_path / "cut", "cpu")
    assert weights_sha256(whole["model"]) == weights_sha256(resumed["model"])
    assert whole["progress"]["curves"] == resumed["progress"]["curves"]


@pytest.mark.parametrize(
    ("method", "words", "recipe"),
    [
        ("essl", (), "imagenet"),
        ("simclr", (), "imagenet"),
        ("vicreg", (), "imagenet"),
        ("simsiam", (), "imagenet-simsiam"),
        ("barlow_twins", (), "imagenet-barlow-twins"),
        ("essl", ("method.base=simsiam",), "imagenet-simsiam"),
        ("essl", ("epochs=30", 'method_options.base="barlow_twins"'), "imagenet-barlow-twins"),
    ],
)
def test_imagenet_takes_the_recipe_of_the_method(method: str, words: tuple[str, ...], recipe: str) -> None:
    assert find_source("imagenet").recipe_for(method, words) == recipe
    # Every method of a recipe can be built with its options.
    chosen = load_recipe(recipe, [*words, "width=1", "projector=8"], method)
    built = build(RunSettings(method, chosen, 0, None, None))
    assert built.constant_rate == {
        "simsiam": ("predictor",), "essl": ("base.predictor",)
    }.get(method, ()) * (recipe == "imagenet-simsiam")  # fmt: skip


def test_the_whole_setting_of_imagenet_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = LinearRules("essl-imagenet-v1", 1, epochs=2, runs=1, augmented=True, rate=0.1, spread=0.01, by_epoch=True)
    monkeypatch.setitem(RULES, "essl-imagenet-v1", short)
    data = write_folder(tmp_path / "data", 4, 2)
    small = ("--set", "backbone=resnet18", "--set", "method.hidden=16", "--protocol", "essl-imagenet-v1")
    done = invoke(data, tmp_path / "runs", *small, dataset="imagenet")
    assert done.exception is None, done.exception
    (record,) = read_records([tmp_path / "runs"])
    assert record["config"] is not None
    assert (record["config"]["name"], record["config"]["optimizer"]) == ("imagenet", "lars")
    assert record["dataset"]["preset"] == "imagenet"
    assert record["protocol"] == {"name": "essl-imagenet-v1", "version": 1}


def test_the_rules_are_the_paper_s() -> None:
    rules = RULES["essl-imagenet-v1"]
    assert (rules.epochs, rules.runs, rules.rate, rules.weight_decay) == (100, 1, 0.1, 1e-6)
    assert (rules.spread, rules.by_epoch, rules.augmented) == (0.01, True, True)
    assert RULES["essl-imagenet-bt-v1"].rate == 1.0


def test_methods_that_don_t_suit_are_refused(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data", 2, 1)
    for words, method, message in (
        ((), "sie", "needs the action 'rotation'"),
        ((), "supervised", "for supervised set method.target=class"),
        (("--set", "method.target=class", "--set", "method.classes=2"), "supervised", "set method.classes=3"),
        (("--set", "center=0.5"), "simclr", "pictures are seen whole"),
        (("--set", "augmentation=none"), "simclr", "two views differ by it alone"),
        (("--protocol", "sie-v1"), "simclr", "on a folder of images there are quick, essl-imagenet-v1"),
    ):
        error = invoke(data, tmp_path / "runs", *words, method=method).exception
        assert isinstance(error, ThreeDieError), error
        assert message in str(error)
    nowhere = CliRunner().invoke(bench, ["run", "essl", "--dataset", "imagenet"]).exception
    assert "--dataset imagenet: name the folder that holds train and val with --data FOLDER" in str(nowhere)
    assert not (tmp_path / "runs").exists()
