"""An object's folder, written whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from threedie.manifests.files import clear_debris_once, explained, temporary_prefix
from threedie.render.models.source import MESH_FILE


@contextmanager
def whole_object(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`; on success rename it into place.

    An existing object is kept: another process was first. Half-written objects of killed processes of this machine
    are deleted.

    Raises:
        ThreeDieError: it can't be written.
    """
    temporary = folder.with_name(f"{temporary_prefix(os.getpid())}{secrets.token_hex(4)}-{folder.name}")
    clear_debris_once(folder.parent)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        try:
            temporary.rename(folder)
        except OSError:
            if not (folder / MESH_FILE).is_file():
                raise
    except OSError as error:
        raise explained(error, folder) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, by their path within `folder`, and flush them to disk."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
