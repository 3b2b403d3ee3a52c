"""Mutated files for readers, and the only two outcomes that a reader may have.

A test takes a few whole samples of a format, mutates them (bits, bytes, pieces cut out, doubled or moved, numbers made
odd), and hands the result to the reader. It may give a value, or raise `ThreeDieError` with the file's name in it.
"""

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threedie.manifests.errors import ThreeDieError

ODD = [
    b"nan", b"inf", b"-1", b"0", b"1e999", b"99999999999999999999", b"9" * 400, b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"../../../../outside", b"\r", b"\n\n", b"[" * 2000, b'"', b"'", b",", b"=", b"/", b"-0.0", b"2147483648", b"",
]  # fmt: skip

WORDS = [b"\xff" * 4, b"\x00" * 4, b"\xff\xff\xff\x7f", b"\x00\x00\xc0\x7f"]
"""Four bytes: -1 or NaN, 0, the largest integer, NaN."""


def examples(usual: int) -> int:
    """How many inputs a test tries: `usual`, or ten times as many in the long version (`pytest -m fuzz_long`)."""
    return usual * (10 if os.environ.get("THREEDIE_FUZZ") == "long" else 1)


def mutate(content: bytes, seed: int) -> bytes:
    """One to four mutations of a file, decided by the seed."""
    random_ = random.Random(seed)
    data = bytearray(content)
    for _ in range(random_.randint(1, 4)):
        if not data:
            break
        place, length = random_.randrange(len(data)), random_.randint(1, max(1, min(64, len(data))))
        kind = random_.randrange(8)
        if kind == 0:
            data[place] ^= 1 << random_.randrange(8)
        elif kind == 1:
            data[place : place + 1] = bytes([random_.randrange(256)])
        elif kind == 2:
            del data[place : place + length]
        elif kind == 3:
            data[place:place] = data[place : place + length]
        elif kind == 4:
            del data[place:]
        elif kind == 5:
            data[place : place + random_.randint(0, 8)] = random_.choice(ODD)
        elif kind == 6:
            data[place : place + 4] = random_.choice(WORDS)
        else:
            lines = bytes(data).split(b"\n")
            random_.shuffle(lines) if random_.random() < 0.2 else lines.pop(random_.randrange(len(lines)))
            data = bytearray(b"\n".join(lines))
    return bytes(data)


def fuzz(samples: Sequence[bytes], read: Callable[[Path], Any], folder: Path, name: str, usual: int = 300) -> None:
    """Try a reader on mutated samples.

    Args:
        samples: whole files of the format.
        read: reads the file at a path.
        folder: an empty folder; each input is written to `folder / "in" / name`.
        name: of the file, as messages must have it.
        usual: number of inputs.
    """
    place = folder / "in"
    place.mkdir()
    outside = sorted(path for path in folder.rglob("*"))

    @settings(
        max_examples=examples(usual), deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.integers(0, len(samples) - 1), st.integers(0, 2**32))
    def attempt(which: int, seed: int) -> None:
        path = place / name
        path.write_bytes(mutate(samples[which], seed))
        try:
            read(path)
        except ThreeDieError as error:
            assert name in str(error), f"the message doesn't name the file: {error}"  # noqa: PT017
            assert "\n" not in str(error), f"more than one line: {error}"  # noqa: PT017
            assert len(str(error)) < 2000, f"too long: {str(error)[:200]}"  # noqa: PT017

    attempt()
    assert sorted(path for path in folder.rglob("*") if place not in path.parents) == outside
