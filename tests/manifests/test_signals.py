import os
import signal
import time

import pytest

from threedie.manifests.signals import STOP_SIGNALS, exits_on_signals


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
