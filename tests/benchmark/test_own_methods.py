"""A method in a user's own file, outside the repository: the one of the docs, trained, measured and recorded."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.records.record import read_record
from threedie.benchmark.training.own_methods import load_method
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-method.md"
TINY = [
    part
    for text in ("image_size=32", "width=8", "projector=32-32", "epochs=2", "passes=1", "batch_size=8")
    for part in ("--set", text)
] + ["--set", "warmup_epochs=0"]


def example() -> str:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return code


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(example(), encoding="utf-8")
    return path


def bench_command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, so that nothing an earlier command made known helps."""
    command = [sys.executable, "-P", "-m", "threedie", "bench", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_method_of_the_docs_trains_resumes_and_is_measured(mine: Path, dataset: Dataset):
    options = ["--data", str(dataset.path), "--recipe", "smoke", *TINY, "--set", "method_options.variance_weight=2"]
    words = ["run", "--method", "mine.py:Cosine", *options]
    done = bench_command(mine.parent, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3die bench run --method mine.py:Cosine --recipe smoke" in done.stdout
    (folder,) = (mine.parent / "runs").iterdir()
    assert re.fullmatch(r"Cosine-[0-9a-f]{8}-smoke-s0", folder.name)
    record = read_record(folder / "record.json")
    assert record["method"]["name"] == folder.name.removesuffix("-smoke-s0")
    assert record["method"]["options"] == {"variance_weight": 2}
    assert {"loss", "invariance", "variance"} < set(record["curves"])
    tasks = {row["task"] for row in record["results"]}
    assert {"classification", "rotation", "color"} <= tasks
    assert "retrieval" not in tasks

    checkpoint = ["eval", "--checkpoint", str(folder / "checkpoint.pt"), "--data", str(dataset.path)]
    (folder / "record.json").unlink()
    done = bench_command(mine.parent, *checkpoint, "--method", "mine.py:Cosine")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_record(folder / "record.json")["results"] == record["results"]
    done = bench_command(mine.parent, *checkpoint)
    assert done.returncode == 2
    assert "add --method FILE.py:CLASS" in done.stderr
    assert "Traceback" not in done.stderr

    mine.write_text(example() + "\n# another\n", encoding="utf-8")
    done = bench_command(mine.parent, *checkpoint, "--method", "mine.py:Cosine")
    assert done.returncode == 2
    assert "give the same file" in done.stderr


def test_its_options_are_checked_like_the_others(mine: Path, dataset: Dataset, tmp_path: Path):
    from click.testing import CliRunner

    base = ["run", "--method", f"{mine}:Cosine", "--data", str(dataset.path), "--recipe", "smoke", *TINY]
    base += ["--out", str(tmp_path / "runs")]
    for override, message in (
        ("varience_weight=2", "did you mean 'variance_weight'"),
        ("variance_weight=much", "wants float, got 'much'"),
    ):
        error = CliRunner().invoke(bench, [*base, "--set", f"method_options.{override}"]).exception
        assert isinstance(error, ThreeDieError), error
        assert message in str(error)
    for words in (["run"], ["run", "sie", "--method", f"{mine}:Cosine"]):
        error = CliRunner().invoke(bench, words).exception
        assert isinstance(error, ThreeDieError), error
        assert "name one method" in str(error)


@pytest.mark.parametrize(
    ("where", "content", "message"),
    [
        ("mine.py", None, "write it as FILE.py:CLASS"),
        ("none.py:Mine", None, "none.py: can't be read"),
        ("mine.py:Cosin", example(), "no class 'Cosin' in it; did you mean 'Cosine'"),
        ("mine.py:Mine", "x = 1\ny = x / 0\n", "line 2: ZeroDivisionError"),
        ("mine.py:Mine", "x = 1\nclass (\n", "line 2: SyntaxError"),
        ("mine.py:Mine", "import sys\nsys.exit(0)\n", "line 2: ends the program when it is imported"),
        ("mine.py:Mine", "x = '\0'\n", "source code string cannot contain null bytes"),
        ("mine.py:Mine", "class Mine: pass\n", "Mine is no subclass of threedie.Method"),
        (
            "mine.py:Mine",
            "from threedie.baselines.method import Method\nclass Mine(Method): pass\n",
            "Mine lacks embed, forward, parts, represent",
        ),
        (
            "mine.py:Mine",
            "from threedie.baselines.simclr import SimCLR\nclass Mine(SimCLR):\n    def __init__(self, *, a=1): pass\n",
            "constructor must take backbone and projector first",
        ),
    ],
)
def test_what_is_no_method_is_refused_in_a_line(where: str, content: str | None, message: str, tmp_path: Path):
    if content:
        (tmp_path / "mine.py").write_text(content, encoding="utf-8")
    with pytest.raises(ThreeDieError, match=re.escape(message)) as caught:
        load_method(f"{tmp_path}/{where}")
    assert "\n" not in str(caught.value)


IDENTICAL = """
import sys
from threedie.baselines import losses
from threedie.benchmark.training.own_methods import load_method
name = load_method("mine.py:Cosine")
assert sys.modules["threedie_method_" + name.rpartition("-")[2]].losses is losses
assert losses.__spec__.name == "threedie.baselines.losses"
"""


def load_in_a_process(mine: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    roots = os.pathsep.join(map(str, [*paths, Path(__file__).parents[2]]))
    environment = {**os.environ, "PYTHONPATH": roots}
    command = [sys.executable, "-P", "-c", IDENTICAL]
    return subprocess.run(command, cwd=mine.parent, capture_output=True, text=True, check=False, env=environment)


def test_a_file_with_the_import_names_of_before_works_unedited(mine: Path):
    mine.write_text(example().replace("from threedie.baselines", "from baselines"), encoding="utf-8")
    done = load_in_a_process(mine)
    assert done.returncode == 0, done.stderr


def test_a_users_own_package_of_that_name_is_what_is_imported(mine: Path, tmp_path: Path):
    (tmp_path / "own" / "baselines").mkdir(parents=True)
    (tmp_path / "own" / "baselines" / "__init__.py").write_text("ours = 1\n")
    mine.write_text(f"from baselines import ours\n{example()}", encoding="utf-8")
    done = load_in_a_process(mine, tmp_path / "own")
    assert done.returncode == 0, done.stderr
