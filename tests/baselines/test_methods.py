"""What every method must do: finite loss, gradients everywhere, the same numbers twice, fitting parts, refusals."""

import ast
import copy
import inspect
import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import nn

from threedie.baselines import catalogue
from threedie.baselines.action_embedding import ActionEmbedding
from threedie.baselines.catalogue import CATALOGUE, FAMILIES
from threedie.baselines.essl_bases import BASES
from threedie.baselines.hypernetwork import HypernetworkPredictor
from threedie.baselines.image_transformations import TRANSFORMATIONS
from threedie.baselines.method import ACTION_DIMS, ALL, EQUIVARIANT, INVARIANT, Batch, action_dims
from threedie.baselines.registry import METHODS, build_method, method_options
from threedie.baselines.resnet import build_backbone
from threedie.baselines.weights import weight_faults
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import require_fit
from threedie.benchmark.training.checkpoints import weights_sha256

# Methods that use an action only with another option.
UNCONDITIONED = ("essl", "byol")
VARIANTS = [
    *((name, {}) for name in METHODS),
    *(
        (name, {"action": "rotation_color"})
        for name in METHODS
        if "rotation_color" in CATALOGUE[name].actions and name not in UNCONDITIONED
    ),
    *(("sie", {"action": action}) for action in ACTION_DIMS),
    *(("essl", {"base": base}) for base in BASES),
    *(("essl", {"base": base, "target": "action", "action": "latents"}) for base in BASES),
    ("simclr", {"negatives": "other_view", "final_norm": True}),
    ("sie", {"split": False}),
    ("sie", {"predictor_variance": False}),
    ("sie", {"equivariant_dims": 8}),
    ("sie", {"predictor": {"kind": "mlp", "layers": 2}}),
    ("sie", {"predictor": {"hidden": "16", "bias": True, "relu": True}}),
    ("sie", {"predictor": {"hypernetwork": "deep", "hypernetwork_bias": True}}),
    ("vicreg", {"free_dims": 16}),
    ("equimod", {"objective": "simclr"}),
    ("equimod", {"objective": "simclr", "predictor": "linear", "final_norm": True, "equivariance_factor": 1.0}),
    ("equimod", {"predictor": {"kind": "linear", "action_embedding": 0}}),
    ("sie", {"predictor": "linear"}),
    ("sen", {"action_embedding": 0}),
    ("byol", {"final_norm": True, "predictor_bias": True}),
    ("byol", {"conditional": True, "final_norm": True, "predictor_bias": True}),
    ("byol", {"conditional": True, "action": "rotation_color", "action_embedding": 0}),
    ("equicaps", {"action": "motion_object"}),
    ("equicaps", {"action": "motion_base", "capsules": 3}),
    ("context_ssl", {"environment": "both", "length": 4, "clamp": True}),
    ("context_ssl", {"environment": "color", "mask_probability": 0.0, "context": 6}),
    *(("seq_jepa", {"length": length}) for length in (1, 2, 4, 5)),
    ("seq_jepa", {"conditional": False}),
    ("seq_jepa", {"action_embedding": 0}),
    ("seq_jepa", {"averaged_target": False, "dropout": 0.0}),
    ("supervised", {"target": "class"}),
    ("supervised", {"target": "rotation"}),
]
TRAINED = [name for name in METHODS if METHODS[name].cls.needs_training]
TRAINED_VARIANTS = [(name, options) for name, options in VARIANTS if name in TRAINED]
IDS = [f"{name} {options}" for name, options in VARIANTS]


def small(name: str, options: dict | None = None, seed: int = 0):
    torch.manual_seed(seed)
    return build_method(name, width=4, projector="64-32", image_size=32, options=options)


def batch_for(method, count: int = 6, size: int = 32) -> Batch:
    generator = torch.Generator().manual_seed(1)
    steps = method.views - 1
    actions = torch.randn(count, steps, action_dims(method.action or "rotation"), generator=generator)
    actions[..., :4] /= actions[..., :4].norm(dim=2, keepdim=True)
    view1, view2, *later = torch.randn(method.views, count, 3, size, size, generator=generator)
    crop = torch.randn(count, 3, size, size, generator=generator) if method.crop_side(size) else None
    label = torch.zeros(count, dtype=torch.int64)
    absolute = torch.randn(actions[:, 0].shape, generator=generator) if method.needs_absolute else None
    return Batch(view1, view2, actions[:, 0], label, crop, tuple(later), actions[:, 1:], absolute)


@pytest.mark.parametrize(("name", "options"), TRAINED_VARIANTS, ids=str)
def test_loss_terms_gradients_and_shapes(name, options):
    method = small(name, options)
    output = method(batch_for(method))
    assert output.loss.ndim == 0
    assert torch.isfinite(output.loss)
    assert output.terms
    for term in output.terms.values():
        assert term.ndim == 0
        assert not term.requires_grad
        assert torch.isfinite(term)
    output.loss.backward()
    for parameter_name, parameter in method.named_parameters():
        if not parameter.requires_grad:
            assert parameter_name.startswith("target"), parameter_name
            continue
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
    for representation, embedding in zip(output.representation, output.embedding, strict=True):
        assert representation.shape == (6, method.backbone.dim)
        assert embedding.shape[0] == 6


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=IDS)
def test_parts_fit(name, options):
    method = small(name, options).eval()
    images = batch_for(method).view1
    representation, embedding = method.encode(images)
    assert torch.equal(representation, method.represent(images))
    for values, parts in ((representation, method.parts.representation), (embedding, method.parts.embedding)):
        width = values.shape[1]
        assert set(parts) <= {ALL, INVARIANT, EQUIVARIANT}
        assert values[:, parts[ALL]].shape[1] == width
        if INVARIANT in parts:
            both = torch.cat([values[:, parts[INVARIANT]], values[:, parts[EQUIVARIANT]]], dim=1)
            assert torch.equal(both, values)
    if method.has_predictor:
        equivariant = embedding[:, method.parts.embedding[EQUIVARIANT]]
        moved = method.predict(equivariant, batch_for(method).action)
        assert moved.shape == equivariant.shape
    else:
        with pytest.raises(NotImplementedError):
            method.predict(embedding, batch_for(method).action)


@pytest.mark.parametrize("name", METHODS)
def test_same_seed_same_numbers(name):
    first, second, other = (small(name, seed=seed) for seed in (3, 3, 4))
    batch = batch_for(first)
    results = [torch.cat(method(batch).representation) for method in (first, second, other)]
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


@pytest.mark.parametrize("name", TRAINED)
def test_overfits_a_batch(name):
    method = small(name)
    batch = batch_for(method)
    optimizer = torch.optim.Adam(method.parameters(), lr=1e-3)
    first = last = method(batch).loss
    for _ in range(8):
        optimizer.zero_grad()
        last = method(batch).loss
        last.backward()
        optimizer.step()
    assert last < 0.95 * first


@pytest.mark.parametrize("name", TRAINED)
def test_mixed_precision_keeps_the_loss_in_full(name):
    method = small(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = method(batch_for(method))
    assert output.loss.dtype == torch.float32
    output.loss.backward()


def test_byol_s_target_is_the_average_of_its_formula():
    method = small("byol", {"momentum": 0.9})
    before = {name: value.clone() for name, value in method.state_dict().items()}
    with torch.no_grad():
        for parameter in method.parameters():
            if parameter.requires_grad:
                parameter.add_(1)
    method.after_step(0.5)
    # A cosine's half way: 1 - (1 - 0.9) / 2.
    rate = 0.95
    after = method.state_dict()
    names = {name for name, _ in method.named_parameters() if name.startswith("target_")}
    assert {name.removeprefix("target_") for name in names} == {
        name for name, _ in method.named_parameters() if name.startswith(("backbone.", "projector."))
    }
    for name in names:
        expected = rate * before[name] + (1 - rate) * after[name.removeprefix("target_")]
        torch.testing.assert_close(after[name], expected)
    before_last = {name: after[name].clone() for name in names}
    method.after_step(1.0)
    assert all(torch.equal(method.state_dict()[name], before_last[name]) for name in names)


def plain_layers(dim: int, hidden: int, out: int) -> nn.Sequential:
    first, norm, last = nn.Linear(dim, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, out, bias=False)
    return nn.Sequential(first, norm, nn.ReLU(), last)


@pytest.mark.parametrize("name", ["byol", "equimod"])
def test_without_the_options_of_later_papers_a_seed_gives_the_weights_of_before(name):
    """Layers drawn in this order, and no others: weights of a seed, and checkpoints, stay what they were."""
    torch.manual_seed(0)
    expected = nn.ModuleDict({"backbone": build_backbone(width=4)})
    if name == "byol":
        expected["projector"], expected["predictor"] = plain_layers(32, 64, 32), plain_layers(32, 2048, 32)
        expected["target_backbone"] = copy.deepcopy(expected["backbone"])
        expected["target_projector"] = copy.deepcopy(expected["projector"])
    else:
        expected["projector_inv"], expected["projector_equi"] = plain_layers(32, 64, 32), plain_layers(32, 64, 32)
        expected["predictor"] = HypernetworkPredictor(32, 4)
    state = small(name).state_dict()
    assert list(state) == list(expected.state_dict())
    assert all(torch.equal(state[key], value) for key, value in expected.state_dict().items())


def test_byol_without_an_action_predicts_both_ways_and_needs_none():
    method = small("byol")
    batch = batch_for(method)
    output = method(batch)
    assert method.action is None
    targets = [method.target_projector(method.target_backbone(view)) for view in (batch.view2, batch.view1)]
    cosines = [
        torch.nn.functional.cosine_similarity(method.predictor(embedding), target).mean()
        for embedding, target in zip(output.embedding, targets, strict=True)
    ]
    torch.testing.assert_close(output.loss, 4 - 2 * cosines[0] - 2 * cosines[1])


def test_byol_with_an_action_predicts_view_2_from_view_1():
    method = small("byol", {"conditional": True})
    batch = batch_for(method)
    output = method(batch)
    predicted = method.predict(output.embedding[0], batch.action)
    target = method.target_projector(method.target_backbone(batch.view2))
    cosine = torch.nn.functional.cosine_similarity(predicted, target).mean()
    torch.testing.assert_close(output.loss, 2 - 2 * cosine)
    assert set(output.terms) == {"equivariance"}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sen", {}),
        ("sen", {"action_embedding": 0}),
        ("byol", {"conditional": True}),
        ("equimod", {"predictor": "linear"}),
        ("seq_jepa", {"dropout": 0.0}),
    ],
    ids=str,
)
def test_another_action_is_another_loss(name, options):
    method = small(name, options)
    batch = batch_for(method)
    assert method(batch).loss != method(replace(batch, action=batch.action.roll(1, 0))).loss


@pytest.mark.parametrize(("width", "columns"), [(0, 4), (16, 16)])
def test_an_action_embedding_has_batch_statistics_and_width_0_leaves_the_action(width, columns):
    torch.manual_seed(0)
    embedding, action = ActionEmbedding(4, width), torch.randn(12, 4)
    embedded = embedding(action)
    assert embedded.shape == (12, columns)
    assert embedding.width == columns
    if width:
        weight = embedding.layers[0].weight
        linear = action @ weight.T
        spread = torch.sqrt(linear.var(0, correction=0) + 1e-5)
        torch.testing.assert_close(embedded, (linear - linear.mean(0)) / spread)
        assert list(embedding.state_dict()) == [
            "layers.0.weight", *(f"layers.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked"))
        ]  # fmt: skip
    else:
        assert torch.equal(embedded, action)
        assert not embedding.state_dict()


def test_random_needs_no_training():
    method = small("random")
    output = method(batch_for(method))
    assert [name for name in METHODS if name not in TRAINED] == ["random"]
    assert output.loss.item() == 0
    assert not output.loss.requires_grad
    assert not output.terms


@pytest.mark.parametrize(
    ("target", "action", "terms"),
    [
        ("class", None, {"classification"}),
        ("rotation", "rotation", {"regression"}),
        ("both", "rotation", {"classification", "regression"}),
    ],
)
def test_supervised_learns_its_targets(target, action, terms):
    method = small("supervised", {"target": target})
    assert method.action == action
    assert set(method(batch_for(method)).terms) == terms


@pytest.mark.parametrize("base", BASES)
def test_essl_adds_the_turn_s_cross_entropy_to_its_base(base):
    method = small("essl", {"base": base, "equivariance_weight": 0.4})
    batch = batch_for(method)
    output = method(batch)
    alone = method.base(batch).loss
    crops, labels = TRANSFORMATIONS["image_rotation"].all_members(batch.crop)
    expected = torch.nn.functional.cross_entropy(method.prediction_head(method.backbone(crops)), labels)
    torch.testing.assert_close(output.terms["equivariance"], expected.detach())
    torch.testing.assert_close(output.loss, alone + 0.4 * expected)


def test_essl_regresses_the_action_from_both_views():
    method = small("essl", {"target": "action", "action": "rotation_color"})
    assert method.crop_side(64) is None
    batch = batch_for(method)
    output = method(batch)
    predicted = method.prediction_head(torch.cat(output.representation, 1))
    torch.testing.assert_close(output.terms["equivariance"], (predicted - batch.action).square().mean().detach())


def test_quarter_turns_turn_a_picture_round_and_name_each():
    picture = torch.arange(4.0).reshape(1, 1, 2, 2).expand(1, 3, 2, 2)
    turned, names = TRANSFORMATIONS["image_rotation"].all_members(torch.cat([picture, picture + 10]))
    assert names.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    corners = [image[0].flatten().tolist() for image in turned[::2]]
    assert corners == [[0, 1, 2, 3], [1, 3, 0, 2], [3, 2, 1, 0], [2, 0, 3, 1]]
    with pytest.raises(ValueError, match=r"must be \(N, 3, S, S\)"):
        TRANSFORMATIONS["image_rotation"].all_members(torch.zeros(1, 3, 2, 4))


def test_essl_s_crop_is_half_the_side_where_the_network_takes_that():
    assert small("essl").crop_side(64) == 32
    assert small("essl").crop_side(32) == 32
    assert small("essl", {"crop_share": 96 / 224}).crop_side(224) == 96
    torch.manual_seed(0)
    cifar = build_method("essl", form="cifar", width=4, projector="64-32")
    assert cifar.crop_side(32) == 16
    assert torch.isfinite(cifar(batch_for(cifar)).loss)
    with pytest.raises(ValueError, match=r"has none; give Batch\.crop"):
        cifar(Batch(*[torch.randn(4, 3, 32, 32)] * 2, torch.zeros(4, 0), torch.zeros(4, dtype=torch.int64)))


def test_terms_of_sie_add_up_to_its_loss():
    method = small("sie")
    output = method(batch_for(method))
    weights = {"invariance": 10, "equivariance": 4.5, "variance": 10, "predictor_variance": 10, "covariance": 1}
    assert set(output.terms) == set(weights)
    total = sum(weight * output.terms[name] for name, weight in weights.items())
    torch.testing.assert_close(output.loss.detach(), total)


def test_views_have_batch_statistics_of_their_own():
    """Were the views stacked into one batch, moving one of them far away would change the embedding of the other."""
    method = small("vicreg")
    batch = batch_for(method)
    moved = Batch(batch.view1, 100 * batch.view2 + 50, batch.action, batch.label)
    assert torch.equal(method(batch).embedding[0], method(moved).embedding[0])


def test_split_shares_out_the_projector():
    method = small("sie", {"equivariant_dims": 8})
    assert method.parts.representation == {ALL: slice(None), INVARIANT: slice(0, 24), EQUIVARIANT: slice(24, None)}
    assert [method.projector_inv[0].out_features, method.projector_equi[0].out_features] == [48, 16]
    assert method.parts.embedding[INVARIANT] == slice(0, 24)


def test_invariant_embedding_depends_on_the_invariant_half_alone():
    method = small("sie").eval()
    representation = torch.randn(5, 32)
    changed = representation.clone()
    changed[:, 16:] += 1
    before, after = method.embed(representation), method.embed(changed)
    parts = method.parts.embedding
    assert torch.equal(before[:, parts[INVARIANT]], after[:, parts[INVARIANT]])
    assert not torch.equal(before[:, parts[EQUIVARIANT]], after[:, parts[EQUIVARIANT]])


def test_action_of_the_wrong_kind_is_refused():
    method = small("sie", {"action": "rotation_color"})
    batch = batch_for(small("sie"))
    with pytest.raises(ValueError, match=r"'rotation_color' has shape \(6, 6\), the batch gave \(6, 4\)"):
        method(batch)
    with pytest.raises(ValueError, match="uses no action"):
        small("vicreg").checked_action(batch)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "sei"}, "no such method; did you mean 'sie'"),
        ({"name": "sie", "options": {"predictor_varience": True}}, "did you mean 'predictor_variance'"),
        ({"name": "sie", "options": {"split": "no"}}, "wants bool"),
        ({"name": "sie", "options": {"equivariant_dims": "8"}}, "wants int"),
        ({"name": "sie", "options": {"predictor": 3}}, "wants dict"),
        ({"name": "sie", "options": {"predictor": "mlp", "predictor.layers": 2}}, "'predictor': set as a whole and"),
        ({"name": "sie", "options": {"predictor.layers": 2, "predictor": "mlp"}}, "'predictor': set as a whole and"),
        ({"name": "simclr", "options": {"predictor.kind": "mlp"}}, "'predictor': simclr has no such option"),
        ({"name": "sie", "options": {"variance_weight": "10"}}, "wants float"),
        ({"name": "sie", "options": {"action": "translations"}}, "action 'translations'"),
        ({"name": "essl", "options": {"base": "byol"}}, "base 'byol'"),
        ({"name": "essl", "options": {"target": "turn"}}, "target 'turn'"),
        ({"name": "essl", "options": {"action": "latents"}}, "nothing is regressed with target 'image_rotation'"),
        ({"name": "essl", "options": {"crop_share": 0.0}}, "crop_share 0.0"),
        ({"name": "essl", "options": {"crop_smallest": 0.5, "crop_largest": 0.2}}, "crop_smallest 0.5"),
        ({"name": "simclr", "options": {"negatives": "none"}}, "negatives 'none'"),
        ({"name": "sie", "options": {"equivariant_dims": 32}}, "between 1 and 31"),
        ({"name": "sie", "options": {"split": False, "equivariant_dims": 8}}, "without split"),
        ({"name": "sie", "options": {"predictor": {"kind": "none"}}}, "predictor kind 'none'"),
        ({"name": "sie", "projector": "31"}, "can't be split"),
        ({"name": "vicreg", "options": {"free_dims": 32}}, "free_dims 32"),
        ({"name": "equimod", "options": {"objective": "byol"}}, "objective 'byol'"),
        ({"name": "byol", "options": {"momentum": 1.5}}, "momentum 1.5"),
        ({"name": "byol", "options": {"hidden": 0}}, "hidden 0"),
        (
            {"name": "byol", "options": {"action": "rotation_color"}},
            "'rotation_color': used only with conditional=true",
        ),
        (
            {"name": "byol", "options": {"action_embedding": 0}},
            "action_embedding 0: used only with conditional=true",
        ),
        ({"name": "byol", "options": {"conditional": True, "action": "turn"}}, "action 'turn'"),
        ({"name": "sen", "options": {"action": "turn"}}, "action 'turn'"),
        (
            {"name": "sen", "options": {"action_embedding": -1}},
            "action_embedding -1: must be 1 or more, or 0 for the raw",
        ),
        (
            {"name": "sie", "options": {"predictor": {"kind": "linear", "action_embedding": "x"}}},
            "action_embedding 'x'",
        ),
        ({"name": "sie", "options": {"predictor": {"kind": "linear", "hidden": "8"}}}, "option 'hidden': not known to"),
        ({"name": "simsiam", "options": {"bottleneck": 0}}, "bottleneck 0"),
        ({"name": "seq_jepa", "options": {"length": 0}}, "length 0, hidden 1024: must be 1 or more"),
        ({"name": "seq_jepa", "options": {"dropout": 1.0}}, "dropout 1.0: must be 0 or more and less than 1"),
        ({"name": "seq_jepa", "options": {"momentum": -0.1}}, "momentum -0.1: must lie between 0 and 1"),
        (
            {"name": "seq_jepa", "options": {"action_embedding": 30}},
            "tokens of 62 numbers: not a multiple of the 4 attention heads",
        ),
        (
            {"name": "seq_jepa", "options": {"conditional": False, "action": "latents"}},
            "action, action_embedding: used only with conditional=true",
        ),
        ({"name": "supervised", "options": {"target": "color"}}, "target 'color'"),
        ({"name": "supervised", "options": {"target": "class", "action": "rotation_color"}}, "nothing is regressed"),
        ({"name": "vicreg", "backbone": "vit"}, "backbone 'vit'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_method(**({"width": 4, "projector": "64-32"} | arguments))


def test_whole_numbers_pass_as_real_ones():
    assert small("sie", {"variance_weight": 5}).variance_weight == 5.0


@pytest.mark.parametrize(
    "options",
    [
        {"predictor": {"kind": "mlp", "layers": 2}},
        {"predictor.kind": "mlp", "predictor.layers": 2},
        {"predictor.layers": 2, "predictor": {"kind": "mlp"}},
    ],
)
def test_a_table_may_be_given_entry_by_entry(options):
    assert len(small("sie", options).predictor.pred) == 3
    assert len(small("sie", {"predictor": "mlp"}).predictor.pred) == 3


@pytest.mark.parametrize("hidden", [16, "16"])
def test_a_single_width_may_be_a_number(hidden):
    assert small("sie", {"predictor.hidden": hidden}).predictor.shapes == [(16, 16), (16, 16)]
    assert small("augself", {"regressor": hidden}).regressor[0].out_features == 16


def test_catalogue_and_registry_agree():
    assert list(METHODS) == list(CATALOGUE)
    for name, entry in METHODS.items():
        about = CATALOGUE[name]
        assert getattr(import_module(about.module), about.class_name) is entry.cls
        assert (entry.idea, entry.paper) == (about.idea, about.paper)
        assert set(about.actions) <= set(ACTION_DIMS)
        assert bool(about.actions) == ("action" in method_options(name))
        assert about.family in FAMILIES
        assert (about.family == "equivariant") <= bool(about.actions)


def recorded_methods() -> set[str]:
    records = (Path(__file__).parents[2] / "docs").rglob("record.json")
    return {json.loads(path.read_text(encoding="utf-8"))["method"]["name"] for path in records}


@pytest.mark.parametrize("name", METHODS)
def test_docstrings_end_with_command_and_record(name):
    about = CATALOGUE[name]
    command, record = re.search(
        r"^Command: `([^`]+)`\.\s+Record: (?:`([^`]+)`|none yet)\.$", inspect.getdoc(METHODS[name].cls), re.MULTILINE
    ).groups()
    assert command == f"3die bench run {name} {about.arguments}".strip()
    if record is None:
        # Whoever adds a record of a method also names it.
        assert name not in recorded_methods()
        return
    assert json.loads((Path(__file__).parents[2] / record).read_text())["method"]["name"] == name


@pytest.mark.parametrize("name", METHODS)
def test_the_file_of_a_method_is_short(name):
    path = Path(inspect.getfile(METHODS[name].cls))
    assert len(path.read_text().splitlines()) < 150, path


# Names of checkpoints of version 1, before these heads had names of their own.
OLD_HEADS = {
    "augself": ("regressor", ["predictor.0", "predictor.2", "predictor.4"]),
    "supervised": ("regressor", ["predictor.0", "predictor.2", "predictor.4"]),
    "essl": ("prediction_head", ["predictor.0", "predictor.1", "predictor.3", "predictor.4", "predictor.6"]),
}


@pytest.mark.parametrize("name", OLD_HEADS)
def test_weights_under_the_old_names_of_heads_fit_and_load(name):
    attribute, layers = OLD_HEADS[name]
    method, other = small(name, seed=1), small(name, seed=2)
    others = {key: value for key, value in other.state_dict().items() if not key.startswith("predictor.")}
    old = others | {
        f"{layer}.{kind}": torch.full_like(getattr(other.get_submodule(layer), kind), index)
        for index, layer in enumerate(layers)
        for kind in ("weight", "bias")
    }
    assert not weight_faults(old, method.state_dict(), exact=True)
    method.load_state_dict(old)
    head = getattr(method, attribute)
    for index, layer in enumerate(layers):
        assert (head[int(layer.split(".")[1])].weight == index).all()
        assert (head[int(layer.split(".")[1])].bias == index).all()
    assert weights_sha256(method.state_dict()) == weights_sha256(old)
    recipe = load_recipe("smoke", ["width=4", "projector=64-32"])
    settings = RunSettings(method=name, recipe=recipe, seed=0, fingerprint=None, images_sha256=None)
    require_fit(settings, old, "an old checkpoint")


def test_methods_import_torch_alone():
    """And actions and classes of manifests, which tests/test_layers.py sees to."""
    allowed = {"torch", "threedie.baselines", "threedie.manifests", *sys.stdlib_module_names}
    for path in Path(catalogue.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            tops = {".".join(name.split(".")[: 2 if name.startswith("threedie.") else 1]) for name in names}
            assert tops <= allowed, path


def test_catalogue_loads_without_torch():
    code = "import sys, threedie.baselines.catalogue; sys.exit(bool({'torch', 'numpy'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
