"""Training on a GPU: speed and memory of a step, of whole runs and of an evaluation, against plain code.

    PYTHONPATH=tests/benchmark python tests/measure/gpu.py [--only steps,choices,runs] [--minutes 9]

Prints the tables of docs/gpu.md, a row as soon as it is measured, and begins no row when the minutes are over. Pictures
are painted, so no dataset is needed. `--device cpu --tiny` tries the script where there is no GPU.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from painted import write_painted
from speed.plain_sie import PlainSIE

from threedie import Run
from threedie.baselines.method import Batch
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.stepper import Stepper

GIB = 2**30
WARM, ROUNDS = 5, 20


@dataclass(frozen=True)
class Case:
    """A network and a batch.

    Attributes:
        pixels: width and height of the pictures.
        width: channels after the first convolution.
        projector: widths of the projector.
        batch: pairs of pictures.
        precision: of the recipe.
    """

    pixels: int
    width: int
    projector: int
    batch: int
    precision: str = "bf16-mixed"

    def __str__(self) -> str:
        return f"{self.pixels} px, {self.width} channels, projector {self.projector}, batch {self.batch}"

    @property
    def overrides(self) -> list[str]:
        """Settings of a recipe."""
        return [
            f"image_size={self.pixels}", f"width={self.width}", "form=original", "backbone=resnet18",
            f"projector={self.projector}-{self.projector}-{self.projector}", f"batch_size={self.batch}",
            f"precision={self.precision}",
        ]  # fmt: skip

    def make_batch(self, device: torch.device) -> Batch:
        """Random pictures."""
        shape = (self.batch, 3, self.pixels, self.pixels)
        one, two = (torch.randn(shape, device=device).to(memory_format=torch.channels_last) for _ in range(2))
        action = torch.nn.functional.normalize(torch.randn(self.batch, 4, device=device), dim=1)
        return Batch(one, two, action, torch.zeros(self.batch, dtype=torch.int64, device=device))


CASES = [
    Case(256, 64, 2048, 128),
    Case(256, 64, 2048, 512),
    Case(64, 64, 2048, 1024),
    Case(64, 16, 256, 256, "32-true"),
]
TINY_CASES = [Case(32, 8, 16, 4), Case(32, 8, 16, 4, "32-true")]


def our_step(case: Case, device: torch.device) -> Callable[[], object]:
    """A step as a run takes it, without loading."""
    settings = RunSettings("sie", load_recipe("smoke", case.overrides), 0, "", "")
    stepper = Stepper(build(settings), settings.recipe, device.type)
    batch = case.make_batch(stepper.device)
    return lambda: stepper.step(batch, 1e-3)


def plain_step(case: Case, device: torch.device) -> Callable[[], object]:
    """The plain code in half precision with a scaler, as the original's."""
    method = PlainSIE(case.projector).to(device)
    optimizer = torch.optim.Adam(method.parameters(), lr=1e-3, weight_decay=1e-6)
    scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
    batch = case.make_batch(device)
    one, two = (view.contiguous() for view in (batch.view1, batch.view2))
    kind = torch.float16 if device.type == "cuda" else torch.bfloat16

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, kind):
            loss = method(one, two, batch.action)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    return step


def measure(step: Callable[[], object], device: torch.device) -> tuple[float, float]:
    """Median milliseconds of a step when many are given at once, and peak memory in GiB."""
    gpu = device.type == "cuda"
    for _ in range(WARM if gpu else 1):
        step()
    if not gpu:
        begin = time.perf_counter()
        step()
        return 1e3 * (time.perf_counter() - begin), 0.0
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(ROUNDS + 1)]
    for mark in marks:
        mark.record()
        step()
    torch.cuda.synchronize()
    spent = [before.elapsed_time(after) for before, after in pairwise(marks)]
    return statistics.median(spent), torch.cuda.max_memory_allocated() / GIB


def steps(cases: list[Case], device: torch.device) -> Iterator[str]:
    """Rows: ours against the plain code, one step."""
    yield "| one step of SIE | ours, ms | images/s | GiB | plain, ms | GiB | speed | memory |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in cases:
        ours, our_peak = measure(our_step(case, device), device)
        rate = 2e3 * case.batch / ours
        row = f"| {case}, {case.precision} | {ours:.1f} | {rate:,.0f} | {our_peak:.1f} |"
        if case.width == 64:
            plain, peak = measure(plain_step(case, device), device)
            row += f" {plain:.1f} | {peak:.1f} | {plain / ours:.2f} | {our_peak / peak if peak else 0:.2f} |"
        else:
            row += " | | | |"
        yield row
        if device.type == "cuda":
            torch.cuda.empty_cache()


def choices(cases: list[Case], device: torch.device) -> Iterator[str]:
    """Rows: what TF32, cudnn's search and compiling bring, one step."""
    yield "| choice | case | ms | GiB | loss of the same batch |"
    yield "|---|---|---|---|---|"
    for case in cases:
        for name, choice in CHOICES.items():
            torch.manual_seed(0)
            with choice():
                torch._dynamo.reset()
                settings = RunSettings("sie", load_recipe("smoke", case.overrides), 0, "", "")
                method = build(settings)
                if name.startswith("compiled"):
                    method.backbone = torch.compile(method.backbone)  # type: ignore[assignment]
                stepper = Stepper(method, settings.recipe, device.type)
                if name == "cudnn.benchmark":
                    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
                batch = case.make_batch(stepper.device)
                loss = float(stepper.step(batch, 0.0)["loss"])
                spent, peak = measure(lambda stepper=stepper, batch=batch: stepper.step(batch, 1e-3), device)
            yield f"| {name} | {case}, {case.precision} | {spent:.1f} | {peak:.1f} | {loss:.7g} |"


def _tf32() -> AbstractContextManager[None]:
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    return nullcontext()


def _float32() -> AbstractContextManager[None]:
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    return nullcontext()


CHOICES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "as shipped": _float32,
    "TF32": _tf32,
    "cudnn.benchmark": _float32,
    "compiled encoder": _float32,
    "compiled encoder, TF32": _tf32,
}


def runs(tiny: bool, device: torch.device) -> Iterator[str]:
    """Rows: images a second of whole runs, with loading, against the bare step; and an evaluation."""
    yield "| a whole run | steps | images/s | share of the bare step | evaluation, s |"
    yield "|---|---|---|---|---|"
    cases = [Case(32, 8, 16, 8)] if tiny else [Case(64, 16, 256, 256), Case(64, 64, 2048, 1024)]
    with tempfile.TemporaryDirectory() as folder:
        objects, views = (16, 4) if tiny else (2500, 10)
        data = write_painted(Path(folder) / "dataset.h5", objects=objects, views=views, size=cases[0].pixels, classes=4)
        for index, case in enumerate(cases):
            bare, _ = measure(our_step(case, device), device)
            epochs = 2 if tiny else 60
            run = Run.create(
                "sie",
                data,
                recipe="smoke",
                overrides=dict(each.split("=", 1) for each in [*case.overrides, f"epochs={epochs}", "passes=4"]),
                device=device.type,
                out=Path(folder) / str(index),
            )
            checkpoint = run.train()
            begin = time.perf_counter()
            run.evaluate()
            evaluated = time.perf_counter() - begin
            done, seconds = checkpoint["progress"]["steps_done"], checkpoint["progress"]["seconds"]
            images = 2 * checkpoint["progress"]["epoch"] * 4 * int(0.8 * objects)
            share = done * bare / 1e3 / seconds
            yield f"| {case}, {case.precision} | {done} | {images / seconds:,.0f} | {share:.0%} | {evaluated:.1f} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="steps,choices,runs", help="tables, separated by commas")
    parser.add_argument("--minutes", type=float, default=9, help="begin no row after them")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--tiny", action="store_true", help="small networks, to try the script")
    options = parser.parse_args()
    device, begin = torch.device(options.device), time.monotonic()
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}, {time.strftime('%Y-%m-%d')}\n")
    cases = TINY_CASES if options.tiny else CASES
    tables = {
        "steps": lambda: steps(cases, device),
        "choices": lambda: choices(cases[-2:], device),
        "runs": lambda: runs(options.tiny, device),
    }
    for table in options.only.split(","):
        for row in tables[table]():
            print(row, flush=True)
            if time.monotonic() - begin > 60 * options.minutes:
                print("\nthe time is over", flush=True)
                return
        print(flush=True)


if __name__ == "__main__":
    main()
