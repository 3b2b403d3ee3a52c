"""The states of the random generators, saved and restored with a run."""

from pathlib import Path

import torch
from torch import Tensor

from threedie.benchmark.training.checkpoints import MEND
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.errors import ThreeDieError


def generator_states(stepper: Stepper) -> dict[str, Tensor]:
    """States of torch's generators: one of each kind, or with several processes a row for each."""
    states = {"cpu": torch.get_rng_state()}
    if stepper.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(stepper.device)
    if stepper.processes.count == 1:
        return states
    # One row for each process.
    return {name: _rows(stepper, state) for name, state in states.items()}


def _rows(stepper: Stepper, state: Tensor) -> Tensor:
    rows = stepper.fabric.all_gather(state.to(stepper.device))
    assert isinstance(rows, Tensor)
    return rows.cpu()


def restore_generators(states: dict[str, Tensor] | None, seed: int, stepper: Stepper, path: Path) -> None:
    """Seed torch's generators, or put saved states back.

    Raises:
        ThreeDieError: the states are damaged, or of another number of processes.
    """
    processes = stepper.processes
    torch.manual_seed(seed + processes.rank)
    if not states:
        return
    count = 1 if states["cpu"].ndim == 1 else len(states["cpu"])
    if count != processes.count:
        raise ThreeDieError(
            f"{path.parent}: was begun with {count} process{'es' if count > 1 else ''} and can't go on with "
            f"{processes.count}: give the same number"
        )
    # A copy: torch reads the state of a row that begins within its storage from memory far beyond it.
    own = {name: (state if state.ndim == 1 else state[processes.rank]).clone() for name, state in states.items()}
    try:
        torch.set_rng_state(own["cpu"])
        if stepper.device.type == "cuda" and "cuda" in own:
            torch.cuda.set_rng_state(own["cuda"], stepper.device)
    except RuntimeError as error:
        raise ThreeDieError(f"{path}: random: no state of this generator; {MEND}") from error
