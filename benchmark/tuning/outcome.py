"""Outcomes of tuning: a JSON file for each method, checked when it is written and when it is read."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from threedie.benchmark.records.field_path import field_path
from threedie.benchmark.records.types import Code, Count, DatasetInfo, Name, Seconds, Sha256, Version, VisibleText
from threedie.benchmark.tuning.grid import FIXED, Grid, Settings
from threedie.benchmark.tuning.rules import RULES, choose
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.fields import Flag, Must, Number, Text, Whole, first_error
from threedie.manifests.files import write_json
from threedie.manifests.text import read_json

FORMAT: Literal["3die-tuning"] = "3die-tuning"
VERSION: Literal[1] = 1
SUFFIX = ".json"

_LARGEST = 1e6
"""R2 of a head that fails can be far below zero."""
_ROUNDING = 1e-9
_MOST_TRIES = 1000
_CLOSED = ConfigDict(extra="forbid")

Finite = Annotated[Number, Field(allow_inf_nan=False)]
SettingsField = Annotated[dict[Text, Flag | Whole | Finite | Text], Field(max_length=100)]


@dataclass(frozen=True, config=_CLOSED)
class TaskScore:
    """The main score of a task, of the whole representation.

    Attributes:
        task, version, metric: what was measured.
        value: the score.
        floor: what knowing nothing scores.
        interval: bootstrap interval over objects, lower and upper end; None where there is none.
    """

    task: Name
    version: Version
    metric: Name
    value: Finite
    floor: Annotated[Finite, Must(lambda floor: floor < 1, "less than 1")]
    interval: Annotated[list[Finite], Field(min_length=2, max_length=2)] | None


@dataclass(frozen=True, config=_CLOSED)
class Try:
    """A run with some settings.

    Attributes:
        settings: what it changes of the recipe, besides the epochs.
        images: images that training takes to its end.
        score: by the grid's rule; None where it failed.
        results: a score for each task of the grid; empty where it failed.
        weights: SHA-256 of the weights; None where it failed.
        train_s, evaluate_s: seconds; None where it failed.
        failure: why it has no score; None where it has one.
    """

    settings: SettingsField
    images: Count
    score: Finite | None = None
    results: Annotated[list[TaskScore], Field(max_length=100)] = dataclasses.field(default_factory=list)
    weights: Sha256 | None = None
    train_s: Seconds | None = None
    evaluate_s: Seconds | None = None
    failure: VisibleText | None = None


@dataclass(frozen=True, config=_CLOSED)
class GridInfo:
    """What of a grid holds for all methods; see `Grid`."""

    name: Name
    recipe: Name
    epochs: Count
    seed: Count
    tasks: Annotated[list[Name], Field(min_length=1, max_length=100)]
    rule: Name

    @classmethod
    def of(cls, grid: Grid) -> "GridInfo":
        """That of a grid."""
        return cls(**{item.name: getattr(grid, item.name) for item in dataclasses.fields(cls)})


@dataclass(frozen=True, config=_CLOSED)
class ProtocolInfo:
    """By which rules heads were trained."""

    name: Name
    version: Version


@dataclass(frozen=True, config=_CLOSED)
class Outcome:
    """What was tried for a method, and which of the tries was chosen.

    Attributes:
        format, version: of the file.
        method: name of the method.
        arguments: settings of every try that belong to the method's usual command.
        grid: what was the same for all methods.
        protocol: rules of the evaluation.
        source: the dataset whose training objects were used; `dataset` in a record's format.
        data: the dataset that was trained and measured on: its split divides those training objects.
        code: the program that measured.
        tries: in the order of the grid.
        chosen: position of the chosen try; None where all failed.
    """

    format: Literal["3die-tuning"]
    version: Literal[1]
    method: Name
    arguments: SettingsField
    grid: GridInfo
    protocol: ProtocolInfo
    source: DatasetInfo
    data: DatasetInfo
    code: Code
    tries: Annotated[list[Try], Field(min_length=1, max_length=_MOST_TRIES)]
    chosen: Count | None

    @property
    def chosen_settings(self) -> Settings:
        """The settings to train the method with, its usual ones among them.

        Raises:
            ThreeDieError: every try failed.
        """
        if self.chosen is None:
            raise ThreeDieError(f"{self.method}: every try failed, so no settings were chosen; try others")
        return {**self.arguments, **self.tries[self.chosen].settings}

    @property
    def equals(self) -> list[int]:
        """Positions of other tries with the same score as the chosen one."""
        if self.chosen is None:
            return []
        best = self.tries[self.chosen].score
        return [index for index, each in enumerate(self.tries) if each.score == best and index != self.chosen]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return dataclasses.asdict(self)


def score_of(rule: str, results: Sequence[TaskScore]) -> float:
    """The number by which a try is compared."""
    return RULES[rule].combine([each.value for each in results], [each.floor for each in results])


def outcome_file(folder: Path, method: str) -> Path:
    """The file of a method's outcome in a folder."""
    return folder / f"{method}{SUFFIX}"


def write_outcome(folder: Path, outcome: Outcome) -> Path:
    """Check an outcome and write it, whole or not at all; its file.

    Raises:
        ThreeDieError: it is wrong, or the file can't be written.
    """
    path, content = outcome_file(folder, outcome.method), outcome.to_json()
    parse_outcome(content)
    write_json(path, content)
    return path


def read_outcome(path: Path) -> Outcome:
    """Read and check the outcome in a file.

    Raises:
        ThreeDieError: names the file and what is wrong.
    """
    try:
        outcome = parse_outcome(read_json(path))
    except ThreeDieError as error:
        raise error if str(error).startswith(f"{path}: ") else ThreeDieError(f"{path}: {error}") from error
    if outcome_file(path.parent, outcome.method) != path:
        raise ThreeDieError(f"{path}: is the outcome of {outcome.method}; name it {outcome.method}{SUFFIX}")
    return outcome


def read_outcomes(folder: Path) -> list[Outcome]:
    """All outcomes of a folder, by the name of the method.

    Raises:
        ThreeDieError: there is no such folder, none in it, or a bad one.
    """
    if not folder.is_dir():
        raise ThreeDieError(f"{folder}: no such folder; '3die bench tune' makes it")
    files = sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))
    if not files:
        raise ThreeDieError(f"{folder}: no outcome of '3die bench tune' in it")
    return [read_outcome(path) for path in files]


@cache
def _type() -> TypeAdapter[Outcome]:
    return TypeAdapter(Outcome)


def parse_outcome(content: Any) -> Outcome:
    """An outcome from its JSON.

    Raises:
        ThreeDieError: it isn't one, is of a newer version, or contradicts itself.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ThreeDieError("isn't an outcome of '3die bench tune'; move other files elsewhere")
    version = content.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ThreeDieError(f"version {shown_value(version)}, and this program reads up to {VERSION}: update it")
    try:
        outcome = _type().validate_python(content)
    except ValidationError as error:
        wrong = first_error(error, tuple(item.name for item in dataclasses.fields(Outcome)))
        what = {"missing": "is missing", "unknown": "is unknown; remove it"}.get(wrong.kind) or wrong.sentence()
        raise ThreeDieError(f"{field_path(wrong.path)} {what}") from error
    _check(outcome)
    return outcome


def _is_plausible(result: TaskScore) -> bool:
    """Whether a score is between the ends of its interval, and no number is beyond what tasks give."""
    low, high = result.interval or (result.value, result.value)
    return low <= high and max(map(abs, (result.value, result.floor, low, high))) < _LARGEST


def _check(outcome: Outcome) -> None:
    """Refuse scores that the rule doesn't give, and a choice that it doesn't make."""
    if outcome.grid.rule not in RULES:
        raise ThreeDieError(f"its rule {shown_value(outcome.grid.rule)} isn't one of {', '.join(RULES)}")
    for index, each in enumerate(outcome.tries):
        where = f"tries[{index}]"
        if fixed := next((key for key in each.settings if key in FIXED), None):
            raise ThreeDieError(f"{where}: settings.{fixed} is the same in all tries; remove it")
        if wrong := next((result for result in each.results if not _is_plausible(result)), None):
            raise ThreeDieError(f"{where}: the score of {wrong.task} isn't one that can be measured")
        if (each.score is None) != (each.failure is not None):
            raise ThreeDieError(f"{where}: has either a score or a failure")
        if each.score is None:
            continue
        if [result.task for result in each.results] != outcome.grid.tasks:
            raise ThreeDieError(f"{where}: has no score for each of {', '.join(outcome.grid.tasks)}")
        expected = score_of(outcome.grid.rule, each.results)
        if abs(each.score - expected) > _ROUNDING:
            raise ThreeDieError(f"{where}: score is {each.score:g}; its results give {expected:g}")
    expected_choice = choose([each.score for each in outcome.tries])
    if outcome.chosen != expected_choice:
        raise ThreeDieError(f"chosen is {outcome.chosen}; the rule chooses {expected_choice}")
