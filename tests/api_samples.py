"""A tiny dataset for the tests of the public API and of the examples."""

from pathlib import Path

from painted import FIELDS, draw_latents, paint

from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.objects import ObjectRef


def write_tiny(path: Path, objects: int = 20, views: int = 5, size: int = 32, channel_order: str = "rgb") -> Path:
    """`objects` objects of 4 classes, every fifth of them for validation."""
    latents = draw_latents(objects, views)
    plain = {"name": "painted"}
    info = DatasetInfo(plain, FIELDS, 0, "counter", views, size, channel_order, plain, {"source": "painted"})
    items = []
    for index in range(objects):
        label, split = index % 4, "val" if index % 5 == 0 else "train"
        jpegs = [paint(latents[index, view], label, size) for view in range(views)]
        items.append(DatasetObject(ObjectRef(SYNSETS[label], f"{index:04d}"), split, latents[index], jpegs))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_dataset(path, info, [{"renderer": "paint"}], objects, sum(len(j) for i in items for j in i.jpegs), items)
    return path
