"""Resuming from a checkpoint: finding it, checking it, and restoring the optimizer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from threedie.baselines.weights import tensor_fault
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import require_fit
from threedie.benchmark.training.checkpoints import MEND, load_checkpoint
from threedie.manifests.errors import ThreeDieError, first_line


def resumable(path: Path, settings: RunSettings) -> dict[str, Any] | None:
    """The checkpoint to go on from; None without one.

    Raises:
        ThreeDieError: it was made with other settings; the message names the first.
    """
    if not path.exists():
        return None
    content = load_checkpoint(path)
    # Settings that a later version of the program added get their default.
    try:
        saved = RunSettings.from_json(content["settings"]).to_json()
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}; {MEND}") from error
    if saved == settings.to_json():
        require_fit(settings, content["model"], str(path))
        if not content["finished"]:
            _require_resumable(content, settings, path)
        return content
    old, new = _flat(saved), _flat(settings.to_json())
    key = next(key for key in [*old, *new] if old.get(key) != new.get(key))
    raise ThreeDieError(
        f"{path.parent}: holds a run with other settings: {key} is {old.get(key)!r} there and {new.get(key)!r} now; "
        "give another --out, or delete that folder"
    )


def _require_resumable(content: Mapping[str, Any], settings: RunSettings, path: Path) -> None:
    """Refuse a checkpoint of an unfinished run without the states that resuming needs."""
    needed = ("optimizer", "random", *(("probes",) if settings.recipe.online_probes else ()))
    for key in needed:
        if key not in content:
            raise ThreeDieError(f"{path}: '{key}' is missing, so the run can't go on; {MEND}")
        if not isinstance(content[key], dict):
            raise ThreeDieError(f"{path}: {key} is of type {type(content[key]).__name__} instead of dict; {MEND}")
    for name, state in content["random"].items():
        if not isinstance(state, Tensor) or state.dtype != torch.uint8 or state.ndim not in (1, 2):
            raise ThreeDieError(f"{path}: random: {name!r:.40} is no state of a generator; {MEND}")
    if "cpu" not in content["random"]:
        raise ThreeDieError(f"{path}: random: 'cpu' is missing; {MEND}")


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any], path: Path) -> None:
    """Restore averages and steps.

    Raises:
        ThreeDieError: they aren't of these parameters, or of another kind of optimizer.
    """
    defaults = [{key: type(value) for key, value in group.items()} for group in optimizer.param_groups]
    try:
        optimizer.load_state_dict(state)
    except Exception as error:
        # What torch makes of a wrong table depends on what is wrong with it.
        raise ThreeDieError(
            f"{path}: optimizer: doesn't fit ({type(error).__name__}: {first_line(error)}); {MEND}"
        ) from error
    for group, expected in zip(optimizer.param_groups, defaults, strict=True):
        for key, kind in expected.items():
            if type(group.get(key)) is not kind:
                raise ThreeDieError(f"{path}: optimizer: {key} is {group.get(key)!r:.40}; {MEND}")
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    for parameter, values in optimizer.state.items():
        if not any(parameter is each for each in parameters):
            raise ThreeDieError(f"{path}: optimizer: holds values of a parameter that the method lacks; {MEND}")
        for name, value in values.items():
            fault = tensor_fault(value) if isinstance(value, Tensor) else None
            if fault or (isinstance(value, Tensor) and value.ndim and value.shape != parameter.shape):
                raise ThreeDieError(f"{path}: optimizer: {name} of a parameter doesn't fit it; {MEND}")


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, entry in value.items():
        flat.update(_flat(entry, f"{prefix}{key}.") if isinstance(entry, dict) else {f"{prefix}{key}": entry})
    return flat
