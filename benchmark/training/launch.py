"""How Fabric finds the other processes of a run: through `find_processes`, not through its own detection."""

import os

from lightning_fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.processes import SRUN, TORCHRUN, Processes

_PORTS = 20_000
_FIRST_PORT = 15_000


def environment_of(processes: Processes) -> ClusterEnvironment:
    """The environment for Fabric's `plugins`.

    Raises:
        ThreeDieError: the machines have different numbers of processes.
    """
    if processes.count % processes.nodes:
        raise ThreeDieError(
            f"{processes.launcher} started {processes.count} processes on {processes.nodes} machines; start as many on "
            "each (srun --ntasks-per-node)"
        )
    if processes.launcher == TORCHRUN:
        return TorchElasticEnvironment()
    return SrunEnvironment(processes) if processes.launcher == SRUN else LightningEnvironment()


class SrunEnvironment(ClusterEnvironment):
    """Tasks of one step that srun started. Fabric's own goes by the allocation, and refuses `srun -n N`."""

    def __init__(self, processes: Processes) -> None:
        super().__init__()
        self._processes = processes

    @property
    def creates_processes_externally(self) -> bool:
        """Yes: srun did."""
        return True

    @property
    def main_address(self) -> str:
        """MASTER_ADDR, or the step's first machine."""
        if self._processes.nodes == 1:
            return os.environ.get("MASTER_ADDR", "127.0.0.1")
        nodes = os.environ.get("SLURM_STEP_NODELIST") or os.environ.get("SLURM_NODELIST") or "127.0.0.1"
        return os.environ.get("MASTER_ADDR") or SLURMEnvironment.resolve_root_node_address(nodes)

    @property
    def main_port(self) -> int:
        """MASTER_PORT, or a port computed from the job and the step: the same in all tasks, rarely that of others."""
        port = os.environ.get("MASTER_PORT", "")
        if port.isdigit():
            return int(port)
        names = [os.environ.get(name, "") for name in ("SLURM_JOB_ID", "SLURM_STEP_ID")]
        job, step = (int(text) if text.isdigit() else 0 for text in names)
        return _FIRST_PORT + (job * 7 + step) % _PORTS

    @staticmethod
    def detect() -> bool:
        """Never by itself."""
        return False

    def world_size(self) -> int:
        """Processes in all."""
        return self._processes.count

    def set_world_size(self, size: int) -> None:
        """Nothing: srun decided."""

    def global_rank(self) -> int:
        """This process's number."""
        return self._processes.rank

    def set_global_rank(self, rank: int) -> None:
        """Nothing: srun decided."""

    def local_rank(self) -> int:
        """This process's number on its machine."""
        return self._processes.local_rank

    def node_rank(self) -> int:
        """The machine's number."""
        return self._processes.node
