"""The object's box in a picture, and the picture composed of the object's part and the floor around it.

The floor is smooth: rendered small and enlarged, it looks the same and costs a seventh. So a picture
can be made of two: the floor with the object's shadow but without the object, small; and the part with the object, in
full. Plain numbers; nothing here knows Blender.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from threedie.render.preset import Preset
from threedie.render.scene import ViewScene, camera_matrix, object_matrix

FLOOR_SHARE = 3 / 8
"""Width of the floor's picture as a share of the whole picture's."""

MIN_FLOOR = 64
"""Least width of the floor's picture: shadows and the edge of the spot's cone must stay wider than a pixel."""

CLEARANCE = 0.3
"""Where the object comes nearer to the floor than this, its shadow has edges that a small picture doesn't show."""

MARGIN = 4
"""Pixels around the object: the width of the pixel filter, and room to blend."""

BYTES_A_PIXEL = 6
"""Of the temporary pictures that Blender writes: three channels of 16 bits."""

MAX_AREA = 0.6
"""Where the object's part of the picture is larger than this share, two pictures would save nothing."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Box:
    """Pixels `left <= x < right` and `top <= y < bottom` of a picture, counted from its upper left corner."""

    left: int
    right: int
    top: int
    bottom: int

    def border(self, size: int) -> tuple[float, float, float, float]:
        """Left, right, lower and upper border as shares of a picture of `size` pixels, counted from below.

        Half a pixel more than the box: Blender multiplies by the size in single precision and cuts off, which without
        the half gives one pixel less in some places, such as 31 of 224.
        """
        pixels = (self.left, self.right, size - self.bottom, size - self.top)
        left, right, low, high = (min(1.0, (pixel + 0.5) / size) for pixel in pixels)
        return left, right, low, high


def floor_size(size: int) -> int | None:
    """Width in pixels of the floor's picture for pictures of `size` pixels; None where they are too small to split."""
    width = max(MIN_FLOOR, round(size * FLOOR_SHARE))
    return width if width * 2 <= size else None


def object_box(vertices: Floats, preset: Preset, view: ViewScene, size: int) -> Box | None:
    """The part of a picture of `size` x `size` pixels that shows the object.

    Args:
        vertices: (N, 3), in the object's own coordinates.
        preset: for the camera and the height of the floor.
        view: for the object's place.
        size: width and height of the picture in pixels.

    Returns:
        The box, or None where the picture must be rendered in one piece: the object is out of sight or reaches behind
        the camera, is close to the floor, or fills most of the picture.
    """
    to_world = object_matrix(view)
    points = vertices @ to_world[:3, :3].T.astype(np.float32) + to_world[:3, 3].astype(np.float32)
    if float(points[:, 2].min()) < preset.floor.height + CLEARANCE:
        return None
    to_camera = np.linalg.inv(camera_matrix(preset)).astype(np.float32)
    from_camera = points @ to_camera[:3, :3].T + to_camera[:3, 3]
    depth = -from_camera[:, 2]
    if float(depth.min()) <= preset.camera.clip_start:
        return None
    focal = 1 / np.tan(preset.camera.field_of_view / 2)
    across = (from_camera[:, 0] / depth * focal + 1) / 2 * size
    down = (1 - from_camera[:, 1] / depth * focal) / 2 * size
    box = Box(
        max(0, int(np.floor(across.min())) - MARGIN),
        min(size, int(np.ceil(across.max())) + MARGIN),
        max(0, int(np.floor(down.min())) - MARGIN),
        min(size, int(np.ceil(down.max())) + MARGIN),
    )
    width, height = box.right - box.left, box.bottom - box.top
    visible = width > 0 and height > 0
    return box if visible and width * height <= MAX_AREA * size**2 else None


def composed(floor: Floats, part: Floats, box: Box, size: int) -> Floats:
    """One picture (size, size, 3) of the floor (F, F, 3), enlarged, and the object's part, blended at its border."""
    picture = np.stack(
        [
            np.asarray(Image.fromarray(channel).resize((size, size), Image.Resampling.BICUBIC))
            for channel in _planes(floor)
        ],
        axis=-1,
    )
    rows = _ramp(box.bottom - box.top, box.top > 0, box.bottom < size)
    columns = _ramp(box.right - box.left, box.left > 0, box.right < size)
    weight = np.minimum(rows[:, None], columns[None])[..., None]
    floor_part = picture[box.top : box.bottom, box.left : box.right]
    picture[box.top : box.bottom, box.left : box.right] = floor_part + (part - floor_part) * weight
    return picture


def _planes(picture: Floats) -> list[Floats]:
    return [np.ascontiguousarray(picture[..., channel]) for channel in range(3)]


def _ramp(length: int, begins: bool, ends: bool) -> Floats:
    """Weights (length,) that rise over the margin where the part begins inside the picture, and fall where it ends."""
    steps = (np.arange(length, dtype=np.float32) + 0.5) / MARGIN
    weight = np.ones(length, np.float32)
    if begins:
        weight = np.minimum(weight, steps)
    return np.minimum(weight, steps[::-1]) if ends else weight
