"""What knives and guns share: flat sides, barrels, steel, grips."""

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.shapes import Mesh, extrude, lathe


def side_plate(outline: ArrayLike, thick: float, bevel: float = 0.0) -> Mesh:
    """A plate given by its outline as seen from the right, points (z, y); `thick` along X."""
    return extrude(outline, thick, bevel).rotated("y", -90)


def along_barrel(profile: ArrayLike, sides: int = 20) -> Mesh:
    """A profile of (radius, height) points turned about Z, its heights toward the front."""
    return lathe(profile, sides).rotated("x", -90)


def gun_steel(rng: np.random.Generator) -> Material:
    """Dark, bright or colored steel."""
    return mat.paint(mat.color(rng, (*mat.METAL[:3], *mat.NEUTRAL[3:], *mat.DARK[:3])), 0.6)


def grip_material(rng: np.random.Generator) -> Material:
    """What grips are made of: wood, rubber or plastic."""
    return mat.wood(rng, repeat=1.5) if rng.random() < 0.6 else mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK), 0.3)
