"""`pytest -m fuzz_long`: every fuzz test with ten times as many inputs."""

import os

import pytest

LONG = "fuzz_long"


def pytest_configure(config: pytest.Config) -> None:
    if LONG in config.option.markexpr:
        os.environ["THREEDIE_FUZZ"] = "long"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("fuzz"):
            item.add_marker(LONG)
