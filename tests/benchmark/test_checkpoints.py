"""Checkpoints and files of weights: what is read, what is refused and in which words."""

import argparse
import copy
import gzip
import io
import json
import pickle
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from threedie.benchmark.data.images import Images
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import (
    DIGEST,
    FORMAT,
    content_sha256,
    load_checkpoint,
    load_weights,
    save_checkpoint,
    weights_sha256,
)
from threedie.benchmark.training.loop import train
from threedie.benchmark.training.restore import read_settings, restore
from threedie.benchmark.training.resume import resumable
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

TINY = ["image_size=32", "width=4", "projector=8", "epochs=2", "passes=1", "batch_size=8", "online_probes=true"]


@pytest.fixture(scope="module")
def settings(dataset: Dataset) -> RunSettings:
    recipe = load_recipe("smoke", [*TINY, "warmup_epochs=0"])
    return RunSettings("vicreg", recipe, 0, dataset.fingerprint(), dataset.images_sha256())


@pytest.fixture(scope="module")
def images(dataset: Dataset) -> Images:
    return Images(dataset, 32)


@pytest.fixture(scope="module")
def content(settings: RunSettings, images: Images, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of a run that isn't finished; changed copies of it are tried."""
    folder = tmp_path_factory.mktemp("run")
    train(settings, images, folder, "cpu")
    content = load_checkpoint(folder / "checkpoint.pt")
    progress = {**content["progress"], "epoch": 1, "step": 0, "steps_done": 2}
    return {**content, "finished": False, "progress": progress}


def refusal(path: Path, read: Callable[[Path], Any] = load_weights) -> str:
    with pytest.raises(ThreeDieError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert "weights_only" not in text
    assert "allow" not in text
    assert len(text) < 1000
    return text.removeprefix(f"{path}: ")


def zipped(names: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return file.getvalue()


def deflated(file: io.BytesIO) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"x" * 99)


def saved(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def scripted() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), file)
    return file.getvalue()


def through(open_: Callable[..., Any]) -> bytes:
    file = io.BytesIO()
    open_(file)
    return file.getvalue()


def tarred(file: io.BytesIO) -> None:
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"), io.BytesIO(b""))


def hdf5(file: io.BytesIO) -> None:
    h5py.File(file, "w").close()


WEIGHTS = {"conv1.weight": torch.arange(60.0)}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
SAFETENSORS = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
OTHERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "page": (lambda: b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "not a checkpoint: a web page"),
    "page with a mark": (lambda: b"\xef\xbb\xbf \n<HTML lang='en'>", "not a checkpoint: a web page"),
    "xml": (lambda: b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "a web page"),
    "pointer": (lambda: POINTER, "a Git LFS pointer, not the file: run git lfs pull"),
    "empty": (lambda: b"", "not a checkpoint: empty"),
    "text": (lambda: b"G\xc3\xbcte\n" * 3000, "a text file"),
    "toml": (lambda: b"[model]\nwidth = 3\n", "a JSON file"),
    "json": (lambda: b'{"weights": [1, 2]}', "a JSON file"),
    "other zip": (lambda: zipped({"a/b.txt": b"x"}), "a zip archive, but none that torch.save writes"),
    "zip of weights": (lambda: zipped({"run/model.pth": saved(WEIGHTS)}), "unpack it and give run/model.pth"),
    "empty zip": (lambda: zipped({}), "a zip archive, but none that torch.save writes"),
    "npz": (lambda: through(lambda file: np.savez(file, a=np.zeros(2))), "a file of NumPy arrays (.npz)"),
    "npy": (lambda: through(lambda file: np.save(file, np.zeros(2))), "an array of NumPy"),
    "compressed zip": (lambda: through(deflated), "its parts are compressed, which torch.save doesn't do"),
    "half a zip": (lambda: saved(WEIGHTS)[:500], "cut off: a zip archive, as torch.save writes them, without its end"),
    "torchscript": (scripted, "a TorchScript archive (torch.jit.save)"),
    "safetensors": (
        lambda: len(SAFETENSORS).to_bytes(8, "little") + SAFETENSORS + b"\0" * 3,
        "a damaged safetensors file (",
    ),
    "hdf5": (lambda: through(hdf5), "an HDF5 file"),
    "gzip": (lambda: gzip.compress(saved(WEIGHTS)), "a gzip file; unpack it"),
    "tar": (lambda: through(tarred), "a tar archive; unpack it"),
    "noise": (lambda: random.Random(0).randbytes(2000), "); copy or download it again"),
    "half a legacy file": (
        lambda: saved(WEIGHTS, _use_new_zipfile_serialization=False)[:-100],
        "not a checkpoint, or a damaged one",
    ),
    "plain pickle": (lambda: pickle.dumps({"a": 1}), "not a checkpoint, or a damaged one"),
    "pickle of an array": (lambda: pickle.dumps({"a": np.zeros(3)}), "not a checkpoint, or a damaged one"),
    "numpy scalar": (lambda: saved({**WEIGHTS, "best": np.float64(3)}), "holds an object of numpy."),
    "namespace": (
        lambda: saved({**WEIGHTS, "args": argparse.Namespace(a=1)}),
        "save the weights alone where the file is from: torch.save(model.state_dict(), FILE)",
    ),
    "path": (lambda: saved({**WEIGHTS, "where": Path("a")}), "holds an object of pathlib."),
    "legacy namespace": (
        lambda: saved({"args": argparse.Namespace(a=1)}, _use_new_zipfile_serialization=False),
        "holds an object of argparse.Namespace",
    ),
    "whole module": (lambda: saved(nn.Linear(2, 2)), "holds an object of torch.nn.modules.linear.Linear"),
    "list": (lambda: saved([1, 2]), "holds a list instead of a dictionary of weights"),
    "tensor": (lambda: saved(torch.zeros(2)), "holds a Tensor instead of a dictionary of weights"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_checkpoint_is_named(name: str, tmp_path: Path):
    make, expected = OTHERS[name]
    path = tmp_path / "weights.pth"
    path.write_bytes(make())
    assert expected in refusal(path)


def test_folders_missing_files_and_misleading_names(tmp_path: Path):
    assert "a folder; give the file of weights in it" in refusal(tmp_path)
    assert "no such file or folder" in refusal(tmp_path / "none.pth")
    # Whatever it is called, and in the format before PyTorch 1.6 too.
    for name, options in (("a.safetensors", {}), ("b.html", {"_use_new_zipfile_serialization": False})):
        (tmp_path / name).write_bytes(saved(WEIGHTS, **options))
        assert torch.equal(load_weights(tmp_path / name)["conv1.weight"], WEIGHTS["conv1.weight"])


def test_a_zip_whose_checksums_are_switched_off_is_read(tmp_path: Path):
    path = tmp_path / "weights.pth"
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(WEIGHTS, path)
    finally:
        torch.serialization.set_crc32_options(True)
    assert torch.equal(load_weights(path)["conv1.weight"], WEIGHTS["conv1.weight"])


Change = Callable[[dict[str, Any]], Any]


def put(*where: Any, to: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        for key in where[:-1]:
            content = content[key]
        content[where[-1]] = to

    return change


def drop(*where: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        for key in where[:-1]:
            content = content[key]
        del content[where[-1]]

    return change


CONV = ("model", "backbone.conv1.weight")
WIDE = torch.zeros(1).expand(10**12)
ODD: dict[str, tuple[Change, str]] = {
    "no version": (drop("version"), "a 3die checkpoint with no version instead of a number"),
    **{
        f"version {value!r}": (put("version", to=value), f"a 3die checkpoint with version {value!r}")
        for value in ("1", None, 1.0, True, 0, -3)
    },
    "version 999": (put("version", to=999), "checkpoint version 999; this program reads up to 2: update"),
    **{
        f"no {key}": (drop(key), f"'{key}'")
        for key in ("settings", "model", "normalisation", "progress", "finished", "random", "optimizer", "probes")
    },
    **{
        f"{key} is {value!r}": (put(key, to=value), f"{key} is of type {type(value).__name__} instead of")
        for key in ("settings", "model", "normalisation", "progress", "finished", "random", "optimizer")
        for value in ([], 3, None, "x")
    },
    "probes are a list": (put("probes", to=[1]), "probes is of type list"),
    "settings without method": (drop("settings", "method"), "settings: method is missing"),
    "settings with more": (put("settings", "sede", to=1), "settings: 'sede' is unknown"),
    "settings with a wrong seed": (put("settings", "seed", to="0"), "settings: seed is '0'"),
    "settings with a seed below zero": (put("settings", "seed", to=-7), "settings: seed is -7; it must be from 0 to"),
    "settings with a huge seed": (put("settings", "seed", to=10**30), "settings: seed is a whole number of 100 bits"),
    "no recipe": (drop("settings", "recipe"), "settings: recipe is missing"),
    "a list as recipe": (put("settings", "recipe", to=[]), "settings: recipe is []"),
    "recipe with more": (put("settings", "recipe", "epocs", to=1), "there is no setting 'epocs'"),
    "recipe with less": (drop("settings", "recipe", "epochs"), "the setting 'epochs' is missing"),
    "recipe of text": (put("settings", "recipe", "width", to="4"), "width is '4'; it must be of type int"),
    "model is empty": (put("model", to={}), "backbone.conv1.weight is missing"),
    "number as weight": (put(*CONV, to=3), "model: backbone.conv1.weight is 3; it must be a tensor"),
    "number as name": (put("model", 3, to=torch.zeros(1)), "model: 3 is 3; it must be of type str"),
    "weight missing": (
        drop(*CONV),
        "model: the weights don't fit the method vicreg with its settings: backbone",
    ),
    "weight more": (put("model", "head.weight", to=torch.zeros(1)), "head.weight isn't in the method"),
    "half": (put(*CONV, to=torch.zeros(4, 3, 7, 7).half()), "conv1.weight is of type float16 instead of float32"),
    "double": (put(*CONV, to=torch.zeros(4, 3, 7, 7).double()), "is of type float64 instead of float32"),
    "integers": (put(*CONV, to=torch.zeros(4, 3, 7, 7).long()), "is of type int64 instead of float32"),
    "complex": (put(*CONV, to=torch.zeros(4, 3, 7, 7) * 1j), "is of type complex64 instead of float32"),
    "shape": (put(*CONV, to=torch.zeros(4, 3, 7, 6)), "has shape (4, 3, 7, 6) instead of (4, 3, 7, 7)"),
    "NaN": (put(*CONV, to=torch.full((4, 3, 7, 7), torch.nan)), "conv1.weight holds numbers that aren't finite"),
    "infinity": (put(*CONV, to=torch.full((4, 3, 7, 7), torch.inf)), "conv1.weight holds numbers that aren't finite"),
    "sparse": (
        put(*CONV, to=torch.eye(3).to_sparse()),
        "backbone.conv1.weight is a tensor of layout sparse_coo",
    ),
    "sparse rows": (put(*CONV, to=torch.eye(3).to_sparse_csr()), "is a tensor of layout sparse_csr"),
    "quantized": (
        put(*CONV, to=torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8)),
        "backbone.conv1.weight is a quantized tensor",
    ),
    "meta": (put(*CONV, to=torch.empty(3, device="meta")), "is a tensor without numbers (device meta)"),
    "10^12 numbers": (put(*CONV, to=WIDE), "has shape (1000000000000,), and the file holds fewer numbers"),
    "no mean": (drop("normalisation", "mean"), "normalisation: mean is missing"),
    "two means": (put("normalisation", "mean", to=[0.1, 0.2]), "normalisation: mean is [0.1, 0.2]"),
    "mean of text": (put("normalisation", "mean", to="abc"), "normalisation: mean is 'abc'"),
    "NaN in mean": (put("normalisation", "mean", to=[0.1, 0.1, torch.nan]), "normalisation: mean is [0.1, 0.1, nan]"),
    "vast mean": (put("normalisation", "mean", to=[0.1, 0.1, 10**400]), "normalisation: mean is"),
    "no deviation": (put("normalisation", "std", to=[0.1, 0.1, 0.0]), "normalisation: std is"),
    "no curves": (drop("progress", "curves"), "progress: curves is missing"),
    "no step": (drop("progress", "step"), "progress: step is missing"),
    "step of text": (put("progress", "step", to="3"), "progress: step is '3'"),
    "step before 0": (put("progress", "steps_done", to=-3), "progress: steps_done is -3"),
    "vast epoch": (put("progress", "epoch", to=10**400), "progress: epoch is a whole number of 1329 bits"),
    "more in progress": (put("progress", "speed", to=3), "progress: 'speed' is unknown"),
    "text in sums": (put("progress", "sums", to={"loss": "x"}), "progress: sums: loss is 'x'; it must be a number"),
    "curve of text": (
        put("progress", "curves", "loss", to="x"),
        "progress: curves: loss is 'x'; it must be of type list",
    ),
    "no epochs": (drop("progress", "curves", "epoch"), "it must be a table with 'epoch'"),
    "random of text": (put("random", "cpu", to="x"), "random: 'cpu' is no state of a generator"),
    "random too short": (put("random", "cpu", to=torch.zeros(3, dtype=torch.uint8)), "random: no state of this"),
    "no cpu": (drop("random", "cpu"), "random: 'cpu' is missing"),
    "no groups": (put("optimizer", "param_groups", to=[]), "optimizer: doesn't fit"),
    "groups of text": (put("optimizer", "param_groups", to="x"), "optimizer: doesn't fit"),
    "no state": (drop("optimizer", "state"), "optimizer: doesn't fit"),
    "no betas": (drop("optimizer", "param_groups", 0, "betas"), "optimizer: betas is None"),
    "another shape": (put("optimizer", "state", 0, "exp_avg", to=torch.zeros(3)), "optimizer: exp_avg of a parameter"),
    "state too many": (put("optimizer", "state", 999, to={"exp_avg": torch.zeros(3)}), "optimizer: "),
    "probes without heads": (drop("probes", "heads"), "probes: don't fit (KeyError)"),
    "probes of another shape": (put("probes", "heads", "class_all.weight", to=torch.zeros(2)), "probes: don't fit"),
    "a set": (put("more", to={1}), "more is of type set, which checkpoints don't hold"),
    "nested 99 deep": (put("more", to=eval("[" * 99 + "]" * 99)), "nested deeper than 32 levels"),
}


def resume(settings: RunSettings, images: Images) -> Callable[[Path], Any]:
    """As `3die bench run` does: look, then train on."""

    def read(path: Path) -> None:
        resumable(path, settings)
        train(settings, images, path.parent, "cpu")

    return read


@pytest.mark.parametrize("name", ODD)
def test_every_odd_key_of_ours_is_named(
    name: str, content: dict[str, Any], settings: RunSettings, images: Images, tmp_path: Path
):
    change, expected = ODD[name]
    changed = {**content, "format": FORMAT, "version": 2}
    if not any(word in name + expected for word in ("optimizer", "random", "probes", "group", "state", "betas", "cpu")):
        # What is refused before anybody looks at these is tried without them: it takes half the time.
        changed |= {"optimizer": {}, "probes": {}}
    changed = copy.deepcopy(changed)
    change(changed)
    # Version 1 has no checksum, and goes the same way otherwise.
    old = {**changed, "version": 1} if changed.get("version") == 2 and len(name) % 3 == 0 else changed
    if old is changed:
        try:
            changed[DIGEST] = content_sha256(changed)
        except ValueError:
            changed[DIGEST] = "0" * 64
    path = tmp_path / "checkpoint.pt"
    torch.save(old, path)
    text = refusal(path, resume(settings, images))
    assert expected in text
    assert path.exists()


@pytest.mark.parametrize(("key", "value"), [("method", "vicrge"), ("seed", 3)])
def test_another_run_s_checkpoint_is_left_alone(
    key: str, value: Any, content: dict[str, Any], settings: RunSettings, tmp_path: Path
):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {**content, "settings": {**content["settings"], key: value}})
    with pytest.raises(ThreeDieError, match=f"other settings: {key} is {value!r} there"):
        resumable(path, settings)


def test_an_older_version_is_read_and_goes_on(
    content: dict[str, Any], settings: RunSettings, images: Images, tmp_path: Path
):
    for version in (1, 2):
        (tmp_path / str(version)).mkdir()
    path = tmp_path / "1" / "checkpoint.pt"
    torch.save({"format": FORMAT, **content, "version": 1}, path)
    save_checkpoint(tmp_path / "2" / "checkpoint.pt", content)
    old, new = load_checkpoint(path), load_checkpoint(tmp_path / "2" / "checkpoint.pt")
    assert equal({**old, "version": 2}, new)
    assert DIGEST not in new
    # Which hash records refer to.
    assert weights_sha256(old["model"]) == weights_sha256(new["model"]) == weights_sha256(content["model"])
    ends = [train(settings, images, tmp_path / version, "cpu") for version in ("1", "2")]
    assert weights_sha256(ends[0]["model"]) == weights_sha256(ends[1]["model"])
    assert load_checkpoint(path)["version"] == 2


def test_a_checkpoint_with_old_names_of_settings_goes_on(
    content: dict[str, Any], settings: RunSettings, tmp_path: Path
):
    recipe = dict(content["settings"]["recipe"])
    recipe["centre"], recipe["normalisation"] = recipe.pop("center"), recipe.pop("normalization")
    old = {**content, "settings": {**content["settings"], "recipe": recipe}}
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, old)
    resumed = resumable(path, settings)
    assert resumed is not None
    assert read_settings(resumed) == settings


def test_what_a_checkpoint_holds_can_be_restored(content: dict[str, Any], settings: RunSettings, tmp_path: Path):
    assert read_settings(content) == settings
    path = tmp_path / "wide.pt"
    wide = {**content["settings"], "recipe": {**content["settings"]["recipe"], "width": 10**9}}
    with pytest.raises(ThreeDieError, match=r"wide\.pt: "):
        restore({**content, "settings": wide}, path)


def test_the_checksum_sees_every_value_and_every_type():
    base = {"a": 1, "b": [1.0, "x", None, True], "c": torch.arange(4.0), "d": {"e": b"y", 3: (1, 2)}}
    others = [
        {**base, "a": 1.0}, {**base, "a": True}, {**base, "a": 2}, {**base, "b": [1.0, "x", None]},
        {**base, "b": [1.0, "x", None, False]}, {**base, "b": [1.5, "x", None, True]}, {**base, "b": "1"},
        {**base, "c": torch.arange(4)}, {**base, "c": torch.arange(4.0).reshape(2, 2)}, {**base, "d": {}},
        {**base, "d": {"e": "y", 3: (1, 2)}}, {**base, "d": {"e": b"y", "3": (1, 2)}},
        {**base, "d": {"e": b"y", 3: [1, 2]}},
        {**base, "c": -torch.arange(4.0)}, {**base, "f": None}, {"a": 1},
    ]  # fmt: skip
    assert len({content_sha256(each) for each in [base, *others]}) == len(others) + 1
    assert content_sha256({**base, DIGEST: "x"}) == content_sha256(base)
    assert content_sha256({**base, "c": torch.arange(8.0)[::2] / 2}) == content_sha256(base)


def equal(one: Any, two: Any) -> bool:
    if isinstance(one, Tensor):
        return isinstance(two, Tensor) and one.dtype == two.dtype and torch.equal(one, two)
    if isinstance(one, dict):
        return isinstance(two, dict) and one.keys() == two.keys() and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(two) and len(one) == len(two) and all(map(equal, one, two))
    return type(one) is type(two) and one == two


@pytest.mark.parametrize("kind", ["version 1", "version 2", "of another program", "legacy of version 2"])
def test_no_flipped_bit_goes_unseen(kind: str, content: dict[str, Any], tmp_path: Path):
    path, whole = tmp_path / "checkpoint.pt", {**content, "optimizer": {}, "random": {}}
    whole |= {"format": FORMAT, "version": 2}
    whole[DIGEST] = content_sha256(whole)
    if kind == "version 1":
        whole = {**{key: value for key, value in whole.items() if key != DIGEST}, "version": 1}
    elif kind == "of another program":
        whole = {"model": content["model"]}
    torch.save(whole, path, _use_new_zipfile_serialization=not kind.startswith("legacy"))
    data = bytearray(path.read_bytes())
    before, refused = load_weights(path), 0
    draw = random.Random(kind)
    for _ in range(40 if kind.startswith("legacy") else 100):
        place, bit = draw.randrange(len(data)), 1 << draw.randrange(8)
        data[place] ^= bit
        path.write_bytes(data)
        data[place] ^= bit
        try:
            read = load_weights(path)
        except ThreeDieError as error:
            assert str(error).startswith(f"{path}: ")  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
            refused += 1
        else:
            assert equal(read, before)
    assert refused > 20


def test_damage_is_said_with_what_to_do(content: dict[str, Any], tmp_path: Path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, content)
    data = bytearray(path.read_bytes())
    data[data.find(content["model"]["projector.0.weight"].numpy().tobytes()) + 10] ^= 1
    path.write_bytes(data)
    text = refusal(path)
    assert text.startswith("damaged: ")
    assert "doesn't match its checksum" in text
    assert "delete it and train again (no older one is kept)" in text
    # Where the archive is whole and its content is another.
    changed = {**content, "format": FORMAT, "version": 2, DIGEST: "0" * 64}
    torch.save(changed, path)
    assert refusal(path).startswith("damaged: its content doesn't match its checksum; put a copy of it back")


def test_every_method_can_be_checked_without_its_numbers():
    from threedie.baselines.registry import METHODS
    from threedie.benchmark.training.build import require_fit

    for name in METHODS:
        settings = RunSettings(name, load_recipe("smoke", ["width=4", "projector=8-8"]), 0, None, None)
        require_fit(settings, build(settings).state_dict(), "here")


def test_only_weights_of_other_programs_have_no_seed(content: dict[str, Any], tmp_path: Path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {**content, "settings": {**content["settings"], "seed": None}})
    with pytest.raises(ThreeDieError, match=r"checkpoint\.pt: settings: seed is None"):
        read_settings(load_checkpoint(path), path)
