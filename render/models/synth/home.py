"""Small fittings of a house: clock, faucet, lamp."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Canvas, Colour, Material, Pixels
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    frame,
    joined,
    lathe,
    loft,
    ngon,
    rod,
    rounded,
    smooth,
    superellipse,
    torus,
    tube,
)


def _dial(rng: np.random.Generator, ground: Colour, ink: Colour) -> Pixels:
    """A clock's face: hour marks, those of 12, 3, 6 and 9 stronger, 12 strongest."""
    canvas = Canvas(128, 128, ground)
    if rng.random() < 0.5:
        canvas.disc(0.5, 0.5, 0.3, mat.mixed(ground, ink, 0.12))
    dots = rng.random() < 0.4
    for hour in range(12):
        turn = hour * np.pi / 6
        x, y = np.sin(turn), -np.cos(turn)
        strong = hour % 3 == 0
        if dots:
            canvas.disc(0.5 + 0.4 * x, 0.5 + 0.4 * y, 0.04 if strong else 0.022, ink)
        else:
            inner = 0.33 if strong else 0.38
            canvas.line(
                0.5 + inner * x, 0.5 + inner * y, 0.5 + 0.44 * x, 0.5 + 0.44 * y, 0.045 if strong else 0.022, ink
            )
    canvas.rect(0.46, 0.05, 0.54, 0.2, mat.hexa("c8402f"))
    canvas.disc(0.5, 0.5, 0.5, ink, 0.475)
    return canvas.done()


def _works(rng: np.random.Generator, scene: Scene, radius: float, y: float, z: float) -> None:
    """Face and hands of a clock, facing the front at z."""
    ground = mat.colour(rng, mat.NEUTRAL[:2] + mat.SOFT)
    ink = mat.colour(rng, mat.DARK)
    scene.add("face", cylinder(radius, 0.02, sides=36).turned("x", 90).at(0, y, z), mat.drawn(_dial(rng, ground, ink)))
    hours, minutes = rng.uniform(0, 12), rng.uniform(0, 60)
    hour = _hand(radius * 0.55, radius * 0.1).turned("z", hours * 30)
    minute = _hand(radius * 0.82, radius * 0.07).turned("z", minutes * 6)
    dark = mat.paint(mat.shade(ink, 0.8), 0.4)
    # Seen from the front, +X is on the left: turning counter-clockwise about +Z goes clockwise there.
    scene.add("hour hand", hour.at(0, y, z - 0.02 - radius * 0.012), dark)
    scene.add("minute hand", minute.at(0, y, z - 0.02 - radius * 0.045), dark)
    scene.add(
        "boss",
        cylinder(radius * 0.07, radius * 0.09, sides=14).turned("x", 90).at(0, y, z - 0.02 - radius * 0.03),
        mat.paint(mat.hexa("c8402f"), 0.5),
    )


def _hand(length: float, width: float) -> Mesh:
    return extrude(
        [
            (-width / 2, -length * 0.15),
            (width / 2, -length * 0.15),
            (width * 0.35, length * 0.9),
            (0, length),
            (-width * 0.35, length * 0.9),
        ],
        width * 0.25,
    )


def clock(rng: np.random.Generator) -> Scene:
    """Wall clock, alarm clock with bells, mantel clock, cuckoo clock or grandfather clock."""
    scene = Scene()
    kind = pick(rng, ("wall", "wall", "alarm", "mantel", "grand", "cuckoo"))
    rim = mat.paint(mat.colour(rng), 0.5)
    wood, brass = mat.wood(rng), mat.metal(rng, mat.METAL[3:5] + mat.METAL[:1])
    if kind == "wall":
        shape = pick(rng, ("round", "round", "square", "eight", "sun"))
        depth = 0.12
        surface = wood if rng.random() < 0.4 else rim
        if shape == "round":
            ring = [(0, 0.06), (0.46, 0.06), (0.46, 0.13), (0.52, 0.13), (0.56, 0.06), (0.55, -0.06), (0, -0.06)]
            scene.add("case", lathe(ring, 40).turned("x", -90), surface)
        elif shape == "sun":
            scene.add("case", cylinder(0.5, depth, sides=40, bevel=0.02).turned("x", 90), surface)
            rays = int(rng.integers(10, 20))
            scene.add(
                "rays",
                joined(
                    [
                        rod((0.45 * np.cos(t), 0.45 * np.sin(t), 0), (r * np.cos(t), r * np.sin(t), 0), 0.03, 0.01, 6)
                        for i, t in enumerate(np.arange(rays) * 2 * np.pi / rays)
                        for r in ((0.95 if i % 2 else 0.75),)
                    ]
                ),
                brass,
            )
        else:
            outline = rounded(1.08, 1.08, 0.1) if shape == "square" else ngon(8, 0.6)
            scene.add("case", extrude(outline, depth, 0.02).turned("z", 22.5 if shape == "eight" else 0), surface)
        _works(rng, scene, 0.45, 0.0, -depth / 2 - 0.015)
        if shape == "square" and rng.random() < 0.6:
            scene.add(
                "pendulum",
                rod((0, -0.5, 0), (0.08, -1.0, 0), 0.014)
                + cylinder(0.11, 0.04, sides=24).turned("x", 90).at(0.09, -1.05, 0),
                brass,
            )
        return scene
    if kind == "alarm":
        scene.add("case", cylinder(0.5, 0.34, sides=36, bevel=0.05).turned("x", 90), rim)
        scene.add("bezel", torus(0.46, 0.04, 36, 8).turned("x", 90).at(0, 0, -0.17), brass)
        _works(rng, scene, 0.43, 0.0, -0.17)
        bell = lathe([(0, -0.02), (0.17, -0.02), (0.165, 0.04), (0.11, 0.11), (0, 0.14)], 20)
        scene.add("bells", bell.turned("z", -32).at(0.3, 0.5, 0).both(), brass)
        scene.add(
            "hammer", rod((0, 0.45, 0), (0, 0.66, 0), 0.02) + box(0.1, 0.07, 0.06, 0.02).at(0, 0.66, 0), mat.metal(rng)
        )
        scene.add("legs", rod((0.26, -0.38, 0), (0.38, -0.64, 0), 0.04, 0.03).both(), mat.metal(rng))
        scene.add(
            "grip",
            tube(smooth([(-0.3, 0.6, 0.0), (-0.2, 0.86, 0), (0.2, 0.86, 0), (0.3, 0.6, 0)], 13), 0.02),
            mat.metal(rng),
        )
        scene.add("key", box(0.16, 0.08, 0.03, 0.01).at(0, 0, 0.22) + rod((0, 0, 0.15), (0, 0, 0.22), 0.02), brass)
        return scene.stretched(1.0, 1.0, rng.uniform(0.7, 1.4))
    if kind == "mantel":
        width, shape = rng.uniform(1.2, 1.6), pick(rng, ("arch", "hump", "gable"))
        side = {
            "arch": [(0.36, 0.0), (0.36, 0.55), (0.3, 0.8), (0.16, 0.98), (0, 1.04)],
            "hump": [(0.5, 0.0), (0.5, 0.16), (0.42, 0.26), (0.32, 0.55), (0.18, 0.92), (0, 1.02)],
            "gable": [(0.34, 0.0), (0.34, 0.78), (0.33, 0.8), (0.0, 1.12)],
        }[shape]
        half = smooth(side, 16) if shape != "gable" else np.array(side)
        outline = np.concatenate([half, (half * (-1, 1))[-2::-1]]) * (width, 1.0)
        scene.add("case", extrude(outline, 0.34, 0.025), wood)
        scene.add("base", box(width * (1.08 if shape == "hump" else 0.84), 0.09, 0.44, 0.02).at(0, 0.02, 0), wood)
        scene.add(
            "feet",
            joined(
                [
                    ellipsoid(0.05, 0.05, 0.05, 10, 6).at(x * width * 0.34, -0.05, z * 0.14)
                    for x in (-1, 1)
                    for z in (-1, 1)
                ]
            ),
            brass,
        )
        scene.add("bezel", torus(0.335, 0.03, 32, 8).turned("x", 90).at(0, 0.53, -0.17), brass)
        _works(rng, scene, 0.32, 0.53, -0.175)
        if shape == "gable":
            scene.add("finial", ellipsoid(0.05, 0.07, 0.05, 12, 8).at(0, 1.15, 0), brass)
        return scene
    if kind == "grand":
        high = rng.uniform(3.0, 3.6)
        scene.add("plinth", box(0.86, 0.6, 0.48, 0.02).at(0, 0.3, 0), wood)
        scene.add("trunk", box(0.62, high - 1.4, 0.38, 0.015).at(0, 0.6 + (high - 1.4) / 2, 0), wood)
        scene.add("hood", box(0.86, 0.86, 0.48, 0.02).at(0, high - 0.42, 0), wood)
        arch = smooth([(0.47, 0.0), (0.4, 0.14), (0.0, 0.3)], 8)
        crown = (
            np.concatenate([arch, (arch * (-1, 1))[-2::-1]])
            if rng.random() < 0.5
            else np.array([(0.48, 0.0), (0.0, 0.32), (-0.48, 0.0)])
        )
        scene.add("crown", extrude(crown, 0.54, 0.015).at(0, high, 0), mat.wood(rng, mat.shade(wood.colour, 0.85)))
        scene.add(
            "mouldings",
            box(0.94, 0.07, 0.54, 0.02).at(0, 0.6, 0)
            + box(0.94, 0.07, 0.54, 0.02).at(0, high - 0.85, 0)
            + box(0.96, 0.1, 0.56, 0.02).at(0, 0.04, 0),
            mat.wood(rng, mat.shade(wood.colour, 0.85)),
        )
        scene.add("window", frame(0.44, high - 1.75, 0.04, 0.04).at(0, 0.6 + (high - 1.4) / 2, -0.19), brass)
        scene.add(
            "pane",
            box(0.38, high - 1.8, 0.02).at(0, 0.6 + (high - 1.4) / 2, -0.186),
            mat.paint(mat.hexa("75665a"), 0.7),
        )
        swing = rng.uniform(-6, 6)
        length = (high - 1.9) * 0.82
        pendulum = rod((0, 0, 0), (0, -length, 0), 0.014, sides=6) + cylinder(0.13, 0.03, sides=24).turned("x", 90).at(
            0, -length, 0
        )
        scene.add("pendulum", pendulum.turned("z", swing).at(0, high - 0.95, -0.21), brass)
        scene.add("bezel", torus(0.35, 0.025, 32, 6).turned("x", 90).at(0, high - 0.42, -0.24), brass)
        _works(rng, scene, 0.34, high - 0.42, -0.245)
        return scene
    scene.add("house", extrude([(-0.42, 0.0), (0.42, 0.0), (0.42, 0.66), (0.0, 1.0), (-0.42, 0.66)], 0.4, 0.01), wood)
    slope = float(np.degrees(np.arctan2(0.34, 0.42)))
    scene.add(
        "roof",
        box(0.68, 0.06, 0.56, 0.015).turned("z", -slope).at(0.26, 0.85, -0.02).both(),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.2),
    )
    scene.add("bezel", torus(0.25, 0.03, 28, 6).turned("x", 90).at(0, 0.34, -0.2), rim)
    _works(rng, scene, 0.24, 0.34, -0.205)
    scene.add(
        "door",
        extrude([(-0.09, 0.0), (0.09, 0.0), (0.09, 0.12), (0.0, 0.19), (-0.09, 0.12)], 0.03).at(0, 0.63, -0.205),
        mat.matt(mat.hexa("43332b")),
    )
    bird = ellipsoid(0.05, 0.05, 0.09, 12, 8).at(0, 0.69, -0.27) + ellipsoid(0.042, 0.042, 0.042, 10, 7).at(
        0, 0.74, -0.34
    )
    scene.add("bird", bird, mat.paint(mat.colour(rng, mat.BRIGHT), 0.3))
    scene.add(
        "beak", cylinder(0.018, 0.05, 0.002, 8).turned("x", -90).at(0, 0.735, -0.395), mat.matt(mat.hexa("e8a03a"))
    )
    leaf = ellipsoid(0.11, 0.05, 0.02, 10, 6)
    scene.add(
        "leaves",
        joined(
            [
                leaf.turned("z", a).at(x, y, -0.22)
                for x, y, a in ((-0.34, 0.62, 50), (0.34, 0.62, -50), (-0.36, 0.1, -40), (0.36, 0.1, 40), (0, 1.0, 0))
            ]
        ),
        mat.matt(mat.hexa("6f9a4f")),
    )
    chains = [(0.13, rng.uniform(0.5, 1.0)), (-0.13, rng.uniform(0.5, 1.0))]
    scene.add("chains", joined([rod((x, 0.02, 0), (x, -y, 0), 0.01, sides=5) for x, y in chains]), brass)
    scene.add(
        "weights",
        joined([ellipsoid(0.05, 0.13, 0.05, 10, 8).at(x, -y - 0.1, 0) for x, y in chains]),
        mat.matt(mat.hexa("7a5a3c")),
    )
    scene.add(
        "pendulum",
        rod((0, 0.02, 0.05), (0.05, -0.35, 0.05), 0.012, sides=5)
        + cylinder(0.08, 0.025, sides=18).turned("x", 90).at(0.06, -0.38, 0.05),
        wood,
    )
    return scene


def faucet(rng: np.random.Generator) -> Scene:
    """Basin mixer, kitchen tap, pillar tap with two handles, or garden tap; the spout to the front."""
    scene = Scene()
    kind = pick(rng, ("mixer", "kitchen", "two", "two", "garden"))
    metal = mat.metal(rng, (*mat.METAL, mat.hexa("55595f"), mat.hexa("e9e7e0")))
    accent = mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.5)
    hot, cold = mat.paint(mat.hexa("d2453a"), 0.5), mat.paint(mat.hexa("4a7fc8"), 0.5)

    def cross(radius: float) -> Mesh:
        bars = [
            rod((0, 0, 0), (radius * np.cos(t), 0, radius * np.sin(t)), radius * 0.17, radius * 0.2, 8)
            for t in np.arange(4) * np.pi / 2 + np.pi / 4
        ]
        knobs = [
            ellipsoid(radius * 0.26, radius * 0.24, radius * 0.26, 8, 6).at(radius * np.cos(t), 0, radius * np.sin(t))
            for t in np.arange(4) * np.pi / 2 + np.pi / 4
        ]
        return joined(bars + knobs) + cylinder(radius * 0.34, radius * 0.42, sides=14, bevel=radius * 0.08)

    if kind == "garden":
        scene.add("pipe", rod((0, 0, 0.75), (0, 0, 0.0), 0.1, sides=16), metal)
        scene.add("flange", cylinder(0.28, 0.06, sides=28, bevel=0.015).turned("x", 90).at(0, 0, 0.74), accent)
        scene.add("nut", cylinder(0.17, 0.14, sides=6).turned("x", 90).at(0, 0, 0.3), metal)
        scene.add("body", ellipsoid(0.17, 0.2, 0.22, 18, 10), metal)
        scene.add(
            "spout",
            tube(smooth([(0, 0, -0.05), (0, 0.0, -0.35), (0, -0.1, -0.52), (0, -0.38, -0.56)], 14), 0.1, 14),
            metal,
        )
        scene.add("thread", joined([torus(0.105, 0.022, 18, 6).at(0, y, -0.56) for y in (-0.28, -0.34, -0.4)]), accent)
        scene.add(
            "stem", cylinder(0.07, 0.3, sides=12).at(0, 0.28, 0) + cylinder(0.12, 0.1, sides=6).at(0, 0.2, 0), metal
        )
        handle = (
            cross(0.26)
            if rng.random() < 0.5
            else torus(0.22, 0.045, 24, 8) + box(0.44, 0.05, 0.07, 0.02) + box(0.07, 0.05, 0.44, 0.02)
        )
        scene.add("handle", handle.at(0, 0.46, 0), accent)
        return scene.stretched(1.0, rng.uniform(0.85, 1.15), rng.uniform(0.85, 1.25))
    scene.add("base", lathe([(0, -0.05), (0.24, -0.05), (0.24, 0.0), (0.16, 0.06), (0, 0.06)], 28), metal)
    thick = rng.uniform(0.07, 0.1)
    if kind == "mixer":
        high = rng.uniform(0.5, 0.75)
        scene.add(
            "body",
            lathe([(0, 0), (0.16, 0), (0.14, high * 0.4), (0.15, high), (0.12, high + 0.04), (0, high + 0.04)], 24),
            metal,
        )
        reach = rng.uniform(0.7, 0.95)
        square = rng.random() < 0.5
        path = [(0, high * 0.62, -0.02), (0, high * 0.74, -reach * 0.5), (0, high * 0.66, -reach)]
        section = superellipse(0.12, 0.06, 5 if square else 2.2, 16)
        rings = []
        for (_, y, z), size in zip(smooth(path, 8), np.linspace(1.15, 0.85, 8), strict=True):
            rings.append(np.column_stack([section[:, 0] * size, section[:, 1] * size + y, np.full(16, z)]))
        scene.add("spout", loft(np.array(rings)), metal)
        scene.add("aerator", cylinder(0.06, 0.07, sides=16).at(0, high * 0.6, -reach + 0.08), accent)
        lever = loft(
            [
                [(s * w, y, z), (-s * w, y, z), (-s * w, y + 0.035, z), (s * w, y + 0.035, z)]
                for z, y, w, s in (
                    (0.12, high + 0.03, 0.12, 1),
                    (-0.2, high + 0.1, 0.1, 1),
                    (-0.52, high + 0.2, 0.07, 1),
                )
            ]
        )
        scene.add("lever", lever.turned("y", rng.uniform(-30, 30)), metal if rng.random() < 0.5 else accent)
        scene.add("cap", ellipsoid(0.15, 0.09, 0.15, 18, 8).at(0, high + 0.03, 0), metal)
        scene.add("hot mark", ellipsoid(0.025, 0.025, 0.02, 8, 5).at(0.04, high - 0.06, -0.14), hot)
        scene.add("cold mark", ellipsoid(0.025, 0.025, 0.02, 8, 5).at(-0.04, high - 0.06, -0.14), cold)
        return scene
    rise, reach = (
        (rng.uniform(1.0, 1.4), rng.uniform(0.6, 0.9))
        if kind == "kitchen"
        else (rng.uniform(0.5, 0.8), rng.uniform(0.6, 0.85))
    )
    arc = np.linspace(0, np.pi * rng.uniform(0.85, 1.0), 14)
    r = reach / 2
    bow = [(0, rise - r * 0.2 + r * np.sin(t), -r + r * np.cos(t)) for t in arc]
    drop = (0, bow[-1][1] - rng.uniform(0.1, 0.3), bow[-1][2] - 0.0)
    scene.add("spout", tube([(0, 0.0, 0), (0, rise * 0.5, 0), *bow, drop], thick, 14), metal)
    scene.add(
        "nozzle",
        lathe([(0, 0.12), (thick * 1.3, 0.12), (thick * 1.4, -0.06), (thick * 0.9, -0.1), (0, -0.1)], 18).at(*drop),
        accent,
    )
    scene.add(
        "collar",
        torus(thick * 1.25, 0.03, 20, 8).at(0, 0.1, 0) + torus(thick * 1.15, 0.02, 20, 8).at(0, rise * 0.6, 0),
        metal,
    )
    if kind == "kitchen":
        scene.add("hub", ellipsoid(0.14, 0.13, 0.13, 16, 10).at(0.06, 0.2, 0), metal)
        scene.add("lever", rod((0.12, 0.2, 0), (0.5, rng.uniform(0.26, 0.5), 0), 0.035, 0.05, 12), accent)
        if rng.random() < 0.4:
            turns = np.linspace(0, 1, 60)
            spring = [
                (thick * 1.7 * np.cos(t * 60), rise * (0.3 + 0.45 * t), thick * 1.7 * np.sin(t * 60)) for t in turns
            ]
            scene.add("spring", tube(spring, 0.018, 5), mat.metal(rng))
        return scene
    span = rng.uniform(0.42, 0.55)
    scene.add("bridge", rod((-span, 0.06, 0), (span, 0.06, 0), 0.07, sides=14), metal)
    pillar = lathe([(0, -0.05), (0.19, -0.05), (0.18, 0.0), (0.1, 0.06), (0.09, 0.24), (0.12, 0.28), (0, 0.3)], 20)
    scene.add("pillars", pillar.at(span, 0, 0).both(), metal)
    handle = cross(0.2) if rng.random() < 0.6 else box(0.36, 0.06, 0.08, 0.025).at(0.1, 0, 0)
    scene.add("handles", handle.at(span, 0.33, 0).both(), metal if rng.random() < 0.5 else accent)
    scene.add("hot", cylinder(0.06, 0.03, sides=14, bevel=0.008).at(span, 0.385, 0), hot)
    scene.add("cold", cylinder(0.06, 0.03, sides=14, bevel=0.008).at(-span, 0.385, 0), cold)
    return scene


def _shade(rng: np.random.Generator, top: float, bottom: float, height: float, sides: int = 32) -> Mesh:
    """A hollow lamp shade about Y, its lower rim at height 0."""
    bulge = rng.uniform(-0.1, 0.2)
    curve = smooth([(bottom, 0), ((bottom + top) / 2 * (1 + bulge), height * 0.5), (top, height)], 7)
    inner = [(float(r) - 0.02, float(y)) for r, y in curve[::-1]]
    profile = [*((float(r), float(y)) for r, y in curve), *inner]
    angles = np.arange(sides) * 2 * np.pi / sides
    rings = [[(r * np.cos(t), y, r * np.sin(t)) for t in angles] for r, y in profile]
    return loft(rings, closed=True)


def lamp(rng: np.random.Generator) -> Scene:
    """Table, floor, desk or hanging lamp, or a lantern; a desk lamp's head and the pull chain are at the front."""
    scene = Scene()
    kind = pick(rng, ("table", "table", "floor", "desk", "hanging", "arc"))
    metal = mat.metal(rng)
    body = pick(rng, (mat.paint(mat.colour(rng), 0.5), mat.wood(rng), metal))
    bulb = mat.paint(mat.hexa("fff3c4"), 0.4)
    first = mat.colour(rng, mat.SOFT + mat.BRIGHT + mat.NEUTRAL[:1])
    cloth: Material = pick(
        rng,
        (
            mat.matt(first),
            mat.matt(first),
            mat.striped(rng, first, mat.WHITE).mapped("wrap", 6),
            mat.dotted(first, mat.WHITE).mapped("wrap", 6),
        ),
    )
    if kind == "table":
        high = rng.uniform(0.6, 0.85)
        shape = pick(
            rng,
            (
                [(0.25, 0.0), (0.27, 0.05), (0.1, 0.12), (0.22, 0.4), (0.08, 0.85), (0.05, 1.0)],
                [(0.22, 0.0), (0.24, 0.06), (0.05, 0.12), (0.04, 0.9), (0.05, 1.0)],
                [(0.16, 0.0), (0.28, 0.3), (0.3, 0.5), (0.12, 0.85), (0.05, 1.0)],
                [(0.26, 0.0), (0.25, 0.08), (0.12, 0.25), (0.18, 0.45), (0.1, 0.62), (0.14, 0.78), (0.05, 1.0)],
            ),
        )
        curve = smooth(np.array(shape) * (1, high), 18)
        scene.add("base", lathe([(0, 0), *((float(r), float(y)) for r, y in curve), (0, high)], 26), body)
        wide, tall = rng.uniform(0.38, 0.5), rng.uniform(0.4, 0.55)
        level = high + 0.02
        scene.add("shade", _shade(rng, wide * rng.uniform(0.45, 0.9), wide, tall).at(0, level, 0), cloth)
        scene.add("rod", rod((0, high - 0.05, 0), (0, level + tall * 0.9, 0), 0.018), metal)
        scene.add("bulb", ellipsoid(0.09, 0.13, 0.09, 14, 8).at(0, level + tall * 0.45, 0), bulb)
        scene.add("finial", ellipsoid(0.035, 0.045, 0.035, 10, 6).at(0, level + tall * 0.95, 0), metal)
        z = -wide * 0.5
        scene.add(
            "chain",
            rod((0, level + 0.1, z), (0, level - 0.18, z), 0.008, sides=5)
            + ellipsoid(0.022, 0.03, 0.022, 8, 6).at(0, level - 0.2, z),
            metal,
        )
    elif kind == "floor":
        high = rng.uniform(1.9, 2.3)
        if rng.random() < 0.4:
            legs = [
                rod((0, high * 0.75, 0), (0.5 * np.cos(t), 0, 0.5 * np.sin(t)), 0.028, 0.02)
                for t in np.pi / 2 + np.arange(3) * 2 * np.pi / 3
            ]
            scene.add("legs", joined(legs), body)
            scene.add("hub", cylinder(0.09, 0.14, sides=16).at(0, high * 0.75, 0), metal)
        else:
            scene.add("foot", lathe([(0, 0), (0.34, 0), (0.34, 0.03), (0.06, 0.08), (0, 0.08)], 28), body)
        scene.add("pole", rod((0, 0.03, 0), (0, high, 0), 0.028), metal)
        wide, tall = rng.uniform(0.36, 0.46), rng.uniform(0.38, 0.5)
        scene.add("shade", _shade(rng, wide * rng.uniform(0.5, 0.95), wide, tall).at(0, high - 0.12, 0), cloth)
        scene.add("bulb", ellipsoid(0.09, 0.12, 0.09, 14, 8).at(0, high + 0.05, 0), bulb)
        scene.add(
            "chain",
            rod((0, high - 0.05, -wide * 0.5), (0, high - 0.35, -wide * 0.5), 0.008, sides=5)
            + ellipsoid(0.025, 0.035, 0.025, 8, 6).at(0, high - 0.37, -wide * 0.5),
            metal,
        )
    elif kind == "desk":
        scene.add("foot", cylinder(0.32, 0.06, sides=28, bevel=0.02).at(0, 0.03, 0.15), body)
        elbow, tip = (
            np.array([0, rng.uniform(0.55, 0.75), rng.uniform(0.35, 0.55)]),
            np.array([0, rng.uniform(0.85, 1.1), -rng.uniform(0.2, 0.4)]),
        )
        start = np.array([0, 0.06, 0.15])
        bars = [
            rod(np.add(start, (dx, 0, 0)), np.add(elbow, (dx, 0, 0)), 0.016, sides=6)
            + rod(np.add(elbow, (dx, 0, 0)), np.add(tip, (dx, 0, 0)), 0.016, sides=6)
            for dx in (-0.035, 0.035)
        ]
        scene.add("arm", joined(bars), metal)
        scene.add(
            "joints",
            joined(
                [
                    cylinder(0.05, 0.13, sides=14).turned("z", 90).at(*p)
                    for p in (np.add(start, (0, 0.03, 0)), elbow, tip)
                ]
            ),
            body if body.texture is None else metal,
        )
        tilt = rng.uniform(15, 40)
        head = lathe([(0, 0.14), (0.08, 0.14), (0.1, 0.04), (0.27, -0.22), (0.25, -0.22), (0.08, 0.02), (0, 0.04)], 26)
        scene.add(
            "head",
            head.turned("x", tilt).at(tip[0], tip[1] - 0.04, tip[2] - 0.08),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
        )
        down = lathe([(0, -0.02), (0.06, -0.02), (0.1, -0.14), (0.06, -0.22), (0, -0.24)], 16)
        scene.add("bulb", down.turned("x", tilt).at(tip[0], tip[1] - 0.04, tip[2] - 0.08), bulb)
        scene.add("switch", cylinder(0.03, 0.05, sides=10).at(0, 0.07, -0.07), mat.paint(mat.hexa("d2453a"), 0.4))
    elif kind == "hanging":
        long = rng.uniform(0.5, 1.0)
        scene.add(
            "rose", lathe([(0, 0), (0.14, 0), (0.12, -0.06), (0.03, -0.09), (0, -0.09)], 20).at(0, long + 0.5, 0), metal
        )
        scene.add("cord", rod((0, 0.4, 0), (0, long + 0.45, 0), 0.015, sides=6), mat.matt(mat.DARK[0]))
        arms = int(rng.integers(0, 3)) and int(rng.integers(3, 7))
        if arms:
            spokes, cups, lights = [], [], []
            for t in np.arange(arms) * 2 * np.pi / arms - np.pi / 2:
                along = np.array([np.cos(t), 0, np.sin(t)])
                path = smooth(
                    [
                        along * 0.03 + (0, 0.25, 0),
                        along * 0.25 + (0, 0.05, 0),
                        along * 0.5 + (0, 0.05, 0),
                        along * 0.6 + (0, 0.2, 0),
                    ],
                    10,
                )
                spokes.append(tube(path, 0.022, 6))
                cups.append(
                    lathe([(0, 0.0), (0.05, 0.0), (0.16, 0.22), (0.145, 0.22), (0.04, 0.03), (0, 0.03)], 18).at(
                        *(along * 0.6 + (0, 0.18, 0))
                    )
                )
                lights.append(ellipsoid(0.065, 0.1, 0.065, 10, 8).at(*(along * 0.6 + (0, 0.33, 0))))
            scene.add("arms", joined(spokes), metal)
            scene.add("cups", joined(cups), mat.paint(first, 0.4))
            scene.add("bulbs", joined(lights), bulb)
            scene.add(
                "hub", lathe([(0, -0.05), (0.06, 0.0), (0.1, 0.12), (0.04, 0.3), (0.05, 0.42), (0, 0.45)], 18), metal
            )
        else:
            wide = rng.uniform(0.42, 0.6)
            scene.add(
                "shade",
                _shade(rng, wide * rng.uniform(0.15, 0.6), wide, rng.uniform(0.3, 0.45)),
                mat.paint(first, 0.4) if rng.random() < 0.5 else cloth,
            )
            scene.add("socket", cylinder(0.07, 0.2, sides=14).at(0, 0.35, 0), metal)
            scene.add("bulb", ellipsoid(0.11, 0.14, 0.11, 16, 10).at(0, 0.12, 0), bulb)
    else:
        scene.add("foot", cylinder(0.34, 0.08, sides=28, bevel=0.02).at(0, 0.04, 0.6), body)
        high, reach = rng.uniform(1.5, 1.8), rng.uniform(1.1, 1.4)
        path = smooth(
            [
                (0, 0.06, 0.6),
                (0, high * 0.6, 0.68),
                (0, high, 0.3),
                (0, high * 0.98, 0.3 - reach * 0.5),
                (0, high * 0.76, 0.6 - reach),
            ],
            22,
        )
        scene.add("arc", tube(path, 0.026), metal)
        dome = lathe([(0, 0.14), (0.07, 0.12), (0.24, 0.02), (0.32, -0.16), (0.3, -0.16), (0.22, 0.0), (0, 0.09)], 28)
        scene.add("head", dome.at(*(path[-1] + (0, -0.06, 0))), mat.paint(mat.colour(rng), 0.5))
        scene.add("bulb", ellipsoid(0.12, 0.13, 0.12, 14, 8).at(*(path[-1] + (0, -0.15, 0))), bulb)
    return scene
