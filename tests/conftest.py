"""`pytest -m fuzz_long`: every fuzz test with ten times as many inputs. And a SLURM for those that need one."""

import os
import signal
from collections.abc import Iterator

import pytest
from slurm_cluster import MISSING, Slurm

LONG = "fuzz_long"


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts background jobs with Ctrl-C ignored, and tests send it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if LONG in config.option.markexpr:
        os.environ["THREEDIE_FUZZ"] = "long"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("fuzz"):
            item.add_marker(LONG)


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    """A SLURM of one node, for the tests of a module."""
    if MISSING:
        pytest.skip(f"needs SLURM and munge (Debian: slurm-wlm, munge); there is no {', '.join(MISSING)}")
    slurm = Slurm()
    yield slurm
    slurm.close()
