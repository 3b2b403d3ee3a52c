"""Generator of class 02958343, car."""

from dataclasses import dataclass, replace

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.vehicles import LIGHT, ROAD_WINDOW, TAIL, axles, rounded_body
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, loft, rod, rounded


@dataclass(frozen=True)
class _Build:
    """Measures of a car in meters, heights above the ground."""

    length: float
    width: float
    hood: float
    belt: float
    roof: float
    wheel: float
    cabin: tuple[float, float]
    """Where the cabin begins and ends at the belt, as shares of the length from the middle."""
    tail: float
    """Height of the tail as a share of the belt's."""
    lean: tuple[float, float]
    """By how much the roof is shorter than the cabin, in front and behind."""

    @property
    def half(self) -> float:
        """Half the length."""
        return self.length / 2

    @property
    def low(self) -> float:
        """Height of the body's lower edge."""
        return 0.24 + (0.1 if self.wheel > 0.35 else 0)

    @property
    def rear_height(self) -> float:
        """Height of the body at the tail."""
        return self.belt * self.tail

    @property
    def ends(self) -> tuple[float, float]:
        """Where the windows begin and end at the belt."""
        return self.cabin[0] * self.length, self.cabin[1] * self.length - 0.05


BUILDS = {
    "sedan": _Build(4.5, 1.78, 0.86, 0.98, 1.42, 0.32, (-0.2, 0.36), 0.98, (0.5, 0.45)),
    "hatch": _Build(3.8, 1.7, 0.88, 1.0, 1.48, 0.3, (-0.2, 0.47), 1.0, (0.45, 0.22)),
    "sport": _Build(4.3, 1.85, 0.72, 0.86, 1.2, 0.33, (-0.08, 0.36), 0.98, (0.65, 0.7)),
    "suv": _Build(4.5, 1.9, 1.05, 1.18, 1.75, 0.38, (-0.2, 0.48), 1.0, (0.4, 0.18)),
    "van": _Build(4.8, 1.95, 1.1, 1.22, 2.05, 0.34, (-0.36, 0.49), 1.0, (0.35, 0.08)),
    "pickup": _Build(5.1, 1.9, 1.05, 1.15, 1.75, 0.39, (-0.2, 0.14), 0.98, (0.4, 0.12)),
}


def car(rng: np.random.Generator) -> Scene:
    """Sedan, hatchback, SUV, sports car, van or pickup."""
    scene = Scene()
    kind = pick(rng, ("sedan", "sedan", "hatch", "sport", "suv", "van", "pickup"))
    typical = BUILDS[kind]
    build = replace(
        typical, length=typical.length * rng.uniform(0.94, 1.06), width=typical.width * rng.uniform(0.96, 1.04)
    )
    paint = mat.paint(mat.color(rng), 0.6)
    _body(scene, build, paint)
    _cabin(rng, scene, kind, build, paint)
    half, width, wheel = build.half, build.width, build.wheel
    if kind == "pickup":
        end = build.ends[1]
        scene.add(
            "bed",
            box(width * 0.82, 0.06, half - end - 0.2).at(0, build.belt * 0.99, (half + end) / 2),
            mat.matte(mat.DARK[0]),
        )
        rail = box(0.09, 0.12, half - end - 0.1, 0.02).at(width * 0.44, build.belt + 0.02, (half + end) / 2)
        scene.add("rails", rail.both(), paint)
    arch = cylinder(wheel * 1.17, 0.2, sides=22).rotated("z", 90)
    axle = half - build.length * rng.uniform(0.17, 0.2)
    scene.add(
        "arches",
        joined([arch.at(width / 2 - 0.095, wheel, z).both() for z in (-axle, axle)]),
        mat.matte(mat.hexa("25272b")),
    )
    axles(scene, [(width / 2 - 0.08, -axle), (width / 2 - 0.08, axle)], wheel, 0.21, mat.metal(rng, mat.METAL[:3]))
    _lights_and_bumpers(rng, scene, build, paint)
    _extras(rng, scene, kind, build, paint)
    return scene


def _body(scene: Scene, build: _Build, paint: Material) -> None:
    half, low, hood, belt, tail = build.half, build.low, build.hood, build.belt, build.rear_height
    stations = [
        (-half, low + 0.12, hood * 0.82, 0.82),
        (-half * 0.97, low, hood * 0.93, 0.93),
        (-half * 0.8, low, hood * 0.98, 0.99),
        (build.cabin[0] * build.length, low, belt, 1.0),
        (build.cabin[1] * build.length, low, belt, 1.0),
        (half * 0.9, low, tail, 0.98),
        (half * 0.985, low + 0.02, tail * 0.96, 0.93),
        (half, low + 0.14, tail * 0.85, 0.86),
    ]
    if build.cabin[0] * build.length < -half * 0.7:
        # A van's cabin begins where the hood would end.
        del stations[2]
    scene.add("body", rounded_body(build.width, 0.14, stations), paint)


def _cabin(rng: np.random.Generator, scene: Scene, kind: str, build: _Build, paint: Material) -> None:
    """Windows, roof and posts, for a van also side panels."""
    width, belt, roof = build.width, build.belt, build.roof
    (a, b), (lean_front, lean_rear) = build.ends, build.lean
    levels = [(belt - 0.06, a, b, 0.9), (roof - 0.06, a + lean_front, b - lean_rear, 0.74)]
    rings = []
    for y, z0, z1, share in levels:
        outline = rounded(width * share, z1 - z0, 0.12, 3)
        rings.append(np.column_stack([outline[:, 0], np.full(len(outline), y), outline[:, 1] + (z0 + z1) / 2]))
    scene.add("windows", loft(rings), ROAD_WINDOW)
    top = rings[1].mean(axis=0)
    crown = [
        (top + (rings[1] - top) * s)[:, [0, 1, 2]] + [0, y, 0] for s, y in ((1.02, -0.015), (1.02, 0.02), (0.9, 0.06))
    ]
    scene.add("roof", loft(crown), paint if rng.random() < 0.8 else mat.paint(mat.color(rng, mat.DARK), 0.5))
    posts = []
    for share in (0.0, 0.42, 1.0) if b - a > 1.2 else (0.0, 1.0):
        low_end = np.array([width * 0.45 - 0.03, belt - 0.04, a + 0.05 + share * (b - a - 0.1)])
        high_end = np.array(
            [width * 0.37 - 0.025, roof - 0.04, a + lean_front + 0.03 + share * (b - a - lean_front - lean_rear - 0.06)]
        )
        posts.append(rod(low_end, high_end, 0.05, 0.045, 6).both())
    if kind == "van":
        scene.add(
            "panel",
            box(width * 0.86, roof - belt - 0.1, (b - a) * 0.5, 0.03).at(
                0, (roof + belt) / 2 - 0.03, b - (b - a) * 0.26
            ),
            paint,
        )
    scene.add("posts", joined(posts), paint)


def _lights_and_bumpers(rng: np.random.Generator, scene: Scene, build: _Build, paint: Material) -> None:
    """Lights, grille, bumpers and mirrors."""
    width, half, low, hood, tail = build.width, build.half, build.low, build.hood, build.rear_height
    lamp = ellipsoid(0.16, 0.09, 0.08, 12, 6) if rng.random() < 0.5 else box(0.34, 0.13, 0.1, 0.03)
    scene.add("headlights", lamp.at(width * 0.33, hood * 0.74, -half * 0.985).both(), LIGHT)
    scene.add("taillights", box(0.28, 0.13, 0.06, 0.02).at(width * 0.32, tail * 0.78, half * 0.99).both(), TAIL)
    scene.add("grille", box(width * 0.4, 0.14, 0.06, 0.02).at(0, hood * 0.7, -half * 0.995), mat.paint(mat.DARK[0]))
    bumper = mat.paint(mat.DARK[1]) if rng.random() < 0.5 else mat.metal(rng)
    scene.add(
        "bumpers",
        box(width * 0.92, 0.13, 0.14, 0.05).at(0, low + 0.1, -half * 0.985)
        + box(width * 0.92, 0.13, 0.14, 0.05).at(0, low + 0.12, half * 0.985),
        bumper,
    )
    scene.add(
        "mirrors",
        box(0.16, 0.11, 0.08, 0.03).at(width / 2 + 0.03, build.belt + 0.06, build.ends[0] + 0.25).both(),
        paint,
    )


def _extras(rng: np.random.Generator, scene: Scene, kind: str, build: _Build, paint: Material) -> None:
    """Sometimes a taxi sign, a spoiler or a roof rack."""
    width, roof = build.width, build.roof
    (a, b), (lean_front, lean_rear) = build.ends, build.lean
    extra = rng.random()
    if extra < 0.15 and kind in ("sedan", "hatch"):
        scene.add("sign", box(0.5, 0.16, 0.2, 0.04).at(0, roof + 0.08, (a + b) / 2), mat.paint(mat.hexa("f4d03f")))
    elif extra < 0.3 and kind == "sport":
        scene.add(
            "spoiler",
            box(width * 0.85, 0.04, 0.26, 0.015).at(0, build.rear_height + 0.2, build.half * 0.88)
            + box(0.05, 0.24, 0.12).at(width * 0.3, build.rear_height + 0.09, build.half * 0.88).both(),
            paint,
        )
    elif extra < 0.5 and kind in ("suv", "hatch", "van"):
        scene.add(
            "rack",
            rod(
                (width * 0.33, roof + 0.07, a + lean_front + 0.2),
                (width * 0.33, roof + 0.07, b - lean_rear - 0.2),
                0.03,
            ).both(),
            mat.metal(rng),
        )
