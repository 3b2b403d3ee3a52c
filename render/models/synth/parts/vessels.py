"""What vessels share: hollow walls, glazes, printed labels."""

from collections.abc import Sequence

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Canvas, Material
from threedie.render.models.synth.shapes import Mesh, lathe


def hollow_vessel(outside: Sequence[tuple[float, float]], wall: float, floor: float, sides: int = 32) -> Mesh:
    """A vessel with an open top: a profile of (radius, height) from the foot's rim up, and a wall of even thickness."""
    inside = [(max(radius - wall, 0.005), max(height, floor)) for radius, height in reversed(outside)]
    rim = (outside[-1][0] - wall / 2, outside[-1][1] + wall * 0.5)
    return lathe([(0.0, outside[0][1]), *outside, rim, *inside, (0.0, floor)], sides)


def glaze_material(rng: np.random.Generator) -> Material:
    """The surface of a pot: plain, striped, dotted or checked."""
    first = mat.color(rng)
    second = mat.mixed(first, mat.WHITE, 0.75) if rng.random() < 0.6 else mat.color(rng)
    kind = rng.integers(6)
    if kind == 0:
        return mat.striped(rng, first, second, upright=False).mapped("wrap", 2)
    if kind == 1:
        return mat.dotted(first, second).mapped("wrap", 4)
    if kind == 2:
        return mat.striped(rng, first, second).mapped("wrap", 5)
    return mat.paint(first, 0.4)


def printed_label(rng: np.random.Generator, ground: mat.Color) -> Material:
    """A printed label to go around: bands, a badge and lines of writing, twice around."""
    canvas = Canvas(64, 96, ground)
    ink, second = mat.color(rng, mat.BRIGHT), mat.color(rng, mat.DARK)
    canvas.rect(0, 0, 1, 0.1, ink)
    canvas.rect(0, 0.9, 1, 1, ink)
    if rng.random() < 0.5:
        canvas.disc(0.5, 0.42, 0.25, ink)
        canvas.disc(0.5, 0.42, 0.15, ground)
    else:
        canvas.rect(0.22, 0.22, 0.78, 0.52, ink)
        canvas.rect(0.3, 0.33, 0.7, 0.42, ground)
    for row in (0.7, 0.8):
        canvas.rect(0.3, row, rng.uniform(0.55, 0.8), row + 0.045, second)
    return mat.drawn(canvas.done(), "wrap").mapped("wrap", 2)
