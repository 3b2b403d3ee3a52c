"""Generated models alone: those that `3die models synth` writes, made when they are first needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threedie.manifests.classes import class_names
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.models.folder import DESCRIPTION
from threedie.render.models.source import ModelError
from threedie.render.models.synth import library


class GeneratedSource:
    """Generated models of one seed, `per_class` of each class.

    A dataset rendered from it is the one rendered from a folder that `3die models synth` filled. Models are written to
    `cache` when they are first needed; any number of processes may share a cache.
    """

    def __init__(self, cache: Path, seed: int, per_class: int) -> None:
        self.cache = Path(cache)
        self.seed = seed
        self.per_class = per_class

    def describe(self) -> dict[str, Any]:
        """As a folder of the same models is described: seed and index are part of each object's id."""
        return dict(DESCRIPTION)

    def objects(self, synsets: Sequence[str], per_class: int | None = None) -> list[ObjectRef]:
        """Objects of some classes, sorted, the first `per_class` of each.

        Raises:
            ThreeDieError: no generator makes one of the classes.
        """
        missing = sorted(set(synsets) - library.GENERATORS.keys())
        if missing:
            raise ThreeDieError(f"no generator makes {class_names(missing)}")
        count = self.per_class if per_class is None else min(per_class, self.per_class)
        return sorted(library.object_ref(self.seed, synset, index) for synset in set(synsets) for index in range(count))

    def mesh_file(self, ref: ObjectRef) -> Path:
        """The OBJ file of one object, written to the cache if it isn't in it yet.

        Raises:
            ModelError: no generator makes an object of that name.
        """
        made = library.parse_ref(ref)
        if made is None or ref.synset not in library.GENERATORS:
            raise ModelError(f"{ref}: not a generated model")
        return library.cache_object(*made, self.cache)
