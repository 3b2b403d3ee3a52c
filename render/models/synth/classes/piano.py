"""Generator of class 03928116, piano."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    Mesh,
    box,
    cushion,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    lathe,
    rod,
    rounded,
    smooth,
    torus,
)


def _keys(scene: Scene, width: float, y: float, z: float, reach: float) -> None:
    """A keyboard, bass at the player's left (+X); front edge of the keys at z, `reach` deep."""
    count = 29
    pitch = width / count
    xs = (np.arange(count) - (count - 1) / 2) * pitch
    white = [box(pitch * 0.9, 0.03, reach).at(-x, y, z + reach / 2) for x in xs]
    scene.add("white keys", joined(white), mat.paint(mat.hexa("fbf8ef"), 0.5))
    black = [
        box(pitch * 0.55, 0.035, reach * 0.62).at(-(x + pitch / 2), y + 0.024, z + reach * 0.69)
        for i, x in enumerate(xs[:-1])
        if i % 7 not in (2, 6)
    ]
    scene.add("black keys", joined(black), mat.paint(mat.hexa("34343a"), 0.5))


def piano(rng: np.random.Generator) -> Scene:
    """Grand piano, upright or stage piano; the player sits at the front."""
    scene = Scene()
    kind = pick(rng, ("grand", "grand", "upright", "stage"))
    case = pick(rng, (mat.paint(mat.color(rng, mat.DARK + mat.NEUTRAL[:2] + mat.BRIGHT), 0.7), mat.wood(rng)))
    brass = mat.metal(rng, mat.METAL[3:4])
    width = 1.48
    {"grand": _grand, "upright": _upright, "stage": _stage}[kind](rng, scene, width, case, brass)
    if rng.random() < 0.5:
        z = {"grand": -1.25, "upright": -0.85, "stage": -0.7}[kind]
        seat = mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK[:2]), 0.3)
        if rng.random() < 0.5:
            scene.add("stool", cushion(0.42, 0.1, 0.42, 2.0).at(0, 0.5, z), seat)
            scene.add(
                "stool leg",
                lathe([(0, 0), (0.2, 0), (0.2, 0.03), (0.04, 0.08), (0.035, 0.46), (0, 0.46)], 18).at(0, 0, z),
                case,
            )
        else:
            scene.add("bench", cushion(0.75, 0.1, 0.36, 8).at(0, 0.5, z), seat)
            leg = box(0.06, 0.48, 0.06).at(0.32, 0.24, 0.13)
            scene.add("bench legs", (leg + leg.mirrored("z")).both().at(0, 0, z), case)
    return scene


def _grand(rng: np.random.Generator, scene: Scene, width: float, case: Material, brass: Material) -> None:
    long, level, high = rng.uniform(1.5, 2.2), 0.62, 0.3
    w = width / 2
    curve = smooth(
        [
            (-w, 0.5),
            (-w * 0.96, 0.62 + 0.1 * long),
            (-w * 0.3, 0.62 * long),
            (0.05, 0.9 * long),
            (w * 0.5, long),
            (w * 0.96, 0.92 * long),
            (w, 0.7 * long),
        ],
        24,
    )
    outline = np.concatenate([[(w, 0.3), (-w, 0.3)], curve])

    def plate(points: Floats, thick: float, y: float, bevel: float = 0.0) -> Mesh:
        """An outline in X and Z made a level plate, its middle at height y."""
        return extrude(points * (1, -1), thick, bevel).rotated("x", -90).at(0, y, -0.35)

    scene.add("case", plate(outline, high, level + high / 2, 0.012), case)
    scene.add("soundboard", plate(_shrunk(outline, 0.93), 0.02, level + high + 0.0), mat.wood(rng, mat.hexa("d8b483")))
    scene.add("frame", plate(_shrunk(outline, 0.8), 0.02, level + high + 0.012), brass)
    strings = [
        rod(
            (x, level + high + 0.035, 0.12),
            (x * 0.9 + 0.06, level + high + 0.035, 0.12 + (0.2 + 0.55 * (x / w + 1) / 2) * long * 0.75),
            0.007,
            sides=4,
        )
        for x in np.linspace(-w * 0.78, w * 0.78, 14)
    ]
    scene.add("strings", joined(strings), mat.paint(mat.hexa("ece6d5"), 0.8))
    scene.add("key bed", box(width, 0.14, 0.34, 0.015).at(0, level + 0.07, -0.2), case)
    scene.add("cheeks", box(0.08, 0.3, 0.4, 0.02).at(w - 0.04, level + 0.15, -0.16).both(), case)
    scene.add("fall", box(width - 0.14, 0.17, 0.03, 0.01).rotated("x", 12).at(0, level + 0.25, 0.0), case)
    _keys(scene, width - 0.18, level + 0.155, -0.36, 0.3)
    lift = rng.uniform(28, 42)
    # The lid is hinged on the bass side, the long straight one.
    lid = (
        plate(_shrunk(outline, 1.015), 0.03, 0.0, 0.008).at(-w, 0, 0).rotated("z", -lift).at(w, level + high + 0.04, 0)
    )
    scene.add("lid", lid, case)
    height = (2 * w * 0.86) * np.tan(np.radians(lift)) * 0.98
    scene.add(
        "prop", rod((-w * 0.72, level + high, 0.3), (-w * 0.72, level + high + height, 0.36), 0.018, sides=6), brass
    )
    scene.add("music desk", box(0.7, 0.26, 0.025, 0.008).rotated("x", 18).at(0, level + high + 0.12, 0.04), case)
    scene.add(
        "score",
        box(0.42, 0.24, 0.012).rotated("x", 18).at(0, level + high + 0.14, 0.015),
        mat.matte(mat.hexa("fbf8ec")),
    )
    leg = lathe([(0, 0.06), (0.045, 0.06), (0.05, 0.12), (0.075, level * 0.8), (0.095, level), (0, level)], 12)
    spots = [(w - 0.12, -0.15), (-w + 0.12, -0.15), (w * 0.4, long * 0.8 - 0.35)]
    scene.add("legs", joined([leg.at(x, 0, z) for x, z in spots]), case)
    scene.add("castors", joined([ellipsoid(0.045, 0.045, 0.045, 10, 6).at(x, 0.04, z) for x, z in spots]), brass)
    scene.add(
        "lyre",
        box(0.05, level, 0.04).at(0.1, level / 2 + 0.03, 0.1).both() + box(0.32, 0.08, 0.12, 0.015).at(0, 0.1, 0.1),
        case,
    )
    scene.add("pedals", joined([box(0.04, 0.015, 0.16, 0.005).at(x, 0.08, 0.0) for x in (-0.09, 0, 0.09)]), brass)


def _shrunk(outline: Floats, factor: float) -> Floats:
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    return middle + (outline - middle) * factor


def _upright(rng: np.random.Generator, scene: Scene, width: float, case: Material, brass: Material) -> None:
    high, depth, level = rng.uniform(1.15, 1.35), 0.36, 0.66
    w = width / 2
    scene.add("case", box(width, high, depth, 0.015).at(0, high / 2, depth / 2), case)
    scene.add("lid", box(width + 0.06, 0.04, depth + 0.06, 0.015).at(0, high + 0.01, depth / 2 - 0.01), case)
    panel = (
        mat.paint(mat.mixed(case.color, mat.WHITE if sum(case.color) < 1.2 else mat.BLACK, 0.18), 0.5)
        if case.texture is None
        else mat.wood(rng)
    )
    scene.add(
        "upper panel", box(width - 0.22, high - level - 0.3, 0.03, 0.01).at(0, (high + level) / 2 + 0.1, 0.0), panel
    )
    scene.add("lower panel", box(width - 0.22, level - 0.24, 0.03, 0.01).at(0, level / 2 + 0.02, 0.0), panel)
    scene.add("key bed", box(width, 0.13, 0.36, 0.015).at(0, level, -0.16), case)
    scene.add("cheeks", box(0.08, 0.24, 0.36, 0.03).at(w - 0.04, level + 0.1, -0.16).both(), case)
    _keys(scene, width - 0.18, level + 0.075, -0.33, 0.3)
    scene.add("slip", box(width - 0.1, 0.06, 0.03, 0.01).at(0, level + 0.06, -0.34), case)
    scene.add("desk", box(0.8, 0.24, 0.025, 0.008).rotated("x", 14).at(0, level + 0.3, -0.05), case)
    scene.add(
        "score", box(0.5, 0.28, 0.015).rotated("x", 14).at(0, level + 0.34, -0.075), mat.matte(mat.hexa("fbf8ec"))
    )
    leg = lathe(
        [
            (0, 0),
            (0.05, 0),
            (0.05, 0.05),
            (0.035, 0.1),
            (0.055, 0.4),
            (0.035, 0.55),
            (0.06, level - 0.03),
            (0, level - 0.03),
        ],
        12,
    )
    scene.add("legs", leg.at(w - 0.08, 0, -0.27).both(), case)
    scene.add("toes", box(0.1, 0.08, 0.36, 0.02).at(w - 0.08, 0.04, -0.14).both(), case)
    scene.add("pedals", joined([box(0.05, 0.015, 0.14, 0.005).at(x, 0.07, -0.06) for x in (-0.11, 0, 0.11)]), brass)
    if rng.random() < 0.5:
        candle = rod((0, 0, 0), (0, 0.0, -0.16), 0.012, sides=6) + cylinder(0.04, 0.02, sides=12).at(0, 0.01, -0.16)
        scene.add("candle arms", candle.at(w - 0.25, high * 0.78, 0).both(), brass)
        scene.add(
            "candles",
            cylinder(0.02, 0.16, sides=10).at(w - 0.25, high * 0.78 + 0.09, -0.16).both(),
            mat.matte(mat.WHITE),
        )


def _stage(rng: np.random.Generator, scene: Scene, width: float, case: Material, brass: Material) -> None:
    level, depth = rng.uniform(0.78, 0.92), 0.42
    w = width / 2
    scene.add("case", extrude(rounded(width, depth, 0.05), 0.12, 0.02).rotated("x", 90).at(0, level, 0), case)
    _keys(scene, width - 0.16, level + 0.06, -depth / 2 + 0.02, 0.2)
    scene.add(
        "panel", box(width - 0.1, 0.05, 0.15, 0.015).at(0, level + 0.06, depth / 2 - 0.1), mat.paint(mat.DARK[0], 0.4)
    )
    scene.add("screen", box(0.26, 0.02, 0.09).at(0, level + 0.085, depth / 2 - 0.1), mat.paint(mat.hexa("8fd0c0"), 0.7))
    knobs = [
        cylinder(0.022, 0.04, sides=12).at(x, level + 0.1, depth / 2 - 0.1)
        for x in np.concatenate([np.linspace(-0.6, -0.25, 5), np.linspace(0.25, 0.6, 5)])
    ]
    scene.add("knobs", joined(knobs), mat.paint(mat.color(rng, mat.BRIGHT), 0.5))
    scene.add(
        "desk",
        box(0.7, 0.26, 0.02, 0.008).rotated("x", 20).at(0, level + 0.2, depth / 2 + 0.02),
        mat.glass((0.7, 0.8, 0.85), 0.6),
    )
    scene.add(
        "score",
        box(0.4, 0.26, 0.012).rotated("x", 20).at(0, level + 0.22, depth / 2 - 0.01),
        mat.matte(mat.hexa("fbf8ec")),
    )
    if rng.random() < 0.5:
        cross = rod((-w * 0.62, 0.02, 0.1), (w * 0.62, level - 0.07, 0.1), 0.026) + rod(
            (w * 0.62, 0.02, 0.15), (-w * 0.62, level - 0.07, 0.15), 0.026
        )
        feet = rod((w * 0.62, 0.02, -0.24), (w * 0.62, 0.02, 0.34), 0.026).both()
        top = rod((w * 0.62, level - 0.07, -0.2), (w * 0.62, level - 0.07, 0.24), 0.026).both()
        scene.add("stand", cross + feet + top, mat.metal(rng))
        scene.add("bolt", torus(0.05, 0.03, 14, 6).rotated("x", 90).at(0, level / 2 - 0.02, 0.125), brass)
    else:
        scene.add(
            "sides",
            box(0.05, level - 0.03, 0.36, 0.012).at(w - 0.06, (level - 0.03) / 2, 0.0).both()
            + box(width - 0.12, 0.22, 0.04).at(0, level * 0.4, 0.1),
            case,
        )
        scene.add("pedal", box(0.1, 0.04, 0.2, 0.012).at(0.0, 0.02, -0.05), brass)
