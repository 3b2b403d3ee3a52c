"""The triangles of a glTF file's default scene: nodes, instances, skins, morph targets, strips and fans."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import one_line
from threedie.render.models.draco import DracoMeshes
from threedie.render.models.gltf_file import Decoded, GltfFile, Numbers, component, mapping, number, numbers
from threedie.render.models.numbers import counted
from threedie.render.models.polygons import Floats, Ints
from threedie.render.models.source import ModelError

Bools = npt.NDArray[np.bool_]

MAX_TRIANGLES = 2**23
"""Triangles of all instances together. A larger mesh would make an OBJ file beyond the size allowed."""
MAX_INSTANCES = 2**17

_TOO_MANY_TRIANGLES = f"more than the {MAX_TRIANGLES:,} triangles allowed"
_TOO_MANY_INSTANCES = f"more than the {MAX_INSTANCES:,} meshes and instances of meshes allowed"
_INSTANCING = "EXT_mesh_gpu_instancing"
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_LINES_AND_POINTS = (0, 1, 2, 3)
_UV_SETS = 8


@dataclass(frozen=True)
class Piece:
    """Triangles of one primitive, or of several of the same material, in the scene's space.

    Attributes:
        material: number of their material; None for the default one.
        points: float64 (V, 3).
        faces: int64 (F, 3).
        normals: float64 (F * 3, 3), of each corner; None for flat faces.
        colors: float64 (F * 3, 4), linear RGBA of each corner; None without.
        uv: texture coordinates, float64 (F * 3, 2), v downwards, by the number of their set.
    """

    material: int | None
    points: Floats
    faces: Ints
    normals: Floats | None
    colors: Floats | None
    uv: Mapping[int, Floats]


@dataclass(frozen=True)
class _Primitive:
    """A primitive as its mesh has it, with the vertices that its triangles use."""

    material: int | None
    faces: Ints
    points: Floats
    normals: Floats | None
    colors: Floats | None
    uv: Mapping[int, Floats]
    morph_points: tuple[Floats | None, ...]
    morph_normals: tuple[Floats | None, ...]
    joints: Ints | None
    weights: Floats | None


def scene_pieces(file: GltfFile) -> list[Piece]:
    """The triangles of the default scene, one piece for each material and set of attributes.

    Raises:
        ModelError: there are none, or the file's nodes or meshes are damaged.
    """
    nodes, matrices = _node_matrices(file)
    if not nodes and file.items("meshes"):
        file.notes.add("no nodes place its meshes; all are taken as they are")
        nodes = [{"mesh": index} for index in range(len(file.items("meshes")))]
        matrices = {index: np.eye(4) for index in range(len(nodes))}
    meshes = _Meshes(file, matrices)
    for index in _visible(file, nodes, matrices):
        if nodes[index].get("mesh") is not None:
            meshes.add(nodes[index], _instances(file, nodes[index], matrices[index]))
    pieces = list(meshes.pieces())
    if not pieces:
        notes = file.notes.all()
        raise ModelError(f"no faces ({'; '.join(notes)})" if notes else "no faces")
    return _merged(pieces)


def _node_matrices(file: GltfFile) -> tuple[list[dict[str, Any]], dict[int, Floats]]:
    """All nodes, and the world matrix (4, 4) of each that hangs on a root."""
    nodes = [mapping(node) for node in file.items("nodes")]
    parents: dict[int, int] = {}
    for index, node in enumerate(nodes):
        for child in _indices(node.get("children"), len(nodes), "a node's children"):
            if child in parents or child == index:
                raise ModelError(f"its nodes are no tree: node {child} has more than one parent")
            parents[child] = index
    matrices: dict[int, Floats] = {}
    # The deepest chain of nodes may be longer than Python recurses.
    waiting = [index for index in range(len(nodes)) if index not in parents]
    while waiting:
        index = waiting.pop()
        local = _local_matrix(nodes[index], index)
        matrices[index] = matrices[parents[index]] @ local if index in parents else local
        waiting += _indices(nodes[index].get("children"), len(nodes), "a node's children")
    return nodes, matrices


def _indices(value: object, end: int, what: str) -> list[int]:
    if value is None:
        return []
    if not isinstance(value, list) or any(type(each) is not int or not 0 <= each < end for each in value):
        raise ModelError(f"{what} aren't a list of those that are there")
    return value


def _local_matrix(node: dict[str, Any], index: int) -> Floats:
    if node.get("matrix") is not None:
        matrix = numbers(node["matrix"], 16)
        if matrix is None:
            raise ModelError(f"the matrix of node {index} isn't 16 numbers")
        return matrix.reshape(4, 4).T
    parts = []
    for key, default in (("translation", [0, 0, 0]), ("rotation", [0, 0, 0, 1]), ("scale", [1, 1, 1])):
        value = numbers(node.get(key, default), len(default))
        if value is None:
            raise ModelError(f"the {key} of node {index} isn't {len(default)} numbers")
        parts.append(value[None])
    matrices = _trs(*parts)
    return matrices[0]


def _trs(translation: Floats, rotation: Floats, scale: Floats) -> Floats:
    """Matrices (N, 4, 4) of translations (N, 3), quaternions (N, 4) with w last, and scales (N, 3)."""
    length = np.linalg.norm(rotation, axis=1, keepdims=True)
    rotation = np.where(length > 0, rotation / np.where(length > 0, length, 1), [0, 0, 0, 1])
    x, y, z, w = rotation.T
    matrices = np.zeros((len(rotation), 4, 4))
    matrices[:, 0, :3] = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], -1)
    matrices[:, 1, :3] = np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], -1)
    matrices[:, 2, :3] = np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], -1)
    matrices[:, :3, :3] *= scale[:, None, :]
    matrices[:, :3, 3] = translation
    matrices[:, 3, 3] = 1
    return matrices


def _visible(file: GltfFile, nodes: list[dict[str, Any]], matrices: Mapping[int, Floats]) -> list[int]:
    """Nodes of the default scene, or of all where there are no scenes; a note says what others hold."""
    roots = _scene_roots(file, len(nodes))
    if roots is None:
        children = {child for node in nodes for child in node.get("children") or []}
        roots = [index for index in range(len(nodes)) if index not in children]
    chosen: dict[int, None] = {}
    hidden = 0
    waiting = roots[::-1]
    while waiting:
        index = waiting.pop()
        if index in chosen:
            continue
        if index not in matrices:
            raise ModelError(f"its nodes are no tree: node {index} is its own ancestor")
        if mapping(mapping(nodes[index].get("extensions")).get("KHR_node_visibility")).get("visible") is False:
            hidden += 1
            continue
        chosen[index] = None
        waiting += (nodes[index].get("children") or [])[::-1]
    if hidden:
        file.notes.add(f"{counted(hidden, 'hidden node')} left out")
    elsewhere = sum(node.get("mesh") is not None for index, node in enumerate(nodes) if index not in chosen)
    if elsewhere and not hidden:
        file.notes.add(f"{counted(elsewhere, 'mesh', 'meshes')} outside of the default scene left out")
    return list(chosen)


def _scene_roots(file: GltfFile, nodes: int) -> list[int] | None:
    scenes = file.items("scenes")
    if not scenes:
        return None
    index = file.json.get("scene", 0)
    if type(index) is not int or not 0 <= index < len(scenes):
        file.notes.add(f"the default scene {one_line(index)} isn't there; the first one is used")
        index = 0
    return _indices(mapping(scenes[index]).get("nodes"), nodes, "a scene's nodes")


def _instances(file: GltfFile, node: dict[str, Any], matrix: Floats) -> Floats:
    """World matrices (N, 4, 4) of the instances of a node's mesh, most often one."""
    instancing = mapping(node.get("extensions")).get(_INSTANCING)
    if instancing is None:
        return matrix[None]
    attributes = mapping(mapping(instancing).get("attributes"))
    found = {
        key: np.asarray(file.accessor(attributes[key], (size,)), np.float64)
        for key, size in (("TRANSLATION", "VEC3"), ("ROTATION", "VEC4"), ("SCALE", "VEC3"))
        if key in attributes
    }
    counts = {len(values) for values in found.values()}
    if len(counts) != 1:
        raise ModelError(f"the attributes of {_INSTANCING} have no count, or different ones")
    (count,) = counts
    if count > MAX_INSTANCES:
        raise ModelError(_TOO_MANY_INSTANCES)
    default = {"TRANSLATION": [0, 0, 0], "ROTATION": [0, 0, 0, 1], "SCALE": [1, 1, 1]}
    parts = [found.get(key, np.tile(np.array(value, np.float64), (count, 1))) for key, value in default.items()]
    matrices: Floats = matrix @ _trs(*parts)
    return matrices


class _Meshes:
    """The meshes of a file, each primitive read once."""

    def __init__(self, file: GltfFile, nodes: Mapping[int, Floats]) -> None:
        """Nothing is in the scene yet.

        Args:
            file: the file.
            nodes: world matrix (4, 4) of each node.
        """
        self._file, self._nodes = file, nodes
        self._primitives: dict[int, list[_Primitive]] = {}
        self._skins: dict[int, Floats] = {}
        self._draco = DracoMeshes(file)
        self._placed: dict[tuple[Any, ...], list[Floats]] = {}
        self._instances = self._triangles = 0

    def add(self, node: dict[str, Any], matrices: Floats) -> None:
        """Put a node's mesh into the scene.

        Args:
            node: the node.
            matrices: of its instances, (N, 4, 4).
        """
        index = node["mesh"]
        mesh = self._file.item("meshes", index)
        if index not in self._primitives:
            self._primitives[index] = list(self._read(mesh))
        skin = None if _INSTANCING in mapping(node.get("extensions")) else node.get("skin")
        if all(primitive.joints is None for primitive in self._primitives[index]):
            skin = None
        if skin is not None:
            self._skin(skin)
        self._instances += len(matrices)
        self._triangles += len(matrices) * sum(len(primitive.faces) for primitive in self._primitives[index])
        if self._instances > MAX_INSTANCES:
            raise ModelError(_TOO_MANY_INSTANCES)
        if self._triangles > MAX_TRIANGLES:
            raise ModelError(_TOO_MANY_TRIANGLES)
        # Instances of the same shape are moved at once.
        self._placed.setdefault((index, skin, _morph_weights(node, mesh)), []).append(matrices)

    def pieces(self) -> Iterator[Piece]:
        """The primitives of all meshes, in the scene's space."""
        for (index, skin, morph), matrices in self._placed.items():
            for primitive in self._primitives[index]:
                points, normals = _morphed(primitive, morph)
                if skin is None:
                    yield _copied(primitive, points, normals, np.concatenate(matrices))
                    continue
                bent = _bent(primitive, points, normals, _blended(primitive, self._skin(skin)))
                # Where a skinned mesh hangs doesn't count: all that share a skin are in one place.
                yield from [bent] * len(matrices)

    def _skin(self, index: object) -> Floats:
        """Matrices (J, 4, 4) that take a vertex bound to a joint into the scene."""
        skin = self._file.item("skins", index)
        assert isinstance(index, int)
        if index not in self._skins:
            joints = skin.get("joints")
            if not isinstance(joints, list) or not joints or any(type(joint) is not int for joint in joints):
                raise ModelError(f"the joints of skin {index} are no list of nodes")
            if any(joint not in self._nodes for joint in joints):
                raise ModelError(f"a joint of skin {index} isn't there")
            matrices = np.stack([self._nodes[joint] for joint in joints])
            if skin.get("inverseBindMatrices") is not None:
                inverse = self._file.accessor(skin["inverseBindMatrices"], ("MAT4",))
                if len(inverse) < len(joints):
                    raise ModelError(f"skin {index} has fewer matrices than joints")
                matrices = matrices @ np.asarray(inverse[: len(joints)], np.float64).reshape(-1, 4, 4).swapaxes(1, 2)
            self._skins[index] = matrices
        return self._skins[index]

    def _read(self, mesh: dict[str, Any]) -> Iterator[_Primitive]:
        primitives = mesh.get("primitives")
        if not isinstance(primitives, list):
            raise ModelError("the primitives of a mesh are no list")
        dropped = 0
        for each in primitives:
            primitive = mapping(each)
            mode = primitive.get("mode", _TRIANGLES)
            if mode in _LINES_AND_POINTS:
                dropped += 1
                continue
            if mode not in (_TRIANGLES, _STRIP, _FAN):
                raise ModelError(f"a primitive has the mode {one_line(mode)}, which glTF doesn't know")
            made = self._primitive(primitive, mode)
            if made is not None:
                yield made
        if dropped:
            self._file.notes.add(f"{counted(dropped, 'primitive')} of points or lines left out")

    def _primitive(self, primitive: dict[str, Any], mode: int) -> _Primitive | None:
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
            self._file.notes.add(f"material {one_line(material)} isn't there; its faces are white")
            material = None
        return _Primitive(
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
            raise ModelError(_TOO_MANY_TRIANGLES)
        return triangles_of(indices.astype(np.int64), mode)

    def _valid(self, faces: Ints) -> Ints:
        """Faces without those that have no area by their indices, or that repeat others, as Blender leaves them out."""
        vertices = np.sort(faces, axis=1)
        whole = (vertices[:, 0] != vertices[:, 1]) & (vertices[:, 1] != vertices[:, 2])
        faces, vertices = faces[whole], vertices[whole]
        order = np.lexsort(vertices.T)
        # The sort is stable: of those that are equal the first one of the file comes first.
        new = np.ones(len(order), bool)
        new[1:] = (vertices[order[1:]] != vertices[order[:-1]]).any(axis=1)
        if not new.all():
            self._file.notes.add(f"{counted(int((~new).sum()), 'triangle')} that repeat others left out")
        kept: Ints = faces[np.sort(order[new])]
        return kept


def triangles_of(indices: Ints, mode: int) -> Ints:
    """Triangles (F, 3) of a list (mode 4), a strip (5) or a fan (6) of vertices; what is left over is cut."""
    if mode == _TRIANGLES:
        return indices[: len(indices) // 3 * 3].reshape(-1, 3)
    if len(indices) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == _FAN:
        return np.stack([np.full(len(indices) - 2, indices[0]), indices[1:-1], indices[2:]], axis=-1)
    strip = np.stack([indices[:-2], indices[1:-1], indices[2:]], axis=-1)
    strip[1::2, 1:] = strip[1::2, :0:-1]  # each second one is turned over
    return strip


class _Attributes:
    """Attributes of a primitive, or of a morph target, at the vertices that its triangles use."""

    def __init__(self, file: GltfFile, attributes: dict[str, Any], used: Ints, decoded: Decoded | None) -> None:
        self._file, self._attributes, self._used, self._decoded = file, attributes, used, decoded

    def required(self, key: str, sizes: tuple[str, ...]) -> Floats:
        values: Floats = self._raw(key, sizes).astype(np.float64)
        return values

    def optional(self, key: str, sizes: tuple[str, ...]) -> Floats | None:
        """None where there is none, or, with a note, where it can't be read."""
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


def _morph_weights(node: dict[str, Any], mesh: dict[str, Any]) -> tuple[float, ...]:
    weights = node.get("weights") or mesh.get("weights") or []
    return tuple(number(weight, 0.0) for weight in weights) if isinstance(weights, list) else ()


def _morphed(primitive: _Primitive, weights: Sequence[float]) -> tuple[Floats, Floats | None]:
    points, normals = primitive.points, primitive.normals
    for weight, moves, turns in zip(weights, primitive.morph_points, primitive.morph_normals, strict=False):
        if weight and moves is not None:
            points = points + weight * moves
        if weight and turns is not None and normals is not None:
            normals = normals + weight * turns
    return points, normals


def _blended(primitive: _Primitive, skin: Floats) -> Floats:
    """Matrix (V, 4, 4) of each vertex; without weights or joints, it goes with the first joint."""
    if primitive.joints is None or primitive.weights is None:
        return np.broadcast_to(skin[0], (len(primitive.points), 4, 4))
    if primitive.joints.min(initial=0) < 0 or primitive.joints.max(initial=0) >= len(skin):
        raise ModelError("a vertex is bound to a joint that isn't there")
    weights = primitive.weights.copy()
    total = weights.sum(axis=1)
    weights[total == 0, 0] = 1
    weights /= np.where(total == 0, 1, total)[:, None]
    blended = np.zeros((len(weights), 4, 4))
    for column in range(weights.shape[1]):
        blended += weights[:, column, None, None] * skin[primitive.joints[:, column]]
    return blended


def _copied(primitive: _Primitive, points: Floats, normals: Floats | None, matrices: Floats) -> Piece:
    """Copies of a primitive, each moved by a matrix (N, 4, 4)."""
    turns = matrices[:, :3, :3]
    moved = np.einsum("nij,vj->nvi", turns, points) + matrices[:, None, :3, 3]
    turned = None if normals is None else np.einsum("nij,vj->nvi", _of_normals(turns), normals)
    mirrored = np.broadcast_to(_mirrors(turns)[:, None], (len(matrices), len(primitive.faces)))
    return _piece(primitive, moved, turned, mirrored)


def _bent(primitive: _Primitive, points: Floats, normals: Floats | None, matrices: Floats) -> Piece:
    """A primitive each vertex of which is moved by its matrix (V, 4, 4)."""
    turns = matrices[:, :3, :3]
    moved = np.einsum("vij,vj->vi", turns, points) + matrices[:, :3, 3]
    turned = None if normals is None else np.einsum("vij,vj->vi", _of_normals(turns), normals)[None]
    return _piece(primitive, moved[None], turned, _mirrors(turns)[primitive.faces[None, :, 0]])


def _piece(primitive: _Primitive, points: Floats, normals: Floats | None, mirrored: Bools) -> Piece:
    """Copies of a primitive with points and normals (N, V, 3) of its vertices, and which faces (N, F) are mirrored."""
    # What mirrors would turn faces inside out.
    order = np.where(mirrored[..., None], [0, 2, 1], [0, 1, 2])
    vertices = np.take_along_axis(np.broadcast_to(primitive.faces, order.shape), order, axis=-1)
    copies, size = points.shape[:2]
    faces = (vertices + np.arange(copies)[:, None, None] * size).reshape(-1, 3)
    # Normals, colors and texture coordinates go with the vertices.
    corners = vertices.ravel()
    return Piece(
        primitive.material,
        points.reshape(-1, 3),
        faces,
        None if normals is None else _unit(normals.reshape(-1, 3))[faces.ravel()],
        None if primitive.colors is None else primitive.colors[corners],
        {key: uv[corners] for key, uv in primitive.uv.items()},
    )


def _mirrors(turns: Floats) -> Bools:
    mirrors: Bools = np.linalg.det(turns) < 0
    return mirrors


def _of_normals(turns: Floats) -> Floats:
    """Matrices (N, 3, 3) that turn normals of surfaces which matrices turn: their cofactors, which need no inverse."""
    a, b, c = turns[..., 0], turns[..., 1], turns[..., 2]
    cofactors = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=-1)
    signed: Floats = cofactors * np.where(_mirrors(turns), -1, 1)[:, None, None]
    return signed


def _unit(normals: Floats) -> Floats:
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.nan_to_num(np.where(length > 0, normals / length, 0.0))


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces of the same material and attributes as one, in order of their first."""
    groups: dict[tuple[Any, ...], list[Piece]] = {}
    for piece in pieces:
        key = (piece.material, piece.normals is None, piece.colors is None, tuple(piece.uv))
        groups.setdefault(key, []).append(piece)
    return [_joined(group) for group in groups.values()]


def _joined(pieces: Sequence[Piece]) -> Piece:
    first = pieces[0]
    if len(pieces) == 1:
        return first
    begins = np.cumsum([0, *(len(piece.points) for piece in pieces[:-1])])
    return Piece(
        first.material,
        np.concatenate([piece.points for piece in pieces]),
        np.concatenate([piece.faces + begin for piece, begin in zip(pieces, begins, strict=True)]),
        None if first.normals is None else np.concatenate([np.asarray(piece.normals) for piece in pieces]),
        None if first.colors is None else np.concatenate([np.asarray(piece.colors) for piece in pieces]),
        {key: np.concatenate([piece.uv[key] for piece in pieces]) for key in first.uv},
    )
