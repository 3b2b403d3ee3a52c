"""Two processes with half the batch each give the loss and the gradient of one process with all of it."""

import subprocess
import sys
from pathlib import Path

import torch

from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, action_dims
from threedie.baselines.registry import build_method

# One of each family, by name, with options as `name:option=value,option=value`.
NAMES = (
    *("sie", "vicreg", "simclr", "equimod", "augself", "only_equivariance", "supervised", "barlow_twins", "simsiam"),
    *("byol", "essl", "essl:base=simsiam", "essl:base=barlow_twins", "essl:target=action"),
    *("sen", "sen:action_embedding=0", "byol:conditional=true", "byol:final_norm=true,predictor_bias=true"),
    *("byol:conditional=true,final_norm=true,action_embedding=0", "equimod:predictor=linear,final_norm=true"),
    "equimod:objective=simclr,predictor=linear,final_norm=true",
    *("equicaps", "equicaps:action=motion_base"),
    # Of two pairs each, so that a process holds whole contexts.
    *("context_ssl:length=4", "context_ssl:length=4,environment=both,clamp=true"),
    *("vicreg_traj", "seq_jepa", "seq_jepa:length=1", "seq_jepa:conditional=false,averaged_target=false"),
)

CODE = """
import sys
import torch
from torch import distributed as dist
from threedie.baselines.registry import build_method

sys.path.insert(0, sys.argv[3])
from test_gather import batch_of

rank, folder, names = int(sys.argv[1]), sys.argv[2], sys.argv[4:]
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
rows = slice(rank * 4, rank * 4 + 4)
results = {}
for name in names:
    saved = torch.load(f"{folder}/{name}.pt", weights_only=True)
    method = build_method(
        name.partition(":")[0], width=4, projector="16-16", image_size=32, options=saved["options"]
    ).eval()
    method.load_state_dict(saved["state"])
    output = method(batch_of(method, [values[rows] for values in saved["batch"]]))
    output.loss.backward()
    trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
    for parameter in trained:
        dist.all_reduce(parameter.grad)
        parameter.grad /= 2
    results[name] = {"loss": output.loss.detach(), "gradients": [parameter.grad for parameter in trained]}
if rank == 0:
    torch.save(results, f"{folder}/results.pt")
dist.destroy_process_group()
"""


def options_of(name):
    pairs = [pair.split("=") for pair in name.partition(":")[2].split(",") if pair]
    plain = {"true": True, "false": False, "0": 0, "1": 1, "4": 4}
    return {option: plain.get(value, value) for option, value in pairs}


def batch_of(method, values):
    """As many of some views and actions as a method takes."""
    views, actions, label, crop = values
    actions = actions[..., : action_dims(method.action or "rotation")]
    later = views[:, 2 : method.views].unbind(1)
    absolute = actions[:, 2] if method.needs_absolute else None
    return Batch(
        views[:, 0], views[:, 1], actions[:, 0], label, crop, later, actions[:, 1 : method.views - 1], absolute
    )


def build(name):
    return build_method(
        name.partition(":")[0], width=4, projector="16-16", image_size=32, options=options_of(name)
    ).eval()


def test_two_processes_equal_one(tmp_path):
    torch.manual_seed(0)
    views = torch.randn(8, 4, 3, 32, 32)
    batch = (views, torch.randn(8, 3, 7), torch.zeros(8, dtype=torch.int64), torch.randn(8, 3, 32, 32))
    # In evaluation mode, because batch-norm across processes is the training loop's part.
    methods = {name: build(name) for name in NAMES}
    for name, method in methods.items():
        content = {"state": method.state_dict(), "batch": batch, "options": options_of(name)}
        torch.save(content, tmp_path / f"{name}.pt")
    words = [str(tmp_path), str(Path(__file__).parent), *NAMES]
    children = [subprocess.Popen([sys.executable, "-c", CODE, str(rank), *words]) for rank in (0, 1)]
    try:
        assert [child.wait(timeout=400) for child in children] == [0, 0]
    finally:
        for child in children:
            child.kill()
    results = torch.load(tmp_path / "results.pt", weights_only=True)  # noqa: TID251
    for name, method in methods.items():
        loss = method(batch_of(method, batch)).loss
        loss.backward()
        torch.testing.assert_close(results[name]["loss"], loss.detach())
        trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
        # Rounding goes with the greatest gradient: Barlow Twins' are sums over the whole matrix.
        largest = max(parameter.grad.abs().max().item() for parameter in trained)
        for parameter, gradient in zip(trained, results[name]["gradients"], strict=True):
            torch.testing.assert_close(gradient, parameter.grad, rtol=1e-4, atol=1e-6 * max(1.0, largest))


def test_alone_nothing_is_gathered():
    u = torch.randn(3, 2)
    assert gather(u) is u
