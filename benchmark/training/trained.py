"""The trained method of a finished run."""

from pathlib import Path

from threedie.baselines.method import Method
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint
from threedie.benchmark.training.own_methods import require_method
from threedie.benchmark.training.restore import TrainedMethod, read_settings, restore
from threedie.manifests.errors import ThreeDieError


def load_trained(path: Path, method: str | type[Method] | None = None) -> TrainedMethod:
    """The method of a run, on the CPU and in evaluation mode.

    Args:
        path: the run's folder, or its `checkpoint.pt`.
        method: `FILE.py:CLASS` or the class, where it is a method of one's own; a checkpoint holds no code.

    Raises:
        ThreeDieError: no such checkpoint, a damaged one, one of a run that isn't finished, or of another method.
    """
    if path.is_dir():
        path /= CHECKPOINT_FILE
    checkpoint = load_checkpoint(path)
    require_method(method, read_settings(checkpoint, path).method, path)
    if not checkpoint["finished"]:
        raise ThreeDieError(f"{path}: its run isn't finished; go on with '3die bench run' and the same settings")
    return restore(checkpoint, path)
