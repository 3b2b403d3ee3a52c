"""Whether a record is one: its sizes, its types, and the rules between its fields."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from threedie.benchmark.records.bounds import check_bounds
from threedie.benchmark.records.field_path import field_path
from threedie.benchmark.records.rules import check_rules
from threedie.benchmark.records.types import Record
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import FieldError, first_error
from threedie.manifests.suggest import suggest


@cache
def record_type() -> TypeAdapter[Record]:
    """The type of records, ready to validate; made once, since that takes a tenth of a second."""
    return TypeAdapter(Record)


@cache
def field_names() -> list[str]:
    """Names of all fields that records have at any depth."""
    schema = record_type().json_schema()
    return sorted({name for kind in (schema, *schema["$defs"].values()) for name in kind["properties"]})


def validate(record: Any) -> None:
    """Check a record of today's format.

    Raises:
        ThreeDieError: names the first wrong field and says what it should be.
    """
    check_bounds(record)
    try:
        record_type().validate_python(record)
    except ValidationError as error:
        raise ThreeDieError(_line(first_error(error))) from error
    check_rules(record)


def _line(wrong: FieldError) -> str:
    if wrong.kind == "missing":
        return f"{field_path(wrong.path[:-1])}: {wrong.name!a} is a required field"
    if wrong.kind == "unknown":
        mend = suggest(wrong.name, field_names(), "remove it")
        return f"{field_path(wrong.path[:-1])}: there is no field {wrong.name[:40]!a}; {mend}"
    return f"{field_path(wrong.path)}: {wrong.statement()}"
