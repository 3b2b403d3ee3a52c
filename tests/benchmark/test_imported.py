"""`3die bench eval --checkpoint` on files of other programs."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from threedie.baselines.original_checkpoints import architecture
from threedie.baselines.registry import build_method
from threedie.baselines.resnet import build_backbone
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.data.normalization import ORIGINAL_MEAN
from threedie.benchmark.records.record import read_record, validate
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

WRAPPED = {
    "sie": {},
    "sie split off": {"split": False},
    "sie uneven": {"equivariant_dims": 8},
    "sie colors": {"action": "rotation_color"},
    "sie deep": {"predictor": {"hypernetwork": "deep", "hypernetwork_bias": True}},
    "sie hidden": {"predictor": {"hidden": "6"}},
    "sie hidden bias": {"predictor": {"hidden": "6", "bias": True}},
    "sie bias": {"predictor": {"bias": True}},
    "sie mlp": {"predictor": {"kind": "mlp", "layers": 3}},
    "equimod": {},
    "augself": {"regressor": "16-8"},
    "only_equivariance": {},
    "vicreg": {},
    "simclr": {},
}


# The original's own default, and what it takes to tell it from a hidden layer half as wide.
PLAIN = ("--set", "method.predictor.hidden=", "--set", "method.predictor.bias=false")


def module(title: str, seed: int = 3) -> Any:
    torch.manual_seed(seed)
    return build_method(title.split(" ", 1)[0], width=4, projector="64-32", options=WRAPPED[title])


def as_original(method: Any) -> dict[str, Any]:
    """As the original's training script saves it, its online probe included."""
    state = {f"module.{name}": value for name, value in method.state_dict().items()}
    state["module.evaluator.classifier_repr.weight"] = torch.zeros(55, 32)
    return {"epoch": 2000, "model": state, "optimizer": {"state": {}, "param_groups": []}}


@pytest.fixture(scope="module", autouse=True)
def small_heads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=16, steps=20))
        yield


def evaluate(path: Path, dataset: Dataset, *more: str) -> Result:
    return CliRunner().invoke(bench, ["eval", "--checkpoint", str(path), "--data", str(dataset.path), *more])


def record_in(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("runs/*/record.json")
    record = read_record(path)
    validate(record)
    return record


@pytest.mark.parametrize("title", list(WRAPPED))
def test_names_and_shapes_tell_the_method(title: str):
    method = module(title)
    # The number of weights of the plain ones is that of others too: see tests/baselines/test_predictor_readings.py.
    wrapped = WRAPPED[title].get("predictor", {})
    layers = {"hidden": wrapped.get("hidden", ""), "bias": wrapped.get("bias", False), "relu": False}
    overrides = {"predictor": layers} if method.has_predictor and "kind" not in wrapped else {}
    network = architecture(as_original(method), overrides)
    name = title.split(" ", 1)[0]
    assert name in network.methods
    assert (network.backbone, network.form, network.width, network.projector) == ("resnet18", "original", 4, "64-32")
    options = {**network.options, **({"split": False} if title == "sie split off" else {})}
    again = build_method(name, width=4, projector=network.projector, options=options)
    assert {key: value.shape for key, value in again.state_dict().items()} == {
        key: value.shape for key, value in method.state_dict().items()
    }
    assert again.action == method.action


def test_a_model_of_the_original_is_measured(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    torch.save(as_original(module("sie")), tmp_path / "model.pth")
    refused = evaluate(tmp_path / "model.pth", dataset).exception
    assert isinstance(refused, ThreeDieError)
    assert (
        "model.pth: checkpoint: its predictor has 256 numbers for an embedding of width 16, which fits several"
        in str(refused)
    )
    assert "say which, --set method.predictor.hidden='' --set method.predictor.bias=false or --set" in str(refused)
    assert "hidden=8 --set method.predictor.bias=false --set method.predictor.relu=false or" in str(refused)
    assert "; the first is the default of SIE's code; write method.predictor.relu=true instead if" in str(refused)
    done = evaluate(tmp_path / "model.pth", dataset, *PLAIN)
    assert done.exception is None, done.exception
    assert "weights from model.pth, SHA-256" in done.output
    record = record_in(tmp_path)
    assert record["id"].startswith("sie-imported-")
    assert record["origin"]["weights"] == "imported"
    assert record["seed"] is None
    assert record["config"]["trained_on"] is None
    assert record["checkpoint"]["epochs"] == 2000
    assert record["checkpoint"]["steps"] is None
    assert record["config"]["normalization_mean"] == list(ORIGINAL_MEAN)
    assert not {"epochs", "learning_rate", "batch_size", "optimizer"} & set(record["config"])
    assert "on what data, from which seed and how long isn't known" in record["warnings"][0]["text"]
    tasks = {(row["task"], row["part"]) for row in record["results"]}
    assert {("classification", "invariant"), ("rotation", "equivariant")} <= tasks
    assert any(task == "retrieval" for task, _ in tasks)
    # A measured record that doesn't say so must have them.
    here = {**record, "origin": {"kind": "measured"}}
    with pytest.raises(ThreeDieError, match=r"checkpoint\.steps: may not be null in a measured record"):
        validate(here)
    here |= {"checkpoint": {**record["checkpoint"], "steps": 1}, "times": {**record["times"], "train_s": 1.0}}
    with pytest.raises(ThreeDieError, match="seed: may not be null in a measured record"):
        validate(here)
    page = CliRunner().invoke(leaderboard, [str(tmp_path / "runs"), "-o", str(tmp_path / "page")])
    assert page.exception is None, page.exception
    assert "elsewhere (weights from model.pth" in (tmp_path / "page" / "index.html").read_text()


@pytest.mark.parametrize(
    ("form", "network", "expected"), [("original", "resnet18", "original"), ("torchvision", "resnet34", "imagenet")]
)
def test_a_bare_backbone_is_measured_under_its_file_s_name(
    form: str, network: str, expected: str, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    weights = {**build_backbone(network, form, width=4).state_dict(), "fc.weight": torch.zeros(1000, 32)}
    torch.save(weights, tmp_path / "final_weights.pth")
    done = evaluate(tmp_path / "final_weights.pth", dataset, "--tasks", "classification")
    assert done.exception is None, done.exception
    record = record_in(tmp_path)
    assert record["method"]["name"] == "final_weights"
    assert (record["config"]["backbone"], record["config"]["form"]) == (network, form)
    assert record["config"]["normalization"] == expected
    assert record["config"]["channels"] == ("rgb" if expected == "imagenet" else "file")
    named = evaluate(tmp_path / "final_weights.pth", dataset, "--tasks", "classification", "--name", "net-a")
    assert named.exception is None
    assert list((tmp_path / "runs").glob("net-a-imported-*/record.json"))


def test_its_features_are_those_of_the_weights(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The record's checkpoint hash is the one of the module that the file came from."""
    from threedie.benchmark.training.checkpoints import weights_sha256

    monkeypatch.chdir(tmp_path)
    method = module("vicreg")
    torch.save(as_original(method), tmp_path / "model.pth")
    done = evaluate(tmp_path / "model.pth", dataset, "--tasks", "classification", "--experience", "VICReg")
    assert done.exception is None, done.exception
    assert record_in(tmp_path)["checkpoint"]["sha256"] == weights_sha256(method.state_dict())


def test_mistakes_are_one_line_and_nothing_in_a_file_is_run(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    sie = as_original(module("sie"))
    files = {
        "bomb": {**sie, "args": Bomb()},
        "list": [1, 2],
        "empty": {"epoch": 3},
        "vicreg": as_original(module("vicreg")),
        "sie": sie,
        "odd": {**module("sie").state_dict(), "head.weight": torch.zeros(3)},
        "cut": {name: value for name, value in module("sie").state_dict().items() if "layer4.1" not in name},
    }
    bare = module("sie").backbone.state_dict()
    files["bare"] = bare
    files["whole"] = {**bare, "bn1.weight": bare["bn1.weight"].long()}
    files["nan"] = {**bare, "bn1.weight": bare["bn1.weight"] * torch.nan}
    files["sparse"] = {**bare, "bn1.weight": bare["bn1.weight"].to_sparse()}
    for name, content in files.items():
        torch.save(content, tmp_path / f"{name}.pth")
    for name, words, message in (
        ("bomb", (), "bomb.pth: holds an object of posix.mkdir beside weights"),
        ("list", (), "holds a list instead of a dictionary of weights"),
        ("empty", (), "no weights in it"),
        ("vicreg", (), "say which with --experience, one of VICReg, VICRegPartInv, SimCLR"),
        ("vicreg", ("--experience", "SIE"), "is sie here, and the weights are of vicreg or simclr"),
        ("sie", ("--experience", "SEI"), "did you mean 'SIE'"),
        ("odd", (), "head is in no method here"),
        ("cut", PLAIN, "backbone.layer4.1.conv1.weight is missing"),
        ("sie", (*PLAIN, "--name", "a b"), "--name a b: use letters"),
        ("sie", ("--set", "method.predictor.hidden=9"), "hidden=9: contradicts the weights"),
        ("sie", (*PLAIN, "--set", "method.action=rotation_color"), "the weights are of action rotation"),
        ("sie", (*PLAIN, "--set", "epochs=3"), "--set epochs=3: write method.NAME=VALUE"),
        ("sie", ("--set", "method.predictor=mlp"), "only predictor has entries of its own"),
        ("sie", ("--set", "method.action=rotation", "--set", "method.action.x=1"), "only predictor has entries of its"),
        ("sie", ("--set", "method.action={a = 1}"), "only predictor has entries of its own"),
        ("sie", ("--set", 'method.predictor={hidden = "9"}'), "hidden=9: contradicts the weights"),
        ("sie", (*PLAIN, "--set", "method.splti=true"), "did you mean 'split'"),
        ("sie", (*PLAIN, "--set", "method.predictor.reul=true"), "predictor option 'reul': not known"),
        ("bare", ("--set", "method.split=true"), "a backbone alone, which has no options"),
        ("whole", (), "backbone.bn1.weight is of type int64 instead of float32"),
        ("nan", (), "backbone.bn1.weight holds numbers that aren't finite"),
        ("sparse", (), "backbone.bn1.weight is a tensor of layout sparse_coo"),
    ):
        error = evaluate(tmp_path / f"{name}.pth", dataset, *words).exception
        assert isinstance(error, ThreeDieError), (name, error)
        assert message in str(error)
        assert "\n" not in str(error)
    assert not (tmp_path / "ran").exists()


def test_whether_there_is_a_relu_is_asked(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    torch.save(as_original(module("sie hidden bias")), tmp_path / "model.pth")
    layers = ("--set", "method.predictor.hidden=6", "--set", "method.predictor.bias=true")
    refused = evaluate(tmp_path / "model.pth", dataset, *layers).exception
    assert isinstance(refused, ThreeDieError)
    assert (
        "fits one with a ReLU between its layers and one without: say which, --set method.predictor.hidden=6 --set "
        in str(refused)
    )
    scores = set()
    for relu in (False, True):
        more = (*layers, "--set", f"method.predictor.relu={str(relu).lower()}", "--name", f"relu-{relu}")
        done = evaluate(tmp_path / "model.pth", dataset, "--tasks", "retrieval", *more)
        assert done.exception is None, done.exception
        (path,) = tmp_path.glob(f"runs/relu-{relu}-*/record.json")
        record = read_record(path)
        predictor = record["method"]["options"]["predictor"]
        assert (predictor["hidden"], predictor["bias"], predictor["relu"]) == ("6", True, relu)
        scores.add(tuple(row["value"] for row in record["results"]))
    assert len(scores) == 2


@pytest.mark.parametrize("bare", [False, True])
def test_weights_of_older_torch_have_no_counters(
    bare: bool, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from threedie.benchmark.training.checkpoints import load_weights
    from threedie.benchmark.training.imported import ImportOptions, import_checkpoint

    monkeypatch.chdir(tmp_path)
    method = module("vicreg")
    state = method.backbone.state_dict() if bare else method.state_dict()
    kept = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert len(kept) < len(state)
    torch.save(kept, tmp_path / "old.pth")
    path, experience = tmp_path / "old.pth", None if bare else "VICReg"
    content = import_checkpoint(path, load_weights(path), 32, ImportOptions(experience))
    prefix = "backbone." if bare else ""
    assert all(torch.equal(content["model"][prefix + name], value) for name, value in kept.items())
    words = () if bare else ("--experience", "VICReg")
    done = evaluate(tmp_path / "old.pth", dataset, "--tasks", "knn", *words)
    assert done.exception is None, done.exception


def test_half_and_double_precision_are_said(tmp_path: Path):
    from threedie.benchmark.training.imported import import_checkpoint

    bare = module("sie").backbone.state_dict()
    half = {name: value.half() if value.is_floating_point() else value for name, value in bare.items()}
    torch.save(half, tmp_path / "half.pth")
    content = import_checkpoint(tmp_path / "half.pth", half, 32)
    assert content["imported"]["notes"] == ["its numbers of type float16 became float32"]
    assert torch.equal(content["model"]["backbone.conv1.weight"], half["conv1.weight"].float())
    too_large = {**bare, "conv1.weight": bare["conv1.weight"].double() + 1e300}
    with pytest.raises(ThreeDieError, match=r"half\.pth: .*conv1\.weight holds numbers that aren't finite"):
        import_checkpoint(tmp_path / "half.pth", too_large, 32)


def test_records_of_two_readings_are_never_joined(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The same weights as one matrix and as a hidden layer of half the width: their scores of retrieval differ."""
    monkeypatch.chdir(tmp_path)
    torch.save(as_original(module("sie")), tmp_path / "model.pth")
    scores = []
    for hidden, tasks in (("", "retrieval,knn"), ("8", "knn"), ("8", "retrieval")):
        words = (
            "--set",
            f"method.predictor.hidden={hidden}",
            "--set",
            "method.predictor.bias=false",
            "--set",
            "method.predictor.relu=false",
        )
        done = evaluate(tmp_path / "model.pth", dataset, "--tasks", tasks, *words)
        assert done.exception is None, done.exception
        scores.append({row["task"]: row["value"] for row in record_in(tmp_path)["results"] if row["main"]})
    assert list(scores[1]) == ["knn"]
    assert set(scores[2]) == {"knn", "retrieval"}
    assert scores[2]["retrieval"] != scores[0]["retrieval"]
