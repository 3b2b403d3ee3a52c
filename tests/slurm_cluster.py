"""A SLURM of one node on this machine, with a configuration, key and ports of its own, beside any other SLURM."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SBIN = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol", "squeue")
MISSING = [name for name in PROGRAMS if shutil.which(name, path=SBIN) is None]
CORES = 16
"""Of the node, whatever the machine has: waiting jobs would only cost time."""
START_S = 30

# A job that was requeued is eligible once its old credential has expired.
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SchedulerParameters=sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
KillWait=30
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=256000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """Its daemons, as children of this process, and the commands of its users."""

    def __init__(self) -> None:
        # Not in pytest's folder: everyone must be able to reach munge's socket, or munged refuses it.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.folder.chmod(0o755)
        for name, mode in (("munge", 0o711), ("state", 0o700), ("spool", 0o755)):
            (self.folder / name).mkdir(mode=mode)
        key = self.folder / "munge" / "key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))
        self.configuration = self.folder / "slurm.conf"
        self.configuration.write_text(
            CONFIGURATION.format(
                host=socket.gethostname().split(".")[0],
                user=os.geteuid(),
                folder=self.folder,
                ports=free_ports(2),
                cores=CORES,
            )
        )
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))}
        self.environment = {**variables, "SLURM_CONF": str(self.configuration), "PATH": SBIN}
        self._daemons: list[subprocess.Popen[bytes]] = []
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        munge = self.folder / "munge"
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self._spawn("munged", "--foreground", *(f"--{name}={munge / file}" for name, file in files.items()))
        wait_for((munge / "socket").exists, START_S, self.logs)
        self._spawn("slurmctld", "-D", "-f", str(self.configuration))
        self._spawn("slurmd", "-D", "-f", str(self.configuration))
        wait_for(lambda: self.command("sinfo", "-h", "-o", "%T", check=False) == "idle", START_S, self.logs)

    def _spawn(self, program: str, *options: str) -> None:
        path = shutil.which(program, path=SBIN)
        assert path
        with (self.folder / f"{program}.out").open("wb") as log:
            daemon = subprocess.Popen(
                [path, *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment
            )
        self._daemons.append(daemon)

    def logs(self) -> str:
        """The ends of the daemons' outputs, for a test that fails."""
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in self.folder.glob("*.out"))

    def command(self, *words: str, check: bool = True, **variables: str) -> str:
        """Run one of SLURM's commands; what it prints."""
        done = subprocess.run(
            words, env={**self.environment, **variables}, capture_output=True, text=True, check=False, timeout=60
        )
        assert not check or done.returncode == 0, f"{words}: {done.stderr}{self.logs()}"
        return done.stdout.strip()

    def submit(self, script: Path, *options: str, **variables: str) -> str:
        """Submit a script, its working directory the script's folder; the job's number."""
        place = ("--chdir", str(script.parent), "--parsable")
        return self.command("sbatch", *place, *options, str(script), **variables)

    def job(self, number: str) -> dict[str, str]:
        """What `scontrol show job` prints about a job or a task of an array."""
        shown = self.command("scontrol", "--oneliner", "show", "job", number, check=False)
        return dict(word.split("=", 1) for word in shown.split() if "=" in word)

    def set_end(self, number: str, seconds: float = 0) -> None:
        """Let a job reach its time limit in so many seconds. SLURM looks at the limits every 30 seconds."""
        end = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + seconds))
        self.command("scontrol", "update", f"JobId={number}", f"EndTime={end}")

    def jobs(self, name: str) -> list[str]:
        """The waiting and running jobs of a name."""
        return self.command("squeue", "--noheader", "--name", name, "--format", "%i").split()

    def close(self) -> None:
        """End all jobs and the daemons, and delete the folder."""
        if len(self._daemons) == 3:
            self.command("scancel", "--quiet", "--full", "--signal=KILL", f"--user={os.geteuid()}", check=False)
            self.command("scancel", "--quiet", f"--user={os.geteuid()}", check=False)
            deadline = time.monotonic() + 10
            while self.command("squeue", "--noheader", check=False) and time.monotonic() < deadline:
                time.sleep(0.2)
        for daemon in reversed(self._daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Numbers of ports that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_for(done: Callable[[], object], seconds: float, explain: Callable[[], str]) -> None:
    """Wait until something is true, and fail with an explanation if it never is."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s:\n{explain()}"
        time.sleep(0.1)


COMMAND = """#!/bin/sh
# 3die as the script has it, but at its smallest: later options win.
case "$1 $2" in
    render*) exec "{python}" -P -m threedie "$@" {render} ;;
    "bench run") exec "{python}" -P -m threedie "$@" {train} ;;
esac
exit 64
"""


def write_script(folder: Path, index: int, render: str = "", train: str = "") -> tuple[Path, dict[str, str]]:
    """A job script of docs/cluster.md in a folder, and the variables to submit it with.

    Args:
        folder: becomes HOME and SCRATCH; a command `3die` in its `bin/` comes first in PATH.
        index: of the script among those of the page.
        render: options that `3die render` gets in addition.
        train: options that `3die bench run` gets in addition.
    """
    page = (Path(__file__).parents[1] / "docs" / "cluster.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```bash\n(#!/bin/bash\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    script = folder / f"job-{index}.sh"
    script.write_text(blocks[index])
    command = folder / "bin" / "3die"
    command.parent.mkdir(exist_ok=True)
    command.write_text(COMMAND.format(python=sys.executable, render=render, train=train))
    command.chmod(0o755)
    path = os.pathsep.join((str(command.parent), SBIN))
    return script, {"HOME": str(folder), "SCRATCH": str(folder), "PATH": path, "OMP_NUM_THREADS": "1"}
