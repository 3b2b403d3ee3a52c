"""What is built and installed: `threedie` alone, whole, and in nobody's way."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import threedie

REPO = Path(__file__).parents[1]
FOLDERS = ("baselines", "benchmark", "manifests", "render")
RUBBISH = shutil.ignore_patterns("__pycache__", "*.egg-info", "data")
BESIDE = {
    "baselines/__init__.py": "WHOSE = 'somebody else'\n",
    "manifests.py": "WHOSE = 'somebody else'\n",
}
IN_THE_WAY = "raise RuntimeError('a folder of the user was imported')\n"
NOTHING_ELSE = (
    "import baselines, manifests, threedie, threedie.render.run, threedie.benchmark.data.pairs\n"
    "from threedie import Dataset, PairDataset, losses\n"
    "assert baselines.WHOSE == manifests.WHOSE == 'somebody else'\n"
    "print(threedie.__file__, threedie.__version__)"
)


def call(*words: object, cwd: Path, path: Path | None = None) -> str:
    """Run a command in a folder that has nothing to do with the repository; its output."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(python: object, *words: object, cwd: Path) -> str:
    """Run this environment's pip on another one, without a network."""
    own = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    return call(*own, *words, cwd=cwd)


def build(source: Path, what: str, out: Path) -> Path:
    script = f"from setuptools import build_meta; print(build_meta.build_{what}({str(out)!r}))"
    return out / call(sys.executable, "-c", script, cwd=source).splitlines()[-1]


def sources(root: Path, folders: Sequence[str] = FOLDERS) -> set[str]:
    """Names that the files of a copy have in a wheel."""
    own = {f"threedie/{path.name}" for path in (root / "threedie").iterdir() if path.is_file()}
    return own | {
        f"threedie/{path.relative_to(root).as_posix()}"
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a clone has it, without what was built in it."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in (*FOLDERS, "threedie", "tests"):
        ignore = RUBBISH if folder == "tests" else shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(REPO / folder, root / folder, symlinks=True, ignore=ignore)
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "Makefile"):
        shutil.copy2(REPO / name, root / name)
    return root


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of a user who has a `benchmark/` and a `render/` of their own."""
    folder = tmp_path / "elsewhere"
    for name in ("benchmark", "render"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(IN_THE_WAY)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A fresh virtual environment that sees the libraries of this one, but not its threedie."""
    folder = tmp_path / "venv"
    call(sys.executable, "-m", "venv", "--without-pip", folder, cwd=tmp_path)
    # A line of a .pth file adds a folder; the .pth files in that folder, editable installs among them, aren't read.
    (packages(folder) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def packages(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


def installed(environment: Path) -> set[str]:
    return {path.name for folder in (packages(environment), environment / "bin") for path in folder.iterdir()}


def test_the_wheel_holds_every_file_of_the_folders_and_nothing_else(checkout: Path, wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.split("/")[0] != f"threedie-{threedie.__version__}.dist-info"} == sources(
        checkout
    )
    assert {"threedie/py.typed", "threedie/render/models/embedded/LICENSES.md"} <= names


def test_the_sdist_builds_the_same_wheel(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build(checkout, "sdist", tmp_path)) as archive:
        assert not [name for name in archive.getnames() if "/tests" in name]
        archive.extractall(tmp_path, filter="data")
    again = build(next(tmp_path.glob("threedie-*/")), "wheel", tmp_path)
    first, second = (zipfile.ZipFile(path) for path in (wheel, again))
    assert sorted(first.namelist()) == sorted(second.namelist())
    for name in first.namelist():
        assert name.endswith("RECORD") or first.read(name) == second.read(name), name


@pytest.fixture
def target(wheel: Path, tmp_path: Path) -> Path:
    """A folder that the wheel was installed into, beside packages that are called like folders of the repository."""
    folder = tmp_path / "target"
    for name, content in BESIDE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    call(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel,
        cwd=tmp_path,
    )  # fmt: skip
    return folder


def test_imports_beside_packages_and_folders_of_the_same_names(target: Path, elsewhere: Path) -> None:
    file, version = call(sys.executable, "-c", NOTHING_ELSE, cwd=elsewhere, path=target).split()
    assert Path(file) == target / "threedie" / "__init__.py"
    assert version == threedie.__version__


def test_commands_beside_folders_of_the_same_names(target: Path, elsewhere: Path) -> None:
    assert "sie" in call(sys.executable, "-m", "threedie", "bench", "list", cwd=elsewhere, path=target)
    assert "--views" in call(sys.executable, "-m", "threedie", "render", "--help", cwd=elsewhere, path=target)
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", 1, "-m", "threedie")
    assert "sie" in call(*torchrun, "bench", "list", cwd=elsewhere, path=target)


def test_a_wheel_is_installed_as_one_package_and_uninstalled_without_a_trace(
    wheel: Path, environment: Path, elsewhere: Path
) -> None:
    before = installed(environment)
    pip(environment / "bin/python", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=elsewhere)
    info = f"threedie-{threedie.__version__}.dist-info"
    assert installed(environment) - before == {"threedie", info, "3die"}
    assert "Commands:" in call(environment / "bin/3die", "--help", cwd=elsewhere)
    shown = call(environment / "bin/3die", "--version", cwd=elsewhere)
    assert threedie.__version__ in shown
    pip(environment / "bin/python", "uninstall", "--quiet", "--yes", "threedie", cwd=elsewhere)
    assert installed(environment) == before


def test_an_editable_install_gives_the_same_names_and_goes_again(
    checkout: Path, environment: Path, elsewhere: Path, tmp_path: Path
) -> None:
    before = installed(environment)
    source = shutil.copytree(checkout, tmp_path / "source", symlinks=True)
    python = environment / "bin/python"
    pip(python, "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "-e", source, cwd=elsewhere)
    script = (
        "import importlib.util, threedie, threedie.benchmark.data.pairs as pairs\n"
        "taken = [name for name in ('baselines', 'manifests', 'tests') if importlib.util.find_spec(name)]\n"
        "assert not taken, taken\n"
        "print(threedie.__file__, pairs.__file__)"
    )
    init, pairs = call(python, "-c", script, cwd=elsewhere).split()
    assert Path(init) == source / "threedie" / "__init__.py"
    assert Path(pairs) == source / "threedie" / "benchmark" / "data" / "pairs.py"
    assert "sie" in call(environment / "bin/3die", "bench", "list", cwd=elsewhere)
    pip(python, "uninstall", "--quiet", "--yes", "threedie", cwd=elsewhere)
    assert installed(environment) == before


def test_a_checkout_without_links_says_so(checkout: Path, tmp_path: Path) -> None:
    source = shutil.copytree(checkout, tmp_path / "source", symlinks=True)
    for name in FOLDERS:
        (source / "threedie" / name).unlink()
        (source / "threedie" / name).write_text(f"../{name}")
    for command in ([sys.executable, "-m", "threedie"], ["make", "setup"]):
        done = subprocess.run(
            command, cwd=source, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True, check=False
        )
        assert done.returncode
        assert "core.symlinks=true" in done.stderr.splitlines()[-1]
