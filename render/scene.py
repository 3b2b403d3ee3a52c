"""From latents to a scene in plain numbers. Nothing here knows Blender."""

import colorsys
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from threedie.manifests.latents import LatentField
from threedie.render.preset import Preset

Array = npt.NDArray[np.float64]
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class ViewScene:
    """What changes from view to view.

    Attributes:
        object_euler: the object's rotation, radians about the fixed axes x, then y, then z (Blender's `XYZ`).
        object_location: the object's center.
        floor_color: linear RGB of the floor.
        spot_matrix: 4 x 4, from the spot's coordinates (it shines along its -Z) to the world's.
        spot_color: linear RGB of the spot.
    """

    object_euler: Vector
    object_location: Vector
    floor_color: Vector
    spot_matrix: Array
    spot_color: Vector


def spherical(distance: float, theta: float, phi: float) -> Array:
    """Point (3,) at distance (Blender units), polar angle theta from +Z and azimuth phi from +X, in radians."""
    return distance * np.array(
        [math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta)],
    )


def aimed_at_origin(position: Array) -> Array:
    """Matrix (4, 4) of a camera or lamp at `position` whose -Z axis points at the origin and whose +Y axis is up.

    Straight above the origin, where up has no meaning, +X stays +X.
    """
    backward = position / np.linalg.norm(position)
    right = np.cross([0.0, 0.0, 1.0], backward)
    length = np.linalg.norm(right)
    right = right / length if length > 1e-9 else np.array([1.0, 0.0, 0.0])
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(backward, right), backward], axis=1)
    matrix[:3, 3] = position
    return matrix


def camera_matrix(preset: Preset) -> Array:
    """Matrix (4, 4) from camera to world coordinates."""
    camera = preset.camera
    return aimed_at_origin(spherical(camera.distance, camera.theta, camera.phi))


def object_matrix(scene: ViewScene) -> Array:
    """Matrix (4, 4) from the object's centered coordinates to the world's."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", scene.object_euler).as_matrix()
    matrix[:3, 3] = scene.object_location
    return matrix


def view_scene(preset: Preset, fields: Sequence[LatentField], latents: Array) -> ViewScene:
    """The scene of one view, from its latent vector (L,).

    A translation (3DIEBench-T) is in the object's frame: the object's matrix is R(rotation) times T(translation), so it
    is at R t.
    """
    value = dict(zip((field.name for field in fields), (float(x) for x in latents), strict=True))
    euler = (value["rotation_x"], value["rotation_y"], value["rotation_z"])
    shift = np.array([value.get(f"translation_{axis}", 0.0) for axis in "xyz"])
    location = Rotation.from_euler("xyz", euler).apply(shift) if shift.any() else shift
    spot = preset.spot
    return ViewScene(
        object_euler=euler,
        object_location=(float(location[0]), float(location[1]), float(location[2])),
        floor_color=colorsys.hsv_to_rgb(value["floor_hue"], preset.floor.saturation, preset.floor.value),
        spot_matrix=aimed_at_origin(spherical(spot.distance, value["light_theta"], value["light_phi"])),
        spot_color=colorsys.hsv_to_rgb(value["light_hue"], spot.saturation, spot.value),
    )
