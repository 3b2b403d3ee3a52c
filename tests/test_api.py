"""The public Python API: what `import threedie` promises."""

import ast
import itertools
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from api_samples import write_tiny
from torch.utils.data import DataLoader, default_collate

import threedie
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.pairs import Sequences, draw_pass, epoch_batches
from threedie.benchmark.training.checkpoints import load_checkpoint, save_checkpoint
from threedie.manifests.latents import actions

# Small tensors: two threads would spend their time waiting for each other.
torch.set_num_threads(1)

REPO = Path(__file__).parents[1]
INIT = REPO / "threedie" / "__init__.py"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("api") / "dataset.h5")


def half(image: torch.Tensor) -> torch.Tensor:
    return image.float() / 2


def everything(data: Any, **options: Any) -> Any:
    """All batches of a loader as one."""
    batches = list(DataLoader(data, batch_size=3, **options))
    return [torch.cat(values) for values in zip(*batches, strict=True)]


# Names


def test_types_for_editors_and_names_at_run_time_are_the_same() -> None:
    tree = ast.parse(INIT.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    typed = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname is not None
            typed[alias.asname] = f"{node.module}.{alias.name}"
    assert typed == {name: home.replace(":", ".") for name, home in threedie._HOMES.items()}


def test_every_name_can_be_imported_and_listed() -> None:
    for name in threedie.__all__:
        assert getattr(threedie, name) is not None
        assert name in dir(threedie)
    with pytest.raises(AttributeError, match="PairDatset"):
        threedie.PairDatset  # type: ignore[attr-defined] # noqa: B018
    with pytest.raises(ImportError):
        exec("from threedie import nothing_of_this_name")


def test_import_is_lazy() -> None:
    script = (
        "import sys, threedie\n"
        "heavy = {'torch', 'numpy', 'h5py', 'click', 'threedie.manifests', 'threedie.benchmark'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "threedie.Dataset, threedie.ThreeDieError\n"
        "assert 'torch' not in sys.modules\n"
        "from threedie import *\n"
        "assert PairDataset is threedie.PairDataset"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=REPO)


def test_import_takes_less_than_20_ms() -> None:
    script = "import time; t = time.perf_counter(); import threedie; print(time.perf_counter() - t)"
    runs = [subprocess.check_output([sys.executable, "-c", script], text=True, cwd=REPO) for _ in range(5)]
    assert min(map(float, runs)) < 0.020


# Pairs


@pytest.mark.parametrize("split", ["train", "val", None])
def test_pairs_are_those_of_training(path: Path, split: str | None) -> None:
    data = threedie.PairDataset(path, split, seed=7)
    file = threedie.Dataset(path)
    objects = np.arange(len(file)) if split is None else file.indices(split)
    assert len(data) == len(objects)
    for epoch in (0, 3):
        data.set_epoch(epoch)
        expected = draw_pass(objects, file.info.views, 7, epoch)
        _, _, action, label, index, views = everything(data)
        assert index.tolist() == expected.objects.tolist()
        assert views.T.tolist() == [expected.view1.tolist(), expected.view2.tolist()]
        assert label.tolist() == file.labels[expected.objects].tolist()
        first, second = file.latents[expected.objects, expected.view1], file.latents[expected.objects, expected.view2]
        rotation = actions("rotation", file.info.fields, first, second).astype(np.float32)
        assert torch.equal(action, torch.from_numpy(rotation))


def test_an_epoch_is_a_pass_of_the_training_loop(path: Path) -> None:
    file = threedie.Dataset(path)
    data = threedie.PairDataset(path, seed=2)
    batches = epoch_batches(file.indices("train"), file.info.views, 5, 2, 2, 1)
    drawn: list[tuple[int, ...]] = []
    for epoch in (2, 3):
        data.set_epoch(epoch)
        drawn += [(pair.object_index, *pair.view_indices.tolist()) for pair in data]

    def rows(batch: Sequences) -> list[tuple[int, ...]]:
        return list(zip(batch.objects.tolist(), *batch.views.T.tolist(), strict=True))

    assert drawn == [row for batch in batches for row in rows(batch)]


def test_pixels_are_those_of_the_benchmark(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "bgr.h5", objects=5, channel_order="bgr")
    for size, channels, center in ((None, "file", 1.0), (None, "rgb", 1.0), (16, "rgb", 0.75)):
        data = threedie.PairDataset(path, None, image_size=size, channels=channels, center=center)
        reference = Images(threedie.Dataset(path), size or 32, channels, 1, None, iter, center)
        for pair in data:
            assert pair.view1.dtype == torch.uint8
            assert pair.view1.is_contiguous()
            for view, image in zip(pair.view_indices.tolist(), (pair.view1, pair.view2), strict=True):
                assert np.array_equal(image.permute(1, 2, 0), reference.decode(pair.object_index, view))
    plain, exchanged = (threedie.PairDataset(path, None, channels=channels)[0] for channels in ("file", "rgb"))
    assert (plain.view1.float() - exchanged.view1.flip(0).float()).abs().max() <= 1


@pytest.mark.parametrize(("action", "size"), [("rotation", 4), ("rotation_color", 6), ("latents", 8), (None, 0)])
def test_actions_have_their_size(path: Path, action: str | None, size: int) -> None:
    pair = threedie.PairDataset(path, action=action)[0]
    assert pair.action.shape == (size,)
    assert pair.action.dtype == torch.float32


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_that_stay_see_the_next_epoch(path: Path, context: str) -> None:
    data = threedie.PairDataset(path, transform=half, seed=1)
    alone = threedie.PairDataset(path, transform=half, seed=1)
    loader = DataLoader(data, 4, num_workers=2, persistent_workers=True, multiprocessing_context=context)
    for epoch in (0, 1, 5):
        data.set_epoch(epoch)
        alone.set_epoch(epoch)
        for batch, expected in zip(loader, DataLoader(alone, 4), strict=True):
            assert type(batch) is threedie.Pair
            assert all(torch.equal(a, b) for a, b in zip(batch, expected, strict=True))
            assert batch.view1.dtype == torch.float32


def test_shuffling_keeps_the_pairs(path: Path) -> None:
    data = threedie.PairDataset(path, seed=3)
    plain = [(pair.object_index, *pair.view_indices.tolist()) for pair in data]
    _, _, _, _, index, views = everything(data, shuffle=True)
    assert sorted(zip(index.tolist(), *views.T.tolist(), strict=True)) == sorted(plain)


def test_a_pickled_dataset_gives_the_same_and_stays_small(path: Path) -> None:
    data = threedie.PairDataset(path, transform=half, seed=3)
    data.set_epoch(4)
    _ = data[0]
    stored = pickle.dumps(data)
    again = pickle.loads(stored)
    for one, other in zip(data, again, strict=True):
        assert torch.equal(one.view1, other.view1)
        assert torch.equal(one.action, other.action)
    assert len(stored) < path.stat().st_size


def test_epochs_and_seeds_draw_other_pairs(path: Path) -> None:
    drawn = set()
    for seed, epoch in itertools.product((0, 1), (0, 1)):
        data = threedie.PairDataset(path, seed=seed)
        data.set_epoch(epoch)
        drawn.add(tuple((pair.object_index, *pair.view_indices.tolist()) for pair in data))
    assert len(drawn) == 4


# Views


def test_views_come_object_by_object(path: Path) -> None:
    file = threedie.Dataset(path)
    data = threedie.ViewDataset(path, "val")
    assert len(data) == len(file.indices("val")) * file.info.views
    image, latents, label, index, view = everything(data, num_workers=1)
    assert image.shape == (len(data), 3, 32, 32)
    assert latents.dtype == torch.float32
    expected = torch.from_numpy(file.latents[file.indices("val")].astype(np.float32))
    assert torch.equal(latents.reshape(expected.shape), expected)
    assert index.tolist() == np.repeat(file.indices("val"), file.info.views).tolist()
    assert view.tolist() == list(range(file.info.views)) * len(file.indices("val"))
    assert label.tolist() == file.labels[index].tolist()
    assert type(default_collate([data[0], data[-1]])) is threedie.View
    with pytest.raises(IndexError):
        data[len(data)]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"split": "test"}, "split 'test'"),
        ({"channels": "bgr"}, "channels 'bgr'"),
        ({"image_size": 0}, "image_size 0"),
        ({"center": 1.5}, "center 1.5"),
        ({"action": "rotations"}, "action 'rotations'"),
        ({"action": "translation"}, "translation_x"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_wrong_options_are_named(path: Path, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(threedie.ThreeDieError, match=reason):
        threedie.PairDataset(path, **options)


def test_epochs_are_not_negative(path: Path) -> None:
    with pytest.raises(threedie.ThreeDieError, match="epoch -1"):
        threedie.PairDataset(path).set_epoch(-1)


# Backbones


TINY = {"epochs": 1, "warmup_epochs": 0, "passes": 1, "image_size": 32, "width": 8, "projector": "16-16"}


@pytest.fixture(scope="module")
def run_folder(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = threedie.Run.create(
        "vicreg",
        path,
        recipe="smoke",
        overrides={**TINY, "centre": 0.8, "channels": "rgb"},
        out=tmp_path_factory.mktemp("runs"),
        scope=threedie.Scope(("rank",)),
    )
    run.train()
    assert {row["task"] for row in run.evaluate()["results"]} == {"rank"}
    return run.folder


def test_a_backbone_gives_the_features_of_the_evaluation(path: Path, run_folder: Path) -> None:
    expected = np.load(next(run_folder.glob("features/representation-*.npy")))
    for run in (run_folder, str(run_folder), run_folder / "checkpoint.pt", threedie.Run.open(run_folder)):
        backbone = threedie.load_backbone(run)
        assert not any(module.training for module in backbone.modules())
    data = threedie.ViewDataset(path, **backbone.view_options)
    with torch.inference_mode():
        whole = backbone(next(iter(DataLoader(data, len(data)))).image)
        pieces = torch.cat([backbone(batch.image.float() / 255) for batch in DataLoader(data, 7)])
    assert np.array_equal(whole.reshape(expected.shape), expected)
    assert np.allclose(pieces.reshape(expected.shape), expected, atol=1e-5)
    assert [*backbone.parts.representation] == ["all"]


def test_a_backbone_can_be_saved_moved_and_pickled(path: Path, run_folder: Path) -> None:
    backbone = threedie.load_backbone(run_folder)
    images = threedie.ViewDataset(path, "val", **backbone.view_options)[0].image[None]
    again = pickle.loads(pickle.dumps(backbone))
    assert torch.equal(again(images), backbone(images))
    assert torch.allclose(backbone.double()(images.double() / 255).float(), again(images), atol=1e-4)
    assert not {"mean", "std"} & set(backbone.state_dict())


def test_runs_that_give_no_backbone_say_why(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(threedie.ThreeDieError, match=r"checkpoint\.pt"):
        threedie.load_backbone(tmp_path)
    with pytest.raises(threedie.ThreeDieError, match="trained with vicreg, not with simclr"):
        threedie.load_backbone(run_folder, method="simclr")
    content = load_checkpoint(run_folder / "checkpoint.pt")
    save_checkpoint(tmp_path / "checkpoint.pt", {**content, "finished": False})
    with pytest.raises(threedie.ThreeDieError, match="isn't finished"):
        threedie.load_backbone(tmp_path)
    foreign = {**content["settings"], "method": "Mine-1a2b3c4d"}
    save_checkpoint(tmp_path / "checkpoint.pt", {**content, "settings": foreign})
    with pytest.raises(threedie.ThreeDieError, match=r"method='FILE\.py:CLASS'"):
        threedie.load_backbone(tmp_path)


# Mistakes


def test_positions_count_from_the_end_and_stay_within(path: Path) -> None:
    file = threedie.Dataset(path)
    assert bytes(file.jpeg(-1, -2)) == bytes(file.jpeg(len(file) - 1, file.info.views - 2))
    assert file.object(-1).ref == file.objects[-1]
    for data in (threedie.PairDataset(path), threedie.ViewDataset(path)):
        assert data[-1].object_index == data[len(data) - 1].object_index
        assert data[torch.tensor(0)].label == data[0].label
        for wrong, kind in ((len(data), IndexError), (slice(2), TypeError), ("0", TypeError), (0.0, TypeError)):
            with pytest.raises(kind, match="item"):
                data[wrong]  # type: ignore[index]
    for index, view in ((len(file), 0), (0, file.info.views), (-len(file) - 1, 0)):
        with pytest.raises(IndexError, match="there are"):
            file.jpeg(index, view)


def test_a_split_that_no_dataset_has_is_refused(path: Path) -> None:
    with pytest.raises(threedie.ThreeDieError, match="split 'test'"):
        threedie.Dataset(path).indices("test")


def test_datasets_say_what_they_are(path: Path) -> None:
    file = threedie.Dataset(path)
    assert repr(file) == f"Dataset({str(path)!r}): {len(file)} objects, 5 views, 32 px"
    assert repr(threedie.ViewDataset(file, "val")) == f"ViewDataset({str(path)!r}, split 'val'): 20 items"


def test_overrides_are_a_table_or_words(path: Path, tmp_path: Path) -> None:
    table = {**TINY, "method_options": {"variance_weight": 2.5}}
    words = [f"{key}={value}" for key, value in TINY.items()] + ["method_options.variance_weight=2.5"]
    runs = [
        threedie.Run.create("vicreg", path, recipe="smoke", overrides=overrides, out=str(tmp_path))
        for overrides in (table, words)
    ]
    assert runs[0].settings == runs[1].settings
    assert runs[0].settings.recipe.method_options == {"variance_weight": 2.5}
    numpy = {**TINY, "epochs": np.int64(TINY["epochs"]), "method_options": {"variance_weight": np.float32(2.5)}}
    assert (
        threedie.Run.create("vicreg", path, recipe="smoke", overrides=numpy, out=tmp_path).settings == runs[0].settings
    )
    again = threedie.Run.create("vicreg", threedie.Dataset(path), recipe=runs[0].settings.recipe, out=tmp_path)
    assert (again.settings, again.folder, again.data) == (runs[0].settings, runs[0].folder, path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"method": "vicregg"}, "did you mean 'vicreg'"),
        ({"method": 3}, "method 3"),
        ({"method": dict}, "class derived from threedie.Method"),
        ({"recipe": "smok"}, "did you mean 'smoke'"),
        ({"protocol": "quik"}, "did you mean 'quick'"),
        ({"overrides": "epochs=1"}, "overrides 'epochs=1'"),
        ({"overrides": {"epoch": 1}}, "did you mean 'epochs'"),
        ({"overrides": {"epochs": None}}, "epochs is None; leave it out"),
        ({"seed": "0"}, "seed"),
        ({"device": "gpu"}, "device 'gpu'"),
        ({"workers": "2"}, "workers '2'"),
        ({"workers": 0}, "workers 0: give 1 or more"),
        ({"save_every_s": -1}, "save_every_s -1: give 0 or more seconds"),
        ({"scope": "rotation"}, "scope 'rotation'"),
        ({"reporter": print}, "reporter"),
        ({"data": "nowhere.h5"}, "nowhere.h5"),
    ],
)
def test_what_makes_no_run_is_named(path: Path, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(threedie.ThreeDieError, match=reason):
        threedie.Run.create(**{"method": "vicreg", "data": path, "recipe": "smoke"} | options)


def test_scopes_name_tasks_that_exist() -> None:
    assert threedie.Scope(["rotation"]) == threedie.Scope(("rotation",))  # type: ignore[arg-type]
    for options in ({"tasks": ("rotations",)}, {"head_seeds": 0}, {"head_sources": ("pixels",)}):
        with pytest.raises(threedie.ThreeDieError):
            threedie.Scope(**options)  # type: ignore[arg-type]


OWN = """
import sys
import threedie

class Mine(threedie.TwoViewMethod):
    def __init__(self, backbone, projector="16-16"):
        super().__init__()
        self.backbone = backbone
        self.projector = threedie.build_projector(backbone.dim, projector)

    def compute_loss(self, batch, views):
        loss = threedie.losses.nt_xent(*views.gathered())
        return loss, {"contrast": loss}

"""
LOOP = 'threedie.Run.create(Mine, sys.argv[1], recipe="smoke")\n'


def test_a_script_that_would_start_itself_again_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN + LOOP)
    done = subprocess.run(
        [sys.executable, "mine.py", path], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(REPO)},
    )  # fmt: skip
    assert done.stderr.splitlines()[-1].endswith("put that under if __name__ == '__main__'")
    assert done.stderr.count("Traceback") == 1


def test_a_run_of_a_class_of_ones_own_is_opened_with_it(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    where = f"{tmp_path / 'mine.py'}:Mine"
    run = threedie.Run.create(where, path, recipe="smoke", overrides=TINY, out=tmp_path)
    run.train()
    images = threedie.ViewDataset(path, "val", image_size=32)[0].image[None]
    assert threedie.load_backbone(run)(images).shape == (1, 64)
    assert threedie.Run.open(run.folder, path, method=where).settings == run.settings
    with pytest.raises(threedie.ThreeDieError, match="not with vicreg"):
        threedie.Run.open(run.folder, path, method="vicreg")


def test_classes_that_no_file_has_are_refused(path: Path) -> None:
    class Local(threedie.TwoViewMethod):
        pass

    with pytest.raises(threedie.ThreeDieError, match="top level of a Python file"):
        threedie.Run.create(Local, path, recipe="smoke")
    vicreg = type(threedie.build_method("vicreg", width=8, projector="16"))
    assert threedie.Run.create(vicreg, path, recipe="smoke").settings.method == "vicreg"


def test_images_that_no_backbone_takes_are_refused(run_folder: Path) -> None:
    backbone = threedie.load_backbone(run_folder)
    for shape in ((3, 32, 32), (1, 32, 32, 3), (1, 4, 32, 32)):
        with pytest.raises(ValueError, match=r"give \(N, 3, H, W\)"):
            backbone(torch.zeros(shape))
    for images in (torch.zeros(1, 3, 32, 32, dtype=torch.int64), np.zeros((1, 3, 32, 32), np.uint8)):
        with pytest.raises(TypeError, match="uint8 or floating point"):
            backbone(images)
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(backbone(image.double().float()), backbone(image.double()))


def test_features_are_arrays_or_tensors_of_two_or_three_dimensions(path: Path) -> None:
    file = threedie.Dataset(path)
    count, views = file.latents.shape[:2]
    features = np.random.default_rng(0).standard_normal((count * views, 6)).astype(np.float32)
    expected = threedie.evaluate_features(file.latents, features, heads=False).scores
    assert expected
    tensor = torch.from_numpy(features).requires_grad_()
    for same in (features.reshape(count, views, -1), tensor, tensor.reshape(count, views, -1)):
        assert threedie.evaluate_features(torch.from_numpy(file.latents), same, heads=False).scores == expected
    for wrong, options, reason in (
        (features.reshape(views, count, -1), {}, "embeddings: shape"),
        ([[1], [1, 2]], {}, "embeddings: can't be made an array"),
        (features, {"seeds": 0}, "seeds 0"),
        (features, {"device": "gpu"}, "device 'gpu'"),
        (features, {"protocol": "quik"}, "did you mean 'quick'"),
    ):
        with pytest.raises(threedie.ThreeDieError, match=reason):
            threedie.evaluate_features(file.latents, wrong, **options)  # type: ignore[arg-type]


def test_an_interrupt_ends_loops_that_survive_errors() -> None:
    assert issubclass(threedie.Interrupted, KeyboardInterrupt)
    assert not issubclass(threedie.Interrupted, Exception)
