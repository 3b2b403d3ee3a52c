"""Parity of methods published after SIE with the numbers of their authors' code.

A record has `name`, `seed`, the `loss`, `terms`, `grad_norm` by first part of the parameters' names, `n_trainable` (or
`n_trainable_without_evaluator`), `state_shapes` (all entries but the ResNets'), and perhaps `batch`, `size` and
`outputs` (norms, or first numbers of the first sample). To replay another configuration, add it to `FORMS`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise, product
from typing import Any

import torch
from parity_records import SMALL, Comparison, entry, error
from successors import SIZE, inputs_of
from torch import nn
from torch.nn import functional as F

from threedie.baselines.method import Batch, Method, MethodOutput
from threedie.baselines.registry import build_method

TOLERANCE = 1e-5
SMALL_TERMS = {"cosine0": 1e-2, "cosine1": 1e-2, "memax": 0.1}
"""Below this an absolute error is compared, for terms that carry the rounding of larger numbers: mean cosines near zero
that of both signs, and the mean-entropy term of nearly uniform activations is a difference of numbers near log(32)."""
# Inputs of a ReLU nearer to zero than this, at a standard deviation of about one, may have either sign.
KINK, MOST_KINKS = 2e-6, 3
RESNETS = {"encoder.": "backbone.", "target_encoder.": "target_backbone."}


@dataclass(frozen=True)
class Form:
    """A configuration of a record as ours.

    Attributes:
        method, projector, options: for `build_method`.
        prefixes: their prefix of names -> ours, where they differ.
        terms: their term -> ours, which are summed.
        outputs: their output -> our module and which of its results in its first call, None for its only one.
        form: of the ResNet.
        resnets: their prefix of a ResNet's names -> ours. Records don't list the shapes of these.
        blanks_last_action: whether the predictor gets zeros for an action. A fault of the released code: what was to
            blank the last token's action blanks the predictor's too, which lies in the same memory.
    """

    method: str
    projector: str
    options: dict[str, Any] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    terms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    form: str = "torchvision"
    resnets: dict[str, str] = field(default_factory=lambda: RESNETS)
    blanks_last_action: bool = False


MOVED = {"action_proj.": "predictor.action_embedding.layers.", "predictor.": "predictor.network."}
OF_TARGET: dict[str, tuple[str, int | None]] = {"z2": ("target_backbone", None)}
"""Their conditional BYOL sees view 1 by the averaged network alone."""
BYOL = {"final_norm": True, "predictor_bias": True, "hidden": 2048}
EQUIMOD = {"objective": "simclr", "predictor": "linear", "final_norm": True, "equivariance_factor": 1.0}
VIC = {"invariance": ("invariance",), "variance_sum": ("variance",), "covariance": ("covariance",)}
BOTH = {"invariance": ("invariance",), "equivariance": ("equivariance",)}
COLOR = {"action": "rotation_color"}
EQUICAPS_TERMS = BOTH | {"std": ("variance",), "cov": ("covariance",), "memax": ("mean_entropy",)}
CAPSULES = {"activation": ("projector", 0), "pose": ("projector", 1), "first_activations": ("projector", 0)}


# What is common to all configurations of seq-JEPA: dropout was off.
SEQUENCE = {
    "agg_token": "aggregator.token",
    "transformer_encoder.transformer_encoder.": "aggregator.",
    "transformer_encoder.": "aggregator.",
    "action_proj.": "action_embedding.layers.",
}


def _seq_jepa(length: int, blanks_last_action: bool = False, **options: Any) -> Form:
    return Form(
        "seq_jepa",
        "",
        options | {"length": length, "dropout": 0.0},
        SEQUENCE,
        outputs={"agg": ("aggregator", None)},
        blanks_last_action=blanks_last_action,
    )


def _equicaps(action: str) -> Form:
    options = {"action": action}
    return Form("equicaps", "", options, {}, EQUICAPS_TERMS, CAPSULES, "original", {"backbone.": "backbone."})


FORMS: dict[str, Form] = {
    "sen_rot": Form("sen", "2048-2048-2048", {}, MOVED),
    "sen_rotcolor": Form("sen", "2048-2048-2048", COLOR, MOVED),
    "sen_rot_rawaction": Form("sen", "2048-2048-2048", {"action_embedding": 0}, MOVED),
    "byol_cond_rot": Form("byol", "2048-128", BYOL | {"conditional": True}, MOVED, outputs=OF_TARGET),
    "byol_cond_rotcolor": Form("byol", "2048-128", BYOL | {"conditional": True} | COLOR, MOVED, outputs=OF_TARGET),
    "equimod_rot": Form("equimod", "1024-1024-128", EQUIMOD, MOVED, BOTH),
    "equimod_rotcolor": Form("equimod", "1024-1024-128", EQUIMOD | COLOR, MOVED, BOTH),
    "sie_seqjepaform_rot": Form(
        "sie",
        "2048-2048-2048",
        terms=BOTH | VIC | {"variance_sum": ("variance", "predictor_variance")},
    ),
    "byol_seqjepaform": Form("byol", "2048-128", BYOL),
    "simclr_seqjepaform": Form("simclr", "2048-2048-2048", {"final_norm": True, "temperature": 0.5}),
    "vicreg_seqjepaform": Form("vicreg", "2048-2048-2048", terms=VIC),
    "vicreg_traj": Form("vicreg_traj", "2048-2048-2048", terms=VIC | {"trajectory": ("trajectory",)}),
    "seqjepa_rot_L1": _seq_jepa(1),
    "seqjepa_rot_L3": _seq_jepa(3),
    "seqjepa_rotcolor_L4": _seq_jepa(4, **COLOR),
    "seqjepa_noaction_L3": _seq_jepa(3, conditional=False),
    "seqjepa_rot_L3_noema": _seq_jepa(3, averaged_target=False),
    "seqjepa_rot_L3_rawaction": _seq_jepa(3, blanks_last_action=True, action_embedding=0),
    "equicaps_3x3": _equicaps("rotation"),
    "equicaps_4x4_object": _equicaps("motion_object"),
    "equicaps_4x4_base": _equicaps("motion_base"),
}
"""Record -> our configuration."""


def compare(record: Mapping[str, Any]) -> Comparison:
    """Our numbers against those of a record.

    Raises:
        ValueError: entries of the state that one side lacks.
    """
    form = FORMS[record["name"]]
    with torch.device("meta"):
        method = build_method(
            form.method,
            form=form.form,
            projector=form.projector,
            image_size=record.get("size", SIZE),
            options=form.options,
        ).to_empty(device="cpu")
    state, added = recorded_state(method, record, form)
    method.load_state_dict(state)
    method.train()
    batch = inputs_of(record, method.views).batch(method.action)
    if form.blanks_last_action:
        assert batch.later_actions is not None
        batch.later_actions[:, -1] = 0
    trained = sum(parameter.numel() for parameter in method.parameters() if parameter.requires_grad)
    extra = sum(parameter.numel() for name, parameter in method.named_parameters() if name in added)
    theirs = record.get("n_trainable_without_evaluator") or record["n_trainable"]
    missing = theirs - (trained - extra)

    kinks = Kinks(method)
    comparison = Comparison(title_of(record), *errors(method, batch, record, form), missing, TOLERANCE, TOLERANCE)
    for flips in product((False, True), repeat=min(kinks.count, MOST_KINKS)):
        if comparison.passed:
            break
        kinks.flips = flips
        title = f"{title_of(record)}, ReLU inputs flipped: {sum(flips)}"
        other = Comparison(title, *errors(method, batch, record, form), missing, TOLERANCE, TOLERANCE)
        comparison = other if other.passed else comparison
    return comparison


def errors(
    method: Method, batch: Batch, record: Mapping[str, Any], form: Form
) -> tuple[dict[str, float], dict[str, float]]:
    """Relative errors of loss, terms and outputs, and of the gradients' norms."""
    method.zero_grad()
    with first_results(method, {module for module, _ in form.outputs.values()}) as results:
        output = method(batch)
    output.loss.backward()
    ours = {theirs: sum(output.terms[name].item() for name in names) for theirs, names in form.terms.items()}
    if form.method == "byol":
        ours |= cosines(method, output, batch)
    losses = {"loss": error(output.loss.item(), record["loss"])}
    for name, value in record["terms"].items():
        losses[name] = error(ours.get(name, math.nan), value, SMALL_TERMS.get(name, SMALL))
    for name, (module, place) in form.outputs.items():
        if name in record.get("outputs", {}):
            result = results[module] if place is None else results[module][place]
            losses[name] = output_error(result.detach(), record["outputs"][name])
    for name, values in zip(("z1", "z2"), output.representation, strict=True):
        if name in record.get("outputs", {}) and name not in form.outputs:
            losses[name] = output_error(values.detach(), record["outputs"][name])
    theirs = {ours: theirs.partition(".")[0] for ours, theirs in entry_names(method, record, form).items()}
    gradients = {
        name: error(gradient_norm(method, {ours for ours, part in theirs.items() if part == name}), norm)
        for name, norm in record["grad_norm"].items()
    }
    return losses, gradients


@contextmanager
def first_results(method: Method, modules: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What some modules return when they are first called, by name."""
    results: dict[str, Any] = {}

    def keep(name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        results.setdefault(name, output)

    hooks = [method.get_submodule(name).register_forward_hook(partial(keep, name)) for name in modules]
    yield results
    for hook in hooks:
        hook.remove()


def output_error(ours: torch.Tensor, theirs: float | list[float]) -> float:
    """Of a norm, or of the first numbers of the first sample the worst."""
    if isinstance(theirs, list):
        return max(error(*pair) for pair in zip(ours[0, : len(theirs)].tolist(), theirs, strict=True))
    return error(ours.norm().item(), theirs)


class Kinks:
    """Inputs of a method's ReLUs that are rounding noise, so that another program may have the other sign there.

    The output is the same, but the gradient passes or not: one such unit of a projector can change gradients by 3e-5.

    Attributes:
        count: how many of them the last forward pass with gradients met.
        flips: whether to change the sign of the first of them, the second, ...
    """

    def __init__(self, module: nn.Module):
        self.count, self.flips = 0, tuple[bool, ...]()
        module.register_forward_pre_hook(self._begin)
        for each in module.modules():
            if isinstance(each, nn.ReLU):
                each.register_forward_pre_hook(self._pass)

    def _begin(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self.count = 0

    def _pass(self, relu: nn.Module, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor] | None:
        (x,) = inputs
        if not x.requires_grad:
            return None
        near = (x.detach().abs() < KINK).flatten().nonzero()[:, 0].tolist()
        chosen = [place for place, flip in zip(near, self.flips[self.count :], strict=False) if flip]
        self.count += len(near)
        if not chosen:
            return None
        change = torch.zeros_like(x).flatten()
        change[chosen] = -2 * x.detach().flatten()[chosen]
        return (x + change.view_as(x),)


def gradient_norm(method: Method, names: set[str]) -> float:
    """2-norm of the gradient of some parameters."""
    gradients = [p.grad for name, p in method.named_parameters() if name in names and p.grad is not None]
    return math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))


def title_of(record: Mapping[str, Any]) -> str:
    """Name and seed."""
    return f"{record['name']} seed {record['seed']}"


def our_name(theirs: str, form: Form) -> str:
    """Their name of an entry -> ours."""
    for prefix, ours in (form.resnets | form.prefixes).items():
        if theirs.startswith(prefix):
            return ours + theirs.removeprefix(prefix)
    return theirs


def entry_names(method: Method, record: Mapping[str, Any], form: Form) -> dict[str, str]:
    """Our name of every entry of the state that the other program had -> theirs."""
    resnets = {
        ours_prefixed: theirs + ours_prefixed.removeprefix(ours)
        for theirs, ours in form.resnets.items()
        for ours_prefixed in method.state_dict()
        if ours_prefixed.startswith(ours)
    }
    return {our_name(name, form): name for name in record["state_shapes"]} | resnets


def recorded_state(method: Method, record: Mapping[str, Any], form: Form) -> tuple[dict[str, torch.Tensor], set[str]]:
    """The state that the other program had, under our names, and the names of trained biases that only we have.

    Those are biases in front of a batch-norm, which takes them out again; they are zero.

    Raises:
        ValueError: other entries that one side lacks.
    """
    target = method.state_dict()
    names = entry_names(method, record, form)
    lacking = target.keys() - names.keys()
    foreign = (names.keys() - target.keys()) | (lacking - biases_before_norms(method))
    if foreign:
        raise ValueError(f"{record['name']}: {', '.join(sorted(foreign))}: only one side has these")
    shapes = record["state_shapes"]
    state = {
        name: entry(theirs, tuple(shapes.get(theirs, target[name].shape)), record["seed"])
        for name, theirs in names.items()
    }
    state |= {name: torch.zeros_like(target[name]) for name in lacking}
    return state, {name for name in lacking if method.get_parameter(name).requires_grad}


def biases_before_norms(method: Method) -> set[str]:
    """Names of the biases of linear layers that a batch-norm follows."""
    return {
        f"{name}.{index}.bias"
        for name, module in method.named_modules()
        if isinstance(module, nn.Sequential)
        for index, (layer, following) in enumerate(pairwise(module))
        if isinstance(layer, nn.Linear) and isinstance(following, nn.BatchNorm1d)
    }


@torch.no_grad()
def cosines(method: Method, output: MethodOutput, batch: Batch) -> dict[str, float]:
    """Mean cosine of the prediction from each view and the target's embedding of the other."""
    predictor = method.predictor
    moved = [predictor(each, batch.action) if method.action else predictor(each) for each in output.embedding]
    target = [method.target_projector(method.target_backbone(view)) for view in (batch.view2, batch.view1)]
    pairs = zip(moved, target, strict=True)
    return {f"cosine{view}": F.cosine_similarity(*pair).mean().item() for view, pair in enumerate(pairs)}
