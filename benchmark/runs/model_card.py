"""The model card of an exported backbone: `README.md` with what it is, its numbers, and how it is loaded."""

from collections.abc import Mapping
from typing import Any

from threedie.benchmark.records.record import Record
from threedie.benchmark.records.upgrade import warning_line
from threedie.benchmark.runs.summary import results_table
from threedie.benchmark.training.exported import ExportedBackbone

CARD_FILE = "README.md"


def model_card(about: ExportedBackbone, record: Record | None, form: str, weights_file: str) -> str:
    """The card's text.

    Args:
        about: the network.
        record: of the run, if it was evaluated.
        form: `safetensors`, `torchvision` or `timm`.
        weights_file: name of the file of weights beside it.
    """
    title = f"{about['method']} {about['backbone']}"
    header = ["library_name: timm"] if form == "timm" else []
    recipe = ", ".join(f"{name} {value}" for name, value in about["recipe"].items() if not isinstance(value, dict))
    lines = [
        "---", *header, "tags:", "- image-feature-extraction", "- 3die", f"- {about['method']}", "---", "",
        f"# {title}", "",
        _summary(about), "",
        "## Input", "",
        _input(about), "",
        "## Use", "", "```python", *_use(about, form, weights_file), "```", "",
        *_parts(about),
        "## Training", "",
        f"- recipe: {recipe}", f"- method options: {about['recipe'].get('method_options') or 'defaults'}",
        f"- seed: {about['seed']}", *_data(about, record),
        f"- weights of the whole method, SHA-256 `{about['weights_sha256']}`", "",
        *_results(record),
    ]  # fmt: skip
    return "\n".join(lines)


def _summary(about: ExportedBackbone) -> str:
    return (
        f"A {about['backbone']} of width {about['width']} in the form `{about['form']}`, which gives {about['dim']} "
        f"values for an image. Trained by the method `{about['method']}` with 3die on rendered objects; a benchmark's "
        "network, not one for use on photographs."
    )


def _input(about: ExportedBackbone) -> str:
    return (
        f"Images of {about['image_size']} x {about['image_size']} pixels{_crop(about)}, red, green and blue from 0 to "
        f"1, normalized with mean {_numbers(about['mean'])} and standard deviation {_numbers(about['std'])}."
    )


def _crop(about: ExportedBackbone) -> str:
    share = about["center"]
    return "" if share == 1 else f", made of the middle {share:.4g} of the width and height of the dataset's images"


def _numbers(values: Any) -> str:
    return " ".join(f"{value:.4f}" for value in values)


def _use(about: ExportedBackbone, form: str, weights_file: str) -> list[str]:
    if form == "timm":
        return [
            "import timm",
            "",
            'network = timm.create_model("local-dir:FOLDER", pretrained=True).eval()  # FOLDER: where this file lies',
        ]
    if form == "torchvision":
        return [
            "import torch",
            "import torchvision",
            "",
            f"network = torchvision.models.{about['backbone']}()",
            "network.fc = torch.nn.Identity()",
            f'network.load_state_dict(torch.load("{weights_file}", weights_only=True))',
            "network.eval()",
        ]
    return [
        "import threedie",
        "",
        'backbone = threedie.load_backbone("FOLDER")  # where this file lies; it normalizes images itself',
    ]


def _parts(about: ExportedBackbone) -> list[str]:
    if len(about["parts"]) < 2:
        return []
    rows = [f"- `{name}`: {begin} to {end - 1}" for name, (begin, end) in about["parts"].items()]
    return ["## Parts of the representation", "", *rows, ""]


def _data(about: ExportedBackbone, record: Record | None) -> list[str]:
    lines = [f"- dataset with the fingerprint `{about['trained_on'] or 'unknown'}`"]
    if record is None:
        return lines
    data: Mapping[str, Any] = record.get("trained_on") or record["dataset"]
    counts = ", ".join(
        f"{data[key]:,} {words}"
        for key, words in (("train_objects", "training objects"), ("classes", "classes"), ("views", "views of each"))
        if data.get(key) is not None
    )
    return [*lines, f"- preset {data['preset']}: {counts}"]


def _results(record: Record | None) -> list[str]:
    if record is None:
        return ["## Results", "", "Not evaluated when it was exported.", ""]
    rules = record["protocol"]
    warnings = [f"- {warning_line(warning)}" for warning in record["warnings"] or []]
    return [
        "## Results", "",
        f"Record `{record['id']}`, protocol {rules['name']} v{rules['version']}, on the validation objects.",
        "The floor is the score of a prediction without any information.", "",
        "```text", results_table(record), "```", "", *([*warnings, ""] if warnings else []),
    ]  # fmt: skip
