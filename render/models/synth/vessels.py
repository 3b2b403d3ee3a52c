"""Things that hold something, mostly turned: bathtub, bottle, bowl, can, flowerpot, jar, mug."""

from collections.abc import Sequence

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Canvas, Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    ellipsoid,
    joined,
    lathe,
    loft,
    rod,
    rounded,
    smooth,
    superellipse,
    sweep,
    torus,
    tube,
)


def _hollow(outside: Sequence[tuple[float, float]], wall: float, floor: float, sides: int = 32) -> Mesh:
    """A vessel with an open top: a profile of (radius, height) from the foot's rim up, and a wall of even thickness."""
    inside = [(max(radius - wall, 0.005), max(height, floor)) for radius, height in reversed(outside)]
    rim = (outside[-1][0] - wall / 2, outside[-1][1] + wall * 0.5)
    return lathe([(0.0, outside[0][1]), *outside, rim, *inside, (0.0, floor)], sides)


def _glaze(rng: np.random.Generator) -> Material:
    """The surface of a pot: plain, striped, dotted or checked."""
    first = mat.colour(rng)
    second = mat.mixed(first, mat.WHITE, 0.75) if rng.random() < 0.6 else mat.colour(rng)
    kind = rng.integers(6)
    if kind == 0:
        return mat.striped(rng, first, second, upright=False).mapped("wrap", 2)
    if kind == 1:
        return mat.dotted(first, second).mapped("wrap", 4)
    if kind == 2:
        return mat.striped(rng, first, second).mapped("wrap", 5)
    return mat.paint(first, 0.4)


def _label(rng: np.random.Generator, ground: mat.Colour) -> Material:
    """A printed label to go around: bands, a badge and lines of writing, twice around."""
    canvas = Canvas(64, 96, ground)
    ink, second = mat.colour(rng, mat.BRIGHT), mat.colour(rng, mat.DARK)
    canvas.rect(0, 0, 1, 0.1, ink)
    canvas.rect(0, 0.9, 1, 1, ink)
    if rng.random() < 0.5:
        canvas.disc(0.5, 0.42, 0.25, ink)
        canvas.disc(0.5, 0.42, 0.15, ground)
    else:
        canvas.rect(0.22, 0.22, 0.78, 0.52, ink)
        canvas.rect(0.3, 0.33, 0.7, 0.42, ground)
    for row in (0.7, 0.8):
        canvas.rect(0.3, row, rng.uniform(0.55, 0.8), row + 0.045, second)
    return mat.drawn(canvas.done(), "wrap").mapped("wrap", 2)


def bottle(rng: np.random.Generator) -> Scene:
    """Wine, beer, sauce, spray or water bottle with a label and a cap."""
    scene = Scene()
    kind = pick(rng, ("wine", "beer", "water", "flask", "pump"))
    body, shoulder = rng.uniform(0.45, 0.62), rng.uniform(0.1, 0.2)
    radius = rng.uniform(0.15, 0.2) if kind != "flask" else rng.uniform(0.19, 0.26)
    neck = {"wine": 0.055, "beer": 0.055, "water": 0.06, "flask": 0.05, "pump": 0.06}[kind]
    neck_length = {"wine": 0.26, "beer": 0.2, "water": 0.05, "flask": 0.12, "pump": 0.04}[kind]
    top = body + shoulder
    tint = mat.hexa(pick(rng, ("6f9f6a", "4f8a5f", "a8743c", "9cc4d8", "c9dcc8", "c25a48", "5a7fbf", "e5c24f")))
    surface = mat.glass(tint, rng.uniform(0.75, 0.92)) if rng.random() < 0.6 else mat.paint(tint, 0.6)
    curve = smooth(
        [
            (radius, body),
            (radius * 0.93, body + shoulder * 0.35),
            (neck * 1.7, body + shoulder * 0.85),
            (neck, top + 0.03),
        ],
        9,
    )
    profile = [
        (0, 0.02),
        (radius * 0.7, 0.0),
        (radius * 0.96, 0.012),
        (radius, 0.05),
        *curve,
        (neck, top + neck_length),
        (0, top + neck_length),
    ]
    scene.add("bottle", lathe(profile, 32), surface)
    printed = _label(rng, mat.colour(rng, mat.NEUTRAL[:1] + mat.SOFT + mat.BRIGHT[2:3]))
    low, high = rng.uniform(0.12, 0.2) * body, rng.uniform(0.7, 0.92) * body
    scene.add(
        "label",
        lathe([(radius * 0.9, low), (radius + 0.003, low), (radius + 0.003, high), (radius * 0.9, high)], 32),
        printed,
    )
    cap = mat.paint(mat.colour(rng, mat.BRIGHT + mat.DARK), 0.5)
    end = top + neck_length
    if kind == "pump":
        scene.add("collar", cylinder(neck * 1.3, 0.07, sides=16).at(0, end, 0), cap)
        scene.add("stem", cylinder(0.018, 0.14).at(0, end + 0.08, 0), cap)
        scene.add("spout", box(0.06, 0.045, 0.2, 0.015).at(0, end + 0.16, -0.055), cap)
        return scene
    height = {"wine": 0.14, "beer": 0.03, "water": 0.07, "flask": 0.09}[kind]
    scene.add(
        "cap",
        cylinder(neck * 1.15, height, neck * (1.15 if kind != "flask" else 1.35), 20, 0.006).at(
            0, end - height * 0.3, 0
        ),
        cap,
    )
    scene.add("ring", torus(neck * 1.05, 0.014, 20, 6).at(0, end - height * 0.8 - 0.03, 0), cap)
    return scene


def bowl(rng: np.random.Generator) -> Scene:
    """Soup, salad or footed bowl, sometimes fluted, with a coloured inside."""
    scene = Scene()
    height, steep, foot = rng.uniform(0.28, 0.6), rng.uniform(0.35, 0.75), rng.uniform(0.22, 0.42)
    angles = np.linspace(0.12, np.pi / 2, 9)
    stretch = [(foot + (1 - foot) * np.sin(a) ** steep, height * (1 - np.cos(a)) ** 0.9) for a in angles]
    wall = rng.uniform(0.03, 0.07)
    lip = rng.uniform(0.0, 0.1)
    outside = [*stretch, (1 + lip, height * 1.04)]
    body = _hollow(outside, wall, stretch[0][1] + wall, 40)
    flutes = int(rng.integers(7, 13)) if rng.random() < 0.3 else 0

    def fluted(mesh: Mesh) -> Mesh:
        if not flutes:
            return mesh

        def wave(points: np.ndarray) -> np.ndarray:
            turn = np.arctan2(points[:, 2], points[:, 0])
            rise = np.clip(points[:, 1] / height, 0, 1)
            points[:, [0, 2]] *= (1 + 0.06 * rise * np.cos(flutes * turn))[:, None]
            return points

        return mesh.bent(wave)

    surface = mat.wood(rng) if rng.random() < 0.2 else _glaze(rng)
    scene.add("bowl", fluted(body), surface)
    inner = [(r - wall - 0.004, max(h, stretch[0][1] + wall)) for r, h in stretch[:-1]]
    lining = [
        (0, inner[0][1] + 0.02),
        *((r * 0.985, h + 0.02) for r, h in inner),
        *((r + 0.02, h) for r, h in reversed(inner)),
        (0, inner[0][1] - 0.02),
    ]
    scene.add(
        "lining", fluted(lathe(lining, 40)), mat.paint(mat.colour(rng, mat.SOFT + mat.NEUTRAL[:2] + mat.BRIGHT), 0.4)
    )
    scene.add("foot", cylinder(foot * 0.95, 0.1, foot * 0.8, 28).at(0, 0.0, 0), surface)
    if rng.random() < 0.5:
        scene.add(
            "rim",
            fluted(torus(1 + lip - wall / 2, wall * 0.62, 40, 8).at(0, height * 1.04 + wall * 0.3, 0)),
            mat.paint(mat.colour(rng), 0.5),
        )
    return scene


def jar(rng: np.random.Generator) -> Scene:
    """Preserving jar, lidded pot or amphora-like vase."""
    scene = Scene()
    kind = pick(rng, ("preserve", "ginger", "vase", "crock"))
    if kind == "preserve":
        radius, height = rng.uniform(0.26, 0.36), rng.uniform(0.55, 0.85)
        neck = radius * rng.uniform(0.78, 0.92)
        outside = [(radius * 0.9, 0), (radius, 0.05), (radius, height * 0.8), (neck, height * 0.92), (neck, height)]
        scene.add(
            "filling",
            lathe([(0, 0.03), (radius * 0.93, 0.03), (radius * 0.93, height * 0.74), (0, height * 0.74)], 28),
            mat.matt(mat.colour(rng, mat.BRIGHT)),
        )
        scene.add("glass", lathe([(0, 0), *outside, (0, height)], 28), mat.glass((0.85, 0.92, 0.95), 0.3))
        lid = (
            mat.paint(mat.colour(rng), 0.5)
            if rng.random() < 0.7
            else mat.checked(mat.colour(rng, mat.BRIGHT), mat.WHITE, 1.5)
        )
        scene.add("lid", cylinder(neck * 1.1, 0.13, sides=28, bevel=0.015).at(0, height + 0.02, 0), lid)
        scene.add(
            "label",
            lathe(
                [
                    (radius * 0.9, height * 0.25),
                    (radius + 0.004, height * 0.25),
                    (radius + 0.004, height * 0.62),
                    (radius * 0.9, height * 0.62),
                ],
                28,
            ),
            _label(rng, mat.WHITE),
        )
        return scene
    widths = {
        "ginger": (0.5, 0.85, 1.0, 0.55, 0.48),
        "vase": (0.38, 0.7, 1.0, 0.42, 0.5),
        "crock": (0.86, 0.97, 1.0, 0.84, 0.84),
    }[kind]
    height = rng.uniform(0.8, 1.25)
    radius = 0.4 * rng.uniform(0.85, 1.15)
    places = np.array([0, 0.3, rng.uniform(0.55, 0.7), 0.9, 1.0]) * height
    curve = smooth(np.column_stack([np.array(widths) * radius, places]), 15)
    surface = _glaze(rng)
    scene.add("jar", _hollow([(float(r), float(h)) for r, h in curve], 0.035, 0.05), surface)
    neck = widths[-1] * radius
    if kind != "vase":
        cover = [
            (0, height - 0.03),
            (neck * 0.85, height - 0.03),
            (neck * 1.08, height + 0.02),
            (neck * 0.95, height + 0.07),
            (neck * 0.4, height + 0.13),
            (0, height + 0.14),
        ]
        scene.add("lid", lathe(cover, 28), mat.paint(mat.colour(rng), 0.4))
        scene.add("knob", ellipsoid(0.07, 0.06, 0.07, 14, 8).at(0, height + 0.17, 0), mat.paint(mat.colour(rng), 0.4))
    if rng.random() < 0.6 or kind == "vase":
        reach = radius * 1.35
        path = smooth(
            [
                (neck * 0.9, height * 0.9, 0),
                (reach, height * 0.92, 0),
                (reach * 1.02, height * 0.74, 0),
                (radius * 0.95, height * 0.62, 0),
            ],
            12,
        )
        scene.add("handles", tube(path, 0.035).both(), surface)
    scene.add("band", torus(neck * 1.02, 0.025, 28, 6).at(0, height * 0.985, 0), mat.paint(mat.colour(rng), 0.4))
    return scene


def mug(rng: np.random.Generator) -> Scene:
    """Mug with its handle on the object's right and a drink in it."""
    scene = Scene()
    radius, height = rng.uniform(0.34, 0.42), rng.uniform(0.7, 1.0)
    shape = pick(
        rng, ((1, 1, 1, 1), (1, 1, 1, 1), (0.82, 0.9, 0.97, 1.04), (0.86, 1.06, 1.06, 0.92), (1.12, 1.04, 0.98, 0.94))
    )
    curve = smooth(np.column_stack([np.array(shape) * radius, np.array([0.03, 0.35, 0.65, 1.0]) * height]), 9)
    outside = [(curve[0][0] * 0.9, 0.0), *((float(r), float(h)) for r, h in curve)]
    surface = _glaze(rng)
    scene.add("mug", _hollow(outside, 0.04, 0.06, 36), surface)
    top = float(curve[-1][0])
    scene.add(
        "drink",
        cylinder(top - 0.03, 0.02, sides=36).at(0, height * rng.uniform(0.8, 0.9), 0),
        mat.paint(mat.hexa(pick(rng, ("6b4226", "c69a6b", "a8502f", "e9dcc6"))), 0.4),
    )
    reach = radius * rng.uniform(1.65, 1.95)
    kind = pick(rng, ("round", "square", "ear"))
    middle = {
        "round": [(reach, 0.78), (reach * 1.03, 0.5), (reach * 0.95, 0.28)],
        "square": [(reach * 0.98, 0.82), (reach, 0.78), (reach, 0.3), (reach * 0.98, 0.24)],
        "ear": [(reach * 1.05, 0.84), (reach * 1.02, 0.55), (reach * 0.75, 0.3)],
    }[kind]
    ends = [(radius * 0.93, 0.82), *middle, (radius * 0.93, 0.22)]
    path = smooth([(x, y * height, 0) for x, y in ends], 18)
    grip = (
        mat.paint(mat.colour(rng), 0.4)
        if rng.random() < 0.3
        else surface
        if surface.texture is None
        else mat.paint(surface.colour, 0.4)
    )
    scene.add("handle", sweep(superellipse(0.075, 0.04, 2.6, 10), path, up=(1, 0, 0)), grip)
    if rng.random() < 0.6:
        scene.add("rim", torus(top - 0.02, 0.024, 36, 8).at(0, height + 0.01, 0), mat.paint(mat.colour(rng), 0.4))
    return scene


def can(rng: np.random.Generator) -> Scene:
    """Drinks can, food tin or tin of paint with a printed side."""
    scene = Scene()
    kind = pick(rng, ("drink", "drink", "food", "flat"))
    radius = {"drink": 0.3, "food": 0.4, "flat": 0.5}[kind] * rng.uniform(0.92, 1.08)
    height = {"drink": 1.1, "food": 0.95, "flat": 0.4}[kind] * rng.uniform(0.9, 1.15)
    silver = mat.metal(rng, mat.METAL[:2])
    waist = radius * (0.84 if kind == "drink" else 0.985)
    neck = 0.1 if kind == "drink" else 0.03
    profile = [
        (0, 0.03),
        (waist * 0.86, 0.03),
        (waist * 0.92, 0),
        (waist, 0.0),
        (radius, neck),
        (radius, height - neck),
        (waist, height),
        (waist * 0.94, height),
        (waist * 0.9, height - 0.035),
        (0, height - 0.035),
    ]
    scene.add("can", lathe(profile, 36), silver)
    low, high = neck + 0.01, height - neck - 0.01
    scene.add(
        "print",
        lathe([(radius * 0.9, low), (radius + 0.004, low), (radius + 0.004, high), (radius * 0.9, high)], 36),
        _label(rng, mat.colour(rng, mat.BRIGHT + mat.SOFT)),
    )
    if kind != "drink":
        ribs = [torus(radius * 0.99, 0.016, 36, 6).at(0, y, 0) for y in (0.02, height - 0.01)]
        scene.add("ribs", joined(ribs), silver)
    scene.add(
        "tab",
        box(radius * 0.3, 0.018, radius * 0.55, 0.006).at(0, height - 0.022, -radius * 0.12),
        mat.metal(rng, mat.METAL[3:5]),
    )
    scene.add(
        "opening",
        cylinder(radius * 0.27, 0.008, sides=16).scaled(z=0.8).at(0, height - 0.034, -radius * 0.5),
        mat.matt(mat.DARK[0]),
    )
    return scene


def flowerpot(rng: np.random.Generator) -> Scene:
    """Pot or trough with a plant: cactus, leaves, flowers or a little tree."""
    scene = Scene()
    height, radius = rng.uniform(0.42, 0.6), rng.uniform(0.26, 0.36)
    clay = mat.matt(mat.hexa(pick(rng, ("c4683f", "b5734e", "d08a5c")))) if rng.random() < 0.4 else _glaze(rng)
    square = rng.random() < 0.25
    taper = rng.uniform(0.62, 0.85)
    if square:
        levels = [(taper, 0.0), (1.0, height), (0.86, height), (0.86, height * 0.8)]
        outline = rounded(2 * radius, 2 * radius, 0.03, 2)
        scene.add(
            "pot",
            loft(
                [np.column_stack([s * outline[:, 0], np.full(len(outline), y), s * outline[:, 1]]) for s, y in levels]
            ),
            clay,
        )
    else:
        outside = [
            (radius * taper, 0.0),
            (radius * 0.97, height * 0.8),
            (radius * 1.08, height * 0.8),
            (radius * 1.1, height),
        ]
        scene.add("pot", _hollow(outside, 0.05, height * 0.75, 28), clay)
        scene.add(
            "saucer",
            lathe([(0, -0.03), (radius * 0.9, -0.03), (radius * 1.05, 0.05), (radius * 0.98, 0.05), (0, 0.02)], 28),
            clay,
        )
    scene.add(
        "soil",
        cylinder(radius * 0.98 if not square else radius * 1.1, 0.03, sides=24 if not square else 4)
        .turned("y", 45 if square else 0)
        .at(0, height * 0.88, 0),
        mat.matt(mat.hexa("5d4433")),
    )
    ground = height * 0.88
    green = mat.shade(mat.hexa(pick(rng, ("5f9e4c", "7cb35a", "4f8f5f", "93b84d", "6fae86"))), rng.uniform(0.9, 1.1))
    {"cactus": _cactus, "leaves": _leaves, "flowers": _flowers, "tree": _tree}[
        pick(rng, ("cactus", "leaves", "flowers", "tree"))
    ](rng, scene, ground, radius, green)
    return scene


def _cactus(rng: np.random.Generator, scene: Scene, ground: float, radius: float, green: mat.Colour) -> None:
    height, thick, ribs = rng.uniform(0.4, 0.8), radius * rng.uniform(0.42, 0.62), 9

    def ribbed(points: np.ndarray) -> np.ndarray:
        turn = np.arctan2(points[:, 2], points[:, 0])
        points[:, [0, 2]] *= (1 + 0.09 * np.cos(ribs * turn))[:, None]
        return points

    scene.add(
        "cactus",
        ellipsoid(thick, height * 0.55, thick, 36, 10).bent(ribbed).at(0, ground + height * 0.5, 0),
        mat.matt(green),
    )
    for side in (1, -1)[: int(rng.integers(1, 3))]:
        level = ground + height * rng.uniform(0.35, 0.6)
        path = smooth(
            [
                (0, level, 0),
                (side * thick * 1.5, level, 0),
                (side * thick * 1.9, level + 0.1, 0),
                (side * thick * 1.9, level + 0.26, 0),
            ],
            9,
        )
        scene.add("arm", tube(path, [*np.full(8, thick * 0.34), thick * 0.15], 10), mat.matt(green))
    scene.add("flower", _blossom(0.09, 6).at(0, ground + height * 1.05, 0), mat.matt(mat.colour(rng, mat.BRIGHT[9:12])))


def _blossom(radius: float, petals: int) -> Mesh:
    petal = ellipsoid(radius * 0.6, radius * 0.16, radius * 0.34, 8, 4).at(radius * 0.62, radius * 0.12, 0)
    return joined([petal.turned("z", 15).turned("y", 360 * i / petals) for i in range(petals)])


def _leaf(length: float, width: float, droop: float) -> Mesh:
    """A leaf from the origin outwards along X, rising and then drooping."""
    steps = np.linspace(0, 1, 8)
    path = np.column_stack([length * steps * 0.8, length * (steps * 1.1 - droop * steps**2.4), np.zeros(8)])
    broad = np.sin(np.pi * np.clip(steps * 0.93 + 0.06, 0, 1)) ** 0.8 + 0.02
    section = np.array([(1.0, 0.25), (0.0, 0.0), (-1.0, 0.25), (0.0, -0.16)]) * width
    return sweep(section, path, broad)


def _leaves(rng: np.random.Generator, scene: Scene, ground: float, _radius: float, green: mat.Colour) -> None:
    count, droop = int(rng.integers(9, 18)), rng.uniform(0.2, 1.2)
    width = rng.uniform(0.05, 0.1)
    for tone in (0.8, 1.0, 1.2):
        leaves = [
            _leaf(rng.uniform(0.5, 0.9), width, droop * rng.uniform(0.7, 1.2))
            .turned("z", rng.uniform(0, 32))
            .turned("y", rng.uniform(0, 360))
            for _ in range(count // 3)
        ]
        scene.add("leaves", joined(leaves).at(0, ground, 0), mat.matt(mat.shade(green, tone)))


def _flowers(rng: np.random.Generator, scene: Scene, ground: float, radius: float, green: mat.Colour) -> None:
    count, petals = int(rng.integers(4, 9)), int(rng.integers(5, 9))
    stems, heads, hearts = [], [], []
    for turn in np.arange(count) * 2.4:
        reach, top = radius * rng.uniform(0.3, 1.0), ground + rng.uniform(0.35, 0.65)
        x, z = reach * np.cos(turn), reach * np.sin(turn)
        stems.append(
            tube(smooth([(x * 0.2, ground, z * 0.2), (x * 0.6, (ground + top) / 2, z * 0.6), (x, top, z)], 5), 0.012, 5)
        )
        tilt = rng.uniform(10, 40)
        heads.append(_blossom(0.12, petals).turned("z", -tilt).turned("y", -np.degrees(turn)).at(x, top, z))
        hearts.append(ellipsoid(0.045, 0.035, 0.045, 8, 5).at(x, top + 0.03, z))
    scene.add("stems", joined(stems), mat.matt(green))
    scene.add(
        "leaves",
        joined([_leaf(0.3, 0.05, 0.9).turned("y", a) for a in np.arange(6) * 61.0]).at(0, ground, 0),
        mat.matt(mat.shade(green, 0.85)),
    )
    scene.add("blossoms", joined(heads), mat.matt(mat.colour(rng, mat.BRIGHT)))
    scene.add("hearts", joined(hearts), mat.matt(mat.hexa("e8c14a")))


def _tree(rng: np.random.Generator, scene: Scene, ground: float, _radius: float, green: mat.Colour) -> None:
    height = rng.uniform(0.35, 0.6)
    scene.add("trunk", rod((0, ground - 0.02, 0), (0, ground + height, 0), 0.035, 0.025), mat.wood(rng))
    if rng.random() < 0.5:
        balls = [ellipsoid(0.27, 0.27, 0.27, 14, 9).at(0, ground + height, 0)]
        balls += [
            ellipsoid(0.15, 0.14, 0.15, 10, 6).at(
                0.2 * np.cos(a), ground + height + rng.uniform(-0.1, 0.15), 0.2 * np.sin(a)
            )
            for a in np.arange(6) * 1.1
        ]
        scene.add("crown", joined(balls), mat.matt(green))
    else:
        tiers = [
            cylinder(0.32 * s, 0.3, 0.03, 14).at(0, ground + height * 0.45 + y, 0)
            for s, y in ((1.0, 0.1), (0.8, 0.28), (0.58, 0.45))
        ]
        scene.add("crown", joined(tiers), mat.matt(green))


def bathtub(rng: np.random.Generator) -> Scene:
    """Free-standing or built-in tub with taps at one end."""
    scene = Scene()
    length, width, height = rng.uniform(1.5, 1.85), rng.uniform(0.7, 0.85), rng.uniform(0.5, 0.62)
    built_in = rng.random() < 0.4
    white = mat.paint(mat.colour(rng, mat.NEUTRAL[:2] + mat.SOFT), 0.5)
    outside = white if rng.random() < 0.4 else mat.paint(mat.colour(rng), 0.4)
    power = 12 if built_in else rng.uniform(2.3, 3.5)
    outline, hole = (
        superellipse(length / 2, width / 2, power, 40),
        superellipse(length / 2, width / 2, 3.0 if built_in else power, 40),
    )
    slope = 0 if built_in else rng.uniform(0.0, 0.14)

    def ring(points: np.ndarray, scale: float, y: float) -> np.ndarray:
        # A slipper tub rises towards the end one leans on.
        lift = slope * np.clip(points[:, 0] / length * 2, 0, 1) ** 2 * (y > 0.3)
        return np.column_stack([points[:, 0] * scale, y + lift, points[:, 1] * scale])

    foot = 0.0 if built_in else 0.1
    low = 1.0 if built_in else 0.72
    hull = [
        ring(outline, low, foot),
        ring(outline, 0.5 + low / 2, foot + 0.15),
        ring(outline, 0.98, height - 0.06),
        ring(outline, 1.0, height),
        ring(hole, 0.97 if not built_in else 0.86, height),
        ring(hole, 0.88 if not built_in else 0.82, height - 0.06),
        ring(hole, 0.76, foot + 0.2),
        ring(hole, 0.62, foot + 0.1),
    ]
    scene.add("tub", loft(hull), outside)
    lining = [
        ring(hole, 0.985 if not built_in else 0.84, height + 0.008),
        ring(hole, 0.87 if not built_in else 0.8, height - 0.05),
        ring(hole, 0.75, foot + 0.21),
        ring(hole, 0.6, foot + 0.11),
    ]
    inner = [
        ring(hole, 0.63, foot + 0.09),
        ring(hole, 0.78, foot + 0.18),
        ring(hole, 0.9 if not built_in else 0.83, height - 0.06),
    ]
    scene.add("lining", loft([*lining[::-1], *inner[::-1]]), white)
    if not built_in:
        if rng.random() < 0.6:
            leg = ellipsoid(0.05, 0.1, 0.05, 10, 6).at(length * 0.28, 0.08, width * 0.24)
            scene.add("feet", (leg + leg.mirrored("z")).both(), mat.metal(rng))
        else:
            scene.add("plinth", loft([ring(outline, 0.74, 0.0), ring(outline, 0.74, 0.12)]), outside)
        scene.add("rim", tube(ring(outline, 0.985, height), 0.022, 8, closed=True), white)
    chrome = mat.metal(rng)
    x = -length / 2 + 0.07
    if rng.random() < 0.5:
        spout = smooth(
            [(x, height - 0.02, 0), (x, height + 0.14, 0), (x + 0.05, height + 0.2, 0), (x + 0.14, height + 0.17, 0)], 9
        )
        scene.add(
            "tap", tube(spout, 0.02) + cylinder(0.03, 0.07, sides=12).at(x, height + 0.03, 0.11).both("z"), chrome
        )
    else:
        spout = smooth(
            [
                (x - 0.02, 0.0, 0),
                (x - 0.02, height + 0.3, 0),
                (x + 0.06, height + 0.38, 0),
                (x + 0.16, height + 0.3, 0),
            ],
            14,
        )
        scene.add(
            "tap",
            tube(spout, 0.018) + rod((x - 0.02, height + 0.12, -0.1), (x - 0.02, height + 0.12, 0.1), 0.015),
            chrome,
        )
    if rng.random() < 0.5:
        water = superellipse(length / 2, width / 2, 3.0 if built_in else power, 40)
        level = foot + rng.uniform(0.24, 0.32)
        scene.add(
            "water",
            loft([ring(water, 0.76, level - 0.015), ring(water, 0.76, level - 0.005)]),
            mat.paint(mat.hexa("8fc7dc"), 0.6),
        )
    return scene
