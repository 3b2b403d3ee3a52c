import os
import threading

import pytest

from threedie.render.worker import limited_cores


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system doesn't pin threads to cores")
def test_few_cores_are_seen_and_no_thread_stays_on_them() -> None:
    allowed = os.sched_getaffinity(0)
    end = threading.Event()
    begun: list[int] = []

    def stay() -> None:
        begun.append(threading.get_native_id())
        end.wait()

    with limited_cores(1):
        assert len(os.sched_getaffinity(0)) == 1
        thread = threading.Thread(target=stay)
        thread.start()
    try:
        assert os.sched_getaffinity(0) == allowed
        while not begun:
            end.wait(0.01)
        assert os.sched_getaffinity(begun[0]) == allowed
    finally:
        end.set()
        thread.join()
    with limited_cores(1000):
        assert os.sched_getaffinity(0) == allowed
