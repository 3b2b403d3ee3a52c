"""Options of a run that decide no number."""

from types import UnionType
from typing import TypedDict, Unpack

from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.records.rules import check_name
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.progress import Reporter


class RunOptions(TypedDict, total=False):
    """Attributes of a run that decide no number."""

    scope: Scope
    device: str
    workers: int
    save_every_s: float
    reporter: Reporter
    name: str | None


_OPTION_TYPES: dict[str, tuple[type | UnionType, str]] = {
    "scope": (Scope, "a threedie.Scope"),
    "device": (str, "'auto', 'cpu' or 'cuda'"),
    "workers": (int, "a whole number"),
    "save_every_s": (int | float, "a number of seconds"),
    "reporter": (Reporter, "a Reporter"),
    "name": (str | None, "a name"),
}


def check_options(**options: Unpack[RunOptions]) -> None:
    """Check options, all or some.

    Raises:
        ThreeDieError: one is of the wrong type, too small, or a name that no record may have.
    """
    for key, value in options.items():
        kind, words = _OPTION_TYPES[key]
        if not isinstance(value, kind):
            raise ThreeDieError(f"{key} {shown_value(value)}: give {words}")
    if options.get("workers", 1) < 1:
        raise ThreeDieError(f"workers {options['workers']}: give 1 or more")
    if not options.get("save_every_s", 0) >= 0:
        raise ThreeDieError(f"save_every_s {options['save_every_s']}: give 0 or more seconds")
    if (name := options.get("name")) is not None:
        check_name(name, "name")
