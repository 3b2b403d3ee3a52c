"""Things that stand outdoors: birdhouse, mailbox, tower."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    lathe,
    loft,
    ngon,
    rod,
    rounded,
    smooth,
    torus,
    tube,
)

PANE = mat.paint(mat.hexa("4d5f72"), 0.8)
GLOW = mat.paint(mat.hexa("f7e3a0"), 0.5)


def _gable(width: float, wall: float, ridge: float) -> Floats:
    return np.array([(-width / 2, 0.0), (width / 2, 0.0), (width / 2, wall), (0.0, ridge), (-width / 2, wall)])


def _roof(width: float, wall: float, ridge: float, depth: float, over: float, thick: float) -> Mesh:
    """Two roof boards on a gable, standing over by `over`."""
    run, rise = width / 2, ridge - wall
    slope = np.arctan2(rise, run)
    long = np.hypot(run, rise) + over
    middle = (
        np.array([run, wall])
        + np.array([-np.cos(slope), np.sin(slope)]) * (long / 2 - over)
        + np.array([np.sin(slope), np.cos(slope)]) * thick * 0.4
    )
    return (
        box(long, thick, depth, thick * 0.2)
        .turned("z", -float(np.degrees(slope)))
        .at(float(middle[0]), float(middle[1]), 0)
        .both()
    )


def birdhouse(rng: np.random.Generator) -> Scene:
    """Nesting box with a hole and a perch at the front: gabled, round, tall, of two floors, on a post or hung up."""
    scene = Scene()
    kind = pick(rng, ("gable", "gable", "frame", "round", "double"))
    walls = (
        mat.planks(rng, mat.colour(rng, mat.WOOD + mat.BRIGHT + mat.SOFT), 1.0)
        if rng.random() < 0.5
        else mat.paint(mat.colour(rng), 0.2)
    )
    roof = (
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.WOOD), 0.2)
        if rng.random() < 0.7
        else mat.bricks(rng, mat.colour(rng, mat.WOOD + mat.BRIGHT[:2]), mat.hexa("6b5a50"), 1.6)
    )
    trim = mat.paint(mat.colour(rng, mat.NEUTRAL[:1] + mat.BRIGHT), 0.3)
    hole = mat.matt(mat.hexa("2d2723"))
    wood = mat.wood(rng)
    width, depth = rng.uniform(0.6, 0.75), rng.uniform(0.55, 0.7)
    wall, ridge = rng.uniform(0.55, 0.8), 0.0
    front = -depth / 2
    holes: list[tuple[float, float, float]]
    if kind == "round":
        radius = width / 2
        scene.add("walls", cylinder(radius, wall, sides=28).at(0, wall / 2, 0), walls)
        scene.add(
            "roof",
            lathe(
                [(0, -0.02), (radius * 1.3, -0.02), (radius * 1.3, 0.02), (0.03, radius * 1.5), (0, radius * 1.5)], 28
            ).at(0, wall, 0),
            roof,
        )
        scene.add("finial", ellipsoid(0.06, 0.07, 0.06, 12, 8).at(0, wall + radius * 1.52, 0), trim)
        front, ridge = -radius, wall + radius * 1.5
        holes = [(0.0, wall * 0.55, 0.12)]
    elif kind == "frame":
        ridge = rng.uniform(0.95, 1.15)
        scene.add("walls", extrude([(-width * 0.62, 0.0), (width * 0.62, 0.0), (0.0, ridge)], depth).at(0, 0, 0), walls)
        scene.add("roof", _roof(width * 1.24, 0.0, ridge, depth + 0.2, 0.08, 0.07), roof)
        holes = [(0.0, ridge * 0.36, 0.11)]
    else:
        if kind == "double":
            wall *= 1.5
        ridge = wall + rng.uniform(0.25, 0.45)
        scene.add("walls", extrude(_gable(width, wall, ridge), depth), walls)
        scene.add("roof", _roof(width, wall, ridge, depth + 0.22, 0.14, 0.06), roof)
        holes = (
            [(0.0, wall * 0.3, 0.1), (0.0, wall * 0.85, 0.1)]
            if kind == "double"
            else [(0.0, wall * rng.uniform(0.6, 0.72), 0.12)]
        )
        scene.add("corners", box(0.05, wall, 0.05).at(width / 2 - 0.005, wall / 2, front + 0.005).both(), trim)
        if kind == "double":
            scene.add("ledge", box(width + 0.08, 0.05, 0.2, 0.01).at(0, wall * 0.56, front - 0.04), trim)
        if rng.random() < 0.4:
            scene.add("chimney", box(0.13, 0.32, 0.13, 0.01).at(width * 0.24, ridge - 0.02, depth * 0.2), trim)
    for x, y, radius in holes:
        scene.add("rim", torus(radius, 0.028, 24, 8).turned("x", 90).at(x, y, front - 0.005), trim)
        scene.add("hole", cylinder(radius, 0.03, sides=24).turned("x", 90).at(x, y, front), hole)
        scene.add("perch", rod((x, y - radius - 0.09, front + 0.02), (x, y - radius - 0.09, front - 0.2), 0.022), wood)
    scene.add(
        "floor",
        box(width * (1.3 if kind == "frame" else 1.12), 0.06, depth + (0.28 if kind != "round" else 0.2), 0.015).at(
            0, -0.02, -0.04
        ),
        wood,
    )
    if rng.random() < 0.45:
        x, y, radius = holes[0]
        z = front - 0.17
        body = ellipsoid(0.075, 0.075, 0.11, 14, 8).turned("x", -25).at(x + 0.16, 0.08, z + 0.02) + ellipsoid(
            0.058, 0.058, 0.058, 12, 8
        ).at(x + 0.16, 0.17, z - 0.06)
        tail = box(0.05, 0.02, 0.14, 0.006).turned("x", -30).at(x + 0.16, 0.04, z + 0.15)
        scene.add("bird", body + tail, mat.paint(mat.colour(rng, mat.BRIGHT), 0.2))
        scene.add(
            "beak",
            cylinder(0.02, 0.06, 0.003, 8).turned("x", -90).at(x + 0.16, 0.165, z - 0.135),
            mat.matt(mat.hexa("e8a03a")),
        )
        scene.add("rail", box(0.5, 0.04, 0.14, 0.01).at(x + 0.1, 0.0, z + 0.01), wood)
    if rng.random() < 0.6:
        high = rng.uniform(0.6, 1.3)
        scene.add("post", box(0.12, high, 0.12, 0.015).at(0, -high / 2 - 0.03, 0.0), wood)
        scene.add("brace", rod((0.0, -0.4, 0), (0.26, -0.05, 0), 0.03, sides=6).both(), wood)
    else:
        scene.add("hanger", torus(0.08, 0.016, 18, 6).turned("x", 90).at(0, ridge + 0.13, 0), mat.metal(rng))
    return scene


def mailbox(rng: np.random.Generator) -> Scene:
    """Rural box with a flag on a post, pillar box, wall box, or a street box on legs."""
    scene = Scene()
    kind = pick(rng, ("rural", "rural", "pillar", "wall", "street"))
    paint = mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[2:4]), 0.5)
    second, metal = mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.4), mat.metal(rng)
    dark, paper = mat.matt(mat.hexa("2f3237")), mat.matt(mat.hexa("fbf8ee"))
    if kind in ("rural", "street"):
        width, wall, long = (0.46, 0.3, rng.uniform(0.85, 1.05)) if kind == "rural" else (0.8, 0.95, 0.7)
        arch = [(width / 2 * np.cos(t), wall + width / 2 * np.sin(t)) for t in np.linspace(0, np.pi, 15)]
        outline = np.array([*arch, (-width / 2, 0.0), (width / 2, 0.0)])
        scene.add("box", extrude(outline, long, 0.015), paint)
        front = -long / 2
        if kind == "rural":
            opened = rng.random() < 0.35
            door = extrude((outline - (0, 0.0)) * 0.98, 0.04, 0.01)
            scene.add(
                "door",
                door.turned("x", -80).at(0, 0.02, front - 0.03) if opened else door.at(0, 0.005, front - 0.015),
                second,
            )
            scene.add(
                "knob",
                ellipsoid(0.035, 0.035, 0.04, 10, 6).at(
                    0, 0.06 if opened else wall + width * 0.36, front - (0.4 if opened else 0.05)
                ),
                metal,
            )
            if opened:
                scene.add("inside", extrude(outline * 0.88 + (0, 0.03), 0.02).at(0, 0, front - 0.0), dark)
                scene.add(
                    "letters",
                    box(0.24, 0.03, 0.3).at(0.02, 0.12, front - 0.08)
                    + box(0.22, 0.02, 0.26).turned("y", 12).at(-0.03, 0.16, front - 0.05),
                    paper,
                )
            # The flag is on the right-hand side of the box itself, raised or not.
            up = 0.0 if rng.random() < 0.6 else -90.0
            flag = box(0.02, 0.34, 0.05).at(0, 0.14, 0) + box(0.022, 0.14, 0.2, 0.005).at(0, 0.27, 0.09)
            scene.add(
                "flag",
                flag.turned("x", -up).at(width / 2 + 0.02, wall * 0.9, -0.12),
                mat.paint(mat.hexa("d33d2f"), 0.4),
            )
            post = mat.wood(rng)
            high = rng.uniform(0.9, 1.3)
            scene.add("post", box(0.16, high, 0.16, 0.015).at(0, -high / 2 - 0.05, 0.05), post)
            scene.add("shelf", box(width * 0.9, 0.06, long * 0.94, 0.01).at(0, -0.02, 0), post)
            scene.add("brace", rod((0, -0.5, 0.05), (0, -0.05, -long * 0.4), 0.045, sides=4), post)
            scene.add(
                "number",
                joined([box(0.02, 0.12, 0.05).at(width / 2, wall * 0.5, z) for z in (0.12, 0.2, 0.3)]).both(),
                paper,
            )
        else:
            scene.add(
                "flap",
                box(width * 0.7, 0.34, 0.08, 0.02).turned("x", -28).at(0, wall + width * 0.2, front + 0.06),
                mat.paint(mat.shade(paint.colour, 0.8), 0.5),
            )
            scene.add(
                "grip",
                tube([(-0.2, 0, 0), (-0.2, 0, -0.07), (0.2, 0, -0.07), (0.2, 0, 0)], 0.022).at(
                    0, wall + width * 0.24, front - 0.02
                ),
                metal,
            )
            scene.add(
                "door",
                box(width * 0.8, wall * 0.52, 0.04, 0.015).at(0, wall * 0.34, front),
                mat.paint(mat.shade(paint.colour, 1.12), 0.5),
            )
            scene.add("notice", box(width * 0.44, wall * 0.2, 0.03, 0.008).at(0, wall * 0.44, front - 0.02), paper)
            scene.add(
                "lock",
                cylinder(0.03, 0.04, sides=12).turned("x", 90).at(-width * 0.32, wall * 0.34, front - 0.02),
                metal,
            )
            scene.add(
                "badge", cylinder(0.16, 0.03, sides=24).turned("z", 90).at(width / 2, wall * 0.7, 0).both(), second
            )
            scene.add(
                "legs",
                joined(
                    [
                        box(0.07, 0.36, 0.07, 0.01).at(x * width * 0.42, -0.16, z * long * 0.4)
                        for x in (-1, 1)
                        for z in (-1, 1)
                    ]
                ),
                dark,
            )
        return scene
    if kind == "pillar":
        radius, high = rng.uniform(0.36, 0.44), rng.uniform(1.5, 1.8)
        scene.add("pillar", cylinder(radius, high, sides=36).at(0, high / 2, 0), paint)
        scene.add("foot", lathe([(0, 0), (radius * 1.14, 0), (radius * 1.12, 0.14), (radius, 0.2), (0, 0.2)], 36), dark)
        top = (
            [(0, 0), (radius * 1.15, 0), (radius * 1.18, 0.07), (radius * 1.02, 0.13), (radius * 0.6, 0.24), (0, 0.28)]
            if rng.random() < 0.6
            else [(0, 0), (radius * 1.1, 0), (radius * 1.1, 0.1), (0, 0.16)]
        )
        scene.add("cap", lathe(top, 36).at(0, high, 0), paint)
        scene.add(
            "collar",
            torus(radius * 1.03, 0.03, 36, 6).at(0, high - 0.1, 0)
            + torus(radius * 1.02, 0.02, 36, 6).at(0, high * 0.62, 0),
            second,
        )
        slot = high * 0.82
        scene.add(
            "hood", box(radius * 1.2, 0.06, 0.16, 0.015).turned("x", 12).at(0, slot + 0.08, -radius * 0.93), paint
        )
        scene.add("slot", box(radius * 0.95, 0.08, 0.14).at(0, slot, -radius * 0.92), dark)
        scene.add("plate", box(radius * 0.7, 0.26, 0.12, 0.01).at(0, high * 0.67, -radius * 0.95), paper)
        scene.add(
            "door",
            extrude(rounded(radius * 1.25, high * 0.42, 0.04), 0.2, 0.012).at(0, high * 0.36, -radius * 0.86),
            mat.paint(mat.shade(paint.colour, 1.14), 0.5),
        )
        scene.add(
            "lock",
            cylinder(0.035, 0.05, sides=12).turned("x", 90).at(-radius * 0.46, high * 0.38, -radius * 0.97),
            metal,
        )
        return scene
    width, high, depth = rng.uniform(0.8, 1.0), rng.uniform(0.9, 1.2), rng.uniform(0.3, 0.4)
    front = -depth / 2
    side = [(-depth / 2, 0.0), (depth / 2, 0.0), (depth / 2, high), (-depth / 2, high * 0.84)]
    scene.add("box", extrude(side, width, 0.02).turned("y", -90), paint)
    slope = float(np.degrees(np.arctan2(high * 0.16, depth)))
    scene.add("lid", box(width + 0.06, 0.05, depth * 1.3, 0.015).turned("x", -slope).at(0, high * 0.935, -0.03), second)
    scene.add("slot", box(width * 0.66, 0.06, 0.05).at(0, high * 0.72, front), dark)
    scene.add("letter", box(width * 0.42, 0.16, 0.02).turned("x", 30).at(0.04, high * 0.76, front - 0.06), paper)
    scene.add("window", box(width * 0.4, 0.12, 0.04, 0.01).at(0, high * 0.5, front), paper)
    scene.add(
        "door",
        box(width * 0.84, high * 0.34, 0.04, 0.012).at(0, high * 0.22, front),
        mat.paint(mat.shade(paint.colour, 1.12), 0.5),
    )
    scene.add(
        "lock", cylinder(0.035, 0.05, sides=12).turned("x", 90).at(-width * 0.34, high * 0.22, front - 0.02), metal
    )
    horn = tube(
        smooth(
            [(-0.1, 0.0, 0), (0.06, 0.07, 0), (0.1, -0.04, 0), (-0.02, -0.07, 0), (-0.05, 0.03, 0), (0.12, 0.1, 0)], 22
        ),
        [*np.linspace(0.012, 0.02, 16), *np.linspace(0.02, 0.05, 6)],
        8,
    )
    scene.add(
        "horn",
        horn.at(0, high * 0.61, front - 0.03)
        if rng.random() < 0.5
        else cylinder(0.07, 0.04, sides=20).turned("x", 90).at(0, high * 0.61, front),
        second,
    )
    if rng.random() < 0.5:
        rail = torus(depth * 0.34, 0.02, 20, 6).turned("x", 90)
        scene.add("newspaper ring", rail.at(width * 0.25, -depth * 0.36, 0).both(), metal)
        scene.add(
            "newspaper",
            rod((-width * 0.45, -depth * 0.36, 0), (width * 0.45, -depth * 0.36, 0), depth * 0.22, sides=14),
            paper,
        )
    else:
        scene.add("post", box(0.14, 1.0, 0.1, 0.015).at(0, -0.45, 0.05), mat.wood(rng))
    return scene


def _drum(profile: ArrayLike, sides: int = 32) -> Mesh:
    return lathe(profile, sides)


def _battlements(radius: float, y: float, count: int, size: float) -> Mesh:
    block = box(size, size * 1.1, size * 0.6).at(0, y, -radius)
    return joined([block.turned("y", 360 * i / count) for i in range(count)])


def tower(rng: np.random.Generator) -> Scene:
    """Castle, lighthouse, lattice, skyscraper, pagoda, clock, water or television tower; its door at the front."""
    return pick(rng, (_castle, _lighthouse, _lattice, _skyscraper, _pagoda, _clock_tower, _water, _television))(rng)


def _windows(spots: Sequence[tuple[float, float, float]], width: float, height: float) -> Mesh:
    """Upright windows looking outwards: (turn from the front in degrees, height, distance from the axis)."""
    return joined([box(width, height, 0.08, 0.01).at(0, y, -r).turned("y", turn) for turn, y, r in spots])


def _castle(rng: np.random.Generator) -> Scene:
    scene = Scene()
    stone = mat.bricks(rng, mat.colour(rng, mat.SOFT + mat.NEUTRAL[2:5] + mat.WOOD[2:3]), mat.hexa("7c766c"), 1.0)
    radius, high = rng.uniform(0.5, 0.65), rng.uniform(2.2, 3.0)
    square = rng.random() < 0.35
    sides = 4 if square else 32
    turn = 45 if square else 0
    scene.add(
        "wall",
        _drum([(0, 0), (radius * 1.15, 0), (radius, high * 0.25), (radius * 0.96, high), (0, high)], sides).turned(
            "y", turn
        ),
        stone,
    )
    crown = radius * 1.18
    scene.add(
        "gallery",
        _drum(
            [(0, high * 0.96), (radius * 0.9, high * 0.9), (crown, high), (crown, high + 0.18), (0, high + 0.18)], sides
        ).turned("y", turn),
        stone,
    )
    if square:
        flat = crown * np.cos(np.pi / 4)
        blocks = [
            box(0.14, 0.17, 0.1).at(x, high + 0.25, -flat + 0.05).turned("y", a)
            for x in np.linspace(-0.85, 0.85, 5) * flat
            for a in (0, 90, 180, 270)
        ]
        scene.add("battlements", joined(blocks), stone)
    else:
        scene.add("battlements", _battlements(crown * 0.93, high + 0.25, 12, 0.16), stone)
    wall = radius * (np.cos(np.pi / 4) if square else 1.0)
    door = smooth([(0.16, 0.0), (0.16, 0.28), (0.1, 0.4), (0.0, 0.45)], 9)
    outline = np.concatenate([door, (door * (-1, 1))[-2::-1]])
    scene.add("door frame", extrude(outline * 1.25, 0.14).at(0, 0, -wall * 1.08), mat.matt(mat.hexa("8c857a")))
    scene.add("door", extrude(outline, 0.14).at(0, 0, -wall * 1.12), mat.wood(rng, mat.hexa("8a5a36")))
    spots = [
        (a, y, wall * 0.99)
        for a, y in ((0, high * 0.45), (0, high * 0.72), (90, high * 0.6), (180, high * 0.5), (270, high * 0.68))
    ]
    scene.add("windows", _windows(spots, 0.09, 0.26), mat.matt(mat.hexa("3a3833")))
    if rng.random() < 0.6:
        roof = mat.paint(mat.colour(rng, mat.BRIGHT), 0.2)
        scene.add(
            "turret", _drum([(0, high), (radius * 0.62, high), (radius * 0.62, high + 0.5), (0, high + 0.5)], 24), stone
        )
        scene.add(
            "roof",
            _drum([(0, high + 0.46), (radius * 0.8, high + 0.46), (0.02, high + 1.3), (0, high + 1.3)], 24),
            roof,
        )
        top = high + 1.28
    else:
        top = high + 0.16
    scene.add("pole", rod((0, top, 0), (0, top + 0.5, 0), 0.02, sides=6), mat.metal(rng))
    scene.add(
        "flag",
        extrude([(0, 0), (0.42, 0.08), (0, 0.22)], 0.02).at(0, top + 0.27, 0),
        mat.matt(mat.colour(rng, mat.BRIGHT)),
    )
    return scene


def _lighthouse(rng: np.random.Generator) -> Scene:
    scene = Scene()
    radius, high = rng.uniform(0.42, 0.55), rng.uniform(2.2, 2.8)
    white, colour = mat.paint(mat.WHITE, 0.2), mat.paint(mat.colour(rng, mat.BRIGHT), 0.3)
    scene.add(
        "rock",
        _drum([(0, -0.12), (radius * 1.7, -0.12), (radius * 1.5, 0.06), (radius * 1.1, 0.1), (0, 0.1)], 9),
        mat.matt(mat.hexa("8d8a84")),
    )
    bands = int(rng.integers(4, 8))
    slim = rng.uniform(0.55, 0.7)
    for index in range(bands):
        low, up = index / bands, (index + 1) / bands
        ring = [
            (0, low * high),
            (radius * (1 - (1 - slim) * low), low * high),
            (radius * (1 - (1 - slim) * up), up * high),
            (0, up * high),
        ]
        scene.add("band", _drum(ring, 32), colour if index % 2 else white)
    top = radius * slim
    scene.add(
        "gallery",
        _drum([(0, high - 0.04), (top * 1.5, high - 0.02), (top * 1.5, high + 0.06), (0, high + 0.06)], 32),
        mat.paint(mat.DARK[0]),
    )
    rails = [
        rod(
            (top * 1.42 * np.cos(t), high, top * 1.42 * np.sin(t)),
            (top * 1.42 * np.cos(t), high + 0.22, top * 1.42 * np.sin(t)),
            0.014,
            sides=5,
        )
        for t in np.arange(14) * np.pi / 7
    ]
    scene.add("rails", joined(rails) + torus(top * 1.42, 0.018, 28, 6).at(0, high + 0.22, 0), mat.paint(mat.DARK[0]))
    scene.add("lantern", cylinder(top * 0.82, 0.42, sides=16).at(0, high + 0.24, 0), GLOW)
    scene.add(
        "bars",
        joined(
            [
                rod(
                    (top * 0.84 * np.cos(t), high, top * 0.84 * np.sin(t)),
                    (top * 0.84 * np.cos(t), high + 0.45, top * 0.84 * np.sin(t)),
                    0.016,
                    sides=5,
                )
                for t in np.arange(8) * np.pi / 4
            ]
        ),
        mat.paint(mat.DARK[0]),
    )
    scene.add(
        "dome",
        _drum(
            [
                (0, high + 0.42),
                (top * 1.05, high + 0.42),
                (top * 0.85, high + 0.6),
                (0.04, high + 0.76),
                (0.02, high + 0.95),
                (0, high + 0.95),
            ],
            28,
        ),
        colour,
    )
    scene.add("door", extrude(_gable(0.22, 0.34, 0.44), 0.12).at(0, 0.08, -radius * 0.97), mat.wood(rng))
    spots = [(a, y * high, radius * (1 - (1 - slim) * y)) for a, y in ((0, 0.42), (0, 0.75), (120, 0.55), (240, 0.65))]
    scene.add("windows", _windows(spots, 0.1, 0.17), PANE)
    if rng.random() < 0.5:
        scene.add("house", extrude(_gable(0.55, 0.3, 0.5), 0.5).at(radius * 1.5, 0.0, 0.1), white)
        scene.add("house roof", _roof(0.55, 0.3, 0.5, 0.58, 0.06, 0.05).at(radius * 1.5, 0.0, 0.1), colour)
    return scene


def _lattice(rng: np.random.Generator) -> Scene:
    scene = Scene()
    high, base = rng.uniform(3.2, 4.0), rng.uniform(0.75, 0.95)
    paint = mat.paint(mat.colour(rng, mat.BRIGHT + mat.METAL + mat.WOOD), 0.3)
    levels = np.array([0.0, 0.13, 0.26, 0.4, 0.52, 0.63, 0.73, 0.82, 0.9])
    steep = rng.uniform(1.5, 2.4)
    widths = base * (1 - levels) ** steep + 0.05
    legs, bars = [], []
    for x, z in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        legs.append(
            tube(
                [(x * w, y * high, z * w) for y, w in zip(levels, widths, strict=True)],
                np.interp(levels, [0, 1], [0.075, 0.03]),
                6,
            )
        )
    for low in range(len(levels) - 1):
        a, b, ya, yb = widths[low], widths[low + 1], levels[low] * high, levels[low + 1] * high
        for turn in range(4):
            if low:
                cross = rod((a, ya, -a), (-b, yb, -b), 0.024, sides=4) + rod((-a, ya, -a), (b, yb, -b), 0.024, sides=4)
                bars.append(cross.turned("y", 90 * turn))
            bars.append(rod((b, yb, -b), (-b, yb, -b), 0.03, sides=4).turned("y", 90 * turn))
            if not low:
                arch = [
                    (a * 0.95 * np.cos(t), ya + (yb - ya) * 1.0 * np.sin(t), -(a + (b - a) * np.sin(t)))
                    for t in np.linspace(0.05, np.pi - 0.05, 11)
                ]
                bars.append(tube(arch, 0.035, 5).turned("y", 90 * turn))
    scene.add("legs", joined(legs), paint)
    scene.add("bars", joined(bars), paint)
    deck = mat.paint(mat.colour(rng, mat.NEUTRAL + mat.BRIGHT), 0.4)
    for index in (2, 5):
        w = widths[index] * 2 + 0.18
        scene.add("deck", box(w, 0.12, w, 0.03).at(0, levels[index] * high, 0), deck)
        scene.add("deck glass", box(w * 0.9, 0.16, w * 0.9, 0.02).at(0, levels[index] * high + 0.12, 0), PANE)
    scene.add("cabin", box(0.22, 0.2, 0.22, 0.03).at(0, 0.9 * high, 0), deck)
    scene.add("mast", rod((0, 0.88 * high, 0), (0, high * 1.08, 0), 0.035, 0.012, 8), paint)
    scene.add(
        "feet",
        joined([box(0.28, 0.14, 0.28, 0.02).at(x * widths[0], 0, z * widths[0]) for x in (-1, 1) for z in (-1, 1)]),
        mat.matt(mat.hexa("b5aea2")),
    )
    scene.add("entrance", box(0.4, 0.3, 0.22, 0.03).at(0, 0.12, -widths[0]), deck)
    scene.add("entrance door", box(0.16, 0.22, 0.05).at(0, 0.08, -widths[0] - 0.11), PANE)
    return scene


def _skyscraper(rng: np.random.Generator) -> Scene:
    scene = Scene()
    body = mat.paint(mat.colour(rng, mat.NEUTRAL + mat.SOFT + mat.BRIGHT[5:8]), 0.4)
    steps = int(rng.integers(2, 5))
    width, low = rng.uniform(0.7, 0.9), 0.0
    twist = rng.uniform(0, 12) if rng.random() < 0.3 else 0.0
    for index in range(steps):
        tall = rng.uniform(0.7, 1.3)
        scene.add("block", box(width, tall, width, 0.01).turned("y", twist * index).at(0, low + tall / 2, 0), body)
        floors = int(tall / 0.13)
        glass = [
            box(width * 1.02, 0.07, width * 0.9).at(0, low + (i + 0.55) * tall / floors, 0)
            + box(width * 0.9, 0.07, width * 1.02).at(0, low + (i + 0.55) * tall / floors, 0)
            for i in range(floors)
        ]
        scene.add("windows", joined(glass).turned("y", twist * index), PANE)
        piers = [
            box(0.03, tall, width * 1.045).at(x * width, low + tall / 2, 0)
            + box(width * 1.045, tall, 0.03).at(0, low + tall / 2, x * width)
            for x in np.linspace(-0.3, 0.3, 3)
        ]
        scene.add("piers", joined(piers).turned("y", twist * index), body)
        low += tall
        width *= rng.uniform(0.62, 0.85)
    crown = mat.metal(rng)
    if rng.random() < 0.5:
        scene.add(
            "crown",
            _drum([(0, 0), (width * 0.6, 0), (width * 0.5, 0.25), (0.05, 0.7), (0, 0.7)], 4)
            .turned("y", 45)
            .at(0, low - 0.02, 0),
            crown,
        )
        scene.add("spire", rod((0, low + 0.6, 0), (0, low + 1.3, 0), 0.03, 0.01), crown)
    else:
        scene.add("crown", box(width * 0.9, 0.16, width * 0.9, 0.02).at(0, low + 0.04, 0), crown)
        scene.add(
            "spire",
            rod((0, low, 0), (0, low + rng.uniform(0.4, 0.9), 0), 0.03, 0.012),
            mat.paint(mat.hexa("d2453a"), 0.3),
        )
    scene.add("plaza", box(1.25, 0.06, 1.25, 0.01).at(0, 0.0, 0), mat.matt(mat.hexa("b9b4a8")))
    scene.add("canopy", box(0.42, 0.05, 0.3, 0.01).at(0, 0.28, -0.5), crown)
    scene.add("entrance", box(0.3, 0.24, 0.12).at(0, 0.14, -0.44), GLOW)
    return scene


def _pagoda(rng: np.random.Generator) -> Scene:
    scene = Scene()
    tiers, sides = int(rng.integers(3, 6)), pick(rng, (4, 4, 6, 8))
    wall, roof = (
        mat.paint(mat.colour(rng, mat.BRIGHT[:3] + mat.NEUTRAL[:1] + mat.SOFT[:3]), 0.2),
        mat.paint(mat.colour(rng, mat.BRIGHT[4:8] + mat.DARK[2:5] + mat.WOOD[3:4]), 0.3),
    )
    trim = mat.paint(mat.colour(rng, mat.BRIGHT), 0.3)
    width, y, turn = 0.55, 0.12, 180 / sides + (90 if sides == 6 else 0)
    scene.add(
        "terrace",
        _drum([(0, 0), (1.05, 0), (1.05, 0.08), (0.95, 0.12), (0, 0.12)], sides).turned("y", turn),
        mat.matt(mat.hexa("b9b2a4")),
    )
    flat = np.cos(np.pi / sides)
    for tier in range(tiers):
        tall = 0.5 * 0.9**tier
        scene.add(
            "storey",
            _drum([(0, y), (width, y), (width * 0.97, y + tall), (0, y + tall)], sides).turned("y", turn),
            wall,
        )
        doors = [
            box(width * 0.42, tall * 0.62, 0.06).at(0, y + tall * 0.34, -width * flat).turned("y", 360 * i / sides)
            for i in range(sides)
        ]
        scene.add("openings", joined(doors), mat.matt(mat.hexa("59463a")))
        posts = [
            rod(
                (width * np.cos(t), y, width * np.sin(t)),
                (width * np.cos(t), y + tall, width * np.sin(t)),
                0.03,
                sides=6,
            ).turned("y", turn)
            for t in np.arange(sides) * 2 * np.pi / sides
        ]
        scene.add("posts", joined(posts), trim)
        reach = width * 1.62
        rings = []
        for r, h in ((reach, 0.0), (reach * 1.02, 0.04), (reach * 0.82, 0.1), (width * 0.95, 0.3), (width * 0.6, 0.34)):
            corners = ngon(sides, r)
            middles = (corners + np.roll(corners, -1, axis=0)) / 2
            # Corners curl upwards.
            curl = 0.14 * max(r - width, 0) / (reach - width)
            ring = np.empty((2 * sides, 3))
            ring[::2], ring[1::2] = (
                np.column_stack([corners[:, 0], np.full(sides, h + curl), corners[:, 1]]),
                np.column_stack([middles[:, 0], np.full(sides, h), middles[:, 1]]),
            )
            rings.append(ring)
        scene.add("roof", loft(np.array(rings)).turned("y", turn).at(0, y + tall - 0.06, 0), roof)
        y += tall + 0.2
        width *= 0.84
    scene.add(
        "cap",
        _drum([(0, y - 0.02), (width * 0.85, y - 0.02), (0.05, y + 0.32), (0, y + 0.32)], sides).turned("y", turn),
        roof,
    )
    rings_ = [torus(0.1 - 0.014 * i, 0.02, 16, 6).at(0, y + 0.4 + 0.09 * i, 0) for i in range(5)]
    gold = mat.metal(rng, mat.METAL[3:4])
    scene.add("spire", rod((0, y + 0.25, 0), (0, y + 0.95, 0), 0.035, 0.015) + joined(rings_), gold)
    scene.add(
        "steps",
        joined([box(0.5, 0.05, 0.14).at(0, 0.09 - 0.04 * i, -0.95 * flat - 0.1 * i) for i in range(3)]),
        mat.matt(mat.hexa("cfc8b8")),
    )
    return scene


def _clock_tower(rng: np.random.Generator) -> Scene:
    scene = Scene()
    stone: Material = mat.bricks(
        rng, mat.colour(rng, mat.WOOD[:3] + mat.SOFT + mat.BRIGHT[:2]), mat.hexa("d8cfc0"), 1.0
    )
    trim, roof = (
        mat.matt(mat.colour(rng, mat.NEUTRAL[:2] + mat.SOFT[:3])),
        mat.paint(mat.colour(rng, mat.BRIGHT[4:8] + mat.DARK[2:4]), 0.3),
    )
    width, high = 0.62, rng.uniform(1.9, 2.5)
    scene.add("shaft", box(width, high, width).at(0, high / 2, 0), stone)
    scene.add(
        "quoins",
        joined([box(0.09, high, 0.09).at(x * width / 2, high / 2, z * width / 2) for x in (-1, 1) for z in (-1, 1)]),
        trim,
    )
    scene.add(
        "courses",
        joined(
            [box(width + 0.12, 0.06, width + 0.12, 0.01).at(0, y, 0) for y in (0.04, high * 0.4, high * 0.78, high)]
        ),
        trim,
    )
    top = width * 1.14
    scene.add("belfry", box(top, 0.75, top).at(0, high + 0.37, 0), stone)
    scene.add("cornice", box(top + 0.16, 0.09, top + 0.16, 0.02).at(0, high + 0.76, 0), trim)
    faces, hands = [], []
    hours, minutes = rng.uniform(0, 360), rng.uniform(0, 360)
    for turn in (0, 90, 180, 270):
        faces.append(cylinder(0.27, 0.06, sides=28).turned("x", 90).at(0, high + 0.4, -top / 2).turned("y", turn))
        pair = box(0.035, 0.17, 0.02).at(0, 0.07, 0).turned("z", hours) + box(0.028, 0.24, 0.02).at(0, 0.1, 0.0).turned(
            "z", minutes
        ).at(0, 0, -0.022)
        hands.append(pair.at(0, high + 0.4, -top / 2 - 0.042).turned("y", turn))
    scene.add("faces", joined(faces), mat.paint(mat.hexa("f8f3df"), 0.3))
    scene.add(
        "rims",
        joined(
            [
                torus(0.28, 0.03, 28, 6).turned("x", 90).at(0, high + 0.4, -top / 2 - 0.02).turned("y", turn)
                for turn in (0, 90, 180, 270)
            ]
        ),
        mat.metal(rng, mat.METAL[3:4]),
    )
    scene.add("hands", joined(hands), mat.matt(mat.DARK[0]))
    peak = rng.uniform(0.6, 1.3)
    scene.add(
        "roof", _drum([(0, 0), (top * 0.82, 0), (0.03, peak), (0, peak)], 4).turned("y", 45).at(0, high + 0.8, 0), roof
    )
    scene.add(
        "finial",
        rod((0, high + 0.75 + peak, 0), (0, high + 1.1 + peak, 0), 0.02)
        + ellipsoid(0.05, 0.05, 0.05, 10, 6).at(0, high + 0.85 + peak, 0),
        mat.metal(rng, mat.METAL[3:4]),
    )
    scene.add(
        "windows",
        joined(
            [
                extrude(_gable(0.14, 0.3, 0.42), 0.06).at(0, y, -width / 2).turned("y", turn)
                for turn in (0, 90, 180, 270)
                for y in (high * 0.5,)
            ]
        ),
        PANE,
    )
    scene.add("door", extrude(_gable(0.26, 0.4, 0.54), 0.1).at(0, 0.05, -width / 2), mat.wood(rng))
    return scene


def _water(rng: np.random.Generator) -> Scene:
    scene = Scene()
    high, radius = rng.uniform(1.4, 2.0), rng.uniform(0.5, 0.65)
    paint, metal = mat.paint(mat.colour(rng), 0.4), mat.paint(mat.colour(rng, mat.NEUTRAL[2:5] + mat.WOOD), 0.3)
    ball = rng.random() < 0.4
    if ball:
        scene.add(
            "stem", _drum([(0, 0), (0.4, 0), (0.16, 0.3), (0.14, high), (0.3, high + 0.2), (0, high + 0.2)], 24), metal
        )
        scene.add(
            "tank", ellipsoid(radius * 1.15, radius * 0.95, radius * 1.15, 28, 14).at(0, high + radius * 0.7, 0), paint
        )
        scene.add("belt", torus(radius * 1.14, 0.035, 32, 6).at(0, high + radius * 0.7, 0), metal)
        top = high + radius * 1.62
    else:
        legs = [
            rod(
                (radius * 1.15 * np.cos(t), 0, radius * 1.15 * np.sin(t)),
                (radius * 0.85 * np.cos(t), high + 0.05, radius * 0.85 * np.sin(t)),
                0.045,
                sides=6,
            )
            for t in np.pi / 4 + np.arange(4) * np.pi / 2
        ]
        ties = []
        for share in (0.33, 0.68):
            r = radius * (1.15 - 0.3 * share)
            spots = [(r * np.cos(t), share * high, r * np.sin(t)) for t in np.pi / 4 + np.arange(4) * np.pi / 2]
            ties += [rod(spots[i], spots[(i + 1) % 4], 0.025, sides=5) for i in range(4)]
        low = [
            (radius * 1.05 * np.cos(t), 0.33 * high, radius * 1.05 * np.sin(t))
            for t in np.pi / 4 + np.arange(4) * np.pi / 2
        ]
        up = [
            (radius * 0.95 * np.cos(t), 0.68 * high, radius * 0.95 * np.sin(t))
            for t in np.pi / 4 + np.arange(4) * np.pi / 2
        ]
        ties += [rod(low[i], up[(i + s) % 4], 0.018, sides=4) for i in range(4) for s in (-1, 1)]
        scene.add("legs", joined(legs + ties), metal)
        tall = rng.uniform(0.7, 1.0)
        tank: Material = mat.planks(rng, mat.colour(rng, mat.WOOD), 1.0) if rng.random() < 0.5 else paint
        scene.add("tank", cylinder(radius, tall, sides=28).at(0, high + tall / 2, 0), tank)
        scene.add(
            "hoops",
            joined([torus(radius * 1.005, 0.02, 28, 6).at(0, high + tall * s, 0) for s in (0.12, 0.37, 0.62, 0.87)]),
            mat.paint(mat.DARK[0], 0.4),
        )
        scene.add(
            "roof",
            _drum([(0, -0.02), (radius * 1.15, -0.02), (radius * 1.15, 0.03), (0.05, 0.42), (0, 0.42)], 28).at(
                0, high + tall, 0
            ),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.3),
        )
        scene.add("deck", cylinder(radius * 1.2, 0.07, sides=28).at(0, high, 0), metal)
        scene.add("pipe", rod((0, 0, 0), (0, high, 0), 0.08, sides=12), metal)
        top = high + tall + 0.4
    rungs = [
        rod((-0.07, y, -radius * 1.22), (0.07, y, -radius * 1.22), 0.012, sides=4)
        for y in np.arange(0.1, high + 0.3, 0.16)
    ]
    scene.add(
        "ladder",
        joined(rungs) + rod((0.08, 0, -radius * 1.22), (0.08, high + 0.35, -radius * 1.22), 0.018, sides=5).both(),
        mat.paint(mat.DARK[0], 0.4),
    )
    scene.add("lamp", ellipsoid(0.05, 0.06, 0.05, 10, 6).at(0, top + 0.02, 0), mat.paint(mat.hexa("d2453a"), 0.5))
    return scene


def _television(rng: np.random.Generator) -> Scene:
    scene = Scene()
    high, base = rng.uniform(2.6, 3.2), rng.uniform(0.34, 0.48)
    shaft = mat.matt(mat.colour(rng, mat.NEUTRAL + mat.SOFT))
    pod = mat.paint(mat.colour(rng, mat.NEUTRAL[:3] + mat.BRIGHT), 0.6)
    curve = smooth([(base, 0), (base * 0.45, high * 0.25), (base * 0.3, high * 0.6), (base * 0.22, high)], 12)
    scene.add("shaft", _drum([(0, 0), *((float(r), float(y)) for r, y in curve), (0, high)], 24), shaft)
    level = high * rng.uniform(0.72, 0.82)
    size = rng.uniform(0.36, 0.5)
    if rng.random() < 0.5:
        scene.add("pod", ellipsoid(size, size * 0.85, size, 28, 14).at(0, level, 0), pod)
        scene.add(
            "windows",
            _drum([(0, -0.06), (size * 1.015, -0.06), (size * 1.015, 0.06), (0, 0.06)], 28).at(0, level + 0.02, 0),
            PANE,
        )
    else:
        scene.add(
            "pod",
            _drum(
                [
                    (0, -0.3),
                    (size * 0.3, -0.3),
                    (size, -0.05),
                    (size, 0.12),
                    (size * 0.7, 0.26),
                    (size * 0.2, 0.32),
                    (0, 0.32),
                ],
                32,
            ).at(0, level, 0),
            pod,
        )
        scene.add(
            "windows",
            _drum([(0, 0.0), (size * 1.015, 0.0), (size * 1.015, 0.075), (0, 0.075)], 32).at(0, level, 0),
            PANE,
        )
    scene.add(
        "upper pod",
        _drum([(0, -0.08), (size * 0.5, -0.05), (size * 0.5, 0.04), (0, 0.1)], 24).at(0, high * 0.95, 0),
        pod,
    )
    scene.add(
        "mast", rod((0, high - 0.05, 0), (0, high * 1.35, 0), 0.05, 0.015, 10), mat.paint(mat.hexa("d2453a"), 0.3)
    )
    scene.add(
        "mast bands",
        joined([torus(0.05, 0.018, 14, 6).at(0, high * s, 0) for s in (1.06, 1.14, 1.22)]),
        mat.paint(mat.WHITE, 0.3),
    )
    scene.add(
        "plinth",
        _drum([(0, 0), (base * 1.6, 0), (base * 1.5, 0.2), (0, 0.2)], 28),
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL), 0.3),
    )
    scene.add("entrance", box(0.3, 0.24, 0.2, 0.02).at(0, 0.12, -base * 1.55), shaft)
    scene.add("door", box(0.16, 0.18, 0.05).at(0, 0.1, -base * 1.55 - 0.1), PANE)
    if rng.random() < 0.4:
        legs = [
            rod(
                (base * 2.1 * np.cos(t), 0, base * 2.1 * np.sin(t)),
                (base * 0.2 * np.cos(t), high * 0.4, base * 0.2 * np.sin(t)),
                0.07,
                0.05,
                8,
            )
            for t in np.pi / 2 + np.pi / 3 + np.arange(3) * 2 * np.pi / 3
        ]
        scene.add("legs", joined(legs), shaft)
    return scene
