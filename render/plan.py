"""What a run renders: the objects, their latents and splits, and what the dataset will be."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from threedie.manifests.dataset_info import DatasetInfo, dataset_fingerprint
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.manifest import read_splits, split_names
from threedie.manifests.objects import ObjectRef, first_per_class, read_object_list, split_of
from threedie.render.messages import Task
from threedie.render.models.source import ModelSource
from threedie.render.preset import Preset
from threedie.render.quality import Quality
from threedie.render.sampling import sample

if TYPE_CHECKING:
    from threedie.render.definition import DatasetDefinition


@dataclass(frozen=True)
class Plan:
    """All objects to render, and the dataset they become.

    Attributes:
        info: what the dataset will be.
        preset: its preset.
        quality: its render quality.
        source: where the meshes come from.
        sequence: the whole list of objects in the order in which latents are sampled.
        chosen: those of them to render.
        splits: split of each object that the manifest gives one; that of others is a hash of the name.
        definition: the published dataset that it is, if it is one.
    """

    info: DatasetInfo
    preset: Preset
    quality: Quality
    source: ModelSource
    sequence: tuple[ObjectRef, ...]
    chosen: frozenset[ObjectRef]
    splits: Mapping[ObjectRef, str] = field(default_factory=dict)
    definition: "DatasetDefinition | None" = None

    def split(self, ref: ObjectRef) -> str:
        """`train` or `val`."""
        return self.splits.get(ref) or split_of(ref)

    @property
    def views(self) -> int:
        """Number of views in all."""
        return len(self.chosen) * self.info.views

    @property
    def objects(self) -> list[ObjectRef]:
        """The objects to render, in the order of `sequence`."""
        return [ref for ref in self.sequence if ref in self.chosen]

    def tasks(self, missing: Iterable[ObjectRef]) -> Iterator[Task]:
        """The tasks of some objects, with their latents, one at a time."""
        selected = set(missing)
        latents = sample(self.preset, self.info.sampler, self.info.seed, self.sequence, self.info.views)
        for ref, values in zip(self.sequence, latents, strict=True):
            if ref in selected:
                yield Task(ref, self.split(ref), values)

    def fingerprint(self) -> str:
        """Fingerprint of the dataset if all objects are rendered, as `Dataset.fingerprint` computes it of the file."""
        refs = sorted(self.chosen)
        positions = {ref: position for position, ref in enumerate(refs)}
        latents = np.empty((len(refs), self.info.views, len(self.info.fields)))
        for task in self.tasks(refs):
            latents[positions[task.ref]] = task.latents
        return dataset_fingerprint(self.info, refs, [self.split(ref) for ref in refs], latents)

    def example(self, ref: ObjectRef, views: int) -> Task:
        """A task for a timed sample: a few views, with latents of the counter-based sampler."""
        latents = next(sample(self.preset, "counter", 0, [ref], views))
        return Task(ref, self.split(ref), latents)


def make_plan(
    source: ModelSource,
    preset: Preset,
    quality: Quality,
    *,
    synsets: Sequence[str],
    views: int,
    per_class: int | None,
    size: int | None,
    seed: int,
    sampler: str,
    manifest: Path | None,
    definition: "DatasetDefinition | None" = None,
) -> Plan:
    """Work out what is to be rendered.

    Args:
        source: where the meshes come from.
        preset: what is sampled and what the scene is made of.
        quality: samples and denoiser.
        synsets: classes to render.
        views: views per object.
        per_class: most objects of a class, None for all.
        size: width and height in pixels, None for the preset's.
        seed: seed of the latents.
        sampler: `counter` or `reference`.
        manifest: list of objects, with splits or without; None for all of the source.
        definition: the published dataset whose settings these are.

    Raises:
        ThreeDieError: nothing is left to render, or the options contradict each other.
    """
    models = source.describe()
    splits = {}
    if manifest is None:
        sequence = source.objects(synsets, per_class)
        chosen = sequence
    else:
        # The whole list is sampled even to render a part of it: the reference sampler's stream runs through it.
        sequence = read_object_list(manifest)
        entries = read_splits(manifest)
        if entries is not None:
            splits = {entry.ref: entry.split for entry in entries}
            models = {**models, "splits": split_names(entries)}
        chosen = first_per_class((ref for ref in sequence if ref.synset in set(synsets)), per_class)
        if not chosen:
            raise ThreeDieError(f"{manifest}: has no object of these classes")
    if sampler == "reference":
        order = hashlib.sha256("\n".join(map(str, sequence)).encode()).hexdigest()
        models = {**models, "sampled_in_order": order}
    info = DatasetInfo(
        preset=preset.to_json(),
        fields=preset.latents,
        seed=seed,
        sampler=sampler,
        views=views,
        image_size=size or preset.image_size,
        channel_order=preset.channel_order,
        quality=quality.to_json(),
        models=models,
    )
    sample(preset, sampler, seed, sequence, views)
    return Plan(info, preset, quality, source, tuple(sequence), frozenset(chosen), splits, definition)
