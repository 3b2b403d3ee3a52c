"""`3die bench eval --checkpoint` on checkpoints of EquiCaps, seq-JEPA and ContextSSL, under their authors' names."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import parity_context
import parity_successors
import pytest
import torch
from click.testing import CliRunner

from threedie.baselines import successor_checkpoints
from threedie.baselines.registry import build_method
from threedie.baselines.successor_checkpoints import read_successor
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.records.record import read_record
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.training.imported import ImportOptions, import_checkpoint
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

DATA = Path(__file__).parents[1] / "data"
RECORDS = {
    record["name"]: record
    for file in sorted(DATA.glob("parity_successors_*.json"))
    for record in json.loads(file.read_text(encoding="utf-8"))
}
WHOLE = [name for name in RECORDS if name.startswith(("equicaps_", "seqjepa_")) and "loss_only" not in name]
CHOICES = {"equicaps_4x4_object": ("method.action=motion_object",), "equicaps_4x4_base": ("method.action=motion_base",)}
UNSEEN = {"length", "dropout"}
"""Options that leave no trace in weights, and make no difference to what is measured."""


@pytest.fixture(scope="module", autouse=True)
def small_heads():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=16, steps=20))
        yield


def theirs(name: str, image_size: int = 32) -> tuple[Any, dict[str, torch.Tensor]]:
    """A small method, and its state under the names of a record."""
    form = parity_successors.FORMS[name]
    torch.manual_seed(3)
    projector = "64-32" if form.projector else ""
    method = build_method(
        form.method, form=form.form, width=4, projector=projector, image_size=image_size, options=form.options
    )
    names = parity_successors.entry_names(method, RECORDS[name], form)
    with torch.no_grad():
        # Biases before batch-norms, which theirs don't have.
        for ours in method.state_dict().keys() - names.keys():
            method.get_parameter(ours).zero_()
    return method, {names[ours]: value for ours, value in method.state_dict().items() if ours in names}


def save(path: Path, state: dict[str, torch.Tensor]) -> dict[str, Any]:
    content = {"epoch": 7, "model": {f"module.{name}": value for name, value in state.items()}}
    torch.save(content, path)
    return content


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_checkpoint_is_taken_as_its_method(name: str, tmp_path: Path) -> None:
    method, state = theirs(name)
    content = save(tmp_path / "model.pth", state | {"evaluator.weight": torch.zeros(55, 32)})
    imported = import_checkpoint(tmp_path / "model.pth", content, 32, ImportOptions(overrides=CHOICES.get(name, ())))
    form, settings = parity_successors.FORMS[name], imported["settings"]
    assert settings["method"] == form.method
    options = settings["recipe"]["method_options"]
    assert {key: value for key, value in form.options.items() if key not in UNSEEN}.items() <= options.items()
    ours = method.state_dict()
    assert imported["model"].keys() == ours.keys()
    assert all(torch.equal(value, ours[key]) for key, value in imported["model"].items())
    assert imported["imported"]["notes"] == []
    assert settings["recipe"]["normalization"] == "original"
    assert settings["recipe"]["form"] == form.form


@pytest.mark.parametrize("name", ["equicaps_3x3", "seqjepa_rot_L3"])
def test_it_is_measured(name: str, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    method, state = theirs(name)
    save(tmp_path / "model.pth", state | {"online_probe.weight": torch.zeros(3)})
    words = ["eval", "--checkpoint", str(tmp_path / "model.pth"), "--data", str(dataset.path)]
    done = CliRunner().invoke(bench, [*words, "--tasks", "classification,rotation,retrieval"])
    assert done.exception is None, done.exception
    (path,) = tmp_path.glob("runs/*/record.json")
    record = read_record(path)
    assert record["method"]["name"] == parity_successors.FORMS[name].method
    assert record["origin"]["weights"] == "imported"
    assert {row["task"] for row in record["results"]} >= {"classification", "rotation"}
    if method.has_predictor:
        assert any(row["task"] == "retrieval" for row in record["results"])
    notes = " ".join(warning["text"] for warning in record["warnings"])
    assert "modules that aren't taken: online_probe" in notes


def test_images_get_the_size_of_the_capsule_layer(tmp_path: Path) -> None:
    _, state = theirs("equicaps_3x3", image_size=96)
    content = save(tmp_path / "model.pth", state)
    imported = import_checkpoint(tmp_path / "model.pth", content, 64)
    assert imported["settings"]["recipe"]["image_size"] == 96
    assert imported["imported"]["notes"] == ["images of 64 px are resized to 96, the size that it was built for"]
    assert import_checkpoint(tmp_path / "model.pth", content, 96)["imported"]["notes"] == []


@pytest.mark.parametrize("name", ["sen_rot", "byol_cond_rot", "vicreg_traj"])
def test_of_seq_jepa_s_other_methods_the_encoder_is_taken(name: str, tmp_path: Path) -> None:
    method, state = theirs(name)
    content = save(tmp_path / "sen-final.pth", state | {"encoder.fc.weight": torch.zeros(55, 32)})
    imported = import_checkpoint(tmp_path / "sen-final.pth", content, 32)
    assert imported["settings"]["method"] == "random"
    assert imported["settings"]["recipe"]["normalization"] == "original"
    assert imported["imported"]["name"] == "sen-final"
    backbone = method.backbone.state_dict()
    assert {key.removeprefix("backbone.") for key in imported["model"]} == backbone.keys()
    assert all(torch.equal(value, backbone[key.removeprefix("backbone.")]) for key, value in imported["model"].items())
    (note,) = imported["imported"]["notes"]
    rest = {key.partition(".")[0] for key in state if not key.startswith("encoder.")} | {"encoder.fc"}
    assert note == f"its encoder alone is measured; modules that aren't taken: {', '.join(sorted(rest))}"


def test_two_weights_of_one_name_here_are_refused() -> None:
    backbone = build_method("random", form="torchvision", width=4).backbone.state_dict()
    state = {f"enc.{name}": value for name, value in backbone.items()}
    prefixes = {"enc.": "backbone.", "encoder.": "backbone."}
    with pytest.raises(ValueError, match=r"backbone\.conv1\.weight stands in it twice, as encoder\.conv1\.weight too"):
        successor_checkpoints._renamed(state | {"encoder.conv1.weight": state["enc.conv1.weight"]}, prefixes)


def test_of_a_part_of_contextssl_the_encoder_is_taken() -> None:
    backbone = build_method("random", form="torchvision", width=4).backbone.state_dict()
    state = {f"enc.{name}": value for name, value in backbone.items()}
    found = read_successor(state | {"head.weight": torch.zeros(8, 32)})
    assert found is not None
    assert found.network.methods == ()
    assert found.left_out == ("head",)
    assert found.state.keys() == {f"backbone.{name}" for name in backbone}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"aug_predictor.0.weight": None}, "regressor.0.weight is missing"),
        ({f"aug_predictor.{index}.weight": None for index in (0, 2, 4)}, "aug_predictor.0.weight is missing"),
        ({f"aug_predictor.{index}.weight": None for index in (2, 4)}, "aug_predictor.2.weight is missing"),
        ({"predictor._read_in.weight": torch.zeros(32, 40)}, "predictor.read_in.weight has shape (32, 40) instead of"),
        ({"predictor._read_in.weight": torch.zeros(5)}, "predictor._read_in.weight has shape (5,) instead of 2"),
        ({"predictor.transformer.h.1.ln_1.bias": None}, "predictor.blocks.1.attention_norm.bias is missing"),
        ({"predictor.transformer.h.99.ln_1.bias": torch.zeros(32)}, "predictor.blocks.2.attention_norm.weight is"),
    ],
)
def test_what_is_no_contextssl_is_one_line(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    state = {key: value for key, value in (context_ssl()[1] | change).items() if value is not None}
    (tmp_path / "model.pth").write_bytes(b"weights")
    with pytest.raises(ThreeDieError, match=re.escape(message)) as refused:
        import_checkpoint(tmp_path / "model.pth", {"model": state}, 32)
    assert "\n" not in str(refused.value)


def context_ssl() -> tuple[Any, dict[str, torch.Tensor]]:
    """A small ContextSSL, and its state under its authors' names."""
    method = build_method(
        "context_ssl", form="torchvision", width=4, projector="32", options={"layers": 2, "regressor": "16-8"}
    )
    ours = {name: value for name, value in method.state_dict().items() if not name.startswith("environments.")}
    return method, {parity_context.their_name(name): value for name, value in ours.items()}


def test_a_whole_contextssl_is_taken(tmp_path: Path) -> None:
    method, state = context_ssl()
    content = save(tmp_path / "model.pth", state | {"equiv_linear.weight": torch.zeros(6, 32)})
    imported = import_checkpoint(tmp_path / "model.pth", content, 32)
    assert imported["settings"]["method"] == "context_ssl"
    assert imported["settings"]["recipe"]["method_options"] == {"layers": 2, "regressor": "16-8"}
    ours = method.state_dict()
    assert all(torch.equal(value, ours[key]) for key, value in imported["model"].items() if "environments" not in key)
    assert imported["imported"]["notes"] == ["modules that aren't taken: equiv_linear"]


def test_contextssl_is_measured_behind_a_context(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = context_ssl()[1]
    # At its start a transformer hardly mixes tokens.
    save(tmp_path / "model.pth", {key: 20 * value if ".attn." in key else value for key, value in state.items()})
    scores = []
    for context in (0, 4):
        words = ["eval", "--checkpoint", str(tmp_path / "model.pth"), "--data", str(dataset.path)]
        words += ["--tasks", "retrieval", "--set", f"method.context={context}", "--name", f"context-{context}"]
        done = CliRunner().invoke(bench, words)
        assert done.exception is None, done.exception
        (path,) = tmp_path.glob(f"runs/context-{context}-*/**/record.json")
        record = read_record(path)
        assert record["method"]["options"]["context"] == context
        scores.append([row["value"] for row in record["results"] if row["task"] == "retrieval"])
    assert scores[0] != scores[1]


def expanded(*shape: int) -> torch.Tensor:
    """A tensor that claims many more numbers than it holds."""
    return torch.zeros(1).expand(*shape)


@pytest.mark.parametrize(
    ("name", "change", "words", "message"),
    [
        ("equicaps_4x4_base", {}, (), "poses of 4 x 4 may be of either frame: say which, --set method.action="),
        ("equicaps_4x4_base", {}, ("method.action=rotation",), "poses of 4 x 4 may be of either frame"),
        ("equicaps_3x3", {}, ("method.action=motion_base",), "action=motion_base: the weights are of action rotation"),
        ("equicaps_3x3", {}, ("method.capsules=16",), "capsules=16: the weights are of capsules 32"),
        ("equicaps_3x3", {"projector.fc.W1": torch.zeros(32, 288)}, (), "projector.fc.W1 has shape (32, 288) instead"),
        ("equicaps_3x3", {"projector.fc.W1": torch.zeros(32, 288, 7)}, (), "(32, 288, 7), which no capsule layer has"),
        ("equicaps_3x3", {"projector.fc.W1": torch.zeros(31, 288, 9)}, (), "(31, 288, 9), which no capsule layer has"),
        ("equicaps_3x3", {"projector.fc.W1": torch.zeros(64, 288, 9)}, (), "(64, 288, 9), which no capsule layer has"),
        ("equicaps_3x3", {"projector.fc.W1": torch.zeros(0, 288, 9)}, (), "none of them 0"),
        ("equicaps_3x3", {"projector.fc.W1": expanded(2**20, 288, 9)}, (), "and the file holds fewer numbers"),
        ("equicaps_3x3", {"projector.fc.W2": None}, (), "projector.fc.W2 is missing"),
        ("equicaps_3x3", {"projector.fc.W3": torch.zeros(2)}, (), "projector.fc.W3 isn't in the method"),
        ("equicaps_3x3", {"projector.bn_a.weight": torch.full((32,), torch.nan)}, (), "numbers that aren't finite"),
        ("equicaps_3x3", {"backbone.conv1.weight": None}, (), "its backbone is no ResNet-18, 34 or 50"),
        ("seqjepa_rot_L3", {"agg_token": torch.zeros(5)}, (), "agg_token has shape (5,) instead of 3 dimensions"),
        ("seqjepa_rot_L3", {"agg_token": torch.zeros(1, 1, 99)}, (), "agg_token has 99 numbers; representation and"),
        (
            "seqjepa_rot_L3",
            {"agg_token": torch.zeros(1, 1, 9)},
            (),
            "fewer than a representation, which has 32",
        ),
        ("seqjepa_rot_L3", {"predictor.0.weight": None}, (), "predictor.0.weight is missing"),
        (
            "seqjepa_rot_L3",
            {"action_proj.0.weight": torch.zeros(128, 5)},
            (),
            "its actions have 5 numbers; seq_jepa takes",
        ),
        (
            "seqjepa_rot_L3",
            {"action_proj.0.weight": torch.zeros(128, 8)},
            (),
            "have 8 numbers; seq_jepa takes checkpoints",
        ),
        ("seqjepa_rot_L3", {}, ("method.hidden=7",), "hidden=7: the weights are of hidden 1024"),
        ("seqjepa_rot_L3", {}, ("method.lenght=7",), "did you mean 'length'"),
        ("seqjepa_rot_L3", {"encoder.layer4.1.conv1.weight": None}, (), "backbone.layer4.1.conv1.weight is missing"),
        ("seqjepa_rot_L3", {"encoder.conv1.weight": None}, (), "its backbone is no ResNet"),
        (
            "sen_rot",
            {"encoder.conv1.weight": torch.zeros(17000, 3, 1, 1)},
            (),
            "recipe imported: width is 17000; it",
        ),
        ("sen_rot", {}, ("method.action=rotation",), "it is a backbone alone, which has no options"),
    ],
)
def test_what_does_not_fit_is_one_line(
    name: str, change: dict[str, Any], words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    _, state = theirs(name)
    state = {key: value for key, value in (state | change).items() if value is not None}
    path = tmp_path / "model.pth"
    path.write_bytes(b"weights")
    with pytest.raises(ThreeDieError) as refused:
        import_checkpoint(path, {"model": state}, 32, ImportOptions(overrides=words))
    line = str(refused.value)
    assert line.startswith((f"{path}: ", "--set"))
    assert "\n" not in line
    assert re.search(re.escape(message), line), line


def test_a_small_file_that_describes_a_network_beyond_any_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The width of a few tensors decides that of many others: here 10^13 numbers in each of them."""
    _, state = theirs("seqjepa_rot_L3")
    width = 10**6
    state |= {"agg_token": torch.zeros(1, 1, 32 + width), "action_proj.0.weight": torch.zeros(width, 4)}
    monkeypatch.setattr("threedie.benchmark.training.imported.build", lambda _: pytest.fail("built"))
    with pytest.raises(ThreeDieError, match=r"model\.pth: checkpoint doesn't fit this method: .* has shape .* instead"):
        import_checkpoint(tmp_path / "model.pth", {"model": state}, 32)


def test_an_experience_of_sie_s_code_is_refused(tmp_path: Path) -> None:
    _, state = theirs("equicaps_3x3")
    with pytest.raises(ThreeDieError, match="--experience SIE: is sie here, and the weights are of equicaps"):
        import_checkpoint(tmp_path / "model.pth", {"model": state}, 32, ImportOptions("SIE"))
