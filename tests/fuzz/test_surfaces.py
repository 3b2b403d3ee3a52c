"""Surfaces of any kind are written whole or refused."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import examples
from PIL import Image

from threedie.render.models import material_writer
from threedie.render.models.importer import TURNS
from threedie.render.models.obj import read_obj
from threedie.render.models.source import ModelError
from threedie.render.models.surface import Material, Surface
from threedie.render.models.surface_files import surface_files

FEW = 0.15
"""Share of surfaces with numbers that aren't finite, of each kind of number."""


def spoiled(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    if len(values) and rng.random() < FEW:
        values[rng.integers(len(values))] = rng.choice([np.nan, np.inf, -np.inf, 1e300, -1e300])
    return values


def picture(rng: np.random.Generator) -> Image.Image | None:
    mode = rng.choice(["", "L", "LA", "RGB", "RGBA", "P", "1"])
    size = tuple(int(side) for side in rng.choice([1, 2, 7, 33], 2))
    return Image.fromarray(rng.integers(0, 256, (*size, 4), dtype=np.uint8)).convert(str(mode)) if mode else None


def surface(rng: np.random.Generator) -> Surface:
    points = spoiled(rng, rng.normal(size=(int(rng.integers(3, 20)), 3)) * rng.choice([1e-6, 1, 1e6]))
    sizes = rng.choice([3, 4, 7], int(rng.integers(0, 8))).astype(np.int64)
    corners = rng.integers(0, len(points) + int(rng.random() < FEW), int(sizes.sum()))
    colors = rng.choice([0, 0.2, 1], (len(corners), 3)) if rng.random() < 0.5 else rng.random((len(corners), 3))
    red, green, blue = rng.random(3).tolist()
    material = Material(
        (red, green, blue), float(rng.choice([0, 0.3, 1])), (blue, 0.0, red) if rng.random() < 0.5 else (0.0, 0.0, 0.0),
        picture(rng), picture(rng), bool(rng.random() < 0.5), float(rng.random()) if rng.random() < 0.5 else None,
    )  # fmt: skip
    return Surface(
        "some", points, sizes, corners, material,
        spoiled(rng, rng.normal(size=(len(corners), 2)) * 3) if rng.random() < 0.7 else None,
        spoiled(rng, rng.normal(size=(len(corners), 3))) if rng.random() < 0.5 else None,
        spoiled(rng, colors) if rng.random() < 0.6 else None,
    )  # fmt: skip


@pytest.mark.fuzz
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_any_surfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material_writer, "MAX_TEXELS", 2**13)

    @settings(
        max_examples=examples(300), deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.integers(0, 2**32))
    def attempt(seed: int) -> None:
        rng = np.random.default_rng(seed)
        surfaces = [surface(rng) for _ in range(rng.integers(1, 4))]
        try:
            files, notes = surface_files(surfaces, TURNS["z"])
        except ModelError:
            return
        obj, mtl = files["models/model_normalized.obj"], files["models/model_normalized.mtl"]
        assert len(read_obj(obj).triangles) == sum(int((each.sizes - 2).sum()) for each in surfaces)
        assert not re.search(rb"nan|inf", obj + mtl)
        assert all("\n" not in note for note in notes)
        named = set(re.findall(r"\.\./(images/\S+)", mtl.decode()))
        assert named == {name for name in files if name.startswith("images/")}
        assert set(re.findall(rb"usemtl (\S+)", obj)) == set(re.findall(rb"newmtl (\S+)", mtl))
        limits = [len(re.findall(rb"^%b " % key, obj, re.M)) for key in (b"v", b"vt", b"vn")]
        for corner in re.findall(
            rb" (\d+)(?:/(\d*))?(?:/(\d+))?(?=[ \n])", b"".join(re.findall(rb"^f.*\n", obj, re.M))
        ):
            assert all(1 <= int(word) <= limit for word, limit in zip(corner, limits, strict=True) if word)

    attempt()
