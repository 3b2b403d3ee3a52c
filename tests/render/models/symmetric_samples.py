"""Models whose symmetry is known, as OBJ and MTL texts; up is +Y, as in ShapeNet's layout."""

from collections.abc import Mapping

import numpy as np

SIDES = ("left", "right", "bottom", "top", "back", "front")
_FACES = ("5 8 4 1", "3 7 6 2", "2 6 5 1", "8 7 3 4", "4 3 2 1", "6 7 8 5")
GRAY = "0.5 0.5 0.5"


def box(width: float, height: float, depth: float, colors: Mapping[str, str] | None = None) -> tuple[str, str]:
    """A box, gray but for the sides with a color: OBJ and MTL."""
    corners = [(x, y, z) for z in (0, depth) for x, y in ((0, 0), (width, 0), (width, height), (0, height))]
    obj = "mtllib model_normalized.mtl\n" + "".join(f"v {x} {y} {z}\n" for x, y, z in corners)
    obj += "".join(f"usemtl {side}\nf {face}\n" for side, face in zip(SIDES, _FACES, strict=True))
    return obj, "".join(f"newmtl {side}\nKd {(colors or {}).get(side, GRAY)}\n" for side in SIDES)


def prism(sides: int, height: float, *, tip: float = 1.0, radius: float = 1.0, base: float = 0.0) -> tuple[str, str]:
    """A prism that stands at height `base`, with many sides a cylinder; its top is `tip` times as wide as its base."""
    angles = np.arange(sides) * 2 * np.pi / sides
    levels = ((base, radius), (base + height, radius * tip))
    rows = [(r * np.cos(a), y, r * np.sin(a)) for y, r in levels for a in angles]
    obj = "mtllib model_normalized.mtl\nusemtl a\n" + "".join(f"v {x:.6f} {y} {z:.6f}\n" for x, y, z in rows)
    # Numbers from the last vertex back: texts of several prisms can be joined.
    faces = [(at, at + sides, (at + 1) % sides + sides, (at + 1) % sides) for at in range(sides)]
    faces += [tuple(range(sides)), tuple(range(2 * sides - 1, sides - 1, -1))]
    obj += "".join("f " + " ".join(str(corner - 2 * sides) for corner in face) + "\n" for face in faces)
    return obj, f"newmtl a\nKd {GRAY}\n"


def globe(steps: int = 24) -> tuple[str, str]:
    """A sphere: OBJ and MTL."""
    across, around = np.linspace(0, np.pi, steps + 1), np.arange(2 * steps) * np.pi / steps
    obj = "mtllib model_normalized.mtl\nusemtl a\n"
    for theta in across:
        for phi in around:
            x, z = np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi)
            obj += f"v {x:.6f} {np.cos(theta):.6f} {z:.6f}\n"
    for row in range(steps):
        for at in range(2 * steps):
            after = (at + 1) % (2 * steps)
            one, two = row * 2 * steps + 1, (row + 1) * 2 * steps + 1
            obj += f"f {one + at} {one + after} {two + after} {two + at}\n"
    return obj, f"newmtl a\nKd {GRAY}\n"
