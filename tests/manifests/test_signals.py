import os
import signal
import time

import pytest

from threedie.benchmark.training.signals import stop_signals
from threedie.manifests import signals
from threedie.manifests.signals import STOP_SIGNALS, Repeats, exits_on_signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 138)])
def test_a_signal_ends_with_the_code_that_shells_give_it(number: signal.Signals, code: int) -> None:
    before = [signal.getsignal(each) for each in STOP_SIGNALS]
    told, cleaned = [], []
    with pytest.raises(SystemExit) as end, exits_on_signals(lambda: told.append(1)):  # noqa: PT012
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            cleaned.append(1)
    assert end.value.code == code
    assert (told, cleaned) == ([1], [1])
    assert [signal.getsignal(each) for each in STOP_SIGNALS] == before


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with exits_on_signals(lambda: None):
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_repeated_signal_counts_once_and_ctrl_c_always(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    repeated = Repeats()
    assert not repeated(signal.SIGTERM)
    assert repeated(signal.SIGTERM)
    assert not repeated(signal.SIGUSR1), "another signal"
    assert [repeated(signal.SIGINT), repeated(signal.SIGINT)] == [False, False]
    now += signals.REPEAT_S
    assert not repeated(signal.SIGTERM)
    assert repeated(signal.SIGTERM)
    assert not Repeats()(signal.SIGTERM), "what one block received is nothing to the next"


def test_cleaning_up_survives_a_signal_that_comes_twice() -> None:
    cleaned = []
    with pytest.raises(SystemExit) as end, exits_on_signals(lambda: os.kill(os.getpid(), signal.SIGTERM)):  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(1)
    assert (end.value.code, cleaned) == (143, [1])


def test_a_step_ends_though_the_signal_comes_twice_and_another_one_acts_as_usual() -> None:
    before = [signal.getsignal(each) for each in STOP_SIGNALS]
    with pytest.raises(SystemExit) as end, exits_on_signals(lambda: None), stop_signals() as received:  # noqa: PT012
        for number in (signal.SIGTERM, signal.SIGTERM):
            os.kill(os.getpid(), number)
        assert received == [signal.SIGTERM]
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    assert end.value.code == 130
    assert [signal.getsignal(each) for each in STOP_SIGNALS] == before


def test_training_leaves_ignored_signals_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_signals() as received:
            os.kill(os.getpid(), signal.SIGINT)
        assert received == []
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
