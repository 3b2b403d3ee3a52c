"""The folder of a run: locked by one process at a time, and cleared of half-written files of killed ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from threedie.manifests.files import clear_debris
from threedie.manifests.locks import Taken, is_flocked, lock

LOCK_FILE = ".3die-lock"
CONFIG_FILE = "config.json"
_OLDER_LOCK = ".lock"
"""Lock file of older versions, which locked it by `flock` and never removed it."""
_FEATURES = "features"
_RECORDS = "*-v[0-9]*-*"
"""Folders of the records of other protocols and datasets."""
_SUFFIXES = (".json", ".pt", ".png", ".npy", ".npz")


@contextmanager
def run_lock(folder: Path, own: bool = True, report: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Lock the folder of a run.

    Args:
        folder: made if missing.
        own: whether it is a run's; a folder where somebody merely keeps a checkpoint isn't cleared.
        report: called with a message while waiting to see whether a lock's holder is alive.

    Raises:
        Taken: another process holds it.
        ThreeDieError: it can't be written to.
    """
    refusal = f"{folder}: another run is at work in this folder ({{holder}}); wait for it, or choose another with --out"
    with lock(folder / LOCK_FILE, f"run {folder.name}", refusal, report):
        if is_flocked(folder / _OLDER_LOCK):
            raise Taken(refusal.replace("{holder}", "an older version of this program"))
        own = own or (folder / CONFIG_FILE).is_file()
        if own:
            for each in [folder.resolve(), *(path for path in folder.glob(_RECORDS) if path.is_dir())]:
                clear_debris(each)
                clear_debris(each, exclusive=True, ours=_is_of_a_run)
        clear_debris(folder / _FEATURES, exclusive=own, ours=_is_of_a_run)
        yield


def _is_of_a_run(name: str) -> bool:
    return name.endswith(_SUFFIXES)
