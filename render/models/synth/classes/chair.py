"""Generator of class 03001627, chair."""

from dataclasses import dataclass

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.furniture import four_legs, frame_material, upholstery
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    Mesh,
    box,
    cushion,
    cylinder,
    extrude,
    joined,
    loft,
    rod,
    rounded,
    tube,
)


def chair(rng: np.random.Generator) -> Scene:
    """Dining, lounge, cantilever or office chair; its back is behind, at +Z."""
    scene = Scene()
    width, depth = rng.uniform(0.42, 0.56), rng.uniform(0.42, 0.52)
    seat, back = rng.uniform(0.42, 0.5), rng.uniform(0.38, 0.68)
    thick = rng.uniform(0.03, 0.045)
    carrier, lean = frame_material(rng), rng.uniform(4, 14)
    style = pick(rng, ("four", "four", "four", "office", "cantilever"))
    cover = upholstery(rng)
    padded = style == "office" or rng.random() < 0.6
    if padded:
        scene.add("seat", cushion(width, 0.1, depth, rng.uniform(4, 9)).at(0, seat, 0), cover)
    else:
        plate = extrude(rounded(width, depth, rng.uniform(0.02, 0.12)), 0.035, 0.008).rotated("x", 90)
        scene.add("seat", plate.at(0, seat, 0), carrier)
    under = seat - (0.035 if padded else 0.01)
    if style == "four":
        legs = four_legs(rng, width, depth, under, thick)
        if rng.random() < 0.5:
            side = box(thick * 0.5, thick * 0.6, depth - thick * 2).at(width / 2 - thick, seat * 0.4, 0)
            legs += side.both()
        scene.add("legs", legs, carrier)
    elif style == "office":
        metal = mat.metal(rng)
        scene.add("column", cylinder(0.028, seat - 0.1).at(0, seat / 2 + 0.02, 0), metal)
        spokes = [rod((0, 0.12, 0), (0.26 * np.cos(a), 0.07, 0.26 * np.sin(a)), 0.025, 0.017) for a in _star(5)]
        casters = [
            cylinder(0.035, 0.03)
            .rotated("z", 90)
            .rotated("y", -np.degrees(a))
            .at(0.26 * np.cos(a), 0.035, 0.26 * np.sin(a))
            for a in _star(5)
        ]
        scene.add("star", joined(spokes), metal)
        scene.add("castors", joined(casters), mat.matte(mat.DARK[0]))
    else:
        bow = [
            (0, seat + 0.1, depth / 2),
            (0, seat - 0.04, depth / 2 - 0.02),
            (0, seat - 0.05, -depth / 2 + 0.03),
            (0, seat - 0.12, -depth / 2),
            (0, 0.04, -depth / 2),
            (0, 0.015, -depth / 2 + 0.06),
            (0, 0.015, depth / 2),
        ]
        path = np.add(bow, (width / 2 - 0.015, 0, 0))
        scene.add("legs", tube(path, 0.014).both(), mat.metal(rng))
        scene.add(
            "crossbar",
            rod((-width / 2, 0.015, depth / 2 - 0.01), (width / 2, 0.015, depth / 2 - 0.01), 0.013),
            mat.metal(rng),
        )
    _chair_back(rng, scene, _Back(width, back, thick, lean, seat, depth / 2 - thick), carrier, cover, padded)
    if rng.random() < 0.35:
        rise = rng.uniform(0.18, 0.25)
        rest = box(0.045, 0.03, depth * 0.85, 0.01).at(width / 2 + 0.03, seat + rise, 0)
        post = rod((width / 2 - 0.02, seat - 0.01, -depth * 0.3), (width / 2 + 0.03, seat + rise, -depth * 0.36), 0.013)
        rear = rod((width / 2 - 0.02, seat - 0.01, depth * 0.38), (width / 2 + 0.03, seat + rise, depth * 0.38), 0.013)
        scene.add("arms", (rest + post + rear).both(), carrier)
    return scene


def _star(count: int) -> Floats:
    return np.pi / 2 + np.arange(count) * 2 * np.pi / count


@dataclass(frozen=True)
class _Back:
    """Measures of a back.

    Attributes:
        width: of the seat.
        height: above the seat.
        thick: thickness of its posts.
        lean: backward, in degrees.
        seat: height of the seat, where the back begins.
        z: where it begins.
    """

    width: float
    height: float
    thick: float
    lean: float
    seat: float
    z: float


def _chair_back(
    rng: np.random.Generator, scene: Scene, measures: _Back, carrier: Material, cover: Material, padded: bool
) -> None:
    """Back of pad, slats, rungs or a shell, with its posts."""
    width, back, thick = measures.width, measures.height, measures.thick

    def leant(mesh: Mesh) -> Mesh:
        return mesh.rotated("x", measures.lean).at(0, measures.seat, measures.z)

    kind = pick(rng, ("pad", "slats", "ladder", "shell") if padded else ("slats", "ladder", "shell"))
    if kind == "shell":
        plate = _shell(width * 0.5, back * 0.32, rng.uniform(2.4, 5))
        scene.add("back", leant(plate.at(0, back * 0.68, thick)), carrier if rng.random() < 0.5 else cover)
        posts = rod((width * 0.28, -0.02, thick), (width * 0.28, back * 0.6, thick * 1.1), thick * 0.35)
        scene.add("posts", leant(posts.both()), carrier)
        return
    posts = box(thick, back, thick, thick * 0.15).at(width / 2 - thick / 2, back / 2 - 0.03, 0)
    scene.add("posts", leant(posts.both()), carrier)
    inner = width - thick * 1.5
    if kind == "pad":
        pad = cushion(width * 0.98, 0.09, back * 0.72, 5).rotated("x", 90)
        scene.add("back", leant(pad.at(0, back * 0.62, -0.01)), cover)
        return
    rail = box(inner, back * 0.14, thick * 0.6, 0.005)
    if kind == "ladder":
        count = int(rng.integers(2, 5))
        rails = [rail.at(0, back * h, 0) for h in np.linspace(0.35, 0.86, count)]
        scene.add("back", leant(joined(rails)), carrier)
        return
    count = int(rng.integers(3, 7))
    bars = [
        box(inner * 0.45 / count, back * 0.62, thick * 0.4).at(x, back * 0.5, 0)
        for x in np.linspace(-0.4, 0.4, count) * inner
    ]
    scene.add("back", leant(joined(bars)), carrier)
    scene.add("rails", leant(rail.at(0, back * 0.87, 0) + rail.scaled(y=0.6).at(0, back * 0.22, 0)), carrier)


def _shell(half_width: float, half_height: float, power: float) -> Mesh:
    """A rounded plate in X and Y that curves toward the front at its sides."""
    rings = []
    for share in np.sin(np.linspace(-np.pi / 2, np.pi / 2, 17)):
        x, z = half_width * share, -1.6 * (half_width * share) ** 2
        y = max(half_height * (1 - abs(share) ** power) ** (1 / power), 0.004)
        rings.append([(x, -y, z - 0.015), (x, y, z - 0.015), (x, y, z + 0.015), (x, -y, z + 0.015)])
    return loft(rings)
