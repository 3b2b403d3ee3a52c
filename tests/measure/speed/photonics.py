"""Bands and density of states of a unit cell, against MPB (Debian: `apt install mpb`) on the same pixels."""

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from speed.comparison import Comparison
from threedie.render.photonics.bands import BANDS, solve_bands, zone_grid
from threedie.render.photonics.cells import unit_cell
from threedie.render.photonics.density import label_of_bands

SUBJECT = "ten TM bands on 25 x 25 wave vectors and their density of states, one core, against MPB's bands"
CELLS = (("gpm", 0), ("gpm", 2), ("blob", 1))
WANTED = 20.0
TOLERANCE = 1e-9
"""MPB's, on the change of eigenvalues, as in the bands that tests compare with."""

CONTROL = """
(set! geometry-lattice (make lattice (size 1 1 no-size)))
(set! resolution {side}) (set! mesh-size 1) (set! num-bands {bands}) (set! tolerance {tolerance})
(define pixels (vector {pixels}))
(define (place u) (modulo (inexact->exact (round (* {side} (+ u 0.5)))) {side}))
(define (material r)
  (make dielectric (epsilon (vector-ref pixels (+ (* {side} (place (vector3-x r))) (place (vector3-y r)))))))
(set! default-material (make material-function (material-func material)))
(set! k-points (list {points}))
(run-tm display-group-velocities)
"""


def compare() -> Iterator[Comparison]:
    """Seconds of a core for a cell; MPB's include the start of its program, a tenth of a second."""
    if shutil.which("mpb") is None:
        click.echo("  skipped: there is no mpb on this machine (Debian: apt install mpb)")
        return
    ours, plain, worst = [], [], 0.0
    for kind, index in CELLS:
        epsilon = unit_cell(kind, 0, index).epsilon
        begin = time.process_time()
        bands = solve_bands(epsilon)
        label_of_bands(bands, epsilon)
        ours.append(time.process_time() - begin)
        seconds, expected = run_mpb(epsilon)
        plain.append(seconds)
        frequency = bands.whole_zone()[1]
        moving = frequency > 0
        worst = max(worst, float(np.abs(frequency - expected)[moving].max()))
    what = f"a cell (frequencies differ by at most {worst:.1e}; MPB prints six digits)"
    yield Comparison(what, "s", tuple(ours), tuple(plain), WANTED)


def run_mpb(epsilon: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds of a core that MPB takes, and its frequencies (625, 10) in the order of `zone_grid`."""
    text = CONTROL.format(
        side=len(epsilon), bands=BANDS, tolerance=TOLERANCE, pixels=" ".join(map(repr, epsilon.ravel().tolist())),
        points=" ".join(f"(vector3 {x!r} {y!r} 0)" for x, y in zone_grid().tolist()),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="3die-bench-") as folder:
        Path(folder, "cell.ctl").write_text(text)
        before = _children()
        done = subprocess.run(
            ["mpb", "cell.ctl"], cwd=folder, capture_output=True, text=True, check=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        seconds = _children() - before
    rows = [line.split(",")[6:] for line in done.stdout.splitlines() if line.startswith("tmfreqs:")]
    return seconds, np.array([list(map(float, row)) for row in rows if "band" not in row[0]])


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
