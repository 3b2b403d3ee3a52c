"""`3die bench export`: backbones for torchvision, timm and by themselves, and weights that come back."""

import importlib.metadata
import importlib.util
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from click.testing import CliRunner
from record_samples import make_record
from torch import Tensor

import threedie
from threedie.baselines.original_checkpoints import architecture, backbone_state, remarks
from threedie.baselines.resnet import build_backbone
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.evaluation.requirements import form_note
from threedie.benchmark.records.record import write_record
from threedie.benchmark.runs.backbone_export import FORMATS, export_backbone
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import load_checkpoint, load_weights, save_checkpoint, weights_sha256
from threedie.benchmark.training.exported import EXPORT_VERSION
from threedie.benchmark.training.imported import ImportOptions, import_checkpoint
from threedie.benchmark.training.restore import restore
from threedie.benchmark.training.safetensors_files import NOTE
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

MEAN, STD = (0.5, 0.4, 0.3), (0.1, 0.2, 0.3)


@pytest.fixture(scope="module")
def data(make_dataset: Any, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("bgr")
    return Dataset(make_dataset(folder / "dataset.h5", objects=8, views=3, size=32, channel_order="bgr"))


def make_run(folder: Path, data: Dataset, finished: bool = True, seed: int = 0, **settings: Any) -> Path:
    """A run's checkpoint, its statistics as if it had been trained."""
    chosen = {"image_size": 32, "width": 4, "projector": "8-8", "form": "torchvision", **settings}
    recipe = load_recipe("smoke", [f"{name}={value}" for name, value in chosen.items()])
    torch.manual_seed(seed)
    run = RunSettings("sie", recipe, seed, data.fingerprint(), data.images_sha256())
    method = build(run)
    method.train().represent(torch.randn(16, 3, 32, 32))
    for module in method.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    progress = {"epoch": 1, "step": 0, "steps_done": 4, "seconds": 1.0, "sums": {}, "curves": {"epoch": [1]}}
    normalization = {"mean": list(MEAN), "std": list(STD)}
    content = {"settings": run.to_json(), "model": method.state_dict(), "normalisation": normalization}
    folder.mkdir(parents=True, exist_ok=True)
    save_checkpoint(folder / "checkpoint.pt", {**content, "progress": progress, "finished": finished})
    return folder


@pytest.fixture(scope="module")
def run(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"), data)


@pytest.fixture(scope="module")
def standard(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("standard"), data, width=64)


def features(backbone: threedie.Backbone, data: Dataset) -> Tensor:
    views = threedie.ViewDataset(data, **backbone.view_options)
    with torch.inference_mode():
        return backbone(torch.stack([views[index].image for index in range(6)]))


@pytest.mark.parametrize(
    "settings", [{}, {"form": "original"}, {"form": "cifar"}, {"channels": "rgb", "center": 0.625}]
)
def test_an_exported_backbone_gives_the_features_of_its_run(
    data: Dataset, tmp_path: Path, settings: dict[str, Any]
) -> None:
    own = make_run(tmp_path / "run", data, **settings)
    export_backbone(own, tmp_path / "out", data=data.path)
    one = threedie.load_backbone(own)
    for place in (tmp_path / "out", tmp_path / "out" / "model.safetensors"):
        two = threedie.load_backbone(place)
        assert two.view_options == {**one.view_options, "channels": "rgb"}
        torch.testing.assert_close(features(one, data), features(two, data), rtol=1e-5, atol=1e-6)
        dim = features(one, data).shape[1]
        assert {name: part.indices(dim) for name, part in two.parts.representation.items()} == {
            name: part.indices(dim) for name, part in one.parts.representation.items()
        }
    note = json.loads((tmp_path / "out" / "config.json").read_text())
    assert note["mean"] == list(MEAN if settings.get("channels") == "rgb" else MEAN[::-1])
    assert note["weights_sha256"] == weights_sha256(load_checkpoint(own / "checkpoint.pt")["model"])


@pytest.fixture(scope="module")
def torchvision() -> Iterator[Any]:
    """torchvision, also where it was built for PyTorch with CUDA and ours is without: two operators are missing."""
    if not all(importlib.util.find_spec(name) for name in ("timm", "torchvision")):
        pytest.skip("timm isn't installed")
    library = torch.library.Library("torchvision", "FRAGMENT")
    if "+cpu" in torch.__version__ and "+cpu" not in importlib.metadata.version("torchvision"):
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

    yield torchvision
    # Until here: an operator goes with the library that defines it.
    del library


def test_torchvision_and_timm_load_it_and_give_the_same(
    standard: Path, data: Dataset, tmp_path: Path, torchvision: Any
) -> None:
    import timm

    export_backbone(standard, tmp_path / "a", "torchvision", data.path)
    export_backbone(standard, tmp_path / "b", "timm", data.path)
    backbone = threedie.load_backbone(tmp_path / "b")
    images = backbone.normalize(torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8))
    network = torchvision.models.resnet18()
    network.fc = torch.nn.Identity()
    network.load_state_dict(torch.load(tmp_path / "a" / "model.pth", weights_only=True))  # noqa: TID251
    model = timm.create_model(f"local-dir:{tmp_path / 'b'}", pretrained=True)
    settings = timm.data.resolve_model_data_config(model)
    assert settings["mean"] == pytest.approx(MEAN[::-1])
    assert settings["std"] == pytest.approx(STD[::-1])
    assert settings["input_size"] == [3, 32, 32]
    with torch.inference_mode():
        expected = backbone.method.represent(images)
        torch.testing.assert_close(network.eval()(images), expected)
        torch.testing.assert_close(model.eval()(images), expected)


def test_networks_that_other_libraries_lack_are_refused_and_named(data: Dataset, tmp_path: Path, run: Path) -> None:
    other = make_run(tmp_path / "original", data, form="original")
    for form in ("torchvision", "timm"):
        with pytest.raises(ThreeDieError, match=rf"form 'original' of width 4, and {form} has only .* --set width=64"):
            export_backbone(other, tmp_path / "out", form, data.path)
        with pytest.raises(ThreeDieError, match="form 'torchvision' of width 4"):
            export_backbone(run, tmp_path / "out", form, data.path)
    assert not (tmp_path / "out").exists()
    recipe = load_recipe("smoke", ["form=torchvision"])
    assert form_note(recipe) is None
    for form in ("original", "cifar"):
        assert f"in the form {form}: torchvision and timm" in (form_note(load_recipe("smoke", [f"form={form}"])) or "")


def test_the_order_of_channels_must_be_known(run: Path, data: Dataset, tmp_path: Path, make_dataset: Any) -> None:
    with pytest.raises(ThreeDieError, match="no record beside it tells; give the dataset with --data FILE, or"):
        export_backbone(run, tmp_path / "out")
    other = make_dataset(tmp_path / "other.h5", objects=4, views=2, size=32)
    with pytest.raises(ThreeDieError, match=r"other\.h5: isn't the dataset that .* was trained on"):
        export_backbone(run, tmp_path / "out", data=other)
    with pytest.raises(ThreeDieError, match="isn't finished"):
        export_backbone(make_run(tmp_path / "run", data, finished=False), tmp_path / "out", data=data.path)


def with_record(data: Dataset, folder: Path, **changes: Any) -> Path:
    make_run(folder, data)
    record = make_record(warnings=["rotation: r2 lies low"])
    digest = weights_sha256(load_checkpoint(folder / "checkpoint.pt")["model"])
    about = {**record["dataset"], "fingerprint": data.fingerprint(), "channel_order": "bgr"}
    checkpoint = {**record["checkpoint"], "sha256": digest, **changes}
    name = f"{record['id'].rpartition('-')[0]}-{checkpoint['sha256'][:8]}"
    write_record(folder / "record.json", {**record, "id": name, "dataset": about, "checkpoint": checkpoint})
    return folder


def test_the_card_has_data_recipe_and_the_record_s_numbers(data: Dataset, tmp_path: Path) -> None:
    own = with_record(data, tmp_path / "run")
    assert export_backbone(own, tmp_path / "out") is None
    card = (tmp_path / "out" / "README.md").read_text()
    for text in (
        "classification",
        "0.5",
        "rotation",
        "preset 3diebench",
        data.fingerprint(),
        "learning_rate",
        "seed: 0",
        "- rotation: r2 lies low",
    ):
        assert text in card, text
    assert 'threedie.load_backbone("FOLDER")' in card
    assert "`equivariant`: 16 to 31" in card
    # Of other weights, a record's numbers aren't these.
    other = with_record(data, tmp_path / "other", sha256="0" * 64)
    remark = export_backbone(other, tmp_path / "second", data=data.path)
    assert "has no record of these weights, so the card has no numbers" in (remark or "")
    assert "Not evaluated when it was exported." in (tmp_path / "second" / "README.md").read_text()


def test_the_command_exports_and_refuses_folders_of_other_things(run: Path, data: Dataset, tmp_path: Path) -> None:
    command = ["export", str(run), "-o", str(tmp_path / "out"), "--data", str(data.path)]
    shown = CliRunner(catch_exceptions=False).invoke(bench, command).output
    assert f"wrote    {tmp_path / 'out'}" in shown
    before = (tmp_path / "out" / "model.safetensors").read_bytes()
    CliRunner(catch_exceptions=False).invoke(bench, command)
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == before
    (tmp_path / "out" / "model.pth").touch()
    with pytest.raises(ThreeDieError, match=r"holds model\.pth, which isn't of this export; choose another folder"):
        CliRunner(catch_exceptions=False).invoke(bench, command)
    # Another program's model has files of the same names.
    for name in ("config.json", "README.md", "model.safetensors"):
        path = tmp_path / name.split(".")[0] / name
        path.parent.mkdir()
        path.write_text('{"model_type": "dinov2"}')
        with pytest.raises(ThreeDieError, match=f"holds {name}, which isn't of this export"):
            export_backbone(run, path.parent, data=data.path)
        assert path.read_text() == '{"model_type": "dinov2"}'
        assert len(list(path.parent.iterdir())) == 1
    (tmp_path / "file").touch()
    with pytest.raises(ThreeDieError, match="file: a file; give a folder"):
        export_backbone(run, tmp_path / "file", data=data.path)
    assert set(FORMATS) == {"safetensors", "torchvision", "timm"}


@pytest.mark.parametrize("form", ["safetensors", "torchvision"])
def test_bench_eval_reads_an_export_as_what_it_is(
    run: Path, standard: Path, data: Dataset, tmp_path: Path, form: str
) -> None:
    own, width = (run, 4) if form == "safetensors" else (standard, 64)
    export_backbone(own, tmp_path / "out", form, data.path)
    path = tmp_path / "out" / FORMATS[form][0]
    checkpoint = import_checkpoint(path, load_weights(path), 256)
    trained = restore(checkpoint)
    recipe = trained.settings.recipe
    assert (recipe.image_size, recipe.channels, recipe.form, recipe.width) == (32, "rgb", "torchvision", width)
    assert trained.normalization.mean == pytest.approx(MEAN[::-1])
    assert checkpoint["imported"]["name"] == "sie"
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        expected = threedie.load_backbone(own).method.represent(images.flip(1))
        torch.testing.assert_close(trained.method.represent(images), expected, rtol=1e-4, atol=1e-5)


def test_safetensors_of_other_programs_are_read(tmp_path: Path) -> None:
    state = build_backbone("resnet50", "torchvision", width=4).state_dict()
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file({**state, "fc.weight": torch.zeros(10, 128)}, path)
    checkpoint = import_checkpoint(path, load_weights(path), 64)
    recipe = restore(checkpoint).settings.recipe
    assert (recipe.backbone, recipe.form, recipe.normalization, recipe.channels) == (
        "resnet50", "torchvision", "imagenet", "rgb",
    )  # fmt: skip
    assert checkpoint["imported"]["name"] == "model"
    named = import_checkpoint(path, load_weights(path), 64, ImportOptions(name="net", normalization="original"))
    assert named["imported"]["name"] == "net"


def damage(path: Path, kind: str) -> None:
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    note = json.loads(header["__metadata__"][NOTE])
    if kind == "cut off":
        path.write_bytes(content[:-100])
        return
    if kind == "long header":
        path.write_bytes(struct.pack("<Q", 2**31) + content[8:])
        return
    if kind == "newer":
        note["version"] = EXPORT_VERSION + 1
    elif kind == "unknown":
        note["more"] = 1
    elif kind == "wide":
        note["width"] = 8
    elif kind == "center":
        note["center"] = 0.0
    elif kind == "std":
        note["std"] = [0.1, 0.0, 0.1]
    elif kind == "backbone":
        note["backbone"] = "vit"
    elif kind == "of nobody":
        note["format"] = "else"
    header["__metadata__"][NOTE] = "[1]" if kind == "no table" else "{" if kind == "no JSON" else json.dumps(note)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


DAMAGES = {
    "cut off": "a damaged safetensors file",
    "long header": "a damaged safetensors file",
    "no JSON": "a damaged safetensors file",
    "no table": r"its entry '3die' is no table\); export it again",
    "newer": r"format version 2; this program reads up to 1: update",
    "unknown": "more is unknown; export it again",
    "wide": r"the weights don't fit what it says of them: .*shape",
    "center": "center is 0.0.*above 0 and up to 1",
    "std": "std .*three numbers above 0",
    "backbone": "backbone is 'vit'.*one of resnet18",
    "of nobody": "says nothing of a backbone that '3die bench export' wrote",
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_exports_are_refused_in_one_line(run: Path, data: Dataset, tmp_path: Path, kind: str) -> None:
    export_backbone(run, tmp_path / "out", data=data.path)
    path = tmp_path / "out" / "model.safetensors"
    damage(path, kind)
    with pytest.raises(ThreeDieError, match=DAMAGES[kind]) as error:
        threedie.load_backbone(path)
    assert "\n" not in str(error.value)
    with pytest.raises(ThreeDieError, match=DAMAGES[kind]):
        import_checkpoint(path, load_weights(path), 32)


def test_no_such_export_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ThreeDieError, match=r"none\.safetensors: no such file"):
        threedie.load_backbone(tmp_path / "none.safetensors")


def test_without_the_library_the_extra_is_named(run: Path, data: Dataset, tmp_path: Path, monkeypatch: Any) -> None:
    from threedie.benchmark.training import safetensors_files

    def fail(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    export_backbone(run, tmp_path / "out", data=data.path)
    monkeypatch.setattr(safetensors_files, "import_module", fail)
    with pytest.raises(ThreeDieError, match=r"pip install 'threedie\[weights\]'"):
        threedie.load_backbone(tmp_path / "out")
    with pytest.raises(ThreeDieError, match=r"pip install 'threedie\[weights\]'"):
        export_backbone(run, tmp_path / "second", data=data.path)
    assert not (tmp_path / "second").exists()


def prefixed(prefix: str, seed: int, head: str = "fc.0.weight") -> dict[str, Tensor]:
    torch.manual_seed(seed)
    state = build_backbone("resnet50", "torchvision", width=4).state_dict()
    return {f"{prefix}{name}": value for name, value in {**state, head: torch.zeros(4, 128)}.items()}


def dino_network(seed: int, wrapper: str = "") -> dict[str, Tensor]:
    head = {f"{wrapper}head.mlp.0.weight": torch.zeros(4, 128)}
    backbone = prefixed(f"{wrapper}backbone.", seed, "fc.weight")
    return {**backbone, **head}


OTHERS = {
    "MoCo": {
        "epoch": 200, "arch": "resnet50",
        "state_dict": {
            **prefixed("module.encoder_q.", 1), **prefixed("module.encoder_k.", 2),
            "module.queue": torch.zeros(4, 8), "module.queue_ptr": torch.zeros(1, dtype=torch.int64),
        },
    },
    "MoCo v3": {
        "state_dict": {
            **prefixed("module.base_encoder.", 1), **prefixed("module.momentum_encoder.", 2),
            "module.predictor.0.weight": torch.zeros(4, 4),
        }
    },
    "DINO": {"student": dino_network(2, "module."), "teacher": dino_network(1), "epoch": 100},
    "an encoder without its head": dino_network(1, "module."),
}  # fmt: skip


@pytest.mark.parametrize("program", OTHERS)
def test_of_several_networks_the_one_that_is_evaluated_is_taken_and_said(program: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    expected = build_backbone("resnet50", "torchvision", width=4).state_dict()
    content: dict[str, Any] = OTHERS[program]
    chosen = backbone_state(content)
    assert set(chosen) == set(expected)
    assert all(torch.equal(chosen[name], value) for name, value in expected.items())
    assert any(program in remark for remark in remarks(content))
    assert architecture(content).methods == ()
    path = tmp_path / "checkpoint.pth.tar"
    torch.save(content, path)
    checkpoint = import_checkpoint(path, load_weights(path), 64)
    assert any(program in note for note in checkpoint["imported"]["notes"])
    assert restore(checkpoint).settings.recipe.normalization == "imagenet"


def test_a_method_of_ours_is_not_taken_for_an_encoder_with_a_head() -> None:
    state = {**dino_network(1), "projector.0.weight": torch.zeros(4, 4)}
    assert remarks(state) == []
