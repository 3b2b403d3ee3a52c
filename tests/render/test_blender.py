import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from threedie.render.preset import load_preset
from threedie.render.scene import camera_matrix

MODELS = Path(__file__).parents[2] / "render" / "models" / "embedded" / "shapenet_layout"
MAILBOX = MODELS / "03710193" / "9a71f1859616e77597f98490f42bb5d8" / "models" / "model_normalized.obj"

pytestmark = pytest.mark.blender


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Any]:
    """State and pictures from a process of its own, which may crash at its exit without harm."""
    out = tmp_path_factory.mktemp("stage")
    script = Path(__file__).with_name("blender_state.py")
    done = subprocess.run([sys.executable, script, MAILBOX, out], capture_output=True, text=True, check=False)
    assert (out / "state.json").exists(), done.stderr
    return json.loads((out / "state.json").read_text()), np.load(out / "pictures.npz")


def test_camera_and_settings(stage: Any) -> None:
    state = stage[0]
    np.testing.assert_allclose(state["camera"], camera_matrix(load_preset("3diebench")), atol=1e-6)
    assert state["angle"] == pytest.approx(0.691111, abs=1e-6)
    assert state["cycles"] == {"samples": 4, "max_bounces": 3, "use_light_tree": False}
    assert state["view_transform"] == "Filmic"
    assert state["objects"] == ["camera", "floor", "spot", "sun"]


def test_object_and_spot_stand_where_the_scene_says(stage: Any) -> None:
    state = stage[0]
    np.testing.assert_allclose(state["object"], state["expected_object"], atol=1e-6)
    np.testing.assert_allclose(state["spot"], state["expected_spot"], atol=1e-6)


def test_object_is_centered_on_its_bounding_box(stage: Any) -> None:
    low, high = np.array(stage[0]["bounds"])
    np.testing.assert_allclose(low + high, 0, atol=1e-6)
    assert np.linalg.norm(high - low) == pytest.approx(1.0, abs=0.01)


def test_the_same_view_gives_the_same_pixels(stage: Any) -> None:
    pictures = stage[1]
    assert (pictures["first"] == pictures["again"]).all()
    assert (pictures["first"] == pictures["reloaded"]).all()
    assert (pictures["first"] != pictures["other"]).any()


def test_picture_shows_an_object_on_a_colored_floor(stage: Any) -> None:
    first = stage[1]["first"].astype(float)
    assert first.shape == (48, 48, 3)
    top = first[:4].mean(axis=(0, 1))
    assert top.argmax() == 0, "floor hue 0 is red"
    assert math.sqrt(((first[20:28, 20:28] - top) ** 2).mean()) > 10, "nothing stands in the middle"


def test_nothing_is_left_of_an_object(stage: Any) -> None:
    state = stage[0]
    assert state["left"] == ["camera", "floor", "spot", "sun"]
    assert state["meshes"] == 2
    assert state["images"] <= 2


def test_the_floor_rendered_apart_looks_the_same(stage: Any) -> None:
    split, whole = stage[1]["split"].astype(float), stage[1]["whole"].astype(float)
    error = split - whole
    assert 10 * math.log10(255**2 / (error**2).mean()) > 42
    blocks = error.reshape(16, 8, 16, 8, 3).mean(axis=(1, 3))
    assert abs(blocks).max() < 6, "a shadow or a border differs by levels that one sees"
