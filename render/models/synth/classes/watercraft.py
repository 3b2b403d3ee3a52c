"""Generator of class 04530566, watercraft."""

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.vehicles import CRAFT_WINDOW
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    loft,
    rod,
    rounded,
    smooth,
    torus,
    tube,
)


def watercraft(rng: np.random.Generator) -> Scene:
    """Sailing yacht, motorboat, freighter, tug, rowboat or warship."""
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
    hull, deck = mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.5), mat.wood(rng, repeat=2)
    _ship(scene, _hull(length, length * 0.28, 0.42, 0.2, 0.1), hull, deck, mat.paint(mat.WHITE))
    scene.add(
        "keel", extrude([(-0.3, -0.38), (0.6, -0.38), (0.45, -0.95), (-0.1, -0.95)], 0.08, 0.02).rotated("y", 90), hull
    )
    scene.add("cabin", box(length * 0.15, 0.26, length * 0.3, 0.08).at(0, 0.13, 0.1), mat.paint(mat.WHITE))
    scene.add("portlights", box(length * 0.15 + 0.02, 0.09, length * 0.2, 0.03).at(0, 0.16, 0.1), CRAFT_WINDOW)
    mast, at = length * rng.uniform(1.05, 1.3), -0.25
    metal = mat.metal(rng)
    boom = length * 0.42
    scene.add("mast", rod((0, 0, at), (0, mast, at), 0.045, 0.03), metal)
    scene.add("boom", rod((0, 0.42, at), (0, 0.42, at + boom), 0.035), metal)
    first = mat.color(rng, mat.NEUTRAL[:2] + mat.BRIGHT + mat.SOFT)
    cloth = pick(rng, (mat.matte(first), mat.matte(mat.WHITE), mat.striped(rng, first, mat.WHITE, 0.7, upright=False)))
    belly = rng.uniform(0.1, 0.25) * (1 if rng.random() < 0.5 else -1)
    scene.add(
        "mainsail", _sailcloth([(0, 0.5, at + 0.06), (0, mast * 0.97, at + 0.04), (0, 0.5, at + boom)], belly), cloth
    )
    scene.add(
        "jib",
        _sailcloth([(0, 0.24, -length * 0.46), (0, mast * 0.86, at - 0.08), (0, 0.3, at - 0.05)], belly),
        mat.matte(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:1])),
    )
    if rng.random() < 0.6:
        scene.add(
            "pennant",
            extrude([(0, 0), (0.35, 0.09), (0, 0.18)], 0.02).rotated("y", -90).at(0, mast - 0.05, at),
            mat.matte(mat.color(rng, mat.BRIGHT)),
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
        mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.6),
        mat.paint(mat.color(rng, mat.NEUTRAL[:2] + mat.SOFT), 0.5),
    )
    _ship(
        scene,
        _hull(length, beam, 0.5, 0.22, 0.25, 0.92),
        hull,
        second if rng.random() < 0.5 else mat.wood(rng, repeat=2),
        mat.metal(rng),
    )
    cockpit = box(beam * 0.72, 0.08, length * 0.36, 0.03).at(0, 0.04, length * 0.22)
    scene.add("cockpit", cockpit, mat.matte(mat.hexa("7c8790")))
    seats = box(beam * 0.26, 0.24, 0.28, 0.06).at(beam * 0.19, 0.16, length * 0.12).both() + box(
        beam * 0.7, 0.26, 0.3, 0.07
    ).at(0, 0.16, length * 0.36)
    scene.add("seats", seats, mat.paint(mat.color(rng, mat.BRIGHT + mat.SOFT), 0.3))
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
    hull = mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK[2:4]), 0.3)
    sections = _hull(length, beam, 0.75, 0.25, 0.75, 0.9)
    _ship(scene, sections, hull, mat.matte(mat.color(rng, mat.NEUTRAL[3:5] + mat.WOOD[:2])), None)
    scene.add("bridge", box(beam * 0.85, 0.9, 0.7, 0.04).at(0, 0.45, length * 0.4), mat.paint(mat.WHITE))
    scene.add("wings", box(beam * 1.05, 0.26, 0.4, 0.03).at(0, 1.0, length * 0.39), mat.paint(mat.WHITE))
    scene.add(
        "windows",
        box(beam * 1.07, 0.1, 0.42, 0.01).at(0, 1.03, length * 0.39)
        + box(beam * 0.87, 0.09, 0.72, 0.01).at(0, 0.62, length * 0.4),
        CRAFT_WINDOW,
    )
    scene.add(
        "funnel", cylinder(0.17, 0.7, 0.14, 16).at(0, 1.25, length * 0.455), mat.paint(mat.color(rng, mat.BRIGHT))
    )
    scene.add(
        "mast",
        rod((0, 1.1, length * 0.38), (0, 1.75, length * 0.38), 0.03)
        + rod((0, 0, -length * 0.42), (0, 1.0, -length * 0.42), 0.04),
        mat.metal(rng),
    )
    bays = int(rng.integers(4, 7))
    pitch = length * 0.68 / bays
    palette = [mat.paint(mat.color(rng, mat.BRIGHT + mat.SOFT), 0.2) for _ in range(5)]
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
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
        mat.paint(mat.color(rng, mat.NEUTRAL[:2] + mat.SOFT), 0.4),
    )
    _ship(scene, _hull(length, beam, 0.6, 0.4, 0.5, 0.85), hull, mat.wood(rng, repeat=2), mat.matte(mat.DARK[0]))
    scene.add("house", box(beam * 0.6, 0.55, length * 0.38, 0.05).at(0, 0.27, 0.12), house)
    scene.add("bridge", box(beam * 0.56, 0.5, length * 0.2, 0.05).at(0, 0.76, -0.12), house)
    scene.add(
        "bridge windows",
        box(beam * 0.6, 0.2, length * 0.16, 0.02).at(0, 0.84, -0.12)
        + box(beam * 0.46, 0.2, length * 0.2 + 0.03, 0.02).at(0, 0.84, -0.12),
        CRAFT_WINDOW,
    )
    scene.add("roof", box(beam * 0.68, 0.07, length * 0.25, 0.03).at(0, 1.03, -0.12), hull)
    scene.add(
        "portholes",
        joined(
            [cylinder(0.08, 0.06, sides=12).rotated("z", 90).at(beam * 0.3, 0.3, z).both() for z in (-0.2, 0.15, 0.5)]
        ),
        CRAFT_WINDOW,
    )
    scene.add("funnel", cylinder(0.17, 0.65, 0.15, 16).at(0, 0.85, 0.5), mat.paint(mat.color(rng, mat.BRIGHT)))
    scene.add("funnel top", cylinder(0.175, 0.12, 0.17, 16).at(0, 1.16, 0.5), mat.matte(mat.DARK[0]))
    scene.add(
        "mast",
        rod((0, 1.0, -0.05), (0, 1.7, -0.05), 0.03) + rod((-0.25, 1.45, -0.05), (0.25, 1.45, -0.05), 0.02),
        mat.metal(rng),
    )
    tyres = [
        torus(0.13, 0.05, 14, 6).rotated("z", 90).at(beam * 0.5 * s, -0.14, z)
        for z, s in ((-0.35, 0.96), (0.25, 1.0), (0.85, 0.97))
    ]
    scene.add("fenders", joined(tyres).both(), mat.matte(mat.DARK[0]))
    if rng.random() < 0.5:
        scene.add(
            "boom",
            rod((0, 0.05, length * 0.3), (0, 0.9, length * 0.3), 0.05)
            + rod((0, 0.3, length * 0.3), (0, 0.95, length * 0.5), 0.035),
            mat.metal(rng),
        )
    else:
        scene.add("winch", cylinder(0.16, 0.4, sides=14).rotated("z", 90).at(0, 0.16, length * 0.32), mat.metal(rng))
    return scene


def _row(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length = rng.uniform(2.8, 3.6)
    beam = length * rng.uniform(0.32, 0.4)
    outer = _hull(length, beam, 0.42, 0.18, 0.35, 0.75)
    wall = [np.column_stack([ring[:, 0] * 0.9, ring[:, 1] * 0.88 + 0.02, ring[:, 2] * 0.96]) for ring in outer]
    # Cut open on top: each section goes down outside and comes back up inside.
    sections = [np.concatenate([a, b[::-1]]) for a, b in zip(outer, wall, strict=True)]
    surface = mat.paint(mat.color(rng), 0.3) if rng.random() < 0.6 else mat.wood(rng, repeat=1.5)
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
    ).rotated("y", -12).at(reach + 0.16, -0.05, length * 0.19)
    scene.add("oars", oar.both(), mat.wood(rng))
    return scene


def _warship(rng: np.random.Generator) -> Scene:
    scene = Scene()
    length, beam = rng.uniform(6.5, 8.0), rng.uniform(0.95, 1.15)
    gray = mat.color(rng, mat.NEUTRAL[2:6])
    hull, house = mat.paint(gray, 0.2), mat.paint(mat.shade(gray, 1.15), 0.2)
    _ship(
        scene,
        _hull(length, beam, 0.6, 0.35, 0.4, 0.9),
        hull,
        mat.wood(rng, repeat=2) if rng.random() < 0.5 else mat.matte(mat.shade(gray, 0.7)),
        None,
    )
    levels = [(0.7, 0.35, 2.4, 0.1, 0.17), (0.55, 0.35, 1.3, -0.25, 0.5), (0.42, 0.3, 0.6, -0.45, 0.8)]
    for share, high, long, z, y in levels:
        scene.add("house", box(beam * share, high, long, 0.05).at(0, y, z), house)
    scene.add("windows", box(beam * 0.44, 0.08, 0.62, 0.01).at(0, 0.86, -0.45), CRAFT_WINDOW)
    for z in (0.35, 0.95)[: int(rng.integers(1, 3))]:
        scene.add("funnel", cylinder(0.17, 0.6, 0.14, 14).rotated("x", 8).at(0, 0.8, z), hull)
        scene.add(
            "funnel top", cylinder(0.15, 0.1, 0.145, 14).rotated("x", 8).at(0, 1.1, z + 0.04), mat.matte(mat.DARK[0])
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
        scene.add("turret", turret.rotated("y", turn).at(0, y, z), house)
    scene.add(
        "boats", ellipsoid(0.09, 0.08, 0.3, 10, 6).at(beam * 0.4, 0.28, 0.7).both(), mat.paint(mat.hexa("e08a3a"))
    )
    scene.add(
        "flag",
        rod((0, 0, length * 0.48), (0, 0.5, length * 0.48), 0.015, sides=5)
        + extrude(rounded(0.3, 0.18, 0.01, 1), 0.015).rotated("y", 90).at(0, 0.4, length * 0.48 + 0.15),
        mat.matte(mat.color(rng, mat.BRIGHT)),
    )
    return scene
