"""What containers and shelves share."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.shapes import Floats


def board_material(rng: np.random.Generator) -> Material:
    """What shelves and cabinets are made of: wood or paint."""
    return mat.wood(rng) if rng.random() < 0.6 else mat.paint(mat.color(rng), 0.3)


def level_ring(outline: Floats, height: float) -> Floats:
    """An outline (points, 2) laid level: a ring for a loft upward."""
    return np.column_stack([outline[:, 0], np.full(len(outline), height), outline[:, 1]])
