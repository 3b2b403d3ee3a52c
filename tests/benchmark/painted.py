"""Pictures that tell their latents, painted in no time and without Blender."""

from pathlib import Path

import numpy as np
import simplejpeg

from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.latents import LatentField
from threedie.manifests.objects import ObjectRef

HALF_TURN = ((-np.pi / 2, np.pi / 2),)
FIELDS = (
    LatentField("rotation_x", HALF_TURN),
    LatentField("rotation_y", HALF_TURN),
    LatentField("rotation_z", HALF_TURN),
    LatentField("floor_hue", ((0.0, 1.0),)),
    LatentField("light_theta", ((0.0, np.pi / 4),)),
    LatentField("light_phi", ((0.0, 2 * np.pi),)),
    LatentField("light_hue", ((0.0, 1.0),)),
)
TRANSLATION_FIELDS = tuple(LatentField(f"translation_{axis}", ((-0.5, 0.5),)) for axis in "xyz")
"""What 3DIEBench-T has besides; it isn't painted."""


def draw_latents(count: int, views: int, seed: int = 0) -> np.ndarray:
    low, high = (np.array([field.ranges[0][end] for field in FIELDS]) for end in (0, 1))
    return np.random.default_rng(seed).uniform(low, high, (count, views, len(FIELDS)))


def paint(latents: np.ndarray, label: int, size: int) -> bytes:
    """A picture that holds the latents: a floor of one hue, a disc whose shading follows the angles."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    rx, ry, rz, floor, _, _, light = latents
    picture = np.stack([np.full_like(x, 90 + 80 * np.sin(2 * np.pi * (floor + k / 3))) for k in range(3)], -1)
    stripes = 0.5 + 0.5 * np.sin((2 + label % 5) * (x * np.cos(rz) + y * np.sin(rz)) * 3 + rx)
    disc = x**2 + (y * (1 + 0.5 * np.sin(ry))) ** 2 < 0.5
    tint = 0.6 + 0.4 * np.sin(2 * np.pi * (light + np.arange(3) / 3))
    picture[disc] = (60 + 190 * stripes[disc, None]) * tint
    return simplejpeg.encode_jpeg(np.ascontiguousarray(picture.clip(0, 255).astype(np.uint8)), quality=95)


def write_painted(
    path: Path,
    objects: int = 40,
    views: int = 10,
    size: int = 64,
    classes: int = 4,
    splits: list[str] | None = None,
    channel_order: str = "rgb",
    translated: bool = False,
) -> Path:
    """Write a dataset of painted pictures; its path."""
    latents = draw_latents(objects, views)
    if translated:
        latents = np.concatenate([latents, np.random.default_rng(1).uniform(-0.5, 0.5, (objects, views, 3))], -1)
    info = DatasetInfo(
        preset={"name": "painted"},
        fields=(*FIELDS, *TRANSLATION_FIELDS) if translated else FIELDS,
        seed=0,
        sampler="counter",
        views=views,
        image_size=size,
        channel_order=channel_order,
        quality={"name": "painted"},
        models={"source": "painted"},
    )
    items = []
    for index in range(objects):
        label = index % classes
        split = splits[index] if splits else ("val" if index // classes % 5 == 0 else "train")
        jpegs = [paint(latents[index, view, : len(FIELDS)], label, size) for view in range(views)]
        items.append(DatasetObject(ObjectRef(SYNSETS[label], f"{index:04d}"), split, latents[index], jpegs))
    total = sum(len(jpeg) for item in items for jpeg in item.jpegs)
    write_dataset(path, info, [{"renderer": "paint"}], objects, total, items)
    return path
