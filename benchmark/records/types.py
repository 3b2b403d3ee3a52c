"""What a result record holds, field by field. `record.schema.json` is made of these types (`schema.py`).

Rules between fields, and what only measured records must have, are in `rules.py`; sizes that hold for every field in
`bounds.py`.
"""

import re
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,  # pydantic needs this one before Python 3.12
)

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from threedie.manifests.fields import Flag, MaxLength, Must, Number, Text, Whole

SCHEMA: Literal[3] = 3
"""Version of the format. Version 1 had warnings as texts and British spelling in `config`; `upgrade.py` reads it.
Version 3 added `display_name`, weights `features` and `published`; a record without them is written as version 2, which
older programs read."""

_HIDDEN = (
    r"\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
)
_NOT_EMPTY = (("minLength", 1),)
_VISIBLE_TEXT = "one line of visible text: no control characters, and none that change the direction of writing"


def _matching(pattern: str, expected: str) -> Must:
    """A text that a pattern matches whole; it is written so that Python and JSON Schema (ECMA-262) read it the same."""
    compiled = re.compile(pattern)
    return Must(lambda text: compiled.fullmatch(text) is not None, expected, (("pattern", rf"^{pattern}$(?!\n)"),))


VisibleText = Annotated[Text, _matching(f"[^{_HIDDEN}]*", _VISIBLE_TEXT), MaxLength(400)]
Name = Annotated[Text, _matching(rf"(?=.*\S)[^{_HIDDEN}]*", f"a name: {_VISIBLE_TEXT}"), MaxLength(200)]
NonEmpty = Annotated[Text, Must(bool, "a text", _NOT_EMPTY)]
Sha256 = Annotated[Text, _matching("[0-9a-f]{64}", "a SHA-256: 64 digits 0-9 and a-f")]
Identifier = Annotated[
    Text,
    _matching("[A-Za-z0-9][A-Za-z0-9._+-]{0,199}", "an id: letters, digits and . _ + - between them, at most 200"),
]
Commit = Annotated[Text, _matching("[0-9a-f]{7,64}", "a commit: 7 to 64 digits 0-9 and a-f")]
Time = Annotated[
    Text,
    _matching(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|\+00:00)",
        "a date and time in UTC, such as 2026-01-02T03:04:05Z",
    ),
]
Version = Annotated[Whole, Field(ge=1, le=999_999)]
Count = Annotated[Whole, Field(ge=0)]
Seconds = Annotated[Number, Field(ge=0, le=1e10)]
Part = Literal["all", "invariant", "equivariant"]
Source = Literal["representation", "embedding"]

_CLOSED, _OPEN = ConfigDict(extra="forbid"), ConfigDict(extra="allow")


@with_config(_CLOSED)
class Origin(TypedDict):
    """Where the numbers are from: `source` is needed for published ones and for weights of another program."""

    kind: Literal["measured", "published"]
    source: NotRequired[Annotated[VisibleText, Must(bool, "a text", _NOT_EMPTY)]]
    weights: NotRequired[
        Annotated[
            Literal["imported", "features"],
            Field(
                description="Another program trained them: seed, steps and time of training may be unknown. "
                "`features`: only features were measured, and the number of parameters may be unknown too."
            ),
        ]
    ]


@with_config(_CLOSED)
class PublishedInfo(TypedDict):
    """What is known of a published number: where it was seen, and how its authors trained and measured."""

    seen: Annotated[
        Literal["paper", "repository", "abstract"],
        Field(description="Where the numbers were read: the paper, its authors' repository, or the abstract alone."),
    ]
    formula: NotRequired[
        Annotated[
            Literal["stated", "code", "supposed"],
            Field(
                description="How the formula of R2, which the metric's name says, is known: the paper states it, the "
                "released code computes it, or it is supposed from either."
            ),
        ]
    ]
    image_size: NotRequired[Count | None]
    batch_size: NotRequired[Count | None]
    epochs: NotRequired[Count | None]
    backbone: NotRequired[Name | None]
    train_views: NotRequired[Annotated[Count, Field(description="Views that a sequence has in training.")]]
    eval_views: NotRequired[Annotated[Count, Field(description="Views that a measured representation is made of.")]]
    context_length: NotRequired[Annotated[Count, Field(description="Tokens of the context at evaluation.")]]
    gpu_hours: NotRequired[Annotated[Number, Field(ge=0, description="Hours of training on one GPU.")]]
    notes: NotRequired[Annotated[list[Annotated[VisibleText, Must(bool, "a text", _NOT_EMPTY)]], Field(max_length=20)]]


@with_config(_CLOSED)
class ProtocolName(TypedDict):
    """The protocol of the measurement."""

    name: Name
    version: Version


@with_config(_CLOSED)
class MethodInfo(TypedDict):
    """The method; `options` are the arguments that differ from its defaults."""

    name: Name
    options: Annotated[dict[Text, Any], Field(max_length=100)] | None
    parts: Annotated[list[Part], Field(min_length=1, max_length=3)] | None
    parameters: Count | None


@with_config(_OPEN)
class DatasetInfo(TypedDict):
    """A dataset: its identity, and the numbers that tables show."""

    fingerprint: Sha256 | None
    images_sha256: Sha256 | None
    preset: Name
    models: dict[Text, Any] | None
    objects: Count | None
    views: Count | None
    image_size: Count | None
    channel_order: NotRequired[Text | None]
    classes: Count | None
    train_objects: Count | None
    val_objects: Count | None
    split: Name | None


@with_config(_CLOSED)
class EvaluationInfo(TypedDict):
    """How deviations and intervals were computed."""

    head_seeds: Version
    head_sources: Annotated[list[Source], Field(min_length=1, max_length=2)]
    bootstrap_draws: Annotated[Whole, Field(ge=1, le=10**9)]
    interval: Annotated[Number, Field(gt=0, lt=1)]


@with_config(_OPEN)
class Code(TypedDict):
    """The program; `modified` tells whether files differed from the commit."""

    version: NonEmpty
    commit: Commit | None
    modified: Flag | None


@with_config(_OPEN)
class CheckpointInfo(TypedDict):
    """The weights: hash of names, types, shapes and bytes."""

    sha256: Sha256
    epochs: Count | None
    steps: Count | None


@with_config(_OPEN)
class Hardware(TypedDict):
    """The machine."""

    device: Name
    processor: Text
    cores: Annotated[Whole, Field(ge=1, le=10**6)]
    memory_gib: Annotated[Number, Field(ge=0, le=1e9)]
    gpus: Annotated[list[Any], Field(max_length=256)]


@with_config(_OPEN)
class Times(TypedDict):
    """When the command began, and how long its steps took, in seconds."""

    started: Time
    train_s: Seconds | None
    features_s: Seconds
    tasks_s: Seconds


@with_config(_CLOSED)
class Result(TypedDict):
    """One number."""

    task: Name
    version: Version
    metric: Name
    part: Part
    input: Source
    value: Number
    deviation: NotRequired[
        Annotated[Number, Field(ge=0, description="Standard deviation (n - 1) over the seeds of heads.")] | None
    ]
    interval: NotRequired[
        Annotated[
            list[Number],
            Field(min_length=2, max_length=2, description="Bootstrap interval over objects, lower and upper end."),
        ]
        | None
    ]
    floor: Number | None
    floor_note: VisibleText | None
    higher_is_better: Flag
    main: Flag


@with_config(_CLOSED)
class Breakdown(TypedDict):
    """A metric over groups of queries: by the size of the rotation, or by whether the class was trained on."""

    task: Name
    version: Version
    metric: Name
    part: Part
    input: Source
    higher_is_better: Flag
    by: Literal["rotation_deg", "class"]
    groups: Annotated[list[Name], Field(min_length=1, max_length=1000)]
    values: list[Number | None]
    floors: list[Number | None]
    counts: list[Count]


@with_config(_CLOSED)
class RecordWarning(TypedDict):
    """What to know before believing the numbers: of one task, or of all where `task` is null."""

    task: Name | None
    text: NonEmpty


@with_config(ConfigDict(extra="forbid", title="3die result record"))
class Record(TypedDict):
    """What one trained method scored on one dataset under one protocol, and what is needed to get it again."""

    schema: Literal[2, 3]
    id: Identifier
    display_name: NotRequired[
        Annotated[Name, Field(description="What tables call it, instead of the name of its method.")]
    ]
    origin: Origin
    published: NotRequired[Annotated[PublishedInfo, Field(description="Of published numbers only.")]]
    protocol: ProtocolName
    method: MethodInfo
    dataset: DatasetInfo
    trained_on: NotRequired[
        Annotated[DatasetInfo, Field(description="The dataset that heads were trained on, where it is another one.")]
    ]
    evaluation: NotRequired[EvaluationInfo]
    config: dict[Text, Any] | None
    seed: Count | None
    code: Code | None
    checkpoint: CheckpointInfo | None
    hardware: Hardware | None
    libraries: Annotated[dict[Text, Text], Field(max_length=200)] | None
    times: Times | None
    results: Annotated[list[Result], Field(min_length=1, max_length=1000)]
    breakdowns: NotRequired[Annotated[list[Breakdown], Field(max_length=1000)]]
    curves: Annotated[dict[Text, list[Number | None]], Field(max_length=100)] | None
    warnings: Annotated[list[RecordWarning], Field(max_length=200)] | None
