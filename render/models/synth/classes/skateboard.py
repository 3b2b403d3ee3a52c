"""Generator of class 04225987, skateboard."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Floats, Mesh, box, cylinder, joined, loft, rod, rounded, smooth


def skateboard(rng: np.random.Generator) -> Scene:
    """Board with raised ends on two trucks; the nose is at the front."""
    scene = Scene()
    length, width = rng.uniform(0.74, 1.0), rng.uniform(0.2, 0.26)
    kind = pick(rng, ("street", "street", "long", "fish"))
    if kind == "long":
        length *= 1.25
    kick = rng.uniform(0.05, 0.09) * (0.3 if kind == "long" else 1.0)
    if kind == "fish":
        side = smooth([(0.0, 0.5), (0.26, 0.47), (0.46, 0.3), (0.5, 0.05), (0.44, -0.3), (0.3, -0.5)], 14)
        outline = np.concatenate([side, side[::-1][:-1] * (-1, 1)]) * (width, -length)
    else:
        outline = rounded(width, length, width * (0.49 if kind == "street" else 0.3), 7)
    # Sliced across, so that it can be bent.
    stations = np.linspace(-length / 2, length / 2, 21)
    flat = np.concatenate([outline, outline[:1]])
    widths = np.array([_half_width(flat, z * 0.995) for z in stations])

    def rise(z: float) -> float:
        over = max(abs(z) - length * 0.33, 0.0) / (length * 0.17)
        return kick * over**1.6 * (1.0 if z < 0 or kind != "fish" else 1.3)

    def deck(low: float, high: float, share: float) -> Mesh:
        rings = []
        for z, half in zip(stations, widths, strict=True):
            w, y = max(half * share, 0.004), rise(z)
            rings.append([(-w, y + low, z), (w, y + low, z), (w, y + high, z), (-w, y + high, z)])
        return loft(rings)

    print_ = pick(
        rng,
        (
            mat.striped(rng, mat.color(rng, mat.BRIGHT), mat.color(rng, mat.BRIGHT), 1.0),
            mat.checked(mat.color(rng, mat.BRIGHT), mat.WHITE, 1.0),
            mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
            mat.wood(rng),
        ),
    )
    scene.add("deck", deck(0.0, 0.018, 1.0), print_)
    grip = mat.matte(mat.hexa(pick(rng, ("4a4d52", "5a5560", "3f5a66", "6b4f4a", "c8b59a"))))
    scene.add("grip", deck(0.016, 0.021, 0.95), grip)
    canvas = mat.paint(mat.color(rng, mat.BRIGHT), 0.4)
    # A band across the nose tells it from the tail.
    band = box(width * 0.88, 0.006, length * 0.045).at(0, 0.021 + rise(-length * 0.3), -length * 0.3)
    scene.add("band", band, canvas)
    metal = mat.metal(rng)
    wheel, track = rng.uniform(0.026, 0.036) * (1.25 if kind == "long" else 1.0), width * 0.42
    for z in (-length * 0.29, length * 0.29):
        scene.add(
            "truck",
            rod((-track, -0.055, z), (track, -0.055, z), 0.011)
            + cylinder(0.02, 0.06, 0.034, 10).at(0, -0.028, z)
            + box(0.09, 0.012, 0.11, 0.003).at(0, -0.004, z),
            metal,
        )
    roller = cylinder(wheel, 0.036, sides=18, bevel=0.008).rotated("z", 90)
    hub = cylinder(wheel * 0.45, 0.042, sides=12).rotated("z", 90)
    spots = [(-length * 0.29), length * 0.29]
    scene.add(
        "wheels",
        joined([roller.at(track, -0.055, z).both() for z in spots]),
        mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.4),
    )
    scene.add("bearings", joined([hub.at(track, -0.055, z).both() for z in spots]), metal)
    return scene


def _half_width(outline: Floats, z: float) -> float:
    """Half the width at length z of a closed outline (points, 2) that is symmetric left to right."""
    low, high = outline[:-1], outline[1:]
    crossing = (low[:, 1] - z) * (high[:, 1] - z) < 0
    share = (z - low[crossing, 1]) / (high[crossing, 1] - low[crossing, 1])
    return float(np.abs(low[crossing, 0] + share * (high[crossing, 0] - low[crossing, 0])).max(initial=0.0))
