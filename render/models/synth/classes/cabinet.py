"""Generator of class 02933112, cabinet."""

from dataclasses import dataclass

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.storage import board_material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Mesh, box, cylinder, ellipsoid, frame, joined

GAP = 0.014
"""Between two drawers or doors."""


def _pulls(rng: np.random.Generator, spots: list[tuple[float, float]], z: float, upright: bool) -> Mesh:
    if rng.random() < 0.5:
        return joined([ellipsoid(0.022, 0.022, 0.022, 10, 6).at(x, y, z - 0.02) for x, y in spots])
    size = (0.018, 0.13, 0.03) if upright else (0.15, 0.018, 0.03)
    return joined([box(*size, 0.006).at(x, y, z - 0.014) for x, y in spots])


@dataclass
class _Front:
    """The front of a cabinet at z = `front`, to be filled with drawers and doors."""

    rng: np.random.Generator
    scene: Scene
    board: Material
    faces: Material
    metal: Material
    front: float

    def drawers(self, x: float, wide: float, bottom: float, top: float, rows: int) -> None:
        """A column of `rows` drawers, `wide` about x, from `bottom` to `top`."""
        each = (top - bottom) / rows
        panels = [
            box(wide - GAP, each - GAP, 0.03, 0.006).at(x, bottom + (i + 0.5) * each, self.front - 0.008)
            for i in range(rows)
        ]
        self.scene.add("drawers", joined(panels), self.faces)
        spots = [
            (x + s * wide * 0.25, bottom + (i + 0.5) * each)
            for i in range(rows)
            for s in ((-1, 1) if wide > 0.6 else (0,))
        ]
        self.scene.add("pulls", _pulls(self.rng, spots, self.front - 0.023, upright=False), self.metal)

    def doors(self, span: tuple[float, float], bottom: float, top: float, count: int, glazed: bool = False) -> None:
        """Doors side by side over a span of x, from `bottom` to `top`."""
        (start, end), tall = span, top - bottom
        each = (end - start) / count
        xs = [start + (i + 0.5) * each for i in range(count)]
        if glazed:
            self.scene.add(
                "doors",
                joined(
                    [
                        frame(each - GAP, tall - GAP, 0.055, 0.035).at(x, (bottom + top) / 2, self.front - 0.01)
                        for x in xs
                    ]
                ),
                self.faces,
            )
            self.scene.add(
                "panes",
                joined(
                    [box(each - 0.09, tall - 0.09, 0.012).at(x, (bottom + top) / 2, self.front - 0.008) for x in xs]
                ),
                mat.paint(mat.hexa("a9c4d2"), 0.8),
            )
            bars = [
                box(each - 0.1, 0.02, 0.02).at(x, bottom + tall * share, self.front - 0.014)
                for x in xs
                for share in (0.35, 0.67)
            ]
            self.scene.add("bars", joined(bars), self.faces)
        else:
            self.scene.add(
                "doors",
                joined(
                    [box(each - GAP, tall - GAP, 0.03, 0.006).at(x, (bottom + top) / 2, self.front - 0.008) for x in xs]
                ),
                self.faces,
            )
            self.scene.add(
                "panels",
                joined(
                    [
                        frame(each * 0.74, tall * 0.82 if tall > each else tall * 0.7, 0.025, 0.02).at(
                            x, (bottom + top) / 2, self.front - 0.022
                        )
                        for x in xs
                    ]
                ),
                self.board,
            )
        spots = [(x + (each / 2 - 0.05) * (1 if i % 2 == 0 else -1), (bottom + top) / 2) for i, x in enumerate(xs)]
        self.scene.add("handles", _pulls(self.rng, spots, self.front - 0.025, upright=True), self.metal)


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
    inner, low = width - 0.06, foot + 0.03
    whole = (-inner / 2, inner / 2)
    fronts = _Front(rng, scene, board, faces, metal, front)
    if kind == "drawers":
        fronts.drawers(0.0, inner, low, height - 0.02, int(rng.integers(3, 6)))
    elif kind == "sideboard":
        third = inner / 3
        fronts.doors((-inner / 2, -inner / 2 + third), low, height - 0.02, 1)
        fronts.drawers(0.0, third, low, height - 0.02, int(rng.integers(2, 5)))
        fronts.doors((inner / 2 - third, inner / 2), low, height - 0.02, 1)
    elif kind == "wardrobe":
        split = low + rng.uniform(0.2, 0.3)
        fronts.drawers(0.0, inner, low, split, 1)
        fronts.doors(whole, split, height - 0.02, int(rng.integers(2, 4)))
        if rng.random() < 0.5:
            scene.add("cornice", box(width + 0.1, 0.08, depth + 0.06, 0.03).at(0, height + 0.05, -0.01), board)
    else:
        split = height * rng.uniform(0.36, 0.44)
        fronts.doors(whole, low, split - 0.02, 2)
        scene.add("shelf", box(width + 0.03, 0.04, depth + 0.08, 0.012).at(0, split, -0.03), board)
        fronts.doors(whole, split + 0.03, height - 0.02, 2, glazed=True)
    return scene
