"""Which of the processes of one run this is: started by torchrun, or by SLURM's srun, or alone."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Processes:
    """Place of this process in a run.

    Attributes:
        rank: its number, from 0.
        count: how many there are in all.
        nodes: on how many machines.
    """

    rank: int = 0
    count: int = 1
    nodes: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    @property
    def per_node(self) -> int:
        """Processes on each machine."""
        return self.count // self.nodes


def find_processes(environment: Mapping[str, str] | None = None) -> Processes:
    """What torchrun or srun says in the environment; alone where neither started this process."""
    given = os.environ if environment is None else environment
    if "TORCHELASTIC_RUN_ID" in given and "WORLD_SIZE" in given:
        count, local = int(given["WORLD_SIZE"]), int(given.get("LOCAL_WORLD_SIZE", "1"))
        return Processes(int(given["RANK"]), count, max(1, count // local))
    # In an interactive allocation the shell itself isn't one of several tasks; Fabric goes by the same names.
    inside = int(given.get("SLURM_NTASKS", "1")) > 1 and "SLURM_PROCID" in given
    if inside and given.get("SLURM_JOB_NAME") not in ("bash", "interactive"):
        return Processes(int(given["SLURM_PROCID"]), int(given["SLURM_NTASKS"]), int(given.get("SLURM_NNODES", "1")))
    return Processes()
