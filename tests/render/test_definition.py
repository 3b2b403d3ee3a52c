"""Published datasets: their definitions, the request for one, the comparison of fingerprints."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from painting_engine import painting

from threedie.benchmark.leaderboard.datasets import NAMES
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import find_parts
from threedie.manifests.verify import verify
from threedie.render.commands.models import models
from threedie.render.commands.render import render as command
from threedie.render.definition import DatasetDefinition, definition_names, load_definition
from threedie.render.engines.options import ClusterOptions
from threedie.render.messages import Task
from threedie.render.models.folder import FolderSource
from threedie.render.models.generated_source import GeneratedSource
from threedie.render.models.source import ModelError
from threedie.render.models.synth import library
from threedie.render.plan import Plan, make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.reporter import RenderReporter
from threedie.render.request import RenderRequest, RenderResult
from threedie.render.run import render
from threedie.render.run_folder import RunFolder

CHAIR, MUG = "03001627", "03797390"
TINY = """\
name = "tiny"
title = "Tiny"
purpose = "Tests"
classes = ["chair", "mug"]
objects = 2
model_seed = 3
model_version = 1
preset = "3diebench"
views = 2
size = 32
quality = "draft"
sampler = "counter"
seed = 5
"""
WRONG = "0123456789abcdef" * 4
DECIDED = {
    "classes": "mug",
    "views": 3,
    "models": "models",
    "manifest": "list.csv",
    "objects": 1,
    "size": 64,
    "seed": 1,
    "preset": "3diebench-t",
    "quality": "fast",
    "samples": 1,
    "denoiser": "none",
    "sampler": "reference",
}
OTHERS = {
    "dataset", "out", "workers", "device", "time_limit", "memory_limit", "keep_going", "shard", "cluster", "dry_run",
}  # fmt: skip
"""Fields of a request that don't decide what a dataset is."""


class Lines(RenderReporter):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def text(self, text: str = "") -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(text)

    def __contains__(self, text: str) -> bool:
        return any(text in line for line in self.lines)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def plan_of(definition: DatasetDefinition, models: Path = Path("unused")) -> Plan:
    options = definition.options
    return make_plan(
        definition.open_models(models), load_preset(definition.preset), choose_quality(definition.quality),
        synsets=definition.synsets, views=options["views"], per_class=options["objects"], size=options["size"],
        seed=options["seed"], sampler=options["sampler"], manifest=None, definition=definition,
    )  # fmt: skip


def invoke(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def fingerprint_in(text: str) -> str:
    return re.findall(r"^Fingerprint: +([0-9a-f]{64})", text, re.MULTILINE)[0]


@pytest.mark.parametrize("file", definition_names())
def test_every_definition_is_complete(file: str) -> None:
    definition = load_definition(file)
    assert definition.name.lower() == file
    assert load_definition(definition.name) == load_definition(file.upper()) == definition
    assert definition.open_models(Path("unused")).objects(definition.synsets)[0].synset == definition.synsets[0]
    if definition.fingerprint:
        assert NAMES.get(definition.fingerprint) == definition.title, "tables don't know the name of the dataset"


def test_names_and_titles_are_unique() -> None:
    definitions = [load_definition(name) for name in definition_names()]
    assert {"mini", "p", "p-small", "p-small-ood", "p-small-t"} <= set(definition_names())
    assert len({each.title for each in definitions}) == len(definitions)


def test_the_mini_has_its_published_fingerprint_before_it_is_rendered() -> None:
    definition = load_definition("mini")
    assert definition.fingerprint == "0d06a915daeb34a6b45ace46f859b0e9c50c057045cf1c4d18b93ebf8a5db4a9"
    assert plan_of(definition).fingerprint() == definition.fingerprint


def test_variants_of_p_small_have_its_objects_and_splits() -> None:
    plans = {name: plan_of(load_definition(name)) for name in ("p-small", "p-small-ood", "p-small-t")}
    splits = [[(ref, plan.split(ref)) for ref in plan.objects] for plan in plans.values()]
    assert splits[0] == splits[1] == splits[2]
    assert {split for _, split in splits[0]} == {"train", "val"}
    angles = {name: next(plan.tasks(plan.objects[:1])).latents[:, :3] for name, plan in plans.items()}
    assert (np.abs(angles["p-small"]) <= np.pi / 2).all()
    assert (np.abs(angles["p-small-ood"]) >= np.pi / 2).all()
    moved = [field.name for field in plans["p-small-t"].info.fields][7:]
    assert moved == ["translation_x", "translation_y", "translation_z"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("views = 2", "", "tiny.toml: views is missing"),
        ("views = 2", "veiws = 2", "line 9: veiws is not a setting: did you mean 'views'"),
        ("views = 2", "views = 0", "line 9: views is 0; it must be a whole number from 1 to 10,000"),
        ("views = 2", "views = 2.5", "views is 2.5; it must be of type int"),
        ("objects = 2", "objects = true", "objects is True; it must be of type int"),
        ("seed = 5", "seed = -1", "seed is -1; it must be a whole number of 0 or more"),
        ('["chair", "mug"]', '["chair", "mgu"]', "classes is .*did you mean 'mug'"),
        ('["chair", "mug"]', "[]", "classes is .*; it must be a list of names of classes"),
        ('["chair", "mug"]', '"mug"', "classes is 'mug'; it must be a list of names of classes"),
        ('"draft"', '"best"', "quality is 'best'; it must be one of reference, fast, draft"),
        ('"counter"', '"dice"', "sampler is 'dice'; it must be one of counter, reference"),
        ('"3diebench"', '"mine.toml"', "preset is 'mine.toml'; it must be one of 3diebench, "),
        ('"Tiny"', '""', "title is ''; it must be a text in one line"),
        ("seed = 5", 'seed = 5\nfingerprint = "0d06"', "fingerprint is '0d06'; it must be 64 digits"),
        ("seed = 5", "seed = 5\nminutes = nan", "minutes is nan; it must be a number above 0"),
        ("seed = 5", "seed = = 5", "not a TOML file"),
    ],
)
def test_a_mistake_in_a_definition_is_named_in_one_line(tiny: Path, old: str, new: str, message: str) -> None:
    assert old in TINY
    tiny.write_text(TINY.replace(old, new, 1))
    with pytest.raises(ThreeDieError, match=message) as caught:
        load_definition(tiny)
    assert "\n" not in str(caught.value)


def test_models_of_other_generators_are_refused(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text(TINY.replace("model_version = 1", "model_version = 7"))
    with pytest.raises(ThreeDieError, match="dataset tiny: needs version 7 of the model generators, and this"):
        render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), open_engine=painting())
    assert not (tmp_path / "data").exists()


def test_every_option_either_decides_the_dataset_or_does_not(tiny: Path) -> None:
    assert DECIDED.keys() == load_definition(tiny).options.keys()
    assert DECIDED.keys() | OTHERS == RenderRequest.__dataclass_fields__.keys()


@pytest.mark.parametrize("name", DECIDED)
def test_options_that_decide_the_dataset_are_refused_beside_it(name: str, tiny: Path, tmp_path: Path) -> None:
    option = f"--{name} beside --dataset"
    done = invoke("--dataset", tiny, f"--{name}", DECIDED[name], "--out", tmp_path / "data")
    assert isinstance(done.exception, ThreeDieError)
    assert str(done.exception).startswith(option)
    with pytest.raises(ThreeDieError, match=option):
        RenderRequest.of_dataset(tiny, **{name: DECIDED[name]})
    with pytest.raises(ThreeDieError, match=option):
        replace(RenderRequest.of_dataset(tiny), **{name: DECIDED[name]})
    assert not (tmp_path / "data").exists()


def test_an_option_is_refused_even_if_it_has_its_default_or_the_datasets_value(tiny: Path) -> None:
    for value in (RenderRequest.views, load_definition(tiny).views):
        assert str(invoke("--dataset", tiny, "--views", value).exception).startswith("--views beside --dataset")
    with pytest.raises(ThreeDieError, match="beside --dataset"):
        RenderRequest(dataset=tiny)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dataset", "P-smal"], "'p-smal' is not a published dataset: did you mean 'p-small'?"),
        (
            ["--dataset", "nothing-like-it"],
            "choose from mini, p, p-small, p-small-ood, p-small-t, or give a",
        ),
        (["--dataset", "nowhere.toml"], "nowhere.toml: no such file"),
        (["--dataset", "mini", "--save-preset", "mine.toml"], "--save-preset beside --dataset"),
    ],
)
def test_other_mistakes_get_one_line(words: list[str], message: str, tmp_path: Path) -> None:
    done = invoke(*words, "--out", tmp_path / "data")
    assert isinstance(done.exception, ThreeDieError)
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)


def test_other_options_stand_beside_a_dataset(tiny: Path, tmp_path: Path) -> None:
    cluster = ClusterOptions(jobqueue="slurm", jobs=3)
    request = RenderRequest.of_dataset(str(tiny), out=tmp_path, time_limit=7, keep_going=False, cluster=cluster)
    assert (request.views, request.size, request.seed, request.objects, request.quality) == (2, 32, 5, 2, "draft")
    assert (request.synsets, request.limits.view_s, request.cluster.jobs) == ((CHAIR, MUG), 7, 3)
    assert replace(request, cluster=ClusterOptions(), shard="1/2", workers=2).share.count == 2
    with pytest.raises(ThreeDieError, match="--dataset 3: give the name of a dataset"):
        RenderRequest(dataset=3)


def test_list_of_datasets() -> None:
    done = invoke("--list-datasets", "--out", "ignored")
    assert done.exit_code == 0
    row = next(line for line in done.output.splitlines() if line.startswith("mini "))
    assert row.split(maxsplit=8) == ["mini", "55", "4,400", "x", "10", "64", "66", "32", "3DIEBench-P mini"]
    assert all(re.search(rf"(?im)^{name} ", done.output) for name in definition_names())


def test_generated_models_are_those_of_the_command(tmp_path: Path) -> None:
    words = ["--classes", "chair,mug", "--per-class", "3", "--seed", "4", "--out", str(tmp_path / "folder")]
    assert CliRunner().invoke(models, ["synth", *words]).exit_code == 0
    folder = FolderSource(tmp_path / "folder")
    source = pickle.loads(pickle.dumps(GeneratedSource(tmp_path / "cache", 4, 3)))
    assert source.describe() == folder.describe()
    for count in (None, 2, 9):
        assert source.objects([MUG, CHAIR], count) == folder.objects([MUG, CHAIR], count)
    assert not (tmp_path / "cache").exists(), "models are written when they are needed"
    ref = source.objects([MUG])[-1]
    assert source.mesh_file(ref).read_bytes() == folder.mesh_file(ref).read_bytes()
    assert source.mesh_file(ref).is_relative_to(tmp_path / "cache" / f"synth-v{library.VERSION}")
    with pytest.raises(ModelError, match="not a generated model"):
        source.mesh_file(ObjectRef(MUG, "synth-4-00001a"))


def test_a_dataset_has_the_fingerprint_that_its_plan_said(tiny: Path, tmp_path: Path) -> None:
    reporter = Lines()
    result = render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), reporter, painting())
    fingerprint = Dataset(result.dataset).fingerprint()
    assert fingerprint == plan_of(load_definition(tiny)).fingerprint()
    assert (f"Fingerprint:   {fingerprint}" in reporter, result.differs) == (True, False)
    tiny.write_text(f'{TINY}fingerprint = "{fingerprint}"\n')
    reporter = Lines()
    again = render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), reporter, painting())
    assert again == RenderResult(result.dataset)
    assert f"{fingerprint}, that of tiny as published" in reporter


@pytest.mark.parametrize("sampler", ["counter", "reference"])
def test_splits_and_order_of_a_manifest_are_in_the_planned_fingerprint(sampler: str, tmp_path: Path) -> None:
    manifest = tmp_path / "list.csv"
    rows = [(MUG, 2, "train"), (CHAIR, 1, "val"), (MUG, 0, "val"), (CHAIR, 0, "train")]
    lines = [f"{synset},synth-0-0000{index},{split}" for synset, index, split in rows]
    manifest.write_text("\n".join(["class,id,split", *lines]) + "\n")
    planned = set()

    def open_engine(plan: Plan, folder: RunFolder) -> AbstractContextManager:
        planned.add(plan.fingerprint())
        return painting()(plan, folder)

    options = {"manifest": manifest, "objects": 1, "views": 3, "size": 16, "sampler": sampler}
    result = render(RenderRequest(**options, out=tmp_path / "data"), open_engine=open_engine)
    dataset = Dataset(result.dataset)
    assert dataset.splits == ["val", "train"]
    assert planned == {dataset.fingerprint()}


def test_a_dataset_that_would_differ_is_refused_before_anything_is_rendered(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text(f'{TINY}fingerprint = "{WRONG}"\n')
    with pytest.raises(ThreeDieError, match=f"and that of tiny is {WRONG}: this version of 3die would render another"):
        render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), open_engine=painting())
    assert not (tmp_path / "data").exists()


def published(tiny: Path) -> None:
    tiny.write_text(f'{TINY}fingerprint = "{plan_of(load_definition(tiny)).fingerprint()}"\n')


def test_a_part_with_other_latents_makes_another_dataset(tiny: Path, tmp_path: Path) -> None:
    published(tiny)
    out = tmp_path / "data"
    request = RenderRequest.of_dataset(tiny, out=out)
    assert not render(request, open_engine=painting()).differs
    path = find_parts(out / "parts")[0]
    part = Dataset(path)
    item = part.object(0)
    write_part(path, part.info, part.made[0], DatasetObject(item.ref, item.split, item.latents / 2, item.jpegs))
    reporter = Lines()
    result = render(request, reporter, painting())
    assert result.differs
    assert result.dataset == out / "dataset.h5"
    assert "Not the published dataset: the fingerprint is" in reporter
    done = invoke("--dataset", tiny, "--out", out)
    assert done.exit_code == 4, done.output
    assert "Results on the two can't be compared" in done.output


def test_a_dataset_without_some_objects_is_another_one(tiny: Path, tmp_path: Path) -> None:
    published(tiny)
    reporter = Lines()
    broken = painting(lambda task: "no faces" if task.ref.synset == MUG else None)
    result = render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), reporter, broken)
    assert (len(Dataset(result.dataset)), len(result.quarantined), result.differs) == (2, 2, True)
    assert "Not the published dataset" in reporter
    again = render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), reporter, painting())
    assert again == RenderResult(result.dataset)


def test_an_interrupted_dataset_goes_on_with_the_same_request(tiny: Path, tmp_path: Path) -> None:
    published(tiny)
    request = RenderRequest.of_dataset(tiny, out=tmp_path / "data")
    painted: list[ObjectRef] = []

    def interrupt(task: Task) -> None:
        if len(painted) == 2:
            raise KeyboardInterrupt
        painted.append(task.ref)

    with pytest.raises(KeyboardInterrupt):
        render(request, open_engine=painting(interrupt))
    rest: list[ObjectRef] = []
    result = render(request, open_engine=painting(lambda task: rest.append(task.ref)))
    assert result == RenderResult(tmp_path / "data" / "dataset.h5")
    assert (len(painted), len(rest), set(painted) & set(rest)) == (2, 2, set())


def test_shards_make_the_published_dataset(tiny: Path, tmp_path: Path) -> None:
    published(tiny)
    results = [
        render(RenderRequest.of_dataset(tiny, out=tmp_path / "data", shard=f"{index}/2"), open_engine=painting())
        for index in (1, 2)
    ]
    assert results == [RenderResult(), RenderResult(tmp_path / "data" / "dataset.h5")]


def test_another_dataset_in_the_same_folder_is_refused(tiny: Path, tmp_path: Path) -> None:
    render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), open_engine=painting())
    tiny.write_text(TINY.replace("views = 2", "views = 3"))
    with pytest.raises(ThreeDieError, match="views is 2 there and 3 here"):
        render(RenderRequest.of_dataset(tiny, out=tmp_path / "data"), open_engine=painting())


@pytest.mark.blender
@pytest.mark.slow
def test_dry_run_says_the_fingerprint_of_what_is_then_rendered(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    dry = invoke("--dataset", tiny, "--out", out, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "A smaller run" not in dry.output, "which would be refused beside --dataset"
    assert not out.exists()
    done = invoke("--dataset", tiny, "--out", out)
    assert done.exit_code == 0, done.output
    assert fingerprint_in(dry.output) == fingerprint_in(done.output) == Dataset(out / "dataset.h5").fingerprint()
    assert verify(out / "dataset.h5").problems == []
    halves = [invoke("--dataset", tiny, "--out", tmp_path / "halves", "--shard", f"{index}/2") for index in (1, 2)]
    assert [half.exit_code for half in halves] == [0, 0]
    assert fingerprint_in(halves[1].output) == fingerprint_in(dry.output)
    # As the options say it, without --dataset.
    folder = tmp_path / "models"
    CliRunner().invoke(models, ["synth", *f"--classes chair,mug --per-class 2 --seed 3 --out {folder}".split()])
    words = f"--classes chair,mug --objects 2 --views 2 --size 32 --quality draft --seed 5 --models {folder}"
    plain = invoke(*words.split(), "--out", tmp_path / "plain")
    assert fingerprint_in(plain.output) == fingerprint_in(dry.output)
    assert (tmp_path / "plain" / "dataset.h5").read_bytes() == (out / "dataset.h5").read_bytes()
    tiny.write_text(f'{TINY}fingerprint = "{WRONG}"\n')
    assert invoke("--dataset", tiny, "--out", out, "--dry-run").exit_code == 4


@pytest.mark.blender
@pytest.mark.slow
def test_a_killed_render_goes_on_with_the_same_command(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text(TINY.replace("objects = 2", "objects = 3"))
    published_fingerprint = plan_of(load_definition(tiny)).fingerprint()
    out = tmp_path / "data"
    words = [sys.executable, "-P", "-m", "threedie", "render", "--dataset", str(tiny), "--out", str(out)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while not find_parts(out / "parts") and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert find_parts(out / "parts")
    assert not (out / "dataset.h5").exists()
    subprocess.run(words, check=True, capture_output=True)
    assert Dataset(out / "dataset.h5").fingerprint() == published_fingerprint
    assert not [path for path in out.rglob("*") if path.name.startswith(".tmp-")]
