"""Generator of class 02747177, trash bin."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.storage import level_ring
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
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
    torus,
    tube,
)


def trash_bin(rng: np.random.Generator) -> Scene:
    """Pedal bin, wheeled bin, swing-lid bin, wire paper basket or ribbed steel can."""
    scene = Scene()
    kind = pick(rng, ("pedal", "wheeled", "swing", "steel", "paper"))
    shell = mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[1:5]), 0.4)
    lid = (
        mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK[:2]), 0.4)
        if rng.random() < 0.6
        else mat.paint(mat.shade(shell.color, 0.8), 0.4)
    )
    metal, dark = mat.metal(rng), mat.matte(mat.DARK[0])
    radius, height = rng.uniform(0.3, 0.38), rng.uniform(0.85, 1.15)
    if kind == "wheeled":
        return _wheeled_bin(rng, shell, lid, metal, dark, height)
    if kind == "paper":
        return _paper_basket(rng, shell, lid, radius, height)
    taper = rng.uniform(0.82, 1.0)
    outside = [(radius * taper, 0.03), (radius, height * 0.94)]
    body = lathe([(0, 0.03), *outside, (0, height * 0.94)], 32)
    if kind == "steel":
        return _steel_can(rng, metal, radius, height, taper, outside)
    scene.add("body", body, shell)
    scene.add("base", lathe([(0, 0), (radius * taper * 1.04, 0), (radius * taper * 1.04, 0.07), (0, 0.07)], 32), dark)
    scene.add(
        "collar",
        lathe(
            [(0, height * 0.9), (radius * 1.04, height * 0.9), (radius * 1.04, height * 0.97), (0, height * 0.97)], 32
        ),
        metal,
    )
    if kind == "pedal":
        dome = lathe([(0, 0), (radius * 1.03, 0), (radius, 0.05), (radius * 0.7, 0.15), (0, 0.2)], 32)
        tilt = pick(rng, (0.0, 0.0, 55.0))
        scene.add("lid", dome.at(0, 0, -radius).rotated("x", tilt).at(0, height * 0.97, radius), lid)
        scene.add("pedal", box(0.2, 0.03, 0.18, 0.012).at(0, 0.05, -radius * taper - 0.09), metal)
        scene.add("hinge", box(0.22, 0.12, 0.09, 0.02).at(0, height * 0.96, radius * 1.0), dark)
    else:
        dome = lathe(
            [(0, 0), (radius * 1.03, 0), (radius * 0.98, 0.14), (radius * 0.75, 0.3), (radius * 0.4, 0.38), (0, 0.4)],
            32,
        )
        scene.add("lid", dome.at(0, height * 0.97, 0), lid)
        flap = extrude(rounded(radius * 1.15, 0.2, 0.05), 0.05, 0.015).rotated("x", 28)
        scene.add("flap", flap.at(0, height * 0.97 + 0.19, -radius * 0.8), shell)
        scene.add(
            "word",
            box(radius * 0.6, 0.05, 0.04).rotated("x", 28).at(0, height * 0.97 + 0.19, -radius * 0.84),
            mat.matte(mat.WHITE),
        )
    scene.add(
        "sign",
        cylinder(0.11, 0.04, sides=24).rotated("x", 90).at(0, height * 0.5, -radius * (taper + 1) / 2),
        mat.paint(mat.color(rng, mat.NEUTRAL[:1] + mat.BRIGHT[3:6]), 0.3),
    )
    return scene


def _wheeled_bin(
    rng: np.random.Generator, shell: Material, lid: Material, metal: Material, dark: Material, height: float
) -> Scene:
    """Square bin with wheels and a handle behind."""
    scene = Scene()
    width, depth = 0.62, 0.68
    outline = rounded(1, 1, 0.08, 3)
    levels = [(0.06, 0.72, 0.7), (height * 0.9, 1.0, 0.98), (height * 0.97, 1.02, 1.0)]
    scene.add("body", loft([level_ring(outline * (width * w, depth * d), y) for y, w, d in levels]), shell)
    scene.add(
        "rim",
        loft(
            [level_ring(outline * (width * s, depth * s), y) for y, s in ((height * 0.92, 1.08), (height * 0.97, 1.1))]
        ),
        shell,
    )
    tilt = rng.uniform(0, 8) if rng.random() < 0.7 else 65.0
    top = loft(
        [level_ring(outline * (width * s, depth * s * 1.02), y) for y, s in ((0, 1.08), (0.05, 1.1), (0.11, 0.85))]
    )
    scene.add("lid", top.at(0, 0, -depth * 0.55).rotated("x", tilt).at(0, height * 0.975, depth * 0.55), lid)
    scene.add(
        "handle",
        tube(
            [
                (-width * 0.4, height * 0.95, depth * 0.5),
                (-width * 0.4, height * 0.97, depth * 0.66),
                (width * 0.4, height * 0.97, depth * 0.66),
                (width * 0.4, height * 0.95, depth * 0.5),
            ],
            0.028,
        ),
        dark,
    )
    scene.add(
        "wheels",
        cylinder(0.13, 0.08, sides=20, bevel=0.02).rotated("z", 90).at(width * 0.4, 0.13, depth * 0.42).both(),
        dark,
    )
    scene.add("hubs", cylinder(0.06, 0.1, sides=14).rotated("z", 90).at(width * 0.4, 0.13, depth * 0.42).both(), metal)
    scene.add(
        "label",
        box(width * 0.42, height * 0.22, 0.03, 0.01).rotated("x", -5).at(0, height * 0.55, -depth * 0.445),
        mat.matte(mat.WHITE),
    )
    scene.add(
        "sign",
        cylinder(0.08, 0.03, sides=3).rotated("x", 90 - 5).at(0, height * 0.545, -depth * 0.46),
        mat.paint(mat.hexa("4f9e58")),
    )
    return scene


def _paper_basket(rng: np.random.Generator, shell: Material, lid: Material, radius: float, height: float) -> Scene:
    """Wire basket with crumpled paper."""
    scene = Scene()
    heights = np.linspace(0, 1, 7)
    taper = rng.uniform(0.7, 0.9)
    wires = [
        torus(radius * (taper + (1 - taper) * s), 0.02 if s in (0.0, 1.0) else 0.009, 28, 6).at(0, s * height * 0.8, 0)
        for s in heights
    ]
    wires += [
        rod(
            (radius * taper * np.cos(t), 0, radius * taper * np.sin(t)),
            (radius * np.cos(t), height * 0.8, radius * np.sin(t)),
            0.009,
            sides=4,
        )
        for t in np.arange(24) * np.pi / 12
    ]
    scene.add("wires", joined(wires) + cylinder(radius * taper, 0.02, sides=28), shell)
    balls = [
        ellipsoid(0.13, 0.12, 0.13, 7, 5)
        .rotated("x", 40.0 * i)
        .at(0.12 * np.cos(i * 2.2), height * (0.42 + 0.08 * i), 0.12 * np.sin(i * 2.2))
        for i in range(5)
    ]
    scene.add("paper", joined(balls), mat.matte(mat.hexa("f6f2e6")))
    scene.add("tag", box(0.2, 0.14, 0.02, 0.005).at(0, height * 0.6, -radius * 0.97), lid)
    return scene


def _steel_can(
    rng: np.random.Generator,
    metal: Material,
    radius: float,
    height: float,
    taper: float,
    outside: list[tuple[float, float]],
) -> Scene:
    """Ribbed steel can with a lid."""
    scene = Scene()
    steel = mat.paint(mat.color(rng, mat.NEUTRAL[2:5] + mat.BRIGHT), 0.6)
    ribs = 18

    def ribbed(points: Floats) -> Floats:
        turn = np.arctan2(points[:, 2], points[:, 0])
        points[:, [0, 2]] *= (1 + 0.035 * np.cos(ribs * turn))[:, None]
        return points

    scene.add("body", lathe([(0, 0.03), *outside, (0, height * 0.94)], 72).deformed(ribbed), steel)
    scene.add(
        "hoops",
        joined(
            [
                torus(radius * (taper + (1 - taper) * s) * 1.02, 0.022, 32, 6).at(0, s * height * 0.94, 0)
                for s in (0.06, 0.5, 0.97)
            ]
        ),
        metal,
    )
    cover = lathe(
        [(0, 0), (radius * 1.1, 0), (radius * 1.1, 0.06), (radius * 0.9, 0.1), (radius * 0.3, 0.17), (0, 0.18)], 32
    )
    lift = rng.random() < 0.3
    scene.add("lid", (cover.rotated("z", 14).at(0.08, 0.05, 0) if lift else cover).at(0, height * 0.95, 0), steel)
    grip = tube(smooth([(-0.1, 0.14, 0), (-0.07, 0.24, 0), (0.07, 0.24, 0), (0.1, 0.14, 0)], 9), 0.022)
    scene.add("grip", (grip.rotated("z", 14).at(0.08, 0.05, 0) if lift else grip).at(0, height * 0.95, 0), metal)
    side = tube(
        smooth(
            [
                (radius * 0.98, height * 0.72, -0.1),
                (radius * 1.2, height * 0.72, -0.08),
                (radius * 1.2, height * 0.72, 0.08),
                (radius * 0.98, height * 0.72, 0.1),
            ],
            9,
        ),
        0.024,
    )
    scene.add("handles", side.both(), metal)
    scene.add("plate", box(0.24, 0.15, 0.06, 0.01).at(0, height * 0.5, -radius * 0.97), mat.matte(mat.WHITE))
    return scene
