"""Generator of class 03085013, keyboard."""

from collections.abc import Callable

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.devices import RUBBER
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Mesh, box, joined, loft, smooth, tube


def keyboard(rng: np.random.Generator) -> Scene:
    """Computer keyboard: compact, full size, split or with colored keys; the space bar is at the front."""
    scene = Scene()
    kind = pick(rng, ("full", "full", "compact", "split"))
    unit, rows = 0.1, int(rng.integers(4, 6))
    columns = 14 if kind != "compact" else 12
    case = mat.paint(mat.color(rng, mat.NEUTRAL + mat.DARK + mat.SOFT), 0.3)
    plain = mat.paint(
        mat.color(rng, mat.NEUTRAL[:3] if sum(case.color) < 1.5 else mat.NEUTRAL[:1] + mat.DARK + mat.SOFT), 0.3
    )
    accent = mat.paint(mat.color(rng, mat.BRIGHT), 0.3)
    high, tilt = rng.uniform(0.03, 0.07), rng.uniform(3, 8)
    gap = 0.86

    def cap(width: float) -> Mesh:
        low, top = (width - 0.02) / 2, (width - 0.04) / 2
        deep = unit * gap / 2
        return loft(
            [
                [(s, y, d), (-s, y, d), (-s, y, -d), (s, y, -d)]
                for s, d, y in ((low, deep, 0.0), (top, deep * 0.78, high))
            ]
        )

    blocks: dict[str, list[Mesh]] = {"keys": [], "accents": []}
    halves = ((-1.0, columns / 2), (1.0, columns / 2)) if kind == "split" else ((0.0, float(columns)),)
    for side, count in halves:
        for row in range(rows):
            # Further rows lie further back; the ends of a row are long keys.
            ends = {0: 1.0, 1: 1.3, 2: 1.5, 3: 1.8}.get(rows - 1 - row, 1.0)
            middle = count - 2 * ends if not side else count - ends
            number = int(middle)
            widths = [ends, *[middle / number] * number] + ([ends] if not side else [])
            if side > 0:
                widths = widths[::-1]
            x = -count / 2 * unit
            for index, width in enumerate(widths):
                long = (index == 0 and side <= 0) or (index == len(widths) - 1 and side >= 0)
                key = cap(width * unit).at(x + width * unit / 2, 0, (row - (rows - 1) / 2) * -unit)
                x += width * unit
                key = key.rotated("y", -side * 8).at(side * (count / 2 + 0.7) * unit, 0, 0)
                blocks["accents" if long else "keys"].append(key)
        bar = joined(
            [
                cap(count * 0.5 * unit),
                *(cap(unit * count * 0.1).at(s * unit * count * c, 0, 0) for s in (-1, 1) for c in (0.31, 0.43)),
            ]
        )
        blocks["keys"].append(
            bar.at(0, 0, -(rows + 1) / 2 * unit).rotated("y", -side * 8).at(side * (count / 2 + 0.7) * unit, 0, 0)
        )
    width = columns * unit + 0.1 + (0.28 if kind == "split" else 0)
    offset = 0.0
    if kind == "full":
        pad = [
            cap(unit).at(columns * unit / 2 + (0.75 + c) * unit, 0, (r - (rows - 1) / 2) * -unit)
            for c in range(3)
            for r in range(-1, rows)
        ]
        blocks["keys"] += pad
        width += 3.6 * unit
        offset = 1.7 * unit
    depth = (rows + 1) * unit + 0.12

    # The typist's left is the object's right, since the typist sits at the front.
    def placed(mesh: Mesh) -> Mesh:
        return mesh.at(-offset, 0.03, 0).mirrored("x").rotated("x", tilt)

    body = box(width, 0.06, depth, 0.02).at(offset, -0.01, -unit / 2)
    scene.add("case", placed(body), case)
    for name, keys in blocks.items():
        scene.add(name, placed(joined(keys).at(0, 0.02, 0)), plain if name == "keys" else accent)
    _lights_and_lead(rng, scene, unit, case, width, offset, depth, placed)
    return scene


def _lights_and_lead(
    rng: np.random.Generator,
    scene: Scene,
    unit: float,
    case: Material,
    width: float,
    offset: float,
    depth: float,
    placed: Callable[[Mesh], Mesh],
) -> None:
    """Lights, sometimes a lead and a wrist rest."""
    scene.add(
        "lights",
        placed(
            joined(
                [
                    box(0.035, 0.01, 0.02).at(offset + width * 0.3 + i * 0.07, 0.022, depth / 2 - unit / 2 - 0.03)
                    for i in range(3)
                ]
            )
        ),
        mat.paint(mat.hexa("7fd18a"), 0.5),
    )
    if rng.random() < 0.6:
        lead = smooth([(0, 0.05, depth / 2 - 0.1), (0, 0.06, depth / 2 + 0.1), (0.15, 0.0, depth / 2 + 0.25)], 10)
        scene.add("lead", tube(lead, 0.014, 6), RUBBER)
    if rng.random() < 0.3:
        scene.add(
            "rest",
            placed(box(width * 0.98, 0.04, 0.18, 0.018).at(offset, -0.015, -depth / 2 - unit / 2 - 0.09)),
            mat.matte(mat.shade(case.color, 0.75)),
        )
