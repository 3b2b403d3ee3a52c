"""`3die bench`: train a method on a dataset, measure it, write a record."""

import errno
import functools
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threedie.benchmark.commands.figures import figures
from threedie.manifests.errors import ThreeDieError

if TYPE_CHECKING:
    from threedie.benchmark.data.images import Images
    from threedie.benchmark.evaluation.scope import Scope
    from threedie.benchmark.records.record import Record
    from threedie.benchmark.settings.protocol import Protocol
    from threedie.benchmark.settings.recipe import Recipe
    from threedie.manifests.dataset import Dataset

PATH = click.Path(path_type=Path)
DEFAULT_DATASET = Path("3die-data/dataset.h5")
"""Where `3die render` puts its dataset when not told otherwise."""
DEFAULT_RUNS = Path("runs")
DEFAULT_RECIPE = "mini"
SMALLEST_RECIPE = "smoke"

_data = click.option("--data", type=PATH, help=f"Dataset file.  [default: {DEFAULT_DATASET}]")
_protocol = click.option("--protocol", default="quick", show_default=True, help="Rules of evaluation: see 'list'.")
_device = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="Where to compute."
)
_seeds = click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How many times each head of the evaluation is trained, from a seed each; the record has mean and deviation. "
    "Not the seed of the method's own training: that is --seed of 'run', and the leaderboard joins such runs.",
)
_on_embedding = click.option(
    "--on-embedding", is_flag=True, help="Train heads on the embedding too, not only on the representation."
)
_workers = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=min(os.cpu_count() or 1, 16),
    show_default=True,
    help="Threads that decode images; no result depends on it.",
)


def _exits_on_signals(command: "Callable[..., None]") -> "Callable[..., None]":
    """End a command that a signal stops with the code that a shell gives the signal, and say how to go on."""

    @functools.wraps(command)
    def run_command(**given: Any) -> None:
        from threedie.manifests.signals import exits_on_signals

        text = "\nStopped. The same command goes on from what is done:\n  "
        with exits_on_signals(lambda: click.echo(text + _command(), err=True)):
            command(**given)

    return run_command


@click.group()
def bench() -> None:
    """Train a method on a dataset, measure it, write a record."""
    # Before torch is loaded: its threads then sleep while they wait for each other instead of spinning. On two cores
    # that other programs use too, a head's step took 70 ms so and 420 ms otherwise.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from threedie.manifests.processes import drop_odd_ranks

    drop_odd_ranks(os.environ)


bench.add_command(figures)


@bench.command("list")
def list_() -> None:
    """List methods, recipes, tasks and protocols."""
    from threedie.baselines.catalogue import CATALOGUE
    from threedie.benchmark.settings.protocol import PROTOCOLS
    from threedie.benchmark.settings.recipe import recipe_names
    from threedie.benchmark.tasks import TASKS

    click.echo("Methods (3die bench run NAME)")
    for name, about in CATALOGUE.items():
        click.echo(f"  {name:<18} {about.idea}\n  {'':<18} {about.paper}")
    click.echo(f"\nRecipes (--recipe NAME)\n  {', '.join(recipe_names())}; the default is {DEFAULT_RECIPE}")
    click.echo("\nTasks")
    for name, task in TASKS.items():
        click.echo(_paragraph(f"{name} v{task.version}", f"Main score {task.main}. {task.definition}"))
    click.echo("\nProtocols (--protocol NAME)")
    for name, rules in PROTOCOLS.items():
        click.echo(_paragraph(f"{name} v{rules.version}", rules.definition))


@bench.command()
@click.argument("method", required=False)
@click.option("--method", "own", metavar="FILE.py:CLASS", help="A method of your own, instead of METHOD.")
@_data
@click.option(
    "--dataset", "other", type=click.Choice(["cifar10"]), help="CIFAR-10 instead; --data is the folder of its files."
)
@click.option("--recipe", help=f"How to train: see 'list'.  [default: {DEFAULT_RECIPE}, or the --dataset's own]")
@click.option(
    "-o", "--out", type=PATH, default=DEFAULT_RUNS, show_default=True, help="Folder that gets a folder for the run."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Weights, pairs, order.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting of the recipe.")
@_protocol
@_seeds
@_on_embedding
@_device
@_workers
@click.option(
    "--save-every",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Seconds between checkpoints; no result depends on it.",
)
@_exits_on_signals
def run(
    method: str | None,
    own: str | None,
    data: Path | None,
    other: str | None,
    recipe: str | None,
    out: Path,
    seed: int,
    overrides: tuple[str, ...],
    protocol: str,
    seeds: int,
    on_embedding: bool,
    device: str,
    workers: int,
    save_every: float,
) -> None:
    """Train METHOD on a dataset and measure it.

    The same command again goes on where a stopped run was, and repeats nothing that is done.
    """
    from threedie.baselines.catalogue import entry
    from threedie.benchmark.settings.protocol import find_protocol
    from threedie.benchmark.settings.recipe import load_recipe

    if (method is None) == (own is None):
        raise ThreeDieError("name one method: 3die bench run NAME (see '3die bench list'), or --method FILE.py:CLASS")
    if method is not None:
        try:
            entry(method)
        except ValueError as error:
            raise ThreeDieError(str(error)) from error
    plan = load_recipe(recipe or other or DEFAULT_RECIPE, overrides)
    if other:
        _run_cifar10(method, own, data, plan, out, seed, protocol, device, save_every)
        return
    rules = find_protocol(protocol)
    dataset = _open(data)
    scope = _scope(seeds, on_embedding)

    from threedie.benchmark.data.identity import identify
    from threedie.benchmark.evaluation.requirements import require_training, require_validation, size_warnings
    from threedie.benchmark.records.build import run_name
    from threedie.benchmark.records.record import read_record
    from threedie.benchmark.runs.folder import CONFIG_FILE, run_lock
    from threedie.benchmark.runs.summary import dataset_summary, indented
    from threedie.benchmark.settings.run_settings import Settings
    from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE
    from threedie.benchmark.training.device import find_device
    from threedie.benchmark.training.loop import train
    from threedie.benchmark.training.resume import resumable
    from threedie.manifests.files import write_json
    from threedie.manifests.processes import find_processes

    require_training(dataset)
    require_validation(dataset)
    if own is not None:
        from threedie.benchmark.training.own_methods import load_method

        method = load_method(own)
    assert method is not None
    place = find_device(device)
    known = identify(dataset)
    settings = Settings(method, plan, seed, known.fingerprint, known.images_sha256)
    folder = out / run_name(method, plan.name, seed)
    processes = find_processes()
    if not processes.first:
        # The first process speaks, holds the folder and measures; the others only take their share of the steps.
        with _exits_when_interrupted(folder):
            train(settings, _images(dataset, plan, workers), folder, place, save_every)
        return
    click.echo(dataset_summary(dataset))
    click.echo(indented("recipe", plan.text()))
    if processes.note:
        click.echo(indented("process", processes.note + processes.mend))
    with run_lock(folder, say=_say):
        before = resumable(folder / CHECKPOINT_FILE, settings)
        finished = before is not None and bool(before["finished"])
        record_file = _record_file(folder, rules, known.fingerprint)
        if before and finished and _is_record_of(record_file, before, scope, dataset):
            click.echo(f"\n{folder}: finished before; nothing to do")
            _show(read_record(record_file), record_file, folder, out)
            return
        for warning in size_warnings(dataset, plan):
            click.echo(indented("warning", warning))

        images = _images(dataset, plan, workers)
        if finished:
            click.echo(f"\n{folder}: trained before; only measuring")
        else:
            _say_how_long(settings, dataset, rules, place, images, before, data, own, scope)
            if before:
                click.echo(
                    f"resume   from epoch {before['progress']['epoch'] + 1}, step {before['progress']['steps_done']}"
                )
        started = _now()
        write_json(folder / CONFIG_FILE, settings.to_json())
        with _exits_when_interrupted(folder):
            checkpoint = train(settings, images, folder, place, save_every)
        _measure(checkpoint, images, rules, folder, out, place, started, scope)


def _run_cifar10(
    method: str | None,
    own: str | None,
    data: Path | None,
    plan: "Recipe",
    out: Path,
    seed: int,
    protocol: str,
    device: str,
    save_every: float,
) -> None:
    from threedie.benchmark.cifar10.command import run_command

    if own is not None:
        from threedie.benchmark.training.own_methods import load_method

        method = load_method(own)
    assert method is not None
    with _exits_when_interrupted(out):
        run_command(method, data, plan, out, seed, protocol, device, save_every, click.echo)


@contextmanager
def _exits_when_interrupted(folder: Path) -> Iterator[None]:
    """Say how to go on where training was interrupted, and exit with the signal's code."""
    from threedie.benchmark.training.signals import Interrupted

    try:
        yield
    except Interrupted as stop:
        click.echo(f"\n{folder}: {stop}. The same command goes on from there:\n  {_command()}", err=True)
        raise SystemExit(128 + stop.number) from stop


def _scope(seeds: int, on_embedding: bool, tasks: tuple[str, ...] | None = None) -> "Scope":
    from threedie.benchmark.evaluation.scope import Scope
    from threedie.benchmark.tasks.task import EMBEDDING, REPRESENTATION

    return Scope(tasks, seeds, (REPRESENTATION, EMBEDDING) if on_embedding else (REPRESENTATION,))


def _find_tasks(text: str | None) -> tuple[str, ...] | None:
    """Names of tasks from `a,b`; None without any."""
    from threedie.benchmark.tasks import TASKS
    from threedie.manifests.suggest import suggest

    if text is None:
        return None
    names = tuple(name.strip().replace("-", "_") for name in text.split(",") if name.strip())
    for name in names:
        if name not in TASKS:
            raise ThreeDieError(f"--tasks: there is no task {name!r}; {suggest(name, TASKS)}")
    if not names:
        raise ThreeDieError(f"--tasks: names no task; there are {', '.join(TASKS)}")
    return names


def _is_record_of(record_file: Path, checkpoint: dict[str, Any], scope: "Scope", dataset: "Dataset") -> bool:
    """Whether a record is there, of just this checkpoint, of all of today's tasks and of what is asked for."""
    from threedie.benchmark.evaluation.scope import due_tasks
    from threedie.benchmark.records.record import read_record, weights_of
    from threedie.benchmark.tasks import TASKS
    from threedie.benchmark.training.checkpoints import weights_sha256
    from threedie.benchmark.training.restore import restore

    if not record_file.exists():
        return False
    record = read_record(record_file)
    versions = {(row["task"], row["version"]) for row in record["results"]}
    if weights_of(record) != weights_sha256(checkpoint["model"]):
        return False
    # A task whose every score is undefined on this data has a warning instead.
    asked = {task for task, _ in versions} | {warning["task"] for warning in record["warnings"] or []}
    if not due_tasks(restore(checkpoint)[1], dataset) <= asked:
        return False
    same_scope = record.get("evaluation", {}) == scope.to_json()
    return same_scope and versions <= {(task.name, task.version) for task in TASKS.values()}


@bench.command("eval")
@click.option(
    "--checkpoint",
    type=PATH,
    required=True,
    help="A run's checkpoint.pt, a checkpoint of SIE's original code (model.pth, final_weights.pth), or weights of a "
    "ResNet under torchvision's names.",
)
@click.option("--experience", help="What SIE's code calls the method, where its weights alone don't tell: VICReg, ...")
@click.option("--name", "named", help="What records call weights of another program.")
@click.option(
    "--normalisation",
    type=click.Choice(["original", "imagenet", "cifar10"]),
    help="Of pixels for weights of another program.  [default: imagenet for a bare torchvision ResNet, else original]",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="method.NAME=VALUE",
    help="What weights of another program don't tell of their method, such as method.predictor.hidden=512.",
)  # fmt: skip
@click.option("--method", "own", metavar="FILE.py:CLASS", help="Where the method is, if it is your own.")
@click.option(
    "-o",
    "--out",
    type=PATH,
    metavar="FOLDER",
    help="Folder for the record and the features.  [default: the checkpoint's own, or one in runs/ for weights of "
    "another program]",
)
@_data
@click.option(
    "--eval-data",
    type=PATH,
    help="Another dataset file to measure on, such as one of preset 3diebench-ood or of other classes; heads are "
    "trained on --data. Its validation objects are measured, without any that --data has for training.",
)
@click.option("--tasks", metavar="NAME,...", help="Only these tasks; the record keeps what it has of others.")
@_protocol
@_seeds
@_on_embedding
@_device
@_workers
@_exits_on_signals
def eval_(
    checkpoint: Path,
    experience: str | None,
    named: str | None,
    normalisation: str | None,
    overrides: tuple[str, ...],
    own: str | None,
    out: Path | None,
    data: Path | None,
    eval_data: Path | None,
    tasks: str | None,
    protocol: str,
    seeds: int,
    on_embedding: bool,
    device: str,
    workers: int,
) -> None:
    """Measure a trained checkpoint: heads trained and measured on --data, or measured on --eval-data."""
    from threedie.baselines.catalogue import CATALOGUE
    from threedie.benchmark.settings.protocol import find_protocol

    rules, names = find_protocol(protocol), _find_tasks(tasks)
    dataset = _open(data)
    other = None if eval_data is None else _open(eval_data)

    from threedie.benchmark.evaluation.requirements import require_training, require_validation, size_warnings
    from threedie.benchmark.records.build import run_name
    from threedie.benchmark.runs.summary import dataset_summary, indented
    from threedie.benchmark.settings.recipe import Recipe
    from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, is_ours, load_weights, weights_sha256
    from threedie.benchmark.training.device import find_device
    from threedie.benchmark.training.imported import import_checkpoint
    from threedie.benchmark.training.restore import read_settings, restore

    require_training(dataset)
    require_validation(other or dataset)
    content = load_weights(checkpoint)
    folder, made = checkpoint.resolve().parent, False
    if is_ours(content):
        if checkpoint.name != CHECKPOINT_FILE:
            # Weights beside those of a run get a record beside its record.
            folder, made = folder / (checkpoint.stem if checkpoint.suffix else f"{checkpoint.name}-eval"), True
        if experience or named or normalisation or overrides:
            raise ThreeDieError(
                f"{checkpoint}: a checkpoint of this program, which names its method; leave --experience, --name, "
                "--normalisation and --set out"
            )
    else:
        size = dataset.info.image_size
        content = import_checkpoint(checkpoint, content, size, experience, named, normalisation, overrides)
        name = run_name(content["imported"]["name"], content["settings"]["recipe"]["name"], None)
        folder, made = DEFAULT_RUNS / f"{name}-{weights_sha256(content['model'])[:8]}", True
        click.echo(indented("weights", f"{content['imported']['source']}: {_describe(content)}"))
        for line in content["imported"]["notes"]:
            click.echo(indented("note", line))
    trained = read_settings(content, checkpoint).method
    if own is not None:
        from threedie.benchmark.training.own_methods import load_method

        found = load_method(own)
        if found != trained:
            raise ThreeDieError(f"{checkpoint}: was trained with {trained}, and {own} is {found}: give the same file")
    elif trained not in CATALOGUE:
        raise ThreeDieError(f"{checkpoint}: its method {trained} isn't in this program; add --method FILE.py:CLASS")
    if not content["finished"]:
        raise ThreeDieError(f"{checkpoint}: its run isn't finished; go on with '3die bench run' and the same settings")
    restore(content, checkpoint)
    click.echo(dataset_summary(dataset))
    plan = Recipe.from_json(content["settings"]["recipe"])
    for warning in size_warnings(dataset, plan):
        click.echo(indented("warning", warning))
    folder, records = (folder, folder.parent) if out is None else (out, out)
    with _eval_folder(folder, made and out is None, out is None):
        if out is not None:
            _refuse_other_weights(folder, content)
        images = _images(dataset, plan, workers)
        asked = None
        if other is not None:
            click.echo(f"measured on\n{dataset_summary(other)}")
            asked = _images(other, plan, workers)
        scope = _scope(seeds, on_embedding, names)
        _measure(content, images, rules, folder, records, find_device(device), _now(), scope, asked)


@contextmanager
def _eval_folder(folder: Path, own: bool, default: bool) -> Iterator[None]:
    """Hold the folder that gets the record, before anything is computed.

    Args:
        folder: the folder.
        own: whether this program made it for that.
        default: whether it wasn't named with --out.
    """
    from threedie.benchmark.runs.folder import run_lock

    holding = run_lock(folder, own, _say)
    try:
        holding.__enter__()
    except ThreeDieError as error:
        cause = error.__cause__
        if default and isinstance(cause, OSError) and cause.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            reason = "is read-only" if cause.errno == errno.EROFS else "can't be written to"
            raise ThreeDieError(
                f"{folder}: the record would go here, and this folder {reason}; name another with --out FOLDER"
            ) from error
        raise
    with ExitStack() as stack:
        stack.push(holding.__exit__)
        yield


def _refuse_other_weights(folder: Path, content: dict[str, Any]) -> None:
    """Refuse a folder with the record of another checkpoint."""
    from threedie.benchmark.records.record import RECORD_FILE, read_record, weights_of
    from threedie.benchmark.training.checkpoints import weights_sha256

    for file in (folder / RECORD_FILE, *folder.glob(f"*/{RECORD_FILE}")):
        if file.exists() and weights_of(read_record(file)) != weights_sha256(content["model"]):
            raise ThreeDieError(f"{file}: the record of another checkpoint; name another folder with --out")


def _describe(content: dict[str, Any]) -> str:
    from threedie.benchmark.settings.recipe import with_current_names

    recipe = with_current_names(content["settings"]["recipe"])
    method = content["settings"]["method"]
    what = "a backbone alone" if method == "random" else f"method {method} {recipe['method_options'] or ''}".strip()
    return f"{what}, {recipe['backbone']} in the form {recipe['form']}, pixels normalized as {recipe['normalization']}"


@bench.command("score")
@click.argument("file", type=PATH)
@click.option("--no-normalise", is_flag=True, help="Compare embeddings by dot product instead of cosine in retrieval.")
@click.option("--no-heads", is_flag=True, help="Train no heads: only what needs none is measured, in seconds.")
@click.option("-o", "--out", type=PATH, help="File for the JSON instead of the terminal.")
@_protocol
@_seeds
@_device
@_exits_on_signals
def score_(
    file: Path, no_normalise: bool, no_heads: bool, out: Path | None, protocol: str, seeds: int, device: str
) -> None:
    """Measure the arrays in FILE.npz, from any framework; gives JSON.

    \b
    latents     (N, V, L)  of N objects x V views: 3, 7 or 10 numbers, as a dataset file has them
    embeddings  (N*V, D)   of the views of object 0, then of object 1, ...
    predictor   (A, D, D)  optional: view 0's embedding x moves to the sum of a_k W_k x under an action a,
                           A = 4 the relative quaternion, 6 that and the two hues; see docs/benchmark.md
    predicted   (N*V, D)   or, instead: what your predictor makes of view 0 for each view
    labels      (N,)       optional: classes, integers or text
    split       (N,)       optional: 'train' or 'val'; heads learn from the former

    Every metric that these allow is computed, the others are named with what they need. --protocol and --seeds are
    about heads; neighbours are sought among all objects.
    """
    import json

    from threedie.benchmark.settings.protocol import find_protocol

    rules = find_protocol(protocol)
    if out is not None and out.exists() and file.exists() and out.samefile(file):
        raise ThreeDieError(f"--out {out}: is the file of arrays itself, which would be lost; name another")

    from threedie.benchmark.evaluation.arrays import read_inputs, score
    from threedie.benchmark.training.device import find_device
    from threedie.manifests.files import replacing

    found = score(read_inputs(file), rules, not no_normalise, not no_heads, seeds, find_device(device))
    text = json.dumps(found, indent=1)
    if out is None:
        click.echo(text)
        return
    with replacing(out) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{len(found['results'])} numbers in {out}")


def _open(data: Path | None) -> "Dataset":
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.latents import check_latents

    if data is None:
        if not DEFAULT_DATASET.is_file():
            raise ThreeDieError(
                f"{DEFAULT_DATASET}: no dataset here; make one with '3die render --classes all --views 50', "
                "or name one with --data FILE"
            )
        click.echo(f"no --data given: taking {DEFAULT_DATASET}, where '3die render' puts its dataset")
    dataset = Dataset(data or DEFAULT_DATASET)
    check_latents(dataset.info.fields, dataset.latents, dataset.objects, str(dataset.path))
    return dataset


def _images(dataset: "Dataset", recipe: "Recipe", workers: int) -> "Images":
    from threedie.benchmark.data.inputs import images_of
    from threedie.manifests.progress import bar

    return images_of(dataset, recipe, workers, progress=lambda items: bar("decoding", len(dataset), "object", items))


def _say_how_long(
    settings: Any,
    dataset: "Dataset",
    rules: "Protocol",
    device: str,
    images: "Images",
    before: dict[str, Any] | None,
    data: Path | None,
    own: str | None,
    scope: "Scope",
) -> None:
    from dataclasses import replace

    from threedie.benchmark.runs.estimate import estimate, span
    from threedie.benchmark.runs.summary import indented
    from threedie.benchmark.settings.recipe import load_recipe
    from threedie.benchmark.training.schedule import steps_per_epoch

    expected = estimate(settings, dataset, rules, device, images, scope)
    if before:
        total = settings.recipe.epochs * steps_per_epoch(settings.recipe, len(dataset.indices("train")))
        left = 1 - before["progress"]["steps_done"] / total
        expected = replace(expected, train_s=expected.train_s * left)
    click.echo(indented("time", f"{expected} (a few steps timed on {device})"))
    words = f"--method {shlex.quote(own)}" if own else settings.method
    where = f" --data {shlex.quote(str(data))}" if data else ""
    recipe, smaller, seconds = settings.recipe, f"{SMALLEST_RECIPE}{where}", float("inf")
    if recipe.name != SMALLEST_RECIPE:
        small = replace(settings, recipe=load_recipe(SMALLEST_RECIPE))
        seconds = estimate(small, dataset, rules, device, scope=scope).total_s
    if seconds > expected.total_s / 2 and recipe.epochs > 1:
        # On many objects even the smallest recipe is long.
        fewer = max(1, recipe.epochs // 4)
        seconds = expected.total_s - expected.train_s * (1 - fewer / recipe.epochs)
        smaller = f"{recipe.name}{where} --set epochs={fewer} --out runs-small"
    if seconds < expected.total_s:
        click.echo(indented("smaller", f"3die bench run {words} --recipe {smaller} takes about {span(seconds)}"))
    click.echo("")


def _measure(
    checkpoint: dict[str, Any],
    images: "Images",
    rules: "Protocol",
    folder: Path,
    out: Path,
    device: str,
    started: Any,
    scope: "Scope",
    asked: "Images | None" = None,
) -> None:
    from threedie.benchmark.data.identity import identify
    from threedie.benchmark.evaluation.evaluate import evaluate
    from threedie.benchmark.evaluation.scope import head_count, head_steps
    from threedie.benchmark.records.build import build_record, with_other_tasks
    from threedie.benchmark.records.record import read_record, weights_of, write_record
    from threedie.benchmark.runs.curves import CURVES_FILE, draw_curves
    from threedie.benchmark.runs.summary import indented
    from threedie.benchmark.training.checkpoints import weights_sha256
    from threedie.benchmark.training.restore import restore
    from threedie.manifests.progress import bar

    def note(line: str) -> None:
        click.echo(indented("note", line))

    dataset = images.dataset
    known = [identify(each.dataset).fingerprint for each in (images, asked or images)]
    record_file = _record_file(folder, rules, known[1], known[0] if asked else None)
    if scope.tasks is not None and record_file.exists():
        there = read_record(record_file)
        same = weights_of(there) == weights_sha256(checkpoint["model"])
        if same and there.get("evaluation") != scope.to_json():
            raise ThreeDieError(
                f"{record_file}: was measured with other --seeds or another --on-embedding, so some tasks can't be "
                "added to it; give the same, or leave --tasks out to measure all anew"
            )
    _, method, _ = restore(checkpoint)
    heads_in_all = head_count(dataset.info.fields, len(method.parts.representation), scope)
    steps = head_steps(rules, heads_in_all, len(dataset.indices("train")))

    def features_bar(items: Sequence[Any]) -> Iterable[Any]:
        return bar("features", len(items), "batch", items)

    with bar("tasks", steps, "step") as heads:
        evaluation = evaluate(checkpoint, images, rules, folder, device, features_bar, heads.update, scope, asked, note)
    record = build_record(checkpoint, evaluation, rules, device, started)
    if scope.tasks is not None and record_file.exists():
        record = with_other_tasks(record, read_record(record_file))
    if checkpoint["progress"]["curves"]["epoch"]:
        draw_curves(folder / CURVES_FILE, checkpoint["progress"]["curves"], record["id"])
    write_record(record_file, record)
    _show(record, record_file, folder, out)


def _record_file(folder: Path, rules: "Protocol", fingerprint: str, trained_on: str | None = None) -> Path:
    """Where a record goes: the first one beside the checkpoint, those of other protocols or datasets below it.

    Args:
        folder: of the run.
        rules: the protocol.
        fingerprint: of the dataset that is measured on.
        trained_on: of the one that heads are trained on, where it is another.
    """
    from threedie.benchmark.records.record import RECORD_FILE, read_record

    first = folder / RECORD_FILE
    if trained_on is not None:
        return folder / f"{rules.name}-v{rules.version}-{trained_on[:8]}-on-{fingerprint[:8]}" / RECORD_FILE
    if first.exists():
        there = read_record(first)
        asked = {"name": rules.name, "version": rules.version}
        if (there["protocol"], there["dataset"]["fingerprint"]) != (asked, fingerprint):
            return folder / f"{rules.name}-v{rules.version}-{fingerprint[:8]}" / RECORD_FILE
    return first


def _show(record: "Record", record_file: Path, folder: Path, out: Path) -> None:
    from threedie.benchmark.records.upgrade import warning_line
    from threedie.benchmark.runs.curves import CURVES_FILE
    from threedie.benchmark.runs.summary import indented, results_table
    from threedie.benchmark.training.loop import LOG_FOLDER

    protocol = record["protocol"]
    click.echo(f"\n{record['id']}, protocol {protocol['name']} v{protocol['version']}\n")
    click.echo(results_table(record))
    click.echo("")
    for warning in record["warnings"] or []:
        click.echo(indented("warning", warning_line(warning)))
    click.echo(indented("record", str(record_file)))
    if (record["curves"] or {}).get("epoch"):
        click.echo(indented("curves", str(folder / CURVES_FILE)))
        if (folder / LOG_FOLDER).is_dir():
            click.echo(indented("log", f"tensorboard --logdir {shlex.quote(str(folder / LOG_FOLDER))}"))
    click.echo(indented("next", f"3die leaderboard {shlex.quote(str(out))}"))


def _paragraph(title: str, text: str) -> str:
    import textwrap

    lines = textwrap.wrap(text, 96)
    return "\n".join(f"  {title if index == 0 else '':<18} {line}" for index, line in enumerate(lines))


def _say(text: str) -> None:
    click.echo(text, err=True)


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def _command() -> str:
    import sys

    words = sys.argv[1:]
    return shlex.join(["3die", *(words if words[:1] == ["bench"] else ["bench", *words])])
