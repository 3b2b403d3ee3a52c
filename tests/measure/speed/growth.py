"""How retrieval and PRE grow with the dataset, and what the full one takes."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from speed.comparison import MIB, Comparison, peak_mib
from threedie.baselines.hypernetwork import HypernetworkPredictor
from threedie.benchmark.evaluation import neighbors
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject, measure
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.predictor import view_predictor
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.tasks.pose_retrieval import QUERY_BYTES
from threedie.benchmark.tasks.subject import Data
from threedie.manifests.latents import ROTATION, LatentField

SUBJECT = (
    "retrieval and PRE on each split from 100 to 2,000 objects x 50 views, 256 dimensions, in a fresh process each"
)
SIZES = (100, 500, 2000)
VIEWS, DIMS = 50, 256
FULL, FULL_DIMS = 52_472, 1024
"""Objects of 3DIEBench, and the width of SIE's equivariant embedding."""
LIMIT_MIB = 16 * 1024
SECONDS_FILE = "seconds"


def compare() -> Iterator[Comparison]:
    """Each size against the smallest; then what the full size takes, computed.

    PRE compares every query with every target, so its time grows with the square of the objects, and with the
    dimensions: the largest size is multiplied by both. The memory of the full size is measured for one pass of queries
    over a block of targets and a bit, at full width; a pass over more blocks adds a number for each query and block,
    and all views have their latents and rotations. The embeddings stay in their file.
    """
    seconds, memory = {}, {}
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="3die-bench-") as folder:
            memory[size] = peak_mib(search, size, folder)
            seconds[size] = float(Path(folder, SECONDS_FILE).read_text(encoding="utf-8"))
    small, large = SIZES[0], SIZES[-1]
    for size in SIZES[1:]:
        yield Comparison(f"{small} objects, {size} objects, time", "s", (seconds[small],), (seconds[size],))
        yield Comparison(f"{small} objects, {size} objects, memory", "MiB", (memory[small],), (memory[size],))
    hours = seconds[large] * (FULL / large) ** 2 * FULL_DIMS / DIMS / 3600
    words = f"PRE on each split, {FULL} objects x {FULL_DIMS} dimensions on this CPU, computed"
    yield Comparison(words, "h", (hours,), (hours,))
    blocks = -(-FULL * VIEWS // neighbors.TARGETS)
    more = _queries() * blocks * 4 + FULL * VIEWS * (2 * 4 + 7) * 8
    most = peak_mib(one_pass) + more / MIB
    words = f"PRE val-all, {FULL} objects x {FULL_DIMS} dimensions: memory, against 16 GiB"
    yield Comparison(words, "MiB", (most,), (float(LIMIT_MIB),), wanted=1)


def _queries() -> int:
    return QUERY_BYTES // (4 * FULL_DIMS)


def one_pass() -> None:
    """As many queries as go over the targets together, and one block of targets and a bit, at full width."""
    generator = np.random.Generator(np.random.PCG64(0))
    queries = generator.standard_normal((_queries(), FULL_DIMS), np.float32)
    targets = generator.standard_normal((neighbors.TARGETS + 64, FULL_DIMS), np.float32)
    one, other = (np.tile([0.0, 0.0, 0.0, 1.0], (len(rows), 1)) for rows in (queries, targets))
    neighbors.BlockNeighborSearch().nearest(queries, one, targets, other)


def search(objects: int, folder: str) -> None:
    """Retrieval and PRE on random embeddings that lie in a file, as features do; writes the seconds that they took."""
    generator = np.random.Generator(np.random.PCG64(0))
    shape = (objects, VIEWS, DIMS)
    path = Path(folder, "embedding.npy")
    embedding = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for row in embedding:
        row[:] = generator.standard_normal(shape[1:], np.float32)
    embedding.flush()
    del embedding
    mapped = np.load(path, mmap_mode="r")
    fields = [LatentField(name, ((-np.pi / 2, np.pi / 2),)) for name in ROTATION]
    latents = generator.uniform(-np.pi / 2, np.pi / 2, (objects, VIEWS, 3))
    data = Data(fields, latents, np.zeros(objects, np.int64), mapped, mapped)
    val = np.arange(0, objects, 5)
    torch.manual_seed(0)
    predictor = view_predictor(HypernetworkPredictor(DIMS, 4), "rotation")
    train = np.setdiff1d(np.arange(objects), val)
    space, plan = FeatureSpace(predictor=predictor), EvaluationPlan(PROTOCOLS["sie-v1"])
    subject = build_subject(Split(data, train), Split(data, val), space, plan)
    began = time.perf_counter()
    measure(subject, ["retrieval", "pose_retrieval"])
    Path(folder, SECONDS_FILE).write_text(str(time.perf_counter() - began), encoding="utf-8")
