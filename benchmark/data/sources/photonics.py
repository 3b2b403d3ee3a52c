"""Photonic crystals in the setting of E-SSL (Dangovski et al., ICLR 2022): unit cells and densities of states."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

from threedie.baselines.cell_encoder import NAME as CELL_ENCODER
from threedie.baselines.method import Method
from threedie.benchmark.data.cell_augmentation import AUGMENTATIONS
from threedie.benchmark.data.cells import SIDE, CellImages, UnitCells
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.source import Source
from threedie.benchmark.settings.fine_tuning import LABELS, RULES
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.photonics import PhotonicCells
from threedie.manifests.progress import SILENT, Reporter

NAME = "photonics"
_HEADS = {"heads": "shared_norm", "temperature": 0.1}
_TARGETS = {"blob": "half_shift", "gpm": "image_rotation"}
"""Kind of cells -> what E-SSL predicts of them."""
_EQUIVARIANCE = {"negatives": "both_views", "hidden": "512-512", "equivariance_weight": 5.0, "crop_share": 1.0}


def method_defaults(method: str, kind: str) -> dict[str, Any]:
    """Options of a method for a kind of cells, as E-SSL's code has them; none for methods that it doesn't have."""
    if method == "essl":
        return {**_HEADS, **_EQUIVARIANCE, "target": _TARGETS[kind]}
    return dict(_HEADS) if method == "simclr" else {}


class PhotonicsSource(Source):
    """A file of unit cells, as `3die photonics make` writes it."""

    default_recipe: ClassVar[str] = NAME
    tasks: ClassVar[tuple[str, ...]] = tuple(f"density_{count}" for count in LABELS)

    def __init__(self, dataset: UnitCells) -> None:
        self.dataset: UnitCells = dataset

    @classmethod
    def open(cls, path: Path | None, reporter: Reporter = SILENT) -> "PhotonicsSource":
        """Open a file; see `Source.open`."""
        if path is None:
            raise ThreeDieError("--dataset photonics: name the file of '3die photonics make' with --data FILE")
        return cls(UnitCells(PhotonicCells(path)))

    @classmethod
    def find_protocol(cls, name: str) -> Protocol:
        """A protocol by name; see `Source.find_protocol`."""
        if name not in RULES:
            raise ThreeDieError(f"--protocol {name}: on photonic crystals there are {', '.join(RULES)}")
        return RULES[name].protocol

    def adapt(self, method: str, recipe: Recipe) -> Recipe:
        """Add the options that E-SSL's code has for photonic crystals, where the recipe doesn't set them."""
        defaults = method_defaults(method, self.dataset.kind)
        return replace(recipe, method_options={**defaults, **recipe.method_options})

    def images(self, recipe: Recipe, workers: int = 2, reporter: Reporter = SILENT) -> CellImages:
        """The cells, whatever the recipe: `check` refuses others than it gives."""
        return CellImages(self.dataset)

    def check(self, settings: RunSettings, method: Method) -> None:
        """Refuse a recipe for pictures, and a method that needs an action or classes."""
        recipe = settings.recipe
        for key, fitting in (
            ("image_size", (SIDE,)),
            ("backbone", (CELL_ENCODER,)),
            ("normalization", ("permittivity",)),
            ("augmentation", AUGMENTATIONS),
            ("center", (1,)),
        ):
            if getattr(recipe, key) not in fitting:
                raise ThreeDieError(
                    f"recipe {recipe.name}: {key} is {getattr(recipe, key)}; unit cells need "
                    f"{' or '.join(map(str, fitting))}: leave --recipe out, or take photonics or photonics-micro"
                )
        if method.action is not None or settings.method == "supervised":
            raise ThreeDieError(
                f"method {settings.method}: needs actions or classes, and unit cells have neither; take essl (with "
                f"target {_TARGETS[self.dataset.kind]}), simclr, simsiam, barlow_twins, or random for no pre-training"
            )

    def summary(self) -> str:
        """Two lines."""
        cells = self.dataset
        return (
            f"dataset  {cells.path}: {len(cells):,} unit cells of kind {cells.kind}, seed {cells.file.info.seed}\n"
            f"         {len(cells.indices('train')):,} for training, {len(cells.indices('val')):,} for test"
        )

    def describe(self) -> dict[str, Any]:
        """What a record says of it."""
        cells = self.dataset
        return {
            **asdict(identify(cells)),
            "preset": f"{NAME}-{cells.kind}",
            "models": {"source": NAME, **asdict(cells.file.info)},
            "objects": len(cells),
            "views": 1,
            "image_size": SIDE,
            # Cells have no classes; a record needs a number.
            "classes": 1,
            "train_objects": len(cells.indices("train")),
            "val_objects": len(cells.indices("val")),
            "split": "last-fifth",
        }
