"""Datasets exported in shards: for Hugging Face datasets, WebDataset and readers of Croissant, and packed again."""

import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from dataset_samples import make_info, make_objects, write

from threedie.manifests import parquet_shards
from threedie.manifests.commands import data
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_card import Publication, dataset_card
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.description import DESCRIPTION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.shard_export import CROISSANT_FILE, FORMATS, ShardExport
from threedie.manifests.shard_import import Shards, is_shards
from threedie.manifests.shards import plan_shards

INFO = make_info()
SHARD_BYTES = 9000
"""Three objects of `make_objects` in a file: three files to train on, one to validate on."""
PUBLISHED = Publication("noise", "cc0-1.0", "https://example.org/noise", "2026-11-27")
NAMES = list(FORMATS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "dataset.h5", INFO, make_objects(INFO, 12))


def export(
    file: Path, folder: Path, form: str, shard_bytes: int = SHARD_BYTES, progress: Any = iter
) -> tuple[int, int]:
    return ShardExport.plan(Dataset(file), folder, form, shard_bytes).write(PUBLISHED, progress)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("form", NAMES)
def test_there_and_back_is_bit_for_bit(tmp_path: Path, file: Path, form: str) -> None:
    assert export(file, tmp_path / "out", form) == (4, 0)
    assert is_shards(tmp_path / "out")
    assert Shards(tmp_path / "out").pack(tmp_path / "back.h5") == 12
    assert (tmp_path / "back.h5").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("form", NAMES)
def test_an_order_that_is_not_sorted_and_an_empty_split_survive(tmp_path: Path, form: str) -> None:
    items = [DatasetObject(item.ref, "train", item.latents, item.jpegs) for item in make_objects(INFO)[::-1]]
    file = write(tmp_path / "dataset.h5", INFO, items)
    export(file, tmp_path / "out", form)
    assert not list((tmp_path / "out" / "data").glob("val-*"))
    Shards(tmp_path / "out").pack(tmp_path / "back.h5")
    assert (tmp_path / "back.h5").read_bytes() == file.read_bytes()


def test_shards_hold_whole_objects_of_one_split_and_stay_below_the_size() -> None:
    sizes = np.array([30, 30, 50, 100, 250, 10, 10])
    splits = ["train", "val", "train", "train", "train", "train", "val"]
    plan = [(shard.file, shard.begin, shard.end) for shard in plan_shards(splits, sizes, ".tar", 100)]
    assert plan == [
        ("data/train-00000-of-00004.tar", 0, 2),  # 30 + 50
        ("data/train-00001-of-00004.tar", 2, 3),
        ("data/train-00002-of-00004.tar", 3, 4),  # an object that is larger by itself
        ("data/train-00003-of-00004.tar", 4, 5),
        ("data/val-00000-of-00001.tar", 0, 2),
    ]


def test_the_plan_of_3diebench_is_made_at_once() -> None:
    """52,472 objects of 50 views of 256 px, at 15 kB an image: 2.6 million views."""
    sizes = np.full(52_472, 50 * 15_000)
    splits = (["train"] * 4 + ["val"]) * 10_494 + ["train"] * 2
    shards = plan_shards(splits, sizes, ".parquet", 500 * 10**6)
    assert sum(shard.end - shard.begin for shard in shards) == 52_472
    assert len(shards) == -(-41_978 // 666) + -(-10_494 // 666)
    assert {shard.end - shard.begin for shard in shards[:-1] if shard.split == "train"} == {666, 41_978 % 666}


@pytest.mark.parametrize("form", NAMES)
def test_run_again_it_writes_only_what_is_missing_or_cut_off(tmp_path: Path, file: Path, form: str) -> None:
    out = tmp_path / "out"
    export(file, out, form)
    whole = snapshot(out)
    first, second, third = sorted((out / "data").iterdir())[:3]
    first.unlink()
    second.write_bytes(second.read_bytes()[:-700])
    third.write_bytes(b"something else")
    times = {path: path.stat().st_mtime_ns for path in sorted((out / "data").iterdir())[2:]}
    assert export(file, out, form) == (3, 1)
    assert snapshot(out) == whole
    assert all(path.stat().st_mtime_ns == when for path, when in times.items())


KILLED = """
import os, signal, sys
from pathlib import Path
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_card import Publication
from threedie.manifests.shard_export import ShardExport

calls = []
def progress(items):
    calls.append(1)
    for item in items:
        if len(calls) == 2 and item == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        yield item

export = ShardExport.plan(Dataset(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
export.write(Publication("noise", "cc0-1.0", "https://example.org/noise", "2026-11-27"), progress)
"""


@pytest.mark.parametrize("form", NAMES)
def test_a_killed_export_is_completed_to_the_same_files(tmp_path: Path, file: Path, form: str) -> None:
    command = [sys.executable, "-c", KILLED, file, tmp_path / "out", form, str(SHARD_BYTES)]
    done = subprocess.run(command, env=os.environ, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (tmp_path / "out" / CROISSANT_FILE).exists()
    with pytest.raises(ThreeDieError, match=r"data/train-0000\d-of-00003\.\w+: missing; run '3die data export' again"):
        Shards(tmp_path / "out")
    written, existing = export(file, tmp_path / "out", form)
    assert existing >= 1
    assert written + existing == 4
    export(file, tmp_path / "other", form)
    assert snapshot(tmp_path / "out") == snapshot(tmp_path / "other")


@pytest.mark.parametrize("form", NAMES)
def test_a_file_that_cannot_be_written_is_one_line_and_leaves_nothing_half(
    tmp_path: Path, file: Path, form: str
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    command = [sys.executable, "-m", "threedie", "data", "export", file, "-o", tmp_path / "out", "--format", form]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "larger than this system or its limits" in done.stderr.splitlines()[-1]
    assert not list((tmp_path / "out" / "data").iterdir())


def test_another_dataset_or_other_shards_are_refused(tmp_path: Path, file: Path) -> None:
    export(file, tmp_path / "out", "parquet")
    before = snapshot(tmp_path / "out")
    other = write(tmp_path / "other.h5", INFO, make_objects(INFO, 12, seed=1))
    with pytest.raises(ThreeDieError, match=r"holds another dataset: its objects, latents or images differ"):
        export(other, tmp_path / "out", "parquet")
    with pytest.raises(ThreeDieError, match="holds another dataset: it was exported with another --shard-size; choose"):
        export(file, tmp_path / "out", "parquet", 10**6)
    with pytest.raises(ThreeDieError, match="holds another dataset: it was exported with another --format; choose"):
        export(file, tmp_path / "out", "webdataset")
    (tmp_path / "noted").mkdir()
    (tmp_path / "noted" / "README.md").write_text("mine")
    with pytest.raises(ThreeDieError, match=r"README\.md: exists, and the dataset card would replace it; choose"):
        export(file, tmp_path / "noted", "parquet")
    assert snapshot(tmp_path / "noted") == {"README.md": b"mine"}
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(ThreeDieError, match="full: is not empty and not an exported dataset; choose another folder"):
        export(file, tmp_path / "full", "parquet")
    assert snapshot(tmp_path / "out") == before
    bad = write(
        tmp_path / "bad.h5", INFO, [DatasetObject(i.ref, "test", i.latents, i.jpegs) for i in make_objects(INFO)]
    )
    with pytest.raises(ThreeDieError, match=r"bad\.h5: \S+ \d é is in split 'test'; an export has train and val"):
        ShardExport.plan(Dataset(bad), tmp_path / "bad", "parquet", 1)
    with pytest.raises(ThreeDieError, match=r"empty\.h5: has no objects"):
        ShardExport.plan(Dataset(write(tmp_path / "empty.h5", INFO, [])), tmp_path / "bad", "parquet", 1)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path, file: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    export(file, tmp_path / "out", "webdataset")
    for path in (tmp_path / "out" / "data").iterdir():
        path.unlink()
    (tmp_path / "out" / "data").rmdir()
    (tmp_path / "out" / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ThreeDieError, match="leads out of"):
        export(file, tmp_path / "out", "webdataset")
    assert not list((tmp_path / "elsewhere").iterdir())


def change(name: str, form: str, out: Path) -> None:
    """Damage the first shard of an export, or its description."""
    path = min((out / "data").iterdir())
    if name == "missing":
        path.unlink()
    elif name == "cut off":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif name == "other file":
        path.write_text("no shard")
    elif name == "other shard":
        path.write_bytes(sorted((out / "data").iterdir())[1].read_bytes())
    else:
        rows = list(FORMATS[form].read(path, INFO))
        if name == "a latent":
            rows[4]["floor_hue"] += 1e-9
        elif name == "a pixel":
            rows[4]["image"] = rows[5]["image"][: len(rows[4]["image"])].ljust(len(rows[4]["image"]), b"\0")
        elif name == "exchanged":
            rows[0], rows[1] = rows[1], rows[0]
        elif name == "one more":
            rows.append(rows[-1])
        elif name == "a null":
            rows[2]["light_phi"] = None
        elif name == "no image":
            rows[2]["image"] = None
        rewrite(path, form, rows)


def rewrite(path: Path, form: str, rows: list[dict[str, Any]]) -> None:
    if form == "parquet":
        import pyarrow
        import pyarrow.parquet

        schema = pyarrow.parquet.read_schema(path)
        table = [{**row, "image": {"bytes": row["image"], "path": None}} for row in rows]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table, schema), path)
        return
    with tarfile.open(path, "w") as archive:
        for number, row in enumerate(rows):
            text = json.dumps({key: value for key, value in row.items() if key != "image"}).encode()
            for ending, content in (("jpg", row["image"] or b""), ("json", text)):
                member = tarfile.TarInfo(f"{number}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


SHARD_FAULTS = {
    "missing": r": missing; run '3die data export' again, or download it again",
    "cut off": r": damaged",
    "other file": r": damaged",
    "other shard": r": damaged: it holds .* where view 0 of \S+ \d é belongs",
    "a latent": "out: files were changed since the export",
    "a pixel": "out: files were changed since the export",
    "exchanged": r": damaged: it holds .* where view 0 of \S+ \d é belongs",
    "one more": r": holds more rows than dataset\.json says",
    "a null": r": damaged: it light_phi is None, no number|latents|differ",
}


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("name", SHARD_FAULTS)
def test_shards_that_were_damaged_or_changed_are_refused_in_one_line(
    tmp_path: Path, file: Path, name: str, form: str
) -> None:
    export(file, tmp_path / "out", form)
    change(name, form, tmp_path / "out")
    with pytest.raises(ThreeDieError, match=SHARD_FAULTS[name]) as error:
        Shards(tmp_path / "out").pack(tmp_path / "back.h5")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "back.h5").exists()


def test_an_image_that_is_null_is_refused(tmp_path: Path, file: Path) -> None:
    export(file, tmp_path / "out", "parquet")
    change("no image", "parquet", tmp_path / "out")
    with pytest.raises(ThreeDieError, match=r"damaged: it has no image for view 2 of"):
        Shards(tmp_path / "out").pack(tmp_path / "back.h5")


def test_columns_of_other_types_are_refused(tmp_path: Path, file: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    export(file, tmp_path / "out", "parquet")
    path = min((tmp_path / "out" / "data").iterdir())
    pyarrow.parquet.write_table(pyarrow.table({"image": [b"x"], "view": [0]}), path)
    with pytest.raises(ThreeDieError, match=r"damaged \(its columns are image, view of other names or types\)"):
        Shards(tmp_path / "out").pack(tmp_path / "back.h5")


def hostile(archive: tarfile.TarFile, kind: str) -> None:
    member = tarfile.TarInfo("0000000_000.jpg")
    if kind == "link":
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    elif kind == "no table":
        for name, content in (("0.jpg", b"x"), ("0.json", b"[1]")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    elif kind == "deep":
        for name, content in (("0.jpg", b"x"), ("0.json", b"[" * 100_000)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    elif kind == "alone":
        archive.addfile(member)
    else:
        member.size = 2**40
        archive.addfile(member)


@pytest.mark.parametrize("kind", ["link", "no table", "deep", "alone", "huge"])
def test_hostile_archives_are_refused_in_one_line(tmp_path: Path, file: Path, kind: str) -> None:
    export(file, tmp_path / "out", "webdataset")
    path = min((tmp_path / "out" / "data").iterdir())
    with tarfile.open(path, "w") as archive:
        hostile(archive, kind)
    with pytest.raises(ThreeDieError, match=r"\.tar: damaged") as error:
        Shards(tmp_path / "out").pack(tmp_path / "back.h5")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value.update(kind="zip"),
        lambda value: value.update(kind=None),
        lambda value: value.update(version=2),
        lambda value: value.update(jpeg_bytes=-1),
        lambda value: value.update(jpeg_bytes=True),
        lambda value: value.pop("shards"),
        lambda value: value["shards"].pop(),
        lambda value: value["shards"].reverse(),
        lambda value: value["shards"][0].update(file="../../elsewhere.parquet"),
        lambda value: value["shards"][0].update(file="data/" + "a" * 5000),
        lambda value: value["shards"][0].update(file="data/val-00000-of-00001.parquet"),
        lambda value: value["shards"][0].update(end="6"),
        lambda value: [shard.update(end=float(shard["end"])) for shard in value["shards"]],
        lambda value: value["shards"][0].update(begin=False),
        lambda value: value.update(jpeg_bytes=2**70),
        lambda value: value["info"].update(views=2**40),
        lambda value: value["shards"][0].update(split="test"),
        lambda value: value["shards"][0].update(more=1),
        lambda value: value["splits"].__setitem__(0, "test"),
        lambda value: value["objects"].append(value["objects"][0]),
    ],
)
def test_a_damaged_description_is_refused_in_one_line(tmp_path: Path, file: Path, spoil: Any) -> None:
    export(file, tmp_path / "out", "parquet")
    path = tmp_path / "out" / DESCRIPTION
    value = json.loads(path.read_text())
    spoil(value)
    path.write_text(json.dumps(value))
    with pytest.raises(ThreeDieError, match=r"dataset\.json: damaged") as error:
        Shards(tmp_path / "out")
    assert "\n" not in str(error.value)


def test_jpeg_bytes_that_disagree_with_the_shards_are_refused(tmp_path: Path, file: Path) -> None:
    export(file, tmp_path / "out", "parquet")
    path = tmp_path / "out" / DESCRIPTION
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "jpeg_bytes": value["jpeg_bytes"] + 1}))
    with pytest.raises(ThreeDieError, match="were announced"):
        Shards(tmp_path / "out").pack(tmp_path / "back.h5")
    path.write_text(json.dumps({**value, "jpeg_bytes": value["jpeg_bytes"] - 1}))
    with pytest.raises(ThreeDieError, match=r"out: its images are larger than dataset\.json says"):
        Shards(tmp_path / "out").pack(tmp_path / "back.h5")
    assert not (tmp_path / "back.h5").exists()


@pytest.mark.parametrize("form", NAMES)
def test_files_that_are_links_are_read_as_in_the_cache_of_the_hub(tmp_path: Path, file: Path, form: str) -> None:
    export(file, tmp_path / "out", form)
    (tmp_path / "blobs").mkdir()
    for number, path in enumerate(sorted((tmp_path / "out").rglob("*.*"))):
        path.rename(tmp_path / "blobs" / str(number))
        path.symlink_to(tmp_path / "blobs" / str(number))
    assert Shards(tmp_path / "out").pack(tmp_path / "back.h5") == 12
    assert (tmp_path / "back.h5").read_bytes() == file.read_bytes()


def test_hugging_face_datasets_reads_images_labels_and_latents(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Read when it is imported; nothing here is from the Hub.
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    export(file, tmp_path / "out", "parquet")
    dataset = Dataset(file)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 9 * 3, "val": 3 * 3}
    assert type(loaded["train"].features["image"]).__name__ == "Image"
    for split, rows in loaded.items():
        for position, index in enumerate(dataset.indices(split).tolist()):
            for view in range(3):
                row = rows[position * 3 + view]
                assert (row["object"], row["view"]) == (dataset.objects[index].object_id, view)
                assert rows.features["label"].int2str(row["label"]) == row["class"]
                assert row["label"] == dataset.labels[index]
                assert [row[field.name] for field in dataset.fields] == dataset.latents[index, view].tolist()
                assert row["image"].size == (16, 16)
    raw = loaded["val"].cast_column("image", datasets.Image(decode=False))
    assert raw[4]["image"]["bytes"] == bytes(dataset.jpeg(int(dataset.indices("val")[1]), 1))


def test_webdataset_reads_images_and_tables(tmp_path: Path, file: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    export(file, tmp_path / "out", "webdataset")
    files = sorted(str(path) for path in (tmp_path / "out" / "data").glob("train-*.tar"))
    dataset = Dataset(file)
    rows = list(webdataset.WebDataset(files, shardshuffle=False).decode("pil").to_tuple("jpg", "json"))
    order = [(index, view) for index in dataset.indices("train").tolist() for view in range(3)]
    assert len(rows) == len(order) == 27
    for (index, view), (image, row) in zip(order, rows, strict=True):
        assert image.size == (16, 16)
        assert row["key"] == f"{index:07d}_{view:03d}"
        assert row["class"], row["label"] == dataset.labels[index]
        assert [row[field.name] for field in dataset.fields] == dataset.latents[index, view].tolist()


CROISSANT = """
import json, sys
import mlcroissant

described = mlcroissant.Dataset(sys.argv[1])
rows = [
    {name.partition("/")[2]: value.decode() if isinstance(value, bytes) else getattr(value, "size", value)
     for name, value in row.items()}
    for records in described.metadata.record_sets for row in described.records(records.id)
]
print(json.dumps({"issues": described.metadata.issues.report(), "rows": rows}))
"""


@pytest.mark.parametrize("form", NAMES)
def test_mlcroissant_finds_nothing_wrong_and_reads_every_view(tmp_path: Path, file: Path, form: str) -> None:
    pytest.importorskip("mlcroissant")
    dataset = Dataset(file)
    export(file, tmp_path / form, form)
    # In a process of its own: it keeps what it unpacks, by relative paths.
    environment = {**os.environ, "CROISSANT_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", CROISSANT, tmp_path / form / CROISSANT_FILE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "WARNING" not in done.stderr, done.stderr
    shown = json.loads(done.stdout.splitlines()[-1])
    assert shown["issues"] == ""
    rows, pictures = shown["rows"], [row for row in shown["rows"] if "image" in row]
    if form == "webdataset":
        keys = [row["key"] for row in pictures]
        rows = [json.loads(row["row"]) for row in rows if "row" in row]
        assert sorted(row["key"] for row in rows) == sorted(keys)
    assert len(rows) == len(pictures) == 36
    assert {tuple(row["image"]) for row in pictures} == {(16, 16)}
    assert {row["label"] for row in rows} == set(dataset.labels.tolist())
    read = [[row[field.name] for field in dataset.fields] for row in rows]
    # The order of files is the reader's.
    assert sorted(read) == sorted(dataset.latents.reshape(36, 7).tolist())


@pytest.mark.parametrize("form", NAMES)
def test_the_commands_export_and_pack(tmp_path: Path, file: Path, form: str) -> None:
    def run(*words: object) -> str:
        return CliRunner(catch_exceptions=False).invoke(data, [str(word) for word in words]).output

    out = tmp_path / "out"
    plan = run("export", file, "-o", out, "--format", form, "--dry-run")
    assert plan.startswith("36 views in 2 files, about 0.")
    assert not out.exists()
    shown = run("export", file, "-o", out, "--format", form, "--license", "mit")
    assert f"wrote 2 files with 36 views to {out}" in shown
    assert "run this again with --url, --date for README.md and croissant.json" in shown
    assert 'license: "mit"' in (out / "README.md").read_text()
    assert "wrote 0 files with 36 views" in (again := run("export", file, "-o", out, "--format", form))
    assert "2 existed already" in again
    assert "12 objects, 3 views each" in run("pack", out, "-o", tmp_path / "back.h5")
    assert (tmp_path / "back.h5").read_bytes() == file.read_bytes()
    real = sum(path.stat().st_size for path in (out / "data").iterdir())
    estimated = ShardExport.plan(Dataset(file), out, form, 10**6).estimated_bytes()
    # Parquet's footers weigh in small files only: up to 20 kB each.
    assert abs(real - estimated) < 0.05 * real + 20_000 * 2 * (form == "parquet") + 10_240 * 2 * (form == "webdataset")


def test_options_of_shards_are_refused_for_the_tree(tmp_path: Path, file: Path) -> None:
    for words in (["--shard-size", "5"], ["--license", "mit"], ["--dry-run"], ["--date", "2026-01-01"]):
        with pytest.raises(ThreeDieError, match=f"{words[0]}: only with --format parquet or webdataset"):
            CliRunner(catch_exceptions=False).invoke(data, ["export", str(file), "-o", str(tmp_path / "x"), *words])


def test_without_pyarrow_nothing_is_written_and_the_extra_is_named(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(parquet_shards, "import_module", fail)
    with pytest.raises(ThreeDieError, match=r"pip install 'threedie\[parquet\]', or choose --format webdataset"):
        export(file, tmp_path / "out", "parquet")
    assert not (tmp_path / "out").exists()
    assert export(file, tmp_path / "out", "webdataset") == (4, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"license": ""}, "--license '': give one line of text without quotes"),
        ({"name": "two\nlines"}, "--name"),
        ({"url": 'a"b'}, "--url"),
        ({"date": "27.11.2026"}, "--date '27.11.2026': give a day as 2026-11-27"),
        ({"date": "20261127"}, "--date"),
    ],
)
def test_what_is_published_is_one_line_each(options: dict[str, str], message: str) -> None:
    with pytest.raises(ThreeDieError, match=message):
        Publication(**options)


def test_the_card_states_what_the_dataset_is(file: Path) -> None:
    yaml = pytest.importorskip("yaml")
    card = dataset_card(Dataset(file), PUBLISHED, "parquet")
    _, header, text = card.split("---\n", 2)
    head = yaml.safe_load(header)
    assert (head["pretty_name"], head["license"], head["size_categories"]) == ("noise", "cc0-1.0", ["n<1K"])
    assert head["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train-*.parquet"},
        {"split": "val", "path": "data/val-*.parquet"},
    ]
    odd = dataset_card(Dataset(file), Publication(r"C:\d: é # \N", r"\x"), "parquet")
    head = yaml.safe_load(odd.split("---\n", 2)[1])
    assert (head["pretty_name"], head["license"]) == (r"C:\d: é # \N", r"\x")
    assert "36 images of 16 x 16 pixels: 12 objects of 3 classes, 3 views of each" in text
    assert Dataset(file).fingerprint() in text
    assert "- `val`: 3 objects" in text
    assert "| `light_theta` | latent, in radians |" in text
    assert "https://example.org/noise" in text
