"""Render the parity models and compare with the original's files and with near-converged pictures.

    python tests/measure/fidelity.py [--qualities reference,fast] [--out FOLDER]

Prints the table of docs/fidelity.md. Takes about two minutes on two cores.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image

from threedie.manifests.dataset import Dataset

DATA = Path(__file__).parents[1] / "data" / "fidelity"
MODELS = Path(__file__).parents[2] / "render" / "models" / "embedded" / "shapenet_layout"
VIEWS = 3

Pixels = npt.NDArray[np.uint8]


def psnr(one: Pixels, other: Pixels) -> float:
    """10 log10(255^2 / mean squared error) over all pixels and channels, in dB."""
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def render(out: Path, quality: str, *options: str) -> Dataset:
    """Render the parity models as the original did, by the command line."""
    command = [sys.executable, "-P", "-m", "threedie", "render", "--models", str(MODELS), "--out", str(out)]
    command += ["--manifest", str(DATA / "objects.npy"), "--sampler", "reference", "--seed", "0"]
    command += ["--views", str(VIEWS), "--size", "256", "--quality", quality, *options]
    subprocess.run(command, check=True)
    return Dataset(out / "dataset.h5")


def compare(dataset: Dataset) -> tuple[list[float], list[float]]:
    """PSNR of each of our JPEGs to the original's, and (views 0 and 1) to the near-converged pictures."""
    to_original, to_truth = [], []
    for index, ref in enumerate(dataset.objects):
        for view in range(VIEWS):
            ours = simplejpeg.decode_jpeg(dataset.jpeg(index, view))
            original = DATA / "original" / str(ref) / f"image_{view}.jpg"
            to_original.append(psnr(ours, simplejpeg.decode_jpeg(original.read_bytes())))
            truth = DATA / "truth" / str(ref) / f"image_{view}.png"
            if truth.exists():
                to_truth.append(psnr(ours[..., ::-1], np.asarray(Image.open(truth).convert("RGB"))))
    return to_original, to_truth


def original_to_truth() -> list[float]:
    """PSNR of the original's own JPEGs to the near-converged pictures, channels put in order."""
    values = []
    for truth in sorted((DATA / "truth").rglob("*.png")):
        original = DATA / "original" / truth.relative_to(DATA / "truth").with_suffix(".jpg")
        pixels = simplejpeg.decode_jpeg(original.read_bytes())[..., ::-1]
        values.append(psnr(pixels, np.asarray(Image.open(truth).convert("RGB"))))
    return values


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qualities", default="reference,fast")
    parser.add_argument("--out", type=Path, help="keep the datasets in this folder")
    arguments = parser.parse_args()
    rows = [
        "| pictures | to the original, mean (lowest) | to truth, mean (lowest) | whole command, s |",
        "|---|---|---|---|",
    ]
    theirs = original_to_truth()
    rows.append(f"| the original's own | | {np.mean(theirs):.1f} ({min(theirs):.1f}) | |")
    with tempfile.TemporaryDirectory() as temporary:
        for quality in arguments.qualities.split(","):
            begin = time.perf_counter()
            dataset = render((arguments.out or Path(temporary)) / quality, quality)
            seconds = time.perf_counter() - begin
            original, truth = compare(dataset)
            rows.append(
                f"| 3die, {quality} | {np.mean(original):.1f} ({min(original):.1f}) "
                f"| {np.mean(truth):.1f} ({min(truth):.1f}) | {seconds:.0f} |"
            )
    print("\n".join(rows))


if __name__ == "__main__":
    main()
