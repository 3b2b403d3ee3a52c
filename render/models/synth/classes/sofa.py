"""Generator of class 04256520, sofa."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.furniture import upholstery
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cushion, cylinder


def sofa(rng: np.random.Generator) -> Scene:
    """Two to four seats, sometimes with one end drawn out; back at +Z."""
    scene = Scene()
    seats = int(rng.integers(2, 5))
    each, depth = rng.uniform(0.55, 0.7), rng.uniform(0.75, 0.92)
    width, floor, seat = seats * each, rng.uniform(0.08, 0.16), 0.42
    back, arm_width, arm_rise = rng.uniform(0.72, 0.9), rng.uniform(0.12, 0.24), rng.uniform(0.12, 0.24)
    base = mat.color(rng)
    cover = upholstery(rng, base)
    second = cover if rng.random() < 0.5 else upholstery(rng, mat.shade(base, 0.82))
    scene.add("frame", box(width + 0.02, seat - floor - 0.12, depth, 0.03).at(0, (seat - 0.12 + floor) / 2, 0), second)
    scene.add(
        "back",
        box(width + 0.04, back - floor, 0.2, 0.06).rotated("x", 6).at(0, (back + floor) / 2, depth / 2 - 0.04),
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
        pad = cushion(each * 0.97, 0.2, back - seat + 0.02, 5).rotated("x", 90 - 8)
        scene.add("pad", pad.at(x, (back + seat) / 2 + 0.04, depth / 2 - 0.2), cover)
    if pick(rng, (True, True, False)) and not long_side:
        arm = box(arm_width, seat + arm_rise - floor, depth, pick(rng, (0.03, 0.09)))
        scene.add("arms", arm.at(width / 2 + arm_width / 2 - 0.01, (seat + arm_rise + floor) / 2, 0).both(), second)
    elif not long_side:
        roll = (
            cylinder(arm_width * 0.62, depth, bevel=0.02)
            .rotated("x", 90)
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
        throw = cushion(0.42, 0.15, 0.42, 3.2).rotated("x", 62).rotated("z", rng.uniform(-12, 12))
        side = -1 if long_side > 0 else 1
        scene.add(
            "throw",
            throw.at(side * (width / 2 - 0.26), seat + 0.22, depth / 2 - 0.33),
            mat.fabric(rng, mat.color(rng, mat.BRIGHT)),
        )
    return scene
