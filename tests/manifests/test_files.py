import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import (
    TEMPORARY,
    clear_debris,
    clear_scratch,
    explained,
    is_alive,
    process_start,
    replacing,
    scratch_prefix,
    temporary_prefix,
    write_json,
)
from threedie.manifests.text import read_json

ELSEWHERE = f"{TEMPORARY}0badcafe-17-"
"""As another machine names what it is writing."""


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
        from threedie.manifests.files import replacing
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


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xff", b"[" * 100_000, b"9" * 5000, b"\xff\xfe{"])
def test_damaged_json_names_the_file(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ThreeDieError, match=r"a\.json"):
        read_json(tmp_path / "a.json")
    with pytest.raises(ThreeDieError, match="check the path"):
        read_json(tmp_path / "nowhere.json")


def test_json_of_other_editors_is_read(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_a_huge_file_is_no_json(tmp_path, monkeypatch):
    monkeypatch.setattr("threedie.manifests.text.MAX_JSON_BYTES", 2**20)
    (tmp_path / "a.json").write_bytes(b" " * (2**20 + 1))
    with pytest.raises(ThreeDieError, match=r"a\.json: not a JSON file \(more than 1 MiB"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EDQUOT, "x"), "quota is used up"),
        (OSError("Can't write (file write failed: errno = 28, error message = 'No space')"), "the disk is full"),
        (OSError("Can't write (file write failed: errno = 122, error message = 'Quota')"), "quota is used up"),
        (OSError(errno.EROFS, "x"), "read-only"),
        (OSError("two\nlines"), "two lines"),
    ],
)
def test_the_reason_of_an_error_is_one_line(error, reason):
    message = str(explained(error, Path("file")))
    assert message.startswith("file: ")
    assert reason in message
    assert "\n" not in message


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_process_is_alive_until_it_ends():
    started = process_start(os.getpid())
    assert is_alive(os.getpid())
    assert is_alive(os.getpid(), started)
    assert started is None or not is_alive(os.getpid(), started + 1), "another process of the same number"
    assert is_alive(1)
    assert not any(is_alive(number) for number in (0, -1, 2**31, 10**30))
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(child.pid), "it has ended, and its parent hasn't asked yet"
    child.wait()
    assert not is_alive(child.pid)


def test_only_debris_that_is_surely_ours_is_deleted(tmp_path, dead):
    strange = [".tmp-1234-abc", ".tmp-report.docx", ".tmp-", f".tmp-{dead}-x", "3die-x", ".tmp-0badcafe-x-y"]
    living, gone = temporary_prefix(os.getpid()) + "a.json", temporary_prefix(dead) + "a.json"
    for name in (*strange, living, gone, ELSEWHERE + "a.json", ELSEWHERE + "notes"):
        (tmp_path / name).write_text(name)
    made = tmp_path / (temporary_prefix(dead) + "folder")
    (made / "inner").mkdir(parents=True)
    below = tmp_path / "below"
    below.mkdir()
    (below / gone).write_text("x")
    (tmp_path / (temporary_prefix(dead) + "link")).symlink_to(below)

    clear_debris(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    link = temporary_prefix(dead) + "link"
    assert left == {*strange, living, ELSEWHERE + "a.json", ELSEWHERE + "notes", link, "below"}
    assert (below / gone).exists(), "nothing further below"

    clear_debris(tmp_path, exclusive=True, ours=lambda name: name.endswith(".json"))
    assert {path.name for path in tmp_path.iterdir()} == left - {ELSEWHERE + "a.json"}


def test_writing_deletes_what_killed_processes_left_beside(tmp_path, dead):
    strange = [".tmp-1234-abc", ELSEWHERE + "d.h5", temporary_prefix(os.getpid()) + "other.h5"]
    gone = [temporary_prefix(dead) + name for name in ("d.h5", "e.h5")]
    for name in (*strange, *gone):
        (tmp_path / name).write_text(name)
    with replacing(tmp_path / "d.h5") as temporary:
        temporary.write_text("new")
    assert {path.name for path in tmp_path.iterdir()} == {*strange, "d.h5"}


def test_a_folder_that_is_a_link_is_cleared_where_it_is_written_through(tmp_path, dead):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / (temporary_prefix(dead) + "a")).write_text("half")
    write_json(tmp_path / "out" / "a.json", 1)
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["a.json"]


def test_nothing_behind_a_link_is_deleted(tmp_path, dead):
    (tmp_path / "real").mkdir()
    file = tmp_path / "real" / (temporary_prefix(dead) + "a")
    file.write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    clear_debris(tmp_path / "link", exclusive=True)
    clear_debris(tmp_path / "nowhere", exclusive=True)
    assert file.exists()
    clear_debris(tmp_path / "real")
    assert not file.exists()


def test_scratch_folders_of_dead_processes_are_deleted(tmp_path, dead):
    mine = tmp_path / f"{scratch_prefix()}abc"
    gone = tmp_path / mine.name.replace(str(os.getpid()), str(dead))
    others = [tmp_path / name for name in ("3die-abcdefgh", f"3die-0badcafe-{dead}-abc", "3die-data")]
    for folder in (mine, gone, *others):
        folder.mkdir()
        (folder / "picture").write_text("x")
    clear_scratch(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in (mine, *others)}
