"""A method with its initial weights, and whether other weights fit it."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch

from threedie.baselines.method import Method
from threedie.baselines.registry import METHODS, build_method
from threedie.baselines.weights import listed, weight_faults
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.manifests.errors import ThreeDieError, first_line


def build(settings: RunSettings) -> Method:
    """The method with its initial weights, which depend on the seed alone; other random numbers are left as they are.

    Raises:
        ThreeDieError: no such method, or the recipe doesn't suit it.
    """
    recipe = settings.recipe
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed or 0)
        try:
            method = build_method(
                settings.method,
                backbone=recipe.backbone,
                form=recipe.form,
                width=recipe.width,
                projector=recipe.projector,
                image_size=recipe.image_size,
                options=recipe.method_options,
            )
        except ValueError as error:
            raise ThreeDieError(f"method {settings.method}, recipe {recipe.name}: {error}") from error
    # Channels last: 1.3 times as many images a second on a CPU (width 16, 64 px: 1310 to 1740).
    return method.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def outline(settings: RunSettings, what: str) -> Method:
    """The method without numbers: on the meta device a network of any size costs nothing.

    Args:
        settings: of the method.
        what: where they are from, for the message.

    Raises:
        ThreeDieError: no such method, or it can't be built with these settings.
    """
    # Methods of users may need real numbers.
    with torch.device("meta") if settings.method in METHODS else nullcontext():
        try:
            return build(settings)
        except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
            raise ThreeDieError(f"{what}: its method {settings.method} can't be built ({first_line(error)})") from error
        except ThreeDieError as error:
            raise ThreeDieError(f"{what}: {error}") from error


def require_fit(settings: RunSettings, state: Mapping[str, Any], what: str) -> None:
    """Refuse weights that don't fit the method with its settings in names, types and shapes, or aren't finite.

    Args:
        settings: of the method.
        state: its weights.
        what: where they are from, for the message.

    Raises:
        ThreeDieError: names what doesn't fit.
    """
    faults = weight_faults(state, outline(settings, what).state_dict(), exact=True)
    if faults:
        raise ThreeDieError(
            f"{what}: model: the weights don't fit the method {settings.method} with its settings: {listed(faults)}; "
            "was the program or the method's file changed since, or is the file damaged?"
        )
