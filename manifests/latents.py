"""The latent fields of a view, and the relative transformation from one view to another."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from threedie.manifests.actions import ACTIONS, ROTATION, TRANSLATION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.manifests.plurals import pluralize

Array = npt.NDArray[np.float64]

UNITS: dict[str, str] = {
    "rotation_x": "rad",
    "rotation_y": "rad",
    "rotation_z": "rad",
    "floor_hue": "turn",
    "light_theta": "rad",
    "light_phi": "rad",
    "light_hue": "turn",
    "translation_x": "length",
    "translation_y": "length",
    "translation_z": "length",
}
"""Every field a latent vector may have, in this order, and its unit. Lengths are Blender units."""

REQUIRED_FIELDS = tuple(UNITS)[:7]


@dataclass(frozen=True)
class LatentField:
    """One entry of a latent vector: its name and the closed ranges its values lie in."""

    name: str
    ranges: tuple[tuple[float, float], ...]

    @property
    def unit(self) -> str:
        """The field's unit: rad, turn (0 to 1 around the color circle) or length."""
        return UNITS[self.name]

    def contains(self, values: Array) -> npt.NDArray[np.bool_]:
        """Which values lie in one of the ranges."""
        inside = np.zeros(np.shape(values), dtype=bool)
        for low, high in self.ranges:
            inside |= (values >= low) & (values <= high)
        return inside

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, the unit included."""
        return {**asdict(self), "unit": self.unit}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "LatentField":
        """Back from `to_json`.

        Raises:
            ValueError: no such field, or a range that isn't two numbers. KeyError and TypeError: not of that form.
        """
        if value["name"] not in UNITS:
            raise ValueError(f"no latent field is called {value['name']!r:.60}")
        ranges = tuple((float(low), float(high)) for low, high in value["ranges"])
        if not all(low <= high for low, high in ranges):
            raise ValueError(f"the ranges of {value['name']} are damaged")
        return cls(value["name"], ranges)


def latent_problems(fields: Sequence[LatentField], latents: Array, within_ranges: bool = True) -> list[str]:
    """What is wrong with the latents of one object: a sentence for each field.

    Args:
        fields: the dataset's latent fields.
        latents: (V, L).
        within_ranges: whether a finite value outside the field's ranges is wrong too.
    """
    problems = []
    for column, field in enumerate(fields):
        values = latents[:, column]
        finite = np.isfinite(values)
        good = finite & field.contains(values) if within_ranges else finite
        wrong = np.flatnonzero(~good)
        if len(wrong):
            ranges = " or ".join(f"{low:.6g} to {high:.6g}" for low, high in field.ranges)
            more = f" (and of {pluralize(len(wrong) - 1, 'more view')})" if len(wrong) > 1 else ""
            value = values[wrong[0]]
            problems.append(f"{field.name} of view {wrong[0]}{more} is {value:.6g}, outside {ranges} {field.unit}")
    return problems


def check_latents(fields: Sequence[LatentField], latents: Array, refs: Sequence[ObjectRef], where: str) -> None:
    """Refuse latents that aren't finite numbers: actions computed from them wouldn't be either.

    Args:
        fields: the dataset's latent fields.
        latents: (N, V, L).
        refs: the N objects.
        where: file or folder they are from, for the message.

    Raises:
        ThreeDieError: a value is NaN or infinite; names the object, the view and the field of the first.
    """
    bad = np.flatnonzero(~np.isfinite(latents).all(axis=(1, 2)))
    if len(bad):
        first = latent_problems(fields, latents[bad[0]], within_ranges=False)[0].split(", outside")[0]
        others = f"; the same in {pluralize(len(bad) - 1, 'more object')}" if len(bad) > 1 else ""
        raise ThreeDieError(
            f"{where}: {refs[bad[0]]}: {first}, not a finite number{others}; get the latents again, or leave the "
            f"object{'s' if others else ''} out ('3die data verify' lists all)"
        )


def columns(fields: Sequence[LatentField], names: Sequence[str]) -> list[int]:
    """Positions of some fields in the latent vector.

    Raises:
        ThreeDieError: the dataset lacks a field.
    """
    order = [field.name for field in fields]
    missing = [name for name in names if name not in order]
    if missing:
        raise ThreeDieError(f"the dataset has no latent field {missing[0]!r}; it has {', '.join(order)}")
    return [order.index(name) for name in names]


def quaternions(euler: Array) -> Array:
    """Unit quaternions (..., 4), x y z w, of angles (..., 3) in radians about the fixed axes x, then y, then z."""
    flat = Rotation.from_euler("xyz", np.reshape(euler, (-1, 3))).as_quat()
    return np.asarray(flat).reshape(*np.shape(euler)[:-1], 4)


def rotated(euler: Array, vectors: Array) -> Array:
    """Vectors (n, 3) turned by R, with R of angles (n, 3) in radians as in `quaternions`."""
    return np.asarray(Rotation.from_euler("xyz", euler).apply(vectors))


def relative_quaternions(euler1: Array, euler2: Array) -> Array:
    """q1^-1 * q2 as unit quaternions (..., 4), x y z w, of two arrays of angles (..., 3).

    The sign is the one the product of scipy's quaternions gives: w is negative in 4.4% of the pairs of 3DIEBench and is
    not flipped (SIE, section 4; checked against the original).
    """
    first = Rotation.from_euler("xyz", np.reshape(euler1, (-1, 3)))
    second = Rotation.from_euler("xyz", np.reshape(euler2, (-1, 3)))
    return np.asarray((first.inv() * second).as_quat()).reshape(*np.shape(euler1)[:-1], 4)


def relative_translations(frame: str, euler1: Array, shift1: Array, euler2: Array, shift2: Array) -> Array:
    """Translation (..., 3) of the relative rigid motion M1^-1 M2, whose rotation is `relative_quaternions`.

    Args:
        frame: `object` for M = T(t) R, `base` for M = R T(t).
        euler1, euler2: angles (..., 3) of R in radians, as in `quaternions`.
        shift1, shift2: translations t (..., 3).
    """
    first, second = (Rotation.from_euler("xyz", np.reshape(euler, (-1, 3))) for euler in (euler1, euler2))
    one, two = np.reshape(shift1, (-1, 3)), np.reshape(shift2, (-1, 3))
    moved = first.inv().apply(two - one) if frame == "object" else (first.inv() * second).apply(two) - one
    return np.asarray(moved).reshape(np.shape(shift1))


ACTION_SIZES: dict[str, int] = {name: action.size for name, action in ACTIONS.items()}
"""Actions by name, and how many numbers each has."""


def actions(kind: str, fields: Sequence[LatentField], latents1: Array, latents2: Array) -> Array:
    """The relative transformation between two views.

    Args:
        kind: name of an action, a key of `threedie.manifests.actions.ACTIONS`.
        fields: the dataset's latent fields.
        latents1: latents (..., L) of the first views.
        latents2: latents (..., L) of the second views.

    Returns:
        (..., A) with A = `ACTION_SIZES[kind]`: the relative quaternion if the action has one, then the differences of
        its fields, second minus first, in the fields' units; of a rigid motion its translation.

    Raises:
        ThreeDieError: an unknown action, or a field that the dataset lacks.
    """
    if kind not in ACTIONS:
        raise ThreeDieError(f"{kind!r} is not an action; choose from {', '.join(ACTIONS)}")
    action = ACTIONS[kind]
    pieces = []
    if action.rotates:
        index = columns(fields, ROTATION)
        pieces.append(relative_quaternions(latents1[..., index], latents2[..., index]))
    if action.differences:
        index = columns(fields, action.differences)
        pieces.append(latents2[..., index] - latents1[..., index])
    if action.frame:
        turn, shift = columns(fields, ROTATION), columns(fields, TRANSLATION)
        poses = (latents[..., index] for latents in (latents1, latents2) for index in (turn, shift))
        pieces.append(relative_translations(action.frame, *poses))
    return np.concatenate(pieces, axis=-1)
