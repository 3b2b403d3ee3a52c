"""Generator of class 02828884, bench."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, joined, rod, rounded, smooth, sweep, tube


def bench(rng: np.random.Generator) -> Scene:
    """Park bench of slats with or without a back, or a solid plank bench."""
    scene = Scene()
    width, depth, seat = rng.uniform(1.1, 1.9), rng.uniform(0.36, 0.48), rng.uniform(0.42, 0.48)
    slats = mat.wood(rng) if rng.random() < 0.7 else mat.paint(mat.color(rng))
    carrier = pick(rng, (mat.paint(mat.color(rng, mat.DARK)), mat.metal(rng), mat.wood(rng), mat.matte(mat.NEUTRAL[3])))
    count, has_back = int(rng.integers(3, 7)), rng.random() < 0.7
    pitch = depth / count
    for z in (np.arange(count) - (count - 1) / 2) * pitch:
        scene.add("slat", box(width, 0.03, pitch * 0.78, 0.006).at(0, seat, z), slats)
    if has_back:
        rise, lean = rng.uniform(0.35, 0.48), rng.uniform(8, 18)
        rows = int(rng.integers(2, 5))
        boards = [box(width, rise * 0.7 / rows, 0.028, 0.006).at(0, rise * h, 0) for h in np.linspace(0.4, 0.9, rows)]
        scene.add("back", joined(boards).rotated("x", lean).at(0, seat, depth / 2 + 0.01), slats)
        post = box(0.05, rise + 0.05, 0.03).at(width * 0.42, rise / 2 - 0.02, 0.03)
        scene.add("posts", post.both().rotated("x", lean).at(0, seat, depth / 2 + 0.01), carrier)
    kind = pick(rng, ("frame", "block", "bow"))
    x = width * 0.42
    if kind == "block":
        scene.add("legs", box(0.12, seat - 0.01, depth * 0.9, 0.015).at(x, (seat - 0.01) / 2, 0).both(), carrier)
    elif kind == "frame":
        side = rod((x, 0, -depth * 0.48), (x, seat - 0.01, -depth * 0.42), 0.024, sides=6)
        side += rod((x, 0, depth * 0.52), (x, seat - 0.01, depth * 0.42), 0.024, sides=6)
        scene.add("legs", (side + box(0.045, 0.04, depth * 0.95).at(x, seat - 0.03, 0)).both(), carrier)
    else:
        arch = smooth(
            [
                (x, 0, -depth * 0.55),
                (x, seat * 0.7, -depth * 0.4),
                (x, seat - 0.03, 0),
                (x, seat * 0.7, depth * 0.4),
                (x, 0, depth * 0.55),
            ],
            14,
        )
        scene.add("legs", tube(arch, 0.025).both(), carrier)
    if has_back and rng.random() < 0.6:
        path = smooth(
            [
                (x, seat, -depth * 0.45),
                (x, seat + 0.2, -depth * 0.5),
                (x, seat + 0.23, -depth * 0.2),
                (x, seat + 0.22, depth * 0.62),
            ],
            12,
        )
        scene.add("arms", sweep(rounded(0.05, 0.03, 0.01, 2), path).both(), carrier)
    return scene
