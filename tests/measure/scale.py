"""What a run's coordinator takes for the whole of 3DIEBench and for fractions of it, without rendering anything.

    python tests/measure/scale.py [--objects 6559,13118,26236,52472] [--views 50] [--steps pack] [--folder FOLDER]

Writes part files with tiny pictures, so that only the bookkeeping is measured, and prints the table of
docs/cluster.md: seconds of one core, and peak memory of the process, to list the objects and find what is missing where
nothing is there; to go through a render's bookkeeping (latents, handing out, believing each file); to find that
nothing is missing; and to pack. Each step runs in a process of its own. Takes about ten minutes, and 1 GB of disk.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import part_path
from threedie.render.ledger import Ledger, Outcome
from threedie.render.models.embedded_source import EmbeddedSource
from threedie.render.plan import Plan, make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.run_folder import RunFolder
from threedie.render.supervisor import Limits

SIZES = (6_559, 13_118, 26_236, 52_472)
STEPS = {
    "list": "list, nothing there",
    "render": "bookkeeping of a render",
    "resume": "resume, all there",
    "pack": "pack",
}
JPEG = b"\xff\xd8" + bytes(60) + b"\xff\xd9"


class Nobody:
    """Watches a run without a look."""

    def view_done(self) -> None: ...

    def views_lost(self, views: int) -> None: ...

    def object_ended(self, outcome: Outcome) -> None: ...


def write_list(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["class", "id", "split", "split_from"])
        rows = sorted((SYNSETS[index % len(SYNSETS)], f"{index:032x}") for index in range(count))
        writer.writerows([*row, "train", "simulated"] for row in rows)


def planned(root: Path, views: int) -> Plan:
    return make_plan(
        EmbeddedSource(root / "models"), load_preset("3diebench"), choose_quality("fast", None, None),
        synsets=SYNSETS, views=views, per_class=None, size=8, seed=0, sampler="counter", manifest=root / "objects.csv",
    )  # fmt: skip


def write_parts(plan: Plan, folder: RunFolder) -> None:
    """Part files as a render leaves them; one is written; the others are it with other names and latents."""
    template = ObjectRef(SYNSETS[0], "t" * 32)
    marks = np.full((plan.info.views, len(plan.info.fields)), 0.123456789)
    path = part_path(folder.parts, template)
    item = DatasetObject(template, "train", marks, [JPEG] * plan.info.views)
    write_part(path, plan.info, {"renderer": "none"}, item)
    content = path.read_bytes()
    path.unlink()
    for synset in SYNSETS:
        (folder.parts / synset).mkdir(parents=True, exist_ok=True)
    for number, ref in enumerate(plan.objects):
        changed = content.replace(template.object_id.encode(), ref.object_id.encode())
        changed = changed.replace(template.synset.encode(), ref.synset.encode())
        part_path(folder.parts, ref).write_bytes(changed.replace(marks.tobytes(), (marks + number).tobytes()))


def step(name: str, root: Path, views: int) -> dict[str, float]:
    """Do one step; gives its seconds of one core and this process's peak memory in MiB."""
    folder = RunFolder(root / "out")
    begin = time.process_time()
    plan = planned(root, views)
    if name == "list":
        assert len(RunFolder(root / "nothing").missing(plan.objects)) == len(plan.chosen)
    elif name == "render":
        setup = argparse.Namespace(parts=folder.parts, info=plan.info)
        ledger = Ledger(setup, Limits().tries, plan.tasks(plan.chosen), Nobody())  # type: ignore[arg-type]
        while task := ledger.next_task():
            assert ledger.done(task, ())
    elif name == "resume":
        with folder.lock(plan):
            assert not folder.missing(plan.objects)
    elif name == "pack":
        folder.pack(sorted(plan.chosen))
    seconds = time.process_time() - begin
    # Not getrusage: that begins with the peak of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return {"seconds": seconds, "mib": int(status.split("VmHWM:")[1].split()[0]) / 1024}


def measure(count: int, views: int, parent: Path | None, steps: list[str]) -> dict[str, dict[str, float]]:
    root = Path(tempfile.mkdtemp(prefix="3die-scale-", dir=parent))
    try:
        write_list(root / "objects.csv", count)
        plan, folder = planned(root, views), RunFolder(root / "out")
        write_parts(plan, folder)
        with folder.lock(plan):
            pass
        found = {}
        for name in steps:
            command = [sys.executable, __file__, "--step", name, "--folder", str(root), "--views", str(views)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[name] = json.loads(done.stdout)
        if "pack" in steps:
            assert (np.diff(Dataset(folder.dataset).latents[:, 0, 0]) > 0.9).all()
        return found
    finally:
        shutil.rmtree(root)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", default=",".join(map(str, SIZES)))
    parser.add_argument("--views", type=int, default=50)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--steps", default=",".join(STEPS), help="those wanted, separated by commas")
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(step(asked.step, asked.folder, asked.views)))
        return
    steps = asked.steps.split(",")
    print("| objects | views |", " | ".join(STEPS[name] for name in steps), "|")
    print("|---|---|" + "---|" * len(steps))
    for count in map(int, asked.objects.split(",")):
        found = measure(count, asked.views, asked.folder, steps)
        cells = [f"{one['seconds']:.1f} s, {one['mib']:,.0f} MiB" for one in found.values()]
        print(f"| {count:,} | {count * asked.views:,} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
