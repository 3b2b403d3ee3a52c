"""Rewriting an OBJ file: vertices in another frame, faces without invalid corners; and the faults of the faces."""

import numpy as np
import numpy.typing as npt

from threedie.manifests.plurals import pluralize
from threedie.render.models.faults import Fault
from threedie.render.models.obj import FACE, Corners
from threedie.render.models.polygons import Floats, Ints
from threedie.render.models.source import MESH_FILE

Mask = npt.NDArray[np.bool_]

_KEPT_LINES = (b"vt", b"vn", b"g", b"o", b"s", b"usemtl")
_POINTS = (b"vt", b"vn")
_VERTEX_BEGINS, _FACE_BEGINS = (b"v ", b"v\t"), (b"f ", b"f\t")


def corner_faults(corners: Corners) -> list[Fault]:
    """What is wrong with the faces, apart from their vertices."""
    faults = []
    small, wrong_uv, wrong_normal, early = _face_faults(corners)
    if small.any():
        faults.append(Fault("mesh", f"{pluralize(int(small.sum()), 'face')} with fewer than 3 corners", "left out"))
    if wrong_uv.any():
        what = f"{pluralize(int(wrong_uv.sum()), 'face')} with texture coordinates that don't exist"
        faults.append(Fault("mesh", what, "kept without them", mended=True))
    if wrong_normal.any():
        what = f"{pluralize(int(wrong_normal.sum()), 'face')} with normals that don't exist"
        faults.append(Fault("mesh", what, "kept without them", mended=True))
    if early.any():
        what = f"{pluralize(int(early.sum()), 'face')} before their vertices"
        faults.append(Fault("mesh", what, "kept", mended=True))
    return faults


def _face_faults(corners: Corners) -> tuple[Mask, Mask, Mask, Mask]:
    """Which faces (F,) have too few corners, wrong texture coordinates, wrong normals, or come too early."""
    small = corners.counts < 3
    wrong_uv, wrong_normal = (
        corners.per_face(corners.indices[:, column] >= corners.totals[column]) & ~small for column in (1, 2)
    )
    before = np.repeat(corners.before, corners.counts, axis=0)
    early = corners.per_face((corners.indices >= before).any(axis=1)) & ~(small | wrong_uv | wrong_normal)
    return small, wrong_uv, wrong_normal, early


def rewrite(content: bytes, points: Floats, rotation: Floats, corners: Corners) -> bytes:
    """The text of an OBJ file with other vertices and without what is wrong with its faces.

    Args:
        content: the file as plain text.
        points: the new vertices (V, 3), in the file's order.
        rotation: of the new vertices against the old, (3, 3), for the normals.
        corners: the corners of the file's faces.
    """
    # Unused vertices may be anything, but must stay, since faces count vertices.
    safe = np.where(np.isfinite(points), points, 0.0)
    vertices = iter((("v %.7g %.7g %.7g\n" * len(safe)) % tuple(safe.ravel().tolist())).encode().splitlines(True))
    rotates = not np.array_equal(rotation, np.eye(3))
    small, wrong_uv, wrong_normal, early = _face_faults(corners)
    # A single-pass reader drops faces whose corners come later.
    sorts = bool(early.any())
    respelled = wrong_uv | wrong_normal | sorts
    faces = zip(small.tolist(), respelled.tolist(), corners.faces(), strict=True)
    head = [f"mtllib {MESH_FILE.with_suffix('.mtl').name}\n".encode()]
    lines: list[bytes] = []
    for line in content.split(b"\n"):
        text = line.lstrip(b" \t")
        # Exactly the lines that count as vertices and faces elsewhere.
        if text[:2] in _VERTEX_BEGINS:
            (head if sorts else lines).append(next(vertices))
        elif text[:2] in _FACE_BEGINS:
            if FACE.match(text):
                too_small, respell, indices = next(faces)
                if not too_small:
                    lines.append(_face_line(indices, corners.totals) if respell else text.rstrip() + b"\n")
        elif (words := text.split(None, 1)) and words[0] in _KEPT_LINES:
            kept = _rotated_normal(text, rotation) if rotates and words[0] == b"vn" else text.rstrip() + b"\n"
            (head if sorts and words[0] in _POINTS else lines).append(kept)
    return b"".join([*head, *lines])


def _face_line(indices: Ints, totals: tuple[int, int, int]) -> bytes:
    """A face of corners (N, 3), without texture coordinates and normals that don't exist."""
    words = []
    for vertex, uv, normal in indices.tolist():
        uv_word = str(uv + 1) if 0 <= uv < totals[1] else ""
        normal_word = f"/{normal + 1}" if 0 <= normal < totals[2] else ""
        words.append(f"{vertex + 1}" + (f"/{uv_word}{normal_word}" if uv_word or normal_word else ""))
    return f"f {' '.join(words)}\n".encode()


def _rotated_normal(line: bytes, rotation: Floats) -> bytes:
    try:
        x, y, z = rotation @ np.array([float(word) for word in line.split()[1:4]])
    except ValueError:
        return b"vn 0 1 0\n"
    return b"vn %.5f %.5f %.5f\n" % (x, y, z)
