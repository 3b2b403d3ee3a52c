"""Methods whose file imports its neighbors."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from threedie.baselines.registry import build_method, find_method
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.runs.run import Run
from threedie.benchmark.training.own_files import OwnFiles
from threedie.benchmark.training.own_methods import load_method, require_method
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

METHOD = """
from threedie import TwoViewMethod, build_projector
{imports}


class Mine(TwoViewMethod):
    '''A loss of a neighbor.'''

    def __init__(self, backbone, projector="8-8"):
        super().__init__()
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)

    def compute_loss(self, batch, views):
        {late}
        loss = {loss}(*views.gathered())
        return loss, {{"distance": loss}}
"""
LOSSES = "WEIGHT = {weight}\n\n\ndef distance(u, v):\n    return WEIGHT * (u - v).square().mean()\n"
SETTINGS = ["image_size=32", "width=4", "projector=8-8", "epochs=1", "passes=1", "batch_size=8"]


@pytest.fixture(autouse=True)
def other_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neighbors are found process-wide: forget those of other tests."""
    from threedie.benchmark.training import own_files

    monkeypatch.setattr(own_files, "_NEIGHBORS", own_files._Neighbors())
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("my_", "threedie_method_", "datasets")):
            del sys.modules[name]


def write(folder: Path, *, late: bool = False, weight: int = 1, module: str = "my_losses") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    line = f"from {module} import distance"
    imports, inner = ("", line) if late else (line, "pass")
    (folder / "mine.py").write_text(METHOD.format(imports=imports, late=inner, loss="distance"))
    (folder / f"{module}.py").write_text(LOSSES.format(weight=weight))
    return folder / "mine.py"


def loss_of(name: str) -> float:
    from threedie.baselines.method import Batch

    torch.manual_seed(0)
    method = build_method(name, width=4, projector="8-8", image_size=32)
    first, second = torch.rand(2, 4, 3, 32, 32)
    batch = Batch(view1=first, view2=second, action=None, label=torch.zeros(4, dtype=torch.int64))
    return method(batch).loss.item()


def test_a_neighbor_is_imported_and_hashed(tmp_path: Path):
    path = write(tmp_path)
    name = load_method(f"{path}:Mine")
    assert loss_of(name) > 0
    assert load_method(f"{path}:Mine") == name
    # The neighbor's content decides the loss and the name, also within a second and at the same size.
    write(tmp_path, weight=2)
    edited = load_method(f"{path}:Mine")
    assert edited != name
    assert loss_of(edited) == pytest.approx(2 * loss_of(name))
    write(tmp_path, weight=1)
    assert load_method(f"{path}:Mine") == name
    assert {each.name for each in tmp_path.iterdir()} == {"mine.py", "my_losses.py"}
    # What isn't imported isn't hashed.
    (tmp_path / "my_notes.py").write_text("x = 1\n")
    assert load_method(f"{path}:Mine") == name


def test_without_neighbors_the_name_is_the_file_s_hash_as_before(tmp_path: Path):
    import hashlib

    path = tmp_path / "mine.py"
    path.write_text(METHOD.format(imports="import json, threedie.baselines", late="pass", loss="max"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    assert load_method(f"{path}:Mine") == f"Mine-{digest}"


def test_checkpoints_of_before_are_read_by_the_name_that_they_have(tmp_path: Path):
    path = write(tmp_path)
    older = f"Mine-{OwnFiles.find(path).file_sha256[:8]}"
    where = f"{path}:Mine"
    assert load_method(where) != older
    assert require_method(where, older, tmp_path / "checkpoint.pt") == where
    assert find_method(older).cls.__name__ == "Mine"
    with pytest.raises(ThreeDieError, match=r"was trained with Mine-00000000, and .* give the same file"):
        require_method(where, "Mine-00000000", tmp_path / "checkpoint.pt")


def test_neighbors_of_neighbors_and_packages_count_wherever_they_are_imported(tmp_path: Path):
    path = write(tmp_path)
    (tmp_path / "my_losses.py").write_text("from my_nets.parts import distance\nfrom my_nets import NAME\n")
    package = tmp_path / "my_nets"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("from .inner import NAME\n")
    (package / "inner" / "__init__.py").write_text("NAME = 'inner'\n")
    (package / "parts.py").write_text("import my_base\n\n\ndef distance(u, v):\n    return my_base.mean(u - v)\n")
    (tmp_path / "my_base.py").write_text("def mean(x):\n    return x.square().mean()\n")
    files = OwnFiles.find(path)
    assert [each.relative_to(tmp_path).as_posix() for each in files.contents] == [
        "mine.py", "my_base.py", "my_losses.py", "my_nets/__init__.py", "my_nets/inner/__init__.py", "my_nets/parts.py",
    ]  # fmt: skip
    name = load_method(f"{path}:Mine")
    assert loss_of(name) > 0
    names = {name}
    for each in files.contents:
        each.write_text(each.read_text() + "\n# edited\n")
        names.add(load_method(f"{path}:Mine"))
    assert len(names) == 7


def test_a_hash_depends_on_which_file_has_a_content(tmp_path: Path):
    hashes = set()
    for first, second in (("a = 1\n", "b = 1\n"), ("b = 1\n", "a = 1\n")):
        (tmp_path / "mine.py").write_text("import my_a\nimport my_b\n")
        (tmp_path / "my_a.py").write_text(first)
        (tmp_path / "my_b.py").write_text(second)
        hashes.add(OwnFiles.find(tmp_path / "mine.py").sha256)
    assert len(hashes) == 2


def test_an_import_inside_a_function_works_when_the_loss_is_computed(tmp_path: Path):
    name = load_method(f"{write(tmp_path, late=True)}:Mine")
    assert "my_losses" not in sys.modules
    assert loss_of(name) > 0


def test_two_folders_may_have_neighbors_of_one_name(tmp_path: Path):
    names = [load_method(f"{write(tmp_path / str(weight), weight=weight)}:Mine") for weight in (1, 3)]
    losses = [loss_of(name) for name in names]
    assert losses[1] == pytest.approx(3 * losses[0])
    with pytest.raises(ThreeDieError, match=r"my_losses, and so does .*from another folder; import it at the top"):
        load_method(f"{write(tmp_path / 'late', late=True)}:Mine")


def test_a_neighbor_that_is_named_as_a_package_in_use_is_refused(tmp_path: Path):
    path = write(tmp_path, module="torch")
    with pytest.raises(ThreeDieError, match="imports torch, which lies beside it and is also a package in use"):
        load_method(f"{path}:Mine")
    assert sys.modules["torch"] is torch
    import torch as again

    assert again is torch


def test_modules_of_python_and_of_3die_aren_t_neighbors(tmp_path: Path):
    path = tmp_path / "mine.py"
    for name in ("json.py", "threedie.py"):
        (tmp_path / name).write_text("raise SystemExit\n")
    repository = Path(__file__).parents[2]
    (tmp_path / "baselines").symlink_to(repository / "baselines")
    imports = "import json\nfrom baselines import losses"
    path.write_text(METHOD.format(imports=imports, late="pass", loss="losses.invariance"))
    assert list(OwnFiles.find(path).contents) == [path]
    assert loss_of(load_method(f"{path}:Mine")) > 0


@pytest.mark.parametrize(
    ("neighbor", "message"),
    [
        ("x = 1\ny = x / 0\n", "my_losses.py, line 2: ZeroDivisionError"),
        ("x = 1\nclass (\n", "my_losses.py, line 2: SyntaxError"),
        ("import sys\nsys.exit(3)\n", "my_losses.py, line 2: ends the program when it is imported"),
        (
            "from .other import x\n",
            "my_losses.py, line 1: is in no package; import its neighbors without a",
        ),
        ("import my_absent\n", "my_losses.py, line 1: ModuleNotFoundError: No module named 'my_absent'"),
        ("distance = 1\0\n", "SyntaxError: source code string cannot contain null bytes"),
        ("other = 1\n", "mine.py, line 3: ImportError: cannot import name 'distance' from 'my_losses'"),
        (None, "mine.py, line 3: ModuleNotFoundError: No module named 'my_losses'"),
    ],
)
def test_a_fault_in_a_neighbor_is_named_with_its_line(tmp_path: Path, neighbor: str | None, message: str):
    path = write(tmp_path)
    (tmp_path / "my_losses.py").unlink()
    if neighbor is not None:
        (tmp_path / "my_losses.py").write_text(neighbor)
    with pytest.raises(ThreeDieError, match=re.escape(message)) as caught:
        load_method(f"{path}:Mine")
    assert "\n" not in str(caught.value)


def test_a_run_from_the_file_s_folder_names_places_as_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: Dataset
):
    path = write(tmp_path)
    monkeypatch.chdir(tmp_path)
    run = Run.create("mine.py:Mine", dataset, recipe="smoke", overrides=SETTINGS, out="runs")
    assert run.settings.method == load_method(f"{path}:Mine")
    assert run.train()["finished"]
    (tmp_path / "my_losses.py").write_text("1 / 0\n")
    words = ["run", "--method", "mine.py:Mine", "--data", str(dataset.path)]
    assert str(CliRunner().invoke(bench, words).exception).startswith("my_losses.py, line 1: ZeroDivisionError")
