"""What every dataset of plain pictures refuses: methods and recipes that need more than one picture and its class."""

from threedie.baselines.method import Method
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.manifests.errors import ThreeDieError


def check_pictures(settings: RunSettings, method: Method, name: str) -> None:
    """Refuse a method that needs an action, a cut-off border, or two views that would be the same.

    Args:
        settings: of the run.
        method: its method.
        name: of the dataset, for messages.

    Raises:
        ThreeDieError: names method or setting, and what to change.
    """
    recipe = settings.recipe
    if recipe.center != 1:
        raise ThreeDieError(
            f"recipe {recipe.name}: center is {recipe.center}; {name}'s pictures are seen whole, leave it at 1"
        )
    if method.action is not None:
        raise ThreeDieError(
            f"method {settings.method}: needs the action {method.action!r} between two views, and {name} has "
            "none; take one without, such as essl (with target image_rotation), simclr, simsiam or barlow_twins; for "
            "supervised set method.target=class"
        )
    if recipe.augmentation == "none":
        raise ThreeDieError(
            f"recipe {recipe.name}: augmentation is 'none'; on {name} two views differ by it alone: set "
            "augmentation=essl, or leave --recipe out"
        )
