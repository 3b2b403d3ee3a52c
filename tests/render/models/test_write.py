import os
import subprocess
import sys
from pathlib import Path

import pytest

from threedie.manifests.files import temporary_prefix
from threedie.render.models.write import whole_object, write_files


def test_an_object_is_whole_or_not_there_and_dead_halves_are_deleted(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    gone, living = (temporary_prefix(number) + "01234567-a" for number in (process.pid, os.getppid()))
    kept = {living, ".tmp-0badcafe-1-01234567-a", ".tmp-17-theirs", "b"}
    for name in (gone, *kept):
        (tmp_path / name / "models").mkdir(parents=True)
    with whole_object(tmp_path / "a") as temporary:
        assert temporary.name.startswith(temporary_prefix(os.getpid()))
        write_files(temporary, {"models/model.obj": b"v"})
    assert {path.name for path in tmp_path.iterdir()} == {"a", *kept}

    def fail() -> None:
        with whole_object(tmp_path / "c") as temporary:
            write_files(temporary, {"x": b"v"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert {path.name for path in tmp_path.iterdir()} == {"a", *kept}
