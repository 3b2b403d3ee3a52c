"""Generator of class 02818832, bed."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.furniture import frame_material, upholstery
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cushion, extrude, joined, rod, smooth, tube


def bed(rng: np.random.Generator) -> Scene:
    """Single or double bed with bedding; its head is behind, at +Z."""
    scene = Scene()
    double = rng.random() < 0.6
    width, length = (rng.uniform(1.4, 1.8) if double else rng.uniform(0.9, 1.1)), rng.uniform(1.95, 2.1)
    seat, head = rng.uniform(0.32, 0.45), rng.uniform(0.8, 1.15)
    carrier = frame_material(rng)
    scene.add("frame", box(width + 0.08, 0.18, length + 0.06, 0.02).at(0, seat - 0.14, 0), carrier)
    post = box(0.08, seat - 0.1, 0.08).at(width / 2 - 0.02, (seat - 0.1) / 2, -length / 2 + 0.02)
    scene.add("legs", (post + post.at(z=length - 0.04)).both(), carrier)
    scene.add("mattress", box(width, 0.2, length, 0.06, 2).at(0, seat + 0.02, 0), mat.matte(mat.WHITE))
    base = mat.color(rng, mat.BRIGHT + mat.SOFT)
    cover = upholstery(rng, base)
    reach = rng.uniform(0.62, 0.74) * length
    quilt = box(width + 0.07, 0.2, reach, 0.07, 2).at(0, seat + 0.06, -length / 2 + reach / 2 - 0.03)
    scene.add("quilt", quilt, cover)
    fold = box(width + 0.08, 0.215, 0.16, 0.05).at(0, seat + 0.07, -length / 2 + reach - 0.02)
    scene.add("fold", fold, mat.matte(mat.mixed(base, mat.WHITE, 0.6)))
    pillows = (-width / 4, width / 4) if double else (0.0,)
    for x in pillows:
        pad = cushion(min(width * 0.44, 0.68), 0.17, 0.42, 3).rotated("x", -14)
        scene.add(
            "pillow",
            pad.at(x, seat + 0.2, length / 2 - 0.27),
            mat.matte(mat.color(rng, mat.NEUTRAL[:2] + mat.SOFT[:1])),
        )
    kind = pick(rng, ("panel", "arch", "bars", "padded"))
    z = length / 2 + 0.06
    if kind == "panel":
        scene.add("head", box(width + 0.14, head, 0.06, 0.02).at(0, head / 2, z), carrier)
    elif kind == "arch":
        top = smooth([(-0.5, 0.72), (-0.42, 0.86), (0, 1.0), (0.42, 0.86), (0.5, 0.72)], 17)
        outline = np.concatenate([[(0.5, 0.0), (-0.5, 0.0)], top]) * (width + 0.12, head)
        scene.add("head", extrude(outline, 0.06, 0.01).at(0, 0, z), carrier)
    elif kind == "padded":
        scene.add("head", cushion(width + 0.1, 0.16, head * 0.8, 7).rotated("x", 90).at(0, head * 0.62, z), cover)
    else:
        bars = [rod((x, 0.1, z), (x, head * 0.93, z), 0.014, sides=6) for x in np.linspace(-0.45, 0.45, 9) * width]
        rim = tube(
            [(-width / 2, 0, z), (-width / 2, head * 0.95, z), (width / 2, head * 0.95, z), (width / 2, 0, z)], 0.024
        )
        scene.add("head", joined(bars) + rim, carrier)
    if rng.random() < 0.45:
        scene.add(
            "foot", box(width + 0.14, seat + 0.2, 0.05, 0.015).at(0, (seat + 0.2) / 2, -length / 2 - 0.07), carrier
        )
    return scene
