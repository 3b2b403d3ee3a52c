import copy
import json
import math
from importlib import resources
from typing import get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_samples import make_record, warning

from threedie.baselines.parts import PARTS
from threedie.benchmark.records.record import read_record, read_records, validate, write_record
from threedie.benchmark.records.schema import SCHEMA_FILE, record_schema, schema_text
from threedie.benchmark.records.types import Part, Source
from threedie.benchmark.records.upgrade import warning_line
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION
from threedie.manifests.errors import ThreeDieError

RECORD = make_record()


def changed(path, value):
    record = copy.deepcopy(RECORD)
    place = record
    for step in path[:-1]:
        place = place[step]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return record


def leaves(value, path=()):
    """Paths of the fields that the schema knows one by one."""
    if isinstance(value, dict) and path != ("dataset", "models"):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    return [path]


@pytest.mark.parametrize("field", list(RECORD))
def test_a_record_with_anything_missing_is_refused_by_name(field):
    with pytest.raises(ThreeDieError, match=f"'{field}'"):
        validate(changed((field,), KeyError))


@pytest.mark.parametrize("field", list(RECORD["results"][0]))
def test_a_result_with_anything_missing_is_refused_by_name(field):
    with pytest.raises(ThreeDieError, match=rf"results\[1\].*'{field}'"):
        validate(changed(("results", 1, field), KeyError))


@pytest.mark.parametrize(
    "path", [path for path in leaves(RECORD) if path[0] not in ("results", "config", "libraries", "curves")], ids=str
)
def test_nothing_in_a_measured_record_is_null_but_the_commit(path):
    if path in (("code", "commit"), ("code", "modified")):
        validate(changed(path, None))
        return
    with pytest.raises(ThreeDieError, match=path[-1]):
        validate(changed(path, None))


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        (("schema",), 4, "schema"),
        (("display_name",), "", "display_name"),
        (("display_name",), "a\u202eb", "display_name"),
        (("schema",), True, "schema"),
        (("id",), "../../escape", "id"),
        (("origin", "kind"), "guessed", "origin.kind"),
        (("origin",), {"kind": "published"}, "source"),
        (("protocol", "version"), "1", "protocol.version"),
        (("method", "parts"), ["some"], r"method.parts\[0\]"),
        (("dataset", "fingerprint"), "abc", "dataset.fingerprint"),
        (("code", "commit"), "main", "code.commit"),
        (("times", "started"), "yesterday", "times.started"),
        (("times", "train_s"), -1, "times.train_s"),
        (("results",), [], "results"),
        (("results", 2, "value"), "0.5", r"results\[2\].value"),
        (("results", 2, "part"), "other", r"results\[2\].part"),
        (("results", 0, "extra"), 1, r"results\[0\]"),
        (("surplus",), 1, "surplus"),
        (("curves", "loss"), [1.0], "curves.loss"),
        (("curves", "epoch"), KeyError, "epoch"),
        (("warnings",), [{"task": None, "text": ""}], r"warnings\[0\].text"),
        (("warnings",), ["a text"], r"warnings\[0\]"),
        (("warnings",), [{"text": "of nothing"}], r"warnings\[0\]: 'task'"),
        (("config", "name"), "", "config.name"),
    ],
)
def test_a_wrong_field_is_named(path, value, names):
    with pytest.raises(ThreeDieError, match=names):
        validate(changed(path, value))


@given(st.sampled_from([("results", 0, "value"), ("config", "learning_rate"), ("curves", "loss", 0)]), st.booleans())
@settings(max_examples=6, deadline=None)
def test_no_number_is_infinite_or_none_at_all(path, infinite):
    with pytest.raises(ThreeDieError, match=str(path[-1]) if path[-1] != 0 else r"loss\[0\]"):
        validate(changed(path, math.inf if infinite else math.nan))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
@settings(max_examples=30, deadline=None)
def test_anything_but_a_record_is_refused_politely(value):
    with pytest.raises(ThreeDieError):
        validate(value)


def version_1():
    """A record as version 1 of the format had it, and the same in today's."""
    new = make_record(
        warnings=[
            warning("few classes", "knn"),
            warning("objects have one view: some are left out"),
            warning("knn:x"),
            warning("a supervised network doesn't generalize to new objects"),
        ]
    )
    new["results"][0]["floor_note"] = "a random neighbor"
    new["config"] |= {
        "center": 0.5,
        "normalization": "dataset",
        "normalization_mean": [0.5],
        "normalization_std": [0.2],
    }
    config = {
        key.replace("center", "centre").replace("normaliz", "normalis"): new["config"][key] for key in new["config"]
    }
    texts = [
        "knn: few classes",
        "objects have one view: some are left out",
        "knn:x",
        "a supervised network doesn't generalise to new objects",
    ]
    results = [{**new["results"][0], "floor_note": "a random neighbour"}, *new["results"][1:]]
    return {**new, "schema": 1, "config": config, "warnings": texts, "results": results}, new


def test_version_1_is_read_and_written_as_today(tmp_path):
    old, new = version_1()
    path = tmp_path / "record.json"
    path.write_text(json.dumps(old))
    assert read_record(path) == new
    assert [warning_line(each) for each in new["warnings"][:3]] == old["warnings"][:3]
    with pytest.raises(ThreeDieError, match="schema: 1"):
        write_record(path, old)
    write_record(path, read_record(path))
    assert json.loads(path.read_text()) == new


def test_a_record_in_both_versions_is_the_same_record(tmp_path):
    for name, record in zip(("old", "new"), version_1(), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").write_text(json.dumps(record))
    assert read_records([tmp_path]) == [version_1()[1]]


def test_a_record_of_a_newer_version_asks_for_an_update(tmp_path):
    (tmp_path / "record.json").write_text(json.dumps({**RECORD, "schema": 4}))
    with pytest.raises(ThreeDieError, match=r"record\.json: schema: version 4; this program reads up to 3: update"):
        read_record(tmp_path / "record.json")


def test_the_committed_schema_is_the_types_own():
    file = resources.files("threedie.benchmark.records") / SCHEMA_FILE
    assert file.read_text(encoding="utf-8") == schema_text(), "run python -m threedie.benchmark.records.schema"


@pytest.mark.parametrize("kind", ["measured", "imported", "published"])
def test_the_schema_takes_what_the_types_take_and_refuses_null_where_they_do(kind):
    validator = jsonschema.Draft202012Validator(record_schema())
    record = copy.deepcopy(RECORD)
    if kind != "measured":
        record["origin"] |= {"source": "a file"}
        record |= {"seed": None}
    if kind == "imported":
        record["origin"]["weights"] = "imported"
    if kind == "published":
        record["origin"]["kind"] = kind
        record |= {"code": None, "curves": None}
        record["dataset"] = {**dict.fromkeys(record["dataset"]), "preset": "3diebench"}
    validate(record)
    assert list(validator.iter_errors(record)) == []
    for path in (("seed",), ("code",), ("dataset", "views"), ("checkpoint", "steps"), ("curves",)):
        place = other = copy.deepcopy(record)
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = None
        try:
            validate(other)
        except ThreeDieError:
            assert not validator.is_valid(other), path
        else:
            assert validator.is_valid(other), path
    assert not validator.is_valid({**record, "origin": {"kind": "published"}})
    assert not validator.is_valid({**record, "id": "a\n"})
    assert not validator.is_valid({**record, "surplus": 1})


def test_a_misspelled_field_is_guessed():
    with pytest.raises(
        ThreeDieError, match=r"results\[0\]: there is no field 'floor_note_'; did you mean 'floor_note'"
    ):
        validate(changed(("results", 0, "floor_note_"), "chance"))


def test_a_result_twice_is_refused():
    record = copy.deepcopy(RECORD)
    record["results"].append(record["results"][0])
    with pytest.raises(ThreeDieError, match="listed twice"):
        validate(record)


def test_published_records_need_a_source_and_may_lack_the_rest():
    published = {
        **RECORD,
        "origin": {"kind": "published", "source": "a paper"},
        "method": {"name": "X", "options": None, "parts": None, "parameters": None},
        **dict.fromkeys(
            ["config", "seed", "code", "checkpoint", "hardware", "libraries", "times", "curves", "warnings"]
        ),
    }
    published["dataset"] = {**dict.fromkeys(RECORD["dataset"]), "preset": "3diebench"}
    validate(published)
    with pytest.raises(ThreeDieError, match="null"):
        validate({**published, "origin": {"kind": "measured"}})


def published_record(**details):
    record = {
        **RECORD,
        "origin": {"kind": "published", "source": "a paper"},
        "published": {"seen": "paper", "epochs": 1000, **details},
    }
    return {name: value for name, value in record.items() if name != "breakdowns"}


def test_published_records_say_where_they_were_seen_and_how_it_was_trained():
    validate(published_record(formula="supposed", image_size=128, batch_size=None, notes=["mean of three seeds"]))


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"seen": "somewhere"}, r"published\.seen: "),
        ({"formula": "guessed"}, r"published\.formula: "),
        ({"epochs": -1}, r"published\.epochs: "),
        ({"gpu_hours": -1.0}, r"published\.gpu_hours: "),
        ({"notes": [""]}, r"published\.notes\[0\]: "),
        ({"hours": 1}, r"published: there is no field 'hours'"),
    ],
)
def test_details_of_published_records_are_checked(details, message):
    with pytest.raises(ThreeDieError, match=message):
        validate(published_record(**details))


def test_measured_records_have_no_details_of_published_ones():
    with pytest.raises(ThreeDieError, match=r"^published: is of published numbers, and these are measured; remove it"):
        validate({**RECORD, "published": {"seen": "paper"}})


def test_what_is_written_is_read(tmp_path):
    write_record(tmp_path / "run" / "record.json", RECORD)
    assert read_record(tmp_path / "run" / "record.json") == RECORD


def test_a_bad_record_is_never_written(tmp_path):
    with pytest.raises(ThreeDieError):
        write_record(tmp_path / "record.json", {**RECORD, "seed": None})
    assert list(tmp_path.iterdir()) == []


def test_records_are_found_at_any_depth_and_come_in_one_order(tmp_path):
    records = [make_record("sie", seed) for seed in range(3)] + [make_record("vicreg", 0, parts=("all",))]
    for number, record in enumerate(records):
        write_record(tmp_path / ["a", "b/c", "d", "e/f/g"][number] / "record.json", record)
    (tmp_path / "a" / "config.json").write_text("{}")
    matches = read_records([tmp_path])
    assert matches == sorted(records, key=lambda record: record["id"])
    assert read_records([tmp_path / name for name in ("e", "d", "b", "a")]) == matches
    assert read_records([tmp_path / "a" / "record.json", tmp_path / "a", tmp_path]) == matches


def test_a_bad_record_names_file_and_field(tmp_path):
    write_record(tmp_path / "good" / "record.json", RECORD)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "record.json").write_text(json.dumps({**RECORD, "seed": "0"}))
    with pytest.raises(ThreeDieError, match=r"bad/record\.json: seed"):
        read_records([tmp_path])
    (tmp_path / "bad" / "record.json").write_text("{")
    with pytest.raises(ThreeDieError, match=r"bad/record\.json: not a JSON"):
        read_records([tmp_path])


def test_two_different_records_of_one_run_are_refused(tmp_path):
    other = copy.deepcopy(RECORD)
    other["results"][0]["value"] = 0.9
    write_record(tmp_path / "a" / "record.json", RECORD)
    write_record(tmp_path / "b" / "record.json", other)
    with pytest.raises(ThreeDieError, match="keep the one you mean"):
        read_records([tmp_path])


def test_one_checkpoint_under_two_protocols_is_two_records(tmp_path):
    other = {**RECORD, "protocol": {"name": "full", "version": 1}}
    write_record(tmp_path / "a" / "record.json", RECORD)
    write_record(tmp_path / "b" / "record.json", other)
    assert len(read_records([tmp_path])) == 2


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(ThreeDieError, match="3die bench run"):
        read_records([tmp_path / "runs"])
    assert read_records([tmp_path]) == []


def test_types_name_the_parts_and_the_inputs_that_exist():
    assert get_args(Part) == PARTS
    assert get_args(Source) == (REPRESENTATION, EMBEDDING)
