"""Generator of class 04099429, rocket."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Floats, box, cylinder, ellipsoid, extrude, joined, lathe, smooth, torus


def rocket(rng: np.random.Generator) -> Scene:
    """Toy-like rocket, staged launcher or missile, upright; its hatch is at the front."""
    scene = Scene()
    kind = pick(rng, ("toy", "launcher", "missile", "shuttle"))
    first, second = (
        mat.paint(mat.color(rng, mat.NEUTRAL[:3] + mat.SOFT), 0.5),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
    )
    dark, metal = mat.matte(mat.DARK[0]), mat.metal(rng)
    height = rng.uniform(3.4, 4.4)
    radius = {"toy": 0.62, "launcher": 0.3, "missile": 0.26, "shuttle": 0.42}[kind] * rng.uniform(0.9, 1.15)
    if kind == "toy":
        count, fin = _toy(rng, scene, first, second, dark, metal, height, radius)
    else:
        top = height * 0.8
        ogive = smooth(
            [(radius, top), (radius * 0.92, top + height * 0.07), (radius * 0.5, top + height * 0.16), (0.0, height)], 9
        )
        scene.add("body", lathe([(0, 0), (radius, 0), (radius, top), (0, top)], 24), first)
        scene.add(
            "nose",
            lathe([(0, top - 0.02), (radius * 1.01, top - 0.02), *((max(r * 1.01, 0.0), h) for r, h in ogive)], 24),
            second,
        )
        for level in rng.uniform(0.2, 0.75, int(rng.integers(1, 4))):
            scene.add(
                "band", cylinder(radius * 1.02, rng.uniform(0.06, 0.25), sides=24).at(0, level * height, 0), second
            )
        scene.add("hatch", box(radius * 0.8, 0.34, 0.08, 0.03).at(0, top * 0.9, -radius * 0.98), dark)
        scene.add("conduit", box(0.08, top * 0.7, 0.08).at(0, top * 0.45, -radius * 1.0), metal)
        scene.add(
            "nozzle",
            lathe([(0, 0.05), (radius * 0.5, 0.05), (radius * 0.8, -0.36), (radius * 0.66, -0.36), (0, -0.02)], 20),
            dark,
        )
        _boosters(rng, scene, kind, first, second, dark, height, radius)
        if kind == "shuttle":
            return _orbiter(scene, second, dark, radius)
        count, reach = int(rng.integers(3, 5)), radius * rng.uniform(1.0, 2.0)
        fin = np.array(
            [
                (radius * 0.9, height * 0.28),
                (radius + reach, height * 0.08),
                (radius + reach, -0.15),
                (radius * 0.9, 0.05),
            ]
        )
    plate = extrude(fin, 0.07, 0.02)
    # Turned so that no fin hides the front.
    scene.add("fins", joined([plate.rotated("y", 90 + 180 / count + 360 * i / count) for i in range(count)]), second)
    return scene


def _toy(
    rng: np.random.Generator,
    scene: Scene,
    first: Material,
    second: Material,
    dark: Material,
    metal: Material,
    height: float,
    radius: float,
) -> tuple[int, Floats]:
    """Bellied rocket with a porthole; gives the outline of a fin."""
    curve = smooth([(radius * 0.6, 0.0), (radius * 0.95, 0.22), (radius, 0.5), (radius * 0.66, 0.8), (0.0, 1.0)], 15)
    profile = [(0.0, 0.0), *((max(r, 0.0), h * height) for r, h in curve)]
    scene.add("body", lathe(profile, 28), first)
    tip = [(r * 1.02, h * height + 0.01) for r, h in curve[10:]]
    scene.add("tip", lathe([(0, tip[0][1]), *((max(r, 0.0), h) for r, h in tip)], 28), second)
    scene.add("band", lathe([(0, 0.2), (radius * 0.84, 0.24), (radius * 0.96, 0.6), (0, 0.6)], 28), second)
    y = height * 0.6
    x = float(np.interp(0.6, curve[:, 1], curve[:, 0]))
    scene.add("porthole", torus(0.2, 0.05, 20, 8).rotated("x", 90).at(0, y, -x + 0.02), metal)
    scene.add("pane", ellipsoid(0.19, 0.19, 0.07, 16, 8).at(0, y, -x + 0.02), mat.paint(mat.hexa("8cc4e0"), 0.8))
    scene.add(
        "nozzle",
        lathe([(0, 0.05), (radius * 0.35, 0.05), (radius * 0.55, -0.3), (radius * 0.45, -0.3), (0, -0.05)], 20),
        dark,
    )
    count, reach, drop = int(rng.integers(3, 5)), rng.uniform(0.7, 1.0), -0.5
    fin = smooth(
        [
            (radius * 0.7, 1.2),
            (radius + reach * 0.7, 0.5),
            (radius + reach, drop),
            (radius + reach * 0.55, 0.0),
            (radius * 0.6, 0.25),
        ],
        18,
        closed=True,
    )
    return count, fin


def _boosters(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    first: Material,
    second: Material,
    dark: Material,
    height: float,
    radius: float,
) -> None:
    """Boosters and their bells."""
    if kind in ("launcher", "shuttle"):
        long, thin = height * rng.uniform(0.45, 0.6), radius * rng.uniform(0.45, 0.6)
        tank = lathe([(0, -0.1), (thin, -0.1), (thin, long * 0.85), (thin * 0.6, long * 0.95), (0, long)], 18)
        bell = lathe([(0, 0.0), (thin * 0.5, 0.0), (thin * 0.8, -0.3), (0, -0.25)], 14)
        angles = (0, 180) if kind == "shuttle" or rng.random() < 0.5 else (45, 135, 225, 315)
        scene.add(
            "boosters",
            joined([tank.at(radius + thin * 0.95, 0, 0).rotated("y", a) for a in angles]),
            first if rng.random() < 0.5 else second,
        )
        scene.add("bells", joined([bell.at(radius + thin * 0.95, 0, 0).rotated("y", a) for a in angles]), dark)


def _orbiter(scene: Scene, second: Material, dark: Material, radius: float) -> Scene:
    """Winged orbiter on the side of the tank."""
    z = -radius - 0.24
    scene.add(
        "orbiter",
        lathe([(0, 0), (0.25, 0), (0.27, 1.3), (0.2, 1.65), (0.08, 1.85), (0, 1.9)], 18).at(0, 0.2, z),
        mat.paint(mat.WHITE, 0.5),
    )
    wing = extrude([(0.1, 0.0), (0.95, 0.05), (0.85, 0.35), (0.25, 1.2), (0.1, 1.4)], 0.06, 0.015)
    scene.add("wings", wing.at(0, 0.2, z + 0.1).both(), mat.paint(mat.NEUTRAL[2], 0.5))
    scene.add(
        "fin",
        extrude([(0, 0), (0.55, -0.1), (0.5, 0.2), (0.0, 0.75)], 0.06).rotated("y", 90).at(0, 0.2, z - 0.2),
        second,
    )
    scene.add("windscreen", box(0.3, 0.12, 0.1, 0.03).at(0, 1.92, z - 0.15), dark)
    return scene
