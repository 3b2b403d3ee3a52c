"""Opening models from a path, whatever form they have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threedie.manifests.classes import SYNSETS, class_names
from threedie.manifests.errors import ThreeDieError, a_few
from threedie.manifests.objects import ObjectRef
from threedie.manifests.plurals import pluralize
from threedie.render.models.archive import ArchiveSource
from threedie.render.models.embedded_source import EmbeddedSource
from threedie.render.models.folder import MODELS, FolderSource, holds_folders
from threedie.render.models.source import ModelSource


def open_source(path: Path | None, cache: Path) -> ModelSource:
    """Open models without copying them.

    Args:
        path: a folder in the ShapeNetCore v2 layout, its zip archive, or a folder of archives SYNSET.zip (beside
            folders of other classes, if need be); None for the embedded models.
        cache: folder for generated models and files out of archives.

    Raises:
        ThreeDieError: the path holds no models in these forms; the message says what it holds.
    """
    if path is None:
        return EmbeddedSource(cache)
    if path.is_file():
        return ArchiveSource([path], cache)
    folders = {synset for synset in SYNSETS if holds_folders(path / synset)}
    archives = [path / f"{synset}.zip" for synset in SYNSETS if (path / f"{synset}.zip").is_file()]
    # A class that was unpacked beside its archive is read from the folder.
    packed = [archive for archive in archives if archive.stem not in folders]
    if not packed:
        return FolderSource(path)
    archive_source = ArchiveSource(packed, cache)
    return JoinedSource([FolderSource(path), archive_source]) if folders else archive_source


def left_out_notes(source: ModelSource) -> list[str]:
    """A sentence on the folders among a source's objects that hold no model; none if all do."""
    sources = source.sources if isinstance(source, JoinedSource) else (source,)
    names = sorted({name for each in sources for name in getattr(each, "left_out", [])})
    if not names:
        return []
    return [f"left out {pluralize(len(names), 'folder')} without a model in {MODELS}/: {a_few(names)}"]


class JoinedSource:
    """Several sources with different classes, as one. A class that two of them have is taken from the first."""

    def __init__(self, sources: Sequence[FolderSource | ArchiveSource]) -> None:
        self.sources = tuple(sources)
        self._of_class = {synset: source for source in reversed(self.sources) for synset in source.synsets}

    def describe(self) -> dict[str, Any]:
        """What goes into the dataset about where its models came from."""
        return self.sources[0].describe()

    def objects(self, synsets: Sequence[str], per_class: int | None = None) -> list[ObjectRef]:
        """Objects of some classes, sorted, the first `per_class` of each.

        Raises:
            ThreeDieError: none of the sources has any of the classes.
        """
        selected = sorted(set(synsets) & set(self._of_class))
        if not selected:
            available = class_names(sorted(self._of_class))
            raise ThreeDieError(f"no models of {class_names(sorted(set(synsets)))}; there are models of {available}")
        return [ref for synset in selected for ref in self._of_class[synset].objects([synset], per_class)]

    def mesh_file(self, ref: ObjectRef) -> Path:
        """The OBJ file of one object.

        Raises:
            ModelError: the object has no usable mesh.
        """
        return self._of_class.get(ref.synset, self.sources[0]).mesh_file(ref)
