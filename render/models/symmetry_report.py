"""Symmetries and ceilings of a collection of models, object by object and class by class."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from threedie.manifests.classes import name_of
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import replacing
from threedie.manifests.latents import LatentField
from threedie.manifests.objects import ObjectRef
from threedie.render.models.ceiling import Ceiling, CeilingOf
from threedie.render.models.point_cloud import sample_object
from threedie.render.models.pool import over_all
from threedie.render.models.source import ModelError, ModelSource
from threedie.render.models.symmetry import POINTS, SHARE, Symmetry, find_symmetry

ALL = "all classes"
_SEED = 0


@dataclass(frozen=True)
class ObjectSymmetry:
    """One object: its symmetry in words, and what a perfect answer can reach on its views."""

    ref: ObjectRef
    symmetry: str
    is_trivial: bool
    ceiling: Ceiling


@dataclass(frozen=True)
class ClassSymmetry:
    """Several objects together.

    Attributes:
        name: of their class.
        objects: how many.
        symmetric: share of those that look the same after some rotation.
        commonest: the commonest symmetry of these in words; `none` without any.
        ceiling: the highest scores on their views together.
    """

    name: str
    objects: int
    symmetric: float
    commonest: str
    ceiling: Ceiling


@dataclass
class SymmetryReport:
    """All measured objects.

    Attributes:
        floor: what the best constant reaches.
        objects: in their order.
        left_out: why others couldn't be measured.
    """

    floor: Ceiling
    objects: list[ObjectSymmetry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def classes(self) -> list[ClassSymmetry]:
        """A row for each class, and a last one for all together."""
        by_class: dict[str, list[ObjectSymmetry]] = {}
        for each in self.objects:
            by_class.setdefault(name_of(each.ref.synset), []).append(each)
        rows = [_joined(name, objects) for name, objects in by_class.items()]
        return [*rows, _joined(ALL, self.objects)] if rows else []

    def table(self) -> list[str]:
        """The classes as a table in Markdown."""
        lines = [
            "| class | objects | symmetric | commonest symmetry | ceiling of `rotation` | of `rotation_in_class` |",
            "|---|---|---|---|---|---|",
        ]
        for row in self.classes():
            scores = f"{row.ceiling.rotation:.2f} | {row.ceiling.rotation_in_class:.2f}"
            lines.append(f"| {row.name} | {row.objects:,} | {row.symmetric:.0%} | {row.commonest} | {scores} |")
        return lines

    def write(self, path: Path) -> None:
        """Write the objects as CSV.

        Raises:
            ThreeDieError: the file can't be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["class", "id", "symmetry", "rotation", "rotation_in_class"])
        for each in self.objects:
            scores = (f"{score:.4f}" for score in (each.ceiling.rotation, each.ceiling.rotation_in_class))
            writer.writerow([each.ref.synset, each.ref.object_id, each.symmetry, *scores])
        with replacing(path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")


def find_symmetries(
    source: ModelSource, refs: Sequence[ObjectRef], workers: int, share: float = SHARE
) -> Iterator[Symmetry | str]:
    """The symmetry of each object, in order, or why it can't be measured.

    Args:
        source: of the models.
        refs: the objects.
        workers: number of processes.
        share: share of the surface that must look the same.

    Raises:
        ThreeDieError: a process died.
    """
    return over_all(partial(_find, share), source, refs, workers)


def report_of(
    refs: Sequence[ObjectRef], symmetries: Sequence[Symmetry | str], fields: Sequence[LatentField]
) -> SymmetryReport:
    """The report on some objects.

    Args:
        refs: the objects.
        symmetries: as `find_symmetries` gives them.
        fields: latent fields of a preset, which say what orientations are drawn.

    Raises:
        ThreeDieError: no object could be measured.
    """
    ceiling_of = CeilingOf(fields)
    ceilings: dict[bytes, Ceiling] = {}
    report = SymmetryReport(ceiling_of.floor)
    for ref, each in zip(refs, symmetries, strict=True):
        if isinstance(each, str):
            report.left_out.append(each)
            continue
        key = (np.round(each.rotations, 6) + 0.0).tobytes() + bytes([each.sphere])
        if key not in ceilings:
            ceilings[key] = ceiling_of(each)
        report.objects.append(ObjectSymmetry(ref, each.description, each.is_trivial, ceilings[key]))
    if not report.objects:
        raise ThreeDieError(f"none of the models can be measured; the first: {report.left_out[0]}")
    return report


def _find(share: float, source: ModelSource, ref: ObjectRef) -> Symmetry | str:
    try:
        cloud = sample_object(source.mesh_file(ref), POINTS, np.random.default_rng(_SEED))
    except ModelError as error:
        return f"{ref}: {str(error).removeprefix(f'{ref}: ')}"
    return find_symmetry(cloud, share=share)


def _joined(name: str, objects: Sequence[ObjectSymmetry]) -> ClassSymmetry:
    symmetric = [each for each in objects if not each.is_trivial]
    commonest = Counter(each.symmetry for each in symmetric).most_common(1)
    ceiling = Ceiling(
        float(np.mean([each.ceiling.rotation for each in objects])),
        float(np.mean([each.ceiling.rotation_in_class for each in objects])),
    )
    return ClassSymmetry(
        name, len(objects), len(symmetric) / len(objects), commonest[0][0] if commonest else "none", ceiling
    )
