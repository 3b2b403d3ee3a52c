"""The numbers of docs/r2.md: what a constant scores by each formula, and numbers of one formula by the other."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.scores import r2_per_component, r2_pooled, r2_pooled_floor
from threedie.manifests.latents import quaternions, relative_quaternions, rotated
from threedie.render.preset import load_preset
from threedie.render.sampling import spread

PAGE = (Path(__file__).parents[2] / "docs" / "r2.md").read_text(encoding="utf-8")
PAIRS = 100_000
TARGETS = {
    "relative rotation of two views": lambda one, two: relative_quaternions(one[:, :3], two[:, :3]),
    "rotation of one view, w not negative": lambda one, two: unsigned(quaternions(one[:, :3])),
    "change of both hues": lambda one, two: (two - one)[:, [3, 6]],
    "change of the light's angles": lambda one, two: (two - one)[:, [4, 5]],
    "change of the translation, object frame": lambda one, two: (two - one)[:, 7:],
    "change of the position, base frame": lambda one, two: (
        rotated(two[:, :3], two[:, 7:]) - rotated(one[:, :3], one[:, 7:])
    ),
}


def unsigned(rotations):
    return np.where(rotations[:, 3:] < 0, -rotations, rotations)


@cache
def pairs(preset):
    """Latents of both views of random pairs, (2, PAIRS, L)."""
    fields = load_preset(preset).latents
    uniform = np.random.default_rng(0).random((len(fields), 2, PAIRS))
    return np.stack([spread(field, each) for field, each in zip(fields, uniform, strict=True)], axis=-1)


@cache
def target_of(title, preset):
    return TARGETS[title](*pairs(preset))


def rows(*titles):
    """The cells of the page's table that begins with some titles."""
    lines = PAGE.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("| " + " | ".join(titles)))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


@pytest.mark.parametrize("row", rows("target", "preset"), ids=lambda row: f"{row[0]}, {row[1]}")
def test_a_constant_scores_what_the_page_says(row):
    title, preset, pooled, per_component = row
    target = target_of(title, preset.strip("`"))
    assert r2_pooled_floor(target) == pytest.approx(float(pooled), abs=0.002)
    constant = np.broadcast_to(target.mean(0), target.shape)
    assert r2_per_component(target, constant) == pytest.approx(float(per_component), abs=1e-9)


def test_the_table_of_constants_has_every_task_with_both_formulas():
    presets = {row[0]: row[1] for row in rows("target", "preset")}
    assert presets.keys() == TARGETS.keys()
    both = [
        task.name
        for task in TASKS.values()
        if {metric.formula for metric in task.metrics} >= {"pooled", "per component"}
    ]
    assert len(both) == len(TARGETS), both


def test_the_best_constant_of_one_range_on_the_other_is_worse_than_none():
    fitted, measured = (target_of("relative rotation of two views", each) for each in ("3diebench", "3diebench-ood"))
    constant = np.broadcast_to(fitted.mean(0), measured.shape)
    numbers = [float(each) for each in re.findall(r"scores (-0\.\d+) pooled and (-0\.\d+) per", PAGE)[0]]
    assert [r2_pooled(measured, constant), r2_per_component(measured, constant)] == pytest.approx(numbers, abs=0.006)


def test_errors_that_spread_as_the_variances_turn_one_formula_into_the_other():
    target = target_of("relative rotation of two views", "3diebench")
    variances = [float(each) for each in re.findall(r"variances of (0.\d+), (0.\d+), (0.\d+) and (0.\d+)\.", PAGE)[0]]
    assert target.var(0) == pytest.approx(variances, abs=0.001)
    mean, floor = target.mean(0), r2_pooled_floor(target)
    table = rows("per component, as published")
    assert len(table) == 4
    for per_component, pooled in table:
        share = float(per_component)
        # Errors that are not parallel to the target, of (1 - share) times the variance in each component.
        error = np.random.default_rng(0).permutation(target - mean) * np.sqrt(1 - share)
        prediction = target - error
        assert r2_per_component(target, prediction) == pytest.approx(share, abs=1e-9)
        assert r2_pooled(target, prediction) == pytest.approx(floor + (1 - floor) * share, abs=1e-9)
        assert r2_pooled(target, prediction) == pytest.approx(float(pooled), abs=0.006)


def test_hues_agree_by_both_formulas_and_the_light_s_angles_do_not():
    generator = np.random.default_rng(0)
    for title, agree in (("change of both hues", True), ("change of the light's angles", False)):
        target = target_of(title, "3diebench")
        # The first number predicted well, the second not at all.
        prediction = np.stack([target[:, 0], np.zeros(PAIRS)], 1) + 0.01 * generator.standard_normal(target.shape)
        gap = abs(r2_pooled(target, prediction) - r2_per_component(target, prediction))
        assert (gap < 0.005) == agree
    assert target.var(0)[1] / target.var(0)[0] == pytest.approx(64, abs=0.6)
    assert TASKS["color"].formulas_agree
    assert not TASKS["light"].formulas_agree
