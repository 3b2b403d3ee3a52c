"""The library of generators: which class is made by what, and the naming of what they make."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from threedie.manifests.classes import name_of
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.render.models.source import MESH_FILE
from threedie.render.models.synth import (
    appliances,
    craft,
    electronics,
    furniture,
    handheld,
    home,
    instruments,
    road,
    storage,
    street,
    vessels,
    wear,
)
from threedie.render.models.synth.scene import Scene, write_scene

VERSION = 1
"""To be raised whenever any generator's output changes: datasets record it."""

Generator = Callable[[np.random.Generator], Scene]

GENERATORS: dict[str, Generator] = {
    "02691156": craft.airplane,
    "02747177": storage.trash_bin,
    "02773838": storage.bag,
    "02801938": storage.basket,
    "02808440": vessels.bathtub,
    "02818832": furniture.bed,
    "02828884": furniture.bench,
    "02843684": street.birdhouse,
    "02871439": storage.bookshelf,
    "02876657": vessels.bottle,
    "02880940": vessels.bowl,
    "02924116": road.bus,
    "02933112": storage.cabinet,
    "02942699": electronics.camera,
    "02946921": vessels.can,
    "02954340": wear.cap,
    "02958343": road.car,
    "02992529": electronics.cellphone,
    "03001627": furniture.chair,
    "03046257": home.clock,
    "03085013": electronics.keyboard,
    "03207941": appliances.dishwasher,
    "03211117": electronics.display,
    "03261776": electronics.earphone,
    "03325088": home.faucet,
    "03337140": storage.file_cabinet,
    "03467517": instruments.guitar,
    "03513137": wear.helmet,
    "03593526": vessels.jar,
    "03624134": handheld.knife,
    "03636649": home.lamp,
    "03642806": electronics.laptop,
    "03691459": electronics.loudspeaker,
    "03710193": street.mailbox,
    "03759954": electronics.microphone,
    "03761084": appliances.microwave,
    "03790512": road.motorbike,
    "03797390": vessels.mug,
    "03928116": instruments.piano,
    "03938244": furniture.pillow,
    "03948459": handheld.pistol,
    "03991062": vessels.flowerpot,
    "04004475": electronics.printer,
    "04074963": electronics.remote_control,
    "04090263": handheld.rifle,
    "04099429": craft.rocket,
    "04225987": road.skateboard,
    "04256520": furniture.sofa,
    "04330267": appliances.stove,
    "04379243": furniture.table,
    "04401088": electronics.telephone,
    "04460130": street.tower,
    "04468005": road.train,
    "04530566": craft.watercraft,
    "04554684": appliances.washer,
}
"""Synset id -> generator. For a new one: write a function of a random generator that gives a `Scene`, and list it here.

The tests then hold it to what must be true of every object.
"""

_ID = re.compile(r"synth-(0|[1-9]\d*)-(\d{5,})")


def object_ref(seed: int, synset: str, index: int) -> ObjectRef:
    """The name of a made-up object, such as `03001627/synth-0-00012`."""
    return ObjectRef(synset, f"synth-{seed}-{index:05d}")


def parse_ref(ref: ObjectRef) -> tuple[int, str, int] | None:
    """Seed, synset and index of a made-up object; None where the name is of another kind."""
    match = _ID.fullmatch(ref.object_id)
    if match is None:
        return None
    seed, index = int(match[1]), int(match[2])
    return (seed, ref.synset, index) if object_ref(seed, ref.synset, index) == ref else None


def make_object(seed: int, synset: str, index: int) -> Scene:
    """One object of a class: a pure function of its arguments.

    Raises:
        ThreeDieError: no generator makes this class.
    """
    if synset not in GENERATORS:
        raise ThreeDieError(f"{name_of(synset)}: no generator makes this class")
    digest = hashlib.sha256(f"synth\0{seed}\0{synset}\0{index}".encode()).digest()
    rng = np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
    return GENERATORS[synset](rng)


def write_object(seed: int, synset: str, index: int, root: Path) -> Path:
    """Write an object under `root` in the ShapeNetCore v2 layout, whole or not at all; give its OBJ file.

    What is already there is kept.

    Raises:
        ThreeDieError: no generator makes this class, or the folder can't be written to.
    """
    ref = object_ref(seed, synset, index)
    folder = root / ref.synset / ref.object_id
    if (folder / MESH_FILE).is_file():
        return folder / MESH_FILE
    return write_scene(make_object(seed, synset, index), folder)
