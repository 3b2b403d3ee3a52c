"""Generator of class 04090263, rifle."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.weapons import along_barrel, gun_steel, side_plate
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, loft, rod, smooth, torus, tube


def rifle(rng: np.random.Generator) -> Scene:
    """Hunting rifle, military rifle, lever rifle, double-barreled gun or submachine gun; muzzle to the front."""
    scene = Scene()
    kind = pick(rng, ("hunting", "military", "military", "lever", "double", "machine"))
    steel, second, dark = gun_steel(rng), gun_steel(rng), mat.matte(mat.hexa("3a3d42"))
    wood = (
        mat.wood(rng, repeat=2)
        if kind in ("hunting", "lever", "double") or rng.random() < 0.4
        else mat.paint(mat.color(rng, mat.DARK + mat.BRIGHT[3:6] + mat.WOOD), 0.2)
    )
    barrel = {"machine": 0.5, "military": 0.95}.get(kind, 1.35) * rng.uniform(0.9, 1.1)
    scene.add(
        "trigger guard",
        tube(smooth([(0, -0.06, 0.2), (0, -0.17, 0.17), (0, -0.18, 0.02), (0, -0.06, -0.04)], 10), 0.016, 6),
        second,
    )
    scene.add("trigger", tube(smooth([(0, -0.04, 0.1), (0, -0.1, 0.12), (0, -0.15, 0.07)], 6), 0.014, 6), dark)
    if kind in ("hunting", "lever", "double"):
        _wooden_rifle(rng, scene, kind, steel, second, dark, wood, barrel)
    else:
        _military_rifle(rng, scene, kind, steel, second, dark, wood, barrel)
    _scope(rng, scene, kind, second, dark)
    if rng.random() < 0.3:
        strap = smooth([(0, -0.1, 0.95), (0.03, -0.36, 0.5), (0.03, -0.4, 0.0), (0, -0.06, -0.55)], 16)
        scene.add("sling", tube(strap, 0.02, 5), mat.matte(mat.color(rng, mat.WOOD)))
    return scene


def _wooden_rifle(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    steel: Material,
    second: Material,
    dark: Material,
    wood: Material,
    barrel: float,
) -> None:
    """Hunting rifle, lever rifle or double-barreled gun with a wooden stock."""
    drop = rng.uniform(0.1, 0.2)
    stock = smooth(
        [
            (0.05, 0.05),
            (0.3, 0.02),
            (0.55, -drop * 0.5),
            (1.0, -drop * 0.6),
            (1.22, -drop * 0.8),
            (1.2, -drop - 0.3),
            (0.95, -drop - 0.2),
            (0.5, -drop - 0.1),
            (0.3, -0.14),
            (0.05, -0.09),
        ],
        36,
        closed=True,
    )
    scene.add("stock", side_plate(stock, 0.12, 0.03), wood)
    scene.add("butt", box(0.115, 0.28, 0.04, 0.015).rotated("x", -3).at(0, -drop - 0.04, 1.21), dark)
    fore = smooth([(0.05, 0.03), (-0.6, 0.02), (-0.72, -0.01), (-0.6, -0.07), (0.05, -0.1)], 20, closed=True)
    scene.add("fore-end", side_plate(fore, 0.12, 0.03), wood)
    scene.add("receiver", box(0.1, 0.15, 0.5, 0.025).at(0, 0.03, 0.05), steel)
    pipe = along_barrel([(0, 0), (0.045, 0), (0.035, barrel), (0.018, barrel), (0, barrel - 0.04)], 14)
    if kind == "double":
        scene.add("barrels", pipe.at(0.042, 0.07, -0.15).both(), steel)
        scene.add("rib", box(0.03, 0.02, barrel * 0.95).at(0, 0.1, -0.15 - barrel / 2), second)
        scene.add(
            "hammers",
            side_plate([(0.24, 0.08), (0.3, 0.2), (0.36, 0.18), (0.3, 0.06)], 0.03).at(0.045).both(),
            second,
        )
    else:
        scene.add("barrel", pipe.at(0, 0.07, -0.15), steel)
    if kind == "lever":
        _lever_action(scene, steel, second, barrel)
    if kind == "hunting":
        scene.add(
            "bolt",
            rod((0.04, 0.06, 0.24), (0.17, 0.0, 0.27), 0.02)
            + ellipsoid(0.035, 0.035, 0.035, 10, 6).at(0.18, -0.005, 0.27),
            second,
        )


def _military_rifle(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    steel: Material,
    second: Material,
    dark: Material,
    wood: Material,
    barrel: float,
) -> None:
    """Military rifle or submachine gun: receiver, hand guard, magazine."""
    scene.add(
        "receiver",
        side_plate([(0.5, 0.12), (0.5, -0.02), (0.35, -0.08), (-0.3, -0.08), (-0.35, 0.02), (-0.35, 0.13)], 0.12, 0.02),
        steel,
    )
    scene.add("grip", side_plate([(0.2, -0.05), (0.36, -0.06), (0.46, -0.4), (0.3, -0.43)], 0.09, 0.02), wood)
    guard_end = -0.35 - barrel * 0.55
    scene.add("hand guard", box(0.12, 0.14, barrel * 0.55, 0.03).at(0, 0.04, (-0.35 + guard_end) / 2 + 0.02), wood)
    scene.add(
        "slots",
        joined([box(0.13, 0.03, 0.06, 0.008).at(0, 0.055, z) for z in np.linspace(-0.45, guard_end + 0.08, 4)]),
        dark,
    )
    scene.add(
        "barrel",
        along_barrel(
            [
                (0, 0),
                (0.03, 0),
                (0.03, barrel - 0.12),
                (0.048, barrel - 0.12),
                (0.048, barrel),
                (0.02, barrel),
                (0, barrel - 0.03),
            ],
            14,
        ).at(0, 0.06, -0.3),
        dark,
    )
    curve = rng.uniform(0.0, 0.16)
    long = rng.uniform(0.32, 0.5)
    mag = [
        [(0.04 * sx, -0.05 - long * s, z - curve * s**2) for sx, z in ((1, -0.02), (1, -0.2), (-1, -0.2), (-1, -0.02))]
        for s in np.linspace(0, 1, 6)
    ]
    scene.add("magazine", loft(np.array(mag)), second)
    _military_stock(rng, scene, kind, steel, dark, wood)
    scene.add(
        "front sight",
        side_plate(
            [(guard_end - 0.02, 0.08), (guard_end + 0.02, 0.24), (guard_end + 0.06, 0.24), (guard_end + 0.1, 0.08)],
            0.03,
        ),
        dark,
    )
    scene.add("rear sight", box(0.05, 0.1, 0.06, 0.01).at(0, 0.16, 0.3), dark)
    if rng.random() < 0.35:
        scene.add(
            "carrying handle",
            tube([(0, 0.11, 0.3), (0, 0.24, 0.24), (0, 0.24, -0.2), (0, 0.11, -0.26)], 0.026),
            steel,
        )


def _lever_action(scene: Scene, steel: Material, second: Material, barrel: float) -> None:
    """Tube magazine, lever and bands."""
    scene.add("tube", rod((0, 0.0, -0.15), (0, 0.0, -0.1 - barrel * 0.9), 0.028, sides=10), steel)
    scene.add(
        "lever",
        tube(
            smooth(
                [
                    (0, -0.08, -0.02),
                    (0, -0.2, 0.05),
                    (0, -0.19, 0.2),
                    (0, -0.26, 0.26),
                    (0, -0.25, 0.45),
                    (0, -0.14, 0.46),
                    (0, -0.12, 0.2),
                ],
                18,
            ),
            0.018,
            6,
        ),
        second,
    )
    scene.add(
        "bands",
        joined(
            [torus(0.062, 0.018, 14, 6).rotated("x", 90).scaled(y=1.3).at(0, 0.04, z) for z in (-0.7, -barrel * 0.9)]
        ),
        second,
    )


def _military_stock(
    rng: np.random.Generator, scene: Scene, kind: str, steel: Material, dark: Material, wood: Material
) -> None:
    """Folding wire stock or a full one."""
    if kind == "machine" and rng.random() < 0.6:
        scene.add(
            "stock",
            tube([(0, 0.1, 0.5), (0, 0.08, 0.95), (0, -0.2, 1.0), (0, -0.02, 0.9), (0, 0.02, 0.5)], 0.022, 6),
            steel,
        )
    else:
        scene.add(
            "stock",
            side_plate(
                [(0.48, 0.12), (0.7, 0.08), (1.1, 0.09), (1.12, -0.24), (1.0, -0.24), (0.68, -0.06), (0.48, -0.03)],
                0.1,
                0.022,
            ),
            wood,
        )
        scene.add("butt", box(0.1, 0.34, 0.04, 0.015).at(0, -0.075, 1.12), dark)


def _scope(rng: np.random.Generator, scene: Scene, kind: str, second: Material, dark: Material) -> None:
    """Sometimes a telescopic sight."""
    if kind == "hunting" or rng.random() < 0.3:
        z = 0.05
        scope = along_barrel(
            [
                (0, -0.42),
                (0.06, -0.42),
                (0.06, -0.3),
                (0.036, -0.24),
                (0.036, 0.2),
                (0.07, 0.3),
                (0.07, 0.45),
                (0, 0.45),
            ],
            16,
        )
        scene.add("scope", scope.at(0, 0.25, z), dark if rng.random() < 0.6 else second)
        scene.add(
            "scope mounts", joined([box(0.05, 0.13, 0.06, 0.01).at(0, 0.17, z + dz) for dz in (-0.14, 0.12)]), second
        )
        scene.add(
            "scope glass",
            cylinder(0.06, 0.02, sides=16).rotated("x", 90).at(0, 0.25, z - 0.45)
            + cylinder(0.05, 0.02, sides=16).rotated("x", 90).at(0, 0.25, z + 0.42),
            mat.paint(mat.hexa("8fb7d6"), 0.9),
        )
