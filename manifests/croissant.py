"""The Croissant description of an export: JSON-LD in which other tools find files, columns and their types.

MLCommons Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html).
"""

from typing import Any

from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_card import Publication, channels_text, columns_of, summary
from threedie.manifests.shards import DATA_FOLDER, ShardFormat

_CITATION = (
    "@inproceedings{garrido2023sie, title={Self-supervised learning of Split Invariant Equivariant representations}, "
    "author={Garrido, Quentin and Najman, Laurent and LeCun, Yann}, booktitle={ICML}, year={2023}}"
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
Json = dict[str, Any]

_TYPES = {"image": "sc:ImageObject", "label": "sc:Integer", "view": "sc:Integer"}
_FILES, _IMAGES, _ROWS = "parquet-files", "image-files", "row-files"


def croissant(dataset: Dataset, publication: Publication, form: ShardFormat, checksums: dict[str, str]) -> Json:
    """The description of an export, as plain JSON.

    Args:
        dataset: what was exported.
        publication: what it doesn't know of its publication.
        form: how its shards are written.
        checksums: SHA-256 of each shard, by its path within the folder.
    """
    files = [
        {
            "@type": "cr:FileObject",
            "@id": file,
            "name": file.rpartition("/")[2],
            "contentUrl": file,
            "encodingFormat": form.media_type,
            "sha256": checksum,
        }
        for file, checksum in checksums.items()
    ]
    about = {"license": publication.license, "url": publication.url, "datePublished": publication.date}
    sets, records = (_parquet if form.name == "parquet" else _archives)(dataset, form, list(checksums))
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": publication.title(dataset),
        "description": f"{summary(dataset)} {channels_text(dataset)}",
        "citeAs": _CITATION,
        "version": "1.0.0",
        **{key: value for key, value in about.items() if value},
        "distribution": [*files, *sets],
        "recordSet": records,
    }


def _record_set(name: str, description: str, fields: list[Json]) -> Json:
    head = {"@type": "cr:RecordSet", "@id": name, "name": name, "description": description}
    return {**head, "field": [{**field, "@id": f"{name}/{field['name']}"} for field in fields]}


def _field(name: str, description: str, source: Json) -> Json:
    texts = ("class", "synset", "object", "split", "key", "row")
    kind = _TYPES.get(name, "sc:Text" if name in texts else "sc:Float")
    head = {"@type": "cr:Field", "name": name, "description": description}
    return {**head, "dataType": kind, "source": source}


def _file_set(name: str, media_type: str, pattern: str, within: list[str]) -> Json:
    contained = {"containedIn": [{"@id": file} for file in within]} if within else {}
    head = {"@type": "cr:FileSet", "@id": name, "name": name, **contained}
    return {**head, "encodingFormat": media_type, "includes": pattern}


def _parquet(dataset: Dataset, form: ShardFormat, files: list[str]) -> tuple[list[Json], list[Json]]:
    """File sets and record sets of Parquet files."""
    del files
    source = {"fileSet": {"@id": _FILES}}
    fields = []
    for name, text in columns_of(dataset).items():
        # A column of pictures is a table of `bytes` and `path`, as Hugging Face writes it.
        inner = {"transform": {"jsonPath": "bytes"}} if name == "image" else {}
        fields.append(_field(name, text, {**source, "extract": {"column": name}, **inner}))
    sets = [_file_set(_FILES, form.media_type, f"{DATA_FOLDER}/*{form.suffix}", [])]
    return sets, [_record_set("views", "One record for each view.", fields)]


def _archives(dataset: Dataset, form: ShardFormat, files: list[str]) -> tuple[list[Json], list[Json]]:
    """File sets and record sets of tar archives: images and tables, which share their key."""
    del form
    sets = [
        _file_set(_IMAGES, "image/jpeg", "*.jpg", files),
        _file_set(_ROWS, "application/json", "*.json", files),
    ]
    columns, key = columns_of(dataset), "name of the view's files, without ending"
    image = columns.pop("image")
    table = "JSON table: " + "; ".join(f"{name}: {text}" for name, text in columns.items())
    return sets, [
        _members("views", "The table of each view.", _ROWS, "json", [("key", key), ("row", table)]),
        _members(
            "images", "The image of each view, by the same key.", _IMAGES, "jpg", [("key", key), ("image", image)]
        ),
    ]


def _members(name: str, description: str, files: str, ending: str, fields: list[tuple[str, str]]) -> Json:
    """The record set of a kind of members: their key, and what they hold.

    Whole members, since mlcroissant reads no fields out of JSON files within archives.
    """
    source = {"fileSet": {"@id": files}}
    key = {**source, "extract": {"fileProperty": "filename"}, "transform": {"regex": rf"([0-9_]+)\.{ending}"}}
    content = {**source, "extract": {"fileProperty": "content"}}
    sources = zip(fields, (key, content), strict=True)
    return _record_set(name, description, [_field(field, text, each) for (field, text), each in sources])
