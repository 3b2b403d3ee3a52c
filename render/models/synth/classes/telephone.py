"""Generator of class 04401088, telephone."""

from collections.abc import Callable

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Extent,
    Mesh,
    box,
    cylinder,
    extrude,
    joined,
    lathe,
    rounded,
    smooth,
    sweep,
    tube,
)


def telephone(rng: np.random.Generator) -> Scene:
    """Desk telephone with dial or keys and its receiver on top, or a wall or candlestick telephone."""
    scene = Scene()
    kind = pick(rng, ("dial", "keys", "keys", "office"))
    case = mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL + mat.DARK[:2]), 0.5)
    light_case = sum(case.color) > 1.5
    ink = mat.paint(mat.color(rng, mat.DARK if light_case else mat.NEUTRAL[:2]), 0.4)
    metal = mat.metal(rng)
    width, depth = rng.uniform(1.1, 1.3), rng.uniform(1.0, 1.2)
    low, high = (0.16, 0.62) if kind == "dial" else (0.12, 0.38)
    # Seen from the side a wedge, highest at the back.
    side = (
        smooth(
            [
                (-depth / 2, 0.0),
                (-depth / 2, low),
                (0.05, high * 0.8),
                (depth * 0.3, high),
                (depth / 2, high * 0.8),
                (depth / 2, 0.0),
            ],
            20,
        )
        if kind == "dial"
        else np.array(
            [(-depth / 2, 0.0), (-depth / 2, low), (depth * 0.42, high), (depth / 2, high * 0.85), (depth / 2, 0.0)]
        )
    )
    body = extrude(side, width, 0.05).rotated("y", -90)
    if kind == "dial":
        body = body.deformed(
            lambda p: p * np.column_stack([1.12 - 0.28 * p[:, 1] / high, np.ones(len(p)), np.ones(len(p))])
        )
    scene.add("body", body, case)
    slope = float(np.degrees(np.arctan2(high - low, depth * (0.92 if kind != "dial" else 0.62))))

    def on_slope(mesh: Mesh, share: float) -> Mesh:
        """Put a mesh made in X and Z on the sloping face, `share` of the way up."""
        y, z = low + (high - low) * share, -depth / 2 + depth * (0.92 if kind != "dial" else 0.62) * share
        return mesh.rotated("x", -slope).at(0, y, z)

    if kind == "dial":
        _dial_set(rng, scene, case, ink, metal, Extent(width, high, depth), on_slope)
    else:
        _key_set(rng, scene, kind, case, light_case, ink, width, on_slope)
    turns = np.linspace(0, 1, 70)
    start, away = np.array([width * 0.5, 0.1, -depth * 0.2]), np.array([0.35, -0.04, 0.75])
    spine = start + turns[:, None] * away + np.column_stack([0.16 * np.sin(np.pi * turns), np.zeros(70), np.zeros(70)])
    coil = spine + 0.045 * np.column_stack([np.cos(turns * 75), np.sin(turns * 75), np.zeros(70)])
    scene.add("cord", tube(coil, 0.02, 5), ink)
    return scene


def _dial_set(
    rng: np.random.Generator,
    scene: Scene,
    case: Material,
    ink: Material,
    metal: Material,
    size: Extent,
    on_slope: Callable[[Mesh, float], Mesh],
) -> None:
    """Dial, cradle and a handset across it."""
    width, high, depth = size
    scene.add(
        "plate",
        on_slope(cylinder(0.4, 0.07, sides=30, bevel=0.015), 0.42),
        mat.paint(mat.color(rng, mat.NEUTRAL[:2]), 0.4),
    )
    scene.add("dial", on_slope(cylinder(0.36, 0.05, sides=30, bevel=0.01).at(0, 0.05, 0), 0.42), metal)
    holes = [
        cylinder(0.05, 0.03, sides=12).at(0.26 * np.cos(t), 0.07, 0.26 * np.sin(t)) for t in np.linspace(-0.6, 4.4, 10)
    ]
    scene.add("holes", on_slope(joined(holes), 0.42), ink)
    scene.add(
        "hub",
        on_slope(cylinder(0.13, 0.05, sides=18, bevel=0.01).at(0, 0.07, 0), 0.42),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
    )
    top, z = high + 0.2, depth * 0.26
    scene.add("cradle", box(0.12, 0.3, 0.3, 0.05).at(width * 0.3, high + 0.02, z).both(), case)
    arch = smooth(
        [
            (-0.62, top - 0.02, z),
            (-0.45, top + 0.1, z),
            (0, top + 0.13, z),
            (0.45, top + 0.1, z),
            (0.62, top - 0.02, z),
        ],
        17,
    )
    scene.add("handle", tube(arch, 0.085, 12), case)
    scene.add(
        "ends",
        lathe([(0, -0.14), (0.2, -0.14), (0.21, -0.04), (0.12, 0.1), (0, 0.12)], 20).at(0.62, top - 0.04, z).both(),
        case,
    )
    scene.add("caps", cylinder(0.18, 0.03, sides=20).at(0.62, top - 0.185, z).both(), ink)


def _key_set(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    case: Material,
    light_case: bool,
    ink: Material,
    width: float,
    on_slope: Callable[[Mesh, float], Mesh],
) -> None:
    """Keys, screen and a handset beside them."""
    key = box(0.13, 0.05, 0.09, 0.015)
    grid = [key.at((c - 1) * 0.18 - 0.18, 0.02, (r - 1.5) * 0.135) for c in range(3) for r in range(4)]
    scene.add("keys", on_slope(joined(grid), 0.4), ink)
    scene.add(
        "screen", on_slope(box(0.56, 0.03, 0.17, 0.01).at(-0.18, 0.008, 0), 0.84), mat.paint(mat.hexa("b9d19a"), 0.5)
    )
    side_keys = (
        [box(0.09, 0.04, 0.05, 0.012).at(-width * 0.44, 0.015, (r - 2) * 0.11) for r in range(5)]
        if kind == "office"
        else [box(0.16, 0.04, 0.08, 0.02).at(-0.18, 0.012, -0.42)]
    )
    scene.add("side keys", on_slope(joined(side_keys), 0.45), mat.paint(mat.color(rng, mat.BRIGHT), 0.4))
    x = width * 0.33
    path = [(0, 0.16, -0.46), (0, 0.24, -0.25), (0, 0.24, 0.25), (0, 0.16, 0.46)]
    scene.add(
        "handle",
        on_slope(sweep(rounded(0.22, 0.12, 0.04, 2), smooth(path, 12)).at(x, 0, 0), 0.48),
        case if rng.random() < 0.5 else ink,
    )
    end = lathe([(0, -0.1), (0.15, -0.1), (0.16, 0.04), (0.1, 0.1), (0, 0.1)], 18)
    scene.add("ends", on_slope(end.at(x, 0.13, -0.42) + end.at(x, 0.13, 0.42), 0.48), case if light_case else ink)
