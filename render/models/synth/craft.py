"""What flies, floats or is shot up: airplane, rocket, watercraft. Airplanes and boats head towards -Z."""

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
    rod,
    rounded,
    smooth,
    superellipse,
    torus,
    tube,
)

WINDOW = mat.paint(mat.hexa("4a6076"), 0.7)


def _wing(span: float, chords: tuple[float, float], sweep: float, rise: float, thick: float = 0.11) -> Mesh:
    """Half a wing from the origin along +X; chords at root and tip, the tip moved back by `sweep` and up by `rise`."""
    foil = np.array(
        [
            (-0.5, 0.0),
            (-0.42, 0.4),
            (-0.2, 0.62),
            (0.15, 0.45),
            (0.5, 0.02),
            (0.15, -0.25),
            (-0.2, -0.35),
            (-0.42, -0.28),
        ]
    )
    rings = []
    for share in (0.0, 0.5, 0.96, 1.0):
        chord = chords[0] + (chords[1] - chords[0]) * share
        squeeze = 0.35 if share == 1.0 else 1.0
        z, y = foil[:, 0] * chord * (0.85 if share == 1.0 else 1.0), foil[:, 1] * chord * thick * squeeze
        rings.append(np.column_stack([np.full(8, span * share), y + rise * share, z + sweep * share]))
    return loft(rings)


def _fuselage(stations: ArrayLike, sides: int = 18) -> Mesh:
    """A round body from nose to tail through (z, middle height, half width, half height)."""
    rings = []
    for z, y, wide, high in np.asarray(stations, float):
        ring = superellipse(max(wide, 1e-3), max(high, 1e-3), 2.2, sides)
        rings.append(np.column_stack([ring[:, 0], ring[:, 1] + y, np.full(sides, z)]))
    return loft(rings)


def _propeller(radius: float, blades: int) -> Mesh:
    blade = box(radius * 0.16, radius * 0.95, radius * 0.05, radius * 0.02).turned("y", 25).at(0, radius * 0.5, 0)
    return joined([blade.turned("z", 360 * i / blades) for i in range(blades)])


def airplane(rng: np.random.Generator) -> Scene:
    """Airliner, light propeller plane, biplane or fighter."""
    return pick(rng, (_airliner, _airliner, _light, _biplane, _fighter))(rng)


def _airliner(rng: np.random.Generator) -> Scene:
    scene = Scene()
    body = mat.paint(mat.colour(rng, mat.NEUTRAL[:3] + mat.SOFT), 0.5)
    accent = mat.paint(mat.colour(rng, mat.BRIGHT), 0.5)
    silver = mat.paint(mat.colour(rng, mat.NEUTRAL[2:5]), 0.6)
    girth, length = rng.uniform(0.32, 0.46), rng.uniform(5.6, 7.2)
    half = length / 2
    nose = [
        (-half + 0.9 * s, -0.05 * (1 - s), girth * np.sqrt(1 - (1 - s) ** 2), girth * np.sqrt(1 - (1 - s) ** 2))
        for s in (0.0, 0.06, 0.25, 0.55, 1.0)
    ]
    tail = [
        (half - 1.8, 0, girth, girth),
        (half - 0.9, girth * 0.22, girth * 0.66, girth * 0.7),
        (half, girth * 0.5, girth * 0.16, girth * 0.22),
    ]
    scene.add("fuselage", _fuselage([*nose, *tail]), body)
    stripe = [(-half + 0.75, girth * 0.97), (half - 1.75, girth * 0.97)]
    scene.add(
        "stripe",
        loft(
            [
                [(w + 0.02, y, z) for w, y in ((girth + 0.006 - 0.02, -0.06), (girth + 0.004 - 0.02, 0.06))]
                + [(-w - 0.02, y, z) for w, y in ((girth + 0.004 - 0.02, 0.06), (girth + 0.006 - 0.02, -0.06))]
                for z, _ in stripe
            ]
        ),
        accent,
    )
    panes = [
        box(2 * girth * 0.99 + 0.02, 0.08, 0.1, 0.02).at(0, 0.14, z) for z in np.arange(-half + 1.1, half - 1.9, 0.24)
    ]
    scene.add("windows", joined(panes), WINDOW)
    scene.add(
        "cockpit",
        _fuselage(
            [
                (-half + 0.2, 0.16, girth * 0.45, girth * 0.2),
                (-half + 0.35, 0.2, girth * 0.75, girth * 0.26),
                (-half + 0.55, 0.2, girth * 0.8, girth * 0.3),
            ],
            14,
        ),
        WINDOW,
    )
    span, back = rng.uniform(2.7, 3.5), rng.uniform(0.9, 1.5)
    high = rng.random() < 0.2
    level = girth * 0.8 if high else -girth * 0.6
    wing = _wing(span, (1.5, 0.42), back, 0.1 if high else 0.35).at(0, level, -0.2)
    scene.add("wings", wing.both(), silver)
    if rng.random() < 0.6:
        scene.add(
            "winglets",
            _wing(0.4, (0.4, 0.2), 0.22, 0.0)
            .turned("z", 78)
            .at(span - 0.02, level + (0.1 if high else 0.35), back - 0.2)
            .both(),
            accent,
        )
    scene.add("tailplane", _wing(1.2, (0.75, 0.3), 0.55, 0.1).at(0, girth * 0.45, half - 0.5).both(), silver)
    scene.add("fin", _wing(1.25, (1.0, 0.45), 0.75, 0.0).turned("z", 90).at(0, girth * 0.35, half - 0.65), accent)
    four = rng.random() < 0.3
    shell, intake = [], []
    spots = [(0.32, 0.1)] + ([(0.6, 0.35)] if four else [])
    size = girth * rng.uniform(0.44, 0.58) * (0.8 if four else 1.0)
    for share, _ in spots:
        x, z = span * share, back * share - 0.75
        y = level + (0.1 if high else 0.35) * share - size * 0.95
        pod = lathe(
            [(0, -0.42), (size * 0.82, -0.42), (size, -0.25), (size * 0.95, 0.25), (size * 0.55, 0.6), (0, 0.6)], 16
        ).turned("x", 90)
        shell.append((pod.at(x, y, z) + box(0.06, size * 1.3, 0.6).at(x, y + size * 0.9, z + 0.2)).both())
        intake.append(cylinder(size * 0.7, 0.04, sides=16).turned("x", 90).at(x, y, z - 0.42).both())
    scene.add("engines", joined(shell), accent if rng.random() < 0.5 else body)
    scene.add("intakes", joined(intake), mat.matt(mat.DARK[0]))
    return scene


def _light(rng: np.random.Generator) -> Scene:
    scene = Scene()
    body, accent = (
        mat.paint(mat.colour(rng, mat.NEUTRAL[:2] + mat.SOFT + mat.BRIGHT), 0.5),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
    )
    dark, metal = mat.paint(mat.DARK[0], 0.4), mat.metal(rng)
    length, girth = rng.uniform(3.6, 4.4), rng.uniform(0.36, 0.44)
    half = length / 2
    scene.add(
        "fuselage",
        _fuselage(
            [
                (-half, 0, girth * 0.5, girth * 0.5),
                (-half + 0.15, 0, girth * 0.85, girth * 0.8),
                (-half + 0.9, 0, girth, girth),
                (-0.1, 0.02, girth, girth * 1.05),
                (half - 1.2, 0.1, girth * 0.5, girth * 0.55),
                (half, 0.16, 0.06, 0.14),
            ]
        ),
        body,
    )
    scene.add(
        "cowl",
        _fuselage(
            [
                (-half - 0.02, 0, girth * 0.5, girth * 0.5),
                (-half + 0.14, 0, girth * 0.88, girth * 0.83),
                (-half + 0.42, 0, girth * 0.96, girth * 0.93),
            ]
        ),
        accent,
    )
    scene.add(
        "cabin",
        _fuselage(
            [
                (-half + 0.75, girth * 0.7, girth * 0.7, 0.1),
                (-half + 1.1, girth * 0.95, girth * 0.85, girth * 0.6),
                (-half + 1.75, girth * 0.95, girth * 0.85, girth * 0.6),
                (-half + 2.4, girth * 0.6, girth * 0.6, girth * 0.3),
            ],
            14,
        ),
        WINDOW,
    )
    high = rng.random() < 0.6
    level, z, span = (girth * 1.5 if high else -girth * 0.6), -half + 1.45, rng.uniform(2.3, 2.9)
    scene.add(
        "wings",
        _wing(span, (0.8, 0.6), 0.05, 0.12 if high else 0.25, 0.16).at(0, level, z).both(),
        body if rng.random() < 0.5 else accent,
    )
    scene.add(
        "tips",
        _wing(0.3, (0.62, 0.4), 0.06, 0.05, 0.2).at(span - 0.05, level + (0.12 if high else 0.25), z + 0.05).both(),
        accent,
    )
    if high:
        scene.add(
            "struts", rod((girth * 0.8, -girth * 0.6, z), (span * 0.5, level + 0.03, z), 0.035, sides=6).both(), metal
        )
    scene.add("tailplane", _wing(0.95, (0.6, 0.35), 0.15, 0.0).at(0, 0.2, half - 0.3).both(), accent)
    scene.add("fin", _wing(0.9, (0.8, 0.4), 0.4, 0.0).turned("z", 90).at(0, 0.15, half - 0.4), accent)
    scene.add("propeller", _propeller(0.75, int(rng.integers(2, 4))).at(0, 0, -half - 0.1), dark)
    scene.add("spinner", ellipsoid(0.13, 0.13, 0.24, 12, 8).at(0, 0, -half - 0.1), accent)
    wheel = torus(0.13, 0.075, 14, 8).turned("z", 90)
    scene.add(
        "gear",
        rod((0.2, -girth * 0.7, z), (0.75, -girth - 0.42, z), 0.04, sides=6).both()
        + rod((0, -girth * 0.6, -half + 0.4), (0, -girth - 0.4, -half + 0.3), 0.04, sides=6),
        metal,
    )
    scene.add("wheels", wheel.at(0.78, -girth - 0.44, z).both() + wheel.at(0, -girth - 0.44, -half + 0.3), dark)
    return scene


def _biplane(rng: np.random.Generator) -> Scene:
    scene = Scene()
    body, wings = mat.paint(mat.colour(rng, mat.BRIGHT), 0.4), mat.paint(mat.colour(rng, mat.BRIGHT + mat.SOFT), 0.3)
    wood, dark = mat.wood(rng), mat.matt(mat.DARK[0])
    scene.add(
        "fuselage",
        _fuselage(
            [
                (-1.55, 0, 0.34, 0.34),
                (-1.4, 0, 0.4, 0.4),
                (-0.6, 0, 0.38, 0.42),
                (0.5, 0.05, 0.28, 0.34),
                (1.9, 0.12, 0.06, 0.14),
            ]
        ),
        body,
    )
    scene.add("cowl", cylinder(0.43, 0.4, sides=22, bevel=0.06).turned("x", 90).at(0, 0, -1.42), mat.metal(rng))
    scene.add(
        "engine",
        joined([cylinder(0.08, 0.26).at(0, 0.24, 0).turned("z", a) for a in np.arange(7) * 360 / 7]).at(0, 0, -1.62),
        dark,
    )
    scene.add("propeller", _propeller(0.85, 2).turned("z", rng.uniform(0, 180)).at(0, 0, -1.76), wood)
    scene.add("spinner", ellipsoid(0.1, 0.1, 0.16, 12, 8).at(0, 0, -1.78), body)
    span, stagger, gap = rng.uniform(2.1, 2.6), rng.uniform(0.1, 0.3), rng.uniform(0.85, 1.0)
    levels = [(-0.32, -0.6 + stagger, span * 0.94), (-0.32 + gap, -0.6, span)]
    if rng.random() < 0.25:
        levels = [(-0.34, -0.5, span * 0.9), (0.14, -0.6, span * 0.95), (0.66, -0.7, span)]
    scene.add(
        "wings",
        joined([_wing(reach, (0.78, 0.72), 0.02, 0.06, 0.09).at(0, y, z).both() for y, z, reach in levels]),
        wings,
    )
    low, top = levels[0], levels[-1]
    posts = [
        rod((x, low[0] + 0.03, low[1] + d), (x, top[0] + 0.03, top[1] + d), 0.026, sides=6).both()
        for x in (span * 0.72, 0.35)
        for d in (-0.22, 0.22)
    ]
    scene.add("struts", joined(posts), wood)
    scene.add("cockpit", torus(0.2, 0.05, 16, 6).scaled(z=1.2).at(0, 0.4, 0.15), dark)
    scene.add("screen", box(0.3, 0.18, 0.02).turned("x", 25).at(0, 0.5, -0.13), WINDOW)
    scene.add("tailplane", _wing(0.8, (0.55, 0.4), 0.1, 0.0).at(0, 0.15, 1.7).both(), wings)
    scene.add("fin", _wing(0.65, (0.6, 0.4), 0.25, 0.0).turned("z", 90).at(0, 0.12, 1.75), wings)
    wheel = cylinder(0.26, 0.09, sides=18, bevel=0.03).turned("z", 90)
    scene.add("wheels", wheel.at(0.5, -0.86, -0.95).both(), dark)
    scene.add("hubs", cylinder(0.13, 0.11, sides=12).turned("z", 90).at(0.5, -0.86, -0.95).both(), wings)
    scene.add(
        "gear",
        rod((0.22, -0.3, -1.05), (0.5, -0.86, -0.95), 0.03, sides=6).both()
        + rod((-0.5, -0.86, -0.95), (0.5, -0.86, -0.95), 0.025, sides=6),
        wood,
    )
    return scene


def _fighter(rng: np.random.Generator) -> Scene:
    scene = Scene()
    body, accent = (
        mat.paint(mat.colour(rng, mat.NEUTRAL[2:5] + mat.SOFT + mat.BRIGHT), 0.4),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
    )
    dark = mat.matt(mat.DARK[0])
    scene.add(
        "fuselage",
        _fuselage(
            [
                (-2.6, 0, 0.02, 0.02),
                (-2.1, 0, 0.14, 0.14),
                (-1.3, 0.02, 0.26, 0.28),
                (-0.4, 0.0, 0.42, 0.32),
                (1.2, 0, 0.46, 0.32),
                (1.9, 0, 0.34, 0.28),
            ]
        ),
        body,
    )
    scene.add("nose", _fuselage([(-2.62, 0, 0.02, 0.02), (-2.1, 0, 0.146, 0.146), (-1.95, 0, 0.172, 0.175)]), accent)
    scene.add("canopy", ellipsoid(0.2, 0.22, 0.62, 16, 10).at(0, 0.26, -1.0), mat.paint(mat.hexa("6d93b5"), 0.8))
    delta = rng.random() < 0.5
    span = rng.uniform(1.5, 1.9)
    wing = (
        _wing(span, (2.5, 0.4), 1.0, 0.0, 0.05) if delta else _wing(span, (1.6, 0.6), rng.uniform(0.5, 1.0), 0.0, 0.07)
    )
    scene.add("wings", wing.at(0.1, -0.04, 0.45 if delta else 0.2).both(), body)
    scene.add(
        "edges",
        _wing(0.35, (0.42 if delta else 0.62, 0.3), 0.2, 0.0, 0.1)
        .at(span + 0.06, -0.04, (0.45 if delta else 0.2) + (1.0 if delta else 0.7) - 0.05)
        .both(),
        accent,
    )
    if not delta:
        scene.add("tailplane", _wing(0.85, (0.8, 0.35), 0.5, 0.0, 0.06).at(0.25, -0.02, 1.55).both(), body)
    twin = rng.random() < 0.5
    fin = _wing(0.95, (1.0, 0.4), 0.6, 0.0, 0.06).turned("z", 90)
    scene.add("fins", fin.turned("z", -16).at(0.32, 0.2, 1.25).both() if twin else fin.at(0, 0.22, 1.3), accent)
    scene.add("intakes", box(0.26, 0.36, 1.0, 0.06).at(0.42, -0.04, -0.35).both(), body)
    scene.add("mouths", box(0.2, 0.28, 0.06).at(0.42, -0.04, -0.84).both(), dark)
    nozzle = lathe([(0, 0), (0.2, 0), (0.17, 0.3), (0.12, 0.3), (0.1, 0.1), (0, 0.1)], 16).turned("x", 90)
    scene.add("nozzles", nozzle.at(0.2, 0, 1.82).both() if twin else nozzle.scaled(1.3, 1.3, 1).at(0, 0, 1.82), dark)
    missile = rod((0, 0, -0.5), (0, 0, 0.5), 0.055, sides=8) + _wing(0.14, (0.2, 0.1), 0.06, 0).at(0, 0, 0.4).both()
    places = [(span * 0.55, 0.75), (span * 0.85, 1.0)][: int(rng.integers(1, 3))]
    scene.add("missiles", joined([missile.at(x, -0.2, z).both() for x, z in places]), mat.paint(mat.WHITE))
    return scene


def rocket(rng: np.random.Generator) -> Scene:
    """Toy-like rocket, staged launcher or missile, upright; its hatch is at the front."""
    scene = Scene()
    kind = pick(rng, ("toy", "launcher", "missile", "shuttle"))
    first, second = (
        mat.paint(mat.colour(rng, mat.NEUTRAL[:3] + mat.SOFT), 0.5),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
    )
    dark, metal = mat.matt(mat.DARK[0]), mat.metal(rng)
    height = rng.uniform(3.4, 4.4)
    radius = {"toy": 0.62, "launcher": 0.3, "missile": 0.26, "shuttle": 0.42}[kind] * rng.uniform(0.9, 1.15)
    if kind == "toy":
        curve = smooth(
            [(radius * 0.6, 0.0), (radius * 0.95, 0.22), (radius, 0.5), (radius * 0.66, 0.8), (0.0, 1.0)], 15
        )
        profile = [(0.0, 0.0), *((max(r, 0.0), h * height) for r, h in curve)]
        scene.add("body", lathe(profile, 28), first)
        tip = [(r * 1.02, h * height + 0.01) for r, h in curve[10:]]
        scene.add("tip", lathe([(0, tip[0][1]), *((max(r, 0.0), h) for r, h in tip)], 28), second)
        scene.add("band", lathe([(0, 0.2), (radius * 0.84, 0.24), (radius * 0.96, 0.6), (0, 0.6)], 28), second)
        y = height * 0.6
        x = float(np.interp(0.6, curve[:, 1], curve[:, 0]))
        scene.add("porthole", torus(0.2, 0.05, 20, 8).turned("x", 90).at(0, y, -x + 0.02), metal)
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
        if kind in ("launcher", "shuttle"):
            long, thin = height * rng.uniform(0.45, 0.6), radius * rng.uniform(0.45, 0.6)
            tank = lathe([(0, -0.1), (thin, -0.1), (thin, long * 0.85), (thin * 0.6, long * 0.95), (0, long)], 18)
            bell = lathe([(0, 0.0), (thin * 0.5, 0.0), (thin * 0.8, -0.3), (0, -0.25)], 14)
            angles = (0, 180) if kind == "shuttle" or rng.random() < 0.5 else (45, 135, 225, 315)
            scene.add(
                "boosters",
                joined([tank.at(radius + thin * 0.95, 0, 0).turned("y", a) for a in angles]),
                first if rng.random() < 0.5 else second,
            )
            scene.add("bells", joined([bell.at(radius + thin * 0.95, 0, 0).turned("y", a) for a in angles]), dark)
        if kind == "shuttle":
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
                extrude([(0, 0), (0.55, -0.1), (0.5, 0.2), (0.0, 0.75)], 0.06).turned("y", 90).at(0, 0.2, z - 0.2),
                second,
            )
            scene.add("windscreen", box(0.3, 0.12, 0.1, 0.03).at(0, 1.92, z - 0.15), dark)
            return scene
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
    scene.add("fins", joined([plate.turned("y", 90 + 180 / count + 360 * i / count) for i in range(count)]), second)
    return scene


def watercraft(rng: np.random.Generator) -> Scene:
    """Sailing yacht, motor boat, freighter, tug, rowing boat or warship."""
    kind = pick(rng, ("sail", "sail", "motor", "freight", "tug", "row", "war"))
    return {"sail": _sail, "motor": _motor, "freight": _freight, "tug": _tug, "row": _row, "war": _warship}[kind](rng)


def _hull(length: float, beam: float, depth: float, sheer: float, full: float, stern: float = 0.8) -> list[Floats]:
    """Cross-sections of a hull from bow to stern, (10, 3) each, deck at height 0; `full` 0 is slender, 1 a barge."""
    rings = []
    for share in np.array([0.0, 0.05, 0.15, 0.3, 0.5, 0.75, 1.0]):
        breadth = (
            beam
            / 2
            * (
                0.03 + 0.97 * min(1.0, (share / (0.55 - 0.35 * full)) ** 0.7)
                if share < 0.5
                else 1.0 - (1 - stern) * ((share - 0.5) / 0.5) ** 2
            )
        )
        rise = sheer * (1 - share * 1.6) ** 2 if share < 0.62 else 0.0
        low = -depth * (1.0 if share > 0.1 else 0.5 + 5 * share)
        z = (share - 0.5) * length
        half = [
            (1.0, rise),
            (0.97, rise * 0.6 - depth * 0.3),
            (0.5 + 0.42 * full, low * 0.85),
            (0.12 + 0.6 * full, low),
            (0.0, low * 1.02),
        ]
        points = [
            (x * breadth, y, z + (0.07 * length * (1 - (y - low) / (rise - low + 1e-9)) if share < 0.02 else 0.0))
            for x, y in half
        ]
        rings.append(np.array([*points, *((-x, y, zz) for x, y, zz in reversed(points[:-1]))]))
    return rings


def _ship(scene: Scene, sections: list[Floats], hull: Material, deck: Material, belt: Material | None) -> None:
    scene.add("hull", loft(sections), hull)
    inner = [
        np.array(
            [
                ring[0] * (0.93, 1, 1) + (0, 0.02, 0),
                ring[0] * (0.93, 1, 1) - (0, 0.05, 0),
                ring[-1] * (0.93, 1, 1) - (0, 0.05, 0),
                ring[-1] * (0.93, 1, 1) + (0, 0.02, 0),
            ]
        )
        for ring in sections
    ]
    scene.add("deck", loft(inner), deck)
    for side in (0, -1):
        edge = np.array([ring[side] for ring in sections])
        scene.add("gunwale", tube(np.add(smooth(edge, 14), (0, 0.03, 0)), 0.045, 6), belt or deck)


def _sail(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length = rng.uniform(3.6, 4.6)
    hull, deck = mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.5), mat.wood(rng, repeat=2)
    _ship(scene, _hull(length, length * 0.28, 0.42, 0.2, 0.1), hull, deck, mat.paint(mat.WHITE))
    scene.add(
        "keel", extrude([(-0.3, -0.38), (0.6, -0.38), (0.45, -0.95), (-0.1, -0.95)], 0.08, 0.02).turned("y", 90), hull
    )
    scene.add("cabin", box(length * 0.15, 0.26, length * 0.3, 0.08).at(0, 0.13, 0.1), mat.paint(mat.WHITE))
    scene.add("portlights", box(length * 0.15 + 0.02, 0.09, length * 0.2, 0.03).at(0, 0.16, 0.1), WINDOW)
    mast, at = length * rng.uniform(1.05, 1.3), -0.25
    metal = mat.metal(rng)
    boom = length * 0.42
    scene.add("mast", rod((0, 0, at), (0, mast, at), 0.045, 0.03), metal)
    scene.add("boom", rod((0, 0.42, at), (0, 0.42, at + boom), 0.035), metal)
    first = mat.colour(rng, mat.NEUTRAL[:2] + mat.BRIGHT + mat.SOFT)
    cloth = pick(rng, (mat.matt(first), mat.matt(mat.WHITE), mat.striped(rng, first, mat.WHITE, 0.7, upright=False)))
    belly = rng.uniform(0.1, 0.25) * (1 if rng.random() < 0.5 else -1)
    scene.add(
        "mainsail", _sailcloth([(0, 0.5, at + 0.06), (0, mast * 0.97, at + 0.04), (0, 0.5, at + boom)], belly), cloth
    )
    scene.add(
        "jib",
        _sailcloth([(0, 0.24, -length * 0.46), (0, mast * 0.86, at - 0.08), (0, 0.3, at - 0.05)], belly),
        mat.matt(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:1])),
    )
    if rng.random() < 0.6:
        scene.add(
            "pennant",
            extrude([(0, 0), (0.35, 0.09), (0, 0.18)], 0.02).turned("y", -90).at(0, mast - 0.05, at),
            mat.matt(mat.colour(rng, mat.BRIGHT)),
        )
    scene.add("rudder", box(0.06, 0.6, 0.22, 0.02).at(0, -0.3, length / 2 + 0.02), deck)
    return scene


def _sailcloth(corners: ArrayLike, belly: float) -> Mesh:
    """A thin triangle (3, 3) that bulges by `belly` along X; corners are foot, head and clew."""
    foot, head, clew = np.asarray(corners, float)
    rings = []
    for up in np.linspace(0, 0.98, 9):
        luff, leech = foot + (head - foot) * up, clew + (head - clew) * up
        across = np.linspace(0, 1, 7)
        line = luff + np.outer(across, leech - luff)
        line[:, 0] += belly * np.sin(np.pi * across) * (1 - up) ** 0.6 * np.linalg.norm(leech - luff)
        rings.append(np.concatenate([np.add(line, (0.012, 0, 0)), np.add(line[::-1], (-0.012, 0, 0))]))
    return loft(rings)


def _motor(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length = rng.uniform(3.2, 4.4)
    beam = length * rng.uniform(0.3, 0.36)
    hull, second = (
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.6),
        mat.paint(mat.colour(rng, mat.NEUTRAL[:2] + mat.SOFT), 0.5),
    )
    _ship(
        scene,
        _hull(length, beam, 0.5, 0.22, 0.25, 0.92),
        hull,
        second if rng.random() < 0.5 else mat.wood(rng, repeat=2),
        mat.metal(rng),
    )
    cockpit = box(beam * 0.72, 0.08, length * 0.36, 0.03).at(0, 0.04, length * 0.22)
    scene.add("cockpit", cockpit, mat.matt(mat.hexa("7c8790")))
    seats = box(beam * 0.26, 0.24, 0.28, 0.06).at(beam * 0.19, 0.16, length * 0.12).both() + box(
        beam * 0.7, 0.26, 0.3, 0.07
    ).at(0, 0.16, length * 0.36)
    scene.add("seats", seats, mat.paint(mat.colour(rng, mat.BRIGHT + mat.SOFT), 0.3))
    screen = smooth(
        [
            (-beam * 0.4, 0.0, length * 0.06),
            (-beam * 0.26, 0.0, -length * 0.08),
            (beam * 0.26, 0.0, -length * 0.08),
            (beam * 0.4, 0.0, length * 0.06),
        ],
        13,
    )
    rings = [np.add(p, [(0, 0.02, 0), (0, 0.36, 0.16), (0, 0.36, 0.19), (0, 0.02, 0.03)]) for p in screen]
    scene.add("windscreen", loft(rings), mat.glass((0.55, 0.7, 0.8), 0.75))
    if rng.random() < 0.5:
        scene.add("roof", box(beam * 0.8, 0.06, length * 0.3, 0.03).at(0, 0.78, length * 0.17), second)
        scene.add(
            "posts",
            joined(
                [
                    rod((beam * 0.36, 0, z), (beam * 0.36, 0.78, z), 0.025, sides=6).both()
                    for z in (length * 0.06, length * 0.3)
                ]
            ),
            mat.metal(rng),
        )
    scene.add(
        "motor",
        box(0.3, 0.42, 0.34, 0.09).at(0, 0.18, length / 2 + 0.12)
        + box(0.12, 0.7, 0.16, 0.03).at(0, -0.3, length / 2 + 0.12),
        mat.paint(mat.DARK[0], 0.5),
    )
    rail = smooth(
        [
            (beam * 0.4, 0.06, -length * 0.12),
            (beam * 0.33, 0.34, -length * 0.22),
            (beam * 0.12, 0.44, -length * 0.42),
            (0, 0.46, -length * 0.46),
        ],
        10,
    )
    scene.add("rail", tube(rail, 0.018, 5).both(), mat.metal(rng))
    return scene


def _freight(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length, beam = rng.uniform(6.5, 8.5), rng.uniform(1.2, 1.45)
    hull = mat.paint(mat.colour(rng, mat.BRIGHT + mat.DARK[2:4]), 0.3)
    sections = _hull(length, beam, 0.75, 0.25, 0.75, 0.9)
    _ship(scene, sections, hull, mat.matt(mat.colour(rng, mat.NEUTRAL[3:5] + mat.WOOD[:2])), None)
    scene.add("bridge", box(beam * 0.85, 0.9, 0.7, 0.04).at(0, 0.45, length * 0.4), mat.paint(mat.WHITE))
    scene.add("wings", box(beam * 1.05, 0.26, 0.4, 0.03).at(0, 1.0, length * 0.39), mat.paint(mat.WHITE))
    scene.add(
        "windows",
        box(beam * 1.07, 0.1, 0.42, 0.01).at(0, 1.03, length * 0.39)
        + box(beam * 0.87, 0.09, 0.72, 0.01).at(0, 0.62, length * 0.4),
        WINDOW,
    )
    scene.add(
        "funnel", cylinder(0.17, 0.7, 0.14, 16).at(0, 1.25, length * 0.455), mat.paint(mat.colour(rng, mat.BRIGHT))
    )
    scene.add(
        "mast",
        rod((0, 1.1, length * 0.38), (0, 1.75, length * 0.38), 0.03)
        + rod((0, 0, -length * 0.42), (0, 1.0, -length * 0.42), 0.04),
        mat.metal(rng),
    )
    bays = int(rng.integers(4, 7))
    pitch = length * 0.68 / bays
    palette = [mat.paint(mat.colour(rng, mat.BRIGHT + mat.SOFT), 0.2) for _ in range(5)]
    if rng.random() < 0.75:
        for bay in range(bays):
            for lane in range(3):
                for level in range(int(rng.integers(1, 4))):
                    crate = box(beam * 0.27, 0.27, pitch * 0.92).at(
                        (lane - 1) * beam * 0.285, 0.15 + level * 0.275, -length * 0.36 + (bay + 0.5) * pitch
                    )
                    scene.add("container", crate, pick(rng, palette))
    else:
        for bay in range(bays - 1):
            scene.add(
                "hatch",
                box(beam * 0.7, 0.16, pitch * 0.8, 0.03).at(0, 0.08, -length * 0.34 + (bay + 0.5) * pitch * 1.2),
                palette[0],
            )
            if bay % 2:
                z = -length * 0.34 + (bay + 0.02) * pitch * 1.2
                scene.add(
                    "crane",
                    rod((0, 0, z), (0, 0.95, z), 0.07) + rod((0, 0.8, z), (0, 0.95, z - pitch * 0.9), 0.04),
                    palette[1],
                )
    return scene


def _tug(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length, beam = rng.uniform(3.2, 4.2), rng.uniform(1.1, 1.35)
    hull, house = (
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
        mat.paint(mat.colour(rng, mat.NEUTRAL[:2] + mat.SOFT), 0.4),
    )
    _ship(scene, _hull(length, beam, 0.6, 0.4, 0.5, 0.85), hull, mat.wood(rng, repeat=2), mat.matt(mat.DARK[0]))
    scene.add("house", box(beam * 0.6, 0.55, length * 0.38, 0.05).at(0, 0.27, 0.12), house)
    scene.add("bridge", box(beam * 0.56, 0.5, length * 0.2, 0.05).at(0, 0.76, -0.12), house)
    scene.add(
        "bridge windows",
        box(beam * 0.6, 0.2, length * 0.16, 0.02).at(0, 0.84, -0.12)
        + box(beam * 0.46, 0.2, length * 0.2 + 0.03, 0.02).at(0, 0.84, -0.12),
        WINDOW,
    )
    scene.add("roof", box(beam * 0.68, 0.07, length * 0.25, 0.03).at(0, 1.03, -0.12), hull)
    scene.add(
        "portholes",
        joined(
            [cylinder(0.08, 0.06, sides=12).turned("z", 90).at(beam * 0.3, 0.3, z).both() for z in (-0.2, 0.15, 0.5)]
        ),
        WINDOW,
    )
    scene.add("funnel", cylinder(0.17, 0.65, 0.15, 16).at(0, 0.85, 0.5), mat.paint(mat.colour(rng, mat.BRIGHT)))
    scene.add("funnel top", cylinder(0.175, 0.12, 0.17, 16).at(0, 1.16, 0.5), mat.matt(mat.DARK[0]))
    scene.add(
        "mast",
        rod((0, 1.0, -0.05), (0, 1.7, -0.05), 0.03) + rod((-0.25, 1.45, -0.05), (0.25, 1.45, -0.05), 0.02),
        mat.metal(rng),
    )
    tyres = [
        torus(0.13, 0.05, 14, 6).turned("z", 90).at(beam * 0.5 * s, -0.14, z)
        for z, s in ((-0.35, 0.96), (0.25, 1.0), (0.85, 0.97))
    ]
    scene.add("fenders", joined(tyres).both(), mat.matt(mat.DARK[0]))
    if rng.random() < 0.5:
        scene.add(
            "boom",
            rod((0, 0.05, length * 0.3), (0, 0.9, length * 0.3), 0.05)
            + rod((0, 0.3, length * 0.3), (0, 0.95, length * 0.5), 0.035),
            mat.metal(rng),
        )
    else:
        scene.add("winch", cylinder(0.16, 0.4, sides=14).turned("z", 90).at(0, 0.16, length * 0.32), mat.metal(rng))
    return scene


def _row(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length = rng.uniform(2.8, 3.6)
    beam = length * rng.uniform(0.32, 0.4)
    outer = _hull(length, beam, 0.42, 0.18, 0.35, 0.75)
    wall = [np.column_stack([ring[:, 0] * 0.9, ring[:, 1] * 0.88 + 0.02, ring[:, 2] * 0.96]) for ring in outer]
    # Cut open on top: each section goes down outside and comes back up inside.
    sections = [np.concatenate([a, b[::-1]]) for a, b in zip(outer, wall, strict=True)]
    surface = mat.paint(mat.colour(rng), 0.3) if rng.random() < 0.6 else mat.wood(rng, repeat=1.5)
    scene.add("hull", loft(sections), surface)
    inside = mat.wood(rng, repeat=1.5)
    scene.add(
        "thwarts",
        joined(
            [
                box(beam * s, 0.05, 0.24, 0.012).at(0, -0.08, z)
                for z, s in ((-length * 0.2, 0.76), (length * 0.06, 0.92), (length * 0.34, 0.82))
            ]
        ),
        inside,
    )
    scene.add("floor", box(beam * 0.45, 0.03, length * 0.7).at(0, -0.3, length * 0.06), inside)
    scene.add("transom", box(beam * 0.7, 0.36, 0.06).at(0, -0.15, length * 0.49), inside)
    for side in (0, len(outer[0]) - 1):
        scene.add("gunwale", tube(smooth(np.array([ring[side] for ring in outer]), 14), 0.04, 6), inside)
    reach = beam * rng.uniform(0.9, 1.2)
    oar = rod((beam * 0.2, 0.12, length * 0.02), (reach, -0.02, length * 0.16), 0.022, sides=6) + box(
        0.42, 0.02, 0.15, 0.008
    ).turned("y", -12).at(reach + 0.16, -0.05, length * 0.19)
    scene.add("oars", oar.both(), mat.wood(rng))
    return scene


def _warship(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length, beam = rng.uniform(6.5, 8.0), rng.uniform(0.95, 1.15)
    grey = mat.colour(rng, mat.NEUTRAL[2:6])
    hull, house = mat.paint(grey, 0.2), mat.paint(mat.shade(grey, 1.15), 0.2)
    _ship(
        scene,
        _hull(length, beam, 0.6, 0.35, 0.4, 0.9),
        hull,
        mat.wood(rng, repeat=2) if rng.random() < 0.5 else mat.matt(mat.shade(grey, 0.7)),
        None,
    )
    levels = [(0.7, 0.35, 2.4, 0.1, 0.17), (0.55, 0.35, 1.3, -0.25, 0.5), (0.42, 0.3, 0.6, -0.45, 0.8)]
    for share, high, long, z, y in levels:
        scene.add("house", box(beam * share, high, long, 0.05).at(0, y, z), house)
    scene.add("windows", box(beam * 0.44, 0.08, 0.62, 0.01).at(0, 0.86, -0.45), WINDOW)
    for z in (0.35, 0.95)[: int(rng.integers(1, 3))]:
        scene.add("funnel", cylinder(0.17, 0.6, 0.14, 14).turned("x", 8).at(0, 0.8, z), hull)
        scene.add(
            "funnel top", cylinder(0.15, 0.1, 0.145, 14).turned("x", 8).at(0, 1.1, z + 0.04), mat.matt(mat.DARK[0])
        )
    scene.add(
        "mast",
        joined([rod((x, 0.9, -0.3), (0, 1.75, -0.4), 0.025, sides=6) for x in (-0.15, 0.15)])
        + rod((-0.3, 1.5, -0.37), (0.3, 1.5, -0.37), 0.02, sides=6),
        house,
    )
    scene.add("radar", ellipsoid(0.14, 0.12, 0.14, 10, 6).at(0, 1.72, -0.4), mat.paint(mat.WHITE))
    turret = box(0.42, 0.22, 0.5, 0.07) + joined(
        [rod((x, 0.03, -0.2), (x, 0.1, -0.85), 0.035, sides=8) for x in (-0.1, 0.1)]
    )
    places = [(-length * 0.3, 0.2, 0.0), (-length * 0.22, 0.34, 0.0), (length * 0.3, 0.16, 180.0)]
    for z, y, turn in places[: int(rng.integers(1, 4))] if rng.random() < 0.5 else places:
        scene.add("turret", turret.turned("y", turn).at(0, y, z), house)
    scene.add(
        "boats", ellipsoid(0.09, 0.08, 0.3, 10, 6).at(beam * 0.4, 0.28, 0.7).both(), mat.paint(mat.hexa("e08a3a"))
    )
    scene.add(
        "flag",
        rod((0, 0, length * 0.48), (0, 0.5, length * 0.48), 0.015, sides=5)
        + extrude(rounded(0.3, 0.18, 0.01, 1), 0.015).turned("y", 90).at(0, 0.4, length * 0.48 + 0.15),
        mat.matt(mat.colour(rng, mat.BRIGHT)),
    )
    return scene
