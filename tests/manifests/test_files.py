import os
import signal
import subprocess
import sys
import textwrap

import pytest

from manifests.errors import ThreeDieError
from manifests.files import TEMPORARY, read_json, replacing, write_json


def test_a_file_is_replaced_whole(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    for text in ("old", "new"):
        with replacing(target) as temporary:
            temporary.write_text(text)
        assert target.read_text() == text
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_an_error_leaves_the_old_file_and_no_debris(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")

    def fail_half_way():
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from manifests.files import replacing
        with replacing(Path(sys.argv[1])) as temporary:
            with temporary.open("w") as file:
                file.write("half")
                file.flush()
                print("writing", flush=True)
                sys.stdin.read()
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert target.read_text() == "old"
    debris = [path.name for path in tmp_path.iterdir() if path != target]
    assert all(name.startswith(TEMPORARY) for name in debris)
    with replacing(target) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


def test_a_file_where_a_folder_is_needed(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ThreeDieError, match="choose another"), replacing(tmp_path / "file" / "x") as temporary:
        temporary.write_text("")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_is_said_so(tmp_path):
    def write():
        with replacing(tmp_path / "x") as temporary:
            temporary.symlink_to("/dev/full")
            temporary.write_text("much")

    with pytest.raises(ThreeDieError, match="disk is full"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_json_is_sorted_and_never_nan(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": [0.1]})
    assert (tmp_path / "a.json").read_text().index('"a"') < (tmp_path / "a.json").read_text().index('"b"')
    assert read_json(tmp_path / "a.json") == {"b": 1, "a": [0.1]}
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", float("nan"))
    assert not (tmp_path / "b.json").exists()


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xff"])
def test_damaged_json_names_the_file(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ThreeDieError, match=r"a\.json"):
        read_json(tmp_path / "a.json")
    with pytest.raises(ThreeDieError, match="check the path"):
        read_json(tmp_path / "nowhere.json")
