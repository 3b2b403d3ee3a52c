"""CIFAR-10's files in both forms, hostile ones among them, and a whole run on a tiny set of that form."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.data.cifar10 import read_cifar10
from threedie.benchmark.evaluation.pictures import neighbor_predictions
from threedie.benchmark.records.record import read_records
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint, weights_sha256
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.errors import ThreeDieError


def draw(count: int, seed: int) -> tuple[np.ndarray, list[int]]:
    """Pictures of ten classes that differ in color: rows as in the files, red plane first."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 10, count)
    colors = np.random.default_rng(0).integers(0, 255, (10, 3))
    planes = colors[labels][:, :, None] + generator.integers(-20, 20, (count, 3, 1024))
    return planes.clip(0, 255).astype(np.uint8).reshape(count, 3072), labels.tolist()


def write_pickled(folder: Path, protocol: int = 2, batches: int = 2, count: int = 40) -> Path:
    place = folder / "cifar-10-batches-py"
    place.mkdir(parents=True)
    for index, name in enumerate([*(f"data_batch_{number + 1}" for number in range(batches)), "test_batch"]):
        data, labels = draw(count, index)
        content = {b"batch_label": name.encode(), b"labels": labels, b"data": data, b"filenames": [b"a.png"] * count}
        (place / name).write_bytes(pickle.dumps(content, protocol))
    return folder


def write_binary(folder: Path, batches: int = 2, count: int = 40) -> Path:
    folder.mkdir(parents=True)
    for index, name in enumerate([*(f"data_batch_{number + 1}.bin" for number in range(batches)), "test_batch.bin"]):
        data, labels = draw(count, index)
        (folder / name).write_bytes(np.concatenate([np.array(labels, np.uint8)[:, None], data], 1).tobytes())
    return folder


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_both_forms_hold_the_same_pictures(protocol: int, tmp_path: Path):
    pickled, binary = read_cifar10(write_pickled(tmp_path / "py", protocol)), read_cifar10(write_binary(tmp_path / "b"))
    assert pickled.sha256 == binary.sha256
    assert (len(pickled.train), len(pickled.test)) == (80, 40)
    data, labels = draw(40, 1)
    assert pickled.train.labels[40:].tolist() == labels
    # Row 40, green plane, third row, fifth column.
    assert pickled.train.pixels[40, 2, 4, 1] == data[0, 1024 + 2 * 32 + 4]
    inside = read_cifar10(tmp_path / "py" / "cifar-10-batches-py")
    assert inside.sha256 == pickled.sha256


def test_a_pickle_of_python_2_is_read(tmp_path: Path):
    """As the real files are: byte strings in protocol 2, arrays built by numpy.core.multiarray."""
    write_pickled(tmp_path)
    data, labels = draw(3, 9)
    raw = data.tobytes()
    content = b"\x80\x02}q\x00(U\x06labelsq\x01]q\x02(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    content += b"U\x04dataq\x03cnumpy.core.multiarray\n_reconstruct\nq\x04cnumpy\nndarray\nq\x05K\x00\x85U\x01b\x87R"
    content += b"(K\x01K\x03M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff"
    content += b"\xff\xffK\x00tb\x89T" + len(raw).to_bytes(4, "little") + raw + b"tbu."
    place = tmp_path / "cifar-10-batches-py"
    (place / "test_batch").write_bytes(content)
    pictures = read_cifar10(tmp_path).test
    assert pictures.labels.tolist() == labels
    assert (pictures.pixels.transpose(0, 3, 1, 2).reshape(3, -1) == data).all()


class Calls:
    """Pickles as a call of anything."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def hostile(folder: Path) -> dict[str, Any]:
    trap = str(folder / "ran")
    data, labels = draw(4, 0)
    return {
        "a call of the system": Calls(os.mkdir, trap),
        "a call inside": {b"data": data, b"labels": labels, b"more": [Calls(os.mkdir, trap)]},
        "eval": Calls(eval, f"__import__('os').mkdir({trap!r})"),
        "getattr": Calls(getattr, "", "join"),
        "numpy's own loader": Calls(np.load, trap),
        "a class that comes with python": Path(trap),
        "an array of objects": {b"data": np.array([[Calls(os.mkdir, trap)]], object), b"labels": labels},
    }


@pytest.mark.parametrize("name", list(hostile(Path())))
def test_hostile_pickles_are_refused_and_run_nothing(name: str, tmp_path: Path):
    write_pickled(tmp_path)
    place = tmp_path / "cifar-10-batches-py" / "data_batch_2"
    place.write_bytes(pickle.dumps(hostile(tmp_path)[name], 2))
    with pytest.raises(
        ThreeDieError, match=r"data_batch_2: no file of CIFAR-10.*(it asks for .*may be hostile|not of bytes)"
    ):
        read_cifar10(tmp_path)
    assert not (tmp_path / "ran").exists()


def forged(kind: bytes, shape: bytes, state: bytes) -> bytes:
    """A pickle whose `data` is what numpy would make of a type, a shape and a buffer, and of a state set afterwards."""
    made = b"cnumpy\nndarray\n(" + shape + b"cnumpy\ndtype\n(" + kind + b"tR" + b"U\x10" + b"A" * 16 + b"tR"
    return b"\x80\x02}(U\x04data" + made + state + b"U\x06labels]K\x01au."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (forged(b"U\x01O", b"(K\x02t", b""), "an array of type 'O', not of bytes"),
        (forged(b"U\x02u1", b"(K\x02t", b""), "'data' isn't an array of bytes"),
        (forged(b"U\x02u1", b"(K\x02t", b"(K\x01(K\x01M\x00\x0ctN\x89U\x02ABtb"), "an array of shape .* in 2 bytes"),
        (forged(b"U\x02u1", b"(K\x02t", b"(K\x01(J\xff\xff\xff\xfftN\x89U\x00tb"), "an array of shape .* in 0 bytes"),
    ],
    ids=["pointers", "buffer", "short", "negative"],
)
def test_no_array_is_made_as_a_pickle_likes(content: bytes, message: str, tmp_path: Path):
    """numpy itself would take the sixteen letters for two addresses of objects, and look there."""
    write_pickled(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "data_batch_2").write_bytes(content)
    with pytest.raises(ThreeDieError, match=f"data_batch_2: no file of CIFAR-10.*{message}"):
        read_cifar10(tmp_path)


def test_text_in_another_encoding_is_refused(tmp_path: Path):
    """`_codecs.encode` runs any codec: one unpacks a few bytes to gigabytes."""
    write_pickled(tmp_path)
    place = tmp_path / "cifar-10-batches-py" / "test_batch"
    place.write_bytes(b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R.")
    with pytest.raises(ThreeDieError, match="text in the encoding 'hex'"):
        read_cifar10(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no pickle at all", "test_batch: no file of CIFAR-10, or a damaged one"),
        (b"", "EOFError"),
        (pickle.dumps([1, 2]), "it holds a list instead of a dictionary"),
        (pickle.dumps({"labels": [1]}), "'data' isn't an array of bytes with 3072 columns"),
        (pickle.dumps({"data": np.zeros((1, 3072)), "labels": [1]}), "an array of type 'f8', not of bytes"),
        (pickle.dumps({"data": draw(1, 0)[0], "labels": ["1"]}), "'labels' isn't a list of whole numbers"),
        (pickle.dumps({"data": draw(1, 0)[0], "labels": [10]}), "a label lies outside 0 to 9"),
        (pickle.dumps({"data": draw(2, 0)[0], "labels": [1]}), "2 pictures but 1 labels"),
        (pickle.dumps({"data": np.zeros((0, 3072), np.uint8), "labels": []}), "no pictures in it"),
    ],
)
def test_wrong_contents_are_named(content: bytes, message: str, tmp_path: Path):
    write_pickled(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(content)
    with pytest.raises(ThreeDieError, match=message) as caught:
        read_cifar10(tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_and_cut_files_are_named(tmp_path: Path):
    with pytest.raises(ThreeDieError, match=r"no CIFAR-10 files in it .*unpack it and name the folder with --data"):
        read_cifar10(tmp_path)
    write_binary(tmp_path / "b")
    path = tmp_path / "b" / "data_batch_1.bin"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ThreeDieError, match=r"data_batch_1\.bin: .*aren't a whole number of pictures of 3073"):
        read_cifar10(tmp_path / "b")


def test_neighbors_vote_by_their_weights():
    """One neighbor at cosine 1 outweighs three at 0.8 (e^10 against 3 e^8), but not ten."""
    apart = torch.tensor([[0.8, 0.6]])
    for count, expected in ((3, 1.0), (10, 0.0)):
        bank = torch.cat([torch.tensor([[2.0, 0.0]]), apart.repeat(count, 1)])
        labels = torch.tensor([4] + [7] * count)
        predictions = neighbor_predictions(bank, labels, torch.tensor([[1.0, 0.0]]), 10)
        assert (predictions == torch.tensor([4])).float().mean() == expected


TINY = [
    word
    for text in (
        *("width=4", "projector=16-16", "epochs=2", "warmup_epochs=0", "batch_size=32", "learning_rate=0.01"),
        "method_options.hidden=16",
    )
    for word in ("--set", text)
]


def invoke(data: Path, out: Path, *more: str, method: str = "essl") -> Result:
    words = ["run", method, "--dataset", "cifar10", "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(bench, [*words, *more])


@pytest.mark.parametrize("base", ["simclr", "simsiam", "barlow_twins"])
def test_essl_runs_on_cifar10_to_a_result_of_its_own_kind(base: str, tmp_path: Path):
    data = write_pickled(tmp_path / "data")
    more = (*TINY, "--set", f"method_options.base={base}")
    done = invoke(data, tmp_path / "runs", *more)
    assert done.exception is None, done.exception
    for text in (
        "80 pictures for training, 40 for test",
        'augmentation = "essl"',
        "time     training about",
        "result ",
    ):
        assert text in done.output, text
    folder = tmp_path / "runs" / "essl-cifar10-s0"
    result = json.loads((folder / "cifar10.json").read_text())
    assert (result["kind"], result["version"], result["seed"]) == ("3die-cifar10", 1, 0)
    values = {row["metric"]: row["value"] for row in result["results"]}
    assert set(values) == {"knn_top1", "linear_top1"}
    assert values["knn_top1"] == result["curves"]["knn_top1"][-1]
    assert result["data"]["sha256"] == read_cifar10(data).sha256
    assert {"invariance", "equivariance", "loss", "knn_top1"} <= set(result["curves"])
    checkpoint = load_checkpoint(folder / CHECKPOINT_FILE)
    assert result["checkpoint"]["sha256"] == weights_sha256(checkpoint["model"])
    (record,) = read_records([tmp_path / "runs"])
    assert (record["dataset"]["preset"], record["protocol"]) == ("cifar10", {"name": "quick", "version": 1})
    assert record["dataset"]["fingerprint"] == result["data"]["sha256"]
    assert record["checkpoint"] == result["checkpoint"]
    rows = {row["task"]: row for row in record["results"]}
    for metric, task in (("knn_top1", "picture_neighbors"), ("linear_top1", "picture_linear")):
        assert rows[task]["metric"] == "top1"
        assert rows[task]["value"] == pytest.approx(values[metric], abs=1e-6)
        assert rows[task]["interval"][0] <= rows[task]["value"] <= rows[task]["interval"][1]
    assert rows.keys() == {"picture_neighbors", "picture_linear"}
    assert "finished before; nothing to do" in invoke(data, tmp_path / "runs", *more).output


def test_a_run_that_was_stopped_ends_the_same(tmp_path: Path):
    data = write_binary(tmp_path / "data")
    assert invoke(data, tmp_path / "whole", *TINY).exception is None
    step, count = Stepper.step, 0

    def stopping(self: Stepper, *arguments: Any) -> dict[str, float]:
        nonlocal count
        count += 1
        if count > 8:  # The estimate takes four of them.
            raise KeyError("stopped")
        return step(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stepper, "step", stopping)
        assert isinstance(invoke(data, tmp_path / "cut", *TINY, "--save-every", "0").exception, KeyError)
    stopped = load_checkpoint(tmp_path / "cut" / "essl-cifar10-s0" / CHECKPOINT_FILE)
    assert 0 < stopped["progress"]["steps_done"] < 6
    assert invoke(data, tmp_path / "cut", *TINY).exception is None
    results = [
        json.loads((tmp_path / out / "essl-cifar10-s0" / "cifar10.json").read_text()) for out in ("whole", "cut")
    ]
    for name in ("checkpoint", "results", "curves"):
        assert results[0][name] == results[1][name]


def test_the_paper_s_linear_layer_sees_augmented_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from threedie.benchmark.settings.linear_rules import RULES, LinearRules

    rules = RULES["essl-v1"]
    assert (rules.epochs, rules.runs, rules.augmented, rules.rate) == (100, 5, True, 30.0)
    monkeypatch.setitem(RULES, "essl-v1", LinearRules("essl-v1", 1, epochs=2, runs=2, augmented=True))
    done = invoke(write_pickled(tmp_path / "d"), tmp_path / "runs", *TINY, "--protocol", "essl-v1")
    assert done.exception is None, done.exception
    result = json.loads((tmp_path / "runs" / "essl-cifar10-s0" / "cifar10.json").read_text())
    assert len(result["results"][1]["runs"]) == 2
    assert result["rules"]["augmented"]


def test_the_setting_is_the_paper_s():
    from threedie.benchmark.settings.recipe import load_recipe

    recipe = load_recipe("cifar10")
    assert (recipe.epochs, recipe.batch_size, recipe.optimizer, recipe.momentum) == (800, 512, "sgd", 0.9)
    assert (recipe.learning_rate, recipe.weight_decay, recipe.warmup_epochs) == (0.06 * 512 / 256, 5e-4, 10)
    assert (recipe.form, recipe.width, recipe.projector, recipe.augmentation) == ("cifar", 64, "2048-2048", "essl")


def test_what_does_not_suit_is_refused(tmp_path: Path):
    data = write_pickled(tmp_path / "d")
    for words, method, message in (
        ((), "sie", "needs the action 'rotation'"),
        (("--set", "image_size=64"), "essl", "CIFAR-10 has 32 px"),
        (("--set", "center=0.5"), "essl", "CIFAR-10's pictures are seen whole"),
        (("--set", "augmentation=none"), "essl", "two views differ by it alone"),
        (("--protocol", "sie-v1"), "essl", "on CIFAR-10 there are quick, essl-v1"),
    ):
        error = invoke(data, tmp_path / "runs", *words, method=method).exception
        assert isinstance(error, ThreeDieError), error
        assert message in str(error)
    nowhere = CliRunner().invoke(bench, ["run", "essl", "--dataset", "cifar10"]).exception
    assert "name the folder of its files with --data" in str(nowhere)
    assert not (tmp_path / "runs").exists()
