"""Things to put things in: bag, basket, bookshelf, cabinet, file cabinet, trash bin."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    frame,
    joined,
    lathe,
    loft,
    rod,
    rounded,
    smooth,
    superellipse,
    sweep,
    torus,
    tube,
)


def _board(rng: np.random.Generator) -> Material:
    return mat.wood(rng) if rng.random() < 0.6 else mat.paint(mat.colour(rng), 0.3)


def _flat(outline: Floats, height: float) -> Floats:
    """An outline (points, 2) laid level: a ring for a loft upwards."""
    return np.column_stack([outline[:, 0], np.full(len(outline), height), outline[:, 1]])


def bookshelf(rng: np.random.Generator) -> Scene:
    """Shelves, upright, stepped, cubed or as a ladder, with books and things; open to the front."""
    scene = Scene()
    kind = pick(rng, ("case", "case", "cubes", "steps", "ladder"))
    board = _board(rng)
    width, depth = rng.uniform(0.7, 1.3), rng.uniform(0.28, 0.36)
    shelves, pitch = int(rng.integers(3, 6)), rng.uniform(0.32, 0.4)
    thick = rng.uniform(0.022, 0.035)
    height = shelves * pitch
    filled = [mat.paint(mat.colour(rng, mat.BRIGHT + mat.SOFT + mat.DARK[2:5]), 0.15) for _ in range(6)]
    reach = np.full(shelves, depth)
    left, right = np.full(shelves, -width / 2), np.full(shelves, width / 2)
    if kind == "ladder":
        reach = depth * np.linspace(1.35, 0.6, shelves)
        slope = np.degrees(np.arctan2(depth * 0.9, height))
        rail = (
            box(0.045, height * 1.12, 0.05, 0.01).turned("x", slope).at(width / 2 + 0.02, height * 0.52, -depth * 0.35)
        )
        rear = box(0.04, height * 1.1, 0.04, 0.01).at(width / 2 + 0.02, height * 0.53, depth / 2 - 0.02)
        scene.add("rails", (rail + rear).both(), board)
        scene.add(
            "shelves",
            joined(
                [box(width, thick, r).at(0, 0.06 + i * pitch, depth / 2 - r / 2 - 0.01) for i, r in enumerate(reach)]
            ),
            board,
        )
    elif kind == "steps":
        left = -width / 2 + np.arange(shelves) * width / (shelves + 0.6)
        tops = [
            box(width / 2 - x + thick, thick, depth).at((x + width / 2) / 2, (i + 1) * pitch, 0)
            for i, x in enumerate(left)
        ]
        walls = [box(thick, pitch + 0.0, depth * 0.995).at(x, (i + 0.5) * pitch, 0) for i, x in enumerate(left)]
        scene.add(
            "case",
            joined(tops + walls)
            + box(thick, height, depth * 0.99).at(width / 2, height / 2, 0)
            + box(width, thick, depth * 0.99).at(0, thick / 2, 0),
            board,
        )
    else:
        sides = box(thick, height + thick, depth, 0.004).at(width / 2, height / 2 + thick / 2, 0).both()
        levels = joined(
            [box(width - thick * 0.8, thick, depth * 0.98).at(0, i * pitch + thick / 2, 0) for i in range(shelves + 1)]
        )
        scene.add("case", sides + levels, board)
        if rng.random() < 0.8 or kind == "cubes":
            scene.add(
                "back",
                box(width - 0.01, height - 0.01, 0.012).at(0, height / 2 + thick / 2, depth / 2 - 0.008),
                mat.paint(mat.shade(board.colour, 0.8), 0.1)
                if rng.random() < 0.6
                else mat.matt(mat.colour(rng, mat.SOFT)),
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
            kept = pick(
                rng,
                (
                    ellipsoid(0.06, 0.06, 0.06, 12, 8).at(0, 0.06, 0),
                    lathe([(0, 0), (0.04, 0), (0.065, 0.09), (0.03, 0.15), (0.04, 0.19), (0, 0.19)], 14),
                    box(0.13, 0.1, 0.1, 0.01).at(0, 0.05, 0),
                ),
            )
            scene.add("thing", kept.at((x + end) / 2, low, z - 0.02), mat.paint(mat.colour(rng, mat.BRIGHT), 0.4))
    for index, volumes in sorted(books.items()):
        scene.add("books", joined(volumes), filled[index])
    return scene


def _pulls(rng: np.random.Generator, spots: list[tuple[float, float]], z: float, upright: bool) -> Mesh:
    if rng.random() < 0.5:
        return joined([ellipsoid(0.022, 0.022, 0.022, 10, 6).at(x, y, z - 0.02) for x, y in spots])
    size = (0.018, 0.13, 0.03) if upright else (0.15, 0.018, 0.03)
    return joined([box(*size, 0.006).at(x, y, z - 0.014) for x, y in spots])


def cabinet(rng: np.random.Generator) -> Scene:
    """Chest of drawers, sideboard, wardrobe or dresser with glass doors."""
    scene = Scene()
    kind = pick(rng, ("drawers", "sideboard", "wardrobe", "dresser"))
    board, metal = _board(rng), mat.metal(rng)
    faces = board if rng.random() < 0.4 else mat.paint(mat.colour(rng), 0.3)
    width = {"drawers": 0.85, "sideboard": 1.5, "wardrobe": 1.2, "dresser": 1.05}[kind] * rng.uniform(0.88, 1.12)
    height = {"drawers": 0.95, "sideboard": 0.72, "wardrobe": 1.9, "dresser": 1.85}[kind] * rng.uniform(0.9, 1.1)
    depth, foot = rng.uniform(0.42, 0.55), pick(rng, (0.06, 0.12, 0.22 if height < 1.2 else 0.1))
    front = -depth / 2
    scene.add("body", box(width, height - foot, depth, 0.008).at(0, (height + foot) / 2, 0), board)
    if foot > 0.08:
        leg = cylinder(0.02, foot + 0.02, 0.032, 10).at(width / 2 - 0.06, foot / 2, front + 0.06)
        scene.add("legs", (leg + leg.mirrored("z")).both(), metal if rng.random() < 0.4 else board)
    else:
        scene.add("plinth", box(width * 0.95, foot + 0.02, depth * 0.92).at(0, foot / 2, 0.01), mat.matt(mat.DARK[1]))
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


def file_cabinet(rng: np.random.Generator) -> Scene:
    """Steel cabinet of deep drawers with label holders, upright or wide, maybe on castors; one may stand open."""
    scene = Scene()
    steel = mat.paint(mat.colour(rng, mat.NEUTRAL[2:] + mat.SOFT + mat.BRIGHT + mat.NEUTRAL[2:]), 0.4)
    face = (
        mat.paint(mat.shade(steel.colour, rng.uniform(1.04, 1.14)), 0.4)
        if rng.random() < 0.6
        else mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:3]), 0.4)
    )
    metal = mat.metal(rng)
    rows = int(rng.integers(2, 6))
    wide = rng.random() < 0.25
    width, depth, each = (
        (0.95 if wide else 0.5) * rng.uniform(0.92, 1.08),
        rng.uniform(0.5, 0.7),
        rng.uniform(0.28, 0.34),
    )
    castors = rows <= 3 and rng.random() < 0.5
    foot = 0.1 if castors else 0.05
    height = rows * each + 0.06
    front = -depth / 2
    scene.add("body", box(width, height, depth, 0.012).at(0, foot + height / 2, 0), steel)
    if castors:
        scene.add(
            "castors",
            joined(
                [
                    cylinder(0.04, 0.035, sides=14).turned("z", 90).at(x * width * 0.4, 0.04, z * depth * 0.4)
                    for x in (-1, 1)
                    for z in (-1, 1)
                ]
            ),
            mat.matt(mat.DARK[0]),
        )
    else:
        scene.add("plinth", box(width * 0.97, foot + 0.02, depth * 0.95).at(0, foot / 2, 0.01), mat.matt(mat.DARK[0]))
    opened = int(rng.integers(rows)) if rng.random() < 0.55 else -1
    style = int(rng.integers(3))
    for row in range(rows):
        y = foot + 0.03 + (row + 0.5) * each
        out = rng.uniform(0.18, 0.36) if row == opened else 0.0
        z = front - 0.012 - out
        scene.add("drawer", box(width - 0.035, each - 0.022, 0.035, 0.008).at(0, y, z), face)
        if out:
            scene.add(
                "tray",
                box(0.012, each * 0.66, out + 0.02).at(width / 2 - 0.045, y - each * 0.08, z + out / 2).both()
                + box(width - 0.09, 0.012, out + 0.02).at(0, y - each * 0.4, z + out / 2),
                steel,
            )
            files = np.arange(z + 0.05, z + out, 0.035)
            for index, at in enumerate(files):
                scene.add(
                    "file",
                    box(width - 0.12, each * 0.72, 0.012).at(0, y - 0.01, float(at)),
                    mat.matt((mat.BRIGHT + mat.SOFT)[(index * 5 + row) % 20]),
                )
        if style == 0:
            pull = tube([(-0.08, 0, 0.01), (-0.08, 0, -0.035), (0.08, 0, -0.035), (0.08, 0, 0.01)], 0.011, 8)
        elif style == 1:
            pull = box(0.17, 0.035, 0.03, 0.01)
        else:
            pull = extrude(rounded(0.18, 0.06, 0.028, 4), 0.02, 0.005)
        scene.add("pull", pull.at(0, y, z - 0.02), metal)
        scene.add("holder", frame(0.13, 0.065, 0.01, 0.012).at(0, y + each * 0.24, z - 0.018), metal)
        scene.add("label", box(0.115, 0.05, 0.01).at(0, y + each * 0.24, z - 0.016), mat.matt(mat.hexa("faf6e8")))
    # The lock is at the upper corner, on the right of who stands before it.
    scene.add(
        "lock",
        cylinder(0.02, 0.02, sides=14).turned("x", 90).at(-width * 0.38, foot + height - each * 0.22, front - 0.034),
        mat.metal(rng, mat.METAL[3:5]),
    )
    return scene


def basket(rng: np.random.Generator) -> Scene:
    """Woven basket, shopping basket of bars, or laundry basket, empty or with fruit or cloth in it."""
    scene = Scene()
    kind = pick(rng, ("woven", "woven", "wire", "laundry"))
    straw = mat.hexa(pick(rng, ("c79a5b", "b5854d", "d9b57a", "a87345", "cfae8a", "8f6a45")))
    power, height = pick(rng, (2.0, 2.6, 6.0)), rng.uniform(0.42, 0.65)
    x, z = rng.uniform(0.5, 0.66), rng.uniform(0.38, 0.5)
    if kind == "laundry":
        height, x, z = rng.uniform(0.9, 1.15), 0.45, 0.42
    taper = rng.uniform(0.68, 0.9)
    accent = mat.colour(rng, mat.BRIGHT)
    sides = 36
    top = superellipse(x, z, power, sides)
    if kind == "wire":
        metal = mat.metal(rng) if rng.random() < 0.5 else mat.paint(accent, 0.5)
        levels = np.linspace(0, 1, 5)
        hoops = [
            tube(_flat(top * (taper + (1 - taper) * s), s * height), 0.022 if s == 1.0 else 0.013, 6, closed=True)
            for s in levels
        ]
        bars = [rod((*(taper * p)[:1], 0.0, (taper * p)[1]), (p[0], height, p[1]), 0.011, sides=5) for p in top[::2]]
        floor = [
            rod(
                (u * x * taper, 0, -z * taper * 0.9 * np.sqrt(1 - abs(u) ** power)),
                (u * x * taper, 0, z * taper * 0.9 * np.sqrt(1 - abs(u) ** power)),
                0.01,
                sides=5,
            )
            for u in np.linspace(-0.75, 0.75, 7)
        ]
        scene.add("wires", joined(hoops + bars + floor), metal)
    else:
        wall = 0.035
        swell = rng.uniform(0.0, 0.1)
        ups = np.linspace(0, 1, 6)
        outside = [_flat(top * (taper + (1 - taper) * s + swell * np.sin(np.pi * s)), s * height) for s in ups]
        inside = [
            _flat(top * (taper + (1 - taper) * s + swell * np.sin(np.pi * s) - wall / z), max(s * height, 0.05))
            for s in ups[::-1]
        ]
        scene.add("weave", loft([*outside, *inside]), mat.woven(straw, rng.uniform(2.5, 4.0)))
        rim = tube(_flat(top * (1 - wall / z / 2), height), 0.042, 8, closed=True)
        scene.add("rim", rim, mat.woven(mat.shade(straw, 0.8), 5.0))
        share = 0.62
        band = top * (taper + (1 - taper) * share + swell * np.sin(np.pi * share) + 0.004)
        scene.add(
            "band",
            tube(_flat(band, height * share), 0.02, 6, closed=True),
            mat.matt(accent),
        )
    carrier = mat.woven(mat.shade(straw, 0.85), 5.0) if kind != "wire" else mat.matt(accent)
    if kind == "laundry" or rng.random() < 0.35:
        grip = smooth(
            [
                (x * 0.99, height * 0.88, -0.14),
                (x + 0.14, height * 0.98, -0.09),
                (x + 0.14, height * 0.98, 0.09),
                (x * 0.99, height * 0.88, 0.14),
            ],
            10,
        )
        scene.add("grips", tube(grip, 0.025).both(), carrier)
    else:
        arch = np.linspace(0, np.pi, 17)
        reach = rng.uniform(0.5, 0.8)
        bow = np.column_stack([x * 0.97 * np.cos(arch), height + reach * np.sin(arch), np.zeros(17)])
        scene.add("handle", sweep(rounded(0.05, 0.11, 0.02, 2), bow, up=(0, 0, 1)), carrier)
    content = rng.random()
    if kind == "laundry":
        cloth = [
            ellipsoid(x * 0.55, 0.14, z * 0.5, 14, 8).turned("y", a).at(dx, height * 0.98, dz)
            for a, dx, dz in ((20, -0.12, 0.05), (70, 0.14, -0.06))
        ]
        for mesh in cloth:
            scene.add("washing", mesh, mat.fabric(rng, mat.colour(rng, mat.SOFT + mat.BRIGHT)))
    elif content < 0.6:
        base = height * 0.78
        size = z * 0.27
        for index in range(9):
            turn, far = index * 2.4, 0.0 if index == 8 else (0.5 if index > 4 else 0.62)
            fruit = ellipsoid(size, size * 0.95, size, 14, 9).at(
                far * x * np.cos(turn), base + (size if index == 8 else 0), far * z * np.sin(turn)
            )
            scene.add(
                "fruit",
                fruit,
                mat.paint(mat.hexa(("d8453a", "e8953a", "e8c440", "8fb84a")[(index + int(content * 10)) % 4]), 0.4),
            )
        scene.add(
            "cloth",
            cylinder(1, 0.04, sides=sides)
            .scaled(x * 0.86 * (taper + 1) / 2, 1, z * 0.86 * (taper + 1) / 2)
            .at(0, height * 0.62, 0),
            mat.matt(mat.colour(rng, mat.SOFT)),
        )
    # A tag on the front.
    scene.add(
        "tag",
        box(0.16, 0.1, 0.03, 0.01).turned("x", 5).at(0, height * 0.78, -z * (taper + (1 - taper) * 0.78 + 0.08) - 0.02),
        mat.matt(mat.hexa("faf3df")),
    )
    return scene


def bag(rng: np.random.Generator) -> Scene:
    """Handbag, tote, backpack, suitcase or paper bag; clasp, pocket or label at the front."""
    scene = Scene()
    kind = pick(rng, ("hand", "tote", "backpack", "travel", "paper"))
    base = mat.colour(rng, mat.BRIGHT + mat.SOFT + mat.WOOD)
    skin = mat.paint(base, 0.3)
    second = mat.paint(mat.colour(rng, mat.WOOD + mat.DARK + mat.BRIGHT), 0.3)
    metal = mat.metal(rng, mat.METAL[:5])
    width, height, depth = {
        "hand": (1.0, 0.68, 0.38),
        "tote": (1.0, 0.95, 0.36),
        "backpack": (0.8, 1.1, 0.42),
        "travel": (1.2, 0.8, 0.4),
        "paper": (0.72, 0.92, 0.34),
    }[kind]
    width, height, depth = (
        width * rng.uniform(0.88, 1.12),
        height * rng.uniform(0.9, 1.12),
        depth * rng.uniform(0.85, 1.15),
    )
    front = -depth / 2
    cloth = pick(
        rng,
        (
            skin,
            mat.fabric(rng, base, 5),
            mat.striped(rng, base, mat.mixed(base, mat.WHITE, 0.7), 1.0),
            mat.checked(base, mat.mixed(base, mat.WHITE, 0.5), 1.0),
        ),
    )

    def sack(levels: list[tuple[float, float, float]], power: float = 5.0) -> Mesh:
        """A body through (height, width share, depth share)."""
        return loft([_flat(superellipse(width / 2 * w, depth / 2 * d, power, 32), y * height) for y, w, d in levels])

    def loop(x: float, low: float, top: float, z: float, flat: tuple[float, float] = (0.06, 0.022)) -> Mesh:
        arch = smooth(
            [
                (-x, low, z),
                (-x * 0.92, low + (top - low) * 0.6, z),
                (0, top, z),
                (x * 0.92, low + (top - low) * 0.6, z),
                (x, low, z),
            ],
            21,
        )
        return sweep(rounded(*flat, 0.008, 2), arch, up=(0, 0, 1))

    if kind == "hand":
        wide = rng.uniform(0.6, 0.95)
        scene.add(
            "body",
            sack(
                [
                    (0, 0.92, 0.8),
                    (0.03, 1.0, 1.0),
                    (0.5, (1 + wide) / 2, 0.85),
                    (0.97, wide, 0.42),
                    (1.0, wide * 0.96, 0.3),
                ]
            ),
            cloth,
        )
        flap = [
            (-0.5 * wide, 0.0),
            (0.5 * wide, 0.0),
            (0.46 * wide, -0.3),
            (0.2, -0.46),
            (-0.2, -0.46),
            (-0.46 * wide, -0.3),
        ]
        lean = float(np.degrees(np.arctan2(depth * 0.3, height)))
        plate = extrude(
            smooth(np.array(_flat_points(flap)) * (width * 0.98, height * 1.05), 24, closed=True), 0.05, 0.012
        )
        scene.add("flap", plate.turned("x", lean).at(0, height * 1.0, -depth * 0.2), second)
        scene.add("clasp", box(0.12, 0.1, 0.06, 0.02).at(0, height * 0.56, front * 0.92 - 0.02), metal)
        scene.add("handle", loop(width * wide * 0.34, height * 0.96, height * rng.uniform(1.5, 1.9), 0.0), second)
        scene.add(
            "rings",
            torus(0.045, 0.014, 14, 6).turned("x", 90).at(width * wide * 0.34, height * 0.97, -0.02).both(),
            metal,
        )
        scene.add(
            "feet",
            joined(
                [
                    ellipsoid(0.03, 0.02, 0.03, 8, 5).at(x * width * 0.4, 0, z * depth * 0.3)
                    for x in (-1, 1)
                    for z in (-1, 1)
                ]
            ),
            metal,
        )
    elif kind == "tote":
        walls = [
            (0, 0.86, 0.85),
            (0.03, 0.9, 1.0),
            (0.6, 0.96, 0.95),
            (1.0, 1.05, 0.9),
            (1.0, 0.99, 0.78),
            (0.5, 0.9, 0.8),
            (0.08, 0.84, 0.8),
        ]
        scene.add("body", sack(walls, 6.0), cloth)
        scene.add(
            "hem",
            tube(_flat(superellipse(width * 0.51, depth * 0.42, 6, 32), height), 0.022, 6, closed=True),
            second,
        )
        for z in (front * 0.88, -front * 0.88):
            scene.add("handle", loop(width * 0.24, height * 0.78, height * 1.5, z), second)
        scene.add("pocket", box(width * 0.44, height * 0.36, 0.04, 0.015).at(0, height * 0.38, front * 0.97), second)
        if rng.random() < 0.5:
            scene.add(
                "bread",
                rod((width * 0.15, height * 0.6, 0), (width * 0.3, height * 1.3, 0.05), 0.07, 0.06, 12),
                mat.matt(mat.hexa("cf9a5b")),
            )
    elif kind == "backpack":
        scene.add(
            "body",
            sack(
                [
                    (0, 0.8, 0.8),
                    (0.05, 1.0, 1.0),
                    (0.55, 1.0, 1.0),
                    (0.8, 0.92, 0.86),
                    (0.94, 0.7, 0.6),
                    (1.0, 0.3, 0.25),
                ],
                4.0,
            ),
            cloth,
        )
        scene.add("pocket", box(width * 0.74, height * 0.4, 0.2, 0.08, 2).at(0, height * 0.27, front - 0.05), second)
        scene.add(
            "zip",
            tube([(-width * 0.3, height * 0.4, front - 0.15), (width * 0.3, height * 0.4, front - 0.15)], 0.014, 6)
            + box(0.03, 0.09, 0.02).at(width * 0.22, height * 0.36, front - 0.16),
            metal,
        )
        scene.add(
            "upper zip",
            tube(
                smooth(
                    [
                        (-width * 0.42, height * 0.6, front * 0.9),
                        (-width * 0.32, height * 0.84, front * 0.84),
                        (0, height * 0.92, front * 0.7),
                        (width * 0.32, height * 0.84, front * 0.84),
                        (width * 0.42, height * 0.6, front * 0.9),
                    ],
                    17,
                ),
                0.016,
                6,
            ),
            metal,
        )
        scene.add("grip", loop(0.09, height * 0.94, height * 1.1, 0.04, (0.05, 0.025)), second)
        strap = smooth(
            [
                (width * 0.2, height * 0.92, depth * 0.3),
                (width * 0.26, height * 0.86, depth * 0.78),
                (width * 0.3, height * 0.45, depth * 0.85),
                (width * 0.4, height * 0.1, depth * 0.42),
            ],
            16,
        )
        scene.add("straps", sweep(rounded(0.13, 0.04, 0.015, 2), strap, up=(0, 0, 1)).both(), second)
        if rng.random() < 0.6:
            scene.add(
                "side pockets",
                box(0.12, height * 0.32, depth * 0.6, 0.05).at(width * 0.49, height * 0.24, 0).both(),
                second,
            )
            scene.add(
                "flask",
                cylinder(0.08, height * 0.5, 0.06, 14, 0.02).at(width * 0.54, height * 0.36, 0),
                mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
            )
    elif kind == "travel":
        round_ = rng.random() < 0.5
        if round_:
            scene.add(
                "body",
                cylinder(height * 0.36, width, sides=28, bevel=0.06).turned("z", 90).at(0, height * 0.4, 0),
                cloth,
            )
            scene.add(
                "ends",
                cylinder(height * 0.3, 0.04, sides=24).turned("z", 90).at(width / 2, height * 0.4, 0).both(),
                second,
            )
            scene.add("zip", box(width * 0.8, 0.03, 0.05).at(0, height * 0.76, 0), metal)
            for x in (-width * 0.26, width * 0.26):
                scene.add(
                    "belt",
                    torus(height * 0.362, 0.03, 28, 6).turned("z", 90).scaled(x=1.6).at(x, height * 0.4, 0),
                    second,
                )
            for z in (-0.14, 0.14):
                scene.add("handle", loop(width * 0.26, height * 0.68, height * 1.2, z), second)
        else:
            scene.add("body", box(width, height, depth, 0.06, 2).at(0, height / 2, 0), cloth)
            scene.add("seam", frame(width * 1.015, height * 1.02, 0.06, 0.04, 0.06).at(0, height / 2, 0), second)
            scene.add(
                "straps",
                box(0.09, height * 1.03, depth * 1.03, 0.03).at(width * 0.28, height / 2, 0).both(),
                second,
            )
            scene.add(
                "corners",
                joined(
                    [
                        box(0.16, 0.16, depth * 1.02, 0.05).at(
                            sx * (width / 2 - 0.06), height / 2 + sy * (height / 2 - 0.06), 0
                        )
                        for sx in (-1, 1)
                        for sy in (-1, 1)
                    ]
                ),
                metal,
            )
            scene.add("handle", loop(0.17, height * 0.98, height * 1.15, 0.0, (0.06, 0.035)), second)
            scene.add(
                "label", box(0.22, 0.15, 0.03, 0.01).at(0, height * 0.62, front - 0.005), mat.matt(mat.hexa("faf3df"))
            )
            scene.add(
                "buckles", box(0.08, 0.12, 0.05, 0.015).at(width * 0.28, height * 0.72, front - 0.02).both(), metal
            )
    else:
        paper = mat.matt(base) if rng.random() < 0.5 else mat.striped(rng, base, mat.mixed(base, mat.WHITE, 0.7), 0.8)
        outline = rounded(1, 1, 0.005, 1)
        levels = [(0.0, 1.0, 1.0), (1.0, 1.0, 0.92), (1.0, 0.97, 0.84), (0.03, 0.97, 0.9)]
        scene.add("body", loft([_flat(outline * (width * w, depth * d), y * height) for y, w, d in levels]), paper)
        for z in (front * 0.9, -front * 0.9):
            arch = smooth(
                [
                    (-width * 0.2, height * 0.94, z),
                    (-width * 0.17, height * 1.2, z),
                    (0, height * 1.3, z),
                    (width * 0.17, height * 1.2, z),
                    (width * 0.2, height * 0.94, z),
                ],
                16,
            )
            scene.add("cord", tube(arch, 0.02, 6), second)
        scene.add(
            "print",
            cylinder(width * 0.26, 0.02, sides=28).turned("x", 90).at(0, height * 0.5, front * 0.965),
            mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.1),
        )
        tissue = [
            ellipsoid(width * 0.2, height * 0.13, depth * 0.24, 10, 6)
            .turned("z", a)
            .at(dx * width, height * 0.99, dz * depth)
            for a, dx, dz in ((20, -0.22, 0), (-25, 0.2, 0.08), (5, 0.0, -0.08))
        ]
        scene.add("tissue", joined(tissue), mat.matt(mat.colour(rng, mat.SOFT)))
    return scene


def _flat_points(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A flap's outline, its upper edge doubled, so that smoothing leaves it straight."""
    first, second, *rest = points
    return [first, (first[0] * 0.5, 0.02), (second[0] * 0.5, 0.02), second, *rest]


def trash_bin(rng: np.random.Generator) -> Scene:
    """Pedal bin, wheeled bin, swing-lid bin, wire paper basket or ribbed dustbin."""
    scene = Scene()
    kind = pick(rng, ("pedal", "wheelie", "swing", "dustbin", "paper"))
    shell = mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[1:5]), 0.4)
    lid = (
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.DARK[:2]), 0.4)
        if rng.random() < 0.6
        else mat.paint(mat.shade(shell.colour, 0.8), 0.4)
    )
    metal, dark = mat.metal(rng), mat.matt(mat.DARK[0])
    radius, height = rng.uniform(0.3, 0.38), rng.uniform(0.85, 1.15)
    if kind == "wheelie":
        width, depth = 0.62, 0.68
        outline = rounded(1, 1, 0.08, 3)
        levels = [(0.06, 0.72, 0.7), (height * 0.9, 1.0, 0.98), (height * 0.97, 1.02, 1.0)]
        scene.add("body", loft([_flat(outline * (width * w, depth * d), y) for y, w, d in levels]), shell)
        scene.add(
            "rim",
            loft(
                [_flat(outline * (width * s, depth * s), y) for y, s in ((height * 0.92, 1.08), (height * 0.97, 1.1))]
            ),
            shell,
        )
        tilt = rng.uniform(0, 8) if rng.random() < 0.7 else 65.0
        top = loft(
            [_flat(outline * (width * s, depth * s * 1.02), y) for y, s in ((0, 1.08), (0.05, 1.1), (0.11, 0.85))]
        )
        scene.add("lid", top.at(0, 0, -depth * 0.55).turned("x", tilt).at(0, height * 0.975, depth * 0.55), lid)
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
            cylinder(0.13, 0.08, sides=20, bevel=0.02).turned("z", 90).at(width * 0.4, 0.13, depth * 0.42).both(),
            dark,
        )
        scene.add(
            "hubs", cylinder(0.06, 0.1, sides=14).turned("z", 90).at(width * 0.4, 0.13, depth * 0.42).both(), metal
        )
        scene.add(
            "label",
            box(width * 0.42, height * 0.22, 0.03, 0.01).turned("x", -5).at(0, height * 0.55, -depth * 0.445),
            mat.matt(mat.WHITE),
        )
        scene.add(
            "sign",
            cylinder(0.08, 0.03, sides=3).turned("x", 90 - 5).at(0, height * 0.545, -depth * 0.46),
            mat.paint(mat.hexa("4f9e58")),
        )
        return scene
    if kind == "paper":
        heights = np.linspace(0, 1, 7)
        taper = rng.uniform(0.7, 0.9)
        wires = [
            torus(radius * (taper + (1 - taper) * s), 0.02 if s in (0.0, 1.0) else 0.009, 28, 6).at(
                0, s * height * 0.8, 0
            )
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
            .turned("x", 40.0 * i)
            .at(0.12 * np.cos(i * 2.2), height * (0.42 + 0.08 * i), 0.12 * np.sin(i * 2.2))
            for i in range(5)
        ]
        scene.add("paper", joined(balls), mat.matt(mat.hexa("f6f2e6")))
        scene.add("tag", box(0.2, 0.14, 0.02, 0.005).at(0, height * 0.6, -radius * 0.97), lid)
        return scene
    taper = rng.uniform(0.82, 1.0)
    outside = [(radius * taper, 0.03), (radius, height * 0.94)]
    body = lathe([(0, 0.03), *outside, (0, height * 0.94)], 32)
    if kind == "dustbin":
        steel = mat.paint(mat.colour(rng, mat.NEUTRAL[2:5] + mat.BRIGHT), 0.6)
        ribs = 18

        def ribbed(points: Floats) -> Floats:
            turn = np.arctan2(points[:, 2], points[:, 0])
            points[:, [0, 2]] *= (1 + 0.035 * np.cos(ribs * turn))[:, None]
            return points

        scene.add("body", lathe([(0, 0.03), *outside, (0, height * 0.94)], 72).bent(ribbed), steel)
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
        scene.add("lid", (cover.turned("z", 14).at(0.08, 0.05, 0) if lift else cover).at(0, height * 0.95, 0), steel)
        grip = tube(smooth([(-0.1, 0.14, 0), (-0.07, 0.24, 0), (0.07, 0.24, 0), (0.1, 0.14, 0)], 9), 0.022)
        scene.add("grip", (grip.turned("z", 14).at(0.08, 0.05, 0) if lift else grip).at(0, height * 0.95, 0), metal)
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
        scene.add("plate", box(0.24, 0.15, 0.06, 0.01).at(0, height * 0.5, -radius * 0.97), mat.matt(mat.WHITE))
        return scene
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
        scene.add("lid", dome.at(0, 0, -radius).turned("x", tilt).at(0, height * 0.97, radius), lid)
        scene.add("pedal", box(0.2, 0.03, 0.18, 0.012).at(0, 0.05, -radius * taper - 0.09), metal)
        scene.add("hinge", box(0.22, 0.12, 0.09, 0.02).at(0, height * 0.96, radius * 1.0), dark)
    else:
        dome = lathe(
            [(0, 0), (radius * 1.03, 0), (radius * 0.98, 0.14), (radius * 0.75, 0.3), (radius * 0.4, 0.38), (0, 0.4)],
            32,
        )
        scene.add("lid", dome.at(0, height * 0.97, 0), lid)
        flap = extrude(rounded(radius * 1.15, 0.2, 0.05), 0.05, 0.015).turned("x", 28)
        scene.add("flap", flap.at(0, height * 0.97 + 0.19, -radius * 0.8), shell)
        scene.add(
            "word",
            box(radius * 0.6, 0.05, 0.04).turned("x", 28).at(0, height * 0.97 + 0.19, -radius * 0.84),
            mat.matt(mat.WHITE),
        )
    scene.add(
        "sign",
        cylinder(0.11, 0.04, sides=24).turned("x", 90).at(0, height * 0.5, -radius * (taper + 1) / 2),
        mat.paint(mat.colour(rng, mat.NEUTRAL[:1] + mat.BRIGHT[3:6]), 0.3),
    )
    return scene
