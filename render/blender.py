"""Blender: the one module that imports bpy. It applies the numbers of `scene.py`.

bpy is not thread-safe, leaks and may crash; import this module in a process that may die (see `worker.py`).
"""

import math
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained
from threedie.render.cycles import set_up_render
from threedie.render.devices import GPU_KINDS
from threedie.render.encode import quantize
from threedie.render.frame import BYTES_A_PIXEL, Box, composed, floor_size, object_box
from threedie.render.models.cleaned import blender_file
from threedie.render.models.source import ModelError
from threedie.render.preset import Preset
from threedie.render.quality import Quality
from threedie.render.scene import ViewScene, aimed_at_origin, camera_matrix, spherical


class Stage:
    """Camera, floor and lights, which stay while objects and views change.

    One per process: Blender has one scene.
    """

    def __init__(
        self, preset: Preset, quality: Quality, size: int, scratch: Path, threads: int, device: str = "cpu"
    ) -> None:
        """Build the empty stage.

        Args:
            preset: the scene's constants.
            quality: samples and denoiser.
            size: width and height of the images in pixels.
            scratch: folder for one small temporary image, and for copies of objects that Blender would misread; best in
                memory.
            threads: render threads, 0 for one per core.
            device: `cpu`, or a kind of GPU, of which the first that this process sees is used.

        Raises:
            ThreeDieError: no such GPU.
        """
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._scene = bpy.context.scene
        self._preset = preset
        self._quality = quality
        self._picture = scratch / f"view-{os.getpid()}.tif"
        self._cleaned = scratch / f"object-{os.getpid()}"
        self._object: Any = None
        self._vertices = np.empty((0, 3), np.float32)
        self._size = size
        set_up_render(self._scene, quality, threads)
        self.device = _use_device(self._scene, device)
        self._scene.render.filepath = str(self._picture)
        self._add_camera()
        self._floor_color = self._add_floor()
        self._add_world()
        self._spot = self._add_lights()
        self._stage_objects = set(bpy.data.objects)

    def load(self, mesh_file: Path) -> None:
        """Put an object on the stage in place of the previous one, centered on its bounding box.

        Raises:
            ModelError: the file has no faces, or numbers that aren't finite.
        """
        self.clear()
        before = set(bpy.data.objects)
        try:
            file = blender_file(mesh_file, self._cleaned)
        except OSError as error:
            raise explained(error, self._cleaned) from error
        try:
            bpy.ops.wm.obj_import(filepath=str(file), validate_meshes=False)
        except RuntimeError as error:
            raise ModelError(f"{mesh_file.name}: Blender can't import it ({str(error).strip()})") from error
        meshes = [item for item in bpy.data.objects if item not in before and item.type == "MESH"]
        meshes = [item for item in meshes if len(item.data.polygons)]
        if not meshes:
            raise ModelError(f"no faces in {mesh_file.name}")
        self._object = _joined(meshes)
        if not _area(self._object.data) > 0:
            raise ModelError(f"no face has an area in {mesh_file.name}")
        _center(self._object, mesh_file.name)
        self._vertices = _vertices(self._object.data)
        for material in self._object.data.materials:
            if material is not None:
                _invert_driven_alpha(material)

    def render(self, view: ViewScene) -> npt.NDArray[np.uint8]:
        """Render one view: uint8 (size, size, 3), RGB, as a screen would show it."""
        if self._object is None:
            raise RuntimeError("no object on the stage; call load() first")
        self._object.rotation_euler = view.object_euler
        self._object.location = view.object_location
        self._floor_color.default_value = (*view.floor_color, 1.0)
        self._spot.matrix_world = Matrix(view.spot_matrix.tolist())
        self._spot.data.color = view.spot_color
        floor = floor_size(self._size) if self._quality.split_floor else None
        box = object_box(self._vertices, self._preset, view, self._size) if floor else None
        if floor is None or box is None:
            picture = self._render_picture(self._size)
        else:
            self._object.visible_camera = False
            floor_picture = self._render_picture(floor)
            self._object.visible_camera = True
            picture = composed(floor_picture, self._render_picture(self._size, box), box, self._size)
        return quantize(picture, self._quality.dither)

    def resize(self, size: int) -> None:
        """Change width and height of the images, in pixels."""
        self._size = size

    def _render_picture(self, size: int, box: Box | None = None) -> npt.NDArray[np.float32]:
        """Render a picture of `size` x `size` pixels, or the part of it that `box` says."""
        render = self._scene.render
        render.resolution_x = render.resolution_y = size
        render.use_border = render.use_crop_to_border = box is not None
        if box is not None:
            left, right, low, high = box.border(size)
            render.border_min_x, render.border_max_x = left, right
            render.border_min_y, render.border_max_y = low, high
        try:
            with _silent():
                bpy.ops.render.render(write_still=True)
            return self._read_picture()
        except RuntimeError as error:
            folder = self._picture.parent
            if shutil.disk_usage(folder).free < size**2 * BYTES_A_PIXEL:
                raise ThreeDieError(
                    f"{folder}, for temporary pictures, is full; free some space, or name another folder in the "
                    "variable TMPDIR, and run the same command again"
                ) from error
            raise

    def _read_picture(self) -> npt.NDArray[np.float32]:
        """Display colors (H, W, 3) in [0, 1], as the view transform gave them, with 16 bits each.

        Blender gives a process without a window these pixels only through a file.
        """
        image = bpy.data.images.load(str(self._picture), check_existing=False)
        try:
            image.colorspace_settings.name = "Non-Color"
            width, height = image.size
            flat = np.empty(width * height * 4, np.float32)
            image.pixels.foreach_get(flat)
        finally:
            bpy.data.images.remove(image)
            self._picture.unlink()
        return flat.reshape(height, width, 4)[::-1, :, :3]

    def clear(self) -> None:
        """Take the object off the stage and free its mesh, materials and images."""
        self._object = None
        for item in list(bpy.data.objects):
            if item not in self._stage_objects:
                bpy.data.objects.remove(item)
        bpy.data.orphans_purge(do_recursive=True)
        shutil.rmtree(self._cleaned, ignore_errors=True)

    def _add_camera(self) -> None:
        settings = self._preset.camera
        camera = bpy.data.cameras.new("camera")
        camera.angle = settings.field_of_view
        camera.clip_start, camera.clip_end = settings.clip_start, settings.clip_end
        camera_object = self._link("camera", camera)
        camera_object.matrix_world = Matrix(camera_matrix(self._preset).tolist())
        self._scene.camera = camera_object

    def _add_floor(self) -> Any:
        """Add the floor; gives the input that takes its color."""
        settings = self._preset.floor
        half = settings.width / 2
        corners = [(-half, -half, 0.0), (half, -half, 0.0), (half, half, 0.0), (-half, half, 0.0)]
        mesh = bpy.data.meshes.new("floor")
        mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
        # A Diffuse node by name: what a material without nodes means has changed between versions of Blender.
        material = bpy.data.materials.new("floor")
        material.use_nodes = True
        nodes = material.node_tree.nodes
        nodes.clear()
        shader, output = nodes.new("ShaderNodeBsdfDiffuse"), nodes.new("ShaderNodeOutputMaterial")
        material.node_tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
        mesh.materials.append(material)
        floor = self._link("floor", mesh)
        floor.location = (0.0, 0.0, settings.height)
        return shader.inputs["Color"]

    def _add_world(self) -> None:
        world = bpy.data.worlds.new("world")
        self._scene.world = world
        world.use_nodes = True
        gray = self._preset.world.gray
        background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
        background.inputs["Color"].default_value = (gray, gray, gray, 1.0)
        background.inputs["Strength"].default_value = 1.0

    def _add_lights(self) -> Any:
        sun = bpy.data.lights.new("sun", "SUN")
        sun.energy, sun.angle = self._preset.sun.strength, self._preset.sun.angle
        self._link("sun", sun)
        settings = self._preset.spot
        spot = bpy.data.lights.new("spot", "SPOT")
        spot.energy, spot.shadow_soft_size = settings.power, settings.radius
        spot.spot_size, spot.spot_blend = settings.cone, settings.blend
        spot_object = self._link("spot", spot)
        spot_object.matrix_world = Matrix(aimed_at_origin(spherical(settings.distance, 0.0, 0.0)).tolist())
        return spot_object

    def _link(self, name: str, data: Any) -> Any:
        item = bpy.data.objects.new(name, data)
        self._scene.collection.objects.link(item)
        return item


def blender_version() -> str:
    """Version of Blender, such as 4.5.15."""
    return str(bpy.app.version_string).split()[0]


@contextmanager
def _silent() -> Iterator[None]:
    """Discard what Blender prints while it renders: some 80 lines a picture, gigabytes in the logs of a large run."""
    sys.stdout.flush()
    stdout, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
        os.close(nowhere)


def cycles_devices() -> dict[str, list[str]]:
    """Names of the GPUs that Cycles finds, by kind in lower case."""
    gpus = {}
    for kind in GPU_KINDS:
        # A build of Blender without a kind raises TypeError for it, and a broken driver may raise anything.
        with suppress(Exception):
            gpus[kind] = [device.name for device in _gpus(kind)]
    return {kind: names for kind, names in gpus.items() if names}


def _preferences() -> Any:
    return bpy.context.preferences.addons["cycles"].preferences


def _gpus(kind: str) -> list[Any]:
    """Cycles' GPUs of a kind; Cycles itself names the processor after them, too."""
    devices = _preferences().get_devices_for_type(kind.upper())
    return [device for device in devices if device.type == kind.upper()]


def _use_device(scene: Any, kind: str) -> str:
    """Enable exactly one device; gives its name for the record."""
    if kind == "cpu":
        scene.cycles.device = "CPU"
        return "cpu"
    preferences = _preferences()
    preferences.compute_device_type = kind.upper()
    available = _gpus(kind)
    if not available:
        raise ThreeDieError(f"the rendering process has no {kind} device, though one was available before it started")
    for device in preferences.devices:
        device.use = False
    available[0].use = True
    scene.cycles.device = "GPU"
    return f"{kind}: {available[0].name}"


def _joined(meshes: list[Any]) -> Any:
    """One object of several; an OBJ with groups is imported in pieces."""
    if len(meshes) > 1:
        with bpy.context.temp_override(
            active_object=meshes[0], object=meshes[0], selected_objects=meshes, selected_editable_objects=meshes
        ):
            bpy.ops.object.join()
    return meshes[0]


def _center(item: Any, name: str) -> None:
    """Apply the import's rotation to the mesh and move its bounding box's center to the origin, as the original does.

    First to the center of the lowest face of the box, then to its middle: two translations of float32 vertices, whose
    rounding shows where a model has faces that coincide.
    """
    mesh = item.data
    mesh.transform(item.matrix_basis)
    item.matrix_basis = Matrix.Identity(4)
    item.rotation_mode = "XYZ"
    low, high = _bounds(mesh, name)
    mesh.transform(Matrix.Translation(-Vector(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]))))
    low, high = _bounds(mesh, name)
    mesh.transform(Matrix.Translation(-Vector((low + high) / 2)))
    mesh.update()


def _bounds(mesh: Any, name: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    points = _vertices(mesh).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    if not (math.isfinite(float(np.sum(low))) and math.isfinite(float(np.sum(high)))):
        raise ModelError(f"{name} has coordinates that are not finite")
    return low, high


def _vertices(mesh: Any) -> npt.NDArray[np.float32]:
    """Coordinates (N, 3)."""
    flat = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def _area(mesh: Any) -> float:
    """Sum of all faces' areas; infinite where a vertex isn't finite, which `_bounds` reports."""
    areas = np.empty(len(mesh.polygons), np.float32)
    mesh.polygons.foreach_get("area", areas)
    total = float(areas.sum(dtype=np.float64))
    return total if math.isfinite(total) else math.inf


def _invert_driven_alpha(material: Any) -> None:
    """Invert the texture that drives a material's alpha if the material has several (the original's rule)."""
    if not material.use_nodes:
        return
    tree = material.node_tree
    images = [node for node in tree.nodes if node.type == "TEX_IMAGE"]
    shader = next((node for node in tree.nodes if node.type == "BSDF_PRINCIPLED"), None)
    if shader is None or len(images) < 2:
        return
    alpha = shader.inputs["Alpha"]
    source = next((link.from_node for link in alpha.links if link.from_node.type == "TEX_IMAGE"), None)
    if source is None:
        return
    invert = tree.nodes.new("ShaderNodeInvert")
    tree.links.new(source.outputs["Color"], invert.inputs["Color"])
    tree.links.new(invert.outputs["Color"], alpha)
