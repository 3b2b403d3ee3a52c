"""Generator of class 04460130, tower."""

import numpy as np

from threedie.render.models.synth.parts.steel_towers import lattice_tower, skyscraper, television_tower, water_tower
from threedie.render.models.synth.parts.stone_towers import castle, clock_tower, lighthouse, pagoda
from threedie.render.models.synth.scene import Scene, pick


def tower(rng: np.random.Generator) -> Scene:
    """Castle, lighthouse, lattice, skyscraper, pagoda, clock, water or television tower; its door at the front."""
    return pick(
        rng, (castle, lighthouse, lattice_tower, skyscraper, pagoda, clock_tower, water_tower, television_tower)
    )(rng)
