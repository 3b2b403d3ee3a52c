"""Generator of class 03948459, pistol."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.weapons import along_barrel, grip_material, gun_steel, side_plate
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, smooth, torus, tube


def pistol(rng: np.random.Generator) -> Scene:
    """Self-loading pistol, revolver, flintlock or toy blaster; muzzle to the front."""
    scene = Scene()
    kind = pick(rng, ("auto", "auto", "revolver", "flintlock", "blaster"))
    steel, grip = gun_steel(rng), grip_material(rng)
    second = gun_steel(rng)
    dark = mat.matte(mat.hexa("33363b"))
    long = rng.uniform(0.9, 1.15)
    handle = [(0.02, 0.06), (0.34, 0.08), (0.4, -0.2), (0.46, -0.62), (0.16, -0.66), (0.1, -0.3)]
    if kind == "auto":
        _self_loading(rng, scene, steel, grip, second, dark, long, handle)
    elif kind == "revolver":
        _revolver(scene, steel, grip, second, dark, long)
    elif kind == "flintlock":
        _flintlock(rng, scene, steel, second, long)
    else:
        _blaster(rng, scene, long, handle)
    guard = smooth([(0, 0.0, 0.12), (0, -0.16, 0.1), (0, -0.2, 0.0), (0, -0.16, -0.12), (0, -0.01, -0.15)], 12)
    scene.add("guard", tube(guard, 0.022, 6), second)
    scene.add("trigger", tube(smooth([(0, 0.0, -0.02), (0, -0.08, 0.02), (0, -0.14, -0.03)], 6), 0.018, 6), dark)
    return scene


def _self_loading(
    rng: np.random.Generator,
    scene: Scene,
    steel: Material,
    grip: Material,
    second: Material,
    dark: Material,
    long: float,
    handle: list[tuple[float, float]],
) -> None:
    """Slide, frame and magazine, sometimes a silencer."""
    slide = box(0.17, 0.2, long, 0.03).at(0, 0.17, 0.4 - long / 2)
    scene.add("slide", slide, steel)
    scene.add(
        "frame",
        side_plate(
            [(0.4, 0.1), (0.4, 0.0), (0.05, -0.04), (-0.05, -0.02), (0.42 - long, -0.0), (0.42 - long, 0.1)],
            0.15,
            0.015,
        ),
        second,
    )
    scene.add("grip", side_plate(handle, 0.16, 0.03), grip)
    scene.add("magazine", box(0.14, 0.06, 0.32, 0.015).rotated("x", -4).at(0, -0.66, 0.31), dark)
    scene.add("serrations", joined([box(0.18, 0.13, 0.02).at(0, 0.17, 0.36 - 0.045 * i) for i in range(5)]), second)
    scene.add("muzzle", cylinder(0.055, 0.06, sides=16).rotated("x", 90).at(0, 0.18, 0.39 - long), dark)
    scene.add("port", box(0.08, 0.03, 0.2, 0.008).at(0.03, 0.265, 0.4 - long * 0.5), dark)
    scene.add(
        "sights", box(0.03, 0.05, 0.06).at(0, 0.285, 0.46 - long) + box(0.09, 0.05, 0.05).at(0, 0.285, 0.36), dark
    )
    scene.add("hammer", box(0.05, 0.12, 0.06, 0.015).rotated("x", 20).at(0, 0.15, 0.42), second)
    if rng.random() < 0.3:
        scene.add(
            "silencer",
            along_barrel([(0, 0), (0.085, 0), (0.085, 0.55), (0.04, 0.56), (0, 0.53)]).at(0, 0.18, 0.4 - long),
            dark,
        )


def _revolver(scene: Scene, steel: Material, grip: Material, second: Material, dark: Material, long: float) -> None:
    """Barrel, drum and a curved grip."""
    scene.add(
        "barrel",
        along_barrel([(0, 0), (0.07, 0), (0.07, long * 0.66), (0.04, long * 0.66), (0, long * 0.62)]).at(
            0, 0.22, -0.05
        ),
        steel,
    )
    scene.add(
        "under barrel",
        along_barrel([(0, 0), (0.045, 0), (0.045, long * 0.5), (0, long * 0.5)], 14).at(0, 0.11, -0.05),
        steel,
    )
    drum = along_barrel([(0, -0.17), (0.15, -0.17), (0.17, -0.14), (0.17, 0.1), (0.13, 0.15), (0, 0.15)], 30)
    scene.add("drum", drum.at(0, 0.15, 0.13), second)
    scene.add(
        "flutes",
        joined(
            [
                cylinder(0.03, 0.2, sides=8).rotated("x", 90).at(0, 0.168, 0).rotated("z", 60 * i).at(0, 0.15, 0.06)
                for i in range(6)
            ]
        ),
        dark,
    )
    scene.add(
        "frame",
        side_plate([(0.42, 0.3), (-0.06, 0.32), (-0.08, 0.0), (0.3, -0.06), (0.44, 0.02)], 0.1, 0.015),
        steel,
    )
    scene.add(
        "grip",
        side_plate(
            smooth(
                [(0.28, 0.04), (0.44, 0.1), (0.5, -0.1), (0.6, -0.5), (0.5, -0.6), (0.36, -0.52), (0.3, -0.2)],
                22,
                closed=True,
            ),
            0.16,
            0.04,
        ),
        grip,
    )
    scene.add("hammer", side_plate([(0.42, 0.22), (0.52, 0.36), (0.56, 0.34), (0.47, 0.14)], 0.05), second)
    scene.add(
        "sight",
        side_plate([(-0.04 - long * 0.55, 0.28), (-0.05 - long * 0.6, 0.34), (-0.05 - long * 0.64, 0.28)], 0.03),
        second,
    )


def _flintlock(rng: np.random.Generator, scene: Scene, steel: Material, second: Material, long: float) -> None:
    """Wooden stock with brass fittings."""
    stock = smooth(
        [
            (-long * 0.7, 0.06),
            (-0.1, 0.1),
            (0.25, 0.12),
            (0.5, -0.1),
            (0.62, -0.42),
            (0.5, -0.5),
            (0.4, -0.26),
            (0.2, -0.06),
            (-0.1, -0.06),
            (-long * 0.7, -0.03),
        ],
        40,
        closed=True,
    )
    scene.add("stock", side_plate(stock, 0.15, 0.035), mat.wood(rng, repeat=1.5))
    scene.add(
        "barrel",
        along_barrel(
            [
                (0, 0),
                (0.07, 0),
                (0.055, long),
                (0.075, long + 0.03),
                (0.075, long + 0.08),
                (0.03, long + 0.08),
                (0, long),
            ],
            16,
        ).at(0, 0.13, 0.18),
        steel,
    )
    brass = mat.metal(rng, mat.METAL[3:5])
    scene.add(
        "bands",
        joined([torus(0.085, 0.02, 16, 6).rotated("x", 90).at(0, 0.09, z) for z in (-0.2, -long * 0.6)]),
        brass,
    )
    scene.add("cap", ellipsoid(0.095, 0.1, 0.09, 14, 8).at(0, -0.47, 0.57), brass)
    scene.add("lock", box(0.03, 0.14, 0.34, 0.01).at(0.085, 0.08, 0.08), brass)
    scene.add(
        "cock",
        tube(smooth([(0.1, 0.1, 0.16), (0.1, 0.24, 0.22), (0.1, 0.3, 0.12), (0.1, 0.24, 0.06)], 8), 0.025, 6)
        + box(0.04, 0.1, 0.03).at(0.1, 0.2, -0.02),
        second,
    )


def _blaster(rng: np.random.Generator, scene: Scene, long: float, handle: list[tuple[float, float]]) -> None:
    """Toy of bright plastic."""
    bright = mat.paint(mat.color(rng, mat.BRIGHT), 0.5)
    scene.add(
        "body",
        along_barrel([(0, -0.36), (0.1, -0.36), (0.2, -0.2), (0.22, 0.1), (0.15, 0.35), (0, 0.35)], 24).at(
            0, 0.16, 0.12
        ),
        bright,
    )
    scene.add(
        "barrel",
        along_barrel(
            [
                (0, 0),
                (0.08, 0),
                (0.07, long * 0.5),
                (0.13, long * 0.55),
                (0.13, long * 0.62),
                (0.05, long * 0.62),
                (0, long * 0.55),
            ],
            20,
        ).at(0, 0.16, -0.2),
        mat.paint(mat.color(rng, mat.NEUTRAL[:3]), 0.6),
    )
    scene.add(
        "rings",
        joined([torus(0.13 - 0.02 * i, 0.028, 20, 8).rotated("x", 90).at(0, 0.16, -0.28 - 0.12 * i) for i in range(3)]),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
    )
    scene.add("grip", side_plate(handle, 0.15, 0.03), mat.paint(mat.color(rng, mat.DARK + mat.BRIGHT), 0.3))
    scene.add(
        "fin",
        side_plate([(0.4, 0.32), (0.15, 0.36), (0.42, 0.58), (0.5, 0.55)], 0.05, 0.01),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
    )
    scene.add(
        "tip",
        ellipsoid(0.06, 0.06, 0.08, 12, 8).at(0, 0.16, -0.2 - long * 0.62),
        mat.paint(mat.hexa("f3d25c"), 0.7),
    )
