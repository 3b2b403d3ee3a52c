"""Models in a folder in the ShapeNetCore v2 layout, used in place."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from threedie.manifests.classes import CLASSES, class_names
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained
from threedie.manifests.litter import is_litter
from threedie.manifests.objects import ObjectRef, is_plain_name
from threedie.render.models.inspect import check_mesh, check_textures
from threedie.render.models.source import MESH_FILE, ModelError

LAYOUT = f"SYNSET/OBJECT/{MESH_FILE.as_posix()}"
DESCRIPTION = {"kind": "folder", "layout": LAYOUT}
"""What a dataset says about where its models came from."""
MODELS = MESH_FILE.parent.name
V1_FILE = "model.obj"


class FolderSource:
    """ROOT/SYNSET/OBJECT/models/model_normalized.obj. Folders that aren't one of the 55 classes are ignored.

    An object is a folder with any file in `models/`, even if only voxels; litter is ignored.

    Attributes:
        synsets: the classes it has.
        left_out: folders among the objects that hold no model or have a forbidden name; of the classes listed so far.

    Raises:
        ThreeDieError: `root` isn't in that layout.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.synsets = self._find_synsets()
        self.left_out: list[str] = []

    def describe(self) -> dict[str, Any]:
        """What goes into the dataset about where its models came from."""
        return dict(DESCRIPTION)

    def objects(self, synsets: Sequence[str], per_class: int | None = None) -> list[ObjectRef]:
        """Objects of some classes, sorted, the first `per_class` of each. Lists folders, opens no model.

        Raises:
            ThreeDieError: it has none of the classes, or the models are in the layout of ShapeNetCore v1.
        """
        selected = sorted(set(synsets) & set(self.synsets))
        if not selected:
            raise ThreeDieError(
                f"{self.root}: has no {class_names(sorted(set(synsets)))}; it has {class_names(self.synsets)}"
            )
        refs = []
        for synset in selected:
            refs += self._objects(synset, per_class)
        if not refs and per_class != 0:
            raise ThreeDieError(
                f"{self.root}: the folders of {class_names(selected)} hold no objects; expected {LAYOUT}"
            )
        return refs

    def mesh_file(self, ref: ObjectRef) -> Path:
        """The OBJ file of one object, after a cheap check that it is one.

        Raises:
            ModelError: the object has none, it isn't a mesh, or it uses files outside of the object's folder.
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
        entries = sorted((name, is_folder) for name, is_folder in _entries(self.root) if not is_litter(name))
        names = [name for name, is_folder in entries if is_folder]
        synsets = tuple(name for name in names if name in CLASSES)
        if synsets:
            return tuple(synset for synset in synsets if holds_folders(self.root / synset)) or synsets
        packed = [name for name, is_folder in entries if not is_folder and name.lower().endswith(".zip")]
        content = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") or "no folders"
        remedy = (
            f"give {self.root / packed[0]} itself, or unpack it"
            if packed
            else "give the folder that holds the synset folders"
        )
        raise ThreeDieError(f"{self.root}: not ShapeNetCore v2: expected {LAYOUT}, found {content}; {remedy}")

    def _objects(self, synset: str, count: int | None) -> list[ObjectRef]:
        """The first `count` objects of a class, sorted.

        Raises:
            ModelError: all are in the layout of ShapeNetCore v1.
        """
        folder = self.root / synset
        names = sorted(name for name, is_folder in _entries(folder) if is_folder and not is_litter(name))
        refs = [ObjectRef(synset, name) for name in names if is_plain_name(name)]
        self.left_out += [f"{synset}/{name!r}" for name in names if not is_plain_name(name)]
        old: ObjectRef | None = None
        is_new = False
        objects: list[ObjectRef] = []
        for ref in refs:
            if count is not None and len(objects) >= count and (is_new or old is None):
                break
            place = self.root / str(ref)
            if (place / MESH_FILE).exists() or _has_file(place / MODELS):
                is_new = True
            elif (place / V1_FILE).is_file():
                old = old or ref
            else:
                self.left_out.append(str(ref))
                continue
            objects.append(ref)
        if old and not is_new:
            self._refuse_v1(old)
        return objects[:count]

    def _refuse_v1(self, ref: ObjectRef) -> None:
        folder = self.root / ref.synset / ref.object_id
        if (folder / V1_FILE).is_file() and not (folder / MESH_FILE).exists():
            raise ModelError(
                f"{self.root}: this is ShapeNetCore v1 ({ref}/{V1_FILE}); its models are turned and scaled otherwise, "
                f"so get ShapeNetCore v2, which has {LAYOUT}"
            )


def holds_folders(folder: Path) -> bool:
    """Whether a folder exists and holds folders that aren't litter."""
    return folder.is_dir() and any(is_folder and not is_litter(name) for name, is_folder in _entries(folder))


def _has_file(folder: Path) -> bool:
    """Whether a folder, or one in it, holds a file that isn't litter."""
    for _, inner, files in os.walk(folder):
        if any(not is_litter(name) for name in files):
            return True
        inner[:] = [name for name in inner if not is_litter(name)]
    return False


def _entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """Names in a folder and whether each is a folder, without opening any."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name, entry.is_dir()
    except OSError as error:
        raise explained(error, folder) from error
