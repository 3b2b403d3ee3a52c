"""A render asked for from Python."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.render.commands.render import render as command
from threedie.render.engines.options import ClusterOptions
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
        ({"shard": "1/2", "cluster": ClusterOptions(jobqueue="slurm")}, "--jobqueue and --shard: choose one"),
        ({"workers": 2, "cluster": ClusterOptions(jobqueue="slurm")}, "--workers counts processes on this machine"),
    ],
)
def test_a_wrong_request_is_refused_when_it_is_made(fields: dict, message: str) -> None:
    with pytest.raises(ThreeDieError, match=message):
        RenderRequest(**fields)


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
