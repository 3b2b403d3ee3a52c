"""Models that need no download: seven that are shipped, and any number of generated ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threedie.manifests.classes import SYNSETS, class_names
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.models.folder import FolderSource
from threedie.render.models.source import ModelError
from threedie.render.models.synth import library

SHIPPED = Path(__file__).parent / "embedded" / "shapenet_layout"
"""The shipped CC-0 models, in the ShapeNetCore v2 layout."""

PER_CLASS = 8


class EmbeddedSource:
    """Shipped models first, then generated ones, `per_class` in all of each class.

    Generated models are written to `cache` when they are first needed. Any number of processes may share a cache.
    """

    def __init__(self, cache: Path, seed: int = 0, per_class: int = PER_CLASS) -> None:
        if seed < 0:
            raise ThreeDieError(f"seed {seed}: a seed is 0 or more")
        self.cache = Path(cache)
        self.seed = seed
        self.per_class = per_class

    def describe(self) -> dict[str, Any]:
        """What goes into the dataset about where its models came from."""
        return {"kind": "embedded", "seed": self.seed, "version": library.VERSION}

    def objects(self, synsets: Sequence[str], per_class: int | None = None) -> list[ObjectRef]:
        """Objects of some classes, by class; within one the shipped models first, then the generated ones by index.

        Raises:
            ThreeDieError: none of the classes has a model.
        """
        count = self.per_class if per_class is None else per_class
        available = set(available_classes())
        refs = []
        for synset in sorted(set(synsets) & available):
            own = _shipped(synset)[:count]
            made = max(count - len(own), 0) if synset in library.GENERATORS else 0
            refs += own + [library.object_ref(self.seed, synset, index) for index in range(made)]
        if not set(synsets) & available:
            requested = class_names(sorted(set(synsets))) or "nothing"
            raise ThreeDieError(
                f"no embedded model for {requested}; there are models of {class_names(available_classes())}"
            )
        return refs

    def mesh_file(self, ref: ObjectRef) -> Path:
        """The OBJ file of one object; a generated one is written to the cache if it isn't in it yet.

        Raises:
            ModelError: no embedded model has that name.
        """
        made = library.parse_ref(ref)
        if made is None:
            if ref not in _shipped(ref.synset):
                raise ModelError(f"{ref}: not an embedded model")
            return FolderSource(SHIPPED).mesh_file(ref)
        seed, synset, index = made
        if synset not in library.GENERATORS:
            raise ModelError(f"{ref}: no generator makes this class")
        return library.cache_object(seed, synset, index, self.cache)


def available_classes() -> tuple[str, ...]:
    """Synsets with a shipped model or a generator, sorted."""
    return tuple(synset for synset in SYNSETS if synset in library.GENERATORS or (SHIPPED / synset).is_dir())


def _shipped(synset: str) -> list[ObjectRef]:
    return FolderSource(SHIPPED).objects([synset]) if (SHIPPED / synset).is_dir() else []
