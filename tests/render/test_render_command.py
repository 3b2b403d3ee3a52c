"""`3die render` as its users run it: interrupted, resumed, on broken models, on a full disk."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from fidelity import DATA, MODELS, VIEWS, compare, psnr
from fidelity import render as render_fidelity
from PIL import Image

from threedie.manifests.dataset import Dataset
from threedie.manifests.parts import find_parts

pytestmark = [pytest.mark.blender, pytest.mark.slow]
SMALL = ["--views", "3", "--size", "32", "--samples", "1", "--denoiser", "none"]


def command(*options: str | Path) -> list[str]:
    return [sys.executable, "-P", "-m", "threedie", "render", *map(str, options)]


def run(*options: str | Path, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    done = subprocess.run(command(*options), capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done


def same_latents(one: Dataset, other: Dataset) -> bool:
    return one.objects == other.objects and one.latents.tobytes() == other.latents.tobytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run with one worker."""
    out = tmp_path_factory.mktemp("whole") / "data"
    temporary = tmp_path_factory.mktemp("temporary")
    done = run("--models", MODELS, *SMALL, "--workers", "1", "--out", out, TMPDIR=str(temporary))
    assert list(temporary.iterdir()) == [], "Blender's own folder goes with its process"
    assert "Expected" not in done.stdout, "a short run needs no timed sample"
    assert "21/21" in done.stderr
    assert "21 views" in done.stdout
    return out


def test_run_again_does_nothing(whole: Path) -> None:
    before = (whole / "dataset.h5").stat().st_mtime_ns
    (whole / "contact_sheet.png").unlink()
    done = run("--models", MODELS, *SMALL, "--out", whole)
    assert "7 objects already rendered; 0 missing" in done.stdout
    assert (whole / "contact_sheet.png").read_bytes()[:4] == b"\x89PNG"
    assert (whole / "dataset.h5").stat().st_mtime_ns == before


def test_other_settings_into_the_same_folder_are_refused(whole: Path) -> None:
    done = run("--models", MODELS, *SMALL, "--seed", "1", "--out", whole, code=2)
    assert "seed is 0 there and 1 here" in done.stderr


def test_workers_and_order_do_not_change_latents(whole: Path, tmp_path: Path) -> None:
    backward = tmp_path / "backward.npy"
    np.save(backward, np.load(DATA / "objects.npy", allow_pickle=False)[::-1])
    out = tmp_path / "data"
    run("--models", MODELS, "--manifest", backward, *SMALL, "--workers", "2", "--out", out)
    ours, theirs = Dataset(out / "dataset.h5"), Dataset(whole / "dataset.h5")
    assert same_latents(ours, theirs)
    assert ours.fingerprint() == theirs.fingerprint()
    assert (out / "dataset.h5").read_bytes() == (whole / "dataset.h5").read_bytes()


def test_killed_and_run_again(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    options = ["--models", MODELS, *SMALL, "--workers", "2", "--out", out]
    process = subprocess.Popen(
        command(*options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while len(find_parts(out / "parts")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = find_parts(out / "parts")
    assert len(done) >= 2
    assert not (out / "dataset.h5").exists()
    stamps = {part: part.stat().st_mtime_ns for part in done}
    run(*options)
    assert not list(Path("/dev/shm").glob(f"3die-*-{process.pid}-*"))
    assert not [path for path in out.rglob("*") if path.name.startswith(".tmp-")]
    assert all(part.stat().st_mtime_ns == stamp for part, stamp in stamps.items()), (
        "a finished object was rendered again"
    )
    assert same_latents(Dataset(out / "dataset.h5"), Dataset(whole / "dataset.h5"))


def test_dry_run_says_what_and_how_long_and_leaves_nothing(tmp_path: Path) -> None:
    done = run("--classes", "mug", *SMALL, "--dry-run", "--out", tmp_path / "data")
    assert "8 objects of 1 class x 3 views = 24 views" in done.stdout
    assert "Expected: about" in done.stdout
    assert not (tmp_path / "data").exists()


def test_sigterm_stops_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    out = tmp_path / "data"
    options = ["--models", MODELS, "--views", "200", "--size", "32", "--out", out]
    process = subprocess.Popen(command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list((out / "logs").glob("*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(3)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - begin < 10
    assert process.returncode == 143
    assert "run the same command again to go on" in errors
    assert "Traceback" not in errors


def bad_models(root: Path) -> None:
    shutil.copytree(MODELS, root)
    chair = root / "03001627"
    good = chair / "4643a5d63173a946691246c2603874b9" / "models" / "model_normalized.obj"

    def add(name: str, content: bytes) -> Path:
        path = chair / name / "models" / "model_normalized.obj"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return path

    (chair / "missing" / "models").mkdir(parents=True)
    (chair / "missing" / "models" / "model_normalized.json").write_text("{}")
    add("nofaces", b"v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    add("random", np.random.default_rng(0).bytes(5000))
    add("notfinite", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv nan nan nan\nf 1 2 3\nf 1 2 4\n")
    add("notexture", b"mtllib a.mtl\n" + good.read_bytes().replace(b"mtllib", b"#"))
    (chair / "notexture" / "models" / "a.mtl").write_text("newmtl m\nKd 1 1 1\nmap_Kd gone away.png\n")
    add("nomaterials", b"mtllib gone.mtl\n" + good.read_bytes().replace(b"mtllib", b"#"))
    add("flat", b"v 0 0 0\nv 1 0 0\nv 0.5 0 0\nf 1 2 3\n")
    textured = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl m\nf 1/1 2/2 3/3\n"
    add("escapes", textured)
    (chair / "escapes" / "models" / "a.mtl").write_text("newmtl m\nmap_Kd ../../../../secret.png\n")
    add("foreign", textured)
    Image.new("RGB", (4, 4), "red").save(chair / "foreign" / "models" / "Tür ü 木.png")
    (chair / "foreign" / "models" / "a.mtl").write_text("newmtl m\nKd 1 1 1\nmap_Kd Tür ü 木.png\n")


def million_faces() -> bytes:
    """A bent sheet of a million triangles."""
    side = 708
    x, y = np.meshgrid(np.linspace(-0.4, 0.4, side), np.linspace(-0.4, 0.4, side))
    lines = [f"v {a:.4f} {b:.4f} {a * b:.4f}" for a, b in zip(x.flat, y.flat, strict=True)]
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)[None] + 1).ravel()
    for a in corner:
        lines += [f"f {a} {a + 1} {a + side}", f"f {a + 1} {a + side + 1} {a + side}"]
    return "\n".join(lines).encode()


@pytest.mark.slow
def test_a_million_faces(tmp_path: Path) -> None:
    mesh = tmp_path / "models" / "03001627" / "huge" / "models" / "model_normalized.obj"
    mesh.parent.mkdir(parents=True)
    mesh.write_bytes(million_faces())
    run("--models", tmp_path / "models", *SMALL, "--out", tmp_path / "data")
    assert len(Dataset(tmp_path / "data" / "dataset.h5")) == 1


def test_bad_models_are_quarantined_and_the_rest_is_rendered(tmp_path: Path) -> None:
    bad_models(tmp_path / "models")
    out = tmp_path / "data"
    done = run("--models", tmp_path / "models", "--classes", "chair", *SMALL, "--out", out, code=3)
    with (out / "quarantine.csv").open() as file:
        reasons = {row["id"]: row["reason"] for row in csv.DictReader(file)}
    assert sorted(reasons) == ["escapes", "flat", "missing", "nofaces", "notfinite", "random"]
    assert "outside of the object's folder: ../../../../secret.png" in reasons["escapes"]
    assert "no face has an area" in reasons["flat"]
    assert "no model_normalized.obj" in reasons["missing"]
    assert "no faces" in reasons["nofaces"]
    assert "not an OBJ file" in reasons["random"]
    assert "finite" in reasons["notfinite"]
    assert "gone away.png is missing" in done.stderr
    assert "gone.mtl is missing" in done.stderr
    assert "木" not in done.stderr, "a texture that is there counts as missing"
    rendered = [ref.object_id for ref in Dataset(out / "dataset.h5").objects]
    assert rendered == ["4643a5d63173a946691246c2603874b9", "foreign", "nomaterials", "notexture"]
    pictures = Dataset(out / "dataset.h5")
    reds = simplejpeg.decode_jpeg(pictures.jpeg(1, 0)).astype(int)
    assert (reds[..., 2] - reds[..., 0]).max() > 60, "the red texture with the foreign name isn't seen (stored as BGR)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--classes", "nonsense"], "'nonsense' is not a class"),
        (["--classes", "chiar"], "did you mean 'chair'"),
        (["--models", "nowhere"], "nowhere"),
        (["--models", "."], "not ShapeNetCore v2"),
        (["--preset", "3diebnech"], "did you mean '3diebench'"),
        (["--quality", "best"], "'best' is not a quality"),
        (["--manifest", "nowhere.npy"], "nowhere.npy: no such file"),
        (["--samples", "0"], "--samples 0"),
        (["--device", "gpu"], "'gpu' is not a device; choose from auto, cpu, optix"),
    ],
)
def test_mistakes_get_one_line(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*options, "--out", tmp_path / "data", code=2)
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "data").exists()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_full_disk(tiny_disk: Path) -> None:
    (tiny_disk / "ballast").write_bytes(bytes(60_000))
    options = ["--models", MODELS, *SMALL, "--workers", "1", "--out", tiny_disk / "data"]
    done = run(*options, code=2)
    assert "the disk is full; free some space and run the same command again" in done.stderr
    assert len(done.stderr.strip().splitlines()[-1]) < 300
    assert not list((tiny_disk / "data").rglob(".locks/*"))
    (tiny_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", str(tiny_disk)], check=True)
    run(*options)
    assert len(Dataset(tiny_disk / "data" / "dataset.h5")) == 7


def test_fast_quality_is_close_to_the_truth(tmp_path: Path) -> None:
    _, to_truth = compare(render_fidelity(tmp_path / "data", "fast"))
    assert len(to_truth) == 14
    assert np.mean(to_truth) > 43.1
    assert min(to_truth) > 40.2, "a fact of the scene is missing for one object"


def test_reference_quality_is_the_original(tmp_path: Path) -> None:
    """One of the hard objects, for its texture with alpha; tests/measure/fidelity.py tries all seven."""
    dataset = render_fidelity(tmp_path / "data", "reference", "--classes", "bench")
    to_original, _ = compare(dataset)
    assert len(to_original) == VIEWS
    assert min(to_original) > 47
    assert dataset.info.channel_order == "bgr"


def test_psnr() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert psnr(black, black) == float("inf")
    assert psnr(black, black + 255) == pytest.approx(0.0)


def test_an_object_rendered_again_gets_into_the_dataset(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    shutil.copytree(whole, out)
    part = find_parts(out / "parts")[0]
    before = Dataset(out / "dataset.h5").images_sha256()
    part.write_bytes(part.read_bytes()[:100])
    models = tmp_path / "models"
    shutil.copytree(MODELS, models)
    ref = Dataset(out / "dataset.h5").objects[0]
    mesh = models / str(ref) / "models" / "model_normalized.obj"
    shutil.copy(MODELS / "03928116" / "71b0a12d888572665f075cc1095cd4b2" / "models" / "model_normalized.obj", mesh)
    run("--models", models, *SMALL, "--out", out)
    assert Dataset(out / "dataset.h5").images_sha256() != before


def test_a_preset_of_ones_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    run("--preset", "3diebench", "--save-preset", mine)
    run("--preset", "3diebench", "--save-preset", mine, code=2)
    text = mine.read_text().replace('name = "3diebench"', 'name = "upright"')
    for axis in "xy":
        text = re.sub(f"(?m)^rotation_{axis} = .*", f"rotation_{axis} = 0.25", text)
    mine.write_text(text.replace("image_size = 256", "image_size = 32"))
    out = tmp_path / "data"
    run("--preset", mine, "--classes", "mug", "--objects", "1", "--views", "3", "--out", out)
    dataset = Dataset(out / "dataset.h5")
    assert dataset.info.preset["name"] == "upright"
    assert (dataset.latents[..., :2] == 0.25).all()
    assert len(np.unique(dataset.latents[..., 2])) == 3
