"""What vehicles share: windows, lights, wheels, bodies."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import Mesh, cylinder, joined, lathe, loft, rounded

CRAFT_WINDOW = mat.paint(mat.hexa("4a6076"), 0.7)
TIRE = mat.matte(mat.hexa("33353a"))
ROAD_WINDOW = mat.paint(mat.hexa("4d6377"), 0.7)
LIGHT, TAIL = mat.paint(mat.hexa("fbf3cf"), 0.6), mat.paint(mat.hexa("c8322b"), 0.5)


def wheel_and_hub(radius: float, width: float, sides: int) -> tuple[Mesh, Mesh]:
    """Tire and hub about the X axis."""
    tire = [
        (0, -width / 2),
        (radius * 0.86, -width / 2),
        (radius, -width * 0.3),
        (radius, width * 0.3),
        (radius * 0.86, width / 2),
        (0, width / 2),
    ]
    hub = cylinder(radius * 0.58, width * 1.08, sides=sides, bevel=width * 0.06)
    return lathe(tire, sides).rotated("z", 90), hub.rotated("z", 90)


def axles(
    scene: Scene, places: Iterable[tuple[float, float]], radius: float, width: float, hub: Material, sides: int = 18
) -> None:
    """Pairs of wheels, standing at height 0, for each (half track, z)."""
    tire, cap = wheel_and_hub(radius, width, sides)
    spots = list(places)
    scene.add("tyres", joined([tire.at(x, radius, z).both() for x, z in spots]), TIRE)
    scene.add("hubs", joined([cap.at(x, radius, z).both() for x, z in spots]), hub)


def rounded_body(width: float, corner: float, stations: ArrayLike) -> Mesh:
    """A hull from front to back through (z, low, high, width share), its cross-sections round-cornered rectangles."""
    rings = []
    for z, low, high, share in np.asarray(stations, float):
        outline = rounded(width * share, high - low, min(corner, 0.45 * (high - low)), 3)
        rings.append(np.column_stack([outline[:, 0], outline[:, 1] + (low + high) / 2, np.full(len(outline), z)]))
    return loft(rings)
