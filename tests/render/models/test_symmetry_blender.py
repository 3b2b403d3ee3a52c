"""An object at R and at R g, with g a rotation of its symmetry, gives one picture; other turns give another."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import symmetric_samples as samples
from model_samples import CHAIR, put

pytestmark = pytest.mark.blender

WHITE, RED = "1 1 1", "1 0 0"
MODELS = {
    "vertical": samples.box(1, 0.4, 2, {"top": WHITE, "bottom": RED}),
    "front-back": samples.box(1, 0.4, 2, {"front": WHITE, "back": RED}),
    "left-right": samples.box(1, 0.4, 2, {"left": WHITE, "right": RED}),
    "pot": samples.prism(6, 1, tip=0.5),
}
AXIS = {"vertical": "halfz", "front-back": "halfy", "left-right": "halfx", "pot": "halfz"}


def test_pictures_of_what_looks_the_same(tmp_path: Path) -> None:
    for name, (obj, mtl) in MODELS.items():
        put(tmp_path / "models", CHAIR, name, obj, mtl)
    script, out = Path(__file__).with_name("render_turned.py"), tmp_path / "out" / "pictures.npz"
    out.parent.mkdir()
    subprocess.run([sys.executable, script, tmp_path / "models", out], check=True, capture_output=True)
    pictures = {name: values.astype(float) for name, values in np.load(out).items()}
    for name in MODELS:
        own = pictures[f"{name} same0"]
        changes = {
            key.split(" ")[1]: np.abs(picture - own).mean()
            for key, picture in pictures.items()
            if name == key.split(" ")[0]
        }
        same = {key for key in changes if key.startswith("same")} | {AXIS[name]}
        assert len(same) == (7 if name == "pot" else 3)
        assert max(changes[key] for key in same) < 0.3, name
        assert min(changes[key] for key in changes.keys() - same) > 1, name
