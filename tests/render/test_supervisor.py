import sys
import time
from pathlib import Path

import numpy as np
import pytest

from threedie.manifests.dataset_info import DatasetInfo
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import part_path
from threedie.render.ledger import Outcome
from threedie.render.messages import Probe, Setup, Task
from threedie.render.models.embedded_source import EmbeddedSource
from threedie.render.preset import load_preset
from threedie.render.quality import QUALITIES
from threedie.render.supervisor import Limits, Supervisor

FAKE = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))
IMPATIENT = Limits(view_s=3.0, start_s=20.0, memory_gib=0.3, objects_per_child=3, tries=2)
VIEWS = 2


class Count:
    def __init__(self) -> None:
        self.views = 0
        self.ended = 0

    def view_done(self) -> None:
        self.views += 1

    def views_lost(self, views: int) -> None:
        self.views -= views

    def object_ended(self, outcome: Outcome) -> None:
        self.ended += 1


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    preset = load_preset("3diebench")
    info = DatasetInfo(preset.to_json(), preset.latents, 0, "counter", VIEWS, 8, "bgr", {}, {})
    (tmp_path / "scratch").mkdir()
    (tmp_path / "parts").mkdir()
    return Setup(
        info,
        preset,
        QUALITIES["fast"],
        EmbeddedSource(tmp_path / "models"),
        tmp_path / "parts",
        tmp_path / "scratch",
        1,
    )


def task(object_id: str) -> Task:
    return Task(ObjectRef("03001627", object_id), "train", np.zeros((VIEWS, 7)))


def run(setup: Setup, ids: list[str], workers: int = 2, limits: Limits = IMPATIENT) -> tuple[Outcome, Count]:
    count = Count()
    with Supervisor(setup, setup.scratch / "logs", workers, limits, FAKE) as supervisor:
        outcome = supervisor.run((task(name) for name in ids), count)
    assert count.ended == len(ids)
    return outcome, count


def test_all_done(setup: Setup) -> None:
    ids = [f"ok-{index}" for index in range(8)]
    outcome, _ = run(setup, ids)
    assert sorted(ref.object_id for ref in outcome.done) == ids
    assert not outcome.quarantined
    assert all(part_path(setup.parts, ref).is_file() for ref in outcome.done)


@pytest.mark.parametrize(
    ("behavior", "reason"),
    [
        ("crash", "SIGSEGV"),
        ("exit", "ended with code 0"),
        ("hang", "no progress for 3 s"),
        ("leak", "over the limit of 0.3"),
        ("babble", "sent an unknown message"),
        ("nonsense", "sent an unknown message"),
        ("liar", "left no whole file"),
        ("garbage", "left no whole file"),
        ("bad", "no faces"),
    ],
)
def test_a_failing_object_is_quarantined_and_the_others_are_done(setup: Setup, behavior: str, reason: str) -> None:
    outcome, count = run(setup, ["ok-1", f"{behavior}-1", "ok-2", "ok-3"])
    assert sorted(ref.object_id for ref in outcome.done) == ["ok-1", "ok-2", "ok-3"]
    [(ref, why)] = outcome.quarantined.items()
    assert ref.object_id == f"{behavior}-1"
    assert reason in why
    assert str(ref) in why
    assert count.views == 3
    assert not part_path(setup.parts, ref).exists()


def test_the_last_words_of_a_crash_are_reported(setup: Setup) -> None:
    outcome, _ = run(setup, ["crash-1"])
    assert "working on 03001627/crash-1" in next(iter(outcome.quarantined.values()))


def test_an_object_that_fails_once_is_tried_again(setup: Setup) -> None:
    outcome, _ = run(setup, ["crashonce-1", "ok-1"])
    assert len(outcome.done) == 2


def test_a_child_that_dies_after_writing_has_done_its_object(setup: Setup) -> None:
    outcome, _ = run(setup, ["diesafter-1", "ok-1"])
    assert len(outcome.done) == 2


def test_warnings_reach_the_outcome(setup: Setup) -> None:
    assert run(setup, ["warn-1"])[0].warnings == ["a texture is missing"]


def test_a_full_disk_stops_the_run(setup: Setup) -> None:
    with pytest.raises(ThreeDieError, match="disk is full"):
        run(setup, ["ok-1", "full-1", "ok-2"])


def test_children_that_never_start_end_the_run_with_their_words(setup: Setup) -> None:
    (setup.parts / "refuse-to-start").touch()
    with pytest.raises(ThreeDieError, match=r"can't be started.*libMissing"):
        run(setup, ["ok-1", "ok-2"])
    with (
        Supervisor(setup, setup.scratch / "logs", 1, IMPATIENT, FAKE) as supervisor,
        pytest.raises(ThreeDieError, match=r"can't be started.*libMissing"),
    ):
        supervisor.probe(Probe(task("ok-1"), (64,)))


def test_probe_then_run_with_the_same_child(setup: Setup) -> None:
    with Supervisor(setup, setup.scratch / "logs", 2, IMPATIENT, FAKE) as supervisor:
        probed = supervisor.probe(Probe(task("ok-1"), (256, 64)))
        assert probed is not None
        assert len(probed.seconds) == 2
        assert len(supervisor.run([task("ok-1")], Count()).done) == 1


def test_leaving_ends_children_at_once(setup: Setup) -> None:
    begin = time.monotonic()
    with Supervisor(setup, setup.scratch / "logs", 1, Limits(), FAKE) as supervisor:
        supervisor.probe(Probe(task("ok-1"), (64,)))
        child = supervisor._children[0]
        assert child is not None
        child.send(task("hang-1"))
    assert child.process.poll() is not None
    assert time.monotonic() - begin < 10


def test_a_file_in_place_of_the_logs_is_one_line(setup: Setup) -> None:
    (setup.scratch / "logs").write_text("theirs")
    with pytest.raises(ThreeDieError, match=r"worker-0\.log: a file lies where a folder is needed"):
        run(setup, ["ok"])
    assert (setup.scratch / "logs").read_text() == "theirs"
