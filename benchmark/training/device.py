"""Where to compute: one device, or one for each process of a run."""

import torch
from lightning_fabric import Fabric

from threedie.benchmark.training.launch import environment_of
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.processes import Processes
from threedie.manifests.signals import ended_by_signals

DEVICES = ("auto", "cpu", "cuda")


def find_device(device: str) -> str:
    """`cpu` or `cuda`; `auto` takes a GPU if torch sees one.

    Raises:
        ThreeDieError: no such device.
    """
    if device not in DEVICES:
        raise ThreeDieError(f"device {device!r}: choose one of {', '.join(DEVICES)}; CUDA_VISIBLE_DEVICES picks a GPU")
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ThreeDieError("--device cuda: no GPU, or a torch built without CUDA; leave --device out to use the CPU")
    return device


def build_fabric(device: str, precision: str, processes: Processes) -> Fabric:
    """Lightning Fabric on a device, one for each process; several processes are connected when this returns."""
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    fabric = Fabric(
        accelerator=find_device(device),
        strategy="ddp" if processes.count > 1 else "auto",
        devices=processes.per_node,
        num_nodes=processes.nodes,
        precision=precision,  # type: ignore[arg-type]
        plugins=environment_of(processes),
    )
    if processes.count > 1:
        # Waits until all are connected: forever if one of them has died.
        with ended_by_signals():
            fabric.launch()
    return fabric
