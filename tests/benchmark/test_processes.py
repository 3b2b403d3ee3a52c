"""Which process of how many this is, in the environments that SLURM, torchrun and neither of them make."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from threedie.benchmark.commands.options import exits_when_interrupted
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint
from threedie.benchmark.training.generators import restore_generators
from threedie.benchmark.training.launch import SrunEnvironment, environment_of
from threedie.benchmark.training.signals import Interrupted
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.processes import Processes, drop_odd_ranks, find_processes

ALLOCATION = {
    "SLURM_JOB_ID": "4711", "SLURM_JOB_NAME": "train", "SLURM_NTASKS": "4", "SLURM_NPROCS": "4", "SLURM_NNODES": "2",
    "SLURM_TASKS_PER_NODE": "2(x2)", "SLURM_NODELIST": "node[3-4]", "SLURM_JOB_NODELIST": "node[3-4]",
}  # fmt: skip
BATCH = {**ALLOCATION, "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0", "SLURM_GTIDS": "0"}
STEP = {
    **BATCH, "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_NUM_NODES": "2",
    "SLURM_STEP_NODELIST": "node[3-4]", "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
}  # fmt: skip
ONE_TASK = {**STEP, "SLURM_STEP_NUM_TASKS": "1", "SLURM_STEP_NUM_NODES": "1"}
TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "RANK": "5"}

ALONE = {
    "sbatch without srun": (BATCH, "4, but srun didn't start this process"),
    "a shell of salloc": ({**ALLOCATION, "SLURM_JOB_NAME": "interactive"}, "srun didn't start"),
    "a shell of salloc on the node": ({**ONE_TASK, "SLURM_STEP_ID": "4294967290"}, "the only one of its step"),
    "srun -n 1 in an allocation of 4": (ONE_TASK, "the only one of its step"),
    "srun -n 4 --pty zsh": ({**STEP, "SLURM_PTY_PORT": "40000"}, "this is a shell"),
    "srun -n 4 --pty bash": ({**STEP, "SLURM_JOB_NAME": "bash"}, "this is a shell"),
    "a step without a number of its own": ({**STEP, "SLURM_STEP_ID": "4294967291"}, "this is a shell"),
    "no number of tasks": ({**ALLOCATION, "SLURM_NTASKS": "abc"}, "SLURM_NTASKS is abc, but srun didn't start"),
    "a pattern of tasks": ({**BATCH, "SLURM_NTASKS": "4(x2)"}, "SLURM_NTASKS is 4(x2), but srun didn't start"),
    "no number in a step": ({**STEP, "SLURM_STEP_NUM_TASKS": "2(x2)"}, "TASKS is '2(x2)', which srun never"),
    "no rank": ({**STEP, "SLURM_PROCID": ""}, "SLURM_PROCID is ''"),
    "a rank below 0": ({**STEP, "SLURM_PROCID": "-1"}, "SLURM_PROCID is '-1'"),
    "a rank too high": ({**STEP, "SLURM_PROCID": "4"}, "SLURM_PROCID is 4 of SLURM_STEP_NUM_TASKS 4"),
    "no machines": ({**STEP, "SLURM_STEP_NUM_NODES": "0"}, "SLURM_PROCID is 0"),
    "digits of another script": ({**STEP, "SLURM_STEP_NUM_TASKS": "٤"}, "which srun never sets"),
    "torchrun with garbage": ({**TORCHRUN, "WORLD_SIZE": "eight"}, "WORLD_SIZE is 'eight', which torchrun never sets"),
    "torchrun with a rank too high": ({**TORCHRUN, "RANK": "8"}, "RANK is 8 of WORLD_SIZE 8"),
}  # fmt: skip


@pytest.mark.parametrize(("environment", "reason"), ALONE.values(), ids=ALONE)
def test_alone_and_why(environment: dict[str, str], reason: str) -> None:
    processes = find_processes(environment)
    assert processes == Processes(0, 1, 1)
    assert processes.note.startswith("alone: ")
    assert reason in processes.note
    assert "\n" not in processes.note
    assert "put 'srun -n N' before" in processes.remedy


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_NTASKS": "1"},
        {"SLURM_JOB_ID": "1", "SLURM_PROCID": "0"},
        {**ONE_TASK, "SLURM_NTASKS": "1"},
        {"SLURM_TASKS_PER_NODE": "4(x2)"},
    ],
)
def test_alone_with_nothing_to_say(environment: dict[str, str]) -> None:
    assert find_processes(environment) == Processes()
    assert find_processes(environment).note == ""


def test_several() -> None:
    assert find_processes(TORCHRUN) == Processes(5, 8, 2)
    assert find_processes(TORCHRUN).per_node == 4
    assert find_processes({**BATCH, **TORCHRUN}) == Processes(5, 8, 2), "torchrun inside SLURM"
    assert find_processes({**STEP, **TORCHRUN}).note == "8 on 2 machines, started by torchrun"
    processes = find_processes({**STEP, "SLURM_PROCID": "3", "SLURM_LOCALID": "1", "SLURM_NODEID": "1"})
    assert processes == Processes(3, 4, 2)
    assert (processes.local_rank, processes.node, processes.per_node, processes.first) == (1, 1, 2, False)
    assert processes.note == "4 on 2 machines, started by srun"
    assert processes.remedy == ""
    # A step of salloc's keeps the shell's name; a smaller step than its allocation counts as it is.
    assert find_processes({"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1"}) == Processes(1, 2, 1)
    small = {**STEP, "SLURM_JOB_NAME": "interactive", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NUM_NODES": "1"}
    assert find_processes(small) == Processes(0, 2, 1)
    assert find_processes(small).note == "2 on one machine, started by srun"


def test_machines_with_other_numbers_of_processes_are_refused() -> None:
    uneven = find_processes({**STEP, "SLURM_STEP_NUM_TASKS": "3"})
    with pytest.raises(ThreeDieError, match="srun started 3 processes on 2 machines; start as many on each"):
        environment_of(uneven)


def test_tasks_of_srun_meet_at_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in STEP.items():
        monkeypatch.setenv(name, value)
    here = environment_of(find_processes())
    assert isinstance(here, SrunEnvironment)
    assert here.main_address == "node3"
    port = here.main_port
    assert 15_000 <= port < 35_000
    monkeypatch.setenv("SLURM_STEP_ID", "1")
    assert environment_of(find_processes()).main_port != port, "another step at the same time"
    monkeypatch.setenv("MASTER_ADDR", "elsewhere")
    monkeypatch.setenv("MASTER_PORT", "1234")
    environment = environment_of(find_processes())
    assert (environment.main_address, environment.main_port) == ("elsewhere", 1234)


class Nothing(nn.Module):
    constant_rate = ()

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


@pytest.mark.parametrize("environment", [each for each, _ in ALONE.values()], ids=ALONE)
def test_fabric_follows(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stepper = Stepper(Nothing(), load_recipe("smoke"), "cpu", find_processes())  # type: ignore[arg-type]
    assert (stepper.fabric.world_size, stepper.fabric.global_rank) == (1, 0)


@pytest.mark.parametrize("name", ["RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK"])
@pytest.mark.parametrize("value", ["x", "", "1.5", "4(x2)"])
def test_a_rank_that_is_no_number_is_dropped_before_fabric_reads_it(name: str, value: str) -> None:
    environment = {name: value, "SLURM_NTASKS": "4"}
    drop_odd_ranks(environment)
    assert environment == {"SLURM_NTASKS": "4"}
    environment[name] = "3"
    drop_odd_ranks(environment)
    assert environment[name] == "3"


@pytest.mark.parametrize("rank", range(4))
def test_each_process_goes_on_with_its_own_random_numbers(rank: int, tmp_path: Path) -> None:
    with torch.random.fork_rng([]):
        states, numbers = [], []
        for seed in range(4):
            torch.manual_seed(seed + 70)
            states.append(torch.get_rng_state())
            numbers.append(torch.rand(8))
        stepper = SimpleNamespace(device=torch.device("cpu"), processes=Processes(rank, 4))
        restore_generators({"cpu": torch.stack(states)}, 0, stepper, tmp_path / "checkpoint.pt")  # type: ignore[arg-type]
        assert torch.equal(torch.rand(8), numbers[rank])
        three = SimpleNamespace(device=torch.device("cpu"), processes=Processes(2, 3))
        with pytest.raises(ThreeDieError, match="was begun with 4 processes and can't go on with 3"):
            restore_generators({"cpu": torch.stack(states)}, 0, three, tmp_path / "checkpoint.pt")  # type: ignore[arg-type]


def test_only_the_first_process_says_that_the_run_was_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in STEP.items():
        monkeypatch.setenv(name, value)
    for rank, count in (("0", 1), ("3", 0)):
        monkeypatch.setenv("SLURM_PROCID", rank)
        with pytest.raises(SystemExit) as stop, exits_when_interrupted(Path("runs/x")):
            raise Interrupted(signal.SIGUSR1, 4)
        assert stop.value.code == 138
        assert capsys.readouterr().err.count("stopped by SIGUSR1 in epoch 5") == count


LONELY = """
import sys
from threedie.benchmark.training.device import build_fabric
from threedie.manifests.processes import find_processes
from threedie.manifests.signals import exits_on_signals
with exits_on_signals(print):
    print("waiting", flush=True)
    build_fabric("cpu", "32-true", find_processes())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_process_whose_partner_never_comes_can_be_stopped(number: signal.Signals) -> None:
    environment = {**os.environ, **STEP, "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NUM_NODES": "1", "SLURM_PROCID": "1",
                   "SLURM_LOCALID": "1", "MASTER_PORT": "29871"}  # fmt: skip
    waiting = subprocess.Popen(
        [sys.executable, "-c", LONELY], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "waiting\n"
        time.sleep(1)
        waiting.send_signal(number)
        assert waiting.wait(20) == -number
    finally:
        waiting.kill()


CHILD = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[3])
from threedie.benchmark.data.images import Images
from threedie.benchmark.training.loop import train
from threedie.manifests.dataset import Dataset
from test_training import ONE_STEP, settings_for
dataset = Dataset(sys.argv[1])
train(settings_for(dataset, "vicreg", ONE_STEP), Images(dataset, 32), Path(sys.argv[2]), "cpu")
"""


@pytest.mark.slow
def test_two_tasks_of_srun_train_together(dataset: Dataset, tmp_path: Path) -> None:
    """As `srun -n 2` starts them in an allocation of 4, without --ntasks-per-node."""
    here = str(Path(__file__).parent)
    words = [sys.executable, "-c", CHILD, str(dataset.path), str(tmp_path), here]
    step = {**STEP, "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NUM_NODES": "1", "SLURM_JOB_ID": str(os.getpid())}
    tasks = [
        subprocess.Popen(
            words,
            env={**os.environ, **step, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for task in tasks:
        _, errors = task.communicate(timeout=240)
        assert task.returncode == 0, errors[-3000:]
    content = load_checkpoint(tmp_path / CHECKPOINT_FILE)
    assert content["finished"]
    assert len(content["random"]["cpu"]) == 2
