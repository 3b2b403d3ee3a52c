"""Parity of ContextSSL with the numbers of its authors' code; see `parity_successors.py` for the records' form.

The records are of contexts of 8 views, a transformer 128 wide and, where masks are random, probability 0.5.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import successors
import torch
from parity_records import Comparison, entry, error, gradient_norm

from threedie.baselines.losses import LOWEST_SIMILARITY, nt_xent
from threedie.baselines.method import Batch, Method
from threedie.baselines.registry import build_method
from threedie.manifests.latents import quaternions

TOLERANCE = 1e-5
LENGTH, PROBABILITY = 8, 0.5
LOSS_ONLY = "contextssl_loss_only"
ENVIRONMENTS = {"rot": "rotation", "color": "color", "rotcolor": "both"}
"""Theirs -> ours."""
NAMES = (*(f"contextssl_{name}{end}" for name in ENVIRONMENTS for end in ("", "_masked")), LOSS_ONLY)
TERMS = {"nt_xent": "contrast", "rotation_mse": "rotation", "color_mse": "color"}
MODULES = {"enc": "backbone", "predictor": "predictor", "aug_predictor": "regressor"}
PREFIXES = {
    "backbone.": "enc.",
    "regressor.": "aug_predictor.",
    "predictor.read_in.": "predictor._read_in.",
    "predictor.read_out.": "predictor._read_out.",
    "predictor.norm.": "predictor.transformer.ln_f.",
    "predictor.blocks.": "predictor.transformer.h.",
}
"""Beginnings of our names -> theirs."""
LAYERS = {
    ".attention_norm.": ".ln_1.",
    ".attention.queries_keys_values.": ".attn.c_attn.",
    ".attention.output.": ".attn.c_proj.",
    ".perceptron_norm.": ".ln_2.",
    ".perceptron.0.": ".mlp.c_fc.",
    ".perceptron.2.": ".mlp.c_proj.",
}
"""Parts of our names of a block's layers -> theirs."""
UNUSED = ("equiv_linear.", "rel_aug_predictor.")
"""Modules of theirs that no loss reaches."""
OURS = "environments.progress"
"""Our state of the random numbers, which the record replaces."""


def their_name(ours: str) -> str:
    """Our name of an entry -> theirs."""
    prefix = next(prefix for prefix in PREFIXES if ours.startswith(prefix))
    name = PREFIXES[prefix] + ours.removeprefix(prefix)
    for layer, theirs in LAYERS.items():
        name = name.replace(layer, theirs)
    return name


def recorded_method(record: Mapping[str, Any]) -> Method:
    """The method with a record's state, environment and masks.

    Raises:
        ValueError: entries of the state that one side lacks, or other shapes.
    """
    options = record["options"]
    with torch.device("meta"):
        method = build_method(
            "context_ssl",
            form="torchvision",
            projector=str(options["n_embd"]),
            options={
                "environment": ENVIRONMENTS[options["environment"]],
                "length": options["block_size"],
                "mask_probability": options["mask_probability"],
                "clamp": True,
            },
        ).to_empty(device="cpu")
    shapes = {name: tuple(value.shape) for name, value in method.state_dict().items() if name != OURS}
    theirs = {name: tuple(shape) for name, shape in record["state_shapes"].items() if not name.startswith(UNUSED)}
    own = {their_name(name): shape for name, shape in shapes.items() if not name.startswith("backbone.")}
    if own != theirs:
        names = sorted(name for name in own.keys() | theirs.keys() if own.get(name) != theirs.get(name))
        raise ValueError(f"{record['name']}: {', '.join(names)}: only one side has these, or shapes differ")
    state = {name: entry(their_name(name), shape, record["seed"]) for name, shape in shapes.items()}
    method.load_state_dict(state | {OURS: torch.zeros(2, dtype=torch.int64)})
    method.environments.draw = lambda layers, length: (
        ENVIRONMENTS[options["environment"]],
        torch.stack([recorded_numbers(record["seed"], layer, length) for layer in range(layers)]),
    )
    return method.train()


def recorded_numbers(seed: int, layer: int, length: int) -> torch.Tensor:
    """The numbers that decide which pairs a layer's rows see, (T, T / 2)."""
    generator = np.random.Generator(np.random.PCG64([seed, 11, layer]))
    return torch.from_numpy(generator.random((length, length // 2)).astype(np.float32))


def recorded_batch(seed: int) -> Batch:
    """The pairs that the other program got."""
    inputs = successors.build_inputs(seed)
    action = torch.cat([inputs.action("rotation"), torch.from_numpy(inputs.colors[0])], dim=1)
    rotation = torch.from_numpy(quaternions(inputs.euler[1]).astype(np.float32))
    absolute = torch.cat([rotation, torch.from_numpy(inputs.hues)], dim=1)
    return Batch(*inputs.images, action, torch.from_numpy(inputs.labels), absolute=absolute)


def compare(record: Mapping[str, Any]) -> Comparison:
    """Our numbers against those of a record.

    Raises:
        ValueError: see `recorded_method`.
    """
    title = f"{record['name']} seed {record['seed']}"
    if record["name"] == LOSS_ONLY:
        return Comparison(title, *loss_alone_errors(record), 0, TOLERANCE, TOLERANCE)
    method = recorded_method(record)
    answers: list[torch.Tensor] = []
    method.predictor.register_forward_hook(lambda module, arguments, output: answers.append(output.detach()))
    output = method(recorded_batch(record["seed"]))
    output.loss.backward()
    outputs = {"feature": torch.cat(output.representation), "prediction": answers[0]}
    losses = {"loss": error(output.loss.item(), record["loss"])} | {
        name: error(output.terms[TERMS[name]].item(), value) for name, value in record["terms"].items()
    }
    losses |= {name: error(outputs[name].norm().item(), value) for name, value in record["outputs"].items()}
    gradients = {name: error(gradient_norm(method, MODULES[name]), norm) for name, norm in record["grad_norm"].items()}
    unused = sum(math.prod(shape) for name, shape in record["state_shapes"].items() if name.startswith(UNUSED))
    missing = record["n_trainable"] - unused - sum(parameter.numel() for parameter in method.parameters())
    return Comparison(title, losses, gradients, missing, TOLERANCE, TOLERANCE)


def loss_alone_errors(record: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, float]]:
    """Relative errors of the contrast of given outputs, half of whose similarities are negative."""
    numbers = np.random.Generator(np.random.PCG64([record["seed"], 13])).standard_normal((32, 16))
    prediction = torch.from_numpy(numbers.astype(np.float32)).requires_grad_()
    loss = nt_xent(prediction[0::2], prediction[1::2], record["options"]["temperature"], LOWEST_SIMILARITY)
    loss.backward()
    norm = prediction.grad.double().norm().item()
    return {"loss": error(loss.item(), record["loss"])}, {"prediction": error(norm, record["grad_norm"]["prediction"])}
