"""Files of weights, mutated: read as they were or refused in a line."""

import io
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from mutations import fuzz

from threedie.baselines.original_checkpoints import architecture
from threedie.baselines.registry import build_method
from threedie.baselines.resnet import build_backbone
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import content_sha256, is_ours, load_weights, save_checkpoint
from threedie.benchmark.training.imported import ImportOptions, import_checkpoint
from threedie.benchmark.training.restore import read_settings, restore
from threedie.manifests.errors import ThreeDieError

pytestmark = pytest.mark.fuzz


def saved(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    settings = RunSettings("vicreg", load_recipe("smoke", ["width=1", "projector=4", "image_size=32"]), 0, "f", "i")
    path = tmp_path_factory.mktemp("ours") / "checkpoint.pt"
    progress = {"epoch": 3, "step": 0, "steps_done": 9, "seconds": 1.5, "sums": {}, "curves": {"epoch": [1, 2, 3]}}
    save_checkpoint(path, {
        "settings": settings.to_json(), "normalisation": {"mean": [0.5] * 3, "std": [0.2] * 3},
        "model": build(settings).state_dict(), "progress": progress, "finished": True, "optimizer": {},
        "random": {"cpu": torch.get_rng_state()},
    })  # fmt: skip
    return path.read_bytes()


def read(path: Path) -> None:
    """As `3die bench eval` does."""
    content = load_weights(path)
    if is_ours(content):
        read_settings(content, path)
        restore(content, path)
    else:
        import_checkpoint(path, content, 32, ImportOptions("VICReg"))


def test_files_of_weights(ours: bytes, tmp_path: Path):
    others = {"epoch": 3, "model": build_method("vicreg", width=1, projector="4").state_dict()}
    bare = build_backbone("resnet18", "torchvision", width=1).state_dict()
    samples = [
        ours,
        saved(others),
        saved(others, _use_new_zipfile_serialization=False),
        saved(bare),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        b"<!doctype html>\n<html><body>Sign in</body></html>\n",
    ]
    fuzz(samples, read, tmp_path, "checkpoint.pt")


def repacked(data: bytes, draw: random.Random) -> bytes:
    """The archive with a byte of its pickle changed and right checksums, as no damage leaves it."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.infolist():
            content = bytearray(old.read(member))
            if member.filename.endswith("data.pkl"):
                content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            new.writestr(member, bytes(content))
    return file.getvalue()


def test_pickles_with_right_checksums(ours: bytes, tmp_path: Path):
    path, draw, refused = tmp_path / "checkpoint.pt", random.Random(1), 0
    path.write_bytes(ours)
    before = content_sha256(load_weights(path))
    for _ in range(150):
        path.write_bytes(repacked(ours, draw))
        try:
            content = load_weights(path)
        except ThreeDieError as error:
            assert str(error).startswith(f"{path}: ")  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
            assert len(str(error)) < 2000  # noqa: PT017
            refused += 1
        else:
            # The checksum covers all values; what is no longer ours by its format says nothing of itself.
            assert not is_ours(content) or content_sha256(content) == before
    assert refused > 50


def test_weights_of_others_with_odd_entries(tmp_path: Path):
    """Entries of a state dict exchanged for others of any kind and shape."""
    path, draw = tmp_path / "model.pth", random.Random(2)
    source = build_method("sie", width=1, projector="8", options={"predictor": {"hidden": "1"}}).state_dict()
    odd = [
        None, 3, "x", [], {}, torch.zeros(()), torch.zeros(0), torch.zeros(3, 0), torch.zeros(2, 2, 2, 2, 2),
        torch.eye(3).to_sparse(), torch.zeros(2, dtype=torch.complex64), torch.empty(2, 2, device="meta"),
        torch.zeros(1).expand(10**12), torch.zeros(1, 1).expand(10**6, 10**6), torch.ones(3, 3, dtype=torch.bool),
    ]  # fmt: skip
    outcomes = set()
    for _ in range(300):
        state: dict[Any, Any] = dict(source)
        for _ in range(draw.randint(1, 3)):
            name = draw.choice([*source, "predictor.hypernet.net.0.weight", "backbone.conv1.weight"])
            kind = draw.randrange(4)
            if kind == 0:
                state[name] = draw.choice(odd)
            elif kind == 1:
                state.pop(name, None)
            elif kind == 2:
                more = draw.choice(["predictor", "projector.x.weight", "", "a.b", 7, f"{name}.weight"])
                state[more] = draw.choice(odd)
            else:
                state[name] = torch.zeros(draw.randint(0, 9), draw.randint(0, 9))
        wrapped = {f"module.{key}": each for key, each in state.items()}
        content = draw.choice([state, {"model": state}, {"state_dict": wrapped}])
        try:
            import_checkpoint_of(path, content, draw.choice([(), PREDICTOR, PREDICTOR]))
            outcomes.add("read")
        except ThreeDieError as error:
            assert str(error).startswith(f"{path}: ")  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
            assert len(str(error)) < 2000  # noqa: PT017
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


PREDICTOR = tuple(f"method.predictor.{option}" for option in ("hidden=1", "bias=false", "relu=false"))
"""What has to be said of the predictor with a hidden layer."""


def import_checkpoint_of(path: Path, content: Any, overrides: Sequence[str]) -> None:
    path.write_bytes(b"x")
    import_checkpoint(path, content, 32, ImportOptions(overrides=overrides))


def test_a_dictionary_that_holds_itself(tmp_path: Path):
    path = tmp_path / "model.pth"
    path.write_bytes(b"x")
    content: dict[str, Any] = {}
    content["model"] = content
    with pytest.raises(ThreeDieError, match="no weights in it"):
        import_checkpoint(path, content, 32)
    with pytest.raises(ValueError, match="nested deeper"):
        content_sha256(content)
    with pytest.raises(ValueError, match="no weights in it"):
        architecture(content)
