"""Kitchen and laundry machines: dishwasher, microwave, stove, washer. Doors are at the front."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Colour, Material
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
    rod,
    rounded,
    smooth,
    torus,
    tube,
)

PANE = mat.paint(mat.hexa("47566a"), 0.8)


def _enamel(rng: np.random.Generator) -> Material:
    return mat.paint(mat.colour(rng, mat.NEUTRAL[:5] + mat.SOFT + mat.BRIGHT), 0.4)


def _trim(base: Colour) -> Material:
    """A panel that stands out from its surroundings."""
    return mat.paint(mat.mixed(base, mat.BLACK if sum(base) > 1.4 else mat.WHITE, 0.55), 0.4)


def _knobs(xs: np.ndarray, y: float, z: float, radius: float = 0.045) -> Mesh:
    knob = lathe(
        [(0, 0), (radius * 1.3, 0), (radius * 1.3, 0.015), (radius, 0.02), (radius * 0.85, 0.07), (0, 0.07)], 16
    ).turned("x", -90)
    pointer = box(radius * 0.3, radius * 1.5, 0.03).at(0, 0, -0.07)
    return joined([(knob + pointer).at(float(x), y, z) for x in xs])


def _bar(width: float, y: float, z: float, radius: float = 0.022) -> Mesh:
    """A horizontal door handle standing off the door at z."""
    ends = [(-width / 2, y, z + 0.02), (-width / 2, y, z - 0.05), (width / 2, y, z - 0.05), (width / 2, y, z + 0.02)]
    return tube(ends, radius, 8)


def washer(rng: np.random.Generator) -> Scene:
    """Front loader with a round door, or top loader with a lid and a panel behind it."""
    scene = Scene()
    body, metal = _enamel(rng), mat.metal(rng)
    trim = _trim(body.colour)
    width, depth = rng.uniform(0.95, 1.1), rng.uniform(0.85, 1.0)
    height = rng.uniform(1.3, 1.45)
    scene.add("body", box(width, height, depth, 0.05, 2).at(0, height / 2 + 0.05, 0), body)
    scene.add(
        "feet",
        joined(
            [cylinder(0.05, 0.1, sides=10).at(x * width * 0.4, 0.03, z * depth * 0.4) for x in (-1, 1) for z in (-1, 1)]
        ),
        mat.matt(mat.DARK[0]),
    )
    front = -depth / 2
    if rng.random() < 0.25:
        panel = loft(
            [
                [
                    (x, height, depth * 0.2),
                    (x, height + 0.3, depth * 0.34),
                    (x, height + 0.3, depth * 0.5),
                    (x, height, depth * 0.5),
                ]
                for x in (-width * 0.49, width * 0.49)
            ]
        )
        scene.add("panel", panel, trim)
        scene.add(
            "knobs",
            _knobs(np.array([-0.3, 0.0, 0.3]) * width, 0, 0, 0.07).turned("x", -25).at(0, height + 0.16, depth * 0.27),
            metal,
        )
        scene.add(
            "lid",
            box(width * 0.84, 0.06, depth * 0.62, 0.02).at(0, height + 0.06, -depth * 0.13),
            mat.paint(mat.shade(body.colour, 0.88), 0.4),
        )
        scene.add("glass", box(width * 0.6, 0.04, depth * 0.38, 0.015).at(0, height + 0.085, -depth * 0.12), PANE)
        scene.add("grip", box(width * 0.3, 0.04, 0.08, 0.015).at(0, height + 0.08, -depth * 0.42), metal)
        scene.add("badge", box(0.22, 0.07, 0.03, 0.01).at(0, height * 0.75, front), metal)
        return scene
    radius = width * rng.uniform(0.29, 0.35)
    y = height * 0.47 + 0.05
    ring = mat.paint(mat.colour(rng, mat.METAL[:3] + mat.NEUTRAL[:3] + mat.DARK[:2]), 0.6)
    door = lathe(
        [
            (0, -0.02),
            (radius, -0.02),
            (radius, 0.03),
            (radius * 0.93, 0.07),
            (radius * 0.74, 0.07),
            (radius * 0.68, 0.02),
            (0, 0.02),
        ],
        32,
    ).turned("x", -90)
    scene.add("door", door.at(0, y, front), ring)
    scene.add(
        "glass",
        ellipsoid(radius * 0.7, radius * 0.7, 0.09, 24, 10).at(0, y, front - 0.02),
        mat.paint(mat.hexa(pick(rng, ("5b7d99", "6f93ad", "4e6274"))), 0.9),
    )
    scene.add("handle", box(0.05, 0.18, 0.07, 0.02).at(radius * 0.86, y, front - 0.08), trim)
    top = height * 0.91 + 0.03
    scene.add("panel", box(width * 0.96, height * 0.13, 0.05, 0.015).at(0, top, front + 0.005), trim)
    scene.add("drawer", box(width * 0.28, height * 0.095, 0.05, 0.012).at(width * 0.31, top, front - 0.012), body)
    scene.add("drawer grip", box(width * 0.14, 0.025, 0.04, 0.01).at(width * 0.31, top - 0.02, front - 0.04), metal)
    scene.add("knob", _knobs(np.array([-0.02]), top, front - 0.02, 0.06), metal)
    scene.add(
        "screen",
        box(width * 0.22, height * 0.06, 0.03, 0.008).at(-width * 0.27, top, front - 0.015),
        mat.paint(mat.hexa("8fc3d8"), 0.7),
    )
    scene.add(
        "buttons",
        joined(
            [
                cylinder(0.018, 0.03, sides=10).turned("x", 90).at(-width * (0.42 - 0.0) + 0.0, top + dy, front - 0.02)
                for dy in (-0.04, 0.0, 0.04)
            ]
        ),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
    )
    scene.add(
        "flap", box(0.18, 0.12, 0.03, 0.01).at(-width * 0.34, 0.16, front), mat.paint(mat.shade(body.colour, 0.85), 0.4)
    )
    scene.add("plinth", box(width * 0.96, 0.06, 0.04).at(0, 0.07, front + 0.01), trim)
    return scene


def dishwasher(rng: np.random.Generator) -> Scene:
    """Dishwasher with its door shut, ajar or down with baskets of plates drawn out."""
    scene = Scene()
    body, metal = _enamel(rng), mat.metal(rng)
    trim = _trim(body.colour)
    width, depth, height = rng.uniform(0.9, 1.05), rng.uniform(0.85, 0.95), rng.uniform(1.25, 1.4)
    opened = rng.random() < 0.65
    wall, front = 0.06, -depth / 2
    shell = box(wall, height, depth, 0.012).at(width / 2 - wall / 2, height / 2, 0).both()
    shell += box(width - 0.02, wall, depth - 0.01, 0.012).at(0, height - wall / 2, 0) + box(
        width - 0.02, 0.14, depth - 0.01, 0.012
    ).at(0, 0.07, 0)
    scene.add(
        "shell", shell + box(width - 0.02, height - 0.02, wall).at(0, height / 2, depth / 2 - wall / 2 - 0.005), body
    )
    scene.add(
        "worktop",
        box(width + 0.06, 0.06, depth + 0.05, 0.015).at(0, height + 0.02, -0.01),
        trim if rng.random() < 0.5 else mat.wood(rng),
    )
    door_high = height - 0.24
    door = box(width - 0.04, door_high, 0.08, 0.015).at(0, door_high / 2, 0)
    panel = box(width - 0.06, 0.16, 0.06, 0.012).at(0, door_high - 0.09, -0.025)
    grip = _bar(width * 0.6, door_high - 0.24, -0.04)
    knobs = joined(
        [
            cylinder(0.02, 0.04, sides=10).turned("x", 90).at(x, door_high - 0.09, -0.055)
            for x in np.linspace(0.1, 0.34, 4) * width
        ]
    )
    light = box(0.16, 0.06, 0.03).at(-width * 0.3, door_high - 0.09, -0.05)
    fall = rng.uniform(-90, -72) if opened else pick(rng, (0.0, 0.0, -18.0))

    def hung(mesh: Mesh) -> Mesh:
        return mesh.turned("x", fall).at(0, 0.18, front - 0.03)

    scene.add("door", hung(door), body)
    scene.add("panel", hung(panel), trim)
    scene.add("handle", hung(grip), metal)
    scene.add("knobs", hung(knobs), metal)
    scene.add("display", hung(light), mat.paint(mat.hexa("8fd0b0"), 0.6))
    scene.add(
        "lining",
        hung(box(width - 0.2, door_high * 0.8, 0.05, 0.02).at(0, door_high / 2, 0.03)),
        mat.paint(mat.NEUTRAL[2], 0.6),
    )
    scene.add("kick plate", box(width - 0.1, 0.12, 0.05).at(0, 0.07, front - 0.0), trim)
    if fall == 0.0:
        return scene
    steel = mat.paint(mat.colour(rng, mat.NEUTRAL[2:4]), 0.6)
    china = mat.paint(mat.colour(rng, mat.SOFT + mat.BRIGHT + mat.NEUTRAL[:1]), 0.5)
    for level, reach in (
        (0.22, rng.uniform(0.1, 0.5) if opened else 0.0),
        (0.72, rng.uniform(0.0, 0.3) if opened else 0.0),
    ):
        y, z, w, d = level * height + 0.05, -reach, width - 0.26, depth - 0.22
        rails = [
            rod((-w / 2, y + dy, z + s * d / 2), (w / 2, y + dy, z + s * d / 2), 0.012, sides=5)
            for s in (-1, 1)
            for dy in (0, 0.16)
        ]
        rails += [
            rod((s * w / 2, y + dy, z - d / 2), (s * w / 2, y + dy, z + d / 2), 0.012, sides=5)
            for s in (-1, 1)
            for dy in (0, 0.16)
        ]
        rails += [rod((x, y, z - d / 2), (x, y, z + d / 2), 0.008, sides=4) for x in np.linspace(-0.4, 0.4, 5) * w]
        rails += [
            rod((x, y, z + s * d / 2), (x, y + 0.16, z + s * d / 2), 0.008, sides=4)
            for x in np.linspace(-0.5, 0.5, 7) * w
            for s in (-1, 1)
        ]
        scene.add("basket", joined(rails), steel)
        if level < 0.5:
            plates = [
                lathe([(0, 0), (0.12, 0.0), (0.2, 0.03), (0.2, 0.045), (0, 0.015)], 18)
                .turned("x", 80)
                .at(x, y + 0.21, zz)
                for zz in np.linspace(-0.36, 0.36, 5) * d + z
                for x in (-w * 0.24, w * 0.24)
            ]
            scene.add("plates", joined(plates), china)
        else:
            cups = [
                lathe([(0, 0.2), (0.07, 0.2), (0.08, 0.0), (0.065, 0.0), (0.055, 0.18), (0, 0.18)], 12).at(
                    x, y + 0.02, zz
                )
                for x in np.linspace(-0.36, 0.36, 4) * w
                for zz in (z - d * 0.25, z + d * 0.2)
            ]
            scene.add("cups", joined(cups), mat.paint(mat.colour(rng), 0.5))
    return scene


def microwave(rng: np.random.Generator) -> Scene:
    """Microwave oven, its window to the front and its controls on the right of who stands before it, or below."""
    scene = Scene()
    body, metal = _enamel(rng), mat.metal(rng)
    trim = _trim(body.colour)
    width, height, depth = rng.uniform(1.3, 1.6), rng.uniform(0.75, 0.95), rng.uniform(0.8, 1.0)
    scene.add("body", box(width, height, depth, rng.uniform(0.03, 0.09), 2).at(0, height / 2, 0), body)
    front = -depth / 2
    share = rng.uniform(0.7, 0.76)
    # Before it, right is towards -X.
    door_x = width * (0.5 - share / 2) - 0.01
    opened = rng.random() < 0.25
    door_w, door_h = width * share - 0.05, height * 0.88
    turn = rng.uniform(50, 80) if opened else 0.0

    def hung(mesh: Mesh) -> Mesh:
        hinge = door_x + door_w / 2
        return mesh.at(-door_w / 2, 0, 0).turned("y", -turn).at(hinge, height / 2, front - 0.02)

    scene.add("door", hung(extrude(rounded(door_w, door_h, 0.05), 0.08, 0.015)), trim if rng.random() < 0.6 else body)
    scene.add("window rim", hung(frame(door_w * 0.8, door_h * 0.76, 0.05, 0.1, 0.05)), metal)
    scene.add("window", hung(box(door_w * 0.74, door_h * 0.7, 0.095, 0.01)), PANE)
    if rng.random() < 0.7:
        grip = tube(
            [(0, -door_h * 0.32, 0.0), (0, -door_h * 0.32, -0.09), (0, door_h * 0.32, -0.09), (0, door_h * 0.32, 0.0)],
            0.026,
        )
        scene.add("handle", hung(grip.at(-door_w / 2 + 0.07, 0, -0.02)), metal)
    else:
        scene.add("handle", hung(box(0.09, door_h * 0.5, 0.08, 0.025).at(-door_w / 2 + 0.07, 0, -0.05)), metal)
    if opened:
        scene.add(
            "cavity",
            box(door_w * 0.86, height * 0.72, 0.06, 0.01).at(door_x, height / 2, front + 0.01),
            mat.matt(mat.hexa("d8d4c8")),
        )
        scene.add(
            "hole",
            box(door_w * 0.76, height * 0.6, 0.05, 0.01).at(door_x, height / 2, front - 0.005),
            mat.matt(mat.hexa("6d655a")),
        )
    x = -width * share / 2 - 0.0
    scene.add(
        "panel", extrude(rounded(width * (1 - share) - 0.06, door_h, 0.03), 0.05, 0.01).at(x, height / 2, front), trim
    )
    scene.add(
        "clock",
        box(width * (1 - share) * 0.62, height * 0.12, 0.04, 0.01).at(x, height * 0.8, front - 0.02),
        mat.paint(mat.hexa("7fd0a4"), 0.6),
    )
    if rng.random() < 0.5:
        keys = [
            box(0.075, 0.05, 0.04, 0.012).at(x + (c - 1) * 0.1, height * 0.34 + r * 0.085, front - 0.02)
            for c in range(3)
            for r in range(4)
        ]
        scene.add("keys", joined(keys), body)
        scene.add(
            "start",
            box(0.26, 0.06, 0.04, 0.015).at(x, height * 0.2, front - 0.02),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
        )
    else:
        dial = _knobs(np.array([0.0]), 0, 0, 0.085)
        scene.add("dials", dial.at(x, height * 0.53, front - 0.02) + dial.at(x, height * 0.26, front - 0.02), metal)
    scene.add(
        "vents",
        joined(
            [box(0.02, 0.03, depth * 0.4).at(width / 2 - 0.005, height * (0.4 + 0.1 * i), 0.05) for i in range(4)]
        ).both(),
        mat.matt(mat.DARK[0]),
    )
    scene.add(
        "feet",
        joined(
            [
                cylinder(0.05, 0.06, sides=10).at(sx * width * 0.42, -0.01, sz * depth * 0.4)
                for sx in (-1, 1)
                for sz in (-1, 1)
            ]
        ),
        mat.matt(mat.DARK[0]),
    )
    return scene


def stove(rng: np.random.Generator) -> Scene:
    """Cooker with rings or gas burners, an oven below, or an old iron stove with a pipe."""
    scene = Scene()
    body, metal = _enamel(rng), mat.metal(rng)
    trim = _trim(body.colour)
    dark = mat.matt(mat.hexa("3c3f44"))
    if rng.random() < 0.2:
        return _iron_stove(rng, scene, metal)
    width, depth, height = rng.uniform(1.0, 1.5), rng.uniform(0.9, 1.05), rng.uniform(1.2, 1.35)
    front = -depth / 2
    scene.add("body", box(width, height - 0.1, depth, 0.03).at(0, height / 2 + 0.05, 0), body)
    scene.add("legs", box(width * 0.94, 0.12, depth * 0.9).at(0, 0.06, 0.02), dark)
    hob_y = height
    gas = rng.random() < 0.6
    scene.add(
        "hob",
        box(width * 1.01, 0.06, depth * 1.01, 0.02).at(0, hob_y + 0.01, 0),
        metal if gas else mat.paint(mat.hexa("464a51"), 0.8),
    )
    columns = 2 if width < 1.3 else 3
    xs = (np.arange(columns) - (columns - 1) / 2) * width * 0.86 / columns
    spots = [
        (x, z, radius)
        for index, x in enumerate(xs)
        for z, radius in ((-depth * 0.23, 0.13 + 0.02 * (index % 2)), (depth * 0.2, 0.15 - 0.02 * (index % 2)))
    ]
    if gas:
        scene.add(
            "burners",
            joined(
                [
                    lathe([(0, 0), (r * 0.62, 0), (r * 0.62, 0.03), (r * 0.45, 0.05), (0, 0.055)], 18).at(
                        x, hob_y + 0.03, z
                    )
                    for x, z, r in spots
                ]
            ),
            dark,
        )
        bars = [box(2.5 * r, 0.025, 0.03).turned("y", a).at(x, hob_y + 0.1, z) for x, z, r in spots for a in (45, 135)]
        feet = [
            rod(
                (x + 1.2 * r * np.cos(t), hob_y + 0.03, z + 1.2 * r * np.sin(t)),
                (x + 1.2 * r * np.cos(t), hob_y + 0.1, z + 1.2 * r * np.sin(t)),
                0.015,
                sides=4,
            )
            for x, z, r in spots
            for t in np.pi / 4 + np.arange(4) * np.pi / 2
        ]
        scene.add("grates", joined(bars + feet), dark)
    else:
        hot = mat.paint(mat.hexa(pick(rng, ("d9583f", "b9bdc2", "8f959c"))), 0.4)
        scene.add(
            "rings",
            joined([torus(r * s, 0.014, 20, 4).at(x, hob_y + 0.04, z) for x, z, r in spots for s in (0.4, 0.75, 1.05)]),
            hot,
        )
    oven_h = height * rng.uniform(0.5, 0.6)
    oven_y = height * 0.2 + oven_h / 2
    scene.add(
        "oven door",
        extrude(rounded(width * 0.93, oven_h, 0.04), 0.07, 0.015).at(0, oven_y, front - 0.02),
        trim if rng.random() < 0.5 else body,
    )
    scene.add(
        "window", box(width * 0.64, oven_h * 0.48, 0.05, 0.015).at(0, oven_y - oven_h * 0.06, front - 0.045), PANE
    )
    scene.add("handle", _bar(width * 0.72, oven_y + oven_h * 0.38, front - 0.05), metal)
    scene.add(
        "drawer",
        box(width * 0.93, height * 0.11, 0.05, 0.015).at(0, height * 0.12 + 0.02, front - 0.015),
        mat.paint(mat.shade(body.colour, 0.88), 0.4),
    )
    level = oven_y + oven_h / 2 + (height - oven_y - oven_h / 2) * 0.5
    scene.add("knob panel", box(width * 0.95, height * 0.12, 0.05, 0.015).at(0, level, front), trim)
    count = len(spots) + 1
    scene.add("knobs", _knobs(np.linspace(-0.4, 0.4, count) * width, level, front - 0.02, 0.042), metal)
    back = rng.random()
    if back < 0.6:
        tall = rng.uniform(0.2, 0.4)
        scene.add("splashback", box(width, tall, 0.09, 0.02).at(0, hob_y + tall / 2, depth / 2 - 0.045), body)
        scene.add(
            "clock",
            box(0.3, 0.12, 0.03, 0.01).at(0, hob_y + tall * 0.6, depth / 2 - 0.09),
            mat.paint(mat.hexa("7fd0a4"), 0.6),
        )
    if rng.random() < 0.55:
        x, z, _ = spots[int(rng.integers(len(spots)))]
        pot = mat.paint(mat.colour(rng, mat.BRIGHT), 0.5)
        radius, high = rng.uniform(0.16, 0.2), rng.uniform(0.14, 0.26)
        base = hob_y + (0.115 if gas else 0.05)
        scene.add("pot", cylinder(radius, high, sides=24, bevel=0.015).at(x, base + high / 2, z), pot)
        scene.add(
            "lid",
            lathe([(0, 0), (radius * 1.03, 0), (radius * 0.9, 0.03), (0.03, 0.06), (0.04, 0.11), (0, 0.12)], 24).at(
                x, base + high, z
            ),
            metal,
        )
        scene.add(
            "pot handles",
            torus(0.05, 0.018, 12, 6).at(radius + 0.03, 0, 0).both().at(x, base + high * 0.75, z),
            mat.matt(mat.DARK[0]),
        )
    return scene


def _iron_stove(rng: np.random.Generator, scene: Scene, metal: Material) -> Scene:
    iron = mat.paint(mat.colour(rng, mat.DARK + mat.NEUTRAL[5:] + mat.BRIGHT[5:7]), 0.3)
    width, height, depth = rng.uniform(0.8, 1.0), rng.uniform(0.9, 1.1), rng.uniform(0.65, 0.8)
    front = -depth / 2
    scene.add("body", box(width, height, depth, 0.06).at(0, height / 2 + 0.2, 0), iron)
    scene.add("top", box(width + 0.12, 0.07, depth + 0.12, 0.03).at(0, height + 0.22, 0), iron)
    scene.add("base", box(width + 0.08, 0.07, depth + 0.08, 0.03).at(0, 0.2, 0), iron)
    leg = tube(
        smooth(
            [(width * 0.4, 0.2, front + 0.1), (width * 0.47, 0.12, front + 0.03), (width * 0.45, 0.0, front + 0.02)], 7
        ),
        [0.06, 0.055, 0.05, 0.045, 0.04, 0.04, 0.05],
    )
    scene.add("legs", (leg + leg.mirrored("z")).both(), iron)
    scene.add(
        "door",
        extrude(rounded(width * 0.72, height * 0.58, 0.06), 0.06, 0.015).at(0, height * 0.6 + 0.1, front),
        mat.paint(mat.shade(iron.colour, 1.25), 0.3),
    )
    scene.add(
        "fire",
        box(width * 0.54, height * 0.38, 0.05, 0.02).at(0, height * 0.6 + 0.1, front - 0.02),
        mat.paint(mat.hexa("f09a3c"), 0.5),
    )
    scene.add(
        "grid",
        joined(
            [box(0.025, height * 0.38, 0.06).at(x * width, height * 0.6 + 0.1, front - 0.025) for x in (-0.13, 0, 0.13)]
        ),
        iron,
    )
    scene.add(
        "handle",
        box(0.04, 0.16, 0.08, 0.015).at(-width * 0.31, height * 0.6 + 0.1, front - 0.05)
        + ellipsoid(0.04, 0.04, 0.04, 10, 6).at(0, height * 0.24 + 0.05, front - 0.04),
        metal,
    )
    scene.add(
        "drawer",
        box(width * 0.6, height * 0.14, 0.05, 0.01).at(0, height * 0.15 + 0.17, front),
        mat.paint(mat.shade(iron.colour, 1.25), 0.3),
    )
    pipe = (
        smooth([(0, height + 0.2, 0.1), (0, height + 0.75, 0.1), (0, height + 1.0, 0.16), (0, height + 1.08, 0.5)], 14)
        if rng.random() < 0.5
        else np.array([(0, height + 0.2, 0.1), (0, height + 1.2, 0.1)])
    )
    scene.add("pipe", tube(pipe, 0.11, 16), iron)
    scene.add(
        "collars",
        torus(0.12, 0.03, 18, 6).at(0, height + 0.27, 0.1) + torus(0.12, 0.025, 18, 6).at(0, height + 0.6, 0.1),
        metal,
    )
    kettle = lathe([(0, 0), (0.17, 0), (0.18, 0.06), (0.12, 0.18), (0.05, 0.21), (0.03, 0.25), (0, 0.26)], 20)
    spout = tube([(0.14, 0.06, 0), (0.25, 0.12, 0), (0.28, 0.2, 0)], [0.04, 0.03, 0.022])
    scene.add(
        "kettle", (kettle + spout).at(-width * 0.28, height + 0.25, -0.12), mat.paint(mat.colour(rng, mat.BRIGHT), 0.5)
    )
    return scene
