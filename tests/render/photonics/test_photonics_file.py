"""Files of photonic crystals: made, killed and resumed, read, damaged, checked; the commands."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest
from click.testing import CliRunner
from PIL import Image

from threedie.cli import cli
from threedie.manifests.errors import DamagedFileError, ThreeDieError
from threedie.manifests.photonics import PhotonicCell, PhotonicCells, PhotonicInfo, empty_lattice, write_cells
from threedie.render.photonics import make as making
from threedie.render.photonics.cells import unit_cell
from threedie.render.photonics.verify import verify

REPO = Path(__file__).parents[3]


def painted(info: PhotonicInfo, index: int) -> PhotonicCell:
    """A cell with a made-up density of states."""
    cell = unit_cell(info.kind, info.seed, index)
    parameters = np.array([cell.fill, cell.eps_in, cell.eps_out, cell.level])
    return PhotonicCell(cell.epsilon, empty_lattice() + index, parameters, np.array([1e-9, 60.0]))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Solves nothing; gives the indices that were asked for."""
    asked: list[int] = []

    def solve(info: PhotonicInfo, index: int) -> PhotonicCell:
        asked.append(index)
        return painted(info, index)

    monkeypatch.setattr(making, "solve_cell", solve)
    monkeypatch.setattr(making, "PART_CELLS", 4)
    return asked


@pytest.fixture
def written(tmp_path: Path) -> Path:
    info = making.describe("blob", 0, 5)
    write_cells(tmp_path / "cells.h5", info, making.made_by(), (painted(info, index) for index in range(5)))
    return tmp_path / "cells.h5"


def test_a_file_says_how_it_was_made_and_gives_back_its_cells(written: Path) -> None:
    cells = PhotonicCells(written)
    assert (cells.info.kind, cells.info.seed, len(cells)) == ("blob", 0, 5)
    assert cells.info.solver["bands"] == 10
    assert cells.made["threedie"]
    assert np.array_equal(cells.epsilon(2, 4), [unit_cell("blob", 0, index).epsilon for index in (2, 3)])
    assert np.array_equal(cells.labels()[3], empty_lattice() + 3)
    assert cells.parameters.shape == (5, 4)


def test_an_interrupted_collection_goes_on_where_it_stopped(quick: list[int], tmp_path: Path) -> None:
    info = making.describe("gpm", 7, 10)

    class Stop(making.Reporter):
        def bar(self, *args: object, **more: object) -> object:
            return Counter(6)

    class Counter:
        def __init__(self, left: int) -> None:
            self.left = left

        def __enter__(self) -> "Counter":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self) -> None:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

    path = tmp_path / "cells.h5"
    with pytest.raises(KeyboardInterrupt):
        making.make(path, info, 1, Stop())
    assert not path.exists()
    assert [file.name for file in (tmp_path / "cells.h5.parts").iterdir()] == ["00000000.h5"]
    quick.clear()
    assert making.make(path, info, 1)
    assert quick == [4, 5, 6, 7, 8, 9]
    assert np.array_equal(PhotonicCells(path).labels()[:, 0], np.arange(10))
    assert [file.name for file in tmp_path.iterdir()] == ["cells.h5"]
    quick.clear()
    assert not making.make(path, info, 1)
    assert quick == []


def test_parts_that_are_damaged_or_of_another_collection_are_made_again(quick: list[int], tmp_path: Path) -> None:
    info = making.describe("gpm", 7, 8)
    parts = tmp_path / "cells.h5.parts"
    other = replace(info, seed=8, cells=4)
    write_cells(parts / "00000000.h5", other, {}, (painted(other, index) for index in range(4)))
    (parts / "00000004.h5").write_bytes(b"half")
    making.make(tmp_path / "cells.h5", info, 1)
    assert quick == list(range(8))


def test_another_collection_is_never_overwritten(quick: list[int], written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(ThreeDieError, match="another collection"):
        making.make(written, making.describe("blob", 1, 5), 1)
    assert written.read_bytes() == before


@pytest.mark.parametrize("place", [100, 3000, -2000])
def test_a_flipped_bit_is_an_error_that_names_the_file(written: Path, place: int) -> None:
    content = bytearray(written.read_bytes())
    content[place] ^= 4
    written.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"cells\.h5: .*make' again"):
        PhotonicCells(written)


def test_files_that_are_cut_short_missing_foreign_or_newer_are_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(ThreeDieError, match="no such file"):
        PhotonicCells(tmp_path / "none.h5")
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(DamagedFileError, match="not a file of photonic crystals"):
        PhotonicCells(tmp_path / "foreign.h5")
    with h5py.File(tmp_path / "newer.h5", "w") as file:
        file.attrs["format"], file.attrs["version"] = "3die-photonics", 2
    with pytest.raises(ThreeDieError, match="update it"):
        PhotonicCells(tmp_path / "newer.h5")
    written.write_bytes(written.read_bytes()[:-100])
    with pytest.raises(DamagedFileError, match="bytes long"):
        PhotonicCells(written)


@pytest.mark.parametrize(
    ("name", "value"),
    [("epsilon", np.nan), ("epsilon", 0.0), ("epsilon", -2.0), ("label", np.inf), ("label", -1e-9), ("label", 1e300)],
)
def test_values_that_no_cell_has_are_refused_when_read(name: str, value: float, tmp_path: Path) -> None:
    info = making.describe("blob", 0, 4)
    cells = [painted(info, index) for index in range(4)]
    getattr(cells[2], name)[7] = value
    write_cells(tmp_path / "cells.h5", info, {}, cells)
    file = PhotonicCells(tmp_path / "cells.h5")
    read = file.epsilon if name == "epsilon" else file.labels
    assert len(read(0, 2)) == 2
    with pytest.raises(DamagedFileError, match=rf"cells\.h5: {name} of cell 2 has values that no cell has; delete it"):
        read(1)


def test_a_density_of_states_of_nothing_is_refused(tmp_path: Path) -> None:
    info = making.describe("blob", 0, 1)
    cell = painted(info, 0)
    cell.label[:] = 0
    write_cells(tmp_path / "cells.h5", info, {}, [cell])
    with pytest.raises(DamagedFileError, match="label of cell 0"):
        PhotonicCells(tmp_path / "cells.h5").labels()


def test_a_wrong_number_of_cells_leaves_no_file(tmp_path: Path) -> None:
    info = making.describe("blob", 0, 3)
    for count in (2, 4):
        with pytest.raises(ThreeDieError, match="announced"):
            write_cells(tmp_path / "cells.h5", info, {}, (painted(info, index) for index in range(count)))
    assert list(tmp_path.iterdir()) == []


def test_verify_finds_foreign_cells_and_wrong_densities(written: Path, tmp_path: Path) -> None:
    assert verify(written, 0) == []
    assert verify(written, 1) == [f"cell 0: {fault}" for fault in _difference(written)]
    info = making.describe("blob", 0, 3)
    good = [painted(info, index) for index in range(3)]
    good[1] = replace(good[1], epsilon=good[1].epsilon[::-1])
    good[2] = replace(good[2], label=good[2].label * np.nan)
    write_cells(tmp_path / "bad.h5", info, {}, good)
    problems = verify(tmp_path / "bad.h5", 0)
    assert problems == ["cell 1: isn't the cell of kind blob, seed 0, index 1", "cell 2: numbers that aren't finite"]


def _difference(path: Path) -> Iterator[str]:
    cells = PhotonicCells(path)
    difference = np.abs(making.solve_cell(cells.info, 0).label - cells.labels()[0]).max()
    yield f"its density of states differs by {difference:.1e} when it is computed again"


def test_verify_says_when_the_solver_was_another(tmp_path: Path) -> None:
    info = replace(making.describe("blob", 0, 2), solver={"version": 0})
    write_cells(tmp_path / "old.h5", info, {}, (painted(info, index) for index in range(2)))
    assert verify(tmp_path / "old.h5", 2) == [
        "made with another version of the generator or the solver; cells aren't compared with either"
    ]


def test_the_commands_make_check_and_draw(tmp_path: Path) -> None:
    path, sheet = tmp_path / "cells.h5", tmp_path / "cells.png"
    runner = CliRunner()
    make = ["photonics", "make", "--kind", "gpm", "--cells", "2", "--seed", "4", "-o", str(path), "--workers", "1"]
    made = runner.invoke(cli, make)
    assert made.exit_code == 0, made.output
    assert "2 cells of kind gpm, seed 4" in made.output
    assert "exists already" in runner.invoke(cli, make).output
    assert "no problems" in runner.invoke(cli, ["photonics", "verify", str(path), "--solve", "1"]).output
    assert runner.invoke(cli, ["photonics", "preview", str(path), "-o", str(sheet), "--cells", "2"]).exit_code == 0
    assert min(Image.open(sheet).size) > 200
    label = PhotonicCells(path).labels()[0]
    # Few states at low frequencies, as many as in the empty lattice on the whole.
    assert label.sum() == pytest.approx(empty_lattice().sum(), rel=0.1)


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_what_the_same_command_goes_on_from(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "threedie", "photonics", "make", "--kind", "blob", "--cells", "40", "-o", "a.h5"]
    environment = {**os.environ, "PYTHONPATH": str(REPO), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*command, "--workers", "2"], cwd=tmp_path, env=environment) as process:
        part = tmp_path / "a.h5.parts" / "00000000.h5"
        while not part.exists() and process.poll() is None:
            time.sleep(0.1)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=30)[1] == []
    assert part.exists()
    first = PhotonicCells(part).labels()
    subprocess.run([*command, "--workers", "1"], cwd=tmp_path, env=environment, check=True)
    assert np.array_equal(PhotonicCells(tmp_path / "a.h5").labels(0, 32), first)
