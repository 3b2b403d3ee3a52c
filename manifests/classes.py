"""The 55 classes of ShapeNetCore v2: ids, names, labels."""

from collections.abc import Sequence

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.suggest import suggest

CLASSES: dict[str, tuple[str, ...]] = {
    "02691156": ("airplane", "plane", "aeroplane"),
    "02747177": ("trash bin", "garbage can", "dustbin"),
    "02773838": ("bag", "handbag"),
    "02801938": ("basket",),
    "02808440": ("bathtub", "tub"),
    "02818832": ("bed",),
    "02828884": ("bench",),
    "02843684": ("birdhouse",),
    "02871439": ("bookshelf",),
    "02876657": ("bottle",),
    "02880940": ("bowl",),
    "02924116": ("bus", "coach"),
    "02933112": ("cabinet",),
    "02942699": ("camera",),
    "02946921": ("can", "tin can"),
    "02954340": ("cap",),
    "02958343": ("car", "automobile"),
    "02992529": ("cellphone", "mobile phone", "cellular telephone"),
    "03001627": ("chair",),
    "03046257": ("clock",),
    "03085013": ("keyboard", "computer keyboard"),
    "03207941": ("dishwasher",),
    "03211117": ("display", "monitor", "screen"),
    "03261776": ("earphone", "headphone", "headset"),
    "03325088": ("faucet", "tap"),
    "03337140": ("file cabinet", "filing cabinet"),
    "03467517": ("guitar",),
    "03513137": ("helmet",),
    "03593526": ("jar",),
    "03624134": ("knife",),
    "03636649": ("lamp",),
    "03642806": ("laptop", "notebook"),
    "03691459": ("loudspeaker", "speaker"),
    "03710193": ("mailbox", "letter box"),
    "03759954": ("microphone", "mike"),
    "03761084": ("microwave", "microwave oven"),
    "03790512": ("motorbike", "motorcycle"),
    "03797390": ("mug",),
    "03928116": ("piano",),
    "03938244": ("pillow", "cushion"),
    "03948459": ("pistol", "handgun"),
    "03991062": ("flowerpot", "pot", "planter"),
    "04004475": ("printer",),
    "04074963": ("remote control", "remote"),
    "04090263": ("rifle",),
    "04099429": ("rocket",),
    "04225987": ("skateboard",),
    "04256520": ("sofa", "couch"),
    "04330267": ("stove",),
    "04379243": ("table",),
    "04401088": ("telephone", "phone"),
    "04460130": ("tower",),
    "04468005": ("train", "railcar"),
    "04530566": ("watercraft", "boat", "ship", "vessel"),
    "04554684": ("washer", "washing machine"),
}
"""Synset id -> name and synonyms, in the order of the ids: a class's position is its label."""

SYNSETS: tuple[str, ...] = tuple(CLASSES)
"""The 55 synset ids, sorted."""

_LABELS = {synset: label for label, synset in enumerate(SYNSETS)}
_LONGEST = 60
"""Characters of an unknown word that messages show."""
_BY_WORD = {word: synset for synset, names in CLASSES.items() for word in (synset, *names)}


def label_of(synset: str) -> int:
    """Label of a class: the index of its synset id among the 55 sorted ids.

    Raises:
        ThreeDieError: not one of the 55.
    """
    if synset not in _LABELS:
        raise ThreeDieError(f"{synset[:_LONGEST]}: not one of the {len(SYNSETS)} classes of ShapeNetCore v2")
    return _LABELS[synset]


def name_of(synset: str) -> str:
    """The class's English name, or the id itself where it isn't one of the 55."""
    return CLASSES[synset][0] if synset in CLASSES else synset


def find_class(word: str) -> str:
    """Synset id of a class, from its id, name or synonym (upper case, hyphens and underscores don't matter).

    Raises:
        ThreeDieError: no such class; the message suggests the nearest.
    """
    plain = " ".join(word.lower().replace("_", " ").replace("-", " ").split())
    if plain in _BY_WORD:
        return _BY_WORD[plain]
    remedy = suggest(plain, _BY_WORD, f"choose from {class_names(SYNSETS)}")
    raise ThreeDieError(f"{word[:_LONGEST]!r} is not a class: {remedy}")


def parse_classes(text: str) -> tuple[str, ...]:
    """Synset ids, sorted and each once, of a comma-separated list of ids, names or synonyms, or of `all`.

    Raises:
        ThreeDieError: an unknown class, or an empty list.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ThreeDieError("the list of classes is empty: give 'all' or names such as 'chair,airplane'")
    if names == ["all"]:
        return SYNSETS
    return tuple(sorted({find_class(name) for name in names}))


def class_names(synsets: Sequence[str]) -> str:
    """The names of some classes in one line."""
    return ", ".join(name_of(synset) for synset in synsets)
