"""How long a run will take: a few views are timed first."""

from typing import TYPE_CHECKING

from tqdm import tqdm

from threedie.manifests.plurals import pluralize
from threedie.render.messages import Probe, Probed
from threedie.render.reporter import RenderReporter

if TYPE_CHECKING:
    from threedie.manifests.objects import ObjectRef
    from threedie.render.engines.engine import Engine
    from threedie.render.plan import Plan

SMALLER = {"objects": 2, "views": 10, "size": 64}
"""Options of the smaller run that is suggested."""

PROBE_VIEWS = 3
PROBE_OBJECTS = 5


def report_expected(engine: "Engine", plan: "Plan", missing: "list[ObjectRef]", reporter: RenderReporter) -> None:
    """Time a few views; report how long the run will take, and what a smaller one would take if one may be chosen."""
    probed = _probe(engine, plan, missing)
    if probed is None:
        reporter.text("No estimate: none of the objects tried for it can be rendered. Going on with the others.")
        return
    workers = max(1, min(engine.workers, len(missing)))
    total = len(missing) * plan.info.views
    expected = (total * probed.seconds[0] + len(missing) * probed.object_s) / workers
    reporter.text(
        f"Expected: about {tqdm.format_interval(expected)} and {total * probed.jpeg_bytes[0] / 1e6:,.0f} MB "
        f"({probed.seconds[0]:.2f} s per view, timed here; {pluralize(workers, 'process')})."
    )
    if plan.definition:  # which leaves nothing to choose
        return
    classes = len({ref.synset for ref in plan.chosen})
    views = classes * SMALLER["objects"] * SMALLER["views"]
    smaller = (views * probed.seconds[1] + classes * SMALLER["objects"] * probed.object_s) / workers
    if smaller < expected / 2:
        options = " ".join(f"--{name} {value}" for name, value in SMALLER.items())
        reporter.text(
            f"A smaller run: the same with {options} --out 3die-small "
            f"({pluralize(views, 'view')}, about {tqdm.format_interval(smaller)})."
        )


def _probe(engine: "Engine", plan: "Plan", missing: "list[ObjectRef]") -> Probed | None:
    # Spread over the list, because one object may be broken and may be of an odd kind.
    for ref in missing[:: max(1, len(missing) // PROBE_OBJECTS)]:
        sizes = (plan.info.image_size, SMALLER["size"])
        probed = engine.probe(Probe(plan.example(ref, PROBE_VIEWS), sizes))
        if probed is not None:
            return probed
    return None
