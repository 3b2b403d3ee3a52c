"""Replay recorded numbers of E-SSL's ImageNet code: python tests/replay_imagenet.py FILE

FILE has `records` (loss, terms and gradient norms of heads on a backbone that is the identity), `lars` (parameters
after some steps) and `schedule` (learning rates by step). Inputs and states are rebuilt from seeds; all computing is in
float64. The worst relative errors are printed; the exit status is 1 if one is above 1e-6.
"""

import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from threedie.baselines import losses
from threedie.baselines.essl import ESSL
from threedie.baselines.method import Batch
from threedie.benchmark.settings.recipe import Recipe, load_recipe
from threedie.benchmark.training.lars import LARS
from threedie.benchmark.training.schedule import learning_rate

TOLERANCE = 1e-6
WIDTH, CLASSES = 2048, 1000
RECIPES = {"simclr": "imagenet", "barlowtwins": "imagenet-barlow-twins", "simsiam": "imagenet-simsiam"}
Errors = dict[str, float]


def main(path: str) -> int:
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    passed = True
    for title, errors in replay(content):
        worst = max(errors, key=errors.__getitem__)
        ok = errors[worst] <= TOLERANCE
        passed &= ok
        print(f"{'ok  ' if ok else 'FAIL'} {title:24} {len(errors):3} numbers, worst {errors[worst]:.1e} ({worst})")
    return 0 if passed else 1


def replay(content: dict[str, Any]) -> Iterator[tuple[str, Errors]]:
    """Title and errors of everything in a file."""
    for record in content["records"]:
        yield f"{record['base']} seed {record['seed']}", compare_heads(record)
    yield "lars", compare_lars(content["lars"])
    yield "schedule", compare_schedules(content["schedule"])


def compare_heads(record: dict[str, Any]) -> Errors:
    """Relative errors of losses and of each parameter's gradient norm."""
    recipe = load_recipe(RECIPES[record["base"]], method="essl")
    seed, batch = record["seed"], record["batch"]
    numbers = np.random.Generator(np.random.PCG64([seed, 11]))
    r1, r2, r3 = (_relu(numbers.standard_normal((rows, WIDTH))) for rows in (batch, batch, 4 * batch))
    labels = torch.from_numpy(numbers.integers(0, CLASSES, batch))
    with torch.device("meta"):
        method = ESSL(Given(r3), recipe.projector, **recipe.method_options)  # type: ignore[arg-type]
        online = nn.Linear(WIDTH, CLASSES)
    method.to_empty(device="cpu").double()
    online.to_empty(device="cpu").double()
    method.backbone.turned = r3
    names = {name: parameter_of(method, online, name) for name in record["state"]}
    # Ours has biases before batch-norms, which take them away again: any value does.
    for parameter in method.parameters():
        nn.init.ones_(parameter)
    for name, parameter in names.items():
        if parameter is not None:
            parameter.data.copy_(entry(name, tuple(record["state"][name]), seed))
    for module in method.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.reset_running_stats()
    crops = torch.zeros(batch, 3, 2, 2, dtype=torch.float64)
    output = method(Batch(r1, r2, r1[:, :0], labels, crop=crops))
    turns = output.terms["equivariance"]
    terms = {
        "loss": output.loss,
        "base_loss": output.loss - recipe.method_options["equivariance_weight"] * turns,
        "rotation_cross_entropy": turns,
    }
    if "online_cross_entropy" in record:
        terms["online_cross_entropy"] = losses.cross_entropy(online(r1.detach()), labels)
        terms["loss"] = terms["loss"] + terms["online_cross_entropy"]
    terms["loss"].backward()
    errors = {name: error(term.item(), record[name]) for name, term in terms.items()}
    for name, norm in record["grad_norm"].items():
        parameter = names[name]
        assert parameter is not None, name
        assert parameter.grad is not None, name
        errors[name] = error(parameter.grad.norm().item(), norm)
    matched = {id(each) for each in names.values()}
    others = {name: each for name, each in method.named_parameters() if id(each) not in matched}
    for name, parameter in others.items():
        assert name.endswith(".bias"), name
        assert parameter.grad is not None, name
        errors[name] = parameter.grad.norm().item() / record["grad_norm"][next(iter(record["grad_norm"]))]
    return errors


class Given(nn.Module):
    """Stands in for a backbone: representations pass as they are, turned crops have given ones."""

    dim = WIDTH

    def __init__(self, turned: Tensor) -> None:
        super().__init__()
        self.turned = turned

    def forward(self, images: Tensor) -> Tensor:
        return images if images.ndim == 2 else self.turned


def parameter_of(method: ESSL, online: nn.Module, name: str) -> nn.Parameter | None:
    """Our parameter of their name; None for buffers, and for a bias that a batch-norm takes away again."""
    module, _, rest = name.partition(".")
    if module == "online_head":
        return online.get_parameter(rest)
    place = {"projector": "base.projector", "predictor": "base.predictor", "rotation_projector": "predictor"}
    known = dict(method.named_parameters())
    for prefix in (f"{place.get(module, module)}.", f"{place.get(module, module)}.0."):
        if prefix + rest in known:
            return known[prefix + rest]
    return None


def compare_lars(record: dict[str, Any]) -> Errors:
    """Relative errors of norms and sums of a matrix and a vector after each step."""
    numbers = np.random.Generator(np.random.PCG64([0, 12]))
    matrix, vector = (nn.Parameter(torch.from_numpy(numbers.standard_normal(shape))) for shape in ((5, 7), 5))
    optimizer = LARS([matrix, vector], record["lr"], record["momentum"], record["weight_decay"], record["eta"])
    errors = {}
    for step, expected in enumerate(record["after_each_step"]):
        for parameter in (matrix, vector):
            parameter.grad = torch.from_numpy(numbers.standard_normal(tuple(parameter.shape)))
        optimizer.step()
        values = [each.norm().item() for each in (matrix, vector)] + [each.sum().item() for each in (matrix, vector)]
        errors |= {
            f"step {step} number {at}": error(*pair) for at, pair in enumerate(zip(values, expected, strict=True))
        }
    return errors


def compare_schedules(record: dict[str, Any]) -> Errors:
    """Relative errors of learning rates."""
    errors = {}
    for base in ("simclr", "barlowtwins"):
        recipe: Recipe = load_recipe(RECIPES[base], [f"epochs={record['epochs']}"])
        for step, expected in record[base].items():
            rate = learning_rate(recipe, int(step), record["iterations_per_epoch"])
            rates = [rate, rate * recipe.vector_rate]
            theirs = expected if isinstance(expected, list) else [expected] * 2
            errors |= {
                f"{base} step {step} {at}": error(*pair) for at, pair in enumerate(zip(rates, theirs, strict=True))
            }
    return errors


def entry(name: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """An entry of their state, by its name."""
    x = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())])).standard_normal(shape)
    if len(shape) == 1:
        return torch.from_numpy(1 + 0.1 * x if name.endswith("weight") else 0.1 * x)
    return torch.from_numpy(x / np.sqrt(np.prod(shape[1:])))


def error(ours: float, theirs: float) -> float:
    return abs(ours - theirs) / max(abs(theirs), 1e-12)


def _relu(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.maximum(values, 0))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
