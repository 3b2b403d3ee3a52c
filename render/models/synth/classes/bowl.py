"""Generator of class 02880940, bowl."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vessels import glaze_material, hollow_vessel
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import Mesh, cylinder, lathe, torus


def bowl(rng: np.random.Generator) -> Scene:
    """Soup, salad or footed bowl, sometimes fluted, with a colored inside."""
    scene = Scene()
    height, steep, foot = rng.uniform(0.28, 0.6), rng.uniform(0.35, 0.75), rng.uniform(0.22, 0.42)
    angles = np.linspace(0.12, np.pi / 2, 9)
    stretch = [(foot + (1 - foot) * np.sin(a) ** steep, height * (1 - np.cos(a)) ** 0.9) for a in angles]
    wall = rng.uniform(0.03, 0.07)
    lip = rng.uniform(0.0, 0.1)
    outside = [*stretch, (1 + lip, height * 1.04)]
    body = hollow_vessel(outside, wall, stretch[0][1] + wall, 40)
    flutes = int(rng.integers(7, 13)) if rng.random() < 0.3 else 0

    def fluted(mesh: Mesh) -> Mesh:
        if not flutes:
            return mesh

        def wave(points: np.ndarray) -> np.ndarray:
            turn = np.arctan2(points[:, 2], points[:, 0])
            rise = np.clip(points[:, 1] / height, 0, 1)
            points[:, [0, 2]] *= (1 + 0.06 * rise * np.cos(flutes * turn))[:, None]
            return points

        return mesh.deformed(wave)

    surface = mat.wood(rng) if rng.random() < 0.2 else glaze_material(rng)
    scene.add("bowl", fluted(body), surface)
    inner = [(r - wall - 0.004, max(h, stretch[0][1] + wall)) for r, h in stretch[:-1]]
    lining = [
        (0, inner[0][1] + 0.02),
        *((r * 0.985, h + 0.02) for r, h in inner),
        *((r + 0.02, h) for r, h in reversed(inner)),
        (0, inner[0][1] - 0.02),
    ]
    scene.add(
        "lining", fluted(lathe(lining, 40)), mat.paint(mat.color(rng, mat.SOFT + mat.NEUTRAL[:2] + mat.BRIGHT), 0.4)
    )
    scene.add("foot", cylinder(foot * 0.95, 0.1, foot * 0.8, 28).at(0, 0.0, 0), surface)
    if rng.random() < 0.5:
        scene.add(
            "rim",
            fluted(torus(1 + lip - wall / 2, wall * 0.62, 40, 8).at(0, height * 1.04 + wall * 0.3, 0)),
            mat.paint(mat.color(rng), 0.5),
        )
    return scene
