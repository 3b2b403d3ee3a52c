"""How long a run will take, and how a smaller one is started, as lines for the terminal."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from threedie.benchmark.data.inputs import TrainingViews
from threedie.benchmark.data.source import ImageStore, is_cells
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.runs.estimate import estimate, fine_tuning_seconds, span, step_seconds
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.manifests.progress import titled

SMALLEST_RECIPE = "smoke"


@dataclass(frozen=True)
class Forecast:
    """How long a run will take, and what that depends on.

    Attributes:
        settings: what is trained.
        images: on what.
        plan: how it is measured, and the device.
        steps_done: steps done before, of a resumed run.
        data: the dataset as it was named.
        method_file: `FILE.py:CLASS` of a method of the user's own.
        watches_neighbors: whether the vote of nearest neighbors is taken after every epoch.
    """

    settings: RunSettings
    images: ImageStore
    plan: EvaluationPlan
    steps_done: int = 0
    data: Path | None = None
    method_file: str | None = None
    watches_neighbors: bool = False

    def lines(self) -> Iterator[str]:
        """Time of each stage, and a smaller run if one takes less."""
        recipe, dataset = self.settings.recipe, self.images.dataset
        group = build(self.settings).group
        total = recipe.epochs * TrainingViews(self.images, group=group).steps_per_epoch(recipe)
        if self.images.pairs_repeat_views:
            seconds = (total - self.steps_done) * step_seconds(self.settings, self.images, self.plan.device)
            more = ", and the vote of neighbors after every epoch" if self.watches_neighbors else ", and the evaluation"
            if is_cells(dataset):
                more = f", and fine-tuning at least {span(fine_tuning_seconds(self.settings, self.images, self.plan))}"
            yield titled("time", f"training about {span(seconds)}{more}")
            return
        expected = estimate(self.settings, dataset, self.plan, self.images)
        expected = replace(expected, train_s=expected.train_s * (1 - self.steps_done / total))
        yield titled("time", f"{expected} (a few steps timed on {self.plan.device})")
        words = f"--method {shlex.quote(self.method_file)}" if self.method_file else self.settings.method
        where = f" --data {shlex.quote(str(self.data))}" if self.data else ""
        smaller, seconds = f"{SMALLEST_RECIPE}{where}", float("inf")
        if recipe.name != SMALLEST_RECIPE:
            small = replace(self.settings, recipe=load_recipe(SMALLEST_RECIPE))
            seconds = estimate(small, dataset, self.plan).total_s
        if seconds > expected.total_s / 2 and recipe.epochs > 1:
            # On many objects even the smallest recipe is long.
            fewer = max(1, recipe.epochs // 4)
            seconds = expected.total_s - expected.train_s * (1 - fewer / recipe.epochs)
            smaller = f"{recipe.name}{where} --set epochs={fewer} --out runs-small"
        if seconds < expected.total_s:
            yield titled("smaller", f"3die bench run {words} --recipe {smaller} takes about {span(seconds)}")
        yield ""
