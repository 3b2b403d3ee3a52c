"""Reading glTF 2.0 (`.gltf`, `.glb`), as the specification and Blender's importer do.

Specification: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html. It is read without Blender, so that thousands
of files cost seconds and a damaged one costs a message; tests compare the result with that of Blender's importer.
"""

import numpy as np
from PIL import features

from threedie.manifests.errors import one_line
from threedie.render.models.container import Container
from threedie.render.models.gltf_file import GltfFile, mapping
from threedie.render.models.gltf_materials import surfaces_of
from threedie.render.models.gltf_scene import scene_pieces
from threedie.render.models.source import ModelError
from threedie.render.models.surface import ReadMesh

_HONORED = {
    "EXT_mesh_gpu_instancing",
    "EXT_texture_webp",
    "KHR_draco_mesh_compression",
    "KHR_materials_emissive_strength",
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_mesh_quantization",
    "KHR_node_visibility",
    "KHR_texture_transform",
}
_WITHOUT_EFFECT = {
    # What scenes without glossy rays don't show; a note says so where it counts.
    *(f"KHR_materials_{name}" for name in (
        "anisotropy", "clearcoat", "diffuse_transmission", "dispersion", "ior", "iridescence", "sheen", "specular",
        "transmission", "unlit", "volume",
    )),
    # Other materials, animations and lights than the default ones.
    "KHR_materials_variants", "KHR_animation_pointer", "KHR_lights_punctual", "EXT_lights_image_based",
    # Metadata of the file, and coarser versions of its meshes.
    "KHR_xmp_json_ld", "KHR_xmp", "MSFT_lod", "EXT_mesh_features", "EXT_structural_metadata",
}  # fmt: skip
_REMEDIES = {
    "KHR_texture_basisu": "whose KTX2 pictures aren't read; convert them with gltf-transform",
    "EXT_meshopt_compression": "which isn't read; unpack it with gltf-transform",
}
_FEW = 8
_NOT_READ = "which isn't read; convert it to plain glTF 2.0"


def read_gltf(container: Container, name: str) -> ReadMesh:
    """Read a glTF file and what it refers to.

    Raises:
        ModelError: it isn't glTF 2, is damaged, has no faces, or needs an extension that isn't read.
    """
    file = GltfFile(container, name)
    _check_extensions(file)
    # Numbers that overflow become infinite, and those are refused or replaced.
    with np.errstate(all="ignore"):
        surfaces = surfaces_of(file, scene_pieces(file))
    _note_left_out(file)
    return ReadMesh(file.pieces(), tuple(surfaces), file.notes.all())


def _check_extensions(file: GltfFile) -> None:
    for extension in map(str, file.items("extensionsRequired")):
        if extension in _HONORED or extension in _WITHOUT_EFFECT:
            continue
        if extension == "EXT_texture_avif" and features.check("avif"):
            continue
        raise ModelError(f"needs {one_line(extension)}, {_REMEDIES.get(extension, _NOT_READ)}")


def _note_left_out(file: GltfFile) -> None:
    extensions = mapping(file.json.get("extensions"))
    kinds = {
        "animations": file.json.get("animations"),
        "cameras": file.json.get("cameras"),
        "lights": mapping(extensions.get("KHR_lights_punctual")).get("lights"),
        "material variants": mapping(extensions.get("KHR_materials_variants")).get("variants"),
    }
    handled = {*_HONORED, *_WITHOUT_EFFECT, *_REMEDIES, "EXT_texture_avif", "MSFT_texture_dds"}
    others = [one_line(name) for name in map(str, file.items("extensionsUsed")) if name not in handled]
    if others:
        file.notes.add(f"{', '.join(others[:_FEW])}{'...' if len(others) > _FEW else ''} not read")
    left_out = [kind for kind, values in kinds.items() if values]
    if left_out:
        file.notes.add(f"{', '.join(left_out)} left out")
