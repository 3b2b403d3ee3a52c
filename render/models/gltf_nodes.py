"""The nodes of a glTF file: their matrices, which of them the default scene shows, and their instances."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from threedie.manifests.errors import one_line
from threedie.manifests.plurals import pluralize
from threedie.render.models.gltf_file import GltfFile, mapping, numbers
from threedie.render.models.polygons import Floats
from threedie.render.models.source import ModelError

MAX_INSTANCES = 2**17

TOO_MANY_INSTANCES = f"more than the {MAX_INSTANCES:,} meshes and instances of meshes allowed"

INSTANCING = "EXT_mesh_gpu_instancing"


def node_matrices(file: GltfFile) -> tuple[list[dict[str, Any]], dict[int, Floats]]:
    """All nodes, and the world matrix (4, 4) of each that descends from a root."""
    nodes = [mapping(node) for node in file.items("nodes")]
    parents: dict[int, int] = {}
    for index, node in enumerate(nodes):
        for child in _indices(node.get("children"), len(nodes), "a node's children"):
            if child in parents or child == index:
                raise ModelError(f"its nodes aren't a tree: node {child} has more than one parent")
            parents[child] = index
    matrices: dict[int, Floats] = {}
    # The deepest chain of nodes may be longer than Python recurses.
    stack = [index for index in range(len(nodes)) if index not in parents]
    while stack:
        index = stack.pop()
        local = _local_matrix(nodes[index], index)
        matrices[index] = matrices[parents[index]] @ local if index in parents else local
        stack += _indices(nodes[index].get("children"), len(nodes), "a node's children")
    return nodes, matrices


def _indices(value: object, end: int, what: str) -> list[int]:
    if value is None:
        return []
    if not isinstance(value, list) or any(type(each) is not int or not 0 <= each < end for each in value):
        raise ModelError(f"{what} aren't a list of existing nodes")
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
    matrices = _trs_matrices(*parts)
    return matrices[0]


def _trs_matrices(translation: Floats, rotation: Floats, scale: Floats) -> Floats:
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


def visible_nodes(file: GltfFile, nodes: list[dict[str, Any]], matrices: Mapping[int, Floats]) -> list[int]:
    """Nodes of the default scene, or all nodes of a file without scenes; a note counts what others hold."""
    roots = _scene_roots(file, len(nodes))
    if roots is None:
        children = {child for node in nodes for child in node.get("children") or []}
        roots = [index for index in range(len(nodes)) if index not in children]
    chosen: dict[int, None] = {}
    hidden = 0
    stack = roots[::-1]
    while stack:
        index = stack.pop()
        if index in chosen:
            continue
        if index not in matrices:
            raise ModelError(f"its nodes aren't a tree: node {index} is its own ancestor")
        if mapping(mapping(nodes[index].get("extensions")).get("KHR_node_visibility")).get("visible") is False:
            hidden += 1
            continue
        chosen[index] = None
        stack += (nodes[index].get("children") or [])[::-1]
    if hidden:
        file.notes.add(f"{pluralize(hidden, 'hidden node')} left out")
    elsewhere = sum(node.get("mesh") is not None for index, node in enumerate(nodes) if index not in chosen)
    if elsewhere and not hidden:
        file.notes.add(f"{pluralize(elsewhere, 'mesh')} outside of the default scene left out")
    return list(chosen)


def _scene_roots(file: GltfFile, nodes: int) -> list[int] | None:
    scenes = file.items("scenes")
    if not scenes:
        return None
    index = file.json.get("scene", 0)
    if type(index) is not int or not 0 <= index < len(scenes):
        file.notes.add(f"the default scene {one_line(index)} doesn't exist; the first one is used")
        index = 0
    return _indices(mapping(scenes[index]).get("nodes"), nodes, "a scene's nodes")


def instances(file: GltfFile, node: dict[str, Any], matrix: Floats) -> Floats:
    """World matrices (N, 4, 4) of the instances of a node's mesh, most often one."""
    instancing = mapping(node.get("extensions")).get(INSTANCING)
    if instancing is None:
        return matrix[None]
    attributes = mapping(mapping(instancing).get("attributes"))
    arrays = {
        key: np.asarray(file.accessor(attributes[key], (size,)), np.float64)
        for key, size in (("TRANSLATION", "VEC3"), ("ROTATION", "VEC4"), ("SCALE", "VEC3"))
        if key in attributes
    }
    counts = {len(values) for values in arrays.values()}
    if len(counts) != 1:
        raise ModelError(f"the attributes of {INSTANCING} have no count, or different ones")
    (count,) = counts
    if count > MAX_INSTANCES:
        raise ModelError(TOO_MANY_INSTANCES)
    default = {"TRANSLATION": [0, 0, 0], "ROTATION": [0, 0, 0, 1], "SCALE": [1, 1, 1]}
    parts = [arrays.get(key, np.tile(np.array(value, np.float64), (count, 1))) for key, value in default.items()]
    matrices: Floats = matrix @ _trs_matrices(*parts)
    return matrices
