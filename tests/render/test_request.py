"""A render requested from Python."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.render.commands.render import render as command
from threedie.render.engines.options import ClusterOptions
from threedie.render.preset import load_preset, preset_text
from threedie.render.request import RenderRequest, RenderResult
from threedie.render.run import render
from threedie.render.shard import Shard


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"views": 0}, "--views 0: give a number from 1 to 10,000"),
        ({"seed": -1}, "--seed -1: give a number at least 0"),
        ({"memory_limit": 0.01}, "--memory-limit 0.01: give a number from 0.1 to"),
        ({"classes": ["chair", "mgu"]}, "did you mean 'mug'"),
        ({"classes": []}, "the list of classes is empty"),
        ({"device": "gpu"}, "'gpu' is not a device"),
        ({"shard": "3/2"}, "--shard 3/2"),
        ({"shard": ""}, "give I/N"),
        ({"views": "50"}, "--views '50': give a whole number"),
        ({"views": None}, "--views None: give a whole number"),
        ({"seed": 1.5}, "--seed 1.5: give a whole number"),
        ({"samples": True}, "--samples True: give a whole number"),
        ({"samples": 0}, "--samples 0: give a number from 1"),
        ({"time_limit": float("nan")}, "--time-limit nan: give a number from 0.1"),
        ({"keep_going": "no"}, "--keep-going 'no': give True or False"),
        ({"classes": 3}, "--classes 3: give names or synset ids"),
        ({"classes": ["mug", 3797390]}, "--classes 3797390: give names or synset ids"),
        ({"out": None}, "--out None: give a path"),
        ({"models": ["a"]}, "--models .*: give a path"),
        ({"preset": 3}, "--preset 3: give the name of a preset"),
        ({"quality": "good"}, "'good' is not a quality"),
        ({"denoiser": "good"}, "'good' is not a denoiser"),
        ({"sampler": "good"}, "'good' is not a sampler"),
        ({"cluster": "slurm"}, "cluster is 'slurm'; it must be ClusterOptions"),
        ({"shard": "1/2", "cluster": ClusterOptions(jobqueue="slurm")}, "--jobqueue and --shard: choose one"),
        ({"workers": 2, "cluster": ClusterOptions(jobqueue="slurm")}, "--workers counts processes on this machine"),
    ],
)
def test_a_wrong_request_is_refused_when_it_is_made(fields: dict, message: str) -> None:
    with pytest.raises(ThreeDieError, match=message):
        RenderRequest(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"jobqueue": "condor"}, "--jobqueue condor: choose from slurm"),
        ({"jobqueue": "slurm", "jobs": 0}, "--jobs 0: give a number at least 1"),
        ({"jobqueue": "slurm", "job_cores": 2.5}, "--job-cores 2.5: give a whole number"),
        ({"jobqueue": "slurm", "job_option": "--account=vision"}, "--job-option '--account=vision': give a tuple"),
        ({"scheduler": 8786}, "--scheduler 8786: give a text"),
    ],
)
def test_wrong_cluster_options_are_refused_when_they_are_made(fields: dict, message: str) -> None:
    with pytest.raises(ThreeDieError, match=message):
        ClusterOptions(**fields)


def test_a_request_takes_what_python_has(tmp_path: Path) -> None:
    text = preset_text("3diebench")
    (tmp_path / "mine.toml").write_text(text)
    request = RenderRequest(
        classes=(name for name in ("mug", "chair")),
        views=np.int64(2),
        time_limit=np.float32(20),
        models=str(tmp_path),
        preset=tmp_path / "mine.toml",
    )
    assert request.synsets == request.synsets == ("03001627", "03797390"), "a generator can be read once"
    assert (type(request.views), type(request.time_limit), request.models) == (int, float, tmp_path)
    assert load_preset(request.preset) == load_preset("3diebench")


def test_what_a_request_means() -> None:
    request = RenderRequest(classes=["mug", "chair"], shard="2/8", time_limit=7, keep_going=False, out="there")
    assert request.synsets == RenderRequest(classes="chair, mug").synsets == ("03001627", "03797390")
    assert request.share == Shard(2, 8)
    assert (request.limits.view_s, request.limits.fail_fast) == (7, True)
    assert request.out == Path("there")
    on_cluster = RenderRequest(out="there", cluster=ClusterOptions(jobqueue="slurm"))
    assert on_cluster.out == Path("there").resolve(), "a relative path is another one on another machine"


def test_the_command_has_an_option_for_each_field_and_the_same_defaults() -> None:
    options = command.make_context("render", []).params
    assert options.pop("save_preset") is None
    cluster = ClusterOptions(**{name: options.pop(name) for name in ClusterOptions.__dataclass_fields__})
    assert options.keys() | {"cluster"} == RenderRequest.__dataclass_fields__.keys()
    assert RenderRequest(**options, cluster=cluster) == RenderRequest()


@pytest.mark.blender
def test_python_renders_silently_what_the_command_renders(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    options = {"classes": "mug", "objects": 1, "views": 2, "size": 16, "samples": 1, "denoiser": "none"}
    result = render(RenderRequest(**options, out=tmp_path / "python"))
    assert result == RenderResult(tmp_path / "python" / "dataset.h5", {})
    assert capfd.readouterr() == ("", "")
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    done = CliRunner(catch_exceptions=False).invoke(command, [*words, "--out", str(tmp_path / "command")])
    assert done.exit_code == 0
    assert "Plan: 1 object of 1 class x 2 views = 2 views of 16 px" in done.output
    assert (tmp_path / "command" / "dataset.h5").read_bytes() == result.dataset.read_bytes()
    assert len(Dataset(result.dataset)) == 1
    assert render(RenderRequest(**options, out=tmp_path / "dry", dry_run=True)) == RenderResult()
    assert not (tmp_path / "dry").exists()
