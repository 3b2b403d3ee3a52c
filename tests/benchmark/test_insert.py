"""`3die leaderboard --into FILE.md`: what stands between its markers is replaced, and no other byte."""

import os
import stat

import pytest

from threedie.benchmark.leaderboard.insert import BEGIN, END, insert
from threedie.manifests.errors import ThreeDieError

B, E = BEGIN.encode(), END.encode()
NEW = "| a | é |\n|---|---|\n"
BEFORE = b"# Mine  \t\n\n"


def inserted(newline: bytes) -> bytes:
    return newline.join([b"", *NEW.rstrip("\n").encode().split(b"\n"), b"", b""])


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize(
    ("head", "tail"),
    [
        (b"", b""),
        (b"# A\n\n", b"\nB\n"),
        (b"a\r\nb\rc\n\r\n", b"\r\nB\n\rC"),
        (b"\xef\xbb\xbf", b"no newline at the end"),
        (b"\xff\xfe in Latin-1: \xe9\x00\x80\n", b"\xc3\x28\x00\xed\xa0\x80"),
        (b"form\x0cfeed \x0b \x1c \x85 \xe2\x80\xa8 \xc2\x85\n", b"\x0c\xe2\x80\xa9\x1e"),
        (b"~~~\n" + B + b"\n" + E + b"\n~~~\n", b"  ```md\n" + E + b"\n" + B + b"\n  ```\n"),
        (b"````\n```\n" + B + b"\n`````  \n", b""),
        (b"```\n~~~\n``` not yet\n" + B + b"\n```\n", b"```\nnever closed\n" + B),
        (b"text " + B + b"\n    " + B + b"\n> " + E + b"\n", b"`" + E + b"`"),
        (b"``` inline ``` code\n", b""),
    ],
    ids=["bare", "text", "mixed", "mark", "bytes", "breaks", "fences", "longer", "others", "inline", "no fence"],
)  # fmt: skip
def test_every_byte_outside_the_markers_stays(tmp_path, newline, head, tail):
    path = tmp_path / "README.md"
    if head[:2] == b"\xff\xfe":
        head = b"x" + head
    path.write_bytes(head + B + newline + b"stale" + newline + E + newline + tail)
    assert insert(path, NEW)
    after = head + B + newline + inserted(newline) + E + newline + tail
    assert path.read_bytes() == after
    assert not insert(path, NEW)
    assert path.read_bytes() == after
    assert list(tmp_path.iterdir()) == [path]


def test_the_last_marker_needs_no_line_end(tmp_path):
    path = tmp_path / "README.md"
    path.write_bytes(BEFORE + B + b"\n" + E)
    assert insert(path, NEW)
    assert path.read_bytes() == BEFORE + B + b"\n" + inserted(b"\n") + E


def test_spaces_behind_a_marker_stay(tmp_path):
    path = tmp_path / "README.md"
    path.write_bytes(B + b"  \r\n" + E + b"\t\r\nend")
    assert insert(path, NEW)
    assert path.read_bytes() == B + b"  \r\n" + inserted(b"\r\n") + E + b"\t\r\nend"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"none", B + b"\n", E + b"\n", E + b"\n" + B + b"\n", B + b"\n" + B + b"\n" + E + b"\n",
        B + b"\n" + E + b"\n" + E, B + b"\n" + E + b"\n" + B + b"\n" + E,
        b"```\n" + B + b"\n" + E + b"\n```\n", B + b"\n```\n" + E + b"\n```\n", b"~~~~\n~~~\n" + B + b"\n" + E,
        B + b" " + E, b"    " + B + b"\n    " + E, b"\xff\xfe" + f"{BEGIN}\n{END}\n".encode("utf-16-le"),
    ],
)  # fmt: skip
def test_without_one_pair_of_markers_the_file_is_left_alone(tmp_path, content):
    path = tmp_path / "README.md"
    path.write_bytes(content)
    times = path.stat().st_mtime_ns, path.stat().st_ino
    with pytest.raises(ThreeDieError) as caught:
        insert(path, NEW)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == times


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_mode_and_owner_stay(tmp_path, mode):
    path = tmp_path / "README.md"
    path.write_bytes(B + b"\n" + E)
    path.chmod(mode)
    owner = (path.stat().st_uid, path.stat().st_gid)
    if os.geteuid() == 0:
        owner = (12345, 23456)
        os.chown(path, *owner)
    assert insert(path, NEW)
    about = path.stat()
    assert stat.S_IMODE(about.st_mode) == mode
    assert (about.st_uid, about.st_gid) == owner


def test_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "docs" / "real.md", tmp_path / "README.md"
    real.parent.mkdir()
    real.write_bytes(B + b"\n" + E)
    link.symlink_to("docs/real.md")
    assert insert(link, NEW)
    assert link.is_symlink()
    assert link.readlink().as_posix() == "docs/real.md"
    assert b"| a |" in real.read_bytes()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["README.md", "docs", "real.md"]


def test_what_is_no_file_is_refused_by_name(tmp_path):
    loop, pipe = tmp_path / "loop.md", tmp_path / "pipe.md"
    loop.symlink_to("loop.md")
    os.mkfifo(pipe)
    for path in (tmp_path, loop, pipe, tmp_path / "none.md"):
        with pytest.raises(ThreeDieError, match=path.name):
            insert(path, NEW)
