"""Files of fine-tuned networks' results, so that an interrupted evaluation repeats none and figures can show cells.

One JSON file for each number of labeled cells and seed, in a folder of the run:

    kind, version   "3die-density", 1
    key             SHA-256 of all that decides the numbers
    weights         SHA-256 of the pre-trained weights
    protocol        name and version of the rules
    labeled, seed   number of labeled cells; number of the seed of heads
    epoch           whose network counts, 0 before the first
    curve           relative error that the epoch is chosen by, before the first epoch and after each
    errors, floor   relative error of each test cell, and that of the empty lattice
    examples        the first test cells: name, epsilon (32 x 32), expected and predicted density of states (400)
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import Number, Text, Whole, field_name, first_error
from threedie.manifests.files import write_json
from threedie.manifests.text import read_json

FOLDER = "fine-tuning"
"""Folder of the files in a run's folder."""
KIND, VERSION = "3die-density", 1
EXAMPLES = 4
"""Test cells whose densities a file holds."""
_DIGITS = 5
"""Digits behind the point of the examples' numbers."""
Finite = Annotated[Number, Field(allow_inf_nan=False)]
Numbers = Annotated[list[Finite], Field(min_length=1, max_length=1_000_000)]


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Example:
    """One test cell: its pixels and what is expected and predicted of it; see the module."""

    name: Text
    epsilon: Annotated[list[Numbers], Field(min_length=1, max_length=1024)]
    expected: Numbers
    predicted: Numbers


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class DensityResult:
    """The content of a file; see the module."""

    key: Text
    weights: Text
    protocol: Annotated[list[Text | Whole], Field(min_length=2, max_length=2)]
    labeled: Annotated[Whole, Field(ge=1)]
    seed: Annotated[Whole, Field(ge=0)]
    epoch: Annotated[Whole, Field(ge=0)]
    curve: Annotated[list[Finite | None], Field(min_length=1, max_length=1_000_000)]
    errors: Numbers
    floor: Numbers
    examples: Annotated[list[Example], Field(max_length=100)]


_RESULT = TypeAdapter(DensityResult)


@dataclass(frozen=True, eq=False)
class ExampleCells:
    """The first test cells, of which a file shows densities: names, permittivities (n, S, S), densities (n, P)."""

    names: Sequence[str]
    epsilon: npt.NDArray[np.float32]
    expected: npt.NDArray[np.float64]

    def with_predictions(self, predicted: npt.NDArray[np.float64]) -> list[Example]:
        """Each as a file holds it, with its row of (n, P) predictions."""
        arrays = (np.round(each.astype(np.float64), _DIGITS).tolist() for each in (self.epsilon, self.expected))
        rows = zip(self.names, *arrays, np.round(predicted, _DIGITS).tolist(), strict=True)
        return [Example(*row) for row in rows]


def write_density(path: Path, result: DensityResult) -> None:
    """Write a file, whole or not at all.

    Raises:
        ThreeDieError: it can't be written.
    """
    write_json(path, {"kind": KIND, "version": VERSION, **asdict(result)})


def read_density(path: Path) -> DensityResult:
    """Read and check a file.

    Raises:
        ThreeDieError: it is damaged, of another kind or of a newer version.
    """
    content: Any = read_json(path)
    mend = "delete it and measure again"
    if not isinstance(content, dict) or content.pop("kind", None) != KIND:
        raise ThreeDieError(f"{path}: no result of a fine-tuned network; {mend}")
    version = content.pop("version", None)
    if version != VERSION:
        raise ThreeDieError(f"{path}: version {version!r:.20} of its format, this program reads {VERSION}; {mend}")
    try:
        return _RESULT.validate_python(content)
    except ValidationError as error:
        wrong = first_error(error)
        raise ThreeDieError(f"{path}: damaged ({field_name(wrong.path)} {wrong.sentence()}); {mend}") from error
