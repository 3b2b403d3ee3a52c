import multiprocessing
import pickle
from pathlib import Path

import pytest

from threedie.manifests.classes import SYNSETS
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.models import embedded_source
from threedie.render.models.embedded_source import SHIPPED, EmbeddedSource, available_classes
from threedie.render.models.folder import FolderSource
from threedie.render.models.inspect import inspect_mesh
from threedie.render.models.source import ModelError
from threedie.render.models.synth import library

CHAIR = "03001627"
THONET = ObjectRef(CHAIR, "4643a5d63173a946691246c2603874b9")


def test_shipped_models_come_first_and_count(tmp_path: Path) -> None:
    source = EmbeddedSource(tmp_path, per_class=3)
    refs = source.objects([CHAIR, "02880940"])
    assert [str(ref) for ref in refs] == [
        "02880940/synth-0-00000",
        "02880940/synth-0-00001",
        "02880940/synth-0-00002",
        str(THONET),
        "03001627/synth-0-00000",
        "03001627/synth-0-00001",
    ]
    assert source.objects([CHAIR], per_class=1) == [THONET]
    assert len(EmbeddedSource(tmp_path).objects(SYNSETS)) == 8 * len(library.GENERATORS) + sum(
        len(list((SHIPPED / synset).iterdir())) for synset in available_classes() if synset not in library.GENERATORS
    )


def test_every_shipped_model_is_usable(tmp_path: Path) -> None:
    shipped = FolderSource(SHIPPED)
    refs = shipped.objects(SYNSETS)
    assert len(refs) == 7
    source = pickle.loads(pickle.dumps(EmbeddedSource(tmp_path)))
    for ref in refs:
        assert inspect_mesh(ref, source.mesh_file(ref)) == []
        assert ref.object_id in (SHIPPED.parent / "LICENSES.md").read_text()


def test_made_up_models_are_cached(tmp_path: Path) -> None:
    source = EmbeddedSource(tmp_path, seed=3, per_class=2)
    ref = source.objects([CHAIR])[1]
    path = source.mesh_file(ref)
    assert str(ref) == "03001627/synth-3-00000"
    assert inspect_mesh(ref, path) == []
    changed = path.stat().st_mtime_ns
    assert source.mesh_file(ref) == path
    assert path.stat().st_mtime_ns == changed
    assert source.describe() == {"kind": "embedded", "seed": 3, "version": library.VERSION}
    assert not [name for name in tmp_path.rglob("*") if name.name.startswith(".tmp-")]


def _ask(cache: Path) -> bytes:
    return EmbeddedSource(cache).mesh_file(library.object_ref(0, CHAIR, 5)).read_bytes()


def test_several_processes_may_ask_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        contents = pool.map(_ask, [tmp_path] * 9, chunksize=1)
    assert len(set(contents)) == 1


@pytest.mark.parametrize("name", ["nonsense", "synth-00-00001", "synth-0-1", "synth-0-000001"])
def test_unknown_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="not an embedded model"):
        EmbeddedSource(tmp_path).mesh_file(ObjectRef(CHAIR, name))


def test_class_that_is_not_on_offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "GENERATORS", {CHAIR: library.GENERATORS[CHAIR]})
    monkeypatch.setattr(embedded_source, "SHIPPED", tmp_path / "none")
    source = EmbeddedSource(tmp_path)
    assert {ref.synset for ref in source.objects(SYNSETS)} == {CHAIR}
    with pytest.raises(ThreeDieError, match="no embedded model for bowl; there are models of chair"):
        source.objects(["02880940"])
    with pytest.raises(ThreeDieError, match="a seed is 0 or more"):
        EmbeddedSource(tmp_path, seed=-1)
