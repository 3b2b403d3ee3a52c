"""What a task needs of a dataset and a method, and which of it is missing."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Available:
    """What a dataset and a method offer.

    Attributes:
        fields: names of the latent fields.
        views: of each object.
        predictor: whether embeddings can be moved by an action.
        labels: whether the objects' classes are known.
        train_objects: number of training objects.
        pictures: whether the data are pictures of one view each, with the network that sees them.
        cells: whether the data are unit cells of photonic crystals, with the network that sees them.
    """

    fields: Collection[str]
    views: int
    predictor: bool
    labels: bool
    train_objects: int
    pictures: bool = False
    cells: bool = False


@dataclass(frozen=True)
class Needs:
    """What a task can't do without.

    Attributes:
        predictor: a predictor, which moves embeddings by an action.
        train_objects: at least so many training objects; 0 for a task that trains nothing.
        labels: the objects' classes.
        fields: latent fields.
        views: at least so many views of each object.
        heads: whether a head is trained for it.
        pictures: pictures of one view each, and the network that sees them: for what can't be measured on features.
        cells: unit cells of photonic crystals, and the network that sees them.
    """

    predictor: bool = False
    train_objects: int = 0
    labels: bool = False
    fields: tuple[str, ...] = ()
    views: int = 1
    heads: bool = False
    pictures: bool = False
    cells: bool = False

    @property
    def network(self) -> bool:
        """Whether it can't be measured on features alone."""
        return self.pictures or self.cells

    def missing(self, available: Available) -> dict[str, str]:
        """What isn't available: names of the attributes above, each with its words; empty where nothing is missing."""
        missing = {}
        if self.predictor and not available.predictor:
            missing["predictor"] = "a predictor"
        if available.train_objects < self.train_objects:
            missing["train_objects"] = f"{_COUNTS.get(self.train_objects, self.train_objects)} training objects or more"
        if self.labels and not available.labels:
            missing["labels"] = "labels"
        if not self.has_fields(available.fields):
            missing["fields"] = f"latents {', '.join(name for name in self.fields if name not in available.fields)}"
        if available.views < self.views:
            missing["views"] = f"{_COUNTS.get(self.views, self.views)} views of each object"
        if self.pictures and not available.pictures:
            missing["pictures"] = "pictures of one view each"
        if self.cells and not available.cells:
            missing["cells"] = "unit cells of photonic crystals"
        return missing

    def has_fields(self, names: Collection[str]) -> bool:
        """Whether the latent fields are among these names."""
        return set(self.fields) <= set(names)


_COUNTS = {2: "two"}

MIN_TRAIN_OBJECTS = 2
"""Training objects below which nothing can be trained or compared with."""
