"""One of N runs that share a folder and divide the objects among themselves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef

_TEXT = re.compile(r"(\d+)/(\d+)")
_NAME = re.compile(r"shard-(\d+)-of-(\d+)")


@dataclass(frozen=True)
class Shard:
    """Shard `index` of `count`, counted from 1."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """From `I/N`.

        Raises:
            ThreeDieError: it isn't that, or I isn't 1 to N.
        """
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ThreeDieError(f"--shard {text}: give I/N, such as 2/8 for the second of eight")
        shard = cls(int(match[1]), int(match[2]))
        if not 1 <= shard.index <= shard.count:
            raise ThreeDieError(
                f"--shard {text}: shards are counted from 1 to N: give 1/{max(1, shard.count)} and so on"
            )
        return shard

    @classmethod
    def named(cls, name: str) -> "Shard | None":
        """Back from `name`; None where it is something else's."""
        match = _NAME.fullmatch(name)
        return cls(int(match[1]), int(match[2])) if match else None

    @property
    def name(self) -> str:
        """For files that belong to this shard."""
        return f"shard-{self.index}-of-{self.count}"

    def of(self, refs: Sequence[ObjectRef]) -> list[ObjectRef]:
        """This shard's objects: every N-th of the whole list, so that each shard has its share of every class."""
        return list(refs[self.index - 1 :: self.count])

    def __str__(self) -> str:
        return f"shard {self.index}/{self.count}"
