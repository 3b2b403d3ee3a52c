"""What furniture shares: frames, upholstery, legs."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Color, Material
from threedie.render.models.synth.shapes import Mesh, box, joined, lathe, loft, rod


def frame_material(rng: np.random.Generator) -> Material:
    """What carries furniture: wood, lacquer or metal."""
    kind = rng.random()
    if kind < 0.55:
        return mat.wood(rng)
    return mat.paint(mat.color(rng)) if kind < 0.8 else mat.metal(rng)


def upholstery(rng: np.random.Generator, base: Color | None = None) -> Material:
    """What upholstery is covered with."""
    first = mat.color(rng) if base is None else base
    second = mat.mixed(first, mat.WHITE, 0.7)
    kind = rng.integers(6)
    if kind == 0:
        return mat.striped(rng, first, second, repeat=1.5)
    if kind == 1:
        return mat.tartan(rng, first, second, repeat=1.0)
    return mat.fabric(rng, first) if kind < 5 else mat.paint(first, 0.35)


def four_legs(rng: np.random.Generator, width: float, depth: float, height: float, thick: float) -> Mesh:
    """Four legs under a (width, depth) top whose underside is at `height`: square, round and splayed, or turned."""
    kind = rng.integers(4)
    splay = rng.uniform(0.0, 0.12) * height
    legs = []
    for x in (-1, 1):
        for z in (-1, 1):
            px, pz = x * (width / 2 - thick), z * (depth / 2 - thick)
            if kind == 0:
                legs.append(box(thick, height, thick, thick * 0.12).at(px, height / 2, pz))
            elif kind == 1:
                foot = (px + x * splay, 0.0, pz + z * splay)
                legs.append(rod(foot, (px, height, pz), thick * 0.32, thick * 0.6, 10))
            elif kind == 2:
                bulge = [(0.28, 0), (0.42, 0.05), (0.3, 0.12), (0.5, 0.45), (0.34, 0.7), (0.5, 0.76), (0.5, 1.0)]
                profile = [(0.0, 0.0), *((1.3 * r * thick, y * height) for r, y in bulge), (0.0, height)]
                legs.append(lathe(profile, 10).at(px, 0, pz))
            else:
                legs.append(tapered_leg(thick, height).at(px, 0, pz))
    return joined(legs)


def tapered_leg(thick: float, height: float) -> Mesh:
    """A square leg, thinner toward the floor."""
    square = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * thick / 2
    levels = [(0.55, 0.0), (1.0, height)]
    return loft([np.column_stack([s * square[:, 0], np.full(4, y), s * square[:, 1]]) for s, y in levels])
