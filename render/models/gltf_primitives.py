"""The primitives of a glTF file's meshes: triangles, strips, fans and their attributes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from threedie.manifests.errors import one_line
from threedie.manifests.plurals import pluralize
from threedie.render.models.draco import DracoMeshes
from threedie.render.models.gltf_file import Decoded, GltfFile, Numbers, component, mapping
from threedie.render.models.gltf_pieces import Primitive
from threedie.render.models.polygons import Floats, Ints
from threedie.render.models.source import ModelError

MAX_TRIANGLES = 2**23
"""Triangles of all instances together. A larger mesh would make an OBJ file beyond the size allowed."""

TOO_MANY_TRIANGLES = f"more than the {MAX_TRIANGLES:,} triangles allowed"

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_LINES_AND_POINTS = (0, 1, 2, 3)
_UV_SETS = 8


class Primitives:
    """Reads the primitives of a file's meshes."""

    def __init__(self, file: GltfFile) -> None:
        self._file = file
        self._draco = DracoMeshes(file)

    def of_mesh(self, mesh: dict[str, Any]) -> Iterator[Primitive]:
        """The primitives of a mesh that have triangles.

        Raises:
            ModelError: one of them is damaged.
        """
        primitives = mesh.get("primitives")
        if not isinstance(primitives, list):
            raise ModelError("the primitives of a mesh aren't a list")
        dropped = 0
        for each in primitives:
            primitive = mapping(each)
            mode = primitive.get("mode", _TRIANGLES)
            if mode in _LINES_AND_POINTS:
                dropped += 1
                continue
            if mode not in (_TRIANGLES, _STRIP, _FAN):
                raise ModelError(f"a primitive has the mode {one_line(mode)}, which glTF doesn't define")
            read = self._primitive(primitive, mode)
            if read is not None:
                yield read
        if dropped:
            self._file.notes.add(f"{pluralize(dropped, 'primitive')} of points or lines left out")

    def _primitive(self, primitive: dict[str, Any], mode: int) -> Primitive | None:
        attributes = mapping(primitive.get("attributes"))
        if "POSITION" not in attributes:
            self._file.notes.add("a primitive without positions left out")
            return None
        decoded = self._draco.decoded(primitive)
        faces = self._faces(primitive, attributes, mode, decoded)
        faces = self._valid(faces)
        if not len(faces):
            return None
        used, corners = np.unique(faces, return_inverse=True)
        reader = _Attributes(self._file, attributes, used, decoded)
        points = reader.required("POSITION", ("VEC3",))
        targets = primitive.get("targets")
        morphs = [
            _Attributes(self._file, mapping(target), used, None)
            for target in (targets if isinstance(targets, list) else [])
        ]
        joints, weights = reader.joints()
        material = primitive.get("material")
        materials = len(self._file.items("materials"))
        if material is not None and (type(material) is not int or not 0 <= material < materials):
            self._file.notes.add(f"material {one_line(material)} doesn't exist; its faces are white")
            material = None
        return Primitive(
            material,
            corners.reshape(-1, 3).astype(np.int64),
            points,
            reader.optional("NORMAL", ("VEC3",)),
            reader.colors(),
            {uv_set: uv for uv_set in range(_UV_SETS)
             if (uv := reader.optional(f"TEXCOORD_{uv_set}", ("VEC2",))) is not None},
            tuple(morph.optional("POSITION", ("VEC3",)) for morph in morphs),
            tuple(morph.optional("NORMAL", ("VEC3",)) for morph in morphs),
            joints,
            weights,
        )  # fmt: skip

    def _faces(self, primitive: dict[str, Any], attributes: dict[str, Any], mode: int, decoded: Decoded | None) -> Ints:
        if primitive.get("indices") is not None:
            indices = self._file.accessor(primitive["indices"], ("SCALAR",), decoded=decoded)[:, 0]
            if indices.dtype.kind != "u":
                raise ModelError("the indices of a primitive aren't unsigned integers")
        else:
            indices = np.arange(len(self._file.accessor(attributes["POSITION"], ("VEC3",), decoded=decoded)))
        if len(indices) > 3 * MAX_TRIANGLES:
            raise ModelError(TOO_MANY_TRIANGLES)
        return triangles_of(indices.astype(np.int64), mode)

    def _valid(self, faces: Ints) -> Ints:
        """Faces without degenerate ones (a vertex twice) and repeated ones, which Blender leaves out too."""
        vertices = np.sort(faces, axis=1)
        whole = (vertices[:, 0] != vertices[:, 1]) & (vertices[:, 1] != vertices[:, 2])
        faces, vertices = faces[whole], vertices[whole]
        order = np.lexsort(vertices.T)
        # The sort is stable: among equal ones the first in the file comes first.
        new = np.ones(len(order), bool)
        new[1:] = (vertices[order[1:]] != vertices[order[:-1]]).any(axis=1)
        if not new.all():
            self._file.notes.add(f"{pluralize(int((~new).sum()), 'triangle')} that repeat others left out")
        kept: Ints = faces[np.sort(order[new])]
        return kept


def triangles_of(indices: Ints, mode: int) -> Ints:
    """Triangles (F, 3) of a list (mode 4), a strip (5) or a fan (6) of vertices; left-over vertices are dropped."""
    if mode == _TRIANGLES:
        return indices[: len(indices) // 3 * 3].reshape(-1, 3)
    if len(indices) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == _FAN:
        return np.stack([np.full(len(indices) - 2, indices[0]), indices[1:-1], indices[2:]], axis=-1)
    strip = np.stack([indices[:-2], indices[1:-1], indices[2:]], axis=-1)
    strip[1::2, 1:] = strip[1::2, :0:-1]  # every second one is reversed
    return strip


class _Attributes:
    """Attributes of a primitive, or of a morph target, at the vertices that its triangles use."""

    def __init__(self, file: GltfFile, attributes: dict[str, Any], used: Ints, decoded: Decoded | None) -> None:
        self._file, self._attributes, self._used, self._decoded = file, attributes, used, decoded

    def required(self, key: str, sizes: tuple[str, ...]) -> Floats:
        values: Floats = self._raw(key, sizes).astype(np.float64)
        return values

    def optional(self, key: str, sizes: tuple[str, ...]) -> Floats | None:
        """None if absent, and, with a note, if it can't be read."""
        if key not in self._attributes:
            return None
        try:
            return self.required(key, sizes)
        except ModelError as error:
            self._file.notes.add(f"{key} left out: {error}")
            return None

    def colors(self) -> Floats | None:
        """Linear RGBA (V, 4)."""
        values = self.optional("COLOR_0", ("VEC3", "VEC4"))
        if values is None:
            return None
        accessor = self._file.item("accessors", self._attributes["COLOR_0"])
        kind = component(accessor)
        if kind.kind in "iu" and accessor.get("normalized") is not True:
            self._file.notes.add("vertex colors are integers that aren't marked as normalized; taken as such")
            values = values / np.iinfo(kind).max
        if values.shape[1] == 3:
            values = np.concatenate([values, np.ones((len(values), 1))], axis=1)
        if not np.isfinite(values).all() or values.max(initial=0) > 1 or values.min(initial=1) < 0:
            self._file.notes.add("vertex colors beyond 0 to 1 cut off")
        return np.clip(np.nan_to_num(values, nan=1.0), 0, 1)

    def joints(self) -> tuple[Ints | None, Floats | None]:
        """Joints and their weights (V, 4 n), of all sets."""
        joints: list[Ints] = []
        weights: list[Floats] = []
        while f"JOINTS_{len(joints)}" in self._attributes and f"WEIGHTS_{len(joints)}" in self._attributes:
            weights.append(self.required(f"WEIGHTS_{len(joints)}", ("VEC4",)))
            joints.append(self._raw(f"JOINTS_{len(joints)}", ("VEC4",)).astype(np.int64))
        if not joints:
            return None, None
        return np.concatenate(joints, axis=1), np.concatenate(weights, axis=1)

    def _raw(self, key: str, sizes: tuple[str, ...]) -> Numbers:
        return self._file.accessor(self._attributes[key], sizes, self._used, self._decoded)
