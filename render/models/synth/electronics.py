"""Devices with a plug or a battery: camera, cellphone, display, earphone, keyboard, laptop, loudspeaker, microphone,
printer, remote control, telephone."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Canvas, Material
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
    sweep,
    torus,
    tube,
)

LENS = mat.paint(mat.hexa("3b4f6b"), 0.9)
RUBBER = mat.matt(mat.hexa("3a3d42"))


def _case(rng: np.random.Generator) -> Material:
    """What devices are cased in: light, dark or coloured plastic."""
    return mat.paint(mat.colour(rng, mat.NEUTRAL + mat.DARK[:3] + mat.BRIGHT + mat.SOFT), 0.4)


def _facing(profile: list[tuple[float, float]], sides: int = 24) -> Mesh:
    """A turned shape about Z whose profile's heights lead to the front."""
    return lathe(profile, sides).turned("x", -90)


def camera(rng: np.random.Generator) -> Scene:
    """Reflex, compact, folding-bellows or video camera, its lens to the front."""
    scene = Scene()
    kind = pick(rng, ("reflex", "compact", "range", "video"))
    case, trim = mat.paint(mat.colour(rng, mat.DARK + mat.NEUTRAL[2:] + mat.BRIGHT), 0.4), mat.metal(rng)
    dark = mat.paint(mat.hexa("3c3f45"), 0.4)
    if kind == "video":
        length = rng.uniform(1.2, 1.6)
        scene.add("body", box(0.55, 0.62, length, 0.08).at(0, 0, 0), case)
        snout = _facing(
            [(0, -0.1), (0.24, -0.1), (0.24, 0.35), (0.28, 0.36), (0.28, 0.5), (0.22, 0.5), (0.19, 0.42), (0, 0.42)]
        )
        scene.add("lens", snout.at(0, 0.03, -length / 2), dark)
        scene.add("glass", ellipsoid(0.19, 0.19, 0.05).at(0, 0.03, -length / 2 - 0.42), LENS)
        scene.add("hood", frame(0.6, 0.5, 0.05, 0.18, 0.03).at(0, 0.03, -length / 2 - 0.52), dark)
        scene.add(
            "handle",
            tube(
                smooth([(0, 0.3, -length * 0.4), (0, 0.55, -length * 0.36), (0, 0.58, 0.1), (0, 0.3, 0.25)], 12), 0.055
            ),
            dark,
        )
        scene.add(
            "microphone", cylinder(0.07, 0.5, sides=14, bevel=0.02).turned("x", 90).at(0.12, 0.44, -length * 0.42), trim
        )
        scene.add("screen", box(0.05, 0.42, 0.55, 0.02).turned("y", 35).at(-0.46, 0.05, -0.05), case)
        scene.add(
            "display",
            box(0.02, 0.34, 0.47).turned("y", 35).at(-0.485, 0.05, -0.065),
            mat.paint(mat.hexa("8fb7d6"), 0.6),
        )
        scene.add(
            "finder",
            _facing([(0, -0.1), (0.13, -0.1), (0.11, 0.3), (0, 0.3)], 16).turned("y", 180).at(0, 0.25, length * 0.48),
            dark,
        )
        scene.add("battery", box(0.42, 0.4, 0.16, 0.03).at(0, -0.03, length / 2 + 0.05), trim)
        return scene
    width, height, depth = rng.uniform(1.2, 1.45), rng.uniform(0.72, 0.9), rng.uniform(0.34, 0.46)
    scene.add("body", box(width, height, depth, 0.09, 2), case)
    if kind == "reflex":
        hump = [
            [
                (s * x, y, z)
                for x, z in ((0.3, -depth * 0.55), (0.3, depth * 0.45), (-0.3, depth * 0.45), (-0.3, -depth * 0.55))
            ]
            for y, s in ((height * 0.4, 1.0), (height * 0.55, 0.95), (height * 0.78, 0.55))
        ]
        scene.add("prism", loft(hump), case)
        scene.add("grip", box(0.3, height * 0.96, 0.34, 0.12, 2).at(width / 2 - 0.14, -0.01, -depth * 0.5), RUBBER)
        scene.add("flash shoe", box(0.24, 0.05, 0.22).at(0, height * 0.79, 0), trim)
    else:
        scene.add("top plate", box(width * 0.985, height * 0.2, depth * 1.02, 0.04).at(0, height * 0.42, 0), trim)
        scene.add("finder", box(0.26, 0.16, 0.06, 0.02).at(-width * 0.3, height * 0.4, -depth / 2), LENS)
        scene.add(
            "flash",
            box(0.28, 0.14, 0.06, 0.02).at(width * 0.28, height * 0.4, -depth / 2),
            mat.paint(mat.hexa("f2eed8"), 0.6),
        )
        scene.add(
            "leather",
            box(width * 1.01, height * 0.5, depth * 0.9, 0.05).at(0, -height * 0.06, 0),
            mat.matt(mat.shade(case.colour, 0.6)),
        )
    radius = height * rng.uniform(0.36, 0.44)
    reach = {"reflex": rng.uniform(0.4, 0.9), "compact": rng.uniform(0.2, 0.35), "range": rng.uniform(0.25, 0.45)}[kind]
    x = -0.06 if kind != "reflex" else 0.0
    barrel = [
        (0, -0.05),
        (radius, -0.05),
        (radius, reach * 0.35),
        (radius * 0.92, reach * 0.38),
        (radius * 0.92, reach * 0.6),
        (radius * 0.98, reach * 0.63),
        (radius * 0.98, reach),
        (radius * 0.82, reach),
        (radius * 0.7, reach * 0.85),
        (0, reach * 0.85),
    ]
    scene.add(
        "lens", _facing(barrel, 28).at(x, -0.03, -depth / 2), dark if kind == "reflex" or rng.random() < 0.5 else trim
    )
    scene.add(
        "ring",
        torus(radius * 0.95, 0.025, 28, 6).turned("x", 90).at(x, -0.03, -depth / 2 - reach * 0.5),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
    )
    scene.add("glass", ellipsoid(radius * 0.7, radius * 0.7, 0.08, 20, 8).at(x, -0.03, -depth / 2 - reach * 0.86), LENS)
    scene.add(
        "shutter",
        cylinder(0.07, 0.1, sides=14).at(width * 0.36, height * 0.54, -0.05),
        mat.paint(mat.colour(rng, mat.BRIGHT[:2] + mat.METAL[:2]), 0.5),
    )
    scene.add("dial", cylinder(0.13, 0.12, sides=18, bevel=0.015).at(-width * 0.36, height * 0.54, 0), trim)
    scene.add(
        "screen",
        box(width * 0.55, height * 0.6, 0.04, 0.015).at(-0.05, -0.04, depth / 2),
        mat.paint(mat.hexa("8fb7d6"), 0.6),
    )
    scene.add(
        "lugs",
        torus(0.06, 0.015, 12, 6).turned("z", 90).turned("y", 90).at(width / 2 + 0.03, height * 0.32, 0).both(),
        trim,
    )
    if rng.random() < 0.3:
        strap = smooth(
            [
                (width / 2, height * 0.32, 0),
                (width * 0.75, 0.1, 0.4),
                (width * 0.3, -height * 0.45, 0.75),
                (-width * 0.3, -height * 0.45, 0.75),
                (-width * 0.75, 0.1, 0.4),
                (-width / 2, height * 0.32, 0),
            ],
            24,
        )
        scene.add("strap", sweep(rounded(0.14, 0.02, 0.005, 1), strap), mat.matt(mat.colour(rng, mat.BRIGHT)))
    return scene


def _keypad(
    rng: np.random.Generator, columns: int, rows: int, pitch: tuple[float, float], size: tuple[float, float, float]
) -> Mesh:
    """Keys in a grid about the origin, in X and Y, rising towards -Z."""
    xs, ys = (np.arange(columns) - (columns - 1) / 2) * pitch[0], (np.arange(rows) - (rows - 1) / 2) * pitch[1]
    key = (
        box(*size)
        if rng.random() < 0.5
        else cylinder(min(size[:2]) / 2, size[2], sides=10).turned("x", 90).scaled(x=size[0] / min(size[:2]))
    )
    return joined([key.at(x, y, 0) for x in xs for y in ys])


def cellphone(rng: np.random.Generator) -> Scene:
    """Smartphone, key phone, flip phone or one with an aerial, standing, its screen to the front."""
    scene = Scene()
    kind = pick(rng, ("smart", "smart", "keys", "flip", "brick"))
    case, width = _case(rng), rng.uniform(0.68, 0.8)
    height = {"smart": rng.uniform(1.4, 1.6), "keys": 1.55, "flip": 0.98, "brick": 1.7}[kind]
    depth = {"smart": 0.1, "keys": 0.2, "flip": 0.15, "brick": 0.32}[kind] * rng.uniform(0.9, 1.2)
    corner = rng.uniform(0.06, 0.16)
    back = extrude(rounded(width, height, corner), depth, depth * 0.22)
    dark, keys = mat.paint(mat.hexa("34383f"), 0.5), mat.paint(mat.colour(rng, mat.NEUTRAL[:3] + mat.SOFT), 0.4)
    face = -depth / 2
    if kind == "smart":
        scene.add("case", back, case)
        scene.add(
            "bezel", extrude(rounded(width * 0.95, height * 0.975, corner * 0.85), 0.02).at(0, 0, face - 0.004), dark
        )
        button = rng.random() < 0.4
        scene.add(
            "screen",
            extrude(rounded(width * 0.89, height * (0.8 if button else 0.92), corner * 0.6), 0.012).at(
                0, 0.0, face - 0.014
            ),
            mat.screen(rng, 96, 48),
        )
        if button:
            scene.add(
                "button",
                cylinder(0.06, 0.02, sides=18).turned("x", 90).at(0, -height * 0.445, face - 0.012),
                mat.metal(rng),
            )
        scene.add(
            "earpiece", box(0.14, 0.022, 0.02).at(0, height * (0.445 if button else 0.44), face - 0.014), mat.metal(rng)
        )
        lenses = int(rng.integers(1, 4))
        scene.add(
            "island",
            extrude(rounded(0.2, 0.12 + 0.14 * lenses, 0.07), 0.03, 0.008).at(
                width * 0.28, height * 0.42 - 0.07 * lenses, depth / 2
            ),
            case if rng.random() < 0.5 else dark,
        )
        scene.add(
            "lenses",
            joined(
                [
                    cylinder(0.055, 0.03, sides=14)
                    .turned("x", 90)
                    .at(width * 0.28, height * 0.42 - 0.14 * i - 0.07, depth / 2 + 0.014)
                    for i in range(lenses)
                ]
            ),
            LENS,
        )
        scene.add(
            "side keys",
            box(0.02, 0.2, depth * 0.4, 0.005).at(-width / 2, height * 0.18, 0)
            + box(0.02, 0.1, depth * 0.4, 0.005).at(width / 2, height * 0.22, 0),
            mat.metal(rng),
        )
        scene.add("badge", cylinder(0.07, 0.012, sides=16).turned("x", 90).at(0, 0.0, depth / 2), mat.metal(rng))
        return scene
    screen_y, screen_h = (height * 0.22, height * 0.36) if kind != "flip" else (0.0, height * 0.7)
    pad_y = -height * 0.22
    if kind == "flip":
        lid = back + cylinder(depth * 0.45, width * 0.55, sides=14).turned("z", 90).at(0, -height / 2 - 0.02, -0.02)
        tilt = rng.uniform(15, 40)

        def opened(mesh: Mesh) -> Mesh:
            return mesh.at(0, height / 2, 0).turned("x", tilt).at(0, height / 2, 0)

        scene.add("lid", opened(lid), case)
        scene.add(
            "bezel", opened(extrude(rounded(width * 0.86, height * 0.82, 0.05), 0.02).at(0, 0, face - 0.004)), dark
        )
        scene.add(
            "screen",
            opened(extrude(rounded(width * 0.74, screen_h, 0.02), 0.02).at(0, 0, face - 0.012)),
            mat.screen(rng, 64, 56),
        )
        scene.add("base", back, mat.paint(mat.shade(case.colour, 0.85), 0.4))
        pad_y = -height * 0.08
    else:
        scene.add("case", back, case)
        scene.add(
            "panel", extrude(rounded(width * 0.84, screen_h * 1.2, 0.06), 0.03, 0.008).at(0, screen_y, face), dark
        )
        scene.add(
            "screen",
            extrude(rounded(width * 0.68, screen_h, 0.02), 0.02).at(0, screen_y, face - 0.014),
            mat.screen(rng, 56, 56) if rng.random() < 0.6 else mat.paint(mat.hexa("b7c98a"), 0.4),
        )
        scene.add("earpiece", box(0.2, 0.03, 0.02).at(0, height * 0.44, face - 0.002), dark)
    scene.add(
        "keys",
        _keypad(
            rng,
            3,
            4,
            (width * 0.27, height * 0.092 * (1.4 if kind == "flip" else 1)),
            (width * 0.2, height * 0.06, 0.05),
        ).at(0, pad_y - height * 0.06, face - 0.008),
        keys,
    )
    scene.add(
        "navigator",
        torus(0.1, 0.03, 18, 6)
        .turned("x", 90)
        .at(0, pad_y + height * 0.2 + (0.09 if kind == "flip" else 0), face - 0.005),
        mat.metal(rng),
    )
    scene.add(
        "call keys",
        box(width * 0.2, 0.06, 0.05, 0.015).at(width * 0.28, pad_y + height * 0.19, face - 0.004),
        mat.paint(mat.hexa("5aa35c"), 0.4),
    )
    scene.add(
        "hang-up key",
        box(width * 0.2, 0.06, 0.05, 0.015).at(-width * 0.28, pad_y + height * 0.19, face - 0.004),
        mat.paint(mat.hexa("cf4a3c"), 0.4),
    )
    if kind == "brick" or rng.random() < 0.3:
        top = height / 2 + (height if kind == "flip" else 0)
        scene.add(
            "aerial",
            cylinder(0.06, rng.uniform(0.3, 0.7), 0.045, 12, 0.02).at(
                width * 0.34, (height / 2 if kind == "flip" else top) + 0.15, depth * 0.2
            ),
            dark,
        )
    return scene


def display(rng: np.random.Generator) -> Scene:
    """Flat screen, curved screen, tube television or wide panel on a stand."""
    scene = Scene()
    kind = pick(rng, ("flat", "flat", "curved", "tube", "wide"))
    case, metal = mat.paint(mat.colour(rng, mat.DARK + mat.NEUTRAL + mat.BRIGHT), 0.4), mat.metal(rng)
    width = {"flat": 1.6, "curved": 2.0, "tube": 1.25, "wide": 2.1}[kind] * rng.uniform(0.9, 1.05)
    height = {"flat": 1.0, "curved": 0.86, "tube": 1.05, "wide": 1.15}[kind] * rng.uniform(0.92, 1.05)
    picture = mat.screen(rng, 80, 128)
    if kind == "tube":
        shell = [
            [(s * x, y0 + t * y, z) for x, y in rounded(width, height, 0.1, 3)]
            for z, s, t, y0 in ((0.0, 1, 1, 0), (0.35, 0.98, 0.97, 0), (0.95, 0.55, 0.6, -0.04), (1.1, 0.5, 0.5, -0.06))
        ]
        scene.add("shell", loft(shell).at(0, height / 2 + 0.16, 0), case)
        scene.add(
            "rim",
            frame(width, height, 0.12, 0.12, 0.1).at(0, height / 2 + 0.16, -0.03),
            mat.paint(mat.shade(case.colour, 0.8), 0.4),
        )
        glass = extrude(rounded(width - 0.2, height - 0.2, 0.08), 0.05, 0.02)
        scene.add("screen", glass.at(0, height / 2 + 0.16, -0.03), picture)
        scene.add("base", cylinder(0.36, 0.16, 0.28, 20).at(0, 0.08, 0.42), case)
        scene.add(
            "knobs",
            joined([cylinder(0.03, 0.05, sides=12).turned("x", 90).at(x, 0.22, -0.1) for x in (-0.4, -0.3, 0.4)]),
            metal,
        )
        if rng.random() < 0.5:
            scene.add(
                "aerials", rod((0.05, height + 0.1, 0.5), (0.55, height + 0.85, 0.5), 0.015, sides=6).both(), metal
            )
        return scene
    foot = rng.uniform(0.3, 0.42)
    bow = rng.uniform(0.1, 0.18) if kind == "curved" else 0.0

    def curved(mesh: Mesh) -> Mesh:
        return mesh.bent(lambda p: p - np.array([0, 0, 1]) * (bow * (p[:, :1] * 2 / width) ** 2)) if bow else mesh

    def slab(w: float, h: float, d: float) -> Mesh:
        # Sliced upright, so that it can be bent.
        rings = [
            [(x, -h / 2, -d / 2), (x, h / 2, -d / 2), (x, h / 2, d / 2), (x, -h / 2, d / 2)]
            for x in np.linspace(-w / 2, w / 2, 13)
        ]
        return curved(loft(rings)) if bow else extrude(rounded(w, h, 0.03), d, d * 0.2)

    border = rng.uniform(0.03, 0.07)
    level = foot + height / 2
    scene.add("panel", slab(width, height, 0.07).at(0, level, 0), case)
    chin = border * 1.6
    scene.add(
        "screen",
        slab(width - 2 * border, height - border - chin, 0.02).at(0, level + (chin - border) / 2, -0.033),
        picture,
    )
    scene.add("back", box(width * 0.5, height * 0.5, 0.12, 0.05).at(0, level, 0.06), case)
    scene.add(
        "light",
        box(0.05, 0.015, 0.02).at(width * 0.4, foot + chin / 2, -0.035 - bow * 0.64),
        mat.paint(mat.hexa("6fd08c"), 0.5),
    )
    stand = pick(rng, ("disc", "plate", "feet", "arm"))
    if stand == "feet":
        leg = rod((width * 0.34, level - height / 2 + 0.03, 0.02), (width * 0.38, 0, -0.22), 0.022) + rod(
            (width * 0.34, level - height / 2 + 0.03, 0.02), (width * 0.38, 0, 0.22), 0.022
        )
        scene.add("feet", leg.both(), metal)
        return scene
    scene.add(
        "neck",
        box(0.16, level, 0.06, 0.02).at(0, level / 2, 0.1)
        if stand != "arm"
        else tube(smooth([(0, 0.02, 0.2), (0, level * 0.5, 0.24), (0, level, 0.08)], 8), 0.05),
        metal,
    )
    plate = (
        cylinder(0.36, 0.04, sides=28, bevel=0.01).scaled(z=0.75) if stand == "disc" else box(0.75, 0.035, 0.45, 0.012)
    )
    scene.add("stand", plate.at(0, 0.02, 0.06), metal)
    return scene


def earphone(rng: np.random.Generator) -> Scene:
    """Headphones with cups, with a microphone arm, or a pair of earbuds on a lead."""
    scene = Scene()
    kind = pick(rng, ("cups", "cups", "headset", "buds"))
    shell, pad = mat.paint(mat.colour(rng), 0.5), mat.matt(mat.colour(rng, mat.DARK + mat.SOFT))
    metal = mat.metal(rng)
    if kind == "buds":
        for side in (-1, 1):
            bud = _facing([(0, -0.12), (0.12, -0.12), (0.2, 0.0), (0.2, 0.1), (0, 0.16)], 20).turned("y", side * 40)
            tip = ellipsoid(0.13, 0.13, 0.1, 16, 8).turned("y", side * 40)
            stem = rod((side * 0.36, 0, 0), (side * 0.36, -0.55, -0.02), 0.06, 0.05, 12)
            scene.add("bud", bud.at(side * 0.36, 0, 0) + stem, shell)
            scene.add("tip", tip.at(side * 0.36 - side * 0.11, 0.01, 0.12), pad)
            lead = smooth(
                [(side * 0.36, -0.5, -0.02), (side * 0.34, -0.95, 0.0), (side * 0.1, -1.35, 0), (0, -1.5, 0)], 14
            )
            scene.add("lead", tube(lead, 0.022, 6), pad)
        scene.add("joint", cylinder(0.05, 0.16, sides=12, bevel=0.015).at(0, -1.53, 0), shell)
        tail = smooth([(0, -1.6, 0), (0.05, -1.9, 0.1), (-0.2, -2.05, 0.2), (-0.1, -2.15, 0)], 12)
        scene.add("tail", tube(tail, 0.022, 6), pad)
        scene.add("plug", rod(tail[-1], tail[-1] + (0.16, -0.02, -0.05), 0.035, 0.02), metal)
        return scene.stretched(*rng.uniform(0.85, 1.2, 3))
    radius, drop = rng.uniform(0.78, 0.92), rng.uniform(0.25, 0.45)
    arc = np.linspace(0, np.pi, 25)
    path = np.column_stack([radius * np.cos(arc), radius * 1.05 * np.sin(arc) + drop, np.zeros(25)])
    thick = rng.uniform(0.16, 0.28)
    scene.add("band", sweep(rounded(0.06, thick, 0.025, 2), path, up=(0, 0, 1)), shell)
    inner = path[5:-5] * (0.95, 1, 1) - (0, 0.05, 0)
    scene.add("lining", sweep(rounded(0.07, thick * 0.9, 0.03, 2), inner, up=(0, 0, 1)), pad)
    size, deep = rng.uniform(0.3, 0.42), rng.uniform(0.14, 0.24)
    oval = rng.uniform(1.0, 1.25)

    def ear(profile: list[tuple[float, float]]) -> Mesh:
        return lathe(profile, 26).turned("z", -90).scaled(y=oval).at(radius, 0, 0).turned("z", -4)

    cup = [(0, -0.05), (size * 0.98, -0.05), (size, 0.0), (size * 0.9, deep * 0.7), (size * 0.55, deep), (0, deep)]
    scene.add("cups", ear(cup).both(), shell)
    scene.add(
        "discs",
        ear([(0, deep * 0.8), (size * 0.5, deep * 0.8), (size * 0.46, deep + 0.03), (0, deep + 0.03)]).both(),
        metal,
    )
    ring = torus(size * 0.8, size * 0.22, 26, 8).turned("z", 90).scaled(y=oval).at(radius - 0.1, 0, 0).turned("z", -4)
    scene.add("pads", ring.both(), pad)
    yoke = rod((radius + 0.02, drop + 0.14, 0), (radius + 0.04, 0.1, 0), 0.045, sides=10)
    scene.add("yokes", yoke.both(), metal)
    if kind == "headset":
        boom = smooth(
            [
                (radius + 0.05, -0.05, -size * 0.5),
                (radius, -size, -size * 1.5),
                (radius * 0.5, -size * 1.35, -size * 2.2),
            ],
            12,
        )
        scene.add("boom", tube(boom, 0.03), metal)
        scene.add("microphone", ellipsoid(0.13, 0.09, 0.09, 14, 8).at(*boom[-1]), mat.matt(mat.DARK[0]))
    else:
        lead = smooth(
            [
                (radius, -size * oval, 0),
                (radius * 0.85, -size * 2, 0.05),
                (radius * 0.3, -size * 2.3, -0.1),
                (-0.1, -size * 2.0, -0.2),
            ],
            14,
        )
        scene.add("lead", tube(lead, 0.028, 6), pad)
    # The front: a badge on the band.
    scene.add(
        "badge",
        box(0.22, 0.1, 0.05, 0.02).at(0, drop + radius * 1.05, -thick / 2),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
    )
    return scene


def keyboard(rng: np.random.Generator) -> Scene:
    """Computer keyboard: compact, full size, split or with coloured keys; the space bar is at the front."""
    scene = Scene()
    kind = pick(rng, ("full", "full", "compact", "split"))
    unit, rows = 0.1, int(rng.integers(4, 6))
    columns = 14 if kind != "compact" else 12
    case = mat.paint(mat.colour(rng, mat.NEUTRAL + mat.DARK + mat.SOFT), 0.3)
    plain = mat.paint(
        mat.colour(rng, mat.NEUTRAL[:3] if sum(case.colour) < 1.5 else mat.NEUTRAL[:1] + mat.DARK + mat.SOFT), 0.3
    )
    accent = mat.paint(mat.colour(rng, mat.BRIGHT), 0.3)
    high, tilt = rng.uniform(0.03, 0.07), rng.uniform(3, 8)
    gap = 0.86

    def cap(width: float) -> Mesh:
        low, top = (width - 0.02) / 2, (width - 0.04) / 2
        deep = unit * gap / 2
        return loft(
            [
                [(s, y, d), (-s, y, d), (-s, y, -d), (s, y, -d)]
                for s, d, y in ((low, deep, 0.0), (top, deep * 0.78, high))
            ]
        )

    blocks: dict[str, list[Mesh]] = {"keys": [], "accents": []}
    halves = ((-1.0, columns / 2), (1.0, columns / 2)) if kind == "split" else ((0.0, float(columns)),)
    for side, count in halves:
        for row in range(rows):
            # Further rows lie further back; the ends of a row are long keys.
            ends = {0: 1.0, 1: 1.3, 2: 1.5, 3: 1.8}.get(rows - 1 - row, 1.0)
            middle = count - 2 * ends if not side else count - ends
            number = int(middle)
            widths = [ends, *[middle / number] * number] + ([ends] if not side else [])
            if side > 0:
                widths = widths[::-1]
            x = -count / 2 * unit
            for index, width in enumerate(widths):
                long = (index == 0 and side <= 0) or (index == len(widths) - 1 and side >= 0)
                key = cap(width * unit).at(x + width * unit / 2, 0, (row - (rows - 1) / 2) * -unit)
                x += width * unit
                key = key.turned("y", -side * 8).at(side * (count / 2 + 0.7) * unit, 0, 0)
                blocks["accents" if long else "keys"].append(key)
        bar = joined(
            [
                cap(count * 0.5 * unit),
                *(cap(unit * count * 0.1).at(s * unit * count * c, 0, 0) for s in (-1, 1) for c in (0.31, 0.43)),
            ]
        )
        blocks["keys"].append(
            bar.at(0, 0, -(rows + 1) / 2 * unit).turned("y", -side * 8).at(side * (count / 2 + 0.7) * unit, 0, 0)
        )
    width = columns * unit + 0.1 + (0.28 if kind == "split" else 0)
    offset = 0.0
    if kind == "full":
        pad = [
            cap(unit).at(columns * unit / 2 + (0.75 + c) * unit, 0, (r - (rows - 1) / 2) * -unit)
            for c in range(3)
            for r in range(-1, rows)
        ]
        blocks["keys"] += pad
        width += 3.6 * unit
        offset = 1.7 * unit
    depth = (rows + 1) * unit + 0.12

    # The left of who types is the object's own right, since the front is the side one sits at.
    def placed(mesh: Mesh) -> Mesh:
        return mesh.at(-offset, 0.03, 0).mirrored("x").turned("x", tilt)

    body = box(width, 0.06, depth, 0.02).at(offset, -0.01, -unit / 2)
    scene.add("case", placed(body), case)
    for name, keys in blocks.items():
        scene.add(name, placed(joined(keys).at(0, 0.02, 0)), plain if name == "keys" else accent)
    scene.add(
        "lights",
        placed(
            joined(
                [
                    box(0.035, 0.01, 0.02).at(offset + width * 0.3 + i * 0.07, 0.022, depth / 2 - unit / 2 - 0.03)
                    for i in range(3)
                ]
            )
        ),
        mat.paint(mat.hexa("7fd18a"), 0.5),
    )
    if rng.random() < 0.6:
        lead = smooth([(0, 0.05, depth / 2 - 0.1), (0, 0.06, depth / 2 + 0.1), (0.15, 0.0, depth / 2 + 0.25)], 10)
        scene.add("lead", tube(lead, 0.014, 6), RUBBER)
    if rng.random() < 0.3:
        scene.add(
            "rest",
            placed(box(width * 0.98, 0.04, 0.18, 0.018).at(offset, -0.015, -depth / 2 - unit / 2 - 0.09)),
            mat.matt(mat.shade(case.colour, 0.75)),
        )
    return scene


def laptop(rng: np.random.Generator) -> Scene:
    """Open notebook computer; who uses it sits at the front."""
    scene = Scene()
    width, depth = 1.5 * rng.uniform(0.9, 1.1), rng.uniform(0.95, 1.1)
    thick, open_by = rng.uniform(0.05, 0.1), rng.uniform(8, 32)
    case = mat.paint(mat.colour(rng, mat.NEUTRAL + mat.DARK[:2] + mat.BRIGHT), 0.5)
    light_case = sum(case.colour) > 1.5
    keys = mat.paint(mat.colour(rng, mat.DARK if light_case else mat.NEUTRAL[:3]), 0.3)
    scene.add("base", extrude(rounded(width, depth, 0.07), thick, thick * 0.25).turned("x", 90), case)
    rows, columns = int(rng.integers(4, 6)), int(rng.integers(11, 14))
    pitch = width * 0.86 / columns, depth * 0.46 / rows
    key = box(pitch[0] * 0.8, 0.02, pitch[1] * 0.8)
    spots = [
        ((c - (columns - 1) / 2) * pitch[0], depth * 0.13 + (r - (rows - 1) / 2) * pitch[1])
        for c in range(columns)
        for r in range(rows)
        if r or not columns * 0.3 < c < columns * 0.68
    ]
    scene.add(
        "keys",
        joined([key.at(x, thick / 2 + 0.008, z) for x, z in spots])
        + box(pitch[0] * columns * 0.36, 0.02, pitch[1] * 0.8).at(
            0, thick / 2 + 0.008, depth * 0.13 - (rows - 1) / 2 * pitch[1]
        ),
        keys,
    )
    scene.add(
        "touchpad",
        box(width * 0.28, 0.012, depth * 0.22, 0.005).at(0, thick / 2 + 0.002, -depth * 0.31),
        mat.paint(mat.shade(case.colour, 0.8), 0.3),
    )
    high, slim = depth * 0.97, thick * 0.5

    def lid(mesh: Mesh) -> Mesh:
        return mesh.at(0, high / 2 + 0.03, 0).turned("x", open_by).at(0, thick / 2 - 0.01, depth / 2 - 0.02)

    scene.add("lid", lid(extrude(rounded(width, high, 0.07), slim, slim * 0.25)), case)
    scene.add(
        "bezel",
        lid(extrude(rounded(width * 0.97, high * 0.96, 0.05), 0.02).at(0, 0, -slim / 2)),
        mat.paint(mat.hexa("34383f"), 0.4),
    )
    scene.add(
        "screen",
        lid(extrude(rounded(width * 0.9, high * 0.84, 0.02), 0.012).at(0, 0.02, -slim / 2 - 0.012)),
        mat.screen(rng, 80, 120),
    )
    scene.add("badge", lid(cylinder(0.09, 0.012, sides=20).turned("x", 90).at(0, 0.05, slim / 2)), mat.metal(rng))
    scene.add(
        "hinge",
        rod((-width * 0.36, thick / 2, depth / 2 - 0.02), (width * 0.36, thick / 2, depth / 2 - 0.02), 0.03, sides=10),
        keys,
    )
    scene.add(
        "ports",
        box(0.04, 0.025, 0.1).at(width / 2 - 0.01, 0, 0.1) + box(0.04, 0.025, 0.06).at(width / 2 - 0.01, 0, -0.08),
        RUBBER,
    )
    return scene


def loudspeaker(rng: np.random.Generator) -> Scene:
    """Shelf or floor box, stage monitor, or ball on a foot; cones to the front."""
    scene = Scene()
    kind = pick(rng, ("shelf", "floor", "wedge", "ball"))
    case = mat.wood(rng) if rng.random() < 0.5 else mat.paint(mat.colour(rng), 0.4)
    metal, cone = mat.metal(rng), mat.matt(mat.colour(rng, mat.DARK + mat.NEUTRAL[3:5] + mat.BRIGHT))

    def driver(radius: float) -> tuple[Mesh, Mesh, Mesh, Mesh]:
        rim = torus(radius, radius * 0.12, 28, 8).turned("x", 90)
        dish = _facing(
            [
                (0, -0.01),
                (radius * 0.95, -0.01),
                (radius * 0.95, 0.03),
                (radius * 0.86, 0.05),
                (radius * 0.4, 0.012),
                (0, 0.012),
            ],
            28,
        )
        surround = torus(radius * 0.82, radius * 0.09, 28, 6).turned("x", 90).at(0, 0, -0.03)
        cap = ellipsoid(radius * 0.34, radius * 0.34, radius * 0.2, 16, 8).at(0, 0, -0.012)
        return rim, dish, surround, cap

    def drivers(spots: list[tuple[float, float, float]], z: float, tilt: float = 0.0) -> None:
        pieces = [[mesh.at(x, y, z).turned("x", tilt) for mesh in driver(r)] for x, y, r in spots]
        for name, index, surface in (
            ("rims", 0, metal),
            ("cones", 1, cone),
            ("surrounds", 2, RUBBER),
            ("caps", 3, metal),
        ):
            scene.add(name, joined([piece[index] for piece in pieces]), surface)

    if kind == "ball":
        scene.add(
            "ball", ellipsoid(0.6, 0.6, 0.6, 28, 16), case if case.texture is None else mat.paint(mat.colour(rng), 0.5)
        )
        drivers([(0, 0, rng.uniform(0.34, 0.44))], -0.5)
        scene.add("stem", cylinder(0.08, 0.3).at(0, -0.68, 0.05), metal)
        scene.add("foot", cylinder(0.4, 0.07, 0.34, 28, 0.015).at(0, -0.84, 0.05), metal)
        return scene
    width, depth = rng.uniform(0.62, 0.8), rng.uniform(0.55, 0.75)
    height = {"shelf": rng.uniform(1.0, 1.25), "floor": rng.uniform(1.8, 2.4), "wedge": 0.9}[kind]
    if kind == "wedge":
        width = rng.uniform(1.1, 1.4)
        side = [(-depth * 0.55, 0.0), (depth * 0.6, 0.0), (depth * 0.6, height * 0.85), (depth * 0.25, height * 0.85)]
        body = extrude(side, width, 0.03).turned("y", -90)
        scene.add("box", body, mat.paint(mat.colour(rng, mat.DARK + mat.NEUTRAL[3:]), 0.2))
        tilt = float(np.degrees(np.arctan2(depth * 0.8, height * 0.85)))
        slope = float(np.hypot(depth * 0.8, height * 0.85))

        def laid(mesh: Mesh) -> Mesh:
            return mesh.at(0, slope / 2, 0).turned("x", tilt).at(0, 0, -depth * 0.55)

        scene.add(
            "grille",
            laid(box(width * 0.9, slope * 0.86, 0.06, 0.015)),
            mat.mesh_cloth(mat.colour(rng, mat.NEUTRAL[2:5]), 5),
        )
        for name, index, surface in (
            ("rims", 0, metal),
            ("cones", 1, cone),
            ("surrounds", 2, RUBBER),
            ("caps", 3, metal),
        ):
            pair = ((-width * 0.2, 0.0, slope * 0.32), (width * 0.26, 0.05, slope * 0.17))
            scene.add(name, laid(joined([driver(r)[index].at(x, y, -0.04) for x, y, r in pair])), surface)
        scene.add(
            "grips", torus(0.14, 0.03, 16, 6).turned("z", 90).at(width / 2, height * 0.4, depth * 0.2).both(), RUBBER
        )
        scene.add("corners", box(0.12, 0.12, 0.12, 0.03).at(width / 2 - 0.03, 0.04, depth * 0.57).both(), metal)
        return scene
    scene.add("box", box(width, height, depth, rng.uniform(0.01, 0.08), 2), case)
    front = -depth / 2
    panel = mat.matt(mat.colour(rng, mat.DARK + mat.NEUTRAL[2:4]))
    scene.add("baffle", extrude(rounded(width * 0.93, height * 0.96, 0.05), 0.03, 0.008).at(0, 0, front), panel)
    big = width * rng.uniform(0.33, 0.39)
    y = -height / 2 + big * 1.35
    spots: list[tuple[float, float, float]] = []
    while y < height / 2 - big * 2.0 and len(spots) < 3:
        spots.append((0.0, y, big))
        y += big * 2.35
    small = big * rng.uniform(0.35, 0.5)
    spots.append((0.0, min(y - big * 2.35 + big * 1.3 + small * 1.4, height / 2 - small * 1.5), small))
    drivers(spots, front - 0.02)
    scene.add("port", torus(0.07, 0.025, 16, 6).turned("x", 90).at(width * 0.32, height * 0.42, front - 0.015), RUBBER)
    scene.add("badge", box(0.16, 0.05, 0.03, 0.01).at(0, -height * 0.455, front - 0.015), metal)
    scene.add("terminals", box(0.3, 0.2, 0.03).at(0, -height * 0.3, depth / 2), panel)
    if kind == "floor" or rng.random() < 0.4:
        scene.add(
            "feet",
            joined(
                [
                    cylinder(0.03, 0.1, 0.05, 10).at(x * width * 0.4, -height / 2 - 0.03, z * depth * 0.4)
                    for x in (-1, 1)
                    for z in (-1, 1)
                ]
            ),
            metal,
        )
    return scene


def microphone(rng: np.random.Generator) -> Scene:
    """Stage, studio or old-fashioned microphone, held up, or on a desk or floor stand."""
    scene = Scene()
    kind = pick(rng, ("stage", "studio", "retro", "desk"))
    metal, grip = mat.metal(rng), mat.paint(mat.colour(rng, mat.DARK + mat.BRIGHT + mat.NEUTRAL[2:4]), 0.4)
    grid = mat.mesh_cloth(mat.colour(rng, mat.METAL), 14)
    if kind in ("stage", "desk"):
        size, long = rng.uniform(0.2, 0.27), rng.uniform(0.75, 1.0)
        head = ellipsoid(size, size * rng.uniform(1.0, 1.25), size, 24, 14).at(0, long / 2 + size * 0.8, 0)
        body = lathe(
            [
                (0, -long / 2),
                (size * 0.42, -long / 2),
                (size * 0.5, -long / 2 + 0.04),
                (size * 0.78, long / 2),
                (size * 0.9, long / 2 + size * 0.3),
                (0, long / 2 + size * 0.3),
            ],
            20,
        )
        tilt = -40 if kind == "desk" else rng.uniform(-30, -8)
        lift = 0.75 if kind == "desk" else 0.0

        def held(mesh: Mesh) -> Mesh:
            return mesh.turned("x", tilt).at(0, lift, 0)

        scene.add("head", held(head), grid)
        scene.add("body", held(body), grip)
        scene.add("ring", held(torus(size * 0.98, size * 0.12, 24, 8).at(0, long / 2 + size * 0.75, 0)), metal)
        scene.add("switch", held(box(0.06, 0.14, 0.05, 0.015).at(0, long * 0.1, -size * 0.62)), metal)
        if kind == "desk":
            scene.add(
                "neck",
                tube(
                    smooth([(0, 0.0, 0.25), (0, 0.35, 0.35), (0, lift - 0.2, 0.25), (0, lift - 0.1, 0.12)], 10), 0.035
                ),
                metal,
            )
            scene.add("clip", held(cylinder(size * 0.85, 0.14, sides=18).at(0, -0.12, 0)), mat.matt(mat.DARK[0]))
            scene.add(
                "foot",
                lathe([(0, -0.05), (0.42, -0.05), (0.4, 0.0), (0.1, 0.06), (0, 0.06)], 28).at(0, 0, 0.25),
                mat.matt(mat.DARK[0]),
            )
        else:
            lead = smooth([(0, -long / 2, 0), (0, -long / 2 - 0.25, 0), (0.12, -long / 2 - 0.5, 0.06)], 9)
            scene.add("lead", held(tube(lead, 0.03)), mat.matt(mat.DARK[0]))
        return scene
    stand = rng.uniform(0.5, 1.3)
    if kind == "studio":
        radius, high = rng.uniform(0.2, 0.26), rng.uniform(0.75, 0.95)
        scene.add("body", cylinder(radius, high * 0.55, sides=24, bevel=0.03), grip)
        scene.add(
            "head",
            lathe(
                [
                    (0, 0),
                    (radius * 0.96, 0),
                    (radius * 0.96, high * 0.3),
                    (radius * 0.6, high * 0.45),
                    (0, high * 0.47),
                ],
                24,
            ).at(0, high * 0.26, 0),
            grid,
        )
        scene.add(
            "bands",
            joined([torus(radius, 0.022, 24, 6).at(0, y, 0) for y in (high * 0.27, -high * 0.24)])
            + box(0.03, high * 0.46, radius * 2.04, 0.01).at(0, high * 0.48, 0),
            metal,
        )
        scene.add(
            "badge",
            cylinder(0.07, 0.05, sides=16).turned("x", 90).at(0, 0.08, -radius),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
        )
        cradle = frame(radius * 4, high * 0.8, 0.04, 0.05, 0.12)
        scene.add("cradle", cradle, metal)
        cords = [
            rod((s * radius * 1.95, y * high * 0.36, 0), (s * radius, y * high * 0.16, 0), 0.014, sides=5)
            for s in (-1, 1)
            for y in (-1, 1)
        ]
        scene.add("cords", joined(cords), mat.matt(mat.DARK[0]))
        base = -high * 0.4
        if rng.random() < 0.5:
            scene.add(
                "pop filter",
                torus(0.28, 0.022, 24, 6).turned("x", 90).at(0, 0.3, -0.5)
                + tube(smooth([(0, 0.03, -0.5), (0, -0.2, -0.4), (0, base - 0.05, -0.02)], 8), 0.016, 6),
                metal,
            )
            scene.add(
                "gauze",
                cylinder(0.27, 0.01, sides=24).turned("x", 90).at(0, 0.3, -0.5),
                mat.Material(mat.hexa("50555c"), 0.05, 10.0, 0.6),
            )
    else:
        width, high = 0.5, rng.uniform(0.75, 0.9)
        pill = [
            [(x, y, z) for x, y in rounded(width * s, high * t, 0.24 * s, 5)]
            for z, s, t in ((-0.22, 0.62, 0.8), (-0.12, 0.95, 0.97), (0.0, 1, 1), (0.12, 0.95, 0.97), (0.22, 0.62, 0.8))
        ]
        scene.add("head", loft(pill), metal)
        ribs = [
            box(0.045, high * 0.86 * np.sqrt(max(1 - (x / 0.27) ** 2, 0.2)), 0.06, 0.02).at(
                x, 0.02, -0.2 + abs(x) * 0.35
            )
            for x in np.linspace(-0.18, 0.18, 5)
        ]
        scene.add("ribs", joined(ribs), mat.matt(mat.DARK[1]))
        scene.add("belt", box(width * 1.06, 0.09, 0.5, 0.04).at(0, -0.04, 0), grip)
        scene.add("badge", box(0.16, 0.1, 0.06, 0.02).at(0, -0.04, -0.25), mat.paint(mat.colour(rng, mat.BRIGHT), 0.4))
        scene.add("hinge", cylinder(0.12, 0.2, sides=16).at(0, -high / 2 - 0.04, 0), metal)
        base = -high / 2 - 0.1
    scene.add("stand", rod((0, base + 0.02, 0), (0, base - stand, 0), 0.035, sides=10), metal)
    scene.add(
        "foot",
        lathe([(0, -0.05), (0.36, -0.05), (0.34, 0.0), (0.08, 0.06), (0, 0.06)], 28).at(0, base - stand, 0),
        mat.matt(mat.colour(rng, mat.DARK)),
    )
    return scene


def printer(rng: np.random.Generator) -> Scene:
    """Desk printer, with or without a scanner on top, or a tall copier; paper comes out at the front."""
    scene = Scene()
    tall = rng.random() < 0.25
    width, depth = rng.uniform(1.2, 1.5), rng.uniform(0.85, 1.1)
    height = rng.uniform(1.3, 1.6) if tall else rng.uniform(0.5, 0.75)
    case, dark = mat.paint(mat.colour(rng, mat.NEUTRAL + mat.SOFT), 0.3), mat.paint(mat.colour(rng, mat.DARK), 0.3)
    accent = mat.paint(mat.colour(rng, mat.BRIGHT), 0.4)
    paper = mat.matt(mat.hexa("fbfaf5"))
    scene.add("body", box(width, height, depth, 0.07, 2).at(0, height / 2, 0), case)
    mouth = height * (0.72 if tall else 0.5)
    scene.add("mouth", box(width * 0.72, 0.2, 0.12, 0.02).at(0, mouth, -depth / 2 + 0.035), dark)
    scene.add(
        "tray", box(width * 0.66, 0.035, 0.46, 0.012).turned("x", 8).at(0, mouth - 0.085, -depth / 2 - 0.16), dark
    )
    sheet = mat.drawn(_page(rng), "top", 0.05)
    scene.add("sheet", box(width * 0.5, 0.012, 0.5).turned("x", 8).at(0, mouth - 0.052, -depth / 2 - 0.13), sheet)
    if rng.random() < 0.65 or tall:
        scene.add("lid", box(width * 0.99, 0.1, depth * 0.98, 0.04).at(0, height + 0.07, 0.0), dark)
        scene.add("seam", box(width * 0.95, 0.06, depth * 0.93).at(0, height + 0.005, 0), accent)
        if rng.random() < 0.5:
            scene.add("feeder", box(width * 0.75, 0.16, depth * 0.7, 0.05).at(0.08, height + 0.18, 0.06), case)
            scene.add(
                "slot",
                box(width * 0.55, 0.03, depth * 0.5, 0.01).turned("z", 10).at(-width * 0.1, height + 0.29, 0.06),
                paper,
            )
    else:
        back = box(width * 0.62, 0.6, 0.03, 0.01).turned("x", 22)
        scene.add("support", back.at(0, height + 0.18, depth * 0.42), dark)
        scene.add("paper", box(width * 0.54, 0.62, 0.02).turned("x", 22).at(0, height + 0.26, depth * 0.39), paper)
    panel_y = height * (0.94 if tall else 0.86)
    scene.add(
        "panel", box(width * 0.5, 0.2, 0.06, 0.02).turned("x", 20).at(-width * 0.18, panel_y, -depth / 2 - 0.01), dark
    )
    scene.add(
        "screen",
        box(width * 0.2, 0.13, 0.03).turned("x", 20).at(-width * 0.12, panel_y, -depth / 2 - 0.035),
        mat.screen(rng, 32, 48),
    )
    buttons = [
        cylinder(0.025, 0.03, sides=10)
        .turned("x", 110)
        .at(-width * 0.27 - i * 0.075, panel_y + j * 0.035, -depth / 2 - 0.04 - j * 0.01)
        for i in range(2)
        for j in (-1, 1)
    ]
    scene.add("buttons", joined(buttons), accent)
    if tall:
        drawers = int(rng.integers(2, 4))
        each = height * 0.5 / drawers
        for index in range(drawers):
            y = 0.08 + each * (index + 0.5)
            scene.add(
                "drawer",
                box(width * 0.92, each * 0.88, 0.05, 0.015).at(0, y, -depth / 2 - 0.005),
                mat.paint(mat.shade(case.colour, 0.9), 0.3),
            )
            scene.add("grip", box(width * 0.3, 0.04, 0.05, 0.015).at(0, y + each * 0.2, -depth / 2 - 0.035), dark)
        scene.add(
            "side tray", box(0.5, 0.03, depth * 0.6, 0.01).turned("z", 18).at(width / 2 + 0.18, height * 0.5, 0), dark
        )
    else:
        scene.add(
            "cassette",
            box(width * 0.86, height * 0.2, 0.06, 0.02).at(0, height * 0.16, -depth / 2 - 0.005),
            mat.paint(mat.shade(case.colour, 0.85), 0.3),
        )
    scene.add(
        "light", box(0.1, 0.03, 0.03).at(width * 0.38, panel_y, -depth / 2 - 0.005), mat.paint(mat.hexa("7fd18a"), 0.5)
    )
    return scene


def _page(rng: np.random.Generator) -> mat.Pixels:
    canvas = Canvas(64, 48, mat.hexa("fbfaf5"))
    canvas.rect(0.12, 0.08, 0.6, 0.16, mat.colour(rng, mat.BRIGHT))
    canvas.rect(0.12, 0.24, 0.5, 0.52, mat.colour(rng, mat.BRIGHT))
    for row in np.arange(0.24, 0.9, 0.08):
        canvas.rect(0.56 if row < 0.52 else 0.12, row, rng.uniform(0.75, 0.9), row + 0.03, mat.hexa("6d737a"))
    return canvas.done()


def remote_control(rng: np.random.Generator) -> Scene:
    """Hand-held remote control, upright, its keys to the front."""
    scene = Scene()
    height, width = rng.uniform(1.5, 2.0), rng.uniform(0.36, 0.52)
    depth = rng.uniform(0.13, 0.2)
    case = mat.paint(mat.colour(rng, mat.DARK + mat.NEUTRAL + mat.BRIGHT[5:9]), 0.35)
    light_case = sum(case.colour) > 1.6
    keys = mat.paint(mat.colour(rng, mat.DARK[:3] if light_case else mat.NEUTRAL[:4]), 0.3)
    waist, belly = rng.uniform(0.8, 1.0), rng.uniform(1.0, 1.25)
    side = smooth([(0.5 * belly, -0.5), (0.5 * belly, -0.3), (0.5 * waist, 0.0), (0.5, 0.3), (0.46, 0.5)], 12)
    outline = np.concatenate([side, (side * (-1, 1))[::-1]]) * (width, height)
    scene.add("case", extrude(outline, depth, depth * 0.25), case)
    face = -depth / 2 - 0.008
    panel = mat.paint(mat.mixed(case.colour, mat.WHITE if not light_case else mat.BLACK, 0.2), 0.3)
    scene.add(
        "panel", extrude(rounded(width * 0.78, height * 0.9, 0.06), 0.03, 0.008).at(0, 0, -depth / 2 + 0.006), panel
    )
    scene.add(
        "power",
        cylinder(0.045, 0.05, sides=14).turned("x", 90).at(width * 0.24, height * 0.4, face - 0.008),
        mat.paint(mat.hexa("d2453a"), 0.4),
    )
    scene.add(
        "source", cylinder(0.04, 0.05, sides=14).turned("x", 90).at(-width * 0.24, height * 0.4, face - 0.008), keys
    )
    rows = int(rng.integers(3, 5))
    pitch = (width * 0.25, 0.105)
    scene.add(
        "numbers",
        _keypad(rng, 3, rows, pitch, (width * 0.18, 0.07, 0.05)).at(0, height * 0.34 - rows * 0.0525, face),
        keys,
    )
    y = height * 0.34 - rows * 0.105 - 0.2
    scene.add("ring", torus(width * 0.25, 0.045, 26, 8).turned("x", 90).at(0, y, face), mat.metal(rng))
    scene.add("ok", cylinder(width * 0.12, 0.06, sides=18, bevel=0.01).turned("x", 90).at(0, y, face - 0.005), keys)
    low = y - 0.26
    scene.add("rockers", box(0.075, 0.2, 0.06, 0.03).at(width * 0.24, low, face).both(), keys)
    colours = [mat.hexa(code) for code in ("d2453a", "5aa35c", "e8c547", "4a78c0")]
    if low - 0.22 > -height * 0.44:
        for index, tone in enumerate(colours):
            scene.add(
                "colour key",
                box(width * 0.13, 0.045, 0.05, 0.012).at((1.5 - index) * width * 0.18, low - 0.18, face),
                mat.paint(tone, 0.4),
            )
    scene.add(
        "eye", box(width * 0.4, 0.06, depth * 0.6, 0.02).at(0, height / 2 - 0.01, 0), mat.paint(mat.hexa("7c2f3a"), 0.7)
    )
    scene.add(
        "hatch", extrude(rounded(width * 0.7, height * 0.36, 0.05), 0.02, 0.005).at(0, -height * 0.22, depth / 2), panel
    )
    return scene


def telephone(rng: np.random.Generator) -> Scene:
    """Desk telephone with dial or keys and its receiver on top, or a wall or candlestick telephone."""
    scene = Scene()
    kind = pick(rng, ("dial", "keys", "keys", "office"))
    case = mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL + mat.DARK[:2]), 0.5)
    light_case = sum(case.colour) > 1.5
    ink = mat.paint(mat.colour(rng, mat.DARK if light_case else mat.NEUTRAL[:2]), 0.4)
    metal = mat.metal(rng)
    width, depth = rng.uniform(1.1, 1.3), rng.uniform(1.0, 1.2)
    low, high = (0.16, 0.62) if kind == "dial" else (0.12, 0.38)
    # Seen from the side a wedge, highest at the back.
    side = (
        smooth(
            [
                (-depth / 2, 0.0),
                (-depth / 2, low),
                (0.05, high * 0.8),
                (depth * 0.3, high),
                (depth / 2, high * 0.8),
                (depth / 2, 0.0),
            ],
            20,
        )
        if kind == "dial"
        else np.array(
            [(-depth / 2, 0.0), (-depth / 2, low), (depth * 0.42, high), (depth / 2, high * 0.85), (depth / 2, 0.0)]
        )
    )
    body = extrude(side, width, 0.05).turned("y", -90)
    if kind == "dial":
        body = body.bent(
            lambda p: p * np.column_stack([1.12 - 0.28 * p[:, 1] / high, np.ones(len(p)), np.ones(len(p))])
        )
    scene.add("body", body, case)
    slope = float(np.degrees(np.arctan2(high - low, depth * (0.92 if kind != "dial" else 0.62))))

    def laid(mesh: Mesh, share: float) -> Mesh:
        """Put a mesh made in X and Z on the sloping face, `share` of the way up."""
        y, z = low + (high - low) * share, -depth / 2 + depth * (0.92 if kind != "dial" else 0.62) * share
        return mesh.turned("x", -slope).at(0, y, z)

    if kind == "dial":
        scene.add(
            "plate",
            laid(cylinder(0.4, 0.07, sides=30, bevel=0.015), 0.42),
            mat.paint(mat.colour(rng, mat.NEUTRAL[:2]), 0.4),
        )
        scene.add("dial", laid(cylinder(0.36, 0.05, sides=30, bevel=0.01).at(0, 0.05, 0), 0.42), metal)
        holes = [
            cylinder(0.05, 0.03, sides=12).at(0.26 * np.cos(t), 0.07, 0.26 * np.sin(t))
            for t in np.linspace(-0.6, 4.4, 10)
        ]
        scene.add("holes", laid(joined(holes), 0.42), ink)
        scene.add(
            "hub",
            laid(cylinder(0.13, 0.05, sides=18, bevel=0.01).at(0, 0.07, 0), 0.42),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
        )
        top, z = high + 0.2, depth * 0.26
        scene.add("cradle", box(0.12, 0.3, 0.3, 0.05).at(width * 0.3, high + 0.02, z).both(), case)
        arch = smooth(
            [
                (-0.62, top - 0.02, z),
                (-0.45, top + 0.1, z),
                (0, top + 0.13, z),
                (0.45, top + 0.1, z),
                (0.62, top - 0.02, z),
            ],
            17,
        )
        scene.add("handle", tube(arch, 0.085, 12), case)
        scene.add(
            "ends",
            lathe([(0, -0.14), (0.2, -0.14), (0.21, -0.04), (0.12, 0.1), (0, 0.12)], 20).at(0.62, top - 0.04, z).both(),
            case,
        )
        scene.add("caps", cylinder(0.18, 0.03, sides=20).at(0.62, top - 0.185, z).both(), ink)
    else:
        key = box(0.13, 0.05, 0.09, 0.015)
        grid = [key.at((c - 1) * 0.18 - 0.18, 0.02, (r - 1.5) * 0.135) for c in range(3) for r in range(4)]
        scene.add("keys", laid(joined(grid), 0.4), ink)
        scene.add(
            "screen", laid(box(0.56, 0.03, 0.17, 0.01).at(-0.18, 0.008, 0), 0.84), mat.paint(mat.hexa("b9d19a"), 0.5)
        )
        side_keys = (
            [box(0.09, 0.04, 0.05, 0.012).at(-width * 0.44, 0.015, (r - 2) * 0.11) for r in range(5)]
            if kind == "office"
            else [box(0.16, 0.04, 0.08, 0.02).at(-0.18, 0.012, -0.42)]
        )
        scene.add("side keys", laid(joined(side_keys), 0.45), mat.paint(mat.colour(rng, mat.BRIGHT), 0.4))
        x = width * 0.33
        path = [(0, 0.16, -0.46), (0, 0.24, -0.25), (0, 0.24, 0.25), (0, 0.16, 0.46)]
        scene.add(
            "handle",
            laid(sweep(rounded(0.22, 0.12, 0.04, 2), smooth(path, 12)).at(x, 0, 0), 0.48),
            case if rng.random() < 0.5 else ink,
        )
        end = lathe([(0, -0.1), (0.15, -0.1), (0.16, 0.04), (0.1, 0.1), (0, 0.1)], 18)
        scene.add("ends", laid(end.at(x, 0.13, -0.42) + end.at(x, 0.13, 0.42), 0.48), case if light_case else ink)
    turns = np.linspace(0, 1, 70)
    start, away = np.array([width * 0.5, 0.1, -depth * 0.2]), np.array([0.35, -0.04, 0.75])
    spine = start + turns[:, None] * away + np.column_stack([0.16 * np.sin(np.pi * turns), np.zeros(70), np.zeros(70)])
    coil = spine + 0.045 * np.column_stack([np.cos(turns * 75), np.sin(turns * 75), np.zeros(70)])
    scene.add("cord", tube(coil, 0.02, 5), ink)
    return scene
