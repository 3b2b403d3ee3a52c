"""Small glTF files, each with something that a reader may get wrong."""

import base64
import io
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

_COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


def cube(size: tuple[float, float, float] = (1, 1, 1)) -> tuple[Any, Any, Any, Any]:
    """Points (24, 3), normals (24, 3), texture coordinates (24, 2) and triangles (12, 3) of a box."""
    points, normals, uv, faces = [], [], [], []
    for axis in range(3):
        for sign in (-1, 1):
            normal = np.zeros(3)
            normal[axis] = sign
            right = np.roll(np.abs(normal), 1)
            up = np.cross(normal, right)
            for u, v in ((0, 0), (1, 0), (1, 1), (0, 1)):
                points.append(normal / 2 + right * (u - 0.5) + up * (v - 0.5))
                normals.append(normal)
                uv.append((u, 1 - v))
            begin = len(points) - 4
            faces += [(begin, begin + 1, begin + 2), (begin, begin + 2, begin + 3)]
    return np.array(points) * size, np.array(normals), np.array(uv, float), np.array(faces)


COLORS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [0.2, 0.5, 0.05]])
"""Of the six sides, linear."""


def quadrants(size: int = 8) -> Image.Image:
    """Red, green (above), blue, yellow (below)."""
    picture = Image.new("RGB", (size, size))
    half = size // 2
    for place, color in (((0, 0), (255, 0, 0)), ((half, 0), (0, 255, 0)), ((0, half), (0, 0, 255)),
                         ((half, half), (255, 255, 0))):  # fmt: skip
        picture.paste(color, (*place, place[0] + half, place[1] + half))
    return picture


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


class Gltf:
    """A glTF file in the making."""

    def __init__(self) -> None:
        self.json: dict[str, Any] = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}], "nodes": []}
        self.blob = b""

    def add(self, key: str, value: Any) -> int:
        self.json.setdefault(key, []).append(value)
        return len(self.json[key]) - 1

    def view(self, content: bytes, **more: Any) -> int:
        self.blob += bytes(-len(self.blob) % 4)
        offset = len(self.blob)
        self.blob += content
        return self.add("bufferViews", {"buffer": 0, "byteOffset": offset, "byteLength": len(content), **more})

    def accessor(self, values: Any, kind: str = "f4", **more: Any) -> int:
        array = np.asarray(values)
        array = array.reshape(len(array), -1).astype(f"<{kind}")
        entry = {
            "bufferView": self.view(array.tobytes()), "componentType": _COMPONENTS[kind], "count": len(array),
            "type": _TYPES[array.shape[1]], **more,
        }  # fmt: skip
        if kind == "f4" and array.shape[1] == 3:
            entry |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        return self.add("accessors", entry)

    def picture(self, content: bytes, mime: str = "image/png", **sampler: Any) -> int:
        """A texture."""
        texture = {"source": self.add("images", {"bufferView": self.view(content), "mimeType": mime})}
        if sampler:
            texture["sampler"] = self.add("samplers", sampler)
        return self.add("textures", texture)

    def node(self, *, scene: int | None = 0, **values: Any) -> int:
        index = self.add("nodes", values)
        if scene is not None:
            self.json["scenes"][scene]["nodes"].append(index)
        return index

    def cube(self, size: tuple[float, float, float] = (1, 1, 1), **attributes: int) -> dict[str, Any]:
        """A primitive."""
        points, normals, uv, faces = cube(size)
        made = {"POSITION": self.accessor(points), "NORMAL": self.accessor(normals), "TEXCOORD_0": self.accessor(uv)}
        made |= attributes
        return {"attributes": made, "indices": self.accessor(faces.ravel(), "u2")}

    def mesh(self, *primitives: dict[str, Any], **more: Any) -> int:
        return self.add("meshes", {"primitives": list(primitives), **more})

    def material(self, color: Any = None, texture: Any = None, **more: Any) -> int:
        rough: dict[str, Any] = {"metallicFactor": 0.0}
        if color is not None:
            rough["baseColorFactor"] = color
        if texture is not None:
            rough["baseColorTexture"] = texture if isinstance(texture, dict) else {"index": texture}
        return self.add("materials", {"pbrMetallicRoughness": rough, **more})

    def glb(self) -> bytes:
        self.json["buffers"] = [{"byteLength": len(self.blob)}]
        return pack(self.json, self.blob)

    def gltf(self, uri: str | None = None) -> bytes:
        data = "data:application/octet-stream;base64," + base64.b64encode(self.blob).decode()
        self.json["buffers"] = [{"byteLength": len(self.blob), "uri": uri or data}]
        return json.dumps(self.json).encode()


def pack(value: Any, blob: bytes = b"", version: int = 2) -> bytes:
    """A GLB file."""
    text = json.dumps(value).encode()
    text += b" " * (-len(text) % 4)
    blob += bytes(-len(blob) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if blob:
        chunks += struct.pack("<I4s", len(blob), b"BIN\0") + blob
    return struct.pack("<4sII", b"glTF", version, 12 + len(chunks)) + chunks


SAMPLES: dict[str, Callable[[Gltf], None]] = {}
"""Name -> fills a file."""


def sample(function: Callable[[Gltf], None]) -> Callable[[Gltf], None]:
    SAMPLES[function.__name__] = function
    return function


def made(name: str) -> bytes:
    """A sample as GLB."""
    gltf = Gltf()
    SAMPLES[name](gltf)
    return gltf.glb()


def _one(gltf: Gltf, material: int | None = None, /, **attributes: int) -> None:
    primitive = gltf.cube(**attributes)
    if material is not None:
        primitive["material"] = material
    gltf.node(mesh=gltf.mesh(primitive))


def _sides(alpha: Any = None) -> Any:
    """A color for each of the 24 vertices."""
    colors = COLORS.repeat(4, axis=0)
    return colors if alpha is None else np.concatenate([colors, np.broadcast_to(alpha, 24)[:, None]], axis=1)


# Meshes.


@sample
def sparse_with_base(gltf: Gltf) -> None:
    points, *_ = cube()
    high = np.flatnonzero(points[:, 1] > 0)
    primitive = gltf.cube()
    gltf.json["accessors"][primitive["attributes"]["POSITION"]] |= {"max": [0.5, 1.5, 0.5], "sparse": {
        "count": len(high),
        "indices": {"bufferView": gltf.view(high.astype("<u1").tobytes()), "componentType": 5121},
        "values": {"bufferView": gltf.view((points[high] + [0, 1, 0]).astype("<f4").tobytes())},
    }}  # fmt: skip
    gltf.node(mesh=gltf.mesh(primitive))


@sample
def sparse_without_base(gltf: Gltf) -> None:
    points, *_ = cube((1, 2, 1))
    primitive = gltf.cube()
    accessor = gltf.json["accessors"][primitive["attributes"]["POSITION"]]
    del accessor["bufferView"]
    accessor |= {"min": [-0.5, -1, -0.5], "max": [0.5, 1, 0.5], "sparse": {
        "count": 24,
        "indices": {"bufferView": gltf.view(np.arange(24, dtype="<u4").tobytes()), "componentType": 5125},
        "values": {"bufferView": gltf.view(bytes(8) + points.astype("<f4").tobytes()), "byteOffset": 8},
    }}  # fmt: skip
    gltf.node(mesh=gltf.mesh(primitive))


@sample
def strips_and_fans(gltf: Gltf) -> None:
    zigzag = [[i // 2, i % 2, (i // 2) % 2] for i in range(9)]
    round_ = [[0, 0, 3], *([np.cos(a), np.sin(a), 3.5] for a in np.linspace(0, 5, 6))]
    strip = {"attributes": {"POSITION": gltf.accessor(zigzag)}, "mode": 5}
    # Two strips sewn together by triangles without area.
    sewn = gltf.accessor(np.array([0, 1, 2, 3, 3, 4, 4, 5, 6, 7]), "u1")
    other = {"attributes": {"POSITION": gltf.accessor(np.add(zigzag, [0, 0, 1.5]))}, "indices": sewn, "mode": 5}
    fan = {"attributes": {"POSITION": gltf.accessor(round_)}, "mode": 6}
    gltf.node(mesh=gltf.mesh(strip, other, fan))


@sample
def no_indices_and_a_rest(gltf: Gltf) -> None:
    points, normals, _, faces = cube()
    corners = faces.ravel()
    attributes = {"POSITION": gltf.accessor(points[corners]), "NORMAL": gltf.accessor(normals[corners])}
    gltf.node(mesh=gltf.mesh({"attributes": attributes}))


@sample
def indices_of_32_bits(gltf: Gltf) -> None:
    primitive = gltf.cube()
    primitive["indices"] = gltf.accessor(cube()[3].ravel(), "u4")
    gltf.node(mesh=gltf.mesh(primitive))


@sample
def interleaved(gltf: Gltf) -> None:
    points, normals, uv, _ = cube((1, 2, 3))
    rows = np.concatenate([points, normals, uv, np.zeros((24, 1))], axis=1).astype("<f4")
    view = gltf.view(rows.tobytes(), byteStride=36)
    base = {"bufferView": view, "componentType": 5126, "count": 24}
    primitive = gltf.cube()
    primitive["attributes"] = {
        "POSITION": gltf.add("accessors", {**base, "type": "VEC3", "min": [-0.5, -1, -1.5], "max": [0.5, 1, 1.5]}),
        "NORMAL": gltf.add("accessors", {**base, "type": "VEC3", "byteOffset": 12}),
        "TEXCOORD_0": gltf.add("accessors", {**base, "type": "VEC2", "byteOffset": 24}),
    }
    primitive["material"] = gltf.material(texture=gltf.picture(encoded(quadrants())))
    gltf.node(mesh=gltf.mesh(primitive))


@sample
def quantized(gltf: Gltf) -> None:
    points, normals, *_ = cube()
    padded = np.zeros((24, 4))
    padded[:, :3] = np.round(points * 2 * 32767)
    view = gltf.view(padded.astype("<i2").tobytes(), byteStride=8)
    primitive = gltf.cube()
    primitive["attributes"]["POSITION"] = gltf.add("accessors", {
        "bufferView": view, "componentType": 5122, "normalized": True, "count": 24, "type": "VEC3",
        "min": [-32767] * 3, "max": [32767] * 3,
    })  # fmt: skip
    padded = np.zeros((24, 4))
    padded[:, :3] = normals * 127
    primitive["attributes"]["NORMAL"] = gltf.add("accessors", {
        "bufferView": gltf.view(padded.astype("<i1").tobytes(), byteStride=4), "componentType": 5120,
        "normalized": True, "count": 24, "type": "VEC3",
    })  # fmt: skip
    gltf.json |= {"extensionsUsed": ["KHR_mesh_quantization"], "extensionsRequired": ["KHR_mesh_quantization"]}
    gltf.node(mesh=gltf.mesh(primitive), scale=[1, 2, 4])


@sample
def nested_nodes(gltf: Gltf) -> None:
    mesh = gltf.mesh(gltf.cube((1, 2, 3)))
    inner = gltf.node(scene=None, mesh=mesh, translation=[2, 0, 0], rotation=[0.2, 0.4, 0.1, 0.9])
    middle = gltf.node(scene=None, children=[inner], scale=[1, 2, 0.5], rotation=[0, 0, 0.6, 0.8])
    matrix = np.eye(4)
    matrix[:3, 3] = (0, 1, 5)
    matrix[:3, :3] = np.diag([2.0, 1, 1]) @ [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    gltf.node(children=[middle], matrix=matrix.T.ravel().tolist())
    gltf.node(mesh=mesh)


@sample
def mirrored_node(gltf: Gltf) -> None:
    gltf.node(mesh=gltf.mesh(gltf.cube((1, 2, 3))), scale=[-1, 1, 1], rotation=[0.1, 0.2, 0.3, 0.9])


@sample
def scenes_and_orphans(gltf: Gltf) -> None:
    mesh = gltf.mesh(gltf.cube((1, 2, 3)))
    gltf.json["scenes"].append({"nodes": []})
    gltf.json["scene"] = 1
    gltf.node(mesh=mesh, translation=[50, 0, 0])
    gltf.node(mesh=mesh, scene=1)


@sample
def repeated_triangles(gltf: Gltf) -> None:
    primitive = gltf.cube()
    faces = cube()[3]
    primitive["indices"] = gltf.accessor(np.concatenate([faces, [[0, 0, 1]], faces[:2, [1, 2, 0]]]).ravel(), "u2")
    gltf.node(mesh=gltf.mesh(primitive))


@sample
def lines_and_points_beside(gltf: Gltf) -> None:
    far = gltf.accessor([[0, 0, 0], [90, 90, 90]])
    gltf.node(mesh=gltf.mesh(gltf.cube(), {"attributes": {"POSITION": far}, "mode": 1},
                             {"attributes": {"POSITION": far}, "mode": 0}))  # fmt: skip


@sample
def instances(gltf: Gltf) -> None:
    extension = {"attributes": {
        "TRANSLATION": gltf.accessor([[0, 0, 0], [3, 0, 0], [0, 5, 0]]),
        "ROTATION": gltf.accessor([[0, 0, 0, 1], [0.6, 0, 0, 0.8], [0, 0, 1, 0]]),
        "SCALE": gltf.accessor([[1, 1, 1], [1, 2, 1], [2, 1, 1]]),
    }}  # fmt: skip
    gltf.json["extensionsUsed"] = ["EXT_mesh_gpu_instancing"]
    gltf.node(mesh=gltf.mesh(gltf.cube((1, 2, 3))), extensions={"EXT_mesh_gpu_instancing": extension},
              rotation=[0, 0.6, 0, 0.8])  # fmt: skip


# Skins and morph targets.


def _skinned(gltf: Gltf, weights: Any, inverse: Any, joints: list[int], **node: Any) -> None:
    points, *_ = cube((1, 4, 1))
    primitive = gltf.cube((1, 4, 1))
    number = np.zeros((24, 4))
    number[:, 1] = 1
    primitive["attributes"] |= {"JOINTS_0": gltf.accessor(number, "u1"), "WEIGHTS_0": gltf.accessor(weights(points))}
    skin = {"joints": joints}
    if inverse is not None:
        skin["inverseBindMatrices"] = gltf.accessor(inverse)
    gltf.node(mesh=gltf.mesh(primitive), skin=gltf.add("skins", skin), **node)


def _upper(points: Any) -> Any:
    """The lower half goes with joint 0, the upper one with joint 1."""
    up = (points[:, 1] > 0).astype(float)
    return np.stack([1 - up, up, 0 * up, 0 * up], axis=1)


def _moved(x: float, y: float, z: float) -> Any:
    """Column by column."""
    return [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, y, z, 1]


@sample
def skin(gltf: Gltf) -> None:
    top = gltf.node(scene=None, translation=[0, 2, 0], rotation=[0, 0, 0.3826834, 0.9238795])
    root = gltf.node(children=[top], rotation=[0.7071068, 0, 0, 0.7071068], scale=[0.5, 0.5, 0.5])
    # Where a skinned mesh hangs doesn't count.
    _skinned(gltf, _upper, [_moved(0, 0, 0), _moved(0, -2, 0)], [root, top], translation=[40, 0, 0])
    gltf.node(mesh=gltf.mesh(gltf.cube()), translation=[3, 0, 0])


@sample
def skin_without_matrices(gltf: Gltf) -> None:
    top = gltf.node(scene=None, translation=[1, 2, 0])
    root = gltf.node(scene=None, children=[top])
    gltf.node(children=[root], translation=[0, 0, 7], rotation=[0, 0.6, 0, 0.8])
    _skinned(gltf, _upper, None, [root, top])
    gltf.node(mesh=gltf.mesh(gltf.cube()))


@sample
def skin_without_weights(gltf: Gltf) -> None:
    top = gltf.node(scene=None, translation=[0, 2, 0])
    root = gltf.node(children=[top], translation=[0, 3, 0])
    _skinned(gltf, lambda points: _upper(points) * (points[:, :1] > 0) * 0.5, [_moved(0, 0, 0)] * 2, [root, top])
    gltf.node(mesh=gltf.mesh(gltf.cube()), translation=[3, 0, 0])


@sample
def skin_of_two_sets(gltf: Gltf) -> None:
    points, *_ = cube((1, 4, 1))
    joints = []
    for index in range(5):
        rotation = [0, 0, np.sin(0.1 * index), np.cos(0.1 * index)]
        joints.append(gltf.node(scene=None, translation=[index, 0, index], rotation=rotation))
    gltf.node(children=joints)
    primitive = gltf.cube((1, 4, 1))
    up = (points[:, 1] > 0) * 255
    first, second = np.tile([0, 1, 2, 3], (24, 1)), np.tile([4, 0, 0, 0], (24, 1))
    primitive["attributes"] |= {
        "JOINTS_0": gltf.accessor(first, "u2"), "JOINTS_1": gltf.accessor(second, "u2"),
        "WEIGHTS_0": gltf.accessor(np.outer(255 - up, [1, 0, 0, 0]), "u1", normalized=True),
        "WEIGHTS_1": gltf.accessor(np.outer(up, [1, 0, 0, 0]), "u1", normalized=True),
    }  # fmt: skip
    matrices = gltf.accessor([_moved(-index, 0, 0) for index in range(5)])
    gltf.node(mesh=gltf.mesh(primitive), skin=gltf.add("skins", {"joints": joints, "inverseBindMatrices": matrices}))


@sample
def skin_and_morph(gltf: Gltf) -> None:
    skin(gltf)
    points, *_ = cube((1, 4, 1))
    gltf.json["meshes"][0] |= {"weights": [0.5]}
    gltf.json["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": gltf.accessor(points * [1, 0, 3])}]


@sample
def morph_by_sparse_values(gltf: Gltf) -> None:
    primitive = gltf.cube()
    target = {"componentType": 5126, "count": 24, "type": "VEC3", "min": [0, 0, 0], "max": [0, 3, 0], "sparse": {
        "count": 2,
        "indices": {"bufferView": gltf.view(np.array([4, 9], "<u2").tobytes()), "componentType": 5123},
        "values": {"bufferView": gltf.view(np.array([[0, 3, 0], [0, 1, 0]], "<f4").tobytes())},
    }}  # fmt: skip
    primitive["targets"] = [{"POSITION": gltf.add("accessors", target)}]
    gltf.node(mesh=gltf.mesh(primitive), weights=[1])


@sample
def morph_of_the_mesh(gltf: Gltf) -> None:
    points, *_ = cube()
    primitive = gltf.cube()
    primitive["targets"] = [{"POSITION": gltf.accessor(points * [0, 2, 0])},
                            {"POSITION": gltf.accessor(points * [4, 0, 0])}]  # fmt: skip
    gltf.node(mesh=gltf.mesh(primitive, weights=[0.5, 0]))
    gltf.node(mesh=0, weights=[0, 0.25], translation=[0, 0, 2])


# Materials.


@sample
def default_material(gltf: Gltf) -> None:
    _one(gltf)


@sample
def factor(gltf: Gltf) -> None:
    _one(gltf, gltf.material([0.8, 0.4, 0.1, 1]))


@sample
def vertex_colors_u8(gltf: Gltf) -> None:
    _one(gltf, COLOR_0=gltf.accessor(np.pad(np.round(_sides() * 255), ((0, 0), (0, 1)), constant_values=255), "u1",
                                     normalized=True))  # fmt: skip


@sample
def vertex_colors_u16_and_factor(gltf: Gltf) -> None:
    colors = gltf.accessor(np.round(_sides(1) * 65535), "u2", normalized=True)
    _one(gltf, gltf.material([0.5, 0.8, 0.9, 1]), COLOR_0=colors)


@sample
def vertex_colors_float_rgb(gltf: Gltf) -> None:
    _one(gltf, gltf.material(), COLOR_0=gltf.accessor(_sides()))


@sample
def vertex_colors_u8_rgb_with_gaps(gltf: Gltf) -> None:
    view = gltf.view(np.pad(np.round(_sides() * 255), ((0, 0), (0, 1))).astype("<u1").tobytes(), byteStride=4)
    colors = {"bufferView": view, "componentType": 5121, "normalized": True, "count": 24, "type": "VEC3"}
    _one(gltf, gltf.material([0.5, 1, 1, 1]), COLOR_0=gltf.add("accessors", colors))


@sample
def vertex_colors_of_one_primitive(gltf: Gltf) -> None:
    colored = gltf.cube(COLOR_0=gltf.accessor(_sides()))
    plain = gltf.cube((0.5, 3, 0.5)) | {"material": gltf.material([0.9, 0.5, 0.1, 1])}
    gltf.node(mesh=gltf.mesh(colored, plain))


@sample
def vertex_colors_smooth(gltf: Gltf) -> None:
    _one(gltf, gltf.material(), COLOR_0=gltf.accessor(np.tile([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], (6, 1))))


@sample
def vertex_colors_over_a_texture(gltf: Gltf) -> None:
    colors = 0.25 + 0.75 * _sides()
    _one(gltf, gltf.material(texture=gltf.picture(encoded(quadrants()))), COLOR_0=gltf.accessor(colors))


@sample
def vertex_alpha(gltf: Gltf) -> None:
    colors = gltf.accessor(_sides([0.25] * 12 + [1] * 12))
    _one(gltf, gltf.material(alphaMode="BLEND"), COLOR_0=colors)


@sample
def vertex_alpha_cut(gltf: Gltf) -> None:
    colors = gltf.accessor(_sides([0.55] * 12 + [0.65] * 12))
    _one(gltf, gltf.material([1, 1, 1, 0.9], alphaMode="MASK", alphaCutoff=0.52), COLOR_0=colors)


@sample
def vertex_alpha_that_does_not_count(gltf: Gltf) -> None:
    _one(gltf, gltf.material(), COLOR_0=gltf.accessor(_sides(0.25)))


@sample
def texture(gltf: Gltf) -> None:
    _one(gltf, gltf.material(texture=gltf.picture(encoded(quadrants()))))


@sample
def texture_and_factor(gltf: Gltf) -> None:
    _one(gltf, gltf.material([0.5, 0.25, 0.75, 1], gltf.picture(encoded(quadrants()))))


@sample
def texture_beside_none(gltf: Gltf) -> None:
    pictured = gltf.cube() | {"material": gltf.material(texture=gltf.picture(encoded(quadrants())))}
    plain = gltf.cube() | {"material": gltf.material([0, 0.5, 1, 1])}
    gltf.node(mesh=gltf.mesh(pictured), translation=[0, 2, 0])
    gltf.node(mesh=gltf.mesh(plain))


@sample
def uv_u8(gltf: Gltf) -> None:
    uv = gltf.view(np.pad(cube()[2] * 255, ((0, 0), (0, 2))).astype("<u1").tobytes(), byteStride=4)
    coordinates = gltf.add("accessors", {"bufferView": uv, "componentType": 5121, "normalized": True, "count": 24,
                                         "type": "VEC2"})  # fmt: skip
    _one(gltf, gltf.material(texture=gltf.picture(encoded(quadrants()))), TEXCOORD_0=coordinates)


@sample
def second_uv_set(gltf: Gltf) -> None:
    information = {"index": gltf.picture(encoded(quadrants())), "texCoord": 1}
    second = gltf.accessor(cube()[2] * 0.4 + 0.05)
    _one(gltf, gltf.material(texture=information), TEXCOORD_1=second)


def _transformed(gltf: Gltf, **transform: Any) -> dict[str, Any]:
    gltf.json["extensionsUsed"] = ["KHR_texture_transform"]
    return {"index": gltf.picture(encoded(quadrants())), "extensions": {"KHR_texture_transform": transform}}


@sample
def texture_transform(gltf: Gltf) -> None:
    _one(gltf, gltf.material(texture=_transformed(gltf, offset=[0.1, 0.3], rotation=0.7, scale=[0.5, 1.5])))


@sample
def texture_transform_of_the_second_set(gltf: Gltf) -> None:
    information = _transformed(gltf, scale=[2, 2], texCoord=1)
    _one(gltf, gltf.material(texture=information), TEXCOORD_1=gltf.accessor(cube()[2] * 0.2))


def _wrapped(gltf: Gltf, u: int, v: int) -> None:
    wide = gltf.accessor(cube()[2] * 2.6 - 0.8)
    _one(gltf, gltf.material(texture=gltf.picture(encoded(quadrants(32)), wrapS=u, wrapT=v)), TEXCOORD_0=wide)


@sample
def wrap_repeat(gltf: Gltf) -> None:
    _wrapped(gltf, 10497, 10497)


@sample
def wrap_clamp(gltf: Gltf) -> None:
    _wrapped(gltf, 33071, 33071)


@sample
def wrap_mirror(gltf: Gltf) -> None:
    _wrapped(gltf, 33648, 33648)


@sample
def wrap_mixed(gltf: Gltf) -> None:
    _wrapped(gltf, 33071, 33648)


@sample
def few_texels_as_squares(gltf: Gltf) -> None:
    _one(gltf, gltf.material(texture=gltf.picture(encoded(quadrants(2)), magFilter=9728, minFilter=9728)))


def _holes(size: int = 16) -> Image.Image:
    """Opaque left, alpha 96 in the middle, 0 on the right."""
    alpha = np.zeros((size, size), np.uint8)
    alpha[:, : size // 2] = 255
    alpha[:, size // 2 : size * 3 // 4] = 96
    picture = quadrants(size)
    picture.putalpha(Image.fromarray(alpha))
    return picture


@sample
def alpha_opaque(gltf: Gltf) -> None:
    _one(gltf, gltf.material([1, 0.5, 1, 0.3], gltf.picture(encoded(_holes()))))


@sample
def alpha_blend(gltf: Gltf) -> None:
    _one(gltf, gltf.material(texture=gltf.picture(encoded(_holes())), alphaMode="BLEND"))


@sample
def alpha_blend_factor(gltf: Gltf) -> None:
    _one(gltf, gltf.material([1, 0.5, 0.2, 0.4], alphaMode="BLEND"))


@sample
def alpha_blend_both(gltf: Gltf) -> None:
    _one(gltf, gltf.material([1, 1, 1, 0.5], gltf.picture(encoded(_holes())), alphaMode="BLEND"))


@sample
def alpha_mask(gltf: Gltf) -> None:
    _one(gltf, gltf.material(texture=gltf.picture(encoded(_holes())), alphaMode="MASK"))


@sample
def alpha_mask_low(gltf: Gltf) -> None:
    _one(gltf, gltf.material(texture=gltf.picture(encoded(_holes())), alphaMode="MASK", alphaCutoff=0.25))


@sample
def alpha_mask_factor(gltf: Gltf) -> None:
    _one(gltf, gltf.material([0.2, 0.4, 0.6, 0.7], alphaMode="MASK"))


@sample
def alpha_mask_both(gltf: Gltf) -> None:
    _one(gltf, gltf.material([1, 1, 1, 0.6], gltf.picture(encoded(_holes())), alphaMode="MASK", alphaCutoff=0.3))


@sample
def emission(gltf: Gltf) -> None:
    _one(gltf, gltf.material([0, 0, 0.1, 1], emissiveFactor=[0.5, 0.2, 0]))


@sample
def emission_texture(gltf: Gltf) -> None:
    texture = {"index": gltf.picture(encoded(quadrants()))}
    gltf.json["extensionsUsed"] = ["KHR_materials_emissive_strength"]
    strong = {"KHR_materials_emissive_strength": {"emissiveStrength": 2.0}}
    material = gltf.material([0, 0, 0, 1], emissiveFactor=[0.2, 0.4, 0.3], emissiveTexture=texture, extensions=strong)
    _one(gltf, material)


@sample
def emission_and_color_textures(gltf: Gltf) -> None:
    glow = quadrants().transpose(Image.Transpose.ROTATE_90).point(lambda value: value // 3)
    texture = {"index": gltf.picture(encoded(glow))}
    _one(gltf, gltf.material(texture=gltf.picture(encoded(quadrants())), emissiveFactor=[1, 1, 1],
                             emissiveTexture=texture))  # fmt: skip


@sample
def specular_glossiness(gltf: Gltf) -> None:
    gltf.json["extensionsUsed"] = ["KHR_materials_pbrSpecularGlossiness"]
    shiny = {"diffuseFactor": [0.5, 1, 1, 1], "diffuseTexture": {"index": gltf.picture(encoded(quadrants()))}}
    _one(gltf, gltf.add("materials", {"extensions": {"KHR_materials_pbrSpecularGlossiness": shiny}}))


@sample
def webp(gltf: Gltf) -> None:
    gltf.json |= {"extensionsUsed": ["EXT_texture_webp"], "extensionsRequired": ["EXT_texture_webp"]}
    texture = gltf.picture(encoded(quadrants(), "WEBP", lossless=True), "image/webp")
    gltf.json["textures"][texture] = {"extensions": {"EXT_texture_webp": gltf.json["textures"][texture]}}
    _one(gltf, gltf.material(texture=texture))


@sample
def png_16_bits(gltf: Gltf) -> None:
    grey = Image.fromarray(np.full((8, 8), 16384, np.uint16))
    _one(gltf, gltf.material(texture=gltf.picture(encoded(grey))))


@sample
def png_palette_with_holes(gltf: Gltf) -> None:
    picture = quadrants(32).quantize(4)
    content = encoded(picture, transparency=bytes([255, 0, 255, 255]))
    _one(gltf, gltf.material(texture=gltf.picture(content), alphaMode="MASK"))


@sample
def jpeg(gltf: Gltf) -> None:
    _one(gltf, gltf.material(texture=gltf.picture(encoded(quadrants(32), "JPEG", quality=95), "image/jpeg")))


@sample
def emission_beyond_white(gltf: Gltf) -> None:
    gltf.json["extensionsUsed"] = ["KHR_materials_emissive_strength"]
    strong = {"KHR_materials_emissive_strength": {"emissiveStrength": 4.0}}
    _one(gltf, gltf.material([0, 0, 0, 1], emissiveFactor=[0.5, 0.2, 0.1], extensions=strong))


@sample
def emission_texture_beyond_white(gltf: Gltf) -> None:
    gltf.json["extensionsUsed"] = ["KHR_materials_emissive_strength"]
    strong = {"KHR_materials_emissive_strength": {"emissiveStrength": 3.0}}
    texture = {"index": gltf.picture(encoded(quadrants()))}
    material = gltf.material([0, 0, 0, 1], emissiveFactor=[1, 0.5, 0.5], emissiveTexture=texture, extensions=strong)
    _one(gltf, material)
