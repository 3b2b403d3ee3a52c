"""Towers of steel and concrete: lattice, skyscraper, water tower, television tower."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.buildings import GLOW, PANE, drum
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, rod, smooth, torus, tube


def lattice_tower(rng: np.random.Generator) -> Scene:
    """Lattice tower."""
    scene = Scene()
    high, base = rng.uniform(3.2, 4.0), rng.uniform(0.75, 0.95)
    paint = mat.paint(mat.color(rng, mat.BRIGHT + mat.METAL + mat.WOOD), 0.3)
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
                bars.append(cross.rotated("y", 90 * turn))
            bars.append(rod((b, yb, -b), (-b, yb, -b), 0.03, sides=4).rotated("y", 90 * turn))
            if not low:
                arch = [
                    (a * 0.95 * np.cos(t), ya + (yb - ya) * 1.0 * np.sin(t), -(a + (b - a) * np.sin(t)))
                    for t in np.linspace(0.05, np.pi - 0.05, 11)
                ]
                bars.append(tube(arch, 0.035, 5).rotated("y", 90 * turn))
    scene.add("legs", joined(legs), paint)
    scene.add("bars", joined(bars), paint)
    deck = mat.paint(mat.color(rng, mat.NEUTRAL + mat.BRIGHT), 0.4)
    for index in (2, 5):
        w = widths[index] * 2 + 0.18
        scene.add("deck", box(w, 0.12, w, 0.03).at(0, levels[index] * high, 0), deck)
        scene.add("deck glass", box(w * 0.9, 0.16, w * 0.9, 0.02).at(0, levels[index] * high + 0.12, 0), PANE)
    scene.add("cabin", box(0.22, 0.2, 0.22, 0.03).at(0, 0.9 * high, 0), deck)
    scene.add("mast", rod((0, 0.88 * high, 0), (0, high * 1.08, 0), 0.035, 0.012, 8), paint)
    scene.add(
        "feet",
        joined([box(0.28, 0.14, 0.28, 0.02).at(x * widths[0], 0, z * widths[0]) for x in (-1, 1) for z in (-1, 1)]),
        mat.matte(mat.hexa("b5aea2")),
    )
    scene.add("entrance", box(0.4, 0.3, 0.22, 0.03).at(0, 0.12, -widths[0]), deck)
    scene.add("entrance door", box(0.16, 0.22, 0.05).at(0, 0.08, -widths[0] - 0.11), PANE)
    return scene


def skyscraper(rng: np.random.Generator) -> Scene:
    """Skyscraper."""
    scene = Scene()
    body = mat.paint(mat.color(rng, mat.NEUTRAL + mat.SOFT + mat.BRIGHT[5:8]), 0.4)
    steps = int(rng.integers(2, 5))
    width, low = rng.uniform(0.7, 0.9), 0.0
    twist = rng.uniform(0, 12) if rng.random() < 0.3 else 0.0
    for index in range(steps):
        tall = rng.uniform(0.7, 1.3)
        scene.add("block", box(width, tall, width, 0.01).rotated("y", twist * index).at(0, low + tall / 2, 0), body)
        floors = int(tall / 0.13)
        glass = [
            box(width * 1.02, 0.07, width * 0.9).at(0, low + (i + 0.55) * tall / floors, 0)
            + box(width * 0.9, 0.07, width * 1.02).at(0, low + (i + 0.55) * tall / floors, 0)
            for i in range(floors)
        ]
        scene.add("windows", joined(glass).rotated("y", twist * index), PANE)
        piers = [
            box(0.03, tall, width * 1.045).at(x * width, low + tall / 2, 0)
            + box(width * 1.045, tall, 0.03).at(0, low + tall / 2, x * width)
            for x in np.linspace(-0.3, 0.3, 3)
        ]
        scene.add("piers", joined(piers).rotated("y", twist * index), body)
        low += tall
        width *= rng.uniform(0.62, 0.85)
    crown = mat.metal(rng)
    if rng.random() < 0.5:
        scene.add(
            "crown",
            drum([(0, 0), (width * 0.6, 0), (width * 0.5, 0.25), (0.05, 0.7), (0, 0.7)], 4)
            .rotated("y", 45)
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
    scene.add("plaza", box(1.25, 0.06, 1.25, 0.01).at(0, 0.0, 0), mat.matte(mat.hexa("b9b4a8")))
    scene.add("canopy", box(0.42, 0.05, 0.3, 0.01).at(0, 0.28, -0.5), crown)
    scene.add("entrance", box(0.3, 0.24, 0.12).at(0, 0.14, -0.44), GLOW)
    return scene


def water_tower(rng: np.random.Generator) -> Scene:
    """Water tower."""
    scene = Scene()
    high, radius = rng.uniform(1.4, 2.0), rng.uniform(0.5, 0.65)
    paint, metal = mat.paint(mat.color(rng), 0.4), mat.paint(mat.color(rng, mat.NEUTRAL[2:5] + mat.WOOD), 0.3)
    ball = rng.random() < 0.4
    if ball:
        scene.add(
            "stem", drum([(0, 0), (0.4, 0), (0.16, 0.3), (0.14, high), (0.3, high + 0.2), (0, high + 0.2)], 24), metal
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
        tank: Material = mat.planks(rng, mat.color(rng, mat.WOOD), 1.0) if rng.random() < 0.5 else paint
        scene.add("tank", cylinder(radius, tall, sides=28).at(0, high + tall / 2, 0), tank)
        scene.add(
            "hoops",
            joined([torus(radius * 1.005, 0.02, 28, 6).at(0, high + tall * s, 0) for s in (0.12, 0.37, 0.62, 0.87)]),
            mat.paint(mat.DARK[0], 0.4),
        )
        scene.add(
            "roof",
            drum([(0, -0.02), (radius * 1.15, -0.02), (radius * 1.15, 0.03), (0.05, 0.42), (0, 0.42)], 28).at(
                0, high + tall, 0
            ),
            mat.paint(mat.color(rng, mat.BRIGHT), 0.3),
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


def television_tower(rng: np.random.Generator) -> Scene:
    """Television tower."""
    scene = Scene()
    high, base = rng.uniform(2.6, 3.2), rng.uniform(0.34, 0.48)
    shaft = mat.matte(mat.color(rng, mat.NEUTRAL + mat.SOFT))
    pod = mat.paint(mat.color(rng, mat.NEUTRAL[:3] + mat.BRIGHT), 0.6)
    curve = smooth([(base, 0), (base * 0.45, high * 0.25), (base * 0.3, high * 0.6), (base * 0.22, high)], 12)
    scene.add("shaft", drum([(0, 0), *((float(r), float(y)) for r, y in curve), (0, high)], 24), shaft)
    level = high * rng.uniform(0.72, 0.82)
    size = rng.uniform(0.36, 0.5)
    if rng.random() < 0.5:
        scene.add("pod", ellipsoid(size, size * 0.85, size, 28, 14).at(0, level, 0), pod)
        scene.add(
            "windows",
            drum([(0, -0.06), (size * 1.015, -0.06), (size * 1.015, 0.06), (0, 0.06)], 28).at(0, level + 0.02, 0),
            PANE,
        )
    else:
        scene.add(
            "pod",
            drum(
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
            drum([(0, 0.0), (size * 1.015, 0.0), (size * 1.015, 0.075), (0, 0.075)], 32).at(0, level, 0),
            PANE,
        )
    scene.add(
        "upper pod",
        drum([(0, -0.08), (size * 0.5, -0.05), (size * 0.5, 0.04), (0, 0.1)], 24).at(0, high * 0.95, 0),
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
        drum([(0, 0), (base * 1.6, 0), (base * 1.5, 0.2), (0, 0.2)], 28),
        mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL), 0.3),
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
