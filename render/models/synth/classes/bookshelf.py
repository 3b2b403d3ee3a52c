"""Generator of class 02871439, bookshelf."""

from typing import NamedTuple

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.storage import board_material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Floats, Mesh, box, ellipsoid, joined, lathe


class _Rack(NamedTuple):
    """Measures of a rack of shelves, `pitch` apart and of boards `thick`."""

    width: float
    depth: float
    shelves: int
    pitch: float
    thick: float

    @property
    def height(self) -> float:
        """From the lowest board to the highest."""
        return self.shelves * self.pitch


def bookshelf(rng: np.random.Generator) -> Scene:
    """Shelves, upright, stepped, cubed or as a ladder, with books and things; open to the front."""
    scene = Scene()
    kind = pick(rng, ("case", "case", "cubes", "steps", "ladder"))
    board = board_material(rng)
    width, depth = rng.uniform(0.7, 1.3), rng.uniform(0.28, 0.36)
    shelves, pitch = int(rng.integers(3, 6)), rng.uniform(0.32, 0.4)
    thick = rng.uniform(0.022, 0.035)
    rack = _Rack(width, depth, shelves, pitch, thick)
    filled = [mat.paint(mat.color(rng, mat.BRIGHT + mat.SOFT + mat.DARK[2:5]), 0.15) for _ in range(6)]
    reach = np.full(shelves, depth)
    left, right = np.full(shelves, -width / 2), np.full(shelves, width / 2)
    if kind == "ladder":
        reach = _ladder(scene, board, rack)
    elif kind == "steps":
        left = _steps(scene, board, rack)
    else:
        _case(rng, scene, kind, board, rack)
    books: dict[int, list[Mesh]] = {}
    for level in range(shelves):
        low = thick + level * pitch if kind != "ladder" else 0.06 + thick / 2 + level * pitch
        deep = reach[level]
        z = depth / 2 - deep / 2
        x, end = left[level] + thick * 1.2, right[level] - thick * 1.2
        full = rng.uniform(0.35, 1.0)
        while x < left[level] + (end - left[level]) * full - 0.06:
            slim, tall = rng.uniform(0.022, 0.055), rng.uniform(0.55, 0.88) * (pitch - thick)
            cut = (
                [x + slim > edge > x - 0.03 for edge in ((0.0,) if width < 0.95 else (-width / 6, width / 6))]
                if kind == "cubes"
                else []
            )
            if not any(cut):
                book = box(slim, tall, min(deep, depth) * 0.7)
                books.setdefault(int(rng.integers(6)), []).append(
                    book.at(x + slim / 2, low + tall / 2, z - deep * 0.06)
                )
            x += slim + 0.003
        if end - x > 0.16 and rng.random() < 0.6:
            ornament = pick(
                rng,
                (
                    ellipsoid(0.06, 0.06, 0.06, 12, 8).at(0, 0.06, 0),
                    lathe([(0, 0), (0.04, 0), (0.065, 0.09), (0.03, 0.15), (0.04, 0.19), (0, 0.19)], 14),
                    box(0.13, 0.1, 0.1, 0.01).at(0, 0.05, 0),
                ),
            )
            scene.add("thing", ornament.at((x + end) / 2, low, z - 0.02), mat.paint(mat.color(rng, mat.BRIGHT), 0.4))
    for index, volumes in sorted(books.items()):
        scene.add("books", joined(volumes), filled[index])
    return scene


def _ladder(scene: Scene, board: Material, rack: _Rack) -> Floats:
    """Shelves on leaning rails, the lower ones deeper; gives the shelves' depths."""
    width, depth, shelves, pitch, thick = rack
    height = rack.height
    reach = depth * np.linspace(1.35, 0.6, shelves)
    slope = np.degrees(np.arctan2(depth * 0.9, height))
    rail = box(0.045, height * 1.12, 0.05, 0.01).rotated("x", slope).at(width / 2 + 0.02, height * 0.52, -depth * 0.35)
    rear = box(0.04, height * 1.1, 0.04, 0.01).at(width / 2 + 0.02, height * 0.53, depth / 2 - 0.02)
    scene.add("rails", (rail + rear).both(), board)
    scene.add(
        "shelves",
        joined([box(width, thick, r).at(0, 0.06 + i * pitch, depth / 2 - r / 2 - 0.01) for i, r in enumerate(reach)]),
        board,
    )
    return reach


def _steps(scene: Scene, board: Material, rack: _Rack) -> Floats:
    """A stair of cubes; gives the left end of each shelf."""
    width, depth, shelves, pitch, thick = rack
    height = rack.height
    left = -width / 2 + np.arange(shelves) * width / (shelves + 0.6)
    tops = [
        box(width / 2 - x + thick, thick, depth).at((x + width / 2) / 2, (i + 1) * pitch, 0) for i, x in enumerate(left)
    ]
    walls = [box(thick, pitch + 0.0, depth * 0.995).at(x, (i + 0.5) * pitch, 0) for i, x in enumerate(left)]
    scene.add(
        "case",
        joined(tops + walls)
        + box(thick, height, depth * 0.99).at(width / 2, height / 2, 0)
        + box(width, thick, depth * 0.99).at(0, thick / 2, 0),
        board,
    )
    return left


def _case(rng: np.random.Generator, scene: Scene, kind: str, board: Material, rack: _Rack) -> None:
    """A case with sides, sometimes a back, dividers and a cornice."""
    width, depth, shelves, pitch, thick = rack
    height = rack.height
    sides = box(thick, height + thick, depth, 0.004).at(width / 2, height / 2 + thick / 2, 0).both()
    levels = joined(
        [box(width - thick * 0.8, thick, depth * 0.98).at(0, i * pitch + thick / 2, 0) for i in range(shelves + 1)]
    )
    scene.add("case", sides + levels, board)
    if rng.random() < 0.8 or kind == "cubes":
        scene.add(
            "back",
            box(width - 0.01, height - 0.01, 0.012).at(0, height / 2 + thick / 2, depth / 2 - 0.008),
            mat.paint(mat.shade(board.color, 0.8), 0.1) if rng.random() < 0.6 else mat.matte(mat.color(rng, mat.SOFT)),
        )
    if kind == "cubes":
        scene.add(
            "dividers",
            joined(
                [
                    box(thick, height - 0.01, depth * 0.97).at(x * width, height / 2 + thick / 2, 0)
                    for x in ((0.0,) if width < 0.95 else (-1 / 6, 1 / 6))
                ]
            ),
            board,
        )
    if rng.random() < 0.4:
        scene.add(
            "cornice",
            box(width + 0.09, 0.05, depth + 0.05, 0.015).at(0, height + thick + 0.015, -0.01)
            + box(width + 0.05, 0.08, depth + 0.02, 0.01).at(0, -0.03, 0),
            board,
        )
