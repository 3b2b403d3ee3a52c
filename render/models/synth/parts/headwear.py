"""What caps and helmets share: domes, patches of skin, brims."""

import numpy as np

from threedie.render.models.synth.shapes import Mesh, loft

Size = tuple[float, float, float]


def skin_patch(
    size: Size, turns: tuple[float, float], heights: tuple[float, float], thick: float, steps: int = 16
) -> Mesh:
    """A piece of an ellipsoid's skin; `turns` from the front, positive toward +X, and `heights` in degrees."""
    around = np.radians(np.linspace(*turns, steps))
    up = np.radians(np.linspace(*heights, 8))
    rings = []
    for turn in around:
        line = np.stack([np.cos(up) * np.sin(turn), np.sin(up), -np.cos(up) * np.cos(turn)], -1)
        outside, inside = line * (np.asarray(size) + thick / 2), line * (np.asarray(size) - thick / 2)
        rings.append(np.concatenate([outside, inside[::-1]]))
    return loft(rings)


def hollow_dome(size: Size, thick: float, low: float = 0.0, sides: int = 36) -> Mesh:
    """A hollow cap of an ellipsoid, open below at `low` degrees of height."""
    up = np.radians(np.linspace(low, 90, 11))
    outside = [(np.cos(a), np.sin(a)) for a in up]
    shrink = 1 - thick / min(size)
    inside = [(r * shrink, y * shrink if y > 0 else y) for r, y in outside[::-1]]
    outside[-1], inside[0] = (0.0, 1.0), (0.0, shrink)
    return lathe_closed([*outside, *inside], sides).scaled(*size)


def lathe_closed(profile: list[tuple[float, float]], sides: int) -> Mesh:
    """A closed profile of (radius, height) points turned about Y: a ring."""
    angles = np.arange(sides) * 2 * np.pi / sides
    return loft([[(r * np.cos(t), y, r * np.sin(t)) for t in angles] for r, y in profile], closed=True)


def front_brim(size: Size, reach: float, spread: float, droop: float, thick: float = 0.035) -> Mesh:
    """A peak at the front, `spread` degrees to either side, `reach` forward, bent down at its sides."""
    rings = []
    for turn in np.radians(np.linspace(-spread, spread, 25)):
        share = np.cos(turn / np.radians(spread) * np.pi / 2) ** 0.6
        root = np.array([0.97 * size[0] * np.sin(turn), 0.0, -0.97 * size[2] * np.cos(turn)])
        tip = np.array([1.04 * size[0] * np.sin(turn), 0.0, -1.02 * size[2] * np.cos(turn) - reach * share])
        ring = []
        for share_out, side in ((0.0, 1), (0.5, 1), (1.0, 1), (1.0, -1), (0.5, -1), (0.0, -1)):
            point = root + (tip - root) * share_out
            point[1] = -droop * (turn / np.radians(spread)) ** 2 - 0.12 * droop * share_out + side * thick / 2
            ring.append(point)
        rings.append(ring)
    return loft(rings)
