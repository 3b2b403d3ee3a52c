"""Where a cluster is, or how to start one."""

import re
from dataclasses import dataclass
from pathlib import Path

from threedie.manifests.arguments import check_types, option
from threedie.manifests.errors import ThreeDieError, shown_value

_ADDRESS = re.compile(r"(\w+://)?[^/\s]+:\d+/?")
JOBQUEUES = ("slurm", "pbs", "lsf", "sge")


@dataclass(frozen=True)
class ClusterOptions:
    """Where a cluster is, or how to start one.

    Attributes:
        scheduler: address of a Dask scheduler, or its scheduler file.
        jobqueue: batch system to start jobs with.
        jobs: number of jobs.
        job_cores: cores per job; each serves one rendering process.
        job_memory: memory per job, with its unit.
        job_walltime: time limit of a job, in the batch system's format.
        job_queue: queue or partition.
        job_option: further lines for the head of the job script.
    """

    scheduler: str | None = None
    jobqueue: str | None = None
    jobs: int = 1
    job_cores: int = 8
    job_memory: str = "16GB"
    job_walltime: str | None = None
    job_queue: str | None = None
    job_option: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check each value alone; `check` compares them with those of a request.

        Raises:
            ThreeDieError: a value of another type, an unknown batch system, or a count below 1.
        """
        check_types(self)
        lines = self.job_option
        if not isinstance(lines, tuple | list) or not all(isinstance(line, str) for line in lines):
            raise ThreeDieError(f"--job-option {shown_value(lines)}: give a tuple of texts")
        object.__setattr__(self, "job_option", tuple(lines))
        if self.jobqueue is not None and self.jobqueue not in JOBQUEUES:
            raise ThreeDieError(f"--jobqueue {self.jobqueue}: choose from {', '.join(JOBQUEUES)}")
        for name in ("jobs", "job_cores"):
            if getattr(self, name) < 1:
                raise ThreeDieError(f"{option(name)} {getattr(self, name)}: give a number at least 1")

    @property
    def wanted(self) -> bool:
        """Whether a cluster renders."""
        return self.scheduler is not None or self.jobqueue is not None

    def check(self, workers: int | None, shard: str | None) -> None:
        """Refuse options that contradict each other.

        Raises:
            ThreeDieError: they do.
        """
        ways = {"--scheduler": self.scheduler, "--jobqueue": self.jobqueue, "--shard": shard}
        ways_chosen = [name for name, value in ways.items() if value is not None]
        if len(ways_chosen) > 1:
            raise ThreeDieError(
                f"{' and '.join(ways_chosen)}: choose one; each of them is a way to use several machines"
            )
        if self.scheduler is not None and not _ADDRESS.fullmatch(self.scheduler) and not Path(self.scheduler).is_file():
            raise ThreeDieError(
                f"--scheduler {self.scheduler}: neither a scheduler file nor an address such as tcp://10.0.0.1:8786; "
                "'dask scheduler' prints its address"
            )
        if self.wanted and workers is not None:
            remedy = "give --job-cores" if self.jobqueue else "give 'dask worker' the option --nthreads"
            raise ThreeDieError(f"--workers counts processes on this machine; for {ways_chosen[0]} {remedy}")
