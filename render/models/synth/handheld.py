"""Things held in the hand and pointed to the front: knife, pistol, rifle."""

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    lathe,
    loft,
    rod,
    smooth,
    torus,
    tube,
)


def _side(outline: ArrayLike, thick: float, bevel: float = 0.0) -> Mesh:
    """A plate given by its outline as seen from the right, points (z, y); `thick` along X."""
    return extrude(outline, thick, bevel).turned("y", -90)


def _along(profile: ArrayLike, sides: int = 20) -> Mesh:
    """A turned shape about Z; heights of the profile lead to the front."""
    return lathe(profile, sides).turned("x", -90)


def _steel(rng: np.random.Generator) -> Material:
    return mat.paint(mat.colour(rng, (*mat.METAL[:3], *mat.NEUTRAL[3:], *mat.DARK[:3])), 0.6)


def _grip(rng: np.random.Generator) -> Material:
    return mat.wood(rng, repeat=1.5) if rng.random() < 0.6 else mat.paint(mat.colour(rng, mat.BRIGHT + mat.DARK), 0.3)


def knife(rng: np.random.Generator) -> Scene:
    """Chef's knife, cleaver, dagger, hunting, table or folding knife; the point to the front, the edge down."""
    scene = Scene()
    kind = pick(rng, ("chef", "cleaver", "dagger", "hunting", "table", "folding"))
    long = {"chef": 1.1, "cleaver": 0.95, "dagger": 1.0, "hunting": 0.85, "table": 0.8, "folding": 0.7}[
        kind
    ] * rng.uniform(0.9, 1.12)
    deep = {"chef": 0.24, "cleaver": 0.48, "dagger": 0.17, "hunting": 0.22, "table": 0.14, "folding": 0.17}[
        kind
    ] * rng.uniform(0.9, 1.1)
    outline = {
        "chef": [(0, 0.5), (-0.5, 0.48), (-0.85, 0.3), (-1.0, 0.0), (-0.85, -0.3), (-0.5, -0.5), (0, -0.5)],
        "cleaver": [(0, 0.3), (-0.2, 0.42), (-0.97, 0.5), (-1.0, 0.4), (-0.98, -0.5), (0, -0.5)],
        "dagger": [(0, 0.42), (-0.7, 0.36), (-1.0, 0.0), (-0.7, -0.36), (0, -0.42)],
        "hunting": [(0, 0.4), (-0.55, 0.42), (-0.72, 0.26), (-1.0, 0.3), (-0.85, -0.25), (-0.55, -0.5), (0, -0.42)],
        "table": [(0, 0.25), (-0.4, 0.38), (-0.85, 0.4), (-1.0, 0.1), (-0.9, -0.42), (-0.4, -0.4), (0, -0.25)],
        "folding": [(0, 0.3), (-0.6, 0.34), (-1.0, 0.02), (-0.7, -0.38), (0, -0.42)],
    }[kind]
    shape = np.array(outline)
    top, low = shape[: len(shape) // 2 + 1], shape[len(shape) // 2 :]
    stations = np.linspace(0.0, 1.0, 15)
    thick = 0.045 if kind != "cleaver" else 0.06
    rings = []
    for s in stations:
        back = np.interp(s, -top[:, 0], top[:, 1])
        edge = np.interp(s, -low[::-1, 0], low[::-1, 1])
        z, y0, y1 = -s * long, edge * deep, max(back, edge + 0.03) * deep
        half = thick / 2 * (1 - 0.5 * s)
        middle = (y0 + y1) / 2 if kind == "dagger" else y1 - (y1 - y0) * 0.35
        tip = 0.15 if kind == "dagger" else 0.85
        rings.append(
            [
                (half * tip, y1, z),
                (half, middle, z),
                (half * 0.06, y0, z),
                (-half * 0.06, y0, z),
                (-half, middle, z),
                (-half * tip, y1, z),
            ]
        )
    scene.add("blade", loft(rings), mat.Material(mat.colour(rng, mat.METAL[:2] + mat.NEUTRAL[:3]), 0.9, 300.0))
    handle = _grip(rng)
    reach = {"cleaver": 0.6, "table": 0.75}.get(kind, 0.62) * rng.uniform(0.9, 1.1)
    tall = 0.13 if kind != "table" else 0.1
    bow = rng.uniform(-0.04, 0.05)
    half = smooth([(0.0, 0.8), (0.25, 1.0), (0.55, 0.85), (0.85, 1.1), (1.0, 0.75)], 9)
    lean = bow * np.sin(np.pi * half[:, 0])
    upper = np.column_stack([half[:, 0] * reach, half[:, 1] * tall / 2 + lean])
    lower = np.column_stack([half[:, 0] * reach, -half[:, 1] * tall / 2 + lean])
    scene.add("handle", _side(np.concatenate([upper, lower[::-1]]), 0.1, 0.025), handle)
    metal = mat.metal(rng)
    if kind == "dagger":
        scene.add("guard", box(0.09, 0.42, 0.08, 0.03), metal)
        scene.add("pommel", ellipsoid(0.075, 0.085, 0.075, 14, 8).at(0, 0, reach + 0.03), metal)
        scene.add(
            "wire",
            joined(
                [
                    torus(tall * 0.48, 0.014, 14, 5).turned("x", 90).scaled(x=0.85).at(0, bow * 0.8, z)
                    for z in np.linspace(0.12, reach * 0.88, 5)
                ]
            ),
            metal,
        )
    elif kind == "folding":
        scene.add("bolster", box(0.11, tall * 1.05, 0.1, 0.02).at(0, 0, 0.02), metal)
        scene.add("pivot", cylinder(0.035, 0.125, sides=14).turned("z", 90).at(0, 0, 0.03), mat.metal(rng))
        scene.add(
            "studs",
            joined(
                [
                    cylinder(0.018, 0.115, sides=10).turned("z", 90).at(0, bow * 0.9, z)
                    for z in (reach * 0.45, reach * 0.8)
                ]
            ),
            metal,
        )
        scene.add("clip", box(0.02, 0.05, reach * 0.6, 0.008).at(0.06, 0.01, reach * 0.6), metal)
    else:
        scene.add("bolster", box(0.095, tall * 0.95, 0.08, 0.025).at(0, 0, 0.0), metal)
        scene.add(
            "rivets",
            joined(
                [
                    cylinder(0.022, 0.112, sides=12).turned("z", 90).at(0, bow * np.sin(np.pi * s), s * reach)
                    for s in (0.25, 0.52, 0.8)
                ]
            ),
            metal,
        )
        if kind == "cleaver":
            scene.add(
                "hole",
                torus(0.04, 0.012, 16, 6).turned("z", 90).scaled(x=3).at(0, deep * 0.34, -long * 0.88),
                mat.matt(mat.DARK[0]),
            )
        if kind == "hunting":
            scene.add("guard", box(0.1, 0.3, 0.05, 0.02).at(0, -0.05, -0.02), metal)
    return scene


def pistol(rng: np.random.Generator) -> Scene:
    """Self-loading pistol, revolver, flintlock or toy blaster; muzzle to the front."""
    scene = Scene()
    kind = pick(rng, ("auto", "auto", "revolver", "flintlock", "blaster"))
    steel, grip = _steel(rng), _grip(rng)
    second = _steel(rng)
    dark = mat.matt(mat.hexa("33363b"))
    long = rng.uniform(0.9, 1.15)
    handle = [(0.02, 0.06), (0.34, 0.08), (0.4, -0.2), (0.46, -0.62), (0.16, -0.66), (0.1, -0.3)]
    if kind == "auto":
        slide = box(0.17, 0.2, long, 0.03).at(0, 0.17, 0.4 - long / 2)
        scene.add("slide", slide, steel)
        scene.add(
            "frame",
            _side(
                [(0.4, 0.1), (0.4, 0.0), (0.05, -0.04), (-0.05, -0.02), (0.42 - long, -0.0), (0.42 - long, 0.1)],
                0.15,
                0.015,
            ),
            second,
        )
        scene.add("grip", _side(handle, 0.16, 0.03), grip)
        scene.add("magazine", box(0.14, 0.06, 0.32, 0.015).turned("x", -4).at(0, -0.66, 0.31), dark)
        scene.add("serrations", joined([box(0.18, 0.13, 0.02).at(0, 0.17, 0.36 - 0.045 * i) for i in range(5)]), second)
        scene.add("muzzle", cylinder(0.055, 0.06, sides=16).turned("x", 90).at(0, 0.18, 0.39 - long), dark)
        scene.add("port", box(0.08, 0.03, 0.2, 0.008).at(0.03, 0.265, 0.4 - long * 0.5), dark)
        scene.add(
            "sights", box(0.03, 0.05, 0.06).at(0, 0.285, 0.46 - long) + box(0.09, 0.05, 0.05).at(0, 0.285, 0.36), dark
        )
        scene.add("hammer", box(0.05, 0.12, 0.06, 0.015).turned("x", 20).at(0, 0.15, 0.42), second)
        if rng.random() < 0.3:
            scene.add(
                "silencer",
                _along([(0, 0), (0.085, 0), (0.085, 0.55), (0.04, 0.56), (0, 0.53)]).at(0, 0.18, 0.4 - long),
                dark,
            )
    elif kind == "revolver":
        scene.add(
            "barrel",
            _along([(0, 0), (0.07, 0), (0.07, long * 0.66), (0.04, long * 0.66), (0, long * 0.62)]).at(0, 0.22, -0.05),
            steel,
        )
        scene.add(
            "under barrel",
            _along([(0, 0), (0.045, 0), (0.045, long * 0.5), (0, long * 0.5)], 14).at(0, 0.11, -0.05),
            steel,
        )
        drum = _along([(0, -0.17), (0.15, -0.17), (0.17, -0.14), (0.17, 0.1), (0.13, 0.15), (0, 0.15)], 30)
        scene.add("drum", drum.at(0, 0.15, 0.13), second)
        scene.add(
            "flutes",
            joined(
                [
                    cylinder(0.03, 0.2, sides=8).turned("x", 90).at(0, 0.168, 0).turned("z", 60 * i).at(0, 0.15, 0.06)
                    for i in range(6)
                ]
            ),
            dark,
        )
        scene.add(
            "frame", _side([(0.42, 0.3), (-0.06, 0.32), (-0.08, 0.0), (0.3, -0.06), (0.44, 0.02)], 0.1, 0.015), steel
        )
        scene.add(
            "grip",
            _side(
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
        scene.add("hammer", _side([(0.42, 0.22), (0.52, 0.36), (0.56, 0.34), (0.47, 0.14)], 0.05), second)
        scene.add(
            "sight",
            _side([(-0.04 - long * 0.55, 0.28), (-0.05 - long * 0.6, 0.34), (-0.05 - long * 0.64, 0.28)], 0.03),
            second,
        )
    elif kind == "flintlock":
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
        scene.add("stock", _side(stock, 0.15, 0.035), mat.wood(rng, repeat=1.5))
        scene.add(
            "barrel",
            _along(
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
            joined([torus(0.085, 0.02, 16, 6).turned("x", 90).at(0, 0.09, z) for z in (-0.2, -long * 0.6)]),
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
    else:
        bright = mat.paint(mat.colour(rng, mat.BRIGHT), 0.5)
        scene.add(
            "body",
            _along([(0, -0.36), (0.1, -0.36), (0.2, -0.2), (0.22, 0.1), (0.15, 0.35), (0, 0.35)], 24).at(0, 0.16, 0.12),
            bright,
        )
        scene.add(
            "barrel",
            _along(
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
            mat.paint(mat.colour(rng, mat.NEUTRAL[:3]), 0.6),
        )
        scene.add(
            "rings",
            joined(
                [torus(0.13 - 0.02 * i, 0.028, 20, 8).turned("x", 90).at(0, 0.16, -0.28 - 0.12 * i) for i in range(3)]
            ),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
        )
        scene.add("grip", _side(handle, 0.15, 0.03), mat.paint(mat.colour(rng, mat.DARK + mat.BRIGHT), 0.3))
        scene.add(
            "fin",
            _side([(0.4, 0.32), (0.15, 0.36), (0.42, 0.58), (0.5, 0.55)], 0.05, 0.01),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
        )
        scene.add(
            "tip",
            ellipsoid(0.06, 0.06, 0.08, 12, 8).at(0, 0.16, -0.2 - long * 0.62),
            mat.paint(mat.hexa("f3d25c"), 0.7),
        )
    guard = smooth([(0, 0.0, 0.12), (0, -0.16, 0.1), (0, -0.2, 0.0), (0, -0.16, -0.12), (0, -0.01, -0.15)], 12)
    scene.add("guard", tube(guard, 0.022, 6), second)
    scene.add("trigger", tube(smooth([(0, 0.0, -0.02), (0, -0.08, 0.02), (0, -0.14, -0.03)], 6), 0.018, 6), dark)
    return scene


def rifle(rng: np.random.Generator) -> Scene:
    """Hunting rifle, military rifle, lever rifle, double-barrelled gun or submachine gun; muzzle to the front."""
    scene = Scene()
    kind = pick(rng, ("hunting", "military", "military", "lever", "double", "machine"))
    steel, second, dark = _steel(rng), _steel(rng), mat.matt(mat.hexa("3a3d42"))
    wood = (
        mat.wood(rng, repeat=2)
        if kind in ("hunting", "lever", "double") or rng.random() < 0.4
        else mat.paint(mat.colour(rng, mat.DARK + mat.BRIGHT[3:6] + mat.WOOD), 0.2)
    )
    barrel = {"machine": 0.5, "military": 0.95}.get(kind, 1.35) * rng.uniform(0.9, 1.1)
    scene.add(
        "trigger guard",
        tube(smooth([(0, -0.06, 0.2), (0, -0.17, 0.17), (0, -0.18, 0.02), (0, -0.06, -0.04)], 10), 0.016, 6),
        second,
    )
    scene.add("trigger", tube(smooth([(0, -0.04, 0.1), (0, -0.1, 0.12), (0, -0.15, 0.07)], 6), 0.014, 6), dark)
    if kind in ("hunting", "lever", "double"):
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
        scene.add("stock", _side(stock, 0.12, 0.03), wood)
        scene.add("butt", box(0.115, 0.28, 0.04, 0.015).turned("x", -3).at(0, -drop - 0.04, 1.21), dark)
        fore = smooth([(0.05, 0.03), (-0.6, 0.02), (-0.72, -0.01), (-0.6, -0.07), (0.05, -0.1)], 20, closed=True)
        scene.add("fore-end", _side(fore, 0.12, 0.03), wood)
        scene.add("receiver", box(0.1, 0.15, 0.5, 0.025).at(0, 0.03, 0.05), steel)
        pipe = _along([(0, 0), (0.045, 0), (0.035, barrel), (0.018, barrel), (0, barrel - 0.04)], 14)
        if kind == "double":
            scene.add("barrels", pipe.at(0.042, 0.07, -0.15).both(), steel)
            scene.add("rib", box(0.03, 0.02, barrel * 0.95).at(0, 0.1, -0.15 - barrel / 2), second)
            scene.add(
                "hammers", _side([(0.24, 0.08), (0.3, 0.2), (0.36, 0.18), (0.3, 0.06)], 0.03).at(0.045).both(), second
            )
        else:
            scene.add("barrel", pipe.at(0, 0.07, -0.15), steel)
        if kind == "lever":
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
                    [
                        torus(0.062, 0.018, 14, 6).turned("x", 90).scaled(y=1.3).at(0, 0.04, z)
                        for z in (-0.7, -barrel * 0.9)
                    ]
                ),
                second,
            )
        if kind == "hunting":
            scene.add(
                "bolt",
                rod((0.04, 0.06, 0.24), (0.17, 0.0, 0.27), 0.02)
                + ellipsoid(0.035, 0.035, 0.035, 10, 6).at(0.18, -0.005, 0.27),
                second,
            )
    else:
        scene.add(
            "receiver",
            _side([(0.5, 0.12), (0.5, -0.02), (0.35, -0.08), (-0.3, -0.08), (-0.35, 0.02), (-0.35, 0.13)], 0.12, 0.02),
            steel,
        )
        scene.add("grip", _side([(0.2, -0.05), (0.36, -0.06), (0.46, -0.4), (0.3, -0.43)], 0.09, 0.02), wood)
        guard_end = -0.35 - barrel * 0.55
        scene.add("hand guard", box(0.12, 0.14, barrel * 0.55, 0.03).at(0, 0.04, (-0.35 + guard_end) / 2 + 0.02), wood)
        scene.add(
            "slots",
            joined([box(0.13, 0.03, 0.06, 0.008).at(0, 0.055, z) for z in np.linspace(-0.45, guard_end + 0.08, 4)]),
            dark,
        )
        scene.add(
            "barrel",
            _along(
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
            [
                (0.04 * sx, -0.05 - long * s, z - curve * s**2)
                for sx, z in ((1, -0.02), (1, -0.2), (-1, -0.2), (-1, -0.02))
            ]
            for s in np.linspace(0, 1, 6)
        ]
        scene.add("magazine", loft(np.array(mag)), second)
        if kind == "machine" and rng.random() < 0.6:
            scene.add(
                "stock",
                tube([(0, 0.1, 0.5), (0, 0.08, 0.95), (0, -0.2, 1.0), (0, -0.02, 0.9), (0, 0.02, 0.5)], 0.022, 6),
                steel,
            )
        else:
            scene.add(
                "stock",
                _side(
                    [(0.48, 0.12), (0.7, 0.08), (1.1, 0.09), (1.12, -0.24), (1.0, -0.24), (0.68, -0.06), (0.48, -0.03)],
                    0.1,
                    0.022,
                ),
                wood,
            )
            scene.add("butt", box(0.1, 0.34, 0.04, 0.015).at(0, -0.075, 1.12), dark)
        scene.add(
            "front sight",
            _side(
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
    if kind == "hunting" or rng.random() < 0.3:
        z = 0.05
        scope = _along(
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
            cylinder(0.06, 0.02, sides=16).turned("x", 90).at(0, 0.25, z - 0.45)
            + cylinder(0.05, 0.02, sides=16).turned("x", 90).at(0, 0.25, z + 0.42),
            mat.paint(mat.hexa("8fb7d6"), 0.9),
        )
    if rng.random() < 0.3:
        strap = smooth([(0, -0.1, 0.95), (0.03, -0.36, 0.5), (0.03, -0.4, 0.0), (0, -0.06, -0.55)], 16)
        scene.add("sling", tube(strap, 0.02, 5), mat.matt(mat.colour(rng, mat.WOOD)))
    return scene
