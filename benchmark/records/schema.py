"""The JSON schema of records, for other programs: made of the types and of the rules about null.

After a change of the types, write the file anew: `python -m threedie.benchmark.records.schema`.
"""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from threedie.benchmark.records.rules import MEASURED, TRAINED_HERE, WITH_WEIGHTS
from threedie.benchmark.records.validate import record_type

SCHEMA_FILE = "record.schema.json"


def record_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of records. It lacks `rules.py`'s rules between fields and `bounds.py`'s sizes."""
    measured = {"properties": {"origin": {"properties": {"kind": {"const": "measured"}}}}}
    imported = {"properties": {"origin": {"required": ["weights"]}}}
    features = {"properties": {"origin": {"properties": {"weights": {"const": "features"}}, "required": ["weights"]}}}
    published = {"properties": {"origin": {"properties": {"kind": {"const": "published"}}}}}
    here = {"allOf": [measured, {"not": imported}]}
    curves = {"properties": {"curves": {"required": ["epoch"]}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **record_type().json_schema(),
        "allOf": [
            {"if": measured, "then": {"allOf": [_never_null(MEASURED), curves]}},
            {"if": {"allOf": [measured, {"not": features}]}, "then": _never_null(WITH_WEIGHTS)},
            {"if": here, "then": _never_null(TRAINED_HERE)},
            {
                "if": {"anyOf": [published, imported]},
                "then": {"properties": {"origin": {"required": ["source"]}}},
            },
        ],
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(record_schema(), indent=1, ensure_ascii=True) + "\n"


def _never_null(paths: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """A schema that refuses null where the paths lead."""
    never: dict[str, Any] = {"not": {"type": "null"}}
    properties: dict[str, dict[str, Any]] = {}
    for first, *rest in paths:
        if not rest:
            properties[first] = never
        elif rest == ["*"]:
            properties[first] = {"additionalProperties": never}
        else:
            properties.setdefault(first, {"properties": {}})["properties"][rest[0]] = never
    return {"properties": properties}


if __name__ == "__main__":
    with resources.as_file(resources.files("threedie.benchmark.records") / SCHEMA_FILE) as file:
        Path(file).write_text(schema_text(), encoding="utf-8")
