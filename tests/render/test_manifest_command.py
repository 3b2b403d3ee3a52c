from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.manifest import Entry, read_manifest, write_manifest
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import part_path
from threedie.render.commands.manifest import manifest
from threedie.render.models.folder import FolderSource
from threedie.render.plan import Plan, make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.run_folder import RunFolder

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 {}\nf 1 2 3\n"
CHAIR, PLANE, TABLE = "03001627", "02691156", "04379243"


def put(root: Path, synset: str, object_id: str, shape: int) -> None:
    path = root / synset / object_id / "models" / "model_normalized.obj"
    path.parent.mkdir(parents=True)
    path.write_text(TRIANGLE.format(shape))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    for number in range(20):
        put(root, CHAIR, f"c{number}", number)
        put(root, TABLE, f"t{number}", number)
    put(root, PLANE, "c3", 100)
    put(root, PLANE, "broken", 0)
    (root / PLANE / "broken" / "models" / "model_normalized.obj").write_text("")
    return root


def run(*arguments: object) -> str:
    result = CliRunner().invoke(manifest, [str(argument) for argument in arguments])
    if isinstance(result.exception, ThreeDieError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_create_knows_twins_by_mesh_and_by_id(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    output = run("create", root, "-o", path, "--workers", "1")
    assert "42 objects of 3 classes" in output
    assert "1 id under several classes; 20 groups of twins" in output
    assert "unreadable, so split only by name: 1 model" in output
    split = {str(entry.ref): entry.split for entry in read_manifest(path)}
    assert all(split[f"{CHAIR}/c{n}"] == split[f"{TABLE}/t{n}"] for n in range(20))
    assert split[f"{CHAIR}/c3"] == split[f"{PLANE}/c3"]
    assert "1 group of twins" in run("create", root, "-o", tmp_path / "names.csv", "--no-content")


def test_keep_holds_what_was_there(root: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    run("create", root, "-o", first, "--classes", "table", "--seed", "1")
    run("create", root, "-o", second, "--keep", first, "--workers", "1")
    kept = {entry.ref: entry for entry in read_manifest(second)}
    assert all(kept[entry.ref] == entry for entry in read_manifest(first))


def plan(root: Path, path: Path | None) -> Plan:
    return make_plan(
        FolderSource(root), load_preset("3diebench"), choose_quality("fast", None, None), synsets=SYNSETS, views=1,
        per_class=None, size=16, seed=0, sampler="counter", manifest=path,
    )  # fmt: skip


def test_render_takes_the_manifest_s_splits(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    run("create", root, "-o", path, "--seed", "7", "--no-content")
    made = plan(root, path)
    expected = {entry.ref: entry.split for entry in read_manifest(path)}
    assert {task.ref: task.split for task in made.tasks(made.chosen)} == expected
    assert made.info.models["splits"] == "hash of seed 7"
    folder = RunFolder(tmp_path / "out")
    for task in made.tasks(made.chosen):
        item = DatasetObject(task.ref, task.split, task.latents, [b"picture"])
        write_part(part_path(folder.parts, task.ref), made.info, {}, item)
    with folder.lock(made):
        assert folder.missing(made.objects) == []
    exchanged = {"train": "val", "val": "train"}
    write_manifest(path, [Entry(e.ref, exchanged[e.split], e.split_from) for e in read_manifest(path)])
    with pytest.raises(ThreeDieError, match="for another split than"), folder.lock(plan(root, path)):
        pass
    path.write_text(f"class,id\n{CHAIR},c0\n")
    assert "splits" not in plan(root, path).info.models
    assert "splits" not in plan(root, None).info.models


def test_import_of_published_lists_and_of_pairs(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    np.save(tmp_path / "val_images.npy", np.array([f"/{CHAIR}/a/", f"/{CHAIR}/b/"]))
    np.save(tmp_path / "pairs.npy", np.array([[CHAIR, "a"], [CHAIR, "b"], [TABLE, "a"], [TABLE, "z"]]))
    assert "it is unknown whether" in run("import", tmp_path, "-o", out)
    with pytest.raises(ThreeDieError, match="the clean split needs the training list too"):
        run("import", tmp_path, "-o", tmp_path / "none.csv", "--split", "clean")
    assert not (tmp_path / "none.csv").exists()
    output = run("import", tmp_path, "-o", out, "--split", "clean", "--objects", tmp_path / "pairs.npy")
    assert "official: 1 validation object also in training, under another class" in output
    assert "clean: 1 of them moved to training" in output
    assert [entry.ref for entry in read_manifest(out) if entry.split == "val"] == [ObjectRef(CHAIR, "b")]
    assert "4 objects of 2 classes" in run("import", tmp_path / "pairs.npy", "-o", out)
