"""Generator of class 03938244, pillow."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Floats, cushion, cylinder, loft, rod, torus, tube


def pillow(rng: np.random.Generator) -> Scene:
    """Square, oblong, round or rolled cushion standing up, its face to the front."""
    scene = Scene()
    kind = pick(rng, ("square", "oblong", "square", "round", "roll"))
    first = mat.color(rng, mat.BRIGHT + mat.SOFT)
    second = mat.mixed(first, mat.WHITE, 0.75) if rng.random() < 0.6 else mat.color(rng)
    cover = pick(
        rng,
        (
            mat.striped(rng, first, second, 0.7),
            mat.tartan(rng, first, second, 0.6),
            mat.checked(first, second, 0.5),
            mat.dotted(first, second, 0.8),
            mat.fabric(rng, first, 2.0),
        ),
    )
    trim = mat.matte(mat.shade(second, 0.8))
    if kind == "roll":
        length, radius = rng.uniform(0.5, 0.8), rng.uniform(0.1, 0.14)
        body = cylinder(radius, length, sides=24, bevel=radius * 0.15).rotated("z", 90)
        scene.add("roll", body, cover)
        scene.add("piping", (torus(radius * 0.95, 0.012).rotated("z", 90).at(length / 2 - radius * 0.1)).both(), trim)
        scene.add("tufts", cylinder(radius * 0.2, 0.03, sides=12).rotated("z", 90).at(length / 2).both(), trim)
        return scene
    width = 0.5 * (rng.uniform(1.3, 1.6) if kind == "oblong" else 1.0)
    puff = rng.uniform(0.16, 0.24)
    if kind == "round":
        body = cushion(0.5, puff, 0.5, 2.2, 32).rotated("x", 90)
        scene.add("pillow", body, cover)
        scene.add("piping", torus(0.248, 0.011, 32, 8).rotated("x", 90), trim)
        scene.add("button", cylinder(0.035, 0.02, sides=14, bevel=0.005).rotated("x", 90).at(0, 0, -puff / 2), trim)
        return scene
    outline = _pinched(width, 0.5)
    rings = []
    for turn in np.linspace(-np.pi / 2, np.pi / 2, 13):
        z, share = np.sin(turn), np.abs(np.cos(turn)) ** 0.55 if abs(turn) < 1.57 else 0.0
        # Corners of a stuffed bag stay flat: what is far out along the diagonal gets less of the height.
        ring = outline * share
        flat = (2 * ring[:, 0] / width) ** 2 * (2 * ring[:, 1] / 0.5) ** 2
        rings.append(np.column_stack([ring, np.sign(z) * np.abs(z) ** 1.3 * puff / 2 * (1 - 0.6 * flat)]))
    scene.add("pillow", loft(rings), cover)
    edge = np.column_stack([outline, np.zeros(len(outline))])
    if rng.random() < 0.7:
        scene.add("piping", tube(edge, 0.009, 6, closed=True), trim)
    if rng.random() < 0.35:
        for index in np.flatnonzero(
            np.abs(outline[:, 0] * outline[:, 1]) > 0.94 * np.abs(outline[:, 0] * outline[:, 1]).max()
        ):
            x, y = outline[index]
            scene.add("tassel", rod((x, y, 0), (x * 1.14, y * 1.16, 0), 0.008, 0.022), trim)
    return scene


def _pinched(width: float, height: float, count: int = 12) -> Floats:
    """A rectangle with sides drawn in and pointed corners, (4 count, 2)."""
    steps = np.linspace(-1, 1, count, endpoint=False)
    dent = 1 - 0.1 * (1 - steps**4)
    sides = [
        np.column_stack([dent, steps]),
        np.column_stack([-steps, dent]),
        np.column_stack([-dent, -steps]),
        np.column_stack([steps, -dent]),
    ]
    return np.concatenate(sides) * (width / 2, height / 2)
