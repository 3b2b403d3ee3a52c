"""Models in a folder in the ShapeNetCore v2 layout, used where they lie."""

import heapq
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from manifests.classes import CLASSES, SYNSETS, class_names
from manifests.errors import ThreeDieError
from manifests.files import explained
from manifests.objects import ObjectRef, is_plain_name
from render.models.inspect import check_mesh, check_textures
from render.models.source import MESH_FILE, ModelError

LAYOUT = f"SYNSET/OBJECT/{MESH_FILE.as_posix()}"
_V1_FILE = "model.obj"


class FolderSource:
    """ROOT/SYNSET/OBJECT/models/model_normalized.obj. Folders that aren't one of the 55 classes are ignored.

    Raises:
        ThreeDieError: `root` isn't in that layout.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.synsets = self._find_synsets()

    def describe(self) -> dict[str, Any]:
        """What goes into the dataset about where its models came from."""
        return {"kind": "folder", "layout": LAYOUT}

    def objects(self, synsets: Sequence[str], per_class: int | None = None) -> list[ObjectRef]:
        """Objects of some classes, sorted, the first `per_class` of each. Lists folders, opens no model.

        Raises:
            ThreeDieError: none of the classes is there, or the models lie as in ShapeNetCore v1.
        """
        asked = sorted(set(synsets) & set(self.synsets))
        if not asked:
            raise ThreeDieError(
                f"{self.root}: has no {class_names(sorted(set(synsets)))}; it has {class_names(self.synsets)}"
            )
        refs = []
        for synset in asked:
            names = self._object_names(synset)
            first = sorted(names) if per_class is None else heapq.nsmallest(per_class, names)
            if first:
                self._refuse_v1(ObjectRef(synset, first[0]))
            refs += [ObjectRef(synset, name) for name in first]
        if not refs and per_class != 0:
            raise ThreeDieError(f"{self.root}: the folders of {class_names(asked)} hold no objects; expected {LAYOUT}")
        return refs

    def mesh_file(self, ref: ObjectRef) -> Path:
        """The OBJ file of one object, after a cheap check that it is one.

        Raises:
            ModelError: there is none, it can't be a mesh, or it uses files outside of the object's folder.
        """
        folder = self.root / ref.synset / ref.object_id
        if not folder.is_dir():
            raise ModelError(f"{ref}: no such folder in {self.root}")
        self._refuse_v1(ref)
        path = folder / MESH_FILE
        check_mesh(ref, path)
        check_textures(ref, path)
        return path

    def _find_synsets(self) -> tuple[str, ...]:
        names = sorted(name for name, is_folder in _entries(self.root) if is_folder and not name.startswith("."))
        synsets = tuple(name for name in names if name in CLASSES)
        if synsets:
            return synsets
        packed = [synset for synset in SYNSETS if (self.root / f"{synset}.zip").is_file()]
        found = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") or "no folders"
        mend = (
            f"unpack {packed[0]}.zip and its like first" if packed else "give the folder that holds the synset folders"
        )
        raise ThreeDieError(f"{self.root}: not ShapeNetCore v2: expected {LAYOUT}, found {found}; {mend}")

    def _object_names(self, synset: str) -> Iterator[str]:
        for name, is_folder in _entries(self.root / synset):
            if is_folder and not name.startswith(".") and is_plain_name(name):
                yield name

    def _refuse_v1(self, ref: ObjectRef) -> None:
        folder = self.root / ref.synset / ref.object_id
        if (folder / _V1_FILE).is_file() and not (folder / MESH_FILE).exists():
            raise ModelError(
                f"{self.root}: this is ShapeNetCore v1 ({ref}/{_V1_FILE}); its models are turned and scaled otherwise, "
                f"so get ShapeNetCore v2, which has {LAYOUT}"
            )


def _entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """Names in a folder and whether each is a folder, without opening any."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name, entry.is_dir()
    except OSError as error:
        raise explained(error, folder) from error
