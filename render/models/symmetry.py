"""Symmetry of an object as pictures show it: the rotations after which it looks the same, in shape and in color."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from threedie.render.models.point_cloud import PointCloud
from threedie.render.models.polygons import Floats

POINTS = 12_000
"""Points on the surface that a turned one is compared with."""
DISTANCE = 0.02
"""How far a turned point may lie from the surface, in diagonals: 0.7 pixels at 64 pixels, 3 at 256."""
COLOR = 0.1
"""How much a channel may differ, in sRGB from 0 to 1: 25 of 255."""
SHARE = 0.98
"""Share of the surface that has to match; docs/symmetry.md says how it was chosen."""

ORDERS = (24, 8, 6, 5, 4, 3, 2)
"""Turns by 360 degrees over these are tried about each axis of the bounding box."""
ANY = 24
"""The order that stands for any angle."""
AXES = ("left-right", "front-back", "vertical")
"""The scene's axes x, y and z, as models in ShapeNet's layout stand on them."""

_FACING = 0.5
"""Least cosine between the normals of points that match."""
_NEIGHBORS = 16
_STRIDE = 12
_FIRST_LOOK = 8
"""A turn that clearly fails on every eighth of the tested points isn't tried on the others."""
_CLEARLY = 0.1
_SAME = 1 - 1e-6
"""Absolute dot product of quaternions from which on they are one rotation."""
_MOST = 2 * ANY


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A group of rotations.

    Attributes:
        rotations: matrices (G, 3, 3) in the scene's axes, the identity first; of a continuous group every 15 degrees.
        description: in words, such as `180° about the vertical axis`.
        axis: about which the object looks the same after turns by any angle, (3,); None without.
        sphere: whether the object looks the same after every rotation; `rotations` is then the identity alone.
    """

    rotations: Floats
    description: str
    axis: Floats | None = None
    sphere: bool = False

    @property
    def is_trivial(self) -> bool:
        """Whether no rotation but the identity leaves the object as it looks."""
        return len(self.rotations) == 1 and not self.sphere


class Likeness:
    """How much of a surface looks the same after rotations about the center of its bounding box."""

    def __init__(self, cloud: PointCloud, distance: float = DISTANCE, color: float = COLOR) -> None:
        self._cloud = cloud
        self._distance, self._color = distance, color
        self._tested = np.arange(0, len(cloud.points), _STRIDE)
        self._verdicts: dict[tuple[bytes, float], bool] = {}

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self._cloud.points)

    def share(self, rotation: Floats, every: int = 1) -> float:
        """Share of the turned points that have one near by that looks the same.

        Args:
            rotation: matrix (3, 3).
            every: test only every so many points.
        """
        tested, cloud = self._tested[::every], self._cloud
        distance, near = self._tree.query(cloud.points[tested] @ rotation.T, _NEIGHBORS)
        facing = np.einsum("nkd,nd->nk", cloud.normals[near], cloud.normals[tested] @ rotation.T)
        change = np.abs(cloud.colors[near] - cloud.colors[tested, None]).max(axis=-1)
        matches = (distance <= self._distance) & (facing >= _FACING) & (change <= self._color)
        return float(matches.any(axis=1).mean())

    def same(self, rotation: Floats, share: float = SHARE) -> bool:
        """Whether the object looks the same after a rotation (3, 3): `share` of its surface does."""
        key = ((np.round(rotation, 6) + 0.0).tobytes(), share)
        if key not in self._verdicts:
            clearly_not = self.share(rotation, _FIRST_LOOK) < share - _CLEARLY
            self._verdicts[key] = not clearly_not and self.share(rotation) >= share
        return self._verdicts[key]


def find_symmetry(
    cloud: PointCloud, distance: float = DISTANCE, color: float = COLOR, share: float = SHARE
) -> Symmetry:
    """The symmetry of an object.

    Turns about the three axes of the bounding box by parts of a circle, by any angle, and by 180 degrees about the
    diagonals of its planes are tried. Those that pass are combined to a group, all of whose rotations pass.

    Args:
        cloud: points of its surface.
        distance: how far points may be apart, in diagonals.
        color: how much a channel of sRGB may differ, 0 to 1.
        share: share of the surface that must look the same.
    """
    likeness = Likeness(cloud, distance, color)
    return group_of(lambda rotation: likeness.same(rotation, share))


def group_of(passes: Callable[[Floats], bool]) -> Symmetry:
    """The largest group of the tried rotations (3, 3) that pass."""
    orders = [(_order(axis, passes), axis) for axis in np.eye(3)]
    if sum(order == ANY for order, _ in orders) > 1:
        return Symmetry(np.eye(3)[None], "any turn about any axis", sphere=True)
    cycles = [turns(axis, order) for order, axis in sorted(orders, key=lambda each: -each[0]) if order > 1]
    cycles += [half for half in map(_half_turn, _diagonals()) if passes(half[1])]
    group = np.eye(3)[None]
    for cycle in cycles:
        larger = _closure(np.concatenate([group, cycle]))
        if larger is not None and all(_among(each, group) or passes(each) for each in larger):
            group = larger
    axis = next((axis for order, axis in orders if order == ANY), None)
    return Symmetry(group, describe(group), axis)


def turns(axis: Floats, order: int) -> Floats:
    """Rotations (order, 3, 3) about an axis (3,) by multiples of 360 degrees over `order`, the identity first."""
    angles = np.arange(order) * (2 * np.pi / order)
    return np.asarray(Rotation.from_rotvec(angles[:, None] * axis / np.linalg.norm(axis)).as_matrix())


def _order(axis: Floats, passes: Callable[[Floats], bool]) -> int:
    """The highest order by whose turns about an axis the object looks the same; 1 for none."""
    for order in ORDERS:
        if all(passes(turn) for turn in turns(axis, order)[1:]):
            return order
    return 1


def _half_turn(axis: Floats) -> Floats:
    return turns(axis, 2)


def _diagonals() -> list[Floats]:
    """The diagonals of the planes of two axes."""
    pairs = [(0, 1), (0, 2), (1, 2)]
    return [np.eye(3)[one] + sign * np.eye(3)[other] for one, other in pairs for sign in (1, -1)]


def _closure(rotations: Floats) -> Floats | None:
    """All products of some rotations, (G, 3, 3) with the identity first; None where there are too many."""
    group: list[Floats] = []
    waiting = list(rotations)
    while waiting:
        each = waiting.pop(0)
        if not _among(each, group):
            group.append(each)
            waiting += [product for other in group for product in (each @ other, other @ each)]
        if len(group) > _MOST:
            return None
    return np.stack(group)


def _among(rotation: Floats, group: Sequence[Floats] | Floats) -> bool:
    if not len(group):
        return False
    # The trace of R^T S is 1 + 2 cos of the angle between them.
    cosines = (np.einsum("gij,ij->g", np.asarray(group), rotation) - 1) / 2
    return bool((cosines > _SAME).any())


def describe(group: Floats) -> str:
    """A group (G, 3, 3), the identity first, in words."""
    if len(group) == 1:
        return "none"
    about = _cycles(group)
    order, axis = about[0]
    if sum(each > 2 for each, _ in about) > 1:
        return f"the {len(group)} turns of a {'cube' if len(group) == 24 else 'tetrahedron'}"
    if len(about) == 1:
        return f"{_angle(order)} about {_axis(axis)}"
    if order == 2:
        return "180° about each of three axes"
    return f"{_angle(order)} about {_axis(axis)}, and end for end"


def _cycles(group: Iterable[Floats]) -> list[tuple[int, Floats]]:
    """Axes (3,) of a group's rotations and the order of each, highest first."""
    vectors = [Rotation.from_matrix(each).as_rotvec() for each in group]
    axes = [vector / np.linalg.norm(vector) for vector in vectors if np.linalg.norm(vector) > 1e-6]
    distinct: list[Floats] = []
    for axis in axes:
        if not any(abs(axis @ other) > _SAME for other in distinct):
            distinct.append(axis)
    counted = [(1 + sum(abs(axis @ other) > _SAME for other in axes), axis) for axis in distinct]
    return sorted(counted, key=lambda each: -each[0])


def _angle(order: int) -> str:
    return "any turn" if order == ANY else f"{360 // order}°"


def _axis(axis: Floats) -> str:
    main = int(np.argmax(np.abs(axis)))
    return f"the {AXES[main]} axis" if abs(axis[main]) > _SAME else "a diagonal axis"
