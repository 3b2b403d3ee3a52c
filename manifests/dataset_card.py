"""The dataset card of an export: `README.md` with a header that Hugging Face reads."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from threedie.manifests.classes import name_of
from threedie.manifests.dataset import SPLITS, Dataset
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.plurals import pluralize
from threedie.manifests.shards import DATA_FOLDER

CARD_FILE = "README.md"
_SIZES = {10**3: "n<1K", 10**4: "1K<n<10K", 10**5: "10K<n<100K", 10**6: "100K<n<1M", 10**7: "1M<n<10M"}
"""Views below a number -> the name of that range on Hugging Face."""
_LARGEST = "10M<n<100M"
_COLUMNS = {
    "image": "JPEG file",
    "label": "class, 0 to 54: the position of its synset id among those of ShapeNetCore",
    "class": "name of the class",
    "synset": "synset id of the class",
    "object": "id of the object within its class",
    "view": "number of the view, from 0",
    "split": "`train` or `val`; objects, not views, are split",
}
"""Column -> what it is; the latents follow."""


@dataclass(frozen=True)
class Publication:
    """What a dataset doesn't know of its publication.

    Attributes:
        name: of the dataset; None for one made of the preset's.
        license: its license, as in `cc-by-4.0`; None where it is undecided.
        url: its web page; None where it has none yet.
        date: day of its publication, as in `2026-11-27`; None where it is not yet known.
    """

    name: str | None = None
    license: str | None = None
    url: str | None = None
    date: str | None = None

    def __post_init__(self) -> None:
        for option, value in vars(self).items():
            if value is not None and (not value.strip() or not value.isprintable() or '"' in value):
                raise ThreeDieError(f"--{option} {shown_value(value)}: give one line of text without quotes")
        if self.date is not None and not _is_day(self.date):
            raise ThreeDieError(f"--date {shown_value(self.date)}: give a day as 2026-11-27")

    def title(self, dataset: Dataset) -> str:
        """Name of the dataset."""
        return self.name or f"{dataset.info.preset.get('name', '3die')}-{len(dataset)}x{dataset.info.views}"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def summary(dataset: Dataset) -> str:
    """What a dataset is, in two sentences."""
    info = dataset.info
    classes = len({ref.synset for ref in dataset.objects})
    objects, views = pluralize(len(dataset), "object"), pluralize(info.views, "view")
    return (
        f"{len(dataset) * info.views:,} images of {info.image_size} x {info.image_size} pixels: "
        f"{objects} of {pluralize(classes, 'class')}, {views} of each, "
        "with the latents (rotation, color and light) that each was rendered from. Made with 3die, in the form of "
        "3DIEBench (Garrido, Najman & LeCun, ICML 2023)."
    )


def columns_of(dataset: Dataset) -> dict[str, str]:
    """Columns of the rows, in order, and what each is."""
    units = {"rad": "in radians", "turn": "in turns around the color circle, 0 to 1", "length": "in Blender units"}
    return {**_COLUMNS, **{field.name: f"latent, {units[field.unit]}" for field in dataset.fields}}


def channels_text(dataset: Dataset) -> str:
    """A sentence on the order of the color channels."""
    if dataset.info.channel_order == "rgb":
        return "The JPEGs hold red, green and blue as usual."
    return (
        "Red and blue are exchanged in the JPEGs, as in the published 3DIEBench: read the channels in reverse order "
        "for true colors."
    )


def dataset_card(dataset: Dataset, publication: Publication, form: str) -> str:
    """The card's text.

    Args:
        dataset: what was exported.
        publication: what it doesn't know of its publication.
        form: `parquet` or `webdataset`.
    """
    counts, title = Counter(dataset.splits), publication.title(dataset)
    info, suffix = dataset.info, {"parquet": "parquet", "webdataset": "tar"}[form]
    splits = [split for split in SPLITS if counts[split]]
    images = len(dataset) * info.views
    size = next((name for bound, name in _SIZES.items() if images < bound), _LARGEST)
    # A JSON text is one of YAML too, whatever it holds.
    header = [f"pretty_name: {json.dumps(title)}"]
    header += [f"license: {json.dumps(publication.license)}"] if publication.license else []
    header += ["task_categories:", "- image-feature-extraction", "size_categories:", f"- {size}"]
    header += ["configs:", "- config_name: default", "  data_files:"]
    for split in splits:
        header += [f"  - split: {split}", f"    path: {DATA_FOLDER}/{split}-*.{suffix}"]
    rows = [f"| `{name}` | {text} |" for name, text in columns_of(dataset).items()]
    if form == "webdataset":
        rows[0] = "| `jpg` | JPEG file; the others are in `json` |"
    classes = Counter(name_of(ref.synset) for ref in dataset.objects)
    lines = [
        "---", *header, "---", "", f"# {title}", "", summary(dataset), "",
        *([f"Page: {publication.url}", ""] if publication.url else []),
        "## Use", "", "```python", *_use(form, splits[0]), "```", "", channels_text(dataset), "",
        "## Columns", "", "| column | content |", "|---|---|", *rows, "",
        "## Splits", "", *(f"- `{split}`: {pluralize(counts[split], 'object')}" for split in splits), "",
        "## Settings", "",
        f"- preset {_word(info.preset)}, quality {_word(info.quality)}, sampler {info.sampler}, seed {info.seed}",
        f"- fingerprint `{dataset.fingerprint()}`", "",
        "`dataset.json` has all settings; `3die data pack` makes the dataset file of them and these files again.", "",
        "## Classes", "", ", ".join(f"{name} ({count:,})" for name, count in sorted(classes.items())), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _use(form: str, split: str) -> list[str]:
    if form == "webdataset":
        return [
            "import webdataset",
            "",
            f'files = "data/{split}-00000-of-00001.tar"  # braces for several: {split}-{{00000..00041}}-of-00042.tar',
            'for image, row in webdataset.WebDataset(files, shardshuffle=False).decode("pil").to_tuple("jpg", "json"):',
            '    print(image.size, row["class"], row["rotation_x"])',
        ]
    return [
        "import datasets",
        "",
        f'views = datasets.load_dataset(".", split="{split}")  # in this folder, or its name on the Hub',
        'print(views[0]["image"], views[0]["class"], views[0]["rotation_x"])',
    ]


def _word(table: dict[str, Any]) -> str:
    return str(table.get("name", "unknown"))
