"""The triangles of a glTF file's default scene."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from threedie.render.models.gltf_file import GltfFile, mapping, number
from threedie.render.models.gltf_nodes import (
    INSTANCING,
    MAX_INSTANCES,
    TOO_MANY_INSTANCES,
    instances,
    node_matrices,
    visible_nodes,
)
from threedie.render.models.gltf_pieces import Piece, Primitive, blended, merged, morphed, placed_copies, skinned
from threedie.render.models.gltf_primitives import MAX_TRIANGLES, TOO_MANY_TRIANGLES, Primitives
from threedie.render.models.polygons import Floats
from threedie.render.models.source import ModelError


def scene_pieces(file: GltfFile) -> list[Piece]:
    """The triangles of the default scene, one piece for each material and set of attributes.

    Raises:
        ModelError: no triangles, or the file's nodes or meshes are damaged.
    """
    nodes, matrices = node_matrices(file)
    if not nodes and file.items("meshes"):
        file.notes.add("no nodes place its meshes; all are taken as they are")
        nodes = [{"mesh": index} for index in range(len(file.items("meshes")))]
        matrices = {index: np.eye(4) for index in range(len(nodes))}
    meshes = _Meshes(file, matrices)
    for index in visible_nodes(file, nodes, matrices):
        if nodes[index].get("mesh") is not None:
            meshes.add(nodes[index], instances(file, nodes[index], matrices[index]))
    pieces = list(meshes.pieces())
    if not pieces:
        notes = file.notes.all()
        raise ModelError(f"no faces ({'; '.join(notes)})" if notes else "no faces")
    return merged(pieces)


class _Meshes:
    """The meshes of a file, each primitive read once."""

    def __init__(self, file: GltfFile, nodes: Mapping[int, Floats]) -> None:
        """Start with an empty scene.

        Args:
            file: the file.
            nodes: world matrix (4, 4) of each node.
        """
        self._file, self._nodes = file, nodes
        self._primitives: dict[int, list[Primitive]] = {}
        self._skins: dict[int, Floats] = {}
        self._reader = Primitives(file)
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
            self._primitives[index] = list(self._reader.of_mesh(mesh))
        skin = None if INSTANCING in mapping(node.get("extensions")) else node.get("skin")
        if all(primitive.joints is None for primitive in self._primitives[index]):
            skin = None
        if skin is not None:
            self._skin(skin)
        self._instances += len(matrices)
        self._triangles += len(matrices) * sum(len(primitive.faces) for primitive in self._primitives[index])
        if self._instances > MAX_INSTANCES:
            raise ModelError(TOO_MANY_INSTANCES)
        if self._triangles > MAX_TRIANGLES:
            raise ModelError(TOO_MANY_TRIANGLES)
        # Instances of the same shape are placed at once.
        self._placed.setdefault((index, skin, _morph_weights(node, mesh)), []).append(matrices)

    def pieces(self) -> Iterator[Piece]:
        """The primitives of all meshes, in the scene's space."""
        for (index, skin, morph), matrices in self._placed.items():
            for primitive in self._primitives[index]:
                points, normals = morphed(primitive, morph)
                if skin is None:
                    yield placed_copies(primitive, points, normals, np.concatenate(matrices))
                    continue
                piece = skinned(primitive, points, normals, blended(primitive, self._skin(skin)))
                # A skinned mesh's own node doesn't count: all that share a skin are in one place.
                yield from [piece] * len(matrices)

    def _skin(self, index: object) -> Floats:
        """Matrices (J, 4, 4) that take a vertex bound to a joint into the scene."""
        skin = self._file.item("skins", index)
        assert isinstance(index, int)
        if index not in self._skins:
            joints = skin.get("joints")
            if not isinstance(joints, list) or not joints or any(type(joint) is not int for joint in joints):
                raise ModelError(f"the joints of skin {index} aren't a list of nodes")
            if any(joint not in self._nodes for joint in joints):
                raise ModelError(f"a joint of skin {index} doesn't exist")
            matrices = np.stack([self._nodes[joint] for joint in joints])
            if skin.get("inverseBindMatrices") is not None:
                inverse = self._file.accessor(skin["inverseBindMatrices"], ("MAT4",))
                if len(inverse) < len(joints):
                    raise ModelError(f"skin {index} has fewer matrices than joints")
                matrices = matrices @ np.asarray(inverse[: len(joints)], np.float64).reshape(-1, 4, 4).swapaxes(1, 2)
            self._skins[index] = matrices
        return self._skins[index]


def _morph_weights(node: dict[str, Any], mesh: dict[str, Any]) -> tuple[float, ...]:
    weights = node.get("weights") or mesh.get("weights") or []
    return tuple(number(weight, 0.0) for weight in weights) if isinstance(weights, list) else ()
