"""Readers of mesh formats other than OBJ, by suffix."""

from collections.abc import Callable

from threedie.render.models.container import Container
from threedie.render.models.gltf import read_gltf
from threedie.render.models.off import read_off
from threedie.render.models.ply import read_ply
from threedie.render.models.stl import read_stl
from threedie.render.models.surface import ReadMesh

Reader = Callable[[Container, str], ReadMesh]
"""Reads the mesh file of a name and what it refers to. Raises ModelError where it can't be read or has no faces."""

FORMATS: dict[str, Reader] = {
    ".ply": read_ply,
    ".stl": read_stl,
    ".off": read_off,
    ".glb": read_gltf,
    ".gltf": read_gltf,
}
"""Suffix -> reader. A further format needs a line here."""
