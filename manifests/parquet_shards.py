"""Shards as Parquet files: one row for each view, which Hugging Face `datasets` reads as images with labels."""

import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from threedie.manifests.classes import SYNSETS, name_of
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.files import explained
from threedie.manifests.shards import Row, ShardFormat, row_of

ROWS_AT_ONCE = 1000
"""Rows of a row group, which is what memory holds: 15 MB at 256 px."""
_KEY = b"3die"
_TYPES = {
    "label": "int64", "class": "string", "synset": "string", "object": "string", "view": "int32", "split": "string",
}  # fmt: skip
_REPEATED = ["class", "synset", "object", "split"]


def row_bytes(info: DatasetInfo, item: DatasetObject) -> int:
    """About how many bytes a view takes beside its JPEG: latents and the image's length; names take next to none."""
    del item
    return 8 * len(info.fields) + 4


def _pyarrow(module: str = "pyarrow") -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ThreeDieError(
            f"pyarrow: can't be imported ({one_line(error)}), and Parquet files need it: pip install "
            "'threedie[parquet]', or choose --format webdataset"
        ) from error


def _schema(info: DatasetInfo, mark: str) -> Any:
    """Columns of a shard. `huggingface` in its metadata says which are images and labels, as `datasets` writes it."""
    arrow = _pyarrow()
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    types = {**_TYPES, **{field.name: "float64" for field in info.fields}}
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    features |= {name: {"dtype": kind, "_type": "Value"} for name, kind in types.items()}
    features["label"] = {"names": [name_of(synset) for synset in SYNSETS], "_type": "ClassLabel"}
    metadata = {"huggingface": json.dumps({"info": {"features": features}}), _KEY: mark}
    columns = [(name, arrow.type_for_alias(kind)) for name, kind in types.items()]
    return arrow.schema([("image", image), *columns], metadata)


def write_parquet(path: Path, info: DatasetInfo, mark: str, items: Iterable[tuple[int, DatasetObject]]) -> None:
    """Write one shard.

    Args:
        path: the file.
        info: settings of the dataset.
        mark: text that identifies the shard.
        items: its objects; positions aren't used.
    """
    arrow, parquet = _pyarrow(), _pyarrow("pyarrow.parquet")
    schema = _schema(info, mark)
    # JPEGs don't get smaller; names and angles do.
    packing = {each: "NONE" if each.startswith("image") else "ZSTD" for each in ("image.bytes", *schema.names[1:])}
    options = {"compression": packing, "use_dictionary": _REPEATED, "write_statistics": _REPEATED}
    with parquet.ParquetWriter(path, schema, **options) as writer:
        rows: list[Row] = []
        for _, item in items:
            for view, jpeg in enumerate(item.jpegs):
                rows.append({"image": {"bytes": jpeg, "path": None}, **row_of(item, info, view)})
            if len(rows) >= ROWS_AT_ONCE:
                writer.write_batch(arrow.RecordBatch.from_pylist(rows, schema))
                rows = []
        if rows:
            writer.write_batch(arrow.RecordBatch.from_pylist(rows, schema))


def is_whole_parquet(path: Path, mark: str) -> bool:
    """Whether a file is the shard with this mark, up to its end; false for any other file."""
    try:
        with _pyarrow("pyarrow.parquet").ParquetFile(path) as file:
            return bool((file.metadata.metadata or {}).get(_KEY) == mark.encode())
    except (OSError, ValueError):  # pyarrow's own errors are ValueErrors
        return False


def read_parquet(path: Path, info: DatasetInfo) -> Iterator[Row]:
    """The rows of a shard, with the image's bytes under `image`.

    Raises:
        ThreeDieError: it can't be read, or isn't a shard.
    """
    parquet = _pyarrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(path) as file:
            expected = _schema(info, "")
            if not file.schema_arrow.equals(expected):
                raise ValueError(f"its columns are {', '.join(file.schema_arrow.names)[:100]} of other names or types")
            for batch in file.iter_batches(ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    yield {**row, "image": (row["image"] or {}).get("bytes")}
    except FileNotFoundError as error:
        raise explained(error, path) from error
    except (OSError, ValueError) as error:
        raise ThreeDieError(f"{path}: damaged ({one_line(error)}); export or download it again") from error


PARQUET = ShardFormat(
    "parquet", ".parquet", "application/x-parquet", row_bytes, _pyarrow, write_parquet, is_whole_parquet, read_parquet
)
