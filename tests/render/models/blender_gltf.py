"""A process that imports glTF files with Blender, and says what it sees: triangles, and colors from two sides.

Started as `python blender_gltf.py JOBS`: a JSON file with pairs of a mesh file (`.glb`, `.gltf`, or an `.obj` that was
made of one) and of the `.npz` file to write.
"""

import json
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Euler, Vector

from threedie.render.blender import _invert_driven_alpha

SIZE = 32
_SIDES = [(0.9, 0.0, 0.6), (-2.2, 0.0, -2.4)]
_FROM_BLENDER = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def main() -> None:
    for source, out in json.loads(Path(sys.argv[1]).read_text()):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        if source.endswith(".obj"):
            bpy.ops.wm.obj_import(filepath=source, validate_meshes=False)
            for material in bpy.data.materials:
                _invert_driven_alpha(material)
        else:
            bpy.ops.import_scene.gltf(filepath=source)
        points, normals = triangles()
        np.savez(out, points=points, normals=normals, pixels=np.stack([shot(points, side) for side in _SIDES]))


def visible() -> list:
    """Meshes of the scene, without those that Blender hides or draws bones with."""
    return [item for item in bpy.context.scene.objects if item.type == "MESH" and item.visible_get()]


def triangles() -> tuple:
    """Points and normals (T, 3, 3) of the corners of all triangles, y upwards."""
    graph = bpy.context.evaluated_depsgraph_get()
    points, normals = [np.zeros((0, 3, 3))], [np.zeros((0, 3, 3))]
    for item in visible():
        mesh = item.evaluated_get(graph).to_mesh()
        if not mesh.polygons:
            continue
        mesh.calc_loop_triangles()
        matrix = np.array(item.matrix_world)
        turn = np.linalg.inv(matrix[:3, :3]).T
        # A mirrored object has its faces the other way round.
        order = [0, 1, 2] if np.linalg.det(turn) > 0 else [0, 2, 1]
        vertices = np.array([vertex.co for vertex in mesh.vertices]) @ matrix[:3, :3].T + matrix[:3, 3]
        corner = np.array([normal.vector for normal in mesh.corner_normals]) @ turn.T
        corner /= np.linalg.norm(corner, axis=1, keepdims=True)
        points.append(vertices[[triangle.vertices for triangle in mesh.loop_triangles]][:, order])
        normals.append(corner[[triangle.loops for triangle in mesh.loop_triangles]][:, order])
    return np.concatenate(points) @ _FROM_BLENDER.T, np.concatenate(normals) @ _FROM_BLENDER.T


def shot(points: np.ndarray, side: tuple) -> np.ndarray:
    """Colors (H, W, 4) as materials have them, without light, seen from a side."""
    scene = bpy.context.scene
    for item in visible():
        if not item.data.materials:
            item.data.materials.append(None)
        for slot in item.material_slots:
            slot.material = flat(slot.material)
    used = points @ _FROM_BLENDER
    low, high = used.reshape(-1, 3).min(axis=0), used.reshape(-1, 3).max(axis=0)
    size = float(np.linalg.norm(high - low))
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", size
    camera.rotation_euler = Euler(side)
    camera.location = Vector((low + high) / 2) + Euler(side).to_matrix() @ Vector((0, 0, size))
    camera.data.clip_start, camera.data.clip_end = size / 100, size * 3
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.use_adaptive_sampling = 8, False, False
    scene.cycles.transparent_max_bounces = 32
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.view_settings.view_transform = "Raw"
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.filepath = str(Path(sys.argv[1]).with_name("shot.exr"))
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.array(image.pixels[:]).reshape(SIZE, SIZE, 4)
    bpy.data.images.remove(image)
    return pixels


def flat(material):
    """The material as one that glows with its color, where it isn't transparent."""
    if material is None:
        material = bpy.data.materials.new("default")
        material.use_nodes = True
        next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED").inputs["Base Color"].default_value = (
            1, 1, 1, 1,
        )  # fmt: skip
    nodes, links = material.node_tree.nodes, material.node_tree.links
    principled = next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)
    if principled is None or "flat" in nodes:
        return material
    parts = []
    for color, strength in (("Base Color", None), ("Emission Color", "Emission Strength")):
        shader = nodes.new("ShaderNodeEmission")
        for own, other in (("Color", color), ("Strength", strength)):
            if other is not None:
                connect(links, principled.inputs[other], shader.inputs[own])
        parts.append(shader.outputs[0])
    add, mix, clear = nodes.new("ShaderNodeAddShader"), nodes.new("ShaderNodeMixShader"), None
    clear = nodes.new("ShaderNodeBsdfTransparent")
    add.name = "flat"
    links.new(parts[0], add.inputs[0])
    links.new(parts[1], add.inputs[1])
    connect(links, principled.inputs["Alpha"], mix.inputs[0])
    links.new(clear.outputs[0], mix.inputs[1])
    links.new(add.outputs[0], mix.inputs[2])
    output = next(node for node in nodes if node.type == "OUTPUT_MATERIAL")
    links.new(mix.outputs[0], output.inputs["Surface"])
    return material


def connect(links, source, target) -> None:
    if source.is_linked:
        links.new(source.links[0].from_socket, target)
    else:
        target.default_value = source.default_value


if __name__ == "__main__":
    main()
