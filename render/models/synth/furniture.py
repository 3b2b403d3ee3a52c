"""Things to sit, lie and eat on: bed, bench, chair, pillow, sofa, table."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Colour, Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    Mesh,
    box,
    cushion,
    cylinder,
    extrude,
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


def _frame_material(rng: np.random.Generator) -> Material:
    """What carries furniture: wood, lacquer or metal."""
    kind = rng.random()
    if kind < 0.55:
        return mat.wood(rng)
    return mat.paint(mat.colour(rng)) if kind < 0.8 else mat.metal(rng)


def _cover(rng: np.random.Generator, base: Colour | None = None) -> Material:
    """What upholstery is covered with."""
    first = mat.colour(rng) if base is None else base
    second = mat.mixed(first, mat.WHITE, 0.7)
    kind = rng.integers(6)
    if kind == 0:
        return mat.striped(rng, first, second, repeat=1.5)
    if kind == 1:
        return mat.tartan(rng, first, second, repeat=1.0)
    return mat.fabric(rng, first) if kind < 5 else mat.paint(first, 0.35)


def _four_legs(rng: np.random.Generator, width: float, depth: float, height: float, thick: float) -> Mesh:
    """Four legs under a (width, depth) top whose underside is at `height`: square, round and splayed, or turned."""
    kind = rng.integers(4)
    splay = rng.uniform(0.0, 0.12) * height
    legs = []
    for x in (-1, 1):
        for z in (-1, 1):
            px, pz = x * (width / 2 - thick), z * (depth / 2 - thick)
            if kind == 0:
                legs.append(box(thick, height, thick, thick * 0.12).at(px, height / 2, pz))
            elif kind == 1:
                foot = (px + x * splay, 0.0, pz + z * splay)
                legs.append(rod(foot, (px, height, pz), thick * 0.32, thick * 0.6, 10))
            elif kind == 2:
                bulge = [(0.28, 0), (0.42, 0.05), (0.3, 0.12), (0.5, 0.45), (0.34, 0.7), (0.5, 0.76), (0.5, 1.0)]
                profile = [(0.0, 0.0), *((1.3 * r * thick, y * height) for r, y in bulge), (0.0, height)]
                legs.append(lathe(profile, 10).at(px, 0, pz))
            else:
                legs.append(_tapered(thick, height).at(px, 0, pz))
    return joined(legs)


def _tapered(thick: float, height: float) -> Mesh:
    square = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * thick / 2
    levels = [(0.55, 0.0), (1.0, height)]
    return loft([np.column_stack([s * square[:, 0], np.full(4, y), s * square[:, 1]]) for s, y in levels])


def chair(rng: np.random.Generator) -> Scene:
    """Dining, lounge, cantilever or office chair; its back is behind, at +Z."""
    scene = Scene()
    width, depth = rng.uniform(0.42, 0.56), rng.uniform(0.42, 0.52)
    seat, back = rng.uniform(0.42, 0.5), rng.uniform(0.38, 0.68)
    thick = rng.uniform(0.03, 0.045)
    carrier, lean = _frame_material(rng), rng.uniform(4, 14)
    style = pick(rng, ("four", "four", "four", "office", "cantilever"))
    cover = _cover(rng)
    padded = style == "office" or rng.random() < 0.6
    if padded:
        scene.add("seat", cushion(width, 0.1, depth, rng.uniform(4, 9)).at(0, seat, 0), cover)
    else:
        plate = extrude(rounded(width, depth, rng.uniform(0.02, 0.12)), 0.035, 0.008).turned("x", 90)
        scene.add("seat", plate.at(0, seat, 0), carrier)
    under = seat - (0.035 if padded else 0.01)
    if style == "four":
        legs = _four_legs(rng, width, depth, under, thick)
        if rng.random() < 0.5:
            side = box(thick * 0.5, thick * 0.6, depth - thick * 2).at(width / 2 - thick, seat * 0.4, 0)
            legs += side.both()
        scene.add("legs", legs, carrier)
    elif style == "office":
        metal = mat.metal(rng)
        scene.add("column", cylinder(0.028, seat - 0.1).at(0, seat / 2 + 0.02, 0), metal)
        spokes = [rod((0, 0.12, 0), (0.26 * np.cos(a), 0.07, 0.26 * np.sin(a)), 0.025, 0.017) for a in _star(5)]
        castors = [
            cylinder(0.035, 0.03)
            .turned("z", 90)
            .turned("y", -np.degrees(a))
            .at(0.26 * np.cos(a), 0.035, 0.26 * np.sin(a))
            for a in _star(5)
        ]
        scene.add("star", joined(spokes), metal)
        scene.add("castors", joined(castors), mat.matt(mat.DARK[0]))
    else:
        bow = [
            (0, seat + 0.1, depth / 2),
            (0, seat - 0.04, depth / 2 - 0.02),
            (0, seat - 0.05, -depth / 2 + 0.03),
            (0, seat - 0.12, -depth / 2),
            (0, 0.04, -depth / 2),
            (0, 0.015, -depth / 2 + 0.06),
            (0, 0.015, depth / 2),
        ]
        path = np.add(bow, (width / 2 - 0.015, 0, 0))
        scene.add("legs", tube(path, 0.014).both(), mat.metal(rng))
        scene.add(
            "crossbar",
            rod((-width / 2, 0.015, depth / 2 - 0.01), (width / 2, 0.015, depth / 2 - 0.01), 0.013),
            mat.metal(rng),
        )
    _chair_back(rng, scene, width, depth, seat, back, lean, thick, carrier, cover, padded)
    if rng.random() < 0.35:
        rise = rng.uniform(0.18, 0.25)
        rest = box(0.045, 0.03, depth * 0.85, 0.01).at(width / 2 + 0.03, seat + rise, 0)
        post = rod((width / 2 - 0.02, seat - 0.01, -depth * 0.3), (width / 2 + 0.03, seat + rise, -depth * 0.36), 0.013)
        rear = rod((width / 2 - 0.02, seat - 0.01, depth * 0.38), (width / 2 + 0.03, seat + rise, depth * 0.38), 0.013)
        scene.add("arms", (rest + post + rear).both(), carrier)
    return scene


def _star(count: int) -> Floats:
    return np.pi / 2 + np.arange(count) * 2 * np.pi / count


def _chair_back(
    rng: np.random.Generator,
    scene: Scene,
    width: float,
    depth: float,
    seat: float,
    back: float,
    lean: float,
    thick: float,
    carrier: Material,
    cover: Material,
    padded: bool,
) -> None:
    def leant(mesh: Mesh) -> Mesh:
        return mesh.turned("x", lean).at(0, seat, depth / 2 - thick)

    kind = pick(rng, ("pad", "slats", "ladder", "shell") if padded else ("slats", "ladder", "shell"))
    if kind == "shell":
        plate = _shell(width * 0.5, back * 0.32, rng.uniform(2.4, 5))
        scene.add("back", leant(plate.at(0, back * 0.68, thick)), carrier if rng.random() < 0.5 else cover)
        posts = rod((width * 0.28, -0.02, thick), (width * 0.28, back * 0.6, thick * 1.1), thick * 0.35)
        scene.add("posts", leant(posts.both()), carrier)
        return
    posts = box(thick, back, thick, thick * 0.15).at(width / 2 - thick / 2, back / 2 - 0.03, 0)
    scene.add("posts", leant(posts.both()), carrier)
    inner = width - thick * 1.5
    if kind == "pad":
        pad = cushion(width * 0.98, 0.09, back * 0.72, 5).turned("x", 90)
        scene.add("back", leant(pad.at(0, back * 0.62, -0.01)), cover)
        return
    rail = box(inner, back * 0.14, thick * 0.6, 0.005)
    if kind == "ladder":
        count = int(rng.integers(2, 5))
        rails = [rail.at(0, back * h, 0) for h in np.linspace(0.35, 0.86, count)]
        scene.add("back", leant(joined(rails)), carrier)
        return
    count = int(rng.integers(3, 7))
    bars = [
        box(inner * 0.45 / count, back * 0.62, thick * 0.4).at(x, back * 0.5, 0)
        for x in np.linspace(-0.4, 0.4, count) * inner
    ]
    scene.add("back", leant(joined(bars)), carrier)
    scene.add("rails", leant(rail.at(0, back * 0.87, 0) + rail.scaled(y=0.6).at(0, back * 0.22, 0)), carrier)


def _shell(half_width: float, half_height: float, power: float) -> Mesh:
    """A rounded plate in X and Y that curves towards the front at its sides."""
    rings = []
    for share in np.sin(np.linspace(-np.pi / 2, np.pi / 2, 17)):
        x, z = half_width * share, -1.6 * (half_width * share) ** 2
        y = max(half_height * (1 - abs(share) ** power) ** (1 / power), 0.004)
        rings.append([(x, -y, z - 0.015), (x, y, z - 0.015), (x, y, z + 0.015), (x, -y, z + 0.015)])
    return loft(rings)


def table(rng: np.random.Generator) -> Scene:
    """Rectangular, round or oval table on legs, a column, trestles or sides; sometimes with drawers at the front."""
    scene = Scene()
    shape = pick(rng, ("rectangle", "rectangle", "round", "oval"))
    height, thick = rng.uniform(0.42, 0.78), rng.uniform(0.025, 0.05)
    width, depth = rng.uniform(0.9, 1.8), rng.uniform(0.6, 0.9)
    if shape == "round":
        width = depth = rng.uniform(0.8, 1.15)
    top_material, carrier = _frame_material(rng), _frame_material(rng)
    if rng.random() < 0.15:
        top_material = mat.glass()
    outline = (
        rounded(width, depth, rng.uniform(0.01, 0.12))
        if shape == "rectangle"
        else superellipse(width / 2, depth / 2, 2, 36)
    )
    scene.add("top", extrude(outline, thick, 0.006).turned("x", 90).at(0, height, 0), top_material)
    under = height - thick * 0.4
    fit = 1.0 if shape == "rectangle" else 0.72
    base = (
        pick(rng, ("legs", "legs", "column", "trestle"))
        if shape != "round"
        else pick(rng, ("legs", "column", "column"))
    )
    if base == "legs":
        scene.add(
            "legs", _four_legs(rng, width * fit * 0.96, depth * fit * 0.94, under, rng.uniform(0.05, 0.08)), carrier
        )
        scene.add("apron", _apron(width * fit * 0.86, depth * fit * 0.8, 0.08).at(0, under - 0.035, 0), carrier)
        if shape == "rectangle" and rng.random() < 0.4:
            count = int(rng.integers(1, 4))
            each = width * 0.74 / count
            fronts = [
                box(each * 0.9, 0.075, 0.02, 0.004).at(x, under - 0.05, -depth * 0.4 - 0.008)
                for x in (np.arange(count) - (count - 1) / 2) * each
            ]
            knobs = [
                cylinder(0.014, 0.03, sides=10).turned("x", 90).at(x, under - 0.05, -depth * 0.4 - 0.03)
                for x in (np.arange(count) - (count - 1) / 2) * each
            ]
            scene.add("drawers", joined(fronts), top_material if top_material.opacity == 1 else carrier)
            scene.add("knobs", joined(knobs), mat.metal(rng))
    elif base == "column":
        radius = 0.28 * min(width, depth)
        foot = [
            (0, 0),
            (radius, 0),
            (radius, 0.02),
            (0.05, 0.07),
            (0.035, 0.14),
            (0.045, under * 0.6),
            (0.1, under),
            (0, under),
        ]
        columns = [lathe(foot, 24).at(x, 0, 0) for x in ((0.0,) if width < 1.3 else (-width * 0.25, width * 0.25))]
        scene.add("column", joined(columns), carrier)
    else:
        x = width * 0.5 * fit - 0.12
        legs = rod((x, 0, depth * 0.42), (x, under, depth * 0.12), 0.028, sides=4) + rod(
            (x, 0, -depth * 0.42), (x, under, -depth * 0.12), 0.028, sides=4
        )
        legs += box(0.05, 0.04, depth * 0.5).at(x, under * 0.45, 0)
        scene.add("trestles", legs.both() + box(2 * x, 0.05, 0.03).at(0, under * 0.45, 0), carrier)
    return scene


def _apron(width: float, depth: float, height: float) -> Mesh:
    long = box(width, height, 0.02).at(0, 0, depth / 2) + box(width, height, 0.02).at(0, 0, -depth / 2)
    return long + box(0.02, height, depth - 0.03).at(width / 2, 0, 0).both()


def sofa(rng: np.random.Generator) -> Scene:
    """Two to four seats, sometimes with one end drawn out; back at +Z."""
    scene = Scene()
    seats = int(rng.integers(2, 5))
    each, depth = rng.uniform(0.55, 0.7), rng.uniform(0.75, 0.92)
    width, floor, seat = seats * each, rng.uniform(0.08, 0.16), 0.42
    back, arm_width, arm_rise = rng.uniform(0.72, 0.9), rng.uniform(0.12, 0.24), rng.uniform(0.12, 0.24)
    base = mat.colour(rng)
    cover = _cover(rng, base)
    second = cover if rng.random() < 0.5 else _cover(rng, mat.shade(base, 0.82))
    scene.add("frame", box(width + 0.02, seat - floor - 0.12, depth, 0.03).at(0, (seat - 0.12 + floor) / 2, 0), second)
    scene.add(
        "back",
        box(width + 0.04, back - floor, 0.2, 0.06).turned("x", 6).at(0, (back + floor) / 2, depth / 2 - 0.04),
        second,
    )
    long_side = int(rng.integers(-1, 2)) if rng.random() < 0.35 else 0
    xs = (np.arange(seats) - (seats - 1) / 2) * each
    for x in xs:
        reach = 0.55 if long_side and x * long_side == max(xs) else 0.0
        cushions = cushion(each * 0.985, 0.2, depth - 0.17 + reach, 7).at(x, seat - 0.05, -0.09 - reach / 2)
        scene.add("cushion", cushions, cover)
        if reach:
            scene.add(
                "chaise",
                box(each, seat - floor - 0.12, reach + 0.1, 0.03).at(
                    x, (seat - 0.12 + floor) / 2, -depth / 2 - reach / 2
                ),
                second,
            )
        pad = cushion(each * 0.97, 0.2, back - seat + 0.02, 5).turned("x", 90 - 8)
        scene.add("pad", pad.at(x, (back + seat) / 2 + 0.04, depth / 2 - 0.2), cover)
    if pick(rng, (True, True, False)) and not long_side:
        arm = box(arm_width, seat + arm_rise - floor, depth, pick(rng, (0.03, 0.09)))
        scene.add("arms", arm.at(width / 2 + arm_width / 2 - 0.01, (seat + arm_rise + floor) / 2, 0).both(), second)
    elif not long_side:
        roll = (
            cylinder(arm_width * 0.62, depth, bevel=0.02)
            .turned("x", 90)
            .at(width / 2 + arm_width / 2, seat + arm_rise - 0.06, 0)
        )
        scene.add(
            "arms",
            (
                roll
                + box(arm_width, seat + arm_rise - floor - 0.1, depth * 0.98, 0.02).at(
                    width / 2 + arm_width / 2, (seat + arm_rise - 0.1 + floor) / 2, 0
                )
            ).both(),
            second,
        )
    leg = cylinder(0.022, floor + 0.04, 0.032, 10).at(0, floor / 2 + 0.01, 0)
    feet = leg.at(width / 2 - 0.06, 0, -depth / 2 + 0.07) + leg.at(width / 2 - 0.06, 0, depth / 2 - 0.07)
    scene.add("feet", feet.both(), mat.wood(rng))
    if rng.random() < 0.6:
        throw = cushion(0.42, 0.15, 0.42, 3.2).turned("x", 62).turned("z", rng.uniform(-12, 12))
        side = -1 if long_side > 0 else 1
        scene.add(
            "throw",
            throw.at(side * (width / 2 - 0.26), seat + 0.22, depth / 2 - 0.33),
            mat.fabric(rng, mat.colour(rng, mat.BRIGHT)),
        )
    return scene


def bench(rng: np.random.Generator) -> Scene:
    """Park bench of slats with or without a back, or a solid plank bench."""
    scene = Scene()
    width, depth, seat = rng.uniform(1.1, 1.9), rng.uniform(0.36, 0.48), rng.uniform(0.42, 0.48)
    slats = mat.wood(rng) if rng.random() < 0.7 else mat.paint(mat.colour(rng))
    carrier = pick(rng, (mat.paint(mat.colour(rng, mat.DARK)), mat.metal(rng), mat.wood(rng), mat.matt(mat.NEUTRAL[3])))
    count, has_back = int(rng.integers(3, 7)), rng.random() < 0.7
    pitch = depth / count
    for z in (np.arange(count) - (count - 1) / 2) * pitch:
        scene.add("slat", box(width, 0.03, pitch * 0.78, 0.006).at(0, seat, z), slats)
    if has_back:
        rise, lean = rng.uniform(0.35, 0.48), rng.uniform(8, 18)
        rows = int(rng.integers(2, 5))
        boards = [box(width, rise * 0.7 / rows, 0.028, 0.006).at(0, rise * h, 0) for h in np.linspace(0.4, 0.9, rows)]
        scene.add("back", joined(boards).turned("x", lean).at(0, seat, depth / 2 + 0.01), slats)
        post = box(0.05, rise + 0.05, 0.03).at(width * 0.42, rise / 2 - 0.02, 0.03)
        scene.add("posts", post.both().turned("x", lean).at(0, seat, depth / 2 + 0.01), carrier)
    kind = pick(rng, ("frame", "block", "bow"))
    x = width * 0.42
    if kind == "block":
        scene.add("legs", box(0.12, seat - 0.01, depth * 0.9, 0.015).at(x, (seat - 0.01) / 2, 0).both(), carrier)
    elif kind == "frame":
        side = rod((x, 0, -depth * 0.48), (x, seat - 0.01, -depth * 0.42), 0.024, sides=6)
        side += rod((x, 0, depth * 0.52), (x, seat - 0.01, depth * 0.42), 0.024, sides=6)
        scene.add("legs", (side + box(0.045, 0.04, depth * 0.95).at(x, seat - 0.03, 0)).both(), carrier)
    else:
        arch = smooth(
            [
                (x, 0, -depth * 0.55),
                (x, seat * 0.7, -depth * 0.4),
                (x, seat - 0.03, 0),
                (x, seat * 0.7, depth * 0.4),
                (x, 0, depth * 0.55),
            ],
            14,
        )
        scene.add("legs", tube(arch, 0.025).both(), carrier)
    if has_back and rng.random() < 0.6:
        path = smooth(
            [
                (x, seat, -depth * 0.45),
                (x, seat + 0.2, -depth * 0.5),
                (x, seat + 0.23, -depth * 0.2),
                (x, seat + 0.22, depth * 0.62),
            ],
            12,
        )
        scene.add("arms", sweep(rounded(0.05, 0.03, 0.01, 2), path).both(), carrier)
    return scene


def bed(rng: np.random.Generator) -> Scene:
    """Single or double bed with bedding; its head is behind, at +Z."""
    scene = Scene()
    double = rng.random() < 0.6
    width, length = (rng.uniform(1.4, 1.8) if double else rng.uniform(0.9, 1.1)), rng.uniform(1.95, 2.1)
    seat, head = rng.uniform(0.32, 0.45), rng.uniform(0.8, 1.15)
    carrier = _frame_material(rng)
    scene.add("frame", box(width + 0.08, 0.18, length + 0.06, 0.02).at(0, seat - 0.14, 0), carrier)
    post = box(0.08, seat - 0.1, 0.08).at(width / 2 - 0.02, (seat - 0.1) / 2, -length / 2 + 0.02)
    scene.add("legs", (post + post.at(z=length - 0.04)).both(), carrier)
    scene.add("mattress", box(width, 0.2, length, 0.06, 2).at(0, seat + 0.02, 0), mat.matt(mat.WHITE))
    base = mat.colour(rng, mat.BRIGHT + mat.SOFT)
    cover = _cover(rng, base)
    reach = rng.uniform(0.62, 0.74) * length
    quilt = box(width + 0.07, 0.2, reach, 0.07, 2).at(0, seat + 0.06, -length / 2 + reach / 2 - 0.03)
    scene.add("quilt", quilt, cover)
    fold = box(width + 0.08, 0.215, 0.16, 0.05).at(0, seat + 0.07, -length / 2 + reach - 0.02)
    scene.add("fold", fold, mat.matt(mat.mixed(base, mat.WHITE, 0.6)))
    pillows = (-width / 4, width / 4) if double else (0.0,)
    for x in pillows:
        pad = cushion(min(width * 0.44, 0.68), 0.17, 0.42, 3).turned("x", -14)
        scene.add(
            "pillow",
            pad.at(x, seat + 0.2, length / 2 - 0.27),
            mat.matt(mat.colour(rng, mat.NEUTRAL[:2] + mat.SOFT[:1])),
        )
    kind = pick(rng, ("panel", "arch", "bars", "padded"))
    z = length / 2 + 0.06
    if kind == "panel":
        scene.add("head", box(width + 0.14, head, 0.06, 0.02).at(0, head / 2, z), carrier)
    elif kind == "arch":
        top = smooth([(-0.5, 0.72), (-0.42, 0.86), (0, 1.0), (0.42, 0.86), (0.5, 0.72)], 17)
        outline = np.concatenate([[(0.5, 0.0), (-0.5, 0.0)], top]) * (width + 0.12, head)
        scene.add("head", extrude(outline, 0.06, 0.01).at(0, 0, z), carrier)
    elif kind == "padded":
        scene.add("head", cushion(width + 0.1, 0.16, head * 0.8, 7).turned("x", 90).at(0, head * 0.62, z), cover)
    else:
        bars = [rod((x, 0.1, z), (x, head * 0.93, z), 0.014, sides=6) for x in np.linspace(-0.45, 0.45, 9) * width]
        rim = tube(
            [(-width / 2, 0, z), (-width / 2, head * 0.95, z), (width / 2, head * 0.95, z), (width / 2, 0, z)], 0.024
        )
        scene.add("head", joined(bars) + rim, carrier)
    if rng.random() < 0.45:
        scene.add(
            "foot", box(width + 0.14, seat + 0.2, 0.05, 0.015).at(0, (seat + 0.2) / 2, -length / 2 - 0.07), carrier
        )
    return scene


def pillow(rng: np.random.Generator) -> Scene:
    """Square, oblong, round or rolled cushion standing up, its face to the front."""
    scene = Scene()
    kind = pick(rng, ("square", "oblong", "square", "round", "roll"))
    first = mat.colour(rng, mat.BRIGHT + mat.SOFT)
    second = mat.mixed(first, mat.WHITE, 0.75) if rng.random() < 0.6 else mat.colour(rng)
    cover = pick(
        rng,
        (
            mat.striped(rng, first, second, 0.7),
            mat.tartan(rng, first, second, 0.6),
            mat.checked(first, second, 0.5),
            mat.dotted(first, second, 0.8),
            mat.fabric(rng, first, 2.0),
        ),
    )
    trim = mat.matt(mat.shade(second, 0.8))
    if kind == "roll":
        length, radius = rng.uniform(0.5, 0.8), rng.uniform(0.1, 0.14)
        body = cylinder(radius, length, sides=24, bevel=radius * 0.15).turned("z", 90)
        scene.add("roll", body, cover)
        scene.add("piping", (torus(radius * 0.95, 0.012).turned("z", 90).at(length / 2 - radius * 0.1)).both(), trim)
        scene.add("tufts", cylinder(radius * 0.2, 0.03, sides=12).turned("z", 90).at(length / 2).both(), trim)
        return scene
    width = 0.5 * (rng.uniform(1.3, 1.6) if kind == "oblong" else 1.0)
    puff = rng.uniform(0.16, 0.24)
    if kind == "round":
        body = cushion(0.5, puff, 0.5, 2.2, 32).turned("x", 90)
        scene.add("pillow", body, cover)
        scene.add("piping", torus(0.248, 0.011, 32, 8).turned("x", 90), trim)
        scene.add("button", cylinder(0.035, 0.02, sides=14, bevel=0.005).turned("x", 90).at(0, 0, -puff / 2), trim)
        return scene
    outline = _pinched(width, 0.5)
    rings = []
    for turn in np.linspace(-np.pi / 2, np.pi / 2, 13):
        z, share = np.sin(turn), np.abs(np.cos(turn)) ** 0.55 if abs(turn) < 1.57 else 0.0
        # Corners of a stuffed bag stay flat: what is far out along the diagonal gets less of the height.
        ring = outline * share
        flat = (2 * ring[:, 0] / width) ** 2 * (2 * ring[:, 1] / 0.5) ** 2
        rings.append(np.column_stack([ring, np.sign(z) * np.abs(z) ** 1.3 * puff / 2 * (1 - 0.6 * flat)]))
    scene.add("pillow", loft(rings), cover)
    edge = np.column_stack([outline, np.zeros(len(outline))])
    if rng.random() < 0.7:
        scene.add("piping", tube(edge, 0.009, 6, closed=True), trim)
    if rng.random() < 0.35:
        for index in np.flatnonzero(
            np.abs(outline[:, 0] * outline[:, 1]) > 0.94 * np.abs(outline[:, 0] * outline[:, 1]).max()
        ):
            x, y = outline[index]
            scene.add("tassel", rod((x, y, 0), (x * 1.14, y * 1.16, 0), 0.008, 0.022), trim)
    return scene


def _pinched(width: float, height: float, count: int = 12) -> Floats:
    """A rectangle with sides drawn in and pointed corners, (4 count, 2)."""
    steps = np.linspace(-1, 1, count, endpoint=False)
    dent = 1 - 0.1 * (1 - steps**4)
    sides = [
        np.column_stack([dent, steps]),
        np.column_stack([-steps, dent]),
        np.column_stack([-dent, -steps]),
        np.column_stack([steps, -dent]),
    ]
    return np.concatenate(sides) * (width / 2, height / 2)
