"""Generator of class 02691156, airplane."""

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vehicles import CRAFT_WINDOW
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
    superellipse,
    torus,
)


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
    blade = box(radius * 0.16, radius * 0.95, radius * 0.05, radius * 0.02).rotated("y", 25).at(0, radius * 0.5, 0)
    return joined([blade.rotated("z", 360 * i / blades) for i in range(blades)])


def airplane(rng: np.random.Generator) -> Scene:
    """Airliner, light propeller plane, biplane or fighter."""
    return pick(rng, (_airliner, _airliner, _light, _biplane, _fighter))(rng)


def _airliner(rng: np.random.Generator) -> Scene:
    scene = Scene()
    body = mat.paint(mat.color(rng, mat.NEUTRAL[:3] + mat.SOFT), 0.5)
    accent = mat.paint(mat.color(rng, mat.BRIGHT), 0.5)
    silver = mat.paint(mat.color(rng, mat.NEUTRAL[2:5]), 0.6)
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
    scene.add("windows", joined(panes), CRAFT_WINDOW)
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
        CRAFT_WINDOW,
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
            .rotated("z", 78)
            .at(span - 0.02, level + (0.1 if high else 0.35), back - 0.2)
            .both(),
            accent,
        )
    scene.add("tailplane", _wing(1.2, (0.75, 0.3), 0.55, 0.1).at(0, girth * 0.45, half - 0.5).both(), silver)
    scene.add("fin", _wing(1.25, (1.0, 0.45), 0.75, 0.0).rotated("z", 90).at(0, girth * 0.35, half - 0.65), accent)
    four = rng.random() < 0.3
    shell, intake = [], []
    spots = [(0.32, 0.1)] + ([(0.6, 0.35)] if four else [])
    size = girth * rng.uniform(0.44, 0.58) * (0.8 if four else 1.0)
    for share, _ in spots:
        x, z = span * share, back * share - 0.75
        y = level + (0.1 if high else 0.35) * share - size * 0.95
        pod = lathe(
            [(0, -0.42), (size * 0.82, -0.42), (size, -0.25), (size * 0.95, 0.25), (size * 0.55, 0.6), (0, 0.6)], 16
        ).rotated("x", 90)
        shell.append((pod.at(x, y, z) + box(0.06, size * 1.3, 0.6).at(x, y + size * 0.9, z + 0.2)).both())
        intake.append(cylinder(size * 0.7, 0.04, sides=16).rotated("x", 90).at(x, y, z - 0.42).both())
    scene.add("engines", joined(shell), accent if rng.random() < 0.5 else body)
    scene.add("intakes", joined(intake), mat.matte(mat.DARK[0]))
    return scene


def _light(rng: np.random.Generator) -> Scene:
    scene = Scene()
    body, accent = (
        mat.paint(mat.color(rng, mat.NEUTRAL[:2] + mat.SOFT + mat.BRIGHT), 0.5),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
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
        CRAFT_WINDOW,
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
    scene.add("fin", _wing(0.9, (0.8, 0.4), 0.4, 0.0).rotated("z", 90).at(0, 0.15, half - 0.4), accent)
    scene.add("propeller", _propeller(0.75, int(rng.integers(2, 4))).at(0, 0, -half - 0.1), dark)
    scene.add("spinner", ellipsoid(0.13, 0.13, 0.24, 12, 8).at(0, 0, -half - 0.1), accent)
    wheel = torus(0.13, 0.075, 14, 8).rotated("z", 90)
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
    body, wings = mat.paint(mat.color(rng, mat.BRIGHT), 0.4), mat.paint(mat.color(rng, mat.BRIGHT + mat.SOFT), 0.3)
    wood, dark = mat.wood(rng), mat.matte(mat.DARK[0])
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
    scene.add("cowl", cylinder(0.43, 0.4, sides=22, bevel=0.06).rotated("x", 90).at(0, 0, -1.42), mat.metal(rng))
    scene.add(
        "engine",
        joined([cylinder(0.08, 0.26).at(0, 0.24, 0).rotated("z", a) for a in np.arange(7) * 360 / 7]).at(0, 0, -1.62),
        dark,
    )
    scene.add("propeller", _propeller(0.85, 2).rotated("z", rng.uniform(0, 180)).at(0, 0, -1.76), wood)
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
    scene.add("screen", box(0.3, 0.18, 0.02).rotated("x", 25).at(0, 0.5, -0.13), CRAFT_WINDOW)
    scene.add("tailplane", _wing(0.8, (0.55, 0.4), 0.1, 0.0).at(0, 0.15, 1.7).both(), wings)
    scene.add("fin", _wing(0.65, (0.6, 0.4), 0.25, 0.0).rotated("z", 90).at(0, 0.12, 1.75), wings)
    wheel = cylinder(0.26, 0.09, sides=18, bevel=0.03).rotated("z", 90)
    scene.add("wheels", wheel.at(0.5, -0.86, -0.95).both(), dark)
    scene.add("hubs", cylinder(0.13, 0.11, sides=12).rotated("z", 90).at(0.5, -0.86, -0.95).both(), wings)
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
        mat.paint(mat.color(rng, mat.NEUTRAL[2:5] + mat.SOFT + mat.BRIGHT), 0.4),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
    )
    dark = mat.matte(mat.DARK[0])
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
    fin = _wing(0.95, (1.0, 0.4), 0.6, 0.0, 0.06).rotated("z", 90)
    scene.add("fins", fin.rotated("z", -16).at(0.32, 0.2, 1.25).both() if twin else fin.at(0, 0.22, 1.3), accent)
    scene.add("intakes", box(0.26, 0.36, 1.0, 0.06).at(0.42, -0.04, -0.35).both(), body)
    scene.add("mouths", box(0.2, 0.28, 0.06).at(0.42, -0.04, -0.84).both(), dark)
    nozzle = lathe([(0, 0), (0.2, 0), (0.17, 0.3), (0.12, 0.3), (0.1, 0.1), (0, 0.1)], 16).rotated("x", 90)
    scene.add("nozzles", nozzle.at(0.2, 0, 1.82).both() if twin else nozzle.scaled(1.3, 1.3, 1).at(0, 0, 1.82), dark)
    missile = rod((0, 0, -0.5), (0, 0, 0.5), 0.055, sides=8) + _wing(0.14, (0.2, 0.1), 0.06, 0).at(0, 0, 0.4).both()
    places = [(span * 0.55, 0.75), (span * 0.85, 1.0)][: int(rng.integers(1, 3))]
    scene.add("missiles", joined([missile.at(x, -0.2, z).both() for x, z in places]), mat.paint(mat.WHITE))
    return scene
