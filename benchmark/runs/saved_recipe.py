"""A recipe written to a file, for users to start their own from."""

from collections.abc import Callable, Sequence
from pathlib import Path

from threedie.benchmark.data.sources import DEFAULT_SOURCE, find_source
from threedie.benchmark.settings.recipe import SUFFIX, own_recipe_name, recipe_text
from threedie.benchmark.training.own_methods import resolve_method
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import replacing


def write_recipe(
    path: Path,
    recipe: str | Path | None = None,
    overrides: Sequence[str] = (),
    method: str | None = None,
    dataset: str = DEFAULT_SOURCE,
    note: Callable[[str], None] | None = None,
) -> None:
    """Write a recipe to a new file.

    Args:
        path: the file.
        recipe: name or file of the recipe; None for the usual one.
        overrides: changed settings, `key=value` each.
        method: name or `FILE.py:CLASS` of the method whose options are written; None for those of all methods.
        dataset: kind of dataset that decides which recipe is the usual one.
        note: see `load_recipe`.

    Raises:
        ThreeDieError: the file exists, can't be written or has a name that no recipe may have; no such recipe, method
            or setting.
    """
    if path.suffix != SUFFIX:
        raise ThreeDieError(f"--save-recipe {path}: give a file that ends in {SUFFIX}")
    own_recipe_name(path)
    if not path.parent.is_dir():
        raise ThreeDieError(f"{path.parent}: no such folder; check the path of --save-recipe")
    if path.exists():
        raise ThreeDieError(f"{path} exists already; give --save-recipe another name")
    name = None if method is None else resolve_method(method)[0]
    source = recipe or find_source(dataset).recipe_for(name or "", overrides)
    text = recipe_text(source, overrides, name, note)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
