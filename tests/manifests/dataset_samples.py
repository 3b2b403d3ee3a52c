"""Small datasets of noise to test with: made in milliseconds, different in every byte."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import simplejpeg

from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset, write_part
from threedie.manifests.latents import LatentField
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import part_path

HALF = np.pi / 2
FIELDS = (
    LatentField("rotation_x", ((-HALF, HALF),)),
    LatentField("rotation_y", ((-HALF, HALF),)),
    LatentField("rotation_z", ((-HALF, HALF),)),
    LatentField("floor_hue", ((0.0, 1.0),)),
    LatentField("light_theta", ((0.0, np.pi / 4),)),
    LatentField("light_phi", ((0.0, 2 * np.pi),)),
    LatentField("light_hue", ((0.0, 1.0),)),
)


def make_info(views: int = 3, size: int = 16, **changes: object) -> DatasetInfo:
    settings: dict[str, object] = {
        "preset": {"name": "noise", "constant": 0.1},
        "fields": FIELDS,
        "seed": 7,
        "sampler": "counter",
        "views": views,
        "image_size": size,
        "channel_order": "rgb",
        "quality": {"name": "draft", "samples": 1},
        "models": {"source": "none"},
    }
    return DatasetInfo(**{**settings, **changes})  # type: ignore[arg-type]


def jpeg(rng: np.random.Generator, size: int) -> bytes:
    return simplejpeg.encode_jpeg(rng.integers(0, 256, (size, size, 3), np.uint8), 95, "RGB", "420")


def make_objects(info: DatasetInfo, count: int = 6, classes: int = 3, seed: int = 0) -> list[DatasetObject]:
    rng = np.random.default_rng(seed)
    low, high = (np.array([field.ranges[0][end] for field in info.fields]) for end in (0, 1))
    return sorted(
        (
            DatasetObject(
                ObjectRef(SYNSETS[index % classes * 7], f"object {index} é"),
                "val" if index % 4 == 3 else "train",
                rng.uniform(low, high, (info.views, len(info.fields))),
                [jpeg(rng, info.image_size) for _ in range(info.views)],
            )
            for index in range(count)
        ),
        key=lambda item: item.ref,
    )


def write(path: Path, info: DatasetInfo, objects: Sequence[DatasetObject]) -> Path:
    total = sum(len(view) for item in objects for view in item.jpegs)
    write_dataset(path, info, [{"renderer": "none", "version": 1}], len(objects), total, objects)
    return path


def write_parts(folder: Path, info: DatasetInfo, objects: Sequence[DatasetObject]) -> list[Path]:
    paths = [part_path(folder, item.ref) for item in objects]
    for path, item in zip(paths, objects, strict=True):
        write_part(path, info, {"renderer": "none", "version": 1}, item)
    return paths
