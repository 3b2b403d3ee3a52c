import csv
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from model_samples import CHAIR, PLANE, TRIANGLE, model, pack, put

from threedie.manifests.classes import SYNSETS
from threedie.manifests.objects import ObjectRef
from threedie.manifests.official import OFFICIAL_COUNTS, compare_counts
from threedie.render.commands.models import models
from threedie.render.models.check import check_object, check_objects
from threedie.render.models.folder import FolderSource
from threedie.render.models.pool import over_all

CAR = "02958343"


def collection(root: Path) -> None:
    unit = TRIANGLE.replace("1", "0.7").replace("f 0.7", "f 1")
    for name in ("well", "well2"):
        put(root, CHAIR, name, unit)
    (root / CHAIR / "missing" / "models").mkdir(parents=True)
    (root / CHAIR / "missing" / "models" / "model_normalized.json").write_text("{}")
    (root / CHAIR / "empty" / "models").mkdir(parents=True)
    put(root, CHAIR, "nofaces", "v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    put(root, CHAIR, "infinite", unit + "v inf 0 0\nf 1 2 4\n")
    put(root, CHAIR, "flat", "v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n")
    put(root, CHAIR, "outside", unit + "f 1 2 77\n")
    put(root, CHAIR, "huge", TRIANGLE.replace("v 1", "v 1000"))
    put(root, CHAIR, "slivers", unit + "f 1 1 2\n" * 3)
    put(root, CHAIR, "nomaterial", unit, mtl=None)
    put(root, CHAIR, "notexture", unit, mtl="newmtl a\nmap_Kd gone.png\n")


FOUND = {
    "missing": ("broken", "mesh", "no model_normalized.obj"),
    "nofaces": ("broken", "mesh", "no faces"),
    "infinite": ("broken", "finite", "1 vertex with coordinates that are not finite"),
    "flat": ("broken", "area", "all faces have no area"),
    "outside": ("broken", "mesh", "a face uses a vertex that doesn't exist"),
    "huge": ("flaw", "size", "its diagonal is 1e+03"),
    "slivers": ("flaw", "area", "75% of its faces have no area"),
    "nomaterial": ("flaw", "material", "model_normalized.mtl is missing"),
    "notexture": ("flaw", "texture", "gone.png is missing"),
}


def test_command_finds_what_is_broken(tmp_path: Path) -> None:
    collection(tmp_path / "models")
    listed = tmp_path / "list.csv"
    listed.write_text(f"class,id\n{CHAIR},gone\n" + "".join(f"{CHAIR},{name}\n" for name in (*FOUND, "well")))
    report = tmp_path / "report.csv"
    arguments = ["check", str(tmp_path / "models"), "--manifest", str(listed), "-o", str(report)]
    result = CliRunner().invoke(models, arguments)
    assert result.exit_code == 1, result.output
    assert "11 objects: 5 broken, 4 with flaws" in result.output
    assert f"1 object not in the list: {CHAIR}/well2" in result.output
    assert f"left out 1 folder without a model in models/: {CHAIR}/empty" in result.output
    with report.open() as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows.pop("gone")["level"] == "absent"
    assert rows.keys() == FOUND.keys()
    for name, (level, kind, detail) in FOUND.items():
        assert (rows[name]["level"], rows[name]["kind"]) == (level, kind)
        assert detail in rows[name]["detail"]


def test_archives_are_checked_too_and_all_well_ends_with_zero(tmp_path: Path) -> None:
    archive = pack(tmp_path / "ShapeNetCore.v2.zip", model(f"ShapeNetCore.v2/{PLANE}/x"))
    result = CliRunner().invoke(models, ["check", str(archive), "-o", str(tmp_path / "report.csv")])
    assert result.exit_code == 0, result.output
    assert "1 object: 0 broken, 0 with flaws" in result.output


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    for index in range(30):
        put(tmp_path, CHAIR, f"{index:02d}", TRIANGLE if index % 3 else "v 0 0 0\n")
    source = FolderSource(tmp_path)
    refs = source.objects([CHAIR])
    assert list(check_objects(source, refs, 2)) == [check_object(source, ref) for ref in refs]


def _die(shared: None, item: int) -> None:
    os._exit(1)


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="too little memory"):
        list(over_all(_die, None, range(50), 2))


def test_counts_of_the_published_lists() -> None:
    assert tuple(OFFICIAL_COUNTS) == SYNSETS
    assert sum(OFFICIAL_COUNTS.values()) == 41_920 + 10_552
    assert compare_counts({CHAIR: 8}) == []
    whole = OFFICIAL_COUNTS | {CAR: 3533}
    assert compare_counts(whole) == ["car: 3,533, all of ShapeNetCore v2; 3DIEBench's lists leave 19 of them out"]
    assert "ShapeNetCore v2 has 19 more" in compare_counts(OFFICIAL_COUNTS)[0]
    assert compare_counts({CHAIR: 6770}) == ["chair: 6,770, 8 fewer than in 3DIEBench's lists (6,778)"]


def test_an_absent_object_of_a_list(tmp_path: Path) -> None:
    put(tmp_path, CHAIR, "a")
    assert check_object(FolderSource(tmp_path), ObjectRef(CHAIR, "b"))[0].level == "broken"
