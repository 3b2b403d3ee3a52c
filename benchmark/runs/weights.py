"""Weights to measure: a checkpoint of a run, or a file that another program wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threedie.baselines.catalogue import CATALOGUE
from threedie.benchmark.records.build import options_suffix, run_name
from threedie.benchmark.records.record import RECORD_FILE, read_record, weights_of
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, is_ours, load_weights, weights_sha256
from threedie.benchmark.training.imported import BACKBONE_ALONE, ImportOptions, import_checkpoint, read_options
from threedie.benchmark.training.own_methods import load_method
from threedie.benchmark.training.restore import read_settings, restore, with_evaluation_options
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.places import DEFAULT_RUNS


@dataclass(frozen=True)
class Weights:
    """Trained weights in the form of a checkpoint.

    Attributes:
        path: the file.
        content: as of a finished checkpoint.
        folder: where their record goes unless another place is named.
        owns_folder: whether that folder is made for them, and isn't one where somebody keeps a checkpoint.
    """

    path: Path
    content: Mapping[str, Any]
    folder: Path
    owns_folder: bool

    @classmethod
    def open(cls, path: Path, image_size: int, options: ImportOptions | None = None) -> "Weights":
        """Read a file of weights.

        Args:
            path: a run's checkpoint or its folder, one of SIE's original code, or weights of a ResNet under
                torchvision's names.
            image_size: of the pictures that imported weights will see, in pixels.
            options: for weights of another program.

        Raises:
            ThreeDieError: it can't be read, or a checkpoint of this program gets options that it has itself.
        """
        if (inner := path / CHECKPOINT_FILE).is_file():
            path = inner
        content = load_weights(path)
        if is_ours(content):
            if options and replace(options, overrides=()).describes_weights:
                raise ThreeDieError(
                    f"{path}: a checkpoint of this program, which names its method; leave --experience and "
                    "--normalization out"
                )
            folder = path.resolve().parent
            if path.name == CHECKPOINT_FILE:
                return cls(path, content, folder, False)
            # Weights beside those of a run get a record beside its record.
            return cls(path, content, folder / (path.stem if path.suffix else f"{path.name}-eval"), True)
        content = import_checkpoint(path, content, image_size, options)
        name = run_name(content["imported"]["name"], content["settings"]["recipe"]["name"], None)
        return cls(path, content, DEFAULT_RUNS / f"{name}-{weights_sha256(content['model'])[:8]}", True)

    @property
    def recipe(self) -> Recipe:
        """The recipe they were trained with, as far as the file shows it."""
        return Recipe.from_json(self.content["settings"]["recipe"])

    @property
    def notes(self) -> list[str]:
        """Kind of the weights of another program, and remarks; empty for a checkpoint of this program."""
        if "imported" not in self.content:
            return []
        recipe, method = self.recipe, self.content["settings"]["method"]
        what = f"method {method} {recipe.method_options or ''}".strip()
        if method == BACKBONE_ALONE:
            what = "a backbone alone"
        kind = f"{recipe.backbone} in the form {recipe.form}, pixels normalized as {recipe.normalization}"
        return [f"{self.content['imported']['source']}: {what}, {kind}", *self.content["imported"]["notes"]]

    def check(self, method_file: str | None = None) -> None:
        """Refuse weights that can't be measured.

        Args:
            method_file: `FILE.py:CLASS` of the method, if it isn't one of this program's.

        Raises:
            ThreeDieError: the method is another or missing, the run isn't finished, or the weights don't fit it.
        """
        trained = read_settings(dict(self.content), self.path).method
        if method_file is not None:
            method = load_method(method_file, trained)
            if method != trained:
                raise ThreeDieError(
                    f"{self.path}: was trained with {trained}, and {method_file} is {method}: give the same file"
                )
        elif trained not in CATALOGUE:
            raise ThreeDieError(f"{self.path}: its method {trained} isn't in this program; add --method FILE.py:CLASS")
        if not self.content["finished"]:
            raise ThreeDieError(
                f"{self.path}: its run isn't finished; go on with '3die bench run' and the same settings"
            )
        restore(dict(self.content), self.path)

    def evaluated_with(self, overrides: Sequence[str]) -> "Weights":
        """A run's weights with other values of options that only an evaluation reads, and a folder of their own.

        Args:
            overrides: `method.option=value` each; nothing changes for weights of another program, which have theirs.

        Raises:
            ThreeDieError: an option that isn't such a one, or a value that the method refuses.
        """
        if not overrides or "imported" in self.content:
            return self
        content = with_evaluation_options(self.content, read_options(overrides), self.path)
        if not content["evaluated_with"]:
            return self
        restore(content, self.path)
        folder = self.folder / options_suffix(content["evaluated_with"]).removeprefix("-")
        return replace(self, content=content, folder=folder, owns_folder=True)

    def check_folder(self, folder: Path) -> None:
        """Refuse a folder with the record of other weights.

        Raises:
            ThreeDieError: names the record.
        """
        for file in (folder / RECORD_FILE, *folder.glob(f"*/{RECORD_FILE}")):
            if not file.exists():
                continue
            record = read_record(file)
            if weights_of(record) != weights_sha256(self.content["model"]):
                raise ThreeDieError(f"{file}: the record of another checkpoint; name another folder with --out")
            if "imported" not in self.content and record["method"]["options"] != self.recipe.method_options:
                raise ThreeDieError(f"{file}: was measured with other options; name another folder with --out")
