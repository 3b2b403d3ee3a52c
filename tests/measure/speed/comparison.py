"""Time and memory of two ways of doing the same, measured in turns."""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

MIB = 2**20


@dataclass(frozen=True)
class Comparison:
    """How often the plain way's cost ours is.

    Attributes:
        what: what was measured, with its size.
        unit: of the two costs, such as `s` or `MiB`.
        ours: cost of ours, one value a round.
        plain: cost of the plain way, one value a round.
        wanted: least ratio of plain to ours that the project promises; 0 where it promises none.
    """

    what: str
    unit: str
    ours: tuple[float, ...]
    plain: tuple[float, ...]
    wanted: float = 0.0

    @property
    def ratio(self) -> float:
        """Median of plain over median of ours."""
        return statistics.median(self.plain) / max(statistics.median(self.ours), 1e-12)

    @property
    def spread(self) -> tuple[float, float]:
        """Lowest and highest ratio of any one round."""
        ratios = [plain / max(ours, 1e-12) for ours, plain in zip(self.ours, self.plain, strict=True)]
        return min(ratios), max(ratios)

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return self.ratio >= self.wanted

    def __str__(self) -> str:
        low, high = self.spread
        promise = "" if not self.wanted else f"; wanted {self.wanted:g}: {'kept' if self.kept else 'MISSED'}"
        return (
            f"{self.what}: {statistics.median(self.ours):.4g} {self.unit} against "
            f"{statistics.median(self.plain):.4g}, ratio {self.ratio:.1f} ({low:.1f} to {high:.1f}, "
            f"{len(self.ours)} round{'s' if len(self.ours) > 1 else ''}){promise}"
        )


def seconds_in_turns(
    ours: Callable[[], object],
    plain: Callable[[], object],
    rounds: int = 5,
    warm: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Seconds of both, one after the other in every round; `warm` lets each run once before, unmeasured.

    With `time.process_time` as `clock` they are seconds of a core, which other programs don't lengthen much.
    """
    if warm:
        ours()
        plain()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, taken in zip((ours, plain), times, strict=True):
            begin = clock()
            function()
            taken.append(clock() - begin)
    return tuple(times[0]), tuple(times[1])


def peak_mib(function: Callable[..., object], *arguments: object) -> float:
    """MiB by which the resident size of a fresh process grows at most while it runs a function of a module."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return float(pool.apply(_grow, (function, arguments)))


def _grow(function: Callable[..., object], arguments: tuple[object, ...]) -> float:
    before = psutil.Process().memory_info().rss
    function(*arguments)
    # Not ru_maxrss: a process starts with the peak of the one that started it.
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return max(0.0, int(line.split()[1]) * 1024 - before) / MIB
