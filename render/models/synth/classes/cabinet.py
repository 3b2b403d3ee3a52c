"""Generator of class 02933112, cabinet."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.storage import board_material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Mesh, box, cylinder, ellipsoid, frame, joined


def _pulls(rng: np.random.Generator, spots: list[tuple[float, float]], z: float, upright: bool) -> Mesh:
    if rng.random() < 0.5:
        return joined([ellipsoid(0.022, 0.022, 0.022, 10, 6).at(x, y, z - 0.02) for x, y in spots])
    size = (0.018, 0.13, 0.03) if upright else (0.15, 0.018, 0.03)
    return joined([box(*size, 0.006).at(x, y, z - 0.014) for x, y in spots])


def cabinet(rng: np.random.Generator) -> Scene:
    """Chest of drawers, sideboard, wardrobe or dresser with glass doors."""
    scene = Scene()
    kind = pick(rng, ("drawers", "sideboard", "wardrobe", "dresser"))
    board, metal = board_material(rng), mat.metal(rng)
    faces = board if rng.random() < 0.4 else mat.paint(mat.color(rng), 0.3)
    width = {"drawers": 0.85, "sideboard": 1.5, "wardrobe": 1.2, "dresser": 1.05}[kind] * rng.uniform(0.88, 1.12)
    height = {"drawers": 0.95, "sideboard": 0.72, "wardrobe": 1.9, "dresser": 1.85}[kind] * rng.uniform(0.9, 1.1)
    depth, foot = rng.uniform(0.42, 0.55), pick(rng, (0.06, 0.12, 0.22 if height < 1.2 else 0.1))
    front = -depth / 2
    scene.add("body", box(width, height - foot, depth, 0.008).at(0, (height + foot) / 2, 0), board)
    if foot > 0.08:
        leg = cylinder(0.02, foot + 0.02, 0.032, 10).at(width / 2 - 0.06, foot / 2, front + 0.06)
        scene.add("legs", (leg + leg.mirrored("z")).both(), metal if rng.random() < 0.4 else board)
    else:
        scene.add("plinth", box(width * 0.95, foot + 0.02, depth * 0.92).at(0, foot / 2, 0.01), mat.matte(mat.DARK[1]))
    scene.add(
        "top",
        box(width + 0.04, 0.035, depth + 0.03, 0.01).at(0, height + 0.01, -0.005),
        board if rng.random() < 0.6 else mat.wood(rng),
    )
    inner, gap, low = width - 0.06, 0.014, foot + 0.03

    def drawers(x: float, wide: float, bottom: float, top: float, rows: int) -> None:
        each = (top - bottom) / rows
        fronts = [
            box(wide - gap, each - gap, 0.03, 0.006).at(x, bottom + (i + 0.5) * each, front - 0.008)
            for i in range(rows)
        ]
        scene.add("drawers", joined(fronts), faces)
        spots = [
            (x + s * wide * 0.25, bottom + (i + 0.5) * each)
            for i in range(rows)
            for s in ((-1, 1) if wide > 0.6 else (0,))
        ]
        scene.add("pulls", _pulls(rng, spots, front - 0.023, upright=False), metal)

    def doors(
        bottom: float, top: float, count: int, glazed: bool = False, start: float = -inner / 2, end: float = inner / 2
    ) -> None:
        each, tall = (end - start) / count, top - bottom
        xs = [start + (i + 0.5) * each for i in range(count)]
        if glazed:
            scene.add(
                "doors",
                joined(
                    [frame(each - gap, tall - gap, 0.055, 0.035).at(x, (bottom + top) / 2, front - 0.01) for x in xs]
                ),
                faces,
            )
            scene.add(
                "panes",
                joined([box(each - 0.09, tall - 0.09, 0.012).at(x, (bottom + top) / 2, front - 0.008) for x in xs]),
                mat.paint(mat.hexa("a9c4d2"), 0.8),
            )
            bars = [
                box(each - 0.1, 0.02, 0.02).at(x, bottom + tall * share, front - 0.014)
                for x in xs
                for share in (0.35, 0.67)
            ]
            scene.add("bars", joined(bars), faces)
        else:
            scene.add(
                "doors",
                joined([box(each - gap, tall - gap, 0.03, 0.006).at(x, (bottom + top) / 2, front - 0.008) for x in xs]),
                faces,
            )
            scene.add(
                "panels",
                joined(
                    [
                        frame(each * 0.74, tall * 0.82 if tall > each else tall * 0.7, 0.025, 0.02).at(
                            x, (bottom + top) / 2, front - 0.022
                        )
                        for x in xs
                    ]
                ),
                board,
            )
        spots = [(x + (each / 2 - 0.05) * (1 if i % 2 == 0 else -1), (bottom + top) / 2) for i, x in enumerate(xs)]
        scene.add("handles", _pulls(rng, spots, front - 0.025, upright=True), metal)

    if kind == "drawers":
        drawers(0.0, inner, low, height - 0.02, int(rng.integers(3, 6)))
    elif kind == "sideboard":
        third = inner / 3
        doors(low, height - 0.02, 1, start=-inner / 2, end=-inner / 2 + third)
        drawers(0.0, third, low, height - 0.02, int(rng.integers(2, 5)))
        doors(low, height - 0.02, 1, start=inner / 2 - third, end=inner / 2)
    elif kind == "wardrobe":
        split = low + rng.uniform(0.2, 0.3)
        drawers(0.0, inner, low, split, 1)
        doors(split, height - 0.02, int(rng.integers(2, 4)))
        if rng.random() < 0.5:
            scene.add("cornice", box(width + 0.1, 0.08, depth + 0.06, 0.03).at(0, height + 0.05, -0.01), board)
    else:
        split = height * rng.uniform(0.36, 0.44)
        doors(low, split - 0.02, 2)
        scene.add("shelf", box(width + 0.03, 0.04, depth + 0.08, 0.012).at(0, split, -0.03), board)
        doors(split + 0.03, height - 0.02, 2, glazed=True)
    return scene
