"""`study.toml`: which records of a folder show what a factor of the dataset does to one method."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NotRequired, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from threedie.benchmark.leaderboard.check import usable_records
from threedie.benchmark.leaderboard.variants import flat_settings
from threedie.benchmark.records.budget import images_seen
from threedie.benchmark.records.field_path import field_path
from threedie.benchmark.records.record import Record
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import Text, first_error
from threedie.manifests.litter import is_litter
from threedie.manifests.text import parse_toml, read_text

STUDY_FILE = "study.toml"
FactorName = Literal["classes", "objects", "views", "pixels", "images"]
Level = tuple[float, ...]
"""A value of a factor; levels are drawn in their order."""

_FREE_SETTINGS = {"epochs", "passes", "image_size", "center", "trained_on", "name"}
"""Settings that factors describe, or that follow from the dataset."""
_SAME_IMAGES = 0.05
"""Relative difference up to which two numbers of images count as one: epochs are whole."""


@dataclass(frozen=True)
class Factor:
    """Something of a dataset or of training that a study varies.

    Attributes:
        title: label of its axis.
        level: its value in a record; None if the record doesn't say it.
        text: a value as a tick's label.
    """

    title: str
    level: Callable[[Record], Level | None]
    text: Callable[[Level], str]


@dataclass(frozen=True)
class Panel:
    """A factor with the records of its levels."""

    factor: FactorName
    records: tuple[Record, ...]


@dataclass(frozen=True)
class DatasetStudy:
    """A study: a base, and for each factor records that differ from it.

    Attributes:
        file: its file.
        base: the record that all factors are varied from.
        panels: in the order of the file.
    """

    file: Path
    base: Record
    panels: tuple[Panel, ...]


@with_config(ConfigDict(extra="forbid", strict=True))
class _PanelFields(TypedDict):
    factor: FactorName
    records: NotRequired[list[Text]]


@with_config(ConfigDict(extra="forbid", strict=True))
class _FileFields(TypedDict):
    format: Literal[1]
    base: Text
    panel: list[_PanelFields]


_FIELDS: TypeAdapter[_FileFields] = TypeAdapter(_FileFields)


def _train_objects(record: Record) -> Level | None:
    """Training objects of a class, to two digits: a split by a hash doesn't give every class the same number."""
    objects, classes = record["dataset"]["train_objects"], record["dataset"]["classes"]
    return (int(float(f"{objects / classes:.2g}")),) if objects and classes else None


def _pixels(record: Record) -> Level | None:
    """Sides of the part of an image that is used, of the whole image, and of the network's input."""
    size, config = record["dataset"]["image_size"], record["config"] or {}
    center, network = config.get("center", 1), config.get("image_size")
    if not size or not isinstance(center, int | float) or not isinstance(network, int):
        return None
    return (round(center * size), size, network)


def _pixels_text(level: Level) -> str:
    seen, size, network = (f"{side:g}" for side in level)
    return f"{seen} of {size}" + (f"\nat {network}" if network != seen else "")


def _count_of(name: Literal["classes", "views"]) -> Callable[[Record], Level | None]:
    def level(record: Record) -> Level | None:
        count = record["dataset"][name]
        return None if count is None else (count,)

    return level


def _images(record: Record) -> Level | None:
    images = images_seen(record)
    return None if images is None else (images,)


FACTORS: dict[FactorName, Factor] = {
    "classes": Factor("classes", _count_of("classes"), lambda level: f"{level[0]:,.0f}"),
    "objects": Factor("training objects of a class", _train_objects, lambda level: f"{level[0]:,.0f}"),
    "views": Factor("views of an object", _count_of("views"), lambda level: f"{level[0]:,.0f}"),
    "pixels": Factor("pixels used", _pixels, _pixels_text),
    "images": Factor("images seen, million", _images, lambda level: f"{level[0] / 1e6:.2g}"),
}
"""Name in `study.toml` -> factor."""


def find_studies(folders: Iterable[Path]) -> list[Path]:
    """Every `study.toml` of some folders, at any depth."""
    files: dict[Path, None] = {}
    for folder in folders:
        in_folder = sorted(folder.rglob(STUDY_FILE)) if folder.is_dir() else []
        files |= dict.fromkeys(
            file for file in in_folder if not any(is_litter(part) for part in file.relative_to(folder).parts)
        )
    return list(files)


def read_study(file: Path) -> DatasetStudy:
    """Read a study and its records.

    Raises:
        ThreeDieError: names the file and the wrong field, or the record that can't be compared with the base.
    """
    fields = _read_fields(file)
    base, *_ = _named(file, fields["base"])
    everything = _measured([file.parent])
    panels = []
    for number, panel in enumerate(fields["panel"]):
        factor, names = panel["factor"], panel.get("records")
        if names is None:
            records = [record for record in everything if differs_only_in(factor, record, base)]
        else:
            records = [record for name in names for record in _named(file, name)]
        _check(f"{file}: panel[{number}]", factor, records, base)
        panels.append(Panel(factor, tuple(records)))
    return DatasetStudy(file, base, tuple(panels))


def differs_only_in(factor: FactorName, record: Record, base: Record) -> bool:
    """Whether a record equals another in everything that makes a score, but for one factor and the seed.

    The number of images seen may differ by 5 %.
    """
    if not _comparable(record, base) or _other_settings(record) != _other_settings(base):
        return False
    if factor != "images" and not _same_images(record, base):
        return False
    others = [name for name in FACTORS if name not in (factor, "images")]
    return all(FACTORS[name].level(record) == FACTORS[name].level(base) for name in others)


def _read_fields(file: Path) -> _FileFields:
    try:
        return _FIELDS.validate_python(parse_toml(read_text(file, "TOML file")))
    except ValidationError as error:
        wrong = first_error(error)
        name = field_path(wrong.path)
        if wrong.kind == "unknown":
            raise ThreeDieError(f"{file}: {name}: no such field; remove it") from error
        if wrong.kind == "missing":
            raise ThreeDieError(f"{file}: {name}: a required field; add it") from error
        raise ThreeDieError(f"{file}: {name} {wrong.sentence()}") from error
    except ValueError as error:
        raise ThreeDieError(f"{file}: not a TOML file ({error})") from error


def _measured(paths: Sequence[Path]) -> list[Record]:
    return [record for record in usable_records(paths)[0] if record["origin"]["kind"] == "measured"]


def _named(file: Path, name: str) -> list[Record]:
    """The records in a folder beside the file: one for each seed."""
    folder = file.parent / name
    if not name or not folder.is_dir():
        raise ThreeDieError(f"{file}: there is no folder {name!r} beside it; name one with a record")
    records = _measured([folder])
    if not records:
        raise ThreeDieError(
            f"{file}: {name!r} has no measured record that can be used; '3die leaderboard check' says why"
        )
    return records


def _check(where: str, factor: FactorName, records: Sequence[Record], base: Record) -> None:
    for record in records:
        if not _comparable(record, base):
            raise ThreeDieError(
                f"{where}: {record['id']} has another method or protocol than the base, {base['id']}; leave it out"
            )
        if FACTORS[factor].level(record) is None:
            raise ThreeDieError(f"{where}: {record['id']} doesn't say its {FACTORS[factor].title}; leave it out")
    if len({FACTORS[factor].level(record) for record in records}) < 2:
        raise ThreeDieError(
            f"{where}: the records have one value of {factor!r}; add some that differ from the base in it alone, or "
            "name them with 'records'"
        )


def _comparable(record: Record, base: Record) -> bool:
    return (record["method"]["name"], record["protocol"]) == (base["method"]["name"], base["protocol"])


def _other_settings(record: Record) -> dict[str, Any]:
    return {name: value for name, value in flat_settings(record).items() if name not in _FREE_SETTINGS}


def _same_images(record: Record, base: Record) -> bool:
    one, other = images_seen(record), images_seen(base)
    return one is not None and other is not None and abs(one - other) <= _SAME_IMAGES * other


assert set(FACTORS) == set(get_args(FactorName))
