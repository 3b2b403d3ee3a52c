"""Rank of this process and number of processes: started by torchrun, by SLURM's srun, or alone."""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

TORCHRUN, SRUN = "torchrun", "srun"
_INTERACTIVE_STEP = 0xFFFFFFF0
"""SLURM's numbers of steps that no srun of the user's made (batch script, interactive shell, ...) begin here."""


@dataclass(frozen=True)
class Processes:
    """Place of this process in a run.

    Attributes:
        rank: its number, from 0.
        count: number of processes.
        nodes: number of machines.
        local_rank: its number among those of its machine.
        node: number of its machine.
        launcher: what started them, `torchrun` or `srun`; empty for a process alone.
        note: what was decided, and why, where the environment describes several processes; else empty.
    """

    rank: int = 0
    count: int = 1
    nodes: int = 1
    local_rank: int = field(default=0, compare=False)
    node: int = field(default=0, compare=False)
    launcher: str = field(default="", compare=False)
    note: str = field(default="", compare=False)

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    @property
    def remedy(self) -> str:
        """How to start several processes, for the end of `note`; empty if a launcher did."""
        return "" if self.launcher else "; for several put 'srun -n N' before the command"

    @property
    def per_node(self) -> int:
        """Processes on each machine."""
        return self.count // self.nodes


def find_processes(environment: Mapping[str, str] | None = None) -> Processes:
    """The place of this process according to the variables of torchrun or srun; alone where neither started it.

    An allocation of several tasks (`sbatch --ntasks 4`, `salloc`) is no such start: SLURM_NTASKS is set in every shell
    and script of it. A task that srun started has SLURM_STEP_NUM_TASKS and SLURM_PROCID.
    """
    variables = os.environ if environment is None else environment
    if "TORCHELASTIC_RUN_ID" in variables and "WORLD_SIZE" in variables:
        return _of_torchrun(variables)
    if "SLURM_STEP_NUM_TASKS" in variables or "SLURM_NTASKS" in variables:
        return _of_slurm(variables)
    return Processes()


def _of_torchrun(variables: Mapping[str, str]) -> Processes:
    names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "LOCAL_RANK", "GROUP_RANK")
    numbers = _numbers(variables, names, {"LOCAL_WORLD_SIZE": "1", "LOCAL_RANK": "0", "GROUP_RANK": "0"})
    if isinstance(numbers, str):
        return Processes(note=f"alone: {numbers}, which torchrun never sets")
    rank, count, local_count, local_rank, node = numbers
    if not (rank < count and local_count):
        return Processes(note=f"alone: torchrun's RANK is {rank} of WORLD_SIZE {count}")
    nodes = max(1, count // local_count)
    return Processes(rank, count, nodes, local_rank, node, TORCHRUN, _of_several(TORCHRUN, count, nodes))


def _of_slurm(variables: Mapping[str, str]) -> Processes:
    tasks = variables.get("SLURM_NTASKS") or variables.get("SLURM_STEP_NUM_TASKS") or "1"
    several = tasks.strip() != "1"
    if not {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"} <= variables.keys():
        return _alone("srun didn't start this process", tasks) if several else Processes()
    names = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_NODES", "SLURM_LOCALID", "SLURM_NODEID")
    defaults = {
        "SLURM_STEP_NUM_NODES": variables.get("SLURM_NNODES", "1"),
        "SLURM_LOCALID": "0",
        "SLURM_NODEID": "0",
        "SLURM_STEP_ID": "0",
    }
    numbers = _numbers(variables, (*names, "SLURM_STEP_ID"), defaults)
    if isinstance(numbers, str):
        return _alone(f"{numbers}, which srun never sets", tasks)
    rank, count, nodes, local_rank, node, step = numbers
    if count == 1:
        return _alone("srun started this process as the only one of its step", tasks) if several else Processes()
    # A shell under srun is one task that a user types into, however many were requested.
    shell = "SLURM_PTY_PORT" in variables or variables.get("SLURM_JOB_NAME") == "bash" or step >= _INTERACTIVE_STEP
    if shell:
        return _alone("this is a shell", tasks)
    if rank >= count or nodes == 0:
        return _alone(f"SLURM_PROCID is {rank} of SLURM_STEP_NUM_TASKS {count}", tasks)
    return Processes(rank, count, nodes, local_rank, node, SRUN, _of_several(SRUN, count, nodes))


def _numbers(variables: Mapping[str, str], names: tuple[str, ...], defaults: Mapping[str, str]) -> list[int] | str:
    """The variables' numbers, or which isn't one."""
    numbers = []
    for name in names:
        text = variables.get(name, defaults.get(name, ""))
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            return f"{name} is {text[:40]!r}"
        numbers.append(int(text))
    return numbers


def _alone(why: str, tasks: str) -> Processes:
    return Processes(note=f"alone: SLURM_NTASKS is {tasks[:40]}, but {why}")


def _of_several(launcher: str, count: int, nodes: int) -> str:
    machines = "one machine" if nodes == 1 else f"{nodes} machines"
    return f"{count} on {machines}, started by {launcher}" if count > 1 else ""


def drop_odd_ranks(environment: MutableMapping[str, str]) -> None:
    """Remove ranks that are no numbers: Fabric reads them when it is imported, and raises ValueError.

    `find_processes` takes such a process to be alone, with or without them.
    """
    for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK"):
        if not environment.get(name, "0").strip().isdecimal():
            del environment[name]
