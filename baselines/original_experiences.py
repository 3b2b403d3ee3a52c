"""The original's experiences and command-line flags, as settings for `threedie.baselines.registry.build_method`."""

from collections.abc import Mapping
from typing import Any

from threedie.baselines.catalogue import suggestion

# What the original calls an experience: our method, and the options that make it that variant.
EXPERIENCES: dict[str, tuple[str, dict[str, Any]]] = {
    "SIE": ("sie", {}),
    "SIENoVar": ("sie", {"predictor_variance": False}),
    "SIEOnlyEqui": ("sie", {"split": False}),
    "SIERotColor": ("sie", {"action": "rotation_color"}),
    "VICReg": ("vicreg", {}),
    "VICRegPartInv": ("vicreg", {}),
    "VICRegEquiMod": ("equimod", {"objective": "vicreg"}),
    "SimCLR": ("simclr", {}),
    "SimCLROnlyEqui": ("only_equivariance", {}),
    "SimCLROnlyEquiRotColor": ("only_equivariance", {"action": "rotation_color"}),
    "SimCLREquiMod": ("equimod", {"objective": "simclr"}),
    "SimCLREquiModRotColor": ("equimod", {"objective": "simclr", "action": "rotation_color"}),
    "SimCLRAugSelf": ("augself", {}),
    "SimCLRAugSelfRotColor": ("augself", {"action": "rotation_color"}),
}

# Which of our options each of the original's flags sets, by method.
_VIC = {"similarity_weight": "sim_coeff", "variance_weight": "std_coeff", "covariance_weight": "cov_coeff"}
_FLAGS: dict[str, dict[str, str]] = {
    "sie": _VIC | {"equivariance_factor": "equi_factor"},
    "vicreg": _VIC,
    "simclr": {"temperature": "simclr_temp"},
    "equimod": _VIC | {"equivariance_factor": "equi_factor", "temperature": "simclr_temp"},
    "augself": {"temperature": "simclr_temp", "regression_weight": "ec_weight"},
    "only_equivariance": {"temperature": "simclr_temp"},
}
_WITH_PREDICTOR = ("sie", "equimod", "only_equivariance")


def original_settings(experience: str, flags: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Arguments for `build_method`: the method of an experience of the original with the original's flags.

    Args:
        experience: a key of `EXPERIENCES`.
        flags: the original's command-line flags, without dashes in front (`arch`, `mlp`, `equi`, `sim_coeff`, ...). One
            that is left out keeps our default; one that doesn't affect the model is ignored.

    Returns:
        `name`, `backbone`, `form`, `projector` and `options`; `width` is always the standard one.

    Raises:
        ValueError: an unknown experience.
    """
    if experience not in EXPERIENCES:
        raise ValueError(f"experience {experience!r}: none of the original's; {suggestion(experience, [*EXPERIENCES])}")
    flags = flags or {}
    name, variant = EXPERIENCES[experience]
    options = {option: float(flags[flag]) for option, flag in _FLAGS[name].items() if flag in flags} | variant
    if name in _WITH_PREDICTOR:
        options["predictor"] = _predictor(flags)
    if "equi" in flags:
        if experience == "VICRegPartInv":
            options["free_dims"] = int(flags["equi"])
        elif name == "sie" and options.get("split", True):
            options["equivariant_dims"] = int(flags["equi"])
    if experience == "SimCLREquiModRotColor":
        # The original leaves its factor out of this one experience.
        options["equivariance_factor"] = 1.0
    backbone = str(flags.get("arch", "resnet18"))
    return {
        "name": name,
        "backbone": backbone,
        "form": "torchvision" if backbone == "resnet50" else "original",
        "projector": str(flags.get("mlp", "2048-2048-2048")),
        "options": options,
    }


def _predictor(flags: Mapping[str, Any]) -> dict[str, Any]:
    if flags.get("predictor_type", "hypernetwork") == "mlp":
        return {"kind": "mlp", "layers": int(flags.get("tf_num_layers", 1))}
    return {
        "hidden": str(flags.get("predictor", "")),
        "bias": bool(flags.get("bias_pred", False)),
        "relu": bool(flags.get("predictor_relu", False)),
        "hypernetwork": str(flags.get("hypernetwork", "linear")),
        "hypernetwork_bias": bool(flags.get("bias_hypernet", False)),
    }
