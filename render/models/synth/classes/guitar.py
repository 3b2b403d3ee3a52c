"""Generator of class 03467517, guitar."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Floats, Mesh, box, cylinder, ellipsoid, extrude, joined, rod, smooth


def _mirrored(side: list[tuple[float, float]], count: int) -> Floats:
    """A smooth outline from the points of its one half, from the top's middle down to the bottom's middle."""
    other = [(-x, y) for x, y in side[-2:0:-1]]
    return smooth(side + other, count, closed=True)


_ELECTRIC = ("strat", "vee", "single")
_BRIDGE = -0.45
"""Height of the bridge, in halves of the body's height from its middle."""


def guitar(rng: np.random.Generator) -> Scene:
    """Classical, steel-string or electric guitar, bass or ukulele, its neck up and its strings to the front."""
    scene = Scene()
    kind = pick(rng, ("classic", "classic", "strat", "vee", "single", "ukulele"))
    electric = kind in _ELECTRIC
    neck_wood, metal = mat.wood(rng, repeat=2), mat.metal(rng)
    dark_wood = mat.paint(mat.hexa(pick(rng, ("5d4030", "6f4a35", "7b5a44"))), 0.2)
    width = rng.uniform(0.68, 0.8)
    tall = {"classic": 0.92, "ukulele": 0.8, "strat": 0.86, "single": 0.8, "vee": 0.8}[kind] * rng.uniform(0.95, 1.05)
    depth = rng.uniform(0.09, 0.12) if electric else rng.uniform(0.18, 0.25)
    w, h = width / 2, tall / 2
    outline = _outline(kind, w, h)
    finish = mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK[2:4] + mat.NEUTRAL[:1]), 0.6)
    side: Material = finish if electric else dark_wood
    scene.add("body", extrude(outline, depth, 0.02), side)
    front = -depth / 2
    low = h * _BRIDGE
    if electric:
        _electric_top(rng, scene, kind, metal, w, h, outline, front)
    else:
        _acoustic_top(rng, scene, dark_wood, h, outline, finish, front, low)
    base = h * (0.35 if electric else 0.32)
    neck = {"ukulele": 0.72, "classic": 1.0}.get(kind, 1.1) * rng.uniform(0.95, 1.08)
    nut = h + neck * 0.62
    slim = 0.1
    plane = front - 0.03
    scene.add("neck", box(slim, nut - h * 0.7, 0.06, 0.02).at(0, (nut + h * 0.7) / 2, front + 0.018), neck_wood)
    scene.add("fretboard", box(slim * 1.02, nut - base, 0.022).at(0, (nut + base) / 2, plane + 0.008), dark_wood)
    frets = [nut - (nut - low) * (1 - 2 ** (-i / 12)) for i in range(1, 15)]
    scene.add(
        "frets",
        joined([box(slim * 1.04, 0.008, 0.012).at(0, y, plane - 0.003) for y in frets if y > base]),
        mat.paint(mat.METAL[0], 0.6),
    )
    dots = [(frets[i - 1] + frets[i - 2]) / 2 for i in (3, 5, 7, 9, 12) if frets[i - 1] > base]
    scene.add(
        "dots",
        joined([cylinder(0.013, 0.012, sides=10).rotated("x", 90).at(0, y, plane - 0.001) for y in dots]),
        mat.matte(mat.WHITE),
    )
    scene.add("nut", box(slim * 1.05, 0.014, 0.03).at(0, nut, plane), mat.matte(mat.WHITE))
    head_long = _head(rng, scene, kind, neck_wood, metal, finish, front, nut)
    lines = 4 if kind == "ukulele" else 6
    strings = [
        rod((x, low, front - 0.042), (x * 0.85, nut, plane - 0.014), 0.0045, sides=4)
        for x in np.linspace(-0.04, 0.04, lines)
    ]
    ends = [
        rod(
            (x * 0.85, nut, plane - 0.014),
            (x * 1.2, nut + head_long * (0.25 + 0.55 * (1 - abs(x) / 0.04)), front - 0.01 + head_long * 0.1),
            0.0045,
            sides=4,
        )
        for x in np.linspace(-0.04, 0.04, lines)
    ]
    scene.add("strings", joined(strings + ends), mat.paint(mat.hexa("e4e2d8"), 0.8))
    scene.add(
        "strap pins", ellipsoid(0.022, 0.022, 0.022, 8, 6).at(0, -h * (1.0 if kind != "vee" else 0.32) - 0.01, 0), metal
    )
    return scene


def _outline(kind: str, w: float, h: float) -> Floats:
    """Outline (points, 2) of the body."""
    if kind == "vee":
        outline = np.array(
            [
                (0.12, h),
                (0.2, h * 0.8),
                (w * 1.15, -h * 1.0),
                (w * 0.72, -h * 1.08),
                (0.0, -h * 0.3),
                (-w * 0.72, -h * 1.08),
                (-w * 1.15, -h * 1.0),
                (-0.2, h * 0.8),
                (-0.12, h),
            ]
        )
    elif kind == "strat":
        outline = smooth(
            [
                (0.09, h * 0.62),
                (w * 0.72, h * 1.12),
                (w * 0.82, h * 0.7),
                (w * 0.66, 0.02),
                (w, -h * 0.55),
                (w * 0.6, -h),
                (-w * 0.45, -h * 1.02),
                (-w * 0.98, -h * 0.6),
                (-w * 0.68, -0.02),
                (-w * 0.8, h * 0.52),
                (-w * 0.62, h * 0.92),
                (-0.09, h * 0.5),
            ],
            44,
            closed=True,
        )
    elif kind == "single":
        outline = smooth(
            [
                (0.08, h * 0.9),
                (w * 0.62, h * 0.98),
                (w * 0.76, h * 0.5),
                (w * 0.62, 0.04),
                (w, -h * 0.5),
                (w * 0.6, -h * 0.98),
                (0, -h * 1.04),
                (-w * 0.6, -h * 0.98),
                (-w, -h * 0.5),
                (-w * 0.62, 0.04),
                (-w * 0.68, h * 0.42),
                (-w * 0.5, h * 0.72),
                (-0.12, h * 0.52),
            ],
            46,
            closed=True,
        )
    else:
        outline = _mirrored(
            [
                (0, h),
                (w * 0.5, h * 0.95),
                (w * 0.74, h * 0.52),
                (w * 0.58, h * 0.08),
                (w * 0.86, -h * 0.24),
                (w, -h * 0.62),
                (w * 0.6, -h * 0.97),
                (0, -h),
            ],
            44,
        )
    return outline


def _electric_top(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    metal: Material,
    w: float,
    h: float,
    outline: Floats,
    front: float,
) -> None:
    """Pick guard, pickups, knobs and bridge."""
    low = h * _BRIDGE
    guard = outline * (0.62, 0.62) + (0.0, -h * 0.1)
    scene.add(
        "pick guard",
        extrude(guard, 0.014).at(0, 0, front - 0.004),
        mat.paint(mat.color(rng, mat.NEUTRAL[:2] + mat.DARK[:1] + mat.BRIGHT[:3]), 0.4),
    )
    pickups = [
        box(0.16, 0.055, 0.03, 0.01).at(0, y, front - 0.02)
        for y in np.linspace(low * 0.55, h * 0.35, int(rng.integers(2, 4)))
    ]
    scene.add("pickups", joined(pickups), mat.paint(mat.color(rng, mat.DARK[:2] + mat.NEUTRAL[:2]), 0.4))
    # Knobs lie on the side of the player's right hand: the object's right.
    knobs = [
        cylinder(0.03, 0.05, sides=14, bevel=0.006)
        .rotated("x", 90)
        .at(w * (0.5 if kind != "vee" else 0.42), -h * (0.5 + 0.17 * i), front - 0.02)
        for i in range(2 if kind == "vee" else 3)
    ]
    scene.add("knobs", joined(knobs), metal)
    scene.add("bridge", box(0.2, 0.07, 0.035, 0.012).at(0, low, front - 0.018), metal)
    if rng.random() < 0.5:
        scene.add("tremolo", rod((0.08, low, front - 0.04), (0.16, low + 0.22, front - 0.09), 0.012, sides=6), metal)


def _acoustic_top(
    rng: np.random.Generator,
    scene: Scene,
    dark_wood: Material,
    h: float,
    outline: Floats,
    finish: Material,
    front: float,
    low: float,
) -> None:
    """Top with a sound hole, rosette and bridge."""
    top = mat.wood(rng, mat.color(rng, mat.WOOD[2:3] + mat.WOOD[4:6])) if rng.random() < 0.7 else finish
    scene.add("top", extrude(outline * 0.985, 0.02).at(0, 0, front - 0.002), top)
    hole = rng.uniform(0.1, 0.125)
    scene.add(
        "rosette",
        cylinder(hole * 1.28, 0.012, sides=28).rotated("x", 90).at(0, h * 0.16, front - 0.008),
        mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK[1:4]), 0.3),
    )
    scene.add(
        "sound hole",
        cylinder(hole, 0.016, sides=28).rotated("x", 90).at(0, h * 0.16, front - 0.01),
        mat.matte(mat.hexa("2f2723")),
    )
    scene.add("bridge", box(0.3, 0.06, 0.03, 0.01).at(0, low, front - 0.015), dark_wood)
    scene.add("saddle", box(0.2, 0.012, 0.02).at(0, low + 0.005, front - 0.032), mat.matte(mat.WHITE))
    if rng.random() < 0.4:
        drop = smooth([(0.05, 0.02), (0.16, -0.02), (0.2, -0.14), (0.1, -0.18)], 12, closed=True)
        scene.add(
            "tear drop", extrude(drop, 0.012).at(0.03, h * 0.08, front - 0.007), mat.paint(mat.hexa("6b3f33"), 0.5)
        )


def _head(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    neck_wood: Material,
    metal: Material,
    finish: Material,
    front: float,
    nut: float,
) -> float:
    """Head with its pegs; gives its length."""
    electric = kind in _ELECTRIC
    head_long = 0.3 if kind != "ukulele" else 0.24
    shape = pick(
        rng,
        (
            [
                (-0.055, 0),
                (0.055, 0),
                (0.085, 0.25),
                (0.08, 0.95),
                (0.03, 1.0),
                (-0.03, 1.0),
                (-0.08, 0.95),
                (-0.085, 0.25),
            ],
            [(-0.055, 0), (0.055, 0), (0.1, 0.2), (0.07, 0.9), (0.09, 1.0), (-0.09, 1.0), (-0.07, 0.9), (-0.1, 0.2)],
            [(-0.055, 0), (0.055, 0), (0.06, 0.75), (0.13, 1.0), (-0.03, 1.06), (-0.1, 0.2)],
        ),
    )

    def tilted(mesh: Mesh) -> Mesh:
        return mesh.rotated("x", 9).at(0, nut, front + 0.01)

    head = np.array(shape) * (1.0, head_long)
    scene.add("head", tilted(extrude(head, 0.045, 0.008)), finish if electric and rng.random() < 0.6 else neck_wood)
    count = 2 if kind == "ukulele" else 3
    pegs = [
        rod((s * 0.06, y, 0.0), (s * 0.125, y, 0.0), 0.01, sides=6)
        + ellipsoid(0.02, 0.026, 0.014, 8, 5).at(s * 0.135, y, 0)
        for s in (-1, 1)
        for y in np.linspace(0.25, 0.82, count) * head_long
    ]
    scene.add("pegs", tilted(joined(pegs)), metal)
    return head_long
