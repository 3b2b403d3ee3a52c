"""Parity of methods published after SIE with the numbers of their authors' code.

A record has `name`, `seed`, `batch`, `size`, the `loss`, `terms`, `grad_norm` by first part of the parameters' names,
`n_trainable`, and `state_shapes` (all entries but the ResNets'). To replay another configuration, add it to `FORMS`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from parity_records import Comparison, entry, error, gradient_norm, recorded_batch
from torch.nn import functional as F

from threedie.baselines.method import Batch, Method, MethodOutput
from threedie.baselines.registry import build_method

TOLERANCE = 1e-5
RESNETS = {"encoder.": "backbone.", "target_encoder.": "target_backbone."}
"""Their prefix -> ours. Records don't list the shapes of these."""


@dataclass(frozen=True)
class Form:
    """A configuration of a record as ours.

    Attributes:
        method, projector, options: for `build_method`.
        prefixes: their prefix of names -> ours, where they differ.
        terms: their term -> ours, which are summed.
    """

    method: str
    projector: str
    options: dict[str, Any] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    terms: dict[str, tuple[str, ...]] = field(default_factory=dict)


MOVED = {"action_proj.": "predictor.action_embedding.layers.", "predictor.": "predictor.network."}
BYOL = {"final_norm": True, "predictor_bias": True, "hidden": 2048}
EQUIMOD = {"objective": "simclr", "predictor": "linear", "final_norm": True, "equivariance_factor": 1.0}
VIC = {"invariance": ("invariance",), "variance_sum": ("variance",), "covariance": ("covariance",)}
BOTH = {"invariance": ("invariance",), "equivariance": ("equivariance",)}
COLOR = {"action": "rotation_color"}

FORMS: dict[str, Form] = {
    "sen_rot": Form("sen", "2048-2048-2048", {}, MOVED),
    "sen_rotcolor": Form("sen", "2048-2048-2048", COLOR, MOVED),
    "sen_rot_rawaction": Form("sen", "2048-2048-2048", {"action_embedding": 0}, MOVED),
    "byol_cond_rot": Form("byol", "2048-128", BYOL | {"conditional": True}, MOVED),
    "byol_cond_rotcolor": Form("byol", "2048-128", BYOL | {"conditional": True} | COLOR, MOVED),
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
}
"""Record -> our configuration."""


def compare(record: Mapping[str, Any]) -> Comparison:
    """Our numbers against those of a record.

    Raises:
        ValueError: entries of the state that one side lacks.
    """
    form = FORMS[record["name"]]
    with torch.device("meta"):
        method = build_method(form.method, form="torchvision", projector=form.projector, options=form.options).to_empty(
            device="cpu"
        )
    state, added = recorded_state(method, record, form)
    method.load_state_dict(state)
    method.train()
    batch = recorded_batch(record, method.action)
    output = method(batch)
    output.loss.backward()

    ours = {theirs: sum(output.terms[name].item() for name in names) for theirs, names in form.terms.items()}
    if form.method == "byol":
        ours |= cosines(method, output, batch)
    losses = {"loss": error(output.loss.item(), record["loss"])}
    losses |= {name: error(ours.get(name, math.nan), value) for name, value in record["terms"].items()}
    gradients = {
        name: error(gradient_norm(method, our_name(f"{name}.", form).removesuffix(".")), norm)
        for name, norm in record["grad_norm"].items()
    }
    trained = sum(parameter.numel() for parameter in method.parameters() if parameter.requires_grad)
    extra = sum(parameter.numel() for name, parameter in method.named_parameters() if name in added)
    return Comparison(
        title_of(record), losses, gradients, record["n_trainable"] - (trained - extra), TOLERANCE, TOLERANCE
    )


def title_of(record: Mapping[str, Any]) -> str:
    """Name and seed."""
    return f"{record['name']} seed {record['seed']}"


def our_name(theirs: str, form: Form) -> str:
    """Their name of an entry -> ours."""
    for prefix, ours in (RESNETS | form.prefixes).items():
        if theirs.startswith(prefix):
            return ours + theirs.removeprefix(prefix)
    return theirs


def recorded_state(method: Method, record: Mapping[str, Any], form: Form) -> tuple[dict[str, torch.Tensor], set[str]]:
    """The state that the other program had, under our names, and the names of trained biases that only we have.

    Those are biases in front of a batch-norm, which takes them out again; they are zero.

    Raises:
        ValueError: other entries that one side lacks.
    """
    seed, target = record["seed"], method.state_dict()
    state = {our_name(name, form): entry(name, tuple(shape), seed) for name, shape in record["state_shapes"].items()}
    for theirs, ours in RESNETS.items():
        state |= {
            name: entry(theirs + name.removeprefix(ours), tuple(value.shape), seed)
            for name, value in target.items()
            if name.startswith(ours)
        }
    lacking = target.keys() - state.keys()
    foreign = (state.keys() - target.keys()) | (lacking - biases_before_norms(method))
    if foreign:
        raise ValueError(f"{record['name']}: {', '.join(sorted(foreign))}: only one side has these")
    state |= {name: torch.zeros_like(target[name]) for name in lacking}
    return state, {name for name in lacking if method.get_parameter(name).requires_grad}


def biases_before_norms(method: Method) -> set[str]:
    """Names of the biases of linear layers that a batch-norm follows."""
    return {
        f"{name}.{index}.bias"
        for name, module in method.named_modules()
        if isinstance(module, torch.nn.Sequential)
        for index, (layer, following) in enumerate(pairwise(module))
        if isinstance(layer, torch.nn.Linear) and isinstance(following, torch.nn.BatchNorm1d)
    }


@torch.no_grad()
def cosines(method: Method, output: MethodOutput, batch: Batch) -> dict[str, float]:
    """Mean cosine of the prediction from each view and the target's embedding of the other."""
    predictor = method.predictor
    moved = [predictor(each, batch.action) if method.action else predictor(each) for each in output.embedding]
    target = [method.target_projector(method.target_backbone(view)) for view in (batch.view2, batch.view1)]
    pairs = zip(moved, target, strict=True)
    return {f"cosine{view}": F.cosine_similarity(*pair).mean().item() for view, pair in enumerate(pairs)}
