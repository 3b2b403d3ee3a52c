"""Bootstrap draws of a record's main scores, in `draws.npz` beside it, so that two records can be compared in pairs.

The file is a numpy archive of two arrays: `draws`, (entries, DRAWS) in float32, and `header`, a JSON text with the kind
and version of the format, what identifies the record, and for each row of `draws` its task, version, metric, input,
part, value, count of objects and seed. Version 1 has the draws of `tasks.spread.draws`.
"""

import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from threedie.benchmark.records.record import Record, RecordsById, data_of_heads, identity_of, weights_of
from threedie.benchmark.records.types import Result
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.spread import DRAWS
from threedie.manifests.errors import ThreeDieError, first_line
from threedie.manifests.files import explained, replacing
from threedie.manifests.npy import parse_npy

DRAWS_FILE = "draws.npz"
"""Name of the file, beside the record."""
KIND, VERSION = "3die-draws", 1
_STEPS = 256
"""Draws are rounded to a power of two of at most their deviation divided by this: half of the bytes."""
_MAX_BYTES = 16 * 2**20
"""Of each array in the file."""

Key = tuple[str, int, str, str, str]
"""Task, its version, metric, input, part."""


@dataclass(frozen=True, eq=False)
class ScoreDraws:
    """A score in each draw of the measured objects.

    Attributes:
        value: the score, as in the record.
        objects, seed: count of the measured objects and seed of the draws.
        values: the score in each draw, float32, (DRAWS,); NaN where it is undefined.
    """

    value: float
    objects: int
    seed: int
    values: npt.NDArray[np.float32]


DrawsByScore = dict[Key, ScoreDraws]
DrawsByRecord = Mapping[tuple[str, ...], DrawsByScore]
"""By `identity_of` the record."""


def key_of(row: Result) -> Key:
    """What identifies a result among those of a record."""
    return row["task"], row["version"], row["metric"], row["input"], row["part"]


def main_draws(outcomes: Mapping[str, Outcome]) -> DrawsByScore:
    """The draws of the main scores of some tasks, by the tasks' names."""
    return {
        (name, TASKS[name].version, score.metric, score.input, score.part): ScoreDraws(
            float(score.value), score.draws.objects, score.draws.seed, _rounded(score.draws.values)
        )
        for name, outcome in outcomes.items()
        for score in outcome.scores
        if score.main and score.draws is not None
    }


def write_draws(path: Path, record: Record, scores: DrawsByScore) -> None:
    """Write the draws of a record, whole or not at all; the same draws give the same bytes.

    Raises:
        ThreeDieError: the file can't be written.
    """
    names = ("task", "version", "metric", "input", "part")
    header = {
        "kind": KIND,
        "version": VERSION,
        **_identity(record),
        "entries": [
            {**dict(zip(names, key, strict=True)), "value": each.value, "objects": each.objects, "seed": each.seed}
            for key, each in scores.items()
        ],
    }
    draws = np.stack([each.values for each in scores.values()]) if scores else np.empty((0, DRAWS), np.float32)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, header=np.array(json.dumps(header, sort_keys=True)), draws=draws)


def read_draws(path: Path, record: Record) -> DrawsByScore:
    """The draws of a record's scores. Those of scores that the record doesn't have with the same value are left out.

    Args:
        path: the file; one that doesn't exist holds none.
        record: the record beside it.

    Raises:
        ThreeDieError: the file is damaged, of a newer version, or of another record.
    """
    try:
        if path.exists() and not path.is_file():
            raise ThreeDieError(f"{path}: not a file; remove it")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise explained(error, path) from error
    try:
        header, draws = _parse(content)
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    except Exception as error:
        # zipfile, its decompressors, json and numpy each have exceptions of their own for a damaged file.
        raise ThreeDieError(f"{path}: damaged ({first_line(error)}); evaluate the checkpoint again") from error
    if {name: header[name] for name in _identity(record)} != _identity(record):
        raise ThreeDieError(f"{path}: of another record than the one beside it; evaluate the checkpoint again")
    values = {key_of(row): row["value"] for row in record["results"]}
    scores: DrawsByScore = {}
    for entry, row in zip(header["entries"], draws, strict=True):
        key: Key = (entry["task"], entry["version"], entry["metric"], entry["input"], entry["part"])
        if values.get(key) == entry["value"]:
            scores[key] = ScoreDraws(entry["value"], entry["objects"], entry["seed"], row)
    return scores


def draws_beside(records: RecordsById) -> tuple[DrawsByRecord, list[str]]:
    """The draws in the files beside some records, and a line on each file that can't be used."""
    draws, notes = {}, []
    for identity, (file, record) in records.items():
        try:
            draws[identity] = read_draws(file.with_name(DRAWS_FILE), record)
        except ThreeDieError as error:
            notes.append(str(error))
    return draws, notes


def draws_of(record: Record, draws: DrawsByRecord) -> DrawsByScore:
    """The draws of a record's scores; none if they aren't known."""
    return draws.get(identity_of(record), {})


def _identity(record: Record) -> dict[str, Any]:
    """What a file of draws says of its record."""
    return {
        "record": record["id"],
        "weights": weights_of(record),
        "dataset": record["dataset"]["fingerprint"],
        "trained_on": data_of_heads(record),
        "protocol": dict(record["protocol"]),
    }


def _rounded(values: npt.NDArray) -> npt.NDArray[np.float32]:
    """Draws in single precision, rounded to compress better; the error is below 1/500 of their deviation."""
    finite = values[np.isfinite(values)]
    deviation = float(finite.std()) if len(finite) else 0.0
    if 0 < deviation < math.inf:
        step = 2.0 ** math.floor(math.log2(deviation / _STEPS))
        values = np.round(values / step) * step if step > 0 else values
    return values.astype(np.float32)


class _Protocol(TypedDict):
    name: str
    version: int


@with_config(ConfigDict(strict=True))
class _Entry(TypedDict):
    """What a row of draws is of."""

    task: str
    version: int
    metric: str
    input: str
    part: str
    value: Annotated[float, Field(allow_inf_nan=False)]
    objects: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]


@with_config(ConfigDict(strict=True))
class _Header(TypedDict):
    """What a file of draws says of itself."""

    kind: Literal["3die-draws"]
    version: Literal[1]
    record: str
    weights: str | None
    dataset: str | None
    trained_on: str | None
    protocol: _Protocol
    entries: list[_Entry]


@cache
def _header_type() -> TypeAdapter[_Header]:
    return TypeAdapter(_Header)


def _parse(content: bytes) -> tuple[Any, npt.NDArray[np.float32]]:
    """Header and draws in the bytes of a file."""
    if len(content) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES:,} bytes")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text, draws = str(_member(archive, "header")), _member(archive, "draws")
    header = json.loads(text)
    version = header.get("version") if isinstance(header, dict) and header.get("kind") == KIND else None
    if isinstance(version, int) and version > VERSION:
        raise ThreeDieError(f"version {version}; this program reads up to {VERSION}: update it")
    try:
        _header_type().validate_python(header)
    except ValidationError as error:
        path = ".".join(map(str, error.errors()[0]["loc"]))
        raise ValueError(f"header, {path}: not what this program writes") from error
    if draws.dtype != np.float32 or draws.ndim != 2 or draws.shape != (len(header["entries"]), DRAWS):
        raise ValueError(f"draws of shape {draws.shape} for {len(header['entries'])} entries")
    return header, draws


def _member(archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    """An array of the archive, of a bounded size whatever its directory says."""
    with archive.open(f"{name}.npy") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{name}: more than {_MAX_BYTES:,} bytes")
    return parse_npy(content)
