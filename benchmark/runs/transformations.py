"""The table of E-SSL's first figure: the base alone, and sensitive or invariant to each of some transformations."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from threedie.baselines.image_transformations import TRANSFORMATIONS
from threedie.benchmark.records.record import Record
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.suggest import suggest

NAMES = tuple(TRANSFORMATIONS)
BASE = "base"
_SCORES = (("picture_linear", "top1"), ("classification", "top1"))
"""Task and metric that are compared: the first that a record has."""


@dataclass(frozen=True)
class Variant:
    """A run of the table.

    Attributes:
        folder: name of the folder that gets the run's own.
        words: settings of `essl`, `key=value` each.
    """

    folder: str
    words: tuple[str, ...]


def variants(names: Sequence[str]) -> Iterator[Variant]:
    """The base, and both runs of each transformation.

    Raises:
        ThreeDieError: there is no such transformation.
    """
    for name in names:
        if name not in TRANSFORMATIONS:
            raise ThreeDieError(f"there is no transformation {name!r:.60}; {suggest(name, NAMES)}")
    yield Variant(BASE, ("method.target=none",))
    for name in dict.fromkeys(names):
        yield Variant(f"sensitive-{name}", (f"method.target={name}",))
        yield Variant(f"invariant-{name}", ("method.target=none", f"method.invariance={name}"))


def check_comparable(dataset: str, tasks: Collection[str] | None) -> None:
    """Refuse a kind of dataset without any of the scores that are compared, before hours of training.

    Args:
        dataset: its name.
        tasks: `Source.tasks` of it.

    Raises:
        ThreeDieError: it has none.
    """
    wanted = [task for task, _ in _SCORES]
    if tasks is not None and not set(wanted) & set(tasks):
        raise ThreeDieError(
            f"--dataset {dataset}: has no classes, and accuracies of a linear classifier are compared; take another"
        )


def run_variants(names: Sequence[str], run: Callable[[Variant], Record | None]) -> str:
    """Run all variants, and give the accuracies as a table in Markdown; see `table`."""
    scores: dict[str, float] = {}
    for variant in [*variants(names)]:
        record = run(variant)
        if record is not None:
            scores[variant.folder] = score_of(record)
    return table(names, scores)


def score_of(record: Record) -> float:
    """Accuracy of the linear classifier on the whole representation, 0 to 1.

    Raises:
        ThreeDieError: the record has none.
    """
    for task, metric in _SCORES:
        for row in record["results"]:
            if (row["task"], row["metric"], row["part"], row["input"]) == (task, metric, "all", "representation"):
                return float(row["value"])
    raise ThreeDieError(f"{record['id']}: has no accuracy of a linear classifier, so it can't be compared")


def table(names: Sequence[str], scores: dict[str, float]) -> str:
    """Accuracies in percent, and their differences from the base's.

    Args:
        names: of the transformations.
        scores: accuracy by `Variant.folder`; of a run of several processes only the first has them.
    """
    if BASE not in scores:
        return ""
    base = scores[BASE]
    lines = [
        f"base alone: {base:.1%}",
        "",
        "| transformation | sensitive | difference | invariant | difference |",
        "|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(names):
        cells = []
        for kind in ("sensitive", "invariant"):
            score = scores[f"{kind}-{name}"]
            cells += [f"{score:.1%}", f"{100 * (score - base):+.1f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
