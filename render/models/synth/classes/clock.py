"""Generator of class 03046257, clock."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Canvas, Color, Material, Pixels
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
    ngon,
    rod,
    rounded,
    smooth,
    torus,
    tube,
)


def _dial(rng: np.random.Generator, ground: Color, ink: Color) -> Pixels:
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
    ground = mat.color(rng, mat.NEUTRAL[:2] + mat.SOFT)
    ink = mat.color(rng, mat.DARK)
    scene.add("face", cylinder(radius, 0.02, sides=36).rotated("x", 90).at(0, y, z), mat.drawn(_dial(rng, ground, ink)))
    hours, minutes = rng.uniform(0, 12), rng.uniform(0, 60)
    hour = _hand(radius * 0.55, radius * 0.1).rotated("z", hours * 30)
    minute = _hand(radius * 0.82, radius * 0.07).rotated("z", minutes * 6)
    dark = mat.paint(mat.shade(ink, 0.8), 0.4)
    # Seen from the front, +X is on the left: turning counter-clockwise about +Z goes clockwise there.
    scene.add("hour hand", hour.at(0, y, z - 0.02 - radius * 0.012), dark)
    scene.add("minute hand", minute.at(0, y, z - 0.02 - radius * 0.045), dark)
    scene.add(
        "boss",
        cylinder(radius * 0.07, radius * 0.09, sides=14).rotated("x", 90).at(0, y, z - 0.02 - radius * 0.03),
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
    kind = pick(rng, ("wall", "wall", "alarm", "mantel", "grand", "cuckoo"))
    rim = mat.paint(mat.color(rng), 0.5)
    wood, brass = mat.wood(rng), mat.metal(rng, mat.METAL[3:5] + mat.METAL[:1])
    if kind == "wall":
        return _wall_clock(rng, rim, wood, brass)
    if kind == "alarm":
        return _alarm_clock(rng, rim, brass)
    if kind == "mantel":
        return _mantel_clock(rng, wood, brass)
    if kind == "grand":
        return _grandfather_clock(rng, wood, brass)
    return _cuckoo_clock(rng, rim, wood, brass)


def _wall_clock(rng: np.random.Generator, rim: Material, wood: Material, brass: Material) -> Scene:
    """Round, square, octagonal or with rays."""
    scene = Scene()
    shape = pick(rng, ("round", "round", "square", "eight", "sun"))
    depth = 0.12
    surface = wood if rng.random() < 0.4 else rim
    if shape == "round":
        ring = [(0, 0.06), (0.46, 0.06), (0.46, 0.13), (0.52, 0.13), (0.56, 0.06), (0.55, -0.06), (0, -0.06)]
        scene.add("case", lathe(ring, 40).rotated("x", -90), surface)
    elif shape == "sun":
        scene.add("case", cylinder(0.5, depth, sides=40, bevel=0.02).rotated("x", 90), surface)
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
        scene.add("case", extrude(outline, depth, 0.02).rotated("z", 22.5 if shape == "eight" else 0), surface)
    _works(rng, scene, 0.45, 0.0, -depth / 2 - 0.015)
    if shape == "square" and rng.random() < 0.6:
        scene.add(
            "pendulum",
            rod((0, -0.5, 0), (0.08, -1.0, 0), 0.014)
            + cylinder(0.11, 0.04, sides=24).rotated("x", 90).at(0.09, -1.05, 0),
            brass,
        )
    return scene


def _alarm_clock(rng: np.random.Generator, rim: Material, brass: Material) -> Scene:
    """Drum with two bells, a hammer and legs."""
    scene = Scene()
    scene.add("case", cylinder(0.5, 0.34, sides=36, bevel=0.05).rotated("x", 90), rim)
    scene.add("bezel", torus(0.46, 0.04, 36, 8).rotated("x", 90).at(0, 0, -0.17), brass)
    _works(rng, scene, 0.43, 0.0, -0.17)
    bell = lathe([(0, -0.02), (0.17, -0.02), (0.165, 0.04), (0.11, 0.11), (0, 0.14)], 20)
    scene.add("bells", bell.rotated("z", -32).at(0.3, 0.5, 0).both(), brass)
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


def _mantel_clock(rng: np.random.Generator, wood: Material, brass: Material) -> Scene:
    """Arched, humped or gabled case on a base."""
    scene = Scene()
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
            [ellipsoid(0.05, 0.05, 0.05, 10, 6).at(x * width * 0.34, -0.05, z * 0.14) for x in (-1, 1) for z in (-1, 1)]
        ),
        brass,
    )
    scene.add("bezel", torus(0.335, 0.03, 32, 8).rotated("x", 90).at(0, 0.53, -0.17), brass)
    _works(rng, scene, 0.32, 0.53, -0.175)
    if shape == "gable":
        scene.add("finial", ellipsoid(0.05, 0.07, 0.05, 12, 8).at(0, 1.15, 0), brass)
    return scene


def _grandfather_clock(rng: np.random.Generator, wood: Material, brass: Material) -> Scene:
    """Tall case with a pendulum behind a window."""
    scene = Scene()
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
    scene.add("crown", extrude(crown, 0.54, 0.015).at(0, high, 0), mat.wood(rng, mat.shade(wood.color, 0.85)))
    scene.add(
        "mouldings",
        box(0.94, 0.07, 0.54, 0.02).at(0, 0.6, 0)
        + box(0.94, 0.07, 0.54, 0.02).at(0, high - 0.85, 0)
        + box(0.96, 0.1, 0.56, 0.02).at(0, 0.04, 0),
        mat.wood(rng, mat.shade(wood.color, 0.85)),
    )
    scene.add("window", frame(0.44, high - 1.75, 0.04, 0.04).at(0, 0.6 + (high - 1.4) / 2, -0.19), brass)
    scene.add(
        "pane",
        box(0.38, high - 1.8, 0.02).at(0, 0.6 + (high - 1.4) / 2, -0.186),
        mat.paint(mat.hexa("75665a"), 0.7),
    )
    swing = rng.uniform(-6, 6)
    length = (high - 1.9) * 0.82
    pendulum = rod((0, 0, 0), (0, -length, 0), 0.014, sides=6) + cylinder(0.13, 0.03, sides=24).rotated("x", 90).at(
        0, -length, 0
    )
    scene.add("pendulum", pendulum.rotated("z", swing).at(0, high - 0.95, -0.21), brass)
    scene.add("bezel", torus(0.35, 0.025, 32, 6).rotated("x", 90).at(0, high - 0.42, -0.24), brass)
    _works(rng, scene, 0.34, high - 0.42, -0.245)
    return scene


def _cuckoo_clock(rng: np.random.Generator, rim: Material, wood: Material, brass: Material) -> Scene:
    """House with a bird, leaves and weights on chains."""
    scene = Scene()
    scene.add("house", extrude([(-0.42, 0.0), (0.42, 0.0), (0.42, 0.66), (0.0, 1.0), (-0.42, 0.66)], 0.4, 0.01), wood)
    slope = float(np.degrees(np.arctan2(0.34, 0.42)))
    scene.add(
        "roof",
        box(0.68, 0.06, 0.56, 0.015).rotated("z", -slope).at(0.26, 0.85, -0.02).both(),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.2),
    )
    scene.add("bezel", torus(0.25, 0.03, 28, 6).rotated("x", 90).at(0, 0.34, -0.2), rim)
    _works(rng, scene, 0.24, 0.34, -0.205)
    scene.add(
        "door",
        extrude([(-0.09, 0.0), (0.09, 0.0), (0.09, 0.12), (0.0, 0.19), (-0.09, 0.12)], 0.03).at(0, 0.63, -0.205),
        mat.matte(mat.hexa("43332b")),
    )
    bird = ellipsoid(0.05, 0.05, 0.09, 12, 8).at(0, 0.69, -0.27) + ellipsoid(0.042, 0.042, 0.042, 10, 7).at(
        0, 0.74, -0.34
    )
    scene.add("bird", bird, mat.paint(mat.color(rng, mat.BRIGHT), 0.3))
    scene.add(
        "beak", cylinder(0.018, 0.05, 0.002, 8).rotated("x", -90).at(0, 0.735, -0.395), mat.matte(mat.hexa("e8a03a"))
    )
    leaf = ellipsoid(0.11, 0.05, 0.02, 10, 6)
    scene.add(
        "leaves",
        joined(
            [
                leaf.rotated("z", a).at(x, y, -0.22)
                for x, y, a in ((-0.34, 0.62, 50), (0.34, 0.62, -50), (-0.36, 0.1, -40), (0.36, 0.1, 40), (0, 1.0, 0))
            ]
        ),
        mat.matte(mat.hexa("6f9a4f")),
    )
    chains = [(0.13, rng.uniform(0.5, 1.0)), (-0.13, rng.uniform(0.5, 1.0))]
    scene.add("chains", joined([rod((x, 0.02, 0), (x, -y, 0), 0.01, sides=5) for x, y in chains]), brass)
    scene.add(
        "weights",
        joined([ellipsoid(0.05, 0.13, 0.05, 10, 8).at(x, -y - 0.1, 0) for x, y in chains]),
        mat.matte(mat.hexa("7a5a3c")),
    )
    scene.add(
        "pendulum",
        rod((0, 0.02, 0.05), (0.05, -0.35, 0.05), 0.012, sides=5)
        + cylinder(0.08, 0.025, sides=18).rotated("x", 90).at(0.06, -0.38, 0.05),
        wood,
    )
    return scene
