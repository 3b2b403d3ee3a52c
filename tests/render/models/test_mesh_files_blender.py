import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from seen import Seen

CASES = Path(__file__).parents[2] / "data" / "cases"
CHILD = Path(__file__).with_name("blender_meshes.py")


@pytest.mark.blender
def test_meshes_equal_what_blender_s_importers_make_of_them(tmp_path: Path) -> None:
    sphere = trimesh.creation.icosphere(2)
    sphere.apply_scale([1, 2, 3])
    sphere.visual.vertex_colors = np.arange(len(sphere.vertices) * 4).reshape(-1, 4) % 256
    for name in ("sphere.ply", "sphere.stl"):
        sphere.export(tmp_path / name)
    (tmp_path / "text.stl").write_text(sphere.export(file_type="stl_ascii"))
    (tmp_path / "text.ply").write_bytes(sphere.export(file_type="ply", encoding="ascii"))
    sources = [CASES / name / "m.ply" for name in ("ply_u", "ply_mixed_bin", "ply_texture_vertex")]
    sources += [tmp_path / name for name in ("sphere.ply", "sphere.stl", "text.stl", "text.ply")]
    ours = [Seen(source, tmp_path / "out").folder / "models" / "model_normalized.obj" for source in sources]
    result = tmp_path / "result.json"
    subprocess.run(
        [sys.executable, str(CHILD), str(result), *map(str, [*sources, *ours])], check=True, capture_output=True
    )
    measured = json.loads(result.read_text())
    for source, expected, made in zip(sources, measured[: len(sources)], measured[len(sources) :], strict=True):
        assert made["triangles"] == expected["triangles"], source
        np.testing.assert_allclose(made["extent"], expected["extent"], atol=1e-5)
        assert made["area"] == pytest.approx(expected["area"], rel=1e-4), source
