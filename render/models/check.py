"""Checking a collection of models before it is rendered."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from threedie.manifests.errors import one_line
from threedie.manifests.files import replacing
from threedie.manifests.objects import ObjectRef
from threedie.manifests.official import compare_counts
from threedie.manifests.plurals import pluralize
from threedie.render.models.container import Folder
from threedie.render.models.faults import Fault
from threedie.render.models.inspect import ObjectText
from threedie.render.models.obj import ObjMesh
from threedie.render.models.obj_import import ObjFiles, ObjObject
from threedie.render.models.polygons import NO_AREA
from threedie.render.models.pool import over_all
from threedie.render.models.source import MESH_FILE, ModelError, ModelSource

UNIT_DIAGONAL = (0.5, 2.0)
"""Range of the bounding box's diagonal: ShapeNet's models have 1, and the camera is placed for that."""

MANY_TRIANGLES = 2_000_000
MUCH_WITHOUT_AREA = 0.1
NAMED = 25
"""Most objects that a sentence names; the published lists leave out 19 cars, for one."""


UNUSABLE, FLAW, ABSENT = "broken", "flaw", "absent"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one object.

    Attributes:
        ref: the object.
        level: `broken` where it can't be rendered, `flaw` where it can, but not as intended, `absent` where a listed
            object is missing.
        kind: `mesh`, `finite`, `area`, `size`, `material`, `texture`, `picture`, `color`, `other` or `object`.
        detail: a sentence.
    """

    ref: ObjectRef
    level: str
    kind: str
    detail: str


@dataclass
class Report:
    """The result of a check.

    Attributes:
        checked: number of objects that were checked.
        problems: what is wrong with them.
        notes: sentences about the collection as a whole.
    """

    checked: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def objects(self, level: str) -> set[ObjectRef]:
        """Objects with a problem of a level."""
        return {problem.ref for problem in self.problems if problem.level == level}

    def summary(self) -> list[str]:
        """The report in a few lines."""
        broken = self.objects(UNUSABLE)
        flawed = self.objects(FLAW) - broken
        lines = [f"{pluralize(self.checked, 'object')}: {len(broken):,} broken, {len(flawed):,} with flaws"]
        counts = Counter((problem.level, problem.kind) for problem in self.problems)
        examples = {(problem.level, problem.kind): problem for problem in reversed(self.problems)}
        for (level, kind), count in sorted(counts.items()):
            example = examples[level, kind]
            lines.append(f"  {level:<6} {kind:<8} {count:>6,}  such as {example.ref}: {example.detail}")
        return lines + self.notes

    def write(self, path: Path) -> None:
        """Write the problems as CSV.

        Raises:
            ThreeDieError: the file can't be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["class", "id", "level", "kind", "detail"])
        writer.writerows([each.ref.synset, each.ref.object_id, each.level, each.kind, each.detail]
                         for each in sorted(self.problems, key=lambda each: each.ref))  # fmt: skip
        with replacing(path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8", errors="replace")


def check_objects(source: ModelSource, refs: Sequence[ObjectRef], workers: int) -> Iterator[list[Problem]]:
    """The problems of each object, in order; whole files are read.

    Raises:
        ThreeDieError: a process died.
    """
    return over_all(check_object, source, refs, workers)


def check_object(source: ModelSource, ref: ObjectRef) -> list[Problem]:
    """What is wrong with one object."""
    try:
        path = source.mesh_file(ref)
        folder = path.parents[len(MESH_FILE.parts) - 1]
        obj = ObjObject(ObjFiles(Folder(folder), path.relative_to(folder).as_posix()))
        return _flaws(ref, [*ObjectText(path).faults(), *obj.faults]) + _check_surface(ref, obj.mesh)
    except ModelError as error:
        return [Problem(ref, UNUSABLE, "mesh", str(error).removeprefix(f"{ref}: "))]


def _flaws(ref: ObjectRef, faults: Sequence[Fault]) -> list[Problem]:
    """What a render lacks, and what an import would drop, replace or guess; each once."""
    whats = dict.fromkeys((fault.kind, one_line(fault.what)) for fault in faults if fault.kind != "import")
    return [
        Problem(ref, FLAW, kind, f"{what}, which a render doesn't show; import it" if kind == "color" else what)
        for kind, what in whats
    ]


def _check_surface(ref: ObjectRef, mesh: ObjMesh) -> list[Problem]:
    used = mesh.used
    if not np.isfinite(used).all():
        bad = int((~np.isfinite(used)).any(axis=1).sum())
        return [Problem(ref, UNUSABLE, "finite", f"{pluralize(bad, 'vertex')} with coordinates that are not finite")]
    problems = []
    diagonal = float(np.linalg.norm(used.max(axis=0) - used.min(axis=0)))
    areas = mesh.areas()
    without = float((areas <= NO_AREA * diagonal**2).mean())
    if without == 1:
        return [Problem(ref, UNUSABLE, "area", "all faces have no area")]
    if without > MUCH_WITHOUT_AREA:
        problems.append(Problem(ref, FLAW, "area", f"{without:.0%} of its faces have no area"))
    low, high = UNIT_DIAGONAL
    if not low <= diagonal <= high:
        problems.append(Problem(ref, FLAW, "size", f"its diagonal is {diagonal:.3g}, where 1 is expected"))
    if len(mesh.triangles) > MANY_TRIANGLES:
        problems.append(Problem(ref, FLAW, "size", f"it has {len(mesh.triangles):,} triangles"))
    return problems


def compare_with_list(refs: Iterable[ObjectRef], listed: Iterable[ObjectRef]) -> tuple[list[Problem], list[str]]:
    """Listed objects that are missing, as problems; and a sentence on objects that aren't in the list."""
    available, expected = set(refs), set(listed)
    absent = [Problem(ref, ABSENT, "object", "listed, but missing") for ref in sorted(expected - available)]
    others = sorted(available - expected)
    if not others:
        return absent, []
    named = ", ".join(map(str, others[:NAMED])) + (", ..." if len(others) > NAMED else "")
    return absent, [f"{pluralize(len(others), 'object')} not in the list: {named}"]


def count_notes(refs: Iterable[ObjectRef]) -> list[str]:
    """How the number of objects of each class compares with the published lists."""
    return compare_counts(Counter(ref.synset for ref in refs))
