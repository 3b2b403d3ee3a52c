"""The interface of all sources of models."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef

MESH_FILE = Path("models") / "model_normalized.obj"
"""Path of the mesh within an object's folder in the ShapeNetCore v2 layout."""


class ModelError(ThreeDieError):
    """One object can't be used; the run goes on without it."""


class ModelSource(Protocol):
    """A set of objects and their meshes. Cheap to make and picklable: each rendering process opens its own."""

    def describe(self) -> dict[str, Any]:
        """What goes into the dataset about where its models came from. Holds no path of this machine."""

    def objects(self, synsets: Sequence[str], per_class: int | None = None) -> list[ObjectRef]:
        """Objects of some classes, sorted, at most `per_class` of each.

        Raises:
            ThreeDieError: it has none of the classes.
        """

    def mesh_file(self, ref: ObjectRef) -> Path:
        """The OBJ file of one object, in the ShapeNetCore v2 layout.

        Raises:
            ModelError: the object has no usable mesh; the message says why.
        """
