"""Generator of class 03710193, mailbox."""

from dataclasses import dataclass

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    lathe,
    rod,
    rounded,
    smooth,
    torus,
    tube,
)


@dataclass(frozen=True)
class _Materials:
    """What a box is made of."""

    paint: Material
    second: Material
    metal: Material
    dark: Material
    paper: Material


def mailbox(rng: np.random.Generator) -> Scene:
    """Rural box with a flag on a post, pillar box, wall box, or a street box on legs."""
    scene = Scene()
    kind = pick(rng, ("rural", "rural", "pillar", "wall", "street"))
    used = _Materials(
        paint=mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[2:4]), 0.5),
        second=mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.4),
        metal=mat.metal(rng),
        dark=mat.matte(mat.hexa("2f3237")),
        paper=mat.matte(mat.hexa("fbf8ee")),
    )
    if kind in ("rural", "street"):
        width, wall, long = (0.46, 0.3, rng.uniform(0.85, 1.05)) if kind == "rural" else (0.8, 0.95, 0.7)
        arch = [(width / 2 * np.cos(t), wall + width / 2 * np.sin(t)) for t in np.linspace(0, np.pi, 15)]
        outline = np.array([*arch, (-width / 2, 0.0), (width / 2, 0.0)])
        scene.add("box", extrude(outline, long, 0.015), used.paint)
        if kind == "rural":
            _rural_box(rng, scene, used, width, wall, long, outline)
        else:
            _street_box(scene, used, width, wall, long)
        return scene
    if kind == "pillar":
        return _pillar_box(rng, scene, used)
    return _wall_box(rng, scene, used)


def _rural_box(
    rng: np.random.Generator, scene: Scene, used: _Materials, width: float, wall: float, long: float, outline: Floats
) -> None:
    """Door, flag, post and number of a rural box."""
    front = -long / 2
    opened = rng.random() < 0.35
    door = extrude((outline - (0, 0.0)) * 0.98, 0.04, 0.01)
    scene.add(
        "door",
        door.rotated("x", -80).at(0, 0.02, front - 0.03) if opened else door.at(0, 0.005, front - 0.015),
        used.second,
    )
    scene.add(
        "knob",
        ellipsoid(0.035, 0.035, 0.04, 10, 6).at(
            0, 0.06 if opened else wall + width * 0.36, front - (0.4 if opened else 0.05)
        ),
        used.metal,
    )
    if opened:
        scene.add("inside", extrude(outline * 0.88 + (0, 0.03), 0.02).at(0, 0, front - 0.0), used.dark)
        scene.add(
            "letters",
            box(0.24, 0.03, 0.3).at(0.02, 0.12, front - 0.08)
            + box(0.22, 0.02, 0.26).rotated("y", 12).at(-0.03, 0.16, front - 0.05),
            used.paper,
        )
    # The flag is on the right-hand side of the box itself, raised or not.
    up = 0.0 if rng.random() < 0.6 else -90.0
    flag = box(0.02, 0.34, 0.05).at(0, 0.14, 0) + box(0.022, 0.14, 0.2, 0.005).at(0, 0.27, 0.09)
    scene.add(
        "flag",
        flag.rotated("x", -up).at(width / 2 + 0.02, wall * 0.9, -0.12),
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
        used.paper,
    )


def _street_box(scene: Scene, used: _Materials, width: float, wall: float, long: float) -> None:
    """Flap, door, badge and legs of a street box."""
    front = -long / 2
    scene.add(
        "flap",
        box(width * 0.7, 0.34, 0.08, 0.02).rotated("x", -28).at(0, wall + width * 0.2, front + 0.06),
        mat.paint(mat.shade(used.paint.color, 0.8), 0.5),
    )
    scene.add(
        "grip",
        tube([(-0.2, 0, 0), (-0.2, 0, -0.07), (0.2, 0, -0.07), (0.2, 0, 0)], 0.022).at(
            0, wall + width * 0.24, front - 0.02
        ),
        used.metal,
    )
    scene.add(
        "door",
        box(width * 0.8, wall * 0.52, 0.04, 0.015).at(0, wall * 0.34, front),
        mat.paint(mat.shade(used.paint.color, 1.12), 0.5),
    )
    scene.add("notice", box(width * 0.44, wall * 0.2, 0.03, 0.008).at(0, wall * 0.44, front - 0.02), used.paper)
    scene.add(
        "lock",
        cylinder(0.03, 0.04, sides=12).rotated("x", 90).at(-width * 0.32, wall * 0.34, front - 0.02),
        used.metal,
    )
    scene.add("badge", cylinder(0.16, 0.03, sides=24).rotated("z", 90).at(width / 2, wall * 0.7, 0).both(), used.second)
    scene.add(
        "legs",
        joined(
            [box(0.07, 0.36, 0.07, 0.01).at(x * width * 0.42, -0.16, z * long * 0.4) for x in (-1, 1) for z in (-1, 1)]
        ),
        used.dark,
    )


def _pillar_box(rng: np.random.Generator, scene: Scene, used: _Materials) -> Scene:
    """Round pillar with a cap, slot and door."""
    radius, high = rng.uniform(0.36, 0.44), rng.uniform(1.5, 1.8)
    scene.add("pillar", cylinder(radius, high, sides=36).at(0, high / 2, 0), used.paint)
    scene.add(
        "foot", lathe([(0, 0), (radius * 1.14, 0), (radius * 1.12, 0.14), (radius, 0.2), (0, 0.2)], 36), used.dark
    )
    top = (
        [(0, 0), (radius * 1.15, 0), (radius * 1.18, 0.07), (radius * 1.02, 0.13), (radius * 0.6, 0.24), (0, 0.28)]
        if rng.random() < 0.6
        else [(0, 0), (radius * 1.1, 0), (radius * 1.1, 0.1), (0, 0.16)]
    )
    scene.add("cap", lathe(top, 36).at(0, high, 0), used.paint)
    scene.add(
        "collar",
        torus(radius * 1.03, 0.03, 36, 6).at(0, high - 0.1, 0)
        + torus(radius * 1.02, 0.02, 36, 6).at(0, high * 0.62, 0),
        used.second,
    )
    slot = high * 0.82
    scene.add(
        "hood", box(radius * 1.2, 0.06, 0.16, 0.015).rotated("x", 12).at(0, slot + 0.08, -radius * 0.93), used.paint
    )
    scene.add("slot", box(radius * 0.95, 0.08, 0.14).at(0, slot, -radius * 0.92), used.dark)
    scene.add("plate", box(radius * 0.7, 0.26, 0.12, 0.01).at(0, high * 0.67, -radius * 0.95), used.paper)
    scene.add(
        "door",
        extrude(rounded(radius * 1.25, high * 0.42, 0.04), 0.2, 0.012).at(0, high * 0.36, -radius * 0.86),
        mat.paint(mat.shade(used.paint.color, 1.14), 0.5),
    )
    scene.add(
        "lock",
        cylinder(0.035, 0.05, sides=12).rotated("x", 90).at(-radius * 0.46, high * 0.38, -radius * 0.97),
        used.metal,
    )
    return scene


def _wall_box(rng: np.random.Generator, scene: Scene, used: _Materials) -> Scene:
    """Flat box with a sloping lid, a horn and a newspaper ring or post."""
    width, high, depth = rng.uniform(0.8, 1.0), rng.uniform(0.9, 1.2), rng.uniform(0.3, 0.4)
    front = -depth / 2
    side = [(-depth / 2, 0.0), (depth / 2, 0.0), (depth / 2, high), (-depth / 2, high * 0.84)]
    scene.add("box", extrude(side, width, 0.02).rotated("y", -90), used.paint)
    slope = float(np.degrees(np.arctan2(high * 0.16, depth)))
    scene.add(
        "lid", box(width + 0.06, 0.05, depth * 1.3, 0.015).rotated("x", -slope).at(0, high * 0.935, -0.03), used.second
    )
    scene.add("slot", box(width * 0.66, 0.06, 0.05).at(0, high * 0.72, front), used.dark)
    scene.add("letter", box(width * 0.42, 0.16, 0.02).rotated("x", 30).at(0.04, high * 0.76, front - 0.06), used.paper)
    scene.add("window", box(width * 0.4, 0.12, 0.04, 0.01).at(0, high * 0.5, front), used.paper)
    scene.add(
        "door",
        box(width * 0.84, high * 0.34, 0.04, 0.012).at(0, high * 0.22, front),
        mat.paint(mat.shade(used.paint.color, 1.12), 0.5),
    )
    scene.add(
        "lock",
        cylinder(0.035, 0.05, sides=12).rotated("x", 90).at(-width * 0.34, high * 0.22, front - 0.02),
        used.metal,
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
        else cylinder(0.07, 0.04, sides=20).rotated("x", 90).at(0, high * 0.61, front),
        used.second,
    )
    if rng.random() < 0.5:
        rail = torus(depth * 0.34, 0.02, 20, 6).rotated("x", 90)
        scene.add("newspaper ring", rail.at(width * 0.25, -depth * 0.36, 0).both(), used.metal)
        scene.add(
            "newspaper",
            rod((-width * 0.45, -depth * 0.36, 0), (width * 0.45, -depth * 0.36, 0), depth * 0.22, sides=14),
            used.paper,
        )
    else:
        scene.add("post", box(0.14, 1.0, 0.1, 0.015).at(0, -0.45, 0.05), mat.wood(rng))
    return scene
